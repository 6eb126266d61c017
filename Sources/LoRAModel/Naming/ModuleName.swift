import TensorCore

/// Questions about dotted module names, answered over bytes because a check asks them for every module.
extension String {
  /// The part after the last dot.
  package var lastComponent: Substring {
    self[(utf8.lastIndex(of: Self.dot).map { utf8.index(after: $0) } ?? startIndex)...]
  }

  /// The first component that is a number, as layers and blocks are counted: its value, and the text around it.
  package var layer: (index: UInt64, before: Substring, after: Substring)? {
    var start = startIndex
    while start < endIndex {
      let end = utf8[start...].firstIndex(of: Self.dot) ?? endIndex
      if let index = Self.number(utf8[start..<end]) { return (index, self[..<start], self[end...]) }
      guard end < endIndex else { return nil }
      start = utf8.index(after: end)
    }
    return nil
  }

  /// The name with every number replaced by `*`, the same for all layers and experts.
  package var template: String {
    guard layer != nil else { return self }
    var result: [UInt8] = []
    for component in utf8.split(separator: Self.dot, omittingEmptySubsequences: false) {
      if !result.isEmpty { result.append(Self.dot) }
      if Self.number(component) == nil { result += component } else { result.append(UInt8(ascii: "*")) }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// Whether the module is one expert's own matrix: `….experts.3.w1`.
  package var isExpert: Bool {
    guard mentions("experts.") else { return false }
    var followsExperts = false
    for component in utf8.split(separator: Self.dot) {
      if followsExperts && Self.number(component) != nil { return true }
      followsExperts = component.elementsEqual("experts".utf8)
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

  /// The value of a component of digits alone.
  private static func number(_ component: Substring.UTF8View.SubSequence) -> UInt64? {
    guard (1...18).contains(component.count) else { return nil }
    var value: UInt64 = 0
    for byte in component {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      value = value * 10 + UInt64(byte - UInt8(ascii: "0"))
    }
    return value
  }
}
