import CLoRALoader
import Glibc
import LoRAModel
import LoRASlots
import LoRATestSupport
import TensorCore
import Testing

extension CUDATests {
  /// The C interface, on the host and on the fake GPU.
  @Suite struct LoaderTests {
    init() {
      FakeDriver.reset(.lazy)
      unsafe setenv("LORA_TOOL_LIBCUDA", FakeDriver.path, 1)
    }

    /// Opens a pool of two slots for the small llama, with room for `residents` adapters.
    func open(
      _ device: String, residents: UInt64 = 2, base: String = "models/llama-bf16-sharded", expecting: Int = LORA_OK
    ) throws -> LoaderLibrary.Pool {
      var pool: LoaderLibrary.Pool = nil
      let result = unsafe Fixtures.path(base).withCString { base in
        unsafe device.withCString { device in
          var options = unsafe lora_pool_options()
          unsafe options.base = base
          unsafe options.device = device
          unsafe options.max_loras = 2
          unsafe options.max_cpu_loras = residents
          return unsafe LoaderLibrary.open(options, &pool)
        }
      }
      #expect(Int(result) == expecting, "\(LoaderLibrary.lastError)")
      return unsafe pool
    }

    /// Binds every buffer of a pool of two slots to memory of the engine's on the fake GPU; returns the addresses.
    func bind(_ pool: LoaderLibrary.Pool) -> [UInt64] {
      unsafe (0..<LoaderLibrary.bufferCount(pool)).map { index in
        var buffer = lora_buffer()
        #expect(unsafe LoaderLibrary.describe(pool, index, &buffer) == LORA_OK)
        let address = FakeDriver.engineMemory(2 * buffer.slot_bytes)
        #expect(unsafe LoaderLibrary.bind(pool, index, address, buffer.slot_bytes) == LORA_OK)
        return address
      }
    }

    func adapter(_ name: String) -> String { Fixtures.path("adapters/\(name)") }

    /// Compares every buffer of a slot with the reference; nil stands for zeros.
    func check(_ pool: LoaderLibrary.Pool, slot: UInt64, _ name: String?) throws {
      let tenant = try Tenant(name ?? "llama-all-linear")
      let layout = try tenant.layout()
      #expect(unsafe LoaderLibrary.bufferCount(pool) == UInt64(layout.buffers.count))
      let reference = try name.map { _ in try SlotReference(tenant.adapter, base: tenant.base, layout: layout) }
      for (index, buffer) in layout.buffers.enumerated() {
        let found = unsafe LoaderLibrary.read(pool, UInt64(index), slot, count: buffer.slotBytes)
        let expected = reference?.bytes(ofBuffer: index) ?? [UInt8](repeating: 0, count: Int(buffer.slotBytes))
        #expect(found == expected, "\(buffer.name)")
      }
    }

    @Test(arguments: ["host", "cuda:0"]) func slotsOfThePoolAreFilled(_ device: String) throws {
      let pool = unsafe try open(device)
      defer { unsafe LoaderLibrary.close(pool) }
      let (large, small) = unsafe (
        LoaderLibrary.add(pool, adapter("llama-all-linear")), LoaderLibrary.add(pool, adapter("llama-layers"))
      )
      #expect(large > 0 && small > large, "\(LoaderLibrary.lastError)")
      #expect(unsafe LoaderLibrary.load(pool, large, 1) == LORA_OK, "\(LoaderLibrary.lastError)")
      #expect(unsafe LoaderLibrary.load(pool, small, 1) == LORA_OK)
      #expect(unsafe LoaderLibrary.load(pool, large, 0) == LORA_OK)
      #expect(unsafe LoaderLibrary.wait(pool, 1) == LORA_OK)
      unsafe try check(pool, slot: 1, "llama-layers")
      unsafe try check(pool, slot: 0, "llama-all-linear")
      let state = unsafe LoaderLibrary.query(pool, 1)
      #expect(state.adapter == small && state.generation == 2 && state.is_ready == 1)
      #expect(unsafe LoaderLibrary.evict(pool, 1) == LORA_OK)
      #expect(unsafe LoaderLibrary.wait(pool, 1) == LORA_OK)
      unsafe try check(pool, slot: 1, nil)
      #expect(unsafe LoaderLibrary.query(pool, 1).adapter == 0)
      #expect(unsafe LoaderLibrary.query(pool, 1).generation == 3)
    }

    @Test(arguments: ["host", "cuda:0"]) func theEnginesMemoryIsFilled(_ device: String) throws {
      let pool = unsafe try open(device)
      var memory: [(address: UInt64, stride: UInt64)] = []
      defer {
        unsafe LoaderLibrary.close(pool)
        for place in memory {
          if device == "host" {
            unsafe free(UnsafeMutableRawPointer(bitPattern: UInt(place.address)))
          } else {
            FakeDriver.freeEngineMemory(place.address)
          }
        }
      }
      let count = unsafe LoaderLibrary.bufferCount(pool)
      for index in 0..<count {
        var buffer = lora_buffer()
        #expect(unsafe LoaderLibrary.describe(pool, index, &buffer) == LORA_OK)
        #expect((2...3).contains(buffer.dimensions) && buffer.slot_bytes > 0)
        let stride = buffer.slot_bytes + 64
        let address =
          unsafe device == "host"
          ? UInt64(UInt(bitPattern: malloc(Int(2 * stride)))) : FakeDriver.engineMemory(2 * stride)
        memory.append((address, stride))
        #expect(unsafe LoaderLibrary.bind(pool, index, address, stride) == LORA_OK)
      }
      let number = unsafe LoaderLibrary.add(pool, adapter("llama-all-linear"))
      #expect(unsafe LoaderLibrary.load(pool, number, 1) == LORA_OK, "\(LoaderLibrary.lastError)")
      #expect(unsafe LoaderLibrary.wait(pool, 1) == LORA_OK)
      unsafe try check(pool, slot: 1, "llama-all-linear")
      #expect(unsafe LoaderLibrary.bind(pool, 0, memory[0].address, memory[0].stride) == LORA_INVALID)
    }

    /// Loads that nothing waits for take no memory: it is allocated when the pool opens, and used again behind events.
    @Test(arguments: [UInt64(1), 3]) func loadsAllocateNothing(_ residents: UInt64) throws {
      let pool = unsafe try open("cuda:0", residents: residents)
      let places = unsafe bind(pool)
      defer {
        unsafe LoaderLibrary.close(pool)
        for place in places { FakeDriver.freeEngineMemory(place) }
      }
      let names = ["llama-all-linear", "llama-layers", "llama-attention-bf16"].prefix(Int(residents))
      let numbers = names.map { unsafe LoaderLibrary.add(pool, adapter($0)) }
      let memory = FakeDriver.counts.live.prefix(2)
      for round in 0..<24 {
        #expect(unsafe LoaderLibrary.load(pool, numbers[round % numbers.count], UInt64(round % 2)) == LORA_OK)
        #expect(FakeDriver.counts.live.prefix(2) == memory, "load \(round)")
      }
      for slot in UInt64(0)..<2 {
        #expect(unsafe LoaderLibrary.wait(pool, slot) == LORA_OK)
        unsafe try check(pool, slot: slot, names[(22 + Int(slot)) % names.count])
      }
    }

    @Test func hostMemoryForgetsTheOldest() throws {
      let pool = unsafe try open("cuda:0", residents: 1)
      defer { unsafe LoaderLibrary.close(pool) }
      let first = unsafe LoaderLibrary.add(pool, adapter("llama-all-linear"))
      #expect(unsafe LoaderLibrary.load(pool, first, 0) == LORA_OK)
      // The load has not run yet when the next adapter wants its bytes' place.
      let second = unsafe LoaderLibrary.add(pool, adapter("llama-layers"))
      #expect(second > 0)
      #expect(unsafe LoaderLibrary.load(pool, first, 1) == LORA_GONE)
      #expect(LoaderLibrary.lastError.contains("add it again"))
      #expect(unsafe LoaderLibrary.query(pool, 1).adapter == 0)
      unsafe try check(pool, slot: 0, "llama-all-linear")
      #expect(unsafe LoaderLibrary.remove(pool, second) == LORA_OK)
      #expect(unsafe LoaderLibrary.remove(pool, second) == LORA_GONE)
    }

    @Test func whatMakesNoSenseIsAStatusAndASentence() throws {
      let pool = unsafe try open("host")
      defer { unsafe LoaderLibrary.close(pool) }
      #expect(unsafe LoaderLibrary.add(pool, "/no/such/adapter") == LORA_UNREADABLE)
      #expect(LoaderLibrary.lastError.contains("/no/such/adapter"))
      #expect(unsafe LoaderLibrary.add(pool, adapter("gpt2")) == LORA_UNSUPPORTED)
      #expect(!LoaderLibrary.lastError.isEmpty)
      #expect(unsafe LoaderLibrary.load(pool, 7, 0) == LORA_GONE)
      #expect(unsafe LoaderLibrary.load(pool, 7, 99) == LORA_INVALID)
      #expect(unsafe LoaderLibrary.load(nil, 7, 0) == LORA_INVALID)
      #expect(unsafe LoaderLibrary.bind(pool, 1 << 60, 8, 8) == LORA_INVALID)
      #expect(unsafe LoaderLibrary.bind(pool, 0, 0, 8) == LORA_INVALID)
      unsafe LoaderLibrary.close(nil)
      var none: LoaderLibrary.Pool = nil
      #expect(unsafe LoaderLibrary.open(lora_pool_options(), &none) == LORA_INVALID)
      #expect(unsafe none == nil)
    }

    /// Memory that the kernel could not write is refused while the caller can still mend it, and nothing is queued.
    @Test(arguments: ["host", "cuda:0"]) func placesThatCannotHoldSlotsAreRefused(_ device: String) throws {
      let pool = unsafe try open(device)
      defer { unsafe LoaderLibrary.close(pool) }
      let number = unsafe LoaderLibrary.add(pool, adapter("llama-all-linear"))
      let before = FakeDriver.counts.submissions
      var buffer = lora_buffer()
      #expect(unsafe LoaderLibrary.describe(pool, 0, &buffer) == LORA_OK)
      let bytes = buffer.slot_bytes
      let wrong: [(address: UInt64, stride: UInt64, reason: String)] = [
        (0, bytes, "null"), (0x10001, bytes, "no multiple of the 2 bytes of BF16"), (0x10000, bytes + 1, "no multiple"),
        (0x10000, bytes - 2, "less than"), (.max - 1, bytes, "beyond the end"), (0x10000, .max - 1, "beyond the end"),
      ]
      for place in wrong {
        #expect(unsafe LoaderLibrary.bind(pool, 0, place.address, place.stride) == LORA_INVALID)
        #expect(LoaderLibrary.lastError.contains(place.reason), "\(LoaderLibrary.lastError)")
      }
      // One after the other, but the last two begin at the same byte.
      let count = unsafe LoaderLibrary.bufferCount(pool)
      let memory = FakeDriver.engineMemory(1 << 20)
      defer { FakeDriver.freeEngineMemory(memory) }
      var address = memory
      for index in 0..<count {
        #expect(unsafe LoaderLibrary.describe(pool, index, &buffer) == LORA_OK)
        #expect(unsafe LoaderLibrary.bind(pool, index, address, buffer.slot_bytes) == LORA_OK)
        if index < count - 2 { address += 2 * buffer.slot_bytes }
      }
      #expect(unsafe LoaderLibrary.load(pool, number, 0) == LORA_INVALID)
      #expect(LoaderLibrary.lastError.contains("are bound to the same bytes"), "\(LoaderLibrary.lastError)")
      #expect(FakeDriver.counts.submissions == before)
    }

    /// A kernel that does not compile leaves a pool that works, and the caller learns it.
    @Test func aPoolWithoutItsKernelSaysSo() throws {
      FakeDriver.failCompilation(222)
      let pool = unsafe try open("cuda:0", expecting: LORA_DEGRADED)
      defer { unsafe LoaderLibrary.close(pool) }
      #expect(LoaderLibrary.lastError.contains("the fake refuses this PTX"), "\(LoaderLibrary.lastError)")
      #expect(unsafe LoaderLibrary.notice(pool) == LoaderLibrary.lastError)
      let number = unsafe LoaderLibrary.add(pool, adapter("llama-all-linear"))
      #expect(unsafe LoaderLibrary.load(pool, number, 1) == LORA_OK)
      unsafe try check(pool, slot: 1, "llama-all-linear")
      let whole = unsafe try open("host")
      #expect(unsafe LoaderLibrary.notice(whole).isEmpty)
      unsafe LoaderLibrary.close(whole)
    }

    @Test func aGPUThatIsNotThereIsNamed() throws {
      var pool: LoaderLibrary.Pool = nil
      let result = unsafe Fixtures.path("models/llama-bf16-sharded").withCString { base in
        unsafe "cuda:5".withCString { device in
          var options = unsafe lora_pool_options()
          unsafe options.base = base
          unsafe options.device = device
          return unsafe LoaderLibrary.open(options, &pool)
        }
      }
      #expect(result == LORA_UNAVAILABLE)
      #expect(LoaderLibrary.lastError.contains("CUDA_ERROR_INVALID_DEVICE"), "\(LoaderLibrary.lastError)")
    }
  }
}
