import CCUDADriver
import Synchronization

/// The primary context of a device, the one that the CUDA runtime and with it PyTorch use: memory, streams and events
/// are shared with them.
///
/// The current context belongs to an operating-system thread, so every group of calls makes this one current and puts
/// back what the thread had before. So does the mode for captures: by default, a thread that captures a CUDA graph
/// forbids every thread to allocate or to ask for events, and a call that does so anyway spoils the capture. What is done
/// here touches no stream that is being captured, so calls are made in the relaxed mode, as PyTorch's allocator makes
/// its own.
@safe package final class CUDAContext: Sendable {
  /// The library.
  package let library: DriverLibrary
  /// The device's number, from 0.
  package let ordinal: Int
  /// The device's own name, such as `NVIDIA H200`.
  package let name: String
  /// Compute capability.
  package let capability: (major: Int, minor: Int)
  private let device: cuda_device
  private nonisolated(unsafe) let handle: cuda_context
  private let unreported = Mutex<CUDAError?>(nil)

  /// Retains the primary context of a device.
  package init(_ library: DriverLibrary, device ordinal: Int) throws(CUDAError) {
    guard let number = Int32(exactly: ordinal) else { throw library.error("cuDeviceGet", CUDA_INVALID_DEVICE) }
    self.library = library
    self.ordinal = ordinal
    let calls = library.calls
    var device: cuda_device = 0
    try library.check("cuDeviceGet", unsafe calls.cuDeviceGet(&device, number))
    var text = [CChar](repeating: 0, count: 256)
    try library.check("cuDeviceGetName", unsafe calls.cuDeviceGetName(&text, Int32(text.count - 1), device))
    name = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    var major: Int32 = 0
    var minor: Int32 = 0
    for (attribute, value) in [(CUDA_ATTRIBUTE_COMPUTE_MAJOR, true), (CUDA_ATTRIBUTE_COMPUTE_MINOR, false)] {
      var found: Int32 = 0
      try library.check(
        "cuDeviceGetAttribute", unsafe calls.cuDeviceGetAttribute(&found, Int32(attribute), device))
      if value { major = found } else { minor = found }
    }
    capability = (Int(major), Int(minor))
    var context: cuda_context?
    try library.check("cuDevicePrimaryCtxRetain", unsafe calls.cuDevicePrimaryCtxRetain(&context, device))
    guard let context = unsafe context else { throw library.error("cuDevicePrimaryCtxRetain", CUDA_INVALID_CONTEXT) }
    self.device = device
    unsafe handle = context
  }

  deinit { _ = library.calls.cuDevicePrimaryCtxRelease(device) }

  /// Makes one driver call with this context current.
  ///
  /// - Throws: the call's failure, or that of an earlier release, which could not be thrown then.
  func call(_ name: String, _ body: (cuda_driver) -> cuda_result) throws(CUDAError) {
    if let earlier = unreported.withLock({ $0.take() }) { throw earlier }
    try current { () throws(CUDAError) in try library.check(name, body(library.calls)) }
  }

  /// Makes a driver call that releases something; its failure is kept for the next call.
  func release(_ name: String, _ body: (cuda_driver) -> cuda_result) {
    // Every step is tried, whatever became of the one before: what is not released now never will be.
    let calls = library.calls
    var previous: cuda_context?
    var mode = Int32(CUDA_CAPTURE_MODE_RELAXED)
    let exchanged = unsafe calls.cuThreadExchangeStreamCaptureMode(&mode)
    note("cuThreadExchangeStreamCaptureMode", exchanged)
    note("cuCtxGetCurrent", unsafe calls.cuCtxGetCurrent(&previous))
    let isOther = unsafe previous != handle
    if isOther { note("cuCtxSetCurrent", unsafe calls.cuCtxSetCurrent(handle)) }
    note(name, body(calls))
    if isOther { note("cuCtxSetCurrent", unsafe calls.cuCtxSetCurrent(previous)) }
    guard exchanged == CUDA_SUCCESS else { return }
    note("cuThreadExchangeStreamCaptureMode", unsafe calls.cuThreadExchangeStreamCaptureMode(&mode))
  }

  private func note(_ name: String, _ result: cuda_result) {
    if result != CUDA_SUCCESS { keep(library.error(name, Int(result))) }
  }

  /// Keeps a failure that cannot be thrown where it shows; the next call throws the first one kept.
  package func keep(_ error: CUDAError) { unreported.withLock { $0 = $0 ?? error } }

  /// A failure that no call has reported yet; asking for it counts as having reported it.
  package func takeUnreported() -> CUDAError? { unreported.withLock { $0.take() } }

  /// The call's plain result, for calls whose failures are answers.
  func result(_ body: (cuda_driver) -> cuda_result) throws(CUDAError) -> cuda_result {
    var result: cuda_result = 0
    try current { () throws(CUDAError) in result = body(library.calls) }
    return result
  }

  /// Runs a group of calls with this context current on this thread.
  package func current<Value: ~Copyable>(_ body: () throws(CUDAError) -> Value) throws(CUDAError) -> Value {
    let calls = library.calls
    var previous: cuda_context?
    var mode = Int32(CUDA_CAPTURE_MODE_RELAXED)
    try library.check(
      "cuThreadExchangeStreamCaptureMode", unsafe calls.cuThreadExchangeStreamCaptureMode(&mode))
    defer {
      note("cuThreadExchangeStreamCaptureMode", unsafe calls.cuThreadExchangeStreamCaptureMode(&mode))
    }
    try library.check("cuCtxGetCurrent", unsafe calls.cuCtxGetCurrent(&previous))
    if unsafe previous == handle { return try body() }
    try library.check("cuCtxSetCurrent", unsafe calls.cuCtxSetCurrent(handle))
    defer { _ = unsafe calls.cuCtxSetCurrent(previous) }
    return try body()
  }

  /// Bytes of device memory that are free now, and in all.
  package func memory() throws(CUDAError) -> (free: UInt64, total: UInt64) {
    var free = 0
    var total = 0
    try call("cuMemGetInfo") { unsafe $0.cuMemGetInfo(&free, &total) }
    return (UInt64(free), UInt64(total))
  }

  /// Whose memory an address is in.
  package enum Owner: Equatable, Sendable {
    /// The host's.
    case host
    /// That of the device of this number.
    case device(Int)
  }

  /// Whose memory an address is in; host memory that CUDA knows nothing of is the host's, too.
  package func owner(of address: DeviceAddress) throws(CUDAError) -> Owner {
    var (type, ordinal) = (UInt32(0), Int32(0))
    let result = try result { unsafe $0.cuPointerGetAttribute(&type, Int32(CUDA_POINTER_MEMORY_TYPE), address) }
    if result == CUDA_INVALID_VALUE || type == CUDA_MEMORY_TYPE_HOST { return .host }
    try library.check("cuPointerGetAttribute", result)
    try call("cuPointerGetAttribute") {
      unsafe $0.cuPointerGetAttribute(&ordinal, Int32(CUDA_POINTER_DEVICE), address)
    }
    return .device(Int(ordinal))
  }
}
