/// Looking for a text in another, byte for byte in UTF-8, as the engines compare names.
///
/// The standard library's functions of these names belong to its regular expressions. They go by characters, so that a
/// text is not found where an accent follows it, and a program that calls one holds all of that module, 1.7 MB.
extension StringProtocol where SubSequence == Substring {
  /// Whether `part`, which may be empty, lies anywhere in this text.
  package func contains(_ part: String) -> Bool {
    part.isEmpty || !String(self).byteOffsets(of: part, limit: 1).isEmpty
  }

  /// Where `part` first lies in this text: at its start if it is empty.
  package func firstRange(of part: String) -> Range<Index>? {
    guard !part.isEmpty else { return startIndex..<startIndex }
    return String(self).byteOffsets(of: part, limit: 1).first.map { range(at: $0, of: part) }
  }

  /// Where `part`, if it is not empty, lies in this text: from the left, without those that overlap one before.
  package func ranges(of part: String) -> [Range<Index>] {
    var ranges: [Range<Index>] = []
    var end = 0
    for offset in String(self).byteOffsets(of: part) where offset >= end {
      end = offset + part.utf8.count
      ranges.append(range(at: offset, of: part))
    }
    return ranges
  }

  private func range(at offset: Int, of part: String) -> Range<Index> {
    let start = utf8.index(startIndex, offsetBy: offset)
    return start..<utf8.index(start, offsetBy: part.utf8.count)
  }

  /// This text with `replacement` wherever `part` lay, at most `maxReplacements` times from the left.
  package func replacing(_ part: String, with replacement: String, maxReplacements: Int = .max) -> String {
    var result = ""
    var start = startIndex
    for range in ranges(of: part).prefix(maxReplacements) {
      result += self[start..<range.lowerBound]
      result += replacement
      start = range.upperBound
    }
    return result + self[start...]
  }

  /// The parts of this text between its separators, of which at most the first `maxSplits` count.
  ///
  /// Empty parts are left out unless they are asked for, and a separator beside one that is left out does not count.
  package func split(
    separator: String, maxSplits: Int = .max, omittingEmptySubsequences: Bool = true
  ) -> [Substring] {
    var parts: [Substring] = []
    var start = startIndex
    for range in ranges(of: separator) where parts.count < maxSplits {
      if !omittingEmptySubsequences || start < range.lowerBound { parts.append(self[start..<range.lowerBound]) }
      start = range.upperBound
    }
    if !omittingEmptySubsequences || start < endIndex { parts.append(self[start...]) }
    return parts
  }
}
