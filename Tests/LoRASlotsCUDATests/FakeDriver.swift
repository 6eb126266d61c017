import Foundation
import Glibc
import LoRATestSupport
import Testing

/// All tests on the fake driver: it has one state for the whole process, so they run one after the other.
@Suite(.serialized, .ahead, .withoutViolations) struct CUDATests {}

/// Runs a suite at a higher priority than the others.
///
/// Tests of a serialized suite queue one by one behind all others, so that it would begin when they end, and keep one
/// core busy alone.
struct AheadTrait: SuiteTrait, TestScoping {
  func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void)
    async throws
  {
    try await withoutActuallyEscaping(function) { function in
      try await Task(priority: .high) { try await function() }.value
    }
  }
}

extension Trait where Self == AheadTrait {
  static var ahead: AheadTrait { AheadTrait() }
}

/// Fails a test in which operations were not ordered, or memory was read that was never written.
struct ViolationTrait: SuiteTrait, TestTrait, TestScoping {
  var isRecursive: Bool { true }

  func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void)
    async throws
  {
    let before = FakeDriver.counts.violations
    try await function()
    #expect(FakeDriver.counts.violations == before, "the fake driver has told of violations on standard error")
  }
}

extension Trait where Self == ViolationTrait {
  static var withoutViolations: ViolationTrait { ViolationTrait() }
}

/// The fake `libcuda.so.1` that is built beside the tests, and what steers it.
enum FakeDriver {
  /// When queued work runs.
  enum Policy: Int32, CaseIterable, Sendable {
    /// When it is queued.
    case eager
    /// Not before a call waits for it.
    case lazy
    /// In a random order in between, the same after each reset.
    case random
  }

  /// What has been done since the last reset, and what is alive.
  struct Counts: Equatable {
    var numbers: [UInt64]
    var calls: UInt64 { numbers[0] }
    var submissions: UInt64 { numbers[1] }
    var copies: UInt64 { numbers[2] }
    var launches: UInt64 { numbers[3] }
    var bytesToDevice: UInt64 { numbers[4] }
    var pageableCopies: UInt64 { numbers[6] }
    var foundByName: UInt64 { numbers[14] }
    /// Since the start of the process.
    var violations: UInt64 { numbers[15] }
    var raisedStreams: UInt64 { numbers[16] }
    var instructions: UInt64 { numbers[17] }
    var sectors: UInt64 { numbers[18] }
    /// Allocations, pinned blocks, streams, events, modules and contexts.
    var live: [UInt64] { Array(numbers[7..<13]) }
  }

  static let path = Program.fakeCUDA

  private nonisolated(unsafe) static let library = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL)

  static func function<Function>(_ name: String, _ type: Function.Type) -> Function {
    guard let symbol = unsafe dlsym(library, name) else { preconditionFailure("no \(name) in \(path)") }
    return unsafe unsafeBitCast(symbol, to: type)
  }

  static func reset(_ policy: Policy = .eager) {
    function("fake_cuda_reset", (@convention(c) (Int32) -> Void).self)(policy.rawValue)
  }

  static var counts: Counts {
    var numbers = [UInt64](repeating: 0, count: 19)
    unsafe function("fake_cuda_read_counts", (@convention(c) (UnsafeMutablePointer<UInt64>) -> Void).self)(&numbers)
    return Counts(numbers: numbers)
  }

  /// Runs something whose violations are meant, and takes them back.
  static func expectingViolations<Value>(_ body: () throws -> Value) rethrows -> Value {
    let before = counts.violations
    defer { function("fake_cuda_set_violations", (@convention(c) (UInt64) -> Void).self)(before) }
    return try body()
  }

  static func limitMemory(_ bytes: UInt64) {
    function("fake_cuda_limit_memory", (@convention(c) (UInt64) -> Void).self)(bytes)
  }

  static func setDevices(_ count: Int32) {
    function("fake_cuda_set_devices", (@convention(c) (Int32) -> Void).self)(count)
  }

  /// Lets the `number`-th call from now on fail; 0 takes the order back.
  static func fail(_ number: UInt64, result: Int32 = 1) {
    function("fake_cuda_fail", (@convention(c) (UInt64, Int32) -> Void).self)(number, result)
  }

  /// Lets the next call of a name fail.
  static func fail(_ name: String, result: Int32 = 1) {
    unsafe function("fake_cuda_fail_named", (@convention(c) (UnsafePointer<CChar>, Int32) -> Void).self)(name, result)
  }

  static var failedCall: String? {
    let name = unsafe function("fake_cuda_failed_call", (@convention(c) () -> UnsafePointer<CChar>?).self)()
    return unsafe name.map { unsafe String(cString: $0) }
  }

  static func failCompilation(_ result: Int32) {
    function("fake_cuda_fail_jit", (@convention(c) (Int32) -> Void).self)(result)
  }

  /// Lets `cuGetProcAddress_v2` know no name.
  static func hideNames() { function("fake_cuda_hide_names", (@convention(c) (Int32) -> Void).self)(1) }

  /// Lets sectors be counted until the next reset.
  static func countSectors() { function("fake_cuda_count_sectors", (@convention(c) (Int32) -> Void).self)(1) }

  static func engineMemory(_ bytes: UInt64) -> UInt64 {
    function("fake_cuda_engine_alloc", (@convention(c) (UInt64) -> UInt64).self)(bytes)
  }

  static func freeEngineMemory(_ address: UInt64) {
    function("fake_cuda_engine_free", (@convention(c) (UInt64) -> Void).self)(address)
  }

  /// Device memory as it is now, behind the driver's back.
  static func bytes(at address: UInt64, count: Int) -> [UInt8] {
    let view = unsafe function("fake_cuda_host_view", (@convention(c) (UInt64) -> UnsafeRawPointer?).self)(address)
    return unsafe Array(UnsafeRawBufferPointer(start: view, count: count))
  }
}
