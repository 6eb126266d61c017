import Safetensors

extension Rule {
  /// Index and shards of the base contradict each other.
  static let shardMismatch = Rule(
    .shardMismatch, "Index and shards of the base do not agree",
    meaning: """
      The index sends a tensor to a shard that does not hold it, shards hold tensors that the index does not list, or \
      one tensor is in several shards.
      """,
    consequence: """
      The folder mixes two versions of the model: loaders stop, or leave tensors at their random initial values.
      """,
    remedy: "Download the model again into an empty folder.",
    repair: .no("it is the base that is damaged, and the base is never written to."),
    example: """
      error  shard-mismatch  the index sends model.norm.weight to model-00002-of-00002.safetensors, which does not hold it
      """)
}
