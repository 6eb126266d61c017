import CUDADriver
import LoRAEngines
import LoRAIO
import LoRAModel
import LoRASlots
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

@testable import LoRASlotsCUDA

/// An adapter, its base and how it is loaded.
struct Tenant {
  let base: BaseModel
  let adapter: Adapter

  init(_ adapter: String, base: String = "models/llama-bf16-sharded") throws {
    self.base = try BaseModel.open(Fixtures.path(base))
    self.adapter = Adapter.load(Fixtures.path("adapters/\(adapter)"))
  }

  /// A load of this adapter, from staging memory of its own, which the load or this call fills.
  func load(
    _ slots: any SlotMemory, _ slot: Int, _ device: any SlotDevice, readers: [any SlotFence] = [], isRead: Bool = false
  ) throws -> SlotLoad {
    let file = try #require(adapter.file)
    let staging = try device.allocateStaging(bytes: AdapterReading.room(for: file))
    if isRead { try AdapterReading.read(file, into: staging, at: 0, workers: 1) }
    let plan = try PackingPlan(adapter, base: base, layout: slots.layout)
    return SlotLoad(
      plan: plan, staging: staging, start: 0, slot: slot, readers: readers,
      reading: isRead ? nil : AdapterReading(file))
  }

  func reference(_ slots: any SlotMemory) throws -> SlotReference {
    try SlotReference(adapter, base: base, layout: slots.layout)
  }

  func layout(_ edit: (inout SlotOptions) -> Void = { _ in }) throws -> SlotLayout {
    var options = SlotOptions()
    options.slots = 2
    edit(&options)
    return try SlotLayout(of: base, options)
  }
}

extension CUDATests {
  @Suite struct SlotsTests {
    init() { FakeDriver.reset() }

    private func device(usesKernel: Bool = true) throws -> CUDADevice {
      try CUDADevice(0, driver: FakeDriver.path, usesKernel: usesKernel)
    }

    /// Every combination of when work runs and how it is done.
    private static let ways = FakeDriver.Policy.allCases.flatMap { policy in [(policy, true), (policy, false)] }

    @Test(arguments: ways, [DType.bf16, .f16, .f32])
    func aSlotHoldsWhatTheReferenceSays(_ way: (FakeDriver.Policy, Bool), _ dtype: DType) throws {
      FakeDriver.reset(way.0)
      let device = try device(usesKernel: way.1)
      for name in ["llama-all-linear", "llama-attention-bf16", "llama-patterns", "llama-rslora"] {
        let tenant = try Tenant(name)
        let slots = try device.allocateSlots(
          try tenant.layout {
            $0.dtype = dtype
            $0.rank = 64
          })
        try slots.fill(with: 0xCD)
        let loading = try slots.load([tenant.load(slots, 1, device)])
        try loading.wait(stages: 1)
        try loading.wait()
        #expect(loading.isDone)
        #expect(try slots.firstMismatch(inSlot: 1, with: tenant.reference(slots)) == nil, "\(name)")
        #expect(try slots.firstMismatch(inSlot: 0, with: nil) != nil, "the other slot was touched")
        let timings = loading.timings
        #expect(timings.total >= timings.firstStage && timings.submissions > 0 && timings.busBytes > 0)
      }
      #expect(FakeDriver.counts.pageableCopies == 0)
      #expect((FakeDriver.counts.launches > 0) == way.1)
    }

    /// Stacks of experts, whose elements take turns in B, and with tensor parallelism parts of them.
    @Test(arguments: ["mixtral", "qwen3_moe", "gpt_oss"], [DType.bf16, .f32])
    func stacksOfExpertsGoTogether(_ model: String, _ dtype: DType) throws {
      let device = try device()
      let tenant = try Tenant("\(model)-experts", base: "models/\(model)-bf16")
      for rank in 0..<UInt64(2) {
        let layout = try tenant.layout {
          $0.dtype = dtype
          $0.rank = 64
          $0.tensorParallel = 2
          $0.tensorRank = rank
        }
        let slots = try device.allocateSlots(layout)
        try slots.fill(with: 0xCD)
        let load = try tenant.load(slots, 1, device)
        let loading = try slots.load([load])
        try loading.wait()
        #expect(try slots.firstMismatch(inSlot: 1, with: tenant.reference(slots)) == nil)
        #expect(try slots.firstMismatch(inSlot: 0, with: nil) != nil, "the other slot was touched")
        #expect(FakeDriver.counts.launches > 0, "the host has packed it")
        // One entry reads B for all experts of its rows.
        let entries = try #require(ScatterBlock.entries(for: load.plan.blocks, dtype: dtype) { UInt64($0) << 40 })
        let woven = entries.filter { $0.sourceRows > 0 && $0.columnBytes > 4 }
        #expect(!woven.isEmpty && woven.allSatisfy { $0.experts > 1 })
        let elements = load.plan.blocks.reduce(0) { $0 + $1.rows * $1.columns }
        #expect(entries.reduce(0) { $0 + $1.rows * $1.columns * $1.experts } == elements)
      }
    }

    @Test(arguments: ways) func nothingOfAnEarlierTenantStays(_ way: (FakeDriver.Policy, Bool)) throws {
      FakeDriver.reset(way.0)
      let device = try device(usesKernel: way.1)
      let (large, small) = (try Tenant("llama-all-linear"), try Tenant("llama-layers"))
      let slots = try device.allocateSlots(try large.layout())
      try slots.fill(with: 0xCD)
      // Queued one after the other without waiting: the order has to come from the streams.
      let first = try slots.load([large.load(slots, 0, device, isRead: true)])
      let second = try slots.load([small.load(slots, 0, device, readers: [first])])
      try second.wait()
      #expect(try slots.firstMismatch(inSlot: 0, with: small.reference(slots)) == nil)
      try first.wait()
      try slots.clear(slot: 0, after: [second]).wait()
      #expect(try slots.firstMismatch(inSlot: 0, with: nil) == nil)
    }

    @Test(arguments: ways) func severalAdaptersShareACall(_ way: (FakeDriver.Policy, Bool)) throws {
      FakeDriver.reset(way.0)
      let device = try device(usesKernel: way.1)
      let tenants = [try Tenant("llama-all-linear"), try Tenant("llama-attention-bf16")]
      let slots = try device.allocateSlots(try tenants[0].layout())
      try slots.fill(with: 0xCD)
      let loads = try tenants.enumerated().map { try $1.load(slots, $0, device) }
      try slots.load(loads).wait()
      for (slot, tenant) in tenants.enumerated() {
        #expect(try slots.firstMismatch(inSlot: slot, with: tenant.reference(slots)) == nil)
      }
    }

    /// Infinities, every kind of NaN and numbers at the edges get the bits that the host gives them: unchanged where type
    /// and scale are the slot's, else rounded with one NaN for all.
    @Test(arguments: [DType.bf16, .f16, .f32], [DType.bf16, .f16, .f32])
    func specialNumbersGetTheHostsBits(_ slot: DType, _ source: DType) throws {
      let device = try device()
      let slots = try device.allocateSlots(try Tenant("llama-all-linear").layout { $0.dtype = slot })
      let staging = try device.allocateStaging(bytes: 4096)
      let patterns: [UInt32] = [
        0, 0x8000_0000, 0x7F80_0001, 0xFF81_0203, 0x7FC0_0000, 0xFFFF_FFFF, 0x7F80_0000, 0xFF80_0000, 0x477F_F000,
        0x3F80_8000, 0x7C01_7E00, 0xFE01_FC00, 0x0001_03FF, 0x7F7F_FFFF, 0x7E01_7C00, 0x7F81_FFC1,
      ]
      for (index, bits) in patterns.enumerated() {
        unsafe staging.bytes.storeBytes(of: bits, toByteOffset: 4 * index, as: UInt32.self)
      }
      let columns = UInt64(patterns.count) * 32 / source.bits
      for scale in [1, 0.75, -2] as [Float] {
        let block = PackingBlock(
          buffer: 0, start: 0, rows: 1, columns: columns,
          source: PackingSource(
            start: 0, dtype: source, rows: 1, columns: columns, rowStride: columns, scale: scale))
        let plan = PackingPlan(
          blocks: [block], stages: [PackingStage(blocks: 0..<1, sources: [0..<64])], sourceBytes: 64, liveBytes: 64)
        try slots.load([SlotLoad(plan: plan, staging: staging, start: 0, slot: 0)]).wait()
        var found = [UInt8](repeating: 0, count: Int(slots.layout.buffers[0].slotBytes))
        try unsafe found.withUnsafeMutableBytes { try unsafe slots.read(buffer: 0, slot: 0, into: $0) }
        var wanted = [UInt8](repeating: 0, count: Int(columns * slot.bits / 8))
        unsafe wanted.withUnsafeMutableBytes {
          unsafe HostPacker.pack(block, dtype: slot, from: UnsafeRawBufferPointer(staging.bytes), into: $0)
        }
        #expect(Array(found.prefix(wanted.count)) == wanted, "times \(scale)")
      }
    }

    @Test func aSwapTakesFewCommandsAndLiveBytesOnly() throws {
      let device = try device()
      let tenant = try Tenant("llama-all-linear")
      let slots = try device.allocateSlots(try tenant.layout { $0.rank = 64 })
      let load = try tenant.load(slots, 0, device)
      FakeDriver.reset()
      let loading = try slots.load([load])
      let counts = FakeDriver.counts
      try loading.wait()
      #expect(counts.submissions <= 16)
      #expect(counts.submissions == UInt64(loading.timings.submissions))
      #expect(counts.bytesToDevice == loading.timings.busBytes)
      #expect(counts.bytesToDevice <= load.plan.sourceBytes + UInt64(64 * load.plan.blocks.count))
    }

    @Test(arguments: FakeDriver.Policy.allCases) func theEnginesOwnMemoryIsFilled(_ policy: FakeDriver.Policy) throws {
      FakeDriver.reset(policy)
      let device = try device()
      let tenant = try Tenant("llama-all-linear")
      let layout = try tenant.layout()
      // Every buffer somewhere else, with room between the slots.
      let places = layout.buffers.map { buffer in
        let stride = buffer.slotBytes + 512
        return SlotPlacement(address: FakeDriver.engineMemory(2 * stride), stride: stride)
      }
      defer { for place in places { FakeDriver.freeEngineMemory(place.address) } }
      let slots = try device.slots(layout, at: places)
      let engine = try #require(device.stream(0))
      let readers = try engine.fence()
      let loading = try slots.load([tenant.load(slots, 1, device, readers: [readers])])
      try engine.wait(for: loading)
      try loading.wait()
      #expect(try slots.firstMismatch(inSlot: 1, with: tenant.reference(slots)) == nil)
      for (place, buffer) in zip(places, layout.buffers) {
        let (start, end) = (place.address + place.stride, Int(buffer.slotBytes))
        let around = FakeDriver.bytes(at: start + UInt64(end), count: 512)
        #expect(around.allSatisfy { $0 == 0xCD }, "written behind the slot")
        #expect(FakeDriver.bytes(at: place.address, count: end).allSatisfy { $0 == 0xCD }, "the other slot")
      }
    }

    @Test func aKernelThatCannotBeCompiledIsNoObstacle() throws {
      FakeDriver.failCompilation(222)
      let device = try device()
      #expect(device.kernelFailure?.result == 222)
      let tenant = try Tenant("llama-all-linear")
      let slots = try device.allocateSlots(try tenant.layout())
      try slots.load([tenant.load(slots, 0, device)]).wait()
      #expect(try slots.firstMismatch(inSlot: 0, with: tenant.reference(slots)) == nil)
      #expect(FakeDriver.counts.launches == 0)
    }

    @Test func slotsThatDoNotFitSayHowManyWould() throws {
      let device = try device()
      let tenant = try Tenant("llama-all-linear")
      let layout = try tenant.layout { $0.slots = 10 }
      FakeDriver.limitMemory(layout.totalBytes / 2)
      let error = try #require(throws: SlotDeviceError.self) { try device.allocateSlots(layout) }
      #expect("\(error)".contains("slots of this size fit"), "\(error)")
      guard case .outOfMemory(layout.totalBytes, _) = error.reason else {
        Issue.record("\(error)")
        return
      }
    }

    @Test func aDriverWithoutDevicesIsUnavailable() throws {
      FakeDriver.setDevices(1)
      let error = try #require(throws: SlotDeviceError.self) { try CUDADevice(1, driver: FakeDriver.path) }
      #expect(error.reason == .unavailable)
      let missing = try #require(throws: SlotDeviceError.self) { try CUDADevice(0, driver: "/nowhere.so") }
      #expect(missing.reason == .unavailable && missing.hint != nil)
      #expect(CUDADevice.count(driver: "/nowhere.so") == 0)
    }

    /// Whatever call fails, it is named, nothing is leaked, and the next attempt works.
    @Test(arguments: ways) func everyCallCanFail(_ way: (FakeDriver.Policy, Bool)) throws {
      // As little as is possible, since it is loaded once for every call.
      let tenant = try Tenant("llama-attention-bf16")
      let layout = try tenant.layout { ($0.rank, $0.targetModules) = (8, ["q_proj", "k_proj", "v_proj", "o_proj"]) }
      FakeDriver.reset(way.0)
      // The library is loaded once for the process: its first calls would shift the numbers of the others.
      _ = try device(usesKernel: way.1)
      let before = FakeDriver.counts.live
      let reference = try SlotReference(tenant.adapter, base: tenant.base, layout: layout).bytes(ofBuffer: 0)
      var failed: Set<String> = []
      var number: UInt64 = 0
      while true {
        number += 1
        FakeDriver.reset(way.0)
        FakeDriver.fail(number)
        var thrown: String?
        var unreported: CUDAError?
        var failedBeforeTheEnd: String?
        do {
          let device = try device(usesKernel: way.1)
          unreported = device.kernelFailure
          do {
            let slots = try device.allocateSlots(layout)
            let loading = try slots.load([tenant.load(slots, 1, device)])
            _ = loading.isDone
            try loading.wait(stages: 1)
            try loading.wait()
            var bytes = [UInt8](repeating: 0, count: Int(layout.buffers[0].slotBytes))
            try unsafe bytes.withUnsafeMutableBytes { try unsafe slots.read(buffer: 0, slot: 1, into: $0) }
            #expect(bytes == reference)
            try slots.clear(slot: 1, after: [loading]).wait()
            _ = device.freeBytes
          } catch let error as SlotDeviceError {
            thrown = "\(error)"
          }
          unreported = unreported ?? device.context.takeUnreported()
          withExtendedLifetime(device) { failedBeforeTheEnd = FakeDriver.failedCall }
        } catch let error as SlotDeviceError {
          thrown = "\(error)"
        }
        #expect(FakeDriver.counts.live == before, "call \(number), \(FakeDriver.failedCall ?? "-") leaks")
        guard let call = FakeDriver.failedCall else { break }
        FakeDriver.fail(0)
        failed.insert(call)
        // What a call answers with a question, or what only measures, may fail unnoticed.
        let isHarmless = ["cuEventElapsedTime", "cuMemGetInfo", "cuEventQuery"].contains(call)
        let told = [thrown, unreported.map { "\($0)" }].compactMap { $0 }.joined()
        // What is released with the device itself has no later call to be reported by.
        let isLast = failedBeforeTheEnd == nil && told.isEmpty || ["cuCtxGetCurrent", "cuCtxSetCurrent"].contains(call)
        #expect(isHarmless || isLast || told.contains(call), "call \(number), \(call): \(told)")
      }
      #expect(number > 60)
      let expected: Set = [
        "cuDeviceGet", "cuDeviceGetName", "cuDeviceGetAttribute", "cuDevicePrimaryCtxRetain", "cuMemAlloc", "cuMemFree",
        "cuMemHostAlloc", "cuMemFreeHost", "cuMemcpyHtoDAsync", "cuMemcpyDtoHAsync", "cuMemsetD8Async",
        "cuCtxGetStreamPriorityRange", "cuStreamCreateWithPriority",
        "cuStreamDestroy", "cuStreamSynchronize", "cuEventCreate", "cuEventDestroy", "cuEventRecord",
        "cuEventSynchronize", "cuDevicePrimaryCtxRelease", "cuCtxGetCurrent", "cuCtxSetCurrent",
        "cuThreadExchangeStreamCaptureMode",
      ]
      let ofKernel: Set = ["cuModuleLoadDataEx", "cuModuleGetFunction", "cuLaunchKernel", "cuStreamWaitEvent"]
      #expect(failed.isSuperset(of: way.1 ? expected.union(ofKernel) : expected), "\(expected.subtracting(failed))")
    }
  }
}
