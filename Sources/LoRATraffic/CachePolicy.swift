/// Which adapter makes room for another.
public enum CachePolicy: String, Sendable, CaseIterable {
  /// The one that was not used for longest, as vLLM does it.
  case lru
  /// The one that was used least often so far; of equals the one not used for longest.
  case lfu
  /// The one with the least use for its cost, where the cost is its bytes: GreedyDual-Size-Frequency (Cherkasova 1998).
  case sizeAware = "size-aware"
  /// LRU, with the most popular adapters of the whole trace kept in their slots.
  case popularityPinned = "popularity-pinned"
  /// The one whose next use is farthest away (Belady 1966), which only a recorded trace can know.
  case optimal
}

/// What a request met in the cache.
struct CacheAccess {
  /// Handle of the slot, to be kept while the request runs.
  var slot: Int32
  var generation: UInt32
  var hostHit: Bool
  var deviceHit: Bool
  /// The adapter whose slot was taken, or negative.
  var evicted: Int32
  /// The adapter that left host memory, or negative.
  var dropped: Int32
  /// Whether the dropped adapter lost its slot by that.
  var cascaded: Bool
  /// Seconds that moving took, where something was really moved.
  var measured: (swap: Double, load: Double)?
}
