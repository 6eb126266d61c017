import CUDADriver
import LoRAIO
import LoRAModel
import LoRASlots
import LoRASlotsCUDA
import Safetensors
import TensorCore

let cudaBenchmark = Benchmark(
  name: "cuda",
  summary:
    "adapter → slot of a GPU against one copy of its bytes: device=0 base=testdata/bases/llama-3.1-8b.json folder=/tmp "
    + "ranks=8,16,64 slots=8,16,64 runs=20"
) { options in
  try CUDAMeasurement(options).run()
}

/// Swaps of adapters that lie in pinned memory, against what the bus and a loop over tensors take.
private struct CUDAMeasurement {
  private let device: CUDADevice
  private let adapters: BenchAdapters
  private let ranks: [Int]
  private let slotRanks: [Int]
  private let runs: Int

  /// Most that the issue allows: seconds of a swap over those of the copy, commands, and least seconds of the loop over
  /// those of a swap up to rank 16.
  private static let limits = (copy: 1.25, submissions: 16, loop: 10.0)

  init(_ options: Options) throws {
    device = try CUDADevice(options.integers("device", default: [0])[0])
    adapters = try BenchAdapters(options)
    ranks = options.integers("ranks", default: [8, 16, 64])
    slotRanks = options.integers("slots", default: [8, 16, 64])
    runs = options.integers("runs", default: [20])[0]
  }

  func run() throws {
    print("\(device.title), slots of \(adapters.base.path), best of \(runs); times by the device's events, in ms")
    if let notice = device.notice { print(notice) }
    print("copy: one pinned copy of the adapter's bytes; loop: a fill and a copy for every tensor, as engines do")
    print("file: page cache → slot; first: until the first layer can run; host: until the call returns")
    print(
      "  rank  slot   file MB     copy     swap  swap/copy    first     host  commands     loop  loop/swap     file  "
        + "within limits")
    for rank in ranks {
      for slotRank in slotRanks where slotRank >= rank { try measure(rank, slotRank: slotRank) }
    }
  }

  private func measure(_ rank: Int, slotRank: Int) throws {
    let adapter = Adapter.load(try adapters.path(rank: rank, .bf16, alpha: 2))
    guard let file = adapter.file else { return }
    let slots = try device.allocateSlots(try adapters.layout(rank: slotRank))
    let staging = try device.allocateStaging(bytes: AdapterReading.room(for: file))
    let plan = try PackingPlan(adapter, base: adapters.base, layout: slots.layout)
    var fromFile = Double.infinity
    for _ in 0..<3 {
      let start = CurrentProcess.monotonicSeconds
      let reading = AdapterReading(file)
      try slots.load([SlotLoad(plan: plan, staging: staging, start: 0, slot: 0, reading: reading)]).wait()
      fromFile = min(fromFile, CurrentProcess.monotonicSeconds - start)
    }
    var swap = SlotTimings()
    swap.total = .infinity
    for _ in 0..<max(runs, 1) {
      let loading = try slots.load([SlotLoad(plan: plan, staging: staging, start: 0, slot: 0)])
      try loading.wait()
      if loading.timings.total < swap.total { swap = loading.timings }
    }
    let copy = try fastestOnDevice(staging, file) { stream, target in
      let bytes = unsafe UnsafeRawBufferPointer(rebasing: staging.bytes[..<Int(file.dataBytes)])
      unsafe try stream.copy(bytes, to: target)
    }
    let loop = try fastestOnDevice(staging, file) { stream, target in
      for tensor in file.header.tensors {
        let range = Int(tensor.begin)..<Int(tensor.end)
        try stream.fill(target + tensor.begin, count: range.count, with: 0)
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: staging.bytes[range])
        unsafe try stream.copy(bytes, to: target + tensor.begin)
      }
    }
    let limits = Self.limits
    let isWithin =
      swap.total <= limits.copy * copy && swap.submissions <= limits.submissions
      && (rank > 16 || loop >= limits.loop * swap.total)
    func milliseconds(_ seconds: Double, _ width: Int) -> String { column(fixed(seconds * 1e3, 3), width) }
    print(
      column("\(rank)", 6) + column("\(slotRank)", 6) + column(fixed(Double(file.dataBytes) / 1e6, 1), 10)
        + milliseconds(copy, 9) + milliseconds(swap.total, 9) + column(fixed(swap.total / copy, 2), 11)
        + milliseconds(swap.firstStage, 9) + milliseconds(swap.host, 9) + column("\(swap.submissions)", 10)
        + milliseconds(loop, 9) + column(fixed(loop / swap.total, 1), 11) + milliseconds(fromFile, 9) + "  "
        + (isWithin ? "yes" : "no"))
  }

  /// Seconds between two events around some work on a stream, at best; the target has room for the file's data.
  private func fastestOnDevice(
    _ staging: any StagingMemory, _ file: SafetensorsFile,
    _ work: (borrowing CUDAStream, DeviceAddress) throws -> Void
  ) throws -> Double {
    let context = device.context
    let target = try DeviceBuffer(context, count: Int(file.dataBytes))
    let stream = try CUDAStream(context)
    let start = try CUDAEvent(context)
    let end = try CUDAEvent(context)
    var best = Double.infinity
    for _ in 0...max(runs, 1) {
      try start.record(on: stream)
      try work(stream, target.address)
      try end.record(on: stream)
      try end.wait()
      best = min(best, try end.seconds(since: start))
    }
    return best
  }
}
