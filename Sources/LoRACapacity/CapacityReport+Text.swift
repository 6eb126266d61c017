import Diagnostics
import JSON
import LoRAModel
import TensorCore

extension CapacityReport {
  /// Lines for people.
  public var text: [String] {
    var lines = plan.rows.map { row in
      "  " + row.name + String(repeating: " ", count: max(2, 26 - row.name.count)) + row.value
    }
    lines.insert("\(escaped(plan.request.base.path)), \(plan.title)", at: 0)
    if plan.adapters.count > 1 { lines += [""] + adapterTable }
    if let mix, mix.buckets.count > 1 { lines += [""] + text(of: mix) }
    if !sweep.isEmpty { lines += [""] + sweepTable }
    return lines + ["", "assumptions:"] + plan.assumptions.map { "  - " + $0 }
  }

  private var adapterTable: [String] {
    var table = TextTable([
      ("adapter", .left), ("rank", .right), ("modules", .right), ("parameters", .right), ("bytes", .right),
    ])
    for adapter in plan.adapters {
      table.add([
        escaped(adapter.path ?? ""), "\(adapter.rank)", "\(adapter.modules)", grouped(adapter.parameters),
        "\(ByteCount(adapter.bytes))",
      ])
    }
    return table.lines(indent: "  ")
  }

  private func text(of mix: RankMix) -> [String] {
    var lines = ["  adapters by the rank of slots that they need:"]
    for bucket in mix.buckets {
      lines.append("    rank \(bucket.rank): \(bucket.adapters), slots of \(ByteCount(bucket.slotBytes))")
    }
    lines.append("  a slot each, all of rank \(plan.maxLoRARank): \(ByteCount(mix.uniformBytes))")
    lines.append(
      "  a slot each, servers by rank: \(ByteCount(mix.bucketedBytes)), \(fixed(100 * mix.saving, 1)) % less; the "
        + "adapters themselves: \(ByteCount(mix.adapterBytes))")
    return lines
  }

  private var sweepTable: [String] {
    var table = TextTable([
      ("rank", .right), ("slots' rank", .right), ("max_loras", .right), ("GPUs a layer", .right), ("adapter", .right),
      ("per GiB", .right), ("slots", .right),
      ("KV blocks displaced", .right), ("KV blocks left", .right), ("FLOPs", .right), ("GPUs", .right),
    ])
    for plan in sweep {
      table.add([
        plan.largest.map { "\($0.rank)" } ?? "", "\(plan.maxLoRARank)", "\(plan.request.maxLoRAs)",
        "\(plan.request.tensorParallel)",
        plan.largest.map { ByteCount($0.bytes).human } ?? "", grouped(plan.adaptersPerGiB),
        plan.reservationBytes.map { ByteCount($0).human } ?? "", plan.kvBlocksDisplaced.map { grouped($0) } ?? "",
        plan.kvBlocksAvailable.map { grouped($0) } ?? "",
        "+\(fixed(100 * plan.deltaFLOPs / max(plan.baseFLOPs, 1), 2)) %",
        plan.gpusShared.map { grouped($0) } ?? "",
      ])
    }
    return table.lines(indent: "  ")
  }
}

extension CapacityPlan {
  /// What is planned, in a few words.
  fileprivate var title: String {
    switch request.adapters {
    case .uniform(let rank, let targets): "rank \(rank) on \(escaped("\(targets)")), \(largest?.modules ?? 0) modules"
    case .real(let adapters): adapters.count == 1 ? "one adapter" : "\(adapters.count) adapters"
    }
  }

  /// The numbers with their names, in groups.
  fileprivate var rows: [(name: String, value: String)] {
    var rows: [(name: String, value: String)] = []
    func add(_ name: String, _ value: String?) { if let value { rows.append((name, value)) } }
    let many = adapters.count > 1 ? " (the largest)" : ""
    add("parameters per layer", parametersPerLayer.map { grouped($0) })
    add("adapter parameters", largest.map { grouped($0.parameters) + many })
    add("adapter", largest.map { "\(ByteCount($0.bytes))" + many })
    add("adapters per GiB", grouped(adaptersPerGiB))
    add("base parameters", baseParameters.map { grouped($0) })
    add("base", baseBytes.map { "\(ByteCount($0))" })
    add("shrink ratio", shrinkRatio.map { "1/\(fixed($0, 1))" })
    let each = request.tensorParallel > 1 ? " on each GPU" : ""
    if request.tensorParallel > 1 { add("base on each GPU", baseBytesPerGPU.map { "\(ByteCount($0))" }) }
    add("slot", slotBytes.map { "\(ByteCount($0)), rank \(maxLoRARank)\(each)" } ?? "none")
    add("slots reserved", reservationBytes.map { "\(ByteCount($0)) for \(grouped(request.maxLoRAs))\(each)" })
    add("padding in slots", paddingWasteRatio.map { "\(fixed(100 * $0, 1)) %" })
    if cache == nil, KeyValueCache.isAbsent(from: request.base) { add("KV cache", "none") }
    add("KV cache per token", kvBytesPerToken.map { "\(ByteCount($0))\(each)" })
    add("KV cache per block", kvBlockBytes.map { "\(ByteCount($0)), \(request.blockSize) tokens" })
    add("state per sequence", stateBytesPerSequence.map { "\(ByteCount($0))\(each)" })
    add("KV blocks displaced", kvBlocksDisplaced.map { "\(grouped($0)), \(grouped($0 &* request.blockSize)) tokens" })
    add("KV blocks available", kvBlocksAvailable.map { "\(grouped($0)), \(grouped($0 &* request.blockSize)) tokens" })
    add("fits", fits.map { $0 ? "yes" : "no: base and slots need more than the device has" })
    add("delta per token", "\(fixed(deltaFLOPs / 1e6, 2)) MFLOP")
    add("base per token", "\(fixed(baseFLOPs / 1e9, 2)) GFLOP")
    if baseFLOPs > 0 { add("delta / base", "\(fixed(100 * deltaFLOPs / baseFLOPs, 3)) %") }
    add("GPUs, one per tenant", gpusDedicated.map { grouped($0) })
    add("GPUs, shared", gpusShared.map { grouped($0) })
    add("GPUs saved", gpusSaved.map { grouped($0) })
    let costs = [("dedicated", gpusDedicated), ("shared", gpusShared)].compactMap { name, gpus in
      monthlyCost(gpus).map { "\(fixed($0, 2)) \(name)" }
    }
    add("monthly cost", costs.isEmpty ? nil : costs.joined(separator: ", "))
    return rows
  }
}
