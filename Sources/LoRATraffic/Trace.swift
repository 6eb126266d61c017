/// Requests for adapters in the order of their times.
public struct Trace: Sendable, Equatable {
  /// The adapters' names; a request names its adapter by the position here.
  public internal(set) var names: [String]
  /// When each request arrives, in seconds, never decreasing.
  public internal(set) var times: [Double]
  /// The adapter of each request.
  public internal(set) var adapters: [Int32]

  init(names: [String] = []) {
    self.names = names
    times = []
    adapters = []
  }

  /// Number of requests.
  public var count: Int { times.count }

  /// Seconds from the first request to the last.
  public var duration: Double { (times.last ?? 0) - (times.first ?? 0) }

  mutating func reserve(_ count: Int) {
    times.reserveCapacity(count)
    adapters.reserveCapacity(count)
  }

  mutating func append(_ time: Double, _ adapter: Int32) {
    times.append(time)
    adapters.append(adapter)
  }

  /// How many requests each adapter has.
  public var popularity: [Int] {
    var counts = [Int](repeating: 0, count: names.count)
    for adapter in adapters { counts[Int(adapter)] += 1 }
    return counts
  }

  /// Numbers of different adapters in each window of `seconds`, from the first request on.
  public func distinctAdapters(perWindow seconds: Double) -> [Double] {
    guard let start = times.first, seconds > 0 else { return [] }
    var result: [Double] = []
    var seen = [Int](repeating: -1, count: names.count)
    var window = 0
    var distinct = 0
    for index in times.indices {
      let now = Int(min((times[index] - start) / seconds, 1e9))
      if now != window {
        result.append(Double(distinct))
        // Windows without a request have no adapter; long pauses are not worth a zero each.
        (window, distinct) = (now, 0)
      }
      let adapter = Int(adapters[index])
      if seen[adapter] != window {
        seen[adapter] = window
        distinct += 1
      }
    }
    result.append(Double(distinct))
    return result
  }
}
