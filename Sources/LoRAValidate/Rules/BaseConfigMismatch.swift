import LoRAModel

extension Rule {
  /// The base's config describes another model than its weights are.
  static let baseConfigMismatch = Rule(
    .baseConfigMismatch, "The base's config and weights do not agree",
    meaning: """
      `config.json` of the base describes modules that the files do not hold, layers that the files have beyond it, or \
      other shapes than are stored. The files are believed.
      """,
    consequence: """
      Loaders build the model that the config describes: tensors of another shape stop them, surplus ones are left out.
      """,
    remedy: "Check that the config and the weights are from the same model and revision.",
    repair: .no("it is about the base that was given."),
    example: """
      warning  base-config-mismatch  the weight of model.layers.0.mlp.up_proj is stored with another shape than the config gives it
      """)
}
