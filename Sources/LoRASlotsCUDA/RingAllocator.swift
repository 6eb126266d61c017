/// Places in a piece of memory that is given out round and round, each with the use that it has.
///
/// A new place may lie where earlier uses were; they come with it, and its user waits for them. Pure bookkeeping.
struct RingAllocator<Use: Sendable>: Sendable {
  /// Bytes of the memory.
  let capacity: Int
  /// Places start at multiples of this many bytes.
  static var alignment: Int { 256 }
  private var next = 0
  private var uses: [(place: Range<Int>, use: Use)] = []

  init(capacity: Int) { self.capacity = capacity }

  /// The next `count` bytes for a use; nil when there are not as many at all.
  ///
  /// - Returns: where they start, and the uses before that they overlap, oldest first.
  mutating func take(_ count: Int, for use: Use) -> (start: Int, earlier: [Use])? {
    guard count <= capacity else { return nil }
    let start = next <= capacity - count ? next : 0
    let place = start..<start + count
    let earlier = uses.filter { $0.place.overlaps(place) }.map(\.use)
    uses.removeAll { $0.place.overlaps(place) }
    uses.append((place, use))
    let (end, overflow) = place.upperBound.addingReportingOverflow(Self.alignment - 1)
    next = overflow ? capacity : end / Self.alignment * Self.alignment
    return (start, earlier)
  }

  /// All uses that may not be over.
  var all: [Use] { uses.map(\.use) }
}
