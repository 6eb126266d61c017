import JSON

/// The pieces of a SentencePiece model: field 1 of the message `ModelProto` in google/sentencepiece's
/// `sentencepiece_model.proto`, each a `SentencePiece` of text (1), score (2) and type (3).
struct SentencePieceFile {
  /// The types that libraries treat as added tokens.
  private enum PieceType {
    static let control: UInt64 = 3
    static let userDefined: UInt64 = 4
  }

  /// Reads a `tokenizer.model`; the position of a piece is its id.
  static func parse(_ bytes: [UInt8]) throws(JSONError) -> VocabularyFile {
    var builder = TokenListBuilder(textCount: bytes.count)
    var message = ProtobufMessage(bytes.span, 0..<bytes.count)
    var id: UInt32 = 0
    while let field = try message.next() {
      guard field.number == 1, case .bytes(let range) = field.value else { continue }
      guard builder.count < TokenList.limit else { throw .tooManyTokens(at: range.lowerBound) }
      let (text, isAdded) = try piece(bytes.span, range)
      builder.add(text, id: id, isAdded: isAdded)
      id += 1
    }
    guard id > 0 else { throw JSONError(offset: 0, reason: "it is no SentencePiece model: it has no pieces") }
    return VocabularyFile("tokenizer.model", bytes: bytes, WrittenVocabulary(builder.list(over: bytes)))
  }

  private static func piece(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(JSONError) -> (Range<Int>, Bool) {
    var message = ProtobufMessage(bytes, range)
    var text = range.lowerBound..<range.lowerBound
    var type: UInt64 = 1
    while let field = try message.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let range)): text = range
      case (3, .number(let number)): type = number
      default: break
      }
    }
    return (text, type == PieceType.control || type == PieceType.userDefined)
  }
}

/// Steps over the fields of one protobuf message: https://protobuf.dev/programming-guides/encoding.
struct ProtobufMessage: ~Copyable, ~Escapable {
  /// What a field holds.
  enum Value {
    /// Wire type 0.
    case number(UInt64)
    /// Wire type 2: where its bytes lie.
    case bytes(Range<Int>)
    /// Wire types 1 and 5, of eight and four bytes.
    case fixed
  }

  private let bytes: Span<UInt8>
  private var offset: Int
  private let end: Int

  /// The message that lies in a range of `bytes`.
  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    self.bytes = bytes
    offset = range.lowerBound
    end = range.upperBound
  }

  /// The next field, or nil at the end.
  mutating func next() throws(JSONError) -> (number: UInt64, value: Value)? {
    guard offset < end else { return nil }
    let start = offset
    let key = try varint()
    switch key & 7 {
    case 0: return (key >> 3, .number(try varint()))
    case 1: return (key >> 3, try skip(8))
    case 2:
      let length = try varint()
      guard length <= UInt64(end - offset) else { throw failure(start) }
      let range = offset..<offset + Int(length)
      offset = range.upperBound
      return (key >> 3, .bytes(range))
    case 5: return (key >> 3, try skip(4))
    default: throw failure(start)
    }
  }

  @_lifetime(self: copy self)
  private mutating func skip(_ count: Int) throws(JSONError) -> Value {
    guard count <= end - offset else { throw failure(offset) }
    offset += count
    return .fixed
  }

  private mutating func varint() throws(JSONError) -> UInt64 {
    let start = offset
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while offset < end, shift < 64 {
      let byte = bytes[offset]
      offset += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw failure(start)
  }

  private func failure(_ offset: Int) -> JSONError {
    JSONError(offset: offset, reason: "it is no SentencePiece model: no field of a protobuf message")
  }
}
