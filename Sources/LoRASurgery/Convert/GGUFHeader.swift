import TensorCore

/// The head of a GGUF file, version 3: keys with values, and where each tensor lies behind it (ggml's `docs/gguf.md`).
struct GGUFHeader {
  /// Tensors, and the data as a whole, begin at multiples of this.
  static let alignment: UInt64 = 32

  /// One tensor and where it begins behind the head.
  struct Tensor {
    let name: String
    let dtype: DType
    /// Outermost dimension first, as in safetensors; the file has them the other way round.
    let shape: Shape
    fileprivate(set) var offset: UInt64 = 0

    var byteCount: UInt64 { (shape.elementCount ?? 0) &* dtype.bits / 8 }
  }

  private var keys: [UInt8] = []
  private var keyCount: UInt64 = 0
  private(set) var tensors: [Tensor] = []
  /// Bytes of the data so far, a multiple of the alignment.
  private(set) var dataBytes: UInt64 = 0

  mutating func add(_ key: String, _ value: String) { add(key, type: 8, Self.text(value)) }

  mutating func add(_ key: String, _ value: Float) { add(key, type: 6, Self.number(value.bitPattern)) }

  mutating func add(_ key: String, _ values: [UInt32]) {
    add(key, type: 9, Self.number(UInt32(4)) + Self.number(UInt64(values.count)) + values.flatMap { Self.number($0) })
  }

  private mutating func add(_ key: String, type: UInt32, _ value: [UInt8]) {
    keys += Self.text(key) + Self.number(type) + value
    keyCount += 1
  }

  /// Adds a tensor behind the others.
  mutating func add(tensor name: String, _ dtype: DType, _ shape: Shape) {
    var tensor = Tensor(name: name, dtype: dtype, shape: shape)
    tensor.offset = dataBytes
    dataBytes = Self.aligned(dataBytes &+ tensor.byteCount)
    tensors.append(tensor)
  }

  /// The head, filled up so that the data can follow.
  var bytes: [UInt8] {
    var result = Array("GGUF".utf8) + Self.number(UInt32(3)) + Self.number(UInt64(tensors.count))
    result += Self.number(keyCount) + keys
    for tensor in tensors {
      result += Self.text(tensor.name) + Self.number(UInt32(tensor.shape.rank))
      for dimension in tensor.shape.dimensions.reversed() { result += Self.number(dimension) }
      result += Self.number(Self.type(tensor.dtype)) + Self.number(tensor.offset)
    }
    return result + Array(repeating: 0, count: Int(Self.aligned(UInt64(result.count))) - result.count)
  }

  private static func aligned(_ count: UInt64) -> UInt64 { (count &+ alignment &- 1) / alignment &* alignment }

  /// ggml's number of a type.
  private static func type(_ dtype: DType) -> UInt32 { dtype == .f16 ? 1 : dtype == .bf16 ? 30 : 0 }

  private static func text(_ text: String) -> [UInt8] { number(UInt64(text.utf8.count)) + Array(text.utf8) }

  private static func number(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
