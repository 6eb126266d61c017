import Diagnostics
import JSON
package import LoRADeltas
package import LoRAModel
import Safetensors

extension Adapter {
  /// What keeps an adapter from being taken apart into deltas, whatever the operation; empty for plain LoRA of any
  /// format, DoRA and activated LoRA included.
  package var refusalsAsFactors: [SurgeryRefusal] {
    var refusals = findings.compactMap(\.refusal)
    if let method = foreignMethod {
      refusals.append(
        SurgeryRefusal(
          path, "its method is \(ForeignMethods.title(of: method)), and only LoRA has factors to work on"))
      return refusals
    }
    if let trainer {
      refusals.append(
        SurgeryRefusal(path, "it is a LoRA of \(trainer.name), whose names are not those of PEFT", hint: trainer.remedy)
      )
    }
    if let config { refusals += Self.refusals(of: config, path: path) }
    if let tensor = unknown.first {
      let more = unknown.count > 1 ? " and \(unknown.count - 1) more" : ""
      refusals.append(
        SurgeryRefusal(
          path, subject: tensor.name, "the meaning of this tensor\(more) is not known, so it would be lost"))
    }
    if refusals.isEmpty, modules.isEmpty { refusals.append(SurgeryRefusal(path, "it has no LoRA factors")) }
    return refusals
  }

  private static func refusals(of config: AdapterConfig, path: String) -> [SurgeryRefusal] {
    var refusals = config.variants.compactMap { variant in
      variantReasons[variant].map { SurgeryRefusal(path, subject: variant, $0) }
    }
    if let family = config.baseChangingInitialisation {
      refusals.append(
        SurgeryRefusal(
          path, subject: "init_lora_weights",
          "it is \"\(config.initialisation.prefix(40))\": the adapter was trained against changed base weights, so its "
            + "factors alone are not its effect",
          hint: family == "loftq"
            ? "work on an adapter of the unquantised base"
            : "save it again with PEFT's path_initial_model_for_weight_conversion and the untrained adapter"))
    }
    return refusals
  }

  /// Whether its config, PEFT's, chooses all of these modules, which are those that it has.
  func chooses(_ names: [String]) -> Bool {
    guard format == .peft, let config, config.targets != nil || !config.targetParameters.isEmpty else { return false }
    let matching = TargetMatching(config)
    return Set(names) == Set(modules.map(\.name)) && matching.problems.isEmpty
      && modules.allSatisfy { $0.kind == .parameter || matching.targets($0.name) }
  }

  /// Variants whose delta is not s·B·A, or that keep more than two factors (peft 0.21, `tuners/lora/variants.py`).
  static let variantReasons = [
    "arrow_config": "it is routed between adapters token by token (arrow), so it has no fixed delta",
    "kasa_config": "KaSA keeps a third factor between B and A, for a base without its smallest singular values",
    "monteclora_config": "MonteCLoRA keeps samplers beside its factors, which would be lost",
    "use_bdlora": "its factors are block-diagonal (BD-LoRA), which a general rank does not keep",
    "use_qalora": "its A acts on pooled inputs (QALoRA), so B·A is not the delta",
    "velora_config": "VeLoRA keeps projections beside its factors, which would be lost",
  ]
}

extension BaseModel {
  /// Why nothing can be said of what the base has: files of it are missing or broken.
  package var refusals: [SurgeryRefusal] {
    findings.filter { $0.rule != .baseConfigMismatch }.compactMap(\.refusal)
  }
}

extension Finding {
  /// The finding as a reason to refuse, when it is an error.
  var refusal: SurgeryRefusal? {
    severity == .error ? SurgeryRefusal(file, subject: tensor, message, hint: hint) : nil
  }
}
