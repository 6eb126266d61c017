import CUDADriver
import LoRATestSupport
import Testing

extension CUDATests {
  @Suite struct DriverTests {
    init() { FakeDriver.reset() }

    private func context(_ device: Int = 0) throws -> CUDAContext {
      try CUDAContext(try DriverLibrary.load(FakeDriver.path), device: device)
    }

    @Test func theDriverSaysWhatItIs() throws {
      let library = try DriverLibrary.load(FakeDriver.path)
      #expect(library.version == 13000)
      #expect(try library.deviceCount() == 2)
      let context = try context(1)
      #expect(context.name == "Fake GPU")
      #expect(context.capability.major == 9)
      #expect(try context.memory().free > 0)
    }

    /// By name and version in new drivers, by versioned symbols in old ones; never the old functions of the plain names.
    @Test(arguments: [false, true]) func functionsAreThoseOfTheVersion(_ isOld: Bool) throws {
      if isOld { FakeDriver.hideNames() }
      // Another way to the same library, so that it is looked through again.
      let path = FakeDriver.path.split(separator: "/").joined(separator: isOld ? "/././" : "/./")
      let library = try DriverLibrary.load("/" + path)
      #expect(FakeDriver.counts.foundByName == 38)
      let before = FakeDriver.counts.live
      do {
        let context = try CUDAContext(library, device: 0)
        let buffer = try DeviceBuffer(context, count: 64)
        let stream = try CUDAStream(context)
        var back = [UInt8](repeating: 1, count: 64)
        try unsafe back.withUnsafeMutableBytes { output in
          try unsafe stream.copy(UnsafeRawBufferPointer(output), to: buffer.address)
          try stream.fill(buffer.address + 32, count: 32, with: 7)
          try unsafe stream.copy(buffer.address, to: output)
          try stream.synchronize()
        }
        #expect(back == [UInt8](repeating: 1, count: 32) + [UInt8](repeating: 7, count: 32))
      }
      #expect(FakeDriver.counts.live == before)
    }

    @Test func aMissingDriverIsAnErrorAndNotTheEnd() throws {
      let error = try #require(throws: CUDAError.self) { try DriverLibrary.load("/nowhere/libcuda.so.1") }
      #expect(error.isUnavailable && error.call == "dlopen" && error.hint != nil)
      #expect(error.description.contains("/nowhere/libcuda.so.1"))
    }

    @Test func aLibraryWithoutTheSymbolsIsNamed() throws {
      let error = try #require(throws: CUDAError.self) { try DriverLibrary.load("libm.so.6") }
      #expect(error.isUnavailable && error.call == "dlsym")
      #expect(error.name.contains("libm.so.6 has no cu"), "\(error)")
    }

    @Test func aDeviceThatIsNotThereIsNamed() throws {
      for device in [2, -1, 1 << 40] {
        let error = try #require(throws: CUDAError.self) { try context(device) }
        #expect(error.call == "cuDeviceGet" && error.result == 101 && error.isUnavailable)
        #expect(error.description.contains("CUDA_ERROR_INVALID_DEVICE (101)"))
      }
    }

    @Test(arguments: FakeDriver.Policy.allCases) func bytesGoThereAndBack(_ policy: FakeDriver.Policy) throws {
      FakeDriver.reset(policy)
      let before = FakeDriver.counts.live
      do {
        let context = try context()
        let buffer = try DeviceBuffer(context, count: 4096)
        let pinned = try PinnedBuffer(context, count: 4096)
        for index in 0..<4096 { unsafe pinned.bytes[index] = UInt8(truncatingIfNeeded: index * 7) }
        let stream = try CUDAStream(context)
        try unsafe stream.copy(UnsafeRawBufferPointer(pinned.bytes), to: buffer.address)
        try stream.fill(buffer.address + 100, count: 50, with: 0)
        var back = [UInt8](repeating: 1, count: 4096)
        // The copy is queued: the memory must stay where it is until the stream was waited for.
        try unsafe back.withUnsafeMutableBytes { output in
          try unsafe stream.copy(buffer.address, to: output)
          try stream.synchronize()
        }
        let expected = (0..<4096).map { (100..<150).contains($0) ? 0 : UInt8(truncatingIfNeeded: $0 * 7) }
        #expect(back == expected)
        #expect(FakeDriver.counts.pageableCopies == 0)
      }
      #expect(FakeDriver.counts.live == before)
    }

    @Test(arguments: FakeDriver.Policy.allCases) func eventsOrderStreams(_ policy: FakeDriver.Policy) throws {
      FakeDriver.reset(policy)
      let context = try context()
      let buffer = try DeviceBuffer(context, count: 64)
      let (writer, reader) = try (Shared(context), Shared(context))
      let written = try CUDAEvent(context)
      try writer.stream.fill(buffer.address, count: 64, with: 1)
      try written.record(on: writer.stream)
      try reader.stream.wait(for: written)
      var back = [UInt8](repeating: 0, count: 64)
      try unsafe back.withUnsafeMutableBytes { output in
        try unsafe reader.stream.copy(buffer.address, to: output)
        try reader.stream.synchronize()
      }
      #expect(back == [UInt8](repeating: 1, count: 64))
      #expect(try written.isPassed())
      #expect(try written.seconds(since: written) == 0)
      try writer.stream.synchronize()
    }

    @Test func rangesOutsideOfMemoryAreRefused() throws {
      let context = try context()
      let buffer = try DeviceBuffer(context, count: 64)
      let stream = try CUDAStream(context)
      for (address, count) in [(buffer.address + 1, 64), (buffer.address - 1, 1), (0, 1)] {
        let error = try #require(throws: CUDAError.self) { try stream.fill(address, count: count, with: 0) }
        #expect(error.call == "cuMemsetD8Async" && error.result == 1)
      }
    }

    @Test func memoryThatRunsOutIsAnError() throws {
      FakeDriver.limitMemory(1000)
      let context = try context()
      let error = try #require(throws: CUDAError.self) {
        let buffer = try DeviceBuffer(context, count: 1001)
        _ = buffer.count
      }
      #expect(error.isOutOfMemory)
    }

    /// The driver's errors that end a context, and those that say that a GPU cannot be used now.
    @Test func errorsAreOfTheRightKind() {
      func error(_ result: Int) -> CUDAError { CUDAError(call: "cuLaunchKernel", result: result, name: "") }
      for result in [214, 226, 700, 702, 710, 714, 715, 716, 717, 718, 719, 721, 911] {
        #expect(error(result).isLost && error(result).hint?.contains("restart") == true, "\(result)")
      }
      for result in [1, 2, 46, 100, 209, 218, 222, 400, 500, 600, 802, 803, 999] {
        #expect(!error(result).isLost, "\(result)")
      }
      for result in [3, 34, 46, 100, 101, 802, 803, 804] { #expect(error(result).isUnavailable, "\(result)") }
      #expect(error(802).hint?.contains("fabricmanager") == true)
      #expect(error(46).hint != nil && error(999).hint != nil && error(1).hint == nil)
    }

    @Test func anotherContextOfTheThreadComesBack() throws {
      let (one, two) = (try context(0), try context(1))
      try one.current { () throws(CUDAError) in
        let buffer = try DeviceBuffer(two, count: 8)
        _ = buffer.count
        // Were the context of `two` still current, the memory would be counted there and freed nowhere.
        _ = try one.memory()
      }
    }

    @Test func aCompilationThatFailsHasItsLog() throws {
      FakeDriver.failCompilation(222)
      let context = try context()
      let error = try #require(throws: CUDAError.self) {
        let module = try CUDAModule(context, ptx: ".version 6.3")
        _ = try module.kernel("x")
      }
      #expect(error.call == "cuModuleLoadDataEx" && error.result == 222)
      #expect(error.detail.contains("the fake refuses"))
    }
  }
}

/// A stream in a place that can be copied.
private final class Shared {
  let stream: CUDAStream
  init(_ context: CUDAContext) throws(CUDAError) { stream = try CUDAStream(context) }
}
