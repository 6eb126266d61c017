import LoRATestSupport
import SlotCache
import Testing

/// vLLM's two caches, written down a second time without any cleverness: lists of names, the newest last.
private struct PlainCache {
  var host: [Int] = []
  var slots: [Int?]
  var order: [Int] = []
  let capacity: Int

  init(slots: Int, capacity: Int) {
    self.slots = Array(repeating: nil, count: slots)
    self.capacity = max(slots, capacity)
  }

  mutating func access(_ adapter: Int) -> (
    slot: Int, hostHit: Bool, deviceHit: Bool, evicted: Int?, dropped: Int?, cascaded: Bool
  ) {
    let hostHit = host.contains(adapter)
    var dropped: Int?
    var cascaded = false
    if hostHit {
      host.removeAll { $0 == adapter }
    } else if host.count == capacity {
      let oldest = host.removeFirst()
      dropped = oldest
      if let slot = slots.firstIndex(of: oldest) {
        slots[slot] = nil
        order.removeAll { $0 == oldest }
        cascaded = true
      }
    }
    host.append(adapter)
    if let slot = slots.firstIndex(of: adapter) {
      order.removeAll { $0 == adapter }
      order.append(adapter)
      return (slot, hostHit, true, nil, dropped, cascaded)
    }
    var evicted: Int?
    if order.count == slots.count {
      let oldest = order.removeFirst()
      evicted = oldest
      if let slot = slots.firstIndex(of: oldest) { slots[slot] = nil }
    }
    let slot = slots.firstIndex(of: nil) ?? -1
    slots[slot] = adapter
    order.append(adapter)
    return (slot, hostHit, false, evicted, dropped, cascaded)
  }
}

@Suite struct SlotCacheTests {
  @Test func roomCanBeMadeBeforeItIsKnownForWhom() throws {
    var cache = SlotCache(slots: 2, hostCapacity: 3)
    #expect(try cache.dropOldest() == nil)
    for adapter in 0..<3 { _ = try cache.prefetch(adapter) }
    let access = try cache.access(0)
    #expect(cache.publish(access.handle) == true)
    #expect(cache.retain(access.handle) == true)
    #expect(cache.pin(1) == true)
    #expect(try cache.dropOldest() == 2)
    #expect(throws: SlotCacheError.hostBusy) { try cache.dropOldest() }
    cache.release(access.handle)
    #expect(try cache.dropOldest() == 0)
    #expect(!cache.isCurrent(access.handle) && cache.deviceCount == 0)
  }

  @Test(arguments: [(1, 1, 3), (2, 5, 9), (4, 4, 6), (70, 200, 400), (3, 64, 100)])
  func decidesAsThePlainListsDo(slots: Int, capacity: Int, adapters: Int) throws {
    var cache = SlotCache(slots: slots, hostCapacity: capacity)
    var plain = PlainCache(slots: slots, capacity: capacity)
    var random = SeededGenerator(seed: UInt64(slots * 1000 + capacity))
    for _ in 0..<20_000 {
      // Few adapters are asked for often, as in real traffic.
      let adapter = min(Int.random(in: 0..<adapters, using: &random), Int.random(in: 0..<adapters, using: &random))
      let expected = plain.access(adapter)
      let access = try cache.access(adapter)
      let isEqual =
        access.handle.slot == expected.slot && access.hostHit == expected.hostHit
        && access.deviceHit == expected.deviceHit && access.evicted == expected.evicted
        && access.dropped == expected.dropped && access.cascaded == expected.cascaded
        && cache.publish(access.handle) == true
        && cache.hostCount == plain.host.count && cache.deviceCount == plain.order.count
      // An expectation for each access would take most of the time.
      if !isEqual { Issue.record("adapter \(adapter): \(access), expected \(expected)") }
    }
  }

  @Test func firstInFirstOutTakesNoNoticeOfUse() throws {
    var cache = SlotCache(slots: 2, hostCapacity: 4, policy: .fifo)
    for adapter in [0, 1, 0] { _ = try cache.access(adapter) }
    #expect(try cache.access(2).evicted == 0)
  }

  @Test func aHandleOfAnEarlierTenantIsNeverCurrent() throws {
    var cache = SlotCache(slots: 1, hostCapacity: 2)
    let first = try cache.access(7).handle
    #expect(cache.ready(7) == nil, "being loaded")
    #expect(cache.publish(first) == true)
    #expect(cache.ready(7) == first)
    let second = try cache.access(8).handle
    #expect(second.slot == first.slot)
    #expect(!cache.isCurrent(first))
    #expect(cache.publish(first) == false)
    #expect(cache.retain(first) == false)
    #expect(cache.fail(first) == false, "a late failure leaves the new tenant alone")
    #expect(cache.ready(7) == nil)
    #expect(cache.publish(second) == true)
    #expect(cache.tenant(ofSlot: 0) == 8)
    // The first comes back into the same slot: still another tenant.
    let again = try cache.access(7).handle
    #expect(again != first && !cache.isCurrent(first))
  }

  @Test func aHandleDiesWhenTheSlotIsEmptied() throws {
    var cache = SlotCache(slots: 2, hostCapacity: 2)
    let handle = try cache.access(0).handle
    #expect(cache.remove(0) == true)
    #expect(!cache.isCurrent(handle))
    #expect(cache.deviceCount == 0 && cache.hostCount == 0)
    #expect(cache.remove(0) == false)
  }

  @Test func aFailedLoadLeavesAnEmptySlotAndTheAdapterInHostMemory() throws {
    var cache = SlotCache(slots: 1, hostCapacity: 2)
    let handle = try cache.access(3).handle
    #expect(cache.fail(handle) == true)
    #expect(cache.ready(3) == nil && cache.tenant(ofSlot: 0) == nil && cache.isInHost(3))
    #expect(cache.deviceCount == 0)
    let next = try cache.access(3)
    #expect(next.hostHit && !next.deviceHit && next.evicted == nil)
  }

  @Test func pinnedAdaptersAndSlotsInUseArePassedOver() throws {
    var cache = SlotCache(slots: 2, hostCapacity: 3)
    let first = try cache.access(0).handle
    let second = try cache.access(1).handle
    let published = (cache.publish(first), cache.publish(second))
    #expect(published == (true, true))
    #expect(cache.pin(0) == true)
    #expect(try cache.access(2).evicted == 1)
    let third = try #require(cache.publish(try cache.access(2).handle) ? cache.ready(2) : nil)
    #expect(cache.retain(third) == true)
    let before = (cache.hostCount, cache.deviceCount)
    #expect(throws: SlotCacheError.slotsBusy) { try cache.access(1) }
    #expect((cache.hostCount, cache.deviceCount) == before, "a refusal changes nothing")
    cache.release(third)
    #expect(try cache.access(1).evicted == 2)
    cache.unpin(0)
    #expect(try cache.access(2).evicted == 0)
  }

  @Test func hostMemoryThatIsAllInUseRefuses() throws {
    var cache = SlotCache(slots: 1, hostCapacity: 1)
    let handle = try cache.access(0).handle
    #expect(cache.retain(handle) == true)
    #expect(throws: SlotCacheError.hostBusy) { try cache.access(1) }
    #expect(cache.isCurrent(handle))
    cache.release(handle)
    let access = try cache.access(1)
    #expect(access.dropped == 0 && access.cascaded && access.evicted == nil)
  }

  @Test func aPrefetchFillsHostMemoryAndTakesNoSlot() throws {
    var cache = SlotCache(slots: 1, hostCapacity: 2)
    _ = try cache.access(0)
    #expect(try cache.prefetch(1) == (false, nil))
    #expect(try cache.prefetch(1) == (true, nil))
    #expect(cache.deviceCount == 1)
    let access = try cache.access(1)
    #expect(access.hostHit && !access.deviceHit && access.evicted == 0)
    #expect(try cache.prefetch(2) == (false, 0))
  }
}
