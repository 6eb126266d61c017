public import BaseCatalogue
public import Diagnostics
public import JSON
import LoRAIO
package import QuantizedWeights
public import Safetensors
public import TensorCore

/// A base model: the modules that an adapter can target, with exact shapes from real weights, or from the architecture
/// catalogue when only a config is at hand.
public struct BaseModel: Sendable {
  /// The path as the user gave it.
  public let path: String
  /// The path of the config.json, when there is one.
  public let configPath: String?
  /// The parsed config.json, when there is one.
  public let config: JSONObject?
  /// `model_type` of the config.
  public let modelType: String?
  /// What the model calls itself: its repository in the Hugging Face cache, else `_name_or_path` of the config.
  public let name: String?
  /// The weights, when there are any.
  public let checkpoint: Checkpoint?
  /// What the catalogue makes of the config, when it knows the architecture.
  public let description: BaseDescription?
  /// Total parameters, counted in the files or by the catalogue; nil when neither knows.
  public let parameters: UInt64?
  /// Rows of the vocabulary, when known.
  public let vocabularySize: UInt64?
  /// Whether the config ties input embedding and output head.
  ///
  /// Where both are on disk all the same, transformers 5 ties them only when they are equal.
  public let tiesEmbeddings: Bool
  /// Tensors of the weights that the library keeps as one with others; empty without weights.
  public let tiedTensors: [TiedTensor]
  /// Whether names and shapes can be checked: false for a config of an unknown architecture without weights.
  public let isKnown: Bool
  /// `quant_method` of the config's `quantization_config`, or nil; single modules say whether they are quantised.
  public let quantization: String?
  /// The weights that the files hold as codes; nil when nothing speaks of any, and for a base on a server.
  package let quantized: QuantizedCheckpoint?
  /// Problems found while reading; an error among them means that the base cannot be relied on.
  public let findings: [Finding]

  /// What the library renames when it loads the files.
  let memoryNames: MemoryNames
  /// Whether the library has other names in memory for what the files hold, by rules that are not known here.
  package var hasUnknownNames: Bool { description == nil && memoryNames.knowledge == .beyond }
  /// The names in the files of modules that the library renames, by their names in memory; where the catalogue knows the
  /// model it is asked instead.
  let storedNames: [String: String]
  /// The modules, and what their names say.
  let index: Lazy<ModuleIndex>

  /// The modules by name, and what their names say: worked out from a config only where something is looked up.
  struct ModuleIndex: Sendable {
    let modules: [String: BaseModule]
    /// The names, prepared for finding similar ones.
    let names: BaseNames

    init(_ modules: [String: BaseModule]) {
      self.modules = modules
      names = BaseNames(modules.keys)
    }
  }
}

extension BaseModel {
  /// The modules by name.
  ///
  /// With weights these are the modules on disk, and a tied output head that is not on disk. Without, they are those of
  /// the catalogue.
  public var modules: [String: BaseModule] { index.value.modules }

  /// Number of layers of every list of layers, by the path of the list, such as `model.layers`.
  public var layerCounts: [String: UInt64] { names.layerCounts }

  /// Number of layers of the list with most modules: the transformer's layers; nil when there is no such list.
  public var layerCount: UInt64? { names.layerCount }

  var names: BaseNames { index.value.names }
}

/// One module of a base model that an adapter can target.
public struct BaseModule: Sendable {
  /// Name as in the checkpoint, such as `model.layers.0.self_attn.q_proj`; the tensor's name for a bare parameter.
  public let name: String
  /// What it is; `conv2d` stands for convolutions over two and more axes.
  public let kind: ModuleKind
  /// Input size in elements (rows of an embedding, input channels of one group of a convolution); 0 when the weight is
  /// quantised and its packed form does not tell.
  public let inFeatures: UInt64
  /// Output size in elements (width of an embedding, output channels); 0 when a quantised weight does not tell.
  public let outFeatures: UInt64
  /// Shape of the weight as stored, outermost dimension first.
  public let shape: Shape
  /// Whether the weight is stored `[in, out]` (GPT-2's Conv1D, some expert stacks `[experts, in, out]`) instead of
  /// `[out, in]`; embeddings are `[rows, width]`.
  public let isTransposed: Bool
  /// Whether a bias is stored beside the weight.
  public let hasBias: Bool
  /// Name of the weight tensor: `<name>.weight`, the name itself for bare parameters, or the tied tensor.
  public let weightName: String
  /// The weight in the checkpoint, when there is one; the tied tensor's for a tied module.
  public let weight: Checkpoint.Entry?
  /// Name of the tensor of another module that serves as weight, when the module has none of its own on disk.
  public let tiedTo: String?
  /// Whether its weight is stored quantised, so that no delta can be added to it; its shape is then that of the weight
  /// without quantisation, where its format is known.
  public let isQuantized: Bool

  /// Number of experts in a stack, 1 for everything else.
  public var experts: UInt64 { kind == .parameter && shape.rank == 3 ? shape[0] : 1 }
}

/// How an adapter's module name was found in a base.
public struct ModuleMatch: Sendable {
  /// The module.
  ///
  /// Where the files hold it in several pieces, such as a stack of experts one by one (`runtime` is set and has several
  /// parts, or parts by expert), this is the whole as in memory, without weight.
  public let module: BaseModule
  /// The prefix of the adapter's name and what stands in its place in this base, when they differ.
  public let prefixChange: (from: String, to: String)?
  /// Set when the name is the one that the library uses in memory for what the files name or store otherwise; its
  /// parts are the modules in the files.
  public let runtime: RuntimeModule?
}

extension BaseModule {
  /// The kind in reports: GPT-2's `Conv1D`, a matrix stored `[in, out]`, goes by its own name.
  public var kindName: String { kind == .linear && isTransposed ? ModuleKind.conv1d.rawValue : kind.rawValue }
}
