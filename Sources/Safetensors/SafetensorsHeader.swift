public import TensorCore

/// What a header says about one tensor.
public struct TensorInfo: Sendable, Equatable {
  /// Full name; any string, to be escaped before it is shown.
  public let name: String
  /// Dimensions, outermost first, in elements.
  public let shape: Shape
  /// Element type; it stands here because it fits into the padding of the shape.
  public let dtype: DType
  /// First byte, counted from the start of the data section.
  public let begin: UInt64
  /// Byte after the last one, counted from the start of the data section.
  public let end: UInt64
  /// Offset in the file of the entry's name in the header.
  public let headerOffset: UInt64

  /// A tensor of the data section.
  public init(name: String, dtype: DType, shape: Shape, begin: UInt64, end: UInt64, headerOffset: UInt64 = 0) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.begin = begin
    self.end = end
    self.headerOffset = headerOffset
  }

  /// Size of the data in bytes; 0 for the reversed range that an unsound header may give.
  public var byteCount: UInt64 { end > begin ? end - begin : 0 }

  /// Number of elements; valid headers never hold a shape whose product overflows.
  public var elementCount: UInt64 { shape.elementCount ?? 0 }
}

/// A parsed safetensors header.
///
/// The format: 8 bytes little-endian length N, N bytes of JSON, then the data section, which starts at byte 8 + N and
/// is covered by the tensors without hole or overlap.
public struct SafetensorsHeader: Sendable {
  /// The tensors in the order of their data.
  public let tensors: [TensorInfo]
  /// The members of `__metadata__` in file order.
  public let metadata: [(key: String, value: String)]
  /// Offset in the file of the first data byte.
  public let dataStart: UInt64
  private let names: NameTable

  init(tensors: [TensorInfo], names: NameTable, metadata: [(key: String, value: String)], dataStart: UInt64) {
    self.tensors = tensors
    self.names = names
    self.metadata = metadata
    self.dataStart = dataStart
  }

  /// The header that other entries over the same data would make; of two equal names the first is found.
  func with(_ tensors: [TensorInfo]) -> SafetensorsHeader {
    var names = NameTable()
    for (position, tensor) in tensors.enumerated() {
      _ = names.insert(position, hash: NameTable.hash(tensor.name), of: tensors)
    }
    return SafetensorsHeader(tensors: tensors, names: names, metadata: metadata, dataStart: dataStart)
  }

  /// The header with the first tensor alone of those whose names differ in numbers only.
  package var kinds: SafetensorsHeader {
    var kinds = NameKinds()
    var kept: [TensorInfo] = []
    for tensor in tensors where kinds.kind(of: tensor.name) == kept.count { kept.append(tensor) }
    return with(kept)
  }

  /// The tensor of this name, or nil.
  public subscript(name: String) -> TensorInfo? { names.position(of: name, in: tensors).map { tensors[$0] } }

  /// The metadata value of this key, or nil.
  public func metadata(_ key: String) -> String? { metadata.last { $0.key == key }?.value }

  /// Bytes of the data section: the end of the last tensor.
  public var dataBytes: UInt64 { tensors.last?.end ?? 0 }

  /// Sum of the elements of all tensors.
  public var parameters: UInt64 {
    tensors.reduce(0) { sum, tensor in
      let (total, overflow) = sum.addingReportingOverflow(tensor.elementCount)
      return overflow ? .max : total
    }
  }

  /// Number of tensors of each type.
  public var dtypes: [DType: Int] {
    var counts: [DType: Int] = [:]
    var start = 0
    while start < tensors.count {
      // Tensors of a type mostly stand together, and are counted together.
      var end = start + 1
      while end < tensors.count, tensors[end].dtype == tensors[start].dtype { end += 1 }
      counts[tensors[start].dtype, default: 0] += end - start
      start = end
    }
    return counts
  }

  /// The oldest release of the safetensors library that can read the file.
  public var minimumReader: String { dtypes.keys.map(\.minimumReader).max() ?? "0.1.0" }
}
