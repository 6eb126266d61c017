import LoRATestSupport

/// Changes of a JSON text that mostly leave it a JSON text: members come twice, go, change places, numbers move to the
/// edges of their types, strings to awkward ones.
struct JSONMutation {
  /// Strings that mean something to the reader of the text.
  var vocabulary: [String] = []

  /// Numbers at which readers go wrong.
  static let numbers = [
    "0", "-0", "1", "-1", "2", "3", "8", "16", "127", "128", "255", "256", "65535", "65536", "100000000", "2147483647",
    "2147483648", "4294967295", "4294967296", "9007199254740993", "9223372036854775807", "9223372036854775808",
    "-9223372036854775808", "18446744073709551615", "18446744073709551616", "2305843009213693951", "1e308", "1e309",
    "-1e309", "1e-400", "0.5", "1.0", "1E2", "01", "1.", "1e", "-", "NaN", "Infinity", "-Infinity",
    "123456789012345678901234567890123456789012345678901234567890",
  ]

  /// Strings at which readers go wrong, as they stand between quotation marks.
  static let strings = [
    "", ".", "..", "../../etc/passwd", "/dev/zero", "a/b", #"\u0000"#, #"\ud800"#, #"\ud83d\ude00"#, #"\/"#, #"\x"#,
    "é",
    "\u{202E}abc", #"\u001b[31m"#, "\u{1B}[2J", #"\n"#, "\u{7F}", "(a+)+$", ".*", "\\", "__metadata__",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
  ]

  static let values = ["null", "true", "false", "[]", "{}", "\"\"", "0", "[0]", "{\"a\":0}"]

  func mutate(_ text: inout [UInt8], _ random: inout SeededGenerator) {
    for _ in 0...random.below(3) { once(&text, &random) }
    if text.count > ByteMutation.limit { text.removeLast(text.count - ByteMutation.limit) }
  }

  private func once(_ text: inout [UInt8], _ random: inout SeededGenerator) {
    let outline = JSONOutline(text)
    let container = random.pick(outline.containers.filter { !$0.isEmpty }) ?? []
    let element = random.pick(container)
    switch random.below(16) {
    case 0:
      guard let element else { break }
      text.insert(contentsOf: [UInt8(ascii: ",")] + text[element], at: element.upperBound)
    case 1:
      guard let element else { break }
      let hasComma = element.upperBound < text.count && text[element.upperBound] == UInt8(ascii: ",")
      text.removeSubrange(element.lowerBound..<element.upperBound + (hasComma ? 1 : 0))
    case 2:
      guard let element, let other = random.pick(container), element.upperBound <= other.lowerBound else { break }
      let (first, second) = (Array(text[element]), Array(text[other]))
      text.replaceSubrange(other, with: first)
      text.replaceSubrange(element, with: second)
    case 3:
      guard let element, let other = random.pick(outline.containers.joined().map(\.self)) else { break }
      text.insert(contentsOf: Array(text[element]) + [UInt8(ascii: ",")], at: other.lowerBound)
    case 4, 5, 6: replace(random.pick(outline.numbers), by: random.pick(Self.numbers), in: &text)
    case 7: replaceContent(random.pick(outline.strings), by: random.pick(Self.strings), in: &text)
    case 8, 9:
      let own = random.pick(outline.strings).map { String(decoding: text[$0].dropFirst().dropLast(), as: UTF8.self) }
      replaceContent(
        random.pick(outline.strings), by: random.once(in: 3) ? own : random.pick(vocabulary) ?? own, in: &text)
    case 10: replace(random.pick(outline.numbers + outline.strings), by: random.pick(Self.values), in: &text)
    case 11: escape(random.pick(outline.strings), in: &text, &random)
    case 12:
      guard let element else { break }
      let depth = random.pick([1, 2, 125, 126, 127, 128, 200, 5_000, 20_000]) ?? 1
      let value = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
      text.insert(contentsOf: "\"nested\":\(value),".utf8, at: element.lowerBound)
    case 13: corrupt(random.pick(outline.strings), in: &text, &random)
    case 14:
      // A key that comes twice, with a value of another type.
      guard let element, let key = outline.strings.first(where: { element.contains($0.lowerBound) }) else { break }
      let value = random.pick(Self.values) ?? "null"
      text.insert(contentsOf: Array(text[key]) + Array(":\(value),".utf8), at: element.lowerBound)
    default:
      guard let element else { break }
      let blank: UInt8 = random.pick([0x20, 0x09, 0x0A, 0x0D, 0x0B, 0xA0]) ?? 0x20
      text.insert(blank, at: random.once(in: 2) ? element.lowerBound : element.upperBound)
    }
    if random.once(in: 12) { ByteMutation.mutate(&text, &random) }
  }

  /// Puts bytes into a string that are no UTF-8: a lone continuation, a cut sequence, a surrogate, an overlong form.
  private func corrupt(_ range: Range<Int>?, in bytes: inout [UInt8], _ random: inout SeededGenerator) {
    guard let range else { return }
    let wrong: [[UInt8]] = [
      [0x80], [0xFF], [0xC3], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xC0, 0xAF], [0xF4, 0x90, 0x80, 0x80],
    ]
    bytes.insert(contentsOf: random.pick(wrong) ?? [0xFF], at: range.lowerBound + 1)
  }

  private func replace(_ range: Range<Int>?, by text: String?, in bytes: inout [UInt8]) {
    if let range, let text { bytes.replaceSubrange(range, with: text.utf8) }
  }

  private func replaceContent(_ range: Range<Int>?, by text: String?, in bytes: inout [UInt8]) {
    replace(range, by: text.map { "\"\($0)\"" }, in: &bytes)
  }

  /// Writes one character of a string in its long form, which changes nothing for a reader that knows JSON.
  private func escape(_ range: Range<Int>?, in bytes: inout [UInt8], _ random: inout SeededGenerator) {
    guard let range, range.count > 2 else { return }
    let at = range.lowerBound + 1 + random.below(range.count - 2)
    guard bytes[at] < 0x80, bytes[at] != UInt8(ascii: "\\"), bytes[at - 1] != UInt8(ascii: "\\") else { return }
    let digits = String(bytes[at], radix: 16)
    bytes.replaceSubrange(at...at, with: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
  }
}

/// Where the parts of a text lie that looks like JSON; takes anything.
struct JSONOutline {
  /// Numbers, as written.
  private(set) var numbers: [Range<Int>] = []
  /// Strings with their quotation marks.
  private(set) var strings: [Range<Int>] = []
  /// For every array and object its elements or members, without the commas between them.
  private(set) var containers: [[Range<Int>]] = []
  /// The bytes outside strings after which white space may stand: commas, colons and opening brackets.
  private(set) var separators: [Int] = []

  init(_ text: [UInt8]) {
    var open: [(elements: [Range<Int>], start: Int)] = []
    var index = 0
    while index < text.count {
      let byte = text[index]
      switch byte {
      case UInt8(ascii: "\""):
        let end = Self.endOfString(text, from: index)
        strings.append(index..<end)
        index = end
        continue
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
        let end = text[index...].firstIndex { !Self.isOfNumber($0) } ?? text.count
        numbers.append(index..<end)
        index = end
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        open.append(([], index + 1))
        separators.append(index)
      case UInt8(ascii: ":"): separators.append(index)
      case UInt8(ascii: ","):
        separators.append(index)
        guard let last = open.indices.last else { break }
        open[last].elements.append(open[last].start..<index)
        open[last].start = index + 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        guard var closed = open.popLast() else { break }
        if index > closed.start { closed.elements.append(closed.start..<index) }
        containers.append(closed.elements)
      default: break
      }
      index += 1
    }
  }

  private static func endOfString(_ text: [UInt8], from start: Int) -> Int {
    var index = start + 1
    while index < text.count {
      if text[index] == UInt8(ascii: "\\") {
        index += 2
      } else if text[index] == UInt8(ascii: "\"") {
        return index + 1
      } else {
        index += 1
      }
    }
    return text.count
  }

  private static func isOfNumber(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
      UInt8(ascii: "e"), UInt8(ascii: "E"):
      true
    default: false
    }
  }
}
