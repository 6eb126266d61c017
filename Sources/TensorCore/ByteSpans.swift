/// Questions about names, answered over their UTF-8 bytes because they are asked for every tensor of a file.
extension Span<UInt8> {
  /// Whether these bytes stand at `offset`, which may lie anywhere.
  package func has(_ text: StaticString, at offset: Int) -> Bool {
    let length = text.utf8CodeUnitCount
    guard offset >= 0, offset <= count - length else { return false }
    let wanted = unsafe UnsafeRawBufferPointer(start: text.utf8Start, count: length)
    return unsafe withUnsafeBytes { bytes in
      unsafe areEqual(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length]), wanted)
    }
  }

  /// Whether both have the same bytes.
  package func isEqual(to other: Span<UInt8>) -> Bool {
    guard count == other.count else { return false }
    return unsafe withUnsafeBytes { one in unsafe other.withUnsafeBytes { unsafe areEqual(one, $0) } }
  }

  /// Number of bytes that both begin with.
  package func commonPrefix(with other: Span<UInt8>) -> Int {
    let count = Swift.min(count, other.count)
    return unsafe withUnsafeBytes { one in
      unsafe other.withUnsafeBytes { other in
        var index = 0
        while index + 8 <= count {
          let (left, right) = unsafe (
            one.loadUnaligned(fromByteOffset: index, as: UInt64.self),
            other.loadUnaligned(fromByteOffset: index, as: UInt64.self)
          )
          if left != right {
            return index + (UInt64(littleEndian: left) ^ UInt64(littleEndian: right)).trailingZeroBitCount / 8
          }
          index += 8
        }
        while index < count, unsafe one[index] == other[index] { index += 1 }
        return index
      }
    }
  }

  /// Whether these bytes come before the others, compared byte by byte; what only begins the others comes before them.
  package func precedes(_ other: Span<UInt8>) -> Bool {
    let common = commonPrefix(with: other)
    return common < count && common < other.count ? self[common] < other[common] : count < other.count
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

/// Whether as many bytes are the same: eight at a time, the last eight of them perhaps twice.
@inline(__always)
private func areEqual(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
  func word(_ index: Int) -> Bool {
    unsafe one.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      == other.loadUnaligned(fromByteOffset: index, as: UInt64.self)
  }
  let count = one.count
  guard count >= 8 else {
    for index in 0..<count where unsafe one[index] != other[index] { return false }
    return true
  }
  var index = 0
  while index <= count - 8 {
    if !word(index) { return false }
    index += 8
  }
  return word(count - 8)
}
