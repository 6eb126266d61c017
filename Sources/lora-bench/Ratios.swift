import LoRAIO
import LoRAKernels
import LoRAModel
import LoRASlots
import LoRATraffic
import Safetensors
import TensorCore
import ZstdArchive

/// Something whose time is told as a multiple of that of a reference, which is measured by turns in the same process.
struct Ratio {
  let name: String
  /// Measures once more; less is faster.
  let measure: () -> Double

  /// - Parameters:
  ///   - body: what is measured.
  ///   - reference: what it is measured against.
  init(_ name: String, of body: @escaping () -> Void, to reference: @escaping () -> Void) {
    self.name = name
    measure = {
      var best = (body: Double.infinity, reference: Double.infinity)
      for _ in 0..<7 {
        best.body = min(best.body, fastest(of: 2, body))
        best.reference = min(best.reference, fastest(of: 2, reference))
      }
      return best.body / best.reference
    }
  }
}

/// The ratios that are kept in the repository: the parts that take the time of merging, checking, packing, unpacking,
/// reading and replaying, each with one thread.
struct Ratios {
  private static let blockBytes = 32 << 20

  private let adapters: BenchAdapters
  private let traffic = Traffic(names: Traffic.names(200), rate: 500, duration: 600)

  init(_ options: Options) throws { adapters = try BenchAdapters(options, base: "testdata/bases/tinyllama-1.1b.json") }

  /// All of them; kernels at every level that can run here, so that machines with fewer levels have some in common.
  func all() throws -> [Ratio] {
    let levels = KernelLevel.available.filter { $0.name != "scalar" }
    return levels.flatMap(kernels) + (try packing()) + (try archives()) + (try reading()) + [try replay()]
  }

  private func kernels(_ level: KernelLevel) -> [Ratio] {
    let (source, target) = (SharedBytes(count: Self.blockBytes), SharedBytes(count: Self.blockBytes))
    let scan = Ratio("scan bf16, \(level.name)") {
      _ = unsafe Kernels.scan(UnsafeRawBufferPointer(source.bytes.buffer), dtype: .bf16, level: level)
    } to: {
      target.copy(source)
    }
    let merges = [(DType.bf16, 16), (.bf16, 64), (.f16, 16), (.f32, 16)].map { dtype, rank in
      let tile = MergeTile(rank: rank, columns: 2048, bytes: Self.blockBytes, dtype)
      return Ratio("merge \(dtype.name) rank \(rank), \(level.name)") {
        var uncounted: MergeStatistics?
        unsafe tile.merge(
          UnsafeRawBufferPointer(source.bytes.buffer), target.bytes.buffer, &uncounted, level: level)
      } to: {
        target.copy(source)
      }
    }
    return [scan] + merges
  }

  /// Adapters that lie in memory → slots.
  private func packing() throws -> [Ratio] {
    try [(DType.bf16, 1), (.f32, 2)].map { dtype, alpha in
      let adapter = Adapter.load(try adapters.path(rank: 16, dtype, alpha: alpha))
      guard let file = adapter.file else { throw BenchmarkFailure("the adapter has no weights") }
      let layout = try adapters.layout(rank: 16)
      let device = HostDevice(workers: 1)
      let memory = try device.allocateSlots(layout)
      let staging = try device.allocateStaging(bytes: AdapterReading.room(for: file))
      try AdapterReading.read(file, into: staging, at: 0, workers: 1)
      let load = SlotLoad(
        plan: try PackingPlan(adapter, base: adapters.base, layout: layout), staging: staging, start: 0, slot: 0)
      let (source, target) = (SharedBytes(count: Int(layout.slotBytes)), SharedBytes(count: Int(layout.slotBytes)))
      return Ratio("pack \(dtype.name), scale \(alpha)") {
        _ = try? memory.load([load])
      } to: {
        target.copy(source)
      }
    }
  }

  /// Compressed weights → memory, against copying what is in them.
  private func archives() throws -> [Ratio] {
    let path = Folder.join(try adapters.path(rank: 16, .bf16, alpha: 2, .random), "adapter_model.safetensors")
    let file = try SafetensorsFile.open(path)
    return try ArchiveFormat.allCases.map { format in
      var writer = ArchiveWriter()
      writer.format = format
      let output = try OutputFile.temporary()
      let size = try writer.write(file.header.archivePieces, of: file.contents, to: output)
      guard let archive = try ArchiveReader.open(output.reopened(size: size)) else {
        throw BenchmarkFailure("what was compressed is not read as \(format.rawValue)")
      }
      let (source, target) = (SharedBytes(count: Int(file.contents.size)), SharedBytes(count: Int(file.contents.size)))
      return Ratio("decompress \(format.rawValue)") {
        unsafe try? archive.read(into: target.bytes.buffer, at: 0, workers: 1)
      } to: {
        target.copy(source)
      }
    }
  }

  /// Headers and whole adapters, against reading their bytes from the page cache.
  private func reading() throws -> [Ratio] {
    let folder = try adapters.path(rank: 16, .bf16, alpha: 2, .random)
    let path = Folder.join(folder, "adapter_model.safetensors")
    let contents = try SafetensorsFile.open(path).contents
    let target = SharedBytes(count: Int(contents.size))
    let read = { unsafe try? contents.read(into: target.bytes.buffer, at: 0) }
    return [
      Ratio("header of 308 tensors") {
        _ = SafetensorsFile.examine(path)
      } to: {
        _ = read()
      },
      Ratio("load of an adapter") {
        _ = Adapter.load(folder)
      } to: {
        _ = read()
      },
    ]
  }

  /// A trace through the model of the cache, against making it.
  private func replay() throws -> Ratio {
    let (traffic, trace) = (traffic, try traffic.trace())
    let options = ReplayOptions(maxLoRAs: 16, maxCPULoRAs: 100)
    return Ratio("replay, lru") {
      _ = Replay.run(trace, options)
    } to: {
      _ = try? traffic.trace()
    }
  }
}
