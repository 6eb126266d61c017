import Diagnostics
import JSON
import LoRAModel
import Safetensors
import TensorCore

/// One adapter on its way into a model class of LoRAX, as `adapters/lora.py` and `models/model.py` take it.
struct LoRAXLoading {
  let question: ServingQuestion
  let model: LoRAXClass
  private let config: AdapterConfig
  private let layerCount: UInt64
  /// What is loaded, one entry for a kind of module, in the loader's order.
  private(set) var loaded: [(kind: String, modules: [AdapterModule])] = []
  /// Modules of a kind that the class has, which some layer lacks.
  private var uneven: [AdapterModule] = []
  /// Modules that nothing asks for.
  private var unasked: [AdapterModule] = []

  init(_ question: ServingQuestion, model: LoRAXClass, config: AdapterConfig, layerCount: UInt64) {
    self.question = question
    self.model = model
    self.config = config
    self.layerCount = layerCount
    read()
  }

  /// What it does other than applying the adapter as trained.
  var reasons: [ServingReason] {
    refusals + sizeReasons + fileReasons + silences + [scaleReason].compactMap { $0 }
  }

  // MARK: Names

  /// The name that the loader looks for, when both factors have it letter by letter.
  private static func name(of module: AdapterModule) -> String? {
    guard let a = module.a?.name, let b = module.b?.name, let name = factor(a, "A"), factor(b, "B") == name else {
      return nil
    }
    return name
  }

  /// The module's name in that of one of its factors.
  static func factor(_ tensor: String, _ end: String) -> String? {
    let prefix = "base_model.model."
    let ending = ".lora_\(end).weight"
    guard tensor.hasPrefix(prefix), tensor.hasSuffix(ending), prefix.count + ending.count < tensor.count else {
      return nil
    }
    return String(tensor.dropFirst(prefix.count).dropLast(ending.count))
  }

  /// The layer and kind of a module that the class asks for; the head has no layer.
  func asked(_ name: String) -> (layer: UInt64?, kind: String)? {
    if name == "lm_head" { return model.hasHead || model.failsOnHead ? (nil, name) : nil }
    guard let layer = name.layer, layer.before == "\(model.layers).", layer.index < layerCount,
      case let kind = String(layer.after.dropFirst()), model.modules.contains(kind)
    else { return nil }
    return (layer.index, kind)
  }

  private mutating func read() {
    var kinds: [String: [UInt64: AdapterModule]] = [:]
    var head: AdapterModule?
    for module in question.adapter.modules {
      guard let asked = Self.name(of: module).flatMap(asked) else {
        unasked.append(module)
        continue
      }
      if let layer = asked.layer { kinds[asked.kind, default: [:]][layer] = module } else { head = module }
    }
    for kind in model.modules {
      guard let layers = kinds[kind] else { continue }
      let modules = layers.ordered { $0.key < $1.key }.map(\.value)
      // All layers or none: the first one that lacks it ends the loading of the kind.
      if UInt64(modules.count) == layerCount { loaded.append((kind, modules)) } else { uneven += modules }
    }
    if let head { loaded.append(("lm_head", [head])) }
  }

  // MARK: Reasons

  func reason(
    _ effect: ServingReason.Effect, _ message: String, at module: AdapterModule? = nil, found: String? = nil,
    hint: String
  ) -> ServingReason {
    ServingReason(
      effect: effect, message: message, file: question.adapter.weightsPath, tensor: module?.tensors.first?.name,
      module: module?.name, found: found, hint: hint)
  }

  func padded(_ module: AdapterModule) -> UInt64 {
    LoRAXKernels.paddedRank(module.rank, devices: question.options.tensorParallel)
  }

  private var refusals: [ServingReason] {
    var result: [ServingReason] = []
    if config.rank == 0, !loaded.isEmpty {
      result.append(reason(.refused, "a config with r 0, by which it divides", found: "\"r\": 0", hint: "correct r"))
    }
    if model.failsOnHead, let head = loaded.last, head.kind == "lm_head", let module = head.modules.first {
      result.append(
        reason(.refused, "factors of lm_head for this model", at: module, hint: "train without lm_head"))
    }
    let odd = loaded.first { entry in Set(entry.modules.map(padded)).count > 1 }
    if let odd, let module = odd.modules.first {
      let ranks = Set(odd.modules.map(\.rank)).ordered().map { "\($0)" }.joined(separator: ", ")
      result.append(
        reason(
          .refused, "\(odd.kind) of different ranks in different layers (\(ranks))", at: module,
          found: "ranks \(ranks)",
          hint: "resize the adapter to one rank"))
    }
    if !model.reservesMemory, !loaded.isEmpty {
      result.append(
        reason(
          .refused, "adapters at run time for this model: it keeps no memory for them",
          hint: "start it with --preloaded-adapter-ids"))
    }
    return result
  }

  private var silences: [ServingReason] {
    var result: [ServingReason] = []
    if let first = uneven.first {
      result.append(
        reason(
          .ignored,
          "\(listing(uneven.map(\.lastComponent).uniqued)) in every layer, because some layers lack it and it wants all "
            + "or none", at: first, found: "\(uneven.count) of \(layerCount) layers",
          hint: "fill the missing layers with zero factors, or train all layers"))
    }
    if let first = unasked.first {
      result.append(
        reason(
          .ignored,
          "\(phrase(unasked.map(\.name), of: question.adapter.modules.count)), because its layers ask for other names",
          at: first, found: listing(unasked.map(\.lastComponent).uniqued),
          hint: "it takes \(listing(model.modules, limit: 8))\(model.hasHead ? " and lm_head" : "")"))
    }
    return result
  }

  /// Modules that act at another strength than trained.
  ///
  /// `lora_alpha` is divided by the config's `r` for the first kind of module, and by the filled-up rank of the kind
  /// before for all others; `use_rslora` and patterns are not read.
  private var scaleReason: ServingReason? {
    guard config.rank > 0, !loaded.isEmpty else { return nil }
    var divisor = Double(config.rank)
    var wrong: [(module: AdapterModule, factor: Double)] = []
    for (_, modules) in loaded {
      let factor = config.alpha / divisor
      wrong += modules.filter { abs(trainedScale(of: $0) - factor) > 1e-6 * abs(factor) }.map { ($0, factor) }
      if let first = modules.first { divisor = Double(padded(first)) }
    }
    let hint = "resize the adapter to rank 8, 16, 32, 64 or 128 in all modules, and write lora_alpha and r for alpha/r"
    guard let first = wrong.first else {
      // The config that the first loading changed is kept, and counts when the adapter comes back.
      guard divisor != Double(config.rank) else { return nil }
      return reason(
        .misapplied,
        "the adapter when it was moved out of the device's memory and loads again: alpha is divided by \(fixed(divisor, 0)) "
          + "instead of \(config.rank) then", found: "rank \(config.rank)", hint: hint)
    }
    return reason(
      .misapplied,
      "\(phrase(wrong.map(\.module.name), of: question.adapter.modules.count)): \(escaped(first.module.name, limit: 160)) "
        + "is scaled by \(fixed(first.factor, 4)) instead of \(fixed(trainedScale(of: first.module), 4))",
      at: first.module, found: "scale \(fixed(trainedScale(of: first.module), 4))", hint: hint)
  }

  /// The scale by the rank that the tensors have, whatever the config says of it.
  private func trainedScale(of module: AdapterModule) -> Double {
    guard module.rank > 0, let alpha = module.alpha else { return module.scale }
    let rank = Double(module.rank)
    return alpha / (config.usesRankStabilizedScale ? rank.squareRoot() : rank)
  }
}
