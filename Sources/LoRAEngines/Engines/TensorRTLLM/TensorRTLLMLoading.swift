import Diagnostics
import LoRAModel
import Safetensors

/// One adapter on its way into TensorRT-LLM: where the loader puts its modules, and what becomes of them there.
struct TensorRTLLMLoading {
  /// A module with the place that it is loaded to.
  struct Placed {
    let module: AdapterModule
    let layer: UInt64
    let name: String
    let isExpert: Bool
  }

  let question: ServingQuestion
  let release: TensorRTLLMRelease
  let map: TensorRTLLMMap
  /// The class that runs the base; nil when it is not known.
  let model: TensorRTLLMClass?
  private(set) var placed: [Placed] = []
  private(set) var unmapped: [AdapterModule] = []
  private(set) var heads: [AdapterModule] = []
  private(set) var unknown: [AdapterModule] = []

  init(_ question: ServingQuestion, release: TensorRTLLMRelease, model: TensorRTLLMClass?) {
    self.question = question
    self.release = release
    self.model = model
    map = release.map(for: model)
    for module in question.adapter.modules { place(module) }
  }

  /// What it does other than applying the adapter as trained.
  var reasons: [ServingReason] {
    nameReasons + [scaleReason].compactMap { $0 } + sizeReasons + rowReasons + classReasons
  }

  private mutating func place(_ module: AdapterModule) {
    guard let tensor = module.tensors.first?.name else { return }
    // A bias beside the factors does not fit the pattern, whatever the module.
    if let bias = module.bBias, TensorRTLLMKey(bias.name, map: map) == .unknown { unknown.append(module) }
    switch TensorRTLLMKey(tensor, map: map) {
    case .head: heads.append(module)
    case .unknown: unknown.append(module)
    case .unmapped: unmapped.append(module)
    case .module(let layer, let name, let isExpert):
      placed.append(Placed(module: module, layer: layer, name: name, isExpert: isExpert))
    }
  }

  func reason(
    _ effect: ServingReason.Effect, _ message: String, at module: AdapterModule? = nil, tensor: String? = nil,
    found: String? = nil, hint: String
  ) -> ServingReason {
    ServingReason(
      effect: effect, message: message, file: question.adapter.weightsPath,
      tensor: tensor ?? module?.tensors.first?.name, module: module?.name, found: found, hint: hint)
  }

  /// Some of the adapter's modules in words.
  func some(_ modules: [AdapterModule]) -> String {
    phrase(modules.map(\.name), of: question.adapter.modules.count)
  }

  static let trial = "try the adapter with the engine itself before it is deployed"
}
