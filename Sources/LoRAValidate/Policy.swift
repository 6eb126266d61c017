public import Diagnostics
import LoRAModel
import Safetensors
public import TensorCore

/// Limits that an organisation sets for its adapters, and how much the rules weigh for it.
public struct Policy: Sendable {
  /// The path that it was read from, as messages show it.
  public var path: String
  /// Largest rank of any module.
  public var maxRank: UInt64?
  /// The ranks that modules may have; empty allows all.
  public var ranks: [UInt64] = []
  /// The alphas that modules may have; an infinite end is open.
  public var alpha: ClosedRange<Double>?
  /// The scales that modules may have; an infinite end is open.
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

  /// A range of numbers in words: "0.5 to 4.0", "at most 4.0".
  public static func phrase(_ range: ClosedRange<Double>) -> String {
    switch (range.lowerBound.isFinite, range.upperBound.isFinite) {
    case (true, true): "\(range.lowerBound) to \(range.upperBound)"
    case (true, false): "at least \(range.lowerBound)"
    case (false, true): "at most \(range.upperBound)"
    case (false, false): "any number"
    }
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
