import Safetensors

extension Rule {
  /// The shard index of the base cannot be used.
  static let indexInvalid = Rule(
    .indexInvalid, "The shard index of the base is invalid",
    meaning: """
      The `*.index.json` of a sharded base is not JSON, has no `weight_map`, or maps a tensor to something that is no \
      plain file name.
      """,
    consequence: "It cannot be told which file holds which tensor, so the model does not load.",
    remedy: "Download the index again, from the same revision as the shards.",
    repair: .no("it is the base that is damaged, and the base is never written to."),
    example: """
      error  index-invalid  the index has no weight_map
      """)
}
