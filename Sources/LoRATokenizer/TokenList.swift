import Glibc

/// One token of a vocabulary.
package struct Token: Sendable, Equatable {
  /// Its text as the files have it, such as `Ġthe`; bytes that are not UTF-8 are replaced.
  package let text: String
  /// Its id: the row of the embedding.
  package let id: UInt32
  /// Whether it was added to the vocabulary, as special tokens are.
  package let isAdded: Bool
}

/// Tokens in the order of their ids, over the bytes of the file that they come from.
///
/// A vocabulary of 250,000 tokens is read without a string for each: an entry says where the bytes lie.
package struct TokenList: Sendable {
  /// Most tokens that are read; the largest published vocabularies have about a million.
  package static let limit = 1 << 22

  /// Tokens of one id that are looked through.
  fileprivate static let rivalLimit = 4

  struct Entry: Sendable {
    let start: UInt32
    let length: UInt32
    let id: UInt32
    var isAdded: Bool
  }

  /// The file.
  let text: [UInt8]
  /// Tokens that do not stand in the file as they are; their entries count on from the file's end.
  let others: [UInt8]
  let entries: [Entry]

  /// Number of tokens.
  package var count: Int { entries.count }

  /// The largest id, or nil when there is no token.
  package var largestID: UInt32? { entries.last?.id }

  /// The token at a position.
  package func token(at index: Int) -> Token {
    let entry = entries[index]
    let text = unsafe withBytes(of: entry) { unsafe String(decoding: $0, as: UTF8.self) }
    return Token(text: text, id: entry.id, isAdded: entry.isAdded)
  }

  /// Lends the bytes of a token.
  @inline(__always)
  func withBytes<Result>(of entry: Entry, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    let start = Int(entry.start)
    if start < text.count {
      return unsafe text.withUnsafeBytes { bytes in
        unsafe body(UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(entry.length)]))
      }
    }
    return unsafe others.withUnsafeBytes { bytes in
      let start = start - text.count
      return unsafe body(UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(entry.length)]))
    }
  }

  /// Whether two tokens have the same text.
  @inline(__always)
  func isEqual(_ entry: Entry, _ other: Entry, of list: TokenList) -> Bool {
    guard entry.length == other.length else { return false }
    return unsafe withBytes(of: entry) { left in
      unsafe list.withBytes(of: other) { right in
        guard let left = left.baseAddress, let right = right.baseAddress else { return true }
        return unsafe memcmp(left, right, Int(entry.length)) == 0
      }
    }
  }

  /// A hash of a token's text, which differs from run to run and is not zero.
  ///
  /// Words of eight bytes are multiplied into 128 bits with secret factors and folded, as wyhash does: texts that are
  /// chosen without knowing the factors share a hash no oftener than by chance.
  @inline(__always)
  func hash(of entry: Entry) -> UInt64 { unsafe withBytes(of: entry) { unsafe Self.secret.hash($0) } | 1 }

  private static let secret = TextHash()

  /// A number that equal lists share, and others only by chance; it differs from run to run.
  ///
  /// The sum makes a list of a token more the sum of both.
  var fingerprint: UInt64 {
    entries.reduce(0) { sum, entry in
      var hasher = Hasher()
      hasher.combine(entry.id)
      unsafe withBytes(of: entry) { unsafe hasher.combine(bytes: $0) }
      return sum &+ UInt64(bitPattern: Int64(hasher.finalize()))
    }
  }

  /// The same with tokens that were added to it; those that are there already are marked.
  func adding(_ tokens: [AddedToken]) -> TokenList {
    var builder = TokenListBuilder(self)
    for token in tokens {
      if let position = position(of: token.text, id: token.id) {
        builder.mark(position)
      } else {
        builder.add(token.text, id: token.id, isAdded: true)
      }
    }
    return builder.list(over: text)
  }

  /// The position of a token by its id and text.
  func position(of token: String, id: UInt32) -> Int? {
    var range = 0..<count
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      if entries[middle].id < id { range = middle + 1..<range.upperBound } else { range = range.lowerBound..<middle }
    }
    // Where many tokens claim one id, the file is an attack, and its last copies may go unseen.
    var position = range.lowerBound
    while position < min(count, range.lowerBound + Self.rivalLimit), entries[position].id == id {
      let isFound = unsafe withBytes(of: entries[position]) { unsafe $0.elementsEqual(token.utf8) }
      if isFound { return position }
      position += 1
    }
    return nil
  }
}

/// Collects tokens while a file is read.
struct TokenListBuilder {
  private let textCount: Int
  private var others: [UInt8] = []
  private var entries: [TokenList.Entry] = []
  private var isSorted = true

  init(textCount: Int) {
    self.textCount = textCount
    // Room that is not used is never touched.
    entries.reserveCapacity(min(TokenList.limit, textCount / 24))
  }

  init(_ list: TokenList) {
    textCount = list.text.count
    others = list.others
    entries = list.entries
  }

  var count: Int { entries.count }

  /// Adds a token whose bytes stand in the file.
  mutating func add(_ range: Range<Int>, id: UInt32, isAdded: Bool = false) {
    if let last = entries.last, last.id >= id { isSorted = false }
    entries.append(
      TokenList.Entry(
        start: UInt32(truncatingIfNeeded: range.lowerBound), length: UInt32(truncatingIfNeeded: range.count), id: id,
        isAdded: isAdded))
  }

  /// Adds a token that does not.
  mutating func add(_ token: String, id: UInt32, isAdded: Bool = false) {
    let start = textCount + others.count
    others.append(contentsOf: token.utf8)
    add(start..<textCount + others.count, id: id, isAdded: isAdded)
  }

  /// Marks a token that is there as added.
  mutating func mark(_ position: Int) { entries[position].isAdded = true }

  /// The tokens by id, each once.
  consuming func list(over text: [UInt8]) -> TokenList {
    if !isSorted { entries.sort { ($0.id, $0.start) < ($1.id, $1.start) } }
    let list = TokenList(text: text, others: others, entries: entries)
    return isSorted ? list : TokenList(text: text, others: others, entries: list.distinct)
  }
}

extension TokenList {
  /// The entries without those that are there already under the same id.
  fileprivate var distinct: [Entry] {
    var result: [Entry] = []
    result.reserveCapacity(entries.count)
    for entry in entries {
      // A few tokens may claim one id; where many do, the file is an attack and may keep its copies.
      var position = result.count - 1
      var found = false
      while !found, position >= max(0, result.count - Self.rivalLimit), result[position].id == entry.id {
        found = isEqual(entry, result[position], of: self)
        if found { result[position].isAdded = result[position].isAdded || entry.isAdded } else { position -= 1 }
      }
      if !found { result.append(entry) }
    }
    return result
  }
}
