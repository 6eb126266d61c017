extension JSONValue {
  /// The value as JSON text: keys in their order, integers exact, doubles in the shortest form that reads back equal.
  ///
  /// Numbers that JSON cannot express (NaN, infinities) are written as `null` unless `dialect` is `.python`.
  public func text(pretty: Bool = false, dialect: JSONReader.Dialect = .strict) -> String {
    text(pretty: pretty, indent: 0, dialect: dialect)
  }

  /// The same as it stands in other values, at a depth of `indent`; its first line has no blanks before it.
  package func text(pretty: Bool, indent: Int, dialect: JSONReader.Dialect = .strict) -> String {
    var writer = JSONWriter(pretty: pretty, dialect: dialect)
    writer.write(self, indent: indent)
    return writer.text
  }
}

private struct JSONWriter {
  let pretty: Bool
  let dialect: JSONReader.Dialect
  var text = ""

  mutating func write(_ value: JSONValue, indent: Int) {
    switch value {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .real(let value): write(value)
    case .string(let value): write(value)
    case .array(let elements):
      write("[", "]", count: elements.count, indent: indent) { writer, index, indent in
        writer.write(elements[index], indent: indent)
      }
    case .object(let object):
      write("{", "}", count: object.members.count, indent: indent) { writer, index, indent in
        writer.write(object.members[index].key)
        writer.text += writer.pretty ? ": " : ":"
        writer.write(object.members[index].value, indent: indent)
      }
    }
  }

  private mutating func write(
    _ open: String, _ close: String, count: Int, indent: Int, element: (inout JSONWriter, Int, Int) -> Void
  ) {
    text += open
    for index in 0..<count {
      if index > 0 { text += "," }
      newLine(indent + 1)
      element(&self, index, indent + 1)
    }
    if count > 0 { newLine(indent) }
    text += close
  }

  private mutating func newLine(_ indent: Int) {
    guard pretty else { return }
    text += "\n"
    text += String(repeating: "  ", count: indent)
  }

  private mutating func write(_ value: Double) {
    guard value.isFinite else {
      guard dialect == .python else {
        text += "null"
        return
      }
      text += value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity"
      return
    }
    text += value.description
  }

  private mutating func write(_ string: String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{8}": text += "\\b"
      case "\u{C}": text += "\\f"
      case "\u{20}"..<"\u{7F}": text.unicodeScalars.append(scalar)
      default: writeUnusual(scalar)
      }
    }
    text += "\""
  }

  /// Writes what is no ASCII, or a control character: escaped where a terminal would obey or hide it.
  private mutating func writeUnusual(_ scalar: Unicode.Scalar) {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator:
      for unit in String(scalar).utf16 {
        let digits = String(unit, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    default: text.unicodeScalars.append(scalar)
    }
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  /// An object with these members in this order; a later duplicate replaces the value.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self.init()
    for (key, value) in elements { self[key] = value }
  }
}

extension JSONValue: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByFloatLiteral, ExpressibleByNilLiteral
{
  /// An object with these members in this order.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    var object = JSONObject()
    for (key, value) in elements { object[key] = value }
    self = .object(object)
  }
  /// An array of these elements.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// An integer.
  public init(integerLiteral value: Int64) { self = .integer(value) }
  /// A boolean.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// A double.
  public init(floatLiteral value: Double) { self = .real(value) }
  /// `null`.
  public init(nilLiteral: ()) { self = .null }

  /// An exact integer; counts beyond 2^63 - 1 are written as the nearest double.
  public init(_ value: UInt64) { self = Int64(exactly: value).map { .integer($0) } ?? .real(Double(value)) }
  /// An exact integer.
  public init(_ value: Int) { self = .integer(Int64(value)) }
  /// A string, or `null` for nil.
  public init(_ value: String?) { self = value.map { .string($0) } ?? .null }
  /// A double, or `null` for nil.
  public init(_ value: Double?) { self = value.map { .real($0) } ?? .null }
}
