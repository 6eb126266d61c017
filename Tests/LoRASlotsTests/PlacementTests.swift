import LoRAEngines
import LoRAModel
import LoRATestSupport
import Testing

@testable import LoRASlots

/// Places of buffers that share bytes.
@Suite struct PlacementTests {
  private func layout(slots: Int) throws -> SlotLayout {
    var options = SlotOptions()
    options.slots = slots
    return try SlotLayout(of: try BaseModel.open(Fixtures.path("models/llama-bf16-sharded")), options)
  }

  /// Whether any two pieces share a byte, piece by piece.
  private func hasOverlap(_ layout: SlotLayout, _ placements: [SlotPlacement]) -> Bool {
    let pieces = layout.buffers.indices.flatMap { index in
      (0..<UInt64(layout.slots)).map { slot in
        let start = placements[index].address + slot * placements[index].stride
        return start..<start + layout.buffers[index].slotBytes
      }
    }.sorted { $0.lowerBound < $1.lowerBound }
    return zip(pieces, pieces.dropFirst()).contains { $0.overlaps($1) }
  }

  @Test func buffersThatLieInTurnShareNothing() throws {
    let layout = try layout(slots: 3)
    let slot = layout.buffers.reduce(0) { $0 + $1.slotBytes }
    var address: UInt64 = 4096
    var placements: [SlotPlacement] = []
    for buffer in layout.buffers {
      placements.append(SlotPlacement(address: address, stride: slot))
      address += buffer.slotBytes
    }
    #expect(layout.overlap(in: placements) == nil)
    placements[5].address += 2
    let found = try #require(layout.overlap(in: placements))
    #expect(found == (5, 6))
  }

  @Test(arguments: 1...4) func overlapsAreFoundPieceByPiece(_ slots: Int) throws {
    let layout = try layout(slots: slots)
    var numbers = SeededGenerator(seed: UInt64(slots))
    let slot = layout.buffers.reduce(0) { $0 + $1.slotBytes }
    var (apart, together) = (0, 0)
    for _ in 0..<400 {
      var address: UInt64 = 4096
      var placements = layout.buffers.map { buffer in
        defer { address += buffer.slotBytes }
        return SlotPlacement(address: address, stride: slot)
      }
      // One buffer lies elsewhere, often far enough away.
      let moved = Int(numbers.next() % UInt64(placements.count))
      placements[moved].address = numbers.next() % (slot * UInt64(slots + 2)) / 2 * 2
      let expected = hasOverlap(layout, placements)
      #expect((layout.overlap(in: placements) != nil) == expected)
      if expected { together += 1 } else { apart += 1 }
    }
    #expect(together > 0 && apart > 0)
  }
}
