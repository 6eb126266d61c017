import Foundation
import JSON
import LoRATestSupport
import Testing

/// The README and the pages under docs/: what they show is what the program does, and where they point there is
/// something.
@Suite struct DocumentTests {
  static let pages: [String] = {
    let root = URL(fileURLWithPath: Repository.root)
    let docs = (try? FileManager.default.contentsOfDirectory(atPath: root.path + "/docs")) ?? []
    return ["README.md", "testdata/README.md"] + docs.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }
  }()

  private static func text(_ page: String) throws -> String {
    try Repository.text(page)
  }

  // MARK: Form

  /// Explanations in the page of rules are those of `lora-tool explain`, a paragraph in a line.
  @Test(arguments: pages.filter { $0 != "docs/rules.md" })
  func linesAreNotTooLong(_ page: String) throws {
    var isCode = false
    for (index, line) in try Self.text(page).components(separatedBy: "\n").enumerated() {
      if line.hasPrefix("```") { isCode.toggle() }
      // What a program prints, a table and an address cannot be broken.
      if isCode || line.hasPrefix("|") || line.contains("https://") { continue }
      #expect(line.count <= 120, "\(page):\(index + 1) has \(line.count) characters")
    }
  }

  @Test func thereIsAWayToEveryPage() throws {
    let index = try Self.text("docs/README.md")
    for page in Self.pages where page.hasPrefix("docs/") && page != "docs/README.md" {
      #expect(index.contains("(\(page.dropFirst(5)))"), "docs/README.md does not lead to \(page)")
    }
    #expect(try Self.text("README.md").contains("(docs/README.md)"))
  }

  // MARK: Links

  /// The names under which GitHub and other renderers offer the headings of a page.
  private static func anchors(_ text: String) -> Set<String> {
    var anchors: Set<String> = []
    var isCode = false
    for line in text.components(separatedBy: "\n") {
      if line.hasPrefix("```") { isCode.toggle() }
      guard !isCode, line.hasPrefix("#") else { continue }
      let heading = line.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
      let kept = heading.filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" || $0 == " " }
      let anchor = kept.replacing(" ", with: "-")
      var name = anchor
      var count = 0
      while !anchors.insert(name).inserted {
        count += 1
        name = "\(anchor)-\(count)"
      }
    }
    return anchors
  }

  @Test(arguments: pages)
  func linksLeadSomewhere(_ page: String) throws {
    let text = try Self.text(page)
    let folder = (page as NSString).deletingLastPathComponent
    var isCode = false
    var prose = ""
    for line in text.components(separatedBy: "\n") {
      if line.hasPrefix("```") { isCode.toggle() } else if !isCode { prose += line + "\n" }
    }
    for match in prose.matches(of: /\]\(([^)\s]+)\)/) {
      let link = String(match.1)
      if link.hasPrefix("https://") { continue }
      let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
      let target = parts[0].isEmpty ? page : folder.isEmpty ? parts[0] : "\(folder)/\(parts[0])"
      let path = "\(Repository.root)/\(target)"
      #expect(FileManager.default.fileExists(atPath: path), "\(page) links to \(link), which is not there")
      guard parts.count == 2, target.hasSuffix(".md") else { continue }
      let other = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
      #expect(Self.anchors(other).contains(parts[1]), "\(page) links to \(link): there is no such heading")
    }
  }

  // MARK: Commands

  /// What a page shows as code: its blocks and spans.
  private static func code(_ text: String) -> String {
    var code = ""
    var isBlock = false
    for line in text.components(separatedBy: "\n") {
      if line.hasPrefix("```") {
        isBlock.toggle()
      } else if isBlock {
        code += line + "\n"
      } else {
        for span in line.matches(of: /`([^`]+)`/) { code += span.1 + "\n" }
      }
    }
    return code
  }

  /// Commands and options that pages show stand in the help of the command, so that no page outlives them.
  @Test(arguments: pages)
  func optionsThatAreShownExist(_ page: String) throws {
    var known: [String: Set<String>] = [:]
    func visit(_ command: JSONValue, _ name: String) {
      let names = (command["arguments"]?.array ?? []).flatMap { $0["names"]?.array ?? [] }
        .compactMap { $0["name"]?.string }
      known[name] = Set(names)
      for below in command["subcommands"]?.array ?? [] {
        visit(
          below, name.isEmpty ? below["commandName"]?.string ?? "" : "\(name) \(below["commandName"]?.string ?? "")")
      }
    }
    visit(try CommandReference.known.get(), "")
    let text = Self.code(try Self.text(page)).replacing("\\\n", with: " ")
    for match in text.matches(of: /(?:^|[^\w.\/-])lora-tool ((?:policy )?[a-z][a-z-]*)((?:[^\n`|;#]|\|[a-z])*)/) {
      guard let options = known[String(match.1)] else {
        Issue.record("\(page) shows 'lora-tool \(match.1)', which is no command")
        continue
      }
      let words = String(match.2).components(separatedBy: " && ")[0]
      for option in words.matches(of: /(?:^|[ \[(])--([a-z][a-z-]+)/) {
        let name = String(option.1)
        #expect(options.contains(name), "\(page): lora-tool \(match.1) has no option --\(name)")
      }
    }
  }

  /// Sessions (```console blocks) are run as they stand, page by page in a folder with the test data, and what is shown
  /// is what comes; … stands for any text, and alone in a line for any lines.
  ///
  /// With `LORA_TOOL_UPDATE_SNAPSHOTS=1` blocks that differ are written again.
  @Test(arguments: pages)
  func sessionsShowWhatHappens(_ page: String) throws {
    let folder = try TemporaryFolder()
    try folder.link("testdata", to: Fixtures.root)
    var lines: [String] = []
    var rest = try Self.text(page).components(separatedBy: "\n")[...]
    while let line = rest.popFirst() {
      lines.append(line)
      guard line == "```console" else { continue }
      let block = Array(rest.prefix { $0 != "```" })
      rest = rest.dropFirst(block.count)
      lines += try run(Session(block), in: folder.path, of: page)
    }
    try Snapshot.check(lines.joined(separator: "\n"), page)
  }

  /// Every exported library has pages, and making them gives no warning.
  @Test(
    .enabled("needs docc and swift-symbolgraph-extract of the toolchain") {
      try Program.exist("docc", "swift-symbolgraph-extract")
    })
  func theLibrariesHavePages() throws {
    let folder = try TemporaryFolder()
    let build = URL(fileURLWithPath: Program.path).deletingLastPathComponent().path
    let result = try Program.shell(
      "LORA_BUILD='\(build)' LORA_PAGES='\(folder.path)' .ci/dev docs", in: Repository.root)
    #expect(result.code == 0 && !result.output.contains("warning"), "\(result.output)")
    let manifest = try Repository.text("Package.swift")
    let list = try #require(manifest.firstMatch(of: /let libraries: \[Product\] = \[([^\]]+)\]/)).1
    let libraries = list.matches(of: /"(\w+)"/).map(\.1) + ["LoRALoader"]
    #expect(libraries.count >= 14)
    for library in libraries {
      let page = folder.path("\(library)/data/documentation/\(library.lowercased()).json")
      #expect(FileManager.default.fileExists(atPath: page), "\(library): \(result.output)")
    }
  }

  private struct Session {
    /// Commands, each with the lines that they are written in and those that they should print.
    var steps: [(written: [String], shown: [String])] = []

    init(_ lines: [String]) {
      for line in lines {
        if line.hasPrefix("$ ") {
          steps.append(([line], []))
        } else if let last = steps.last, last.shown.isEmpty, last.written.last?.hasSuffix("\\") == true {
          steps[steps.count - 1].written.append(line)
        } else if !steps.isEmpty {
          steps[steps.count - 1].shown.append(line)
        }
      }
    }
  }

  private func run(_ session: Session, in folder: String, of page: String) throws -> [String] {
    var lines: [String] = []
    for step in session.steps {
      let command = step.written.joined(separator: "\n").dropFirst(2)
      let result = try Program.shell("PATH=\"$(dirname \"$TOOL\"):$PATH\"; export HF_HOME=hf; \(command)", in: folder)
      #expect([0, 1].contains(result.code), "\(page): \(command) ends with \(result.code): \(result.output)")
      var found = result.output.components(separatedBy: "\n")
      if found.last == "" { found.removeLast() }
      lines += step.written + (Self.matches(step.shown[...], found[...]) ? step.shown : found)
    }
    return lines
  }

  private static func matches(_ shown: ArraySlice<String>, _ found: ArraySlice<String>) -> Bool {
    guard let first = shown.first else { return found.isEmpty }
    if first == "…" {
      return (found.startIndex...found.endIndex).contains { matches(shown.dropFirst(), found[$0...]) }
    }
    guard let line = found.first else { return false }
    let parts = first.components(separatedBy: "…").map { NSRegularExpression.escapedPattern(for: $0) }
    let pattern = "^" + parts.joined(separator: ".*") + "$"
    return line.range(of: pattern, options: .regularExpression) != nil
      && matches(shown.dropFirst(), found.dropFirst())
  }
}
