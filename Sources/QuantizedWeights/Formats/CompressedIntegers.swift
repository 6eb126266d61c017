import JSON
import Safetensors
import TensorCore

extension QuantizedFormat {
  /// Integers of compressed-tensors packed into 32-bit words along the inputs (`pack-quantized`).
  ///
  /// Codes and zero points are stored with 2^(bits − 1) added: v = (q − z) · scale.
  static let compressedIntegers = QuantizedFormat(endings: [".weight_packed"]) { parts throws(QuantizationError) in
    if parts.codes.dtype == .u8 { return nil }
    try parts.codes.require(.i32)
    let stored = try parts.needed(".weight_shape")
    let sizes = try stored.integers()
    guard sizes.count == 2, let rows = Int(exactly: sizes[0]), let columns = Int(exactly: sizes[1]), rows > 0,
      columns > 0, rows < 1 << 31, columns < 1 << 31
    else { throw .invalid(stored.name, "it does not say the two dimensions of a matrix") }
    let words = parts.codes.shape
    let bits = try parts.bits(ofRow: words, columns: columns)
    try parts.codes.require(
      shape: [UInt64(rows), UInt64((columns * bits + 31) / 32)],
      "for a weight_shape of \(rows) x \(columns) and codes of \(bits) bits")
    let scales = try parts.needed(".weight_scale")
    try scales.require(.f32, .f16, .bf16)
    let map = parts.beside(".weight_g_idx")
    let grid = try GroupedScales(scales, rows: rows, columns: columns, parts.groupSize(), isSorted: map == nil)
    var values = GridValues(
      codes: parts.codes, bits: bits, rowBytes: Int(clamping: words[1]) * 4,
      levels: CodeLevels.integers(bits: bits, less: 1 << (bits - 1)), rows: rows, rowsOfMatrix: rows, columns: columns,
      height: grid.height, width: grid.width, scales: scales)
    values.groups = try map.map { map throws(QuantizationError) in
      try ColumnGroups.stored(map, columns: columns, groups: grid.groups)
    }
    let zeros = try parts.zeros()
    if let zeros {
      if zeros.dtype == .i32, zeros.shape == [UInt64((rows * bits + 31) / 32), UInt64(grid.groups)], grid.height == 1 {
        values.offset = .packedZeros(zeros)
      } else {
        try zeros.require(.i8)
        try zeros.require(shape: scales.shape, "as its scales have")
        values.offset = .zeros(zeros)
      }
    }
    return try parts.weight(
      [UInt64(rows), UInt64(columns)], format: "int\(bits)", parts: [parts.codes, scales, zeros, map, stored],
      unused: QuantizedParts.activations, values)
  }

  /// Whole integers of 8 bits with scales (`int-quantized`): v = (q − z) · scale.
  static let wholeIntegers = QuantizedFormat(endings: [".weight"]) { parts throws(QuantizationError) in
    guard parts.codes.dtype == .i8, let scales = parts.beside(".weight_scale") else { return nil }
    let shape = parts.codes.shape
    guard shape.rank == 2, let rows = Int(exactly: shape[0]), let columns = Int(exactly: shape[1]), rows > 0,
      columns > 0
    else { throw .invalid(parts.name, "its shape is \(shape), expected a matrix") }
    try scales.require(.f32, .f16, .bf16)
    let grid = try GroupedScales(scales, rows: rows, columns: columns, parts.groupSize(), isSorted: true)
    var values = GridValues(
      codes: parts.codes, bits: 8, rowBytes: columns, levels: CodeLevels.int8, rows: rows, rowsOfMatrix: rows,
      columns: columns, height: grid.height, width: grid.width, scales: scales)
    let zeros = try parts.zeros()
    if let zeros {
      try zeros.require(.i8)
      try zeros.require(shape: scales.shape, "as its scales have")
      values.offset = .zeros(zeros)
    }
    return try parts.weight(
      shape, format: "int8", parts: [parts.codes, scales, zeros], unused: QuantizedParts.activations, values)
  }
}

extension QuantizedParts {
  /// Elements of a group, from the config; nil for whole rows.
  fileprivate func groupSize() throws(QuantizationError) -> Int? {
    guard let size = config?.weights(of: owner)?["group_size"]?.int64 else { return nil }
    guard size != 0, size >= -1, size <= 1 << 30 else {
      throw .invalid(name, "the config says a group_size of \(size)")
    }
    return size > 0 ? Int(size) : nil
  }

  /// Zero points, which an asymmetric quantisation must have.
  fileprivate func zeros() throws(QuantizationError) -> StoredPart? {
    let isSymmetric = config?.weights(of: owner)?["symmetric"]?.bool ?? true
    return isSymmetric ? beside(".weight_zero_point") : try needed(".weight_zero_point")
  }

  /// Bits of a code, from the config or from the width of the packed rows where only one fits.
  fileprivate func bits(ofRow words: Shape, columns: Int) throws(QuantizationError) -> Int {
    if let bits = config?.weights(of: owner)?["num_bits"]?.int64 {
      guard (1...8).contains(bits) else { throw .invalid(name, "the config says codes of \(bits) bits") }
      return Int(bits)
    }
    let fitting = [2, 4, 8].filter { words.rank == 2 && words[1] == UInt64((columns * $0 + 31) / 32) }
    guard fitting.count == 1 else {
      throw .invalid(
        name, "its shape \(words) does not tell the bits of its codes and the config does not say num_bits")
    }
    return fitting[0]
  }
}

/// Scales of a matrix by groups of columns, by row, or one for all.
struct GroupedScales {
  let height: Int
  let width: Int
  /// Groups of a row.
  let groups: Int

  /// - Parameters:
  ///   - size: columns of a group, as configured.
  ///   - isSorted: whether groups are neighbouring columns.
  init(_ scales: StoredPart, rows: Int, columns: Int, _ size: Int?, isSorted: Bool) throws(QuantizationError) {
    let shape = scales.shape.dimensions
    if scales.info.elementCount == 1 {
      (height, width, groups) = (rows, columns, 1)
      return
    }
    guard let first = shape.first, first == rows, shape.count <= 2, shape.count == 1 || shape[1] > 0,
      let groups = Int(exactly: shape.count == 1 ? 1 : shape[1])
    else {
      throw .invalid(scales.name, "its shape is \(scales.shape), expected a row of scales for each of \(rows) rows")
    }
    self.groups = groups
    height = 1
    if groups == 1 {
      width = columns
      return
    }
    if let size {
      guard (columns + size - 1) / size == groups else {
        throw .invalid(
          scales.name,
          "it has \(groups) scales a row, expected \((columns + size - 1) / size) for groups of \(size) of "
            + "\(columns) columns")
      }
      width = size
    } else {
      guard columns % groups == 0 else {
        throw .invalid(
          scales.name, "its \(groups) groups do not divide \(columns) columns and the config does not say group_size")
      }
      width = columns / groups
    }
  }
}

/// Which group every column, or input, belongs to.
enum ColumnGroups {
  /// The map as stored.
  static func stored(_ map: StoredPart, columns: Int, groups: Int) throws(QuantizationError) -> [Int32] {
    guard map.info.elementCount == columns else {
      throw .invalid(map.name, "it has \(map.info.elementCount) elements, expected one for each of \(columns) inputs")
    }
    return try map.integers().map { group throws(QuantizationError) in
      guard (0..<Int64(groups)).contains(group) else {
        throw .invalid(map.name, "it names group \(group) of \(groups)")
      }
      return Int32(group)
    }
  }

  /// Neighbours in groups of one size.
  static func neighbours(_ columns: Int, size: Int) -> [Int32] { (0..<columns).map { Int32($0 / size) } }
}
