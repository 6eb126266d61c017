import Diagnostics
import TensorCore

extension ReplayReport {
  /// Lines for people.
  public var text: [String] {
    let options = result.options
    func share(_ count: Int) -> String {
      "\(grouped(UInt64(count))) (\(fixed(100 * Double(count) / Double(max(result.requests, 1)), 2)) %)"
    }
    var lines = [
      "\(grouped(UInt64(result.requests))) requests for \(grouped(UInt64(result.distinctAdapters))) adapters in "
        + "\(fixed(result.duration, 1)) s; \(options.maxLoRAs) slots, \(options.maxCPULoRAs) in host memory, "
        + options.policy.rawValue,
      "",
      "  slots        \(share(result.gpuHits)) hits, \(share(result.gpuMisses)) misses",
      "  host memory  \(share(result.cpuHits)) hits, \(share(result.cpuMisses)) misses",
      "  evictions    \(share(result.evictions)) to make room, \(share(result.cascadeEvictions)) with host memory",
    ]
    var times = TextTable([
      ("", .left), ("p50", .right), ("p90", .right), ("p99", .right), ("mean", .right), ("max", .right),
    ])
    for (name, values) in [
      ("swap", result.swapSeconds), ("load", result.loadSeconds), ("wait", result.waitSeconds),
    ] {
      times.add([name] + [values.p50, values.p90, values.p99, values.mean, values.max].map { milliseconds($0) })
    }
    lines += [""] + times.lines(indent: "  ") + [""]
    lines.append("  \(fixed(100 * result.busyShare, 1)) % of the time adapters are being moved")
    if result.queued > 0 { lines.append("  \(share(result.queued)) requests waited for a slot in use") }
    lines.append(
      "  different adapters in \(fixed(result.windowSeconds, 0)) s: \(fixed(distinct.p50, 0)) (p50), "
        + "\(fixed(distinct.p99, 0)) (p99), \(fixed(distinct.max, 0)) (max)")
    lines += thrash.map { "  " + $0 }
    lines.append(
      "  recommended max_loras: \(recommendedSlots); so many slots keep misses at or below 1 % (first uses excluded)")
    if let sweep { lines += [""] + Self.table(of: sweep) }
    if !policies.isEmpty { lines += [""] + Self.table(of: policies) }
    lines += ["", "assumptions:"] + assumptions.map { "  - " + $0 }
    return lines
  }

  /// Whether the cache thrashes, in a sentence.
  private var thrash: [String] {
    let windows = result.thrashingWindows
    guard let first = windows.first else { return ["no thrashing: no window in which one in four requests evicts"] }
    return [
      "thrashing in \(grouped(UInt64(windows.count))) of \(grouped(UInt64(result.windowRequests.count))) windows, the "
        + "first at \(fixed(Double(first) * result.windowSeconds, 0)) s: one in four requests or more takes a slot from "
        + "another adapter",
      "\(grouped(UInt64(result.earlyReturns))) requests were for an adapter that had lost its slot less than a window ago",
    ]
  }

  private static func table(of sweep: ReplaySweep) -> [String] {
    var table = TextTable([
      ("max_loras", .right), ("max_cpu_loras", .right), ("slot hits", .right), ("", .left), ("evictions", .right),
      ("p99 wait", .right), ("busy", .right), ("", .left),
    ])
    for result in sweep.results {
      table.add([
        "\(result.options.maxLoRAs)", "\(result.options.maxCPULoRAs)", "\(fixed(100 * result.hitRate, 1)) %",
        bar(result.hitRate), "\(fixed(100 * result.evictionRate, 1)) %", milliseconds(result.waitSeconds.p99),
        "\(fixed(100 * result.busyShare, 0)) %", result.options.maxLoRAs == sweep.knee ? "<- knee" : "",
      ])
    }
    return table.lines(indent: "  ")
  }

  private static func table(of policies: [ReplayResult]) -> [String] {
    var table = TextTable([
      ("policy", .left), ("slot hits", .right), ("", .left), ("evictions", .right), ("p99 wait", .right),
      ("host hits", .right),
    ])
    for result in policies {
      table.add([
        result.options.policy.rawValue, "\(fixed(100 * result.hitRate, 2)) %", bar(result.hitRate),
        "\(fixed(100 * result.evictionRate, 2)) %", milliseconds(result.waitSeconds.p99),
        "\(fixed(100 * Double(result.cpuHits) / Double(max(result.requests, 1)), 2)) %",
      ])
    }
    return table.lines(indent: "  ")
  }

  /// A bar of up to 24 blocks, in eighths.
  private static func bar(_ share: Double) -> String {
    let eighths = Int((max(0, min(share, 1)) * 24 * 8).rounded())
    let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    return String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
  }
}
