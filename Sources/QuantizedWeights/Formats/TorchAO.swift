import JSON
import Safetensors
import TensorCore

extension QuantizedFormat {
  /// torchao's integers and floats of 8 bits: v = (code − zero) · scale (torchao 0.18, `Int8Tensor`, `Float8Tensor`).
  ///
  /// The metadata of the file says of every tensor which class it is.
  static let torchAO = QuantizedFormat(endings: ["._weight_qdata"]) { parts throws(QuantizationError) in
    let kind = parts.torchAOClass
    guard kind == "Int8Tensor" || kind == "Float8Tensor" else {
      throw .invalid(
        parts.name,
        "the file's metadata calls it \(kind.map { "a \($0)" } ?? "nothing"), and only Int8Tensor and "
          + "Float8Tensor are read", hint: "merge into the 16-bit original of the base")
    }
    let shape = parts.codes.shape
    guard shape.rank == 2, let rows = Int(exactly: shape[0]), let columns = Int(exactly: shape[1]), rows > 0,
      columns > 0
    else { throw .invalid(parts.name, "its shape is \(shape), expected a matrix") }
    let isInteger = kind == "Int8Tensor"
    if isInteger { try parts.codes.require(.i8) } else { try parts.codes.require(.f8e4m3, .f8e5m2) }
    let scales = try parts.needed("._weight_scale")
    try scales.require(.f32, .bf16, .f16)
    let grid = try GroupedScales(scales, rows: rows, columns: columns, nil, isSorted: true)
    var values = GridValues(
      codes: parts.codes, bits: 8, rowBytes: columns,
      levels: isInteger ? CodeLevels.int8 : CodeLevels.of(parts.codes.dtype), rows: rows, rowsOfMatrix: rows,
      columns: columns, height: grid.height, width: grid.width, scales: scales)
    let zeros = parts.beside("._weight_zero_point")
    if let zeros {
      try zeros.require(.i8, .f32, .bf16)
      try zeros.require(shape: scales.shape, "as its scales have")
      values.offset = .zeros(zeros)
    }
    return try parts.weight(
      shape, format: isInteger ? "torchao-int8" : "torchao-fp8", parts: [parts.codes, scales, zeros],
      unused: ["._weight_act_quant_scale", "._weight_act_pre_scale"], values)
  }
}

extension QuantizedParts {
  /// The class of the owner's weight, from the metadata of its file.
  fileprivate var torchAOClass: String? {
    guard let text = codes.file.header.metadata(owner + ".weight"),
      let value = try? JSONValue(parsing: Array(text.utf8))
    else { return nil }
    return value["_type"]?.string
  }
}
