import Diagnostics
import JSON
import LoRAIO
import LoRAModel
import Safetensors
import TensorCore

/// What shows in the weights and their names.
extension EngineCheck {
  /// Another naming than PEFT's.
  static let otherNaming = EngineCheck { question in
    guard !question.options.feedsEngine, question.adapter.file != nil, question.adapter.format != .peft,
      !question.adapter.modules.isEmpty
    else { return nil }
    return Hit(
      message: "names in the \(question.adapter.format.rawValue) format", found: question.adapter.format.rawValue,
      hint: "convert the adapter to PEFT's format", isConfig: false)
  }

  /// Engines that take a folder look for this one file in it.
  static let otherFileName = EngineCheck { question in
    guard !question.options.feedsEngine, question.adapter.file != nil,
      case let name = Folder.lastComponent(question.adapter.weightsPath),
      name != "adapter_model.safetensors"
    else { return nil }
    return Hit(
      message: "weights that are not in adapter_model.safetensors", found: escaped(name, limit: 100),
      hint: SafetensorsFile.compressedExtensions.contains { name.hasSuffix($0) }
        ? "decompress the weights" : "rename the file", isConfig: false)
  }

  /// Tensors that replace tensors of the base, besides those whose module has one of these names.
  static func wholeTensors(except allowed: Set<String> = []) -> EngineCheck {
    EngineCheck { question in
      let whole = question.adapter.replacements.filter { replacement in
        guard replacement.role != .adaptedBase else { return false }
        return !allowed.contains { replacement.name.split(separator: ".").dropLast().last == $0[...] }
      }
      guard let first = whole.first else { return nil }
      return Hit(
        message: "tensors that are no LoRA factors: \(listing(whole.map(\.name)))", tensor: first.tensor.name,
        found: escaped(first.tensor.name), hint: "merge the adapter, or export without whole tensors", isConfig: false)
    }
  }

  /// Names with the adapter's name in them.
  static let adapterNames = EngineCheck { question in
    let names = question.adapter.misnamed.filter { if case .adapterName = $0.problem { true } else { false } }
    guard let first = names.first else { return nil }
    return Hit(
      message: "names such as \(escaped(first.tensor.name, limit: 160))", tensor: first.tensor.name,
      found: escaped(first.tensor.name), hint: "rename to \(escaped(first.rightName)) and so on", isConfig: false)
  }

  /// Names with a wrapper in front, which end well and lead nowhere.
  static let wrapperNames = EngineCheck { question in
    let names = question.adapter.misnamed.filter { if case .wrapper = $0.problem { true } else { false } }
    guard let first = names.first else { return nil }
    return Hit(
      message:
        "\(counted(names.count, "tensor")) below a wrapper's name: it looks at the end of the name only and never "
        + "finds the module, so the base answers",
      tensor: first.tensor.name, found: escaped(first.tensor.name),
      hint: "rename to \(escaped(first.rightName)) and so on", isConfig: false)
  }

  /// Modules whose last name component no module of the base has.
  static let foreignModules = EngineCheck { question in
    guard let base = question.base, question.matches != nil else { return nil }
    let known = Set(base.modules.keys.map { $0.lastComponent })
    let foreign = question.unmatched.filter { !known.contains($0.name.lastComponent) }
    guard let first = foreign.first else { return nil }
    return Hit(
      message: "modules that the model does not have: \(listing(foreign.map(\.lastComponent).uniqued))",
      at: first, hint: "check that this is the base that the adapter was trained on")
  }

  /// Modules whose name ends like one of the base's but whose path does not exist there.
  static let wrongPaths = EngineCheck { question in
    guard let base = question.base, question.matches != nil else { return nil }
    let known = Set(base.modules.keys.map { $0.lastComponent })
    let lost = question.unmatched.filter { known.contains($0.name.lastComponent) }
    guard let first = lost.first else { return nil }
    return Hit(
      message:
        "\(phrase(lost.map(\.name), of: question.adapter.modules.count)): the last part of the name is known, the "
        + "path is not, so the tensors load and are never applied",
      at: first,
      hint: base.closest(to: first.name).map { "the closest module is \(escaped($0))" } ?? "correct the names")
  }

  /// Tensors of another rank than the config says: the scale is computed with the config's.
  static let scaleFromConfig = EngineCheck { question in
    guard question.transposed.isEmpty else { return nil }
    let wrong = question.adapter.modules.filter { module in
      guard let declared = module.declaredRank, module.isUsable, module.rank > 0, module.kind != .parameter else {
        return false
      }
      return module.rank != UInt64(declared)
    }
    guard let first = wrong.first, let declared = first.declaredRank else { return nil }
    return Hit(
      message:
        "that the tensors of \(phrase(wrong.map(\.name), of: question.adapter.modules.count)) have rank \(first.rank), "
        + "and scales them for rank \(declared)",
      module: first.name, found: "rank \(first.rank)", hint: "make the config say the rank of the tensors",
      isConfig: false)
  }

  /// A and B of different ranks.
  static let unequalPairs = EngineCheck { question in
    guard
      let first = question.adapter.modules.first(where: { !$0.ranksAgree && !question.transposed.contains($0.name) })
    else { return nil }
    return Hit(
      message:
        "that A and B have different ranks, as in \(escaped(first.name, limit: 160)), and multiplies what overlaps",
      module: first.name, found: "ranks \(first.rankOfA ?? 0) and \(first.rankOfB ?? 0)",
      hint: "export the adapter again",
      isConfig: false)
  }

  /// A module with one factor only.
  static let halfPairs = EngineCheck { question in
    guard let first = question.adapter.modules.first(where: { ($0.a == nil) != ($0.b == nil) }) else { return nil }
    return Hit(
      message: "modules with one factor only, such as \(escaped(first.name, limit: 160))", module: first.name,
      found: first.a == nil ? "B without A" : "A without B", hint: "export the adapter again", isConfig: false)
  }

  /// Modules outside the engine's own filter (`--lora-target-modules`).
  static let filteredModules = EngineCheck { question in
    guard let filter = question.options.targetModules else { return nil }
    let outside = question.adapter.modules.filter { module in
      !filter.contains { module.name == $0 || module.name.hasSuffix("." + $0) }
    }
    guard let first = outside.first else { return nil }
    return Hit(
      message:
        "\(phrase(outside.map(\.name), of: question.adapter.modules.count)), which the served target modules leave out",
      module: first.name, found: listing(outside.map(\.lastComponent).uniqued),
      hint: "add \(listing(outside.map(\.lastComponent).uniqued)) to the engine's target modules", isConfig: false)
  }

  /// Modules of these names.
  static func modules(named names: Set<String>) -> EngineCheck {
    EngineCheck { question in
      let places = question.adapter.modules.filter { names.contains($0.lastComponent) }
      guard let first = places.first else { return nil }
      return Hit(
        message: listing(places.map(\.name)), at: first, hint: "train without these modules for this engine")
    }
  }

  /// A kind of module that some layers have and others lack.
  static let unevenLayers = EngineCheck { question in
    var layers: [String: (name: String, indices: Set<UInt64>)] = [:]
    for module in question.adapter.modules {
      if let layer = module.name.layer {
        layers[module.name.template, default: (module.name, [])].indices.insert(layer.index)
      }
    }
    let last = layers.values.compactMap { $0.indices.max() }.max() ?? 0
    let count = max(question.base?.layerCount ?? 0, last + 1)
    let uneven = layers.values.filter { UInt64($0.indices.count) < count }.ordered { $0.name < $1.name }
    guard let first = uneven.first else { return nil }
    return Hit(
      message:
        "\(listing(uneven.map { String($0.name.lastComponent) }.uniqued)) in every layer, because some layers lack it "
        + "and it wants all or none",
      module: first.name, found: "layers \(ranges(first.indices)) of \(count)",
      hint: "fill the missing layers with zero factors, or train all layers", isConfig: false)
  }

  /// q_proj without v_proj in one layer.
  static let lonelyQuery = EngineCheck { question in
    let names = Set(question.adapter.modules.map(\.name))
    let lonely = question.adapter.modules.first { module in
      module.lastComponent == "q_proj" && !names.contains(module.name.dropLast("q_proj".count) + "v_proj")
    }
    guard let lonely else { return nil }
    return Hit(
      message: "q_proj without v_proj, as in \(escaped(lonely.name, limit: 160))", module: lonely.name,
      found: "no v_proj", hint: "target v_proj too, or add zero factors for it", isConfig: false)
  }

  /// Sizes that the devices cannot share evenly.
  static let indivisibleSizes = EngineCheck { question in
    let devices = question.options.tensorParallel
    guard devices > 1 else { return nil }
    let odd = question.adapter.modules.first { module in
      module.kind == .linear && (module.inFeatures % devices != 0 || module.outFeatures % devices != 0)
    }
    guard let odd else { return nil }
    return Hit(
      message: "to share \(escaped(odd.name, limit: 160)) among \(devices) devices: in \(odd.inFeatures), out "
        + "\(odd.outFeatures)",
      module: odd.name, found: "in \(odd.inFeatures), out \(odd.outFeatures)",
      hint: "use a number of devices that divides both", isConfig: false)
  }

  /// Factors of expert stacks.
  static let expertStacks = EngineCheck { question in
    guard question.adapter.config?.usesDoRA ?? false,
      let first = question.adapter.modules.first(where: { $0.kind == .parameter || $0.name.contains(".experts.") })
    else { return nil }
    return Hit(
      message: "DoRA on experts", module: first.name, found: escaped(first.name),
      hint: "train the experts without DoRA", isConfig: false)
  }
}
