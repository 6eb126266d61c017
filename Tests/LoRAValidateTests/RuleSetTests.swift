import Diagnostics
import Foundation
import LoRATestSupport
import LoRAValidate
import Testing

@Suite struct RuleSetTests {
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

  @Test func theRulesPageIsTheRules() throws { try Snapshot.check(RuleSet.markdown, "docs/rules.md") }
}
