import CLoRALoader
import LoRAModel
import LoRASlots
import LoRATestSupport
import Testing

@testable import CUDADriver

/// Loads between replays of CUDA graphs, which read slots at the addresses that they had when they were captured.
extension CUDATests.LoaderTests {
  /// Forward passes captured once, each of which copies what a slot has in one buffer to a place of its own.
  private final class Passes {
    let output: PinnedBuffer
    let bytes: Int
    let graphs: [EngineGraph]

    init(_ count: Int, of slot: UInt64, at place: UInt64, bytes: Int, on engine: EngineQueue) throws {
      let output = try PinnedBuffer(engine.context, count: count * bytes)
      let all = unsafe output.bytes
      graphs = try (0..<count).map { pass in
        try EngineGraph(engine) {
          let part = unsafe UnsafeMutableRawBufferPointer(rebasing: all[pass * bytes..<(pass + 1) * bytes])
          try unsafe engine.stream.copy(place + slot * UInt64(bytes), to: part)
        }
      }
      self.output = output
      self.bytes = bytes
    }

    func found(_ pass: Int) -> [UInt8] { unsafe Array(output.bytes[pass * bytes..<(pass + 1) * bytes]) }
  }

  /// A pool in the engine's memory with three adapters, and a buffer in which they differ.
  private struct Serving {
    let pool: UInt
    let places: [UInt64]
    let numbers: [Int64]
    let buffer: Int
    let bytes: Int
    let references: [[UInt8]]

    init(_ tests: CUDATests.LoaderTests) throws {
      let names = ["llama-all-linear", "llama-second", "llama-rslora"]
      let pool = unsafe try tests.open("cuda:0", residents: 3)
      places = unsafe tests.bind(pool)
      numbers = names.map { unsafe LoaderLibrary.add(pool, tests.adapter($0)) }
      let tenants = try names.map { try Tenant($0) }
      let layout = try tenants[0].layout()
      let all = try tenants.map { try SlotReference($0.adapter, base: $0.base, layout: layout) }
      buffer = try #require(layout.buffers.indices.first { all[0].bytes(ofBuffer: $0).contains { $0 != 0 } })
      bytes = Int(layout.buffers[buffer].slotBytes)
      let chosen = buffer
      references = all.map { $0.bytes(ofBuffer: chosen) }
      self.pool = UInt(bitPattern: pool)
    }

    func load(_ adapter: Int, _ slot: UInt64, _ stream: UInt) -> Int32 {
      unsafe LoaderLibrary.load(OpaquePointer(bitPattern: pool), numbers[adapter], slot, stream: stream)
    }

    func close() {
      unsafe LoaderLibrary.close(OpaquePointer(bitPattern: pool))
      for place in places { FakeDriver.freeEngineMemory(place) }
    }
  }

  /// Every replay reads the tenant of its time, and nothing waits on the host; the next tenant of another slot is
  /// fetched beside the replays on a stream of its own.
  @Test(arguments: FakeDriver.Policy.allCases) func loadsGoBetweenReplays(_ policy: FakeDriver.Policy) throws {
    FakeDriver.reset(policy)
    let context = try CUDAContext(try DriverLibrary.load(FakeDriver.path), device: 0)
    let serving = try Serving(self)
    defer { serving.close() }
    let (engine, ahead) = (try EngineQueue(context), try EngineQueue(context))
    #expect(serving.load(0, 1, engine.handle) == LORA_OK)
    let passes = try Passes(6, of: 1, at: serving.places[serving.buffer], bytes: serving.bytes, on: engine)
    for (pass, graph) in passes.graphs.enumerated() {
      #expect(serving.load(pass % 3, 1, engine.handle) == LORA_OK)
      try graph.replay()
      #expect(serving.load((pass + 1) % 3, 0, ahead.handle) == LORA_OK)
    }
    try engine.stream.synchronize()
    for pass in 0..<6 { #expect(passes.found(pass) == serving.references[pass % 3], "pass \(pass)") }
    try ahead.stream.synchronize()
  }

  /// That a load into a slot which a replay under way reads would be found: here it is ordered behind another stream.
  @Test(arguments: FakeDriver.Policy.allCases) func aLoadBesideAReplayOfItsSlotIsNoticed(_ policy: FakeDriver.Policy)
    throws
  {
    FakeDriver.reset(policy)
    let context = try CUDAContext(try DriverLibrary.load(FakeDriver.path), device: 0)
    let serving = try Serving(self)
    defer {
      FakeDriver.reset()
      serving.close()
    }
    let (engine, other) = (try EngineQueue(context), try EngineQueue(context))
    #expect(serving.load(0, 1, engine.handle) == LORA_OK)
    let passes = try Passes(1, of: 1, at: serving.places[serving.buffer], bytes: serving.bytes, on: engine)
    let before = FakeDriver.counts.violations
    let noticed = FakeDriver.expectingViolations {
      do {
        try passes.graphs[0].replay()
        _ = serving.load(1, 1, other.handle)
        try other.stream.synchronize()
        try engine.stream.synchronize()
      } catch {}
      return FakeDriver.counts.violations > before
    }
    #expect(noticed)
  }

  /// A slot that the pool chooses gets no other tenant before the replays that were queued when it was released.
  @Test(arguments: FakeDriver.Policy.allCases) func aReleasedSlotWaitsForItsReplays(_ policy: FakeDriver.Policy) throws
  {
    FakeDriver.reset(policy)
    let context = try CUDAContext(try DriverLibrary.load(FakeDriver.path), device: 0)
    let serving = try Serving(self)
    defer { serving.close() }
    let (engine, ahead) = (try EngineQueue(context), try EngineQueue(context))
    func acquire(_ adapter: Int, _ queue: EngineQueue) throws -> (slot: UInt64, generation: UInt64) {
      let pool = unsafe OpaquePointer(bitPattern: serving.pool)
      let held = unsafe LoaderLibrary.acquire(pool, [serving.numbers[adapter]], stream: queue.handle)
      #expect(held.status == LORA_OK, "\(LoaderLibrary.lastError)")
      return (held.slots[0], held.generations[0])
    }
    let first = try acquire(0, engine)
    let passes = try Passes(1, of: first.slot, at: serving.places[serving.buffer], bytes: serving.bytes, on: engine)
    _ = try acquire(1, ahead)
    try passes.graphs[0].replay()
    let pool = unsafe OpaquePointer(bitPattern: serving.pool)
    #expect(unsafe LoaderLibrary.release(pool, first.slot, first.generation, stream: engine.handle) == LORA_OK)
    #expect(try acquire(2, ahead).slot == first.slot)
    try ahead.stream.synchronize()
    try engine.stream.synchronize()
    #expect(passes.found(0) == serving.references[0], "the replay read another adapter's weights")
  }

  /// A stream that is being captured is refused before anything is queued on it.
  ///
  /// Its capture is left alone: meanwhile a pool opens and slots are filled on other streams.
  @Test func aCaptureIsAnsweredAndLeftAlone() throws {
    let context = try CUDAContext(try DriverLibrary.load(FakeDriver.path), device: 0)
    let serving = try Serving(self)
    defer { serving.close() }
    let (engine, other) = (try EngineQueue(context), try EngineQueue(context))
    #expect(serving.load(0, 0, engine.handle) == LORA_OK && serving.load(0, 1, engine.handle) == LORA_OK)
    let output = try PinnedBuffer(context, count: serving.bytes)
    let all = unsafe output.bytes
    let graph = try EngineGraph(engine) {
      #expect(serving.load(1, 1, engine.handle) == LORA_CAPTURING)
      #expect(LoaderLibrary.lastError.contains("between replays"), "\(LoaderLibrary.lastError)")
      #expect(serving.load(1, 1, 0) == LORA_CAPTURING)
      try unsafe engine.stream.copy(serving.places[serving.buffer], to: all)
      #expect(serving.load(1, 1, other.handle) == LORA_OK, "\(LoaderLibrary.lastError)")
      let pool = unsafe OpaquePointer(bitPattern: serving.pool)
      #expect(unsafe LoaderLibrary.wait(pool, 1) == LORA_OK)
      let second = unsafe try open("cuda:0")
      let number = unsafe LoaderLibrary.add(second, adapter("llama-layers"))
      #expect(unsafe LoaderLibrary.load(second, number, 0) == LORA_CAPTURING)
      #expect(unsafe LoaderLibrary.load(second, number, 0, stream: other.handle) == LORA_OK)
      unsafe LoaderLibrary.close(second)
    }
    #expect(try graph.nodeCount() == 1)
    #expect(serving.load(2, 0, engine.handle) == LORA_OK)
    try graph.replay()
    try engine.stream.synchronize()
    #expect(unsafe Array(output.bytes) == serving.references[2])
  }

  /// What the fake driver does with a capture that a thread in the usual mode disturbs: the promise above means nothing
  /// without it.
  @Test func aCallInTheUsualModeSpoilsACapture() throws {
    let context = try CUDAContext(try DriverLibrary.load(FakeDriver.path), device: 0)
    let (engine, place) = (try EngineQueue(context), FakeDriver.engineMemory(64))
    defer { FakeDriver.freeEngineMemory(place) }
    let allocate = unsafe FakeDriver.function(
      "cuMemAlloc_v2", (@convention(c) (UnsafeMutablePointer<UInt64>, Int) -> Int32).self)
    let exchange = unsafe FakeDriver.function(
      "cuThreadExchangeStreamCaptureMode", (@convention(c) (UnsafeMutablePointer<Int32>) -> Int32).self)
    let error = #expect(throws: CUDAError.self) {
      _ = try EngineGraph(engine) {
        try engine.stream.fill(place, count: 64, with: 1)
        try context.current { () throws(CUDAError) in
          var (mode, address) = (Int32(0), UInt64(0))
          #expect(unsafe exchange(&mode) == 0)
          #expect(unsafe allocate(&address, 16) == 900)
        }
      }
    }
    #expect(error?.result == 901)
  }
}
