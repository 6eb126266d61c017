import JSON
import LoRAModel
import Safetensors

/// One thing that an engine refuses or ignores whatever the model, and how it shows in an adapter.
struct EngineCheck: Sendable {
  /// Where it shows.
  struct Hit {
    var message: String
    var tensor: String?
    var module: String?
    var found: String?
    var hint: String
    /// Whether it is about the config rather than the weights.
    var isConfig = true
  }

  let find: @Sendable (ServingQuestion) -> Hit?

  init(_ find: @escaping @Sendable (ServingQuestion) -> Hit?) { self.find = find }

  /// The reason, with what the engine does about it.
  func reason(_ effect: ServingReason.Effect, _ question: ServingQuestion) -> ServingReason? {
    find(question).map { hit in
      ServingReason(
        effect: effect, message: hit.message,
        file: hit.isConfig ? question.adapter.configPath : question.adapter.weightsPath, tensor: hit.tensor,
        module: hit.module, found: hit.found, hint: hit.hint)
    }
  }
}

extension [EngineCheck] {
  /// The reasons of those that show.
  func reasons(_ effect: ServingReason.Effect, _ question: ServingQuestion) -> [ServingReason] {
    compactMap { $0.reason(effect, question) }
  }
}

extension EngineCheck.Hit {
  /// What shows in the name of a module of the weights.
  init(message: String, at module: AdapterModule, hint: String) {
    self.init(
      message: message, tensor: module.tensors.first?.name, module: module.name,
      found: escaped(module.name), hint: hint, isConfig: false)
  }
}
