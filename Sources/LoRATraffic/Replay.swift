/// Runs a trace through a slot cache: a discrete-event model of what vLLM does with its adapters.
///
/// Requests are taken in the order of their arrival and touch both levels. Loads are made one after the other, first
/// from storage to host memory when the adapter is not there, then into its slot. With a service time, an adapter with
/// running requests keeps its slot; a request that finds all slots so kept waits until one is free, while others whose
/// adapters have slots go ahead, as in vLLM's scheduler.
public enum Replay {
  /// Runs the trace.
  public static func run(_ trace: Trace, _ options: ReplayOptions) -> ReplayResult {
    switch options.policy {
    case .lru, .popularityPinned:
      var run = ReplayRun(trace, options, OrderedCache(options, popularity: trace.popularity), nextUses: [])
      return run.result()
    case .lfu, .sizeAware, .optimal:
      let sizes = adapterBytes(trace, options)
      let cache = RankedCache(
        slots: options.maxLoRAs, hostCapacity: options.maxCPULoRAs, policy: options.policy, bytes: sizes)
      var run = ReplayRun(trace, options, cache, nextUses: options.policy == .optimal ? nextUses(trace) : [])
      return run.result()
    }
  }

  /// Runs the trace through a cache of the caller's, whose own times then count.
  package static func run(_ trace: Trace, _ options: ReplayOptions, through cache: some ReplayCache) -> ReplayResult {
    var run = ReplayRun(trace, options, cache, nextUses: [])
    return run.result()
  }

  /// The number of the next request for the same adapter, of each request; the count of requests where there is none.
  static func nextUses(_ trace: Trace) -> [Int] {
    var next = [Int](repeating: trace.count, count: trace.names.count)
    var result = [Int](repeating: 0, count: trace.count)
    for index in trace.adapters.indices.reversed() {
      let adapter = Int(trace.adapters[index])
      result[index] = next[adapter]
      next[adapter] = index
    }
    return result
  }

  static func adapterBytes(_ trace: Trace, _ options: ReplayOptions) -> [Double] {
    let sizes = options.adapterBytes.isEmpty ? [0] : options.adapterBytes
    return trace.names.indices.map { Double(sizes[$0 % sizes.count]) }
  }
}

/// One run.
struct ReplayRun<Cache: ReplayCache> {
  private let trace: Trace
  private let options: ReplayOptions
  private var cache: Cache
  private let nextUses: [Int]
  private let bytes: [Double]
  private var costs: Randomness
  private var services: Randomness

  /// When the last load ends.
  private var loaderFree = -Double.infinity
  /// When the adapter is in its slot.
  private var readyAt: [Double]
  /// When the adapter last lost its slot.
  private var evictedAt: [Double]
  /// Requests that run with each adapter.
  private var running: [Int32]
  /// Ends of running requests.
  private var ends = EventHeap()
  /// Adapters that wait for a slot, in the order in which their first waiting request came, and their requests.
  private var waitingAdapters: [Int32] = []
  private var waitingHead = 0
  private var waiting: [[Int]]

  private var outcome: ReplayResult
  private var waits: [Double] = []
  private var swaps: [Double] = []
  private var loads: [Double] = []
  private let start: Double
  private let windowScale: Double

  init(_ trace: Trace, _ options: ReplayOptions, _ cache: Cache, nextUses: [Int]) {
    self.trace = trace
    self.options = options
    self.cache = cache
    self.nextUses = nextUses
    bytes = Replay.adapterBytes(trace, options)
    costs = Randomness(seed: options.seed, .costs)
    services = Randomness(seed: options.seed, .service)
    let count = trace.names.count
    readyAt = Array(repeating: -.infinity, count: count)
    evictedAt = Array(repeating: -.infinity, count: count)
    running = Array(repeating: 0, count: count)
    waiting = Array(repeating: [], count: count)
    start = trace.times.first ?? 0
    outcome = ReplayResult(options: options)
    outcome.duration = trace.duration
    // Very many windows would say no more than some.
    let window = max(options.window, trace.duration / 100_000, 1e-9)
    outcome.windowSeconds = window
    windowScale = 1 / window
    let windows = Int(trace.duration / window) + 1
    outcome.windowRequests = Array(repeating: 0, count: windows)
    outcome.windowEvictions = outcome.windowRequests
  }

  mutating func result() -> ReplayResult {
    let isServed = options.serviceTime.high > 0
    for index in 0..<trace.count {
      let now = trace.times[index]
      if isServed { finish(until: now) }
      outcome.windowRequests[window(now)] += 1
      if isServed, !waiting[Int(trace.adapters[index])].isEmpty || !begin(index, now: now, isServed: true) {
        wait(index)
      } else if !isServed {
        _ = begin(index, now: now, isServed: false)
      }
    }
    finish(until: .infinity)
    outcome.requests = trace.count
    outcome.distinctAdapters = trace.popularity.count { $0 > 0 }
    outcome.waitSeconds = Distribution(waits, zeros: trace.count - waits.count)
    outcome.swapSeconds = Distribution(swaps)
    outcome.loadSeconds = Distribution(loads)
    return outcome
  }

  @inline(__always)
  private func window(_ time: Double) -> Int {
    min(max(Int((time - start) * windowScale), 0), outcome.windowRequests.count - 1)
  }

  /// Gives a request its slot; false when every slot is in use.
  @inline(__always)
  private mutating func begin(_ index: Int, now: Double, isServed: Bool) -> Bool {
    let adapter = Int(trace.adapters[index])
    let nextUse = nextUses.isEmpty ? 0 : nextUses[index]
    guard let access = cache.access(adapter, nextUse: nextUse) else { return false }
    if access.hostHit { outcome.cpuHits += 1 }
    if access.deviceHit { outcome.gpuHits += 1 } else { load(adapter, access, now: now) }
    let begins = max(now, options.blocksEngine ? loaderFree : readyAt[adapter])
    let wait = begins - trace.times[index]
    if wait > 0 { waits.append(wait) }
    if isServed {
      if running[adapter] == 0 { cache.retain(adapter, access) }
      running[adapter] += 1
      ends.push(time: begins + options.serviceTime.draw(&services), adapter: Int32(adapter))
    }
    return true
  }

  /// Moves an adapter into its slot.
  private mutating func load(_ adapter: Int, _ access: CacheAccess, now: Double) {
    if access.evicted >= 0 {
      outcome.evictions += 1
      lost(Int(access.evicted), now: now)
    }
    if access.cascaded {
      outcome.cascadeEvictions += 1
      lost(Int(access.dropped), now: now)
    }
    if now - evictedAt[adapter] < outcome.windowSeconds { outcome.earlyReturns += 1 }
    let swap = access.measured?.swap ?? options.swapCost.draw(bytes: bytes[adapter], &costs)
    swaps.append(swap)
    var seconds = swap
    if !access.hostHit {
      let fromStorage = access.measured?.load ?? options.loadCost.draw(bytes: bytes[adapter], &costs)
      loads.append(fromStorage)
      seconds += fromStorage
    }
    loaderFree = max(now, loaderFree) + seconds
    readyAt[adapter] = loaderFree
    outcome.busySeconds += seconds
  }

  private mutating func lost(_ adapter: Int, now: Double) {
    evictedAt[adapter] = now
    outcome.windowEvictions[window(now)] += 1
  }

  // MARK: Slots in use

  private mutating func wait(_ index: Int) {
    outcome.queued += 1
    let adapter = trace.adapters[index]
    if waiting[Int(adapter)].isEmpty { waitingAdapters.append(adapter) }
    waiting[Int(adapter)].append(index)
  }

  /// Ends the requests whose time has come; slots that become free go to those who wait.
  private mutating func finish(until time: Double) {
    while let end = ends.popFirst(until: time) {
      let adapter = Int(end.adapter)
      running[adapter] -= 1
      guard running[adapter] == 0 else { continue }
      cache.release(adapter)
      admit(now: end.time)
    }
  }

  private mutating func admit(now: Double) {
    while waitingHead < waitingAdapters.count {
      let adapter = Int(waitingAdapters[waitingHead])
      guard let first = waiting[adapter].first, begin(first, now: now, isServed: true) else { break }
      for position in waiting[adapter].indices.dropFirst() {
        _ = begin(waiting[adapter][position], now: now, isServed: true)
      }
      waiting[adapter].removeAll(keepingCapacity: true)
      waitingHead += 1
    }
    if waitingHead > 1024, waitingHead * 2 > waitingAdapters.count {
      waitingAdapters.removeFirst(waitingHead)
      waitingHead = 0
    }
  }
}

/// Times at which requests end, earliest first; of equal times the one that was put in first.
private struct EventHeap {
  private struct Event {
    var time: Double
    var number: UInt64
    var adapter: Int32

    static func < (left: Event, right: Event) -> Bool { (left.time, left.number) < (right.time, right.number) }
  }

  private var events: [Event] = []
  private var number: UInt64 = 0

  mutating func push(time: Double, adapter: Int32) {
    number += 1
    events.append(Event(time: time, number: number, adapter: adapter))
    var child = events.count - 1
    while child > 0, case let parent = (child - 1) / 2, events[child] < events[parent] {
      events.swapAt(child, parent)
      child = parent
    }
  }

  mutating func popFirst(until time: Double) -> (time: Double, adapter: Int32)? {
    guard let first = events.first, first.time <= time else { return nil }
    let last = events.removeLast()
    if !events.isEmpty {
      events[0] = last
      var parent = 0
      while true {
        var least = parent
        for child in 2 * parent + 1...2 * parent + 2 where child < events.count && events[child] < events[least] {
          least = child
        }
        if least == parent { break }
        events.swapAt(parent, least)
        parent = least
      }
    }
    return (first.time, first.adapter)
  }
}
