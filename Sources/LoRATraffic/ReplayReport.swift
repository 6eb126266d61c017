public import JSON
import TensorCore

/// A replay with everything that is to be said about it.
public struct ReplayReport: Sendable {
  /// The requests.
  public let trace: Trace
  /// The replay that was asked for.
  public let result: ReplayResult
  /// What it was run on: `model`, or the name of a device.
  public let device: String
  /// Other numbers of slots, when asked for.
  public let sweep: ReplaySweep?
  /// Other policies, when asked for.
  public let policies: [ReplayResult]
  /// Numbers of different adapters in the windows.
  public let distinct: Distribution
  /// The smallest number of slots that keeps misses at or below 1 % of requests, first uses excluded.
  public let recommendedSlots: Int

  /// Runs a trace, and if asked for a sweep and the policies.
  public init(
    _ trace: Trace, _ options: ReplayOptions, sweep: (slots: [Int], host: [Int])? = nil, policies: Bool = false
  ) {
    self.trace = trace
    device = "model"
    result = Replay.run(trace, options)
    self.sweep = sweep.map { ReplaySweep(trace, options, maxLoRAs: $0.slots, maxCPULoRAs: $0.host) }
    self.policies = policies ? ReplaySweep.policies(trace, options) : []
    distinct = Distribution(trace.distinctAdapters(perWindow: result.windowSeconds))
    recommendedSlots = Replay.recommendedSlots(trace)
  }

  /// A replay that was run on a device.
  public init(_ trace: Trace, _ result: ReplayResult, device: String) {
    self.trace = trace
    self.device = device
    self.result = result
    sweep = nil
    policies = []
    distinct = Distribution(trace.distinctAdapters(perWindow: result.windowSeconds))
    recommendedSlots = Replay.recommendedSlots(trace)
  }

  /// The document of `replay --format json`.
  public func json(toolVersion: String) -> JSONValue {
    var object: JSONObject = ["device": .string(device)]
    for (key, value) in result.json.members { object[key] = value }
    object["distinct_adapters_per_window"] = [
      "window_seconds": .real(result.windowSeconds), "p50": .real(distinct.p50), "p90": .real(distinct.p90),
      "p99": .real(distinct.p99), "mean": .real(distinct.mean), "max": .real(distinct.max),
    ]
    object["recommended_max_loras"] = JSONValue(recommendedSlots)
    object["thrash"] = [
      "windows": JSONValue(result.windowRequests.count), "thrashing_windows": JSONValue(result.thrashingWindows.count),
      "first_thrashing_second": result.thrashingWindows.first
        .map { .real(Double($0) * result.windowSeconds) } ?? .null,
      "early_returns": JSONValue(result.earlyReturns), "busy_share": .real(result.busyShare),
    ]
    if let sweep {
      object["sweep"] = .array(sweep.results.map { .object($0.json) })
      object["knee_max_loras"] = sweep.knee.map { JSONValue($0) } ?? .null
    }
    if !policies.isEmpty { object["policies"] = .array(policies.map { .object($0.json) }) }
    object["assumptions"] = .array(assumptions.map { .string($0) })
    return .document("replay", toolVersion: toolVersion, object)
  }

  /// What the numbers rest on, each in a sentence.
  public var assumptions: [String] {
    let options = result.options
    var lines = [
      "an LRU of \(options.maxLoRAs) slots inside one of \(options.maxCPULoRAs) adapters in host memory, both touched by "
        + "every request, as in vLLM; both start empty",
      device == "model"
        ? "host memory to slot: \(options.swapCost.text); storage to host memory: \(options.loadCost.text); one after the "
          + "other"
        : "times of loads were measured on \(device), with files as the system has them in its cache",
      options.blocksEngine
        ? "loads are part of the engine's step and hold up every request, as in vLLM"
        : "loads overlap with the work of other adapters",
    ]
    if options.policy != .lru { lines[0] = "policy \(options.policy.rawValue) in place of LRU: " + lines[0] }
    if options.serviceTime.high > 0 {
      lines.append("a request keeps its adapter's slot for \(MovingCost.time(options.serviceTime).text)")
    } else {
      lines.append("requests leave at once, so that none waits for a slot in use; --service-time changes that")
    }
    return lines
  }
}

extension ReplayResult {
  /// The result's part of the document.
  var json: JSONObject {
    [
      "policy": .string(options.policy.rawValue), "max_loras": JSONValue(options.maxLoRAs),
      "max_cpu_loras": JSONValue(options.maxCPULoRAs), "requests": JSONValue(requests),
      "adapters": JSONValue(distinctAdapters), "duration_seconds": .real(duration), "gpu_hits": JSONValue(gpuHits),
      "gpu_misses": JSONValue(gpuMisses), "gpu_hit_rate": .real(hitRate), "cpu_hits": JSONValue(cpuHits),
      "cpu_misses": JSONValue(cpuMisses), "evictions": JSONValue(evictions),
      "cascade_evictions": JSONValue(cascadeEvictions), "eviction_rate": .real(evictionRate),
      "queued": JSONValue(queued), "swap_seconds": swapSeconds.json, "load_seconds": loadSeconds.json,
      "wait_seconds": waitSeconds.json,
    ]
  }
}

extension Distribution {
  fileprivate var json: JSONValue {
    ["p50": .real(p50), "p90": .real(p90), "p99": .real(p99), "mean": .real(mean), "max": .real(max)]
  }
}

extension MovingCost {
  /// The cost in words: `30 to 50 ms`.
  var text: String {
    switch self {
    case .time(let range):
      range.low == range.high ? milliseconds(range.low) : "\(milliseconds(range.low)) to \(milliseconds(range.high))"
    case .bandwidth(let rate): "adapter bytes at \(ByteCount(UInt64(min(rate, 1e18))).human)/s"
    }
  }
}

/// A time in milliseconds with the digits that matter.
func milliseconds(_ seconds: Double) -> String {
  let value = seconds * 1000
  return "\(fixed(value, value < 1 ? 3 : value < 100 ? 1 : 0)) ms"
}
