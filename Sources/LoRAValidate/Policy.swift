import LoRAModel
import Safetensors
public import TensorCore

/// Limits that an organisation sets for its adapters, and how much the rules weigh for it.
public struct Policy: Sendable {
  /// The path that it was read from, for messages.
  public var path: String
  /// Largest rank of any module.
  public var maxRank: UInt64?
  /// The ranks that modules may have; empty allows all.
  public var ranks: [UInt64] = []
  /// The alphas that modules may have.
  public var alpha: ClosedRange<Double>?
  /// The scales that modules may have.
  public var scale: ClosedRange<Double>?
  /// Last name components that may be adapted; empty allows all.
  public var allowedTargets: [String] = []
  /// Last name components that must be adapted.
  public var requiredTargets: [String] = []
  /// Element types that tensors may have; empty allows all.
  public var dtypes: [DType] = []
  /// Largest size of the weights file, in bytes.
  public var maxBytes: UInt64?
  /// Values that `base_model_name_or_path` may have; empty allows all.
  public var bases: [String] = []
  /// Keys that the file's metadata must have, with the value where one is asked for.
  public var metadata: [(key: String, value: String?)] = []
  /// Severities in place of the rules' own.
  public var severities: [RuleID: Severity] = [:]
  /// Rules that are left out, with the reason.
  public var ignored: [RuleID: String] = [:]

  /// A policy without limits.
  public init(path: String) { self.path = path }

  /// The finding with the policy's severity, or nil when its rule is left out.
  func applied(to finding: Finding) -> Finding? {
    guard ignored[finding.rule] == nil else { return nil }
    var finding = finding
    if let severity = severities[finding.rule] { finding.severity = severity }
    return finding
  }
}

extension ValidationContext {
  /// One finding for each distinct thing that modules have and the policy does not allow.
  func policyFindings(_ rule: RuleID, _ policy: Policy, _ problem: (AdapterModule) -> (found: String, allowed: String)?)
    -> [Finding]
  {
    var groups = Groups<[String], AdapterModule>()
    for module in adapter.modules {
      if let (found, allowed) = problem(module) { groups.add([found, allowed], module) }
    }
    return groups.all.map { problem, places in
      Finding(
        rule,
        "\(phrase(places.map(\.name), of: adapter.modules.count)) \(places.count == 1 ? "has" : "have") \(problem[0]), but "
          + "the policy allows \(problem[1])",
        file: adapter.weightsPath, tensor: places.first?.tensors.first?.name, module: places.first?.name,
        expected: problem[1], found: problem[0], hint: "train within the limits, or change \(policy.path)")
    }
  }
}
