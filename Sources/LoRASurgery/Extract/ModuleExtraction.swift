import LoRADeltas
import LoRAKernels
import Safetensors
import TensorCore

/// One module whose difference becomes factors.
struct ModuleExtraction: Sendable {
  let module: ExtractModule
  /// Sums over each of its matrices.
  let scans: [DeltaScan]
  /// The type that the factors are written in.
  let dtype: DType
  let seed: UInt64
  /// Size up to which a matrix is kept in memory.
  let keptBytes: Int
  /// The tuned model, for messages.
  let path: String

  /// The factors as tensors' bytes.
  struct Factors: Sendable {
    var a: [UInt8]
    var b: [UInt8]
    var outcome: ExtractedModule
  }

  /// Shapes in PEFT's order of the dimensions.
  func shapes(rank: UInt64) -> (a: Shape, b: Shape) {
    let wide = rank * UInt64(module.experts)
    let ones = Array(repeating: UInt64(1), count: module.kernelDimensions)
    return (Shape([wide] + module.inputShape), Shape([UInt64(module.outputs), wide] + ones))
  }

  /// The rank where it does not depend on the values.
  func rank(_ rule: ExtractRule) -> UInt64? {
    rule.energy == nil ? min(rule.rank ?? .max, UInt64(module.limit)) : nil
  }

  /// Computes the factors; those of a module within the noise are empty.
  func run(_ rule: ExtractRule, control: SurgeryControl) throws(SurgeryError) -> Factors {
    guard module.experts > 1, rank(rule) == nil else { return try factors(rule, rank: rank(rule), control) }
    // The layout of a stack gives its experts one rank, which only all of them together tell.
    var largest = 0
    for expert in 0..<module.experts where !scans[expert].isZero {
      let reader = DeltaReader(module.matrices[expert], keptBytes: keptBytes, control: control)
      largest = max(largest, try DeltaDecomposition(reader, scans[expert], rule, noise(expert)).rank)
    }
    return try factors(ExtractRule(rank: UInt64(max(largest, 1))), rank: UInt64(largest), control)
  }

  private func noise(_ expert: Int) -> SketchNoise { SketchNoise(seed: seed, name: "\(module.name)#\(expert)") }

  /// - Parameter rank: the rank, or nil for the one that the rule gives the only matrix.
  private func factors(_ rule: ExtractRule, rank: UInt64?, _ control: SurgeryControl) throws(SurgeryError) -> Factors {
    var (down, up) = (StridedBytes(dtype, count: 0), StridedBytes(dtype, count: 0))
    var outcome = ExtractedModule(name: module.name, rank: rank ?? 0)
    func begin(_ rank: Int) {
      down = StridedBytes(dtype, count: module.experts * rank * module.inputs)
      up = StridedBytes(dtype, count: module.experts * rank * module.outputs)
    }
    if let rank { begin(Int(rank)) }
    for (expert, scan) in scans.enumerated() {
      guard !scan.isZero else {
        outcome.add(scan, nil, kept: 0, lost: 0)
        continue
      }
      guard rank != 0 else {
        outcome.add(scan, nil, kept: 0, lost: scan.delta)
        continue
      }
      let reader = DeltaReader(module.matrices[expert], keptBytes: keptBytes, control: control)
      let found = try DeltaDecomposition(reader, scan, rule, noise(expert))
      let own = rank.map { Int($0) } ?? found.rank
      if rank == nil {
        outcome = ExtractedModule(name: module.name, rank: UInt64(own))
        begin(own)
      }
      guard own > 0 else {
        outcome.add(scan, found.spectrum, kept: 0, lost: scan.delta)
        continue
      }
      let (left, right) = found.factors(rank: own)
      let (rows, columns) = (left.bytes(dtype, transposed: true), right.bytes(dtype, transposed: true))
      let lost = try reader.squaredDistance(from: written(rows, left), written(columns, right))
      outcome.add(scan, found.spectrum, kept: own, lost: lost)
      let (a, b) = module.rowsAreInputs ? (rows, columns) : (columns, rows)
      let (width, height) = (module.inputs, module.outputs)
      down.place(a, width, at: expert * own * width, stride: 1, rankStride: width)
      up.place(b, height, at: expert, stride: module.experts * own, rankStride: module.experts)
    }
    return Factors(a: down.bytes, b: up.bytes, outcome: outcome)
  }

  /// A factor as its bytes have it.
  private func written(_ bytes: [UInt8], _ factor: ColumnMatrix) throws(SurgeryError) -> ColumnMatrix {
    let result = ColumnMatrix(bytes, dtype, like: factor)
    guard result.isFinite else {
      throw .refused(
        path, subject: module.name, "its factors are beyond the range of \(dtype.name)",
        hint: "write them with --dtype \(dtype == .f16 ? "bf16 or f32" : "f32")")
    }
    return result
  }
}
