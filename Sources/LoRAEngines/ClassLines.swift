import Glibc
import Synchronization

/// The lines of a table of model classes, each a JSON object that begins with its key.
final class ClassLines: Sendable {
  private let text: String
  private let lines: Mutex<[Substring: Substring]?> = Mutex(nil)

  init(_ text: String) { self.text = text }

  /// The line of a key, looked for as text: one is wanted of hundreds, and taking all apart costs milliseconds.
  func line(of key: String) -> Substring? {
    let mark = Array("{\"key\":\"\(key)\"".utf8)
    guard !key.utf8.contains(UInt8(ascii: "\"")) else { return nil }
    let utf8 = text.utf8
    let range = unsafe utf8.withContiguousStorageIfAvailable { bytes in
      unsafe Self.range(of: mark, in: UnsafeRawBufferPointer(bytes))
    }
    guard case .some(.some(let range)) = range else { return nil }
    let start = utf8.index(utf8.startIndex, offsetBy: range.lowerBound)
    return text[start..<utf8.index(start, offsetBy: range.count)]
  }

  /// The line that begins with some bytes.
  private static func range(of mark: [UInt8], in bytes: UnsafeRawBufferPointer) -> Range<Int>? {
    guard let start = bytes.baseAddress else { return nil }
    var first = 0
    while bytes.count - first >= mark.count {
      let newline = unsafe memchr(start + first, 0x0A, bytes.count - first)
      let end = unsafe newline.map { unsafe start.distance(to: $0) } ?? bytes.count
      if unsafe end - first >= mark.count && memcmp(start + first, mark, mark.count) == 0 { return first..<end }
      first = end + 1
    }
    return nil
  }

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
