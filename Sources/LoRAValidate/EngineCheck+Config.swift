import LoRAModel
import TensorCore

/// Features that the config switches on.
extension EngineCheck {
  static let dora = EngineCheck { context in
    guard context.adapter.config?.usesDoRA ?? false else { return nil }
    return Hit(
      message: "DoRA (use_dora)", found: "\"use_dora\": true",
      hint: "merge the adapter into its base, or train without DoRA")
  }

  static let trainedBias = EngineCheck { context in
    guard let bias = context.adapter.config?.bias, bias != .none else { return nil }
    return Hit(
      message: "trained biases (bias \"\(bias.rawValue)\")", found: "\"bias\": \"\(bias.rawValue)\"",
      hint: "train with bias \"none\", or merge the adapter")
  }

  static let loraBias = EngineCheck { context in
    guard context.adapter.config?.hasLoRABias ?? false else { return nil }
    return Hit(
      message: "a bias on lora_B (lora_bias)", found: "\"lora_bias\": true",
      hint: "train without lora_bias, or merge the adapter")
  }

  /// Whole modules besides these.
  static func savedModules(except allowed: Set<String> = []) -> EngineCheck {
    EngineCheck { context in
      let names = (context.adapter.config?.modulesToSave ?? []).filter { !allowed.contains($0) }
      guard !names.isEmpty else { return nil }
      return Hit(
        message: "whole modules in an adapter (modules_to_save: \(listing(names)))", found: listing(names),
        hint: "merge the adapter, or train these modules with LoRA as well")
    }
  }

  /// Initialisations besides these; `true` and `false` are always fine.
  static func initialisation(except allowed: Set<String>) -> EngineCheck {
    EngineCheck { context in
      guard let kind = context.adapter.config?.initialisation, kind != "true", kind != "false", !allowed.contains(kind)
      else { return nil }
      return Hit(
        message: "adapters initialised with \(escaped(kind, limit: 60)) (init_lora_weights)",
        found: escaped(kind, limit: 60),
        hint: "convert it with path_initial_model_for_weight_conversion, or correct the field if it is wrong")
    }
  }

  /// A variant by its config field.
  static func variant(_ field: String, _ name: String) -> EngineCheck {
    EngineCheck { context in
      guard context.adapter.config?.variants.contains(field) ?? false else { return nil }
      return Hit(message: "\(name) (\(field))", found: field, hint: "train a plain LoRA for this engine")
    }
  }

  static let layerReplication = EngineCheck { context in
    guard context.adapter.config?.replicatesLayers ?? false else { return nil }
    return Hit(
      message: "restacked layers (layer_replication)", found: "layer_replication",
      hint: "the adapter fits only the model with its layers repeated; serve that model merged")
  }

  static let trainableTokens = EngineCheck { context in
    guard !(context.adapter.config?.trainableTokens.isEmpty ?? true) else { return nil }
    return Hit(
      message: "added or retrained tokens (trainable_token_indices)", found: "trainable_token_indices",
      hint: "merge the adapter")
  }

  /// Config fields that must be there, whatever they hold.
  static func missingFields(_ fields: [String]) -> EngineCheck {
    EngineCheck { context in
      guard let raw = context.adapter.config?.raw, case let missing = fields.filter({ raw[$0] == nil }),
        !missing.isEmpty
      else { return nil }
      return Hit(
        message: "a config without \(missing.joined(separator: ", "))", found: "no \(missing.joined(separator: ", "))",
        hint: "write the field as PEFT does; the engine asks for it even where it does not use it")
    }
  }

  static let rankStabilizedScale = EngineCheck { context in
    guard let config = context.adapter.config, config.usesRankStabilizedScale, config.rank > 1 else { return nil }
    let root = Double(config.rank).squareRoot()
    return Hit(
      message: "use_rslora: it scales by alpha/r, \(fixed(root, 1)) times too little", found: "\"use_rslora\": true",
      hint: "write use_rslora false and lora_alpha \(fixed(config.alpha * root, 4)), which is the same scale")
  }

  static let alphaPattern = EngineCheck { context in
    guard let config = context.adapter.config, !config.alphaPattern.isEmpty else { return nil }
    let other = context.adapter.modules.filter { $0.alpha != nil && $0.alpha != config.alpha }
    guard let first = other.first else { return nil }
    return Hit(
      message: "alpha_pattern: \(phrase(other.map(\.name), of: context.adapter.modules.count)) would get another scale",
      module: first.name, found: "alpha_pattern", hint: "fold the difference into lora_B and use one alpha")
  }

  static let regexTargets = EngineCheck { context in
    guard case .pattern(let text)? = context.adapter.config?.targets,
      !["all", "all-linear"].contains(text.lowercased())
    else { return nil }
    return Hit(
      message: "target_modules that is a regular expression", found: escaped(text, limit: 100),
      hint: "list the names of the modules instead")
  }

  static let mixedRanks = EngineCheck { context in
    guard let config = context.adapter.config else { return nil }
    let other = context.adapter.modules.filter {
      $0.kind != .parameter && $0.rank != 0 && $0.rank != UInt64(config.rank)
    }
    guard let first = other.first else { return nil }
    return Hit(
      message: "modules whose rank is not r: \(phrase(other.map(\.name), of: context.adapter.modules.count)) "
        + "\(other.count == 1 ? "has" : "have") rank \(first.rank) beside r = \(config.rank)",
      module: first.name, found: "rank \(first.rank)",
      hint: "resize the adapter to one rank (pad with zeros to keep it exact)", isConfig: false)
  }
}
