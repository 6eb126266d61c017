import Safetensors

extension Rule {
  /// Accepted by the reference parser, refused or misread by others.
  static let headerUnusual = Rule(
    .headerUnusual, "The header is legal but other readers may refuse it",
    meaning: """
      The reference library accepts the file, but something in it trips other readers: tensors not in the order of \
      their data, names with control characters or path separators, a header above the limit of hub tools, and so on.
      """,
    consequence: "The adapter works in one engine and fails, or shows up garbled, in the next.",
    remedy: "Load and save the file once with the safetensors library; it writes the plain form.",
    repair: .exactly(
      """
      the header is written anew, as the reference library writes it, with the same names, shapes and bytes.
      """),
    example: """
      warning  header-unusual  the header does not list its tensors in the order of their data
      """)
}
