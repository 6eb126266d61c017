import Compression
import LoRAIO
import LoRAModel
import LoRASlots
import Safetensors
import TensorCore

let packBenchmark = Benchmark(
  name: "pack",
  summary:
    "adapter → slot against memcpy: base=testdata/bases/llama-3.1-8b.json folder=/tmp ranks=8,16,64 runs=5 jobs=1,2"
) { options in
  try PackMeasurement(options).run()
}

/// Adapters over all linear layers of a base, read into staging memory and packed.
private struct PackMeasurement {
  private let adapters: BenchAdapters
  private let ranks: [Int]
  private let runs: Int
  private let jobs: [Int]

  init(_ options: Options) throws {
    adapters = try BenchAdapters(options)
    ranks = options.integers("ranks", default: [8, 16, 64])
    runs = options.integers("runs", default: [5])[0]
    jobs = options.integers("jobs", default: [1, Workers.processorCount])
  }

  func run() throws {
    print("slots of \(adapters.base.path), best of \(runs); memcpy: one copy of the slot's bytes, as many threads")
    print("slot: seconds of the memcpy / seconds; moved: bytes read and written a second / those of the memcpy")
    print("  rank  slot  file  scale  jobs     slot MB   memcpy GB/s    pack GB/s   slot  moved")
    let kinds: [(dtype: DType, alpha: Int, padding: Int)] = [
      (.bf16, 1, 1), (.bf16, 2, 1), (.f32, 1, 1), (.f32, 2, 1), (.bf16, 2, 4), (.f32, 2, 4),
    ]
    for rank in ranks {
      for kind in kinds where rank * kind.padding <= 64 || kind.padding == 1 {
        for jobs in jobs { try measure(rank, kind.dtype, alpha: kind.alpha, slotRank: rank * kind.padding, jobs) }
      }
    }
    print("\nfile in the page cache → slot, best of \(runs); ratio: against reading the plain file into memory")
    print("  rank        file  jobs   file MB      read ms    → slot ms  ratio")
    for rank in ranks {
      for jobs in jobs {
        for format in [nil, ArchiveFormat.bytePlanes] { try measureFile(rank, format, jobs) }
      }
    }
  }

  private func measure(_ rank: Int, _ dtype: DType, alpha: Int, slotRank: Int, _ jobs: Int) throws {
    let adapter = Adapter.load(try adapters.path(rank: rank, dtype, alpha: alpha))
    guard let file = adapter.file else { return }
    let layout = try adapters.layout(rank: slotRank)
    let device = HostDevice(workers: jobs)
    let memory = try device.allocateSlots(layout)
    let staging = try device.allocateStaging(bytes: AdapterReading.room(for: file))
    try AdapterReading.read(file, into: staging, at: 0, workers: jobs)
    let plan = try PackingPlan(adapter, base: adapters.base, layout: layout)
    let load = SlotLoad(plan: plan, staging: staging, start: 0, slot: 0)
    let bytes = Double(layout.slotBytes)
    let source = try device.allocateStaging(bytes: layout.slotBytes)
    let target = try device.allocateStaging(bytes: layout.slotBytes)
    let copy = fastest(of: runs) { copyAll(source, target, jobs) }
    let pack = fastest(of: runs) { _ = try? memory.load([load]) }
    let moved = (bytes + Double(plan.sourceBytes)) / (2 * bytes)
    print(
      column("\(rank)", 6) + column("\(slotRank)", 6) + column(dtype.name, 6) + column("\(alpha)", 7)
        + column("\(jobs)", 6) + column(fixed(bytes / 1e6, 1), 12) + column(fixed(bytes / copy / 1e9, 2), 14)
        + column(fixed(bytes / pack / 1e9, 2), 13) + column(fixed(copy / pack, 2), 7)
        + column(fixed(copy / pack * moved, 2), 7))
  }

  /// One memcpy per thread.
  private func copyAll(_ source: any StagingMemory, _ target: any StagingMemory, _ jobs: Int) {
    let part = source.byteCount / jobs
    Workers.forEach(count: jobs, workers: jobs) { job in
      let range = job * part..<(job + 1) * part
      unsafe UnsafeMutableRawBufferPointer(rebasing: target.bytes[range]).copyMemory(
        from: UnsafeRawBufferPointer(rebasing: source.bytes[range]))
    }
  }

  private func measureFile(_ rank: Int, _ format: ArchiveFormat?, _ jobs: Int) throws {
    let path = try adapters.path(rank: rank, .bf16, alpha: 2, .random)
    let plain = try SafetensorsFile.open(Folder.join(path, "adapter_model.safetensors"))
    let adapter = Adapter.load(try format.map { try compressed(path, plain, $0) } ?? path, unpacking: .onDemand)
    guard let file = adapter.file else { return }
    let layout = try adapters.layout(rank: rank)
    let device = HostDevice(workers: jobs)
    let memory = try device.allocateSlots(layout)
    let staging = try device.allocateStaging(bytes: AdapterReading.room(for: file))
    let plan = try PackingPlan(adapter, base: adapters.base, layout: layout)
    let read = fastest(of: runs) { try? AdapterReading.read(plain, into: staging, at: 0, workers: jobs) }
    let whole = fastest(of: runs) {
      let reading = AdapterReading(file)
      _ = try? memory.load([SlotLoad(plan: plan, staging: staging, start: 0, slot: 0, reading: reading)])
    }
    print(
      column("\(rank)", 6) + column(format?.rawValue ?? "plain", 12) + column("\(jobs)", 6)
        + column(fixed(Double(file.fileBytes) / 1e6, 1), 10) + column(fixed(read * 1e3, 2), 13)
        + column(fixed(whole * 1e3, 2), 13) + column(fixed(whole / read, 2), 7))
  }

  /// The same adapter with compressed weights.
  private func compressed(_ path: String, _ file: SafetensorsFile, _ format: ArchiveFormat) throws -> String {
    let folder = path + "-\(format.rawValue)"
    guard FileKind(path: folder) == nil else { return folder }
    try Folder.create(folder)
    var writer = ArchiveWriter()
    writer.format = format
    writer.workers = Workers.processorCount
    let output = try OutputFile(creating: Folder.join(folder, "adapter_model.safetensors" + format.fileExtension))
    _ = try writer.write(file.header.archivePieces, of: file.contents.file, to: output)
    let name = "adapter_config.json"
    let config = try InputFile.contents(of: Folder.join(path, name), limit: 1 << 20)
    try WholeFile.write(config, to: Folder.join(folder, name))
    return folder
  }
}
