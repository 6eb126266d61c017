import Glibc
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
  do { try PackMeasurement(options).run() } catch { print("pack: \(error)") }
}

/// Adapters over all linear layers of a base, written to a file, read into staging memory and packed.
private struct PackMeasurement {
  private let base: BaseModel
  private let folder: String
  private let ranks: [Int]
  private let runs: Int
  private let jobs: [Int]

  init(_ options: Options) throws {
    base = try BaseModel.open(options.list("base")?.first ?? "testdata/bases/llama-3.1-8b.json")
    folder = Folder.join(options.list("folder")?.first ?? "/tmp", "lora-bench-pack-\(getpid())")
    ranks = options.integers("ranks", default: [8, 16, 64])
    runs = options.integers("runs", default: [5])[0]
    jobs = options.integers("jobs", default: [1, Workers.processorCount])
  }

  func run() throws {
    try Folder.create(folder)
    defer { try? Folder.remove(folder) }
    print("slots of \(base.path), best of \(runs); ratio: seconds of one memcpy of the slot's bytes / seconds")
    print("  rank  slot  file  scale  jobs     slot MB   memcpy GB/s    pack GB/s  ratio")
    for rank in ranks {
      for (dtype, alpha, slotRank) in [(DType.bf16, 1, 1), (.bf16, 2, 1), (.f32, 2, 1), (.bf16, 2, 4)] {
        for jobs in jobs { try measure(rank, dtype, alpha: alpha, slotRank: rank * slotRank, jobs) }
      }
    }
    print("\nfile in the page cache → slot (read + pack), best of \(runs); ratio: against reading the file")
    print("  rank  file  jobs   file MB      read ms    read + pack ms  ratio")
    for rank in ranks {
      for jobs in jobs { try measureFile(rank, jobs) }
    }
  }

  private let linear = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

  private func layout(_ rank: Int) throws -> SlotLayout {
    var options = SlotOptions()
    options.rank = UInt64(rank)
    options.targetModules = linear
    return try SlotLayout(of: base, options)
  }

  /// A PEFT folder whose factors hold small numbers.
  private func adapter(_ rank: Int, _ dtype: DType, alpha: Int) throws -> Adapter {
    let path = Folder.join(folder, "r\(rank)-\(dtype.name)-\(alpha)")
    if FileKind(path: path) == nil {
      try Folder.create(path)
      var tensors: [(name: String, dtype: DType, shape: Shape)] = []
      for module in base.modules.values where linear.contains(where: { module.name.hasSuffix("." + $0) }) {
        let name = "base_model.model.\(module.name)"
        tensors.append(("\(name).lora_A.weight", dtype, [UInt64(rank), module.inFeatures]))
        tensors.append(("\(name).lora_B.weight", dtype, [module.outFeatures, UInt64(rank)]))
      }
      let writer = try SafetensorsWriter(
        creating: Folder.join(path, "adapter_model.safetensors"), layout: SafetensorsWriter.layout(of: tensors))
      for tensor in writer.layout {
        let bytes = (0..<Int(tensor.byteCount)).map { index in
          index % 2 == 0 ? UInt8(truncatingIfNeeded: index / 2) : 0x3C
        }
        try writer.write(bytes, of: tensor)
      }
      let config =
        "{\"peft_type\":\"LORA\",\"r\":\(rank),\"lora_alpha\":\(rank * alpha),\"target_modules\":\"all-linear\"}"
      try WholeFile.write(Array(config.utf8), to: Folder.join(path, "adapter_config.json"))
    }
    return Adapter.load(path)
  }

  private func measure(_ rank: Int, _ dtype: DType, alpha: Int, slotRank: Int, _ jobs: Int) throws {
    let adapter = try adapter(rank, dtype, alpha: alpha)
    guard let file = adapter.file else { return }
    let layout = try layout(slotRank)
    let device = HostDevice(workers: jobs)
    let memory = try device.allocateSlots(layout)
    let staging = try device.allocateStaging(bytes: AdapterReading.room(for: file))
    try AdapterReading.read(file, into: staging, at: 0, workers: jobs)
    let load = SlotLoad(plan: try PackingPlan(adapter, base: base, layout: layout), staging: staging, start: 0, slot: 0)
    let bytes = Int(layout.slotBytes)
    let source = try device.allocateStaging(bytes: layout.slotBytes)
    let target = try device.allocateStaging(bytes: layout.slotBytes)
    let copy = fastest(of: runs) { copyAll(source, target, jobs) }
    let pack = fastest(of: runs) { _ = try? memory.load([load]) }
    print(
      column("\(rank)", 6) + column("\(slotRank)", 6) + column(dtype.name, 6) + column("\(alpha)", 7)
        + column("\(jobs)", 6) + column(fixed(Double(bytes) / 1e6, 1), 12)
        + column(fixed(Double(bytes) / copy / 1e9, 2), 14) + column(fixed(Double(bytes) / pack / 1e9, 2), 13)
        + column(fixed(copy / pack, 2), 7))
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

  private func measureFile(_ rank: Int, _ jobs: Int) throws {
    let adapter = try adapter(rank, .bf16, alpha: 2)
    guard let file = adapter.file else { return }
    let layout = try layout(rank)
    let device = HostDevice(workers: jobs)
    let memory = try device.allocateSlots(layout)
    let staging = try device.allocateStaging(bytes: AdapterReading.room(for: file))
    let load = SlotLoad(plan: try PackingPlan(adapter, base: base, layout: layout), staging: staging, start: 0, slot: 0)
    let read = fastest(of: runs) { try? AdapterReading.read(file, into: staging, at: 0, workers: jobs) }
    let both = fastest(of: runs) {
      try? AdapterReading.read(file, into: staging, at: 0, workers: jobs)
      _ = try? memory.load([load])
    }
    print(
      column("\(rank)", 6) + column("BF16", 6) + column("\(jobs)", 6)
        + column(fixed(Double(file.dataBytes) / 1e6, 1), 10)
        + column(fixed(read * 1e3, 2), 13) + column(fixed(both * 1e3, 2), 18) + column(fixed(both / read, 2), 7))
  }
}
