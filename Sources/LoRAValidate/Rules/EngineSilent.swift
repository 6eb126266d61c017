import LoRAEngines

extension Rule {
  /// The engine takes the adapter and does not apply it as trained.
  static let engineSilent = Rule(
    .engineSilent, "The engine would ignore a part without saying so",
    meaning: """
      The chosen engine loads the adapter without an error and then leaves something out or gets it wrong: modules that \
      it never finds, a scale that it computes differently, tensors that it passes over.
      """,
    consequence: """
      The worst kind of failure: the deploy is green, the adapter is listed, and the answers are those of the base or of \
      an adapter of another strength.
      """,
    remedy: "Follow the hint; what the engine would have to be told, or what to change in the file, is named there.",
    repair: .withChoice(
      "--engine",
      """
      what the engine would pass over or scale otherwise is written as it reads it, when the change of every \
      module stays the same: alpha for rsLoRA, patterns folded into B, one rank.
      """),
    example: """
      error  engine-silent  SGLang ignores use_rslora: it scales by alpha/r, 4.0 times too little
             fix: write use_rslora false and lora_alpha 64.0000, which is the same scale
      """
  ) { context in
    context.servingFindings(.engineSilent)
  }
}
