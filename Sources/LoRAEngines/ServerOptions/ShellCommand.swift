import JSON

/// A command of a POSIX shell, one option a line.
struct ShellCommand {
  /// An option and its values; none for a switch.
  typealias Option = (name: String, values: [String])

  /// The program and what stands directly behind it.
  var words: [String]
  var options: [Option]
  /// An option whose values have a line each, such as the adapters; left out when there are none.
  var list: Option?

  /// The lines, all but the last with a backslash.
  var lines: [String] {
    var lines = [words.map(Self.quoted).joined(separator: " ")]
    lines += options.map { "  " + ([$0.name] + $0.values.map(Self.quoted)).joined(separator: " ") }
    if let list, !list.values.isEmpty {
      lines.append("  " + list.name)
      lines += list.values.map { "    " + Self.quoted($0) }
    }
    return lines.indices.map { $0 + 1 < lines.count ? lines[$0] + " \\" : lines[$0] }
  }

  /// The options for a JSON document: a switch is true.
  var json: JSONValue {
    .object(
      JSONObject(
        options.map { ($0.name, $0.values.isEmpty ? .bool(true) : .string($0.values.joined(separator: " "))) }))
  }

  /// A word for a POSIX shell: in single quotes unless it is plain.
  static func quoted(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || "-./_:,=@+".utf8.contains(byte)
    }
    if isPlain && !word.isEmpty { return word }
    return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
