import LoRATestSupport
import Testing

/// The scripts of development and of the checks, and the workflows that call them.
@Suite struct ShellTests {
  @Test(arguments: [".ci/run", ".ci/dev", ".ci/release", ".ci/publish"])
  func anUnknownWordIsToldWithTheHelp(_ script: String) throws {
    let wrong = try Program.shell("\(script) nonsense", in: Repository.root)
    #expect(wrong.code == 64 && wrong.output.contains("nonsense") && wrong.output.contains("usage: \(script)"))
    let help = try Program.shell("\(script) --help", in: Repository.root)
    #expect(help.code == 0 && help.output.hasPrefix("usage: \(script)"), "\(help.output)")
  }

  /// A program of a debug build needs Swift's libraries.
  @Test(.enabled("needs readelf") { try Program.exist("readelf") })
  func whatNeedsMoreThanTheCLibraryIsNoRelease() throws {
    let folder = try TemporaryFolder()
    let result = try Program.shell(
      "ln -s \"$TOOL\" '\(folder.path)/lora-tool' && LORA_DIST='\(folder.path)' .ci/release check", in: Repository.root)
    #expect(result.code == 1, "\(result.output)")
    #expect(result.output.contains("libswiftCore.so") && result.output.contains("may need the C library alone"))
  }

  /// Words of the help, which are in two columns.
  private static func words(_ script: String) throws -> Set<String> {
    let help = try Program.shell("\(script) --help", in: Repository.root).output
    return Set(help.matches(of: #/\n  ([a-z][a-z-]*) /#).map { String($0.1) })
  }

  /// Jobs do what a mode does and nothing else, with no more rights than reading, and every mode has a job; a release
  /// is made by its scripts.
  @Test func workflowsOnlyCallModes() throws {
    let modes = try Self.words(".ci/run")
    #expect(modes.isSuperset(of: ["all", "release", "address", "thread", "level", "no-libyaml", "workflows", "wheel"]))
    var called: Set<String> = []
    let workflows = try Repository.files(below: ".github/workflows", ".yml")
    #expect(workflows.count >= 2)
    for workflow in workflows {
      let text = try Repository.text(workflow)
      for run in text.matches(of: /run: (.*)/) {
        let words = run.1.split(separator: " ")
        #expect(words.count >= 2, "\(workflow): \(run.1)")
        if words.first == ".ci/run" {
          called.insert(String(words[1]))
        } else {
          #expect(workflow.hasSuffix("/release.yml") && [".ci/release", ".ci/publish"].contains(words.first))
        }
      }
      for list in text.matches(of: /(?:mode|sanitizer): \[(.*)\]/) {
        called.formUnion(list.1.split(separator: ", ").map { String($0) })
      }
      #expect(text.contains("\npermissions:\n  contents: read\n"), "\(workflow)")
      #expect(text.contains("\nconcurrency:\n"), "\(workflow)")
      // What may write is the job that a tag starts, and it runs nothing of what was built.
      let jobs = text.split(separator: "\n  publish:\n    if: github.ref_type == 'tag'\n", maxSplits: 1)
      #expect(!jobs[0].contains("write"), "\(workflow)")
      #expect(jobs.count == (workflow.hasSuffix("/release.yml") ? 2 : 1), "\(workflow)")
      let uses = text.matches(of: /uses: (.*)/)
      #expect(!uses.isEmpty)
      for use in uses { #expect(use.1.contains(/^[\w\/-]+@[0-9a-f]{40} # v/), "\(workflow): \(use.1) is not pinned") }
      #expect(text.matches(of: /timeout-minutes: \d+/).count == text.matches(of: /runs-on:/).count, "\(workflow)")
    }
    #expect(called.subtracting(["${{"]) == modes)
  }

  @Test func thePageForContributorsNamesEveryCommand() throws {
    let page = try Repository.text("docs/CONTRIBUTING.md")
    for script in [".ci/run", ".ci/dev"] {
      for word in try Self.words(script) {
        #expect(page.contains("\(script) \(word)"), "docs/CONTRIBUTING.md does not name '\(script) \(word)'")
      }
    }
  }

  /// What docs/security.md calls the test behind a promise is there.
  @Test func testsThatHoldPromisesExist() throws {
    var tests: Set<String> = []
    for file in try Repository.files(below: "Tests", ".swift") {
      var suite = ""
      for line in try Repository.text(file).split(separator: "\n") {
        if let match = line.firstMatch(of: /struct (\w+Tests)\b/) { suite = String(match.1) }
        tests.insert(suite)
        if let match = line.firstMatch(of: /func (\w+)\(/) { tests.insert("\(suite).\(match.1)") }
      }
    }
    var count = 0
    for line in try Repository.text("docs/security.md").split(separator: "\n") {
      for cell in line.split(separator: "|") {
        var suite = ""
        for match in cell.matches(of: /`(\w+Tests)?(\.[a-z]\w+)?`/) {
          if let name = match.1 { suite = String(name) }
          guard !suite.isEmpty else { continue }
          count += 1
          let test = suite + (match.2 ?? "")
          #expect(tests.contains(test), "docs/security.md names \(test), which is no test")
        }
      }
    }
    #expect(count > 30)
  }
}
