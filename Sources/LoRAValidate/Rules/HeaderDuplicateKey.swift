import Safetensors

extension Rule {
  /// Two entries of the header have the same name.
  static let headerDuplicateKey = Rule(
    .headerDuplicateKey, "A name occurs twice in the header",
    meaning: """
      Two tensors, or two keys of the metadata, have the same name once escapes such as `\\u0061` are resolved.
      """,
    consequence: """
      Readers disagree about which entry counts, so a file that was scanned and approved by one may be loaded with \
      other weights by another. No honest writer makes such a file.
      """,
    remedy: "Do not deploy the file. Export the adapter again from its source.",
    repair: .no("which of the two tensors counts is not known, and nothing is written."),
    example: """
      error  header-duplicate-key  the name "base_model.model.lm_head.weight" appears twice in the header
      """)
}
