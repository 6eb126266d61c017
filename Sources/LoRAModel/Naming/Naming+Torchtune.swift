public import Safetensors

/// The names that torchtune writes in its own format (torchtune 0.7, `modules/peft`): module path + `.lora_a.weight`,
/// `.lora_b.weight`, and `.magnitude` for DoRA.
///
/// Module names are torchtune's own (`layers.0.attn.q_proj`, `layers.0.mlp.w1`) and stay so: rows of `lora_b` of the
/// query and key projections are in the order of Meta's rotary embedding, so that under the names of transformers the
/// same numbers would be another adapter.
public struct TorchtuneNaming: NamingScheme {
  /// The scheme has no options.
  public init() {}

  /// torchtune.
  public var format: AdapterFormat { .torchtune }

  /// A is `[rank, in]`, B `[out, rank]`.
  public var storesTransposed: Bool { false }

  /// Rank and alpha are in the recipe; some exports keep them in a config with PEFT's fields.
  public var configUse: ConfigUse { .optional }

  /// At least one tensor ends in torchtune's leaf.
  public func recognises(_ header: SafetensorsHeader) -> Bool {
    header.tensors.contains { $0.name.hasSuffix(".lora_a.weight") || $0.name.hasSuffix(".lora_b.weight") }
  }

  /// Splits a name into module and leaf.
  public func read(_ name: String) -> ReadKey {
    let leaves: [(String, FactorPart)] = [
      (".lora_a.weight", .a), (".lora_b.weight", .b), (".magnitude", .magnitude),
    ]
    for (leaf, part) in leaves where name.hasSuffix(leaf) && name.count > leaf.count {
      return ReadKey(.factor(module: String(name.dropLast(leaf.count)), part: part))
    }
    return ReadKey(ForeignMethods.method(of: name).map { .foreign(method: $0) } ?? .unknown)
  }
}
