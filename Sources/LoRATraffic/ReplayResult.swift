/// What happened in a replay.
public struct ReplayResult: Sendable, Equatable {
  /// Slots, policy and costs that it was run with.
  public let options: ReplayOptions
  /// Number of requests.
  public internal(set) var requests = 0
  /// Different adapters among them.
  public internal(set) var distinctAdapters = 0
  /// Requests whose adapter had a slot.
  public internal(set) var gpuHits = 0
  /// Requests whose adapter was in host memory, whether or not it had a slot.
  public internal(set) var cpuHits = 0
  /// Slots emptied to make room for another adapter.
  public internal(set) var evictions = 0
  /// Slots emptied because the adapter left host memory.
  public internal(set) var cascadeEvictions = 0
  /// Requests for an adapter that had lost its slot less than a window ago.
  public internal(set) var earlyReturns = 0
  /// Requests that had to wait for another adapter to finish, all slots being in use.
  public internal(set) var queued = 0
  /// Seconds from host memory to a slot, of all requests that met no slot.
  public internal(set) var swapSeconds = Distribution([])
  /// Seconds from storage to host memory, of all requests whose adapter was not there.
  public internal(set) var loadSeconds = Distribution([])
  /// Seconds from arrival until the adapter can be used, of all requests.
  public internal(set) var waitSeconds = Distribution([])
  /// Seconds in which adapters were being moved.
  public internal(set) var busySeconds = 0.0
  /// Seconds from the first request to the last.
  public internal(set) var duration = 0.0
  /// Seconds of each window.
  public internal(set) var windowSeconds = 0.0
  /// Requests in each window.
  public internal(set) var windowRequests: [Int] = []
  /// Evictions of both kinds in each window.
  public internal(set) var windowEvictions: [Int] = []

  init(options: ReplayOptions) { self.options = options }

  /// Requests whose adapter had no slot.
  public var gpuMisses: Int { requests - gpuHits }
  /// Requests whose adapter was not in host memory.
  public var cpuMisses: Int { requests - cpuHits }
  /// Evictions for each request.
  public var evictionRate: Double { requests > 0 ? Double(evictions) / Double(requests) : 0 }
  /// Share of requests whose adapter had a slot.
  public var hitRate: Double { requests > 0 ? Double(gpuHits) / Double(requests) : 0 }
  /// Share of the time in which adapters were being moved; above 1 the moves cannot keep up with the requests.
  public var busyShare: Double { duration > 0 ? busySeconds / duration : 0 }

  /// From this many evictions for each request on, a window thrashes.
  public static let thrashingRate = 0.25

  /// Windows in which at least one in four requests took a slot from another adapter; a window with fewer requests
  /// than slots says nothing.
  public var thrashingWindows: [Int] {
    windowRequests.indices.filter {
      windowRequests[$0] >= options.maxLoRAs
        && Double(windowEvictions[$0]) >= Self.thrashingRate * Double(windowRequests[$0])
    }
  }
}
