import LoRAIO
import TensorCore

/// What a configuration says about a base model: every module that LoRA can target, and every other tensor.
///
/// Names are those in the checkpoint that transformers 5.23.0 writes for the configuration.
public struct BaseDescription: Sendable {
  /// Most modules that are believed; the largest published models have below 100,000.
  public static let moduleLimit = 1 << 18

  /// The `model_type` of the configuration.
  public let modelType: String
  /// The model class, such as `LlamaForCausalLM`, when the configuration names one that is known.
  ///
  /// Otherwise the heads of the architecture's usual class were taken.
  public let className: String?
  /// What `modules` is made of.
  package internal(set) var entries: [Entry] = []
  /// Number of `modules`.
  package private(set) var moduleCount: UInt64 = 0
  /// Matrices that pick experts: reachable as target parameters, and linear layers in older versions of the library.
  public internal(set) var routers: [BaseModule] = []
  /// What the library names or stores otherwise in memory.
  public internal(set) var runtimeModules: [RuntimeModule] = []
  /// Parameters and buffers outside the modules.
  public internal(set) var otherTensors: [BaseTensor] = []
  /// Names in the checkpoint of those of them that the library names otherwise in memory, by their names there.
  public internal(set) var runtimeTensors: [String: String] = [:]
  /// Number of parameters as the library counts them: norms and biases included, tied ones once.
  public internal(set) var parameters: UInt64 = 0
  /// Number of layers for each list of layers, by its path in the checkpoint and in memory, such as `model.layers`.
  public internal(set) var layerCounts: [String: UInt64] = [:]
  /// Rows of the token embedding; nil for models without one.
  public internal(set) var vocabularySize: UInt64?
  /// Elements in a row of the token embedding; nil for models without one.
  public internal(set) var hiddenSize: UInt64?
  /// Key of the text model's own configuration in a multimodal one, such as `text_config`; nil when there is none.
  public internal(set) var textSection: String?
  /// Other spellings of the paths, by older versions of the library or for the body alone; the first that fits counts.
  public internal(set) var aliases: [PathAlias] = []

  /// Where names lead; a list of modules needs none of it.
  var lookup = Lazy { LookupIndex([], [], [], []) }

  /// A module, or the layers of a stack of experts.
  package enum Entry: Sendable, Hashable {
    case module(BaseModule)
    case experts(ExpertLayers)
  }

  init(modelType: String, className: String?) {
    self.modelType = modelType
    self.className = className
  }
}

extension BaseDescription {
  /// Modules in the order of the model, written out for this call; a tied output head is among them, with `tiedTo`.
  public var modules: [BaseModule] {
    var modules: [BaseModule] = []
    modules.reserveCapacity(Int(clamping: moduleCount))
    for entry in entries {
      switch entry {
      case .module(let module): modules.append(module)
      case .experts(let experts): modules += experts.layers
      }
    }
    return modules
  }

  /// The modules that share the weight of another one.
  package var tiedModules: [BaseModule] {
    entries.compactMap { if case .module(let module) = $0, module.tiedTo != nil { module } else { nil } }
  }

  mutating func add(_ module: BaseModule) {
    entries.append(.module(module))
    moduleCount += 1
  }

  mutating func add(_ experts: ExpertLayers) {
    entries.append(.experts(experts))
    moduleCount += experts.count * UInt64(experts.parts.count)
  }

  /// Names and shapes of all tensors in the checkpoint: weights and biases of the modules, then the others.
  public var tensors: [BaseTensor] {
    var tensors: [BaseTensor] = []
    for module in modules + routers {
      if module.tiedTo == nil { tensors.append(BaseTensor(name: module.tensor, shape: module.shape)) }
      if module.hasBias { tensors.append(BaseTensor(name: module.name + ".bias", shape: [module.outFeatures])) }
    }
    return tensors + otherTensors
  }
}
