import JSON

/// The parts of a line that people want to see, as they are written there.
struct ShownAnswer {
  /// The id, as JSON.
  var id = ""
  /// The calls that are right, when the line says.
  var expected: String?
  /// The calls that were made.
  var calls = "no call"

  init() {}

  /// Reads a line that has been read before.
  init(_ line: Span<UInt8>) throws(JSONError) {
    var reader = JSONReader(line)
    var single = Call()
    var list: String?
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "id": id = try Self.raw(&reader, line)
      case "expected": expected = try Self.calls(&reader, line)
      case "tool_calls": list = try Self.calls(&reader, line)
      case "name": single.name = try Self.text(&reader, line)
      case "arguments": single.arguments = try Self.text(&reader, line)
      default: try reader.skipValue()
      }
    }
    if let list { calls = list } else if single.name != nil { calls = single.text }
  }

  private struct Call {
    var name: String?
    var arguments: String?
    var text: String { "\(name ?? "?") \(arguments ?? "{}")" }
  }

  /// A list of calls, one call, or an object with `tool_calls`; nil for null.
  @_lifetime(reader: copy reader)
  private static func calls(_ reader: inout JSONReader, _ line: Span<UInt8>) throws(JSONError) -> String? {
    switch try reader.peek() {
    case .array:
      var list: [String] = []
      try reader.beginArray()
      while try reader.nextElement() { list.append(try calls(&reader, line) ?? "?") }
      return list.isEmpty ? "no call" : list.joined(separator: "; ")
    case .object:
      var call = Call()
      var whole: String?
      try reader.beginObject()
      while let key = try reader.nextKey() {
        switch key {
        case "function": whole = try calls(&reader, line)
        case "tool_calls": whole = try calls(&reader, line) ?? "no call"
        case "name": call.name = try text(&reader, line)
        case "arguments": call.arguments = try text(&reader, line)
        default: try reader.skipValue()
        }
      }
      return whole ?? call.text
    default:
      try reader.skipValue()
      return nil
    }
  }

  /// The text of a string, or another value as it is written; nil for null.
  @_lifetime(reader: copy reader)
  private static func text(_ reader: inout JSONReader, _ line: Span<UInt8>) throws(JSONError) -> String? {
    switch try reader.peek() {
    case .string: return try reader.string()
    case .null:
      try reader.null()
      return nil
    default: return try raw(&reader, line)
    }
  }

  @_lifetime(reader: copy reader)
  private static func raw(_ reader: inout JSONReader, _ line: Span<UInt8>) throws(JSONError) -> String {
    _ = try reader.peek()
    let start = reader.offset
    try reader.skipValue()
    let bytes = line.extracting(start..<reader.offset)
    return unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
  }
}
