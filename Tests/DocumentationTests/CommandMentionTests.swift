import Diagnostics
import Foundation
import LoRATestSupport
import LoRAValidate
import Testing

/// Hints, pages and messages recommend only commands that exist.
@Suite struct CommandMentionTests {
  private static let repository = URL(fileURLWithPath: Fixtures.root).deletingLastPathComponent()

  /// The text of all files below a folder whose name ends in one of these.
  private static func texts(_ folder: String, _ endings: [String]) throws -> [(path: String, text: String)] {
    let root = repository.appendingPathComponent(folder)
    let names = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
    return try names.sorted().filter { name in endings.contains { name.hasSuffix($0) } }.map { name in
      (name, try String(contentsOf: root.appendingPathComponent(name), encoding: .utf8))
    }
  }

  /// The names that the program's commands have.
  private static func commands() throws -> Set<String> {
    let sources = try texts("Sources/LoRACLI", [".swift"])
    var names = Set(sources.flatMap { $0.text.matches(of: /commandName: "([a-z-]+)"/).map { String($0.1) } })
    names.insert("help")
    return names
  }

  @Test func everyCommandThatIsRecommendedExists() throws {
    let commands = try Self.commands()
    #expect(commands.count > 12)
    let files =
      try Self.texts("Sources", [".swift", ".md"]) + Self.texts("docs", [".md"]) + Self.texts(".", ["README.md"])
    for (path, text) in files where !path.contains(".build/") {
      // In code spans, in quotes, and at the start of a line of a listing.
      for match in text.matches(of: /(?:`|'|\n\$ |\n    )lora-tool ([a-z][a-z-]*)/) {
        #expect(commands.contains(String(match.1)), "\(path) recommends 'lora-tool \(match.1)', which does not exist")
      }
    }
  }

  @Test func everyRuleNamesExistingCommands() throws {
    let commands = try Self.commands()
    for rule in RuleSet.all {
      for match in rule.explanation.matches(of: /`lora-tool ([a-z-]+)/) {
        #expect(commands.contains(String(match.1)), "\(rule.id.rawValue): lora-tool \(match.1)")
      }
    }
  }
}
