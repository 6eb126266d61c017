import JSON
import Safetensors
import TensorCore

extension QuantizedFormat {
  /// GPTQ: `qweight` packed down the inputs, zero points packed along the outputs, a map from inputs to groups.
  ///
  /// The first format stores zero points less one, the second (`checkpoint_format: "gptq_v2"`) as they are (gptqmodel
  /// 7.7, `utils/model_dequant.py`).
  static let gptq = QuantizedFormat(endings: [".qweight"]) { parts throws(QuantizationError) in
    guard parts.config?.method != "awq" else { return nil }
    try parts.codes.require(.i32)
    guard let config = parts.config, ["gptq", "auto-round", "intel/auto-round", "auto_gptq"].contains(config.method)
    else {
      let method = parts.config?.method
      throw .invalid(
        parts.name,
        method.map { "the config says quant_method \"\($0)\", which is not read" }
          ?? "no quantization_config says whether its words are those of GPTQ or AWQ (quant_method)",
        hint: method.map { _ in "merge into the 16-bit original of the base" }
          ?? "put the config.json of the quantised model beside its weights")
    }
    let stated = config.integer("bits") ?? config.integer("w_bit")
    guard let bits = stated, [2, 3, 4, 8].contains(bits) else {
      throw .invalid(
        parts.name,
        "the config says \(stated.map { "codes of \($0) bits" } ?? "no number of bits"), expected 2, 3, 4 or 8")
    }
    let format = config.fields["checkpoint_format"]?.string ?? "gptq"
    let isMarlin = config.fields["is_marlin_format"]?.bool == true
    if isMarlin || !["gptq", "gptq_v2"].contains(format) {
      throw .invalid(
        parts.name,
        "its words are repacked for a kernel (\(isMarlin ? "marlin" : format)), and only those of gptq and gptq_v2 are read",
        hint: "use the checkpoint in its original form")
    }
    if let packing = config.fields["packing_format"]?.string, !packing.contains("gptq") {
      throw .invalid(parts.name, "the packing_format \"\(packing)\" of its config is not known")
    }
    _ = try parts.needed(".qzeros")
    if config.fields["desc_act"]?.bool == true { _ = try parts.needed(".g_idx") }
    let matrix = try PackedColumns(parts, bits: bits, isPackedDown: true, config)
    let isSymmetric = config.fields["sym"]?.bool
    let shift = format == "gptq" ? 1 : 0
    if let zeros = matrix.zeros, isSymmetric == true {
      try matrix.check(zeros, bits: bits, expected: (1 << (bits - 1)) - shift, format)
    }
    return try matrix.weight(
      parts, format: "gptq-int\(bits)",
      ColumnValues(
        codes: matrix.codes, packing: .inputs, bits: bits, inputs: matrix.inputs, outputs: matrix.outputs,
        scales: matrix.scales, zeros: matrix.zeros, zeroShift: shift, zero: 1 << (bits - 1), groups: matrix.groups,
        groupCount: matrix.groupCount))
  }

  /// AWQ (`version: gemm`): `qweight` packed along the outputs in an order of its own, zero points likewise (autoawq
  /// 0.2, `utils/packing_utils.py`).
  static let awq = QuantizedFormat(endings: [".qweight"]) { parts throws(QuantizationError) in
    guard parts.codes.dtype == .i32, let config = parts.config, config.method == "awq" else { return nil }
    let version = config.fields["version"]?.string?.lowercased() ?? "gemm"
    guard version == "gemm" else {
      throw .invalid(
        parts.name, "its words are laid out for the kernel \"\(version)\", and only those of gemm are read",
        hint: "use the checkpoint of version gemm")
    }
    guard let bits = config.integer("bits") ?? config.integer("w_bit"), bits == 4 else {
      throw .invalid(parts.name, "the config does not say 4 bits, the only number that AWQ has")
    }
    let matrix = try PackedColumns(parts, bits: bits, isPackedDown: false, config)
    guard matrix.zeros != nil || config.fields["zero_point"]?.bool == false else {
      throw .invalid(parts.name, "\"\(parts.owner).qzeros\", which its codes need, is missing")
    }
    // Column j of eight lies at place p of a word where order[p] = j, order being 0 2 4 6 1 3 5 7.
    return try matrix.weight(
      parts, format: "awq-int4",
      ColumnValues(
        codes: matrix.codes, packing: .outputs(places: [0, 4, 1, 5, 2, 6, 3, 7]), bits: bits, inputs: matrix.inputs,
        outputs: matrix.outputs, scales: matrix.scales, zeros: matrix.zeros, zeroShift: 0, zero: 8,
        groups: matrix.groups, groupCount: matrix.groupCount))
  }
}

/// The tensors of a matrix `[inputs, outputs]` in packed words.
private struct PackedColumns {
  let codes: PackedMatrix
  let scales: PackedMatrix
  let zeros: PackedMatrix?
  let inputs: Int, outputs: Int
  let groups: [Int32]
  let groupCount: Int
  private let map: StoredPart?

  init(_ parts: QuantizedParts, bits: Int, isPackedDown: Bool, _ config: QuantizationConfig) throws(QuantizationError) {
    let shape = parts.codes.shape
    guard shape.rank == 2, let height = Int(exactly: shape[0]), let width = Int(exactly: shape[1]), height > 0,
      width > 0,
      height < 1 << 28, width < 1 << 28
    else { throw .invalid(parts.name, "its shape is \(shape), expected a matrix of words") }
    guard height * 32 % bits == 0 || !isPackedDown else {
      throw .invalid(parts.name, "its \(height) rows of words hold no whole number of codes of \(bits) bits")
    }
    let inputs = isPackedDown ? height * 32 / bits : height
    let outputs = isPackedDown ? width : width * 32 / bits
    let scales = try parts.needed(".scales")
    try scales.require(.f16, .bf16, .f32)
    guard scales.shape.rank == 2, scales.shape[1] == outputs, let count = Int(exactly: scales.shape[0]), count > 0,
      count <= inputs
    else { throw .invalid(scales.name, "its shape is \(scales.shape), expected [groups, \(outputs)]") }
    let size = config.integer("group_size") ?? config.integer("q_group_size")
    let whole = size.map { $0 > 0 ? $0 : inputs } ?? (inputs + count - 1) / count
    guard (inputs + whole - 1) / whole == count else {
      throw .invalid(
        scales.name,
        "it has \(count) groups, expected \((inputs + whole - 1) / whole) for groups of \(whole) of \(inputs) "
          + "inputs")
    }
    map = parts.beside(".g_idx")
    groups =
      try map.map { map throws(QuantizationError) in
        try ColumnGroups.stored(map, columns: inputs, groups: count)
      } ?? ColumnGroups.neighbours(inputs, size: whole)
    let stored = parts.beside(".qzeros")
    if let stored {
      try stored.require(.i32)
      try stored.require(
        shape: [UInt64(count), UInt64((outputs * bits + 31) / 32)], "for one zero point a group and output")
    }
    codes = PackedMatrix(parts.codes, stride: width * 4, parts.cache)
    self.scales = PackedMatrix(scales, stride: outputs * Int(scales.dtype.bits / 8), parts.cache)
    zeros = stored.map { PackedMatrix($0, stride: (outputs * bits + 31) / 32 * 4, parts.cache) }
    (self.inputs, self.outputs, groupCount) = (inputs, outputs, count)
  }

  /// Refuses zero points that contradict a symmetric quantisation: they belong to the other version of the format.
  func check(_ zeros: PackedMatrix, bits: Int, expected: Int, _ format: String) throws(QuantizationError) {
    guard let first = try zeros.part.bytes(from: 0, count: min(4, zeros.part.byteCount)).first else { return }
    let found = Int(first) & (1 << bits - 1)
    guard found != expected, [expected - 1, expected + 1].contains(found) else { return }
    throw .invalid(
      zeros.part.name,
      "it holds zero points of \(found), but a symmetric quantisation in the format \(format) stores \(expected)",
      hint: "the other of checkpoint_format gptq and gptq_v2 is meant")
  }

  func weight(_ parts: QuantizedParts, format: String, _ values: ColumnValues) throws(QuantizationError)
    -> QuantizedWeight
  {
    try parts.weight(
      [UInt64(outputs), UInt64(inputs)], format: format,
      parts: [parts.codes, scales.part, zeros?.part, map], values)
  }
}
