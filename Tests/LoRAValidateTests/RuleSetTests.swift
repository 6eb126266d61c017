import Diagnostics
import Foundation
import LoRATestSupport
import LoRAValidate
import Testing

/// Where the repository's own files lie.
enum Repository {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static func path(_ name: String) -> String { root.appendingPathComponent(name).path }
}

struct RuleSetTests {
  @Test func everyRuleIDHasExactlyOneRule() {
    #expect(RuleSet.all.map(\.id).count == Set(RuleSet.all.map(\.id)).count)
    #expect(Set(RuleSet.all.map(\.id)) == Set(RuleSet.all.map(\.id)))
  }

  @Test(arguments: RuleSet.all.map(\.id)) func everyRuleIsExplained(_ id: RuleID) throws {
    let rule = try #require(RuleSet.rule(id))
    #expect(!rule.title.isEmpty && !rule.title.hasSuffix("."))
    for part in [rule.meaning, rule.consequence, rule.remedy] {
      #expect(part.count > 30 && part.hasSuffix("."), "\(id.rawValue): \(part)")
    }
    // An example shows the rule at work: its severity and name, as the report prints them.
    #expect(rule.example.contains(id.rawValue))
    #expect(rule.explanation.contains(rule.remedy))
  }

  /// Set LORA_UPDATE_DOCS=1 to write the page again after a rule changed.
  @Test func theRulesPageIsTheRules() throws {
    let path = Repository.path("docs/rules.md")
    if ProcessInfo.processInfo.environment["LORA_UPDATE_DOCS"] == "1" {
      try RuleSet.markdown.write(toFile: path, atomically: false, encoding: .utf8)
    }
    let page = try String(contentsOfFile: path, encoding: .utf8)
    #expect(page == RuleSet.markdown)
  }
}
