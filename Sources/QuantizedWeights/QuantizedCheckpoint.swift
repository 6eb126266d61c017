package import JSON
import LoRAIO
package import Safetensors
import TensorCore

/// The quantised weights of a checkpoint, and the same checkpoint without quantisation.
package struct QuantizedCheckpoint: Sendable {
  /// What keeps a weight from being read.
  package struct Problem: Sendable, Equatable {
    /// The tensor that is wrong.
    package let tensor: String
    /// How, as a clause.
    package let reason: String
    /// What to do, or nil.
    package let hint: String?
  }

  /// What is stored.
  package let stored: Checkpoint
  /// What the folder says about it.
  package let config: QuantizationConfig?
  /// Every weight that is stored as codes, by the name that it has without quantisation.
  package private(set) var weights: [String: QuantizedWeight] = [:]
  /// What is wrong, by the names of the tensors in order.
  package private(set) var problems: [Problem] = []
  /// Names of stored tensors that belong to quantised weights, or to a quantised cache of keys and values.
  package private(set) var parts: Set<String> = []
  /// Names of scales for a quantised cache, which mean nothing without it.
  package private(set) var cacheScales: [String] = []

  /// Looks for quantised weights; nil when nothing in the checkpoint or its folder speaks of any.
  package init?(_ checkpoint: Checkpoint, config: JSONObject?) {
    let own = QuantizationConfig(config: config, folder: checkpoint.folder)
    guard own != nil || checkpoint.tensors.values.contains(where: { $0.info.dtype.isCode }) else { return nil }
    stored = checkpoint
    self.config = own
    if let reason = own?.unreadable {
      problems = [Problem(tensor: own?.file ?? "config.json", reason: reason, hint: "merge into the 16-bit original")]
    } else {
      find()
    }
  }

  private mutating func find() {
    let cache = PackedMatrixCache()
    var byEnding: [(ending: String, format: QuantizedFormat)] = []
    for format in QuantizedFormat.all { for ending in format.endings { byEnding.append((ending, format)) } }
    for (name, entry) in stored.tensors {
      for (ending, format) in byEnding where name.hasSuffix(ending) {
        // Only codes of 8 bits are looked at under any name.
        if ending.isEmpty, entry.info.dtype.bits != 8 { continue }
        guard let parts = QuantizedParts(name, ending: ending, in: stored, config, cache) else { continue }
        do throws(QuantizationError) {
          guard let weight = try format.weight(parts) else { continue }
          add(weight)
        } catch {
          problems.append(Problem(error, name))
        }
        break
      }
    }
    for name in stored.tensors.keys where !weights.isEmpty && Self.isCacheScale(name) && !parts.contains(name) {
      guard stored.tensors[name]?.info.elementCount ?? 0 <= 4096 else { continue }
      parts.insert(name)
      cacheScales.append(name)
    }
    findOrphans()
    cacheScales.sort()
    problems.sort { ($0.tensor, $0.reason) < ($1.tensor, $1.reason) }
  }

  /// Scales and zero points whose weight is nowhere.
  private mutating func findOrphans() {
    let endings = [
      ".weight_scale_inv", "_scale_inv", ".weight_scale", ".weight_scale_2", ".weight_global_scale",
      ".weight_zero_point", ".SCB", ".qzeros",
    ]
    let damaged = Set(problems.map(\.tensor))
    for name in stored.tensors.keys where !parts.contains(name) && !damaged.contains(name) {
      guard let ending = endings.first(where: { name.hasSuffix($0) }) else { continue }
      let owner = String(name.dropLast(ending.count))
      let places = [owner, owner + ".weight", owner + ".weight_packed", owner + ".qweight", owner + "_blocks"]
      guard !places.contains(where: { stored.tensors[$0] != nil }) else { continue }
      problems.append(
        Problem(tensor: name, reason: "the weight that it belongs to is missing", hint: "finish the download"))
    }
  }

  private mutating func add(_ weight: QuantizedWeight) {
    if weights[weight.name] != nil || stored.tensors[weight.name] != nil && !weight.parts.contains(weight.name) {
      problems.append(
        Problem(
          tensor: weight.parts[0], reason: "the files hold \"\(weight.name)\" besides, which it would become", hint: nil
        ))
      return
    }
    weights[weight.name] = weight
    parts.formUnion(weight.parts)
  }

  /// Scales of a quantised cache: `self_attn.k_scale`, `self_attn.k_proj.output_scale` is of another kind.
  private static func isCacheScale(_ name: String) -> Bool {
    [".k_scale", ".v_scale", ".q_scale", ".prob_output_scale", ".kv_scale"].contains { name.hasSuffix($0) }
  }

  // MARK: In words

  /// The formats with the number of their weights, the most frequent first.
  package var formats: [(name: String, count: Int)] {
    Dictionary(grouping: weights.values, by: \.format).map { ($0.key, $0.value.count) }
      .sorted { ($1.count, $0.name) < ($0.count, $1.name) }
  }

  /// Stored bits for each weight over all quantised ones, scales included; nil without any.
  package var bitsPerWeight: Double? {
    let elements = weights.values.reduce(0.0) { $0 + Double($1.shape.elementCount ?? 0) }
    let bytes = weights.values.reduce(0.0) { $0 + Double($1.storedBytes) }
    return elements == 0 ? nil : bytes * 8 / elements
  }

  /// Elements of all tensors without quantisation.
  package var parameters: UInt64 {
    var sum: UInt64 = 0
    for (name, entry) in stored.tensors where !parts.contains(name) { sum = sum &+ entry.info.elementCount }
    for weight in weights.values { sum = sum &+ (weight.shape.elementCount ?? 0) }
    return sum
  }
}

extension QuantizedCheckpoint.Problem {
  fileprivate init(_ error: QuantizationError, _ name: String) {
    switch error {
    case .invalid(let tensor, let reason, let hint): self.init(tensor: tensor, reason: reason, hint: hint)
    case .io(let error): self.init(tensor: name, reason: error.description, hint: nil)
    }
  }
}

extension DType {
  /// Whether tensors of this type may hold codes; checkpoints that are not quantised hold none of them but buffers.
  fileprivate var isCode: Bool {
    switch self {
    case .f64, .f32, .f16, .bf16, .bool, .i64, .c64: false
    default: true
    }
  }
}
