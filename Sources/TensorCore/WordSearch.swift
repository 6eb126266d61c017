import Glibc

extension String {
  /// Where a word stands in this text: not inside a longer one, with spaces, line ends or nothing around it.
  ///
  /// For the tables that stand in the source as text, of which a run wants a line or two: the C library looks at the bytes
  /// many times faster than a loop over characters does.
  package func places(ofWord word: String) -> [String.Index] {
    guard !word.isEmpty else { return [] }
    let bytes = utf8
    func isBetween(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") }
    return byteOffsets(of: word).map { bytes.index(startIndex, offsetBy: $0) }.filter { start in
      let end = bytes.index(start, offsetBy: word.utf8.count)
      return (start == startIndex || isBetween(bytes[bytes.index(before: start)]))
        && (end == endIndex || isBetween(bytes[end]))
    }
  }

  /// Where a text that is not empty stands in this one, in bytes from its start: at most the first `limit` places.
  package func byteOffsets(of text: String, limit: Int = .max) -> [Int] {
    var (whole, text) = (self, text)
    return whole.withUTF8 { bytes in
      text.withUTF8 { wanted in
        guard let start = bytes.baseAddress, let first = wanted.baseAddress, wanted.count > 0 else {
          return []
        }
        var found: [Int] = []
        var from = 0
        while found.count < limit, bytes.count - from >= wanted.count,
          let place = unsafe memchr(start + from, Int32(first.pointee), bytes.count - from - wanted.count + 1)
        {
          let offset = unsafe UnsafeRawPointer(start).distance(to: UnsafeRawPointer(place))
          if unsafe memcmp(place, first, wanted.count) == 0 { found.append(offset) }
          from = offset + 1
        }
        return found
      }
    }
  }
}
