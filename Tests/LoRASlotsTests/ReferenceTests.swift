import LoRAEngines
import LoRAModel
import LoRASlots
import LoRATestSupport
import TensorCore
import Testing

@Suite struct ReferenceTests {
  @Test func thereAreCases() { #expect(SlotCase.all.count >= 19) }

  @Test(arguments: SlotCase.all)
  func everyByteIsTheOneThatTorchPutsThere(_ given: SlotCase) throws {
    let base = try given.openBase()
    let layout = try SlotLayout(of: base, given.options)
    let expected = try given.expected()
    #expect(Set(layout.buffers.map(\.name)) == Set(expected.keys))
    let device = HostDevice(workers: 2)
    let memory = try device.allocateSlots(layout)
    try memory.fill(with: 0xCD)
    try memory.put(given.loadAdapter(), base: base, slot: given.slot, device: device)
    let reference = try SlotReference(given.loadAdapter(), base: base, layout: layout)
    for (index, buffer) in layout.buffers.enumerated() {
      guard let tensor = expected[buffer.name] else { continue }
      #expect(buffer.shape == tensor.shape, "\(buffer.name)")
      let found = try memory.bytes(index, slot: given.slot)
      #expect(found == tensor.bytes, "\(buffer.name)")
      #expect(reference.bytes(ofBuffer: index) == tensor.bytes, "reference, \(buffer.name)")
      let other = try memory.bytes(index, slot: 1 - given.slot)
      #expect(other.allSatisfy { $0 == 0xCD }, "the other slot is not touched")
    }
  }

  @Test(arguments: SlotCase.all.filter { $0.options.scheme == .vllm })
  func slotMajorSlotsHoldTheSameBytesInOnePiece(_ given: SlotCase) throws {
    var options = given.options
    options.scheme = .slotMajor
    let base = try given.openBase()
    let layout = try SlotLayout(of: base, options)
    let device = HostDevice(workers: 1)
    let memory = try device.allocateSlots(layout)
    try memory.fill(with: 0xCD)
    try memory.put(given.loadAdapter(), base: base, slot: 1, device: device)
    let expected = try given.expected()
    for (index, buffer) in layout.buffers.enumerated() {
      #expect(try memory.bytes(index, slot: 1) == expected[buffer.name]?.bytes)
      #expect(try memory.bytes(index, slot: 0).allSatisfy { $0 == 0xCD })
      let distance = layout.offset(buffer: index, slot: 1) - layout.offset(buffer: index, slot: 0)
      #expect(distance == layout.totalBytes / 2)
    }
  }

  @Test(arguments: SlotCase.all)
  func blocksTileTheSlotExactlyOnce(_ given: SlotCase) throws {
    let base = try given.openBase()
    let layout = try SlotLayout(of: base, given.options)
    let plan = try PackingPlan(given.loadAdapter(), base: base, layout: layout)
    var covered: [Int: [Range<UInt64>]] = [:]
    for block in plan.blocks {
      #expect(layout.contains(block))
      covered[block.buffer, default: []].append(block.start..<block.start + block.rows * block.columns)
    }
    let size = layout.dtype.bits / 8
    for (index, buffer) in layout.buffers.enumerated() {
      var end: UInt64 = 0
      for range in (covered[index] ?? []).sorted(by: { $0.lowerBound < $1.lowerBound }) {
        #expect(range.lowerBound == end, "\(buffer.name)")
        end = range.upperBound
      }
      #expect(end * size == buffer.slotBytes, "\(buffer.name)")
    }
    #expect(plan.stages.count == layout.stageCount)
    #expect(plan.stages.first?.blocks.lowerBound == 0 && plan.stages.last?.blocks.upperBound == plan.blocks.count)
    for (stage, part) in plan.stages.enumerated() {
      for position in part.blocks {
        #expect(layout.buffers[plan.blocks[position].buffer].stage == stage)
        guard let source = plan.blocks[position].source else { continue }
        #expect(source.bytes.upperBound <= plan.sourceBytes)
        #expect(
          part.sources.contains { $0.lowerBound <= source.bytes.lowerBound && source.bytes.upperBound <= $0.upperBound }
        )
      }
    }
  }
}
