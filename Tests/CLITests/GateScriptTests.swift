import Foundation
import JSON
import LoRATestSupport
import Testing

/// The scripts that are there to be copied, run as they stand in the repository and its documentation.
@Suite struct GateScriptTests {
  private let folder: TemporaryFolder
  private static let base = "\(Fixtures.root)/models/llama-bf16-sharded"
  private static let good = "\(Fixtures.root)/adapters/llama-all-linear"
  private static let broken = "\(Fixtures.root)/broken/rank-global"

  init() throws { folder = try TemporaryFolder() }

  /// The code block below `<!-- marker -->` of a page.
  private static func block(_ marker: String, of page: String) throws -> String {
    let text = try Repository.text("docs/\(page)")
    let rest = try #require(text.components(separatedBy: "<!-- \(marker) -->\n").dropFirst().first)
    let lines = rest.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.first?.hasPrefix("```") == true)
    return lines.dropFirst().prefix { $0 != "```" }.map { $0 + "\n" }.joined()
  }

  private func gate(_ settings: String) throws -> Program.Result {
    try Program.shell(
      """
      cd '\(folder.path)' && export GITHUB_OUTPUT=output GITHUB_STEP_SUMMARY=summary \(settings) &&
      '\(Repository.root)/.github/actions/lora-gate/gate.sh'
      """)
  }

  private func read(_ name: String) throws -> String {
    try String(contentsOfFile: folder.path(name), encoding: .utf8)
  }

  @Test func theActionPassesWhatIsGood() throws {
    let result = try gate("ADAPTERS='\(Self.good)' BASE='\(Self.base)' ENGINE=vllm MAX_LORA_RANK=16 JUNIT=gate.xml")
    #expect(result.code == 0, "\(result.output)")
    #expect(result.output.contains("lora-tool: 1 adapter checked: 0 fail, 0 warn, 1 pass"))
    #expect(try read("output") == "status=pass\nsarif=lora-gate.sarif\n")
    #expect(try read("summary").contains("### LoRA gate: pass"))
    #expect(try read("gate.xml").contains("<testsuites"))
    let log = try JSONValue(parsing: Array(try read("lora-gate.sarif").utf8))
    #expect(log["version"] == .string("2.1.0"))
    #expect(log["runs"]?.array?[0]["results"] == .array([]))
  }

  @Test func theActionStopsWhatIsBroken() throws {
    // A list with an empty line and one of another system's line ends.
    let result = try gate("ADAPTERS=$'\(Self.good)\\n\\n\(Self.broken)\\r\\n' BASE='\(Self.base)'")
    #expect(result.code == 1, "\(result.output)")
    #expect(result.output.contains("::error file=\(Self.broken)/adapter_model.safetensors,title=rank-mismatch::"))
    #expect(try read("output").hasPrefix("status=fail\n"))
    #expect(try read("summary").contains("    error  rank-mismatch") || read("summary").contains("rank-mismatch"))
    let results = try JSONValue(parsing: Array(try read("lora-gate.sarif").utf8))["runs"]?.array?[0]["results"]?.array
    #expect(results?.contains { $0["ruleId"] == .string("rank-mismatch") } == true)
  }

  @Test func whatCannotBeCheckedIsNoPass() throws {
    for settings in ["ADAPTERS=no/such", "ADAPTERS=''", "ADAPTERS=$'\(Self.good)\\nno/such'"] {
      let result = try gate(settings)
      #expect(result.code == 2, "\(settings): \(result.output)")
      #expect(result.output.contains("::error title="), "\(settings): \(result.output)")
    }
    #expect(try read("output").contains("status=error\n"))
    let run = try JSONValue(parsing: Array(try read("lora-gate.sarif").utf8))["runs"]?.array?[0]
    #expect(run?["invocations"]?.array?[0]["executionSuccessful"] == .bool(false))
  }

  @Test func inputsOfTheActionAreNoCommands() throws {
    let result = try gate("ADAPTERS='$(touch a)`touch b`; touch c' BASE='$(touch d)' OPTIONS='; touch e'")
    #expect(result.code != 0)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(Set(names).isDisjoint(with: ["a", "b", "c", "d", "e"]), "\(names)")
  }

  @Test func theProgramOfTheActionIsFound() throws {
    let script = "'\(Repository.root)/.github/actions/lora-gate/find-tool.sh'"
    let given = try Program.shell("cd '\(folder.path)' && TOOL=\"$TOOL\" GITHUB_OUTPUT=out \(script) && cat out")
    #expect(given.code == 0 && given.output == "tool=\(Program.path)\n", "\(given.output)")
    let wrong = try Program.shell("TOOL=/bin/false GITHUB_OUTPUT=/dev/null \(script)")
    #expect(wrong.code == 2)
    let onPath = try Program.shell(
      "cd '\(folder.path)' && PATH=\"$(dirname \"$TOOL\"):$PATH\"; unset TOOL; GITHUB_OUTPUT=out2 \(script) && cat out2"
    )
    #expect(onPath.code == 0 && onPath.output.hasSuffix("/lora-tool\n"), "\(onPath.output)")
  }

  /// A release on disk, with the archive of this machine; its digest.
  private func release(of version: String) throws -> String {
    let made = try Program.shell(
      """
      cd '\(folder.path)' && mkdir -p 'releases/v\(version)' && cd 'releases/v\(version)' &&
      archive=lora-tool-\(version)-linux-$(uname -m).tar.gz && tar -I "gzip -1" -cf "$archive" -C "$(dirname "$TOOL")" lora-tool &&
      sha256sum "$archive" > SHA256SUMS && cut -d ' ' -f 1 SHA256SUMS
      """)
    #expect(made.code == 0, "\(made.output)")
    return made.output.split(separator: "\n").last.map { String($0) } ?? ""
  }

  private func install(_ settings: String) throws -> Program.Result {
    try Program.shell(
      """
      cd '\(folder.path)' && export RELEASES="file://$PWD/releases" INSTALL="$PWD/bin" GITHUB_PATH=path \
        GITHUB_OUTPUT=output REPOSITORY=someone/lora-tool \(settings) &&
      '\(Repository.root)/.github/actions/setup-lora-tool/install.sh'
      """)
  }

  @Test(.enabled("needs curl") { try Program.exist("curl") })
  func aReleasedProgramIsInstalledWhenItsDigestIsRight() throws {
    let digest = try release(of: "1.2.3")
    let result = try install("VERSION=1.2.3 SHA256=\(digest)")
    #expect(result.code == 0, "\(result.output)")
    #expect(try read("path") == "\(folder.path)/bin\n")
    #expect(try read("output") == "tool=\(folder.path)/bin/lora-tool\n")
    #expect(try Program.shell("'\(folder.path)/bin/lora-tool' --version").code == 0)
  }

  /// Another archive, no such release, no provenance for it, a version that leads elsewhere.
  @Test(.enabled("needs curl") { try Program.exist("curl") })
  func whatIsNotTheReleasedProgramIsNotInstalled() throws {
    let digest = try release(of: "1.2.3")
    for settings in [
      "VERSION=1.2.3 SHA256=\(String(repeating: "0", count: 64))", "VERSION=1.2.4 SHA256=\(digest)",
      "VERSION=1.2.3 SHA256= PATH=/usr/bin:/bin GH_TOKEN= GH_HOST=localhost", "VERSION=../1.2.3 SHA256=\(digest)",
      "VERSION= SHA256=\(digest)",
    ] {
      let result = try install(settings)
      #expect(result.code == 2, "\(settings): \(result.output)")
      #expect(result.output.contains("::error title=setup-lora-tool::"), "\(settings): \(result.output)")
      #expect(!FileManager.default.fileExists(atPath: folder.path("bin")), "\(settings)")
    }
  }

  // MARK: The command line that the scripts rest on

  @Test func hooksMayPassTheFilesOfAnAdapter() throws {
    let name = "adapters/llama-all-linear"
    let result = try Program.run([
      "validate", "--format", "json", "\(name)/adapter_config.json", "\(name)/adapter_model.safetensors", name,
      "\(name)/",
    ])
    #expect(result.code == 0, "\(result.output)")
    #expect(try result.json()["checked"] == .integer(1))
  }

  @Test func quotedPatternsAreExpanded() throws {
    let document = try Program.run(["validate", "--format", "json", "adapters/llama-rslora*"]).json()
    let paths = (document["adapters"]?.array ?? []).compactMap { $0["path"]?.string }
    #expect(paths == ["adapters/llama-rslora", "adapters/llama-rslora-patterns"])
    #expect(try Program.run(["validate", "adapters/no-such-*"]).code == 2)
  }

  @Test func oneRunWritesSeveralReports() throws {
    let result = try Program.run([
      "validate", "--base", Self.base, Self.broken, "--report", "json=\(folder.path("r.json"))", "--report",
      "sarif=\(folder.path("r.sarif"))", "--report", "junit=\(folder.path("r.xml"))",
    ])
    #expect(result.code == 1)
    #expect(result.output.contains("rank-mismatch"))
    for name in ["r.json", "r.sarif", "r.xml"] { #expect(try read(name).contains("rank-mismatch")) }
    for report in ["xml=x", "json", "json="] {
      #expect(try Program.run(["validate", Self.good, "--report", report]).code == 64)
    }
    #expect(try Program.run(["validate", Self.good, "--report", "json=/no/such/folder/x"]).code == 2)
  }

  // MARK: Pages

  @Test func theResolverFolderHoldsOnlyWhatPassed() throws {
    let script = try folder.write("publish.sh", Self.block("publish", of: "ci-gate.md"))
    func publish(_ adapter: String, _ name: String, served: String = "testdata/models/llama-bf16-sharded") throws
      -> Program.Result
    {
      try Program.shell(
        """
        cd '\(folder.path)' && mkdir -p store served && PATH="$(dirname "$TOOL"):$PATH" && STORE=$PWD/store \
        VLLM_LORA_RESOLVER_CACHE_DIR=$PWD/served BASE='\(Self.base)' SERVED_MODEL='\(served)' \
        bash '\(script)' '\(adapter)' '\(name)'
        """)
    }
    let first = try publish(Self.good, "support-v1")
    #expect(first.code == 0, "\(first.output)")
    let copy = try Data(contentsOf: URL(fileURLWithPath: folder.path("served/support-v1/adapter_model.safetensors")))
    #expect(copy == (try Data(contentsOf: URL(fileURLWithPath: "\(Self.good)/adapter_model.safetensors"))))
    // Over a name that is served already, in one step; and nothing of what is refused.
    #expect(try publish("\(Fixtures.root)/adapters/llama-second", "support-v1").code == 0)
    #expect(try publish(Self.broken, "support-v2").code == 1)
    #expect(try publish(Self.good, "support-v3", served: "meta-llama/Llama-3.1-8B").code == 1)
    for name in ["../escape", ".hidden", ""] { #expect(try publish(Self.good, name).code == 64) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("served")) == ["support-v1"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("store")).count == 2)
  }

  /// A fleet of a few good adapters and a broken one, as links.
  private func fleet() throws -> String {
    try Program.shell(
      """
      mkdir -p '\(folder.path)/fleet' && cd '\(folder.path)/fleet' &&
      for i in 0 1 2 3 4 5 6 7; do cp -r '\(Self.good)' "a$i"; done && cp -r '\(Self.broken)' broken
      """
    ).code == 0 ? folder.path("fleet") : ""
  }

  /// Runs the three tasks of the array and returns their exit codes.
  private func runSlurmArray() throws -> [Int32] {
    let fleet = try fleet()
    let task = try folder.write("task.sh", Self.block("slurm", of: "distributed.md"))
    return try (0..<3).map { part in
      try Program.shell(
        """
        PATH="$(dirname "$TOOL"):$PATH" SLURM_ARRAY_TASK_ID=\(part) SLURM_ARRAY_TASK_COUNT=3 ADAPTERS='\(fleet)' \
        BASE='\(Self.base)' REPORTS='\(folder.path("reports"))' bash '\(task)'
        """
      ).code
    }
  }

  @Test func theSlurmArrayChecksEveryAdapterOnce() throws {
    #expect(try runSlurmArray().sorted() == [0, 0, 1])
    let reports = try (0..<3).map { try JSONValue(parsing: Array(try read("reports/\($0).json").utf8)) }
    let paths = reports.flatMap { $0["adapters"]?.array ?? [] }.compactMap { $0["path"]?.string }
    #expect(paths.count == 9 && Set(paths).count == 9)
  }

  @Test(.enabled("needs jq") { try Program.exist("jq") })
  func theReportsOfTheSlurmArrayAreCollected() throws {
    #expect(try runSlurmArray().count == 3)
    let collect = try folder.write("collect.sh", Self.block("collect", of: "distributed.md"))
    let all = try Program.shell("bash '\(collect)' '\(folder.path("reports"))' 3")
    #expect(all.code == 1 && all.output.contains("9 adapters checked, 1 failed"), "\(all.output)")
    #expect(all.output.contains("rank-mismatch"))
    #expect(try Program.shell("bash '\(collect)' '\(folder.path("reports"))' 4").code == 2)
  }

  @Test func theKubernetesJobIsACommandLineOfThisProgram() throws {
    let fleet = try fleet()
    let manifest = try Self.block("kubernetes", of: "distributed.md")
    let lines = manifest.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    let words = lines.drop { $0 != "args:" }.dropFirst().prefix { $0.hasPrefix("- ") }.map { String($0.dropFirst(2)) }
    #expect(words.first == "validate" && words.count > 5)
    // The number of parts stands there twice.
    let parts = try #require(lines.first { $0.hasPrefix("completions: ") }?.dropFirst("completions: ".count))
    #expect(manifest.contains("- name: PARTS\n              value: \"\(parts)\"\n"))
    var checked = 0
    for part in 0..<(Int(parts) ?? 0) {
      let arguments = words.map {
        $0.replacing("$(PART)", with: "\(part)").replacing("$(PARTS)", with: parts)
          .replacing("/reports/", with: folder.path + "/").replacing("/bases/llama-3.1-8b.json", with: Self.base)
          .replacing("/adapters", with: fleet)
      }
      let result = try Program.run(arguments)
      #expect([0, 1].contains(result.code), "\(result.errors)")
      let report = try JSONValue(parsing: Array(try read("\(part).json").utf8))
      checked += report["checked"]?.int64.map { Int($0) } ?? 0
    }
    #expect(checked == 9)
  }
}
