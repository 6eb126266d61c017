import CCUDADriver

/// A queue of work on a device that runs in order and beside every other stream.
@safe package struct CUDAStream: ~Copyable, @unchecked Sendable {
  let handle: cuda_stream?
  let context: CUDAContext
  private let isOwned: Bool

  /// A stream that never waits for the legacy default stream, of the least priority: where the device is short of room,
  /// the engine's work on streams above it goes first.
  package init(_ context: CUDAContext) throws(CUDAError) {
    var stream: cuda_stream?
    var (least, greatest) = (Int32(0), Int32(0))
    try context.call("cuCtxGetStreamPriorityRange") { unsafe $0.cuCtxGetStreamPriorityRange(&least, &greatest) }
    try context.call("cuStreamCreateWithPriority") {
      unsafe $0.cuStreamCreateWithPriority(&stream, UInt32(CUDA_STREAM_NON_BLOCKING), least)
    }
    unsafe handle = stream
    self.context = context
    isOwned = true
  }

  /// A stream of another library in the same process, such as `torch.cuda.current_stream().cuda_stream`.
  ///
  /// 0 is the legacy default stream. The stream must live as long as this value.
  package init(_ context: CUDAContext, borrowing address: UInt) {
    unsafe handle = OpaquePointer(bitPattern: address)
    self.context = context
    isOwned = false
  }

  deinit {
    guard isOwned, let handle = unsafe handle else { return }
    context.release("cuStreamDestroy") { unsafe $0.cuStreamDestroy(handle) }
  }

  /// Copies host memory, which must stay as it is until the copy has ended, to the device.
  package func copy(_ source: UnsafeRawBufferPointer, to address: DeviceAddress) throws(CUDAError) {
    guard let start = source.baseAddress, unsafe !source.isEmpty else { return }
    try context.call("cuMemcpyHtoDAsync") { unsafe $0.cuMemcpyHtoDAsync(address, start, source.count, handle) }
  }

  /// Copies device memory to the host, where it has arrived when the stream was waited for.
  package func copy(_ address: DeviceAddress, to target: UnsafeMutableRawBufferPointer) throws(CUDAError) {
    guard let start = target.baseAddress, unsafe !target.isEmpty else { return }
    try context.call("cuMemcpyDtoHAsync") { unsafe $0.cuMemcpyDtoHAsync(start, address, target.count, handle) }
  }

  /// Sets device memory to one byte.
  package func fill(_ address: DeviceAddress, count: Int, with byte: UInt8) throws(CUDAError) {
    guard count > 0 else { return }
    try context.call("cuMemsetD8Async") { unsafe $0.cuMemsetD8Async(address, byte, count, handle) }
  }

  /// Lets what is queued from now on wait for an event; an event that was never recorded is not waited for.
  package func wait(for event: borrowing CUDAEvent) throws(CUDAError) {
    let event = unsafe event.handle
    try context.call("cuStreamWaitEvent") { unsafe $0.cuStreamWaitEvent(handle, event, 0) }
  }

  /// Whether what is queued becomes part of a CUDA graph instead of running.
  package func isCapturing() throws(CUDAError) -> Bool {
    var status: Int32 = 0
    try context.call("cuStreamIsCapturing") { unsafe $0.cuStreamIsCapturing(handle, &status) }
    return status != 0
  }

  /// Refuses a stream that is being captured.
  package func checkIsRunning() throws(CUDAError) {
    if try isCapturing() { throw context.library.error("cuStreamIsCapturing", CUDA_CAPTURE_UNSUPPORTED) }
  }

  /// Blocks until everything queued has ended.
  package func synchronize() throws(CUDAError) {
    try context.call("cuStreamSynchronize") { unsafe $0.cuStreamSynchronize(handle) }
  }
}

/// A point in a stream that others can wait for.
@safe package struct CUDAEvent: ~Copyable, @unchecked Sendable {
  let handle: cuda_event
  private let context: CUDAContext

  /// An event with a time.
  package init(_ context: CUDAContext) throws(CUDAError) {
    var event: cuda_event?
    try context.call("cuEventCreate") { unsafe $0.cuEventCreate(&event, UInt32(CUDA_EVENT_DEFAULT)) }
    guard let event = unsafe event else { throw context.library.error("cuEventCreate", CUDA_UNKNOWN) }
    unsafe handle = event
    self.context = context
  }

  deinit {
    let handle = unsafe handle
    context.release("cuEventDestroy") { unsafe $0.cuEventDestroy(handle) }
  }

  /// Places the event behind everything that is queued on the stream.
  package func record(on stream: borrowing CUDAStream) throws(CUDAError) {
    let stream = unsafe stream.handle
    try context.call("cuEventRecord") { unsafe $0.cuEventRecord(handle, stream) }
  }

  /// Whether the stream has passed it.
  package func isPassed() throws(CUDAError) -> Bool {
    let result = try context.result { unsafe $0.cuEventQuery(handle) }
    if result == CUDA_NOT_READY { return false }
    try context.library.check("cuEventQuery", result)
    return true
  }

  /// Blocks until the stream has passed it.
  package func wait() throws(CUDAError) {
    try context.call("cuEventSynchronize") { unsafe $0.cuEventSynchronize(handle) }
  }

  /// Seconds from another event to this one; both must have been passed.
  package func seconds(since start: borrowing CUDAEvent) throws(CUDAError) -> Double {
    var milliseconds: Float = 0
    let start = unsafe start.handle
    try context.call("cuEventElapsedTime") { unsafe $0.cuEventElapsedTime(&milliseconds, start, handle) }
    return Double(milliseconds) / 1000
  }
}
