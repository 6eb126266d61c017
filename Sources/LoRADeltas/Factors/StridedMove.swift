/// Moves the elements of a matrix, whatever they mean, from their places in one buffer to those in another.
struct StridedMove {
  /// Element (i, k) is element `start + i·stride + k·rankStride` of a buffer.
  struct Places {
    var start: Int
    var stride: Int
    var rankStride: Int
  }

  /// Bytes of an element: 1, 2, 4 or 8.
  let width: Int
  /// Values of i and of k.
  let count: Int
  let ranks: Int
  /// What each i becomes, negative for those that are left out; nil when all stay.
  var rows: [Int]?

  /// Rows that are moved for all ranks before the next ones: both sides of them stay in the innermost cache.
  private static let band = 64

  /// Moves everything; the buffers must begin at a multiple of the width.
  func callAsFunction(
    _ source: UnsafeRawBufferPointer, _ own: Places, to target: UnsafeMutableRawBufferPointer, _ places: Places
  ) {
    guard count > 0, ranks > 0, let from = source.baseAddress, let to = target.baseAddress else { return }
    let largest = rows.map { $0.reduce(0) { max($0, $1) } } ?? count - 1
    precondition(
      Self.last(own, count - 1, ranks) < source.count / width && (rows?.count ?? count) == count
        && Self.last(places, largest, ranks) < target.count / width, "elements outside of their buffer")
    switch width {
    case 1: unsafe move(from, own, to, places, as: UInt8.self)
    case 2: unsafe move(from, own, to, places, as: UInt16.self)
    case 4: unsafe move(from, own, to, places, as: UInt32.self)
    default: unsafe move(from, own, to, places, as: UInt64.self)
    }
  }

  /// The largest element that is touched; strides are never negative.
  private static func last(_ places: Places, _ row: Int, _ ranks: Int) -> Int {
    places.start + row * places.stride + (ranks - 1) * places.rankStride
  }

  private func move<Element: FixedWidthInteger>(
    _ source: UnsafeRawPointer, _ own: Places, _ target: UnsafeMutableRawPointer, _ places: Places,
    as _: Element.Type
  ) {
    let source = unsafe source.assumingMemoryBound(to: Element.self) + own.start
    let target = unsafe target.assumingMemoryBound(to: Element.self) + places.start
    let (step, ownStep) = (places.stride, own.stride)
    for band in stride(from: 0, to: count, by: step == 1 && ownStep == 1 ? count : Self.band) {
      let end = min(band + (step == 1 && ownStep == 1 ? count : Self.band), count)
      for rank in 0..<ranks {
        let from = unsafe source + rank * own.rankStride
        let to = unsafe target + rank * places.rankStride
        if let rows {
          for row in band..<end where rows[row] >= 0 { unsafe to[rows[row] * step] = from[row * ownStep] }
        } else if step == 1, ownStep == 1 {
          unsafe to.update(from: from, count: count)
        } else {
          for row in band..<end { unsafe to[row * step] = from[row * ownStep] }
        }
      }
    }
  }
}
