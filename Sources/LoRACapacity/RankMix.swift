import LoRASlots
import TensorCore

/// What adapters of different ranks cost when one server has slots for the largest, and what servers for each rank
/// would save.
public struct RankMix: Sendable, Equatable {
  /// Adapters whose ranks fit one size of slots.
  public struct Bucket: Sendable, Equatable {
    /// Rank of the slots: the smallest of vLLM's that is enough.
    public let rank: UInt64
    /// Number of adapters.
    public let adapters: Int
    /// Bytes of one slot of this rank.
    public let slotBytes: UInt64
  }

  /// The sizes that are needed, smallest first.
  public let buckets: [Bucket]
  /// Bytes of a slot for each adapter when all slots have the largest rank.
  public let uniformBytes: UInt64
  /// Bytes of a slot for each adapter when each has the rank of its bucket.
  public let bucketedBytes: UInt64
  /// Bytes of all A and B.
  public let adapterBytes: UInt64

  /// The share of the bytes that buckets save.
  public var saving: Double { uniformBytes > 0 ? 1 - Double(bucketedBytes) / Double(uniformBytes) : 0 }
}

extension CapacityPlan {
  /// The mix of ranks of real adapters; nil for planned ones.
  public func rankMix() throws(CapacityError) -> RankMix? {
    guard case .real = request.adapters, let slotBytes else { return nil }
    var counts: [UInt64: Int] = [:]
    for adapter in adapters {
      let rank = CapacityRequest.legalRanks.first { $0 >= adapter.rank } ?? adapter.rank
      counts[min(max(rank, 1), max(maxLoRARank, rank)), default: 0] += 1
    }
    var buckets: [RankMix.Bucket] = []
    var bucketed: UInt128 = 0
    for (rank, count) in counts.ordered(by: { $0.key < $1.key }) {
      guard let slot = try Self.layout(request, rank: rank)?.slotBytes else { return nil }
      buckets.append(RankMix.Bucket(rank: rank, adapters: count, slotBytes: slot))
      bucketed += UInt128(slot) * UInt128(count)
    }
    return RankMix(
      buckets: buckets,
      uniformBytes: try exact(UInt128(slotBytes) * UInt128(adapters.count), "the size of all slots"),
      bucketedBytes: try exact(bucketed, "the size of all slots"),
      adapterBytes: try exact(adapters.reduce(0) { $0 + UInt128($1.bytes) }, "the size of all adapters"))
  }
}
