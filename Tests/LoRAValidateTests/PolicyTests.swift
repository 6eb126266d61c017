import Diagnostics
import JSON
import LoRAEngines
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
      kept: { $0.allowedTargets = Sample.sizes.keys.map { String($0.split(separator: ".")[1]) } }),
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

@Suite struct PolicyTests {
  private func findings(_ change: (inout Policy) -> Void, _ sample: Sample = .plain) throws -> [Finding] {
    var options = ValidationOptions()
    var policy = Policy(path: "lora-policy.yml")
    change(&policy)
    options.policy = policy
    return try Bench().findings(sample, options: options)
  }

  @Test(arguments: PolicyCase.all) func limitsAreKept(_ row: PolicyCase) throws {
    let broken = try findings(row.broken)
    #expect(Set(broken.map(\.rule)) == [row.rule], "\(broken.map(\.message))")
    #expect(broken.first?.hint?.contains("lora-policy.yml") ?? false)
    #expect(try findings(row.kept).isEmpty)
  }

  /// An adapter whose config has another rank than its tensors.
  private func report(_ change: (inout Policy) -> Void, engine: String? = nil, on bench: Bench) throws
    -> ValidationReport
  {
    var sample = Sample.plain
    sample.config["r"] = 50
    var options = ValidationOptions()
    var policy = Policy(path: "lora-policy.yml")
    change(&policy)
    options.policy = policy
    options.engine = engine.flatMap { Engine(named: $0) }
    options.serving.maxLoRARank = 64
    return bench.report([try sample.write("adapter", in: bench.folder)], options: options)
  }

  @Test func severitiesDecideTheVerdict() throws {
    for (severity, status) in [(Severity.note, ValidationReport.Status.pass), (.warning, .warn), (.error, .fail)] {
      let report = try report({ $0.severities = [.rankMismatch: severity] }, on: try Bench())
      #expect(report.adapters[0].findings.map(\.severity) == [severity])
      #expect(report.status == status)
    }
  }

  @Test func ignoredFindingsAreListedWithTheReason() throws {
    let report = try report({ $0.ignored = [.rankMismatch: "known, see <ticket> \"7\""] }, on: try Bench())
    #expect(report.status == .pass && report.adapters[0].findings.isEmpty)
    let json = try JSONValue(parsing: Array(report.json(toolVersion: "1").text(pretty: true).utf8))
    #expect(json["policy"] == "lora-policy.yml")
    let ignored = try #require(json["adapters"]?.array?.first?["ignored"]?.array)
    #expect(ignored.count == 1)
    #expect(ignored.first?["rule"] == "rank-mismatch" && ignored.first?["severity"] == "error")
    #expect(ignored.first?["reason"] == "known, see <ticket> \"7\"")
    #expect(report.text().contains("  ignored  rank-mismatch: known, see <ticket> \"7\"\n"))
    #expect(report.text().hasSuffix("1 passed, 1 finding ignored by the policy\n"))
    #expect(report.github().hasSuffix("1 pass; 1 finding ignored by the policy\n"))
    #expect(report.junit().contains("<skipped message=\"ignored by the policy (known, see &lt;ticket&gt;"))
    #expect(report.junit().contains("tests=\"2\" failures=\"0\" errors=\"0\" skipped=\"1\""))
    let results = try #require(report.sarif(toolVersion: "1")["runs"]?.array?.first?["results"]?.array)
    #expect(results.count == 1)
    #expect(
      results.first?["suppressions"]?.array?.first?["justification"] == "known, see <ticket> \"7\"")
  }

  @Test func whatAnEngineDoesIsNotForThePolicyToDecide() throws {
    let report = try report(
      { $0.ignored = [.rankMismatch: "known", .engineSilent: "known"] }, engine: "vllm", on: try Bench())
    #expect(report.status == .pass && report.ignored.count == 2)
    #expect(report.adapters[0].serving?.acts == false)
  }

  @Test func whatCannotBeReadNeverPasses() throws {
    let bench = try Bench()
    try bench.folder.write("broken/adapter_model.safetensors", [UInt8](repeating: 7, count: 100))
    try bench.folder.write("pickle/adapter_model.bin", [UInt8]([0x80, 2, 0x7D, 0x2E]))
    try bench.folder.write("pickle/adapter_config.json", JSONValue.object(Sample.plain.config).text())
    var options = ValidationOptions()
    var policy = Policy(path: "lora-policy.yml")
    for rule in RuleSet.all.map(\.id) { policy.ignored[rule] = "everything is fine" }
    options.policy = policy
    let report = bench.report(["broken", "pickle"].map { bench.folder.path($0) }, options: options)
    #expect(report.adapters.map(\.status) == [.fail, .fail], "\(report.text())")
  }

  @Test func policiesWeighWhatIsSaidOfTheFleet() throws {
    let bench = try Bench()
    let paths = [try Sample.plain.write("a", in: bench.folder), try Sample.plain.write("b", in: bench.folder)]
    var options = ValidationOptions()
    options.policy = Policy(path: "lora-policy.yml")
    options.policy?.severities = [.fleetDuplicate: .error]
    #expect(bench.report(paths, options: options).status == .fail)
    options.policy?.severities = [:]
    options.policy?.ignored = [.fleetDuplicate: "blue and green"]
    let report = bench.report(paths, options: options)
    #expect(report.status == .pass && report.fleet.ignored.map(\.reason) == ["blue and green"])
    #expect(report.json(toolVersion: "1")["fleet"]?["ignored"]?.array?.count == 1)
  }

  @Test func replacedTensorsAreTargetsToo() throws {
    var sample = Sample.plain
    sample.config["modules_to_save"] = ["lm_head"]
    sample.tensors.append(
      .init(name: "base_model.model.lm_head.weight", shape: [40, 32], values: Array(repeating: 0.5, count: 40 * 32)))
    let targets = Sample.sizes.keys.map { String($0.split(separator: ".")[1]) }
    let found = try findings({ $0.allowedTargets = targets }, sample)
    #expect(found.map(\.rule) == [.policyTargets], "\(found.map(\.message))")
    #expect(found.first?.found == "lm_head")
    #expect(try findings({ $0.allowedTargets = targets + ["lm_head"] }, sample).isEmpty)
  }

  @Test func anAdapterThatDoesNotSayItsBaseIsNotOnAnAllowedOne() throws {
    var sample = Sample.plain
    sample.config["base_model_name_or_path"] = .null
    let found = try findings({ $0.bases = ["example/small-llama"] }, sample)
    #expect(found.map(\.rule).contains(.policyBase))
  }
}
