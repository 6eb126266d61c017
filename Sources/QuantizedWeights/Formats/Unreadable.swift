import TensorCore

extension QuantizedFormat {
  /// Formats whose codes are laid out for a kernel or a kind of GPU, or need code books: refused by their names.
  static let unreadable = QuantizedFormat(endings: [".weight", ".qweight", ".codes", "._packed_weight", ".indices"]) {
    parts throws(QuantizationError) in
    let marks: [(ending: String, beside: String, name: String)] = [
      (".weight", ".weight_scales", "eetq"), (".qweight", ".lut", "a table of levels for each row"),
      (".codes", ".codebooks", "aqlm"), (".codes", ".scales", "aqlm"), (".indices", ".centroids", "vptq"),
      (".qweight", ".tables", "higgs"), (".weight", ".tables", "higgs"),
    ]
    for mark in marks where parts.name.hasSuffix(mark.ending) && parts.beside(mark.beside) != nil {
      throw .invalid(
        parts.name, "it is quantised as \(mark.name), which is not read",
        hint: "merge into the 16-bit original of the base")
    }
    let method = parts.config?.method ?? ""
    let named = [
      "eetq", "aqlm", "vptq", "higgs", "spqr", "quip", "bitnet", "fp_quant", "quark", "sinq", "metal",
      "fouroversix", "quanto",
    ]
    if named.contains(method), !parts.codes.dtype.isFloat || parts.codes.dtype.bits <= 8 {
      throw .invalid(
        parts.name, "it is quantised as \(method), which is not read",
        hint: "merge into the 16-bit original of the base")
    }
    return nil
  }
}
