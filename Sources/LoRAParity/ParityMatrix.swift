import LoRAIO
import LoRAKernels
import LoRAMerge
import Safetensors
import TensorCore

/// One matrix that a merge changes, read as products see it: W `[out, in]`, A `[rank, in]`, B `[out, rank]`.
struct ParityMatrix {
  /// Where outputs lie in the stored matrix.
  enum Form {
    /// Every row is an output: linear layers, convolutions and most experts.
    case rows
    /// Every column is an output: GPT-2's Conv1D, and stacks of experts `[experts, in, out]`.
    case columns
    /// Every column is an output and every row a token that can be looked up.
    case lookup
  }

  /// What all outputs have in common.
  struct Inputs {
    /// A, `[rank, in]`.
    var down: [Double]
    /// The stored factor that goes over the columns, `[columns, rank]`.
    fileprivate var right: [Double]
    /// Rows that are looked up.
    fileprivate var tokens: [Int]
  }

  /// Outputs that are computed together, and what is needed for them besides the inputs.
  struct Block {
    var outputs: Int
    var inputs: Int
    var rank: Int
    /// W.
    var weight: ParityRows
    /// B without the scale, `[out, rank]`.
    var up: [Double]
    var scale: Double
    /// m of every output, with ‖W + s·B·A‖ where that is more than this block's; nil without magnitudes.
    var magnitudes: [(length: Double, norm: Double?)]?
    /// W' from the merged model; nil where it is to be made.
    var merged: ParityRows?
  }

  let update: MatrixUpdate
  let delta: LowRankDelta
  let form: Form
  let sources: [SafetensorsFile]
  /// The merged model's own tensor.
  let merged: (file: SafetensorsFile, tensor: TensorInfo)?

  /// The type of the numbers of W', as it is read or made.
  var mergedDType: DType { merged?.tensor.dtype ?? update.outputDType }

  /// Number of inputs; of a look-up the number of tokens that there are.
  var inputs: Int { form == .rows ? update.columns : update.rows }

  /// Bytes of W in f64 that a block should not have more of.
  private static let blockBytes = 8 << 20

  /// The outputs in blocks; of stored columns all at once.
  var blocks: [Range<Int>] {
    guard form == .rows else { return [0..<update.columns] }
    let step = max(64, Self.blockBytes / 8 / max(update.columns, 1))
    return stride(from: 0, to: update.rows, by: step).map { $0..<min($0 + step, update.rows) }
  }

  /// Reads what all blocks need.
  ///
  /// - Parameter tokens: rows that are looked up, for `Form.lookup`.
  func inputs(tokens: [Int]) throws(IOError) -> Inputs {
    let right = try elements(delta.right, of: update.columns)
    switch form {
    case .rows:
      let down = Self.transposed(right, rows: update.columns, columns: delta.rank)
      return Inputs(down: down, right: right, tokens: tokens)
    case .columns:
      let down = Self.transposed(try left(0..<update.rows), rows: update.rows, columns: delta.rank)
      return Inputs(down: down, right: right, tokens: tokens)
    case .lookup:
      var down: [Double] = []
      for token in tokens { down += try left(token..<token + 1) }
      return Inputs(
        down: Self.transposed(down, rows: tokens.count, columns: delta.rank), right: right, tokens: tokens)
    }
  }

  /// A block of outputs.
  func block(_ outputs: Range<Int>, _ inputs: Inputs) throws(IOError) -> Block {
    let base = stored(sources[update.base.source], at: update.base.offset, update.baseDType)
    let ofMerged = merged.map { file, tensor in
      let row = update.columns * Int(tensor.dtype.bits / 8)
      return stored(file, at: file.offset(of: tensor) + update.firstRow * UInt64(row), tensor.dtype)
    }
    switch form {
    case .rows:
      return Block(
        outputs: outputs.count, inputs: update.columns, rank: delta.rank,
        weight: base.dropping(first: outputs.lowerBound),
        up: try left(outputs), scale: delta.scale, magnitudes: try magnitudes(outputs),
        merged: ofMerged?.dropping(first: outputs.lowerBound))
    case .columns:
      let (height, width) = (update.rows, update.columns)
      func turned(_ rows: ParityRows) throws(IOError) -> ParityRows {
        let numbers = Self.transposed(try rows.rows(0..<height), rows: height, columns: width)
        return ParityRows(numbers, width: height, rows.dtype)
      }
      return Block(
        outputs: width, inputs: height, rank: delta.rank, weight: try turned(base), up: inputs.right,
        scale: delta.scale, magnitudes: try magnitudes(outputs),
        merged: try ofMerged.map { rows throws(IOError) in try turned(rows) })
    case .lookup:
      let (count, width) = (inputs.tokens.count, update.columns)
      func looked(_ rows: ParityRows) throws(IOError) -> ParityRows {
        var numbers: [Float] = []
        for token in inputs.tokens { numbers += try rows.rows(token..<token + 1) }
        return ParityRows(Self.transposed(numbers, rows: count, columns: width), width: count, rows.dtype)
      }
      return Block(
        outputs: width, inputs: count, rank: delta.rank, weight: try looked(base), up: inputs.right,
        scale: delta.scale,
        magnitudes: try magnitudes(outputs, norms: delta.magnitude == nil ? nil : try columnNorms(inputs.right)),
        merged: try ofMerged.map { rows throws(IOError) in try looked(rows) })
    }
  }

  // MARK: Reading

  /// A matrix of the width of W.
  private func stored(_ file: SafetensorsFile, at offset: UInt64, _ dtype: DType) -> ParityRows {
    ParityRows(file, at: offset, width: update.columns, dtype)
  }

  /// L of some rows, row by row.
  private func left(_ rows: Range<Int>) throws(IOError) -> [Double] {
    guard let left = delta.left else { return [Double](repeating: 1, count: rows.count * delta.rank) }
    return try elements(left, from: rows.lowerBound, of: rows.count)
  }

  /// Elements (i, k) of a factor for `count` outer indices from `first` on and all ranks, i by i.
  private func elements(_ factor: StoredFactor, from first: Int = 0, of count: Int) throws(IOError) -> [Double] {
    let layout = factor.layout.dropping(first: first)
    // What lies between the first and the last of them, from a whole byte on.
    let last = (count - 1) * layout.stride + (delta.rank - 1) * layout.rankStride
    let bits = Int(factor.source.dtype.bits)
    let skipped = layout.offset * bits / 8
    let end = ((layout.offset + last + 1) * bits + 7) / 8
    let stored = Kernels.widened(
      try sources[factor.source.source].contents.bytes(
        at: factor.source.offset + UInt64(skipped), count: end - skipped), factor.source.dtype)
    let start = layout.offset - skipped * 8 / bits
    if start == 0, layout.rankStride == 1, layout.stride == delta.rank, stored.count == count * delta.rank {
      return stored
    }
    var result: [Double] = []
    result.reserveCapacity(count * delta.rank)
    for index in 0..<count {
      for rank in 0..<delta.rank { result.append(stored[start + index * layout.stride + rank * layout.rankStride]) }
    }
    return result
  }

  // MARK: Magnitudes

  private func magnitudes(_ outputs: Range<Int>, norms: [Double]? = nil) throws(IOError) -> [(
    length: Double, norm: Double?
  )]? {
    guard let magnitude = delta.magnitude else { return nil }
    let all = Kernels.widened(
      try sources[magnitude.values.source].contents.bytes(
        at: magnitude.values.offset, count: Int(magnitude.values.count)), magnitude.values.dtype)
    let first = form == .rows ? Int(update.firstRow) : 0
    return outputs.map { (all[first + $0], norms?[$0]) }
  }

  /// ‖W + s·L·R‖ of every column over all rows, of which a look-up sees only some.
  private func columnNorms(_ right: [Double]) throws(IOError) -> [Double] {
    let base = stored(sources[update.base.source], at: update.base.offset, update.baseDType)
    var squares = [Double](repeating: 0, count: update.columns)
    let step = max(1, Self.blockBytes / 8 / max(update.columns, 1))
    for first in stride(from: 0, to: update.rows, by: step) {
      let range = first..<min(first + step, update.rows)
      let weight = try base.rows(range)
      let left = try left(range)
      for row in 0..<range.count {
        for column in 0..<update.columns {
          var value = 0.0
          for rank in 0..<delta.rank { value += left[row * delta.rank + rank] * right[column * delta.rank + rank] }
          value = Double(weight[row * update.columns + column]) + delta.scale * value
          squares[column] += value * value
        }
      }
    }
    return squares.map { $0.squareRoot() }
  }

  static func transposed<Number>(_ values: [Number], rows: Int, columns: Int) -> [Number] {
    var result: [Number] = []
    result.reserveCapacity(values.count)
    for column in 0..<columns {
      for row in 0..<rows { result.append(values[row * columns + column]) }
    }
    return result
  }
}
