public import JSON

/// What `adapter_config.json` says, in PEFT's terms (peft 0.21, `src/peft/tuners/lora/config.py`).
public struct AdapterConfig: Sendable {
  /// The path that it was read from.
  public var path: String
  /// Every member as written.
  public var raw: JSONObject
  /// `peft_type`; `LORA` for the only kind that can be merged or served here.
  public var peftType: String
  /// `r`: the rank of every module that no pattern names.
  public var rank: Int
  /// `lora_alpha`; may be fractional.
  public var alpha: Double
  /// `use_rslora`: the scale is alpha/sqrt(r) instead of alpha/r.
  public var usesRankStabilizedScale: Bool
  /// `use_dora`: every module has a magnitude vector.
  public var usesDoRA: Bool
  /// `fan_in_fan_out`: a hint that base weights are stored (in, out); unreliable in saved files.
  public var fanInFanOut: Bool
  /// `rank_pattern` in file order: regular expression, rank.
  public var rankPattern: [(pattern: String, rank: Int)]
  /// `alpha_pattern` in file order: regular expression, alpha.
  public var alphaPattern: [(pattern: String, alpha: Double)]
  /// `target_modules`, or nil when it is null or absent.
  public var targets: ModuleSelection?
  /// `exclude_modules`, which wins over the targets.
  public var excluded: ModuleSelection?
  /// `modules_to_save`: modules replaced as a whole.
  public var modulesToSave: [String]
  /// `layers_to_transform`: the layer indices that list-type targets are restricted to.
  public var layersToTransform: [Int]?
  /// `layers_pattern`: names of the layer list, such as `layers` or `h`.
  public var layersPattern: [String]
  /// `bias`: which biases of the base were trained and are in the file.
  public var bias: TrainedBias
  /// `lora_bias`: B has a bias of its own.
  public var hasLoRABias: Bool
  /// `target_parameters`: bare parameters (3-D experts) that are adapted.
  public var targetParameters: [String]
  /// `trainable_token_indices`: rows of embeddings that are replaced, by embedding name.
  public var trainableTokens: [(embedding: String, rows: [UInt64])]
  /// `init_lora_weights` as text: `true`, `false`, `gaussian`, `pissa` and so on.
  public var initialisation: String
  /// `base_model_name_or_path`.
  public var baseModel: String?
  /// `task_type`, such as `CAUSAL_LM`.
  public var taskType: String?
  /// `peft_version`, written since 0.18.
  public var peftVersion: String?
  /// `layer_replication`: the base is re-stacked before the adapter attaches.
  public var replicatesLayers: Bool
  /// Variants that change the arithmetic, by their config field, such as `alora_invocation_tokens`.
  public var variants: [String]
  /// Fields that this version does not know, sorted.
  public var unknownFields: [String]

  /// Which biases of the base an adapter replaces.
  public enum TrainedBias: String, Sendable {
    case none
    case all
    case loraOnly = "lora_only"
  }
}

/// A choice of modules as PEFT writes it: a regular expression over the whole path, or names matched as path or suffix.
public enum ModuleSelection: Sendable, Equatable {
  case pattern(String)
  case names([String])
}

extension AdapterConfig {
  /// The family of an initialisation that took something out of the base's weights before the training, such as `pissa`
  /// for `pissa_niter_4`; nil for all others (peft 0.21, `LoraLayer.update_layer`).
  public var baseChangingInitialisation: String? {
    let name = initialisation.lowercased()
    return ["pissa", "olora", "corda", "lora_ga", "loftq"].first { name.hasPrefix($0) }
  }
}
