import Diagnostics
import Testing

@testable import LoRAModel

/// Work over pairs of names and patterns ends, and what comes of it is said.
@Suite struct MatchingBudgetTests {
  private func config(_ fields: String) throws -> AdapterConfig {
    let text = "{\"peft_type\": \"LORA\", \"r\": 4, \"lora_alpha\": 8, \(fields)}"
    return try #require(AdapterConfig.parse(Array(text.utf8), path: "adapter_config.json").config)
  }

  @Test func manyCostlyPatternsOverManyNamesAreGivenUp() throws {
    let patterns = (0..<2000).map { "\"(.*[a-z]\($0 % 10)?.*)+_proj\($0)?\": 4" }.joined(separator: ", ")
    let config = try config("\"rank_pattern\": {\(patterns)}")
    // A hundredth of the usual budget, which a build without optimisation takes a minute to spend.
    let matching = TargetMatching(config, budget: MatchingBudget(limit: MatchingBudget.usualLimit / 100))
    #expect(matching.exhaustion(config) == nil)
    let name = "model.layers.0." + String(repeating: "block.", count: 200) + "q_key"
    for index in 0..<100_000 where matching.exhaustion(config) == nil { _ = matching.rank(of: "\(name)\(index)") }
    let finding = try #require(matching.exhaustion(config))
    #expect(finding.rule == .configInvalid && finding.message.contains("2000 patterns"))
  }

  /// The largest honest adapters stay far below: each expert of a large model, and a pattern for each kind.
  @Test func honestAdaptersAreFarFromIt() throws {
    let config = try config(
      """
      "target_modules": ".*\\\\.(q_a_proj|q_b_proj|gate_proj|up_proj|down_proj)",
      "rank_pattern": {"gate_proj": 4, "layers\\\\.[0-9]+\\\\.mlp\\\\.experts\\\\.[0-9]+\\\\.up_proj": 4}
      """)
    let matching = TargetMatching(config)
    for expert in 0..<4000 {
      let name = "model.layers.\(expert % 60).mlp.experts.\(expert).down_proj"
      #expect(matching.targets(name) && matching.rank(of: name) == 4)
    }
    #expect(matching.exhaustion(config) == nil)
    #expect(matching.spentShare < 0.02)
  }
}
