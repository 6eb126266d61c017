import CLoRALoader
import LoRAModel
import LoRASlots
import LoRATestSupport
import Testing

@testable import CUDADriver

/// Forward passes that still read a slot when it gets another tenant.
extension CUDATests.LoaderTests {
  /// What is queued on the engine's stream before a load reads the old tenant, what is queued behind it the new one; the
  /// host waits for the stream alone.
  @Test(arguments: FakeDriver.Policy.allCases) func loadsAreInTheOrderOfTheStream(_ policy: FakeDriver.Policy) throws {
    FakeDriver.reset(policy)
    let names = ["llama-all-linear", "llama-second", "llama-rslora"]
    let context = try CUDAContext(try DriverLibrary.load(FakeDriver.path), device: 0)
    let pool = unsafe try open("cuda:0", residents: 3)
    let places = unsafe bind(pool)
    defer {
      unsafe LoaderLibrary.close(pool)
      for place in places { FakeDriver.freeEngineMemory(place) }
    }
    let engine = try EngineQueue(context)
    let numbers = names.map { unsafe LoaderLibrary.add(pool, adapter($0)) }
    let tenants = try names.map { try Tenant($0) }
    let layout = try tenants[0].layout()
    let references = try tenants.map { try SlotReference($0.adapter, base: $0.base, layout: layout) }
    let buffer = try #require(layout.buffers.indices.first { references[0].bytes(ofBuffer: $0).contains { $0 != 0 } })
    let bytes = Int(layout.buffers[buffer].slotBytes)
    let passes = try PinnedBuffer(context, count: 6 * bytes)
    for pass in 0..<6 {
      #expect(unsafe LoaderLibrary.load(pool, numbers[pass % 3], 1, stream: engine.handle) == LORA_OK)
      let output = unsafe UnsafeMutableRawBufferPointer(rebasing: passes.bytes[pass * bytes..<(pass + 1) * bytes])
      try unsafe engine.stream.copy(places[buffer] + UInt64(bytes), to: output)
    }
    try engine.stream.synchronize()
    for pass in 0..<6 {
      let found = unsafe Array(passes.bytes[pass * bytes..<(pass + 1) * bytes])
      #expect(found == references[pass % 3].bytes(ofBuffer: buffer), "pass \(pass)")
    }
  }

  /// A refused acquire, and one whose load fails, change nothing for those who read the slots.
  @Test(arguments: [true, false]) func readersAreRememberedUntilALoadIsQueuedBehindThem(_ isRefused: Bool) throws {
    let names = ["llama-all-linear", "llama-layers", "llama-attention-bf16", "llama-patterns"]
    let context = try CUDAContext(try DriverLibrary.load(FakeDriver.path), device: 0)
    let pool = unsafe try open("cuda:0", residents: 4)
    let places = unsafe bind(pool)
    defer {
      unsafe LoaderLibrary.close(pool)
      for place in places { FakeDriver.freeEngineMemory(place) }
    }
    let numbers = names.map { unsafe LoaderLibrary.add(pool, adapter($0)) }
    let (first, second) = (try EngineQueue(context), try EngineQueue(context))
    let held = unsafe LoaderLibrary.acquire(pool, [numbers[0]], stream: first.handle)
    #expect(held.status == LORA_OK, "\(LoaderLibrary.lastError)")
    #expect(unsafe LoaderLibrary.acquire(pool, [numbers[1]], stream: second.handle).status == LORA_OK)
    // A forward pass with the first adapter is queued, and has not run when the next ones come.
    let tenant = try Tenant(names[0])
    let layout = try tenant.layout()
    let reference = try SlotReference(tenant.adapter, base: tenant.base, layout: layout)
    let buffer = try #require(layout.buffers.indices.first { reference.bytes(ofBuffer: $0).contains { $0 != 0 } })
    let bytes = Int(layout.buffers[buffer].slotBytes)
    let pass = try PinnedBuffer(context, count: bytes)
    try unsafe first.stream.copy(places[buffer] + held.slots[0] * UInt64(bytes), to: pass.bytes)
    #expect(unsafe LoaderLibrary.release(pool, held.slots[0], held.generations[0], stream: first.handle) == LORA_OK)
    if isRefused {
      let status = unsafe LoaderLibrary.acquire(pool, [numbers[2], numbers[3]], stream: second.handle).status
      #expect(status == LORA_BUSY)
    } else {
      for call in ["cuMemcpyHtoDAsync", "cuStreamWaitEvent", "cuLaunchKernel"] {
        FakeDriver.fail(call)
        let status = unsafe LoaderLibrary.acquire(pool, [numbers[2]], stream: second.handle).status
        #expect(status == LORA_DEVICE && FakeDriver.failedCall == call)
      }
    }
    let next = unsafe LoaderLibrary.acquire(pool, [numbers[2]], stream: second.handle)
    #expect(next.status == LORA_OK && next.slots == held.slots)
    #expect(unsafe LoaderLibrary.wait(pool, next.slots[0]) == LORA_OK)
    try first.stream.synchronize()
    #expect(unsafe Array(pass.bytes) == reference.bytes(ofBuffer: buffer), "the pass read another adapter's weights")
  }
}
