/// The two levels of `SlotCache` for policies that choose a victim by rank instead of by order.
///
/// The structure is the same: slots on the device inside adapters in host memory; a request touches both; an adapter
/// that leaves host memory gives up its slot. A victim is found by looking at all candidates.
struct RankedCache: ReplayCache {
  private let slots: Int
  private let hostCapacity: Int
  private let policy: CachePolicy
  /// Bytes of each adapter, for `.sizeAware`.
  private let bytes: [Double]

  /// Adapters with a slot and in host memory, in no order, and where each stands there (negative: it does not).
  private var device = Level()
  private var host = Level()
  /// Number of requests that run on each adapter's slot.
  private var readers: [Int32]
  private var uses: [Double]
  private var lastUse: [Int]
  private var clock = 0

  /// A level's residents and their ranks; the lowest rank makes room.
  private struct Level {
    var residents: [Int32] = []
    var place: [Int32] = []
    var rank: [Double] = []
    /// Rank of the last victim, by which GreedyDual ages everything that stays.
    var inflation = 0.0

    mutating func insert(_ adapter: Int) {
      place[adapter] = Int32(residents.count)
      residents.append(Int32(adapter))
    }

    mutating func remove(_ adapter: Int) {
      let hole = Int(place[adapter])
      place[adapter] = -1
      guard let last = residents.popLast(), last != Int32(adapter) else { return }
      residents[hole] = last
      place[Int(last)] = Int32(hole)
    }
  }

  init(slots: Int, hostCapacity: Int, policy: CachePolicy, bytes: [Double]) {
    self.slots = slots
    self.hostCapacity = max(hostCapacity, slots)
    self.policy = policy
    self.bytes = bytes
    let count = bytes.count
    readers = Array(repeating: 0, count: count)
    uses = Array(repeating: 0, count: count)
    lastUse = Array(repeating: -1, count: count)
    device.place = Array(repeating: -1, count: count)
    device.rank = Array(repeating: 0, count: count)
    host.place = device.place
    host.rank = device.rank
  }

  /// A request for an adapter, whose next request is number `nextUse`; nil when no adapter can make room.
  mutating func access(_ adapter: Int, nextUse: Int) -> CacheAccess? {
    let deviceHit = device.place[adapter] >= 0
    let hostHit = host.place[adapter] >= 0
    var dropped: Int?
    var victim: Int?
    if !hostHit, host.residents.count >= hostCapacity {
      guard let found = lowest(host) else { return nil }
      dropped = found
    }
    let cascaded = dropped.map { device.place[$0] >= 0 } ?? false
    if !deviceHit, device.residents.count >= slots, !cascaded {
      guard let found = lowest(device, except: dropped) else { return nil }
      victim = found
    }
    clock += 1
    uses[adapter] += 1
    lastUse[adapter] = clock
    if let dropped {
      host.inflation = max(host.inflation, host.rank[dropped])
      host.remove(dropped)
      if cascaded { device.remove(dropped) }
    }
    if let victim {
      device.inflation = max(device.inflation, device.rank[victim])
      device.remove(victim)
    }
    device.rank[adapter] = rank(adapter, nextUse, device.inflation)
    host.rank[adapter] = rank(adapter, nextUse, host.inflation)
    if !hostHit { host.insert(adapter) }
    if !deviceHit { device.insert(adapter) }
    return CacheAccess(
      slot: Int32(adapter), generation: 0, hostHit: hostHit, deviceHit: deviceHit,
      evicted: victim.map { Int32($0) } ?? -1, dropped: dropped.map { Int32($0) } ?? -1, cascaded: cascaded)
  }

  mutating func retain(_ adapter: Int, _ access: CacheAccess) { readers[adapter] += 1 }
  mutating func release(_ adapter: Int) { readers[adapter] -= 1 }

  private func rank(_ adapter: Int, _ nextUse: Int, _ inflation: Double) -> Double {
    switch policy {
    case .lru, .popularityPinned: Double(clock)
    case .lfu: uses[adapter]
    case .sizeAware: inflation + uses[adapter] * bytes[adapter]
    case .optimal: -Double(nextUse)
    }
  }

  private func lowest(_ level: Level, except: Int? = nil) -> Int? {
    var best: Int?
    for resident in level.residents {
      let adapter = Int(resident)
      if readers[adapter] > 0 || adapter == except { continue }
      guard let chosen = best else {
        best = adapter
        continue
      }
      let (left, right) = (level.rank[adapter], level.rank[chosen])
      if left < right || left == right && lastUse[adapter] < lastUse[chosen] { best = adapter }
    }
    return best
  }
}
