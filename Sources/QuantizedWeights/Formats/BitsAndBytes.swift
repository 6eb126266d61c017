import JSON
import Safetensors
import TensorCore

extension QuantizedFormat {
  /// bitsandbytes in 4 bits, nf4 or fp4 (bitsandbytes 0.50, `functional.QuantState`).
  ///
  /// `X.weight` holds two codes in a byte, in a tensor of any type (`bnb_4bit_quant_storage`); what says so is its
  /// state, JSON in the bytes of `X.weight.quant_state.bitsandbytes__nf4`.
  static let bitsAndBytes4 = QuantizedFormat(
    endings: [".quant_state.bitsandbytes__nf4", ".quant_state.bitsandbytes__fp4", ".absmax"]
  ) { parts throws(QuantizationError) in
    guard let codes = parts.tensor(parts.owner) else {
      throw .invalid(parts.name, "\"\(parts.owner)\", whose state it is, is missing", hint: "finish the download")
    }
    if parts.name.hasSuffix(".absmax") {
      if ["nf4", "fp4"].contains(where: { parts.beside(".quant_state.bitsandbytes__" + $0) != nil }) { return nil }
      throw .invalid(
        codes.name, "it has an absmax but no quant_state, without which neither its shape nor its block size is known",
        hint: "save the base again with bitsandbytes")
    }
    let (kind, stored) = (String(parts.name.suffix(3)), parts.codes)
    let state = try BitsAndBytesState(stored, of: kind)
    let ranks = codes.name.hasSuffix(".weight") ? 2...2 : 2...3
    guard ranks.contains(state.shape.rank), let count = state.shape.elementCount.flatMap({ Int(exactly: $0) }),
      count > 0
    else {
      throw .invalid(stored.name, "it says a shape of \(state.shape)")
    }
    let element = max(1, Int(codes.dtype.bits / 8))
    let bytes = (count / 2 + count % 2 + element - 1) / element * element
    guard codes.byteCount == bytes else {
      throw .invalid(
        codes.name, "it has \(codes.byteCount) bytes, expected \(bytes) for a shape of \(state.shape) in 4 bits")
    }
    func beside(_ name: String) throws(QuantizationError) -> StoredPart {
      guard let part = parts.beside("." + name) else {
        throw .invalid(codes.name, "\"\(codes.name).\(name)\", which its codes need, is missing")
      }
      return part
    }
    let map = try beside("quant_map")
    try map.require(.f32)
    try map.require(shape: [16], "for codes of 4 bits")
    let absmax = try beside("absmax")
    let blocks = UInt64((count - 1) / state.blockSize + 1)
    guard absmax.info.elementCount == blocks else {
      throw .invalid(
        absmax.name, "it has \(absmax.info.elementCount) elements, expected \(blocks) for blocks of \(state.blockSize)")
    }
    var all = [codes, stored, map, absmax]
    let maxima: BlockValues.Maxima
    if let nested = state.nested {
      try absmax.require(.u8)
      let outer = try beside("nested_absmax")
      let outerMap = try beside("nested_quant_map")
      try outer.require(.f32)
      try outerMap.require(.f32)
      try outerMap.require(shape: [256], "for codes of 8 bits")
      try outer.require(shape: [(blocks - 1) / UInt64(nested.blockSize) + 1], "for blocks of \(nested.blockSize)")
      maxima = .nested(
        absmax, map: try outerMap.numbers().map { Float($0) }, maxima: outer, size: nested.blockSize,
        offset: nested.offset)
      all += [outer, outerMap]
    } else {
      try absmax.require(.f32, .f16, .bf16)
      maxima = .plain(absmax)
    }
    return try parts.weight(
      state.shape, named: codes.name, format: kind, parts: all,
      BlockValues(codes: codes, map: try map.numbers(), maxima: maxima, size: state.blockSize))
  }

  /// bitsandbytes in 8 bits (LLM.int8()): v = code · SCB / 127 with SCB for each row.
  static let bitsAndBytes8 = QuantizedFormat(endings: [".weight"]) { parts throws(QuantizationError) in
    guard let scales = parts.beside(".SCB") else {
      if parts.codes.dtype == .i8, parts.config?.method == "bitsandbytes" { _ = try parts.needed(".SCB") }
      return nil
    }
    try parts.codes.require(.i8)
    try scales.require(.f32)
    let shape = parts.codes.shape
    guard shape.rank == 2 else { throw .invalid(parts.name, "its shape is \(shape), expected two dimensions") }
    try scales.require(shape: [shape[0]], "for one scale a row")
    let layout = parts.beside(".weight_format")
    if let layout, let code = try layout.bytes(from: 0, count: min(1, layout.byteCount)).first, code != 0 {
      throw .invalid(
        layout.name, "its weight is laid out for a kind of GPU (format \(code)), expected rows (0)",
        hint: "save the base again with a current bitsandbytes")
    }
    let (rows, columns) = (Int(clamping: shape[0]), Int(clamping: shape[1]))
    return try parts.weight(
      shape, format: "int8", parts: [parts.codes, scales, layout],
      GridValues(
        codes: parts.codes, bits: 8, rowBytes: columns, levels: CodeLevels.int8, rows: rows, rowsOfMatrix: rows,
        columns: columns, height: 1, width: max(1, columns), scales: scales, divisor: 127))
  }
}

/// The state that bitsandbytes saves beside a weight in 4 bits.
private struct BitsAndBytesState {
  /// Scales that are themselves codes.
  struct Nested {
    var blockSize: Int
    var offset: Float
  }

  let shape: Shape
  let blockSize: Int
  var nested: Nested?

  private static let sizeLimit = 1 << 16

  init(_ part: StoredPart, of kind: String) throws(QuantizationError) {
    guard part.byteCount <= Self.sizeLimit else { throw .invalid(part.name, "it has \(part.byteCount) bytes") }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: try Self.text(part))
    } catch {
      throw .invalid(part.name, "it is no JSON: \(error.reason)")
    }
    func size(_ key: String) throws(QuantizationError) -> Int {
      guard let size = value[key]?.int64.flatMap({ Int(exactly: $0) }), size > 0, size <= 1 << 20 else {
        throw .invalid(part.name, "its \(key) is no block size")
      }
      return size
    }
    guard value["quant_type"]?.string == kind else {
      throw .invalid(
        part.name, "its quant_type is \(value["quant_type"]?.text() ?? "missing"), expected \"\(kind)\"")
    }
    guard let dimensions = value["shape"]?.array?.map({ $0.int64.flatMap { UInt64(exactly: $0) } }),
      !dimensions.isEmpty, dimensions.allSatisfy({ $0 != nil })
    else { throw .invalid(part.name, "it says no shape") }
    shape = Shape(dimensions.compactMap { $0 })
    blockSize = try size("blocksize")
    if value["nested_blocksize"] != nil {
      guard let offset = value["nested_offset"]?.double else {
        throw .invalid(part.name, "it has a nested_blocksize but no nested_offset")
      }
      nested = Nested(blockSize: try size("nested_blocksize"), offset: Float(offset))
    }
  }

  private static func text(_ part: StoredPart) throws(JSONError) -> [UInt8] {
    (try? part.bytes(from: 0, count: part.byteCount)) ?? []
  }
}
