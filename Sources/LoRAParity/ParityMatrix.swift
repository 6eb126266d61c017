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

  /// Outputs that are computed together, and everything that is needed for them.
  struct Block {
    var outputs: Int
    var inputs: Int
    var rank: Int
    /// W, and the type of which its numbers are.
    var weight: [Float]
    var weightDType: DType
    /// A, and B without the scale.
    var down: [Double]
    var up: [Double]
    var scale: Double
    /// m of every output, with ‖W + s·B·A‖ where that is more than this block's; nil without magnitudes.
    var magnitudes: [(length: Double, norm: Double?)]?
    /// W' from the merged model; nil where it is to be made.
    var merged: [Float]?

    /// The weights of an output.
    func row(_ output: Int) -> [Double] {
      unsafe [Double](unsafeUninitializedCapacity: inputs) { row, count in
        let target = unsafe UnsafeMutableBufferPointer(rebasing: row[..<inputs])
        unsafe weight[output * inputs..<(output + 1) * inputs].withUnsafeBytes {
          unsafe Kernels.widen($0, dtype: .f32, to: target)
        }
        count = inputs
      }
    }
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

  /// Reads a block of outputs.
  ///
  /// - Parameter tokens: rows that are looked up, for `Form.lookup`.
  func block(_ outputs: Range<Int>, tokens: [Int]) throws(IOError) -> Block {
    let right = try elements(delta.right, of: update.columns)
    let rank = delta.rank
    switch form {
    case .rows:
      return Block(
        outputs: outputs.count, inputs: update.columns, rank: rank,
        weight: try rows(outputs, of: sources[update.base.source], at: update.base.offset, update.baseDType),
        weightDType: update.baseDType, down: Self.transposed(right, rows: update.columns, columns: rank),
        up: try left(outputs), scale: delta.scale,
        magnitudes: try magnitudes(outputs), merged: try mergedRows(outputs))
    case .columns:
      let (height, width) = (update.rows, update.columns)
      func turned(_ values: [Float]) -> [Float] { Self.transposed(values, rows: height, columns: width) }
      return Block(
        outputs: width, inputs: height, rank: rank,
        weight: turned(
          try rows(0..<height, of: sources[update.base.source], at: update.base.offset, update.baseDType)),
        weightDType: update.baseDType,
        down: Self.transposed(try left(0..<height), rows: height, columns: rank), up: right, scale: delta.scale,
        magnitudes: try magnitudes(outputs), merged: try mergedRows(0..<height).map { turned($0) })
    case .lookup:
      var (weight, down, merged) = ([Float](), [Double](), [Float]())
      for token in tokens {
        weight += try rows(
          token..<token + 1, of: sources[update.base.source], at: update.base.offset, update.baseDType)
        down += try left(token..<token + 1)
        if let row = try mergedRows(token..<token + 1) { merged += row }
      }
      let (count, width) = (tokens.count, update.columns)
      return Block(
        outputs: width, inputs: count, rank: rank, weight: Self.transposed(weight, rows: count, columns: width),
        weightDType: update.baseDType,
        down: Self.transposed(down, rows: count, columns: rank), up: right, scale: delta.scale,
        magnitudes: try magnitudes(outputs, norms: delta.magnitude == nil ? nil : try columnNorms(right)),
        merged: self.merged == nil ? nil : Self.transposed(merged, rows: count, columns: width))
    }
  }

  // MARK: Reading

  /// Rows of W, or of another matrix of its shape.
  private func rows(_ range: Range<Int>, of file: SafetensorsFile, at offset: UInt64, _ dtype: DType) throws(IOError)
    -> [Float]
  {
    let rowBytes = update.columns * Int(dtype.bits / 8)
    let bytes = try file.contents.bytes(
      at: offset + UInt64(range.lowerBound * rowBytes), count: range.count * rowBytes)
    let count = range.count * update.columns
    // Only the exact numbers of a quantised base.
    if dtype == .f64 { return Self.widened(bytes, dtype).map { Float($0) } }
    return unsafe [Float](unsafeUninitializedCapacity: count) { output, initialized in
      let target = unsafe UnsafeMutableBufferPointer(rebasing: output[..<count])
      unsafe bytes.withUnsafeBytes { unsafe Kernels.widen($0, dtype: dtype, to: target) }
      initialized = count
    }
  }

  private func mergedRows(_ range: Range<Int>) throws(IOError) -> [Float]? {
    guard let (file, tensor) = merged else { return nil }
    let first = Int(update.firstRow)
    return try rows(
      first + range.lowerBound..<first + range.upperBound, of: file, at: file.offset(of: tensor), tensor.dtype)
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
    let stored = Self.widened(
      try sources[factor.source.source].contents.bytes(
        at: factor.source.offset + UInt64(skipped), count: end - skipped), factor.source.dtype)
    let start = layout.offset - skipped * 8 / bits
    var result: [Double] = []
    result.reserveCapacity(count * delta.rank)
    for index in 0..<count {
      for rank in 0..<delta.rank { result.append(stored[start + index * layout.stride + rank * layout.rankStride]) }
    }
    return result
  }

  private static func widened(_ bytes: [UInt8], _ dtype: DType) -> [Double] {
    let count = bytes.count * 8 / Int(dtype.bits)
    return unsafe [Double](unsafeUninitializedCapacity: count) { output, initialized in
      let target = unsafe UnsafeMutableBufferPointer(rebasing: output[..<count])
      unsafe bytes.withUnsafeBytes { unsafe Kernels.widen($0, dtype: dtype, to: target) }
      initialized = count
    }
  }

  // MARK: Magnitudes

  private func magnitudes(_ outputs: Range<Int>, norms: [Double]? = nil) throws(IOError) -> [(
    length: Double, norm: Double?
  )]? {
    guard let magnitude = delta.magnitude else { return nil }
    let all = Self.widened(
      try sources[magnitude.values.source].contents.bytes(
        at: magnitude.values.offset, count: Int(magnitude.values.count)), magnitude.values.dtype)
    let first = form == .rows ? Int(update.firstRow) : 0
    return outputs.map { (all[first + $0], norms?[$0]) }
  }

  /// ‖W + s·L·R‖ of every column over all rows, of which a look-up sees only some.
  private func columnNorms(_ right: [Double]) throws(IOError) -> [Double] {
    var squares = [Double](repeating: 0, count: update.columns)
    let step = max(1, Self.blockBytes / 8 / max(update.columns, 1))
    for first in stride(from: 0, to: update.rows, by: step) {
      let range = first..<min(first + step, update.rows)
      let weight = try rows(range, of: sources[update.base.source], at: update.base.offset, update.baseDType)
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
