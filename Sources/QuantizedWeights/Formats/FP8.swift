import JSON
import Safetensors
import TensorCore

extension QuantizedFormat {
  /// Floating-point codes of 8 bits with scales by which they are multiplied: DeepSeek and its kin in blocks
  /// (`weight_scale_inv`, whose name misleads), compressed-tensors, fbgemm and ModelOpt by row or tensor.
  static let fp8 = QuantizedFormat(endings: [".weight", ""]) { parts throws(QuantizationError) in
    let dtype = parts.codes.dtype
    guard [.f8e4m3, .f8e5m2, .f8e4m3fnuz, .f8e5m2fnuz].contains(dtype) else { return nil }
    if parts.name.hasSuffix("._weight_qdata") { return nil }
    // A scale of this name and type is itself no weight.
    if ["_scale", "_scale_inv", ".scale", "_scale_2"].contains(where: { parts.name.hasSuffix($0) }) { return nil }
    let isBare = !parts.name.hasSuffix(".weight")
    let endings =
      isBare
      ? ["_scale_inv", "_scale"] : [".weight_scale_inv", ".weight_scale", ".scale", ".qscale_weight", ".scale_weight"]
    guard let scales = parts.beside(anyOf: endings) else {
      throw .invalid(
        parts.name, "it is stored as \(dtype.name) and no scale (\(parts.owner + endings[0])) lies beside it",
        hint: "the codes alone do not say the weights; finish the download")
    }
    let shape = parts.codes.shape
    guard (2...3).contains(shape.rank), let rows = Int(exactly: shape[shape.rank - 2]),
      let columns = Int(exactly: shape[shape.rank - 1]), rows > 0, columns > 0
    else { throw .invalid(parts.name, "its shape is \(shape), expected a matrix or a stack of them") }
    let grid = try ScaleGrid(scales, of: shape, blocks: try parts.config?.blockSize(of: parts.owner))
    let areExponents = scales.dtype == .f8e8m0 || (scales.dtype == .u8 && parts.hasExponents)
    if !areExponents { try scales.require(.f32, .bf16, .f16, .f8e8m0) }
    let stack = shape.rank == 3 ? Int(clamping: shape[0]) : 1
    let isWritable = [.f8e4m3, .f8e5m2].contains(dtype)
    let codec = FP8Grid(
      codeDType: dtype, scaleDType: scales.dtype, scalesAreExponents: areExponents, rows: rows * stack,
      rowsOfMatrix: rows, columns: columns, height: grid.height, width: grid.width, matrixCells: grid.matrixCells,
      cells: scales.count, codesName: parts.name, scalesName: scales.name)
    return try parts.weight(
      shape, named: parts.name, format: grid.isBlocks ? "fp8-block" : "fp8", parts: [parts.codes, scales],
      unused: QuantizedParts.activations + (isBare ? ["_input_scale"] : []),
      grid: isWritable ? codec : nil,
      GridValues(
        codes: parts.codes, bits: 8, rowBytes: columns, levels: CodeLevels.of(dtype), rows: rows * stack,
        rowsOfMatrix: rows, columns: columns,
        height: grid.height, width: grid.width, scales: scales, scalesAreExponents: areExponents,
        scaleStride: grid.matrixCells))
  }
}

extension QuantizedParts {
  /// Whether the config says that scales are exponents of 2.
  fileprivate var hasExponents: Bool { config?.fields["scale_fmt"]?.string == "ue8m0" }
}

/// How many rows and columns of a matrix share a scale.
struct ScaleGrid {
  let height: Int
  let width: Int
  /// Scales of one matrix of a stack; 0 where one serves all of them.
  let matrixCells: Int
  /// Whether scales belong to blocks of the configured size.
  let isBlocks: Bool

  /// The grid that scales of this shape lie on.
  ///
  /// - Parameter blocks: the configured size of blocks. It is never guessed from the shapes, because a grid that is one
  ///   short would give blocks of another size without a word.
  /// - Throws: `.invalid` when the shape is that of no grid.
  init(_ scales: StoredPart, of weight: Shape, blocks: (rows: Int, columns: Int)?) throws(QuantizationError) {
    let (rows, columns) = (weight[weight.rank - 2], weight[weight.rank - 1])
    let stack = weight.rank == 3 ? weight[0] : 1
    var shape = scales.shape.dimensions
    let isSingle = scales.info.elementCount == 1
    if let blocks {
      guard blocks.rows > 0, blocks.columns > 0, blocks.rows <= 1 << 20, blocks.columns <= 1 << 20 else {
        throw .invalid(scales.name, "the config says blocks of \(blocks.rows) x \(blocks.columns) (weight_block_size)")
      }
      let grid = [Self.cells(rows, blocks.rows), Self.cells(columns, blocks.columns)]
      if shape == (weight.rank == 3 ? [stack] + grid : grid) {
        height = blocks.rows
        width = blocks.columns
        matrixCells = Int(clamping: grid[0]) * Int(clamping: grid[1])
        isBlocks = true
        return
      }
      guard isSingle || !scales.name.hasSuffix("_inv") else {
        throw .invalid(
          scales.name,
          "its shape is \(scales.shape), expected \(Shape(weight.rank == 3 ? [stack] + grid : grid)) for blocks of "
            + "\(blocks.rows) x \(blocks.columns) (weight_block_size) over \(weight)",
          hint: "the weights cannot be told from scales that do not cover them")
      }
    }
    isBlocks = false
    if isSingle {
      height = Int(clamping: rows)
      width = Int(clamping: columns)
      matrixCells = 0
      return
    }
    if weight.rank == 3 {
      guard shape.first == stack else { throw Self.misfit(scales, weight, blocks) }
      shape.removeFirst()
    }
    // One for each matrix, for each row, or with a size for both.
    while shape.count < 2 { shape.append(1) }
    guard shape.count == 2, [1, rows].contains(shape[0]), [1, columns].contains(shape[1]),
      !(shape[0] == rows && shape[1] == columns && rows > 1 && columns > 1)
    else { throw Self.misfit(scales, weight, blocks) }
    height = shape[0] == 1 ? Int(clamping: rows) : 1
    width = shape[1] == 1 ? Int(clamping: columns) : 1
    matrixCells = Int(clamping: shape[0]) * Int(clamping: shape[1])
  }

  private static func misfit(_ scales: StoredPart, _ weight: Shape, _ blocks: (rows: Int, columns: Int)?)
    -> QuantizationError
  {
    .invalid(
      scales.name,
      "its shape \(scales.shape) is that of no grid over \(weight)"
        + (blocks == nil ? ", and the config says no block size (weight_block_size)" : ""))
  }

  static func cells(_ size: UInt64, _ block: Int) -> UInt64 { size == 0 ? 0 : (size - 1) / UInt64(block) + 1 }
}
