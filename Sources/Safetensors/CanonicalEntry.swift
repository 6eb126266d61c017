import JSON
import TensorCore

/// An entry in the exact form in which the reference library writes it, read in one stride:
/// `,"name":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}`, without blanks, the name in ASCII without escapes.
///
/// Nearly every entry of nearly every file has this form. For any other the reader goes by the grammar, with the same
/// result for the same text.
struct CanonicalEntry {
  let tensor: TensorInfo
  /// Whether the name holds nothing that deserves a word.
  let isNamePlain: Bool

  /// Reads the separator and the entry that come next, or reads nothing and gives nil.
  static func read(_ reader: inout JSONReader) -> CanonicalEntry? {
    let start = UInt64(reader.offset)
    var entry: CanonicalEntry?
    unsafe reader.take { bytes in
      var cursor = unsafe ByteCursor(bytes)
      entry = CanonicalEntry(&cursor, at: start)
      return entry == nil ? 0 : cursor.offset
    }
    return entry
  }

  private init?(_ cursor: inout ByteCursor, at start: UInt64) {
    guard cursor.take(",\""), let length = cursor.plainTextLength else { return nil }
    let name = unsafe cursor.rest(length)
    isNamePlain = unsafe HeaderParser.isPlainName(name)
    let text = unsafe String(decoding: name, as: UTF8.self)
    // Whatever stands there, it is no tensor; what it is, the grammar says.
    if text == HeaderWriter.metadataKey { return nil }
    cursor.offset += length
    guard cursor.take("\":{\"dtype\":\""), let dtype = cursor.dtype(), cursor.take(",\"shape\":[") else { return nil }
    // Where the reader stands after the name and its colon.
    let at = 8 + start + 2 + UInt64(length) + 2
    var shape = Shape()
    if !cursor.take("]") {
      repeat {
        guard let dimension = cursor.number() else { return nil }
        shape.append(dimension)
      } while cursor.take(",")
      guard cursor.take("]") else { return nil }
    }
    guard cursor.take(",\"data_offsets\":["), let begin = cursor.number(), cursor.take(","), let end = cursor.number(),
      cursor.take("]}")
    else { return nil }
    tensor = TensorInfo(name: text, dtype: dtype, shape: shape, begin: begin, end: end, headerOffset: at)
  }
}

/// A place in the text of a header.
@safe private struct ByteCursor {
  private let bytes: UnsafeRawBufferPointer
  var offset = 0

  init(_ bytes: UnsafeRawBufferPointer) { unsafe self.bytes = bytes }

  /// Takes exactly these bytes, or nothing.
  mutating func take(_ text: StaticString) -> Bool {
    let length = text.utf8CodeUnitCount
    guard unsafe length <= bytes.count - offset else { return false }
    let text = unsafe UnsafeRawBufferPointer(start: text.utf8Start, count: length)
    var index = 0
    while index + 8 <= length {
      let here = unsafe bytes.loadUnaligned(fromByteOffset: offset + index, as: UInt64.self)
      guard unsafe here == text.loadUnaligned(fromByteOffset: index, as: UInt64.self) else { return false }
      index += 8
    }
    while index < length {
      guard unsafe bytes[offset + index] == text[index] else { return false }
      index += 1
    }
    offset += length
    return true
  }

  /// `count` bytes from here on; there must be as many.
  func rest(_ count: Int) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
  }

  /// Number of bytes before the next quotation mark, if all of them are ASCII without control characters or escapes.
  var plainTextLength: Int? {
    var index = offset
    while unsafe index + 8 <= bytes.count {
      let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      if (ByteLanes.endOfPlainText(word) | word) & ByteLanes.tops != 0 { break }
      index += 8
    }
    while unsafe index < bytes.count {
      let byte = unsafe bytes[index]
      if byte == 0x22 { return index - offset }
      if byte == 0x5C || byte < 0x20 || byte >= 0x80 { return nil }
      index += 1
    }
    return nil
  }

  /// Takes the name of a type and its closing quotation mark.
  mutating func dtype() -> DType? {
    // The types that weights are made of, at a glance.
    if take("BF16\"") { return .bf16 }
    if take("F32\"") { return .f32 }
    if take("F16\"") { return .f16 }
    guard let length = plainTextLength, length <= 16 else { return nil }
    let name = unsafe rest(length).bindMemory(to: UInt8.self)
    guard let dtype = unsafe DType(utf8: name.span) else { return nil }
    offset += length + 1
    return dtype
  }

  /// Takes an unsigned integer of up to 19 digits without a leading zero.
  mutating func number() -> UInt64? {
    var value: UInt64 = 0
    var index = offset
    while unsafe index < bytes.count, case let digit = unsafe bytes[index] &- 0x30, digit < 10 {
      value = value &* 10 &+ UInt64(digit)
      index += 1
    }
    let digits = index - offset
    guard digits > 0, digits <= 19, unsafe digits == 1 || bytes[offset] != 0x30 else { return nil }
    offset = index
    return value
  }
}
