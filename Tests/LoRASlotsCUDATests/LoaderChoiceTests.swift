import CLoRALoader
import LoRATestSupport
import Testing

/// The calls by which the pool chooses slots, and batched loads into slots of the engine's choice.
extension CUDATests.LoaderTests {
  private static let names = ["llama-all-linear", "llama-layers", "llama-attention-bf16"]

  /// A pool with these adapters in host memory, and their numbers.
  private func filled(_ device: String, _ count: Int) throws -> (LoaderLibrary.Pool, [Int64]) {
    let pool = unsafe try open(device, residents: 3)
    let numbers = Self.names.prefix(count).map { unsafe LoaderLibrary.add(pool, adapter($0)) }
    #expect(numbers.allSatisfy { $0 > 0 }, "\(LoaderLibrary.lastError)")
    return unsafe (pool, numbers)
  }

  @Test(arguments: ["host", "cuda:0"]) func aBatchIsHeldUntilItIsReleased(_ device: String) throws {
    let (pool, numbers) = unsafe try filled(device, 3)
    defer { unsafe LoaderLibrary.close(pool) }
    let first = unsafe LoaderLibrary.acquire(pool, [numbers[0], numbers[1]])
    #expect(first.status == LORA_OK, "\(LoaderLibrary.lastError)")
    #expect(first.slots == [0, 1])
    for index in 0..<2 {
      #expect(unsafe LoaderLibrary.wait(pool, first.slots[index]) == LORA_OK)
      unsafe try check(pool, slot: first.slots[index], Self.names[index])
      let state = unsafe LoaderLibrary.query(pool, first.slots[index])
      #expect(state.adapter == numbers[index] && state.generation == first.generations[index])
    }
    // Both are held, so a third one finds no room and changes nothing.
    #expect(unsafe LoaderLibrary.acquire(pool, [numbers[2]]).status == LORA_BUSY)
    #expect(LoaderLibrary.lastError.contains("in use"))
    #expect(unsafe LoaderLibrary.remove(pool, numbers[0]) == LORA_BUSY)
    let again = unsafe LoaderLibrary.acquire(pool, [numbers[1], numbers[0]])
    #expect(again.status == LORA_OK && again.slots == [1, 0])
    #expect(again.generations == [first.generations[1], first.generations[0]])
    // Every acquire is taken back by itself.
    #expect(unsafe LoaderLibrary.release(pool, 0, first.generations[0]) == LORA_OK)
    #expect(unsafe LoaderLibrary.acquire(pool, [numbers[2]]).status == LORA_BUSY)
    #expect(unsafe LoaderLibrary.release(pool, 0, first.generations[0]) == LORA_OK)
    let third = unsafe LoaderLibrary.acquire(pool, [numbers[2]])
    #expect(third.status == LORA_OK && third.slots == [0])
    #expect(third.generations[0] > first.generations[0])
    #expect(unsafe LoaderLibrary.release(pool, 0, first.generations[0]) == LORA_INVALID)
    #expect(unsafe LoaderLibrary.wait(pool, 0) == LORA_OK)
    unsafe try check(pool, slot: 0, Self.names[2])
    unsafe try check(pool, slot: 1, Self.names[1])
  }

  @Test(arguments: ["host", "cuda:0"]) func pinnedAdaptersStay(_ device: String) throws {
    let (pool, numbers) = unsafe try filled(device, 3)
    defer { unsafe LoaderLibrary.close(pool) }
    let both = unsafe LoaderLibrary.acquire(pool, [numbers[0], numbers[1]])
    for index in 0..<2 {
      #expect(unsafe LoaderLibrary.release(pool, both.slots[index], both.generations[index]) == LORA_OK)
    }
    #expect(unsafe LoaderLibrary.pin(pool, numbers[0]) == LORA_OK)
    // Without the pin the first one, used longest ago, would make room.
    let third = unsafe LoaderLibrary.acquire(pool, [numbers[2]])
    #expect(third.status == LORA_OK && third.slots == [both.slots[1]])
    #expect(unsafe LoaderLibrary.query(pool, both.slots[0]).adapter == numbers[0])
    #expect(unsafe LoaderLibrary.unpin(pool, numbers[0]) == LORA_OK)
    #expect(unsafe LoaderLibrary.acquire(pool, [numbers[1]]).slots == [both.slots[0]])
    #expect(unsafe LoaderLibrary.pin(pool, 99) == LORA_GONE)
    #expect(unsafe LoaderLibrary.unpin(pool, 99) == LORA_GONE)
  }

  @Test func whoLeavesHostMemoryLeavesItsSlot() throws {
    let (pool, numbers) = unsafe try filled("host", 3)
    defer { unsafe LoaderLibrary.close(pool) }
    let held = unsafe LoaderLibrary.acquire(pool, [numbers[0]])
    #expect(unsafe LoaderLibrary.release(pool, held.slots[0], held.generations[0]) == LORA_OK)
    #expect(unsafe LoaderLibrary.remove(pool, numbers[0]) == LORA_OK)
    let state = unsafe LoaderLibrary.query(pool, held.slots[0])
    #expect(state.adapter == 0 && state.generation > held.generations[0])
    #expect(unsafe LoaderLibrary.acquire(pool, [numbers[0]]).status == LORA_GONE)
  }

  @Test func pinnedAdaptersKeepTheirPlaceInHostMemory() throws {
    let pool = unsafe try open("host", residents: 1)
    defer { unsafe LoaderLibrary.close(pool) }
    let first = unsafe LoaderLibrary.add(pool, adapter(Self.names[0]))
    #expect(unsafe LoaderLibrary.pin(pool, first) == LORA_OK)
    #expect(unsafe LoaderLibrary.add(pool, adapter(Self.names[1])) == LORA_BUSY)
    #expect(unsafe LoaderLibrary.load(pool, first, 1) == LORA_OK)
    #expect(unsafe LoaderLibrary.unpin(pool, first) == LORA_OK)
    #expect(unsafe LoaderLibrary.add(pool, adapter(Self.names[1])) > first)
    unsafe try check(pool, slot: 1, Self.names[0])
  }

  @Test(arguments: ["host", "cuda:0"]) func severalSlotsAreFilledAtOnce(_ device: String) throws {
    let (pool, numbers) = unsafe try filled(device, 2)
    defer { unsafe LoaderLibrary.close(pool) }
    #expect(unsafe LoaderLibrary.loadMany(pool, [numbers[1], numbers[0]], [0, 1]) == LORA_OK)
    #expect(unsafe LoaderLibrary.wait(pool, 0) == LORA_OK && LoaderLibrary.wait(pool, 1) == LORA_OK)
    unsafe try check(pool, slot: 0, Self.names[1])
    unsafe try check(pool, slot: 1, Self.names[0])
    #expect(unsafe LoaderLibrary.loadMany(pool, [numbers[0], numbers[0]], [0, 1]) == LORA_OK)
    #expect(unsafe LoaderLibrary.query(pool, 0).adapter == numbers[0])
    #expect(unsafe LoaderLibrary.query(pool, 1).adapter == numbers[0])
    #expect(unsafe LoaderLibrary.loadMany(pool, [numbers[0], numbers[1]], [1, 1]) == LORA_INVALID)
    #expect(unsafe LoaderLibrary.loadMany(pool, [numbers[0], 99], [0, 1]) == LORA_GONE)
    #expect(unsafe LoaderLibrary.query(pool, 0).adapter == 0 && LoaderLibrary.query(pool, 1).adapter == 0)
    #expect(unsafe LoaderLibrary.loadMany(pool, numbers + numbers, [0, 1, 2, 3]) == LORA_INVALID)
    #expect(unsafe LoaderLibrary.loadMany(pool, [], []) == LORA_OK)
  }

  @Test func oneOfBothChooses() throws {
    let (first, numbers) = unsafe try filled("host", 1)
    #expect(unsafe LoaderLibrary.load(first, numbers[0], 0) == LORA_OK)
    #expect(unsafe LoaderLibrary.acquire(first, numbers).status == LORA_INVALID)
    #expect(LoaderLibrary.lastError.contains("the engine chooses"))
    unsafe LoaderLibrary.close(first)
    let (second, others) = unsafe try filled("host", 1)
    defer { unsafe LoaderLibrary.close(second) }
    #expect(unsafe LoaderLibrary.acquire(second, others).status == LORA_OK)
    #expect(unsafe LoaderLibrary.load(second, others[0], 1) == LORA_INVALID)
    #expect(unsafe LoaderLibrary.evict(second, 0) == LORA_INVALID)
  }

  /// Whichever driver call fails, no lease is held and no slot is assigned that was not filled, and the next try works.
  @Test func aFailedAcquireHoldsNothing() throws {
    var failed = 0
    for call in UInt64(1)...40 {
      FakeDriver.reset(.lazy)
      let (pool, numbers) = unsafe try filled("cuda:0", 3)
      defer { unsafe LoaderLibrary.close(pool) }
      let before = unsafe LoaderLibrary.acquire(pool, [numbers[0]])
      #expect(unsafe LoaderLibrary.release(pool, before.slots[0], before.generations[0]) == LORA_OK)
      FakeDriver.fail(call)
      let status = unsafe LoaderLibrary.acquire(pool, [numbers[0], numbers[1]]).status
      guard FakeDriver.failedCall != nil else { break }
      FakeDriver.fail(0)
      if status == LORA_OK { continue }
      failed += 1
      #expect(status == LORA_DEVICE, "\(LoaderLibrary.lastError)")
      #expect(unsafe LoaderLibrary.query(pool, 1).adapter == 0)
      let again = unsafe LoaderLibrary.acquire(pool, [numbers[1], numbers[2]])
      #expect(again.status == LORA_OK, "call \(call): \(LoaderLibrary.lastError)")
      for (index, slot) in again.slots.enumerated() {
        #expect(unsafe LoaderLibrary.wait(pool, slot) == LORA_OK)
        unsafe try check(pool, slot: slot, Self.names[index + 1])
      }
    }
    #expect(failed > 2)
  }
}
