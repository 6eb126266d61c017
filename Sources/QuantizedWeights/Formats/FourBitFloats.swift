import Safetensors
import TensorCore

extension QuantizedFormat {
  /// E2M1 in blocks along the inputs, two codes to a byte, the first in the low half: NVFP4 and MXFP4 of
  /// compressed-tensors (`weight_packed`) and of ModelOpt (`weight`).
  ///
  /// NVFP4 has a scale in F8_E4M3 for 16 elements and one for the tensor, by which compressed-tensors divides
  /// (`weight_global_scale`) and ModelOpt multiplies (`weight_scale_2`). MXFP4 has an exponent for 32.
  static let fourBitFloats = QuantizedFormat(endings: [".weight_packed", ".weight"]) {
    parts throws(QuantizationError) in
    guard parts.codes.dtype == .u8, let scales = parts.beside(".weight_scale") else { return nil }
    let isModelOpt = parts.name.hasSuffix(".weight")
    let isNV = scales.dtype == .f8e4m3
    guard isNV || scales.dtype == .u8 || scales.dtype == .f8e8m0 else {
      throw .invalid(
        scales.name, "it is \(scales.dtype.name), expected F8_E4M3 (NVFP4) or 8-bit exponents (MXFP4)")
    }
    let packed = parts.codes.shape
    guard (2...3).contains(packed.rank), let rows = Int(exactly: packed[packed.rank - 2]),
      let half = Int(exactly: packed[packed.rank - 1]), rows > 0, half > 0, half < 1 << 31
    else { throw .invalid(parts.name, "its shape is \(packed), expected a matrix or a stack of them") }
    let (columns, block) = (half * 2, isNV ? 16 : 32)
    var shape = packed.dimensions
    shape[shape.count - 1] = UInt64(columns)
    var grid = shape
    grid[grid.count - 1] = UInt64((columns + block - 1) / block)
    if scales.info.elementCount > Shape(grid).elementCount ?? 0 {
      throw .invalid(
        scales.name, "its shape is \(scales.shape), more than \(Shape(grid)): it is laid out for a kernel",
        hint: "only row-major scales are read; use the checkpoint as it was published")
    }
    try scales.require(shape: Shape(grid), "for blocks of \(block)")
    let stack = packed.rank == 3 ? Int(clamping: packed[0]) : 1
    var values = GridValues(
      codes: parts.codes, bits: 4, rowBytes: half, levels: CodeLevels.e2m1, rows: rows * stack, rowsOfMatrix: rows,
      columns: columns, height: 1, width: block, scales: scales)
    var global: StoredPart?
    if isNV {
      let part = try parts.needed(isModelOpt ? ".weight_scale_2" : ".weight_global_scale")
      try part.require(.f32)
      guard part.info.elementCount == 1, let scale = try part.numbers().first, scale.isFinite, scale > 0 else {
        throw .invalid(part.name, "it is no single positive number")
      }
      if isModelOpt { values.factor = scale } else { values.divisor = scale }
      global = part
    } else {
      values.scalesAreExponents = true
    }
    return try parts.weight(
      Shape(shape), format: isNV ? "nvfp4" : "mxfp4", parts: [parts.codes, scales, global],
      unused: QuantizedParts.activations + [".weight_shape"], values)
  }

  /// gpt-oss: `X_blocks` and `X_scales` for a stack of experts that is the other way round without quantisation.
  static let transposedExperts = QuantizedFormat(endings: ["_blocks"]) { parts throws(QuantizationError) in
    guard parts.codes.dtype == .u8 else { return nil }
    let exponents = try parts.needed("_scales")
    try exponents.require(.u8, .f8e8m0)
    let shape = parts.codes.shape
    guard shape.rank == 4, shape[3] == 16, let outputs = Int(exactly: shape[1]), let blocks = Int(exactly: shape[2]),
      outputs > 0, blocks > 0, blocks < 1 << 24
    else { throw .invalid(parts.name, "its shape is \(shape), expected [experts, outputs, inputs / 32, 16]") }
    try exponents.require(shape: [shape[0], shape[1], shape[2]], "for one exponent a block")
    return try parts.weight(
      [shape[0], UInt64(blocks * 32), shape[1]], named: parts.owner, format: "mxfp4", parts: [parts.codes, exponents],
      TransposedExperts(
        codes: PackedMatrix(parts.codes, stride: blocks * 16, parts.cache),
        exponents: PackedMatrix(exponents, stride: blocks, parts.cache), inputs: blocks * 32, outputs: outputs))
  }
}
