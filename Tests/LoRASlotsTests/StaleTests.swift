import LoRAEngines
import LoRAModel
import LoRASlots
import LoRATestSupport
import Testing

/// What an earlier tenant left in a slot must be gone.
@Suite struct StaleTests {
  private let device = HostDevice(workers: 2)

  private func memory(_ base: BaseModel, rank: UInt64 = 16) throws -> any SlotMemory {
    var options = SlotOptions()
    options.slots = 2
    options.rank = rank
    let memory = try device.allocateSlots(try SlotLayout(of: base, options))
    try memory.fill(with: 0xCD)
    return memory
  }

  private func adapter(_ name: String) -> Adapter { Adapter.load(Fixtures.path("adapters/\(name)")) }

  @Test(arguments: [
    ("llama-all-linear", "llama-patterns"), ("llama-patterns", "llama-all-linear"),
    ("llama-all-linear", "llama-layers"),
  ])
  func aSmallerTenantLeavesNothingOfALargerOne(first: String, second: String) throws {
    let base = try BaseModel.open(Fixtures.path("models/llama-bf16-sharded"))
    let memory = try memory(base)
    for name in [first, second] {
      try memory.put(adapter(name), base: base, slot: 1, device: device)
      let reference = try SlotReference(adapter(name), base: base, layout: memory.layout)
      #expect(try memory.firstMismatch(inSlot: 1, with: reference) == nil)
    }
    try memory.clear(slot: 1, after: []).wait()
    #expect(try memory.firstMismatch(inSlot: 1, with: nil) == nil)
    #expect(try memory.firstMismatch(inSlot: 0, with: nil) != nil, "the poison is still in the other slot")
  }

  @Test func aBatchFillsSeveralSlotsAndNothingElse() throws {
    let base = try BaseModel.open(Fixtures.path("models/llama-bf16-sharded"))
    let memory = try memory(base)
    let names = ["llama-all-linear", "llama-attention-bf16"]
    let loads = try names.enumerated().map { slot, name in
      let adapter = adapter(name)
      let file = try #require(adapter.file)
      let staging = try device.allocateStaging(bytes: AdapterReading.room(for: file))
      try AdapterReading.read(file, into: staging, at: 0, workers: 2)
      return SlotLoad(
        plan: try PackingPlan(adapter, base: base, layout: memory.layout), staging: staging, start: 0, slot: slot)
    }
    let loading = try memory.load(loads)
    try loading.wait(stages: 1)
    try loading.wait()
    #expect(loading.isDone && loading.timings.total >= loading.timings.firstStage)
    for (slot, name) in names.enumerated() {
      let reference = try SlotReference(adapter(name), base: base, layout: memory.layout)
      #expect(try memory.firstMismatch(inSlot: slot, with: reference) == nil)
    }
  }

  @Test func aWrongByteAnywhereIsFound() throws {
    let base = try BaseModel.open(Fixtures.path("models/llama-bf16-sharded"))
    let memory = try memory(base)
    try memory.put(adapter("llama-all-linear"), base: base, slot: 0, device: device)
    let reference = try SlotReference(adapter("llama-all-linear"), base: base, layout: memory.layout)
    for buffer in [0, 3, memory.layout.buffers.count - 1] {
      let bytes = Int(memory.layout.buffers[buffer].slotBytes)
      for byte in [0, bytes / 2, bytes - 1] {
        let wrong = FlippedSlots(memory, buffer: buffer, byte: byte)
        let mismatch = try wrong.firstMismatch(inSlot: 0, with: reference)
        #expect(mismatch?.byte == byte && mismatch?.buffer == memory.layout.buffers[buffer].name)
      }
    }
  }
}

/// Slots one bit of which reads wrong.
private final class FlippedSlots: SlotMemory {
  let layout: SlotLayout
  private let memory: any SlotMemory
  private let buffer: Int
  private let byte: Int

  init(_ memory: any SlotMemory, buffer: Int, byte: Int) {
    layout = memory.layout
    self.memory = memory
    self.buffer = buffer
    self.byte = byte
  }

  func load(_ loads: [SlotLoad]) throws(SlotDeviceError) -> any SlotLoading { try memory.load(loads) }
  func clear(slot: Int, after readers: [any SlotFence]) throws(SlotDeviceError) -> any SlotFence {
    try memory.clear(slot: slot, after: readers)
  }
  func fill(with byte: UInt8) throws(SlotDeviceError) { try memory.fill(with: byte) }
  func read(buffer: Int, slot: Int, into output: UnsafeMutableRawBufferPointer) throws(SlotDeviceError) {
    unsafe try memory.read(buffer: buffer, slot: slot, into: output)
    if buffer == self.buffer { unsafe output[byte] ^= 0x10 }
  }
}
