import JSON
import TensorCore

/// The tensors of one layer as SGLang's loader keeps and renames them (`lora/lora.py`, `LoRAAdapter._normalize_weights`).
struct SGLangLayer {
  /// A tensor, or several of the file on top of each other.
  struct Weight {
    /// The tensors of the file that it is made of; nil for zeros in place of one.
    var parts: [String?]
    var shape: [UInt64]

    var rows: UInt64 { shape.first ?? 0 }
    var columns: UInt64 { shape.count > 1 ? shape[1] : 0 }

    /// The same for a part that the adapter does not have.
    var zeros: Weight { Weight(parts: [nil], shape: shape) }

    /// `count` copies of it.
    func repeated(_ count: Int) -> Weight {
      var result = self
      result.parts = Array(repeating: parts, count: count).flatMap { $0 }
      if !shape.isEmpty { result.shape[0] = rows &* UInt64(count) }
      return result
    }
  }

  /// What the loader raises.
  struct Refusal: Error {
    var effect = ServingReason.Effect.refused
    let message: String
    var tensor: String?
    let hint: String
  }

  /// The names in the order in which they came; names that are gone stay here.
  private var order: [String] = []
  private(set) var weights: [String: Weight] = [:]

  /// The names in the order in which they came.
  var names: [String] { order.filter { weights[$0] != nil } }

  mutating func set(_ name: String, _ weight: Weight) {
    if weights[name] == nil {
      order.removeAll { $0 == name }
      order.append(name)
    }
    weights[name] = weight
  }

  private mutating func take(_ name: String) -> Weight? { weights.removeValue(forKey: name) }

  /// Fuses and renames as the loader does.
  mutating func normalize() throws(Refusal) {
    try fuseQueries()
    renameExperts()
    try fusePairs("gate_proj", ["x_proj"], as: "in_proj")
    try fusePairs("in_proj_q.", ["in_proj_k.", "in_proj_v.", "in_proj_z."], as: "in_proj_qkvz.")
    repeatFused("in_proj_qkvz", 4)
    try fuseGates()
    try fuseLatents()
  }

  private mutating func fuseQueries() throws(Refusal) {
    let all = names
    let hasKeys = all.contains { $0.mentions("k_proj") }
    for name in all {
      if name.mentions("q_proj") {
        let (keys, values) = (name.replacing("q_proj", with: "k_proj"), name.replacing("q_proj", with: "v_proj"))
        guard let query = weights[name], let value = weights[values] else { throw lonely(name, "v_proj") }
        guard let key = hasKeys ? weights[keys] : value.zeros else { throw lonely(name, "k_proj") }
        set(name.replacing("q_proj", with: "qkv_proj"), try joined([query, key, value], name))
        weights[name] = nil
        weights[values] = nil
        if hasKeys { weights[keys] = nil }
      } else if name.mentions("qkv_proj"), name.mentions("lora_A") {
        weights[name] = weights[name]?.repeated(3)
      }
    }
  }

  private func lonely(_ name: String, _ other: String) -> Refusal {
    Refusal(
      message: "q_proj without \(other) in the same layer, as in \(escaped(name, limit: 160))", tensor: name,
      hint: "target \(other) too, or add zero factors for it")
  }

  private func joined(_ parts: [Weight], _ name: String) throws(Refusal) -> Weight {
    guard let first = parts.first else { return Weight(parts: [], shape: []) }
    guard parts.allSatisfy({ $0.shape.dropFirst() == first.shape.dropFirst() }) else {
      throw Refusal(
        message: "ranks or sizes that differ between projections that share a slot, as in \(escaped(name, limit: 160))",
        tensor: name, hint: "resize the adapter to one rank (pad with zeros to keep it exact)")
    }
    var shape = first.shape
    if !shape.isEmpty { shape[0] = parts.reduce(0) { $0 &+ $1.rows } }
    return Weight(parts: parts.flatMap(\.parts), shape: shape)
  }

  private mutating func renameExperts() {
    for name in names {
      for (old, new) in [(".w1.", ".gate_proj."), (".w3.", ".up_proj."), (".w2.", ".down_proj.")]
      where name.holds(old) {
        if let weight = take(name) { set(name.replacing(old, with: new), weight) }
        break
      }
    }
  }

  /// Fuses what stands under a name with what stands under others, where all are there.
  private mutating func fusePairs(_ first: String, _ others: [String], as whole: String) throws(Refusal) {
    for name in names where name.holds(first) {
      let rest = others.map { name.replacing(first, with: $0) }
      let found = ([name] + rest).compactMap { weights[$0] }
      guard found.count == rest.count + 1 else { continue }
      set(name.replacing(first, with: whole), try joined(found, name))
      for gone in [name] + rest { weights[gone] = nil }
    }
  }

  private mutating func repeatFused(_ target: String, _ count: Int) {
    // What was fused just now has its parts already.
    for name in names where name.holds(target) && name.mentions("lora_A") && weights[name]?.parts.count == 1 {
      weights[name] = weights[name]?.repeated(count)
    }
  }

  private mutating func fuseGates() throws(Refusal) {
    for name in names {
      if name.mentions("gate_proj") {
        guard let gate = take(name) else { continue }
        let up = take(name.replacing("gate_proj", with: "up_proj")) ?? gate.zeros
        set(name.replacing("gate_proj", with: "gate_up_proj"), try joined([gate, up], name))
      } else if name.mentions("gate_up_proj"), name.mentions("lora_A") {
        weights[name] = weights[name]?.repeated(2)
      }
    }
  }

  private mutating func fuseLatents() throws(Refusal) {
    for name in names where name.mentions("q_a_proj") && !name.mentions("fused_qkv_a_proj_with_mqa") {
      guard let query = take(name) else { continue }
      // Zeros as wide as q_a stand for what is missing, whatever its own width is.
      let keys = take(name.replacing("q_a_proj", with: "kv_a_proj_with_mqa")) ?? query.zeros
      set(name.replacing("q_a_proj", with: "fused_qkv_a_proj_with_mqa"), try joined([query, keys], name))
    }
  }
}
