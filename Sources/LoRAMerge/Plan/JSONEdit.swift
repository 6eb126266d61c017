import JSON

/// Changes single members of a JSON text and leaves every other byte as it was, so that a config keeps the form that
/// its author gave it.
struct JSONEdit {
  /// The text.
  private(set) var text: [UInt8]

  init(_ text: [UInt8]) { self.text = text }

  /// Sets a member of the object that the keys of `path` lead to; a missing member is added as the first.
  ///
  /// - Throws: `JSONError` when the text is not JSON, or the path leads to no object.
  mutating func set(_ key: String, in path: [String] = [], to value: JSONValue) throws(JSONError) {
    var reader = JSONReader(text.span, dialect: .python)
    for name in path {
      guard try Self.enter(name, &reader) else { throw reader.failure("there is no \"\(escaped(name))\"") }
    }
    guard try reader.peek() == .object else { throw reader.failure("expected an object") }
    let brace = reader.position
    if try Self.enter(key, &reader) {
      _ = try reader.peek()
      let start = reader.position
      try reader.skipValue()
      text.replaceSubrange(start..<reader.position, with: value.text().utf8)
      return
    }
    let space = text[(brace + 1)...].prefix { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    let isEmpty = text[brace + 1 + space.count] == UInt8(ascii: "}")
    let member = JSONValue.string(key).text() + (space.isEmpty ? ":" : ": ") + value.text()
    text.insert(contentsOf: Array(space) + Array(member.utf8) + (isEmpty ? [] : [UInt8(ascii: ",")]), at: brace + 1)
  }

  /// Removes a member of the object that the keys of `path` lead to, with the comma that set it apart; without such a
  /// member nothing changes.
  ///
  /// - Throws: `JSONError` when the text is not JSON.
  mutating func remove(_ key: String, in path: [String] = []) throws(JSONError) {
    while try has(key, in: path) {
      var reader = JSONReader(text.span, dialect: .python)
      for name in path { _ = try Self.enter(name, &reader) }
      _ = try reader.peek()
      try reader.beginObject()
      var start = reader.position
      var isFirst = true
      while let name = try reader.nextKey(), name != key {
        try reader.skipValue()
        start = reader.position
        isFirst = false
      }
      try reader.skipValue()
      var end = reader.position
      if isFirst {
        // The comma is behind it.
        let space = text[end...].prefix { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        if text[space.endIndex] == UInt8(ascii: ",") { end = space.endIndex + 1 }
      }
      text.removeSubrange(start..<end)
    }
  }

  /// Whether the object that `path` leads to has the member.
  func has(_ key: String, in path: [String] = []) throws(JSONError) -> Bool {
    var reader = JSONReader(text.span, dialect: .python)
    for name in path + [key] where try !Self.enter(name, &reader) { return false }
    return true
  }

  /// Reads on to the value of a key in the object that comes next; false when there is no such object or key.
  private static func enter(_ name: String, _ reader: inout JSONReader) throws(JSONError) -> Bool {
    guard try reader.peek() == .object else { return false }
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if key == name { return true }
      try reader.skipValue()
    }
    return false
  }
}
