import LoRADeltas
import LoRAModel
import Safetensors
import TensorCore

/// The tensors outside the factors that changed, and how PEFT takes them: norms, embeddings and heads as
/// `modules_to_save`, biases under their own names.
struct WholeChanges: Sendable {
  /// What changed, for reports.
  let tensors: [ExtractedTensor]
  /// Modules that are saved with all that they hold.
  let modulesToSave: [String]
  private let saved: [WholeTensor]
  private let biases: [WholeTensor]
  private let adaptable: Set<String>

  /// - Parameter scans: the sums of each whole tensor; nil where the base has none to compare with.
  init(_ comparison: ModelComparison, _ scans: [DeltaScan?]) {
    let pairs = zip(comparison.wholes, scans).filter { $0.1?.isZero != true }
    let changed = pairs.map(\.0)
    tensors = pairs.map { whole, scan in
      ExtractedTensor(
        name: whole.name, dtype: whole.tuned.info.dtype, shape: whole.tuned.info.shape,
        bytes: whole.tuned.info.byteCount,
        relative: scan.flatMap { $0.base > 0 ? ($0.delta / $0.base).squareRoot() : nil },
        norm: scan.map { $0.delta.squareRoot() })
    }
    adaptable = Set(comparison.baseModules)
    // A bias of a layer that can be adapted goes alone: the layer's weight is not saved for it.
    let (adaptable, weights) = (adaptable, Set(changed.filter { $0.isWeight }.map(\.owner)))
    biases = changed.filter { $0.isBias && adaptable.contains($0.owner) && !weights.contains($0.owner) }
    let alone = Set(biases.map(\.stored))
    let owners = Set(changed.filter { !$0.isBare && !alone.contains($0.stored) }.map(\.owner))
    let aliases = changed.filter { !$0.isBare }.flatMap(\.aliases).map { WholeTensor.owner(of: $0) }
    modulesToSave = owners.union(aliases).ordered(by: naturallyPrecedes)
    let names = Set(changed.map(\.stored))
    saved = comparison.wholes.filter {
      !alone.contains($0.stored) && (names.contains($0.stored) || !$0.isBare && owners.contains($0.owner))
    }
  }

  /// Whether tensors are saved that are one in both models.
  var tiesEmbeddings: Bool { saved.contains { !$0.aliases.isEmpty && $0.isWeight } }

  /// Whether biases are saved without the module that they belong to.
  var hasBiases: Bool { !biases.isEmpty || saved.contains { $0.isBare && $0.isBias } }

  /// Adds the tensors as the tuned model has them.
  func add(to weights: inout SafetensorsDraft, adapted: Set<String>, dtype: DType?) {
    for whole in saved {
      for name in [whole.name] + whole.aliases {
        weights.copy(whole.tuned.info, of: whole.tuned.file, as: PEFTNames.prefix + name, dtype: dtype)
      }
    }
    for bias in biases {
      // PEFT keeps the layer itself below the one that adds the factors.
      let name = adapted.contains(bias.owner) ? bias.owner + ".base_layer.bias" : bias.name
      weights.copy(bias.tuned.info, of: bias.tuned.file, as: PEFTNames.prefix + name, dtype: dtype)
    }
  }
}

extension WholeTensor {
  /// The module that a name in memory belongs to.
  static func owner(of name: String) -> String { name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name }

  var owner: String { Self.owner(of: name) }
  fileprivate var isWeight: Bool { name.hasSuffix(".weight") }
  fileprivate var isBias: Bool { name.hasSuffix(".bias") }
}
