import Diagnostics
import JSON
import LoRATestSupport
import Safetensors

/// Shard indexes: no name that leads out of the folder is ever handed on.
struct IndexTarget: FuzzTarget {
  let name = "index"
  private let scratch = Scratch()

  private static let mutation = JSONMutation(vocabulary: [
    "weight_map", "metadata", "total_size", "model-00001-of-00002.safetensors", "a.safetensors/../b.safetensors",
    "..safetensors", "x.bin", #"a\\b.safetensors"#, #"a\u0000.safetensors"#, ".safetensors",
  ])

  func seeds() -> [[UInt8]] {
    [
      #"{"metadata":{"total_size":123},"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}}"#,
      #"{"metadata":{"total_size":1e3},"weight_map":{}}"#, #"{"weight_map":{"a":"../x.safetensors"}}"#,
    ].map { Array($0.utf8) }
  }

  func mutate(_ input: inout [UInt8], _ random: inout SeededGenerator) { Self.mutation.mutate(&input, &random) }

  func run(_ input: [UInt8]) throws(Violation) {
    let path = try scratch.write(input, as: "model.safetensors.index.json")
    let examined = ShardIndex.examine(path)
    for finding in examined.findings { try Terminal.check(finding.message, "a finding") }
    guard let index = examined.index else { return }
    for shard in index.shards {
      let isPlain =
        shard.hasSuffix(".safetensors")
        && !shard.utf8.contains { $0 == 0 || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
      try Violation.unless(isPlain, "the shard name \(escaped(shard)) is handed on")
    }
    for (tensor, shard) in index.entries {
      try Violation.unless(index.shards.indices.contains(shard), "an entry points at no shard")
      try Violation.unless(index.shard(of: tensor) != nil, "a listed tensor is not found")
    }
    // The shards are not there; each must be named, and nothing else may happen.
    let checkpoint = Checkpoint.examine(path)
    try Violation.unless(index.shards.isEmpty || !checkpoint.isSound, "shards that are not there are found")
  }
}
