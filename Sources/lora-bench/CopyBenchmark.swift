import LoRAIO
import LoRAKernels
import TensorCore

/// What a merge cannot be faster than: its input read and its output written piece by piece, and nothing else done, or
/// with a rank nothing but the product of factors that lie ready, and the rounding.
let copyBenchmark = Benchmark(
  name: "copy",
  summary: "read and write a file in pieces of 1 MiB: from=PATH to=PATH threads=1,2 outputs=1,2 rank=0 runs=3"
) { options in
  guard let from = options.list("from")?.first, let to = options.list("to")?.first else { return }
  let runs = options.integers("runs", default: [3]).first ?? 3
  for rank in options.integers("rank", default: [0]) where rank >= 0 {
    let factors = rank > 0 ? PieceFactors(rank: rank) : nil
    for outputs in options.integers("outputs", default: [1, 2]) where outputs > 0 {
      for threads in options.integers("threads", default: [1, 2]) where threads >= outputs {
        let paths = (0..<outputs).map { "\(to).\($0)" }
        var best = Double.infinity
        for _ in 0..<max(1, runs) {
          do {
            let elapsed = try secondsOfCopy(from, to: paths, threads: threads, factors)
            best = min(best, elapsed)
          } catch {
            print("\(error)")
          }
          for path in paths { try? Folder.removeFile(path) }
        }
        print("\(column(fixed(best, 3), 10)) s  \(threads) threads, \(outputs) files, rank \(rank)")
      }
    }
  }
}

private let pieceBytes = 1 << 20

/// Factors for a piece as if it were rows of 2048 BF16 numbers.
private struct PieceFactors: Sendable {
  private static let columns = 2048
  private let rows = pieceBytes / 2 / columns
  private var left: LeftFactor
  private var right: RightFactor

  init(rank: Int) {
    left = LeftFactor(rows: rows, rank: rank)
    right = RightFactor(rank: rank, columns: Self.columns)
    unsafe fillFactor(rank * Self.columns) {
      unsafe right.load($0, dtype: .f32, layout: .rankFirst(count: Self.columns))
    }
    unsafe fillFactor(rank * rows) {
      unsafe left.load($0, dtype: .f32, layout: .rankLast(rank: rank), scales: [2])
    }
  }

  /// Merges a piece in place.
  func merge(_ piece: UnsafeMutableRawBufferPointer) {
    var uncounted: MergeStatistics?
    unsafe Kernels.merge(
      base: UnsafeRawBufferPointer(piece), baseDType: .bf16, rows: rows, left: left, right: right, output: piece,
      outputDType: .bf16, statistics: &uncounted)
  }
}

private func secondsOfCopy(
  _ path: String, to paths: [String], threads: Int, _ factors: PieceFactors?
) throws -> Double {
  let input = try InputFile(path: path)
  var outputs: [OutputFile] = []
  for path in paths {
    let output = try OutputFile(creating: path)
    try output.resize(to: input.size)
    outputs.append(output)
  }
  let piece = UInt64(pieceBytes)
  let (count, files) = (Int(input.size / piece), outputs)
  let start = CurrentProcess.monotonicSeconds
  try Workers.forEach(count: threads, workers: threads) { worker throws(IOError) in
    let buffer = IOBuffer(count: Int(piece))
    for index in stride(from: worker, to: count, by: threads) {
      unsafe try input.read(into: buffer.bytes, at: UInt64(index) * piece)
      if let factors { unsafe factors.merge(buffer.bytes) }
      unsafe try files[worker % files.count].write(UnsafeRawBufferPointer(buffer.bytes), at: UInt64(index) * piece)
    }
  }
  return CurrentProcess.monotonicSeconds - start
}
