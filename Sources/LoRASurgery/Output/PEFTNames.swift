package import LoRAModel
package import Safetensors

/// The names that PEFT gives the tensors of an adapter, whatever format they come from.
package struct PEFTNames: Sendable {
  /// What stands before every name.
  package static let prefix = "base_model.model."

  private let isPEFT: Bool
  private let rightNames: [String: String]

  package init(_ adapter: Adapter) {
    isPEFT = adapter.format == .peft
    rightNames = Dictionary(adapter.misnamed.map { ($0.tensor.name, $0.rightName) }) { first, _ in first }
  }

  /// The name of a part of a module: its own in a PEFT file, corrected where it was not PEFT's.
  package func name(of tensor: TensorInfo, _ part: FactorPart, of module: AdapterModule) -> String {
    isPEFT ? name(of: tensor) : Self.name(part, of: module)
  }

  /// The name of a tensor that replaces one of the base.
  package func name(of replacement: Replacement) -> String {
    isPEFT ? name(of: replacement.tensor) : Self.prefix + replacement.name
  }

  /// The name of a tensor of a PEFT file.
  package func name(of tensor: TensorInfo) -> String { rightNames[tensor.name] ?? tensor.name }

  /// The name that PEFT 0.21 writes.
  package static func name(_ part: FactorPart, of module: AdapterModule) -> String {
    let isEmbedding = module.kind == .embedding
    let leaf =
      switch part {
      case .a: isEmbedding ? "lora_embedding_A" : "lora_A.weight"
      case .b: isEmbedding ? "lora_embedding_B" : "lora_B.weight"
      case .embeddingA: "lora_embedding_A"
      case .embeddingB: "lora_embedding_B"
      case .bBias: "lora_B.bias"
      case .magnitude: "lora_magnitude_vector"
      }
    return "\(prefix)\(module.name).\(leaf)"
  }
}
