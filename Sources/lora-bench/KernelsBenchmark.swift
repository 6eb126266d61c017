import LoRAKernels
import TensorCore

/// The merge kernel on one core: bytes and operations per second against plain copying and pure multiply-adds.
let kernelsBenchmark = Benchmark(
  name: "kernels", summary: "merge kernel [rank=16,64,128] [level=...] [dtype=BF16,F16,F32] [columns=2048] [mib=128]"
) { options in
  let levels = options.list("level")?.compactMap { KernelLevel(name: $0) } ?? KernelLevel.available.reversed()
  let dtypes = options.list("dtype")?.compactMap { DType(name: $0) } ?? [.bf16, .f16, .f32]
  let ranks = options.integers("rank", default: [8, 16, 32, 64, 128])
  let columns = options.integers("columns", default: [2048])[0]
  let total = options.integers("mib", default: [128])[0] << 20
  let statistics = options.list("statistics") != nil

  let base = Bytes(count: total)
  let output = Bytes(count: total)
  for tile in [1 << 20, total] {
    let copy = copyRate(base, output, tile: tile)
    print(
      "memory: \(fixed(copy, 2)) GB/s read and written by memcpy",
      "in pieces of \(tile >> 10) KiB over \(total >> 20) MiB")
    for level in levels {
      let single = fmaPeak(level, double: false)
      let double = fmaPeak(level, double: true)
      print("\(level): peak \(fixed(single, 1)) GFLOP/s in f32, \(fixed(double, 1)) in f64")
      for dtype in dtypes {
        base.fill(high: dtype == .f16 ? 0x24 : 0x3C)
        for rank in ranks {
          let merge = MergeMeasurement(
            base, output, dtype: dtype, rank: rank, columns: columns, tile: tile, level: level, statistics: statistics)
          let peak = dtype == .f32 ? double : single
          print(
            "  \(column(dtype.name, 4)) r=\(column(String(rank), 3)) \(column(fixed(merge.rate, 2), 6)) GB/s",
            "\(column(fixed(merge.operations, 1), 6)) GFLOP/s |",
            "copy time x \(fixed(copy / merge.rate, 2)), \(fixed(100 * merge.operations / peak, 0)) % of peak")
        }
      }
    }
    if tile == total { break }
  }
}

/// Bytes read and written per second, in GB, when `from` is copied to `to` in pieces.
private func copyRate(_ from: borrowing Bytes, _ to: borrowing Bytes, tile: Int) -> Double {
  let (source, target) = unsafe (from.buffer, to.buffer)
  let seconds = fastest(of: 7) {
    for start in stride(from: 0, to: source.count, by: tile) {
      let end = min(start + tile, source.count)
      unsafe UnsafeMutableRawBufferPointer(rebasing: target[start..<end]).copyMemory(
        from: UnsafeRawBufferPointer(rebasing: source[start..<end]))
    }
  }
  return 2 * Double(source.count) / seconds / 1e9
}

/// GFLOP/s of multiply-adds that touch no memory.
private func fmaPeak(_ level: KernelLevel, double: Bool) -> Double {
  var rounds: UInt64 = 1000
  while true {
    var operations: UInt64 = 0
    let seconds = fastest(of: 5) { operations = level.burn(rounds: rounds, double: double) }
    if seconds > 0.01 { return Double(operations) / seconds / 1e9 }
    rounds *= 4
  }
}

private struct MergeMeasurement {
  /// GB/s read and written.
  let rate: Double
  /// GFLOP/s, two for each multiply-add.
  let operations: Double

  init(
    _ base: borrowing Bytes, _ output: borrowing Bytes, dtype: DType, rank: Int, columns: Int, tile: Int,
    level: KernelLevel, statistics: Bool
  ) {
    let rowBytes = columns * Int(dtype.bits / 8)
    let tileRows = max(tile / rowBytes, 1)
    let rows = unsafe base.buffer.count / rowBytes
    var right = RightFactor(rank: rank, columns: columns)
    var left = LeftFactor(rows: tileRows, rank: rank)
    unsafe fill(rank * columns) {
      unsafe right.load($0, dtype: .f32, layout: .rankFirst(count: columns))
    }
    unsafe fill(rank * tileRows) {
      unsafe left.load($0, dtype: .f32, layout: .rankLast(rank: rank), scales: [2])
    }
    let (source, target) = unsafe (base.buffer, output.buffer)
    var counted: MergeStatistics? = statistics ? MergeStatistics() : nil
    let seconds = fastest(of: rank > 64 ? 3 : 5) {
      for first in stride(from: 0, to: rows, by: tileRows) {
        let count = min(tileRows, rows - first)
        let range = first * rowBytes..<(first + count) * rowBytes
        unsafe Kernels.merge(
          base: UnsafeRawBufferPointer(rebasing: source[range]), baseDType: dtype, rows: count, left: left,
          right: right, output: UnsafeMutableRawBufferPointer(rebasing: target[range]), outputDType: dtype,
          statistics: &counted, level: level)
      }
    }
    rate = 2 * Double(rows * rowBytes) / seconds / 1e9
    operations = 2 * Double(rows) * Double(columns) * Double(rank) / seconds / 1e9
  }
}

/// Factor values of a plausible size: deltas of about a tenth of the weights.
private func fill(_ count: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
  var state: UInt32 = 12345
  var values = [Float](repeating: 0, count: count)
  for index in values.indices {
    state = state &* 1_664_525 &+ 1_013_904_223
    values[index] = Float(Int32(bitPattern: state)) * 0x1p-31 * 0.02
  }
  unsafe values.withUnsafeBytes { unsafe body($0) }
}
