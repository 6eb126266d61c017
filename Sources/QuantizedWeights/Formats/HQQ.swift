import JSON
import Safetensors
import TensorCore

extension QuantizedFormat {
  /// HQQ: `W_q` with float scales and zero points, and its settings in small tensors beside it (hqq 0.2.8,
  /// `core/quantize.py`).
  static let hqq = QuantizedFormat(endings: [".W_q"]) { parts throws(QuantizationError) in
    let scales = try parts.needed(".scale")
    let zeros = try parts.needed(".zero")
    try scales.require(.f32, .f16, .bf16)
    try zeros.require(.f32, .f16, .bf16)
    let bits = try parts.setting(".nbits") ?? parts.configured("nbits")
    let size = try parts.setting(".group_size") ?? parts.configured("group_size")
    let axis = try parts.setting(".axis") ?? parts.configured("axis") ?? 1
    guard let bits, [1, 2, 3, 4, 8].contains(bits) else {
      throw .invalid(parts.name, "its nbits are \(bits.map { String($0) } ?? "not given"), and 1, 2, 3, 4, 8 are read")
    }
    try parts.codes.require(bits == 3 ? .i32 : .u8)
    guard let shapePart = parts.beside(".shape"), shapePart.count == 2 else {
      throw .invalid(parts.name, "\"\(parts.owner).shape\", without which its dimensions are not known, is missing")
    }
    let sizes = try shapePart.integers()
    guard let rows = Int(exactly: sizes[0]), let columns = Int(exactly: sizes[1]), rows > 0, columns > 0,
      rows < 1 << 28, columns < 1 << 28, let size, size > 0, rows * columns % size == 0
    else { throw .invalid(parts.name, "its shape \(sizes) does not go into groups of \(size ?? 0) (group_size)") }
    guard axis == 0 || axis == 1 else { throw .invalid(parts.name, "its axis is \(axis), expected 0 or 1") }
    for setting in [".quant_scale", ".quant_zero"] {
      if let part = parts.beside(setting), try part.bytes(from: 0, count: part.byteCount).contains(where: { $0 != 0 }) {
        throw .invalid(part.name, "its scales or zero points are themselves quantised, which is not read")
      }
    }
    let groups = rows * columns / size
    let (height, width) = axis == 1 ? (groups, size) : (size, groups)
    let codesOfWord = HalvedValues.codesOfWord(bits: bits)
    let packed = (height + codesOfWord - 1) / codesOfWord
    guard parts.codes.count == packed * width else {
      throw .invalid(
        parts.name,
        "it has \(parts.codes.count) \(bits == 3 ? "words" : "bytes"), expected \(packed * width) for a shape of "
          + "\(rows) x \(columns) and codes of \(bits) bits")
    }
    for part in [scales, zeros] where part.count != groups {
      throw .invalid(part.name, "it has \(part.count) elements, expected one for each of \(groups) groups")
    }
    return try parts.weight(
      [UInt64(rows), UInt64(columns)], format: "hqq-int\(bits)", parts: [parts.codes, scales, zeros],
      unused: QuantizedParts.hqqSettings,
      HalvedValues(
        codes: parts.codes, bits: bits, rows: height, columns: width, groupsAreRows: axis == 1, scales: scales,
        zeros: zeros))
  }
}

extension QuantizedParts {
  /// What else lies beside an HQQ weight.
  static let hqqSettings = [
    ".nbits", ".group_size", ".axis", ".shape", ".packing", ".channel_wise", ".optimize", ".round_zero",
    ".unpack_view_dtype",
    ".view_as_float", ".quant_scale", ".quant_zero", ".compute_dtype", ".offload_meta", ".stores_quant_config",
    ".encoded_state_dict",
  ]

  /// A whole number in a tensor of one element.
  fileprivate func setting(_ ending: String) throws(QuantizationError) -> Int? {
    guard let part = beside(ending), part.count == 1 else { return nil }
    switch part.dtype {
    case .i64, .i32, .u64: return try part.integers().first.flatMap { Int(exactly: $0) }
    case .u8, .i8, .f32, .f16, .bf16, .f64: return try part.numbers().first.flatMap { Int(exactly: $0) }
    default: return nil
    }
  }

  /// A whole number of the config, which HQQ keeps under `quant_config.weight_quant_params` or at the top.
  fileprivate func configured(_ key: String) -> Int? {
    let nested = config?.fields["quant_config"]?["weight_quant_params"]?[key] ?? config?.fields[key]
    return nested?.int64.flatMap { Int(exactly: $0) }
  }
}
