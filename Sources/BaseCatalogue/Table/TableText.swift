import TensorCore

/// The entries of a generated table as one text, which begins with an entry: a line `= NAME`, and then its own lines.
///
/// A dictionary of some hundred texts takes the compiler seconds, and a program that builds it longer than one that looks
/// for these lines.
struct TableText: Sendable {
  private let text: String
  /// Where the lines of each entry are, in bytes.
  private let entries: [String: Range<Int>]

  init(_ text: String) {
    self.text = text
    let (mark, bytes) = ("\n= ", text.utf8)
    let starts = [-1] + text.byteOffsets(of: mark)
    var entries = [String: Range<Int>](minimumCapacity: starts.count)
    for (start, end) in zip(starts, starts.dropFirst() + [bytes.count]) {
      let name = bytes.dropFirst(start + mark.utf8.count).prefix { $0 != UInt8(ascii: "\n") }
      let first = start + mark.utf8.count + name.count + 1
      entries[String(Substring(name))] = min(first, end)..<end
    }
    self.entries = entries
  }

  /// Names of all entries.
  var names: some Sequence<String> { entries.keys }

  /// The lines of an entry, empty for one without any; nil for one that the table does not have.
  subscript(name: String) -> String? {
    entries[name].map { range in
      let start = text.utf8.index(text.startIndex, offsetBy: range.lowerBound)
      return String(text[start..<text.utf8.index(start, offsetBy: range.count)])
    }
  }
}
