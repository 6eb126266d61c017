/// Questions about names, answered over their UTF-8 bytes because they are asked for every tensor of a file.
extension Span<UInt8> {
  /// Whether these bytes stand at `offset`, which may lie anywhere.
  package func has(_ text: StaticString, at offset: Int) -> Bool {
    let length = text.utf8CodeUnitCount
    guard offset >= 0, offset <= count - length else { return false }
    for index in 0..<length where unsafe self[offset + index] != text.utf8Start[index] { return false }
    return true
  }

  /// Whether both have the same bytes.
  package func isEqual(to other: Span<UInt8>) -> Bool {
    guard count == other.count else { return false }
    return unsafe withUnsafeBytes { one in
      unsafe other.withUnsafeBytes { other in
        var index = 0
        while index + 8 <= one.count {
          let word = unsafe one.loadUnaligned(fromByteOffset: index, as: UInt64.self)
          guard unsafe word == other.loadUnaligned(fromByteOffset: index, as: UInt64.self) else { return false }
          index += 8
        }
        while index < one.count {
          guard unsafe one[index] == other[index] else { return false }
          index += 1
        }
        return true
      }
    }
  }

  /// Where the component of a dotted name ends that begins at `start`.
  package func endOfComponent(from start: Int) -> Int {
    var end = start
    while end < count, self[end] != UInt8(ascii: ".") { end += 1 }
    return end
  }

  /// The value of a component that is one to eighteen digits and nothing else.
  package func number(in component: Range<Int>) -> UInt64? {
    guard (1...18).contains(component.count) else { return nil }
    var value: UInt64 = 0
    for index in component {
      let digit = self[index] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      value = value * 10 + UInt64(digit)
    }
    return value
  }
}
