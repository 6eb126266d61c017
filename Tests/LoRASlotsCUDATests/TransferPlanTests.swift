import LoRASlots
import LoRATestSupport
import Testing

@testable import LoRASlotsCUDA

/// How loads are cut.
@Suite struct TransferPlanTests {
  /// A plan with `layers` stages of `bytes` each, whose places in the file are in this order of layers.
  private func plan(_ order: [Int], bytes: UInt64) -> PackingPlan {
    let stages = order.indices.map { layer in
      let place = UInt64(order.firstIndex(of: layer) ?? 0) * bytes
      return PackingStage(blocks: layer..<layer + 1, sources: [place..<place + bytes])
    }
    let blocks = order.indices.map { PackingBlock(buffer: $0, start: 0, rows: 1, columns: bytes / 2, source: nil) }
    return PackingPlan(
      blocks: blocks, stages: stages, sourceBytes: UInt64(order.count) * bytes,
      liveBytes: UInt64(order.count) * bytes)
  }

  /// Every chunk has what its stages need when its launch runs, and no byte crosses the bus twice: what an earlier chunk
  /// has brought may be read by its kernel.
  private func checkCompleteness(_ transfer: TransferPlan, _ plan: PackingPlan) {
    var present: [Range<UInt64>] = []
    var next = 0
    for chunk in transfer.chunks {
      #expect(chunk.stages.lowerBound == next)
      next = chunk.stages.upperBound
      #expect(TransferPlan.subtract(present, from: chunk.copies) == chunk.copies, "copied twice")
      present = TransferPlan.merged(present + chunk.copies)
      let needed = TransferPlan.merged(plan.stages[chunk.stages].flatMap(\.sources))
      #expect(TransferPlan.subtract(present, from: needed).isEmpty)
    }
    #expect(next == plan.stages.count)
  }

  @Test func aFileInTheModelsOrderIsThreeChunks() throws {
    let plan = plan(Array(0..<32), bytes: 1 << 20)
    let transfer = TransferPlan(plan)
    checkCompleteness(transfer, plan)
    #expect(transfer.chunks.count == 3)
    #expect(transfer.chunks.allSatisfy { $0.copies.count == 1 })
    #expect(transfer.submissions == 16)
  }

  /// safetensors files list layer 10 before layer 2.
  @Test(arguments: [4, 12, 28, 32, 48, 80, 126]) func aFileInAlphabeticalOrderKeepsTheLimit(layers: Int) throws {
    let order = (0..<layers).sorted { "\($0)" < "\($1)" }
    let plan = plan(order, bytes: 1 << 20)
    let transfer = TransferPlan(plan)
    checkCompleteness(transfer, plan)
    #expect(transfer.submissions <= TransferPlan.submissionLimit)
    let moved = transfer.chunks.flatMap(\.copies).reduce(UInt64(0)) { $0 + UInt64($1.count) }
    #expect(Double(moved) <= 1.2 * Double(plan.sourceBytes), "\(transfer.chunks)")
    #expect(transfer.chunks.count >= 2)
  }

  @Test func readersTakeTheirShareOfTheLimit() throws {
    let plan = plan(Array(0..<32), bytes: 1 << 20)
    for waits in 0...6 {
      let transfer = TransferPlan(plan, waits: waits)
      checkCompleteness(transfer, plan)
      #expect(transfer.submissions + waits <= TransferPlan.submissionLimit)
    }
  }

  @Test func smallLoadsAreOneChunk() throws {
    let plan = plan(Array(0..<32), bytes: 1000)
    let transfer = TransferPlan(plan)
    checkCompleteness(transfer, plan)
    #expect(transfer.chunks.count == 1)
    #expect(transfer.chunks.first?.copies == [0..<32_000])
  }

  @Test func scatteredRangesStillKeepTheLimit() throws {
    // Every stage takes every 64th kilobyte: nothing lies together.
    let stages = (0..<64).map { stage in
      PackingStage(
        blocks: stage..<stage + 1,
        sources: (0..<64).map { part in
          let start = UInt64(part * 65536 + stage * 1024)
          return start..<start + 1024
        })
    }
    let blocks = (0..<64).map { PackingBlock(buffer: $0, start: 0, rows: 1, columns: 1, source: nil) }
    let plan = PackingPlan(blocks: blocks, stages: stages, sourceBytes: 64 * 65536, liveBytes: 64 * 65536)
    let transfer = TransferPlan(plan)
    checkCompleteness(transfer, plan)
    #expect(transfer.submissions <= TransferPlan.submissionLimit)
  }

  @Test func loadsOfOneCallAreOneChunkEach() throws {
    let plan = plan([1, 0, 2], bytes: 1 << 20)
    let transfer = TransferPlan(plan, isAlone: false)
    checkCompleteness(transfer, plan)
    #expect(transfer.chunks.count == 1 && transfer.chunks.first?.copies == [0..<3 << 20])
  }

  /// Places never overlap but with uses that are given back, and every overlapped use is.
  @Test func aRingGivesBackWhatItOverwrites() {
    var numbers = SeededGenerator(seed: 3)
    var ring = RingAllocator<Int>(capacity: 10_000)
    var live: [Int: Range<Int>] = [:]
    for use in 0..<2000 {
      let count = Int(numbers.next() % 4000)
      guard let (start, earlier) = ring.take(count, for: use) else {
        Issue.record("\(count) bytes fit")
        return
      }
      let place = start..<start + count
      #expect(start % 256 == 0 && place.upperBound <= 10_000)
      #expect(Set(earlier) == Set(live.filter { $0.value.overlaps(place) }.keys))
      for use in earlier { live[use] = nil }
      live[use] = place
    }
    #expect(ring.take(10_001, for: 0) == nil)
  }

  @Test func rangesAreMergedAndSubtracted() {
    #expect(TransferPlan.merged([5..<7, 0..<2, 2..<3, 6..<9, 4..<4]) == [0..<3, 5..<9])
    #expect(TransferPlan.subtract([2..<4, 6..<7], from: [0..<10]) == [0..<2, 4..<6, 7..<10])
    #expect(TransferPlan.subtract([0..<10], from: [2..<4]) == [])
    #expect(TransferPlan.subtract([], from: [2..<4]) == [2..<4])
  }
}
