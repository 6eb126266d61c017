import SlotCache

/// A cache that a replay can run through.
package protocol ReplayCache {
  /// A request for an adapter whose next request is number `nextUse`; nil when every slot is in use or pinned.
  mutating func access(_ adapter: Int, nextUse: Int) -> CacheAccess?
  /// Keeps the adapter's slot while a request runs.
  mutating func retain(_ adapter: Int, _ access: CacheAccess)
  /// Takes back one `retain`.
  mutating func release(_ adapter: Int)
}

/// LRU by the very code that keeps the books of real slots.
struct OrderedCache: ReplayCache {
  private var cache: SlotCache
  /// The slot that each running adapter has.
  private var handles: [SlotHandle]

  init(_ options: ReplayOptions, popularity: [Int]) {
    cache = SlotCache(slots: options.maxLoRAs, hostCapacity: options.maxCPULoRAs)
    cache.reserve(adapters: popularity.count)
    handles = Array(repeating: SlotHandle(slot: -1, generation: 0), count: popularity.count)
    guard options.policy == .popularityPinned else { return }
    let order = popularity.indices.sorted { (-popularity[$0], $0) < (-popularity[$1], $1) }
    for adapter in order.prefix(min(options.pinned, options.maxLoRAs - 1)) {
      // Their first request still loads them, but nothing takes their places afterwards.
      guard (try? cache.prefetch(adapter)) != nil else { return }
      _ = cache.pin(adapter)
    }
  }

  mutating func access(_ adapter: Int, nextUse: Int) -> CacheAccess? {
    do throws(SlotCacheError) {
      let access = try cache.access(adapter)
      return CacheAccess(
        slot: Int32(truncatingIfNeeded: access.handle.slot), generation: access.handle.generation,
        hostHit: access.hostHit, deviceHit: access.deviceHit, evicted: Int32(truncatingIfNeeded: access.evicted ?? -1),
        dropped: Int32(truncatingIfNeeded: access.dropped ?? -1), cascaded: access.cascaded)
    } catch {
      return nil
    }
  }

  mutating func retain(_ adapter: Int, _ access: CacheAccess) {
    handles[adapter] = SlotHandle(slot: Int(access.slot), generation: access.generation)
    _ = cache.retain(handles[adapter])
  }

  mutating func release(_ adapter: Int) { cache.release(handles[adapter]) }
}
