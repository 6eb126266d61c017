/// A shortcut through the members of a vocabulary in the form in which libraries write them: runs of
/// `, "token": 17` or `, ["token", -1.5]` without escapes, at a few nanoseconds for each token.
///
/// It stops in front of the first comma behind which anything else stands, which the general reader then judges.
struct VocabularyStride {
  /// Offset of the lent bytes in the file.
  let offset: Int

  /// Reads on behind a member of an object; returns the bytes that were taken.
  func members(_ bytes: UnsafeRawBufferPointer, into builder: inout TokenListBuilder) -> Int {
    var cursor = unsafe PlainCursor(bytes)
    var taken = 0
    while builder.count < TokenList.limit, cursor.take(UInt8(ascii: ",")), let token = cursor.plainString(),
      cursor.take(UInt8(ascii: ":")), let id = cursor.number()
    {
      builder.add(offset + token.lowerBound..<offset + token.upperBound, id: id)
      taken = cursor.index
    }
    return taken
  }

  /// Reads on behind an element of a list of tokens and scores; ids count on from `id`.
  func pieces(_ bytes: UnsafeRawBufferPointer, id: inout UInt32, into builder: inout TokenListBuilder) -> Int {
    var cursor = unsafe PlainCursor(bytes)
    var taken = 0
    while builder.count < TokenList.limit, cursor.take(UInt8(ascii: ",")), cursor.take(UInt8(ascii: "[")),
      let token = cursor.plainString(), cursor.take(UInt8(ascii: ",")), cursor.skipScore(),
      cursor.take(UInt8(ascii: "]"))
    {
      builder.add(offset + token.lowerBound..<offset + token.upperBound, id: id)
      id += 1
      taken = cursor.index
    }
    return taken
  }
}
