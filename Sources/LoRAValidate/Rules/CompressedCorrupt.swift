import Safetensors

extension Rule {
  /// The zstd container is damaged.
  static let compressedCorrupt = Rule(
    .compressedCorrupt, "The compressed weights are damaged",
    meaning: """
      A `.safetensors.zst` file has a broken zstd frame, a wrong checksum, or does not unpack to the number of bytes \
      that its safetensors header declares. Unpacking stops at the declared size, so a small file cannot fill the disk.
      """,
    consequence: "The adapter cannot be unpacked where it is served.",
    remedy: "Copy or compress the file again from the uncompressed original and compare digests.",
    repair: .no("lost bytes do not come back; copy the file again."),
    example: """
      error  compressed-corrupt  the zstd data does not match its checksum
      """)
}
