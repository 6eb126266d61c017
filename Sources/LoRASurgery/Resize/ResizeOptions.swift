package import JSON
package import LoRAModel
package import TensorCore

/// What a resize is to do.
package struct ResizeOptions: Sendable {
  package var rule: RankRule
  /// All modules get the largest rank that the rule gives one of them.
  package var isUniform = false
  /// Modules below the wanted rank are filled up with zeros.
  package var pads = false
  /// The scale of every module stays; otherwise it becomes 1.
  package var keepsScale = false
  /// The type to write factors in; nil keeps theirs.
  package var dtype: DType?
  package var expertLayout: ExpertLayout?

  package init(_ rule: RankRule) { self.rule = rule }

  /// What changes the result, for the record.
  package var json: JSONObject {
    let (name, value): (String, JSONValue) =
      switch rule {
      case .rank(let rank): ("rank", JSONValue(rank))
      case .energy(let share): ("energy", .real(share))
      case .ratio(let ratio): ("ratio", .real(ratio))
      case .error(let limit): ("error", .real(limit))
      }
    return [
      name: value, "uniform": .bool(isUniform), "pad": .bool(pads), "keep_alpha": .bool(keepsScale),
      "dtype": .string(dtype?.name ?? "keep"), "expert_layout": expertLayout.map { .string($0.rawValue) } ?? .null,
    ]
  }
}
