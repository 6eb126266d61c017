import TensorCore

extension HeaderParser {
  /// Checks sizes and offsets: element counts without overflow, whole bytes, ranges that match the shape, and a data
  /// section of `dataBytes` bytes covered from start to end without hole or overlap.
  ///
  /// Pass nil for `dataBytes` while the size of the data is not known (compressed files).
  mutating func validate(dataBytes: UInt64?) {
    for tensor in tensors { checkSize(tensor) }
    if !isOrdered {
      unusual("the header does not list its tensors in the order of their data")
      order()
    }
    checkCoverage(dataBytes: dataBytes)
    checkNames()
  }

  private var isOrdered: Bool {
    for index in tensors.indices.dropFirst() where Self.precedes(tensors[index], tensors[index - 1]) { return false }
    return true
  }

  /// By begin, then end, so that an empty tensor that shares its begin with a real one comes first.
  private static func precedes(_ left: TensorInfo, _ right: TensorInfo) -> Bool {
    (left.begin, left.end) < (right.begin, right.end)
  }

  private mutating func checkSize(_ tensor: TensorInfo) {
    guard tensor.end >= tensor.begin else {
      invalid(
        "the data ends before it begins", tensor: tensor.name, at: tensor.headerOffset, expected: "begin <= end",
        found: "[\(tensor.begin), \(tensor.end)]")
      return
    }
    guard let count = tensor.shape.elementCount,
      case (let bits, let overflow) = count.multipliedReportingOverflow(by: tensor.dtype.bits), !overflow
    else {
      invalid(
        "the shape \(tensor.shape) of \(tensor.dtype.name) overflows 64 bits", tensor: tensor.name,
        at: tensor.headerOffset)
      return
    }
    guard bits % 8 == 0 else {
      invalid(
        "\(count) elements of \(tensor.dtype.bits) bits do not fill whole bytes", tensor: tensor.name,
        at: tensor.headerOffset)
      return
    }
    guard bits / 8 == tensor.end - tensor.begin else {
      invalid(
        "the data range does not have the size of the shape \(tensor.shape) of \(tensor.dtype.name)",
        tensor: tensor.name, at: tensor.headerOffset, expected: "\(bits / 8) bytes",
        found: "\(tensor.end - tensor.begin) bytes at [\(tensor.begin), \(tensor.end)]")
      return
    }
    if tensor.shape.rank > 8 {
      unusual(
        "the shape has \(tensor.shape.rank) dimensions, more than some readers take", tensor: tensor.name,
        at: tensor.headerOffset)
    }
  }

  private mutating func checkCoverage(dataBytes: UInt64?) {
    var edge: UInt64 = 0
    var previous: TensorInfo?
    for tensor in tensors {
      if tensor.begin != edge {
        let neighbour = previous.map { "\"\(escaped($0.name))\", which ends at \(edge)" } ?? "the start of the data"
        let kind = tensor.begin > edge ? "a hole of \(tensor.begin - edge) bytes after" : "an overlap with"
        invalid(
          "the data begins at \(tensor.begin) and leaves \(kind) \(neighbour)", tensor: tensor.name,
          at: tensor.headerOffset, expected: "begin \(edge)", found: "begin \(tensor.begin)")
      }
      if tensor.end >= edge {
        edge = tensor.end
        previous = tensor
      }
    }
    guard let dataBytes, dataBytes != edge else { return }
    if dataBytes < edge {
      invalid(
        "the file is truncated: \(edge - dataBytes) of \(edge) data bytes are missing at the end", at: nil,
        expected: ByteCount(edge).description + " of data", found: ByteCount(dataBytes).description,
        hint: "copy or download the file again; an interrupted save leaves such a file")
    } else {
      invalid(
        "\(dataBytes - edge) trailing bytes follow the last tensor", at: nil,
        expected: ByteCount(edge).description + " of data", found: ByteCount(dataBytes).description,
        hint: "the file was appended to or written over a longer one; export it again")
    }
  }

  private mutating func checkNames() {
    for tensor in tensors {
      let hasControl = tensor.name.utf8.contains { $0 < 0x20 || $0 == 0x7F }
      if tensor.name.isEmpty || hasControl || tensor.name.utf8.contains(UInt8(ascii: "/")) {
        unusual(
          "the name is empty, or has control characters or path separators", tensor: tensor.name,
          at: tensor.headerOffset)
      }
    }
  }
}
