import LoRAIO

/// Finds the texts of one list of tokens in another, whatever their ids.
///
/// A table of all of a large vocabulary would miss the processor's cache at every step, so the hashes are sorted into
/// parts by their highest bits, and each part has a table of its own; parts are looked through on several threads.
enum TokenMatching {
  /// Some tokens of a list, by position.
  typealias Selected = (list: TokenList, positions: [UInt32])

  /// Tokens that one table holds without leaving a second-level cache.
  private static let partSize = 1 << 13
  /// Threads beyond which memory is the limit.
  private static let threadLimit = 4

  /// A token of the other list.
  struct Match: Sendable {
    /// Its place among the others; nil for a token that has no equal.
    let place: Int?
    let id: UInt32

    fileprivate static let none = Match(place: nil, id: 0)
  }

  /// For each of some tokens the equal one among others.
  static func matches(of own: Selected, among other: Selected) -> [Match] {
    let bits = (0..<8).first { other.positions.count >> $0 <= partSize } ?? 8
    let parts = 1 << bits
    let workers = bits == 0 ? 1 : min(Workers.processorCount, threadLimit)
    let chosen = [own, other]
    let sides = Results<HashedTokens>(2)
    Workers.forEach(count: 2, workers: workers) { side in
      sides.set(side, HashedTokens(chosen[side].list, chosen[side].positions, bits: bits))
    }
    let hashed = sides.all
    guard hashed.count == 2 else { return [] }
    let found = Results<[Pair]>(parts)
    Workers.forEach(count: parts, workers: workers) { part in found.set(part, hashed[0].pairs(with: hashed[1], part)) }
    var matches = [Match](repeating: .none, count: own.positions.count)
    for pairs in found.all {
      for pair in pairs { matches[Int(pair.own)] = Match(place: Int(pair.other.place), id: pair.other.id) }
    }
    return matches
  }

  /// Places of two equal tokens, and the second's id.
  fileprivate struct Pair: Sendable {
    let own: UInt32
    let other: HashedTokens.Named
  }
}

/// Hashes of tokens, those of one part side by side and in the order in which they were given.
private struct HashedTokens: Sendable {
  /// Where a token was given, and its id, which lies far away in memory otherwise.
  struct Named: Sendable {
    let place: UInt32
    let id: UInt32
  }

  private var hashes: [UInt64]
  private var named: [Named]
  /// Where each part begins, and the end of the last.
  private var starts: [Int]

  /// The hashes of the tokens at these positions, in 2^`bits` parts.
  init(_ list: TokenList, _ positions: [UInt32], bits: Int) {
    func part(_ hash: UInt64) -> Int { bits == 0 ? 0 : Int(hash >> (64 - UInt64(bits))) }
    let unsorted = positions.map { list.hash(of: list.entries[Int($0)]) }
    starts = Array(repeating: 0, count: (1 << bits) + 1)
    for hash in unsorted { starts[part(hash) + 1] += 1 }
    for index in 1..<starts.count { starts[index] += starts[index - 1] }
    var next = starts
    hashes = Array(repeating: 0, count: unsorted.count)
    named = Array(repeating: Named(place: 0, id: 0), count: unsorted.count)
    for (place, hash) in unsorted.enumerated() {
      let index = next[part(hash)]
      hashes[index] = hash
      named[index] = Named(place: UInt32(truncatingIfNeeded: place), id: list.entries[Int(positions[place])].id)
      next[part(hash)] = index + 1
    }
  }

  /// The tokens of one part that the other side has as well.
  fileprivate func pairs(with other: HashedTokens, _ part: Int) -> [TokenMatching.Pair] {
    let theirs = other.starts[part]..<other.starts[part + 1]
    var index = TokenIndex(capacity: theirs.count)
    for position in theirs { _ = index.insert(other.hashes[position], position) }
    var pairs: [TokenMatching.Pair] = []
    for position in starts[part]..<starts[part + 1] {
      guard let match = index.find(hashes[position]) else { continue }
      pairs.append(TokenMatching.Pair(own: named[position].place, other: other.named[match]))
    }
    return pairs
  }
}
