import LoRAIO
import Safetensors
import TensorCore

/// One stored tensor of a quantised weight: codes, scales, zero points or a map.
struct StoredPart: Sendable {
  let file: SafetensorsFile
  let info: TensorInfo

  var name: String { info.name }
  var shape: Shape { info.shape }
  var dtype: DType { info.dtype }
  /// Number of elements; headers hold none whose product overflows.
  var count: Int { Int(clamping: info.elementCount) }
  var byteCount: Int { Int(clamping: info.byteCount) }

  /// Some bytes of it.
  func bytes(from first: Int, count: Int) throws(QuantizationError) -> [UInt8] {
    guard first >= 0, count >= 0, count <= byteCount, first <= byteCount - count else {
      throw .invalid(name, "bytes \(first) to \(first + count) lie outside of its \(byteCount)")
    }
    return try QuantizationError.reading { () throws(IOError) in
      try file.contents.bytes(at: file.offset(of: info) + UInt64(first), count: count)
    }
  }

  /// Some of its elements as numbers.
  func numbers(_ range: Range<Int>) throws(QuantizationError) -> [Double] {
    let size = Int(dtype.bits / 8)
    let bytes = try bytes(from: range.lowerBound * size, count: range.count * size)
    return CodeLevels.numbers(bytes, dtype)
  }

  /// All of its elements as numbers.
  func numbers() throws(QuantizationError) -> [Double] { try numbers(0..<count) }

  /// Some of its 32-bit elements.
  func words(_ range: Range<Int>) throws(QuantizationError) -> [UInt32] {
    let bytes = try bytes(from: range.lowerBound * 4, count: range.count * 4)
    return (0..<range.count).map { bytes.word($0) }
  }

  /// All of its integers, of 32 or 64 bits.
  func integers() throws(QuantizationError) -> [Int64] {
    let bytes = try bytes(from: 0, count: byteCount)
    switch dtype {
    case .i64, .u64:
      return (0..<count).map { Int64(bitPattern: UInt64(bytes.word(2 * $0)) | UInt64(bytes.word(2 * $0 + 1)) << 32) }
    case .i32: return (0..<count).map { Int64(Int32(bitPattern: bytes.word($0))) }
    default: throw .invalid(name, "it is \(dtype.name), expected integers of 32 or 64 bits")
    }
  }

  /// Refuses another type.
  func require(_ dtypes: DType...) throws(QuantizationError) {
    if dtypes.contains(dtype) { return }
    throw .invalid(name, "it is \(dtype.name), expected \(dtypes.map(\.name).joined(separator: " or "))")
  }

  /// Refuses another shape.
  func require(shape expected: Shape, _ why: String) throws(QuantizationError) {
    if shape == expected { return }
    throw .invalid(name, "its shape is \(shape), expected \(expected) \(why)")
  }
}

extension [UInt8] {
  /// The 32-bit word at `index`, little-endian.
  func word(_ index: Int) -> UInt32 {
    let at = index * 4
    return UInt32(self[at]) | UInt32(self[at + 1]) << 8 | UInt32(self[at + 2]) << 16 | UInt32(self[at + 3]) << 24
  }
}
