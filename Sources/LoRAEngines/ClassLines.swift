import Glibc
import Synchronization
import TensorCore

/// The lines of a table of model classes, each a JSON object that begins with its key.
///
/// After them stand the values that several have, as `testdata/make/class_lines.py` writes them: `=0 VALUE`, `=1 VALUE`,
/// and so on. A member that has one of them is `"=NUMBER"`.
final class ClassLines: Sendable {
  private let text: String
  private let values: Mutex<[Substring]?> = Mutex(nil)

  init(_ text: String) { self.text = text }

  /// The line of a key, looked for as text: one is wanted of hundreds, and taking all apart costs milliseconds.
  func line(of key: String) -> String? {
    let mark = Array("{\"key\":\"\(key)\"".utf8)
    guard !key.utf8.contains(UInt8(ascii: "\"")) else { return nil }
    let utf8 = text.utf8
    let range = unsafe utf8.withContiguousStorageIfAvailable { bytes in
      unsafe Self.range(of: mark, in: UnsafeRawBufferPointer(bytes))
    }
    guard case .some(.some(let range)) = range else { return nil }
    let start = utf8.index(utf8.startIndex, offsetBy: range.lowerBound)
    return completed(text[start..<utf8.index(start, offsetBy: range.count)])
  }

  /// A line with the values that it shares with others.
  private func completed(_ line: Substring) -> String {
    let values = sharedValues
    var result = ""
    var start = line.startIndex
    for mark in line.ranges(of: "\"=") {
      let number = line[mark.upperBound...].utf8.prefix { $0 != UInt8(ascii: "\"") }
      guard let index = Int(Substring(number)), values.indices.contains(index) else { continue }
      result += line[start..<mark.lowerBound]
      result += values[index]
      start = line.utf8.index(after: number.endIndex)
    }
    return result + line[start...]
  }

  private var sharedValues: [Substring] {
    values.withLock { values in
      if let values { return values }
      let all = text.firstRange(of: "\n=").map { text[$0.lowerBound...] } ?? ""
      let made = all.split(separator: "\n").map { line in
        Substring(line.utf8.drop { $0 != UInt8(ascii: " ") }.dropFirst())
      }
      values = made
      return made
    }
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

  /// The keys of the lines.
  var keys: [String] {
    let start = "{\"key\":\""
    return text.split(separator: "\n").filter { $0.hasPrefix(start) }.compactMap { line in
      let key = line.utf8.dropFirst(start.utf8.count)
      return key.firstIndex(of: UInt8(ascii: "\"")).map { String(key[..<$0]) ?? "" }
    }
  }
}
