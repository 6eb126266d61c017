import LoRADeltas
import LoRAKernels
import LoRAModel
import Safetensors
import TensorCore

/// One module on its way to another rank.
struct ModuleResize: Sendable {
  let module: AdapterModule
  let pair: LoRAPair
  let file: SafetensorsFile
  /// How experts lie in B; nil is PEFT's layout.
  let expertLayout: ExpertLayout?
  /// Singular values that are kept.
  private(set) var kept: UInt64
  /// Rank of what is written; zeros fill what is above `kept`.
  private(set) var rank: UInt64
  /// Scale of what is written.
  let scale: Double
  /// Types that the factors are written in.
  let types: (a: DType, b: DType)

  /// A module that keeps its rank for now.
  init(_ module: AdapterModule, _ pair: LoRAPair, _ file: SafetensorsFile, _ options: ResizeOptions) {
    (self.module, self.pair, self.file, expertLayout) = (module, pair, file, options.expertLayout)
    (kept, rank) = (pair.rank, pair.rank)
    scale = options.keepsScale ? pair.scale : 1
    types = (options.dtype ?? pair.a.tensor.dtype.written, options.dtype ?? pair.b.tensor.dtype.written)
  }

  /// Settles the rank.
  mutating func set(kept: UInt64, rank: UInt64) { (self.kept, self.rank) = (kept, max(rank, kept)) }

  /// Bytes of the factors that are read.
  var inputBytes: UInt64 { pair.a.tensor.byteCount &+ pair.b.tensor.byteCount }

  /// Bytes of memory that it takes: its factors as f64 and as they lie in the file, and the new ones.
  var workBytes: UInt64 { pair.factorElements &* 8 &* 3 }

  /// Shapes of what is written, in PEFT's order of the dimensions.
  var shapes: (a: Shape, b: Shape) {
    let wide = rank * pair.experts
    let (a, b) = (pair.a.tensor.shape.dimensions, pair.b.tensor.shape.dimensions)
    guard module.kind == .conv1d || module.kind == .conv2d else {
      return (Shape([wide, pair.a.count]), Shape([pair.b.count, wide]))
    }
    return (Shape([rank] + a.dropFirst()), Shape([b[0], rank] + b.dropFirst(2)))
  }

  /// The factors as bytes, A before B, and how far they are from the delta.
  func run() throws(SurgeryError) -> (a: [UInt8], b: [UInt8], outcome: ModuleOutcome) {
    let (width, height) = (Int(pair.a.count), Int(pair.b.count))
    let (rank, experts) = (Int(rank), Int(pair.experts))
    var down = StridedBytes(types.a, count: experts * rank * width)
    var up = StridedBytes(types.b, count: experts * rank * height)
    var outcome = ModuleOutcome(name: module.name, rankBefore: pair.rank, rank: self.rank)
    let readers = try readers()
    for expert in 0..<pair.experts {
      let (b, a, part) = try factors(expert, readers)
      let number = Int(expert)
      down.place(a, width, at: number * rank * width, stride: 1, rankStride: width)
      let isExpertFirst = expertLayout == .unsloth
      up.place(
        b, height, at: isExpertFirst ? number * rank : number, stride: experts * rank,
        rankStride: isExpertFirst ? 1 : experts)
      outcome.add(part)
    }
    return (down.bytes, up.bytes, outcome)
  }

  private typealias Readers = (b: FactorReader, a: FactorReader)

  private func readers() throws(SurgeryError) -> Readers {
    (try FactorReader(pair.b, of: pair, from: file), try FactorReader(pair.a, of: pair, from: file))
  }

  private func delta(_ expert: UInt64, _ readers: Readers) throws(SurgeryError) -> LowRank {
    let isWide = pair.a.tensor.dtype == .f64 || pair.b.tensor.dtype == .f64
    let delta: LowRank
    // In the order in which they lie in PEFT's files.
    if isWide {
      let a = try readers.a.values(expert: expert)
      delta = LowRank(scale: pair.scale, b: try readers.b.values(expert: expert), a: a)
    } else {
      let right = try readers.a.decomposition(expert: expert)
      delta = LowRank(scale: pair.scale, left: try readers.b.decomposition(expert: expert), right: right)
    }
    guard delta.norm.isFinite else {
      throw .refused(file.path, subject: module.name, "its delta is beyond the range of 64-bit numbers")
    }
    return delta
  }

  /// New factors of one expert, column by column.
  private func factors(_ expert: UInt64, _ readers: Readers) throws(SurgeryError)
    -> (b: [UInt8], a: [UInt8], part: DeltaPart)
  {
    let delta = try delta(expert, readers)
    let isCut = kept < pair.rank
    let ratio = scale == pair.scale ? 1 : pair.scale / scale
    let new: (b: ColumnMatrix, a: ColumnMatrix)
    if isCut {
      new = delta.factors(rank: Int(kept), scale: scale)
    } else {
      // Read again rather than kept, because the decomposition works in the memory of the first reading.
      let b = try readers.b.values(expert: expert)
      new = (ratio == 1 ? b : b.scaled(by: ratio), try readers.a.values(expert: expert))
    }
    let bytes = (b: new.b.bytes(types.b, transposed: true), a: new.a.bytes(types.a, transposed: true))
    var part = DeltaPart(
      norm: delta.norm, spectral: delta.values.first ?? 0, energy: isCut ? delta.energy(rank: Int(kept)) : 1)
    let isSame =
      !isCut && ratio == 1 && types.a == pair.a.tensor.dtype && types.b == pair.b.tensor.dtype
    if !isSame {
      let (up, down) = (ColumnMatrix(bytes.b, types.b, like: new.b), ColumnMatrix(bytes.a, types.a, like: new.a))
      try check(bytes.b, types.b)
      try check(bytes.a, types.a)
      part.error = delta.distance(b: up, a: down, scale: scale)
    }
    return (bytes.b, bytes.a, part)
  }

  private func check(_ bytes: [UInt8], _ dtype: DType) throws(SurgeryError) {
    let scan = unsafe bytes.withUnsafeBytes { unsafe Kernels.scan($0, dtype: dtype) }
    guard scan.nanCount == 0, scan.infinityCount == 0 else {
      throw .refused(
        file.path, subject: module.name, "its new factors are beyond the range of \(dtype.name)",
        hint: dtype == .f16 ? "write them with --dtype bf16 or f32" : "write them with --dtype f32")
    }
  }

  /// Singular values of every expert's delta, largest first.
  func values() throws(SurgeryError) -> [[Double]] {
    var found: [[Double]] = []
    let readers = try readers()
    for expert in 0..<pair.experts { found.append(try delta(expert, readers).values) }
    return found
  }
}

extension DType {
  /// The type that factors of this one are written in when it is to be kept: packed ones are not written.
  var written: DType { isMergeable || self == .f64 ? self : .bf16 }
}
