import JSON
import Safetensors
import TensorCore

extension QuantizedFormat {
  /// MLX: codes packed into 32-bit words along the inputs; v = code · scale + bias with both for each group (mode
  /// "affine"), or E2M1 with scales of 8 bits (modes "mxfp4" and "nvfp4"), or E4M3 with exponents ("mxfp8").
  static let mlx = QuantizedFormat(endings: [".weight"]) { parts throws(QuantizationError) in
    guard parts.codes.dtype == .u32, let scales = parts.beside(".scales") else { return nil }
    guard let config = parts.config else {
      throw .invalid(parts.name, "no config says the size of its groups and its bits (quantization)")
    }
    // Single modules may have settings of their own.
    let own = config.fields[parts.owner]?.object ?? config.fields
    let mode = own["mode"]?.string ?? config.fields["mode"]?.string ?? "affine"
    func setting(_ key: String) -> Int? { (own[key] ?? config.fields[key])?.int64.flatMap { Int(exactly: $0) } }
    guard let bits = setting("bits"), let size = setting("group_size"), [2, 3, 4, 6, 8].contains(bits), size > 0,
      size <= 1 << 20
    else { throw .invalid(parts.name, "its config does not say bits among 2, 3, 4, 6 and 8 and a group_size") }
    let shape = parts.codes.shape
    guard (2...3).contains(shape.rank), let rows = Int(exactly: shape[shape.rank - 2]),
      let words = Int(exactly: shape[shape.rank - 1]), rows > 0, words > 0, words < 1 << 28, words * 32 % bits == 0
    else { throw .invalid(parts.name, "its shape is \(shape), expected rows of words") }
    let columns = words * 32 / bits
    var dense = shape.dimensions
    dense[dense.count - 1] = UInt64(columns)
    var grid = dense
    grid[grid.count - 1] = UInt64((columns + size - 1) / size)
    guard columns % size == 0 else {
      throw .invalid(parts.name, "groups of \(size) (group_size) do not divide its \(columns) columns")
    }
    try scales.require(shape: Shape(grid), "for groups of \(size)")
    let stack = shape.rank == 3 ? Int(clamping: shape[0]) : 1
    var values = GridValues(
      codes: parts.codes, bits: bits, rowBytes: words * 4, levels: CodeLevels.integers(bits: bits), rows: rows * stack,
      rowsOfMatrix: rows, columns: columns, height: 1, width: size, scales: scales)
    var biases: StoredPart?
    switch (mode, bits) {
    case ("affine", _):
      try scales.require(.f16, .bf16, .f32)
      let part = try parts.needed(".biases")
      try part.require(.f16, .bf16, .f32)
      try part.require(shape: Shape(grid), "as its scales have")
      values.offset = .bias(part)
      biases = part
    case ("mxfp4", 4), ("mxfp8", 8):
      try scales.require(.u8)
      values.levels = bits == 4 ? CodeLevels.e2m1 : CodeLevels.of(.f8e4m3)
      values.scalesAreExponents = true
    case ("nvfp4", 4):
      try scales.require(.u8)
      values.levels = CodeLevels.e2m1
      values.scales = scales.viewed(as: .f8e4m3)
    default: throw .invalid(parts.name, "the mode \"\(mode)\" with \(bits) bits of its config is not known")
    }
    return try parts.weight(
      Shape(dense), format: "mlx-\(mode == "affine" ? "int\(bits)" : mode)",
      parts: [parts.codes, scales, biases], values)
  }
}

extension StoredPart {
  /// The same bytes as elements of another type of the same size.
  fileprivate func viewed(as dtype: DType) -> StoredPart {
    StoredPart(
      file: file,
      info: TensorInfo(name: info.name, dtype: dtype, shape: info.shape, begin: info.begin, end: info.end))
  }
}
