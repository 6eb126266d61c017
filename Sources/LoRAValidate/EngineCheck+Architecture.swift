import LoRAModel
import Safetensors
import TensorCore

/// What depends on the class that the engine runs the base with (`EngineTraits`). Whoever fills the slots without the
/// engine's loader is not held to these.
extension EngineCheck {
  /// Architectures whose class in the engine takes no adapters.
  static let unservedModel = EngineCheck { context in
    guard let base = context.base, let traits = traits(context), !traits.isServed else { return nil }
    let type = escaped(base.modelType ?? "", limit: 60)
    return Hit(
      message: "adapters for the architecture \(type)", found: type,
      hint: "merge the adapter and serve the merged model", isConfig: false)
  }

  /// Modules that the base has and the engine's class calls otherwise.
  static let refusedLeaves = EngineCheck { context in
    guard let traits = traits(context) else { return nil }
    let refused = context.adapter.modules.filter { traits.refusedLeaves.contains($0.lastComponent) }
    guard let first = refused.first else { return nil }
    return Hit(
      message: "modules named \(escaped(first.lastComponent, limit: 60)) for this architecture: its class has others",
      at: first, hint: "train without these modules, or merge the adapter")
  }

  /// Factors of whole stacks of experts where the engine keeps experts apart.
  static let wholeExpertStacks = EngineCheck { context in
    guard let traits = traits(context), !traits.fusesExperts,
      let first = context.adapter.modules.first(where: { $0.kind == .parameter && !traits.loses($0.name) })
    else { return nil }
    return Hit(
      message: "factors of whole expert stacks for this architecture, unless it is told to expect them",
      at: first,
      hint: "start vLLM with --enable-mixed-moe-lora-format and send is_3d_lora_weight with the adapter, or merge it")
  }

  /// Embeddings with another number of rows than the base's.
  static let resizedVocabulary = EngineCheck { context in
    guard traits(context) != nil, let rows = context.base?.vocabularySize else { return nil }
    let resized = context.adapter.modules.first {
      $0.kind == .embedding && $0.isUsable && $0.inFeatures != rows
    }
    guard let resized else { return nil }
    return Hit(
      message: "factors of an embedding of \(resized.inFeatures) rows for a model of \(rows)",
      tensor: resized.tensors.first?.name, module: resized.name, found: "\(resized.inFeatures) rows",
      hint: "merge the adapter, which resizes the model", isConfig: false)
  }

  /// Modules that the engine's class has under another path, or without factors.
  static let lostPaths = EngineCheck { context in
    guard let traits = traits(context) else { return nil }
    let lost = context.adapter.modules.filter { traits.loses($0.name) }
    guard let first = lost.first else { return nil }
    return Hit(
      message: "\(phrase(lost.map(\.name), of: context.adapter.modules.count)): its class of this architecture has no "
        + "such path, or no factors there, so the tensors load and are never applied",
      at: first,
      hint: "name the modules as the base's checkpoint does or train without them, or merge the adapter")
  }

  /// The traits of the base, unless the adapter does not pass through the engine's loader.
  private static func traits(_ context: ValidationContext) -> EngineTraits? {
    context.options.feedsEngine ? nil : context.base.map { EngineTraits.of($0) }
  }
}
