import Diagnostics
import JSON
import LoRAModel
import TensorCore

/// Features that the config switches on.
extension EngineCheck {
  static let dora = EngineCheck { question in
    guard question.adapter.config?.usesDoRA ?? false else { return nil }
    return Hit(
      message: "DoRA (use_dora)", found: "\"use_dora\": true",
      hint: "merge the adapter into its base, or train without DoRA")
  }

  static let trainedBias = EngineCheck { question in
    guard let bias = question.adapter.config?.bias, bias != .none else { return nil }
    return Hit(
      message: "trained biases (bias \"\(bias.rawValue)\")", found: "\"bias\": \"\(bias.rawValue)\"",
      hint: "train with bias \"none\", or merge the adapter")
  }

  static let loraBias = EngineCheck { question in
    guard question.adapter.config?.hasLoRABias ?? false else { return nil }
    return Hit(
      message: "a bias on lora_B (lora_bias)", found: "\"lora_bias\": true",
      hint: "train without lora_bias, or merge the adapter")
  }

  /// Whole modules besides these.
  static func savedModules(except allowed: Set<String> = []) -> EngineCheck {
    EngineCheck { question in
      guard let config = question.adapter.config else { return nil }
      // PEFT takes a text for one name; loaders that walk over it take each letter for one.
      if let text = config.raw["modules_to_save"]?.string {
        if text.isEmpty { return nil }
        return Hit(
          message: "modules_to_save that is a text, whose letters it takes for names: \(escaped(text, limit: 60))",
          found: "\"\(escaped(text, limit: 60))\"", hint: "write a list: [\"\(escaped(text, limit: 60))\"]")
      }
      let names = config.modulesToSave.filter { !allowed.contains($0) }
      guard !names.isEmpty else { return nil }
      return Hit(
        message: "whole modules in an adapter (modules_to_save: \(listing(names)))", found: listing(names),
        hint: "merge the adapter, or train these modules with LoRA as well")
    }
  }

  /// Initialisations by a name that is none of these; truth values are always fine.
  static func initialisation(except allowed: Set<String>) -> EngineCheck {
    EngineCheck { question in
      // As written: the text "True" is none of the truth values.
      guard let kind = question.adapter.config?.raw["init_lora_weights"]?.string, !allowed.contains(kind.lowercased())
      else { return nil }
      return Hit(
        message: "adapters initialised with \(escaped(kind, limit: 60)) (init_lora_weights)",
        found: escaped(kind, limit: 60),
        hint: "convert it with path_initial_model_for_weight_conversion, or correct the field if it is wrong")
    }
  }

  /// A variant by its config field.
  static func variant(_ field: String, _ name: String) -> EngineCheck {
    EngineCheck { question in
      guard question.adapter.config?.variants.contains(field) ?? false else { return nil }
      return Hit(message: "\(name) (\(field))", found: field, hint: "train a plain LoRA for this engine")
    }
  }

  static let layerReplication = EngineCheck { question in
    guard question.adapter.config?.replicatesLayers ?? false else { return nil }
    return Hit(
      message: "restacked layers (layer_replication)", found: "layer_replication",
      hint: "the adapter fits only the model with its layers repeated; serve that model merged")
  }

  static let trainableTokens = EngineCheck { question in
    guard !(question.adapter.config?.trainableTokens.isEmpty ?? true) else { return nil }
    return Hit(
      message: "added or retrained tokens (trainable_token_indices)", found: "trainable_token_indices",
      hint: "merge the adapter")
  }

  /// Config fields that must be there, whatever they hold.
  static func missingFields(_ fields: [String]) -> EngineCheck {
    EngineCheck { question in
      guard let raw = question.adapter.config?.raw, case let missing = fields.filter({ raw[$0] == nil }),
        !missing.isEmpty
      else { return nil }
      return Hit(
        message: "a config without \(missing.joined(separator: ", "))", found: "no \(missing.joined(separator: ", "))",
        hint: "write the field as PEFT does; the engine asks for it even where it does not use it")
    }
  }

  static let rankStabilizedScale = EngineCheck { question in
    guard let config = question.adapter.config, config.usesRankStabilizedScale, config.rank > 1 else { return nil }
    let root = Double(config.rank).squareRoot()
    return Hit(
      message: "use_rslora: it scales by alpha/r, \(fixed(root, 1)) times too little", found: "\"use_rslora\": true",
      hint: "write use_rslora false and lora_alpha \(fixed(config.alpha * root, 4)), which is the same scale")
  }

  static let alphaPattern = EngineCheck { question in
    guard let config = question.adapter.config, !config.alphaPattern.isEmpty else { return nil }
    let other = question.adapter.modules.filter { $0.alpha != nil && $0.alpha != config.alpha }
    guard let first = other.first else { return nil }
    return Hit(
      message:
        "alpha_pattern: \(phrase(other.map(\.name), of: question.adapter.modules.count)) would get another scale",
      module: first.name, found: "alpha_pattern", hint: "fold the difference into lora_B and use one alpha")
  }

  /// Modules to which a pattern gives another scale than `lora_alpha` and `r` do.
  static let patternedScale = EngineCheck { question in
    guard let config = question.adapter.config, !(config.rankPattern.isEmpty && config.alphaPattern.isEmpty),
      config.rank > 0
    else { return nil }
    let rank = Double(config.rank)
    let scale = config.alpha / (config.usesRankStabilizedScale ? rank.squareRoot() : rank)
    let other = question.adapter.modules.filter { abs($0.scale - scale) > 1e-9 * abs(scale) }
    guard let first = other.first else { return nil }
    return Hit(
      message:
        "rank_pattern and alpha_pattern, which it does not read: \(phrase(other.map(\.name), of: question.adapter.modules.count)) "
        + "would be scaled by \(fixed(scale, 4))",
      module: first.name, found: "scale \(fixed(first.scale, 4))",
      hint: "fold the difference into lora_B and use one alpha, or serve with a later release")
  }

  static let regexTargets = EngineCheck { question in
    guard case .pattern(let text)? = question.adapter.config?.targets,
      !["all", "all-linear"].contains(text.lowercased())
    else { return nil }
    return Hit(
      message: "target_modules that is a regular expression", found: escaped(text, limit: 100),
      hint: "list the names of the modules instead")
  }

  static let mixedRanks = EngineCheck { question in
    guard let config = question.adapter.config else { return nil }
    let other = question.adapter.modules.filter {
      $0.kind != .parameter && $0.rank != 0 && $0.rank != UInt64(config.rank)
    }
    guard let first = other.first else { return nil }
    return Hit(
      message: "modules whose rank is not r: \(phrase(other.map(\.name), of: question.adapter.modules.count)) "
        + "\(other.count == 1 ? "has" : "have") rank \(first.rank) beside r = \(config.rank)",
      module: first.name, found: "rank \(first.rank)",
      hint: "resize the adapter to one rank (pad with zeros to keep it exact)", isConfig: false)
  }
}
