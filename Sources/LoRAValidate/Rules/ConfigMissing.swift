import LoRAModel

extension Rule {
  /// There is no adapter_config.json where one is needed.
  static let configMissing = Rule(
    .configMissing, "There is no adapter_config.json",
    meaning: """
      The tensors have PEFT's names, and PEFT keeps rank, alpha and targets in `adapter_config.json` beside the \
      weights. Without it the scale of the adapter is not known.
      """,
    consequence: """
      Every engine refuses the adapter, or worse: a script fills in a guessed alpha and the adapter acts with the \
      wrong strength.
      """,
    remedy: "Copy the config from the training output; it is written by the same `save_pretrained` as the weights.",
    repair: .withChoice("--alpha", "ranks and targets follow from the tensors, the alpha is yours to say."),
    example: """
      error  config-missing  there is no adapter_config.json beside adapter_model.safetensors
      """)
}
