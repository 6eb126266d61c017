import Glibc
import JSON
import LoRAIO

/// The rules by which a byte-pair encoding joins pieces, in their order, as they stand in a file.
struct MergeRules: Sendable {
  /// How they are written.
  enum Form: Sendable {
    /// A list of `"a b"` (tokenizers before 0.20) or `["a", "b"]`.
    case json
    /// Lines `a b`, the first of which may be `#version: 0.2`.
    case lines
  }

  let text: [UInt8]
  let range: Range<Int>
  let form: Form

  /// The first rule at which two lists part.
  struct Difference: Sendable, Equatable {
    /// Its number from 0.
    let index: Int
    /// The rule in either list, `a b`; nil where the list has ended.
    let own: String?
    let other: String?
  }

  /// Where two lists part, or nil when they are the same, however they are written.
  ///
  /// Lists that cannot be read are not compared.
  static func difference(_ own: MergeRules, _ other: MergeRules) -> Difference? {
    // Most adapters have their base's list, byte for byte.
    if own.form == other.form, isSame(own.text, own.range, other.text, other.range) { return nil }
    let rules = [own, other]
    let results = Results<[UInt8]>(rules.count)
    Workers.forEach(count: rules.count, workers: Workers.processorCount) { side in
      if let plain = try? rules[side].plain { results.set(side, plain) }
    }
    let sides = results.all
    guard sides.count == rules.count else { return nil }
    let (left, right) = (sides[0], sides[1])
    guard !isSame(left, left.indices, right, right.indices) else { return nil }
    var place = 0
    while place < min(left.count, right.count), left[place] == right[place] { place += 1 }
    let start = left[..<place].lastIndex(of: end).map { $0 + 1 } ?? 0
    func rule(_ rules: [UInt8]) -> String? {
      guard start < rules.count else { return nil }
      let rule = rules[start...].prefix { $0 != end }
      return String(decoding: rule.map { $0 == separator ? 0x20 : $0 }, as: UTF8.self)
    }
    return Difference(index: left[..<start].count { $0 == end }, own: rule(left), other: rule(right))
  }

  /// Bytes that are in no UTF-8 text.
  fileprivate static let separator: UInt8 = 0xFE
  fileprivate static let end: UInt8 = 0xFF

  /// The rules in one plain form: first piece, separator, second piece, end.
  private var plain: [UInt8] {
    get throws(JSONError) {
      var writer = PlainRules(text, capacity: range.count)
      switch form {
      case .json:
        var reader = JSONReader(text.span.extracting(range))
        try reader.beginArray()
        while try reader.nextElement() {
          try readRule(&reader, &writer)
          let offset = range.lowerBound + reader.offset
          unsafe reader.take { unsafe RuleStride(offset: offset).rules($0, into: &writer) }
        }
      case .lines:
        var start = range.lowerBound
        while start < range.upperBound {
          let end = text[start..<range.upperBound].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? range.upperBound
          if end > start, !text[start..<end].starts(with: "#version".utf8) { writer.appendRule(start..<end) }
          start = end + 1
        }
      }
      return writer.bytes
    }
  }

  private func readRule(_ reader: inout JSONReader, _ writer: inout PlainRules) throws(JSONError) {
    guard case .array = try reader.peek() else {
      let string = try reader.writtenString()
      if string.hasEscapes {
        writer.appendRule(try reader.decoded(string))
      } else {
        writer.appendRule(place(of: string))
      }
      return
    }
    try reader.beginArray()
    var count = 0
    while try reader.nextElement() {
      if count > 0 { writer.append(Self.separator) }
      let string = try reader.writtenString()
      if string.hasEscapes {
        writer.append(try reader.decoded(string))
      } else {
        writer.append(place(of: string))
      }
      count += 1
    }
    writer.append(Self.end)
  }

  private func place(of string: JSONReader.WrittenString) -> Range<Int> {
    range.lowerBound + string.range.lowerBound..<range.lowerBound + string.range.upperBound
  }

  /// Rules in their plain form.
  fileprivate struct PlainRules {
    let text: [UInt8]
    private(set) var bytes: [UInt8] = []

    init(_ text: [UInt8], capacity: Int) {
      self.text = text
      bytes.reserveCapacity(capacity)
    }

    mutating func append(_ byte: UInt8) { bytes.append(byte) }

    mutating func append(_ piece: String) { bytes.append(contentsOf: piece.utf8) }

    mutating func append(_ piece: Range<Int>) {
      unsafe text.withUnsafeBytes { text in
        unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[piece]))
      }
    }

    /// Appends a rule in which a blank stands between the pieces.
    mutating func appendRule(_ rule: Range<Int>) {
      for index in rule { bytes.append(text[index] == 0x20 ? MergeRules.separator : text[index]) }
      bytes.append(MergeRules.end)
    }

    mutating func appendRule(_ rule: String) {
      for byte in rule.utf8 { bytes.append(byte == 0x20 ? MergeRules.separator : byte) }
      bytes.append(MergeRules.end)
    }
  }
}

/// A shortcut through rules without escapes, as `VocabularyStride` is one through tokens.
private struct RuleStride {
  /// Offset of the lent bytes in the file.
  let offset: Int

  /// Reads on behind a rule; returns the bytes that were taken.
  func rules(_ bytes: UnsafeRawBufferPointer, into writer: inout MergeRules.PlainRules) -> Int {
    var cursor = unsafe PlainCursor(bytes)
    var taken = 0
    while cursor.take(UInt8(ascii: ",")) {
      if cursor.take(UInt8(ascii: "[")) {
        guard let left = cursor.plainString(), cursor.take(UInt8(ascii: ",")), let right = cursor.plainString(),
          cursor.take(UInt8(ascii: "]"))
        else { break }
        writer.append(place(left))
        writer.append(MergeRules.separator)
        writer.append(place(right))
        writer.append(MergeRules.end)
      } else {
        guard let rule = cursor.plainString() else { break }
        writer.appendRule(place(rule))
      }
      taken = cursor.index
    }
    return taken
  }

  private func place(_ range: Range<Int>) -> Range<Int> { offset + range.lowerBound..<offset + range.upperBound }
}

/// Whether two stretches of bytes are the same.
func isSame(_ left: [UInt8], _ range: Range<Int>, _ right: [UInt8], _ other: Range<Int>) -> Bool {
  guard range.count == other.count else { return false }
  return unsafe left.withUnsafeBytes { left in
    unsafe right.withUnsafeBytes { right in
      let (left, right) = unsafe (
        UnsafeRawBufferPointer(rebasing: left[range]), UnsafeRawBufferPointer(rebasing: right[other])
      )
      guard let left = left.baseAddress, let right = right.baseAddress, unsafe left != right else { return true }
      return unsafe memcmp(left, right, range.count) == 0
    }
  }
}
