import JSON

/// One page of `ListObjectsV2`, as far as it is used.
struct BucketListing {
  /// The keys, decoded.
  private(set) var keys: [String] = []
  /// Where the next page begins; nil on the last.
  private(set) var next: String?

  /// Reads the XML of a page whose keys are encoded as in URLs (`encoding-type=url`).
  ///
  /// Only elements and the five named entities are understood; whatever else the text holds is passed over.
  init?(_ text: [UInt8]) {
    let text = String(decoding: text, as: UTF8.self)
    var path: [Substring] = []
    var rest = text[...]
    var isListing = false
    var isTruncated = false
    var token: String?
    while let open = rest.firstIndex(of: "<") {
      let content = rest[..<open]
      guard let close = rest[open...].firstIndex(of: ">") else { return nil }
      let tag = rest[rest.index(after: open)..<close]
      rest = rest[rest.index(after: close)...]
      if tag.hasPrefix("/") {
        switch (path.count, path.last) {
        case (3, "Key") where path[1] == "Contents": keys.append(String(content).unescapedXML.percentDecoded)
        case (2, "IsTruncated"): isTruncated = content == "true"
        case (2, "NextContinuationToken"): token = String(content).unescapedXML
        default: break
        }
        guard path.popLast() != nil else { return nil }
      } else if !tag.hasPrefix("?"), !tag.hasPrefix("!"), !tag.hasSuffix("/") {
        path.append(tag.prefix { !$0.isWhitespace })
        guard path.count < 16 else { return nil }
        isListing = isListing || path == ["ListBucketResult"]
      }
    }
    guard isListing, path.isEmpty else { return nil }
    next = isTruncated ? token : nil
  }
}

extension String {
  /// With the five named entities of XML as characters.
  fileprivate var unescapedXML: String {
    guard contains("&") else { return self }
    let entities: [(String, Character)] = [
      ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&"),
    ]
    var result = ""
    var rest = self[...]
    while let first = rest.first {
      if first == "&", let (name, character) = entities.first(where: { rest.hasPrefix($0.0) }) {
        result.append(character)
        rest = rest.dropFirst(name.count)
      } else {
        result.append(first)
        rest = rest.dropFirst()
      }
    }
    return result
  }
}
