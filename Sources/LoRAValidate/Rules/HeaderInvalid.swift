import Safetensors

extension Rule {
  /// The reference parser would refuse the header.
  static let headerInvalid = Rule(
    .headerInvalid, "The safetensors header is invalid",
    meaning: """
      The header breaks the format: no JSON, sizes that do not fit the shapes, holes or overlaps between tensors, \
      missing or trailing bytes. All problems of a header are reported with tensor, byte offset, expected and found.
      """,
    consequence: """
      The reference library refuses such a file as a whole. Readers that are less strict may load the wrong bytes as \
      weights.
      """,
    remedy: """
      "Truncated" means that a copy or a save was interrupted: copy or export again. "Trailing bytes" means that a \
      longer file was overwritten in place, or something was appended.
      """,
    repair: .no("what a broken header was to say is not guessed, and nothing is written."),
    example: """
      error  header-invalid  the file is truncated: 4,096 of 33,554,432 data bytes are missing at the end
             expected 33,554,432 B (32.0 MiB) of data, found 33,550,336 B (32.0 MiB)
      """)
}
