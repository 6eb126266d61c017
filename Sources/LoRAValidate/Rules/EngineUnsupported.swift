import LoRAEngines

extension Rule {
  /// The engine refuses the adapter.
  static let engineUnsupported = Rule(
    .engineUnsupported, "The engine refuses the adapter",
    meaning: """
      The adapter uses a feature, a naming or a file layout that the chosen engine does not load: DoRA, trained biases, \
      whole modules, activated LoRA, restacked layers, names that it does not parse.
      """,
    consequence: """
      Loading fails: at best with an error for the one request, at worst (in a start-up list, or inside a model step) \
      with the whole server.
      """,
    remedy: """
      Merge the adapter and serve the merged model, convert it to what the engine takes, or train without the feature.
      """,
    repair: .withChoice(
      "--engine",
      """
      what the engine refuses and other factors, names or fields say just as well is written so: zero factors for \
      missing parts, one rank, lists of names; the rest is left.
      """),
    example: """
      error  engine-unsupported  vLLM refuses DoRA (use_dora)
             fix: merge the adapter into its base, or train without DoRA
      """
  ) { context in
    context.servingFindings(.engineUnsupported)
  }
}
