import JSON
import LoRAIO
public import TensorCore

/// A safetensors file put together by hand, for tests that need exact names, shapes and bytes.
///
/// Tensors lie in the order in which they were added; the header is compact JSON padded with blanks to a multiple of
/// 8, as the reference writes it. Nothing is checked, so that wrong files can be built too.
public struct SafetensorsBuilder: Sendable {
  private struct Tensor: Sendable {
    var name: String
    var dtype: String
    var shape: [UInt64]
    var begin: UInt64
    var end: UInt64
    /// nil for zeros.
    var data: [UInt8]?
  }

  private var tensors: [Tensor] = []
  private var metadata: [(key: String, value: String)]
  private var dataEnd: UInt64 = 0

  /// A file without tensors; an empty `metadata` leaves `__metadata__` out.
  public init(metadata: [(key: String, value: String)] = [("format", "pt")]) { self.metadata = metadata }

  /// Adds a tensor; without data it is zeros of the size that shape and dtype give.
  public mutating func add(_ name: String, _ dtype: DType, _ shape: [UInt64], data: [UInt8]? = nil) {
    let bytes = data.map { UInt64($0.count) } ?? shape.reduce(1, *) * dtype.bits / 8
    add(name, dtype: dtype.name, shape: shape, begin: dataEnd, end: dataEnd + bytes, data: data)
  }

  /// Adds a tensor with these values, rounded to the dtype: one of F32, F16, BF16 and F64.
  public mutating func add(_ name: String, _ dtype: DType = .f32, _ shape: [UInt64], values: [Float]) {
    add(name, dtype, shape, data: Self.bytes(of: values, as: dtype))
  }

  /// Adds an entry with any dtype name and offsets, right or wrong.
  public mutating func add(
    _ name: String, dtype: String, shape: [UInt64], begin: UInt64, end: UInt64, data: [UInt8]? = nil
  ) {
    tensors.append(Tensor(name: name, dtype: dtype, shape: shape, begin: begin, end: end, data: data))
    dataEnd = max(dataEnd, end)
  }

  /// Sum of the bytes of all tensors, as an index counts them.
  public var tensorBytes: UInt64 { tensors.reduce(0) { $0 + ($1.end - $1.begin) } }

  /// The names in the order in which they were added.
  public var names: [String] { tensors.map(\.name) }

  /// Length prefix and header.
  public var head: [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let object = metadata.reduce(into: JSONObject()) { $0[$1.key] = .string($1.value) }
      members.append("\"__metadata__\":\(JSONValue.object(object).text(pretty: false))")
    }
    for tensor in tensors {
      let shape = tensor.shape.map { String($0) }.joined(separator: ",")
      let name = JSONValue.string(tensor.name).text(pretty: false)
      members.append(
        "\(name):{\"dtype\":\"\(tensor.dtype)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(tensor.begin),\(tensor.end)]}")
    }
    return Self.frame("{" + members.joined(separator: ",") + "}")
  }

  /// The whole file.
  public var bytes: [UInt8] {
    let head = self.head
    var result = head + [UInt8](repeating: 0, count: Int(dataEnd))
    for tensor in tensors {
      guard let data = tensor.data else { continue }
      result.replaceSubrange(head.count + Int(tensor.begin)..<head.count + Int(tensor.begin) + data.count, with: data)
    }
    return result
  }

  /// Writes the file, which must not exist; zeros are left as holes, so that a model of many GiB takes no space.
  public func write(to path: String) throws {
    let head = self.head
    let file = try OutputFile(creating: path)
    try file.write(head, at: 0)
    for tensor in tensors {
      if let data = tensor.data { try file.write(data, at: UInt64(head.count) + tensor.begin) }
    }
    try file.resize(to: UInt64(head.count) + dataEnd)
  }

  /// A header text behind its length, padded to a multiple of 8, and the data after it.
  public static func frame(_ header: String, data: [UInt8] = []) -> [UInt8] {
    var text = Array(header.utf8)
    while text.count % 8 != 0 { text.append(0x20) }
    return littleEndian(UInt64(text.count)) + text + data
  }

  /// The values in little-endian order, rounded to nearest even; dtypes other than F32, F16, BF16 and F64 give nothing.
  public static func bytes(of values: [Float], as dtype: DType) -> [UInt8] {
    switch dtype {
    case .f32: values.flatMap { littleEndian($0.bitPattern) }
    case .f64: values.flatMap { littleEndian(Double($0).bitPattern) }
    case .f16: values.flatMap { littleEndian(Float16($0).bitPattern) }
    case .bf16:
      values.flatMap { value in
        let bits = value.bitPattern
        return littleEndian(UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16))
      }
    default: []
    }
  }

  private static func littleEndian<Integer: FixedWidthInteger>(_ value: Integer) -> [UInt8] {
    (0..<Integer.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> Integer($0 * 8)) }
  }
}
