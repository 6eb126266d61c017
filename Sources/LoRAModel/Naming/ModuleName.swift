import TensorCore

/// Questions about dotted module names, answered over bytes because a check asks them for every module.
extension String {
  /// The part after the last dot.
  package var lastComponent: Substring {
    self[(utf8.lastIndex(of: Self.dot).map { utf8.index(after: $0) } ?? startIndex)...]
  }

  /// The first component that is a number, as layers and blocks are counted: its value, and the text around it.
  package var layer: (index: UInt64, before: Substring, after: Substring)? {
    let bytes = utf8Span.span
    var start = 0
    while start < bytes.count {
      let end = bytes.endOfComponent(from: start)
      if let index = bytes.number(in: start..<end) {
        return (
          index, self[..<utf8.index(startIndex, offsetBy: start)], self[utf8.index(startIndex, offsetBy: end)...]
        )
      }
      start = end + 1
    }
    return nil
  }

  /// The name with every number replaced by `*`, the same for all layers and experts.
  package var template: String {
    guard layer != nil else { return self }
    let bytes = utf8Span.span
    var result: [UInt8] = []
    var start = 0
    while start <= bytes.count {
      if !result.isEmpty { result.append(Self.dot) }
      let end = bytes.endOfComponent(from: start)
      if bytes.number(in: start..<end) == nil {
        for index in start..<end { result.append(bytes[index]) }
      } else {
        result.append(UInt8(ascii: "*"))
      }
      start = end + 1
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// Whether the module is one expert's own matrix: `….experts.3.w1`.
  package var isExpert: Bool {
    let bytes = utf8Span.span
    var followsExperts = false
    var start = 0
    while start < bytes.count {
      let end = bytes.endOfComponent(from: start)
      if end > start {
        if followsExperts && bytes.number(in: start..<end) != nil { return true }
        followsExperts = end - start == "experts".utf8.count && bytes.has("experts", at: start)
      }
      start = end + 1
    }
    return false
  }

  /// Every part of the name that follows a dot, and the name itself, longest first.
  package var endings: [Substring] {
    var result = [self[...]]
    var start = startIndex
    while let dot = utf8[start...].firstIndex(of: Self.dot) {
      start = utf8.index(after: dot)
      result.append(self[start...])
    }
    return result
  }

  private static let dot = UInt8(ascii: ".")
}
