import Safetensors

extension Rule {
  /// A path in a config or index leaves its folder.
  static let securityPath = Rule(
    .securityPath, "A path in the files leaves their folder",
    meaning: """
      A shard index or a config names a file with separators, `..`, an absolute path or a NUL byte. Shards are plain \
      names beside their index; nothing else is opened.
      """,
    consequence: """
      A loader that joins such a path reads, or serves, files of the host that have nothing to do with the model.
      """,
    remedy: "Do not use the file. Get the model again from a source that you trust.",
    repair: .no("a path out of its folder is not followed; the files have to be fetched again."),
    example: """
      error  security-path  the index names the shard "../../etc/passwd", which leaves the folder
      """)
}
