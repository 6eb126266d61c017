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
package struct CacheAccess {
  /// Handle of the slot, to be kept while the request runs.
  package var slot: Int32
  package var generation: UInt32
  package var hostHit: Bool
  package var deviceHit: Bool
  /// The adapter whose slot was taken, or negative.
  package var evicted: Int32
  /// The adapter that left host memory, or negative.
  package var dropped: Int32
  /// Whether the dropped adapter lost its slot by that.
  package var cascaded: Bool
  /// Seconds that moving took, where something was really moved.
  package var measured: (swap: Double, load: Double)?

  /// What a cache did for a request.
  package init(
    slot: Int32, generation: UInt32, hostHit: Bool, deviceHit: Bool, evicted: Int32, dropped: Int32, cascaded: Bool,
    measured: (swap: Double, load: Double)? = nil
  ) {
    self.slot = slot
    self.generation = generation
    self.hostHit = hostHit
    self.deviceHit = deviceHit
    self.evicted = evicted
    self.dropped = dropped
    self.cascaded = cascaded
    self.measured = measured
  }
}
