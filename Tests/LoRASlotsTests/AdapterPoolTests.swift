import Foundation
import LoRAEngines
import LoRAIO
import LoRAModel
import LoRASlots
import LoRATestSupport
import SlotCache
import Synchronization
import Testing

/// Adapters swapped over real memory.
@Suite struct AdapterPoolTests {
  private static let names = ["llama-all-linear", "llama-patterns", "llama-attention-bf16", "llama-layers"]

  private func slots(
    _ count: Int, host: Int = 4, bytes: UInt64 = 1 << 20, device: any SlotDevice = HostDevice(workers: 1)
  ) throws -> (AdapterPool, BaseModel) {
    let base = try BaseModel.open(Fixtures.path("models/llama-bf16-sharded"))
    var options = SlotOptions()
    options.slots = count
    options.rank = 16
    let layout = try SlotLayout(of: base, options)
    let slots = try AdapterPool(
      base: base, layout: layout, device: device, hostCapacity: host, adapterBytes: bytes, workers: 2)
    return (slots, base)
  }

  private func path(_ name: String) -> String { Fixtures.path("adapters/\(name)") }

  @Test func aLeaseHoldsWhatWasAskedForUntilItIsReleased() throws {
    let (slots, base) = try slots(1)
    let numbers = try Self.names.map { try slots.register(path($0)) }
    #expect(try slots.register(path(Self.names[0])) == numbers[0])
    for round in 0..<3 {
      for (name, number) in zip(Self.names, numbers) {
        let lease = try slots.acquire([number])[0]
        #expect(!lease.access.deviceHit && lease.access.hostHit == (round > 0))
        let reference = try SlotReference(Adapter.load(path(name)), base: base, layout: slots.layout)
        #expect(try slots.memory().firstMismatch(inSlot: lease.handle.slot, with: reference) == nil)
        #expect(slots.isCurrent(lease.handle))
        #expect(throws: AdapterPoolError.self) { try slots.acquire([numbers[(number + 1) % 4]]) }
        #expect(slots.isCurrent(lease.handle), "a refusal changes nothing")
        lease.release()
        lease.release()
      }
    }
    let last = try slots.acquire([numbers[3]])[0]
    #expect(last.access.deviceHit && last.timings == nil)
  }

  @Test func aBatchLoadsWhatIsMissing() throws {
    let (slots, _) = try slots(3)
    let numbers = try Self.names.map { try slots.register(path($0)) }
    let first = try slots.acquire([numbers[0], numbers[1], numbers[0]])
    #expect(first[0].handle == first[2].handle && first[0].handle != first[1].handle)
    for lease in first { lease.release() }
    let second = try slots.acquire([numbers[1], numbers[2]])
    #expect(second[0].access.deviceHit && !second[1].access.deviceHit)
    #expect(throws: AdapterPoolError.self) { try slots.acquire([99]) }
    #expect(throws: AdapterPoolError.self) { try slots.acquire([-1]) }
  }

  @Test func hostMemoryDropsTheOldestAndItsSlot() throws {
    let (slots, _) = try slots(2, host: 2)
    let numbers = try Self.names.map { try slots.register(path($0)) }
    var handles: [SlotHandle] = []
    for number in numbers.prefix(2) {
      let lease = try slots.acquire([number])[0]
      handles.append(lease.handle)
      lease.release()
    }
    try slots.prefetch(numbers[2])
    #expect(slots.counts.host == 2 && slots.counts.device == 1)
    #expect(!slots.isCurrent(handles[0]) && slots.isCurrent(handles[1]))
    let lease = try slots.acquire([numbers[2]])[0]
    #expect(lease.access.hostHit && !lease.access.deviceHit)
  }

  @Test func aLoadThatFailsLeavesAnEmptySlotAndCanBeTriedAgain() throws {
    let folder = try TemporaryFolder()
    let source = path(Self.names[0])
    for file in ["adapter_config.json", "adapter_model.safetensors"] {
      try folder.write("a/\(file)", try InputFile.contents(of: source + "/" + file, limit: 1 << 24))
    }
    let (slots, _) = try slots(2)
    let good = try slots.register(path(Self.names[1]))
    let number = try slots.register(folder.path("a"))
    let weights = folder.path("a/adapter_model.safetensors")
    // The file loses its end after it was opened.
    let result = unsafe truncate(weights, 4000)
    #expect(result == 0)
    #expect(throws: AdapterPoolError.self) { try slots.acquire([good, number]) }
    #expect(slots.counts.device == 0 && slots.counts.host == 1, "the other one of the batch stays in host memory")
    #expect(try slots.acquire([good])[0].access.hostHit)
    #expect(throws: AdapterPoolError.self) { try slots.prefetch(number) }
  }

  @Test func aFileReplacedUnderItsNameIsAnotherAdapter() throws {
    let folder = try TemporaryFolder()
    func copy(_ name: String) throws {
      for file in ["adapter_config.json", "adapter_model.safetensors"] {
        try folder.write("a/\(file)", try InputFile.contents(of: path(name) + "/" + file, limit: 1 << 24))
      }
    }
    try copy(Self.names[0])
    let (slots, base) = try slots(2)
    let number = try slots.register(folder.path("a"))
    let lease = try slots.acquire([number])[0]
    let digest = try #require(slots.digest(of: number))
    #expect("\(digest)".count == 64)
    #expect(try slots.reload(folder.path("a")) == false, "in use")
    lease.release()
    try folder.remove("a")
    try copy(Self.names[1])
    #expect(try slots.reload(folder.path("a")))
    let next = try slots.register(folder.path("a"))
    #expect(next != number && !slots.isCurrent(lease.handle))
    let other = try slots.acquire([next])[0]
    #expect(slots.digest(of: next) != digest)
    let reference = try SlotReference(Adapter.load(path(Self.names[1])), base: base, layout: slots.layout)
    #expect(try slots.memory().firstMismatch(inSlot: other.handle.slot, with: reference) == nil)
  }

  @Test func adaptersThatDoNotFitAreRefusedBeforeAnythingIsLoaded() throws {
    let (slots, _) = try slots(1, bytes: 4096)
    #expect(throws: AdapterPoolError.self) { try slots.register(path(Self.names[0])) }
    #expect(throws: AdapterPoolError.self) { try slots.register(path("llama-dora")) }
    #expect(throws: AdapterPoolError.self) { try slots.register(path("nothing here")) }
    #expect(slots.counts.host == 0)
  }

  @Test func aDeviceThatFailsLeavesTheSlotEmpty() throws {
    let device = FailingDevice()
    let (slots, base) = try slots(1, device: device)
    let number = try slots.register(path(Self.names[0]))
    device.failures.store(1, ordering: .relaxed)
    #expect(throws: AdapterPoolError.self) { try slots.acquire([number]) }
    #expect(slots.counts.device == 0)
    let lease = try slots.acquire([number])[0]
    let reference = try SlotReference(Adapter.load(path(Self.names[0])), base: base, layout: slots.layout)
    #expect(try slots.memory().firstMismatch(inSlot: lease.handle.slot, with: reference) == nil)
  }

  @Test func readersAreWaitedForBeforeASlotIsOverwritten() throws {
    let device = FailingDevice()
    let (slots, _) = try slots(1, device: device)
    let numbers = try Self.names.map { try slots.register(path($0)) }
    let fence = CountingFence()
    try slots.acquire([numbers[0]])[0].release(after: fence)
    _ = try slots.acquire([numbers[1]])
    #expect(fence.waits.load(ordering: .relaxed) == 1)
  }

  /// Several threads ask for more adapters than there are slots; every lease must find its own adapter's bytes.
  @Test func threadsNeverSeeAnotherAdaptersWeights() throws {
    let (slots, base) = try slots(2, host: 3)
    let numbers = try Self.names.map { try slots.register(path($0)) }
    let references = try Self.names.map {
      try SlotReference(Adapter.load(path($0)), base: base, layout: slots.layout)
    }
    let buffers = [0, 3, 11]
    let expected = references.map { reference in buffers.map { reference.bytes(ofBuffer: $0) } }
    let wrong = Atomic<Int>(0)
    let served = Atomic<Int>(0)
    Workers.forEach(count: 8, workers: 8) { worker in
      for round in 0..<40 {
        let index = (worker * 7 + round * 3) % numbers.count
        guard let lease = try? slots.acquire([numbers[index]]).first else { continue }
        for (position, buffer) in buffers.enumerated() {
          let bytes = try? slots.memory().bytes(buffer, slot: lease.handle.slot)
          if bytes != expected[index][position] { wrong.add(1, ordering: .relaxed) }
        }
        if !slots.isCurrent(lease.handle) { wrong.add(1, ordering: .relaxed) }
        served.add(1, ordering: .relaxed)
        lease.release()
      }
    }
    #expect(wrong.load(ordering: .relaxed) == 0)
    #expect(served.load(ordering: .relaxed) > 0)
  }
}

/// A host device whose loads can be made to fail.
private final class FailingDevice: SlotDevice {
  let host = HostDevice(workers: 1)
  let failures = Atomic<Int>(0)
  var name: String { host.name }
  var title: String { host.title }
  var freeBytes: UInt64? { host.freeBytes }
  var notice: String? { nil }
  func allocateStaging(bytes: UInt64) throws(SlotDeviceError) -> any StagingMemory {
    try host.allocateStaging(bytes: bytes)
  }
  func allocateSlots(_ layout: SlotLayout) throws(SlotDeviceError) -> any SlotMemory {
    Slots(memory: try host.allocateSlots(layout), device: self)
  }
  func slots(_ layout: SlotLayout, at placements: [SlotPlacement]) throws(SlotDeviceError) -> any SlotMemory {
    Slots(memory: try host.slots(layout, at: placements), device: self)
  }
  func prepareLoads(into layout: SlotLayout, adapterBytes: UInt64) throws(SlotDeviceError) {}
  func stream(_ handle: UInt) -> (any EngineStream)? { nil }

  private final class Slots: SlotMemory {
    let memory: any SlotMemory
    let device: FailingDevice
    var layout: SlotLayout { memory.layout }
    init(memory: any SlotMemory, device: FailingDevice) {
      self.memory = memory
      self.device = device
    }
    func load(_ loads: [SlotLoad]) throws(SlotDeviceError) -> any SlotLoading {
      let loading = try memory.load(loads)
      guard device.failures.load(ordering: .relaxed) > 0 else { return loading }
      device.failures.subtract(1, ordering: .relaxed)
      throw SlotDeviceError(device: "test", .lost, "the device was lost on purpose")
    }
    func clear(slot: Int, after readers: [any SlotFence]) throws(SlotDeviceError) -> any SlotFence {
      try memory.clear(slot: slot, after: readers)
    }
    func read(buffer: Int, slot: Int, into output: UnsafeMutableRawBufferPointer) throws(SlotDeviceError) {
      unsafe try memory.read(buffer: buffer, slot: slot, into: output)
    }
    func fill(with byte: UInt8) throws(SlotDeviceError) { try memory.fill(with: byte) }
  }
}

/// A reader that counts who waits for it.
private final class CountingFence: SlotFence {
  let waits = Atomic<Int>(0)
  var isDone: Bool { false }
  func wait() throws(SlotDeviceError) { waits.add(1, ordering: .relaxed) }
}
