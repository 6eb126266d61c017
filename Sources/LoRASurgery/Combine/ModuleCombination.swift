import LoRADeltas
import LoRAKernels
import LoRAModel
import Safetensors
import TensorCore

/// One module of a combination: the deltas that the adapters have for it, and the rank that their sum gets.
struct ModuleCombination: Sendable {
  /// One adapter's part.
  struct Part: Sendable {
    let pair: LoRAPair
    let file: SafetensorsFile
    let weight: Double
    /// Position of the adapter.
    let adapter: Int
  }

  let name: String
  /// The module in the first adapter that has it, whose names and shapes the result takes.
  let module: AdapterModule
  let parts: [Part]
  let options: CombineOptions
  let rank: UInt64
  /// The type that both factors are written in.
  let dtype: DType

  /// Most entries of one delta that are merged entry by entry: 2 GiB of f64.
  static let entryLimit: UInt64 = 1 << 28

  init(_ name: String, _ module: AdapterModule, _ parts: [Part], _ options: CombineOptions) {
    (self.name, self.module, self.parts, self.options) = (name, module, parts, options)
    let pair = parts[0].pair
    let sum = parts.reduce(0 as UInt64) { $0 &+ $1.pair.rank }
    let most = min(pair.a.count, pair.b.count)
    rank =
      switch options.method {
      case .cat: sum
      case .linear: min(parts.map(\.pair.rank).max() ?? 1, most)
      default: min(options.rank ?? sum, most)
      }
    let types = Set(parts.flatMap { [$0.pair.a.tensor.dtype, $0.pair.b.tensor.dtype] })
    dtype = options.dtype ?? (types.count == 1 ? types.first.flatMap { $0.isWritten ? $0 : nil } : nil) ?? .f32
  }

  /// Entries of one expert's delta.
  var entries: UInt64 { parts[0].pair.a.count.multipliedReportingOverflow(by: parts[0].pair.b.count).partialValue }

  /// Bytes of memory that it takes: the factors of all adapters and of the result in f64, and two matrices of entries.
  var workBytes: UInt64 {
    let sum = parts.reduce(0 as UInt64) { $0 &+ $1.pair.factorElements }
    return (options.method.prunes ? entries &* 2 : 0) &* 8 &+ sum &* 8 &* 3
  }

  /// Shapes of the new factors, in PEFT's order of the dimensions.
  var shapes: (a: Shape, b: Shape) {
    let pair = parts[0].pair
    let wide = rank * pair.experts
    guard module.kind == .conv1d || module.kind == .conv2d else {
      return (Shape([wide, pair.a.count]), Shape([pair.b.count, wide]))
    }
    let (a, b) = (pair.a.tensor.shape.dimensions, pair.b.tensor.shape.dimensions)
    return (Shape([rank] + a.dropFirst()), Shape([b[0], rank] + b.dropFirst(2)))
  }

  /// The factors as bytes, A before B, and what was kept.
  func run() throws(SurgeryError) -> (a: [UInt8], b: [UInt8], outcome: CombinedModule) {
    let pair = parts[0].pair
    let (experts, rank) = (Int(pair.experts), Int(rank))
    // PEFT's stacks: A's rows expert by expert, B's columns rank by rank with the expert fastest.
    var down = ColumnMatrix(rows: Int(pair.a.count), columns: experts * rank)
    var up = ColumnMatrix(rows: Int(pair.b.count), columns: experts * rank)
    var sums = CombinedSums()
    for expert in 0..<experts {
      let deltas = try deltas(expert)
      let target = SumTarget(deltas, options, name: name, firstEntry: UInt64(expert) * entries)
      let new = target.factors(rank: rank)
      let (b, a) = (try rounded(new.b), try rounded(new.a))
      sums.add(norm: target.norm, energy: new.energy, error: target.distance(b: b, a: a))
      for column in 0..<rank {
        down.replace(expert * rank + column, by: a, column)
        up.replace(column * experts + expert, by: b, column)
      }
    }
    let outcome = CombinedModule(
      name: name, ranks: parts.map { ($0.adapter, $0.pair.rank) }, rank: self.rank, energy: sums.energy,
      error: sums.relativeError, norm: sums.norm.root)
    return (down.bytes(dtype, transposed: true), up.bytes(dtype, transposed: false), outcome)
  }

  private func deltas(_ expert: Int) throws(SurgeryError) -> [SummedDelta] {
    var deltas: [SummedDelta] = []
    for part in parts {
      let down = try part.pair.values(part.pair.a, expert: UInt64(expert), from: part.file)
      let up = try part.pair.values(part.pair.b, expert: UInt64(expert), from: part.file)
      deltas.append(
        SummedDelta(scale: part.pair.scale, weight: part.weight, up: up, down: down, adapter: part.adapter))
    }
    return deltas
  }

  /// A factor with the values that are written.
  private func rounded(_ matrix: ColumnMatrix) throws(SurgeryError) -> ColumnMatrix {
    let result = ColumnMatrix(matrix.bytes(dtype, transposed: true), dtype, like: matrix)
    guard result.isFinite else {
      throw .refused(
        parts[0].file.path, subject: name, "the combined factors are beyond the range of \(dtype.name)",
        hint: dtype == .f16 ? "write them with --dtype bf16 or f32" : "write them with --dtype f32")
    }
    return result
  }
}

extension DType {
  /// Whether factors are written in it.
  fileprivate var isWritten: Bool { [.f32, .f16, .bf16, .f64].contains(self) }
}
