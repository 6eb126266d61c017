import TensorCore

/// The order in which the work of a queue is handed out: by turns from stretches of whole shards.
///
/// A file admits one writer at a time. Threads that are given parts of different files do not wait for each other,
/// which a page cache rewards with a quarter of the time.
struct WorkerThreads: Sendable {
  /// Stretches of items, the shortest first.
  private let lanes: [Range<Int>]

  /// Cuts shards of `counts` items into at most `count` stretches of whole shards and about equal length.
  init(shards counts: [Int], count: Int) {
    let total = counts.reduce(0, +)
    var lanes: [Range<Int>] = []
    var (start, end) = (0, 0)
    for items in counts {
      end += items
      // The next stretch begins when this one has its share.
      if end > start, end >= total / max(1, count) * (lanes.count + 1), lanes.count + 1 < count {
        lanes.append(start..<end)
        start = end
      }
    }
    if start < total { lanes.append(start..<total) }
    self.lanes = lanes.ordered { ($0.count, $0.lowerBound) < ($1.count, $1.lowerBound) }
  }

  /// The item that is handed out as number `turn`.
  func item(_ turn: Int) -> Int {
    var (turn, done) = (turn, 0)
    // While the shortest lane lasts, all take turns; then the others go on without it.
    for (position, lane) in lanes.enumerated() {
      let rest = lanes.count - position
      let rounds = lane.count - done
      if turn < rounds * rest { return lanes[position + turn % rest].lowerBound + done + turn / rest }
      turn -= rounds * rest
      done = lane.count
    }
    return turn
  }
}
