/// Positions of tokens by the hashes of their texts: a table with open addressing.
///
/// Texts count as equal when 64 bits of a hash with a secret seed are, so that nothing is read elsewhere in memory; two
/// texts of a million share one by chance once in many million runs, and no file can bring it about.
struct TokenIndex {
  /// Hashes, zero where a place is free; at least half of the places stay free.
  private var hashes: [UInt64]
  private var positions: [UInt32]
  /// Number of tokens in the table.
  private(set) var count = 0

  /// An empty table with room for `capacity` tokens.
  init(capacity: Int) {
    var size = 16
    while size < 2 * capacity { size *= 2 }
    hashes = Array(repeating: 0, count: size)
    positions = Array(repeating: 0, count: size)
  }

  /// Adds a token, or gives the position of an equal one which is there already; no hash is zero.
  ///
  /// A full table takes nothing more, so that looking for a free place always ends.
  mutating func insert(_ hash: UInt64, _ position: Int) -> Int? {
    let place = place(of: hash)
    guard hashes[place] == 0 else { return Int(positions[place]) }
    guard 2 * count < hashes.count else { return nil }
    hashes[place] = hash
    positions[place] = UInt32(position)
    count += 1
    return nil
  }

  /// The position of the token with a hash.
  func find(_ hash: UInt64) -> Int? {
    let place = place(of: hash)
    return hashes[place] == 0 ? nil : Int(positions[place])
  }

  /// Where a hash stands, or the free place where it would.
  private func place(of hash: UInt64) -> Int {
    var place = Int(truncatingIfNeeded: hash >> 1) & (hashes.count - 1)
    while hashes[place] != 0, hashes[place] != hash { place = (place + 1) & (hashes.count - 1) }
    return place
  }
}
