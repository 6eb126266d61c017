public import Diagnostics
import JSON
import LoRAModel

extension RuleID {
  /// The name of the rule below.
  public static let baseMutatedInit = RuleID("base-mutated-init")
}

extension Rule {
  /// Trained against base weights that the initialisation had changed.
  static let baseMutatedInit = Rule(
    .baseMutatedInit, "The adapter was trained against changed base weights",
    meaning: """
      `init_lora_weights` is pissa, olora, corda, lora_ga or loftq. These initialisations take something out of the \
      base weights before the training starts, and the adapter only makes sense on what was left.
      """,
    consequence: """
      On the original base the part that was taken out is counted twice: the result is off by as much as the weights \
      themselves. vLLM refuses most of these adapters, other engines serve them.
      """,
    remedy: """
      Convert when saving: `save_pretrained(path, path_initial_model_for_weight_conversion=INIT)` writes an adapter of \
      twice the rank that fits the original base; INIT is the adapter as it was before the training. Or save the changed \
      base of the training (`model.unload()`), set `init_lora_weights` to true in adapter_config.json, and use the two \
      together. LoftQ knows only the second way.
      """,
    repair: .no("the changed base weights are needed; convert the adapter where it was trained."),
    example: """
      error  base-mutated-init  the adapter was initialised with pissa, which changed the base weights it was trained on
             expected init_lora_weights true, found pissa
      """
  ) { context in
    guard let config = context.adapter.config, let family = config.baseChangingInitialisation else { return [] }
    return [
      Finding(
        .baseMutatedInit,
        "the adapter was initialised with \(family), which changed the base weights that it was trained on, so it does "
          + "not fit the original base",
        file: config.path, expected: "init_lora_weights true, gaussian, eva or orthogonal",
        found: escaped(config.initialisation, limit: 60),
        hint: (family == "loftq" ? "" : "save it again with path_initial_model_for_weight_conversion, or ")
          + "use it with the changed base of its training after setting init_lora_weights to true")
    ]
  }
}
