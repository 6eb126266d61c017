/// A time that is always the same or spread evenly between two bounds, in seconds.
public struct CostRange: Sendable, Equatable {
  /// The shortest time.
  public let low: Double
  /// The longest time.
  public let high: Double

  /// A time between two bounds.
  public init(_ low: Double, _ high: Double) {
    self.low = min(low, high)
    self.high = max(low, high)
  }

  /// Always the same time.
  public init(_ seconds: Double) { self.init(seconds, seconds) }

  @inline(__always)
  func draw(_ random: inout Randomness) -> Double { low == high ? low : low + (high - low) * random.unit() }
}

/// What moving an adapter costs.
public enum MovingCost: Sendable, Equatable {
  /// A time that does not depend on the adapter.
  case time(CostRange)
  /// Its bytes at so many bytes in a second.
  case bandwidth(Double)

  @inline(__always)
  func draw(bytes: Double, _ random: inout Randomness) -> Double {
    switch self {
    case .time(let range): range.draw(&random)
    case .bandwidth(let rate): bytes / rate
    }
  }
}

/// How a replay is run.
public struct ReplayOptions: Sendable, Equatable {
  /// Slots on the device.
  public var maxLoRAs: Int
  /// Adapters that host memory holds; at least the slots.
  public var maxCPULoRAs: Int
  /// Which adapter makes room.
  public var policy = CachePolicy.lru
  /// Adapters kept in their slots by `popularity-pinned`; fewer than the slots.
  public var pinned = 0
  /// From host memory to a slot.
  public var swapCost = MovingCost.time(CostRange(0.03, 0.05))
  /// From storage to host memory.
  public var loadCost = MovingCost.time(CostRange(0.1))
  /// Bytes of the adapters, taken in turn; at least one.
  public var adapterBytes: [UInt64] = [32 << 20]
  /// How long a request keeps its adapter's slot; 0 lets every request leave at once.
  public var serviceTime = CostRange(0)
  /// Whether loads hold up everybody, as in vLLM, where they are part of the engine's step; else only those who wait
  /// for the adapter.
  public var blocksEngine = true
  /// Seconds of the windows in which adapters are counted and thrashing is looked for.
  public var window = 60.0
  /// Seed of the costs.
  public var seed: UInt64 = 0

  /// The defaults, for so many slots and adapters in host memory.
  public init(maxLoRAs: Int, maxCPULoRAs: Int) {
    self.maxLoRAs = max(1, maxLoRAs)
    self.maxCPULoRAs = max(self.maxLoRAs, maxCPULoRAs)
  }
}
