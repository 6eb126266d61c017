public import Diagnostics
public import JSON
import Safetensors
import TensorCore

/// A finding that the policy sets aside: it is reported, but does not count.
public struct IgnoredFinding: Sendable, Equatable {
  /// What was found, with the severity of its rule.
  public let finding: Finding
  /// Why the policy ignores its rule.
  public let reason: String

  /// The finding as in section 4 of the contract, with `reason`.
  public var json: JSONValue {
    guard case .object(var object) = finding.json else { return finding.json }
    object["reason"] = .string(reason)
    return .object(object)
  }
}

/// Findings as a policy weighs them.
struct RuleOutcome: Sendable {
  /// What counts, with the policy's severities.
  private(set) var findings: [Finding] = []
  /// What the policy sets aside.
  private(set) var ignored: [IgnoredFinding] = []

  /// Weighs findings; those that are `fixed` count as they are, whatever the policy says.
  init(_ found: [Finding], _ policy: Policy?, fixed: (Finding) -> Bool = { _ in false }) {
    guard let policy else {
      findings = found
      return
    }
    for finding in found {
      var finding = finding
      if !fixed(finding) {
        if let reason = policy.ignored[finding.rule] {
          ignored.append(IgnoredFinding(finding: finding, reason: reason))
          continue
        }
        if let severity = policy.severities[finding.rule] { finding.severity = severity }
      }
      findings.append(finding)
    }
  }
}

extension RuleSet {
  /// Rules after whose errors nothing is concluded from the file's tensors.
  ///
  /// A policy can neither ignore nor lower them: the gate would pass what was not looked at.
  public static let unreadable: Set<RuleID> = [
    .fileUnreadable, .fileNotSafetensors, .headerInvalid, .headerDuplicateKey, .compressedCorrupt,
  ]

  /// Whether the finding means that there is nothing to check: the weights cannot be read, or are only a pickle.
  static func leavesNothing(_ finding: Finding) -> Bool {
    finding.severity == .error && (unreadable.contains(finding.rule) || finding.rule == .pickleWeights)
  }
}
