import LoRATestSupport
import Testing

@testable import LoRADeltas
@testable import LoRASurgery

/// Elements that change places, against a loop over all of them.
@Suite struct StridedMoveTests {
  private struct Shape: CustomTestStringConvertible {
    var count: Int
    var ranks: Int
    var testDescription: String { "\(count) x \(ranks)" }
  }

  private static let shapes = [
    Shape(count: 1, ranks: 1), Shape(count: 1, ranks: 7), Shape(count: 64, ranks: 3), Shape(count: 65, ranks: 16),
    Shape(count: 200, ranks: 1), Shape(count: 3, ranks: 300),
  ]

  /// Layouts without overlap: ranks after each other or rows after each other, from an element on, with gaps.
  private static func places(_ shape: Shape) -> [StridedMove.Places] {
    [
      .init(start: 0, stride: 1, rankStride: shape.count), .init(start: 5, stride: 1, rankStride: shape.count + 3),
      .init(start: 0, stride: shape.ranks, rankStride: 1), .init(start: 2, stride: 2 * shape.ranks + 1, rankStride: 2),
    ]
  }

  private static func size(_ places: StridedMove.Places, _ shape: Shape) -> Int {
    places.start + (shape.count - 1) * places.stride + (shape.ranks - 1) * places.rankStride + 1
  }

  @Test(arguments: shapes) private func everyElementGetsItsPlace(shape: Shape) {
    var generator = SeededGenerator(seed: UInt64(shape.count * 1000 + shape.ranks))
    for width in [1, 2, 4, 8] {
      for own in Self.places(shape) {
        for places in Self.places(shape) {
          for mapping in [nil, (0..<shape.count).map { $0 % 3 == 1 ? -1 : shape.count - 1 - $0 }] {
            let source = (0..<Self.size(own, shape) * width).map { _ in UInt8.random(in: 0...255, using: &generator) }
            var target = [UInt8](repeating: 7, count: Self.size(places, shape) * width)
            var expected = target
            for row in 0..<shape.count {
              let placed = mapping?[row] ?? row
              for rank in 0..<shape.ranks where placed >= 0 {
                let from = (own.start + row * own.stride + rank * own.rankStride) * width
                let to = (places.start + placed * places.stride + rank * places.rankStride) * width
                expected.replaceSubrange(to..<to + width, with: source[from..<from + width])
              }
            }
            let move = StridedMove(width: width, count: shape.count, ranks: shape.ranks, rows: mapping)
            unsafe target.withUnsafeMutableBytes { target in
              unsafe source.withUnsafeBytes { unsafe move($0, own, to: target, places) }
            }
            #expect(target == expected)
          }
        }
      }
    }
  }

  @Test func threadsAreAsManyAsThereIsMemoryFor() {
    #expect(WorkMemory.workers(8, largest: 0) == 8)
    #expect(WorkMemory.workers(8, largest: 1 << 20) == 8)
    #expect(WorkMemory.workers(8, largest: 1 << 30) == 4)
    #expect(WorkMemory.workers(8, largest: .max) == 1)
  }
}
