import LoRAKernels
import TensorCore

/// The merge kernel on one core: bytes and operations per second against plain copying and pure multiply-adds.
///
/// `hot` merges one tile again and again, as a pipeline with reused buffers does; `memory` sweeps through more than the
/// caches hold, tile by tile.
let kernelsBenchmark = Benchmark(
  name: "kernels",
  summary: "merge kernel [rank=16,64,128] [level=...] [dtype=BF16,F16,F32] [columns=2048] [mib=128] [statistics=1]"
) { options in
  let levels = options.list("level")?.compactMap { KernelLevel(name: $0) } ?? KernelLevel.available.reversed()
  let dtypes = options.list("dtype")?.compactMap { DType(name: $0) } ?? [.bf16, .f16, .f32]
  let ranks = options.integers("rank", default: [8, 16, 32, 64, 128])
  let columns = options.integers("columns", default: [2048])[0]
  let total = options.integers("mib", default: [128])[0] << 20
  let statistics = options.list("statistics") != nil

  let base = Bytes(count: total)
  let output = Bytes(count: total)
  let copy = copyRate(base, output)
  print(
    "memcpy \(fixed(copy, 2)) GB/s read and written, over \(total >> 20) MiB, the better of 1 MiB pieces and all at once"
  )
  for level in levels {
    let single = fmaPeak(level, double: false)
    let double = fmaPeak(level, double: true)
    print("\(level): peak \(fixed(single, 1)) GFLOP/s in f32, \(fixed(double, 1)) in f64")
    for dtype in dtypes {
      base.fill(high: dtype == .f16 ? 0x24 : 0x3C)
      let peak = dtype == .f32 ? double : single
      for rank in ranks {
        let merge = MergeMeasurement(
          base, output, dtype: dtype, rank: rank, columns: columns, level: level, statistics: statistics)
        print(
          "  \(column(dtype.name, 4)) r=\(column(String(rank), 3))",
          "hot \(column(fixed(merge.hot, 2), 6)) GB/s \(column(fixed(merge.operations, 1), 6)) GFLOP/s",
          "= \(column(fixed(100 * merge.operations / peak, 0), 3)) % of peak |",
          "memory \(column(fixed(merge.cold, 2), 6)) GB/s, time of memcpy x \(fixed(copy / merge.cold, 2))")
      }
    }
  }
}

private let tileBytes = 1 << 20

/// Bytes read and written per second, in GB, when `from` is copied to `to`.
private func copyRate(_ from: borrowing Bytes, _ to: borrowing Bytes) -> Double {
  let (source, target) = unsafe (from.buffer, to.buffer)
  let pieces = fastestSweep(of: 7, pieces: source.count / tileBytes) { piece in
    let range = piece * tileBytes..<(piece + 1) * tileBytes
    unsafe UnsafeMutableRawBufferPointer(rebasing: target[range]).copyMemory(
      from: UnsafeRawBufferPointer(rebasing: source[range]))
  }
  let whole = fastest(of: 7) { unsafe target.copyMemory(from: UnsafeRawBufferPointer(source)) }
  return 2 * Double(source.count) / min(pieces, whole) / 1e9
}

/// GFLOP/s of multiply-adds that touch no memory.
private func fmaPeak(_ level: KernelLevel, double: Bool) -> Double {
  var rounds: UInt64 = 1000
  while true {
    var operations: UInt64 = 0
    let seconds = fastest(of: 50) { operations = level.burn(rounds: rounds, double: double) }
    if seconds > 0.0005 { return Double(operations) / seconds / 1e9 }
    rounds *= 2
  }
}

/// Whole rows of a matrix with factors that lie ready.
struct MergeTile {
  let rows: Int
  let byteCount: Int
  private let dtype: DType
  private var left: LeftFactor
  private var right: RightFactor

  /// - Parameter bytes: about as many as it has.
  init(rank: Int, columns: Int, bytes: Int, _ dtype: DType) {
    let rowBytes = columns * Int(dtype.bits / 8)
    rows = max(bytes / rowBytes, 1)
    byteCount = rows * rowBytes
    self.dtype = dtype
    right = RightFactor(rank: rank, columns: columns)
    left = LeftFactor(rows: rows, rank: rank)
    unsafe fillFactor(rank * columns) { unsafe right.load($0, dtype: .f32, layout: .rankFirst(count: columns)) }
    unsafe fillFactor(rank * rows) {
      unsafe left.load($0, dtype: .f32, layout: .rankLast(rank: rank), scales: [2])
    }
  }

  func merge(
    _ base: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer, _ statistics: inout MergeStatistics?,
    level: KernelLevel
  ) {
    unsafe Kernels.merge(
      base: base, baseDType: dtype, rows: rows, left: left, right: right, output: output, outputDType: dtype,
      statistics: &statistics, level: level)
  }
}

private struct MergeMeasurement {
  /// GB/s read and written in one tile.
  let hot: Double
  /// GB/s read and written from and to memory.
  let cold: Double
  /// GFLOP/s in one tile, two for each multiply-add.
  let operations: Double

  init(
    _ base: borrowing Bytes, _ output: borrowing Bytes, dtype: DType, rank: Int, columns: Int, level: KernelLevel,
    statistics: Bool
  ) {
    let tile = MergeTile(rank: rank, columns: columns, bytes: tileBytes, dtype)
    let (source, target) = unsafe (base.buffer, output.buffer)
    var counted: MergeStatistics? = statistics ? MergeStatistics() : nil
    func merge(_ index: Int) {
      let range = index * tile.byteCount..<(index + 1) * tile.byteCount
      unsafe tile.merge(
        UnsafeRawBufferPointer(rebasing: source[range]), UnsafeMutableRawBufferPointer(rebasing: target[range]),
        &counted, level: level)
    }
    let bytes = 2 * Double(tile.byteCount)
    let once = fastest(of: level.name == "scalar" ? 2 : 100) { merge(0) }
    hot = bytes / once / 1e9
    operations = 2 * Double(tile.rows) * Double(columns) * Double(rank) / once / 1e9
    let tiles = min(source.count / tile.byteCount, level.name == "scalar" ? 2 : .max)
    cold = bytes * Double(tiles) / fastestSweep(of: 3, pieces: tiles, merge) / 1e9
  }
}

/// Factor values of a plausible size: deltas of some hundredths of the weights.
func fillFactor(_ count: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
  var state: UInt32 = 12345
  var values = [Float](repeating: 0, count: count)
  for index in values.indices {
    state = state &* 1_664_525 &+ 1_013_904_223
    values[index] = Float(Int32(bitPattern: state)) * 0x1p-31 * 0.01
  }
  unsafe values.withUnsafeBytes { unsafe body($0) }
}
