import Synchronization

/// The lines of a table of model classes, each a JSON object that begins with its key; found when the first is asked for.
final class ClassLines: Sendable {
  private let text: String
  private let lines: Mutex<[Substring: Substring]?> = Mutex(nil)

  init(_ text: String) { self.text = text }

  /// The lines by their keys.
  var byKey: [Substring: Substring] {
    lines.withLock { lines in
      if let lines { return lines }
      var made: [Substring: Substring] = [:]
      for line in text.utf8.split(separator: UInt8(ascii: "\n")).map({ Substring($0) }) {
        let start = line.utf8.dropFirst("{\"key\":\"".utf8.count)
        guard let end = start.firstIndex(of: UInt8(ascii: "\"")) else { continue }
        made[line[start.startIndex..<end]] = line
      }
      lines = made
      return made
    }
  }
}
