import CUDADriver
import LoRASlots

/// The memory that one load in flight needs besides slots and staging; used again for later loads.
///
/// It belongs to one load at a time, from `TransferBenches.take` until the load has ended.
final class TransferScratch: @unchecked Sendable {
  /// A copy of the adapters' data sections on the device.
  private var blob: DeviceMemory?
  /// The kernel's table on the device and on the host.
  private var table: DeviceMemory?
  private var hostTable: CUDAStaging?
  /// A slot's contents packed on the host, where the kernel cannot be used.
  private var image: CUDAStaging?
  /// One event for each chunk: its copies have ended.
  private(set) var copied: [Milestone] = []

  /// An event that can be kept in an array.
  final class Milestone: Sendable {
    let event: CUDAEvent
    init(_ context: CUDAContext) throws(CUDAError) { event = try CUDAEvent(context) }
  }

  /// Sees to it that there is memory on the device for so many bytes of adapters; returns its address.
  func blob(_ context: CUDAContext, bytes: Int) throws(CUDAError) -> DeviceAddress {
    if let blob, blob.buffer.count >= bytes { return blob.buffer.address }
    // The old one goes first, so that both need not fit.
    blob = nil
    let larger = DeviceMemory(try DeviceBuffer(context, count: bytes))
    blob = larger
    return larger.buffer.address
  }

  /// Sees to it that there is room for a table; returns its two places.
  func table(_ context: CUDAContext, bytes: Int) throws(CUDAError) -> (DeviceAddress, UnsafeMutableRawBufferPointer) {
    if let table, let hostTable, table.buffer.count >= bytes {
      return unsafe (table.buffer.address, UnsafeMutableRawBufferPointer(rebasing: hostTable.bytes[..<bytes]))
    }
    // Room to spare: the tables of one model's adapters are of about the same size.
    let room = bytes + bytes / 2
    table = nil
    hostTable = nil
    let onDevice = DeviceMemory(try DeviceBuffer(context, count: room))
    let onHost = CUDAStaging(try PinnedBuffer(context, count: room))
    table = onDevice
    hostTable = onHost
    return unsafe (onDevice.buffer.address, UnsafeMutableRawBufferPointer(rebasing: onHost.bytes[..<bytes]))
  }

  /// Sees to it that there is pinned memory for a packed slot.
  func image(_ context: CUDAContext, bytes: Int) throws(CUDAError) -> UnsafeMutableRawBufferPointer {
    if let image, image.byteCount >= bytes {
      return unsafe UnsafeMutableRawBufferPointer(rebasing: image.bytes[..<bytes])
    }
    image = nil
    let larger = CUDAStaging(try PinnedBuffer(context, count: bytes))
    image = larger
    return unsafe UnsafeMutableRawBufferPointer(rebasing: larger.bytes[..<bytes])
  }

  /// Sees to it that there are events for so many chunks.
  func prepare(_ context: CUDAContext, chunks: Int) throws(CUDAError) {
    while copied.count < chunks { copied.append(try Milestone(context)) }
  }
}

/// Device memory in a place that can be replaced.
final class DeviceMemory: Sendable {
  let buffer: DeviceBuffer
  init(_ buffer: consuming DeviceBuffer) { self.buffer = buffer }
}
