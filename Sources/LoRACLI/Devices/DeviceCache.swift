import LoRAIO
import LoRASlots
import LoRATraffic
import SlotCache

extension Replay {
  /// Runs the trace through real slots.
  ///
  /// The requests arrive as the trace says; the cache is the one that serves them, and what its loads take is measured.
  ///
  /// - Parameters:
  ///   - trace: the requests.
  ///   - options: the cache, and what a request costs.
  ///   - slots: empty slots that know an adapter of each number in `trace.names`.
  ///   - progress: called after each request.
  /// - Throws: what a load failed with.
  static func run(
    _ trace: Trace, _ options: ReplayOptions, on slots: AdapterPool, progress: @escaping () -> Void = {}
  ) throws(AdapterPoolError) -> ReplayResult {
    let device = DeviceCache(slots, adapters: trace.names.count, progress)
    let result = run(trace, options, through: device)
    if let failure = device.failure { throw failure }
    return result
  }
}

/// Real slots as a cache that a replay can run through.
private final class DeviceCache: ReplayCache {
  private let slots: AdapterPool
  private let progress: () -> Void
  /// Leases of running adapters.
  private var leases: [SlotLease?]
  private var latest: SlotLease?
  private(set) var failure: AdapterPoolError?

  init(_ slots: AdapterPool, adapters: Int, _ progress: @escaping () -> Void) {
    self.slots = slots
    self.progress = progress
    leases = Array(repeating: nil, count: adapters)
  }

  func access(_ adapter: Int, nextUse: Int) -> CacheAccess? {
    guard failure == nil else { return nil }
    // The lease of a request that does not run any longer.
    latest = nil
    let start = CurrentProcess.monotonicSeconds
    do throws(AdapterPoolError) {
      guard let lease = try slots.acquire([adapter]).first else { return nil }
      let seconds = CurrentProcess.monotonicSeconds - start
      latest = lease
      progress()
      let access = lease.access
      let swap = lease.timings?.total ?? 0
      return CacheAccess(
        slot: Int32(truncatingIfNeeded: access.handle.slot), generation: access.handle.generation,
        hostHit: access.hostHit, deviceHit: access.deviceHit, evicted: Int32(truncatingIfNeeded: access.evicted ?? -1),
        dropped: Int32(truncatingIfNeeded: access.dropped ?? -1), cascaded: access.cascaded,
        measured: (swap: swap, load: max(0, seconds - swap)))
    } catch {
      if case .busy = error { return nil }
      failure = error
      return nil
    }
  }

  func retain(_ adapter: Int, _ access: CacheAccess) { leases[adapter] = latest }

  func release(_ adapter: Int) { leases[adapter] = nil }
}
