import CCUDADriver

/// Kernels compiled by the driver from PTX text.
@safe package struct CUDAModule: ~Copyable, @unchecked Sendable {
  private let handle: cuda_module
  private let context: CUDAContext
  private static let logBytes = 8192

  /// Compiles PTX.
  ///
  /// - Throws: `CUDAError` of `cuModuleLoadDataEx`, with the compiler's log where it wrote one.
  package init(_ context: CUDAContext, ptx: String) throws(CUDAError) {
    var module: cuda_module?
    let log = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: Self.logBytes)
    unsafe log.initialize(repeating: 0)
    defer { unsafe log.deallocate() }
    // The driver reads PTX up to its null byte.
    let text = Array(ptx.utf8CString)
    var options = [Int32(CUDA_JIT_ERROR_LOG_BUFFER), Int32(CUDA_JIT_ERROR_LOG_BUFFER_BYTES)]
    // The size travels in the place of a pointer.
    var values: [UnsafeMutableRawPointer?] = unsafe [
      UnsafeMutableRawPointer(log.baseAddress), UnsafeMutableRawPointer(bitPattern: Self.logBytes - 1),
    ]
    let result = try context.result { unsafe $0.cuModuleLoadDataEx(&module, text, 2, &options, &values) }
    guard result == CUDA_SUCCESS, let module = unsafe module else {
      let lines = unsafe String(decoding: log.prefix { $0 != 0 }, as: UTF8.self)
      let code = result == CUDA_SUCCESS ? CUDA_UNKNOWN : Int(result)
      throw context.library.error("cuModuleLoadDataEx", code, log: lines.isEmpty ? nil : lines)
    }
    unsafe handle = module
    self.context = context
  }

  deinit {
    let handle = unsafe handle
    context.release("cuModuleUnload") { unsafe $0.cuModuleUnload(handle) }
  }

  /// A kernel by its entry name; it may be used as long as the module lives.
  package func kernel(_ name: String) throws(CUDAError) -> CUDAKernel {
    var function: cuda_function?
    try context.call("cuModuleGetFunction") { unsafe $0.cuModuleGetFunction(&function, handle, name) }
    guard let function = unsafe function else { throw context.library.error("cuModuleGetFunction", CUDA_NOT_FOUND) }
    return unsafe CUDAKernel(handle: function, context: context)
  }
}

/// One kernel of a module.
@safe package struct CUDAKernel: @unchecked Sendable {
  let handle: cuda_function
  let context: CUDAContext

  /// Queues a launch of `grid` groups of `threads` threads.
  ///
  /// - Parameter arguments: the kernel's parameters, all of 64 bits; they are copied before the call returns.
  package func launch(
    on stream: borrowing CUDAStream, grid: UInt32, threads: UInt32, _ arguments: [UInt64]
  ) throws(CUDAError) {
    let values = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: arguments.count)
    defer { unsafe values.deallocate() }
    _ = unsafe values.initialize(from: arguments)
    var places: [UnsafeMutableRawPointer?] = unsafe []
    for position in arguments.indices {
      unsafe places.append(UnsafeMutableRawPointer(values.baseAddress?.advanced(by: position)))
    }
    let stream = unsafe stream.handle
    try context.call("cuLaunchKernel") {
      unsafe $0.cuLaunchKernel(handle, grid, 1, 1, threads, 1, 1, 0, stream, &places, nil)
    }
  }
}
