import CLoRALoader
import Glibc
import LoRAModel
import LoRASlots
import LoRATestSupport
import Testing

@testable import CUDADriver

/// Swaps while an engine serves.
extension CUDATests.LoaderTests {
  /// The next adapters go into slots on a stream of their own, while forward passes run; the batch that needs them
  /// acquires them on the engine's stream, which waits for what is still under way and moves nothing again.
  @Test(arguments: FakeDriver.Policy.allCases) func adaptersAreFetchedAhead(_ policy: FakeDriver.Policy) throws {
    FakeDriver.reset(policy)
    let context = try CUDAContext(try DriverLibrary.load(FakeDriver.path), device: 0)
    let pool = unsafe try open("cuda:0", residents: 2)
    let places = unsafe bind(pool)
    defer {
      unsafe LoaderLibrary.close(pool)
      for place in places { FakeDriver.freeEngineMemory(place) }
    }
    let (engine, ahead) = (try EngineQueue(context), try EngineQueue(context))
    let names = ["llama-all-linear", "llama-second"]
    let numbers = names.map { unsafe LoaderLibrary.add(pool, adapter($0)) }
    #expect(unsafe LoaderLibrary.acquire(pool, [numbers[0]], stream: engine.handle).status == LORA_OK)
    let fetched = unsafe LoaderLibrary.acquire(pool, [numbers[1]], stream: ahead.handle)
    #expect(fetched.status == LORA_OK)
    let copies = FakeDriver.counts.copies
    let used = unsafe LoaderLibrary.acquire(pool, [numbers[1]], stream: engine.handle)
    #expect(used.status == LORA_OK && used.slots == fetched.slots && used.generations == fetched.generations)
    #expect(FakeDriver.counts.copies == copies)
    let tenant = try Tenant(names[1])
    let reference = try SlotReference(tenant.adapter, base: tenant.base, layout: try tenant.layout())
    let buffer = try #require(places.indices.first { reference.bytes(ofBuffer: $0).contains { $0 != 0 } })
    let wanted = reference.bytes(ofBuffer: buffer)
    let pass = try PinnedBuffer(context, count: wanted.count)
    try unsafe engine.stream.copy(places[buffer] + used.slots[0] * UInt64(wanted.count), to: pass.bytes)
    try engine.stream.synchronize()
    #expect(unsafe Array(pass.bytes) == wanted)
  }

  /// Pools of one device and of two know nothing of each other.
  @Test(arguments: FakeDriver.Policy.allCases) func severalPoolsOnSeveralDevices(_ policy: FakeDriver.Policy) throws {
    FakeDriver.reset(policy)
    let names = ["llama-all-linear", "llama-second", "llama-rslora"]
    // As numbers, which are safe to keep in a list.
    let pools = try ["cuda:0", "cuda:1", "cuda:0"].map { UInt(bitPattern: unsafe try open($0, residents: 2)) }
    defer { for pool in pools { unsafe LoaderLibrary.close(OpaquePointer(bitPattern: pool)) } }
    for round in 0..<2 {
      for (index, pool) in pools.enumerated() {
        let pool = unsafe OpaquePointer(bitPattern: pool)
        let number = unsafe LoaderLibrary.add(pool, adapter(names[(index + round) % 3]))
        #expect(unsafe LoaderLibrary.load(pool, number, 0) == LORA_OK, "\(LoaderLibrary.lastError)")
      }
    }
    for (index, pool) in pools.enumerated() {
      let pool = unsafe OpaquePointer(bitPattern: pool)
      let tenant = try Tenant(names[(index + 1) % 3])
      let layout = try tenant.layout()
      let reference = try SlotReference(tenant.adapter, base: tenant.base, layout: layout)
      for buffer in layout.buffers.indices {
        let count = layout.buffers[buffer].slotBytes
        #expect(unsafe LoaderLibrary.read(pool, UInt64(buffer), 0, count: count) == reference.bytes(ofBuffer: buffer))
      }
    }
  }

  /// A forked child that uses its parent's pool gets a status, at once.
  @Test func aForkedChildIsTold() throws {
    let pool = unsafe try open("cuda:0", residents: 2)
    defer { unsafe LoaderLibrary.close(pool) }
    let number = unsafe LoaderLibrary.add(pool, adapter("llama-all-linear"))
    #expect(unsafe LoaderLibrary.load(pool, number, 0) == LORA_OK)
    // Swift does not offer it, as a child of many threads may do little; this one calls the loader and ends.
    let symbol = unsafe try #require(unsafe dlsym(nil, "fork"))
    let fork = unsafe unsafeBitCast(symbol, to: (@convention(c) () -> pid_t).self)
    let child = fork()
    if child == 0 {
      alarm(20)
      let loaded = unsafe LoaderLibrary.load(pool, number, 1)
      let waited = unsafe LoaderLibrary.wait(pool, 0)
      unsafe LoaderLibrary.close(pool)
      _exit(loaded == LORA_FORKED && waited == LORA_FORKED ? 0 : 1)
    }
    var status: Int32 = -1
    #expect(unsafe waitpid(child, &status, 0) == child)
    #expect(status == 0)
    #expect(unsafe LoaderLibrary.load(pool, number, 1) == LORA_OK)
  }
}
