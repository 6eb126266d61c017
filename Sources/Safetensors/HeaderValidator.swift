import JSON
import TensorCore

extension HeaderParser {
  /// Checks sizes and offsets: element counts without overflow, whole bytes, ranges that match the shape, and a data
  /// section of `dataBytes` bytes covered from start to end without hole or overlap.
  ///
  /// Pass nil for `dataBytes` while the size of the data is not known (compressed files).
  mutating func validate(dataBytes: UInt64?) {
    if !isPlain {
      for tensor in tensors where !Self.isSizeRight(tensor) { checkSize(tensor) }
      if !isOrdered {
        unusual("the header does not list its tensors in the order of their data")
        order()
      }
    }
    checkCoverage(dataBytes: dataBytes)
    if !isPlain { checkNames() }
  }

  private var isOrdered: Bool {
    for index in tensors.indices.dropFirst() {
      if (tensors[index].begin, tensors[index].end) < (tensors[index - 1].begin, tensors[index - 1].end) {
        return false
      }
    }
    return true
  }

  /// Whether nothing about the sizes needs a word.
  static func isSizeRight(_ tensor: borrowing TensorInfo) -> Bool {
    guard tensor.shape.rank <= 8, let count = tensor.shape.elementCount, tensor.end >= tensor.begin else {
      return false
    }
    let (bits, overflow) = count.multipliedReportingOverflow(by: tensor.dtype.bits)
    return !overflow && bits % 8 == 0 && bits / 8 == tensor.end - tensor.begin
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
    var edge: UInt64 = isPlain ? tensors.last?.end ?? 0 : 0
    var previous: Int?
    for index in tensors.indices where !isPlain {
      if tensors[index].begin != edge {
        let tensor = tensors[index]
        let neighbour =
          previous.map { "\"\(escaped(tensors[$0].name))\", which ends at \(edge)" } ?? "the start of the data"
        let kind = tensor.begin > edge ? "a hole of \(tensor.begin - edge) bytes after" : "an overlap with"
        invalid(
          "the data begins at \(tensor.begin) and leaves \(kind) \(neighbour)", tensor: tensor.name,
          at: tensor.headerOffset, expected: "begin \(edge)", found: "begin \(tensor.begin)")
      }
      if tensors[index].end >= edge {
        edge = tensors[index].end
        previous = index
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
    for index in tensors.indices where !Self.isPlainName(tensors[index].name) {
      let tensor = tensors[index]
      unusual(
        "the name is empty, or has control characters or path separators", tensor: tensor.name,
        at: tensor.headerOffset)
    }
  }

  static func isPlainName(_ name: String) -> Bool {
    unsafe name.utf8Span.span.withUnsafeBytes { unsafe isPlainName($0) }
  }

  /// Whether a name has at least one byte and neither control characters nor path separators.
  static func isPlainName(_ name: UnsafeRawBufferPointer) -> Bool {
    var hits: UInt64 = 0
    var index = 0
    while index + 8 <= name.count {
      let word = unsafe name.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      hits |= ByteLanes.equal(word, 0x2F) | ByteLanes.equal(word, 0x7F) | ByteLanes.below(word, 0x20)
      index += 8
    }
    guard hits == 0 else { return false }
    while index < name.count {
      let byte = unsafe name[index]
      if byte < 0x20 || byte == 0x7F || byte == 0x2F { return false }
      index += 1
    }
    return unsafe !name.isEmpty
  }
}
