public import Safetensors

/// The names that MLX writes (mlx-lm 0.32, `tuner/lora.py` and `tuner/dora.py`; mlx-swift-lm the same): module path +
/// `.lora_a`, `.lora_b`, and `.m` for DoRA's magnitude.
///
/// Both factors are stored for row vectors: `lora_a` `[in, rank]`, `lora_b` `[rank, out]`; an embedding has
/// `[rows, rank]` and `[rank, width]`. Stacks of experts are the exception: `[experts, rank, in]` and
/// `[experts, out, rank]`.
public struct MLXNaming: NamingScheme {
  /// The scheme has no options.
  public init() {}

  /// MLX.
  public var format: AdapterFormat { .mlx }

  /// A is `[in, rank]`, B `[rank, out]`.
  public var storesTransposed: Bool { true }

  /// The multiplier is in the config alone.
  public var configUse: ConfigUse { .required }

  /// At least one tensor ends in MLX's leaf.
  public func recognises(_ header: SafetensorsHeader) -> Bool {
    header.tensors.contains { $0.name.hasSuffix(".lora_a") || $0.name.hasSuffix(".lora_b") }
  }

  /// Splits a name into module and leaf.
  public func read(_ name: String) -> ReadKey {
    for (leaf, part) in [(".lora_a", FactorPart.a), (".lora_b", .b), (".m", .magnitude)] where name.hasSuffix(leaf) {
      let module = String(name.dropLast(leaf.count))
      guard !module.isEmpty else { return ReadKey(.unknown) }
      return ReadKey(.factor(module: module, part: Self.isEmbedding(module) ? part.ofEmbedding : part))
    }
    return ReadKey(ForeignMethods.method(of: name).map { .foreign(method: $0) } ?? .unknown)
  }

  /// Names alone tell an embedding from a linear layer here.
  private static func isEmbedding(_ module: String) -> Bool {
    ["embed_tokens", "wte", "tok_embeddings", "word_embeddings"].contains { name in
      module == name || module.hasSuffix("." + name)
    }
  }
}

extension FactorPart {
  fileprivate var ofEmbedding: FactorPart {
    switch self {
    case .a: .embeddingA
    case .b: .embeddingB
    default: self
    }
  }
}
