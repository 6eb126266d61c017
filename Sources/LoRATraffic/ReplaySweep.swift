import LoRAIO
import Synchronization

/// The same trace with several numbers of slots and of adapters in host memory.
public struct ReplaySweep: Sendable {
  /// A result for each pair of numbers, slots first.
  public let results: [ReplayResult]

  /// Runs all pairs, several at a time.
  public init(_ trace: Trace, _ options: ReplayOptions, maxLoRAs: [Int], maxCPULoRAs: [Int]) {
    var points: [ReplayOptions] = []
    for host in maxCPULoRAs {
      for slots in maxLoRAs {
        var point = options
        point.maxLoRAs = slots
        point.maxCPULoRAs = max(slots, host)
        if !points.contains(point) { points.append(point) }
      }
    }
    results = Self.run(trace, points)
  }

  /// Runs all policies with the same numbers.
  public static func policies(_ trace: Trace, _ options: ReplayOptions) -> [ReplayResult] {
    run(
      trace,
      CachePolicy.allCases.map { policy in
        var point = options
        point.policy = policy
        return point
      })
  }

  private static func run(_ trace: Trace, _ points: [ReplayOptions]) -> [ReplayResult] {
    let results = Mutex([ReplayResult?](repeating: nil, count: points.count))
    Workers.forEach(count: points.count, workers: Workers.processorCount) { index in
      let result = Replay.run(trace, points[index])
      results.withLock { $0[index] = result }
    }
    return results.withLock { $0.compactMap(\.self) }
  }

  /// The number of slots from which on more slots help little: the point farthest below the straight line from the
  /// first to the last, of misses over slots (Satopää et al., 2011, for a convex falling curve).
  ///
  /// Nil without at least three different numbers of slots, or when they make no difference.
  public var knee: Int? {
    // Of several sizes of host memory the largest shows what slots alone do.
    guard let host = results.map(\.options.maxCPULoRAs).max() else { return nil }
    let curve = results.filter { $0.options.maxCPULoRAs == host }
      .map { (x: Double($0.options.maxLoRAs), y: 1 - $0.hitRate) }.sorted { $0.x < $1.x }
    guard curve.count >= 3, let first = curve.first, let last = curve.last, first.y - last.y > 1e-9 else { return nil }
    let best = curve.max { left, right in
      func below(_ point: (x: Double, y: Double)) -> Double {
        (first.y - point.y) / (first.y - last.y) - (point.x - first.x) / (last.x - first.x)
      }
      return below(left) < below(right)
    }
    return best.map { Int($0.x) }
  }
}
