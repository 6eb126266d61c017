import Diagnostics
import JSON
public import LoRAValidate
import TensorCore

extension Policy {
  /// What the policy sets, one short phrase for each setting, in the order of the file format.
  public var summary: [(setting: String, meaning: String)] {
    var lines: [(setting: String, meaning: String)] = []
    func add(_ setting: String, _ values: [String], joined separator: String = ", ", prefix: String = "") {
      guard !values.isEmpty else { return }
      lines.append((setting, prefix + values.map { escaped($0, limit: 120) }.joined(separator: separator)))
    }
    add("base", bases, joined: " or ")
    add("rank", maxRank.map { ["at most \($0)"] } ?? [])
    add("rank", ranks.map { "\($0)" }, joined: " or ")
    add("alpha", alpha.map { [Policy.phrase($0)] } ?? [])
    add("scale", scale.map { [Policy.phrase($0)] } ?? [])
    add("targets", allowedTargets, prefix: "only ")
    add("targets", requiredTargets, prefix: "at least ")
    add("dtype", dtypes.map(\.name), joined: " or ")
    add("bytes", maxBytes.map { ["at most \(ByteCount($0))"] } ?? [])
    add("metadata", metadata.map { key, value in value.map { "\(key) = \($0)" } ?? "\(key)" })
    for (rule, severity) in severities.ordered(by: { $0.key.rawValue < $1.key.rawValue }) {
      add("severity", ["\(rule.rawValue) is \(severity == .error ? "an error" : "a \(severity.rawValue)")"])
    }
    for (rule, reason) in ignored.ordered(by: { $0.key.rawValue < $1.key.rawValue }) {
      add("ignore", ["\(rule.rawValue): \(reason)"])
    }
    return lines
  }
}
