import Diagnostics
import JSON
import LoRAValidate
import TensorCore

/// Turns a YAML document into a policy; every mistake is noted, so that one run names them all.
struct PolicyReader {
  private(set) var policy: Policy
  private(set) var problems: [PolicyError.Problem] = []

  /// More problems than this are not noted; a file that is no policy at all has one in every line.
  private static let problemLimit = 20

  init(path: String) { policy = Policy(path: path) }

  /// Reads the value of one key.
  private typealias Read = @Sendable (inout PolicyReader, YAMLNode) -> Void

  /// The top level of a policy; a new limit is one line here.
  private static let sections: KeyValuePairs<String, Read> = [
    "base": { $0.policy.bases = $0.texts($1, "base") },
    "rank": { $0.readRank($1) },
    "alpha": { $0.policy.alpha = $0.range($1, "alpha") },
    "scale": { $0.policy.scale = $0.range($1, "scale") },
    "targets": { $0.readTargets($1) },
    "dtype": { $0.readDTypes($1) },
    "bytes": { $0.readMapping($1, "bytes", ["max": { $0.policy.maxBytes = $0.size($1, "bytes.max") }]) },
    "metadata": { $0.readMetadata($1) },
    "severity": { $0.readSeverities($1) },
    "ignore": { $0.readIgnored($1) },
  ]

  /// Reads the whole document.
  mutating func read(_ root: YAMLNode) {
    if case .plain("") = root.content {
      note(root, YAMLNode.emptiness)
      return
    }
    readMapping(root, "the policy", Self.sections)
    let doubled = policy.ignored.keys.filter { policy.severities[$0] != nil }
    for rule in doubled.ordered(by: { $0.rawValue < $1.rawValue }) {
      note(root, "\(rule.rawValue) has a severity and is ignored as well; decide for one")
    }
  }

  private mutating func readRank(_ node: YAMLNode) {
    readMapping(
      node, "rank",
      [
        "max": { $0.policy.maxRank = $0.whole($1, "rank.max") },
        "exact": { $0.policy.ranks = $0.whole($1, "rank.exact").map { [$0] } ?? [] },
        "one_of": { reader, node in
          reader.policy.ranks = reader.elements(node, "rank.one_of").compactMap { reader.whole($0, "rank.one_of") }
        },
      ])
    if node.has("exact"), node.has("one_of") { note(node, "rank has both 'exact' and 'one_of'; give one of them") }
    if let limit = policy.maxRank, let rank = policy.ranks.first(where: { $0 > limit }) {
      note(node, "rank allows \(rank), which is above its own max of \(limit)")
    }
  }

  private mutating func readTargets(_ node: YAMLNode) {
    readMapping(
      node, "targets",
      [
        "allowed": { $0.policy.allowedTargets = $0.texts($1, "targets.allowed") },
        "required": { $0.policy.requiredTargets = $0.texts($1, "targets.required") },
      ])
    let allowed = policy.allowedTargets
    if !allowed.isEmpty, let target = policy.requiredTargets.first(where: { !allowed.contains($0) }) {
      note(node, "targets requires '\(escaped(target, limit: 60))', which is not among those it allows")
    }
  }

  /// How training scripts call the usual types.
  private static let torchNames: [String: DType] = [
    "bfloat16": .bf16, "float16": .f16, "float32": .f32, "float64": .f64,
  ]

  private mutating func readDTypes(_ node: YAMLNode) {
    for element in elements(node, "dtype") {
      guard let name = text(element, "dtype") else { continue }
      if let dtype = DType(name: name.uppercased()) ?? Self.torchNames[name] {
        policy.dtypes.append(dtype)
      } else {
        noteUnknown(element, "dtype", name, DType.allCases.map(\.name))
      }
    }
  }

  private mutating func readMetadata(_ node: YAMLNode) {
    readMapping(
      node, "metadata",
      [
        "required": { $0.policy.metadata += $0.texts($1, "metadata.required").map { ($0, nil) } },
        "values": { reader, node in
          for (key, value) in reader.pairs(node, "metadata.values") {
            let name = key.text ?? ""
            let text = reader.text(value, "metadata.values.\(escaped(name, limit: 60))")
            if let text { reader.policy.metadata.append((name, text)) }
          }
        },
      ])
  }

  private mutating func readSeverities(_ node: YAMLNode) {
    for (rule, value) in rules(node, "severity") {
      guard let severity = value.text.flatMap({ Severity(rawValue: $0) }) else {
        note(
          value,
          "severity.\(rule.rawValue) wants error, warning or note, not \(value.inWords); to leave the rule out, put it "
            + "under ignore with a reason")
        continue
      }
      if severity < rule.severity, RuleSet.unreadable.contains(rule) {
        note(value, Self.fixed(rule))
      } else {
        policy.severities[rule] = severity
      }
    }
  }

  private mutating func readIgnored(_ node: YAMLNode) {
    for (rule, value) in rules(node, "ignore") {
      if RuleSet.unreadable.contains(rule) {
        note(value, Self.fixed(rule))
      } else if let reason = text(value, "ignore.\(rule.rawValue)", what: "a reason") {
        policy.ignored[rule] = reason
      }
    }
  }

  private static func fixed(_ rule: RuleID) -> String {
    "\(rule.rawValue) stays an error: an adapter that cannot be read has not been checked"
  }
}

extension PolicyReader {
  /// Notes a problem at a node.
  mutating func note(_ node: YAMLNode, _ message: String) {
    guard problems.count < Self.problemLimit else { return }
    problems.append(.init(line: node.line, column: node.column, message: message))
  }

  /// Notes a name that nothing knows, with the one that was probably meant.
  mutating func noteUnknown(
    _ node: YAMLNode, _ what: String, _ name: String, in place: String? = nil, _ known: [String]
  ) {
    let list = known.count > 12 ? "" : "; known are \(known.joined(separator: ", "))"
    let meant = closest(to: name, among: known).map { "; did you mean '\($0)'?" } ?? list
    note(node, "unknown \(what) '\(escaped(name, limit: 60))'\(place.map { " in \($0)" } ?? "")\(meant)")
  }

  /// Reads the keys of a mapping, each in its own way.
  private mutating func readMapping(_ node: YAMLNode, _ name: String, _ reads: KeyValuePairs<String, Read>) {
    let known = reads.map(\.key)
    for (key, value) in pairs(node, name, like: known) {
      if let read = reads.first(where: { $0.key == key.text })?.value {
        read(&self, value)
      } else {
        noteUnknown(key, "key", key.text ?? "", in: name, known)
      }
    }
  }

  /// The members of a mapping whose keys are rules.
  private mutating func rules(_ node: YAMLNode, _ name: String) -> [(RuleID, YAMLNode)] {
    pairs(node, name).compactMap { key, value in
      if let rule = RuleSet.rule(named: key.text ?? "") { return (rule.id, value) }
      noteUnknown(key, "rule", key.text ?? "", in: name, RuleSet.all.map(\.id.rawValue))
      return nil
    }
  }
}

extension YAMLNode {
  /// Whether this is a mapping with the key.
  fileprivate func has(_ key: String) -> Bool {
    guard case .mapping(let pairs) = content else { return false }
    return pairs.contains { $0.key.text == key }
  }
}
