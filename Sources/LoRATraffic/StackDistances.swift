/// How many slots an LRU needs for each request to find its adapter.
///
/// That is the stack distance (Mattson and others, 1970): the number of different adapters since the last request for
/// the same one, itself included. One pass answers for all numbers of slots at once. Every use takes the next of some
/// positions; the uses that are the last of their adapters are marked, and a distance is the number of marks from a
/// position on. Marks are counted by a Fenwick tree (1994) over words of 64 of them. When the positions run out, the
/// marked ones move to the front.
struct StackDistances {
  /// Position of the last use of each adapter, or negative.
  private var position: [Int32]
  /// The adapter that took each position.
  private var adapter: [Int32]
  private var marks: [UInt64]
  /// `tree[i]`: marks in the words i - lowest set bit of i ..< i.
  private var tree: [Int32]
  private var next = 0
  private var distinct = 0

  /// For adapters 0 ..< `count`, of which at most `distinct` are used.
  init(adapters count: Int, distinct: Int) {
    var words = 16
    while words * 64 < 4 * distinct { words *= 2 }
    position = Array(repeating: -1, count: count)
    adapter = Array(repeating: 0, count: words * 64)
    marks = Array(repeating: 0, count: words)
    tree = Array(repeating: 0, count: words + 1)
  }

  /// A use of an adapter: its distance, or nil for the first.
  mutating func use(_ number: Int) -> Int? {
    let last = Int(position[number])
    if last >= 0, last == next - 1 { return 1 }
    var distance: Int?
    if last >= 0 {
      distance = distinct - before(last)
      mark(last, -1)
    } else {
      distinct += 1
    }
    if next == adapter.count { moveToFront() }
    position[number] = Int32(truncatingIfNeeded: next)
    adapter[next] = Int32(truncatingIfNeeded: number)
    mark(next, 1)
    next += 1
    return distance
  }

  /// Marks before a position.
  private func before(_ position: Int) -> Int {
    var sum = (marks[position / 64] & (1 << UInt64(position % 64) - 1)).nonzeroBitCount
    var word = position / 64
    while word > 0 {
      sum += Int(tree[word])
      word &= word - 1
    }
    return sum
  }

  private mutating func mark(_ position: Int, _ change: Int32) {
    marks[position / 64] ^= 1 << UInt64(position % 64)
    var word = position / 64 + 1
    while word < tree.count {
      tree[word] += change
      word += word & -word
    }
  }

  private mutating func moveToFront() {
    var kept = 0
    for place in adapter.indices where marks[place / 64] & 1 << UInt64(place % 64) != 0 {
      adapter[kept] = adapter[place]
      position[Int(adapter[kept])] = Int32(truncatingIfNeeded: kept)
      kept += 1
    }
    for word in marks.indices { marks[word] = 0 }
    for word in tree.indices { tree[word] = 0 }
    for place in 0..<kept { mark(place, 1) }
    next = kept
  }
}

extension Replay {
  /// The smallest number of slots that keeps misses at or below `share` of all requests, first uses excluded; host memory
  /// is large enough for all adapters.
  public static func recommendedSlots(_ trace: Trace, share: Double = 0.01) -> Int {
    let distinct = trace.popularity.count { $0 > 0 }
    var stack = StackDistances(adapters: trace.names.count, distinct: distinct)
    // Later uses by their distance.
    var uses = [Int](repeating: 0, count: distinct + 1)
    for adapter in trace.adapters {
      if let distance = stack.use(Int(adapter)) { uses[distance] += 1 }
    }
    let allowed = Double(trace.count) * share
    var slots = max(distinct, 1)
    var misses = 0
    while slots > 1, slots < uses.count, Double(misses + uses[slots]) <= allowed {
      misses += uses[slots]
      slots -= 1
    }
    return slots
  }
}
