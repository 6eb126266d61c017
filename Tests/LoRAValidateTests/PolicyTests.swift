import LoRATestSupport
import LoRAValidate
import TensorCore
import Testing

/// One limit of a policy, an adapter outside it, and a limit that the same adapter keeps.
struct PolicyCase: CustomTestStringConvertible, Sendable {
  let rule: RuleID
  let broken: @Sendable (inout Policy) -> Void
  let kept: @Sendable (inout Policy) -> Void
  var testDescription: String { rule.rawValue }

  static let all: [PolicyCase] = [
    PolicyCase(rule: .policyRank, broken: { $0.maxRank = 1 }, kept: { $0.maxRank = 64 }),
    PolicyCase(rule: .policyRank, broken: { $0.ranks = [7, 9] }, kept: { $0.ranks = [2, 3, 4, 5, 6] }),
    PolicyCase(rule: .policyAlpha, broken: { $0.alpha = 0.5...1 }, kept: { $0.alpha = 1...64 }),
    PolicyCase(rule: .policyAlpha, broken: { $0.scale = 3...4 }, kept: { $0.scale = 1...2 }),
    PolicyCase(
      rule: .policyTargets, broken: { $0.allowedTargets = ["c_attn"] },
      kept: { $0.allowedTargets = Specimen.sizes.keys.map { String($0.split(separator: ".")[1]) } }),
    PolicyCase(rule: .policyTargets, broken: { $0.requiredTargets = ["c_attn"] }, kept: { $0.requiredTargets = [] }),
    PolicyCase(rule: .policyDType, broken: { $0.dtypes = [.f64] }, kept: { $0.dtypes = [.f32, .bf16, .f16] }),
    PolicyCase(rule: .policySize, broken: { $0.maxBytes = 100 }, kept: { $0.maxBytes = 1 << 20 }),
    PolicyCase(rule: .policyBase, broken: { $0.bases = ["other/model"] }, kept: { $0.bases = ["example/small-llama"] }),
    PolicyCase(
      rule: .policyMetadata, broken: { $0.metadata = [("owner", nil)] }, kept: { $0.metadata = [("format", "pt")] }),
    PolicyCase(
      rule: .policyMetadata, broken: { $0.metadata = [("format", "mlx")] }, kept: { $0.metadata = [("format", nil)] }),
  ]
}

struct PolicyTests {
  private func findings(_ change: (inout Policy) -> Void, _ specimen: Specimen = .plain) throws -> [Finding] {
    var options = ValidationOptions()
    var policy = Policy(path: "lora-policy.yml")
    change(&policy)
    options.policy = policy
    return try Bench().findings(specimen, options: options)
  }

  @Test(arguments: PolicyCase.all) func limitsAreKept(_ row: PolicyCase) throws {
    let broken = try findings(row.broken)
    #expect(Set(broken.map(\.rule)) == [row.rule], "\(broken.map(\.message))")
    #expect(broken.first?.hint?.contains("lora-policy.yml") ?? false)
    #expect(try findings(row.kept).isEmpty)
  }

  @Test func severitiesAndReasonsToIgnore() throws {
    var specimen = Specimen.plain
    specimen.config["r"] = 50
    #expect(try findings({ $0.severities = [.rankMismatch: .note] }, specimen).map(\.severity) == [.note])
    #expect(try findings({ $0.ignored = [.rankMismatch: "known"] }, specimen).isEmpty)
  }
}
