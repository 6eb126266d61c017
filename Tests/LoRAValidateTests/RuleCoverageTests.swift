import Diagnostics
import LoRAEngines
import LoRAModel
import LoRATestSupport
import LoRAValidate
import Safetensors
import TensorCore
import Testing

/// Every rule must have shown in a test that it fires, and that it keeps quiet.
@Suite struct RuleCoverageTests {
  /// Rules about the base's own files, which have a test below.
  private static let ofBases: Set<RuleID> = [.indexInvalid, .shardMismatch, .baseConfigMismatch, .securityPath]
  /// Rules about several adapters, which `FleetTests` covers.
  private static let ofFleets: Set<RuleID> = [
    .fleetMixedRanks, .fleetDuplicate, .fleetMixedBases, .fleetNameCollision, .fleetMixedTokenizers,
  ]
  /// Rules about tokenizers, which `TokenizerRuleTests` covers.
  private static let ofTokenizers: Set<RuleID> = [.baseTokenizerMismatch, .chatTemplateMismatch]

  @Test func everyRuleHasAFailingCase() {
    let broken = Set(FixtureTests.broken.flatMap(\.rules).compactMap { RuleSet.rule(named: $0)?.id })
    let covered = broken.union(Mutation.all.map(\.rule)).union(EngineCase.all.map(\.rule))
      .union(PolicyCase.all.map(\.rule)).union(Self.ofBases).union(Self.ofFleets)
      .union(Self.ofTokenizers)
      // Has cases of its own in `EngineTests`.
      .union([.engineUnjudged])
    let missing = Set(RuleSet.all.map(\.id)).subtracting(covered)
    #expect(missing.isEmpty, "\(missing.map(\.rawValue).sorted())")
  }

  private func findings(_ index: String) throws -> [RuleID] {
    let folder = try TemporaryFolder()
    var shard = SafetensorsBuilder()
    shard.add("model.layers.0.self_attn.q_proj.weight", .f32, [32, 32])
    try folder.write("model-00001-of-00001.safetensors", shard)
    try folder.write("model.safetensors.index.json", index)
    let base = try BaseModel.open(folder.path)
    return Validation.run([], base: base, options: ValidationOptions()).base?.findings.map(\.rule) ?? []
  }

  @Test func problemsOfTheBaseAreReported() throws {
    let name = "model.layers.0.self_attn.q_proj.weight"
    let shard = "model-00001-of-00001.safetensors"
    func index(_ map: [String: String]) -> String {
      let map = map.map { "\"\($0)\": \"\($1)\"" }.joined(separator: ", ")
      return "{\"metadata\": {\"total_size\": 4096}, \"weight_map\": {\(map)}}"
    }
    #expect(try findings(index([name: shard])).isEmpty)
    #expect(try findings("{\"weight_map\": {\"\(name)\": \"\(shard)\"}}") == [.indexInvalid])
    #expect(try findings(index([name: shard, "lm_head.weight": shard])).contains(.shardMismatch))
    #expect(try findings(index([name: shard, "lm_head.weight": "../x.safetensors"])).contains(.securityPath))
  }

  @Test func aConfigThatDoesNotFitItsWeightsIsReported() throws {
    let folder = try TemporaryFolder()
    var weights = SafetensorsBuilder()
    weights.add("model.layers.0.self_attn.q_proj.weight", .f32, [64, 32])
    try folder.write("model.safetensors", weights)
    try folder.write("config.json", Sample.baseConfig)
    let report = Validation.run([], base: try BaseModel.open(folder.path), options: ValidationOptions())
    #expect(report.base?.findings.contains { $0.rule == .baseConfigMismatch } ?? false)
    #expect(report.status == .warn)
  }
}
