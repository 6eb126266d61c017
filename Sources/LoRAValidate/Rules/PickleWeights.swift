import Safetensors

extension Rule {
  /// The adapter comes as pickled weights.
  static let pickleWeights = Rule(
    .pickleWeights, "The weights are a Python pickle",
    meaning: """
      The folder holds `adapter_model.bin` or a `.pt` file and no safetensors weights. Pickles can run any code while \
      they are opened, so they are named and never read. Beside good safetensors weights they are a warning only.
      """,
    consequence: """
      Loading a pickle from a registry is remote code execution in the serving process. Several engines refuse them, \
      others load them in preference to nothing.
      """,
    remedy: """
      Load the adapter once in a sandbox that you trust and save it again with \
      `model.save_pretrained(path, safe_serialization=True)`; delete the pickle.
      """,
    repair: .exactly(
      """
      a pickle beside good weights is not taken along; a pickle alone is left, because it is never opened.
      """),
    example: """
      error  pickle-weights  the adapter has only pickle weights (adapter_model.bin), which are not read
      """)
}
