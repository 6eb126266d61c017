import Compression
import Glibc
import LoRAIO
import LoRAKernels
import LoRAModel
import LoRASlots
import LoRATraffic
import Safetensors
import TensorCore

/// Something whose time is told as a multiple of that of a reference, which is measured by turns in the same process.
struct Ratio {
  /// Work and reference, ready to be measured.
  struct Measurement {
    let body: () -> Void
    let reference: () -> Void

    /// Measures once more; less is faster.
    ///
    /// Each counts with its fastest of at least 15 rounds, for half a second.
    func value() -> Double {
      var best = (body: Double.infinity, reference: Double.infinity)
      var rounds = 0
      let start = CurrentProcess.monotonicSeconds
      while rounds < 15 || (rounds < 2_000 && CurrentProcess.monotonicSeconds - start < 0.5) {
        best.body = min(best.body, processorSeconds(body))
        best.reference = min(best.reference, processorSeconds(reference))
        rounds += 1
      }
      return best.body / best.reference
    }

    /// Time of this process alone, which others that wait for the same processor do not prolong.
    private func processorSeconds(_ body: () -> Void) -> Double {
      func now() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
      }
      let start = now()
      body()
      return now() - start
    }
  }

  let name: String
  /// Makes the inputs.
  let prepare: () throws -> Measurement
}

/// The ratios that are kept in the repository: the parts that take the time of merging, checking, packing, unpacking,
/// reading and replaying, each with one thread.
struct Ratios {
  private let adapters: BenchAdapters

  init(_ options: Options) throws { adapters = try BenchAdapters(options, base: "testdata/bases/tinyllama-1.1b.json") }

  /// All of them; kernels at every level that can run here, so that machines with fewer levels have some in common.
  var all: [Ratio] {
    let levels = KernelLevel.available.filter { $0.name != "scalar" }
    return levels.flatMap(kernels) + [pack(.bf16, alpha: 1), pack(.f32, alpha: 2)]
      + ArchiveFormat.allCases.map(decompress)
      + [
        Ratio(name: "header of an adapter") { try reading { path, file in _ = SafetensorsFile.examine(file) } },
        Ratio(name: "load of an adapter") { try reading { path, file in _ = Adapter.load(path) } },
        Ratio(name: "replay, lru", prepare: replay),
      ]
  }

  /// Kernels over a block, against a copy of it: the scan within the second-level cache, merges over memory.
  private func kernels(_ level: KernelLevel) -> [Ratio] {
    func over(
      _ count: Int, times: Int = 1, _ body: @escaping (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) -> Void
    ) -> Ratio.Measurement {
      let (source, target) = (SharedBytes(count: count), SharedBytes(count: count))
      return Ratio.Measurement {
        for _ in 0..<times { unsafe body(UnsafeRawBufferPointer(source.bytes.buffer), target.bytes.buffer) }
      } reference: {
        for _ in 0..<times { target.copy(source) }
      }
    }
    let scan = Ratio(name: "scan bf16, \(level.name)") {
      unsafe over(256 << 10, times: 64) { source, _ in
        _ = unsafe Kernels.scan(source, dtype: .bf16, level: level)
      }
    }
    return [scan]
      + [(DType.bf16, 16), (.bf16, 64), (.f16, 16), (.f32, 16)].map { dtype, rank in
        Ratio(name: "merge \(dtype.name) rank \(rank), \(level.name)") {
          let tile = MergeTile(rank: rank, columns: 2048, bytes: 32 << 20, dtype)
          return unsafe over(tile.byteCount) { source, target in
            var uncounted: MergeStatistics?
            unsafe tile.merge(source, target, &uncounted, level: level)
          }
        }
      }
  }

  /// Copies of as many bytes, as a reference.
  private func copying(_ count: UInt64) -> () -> Void {
    let (source, target) = (SharedBytes(count: Int(count)), SharedBytes(count: Int(count)))
    return { target.copy(source) }
  }

  /// An adapter that lies in memory → a slot.
  private func pack(_ dtype: DType, alpha: Int) -> Ratio {
    Ratio(name: "pack \(dtype.name), scale \(alpha)") {
      let adapter = Adapter.load(try adapters.path(rank: 16, dtype, alpha: alpha))
      guard let file = adapter.file else { throw BenchmarkFailure("the adapter has no weights") }
      let layout = try adapters.layout(rank: 16)
      let device = HostDevice(workers: 1)
      let memory = try device.allocateSlots(layout)
      let staging = try device.allocateStaging(bytes: AdapterReading.room(for: file))
      try AdapterReading.read(file, into: staging, at: 0, workers: 1)
      let plan = try PackingPlan(adapter, base: adapters.base, layout: layout)
      let load = SlotLoad(plan: plan, staging: staging, start: 0, slot: 0)
      return Ratio.Measurement {
        _ = try? memory.load([load])
      } reference: { [copy = copying(layout.slotBytes)] in
        copy()
      }
    }
  }

  /// Compressed weights → memory.
  private func decompress(_ format: ArchiveFormat) -> Ratio {
    Ratio(name: "decompress \(format.rawValue)") {
      let path = Folder.join(try adapters.path(rank: 16, .bf16, alpha: 2, .random), "adapter_model.safetensors")
      let file = try SafetensorsFile.open(path)
      var writer = ArchiveWriter()
      writer.format = format
      let output = try OutputFile.temporary()
      let size = try writer.write(file.header.archivePieces, of: file.contents.file, to: output)
      guard let archive = try ArchiveReader.open(output.reopened(size: size)) else {
        throw BenchmarkFailure("what was compressed is not read as \(format.rawValue)")
      }
      let target = SharedBytes(count: Int(file.contents.size))
      return Ratio.Measurement {
        unsafe try? archive.read(into: target.bytes.buffer, at: 0, workers: 1)
      } reference: { [copy = copying(file.contents.size)] in
        copy()
      }
    }
  }

  /// Something done with an adapter in the page cache, by its folder and its file, against reading its bytes.
  private func reading(_ body: @escaping (_ path: String, _ file: String) -> Void) throws -> Ratio.Measurement {
    let path = try adapters.path(rank: 16, .bf16, alpha: 2, .random)
    let file = Folder.join(path, "adapter_model.safetensors")
    let contents = try SafetensorsFile.open(file).contents
    let target = SharedBytes(count: Int(contents.size))
    return Ratio.Measurement {
      body(path, file)
    } reference: {
      unsafe try? contents.read(into: target.bytes.buffer, at: 0)
    }
  }

  /// A trace through the model of the cache, against making it.
  private func replay() throws -> Ratio.Measurement {
    let traffic = Traffic(names: Traffic.names(200), rate: 500, duration: 600)
    let trace = try traffic.trace()
    let options = ReplayOptions(maxLoRAs: 16, maxCPULoRAs: 100)
    return Ratio.Measurement {
      _ = Replay.run(trace, options)
    } reference: {
      _ = try? traffic.trace()
    }
  }
}
