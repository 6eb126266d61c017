import JSON
import LoRAIO
import Safetensors

/// The `*.index.json` of an output.
enum IndexText {
  /// The index as transformers writes it: `metadata.total_size` is the sum of the bytes of all tensors, names sorted.
  static func text(of shards: [ShardPlan], metadata: JSONObject) -> [UInt8] {
    var metadata = metadata
    var total: UInt64 = 0
    var parameters: UInt64 = 0
    var map: [(tensor: String, shard: String)] = []
    for shard in shards {
      for tensor in shard.tensors {
        total += tensor.byteCount
        parameters += tensor.elementCount
        map.append((tensor.name, shard.name))
      }
    }
    map.sort { $0.tensor.utf8.lexicographicallyPrecedes($1.tensor.utf8) }
    if metadata["total_parameters"] != nil { metadata["total_parameters"] = JSONValue(parameters) }
    metadata["total_size"] = JSONValue(total)
    var names = JSONObject()
    for entry in map { names[entry.tensor] = .string(entry.shard) }
    let index: JSONValue = .object(["metadata": .object(metadata), "weight_map": .object(names)])
    return Array((index.text(pretty: true) + "\n").utf8)
  }

  /// Whether the base's index says the same about the output as a new one would.
  static func isStillRight(_ index: ShardIndex, for shards: [ShardPlan]) -> Bool {
    let total = shards.reduce(UInt64(0)) { $0 + $1.tensors.reduce(0) { $0 + $1.byteCount } }
    guard index.totalSize == total, index.entries.count == shards.reduce(0, { $0 + $1.tensors.count }) else {
      return false
    }
    return shards.allSatisfy { shard in shard.tensors.allSatisfy { index.shard(of: $0.name) == shard.name } }
  }
}
