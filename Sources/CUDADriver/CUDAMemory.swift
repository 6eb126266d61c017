import CCUDADriver

/// An address in a device's memory.
package typealias DeviceAddress = UInt64

/// Device memory, freed with its owner, which must see to it that nothing on the device still uses it.
package struct DeviceBuffer: ~Copyable, Sendable {
  /// Where it begins; a multiple of 256.
  package let address: DeviceAddress
  /// Bytes.
  package let count: Int
  private let context: CUDAContext

  /// Memory of `count` bytes, at least one; contents undefined.
  package init(_ context: CUDAContext, count: Int) throws(CUDAError) {
    var address: cuda_address = 0
    try context.call("cuMemAlloc") { unsafe $0.cuMemAlloc(&address, max(count, 1)) }
    self.address = address
    self.count = count
    self.context = context
  }

  deinit {
    let address = address
    context.release("cuMemFree") { $0.cuMemFree(address) }
  }
}

/// Host memory that the device reads and writes by itself, freed with its owner; page-aligned.
@safe package struct PinnedBuffer: ~Copyable, @unchecked Sendable {
  /// The memory, valid as long as the buffer lives.
  package let bytes: UnsafeMutableRawBufferPointer
  /// Bytes.
  package var count: Int { unsafe bytes.count }
  private let context: CUDAContext

  /// Memory of `count` bytes, at least one, with undefined contents.
  ///
  /// Pinning takes longer than filling: allocate once.
  package init(_ context: CUDAContext, count: Int) throws(CUDAError) {
    var memory: UnsafeMutableRawPointer?
    try context.call("cuMemHostAlloc") {
      unsafe $0.cuMemHostAlloc(&memory, max(count, 1), UInt32(CUDA_HOST_ALLOC_PORTABLE))
    }
    unsafe bytes = UnsafeMutableRawBufferPointer(start: memory, count: count)
    self.context = context
  }

  deinit {
    guard let start = unsafe bytes.baseAddress else { return }
    context.release("cuMemFreeHost") { unsafe $0.cuMemFreeHost(start) }
  }
}
