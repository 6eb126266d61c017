import TensorCore

/// What vLLM's loader reads in the name of a tensor (`parse_fine_tuned_lora_name` in `vllm/lora/utils.py`).
enum LoadedName: Equatable {
  /// A factor of a module.
  case factor(module: String, isA: Bool)
  /// A tensor of a classification head that is replaced as a whole.
  case whole(module: String)
  /// A name that it refuses.
  case unsupported
  /// A name that a rule of the class decides on that is not understood here.
  case opaque

  /// Reads a name.
  ///
  /// - Parameter takesBiasOfB: whether `lora_B.bias` passes for a factor, as it did up to 0.31.
  init(_ name: String, mapper: NameMapper, takesBiasOfB: Bool) {
    let prefix = "base_model.model."
    // All of them, not only the first, are taken off.
    var bare = name
    if name.hasPrefix(prefix) {
      bare = String(name.dropFirst(prefix.utf8.count))
      if bare.mentions("base_model.model.") { bare = bare.replacing(prefix, with: "") }
    }
    guard let mapped = mapper.mapped(bare) else {
      self = .opaque
      return
    }
    if let end = Self.factorEndings.first(where: { mapped.hasSuffix($0.ending) }) {
      self = .factor(module: String(mapped.dropLast(end.ending.count)), isA: end.isA)
      return
    }
    if takesBiasOfB, mapped.hasSuffix(".lora_B.bias") {
      self = .factor(module: String(mapped.dropLast(".lora_B.bias".count)), isA: false)
      return
    }
    let parts = mapped.split(separator: ".", omittingEmptySubsequences: false)
    if parts.count >= 2, ["weight", "bias"].contains(parts[parts.count - 1]),
      ["score", "classifier"].contains(parts[parts.count - 2])
    {
      self = .whole(module: String(parts[parts.count - 2]))
      return
    }
    self = .unsupported
  }

  private static let factorEndings: [(ending: String, isA: Bool)] = [
    (".lora_A.weight", true), (".lora_B.weight", false), (".lora_embedding_A", true), (".lora_embedding_B", false),
  ]

  /// Whether the loader passes over the tensor: the base's own embedding or head, saved beside its factors.
  static func isBaseEmbedding(_ name: String) -> Bool {
    name.hasSuffix(".embed_tokens.base_layer.weight") || name.hasSuffix(".lm_head.base_layer.weight")
  }
}
