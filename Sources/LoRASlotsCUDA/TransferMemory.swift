import CUDADriver
import LoRASlots

/// The memory that adapters pass through on their way into the slots of a GPU.
///
/// It is allocated once and used round and round: what comes next waits, on the device where that is enough, for the
/// uses that it would overwrite. So its size depends on the largest adapter, and not on how many are loaded.
struct TransferMemory: Sendable {
  /// When a use of a place is over.
  struct Use: Sendable {
    /// Its copies to the device have ended: the host may write what they read.
    let copied: Milestone
    /// Its kernels have ended: the device may write what they read.
    let done: Milestone
  }

  /// Tables that can be under way at once; a load beyond them waits on the host.
  private static let tables = 8
  /// Pieces of packed slots that can be under way at once.
  private static let pieceCount = 2
  /// Bytes of such a piece.
  private static let pieceBytes = 4 << 20

  /// Adapters as they lie in their files.
  private var adapters: DeviceMemory?
  private var adapterRing = RingAllocator<Use>(capacity: 0)
  /// Tables of the kernel, in the same places on the device and on the host.
  private var table: DeviceMemory?
  private var hostTable: CUDAStaging?
  private var tableRing = RingAllocator<Use>(capacity: 0)
  /// Pinned memory for what the host packs, and when the last copy out of each piece has ended.
  private var pieces: [(memory: CUDAStaging, copied: Milestone?)] = []
  private var nextPiece = 0

  /// Allocates what loads of adapters of at most `adapterBytes` bytes need, whose plans have at most `blocks` blocks.
  mutating func prepare(_ context: CUDAContext, adapterBytes: Int, blocks: Int, usesKernel: Bool) throws(CUDAError) {
    if usesKernel {
      try growAdapters(context, to: adapterBytes)
      let (bytes, overflow) = blocks.multipliedReportingOverflow(by: ScatterBlock.bytes * Self.tables)
      guard !overflow else { throw CUDAError(call: "cuMemAlloc", result: 2, name: "CUDA_ERROR_OUT_OF_MEMORY") }
      try growTables(context, to: bytes)
    }
    try preparePieces(context)
  }

  /// A place for an adapter on the device, and the uses that its copies have to come after.
  mutating func place(_ context: CUDAContext, adapterBytes bytes: Int, for use: Use) throws(CUDAError) -> (
    address: DeviceAddress, earlier: [Use]
  ) {
    if bytes > adapterRing.capacity { try growAdapters(context, to: bytes) }
    guard let adapters, let (start, earlier) = adapterRing.take(bytes, for: use) else { return (0, []) }
    return (adapters.buffer.address + UInt64(start), earlier)
  }

  /// A place for a table.
  @safe struct TablePlace {
    /// On the device.
    var address: DeviceAddress
    /// On the host, which may be written now.
    var host: UnsafeMutableRawBufferPointer
    /// The uses that its copy has to come after.
    var earlier: [Use]
  }

  /// A place for a table; the host waits until it may be written.
  mutating func place(_ context: CUDAContext, tableBytes bytes: Int, for use: Use) throws(CUDAError) -> TablePlace {
    if bytes > tableRing.capacity { try growTables(context, to: bytes) }
    guard let table, let hostTable, let (start, earlier) = tableRing.take(bytes, for: use) else {
      return unsafe TablePlace(address: 0, host: UnsafeMutableRawBufferPointer(start: nil, count: 0), earlier: [])
    }
    for use in earlier { try use.copied.event.wait() }
    let host = unsafe UnsafeMutableRawBufferPointer(rebasing: hostTable.bytes[start..<start + bytes])
    return unsafe TablePlace(address: table.buffer.address + UInt64(start), host: host, earlier: earlier)
  }

  /// Pinned memory for a piece of a packed slot, which may be written now.
  ///
  /// - Parameter copied: recorded behind the copies out of it.
  mutating func piece(_ context: CUDAContext, copied: Milestone) throws(CUDAError)
    -> UnsafeMutableRawBufferPointer
  {
    try preparePieces(context)
    let index = nextPiece
    nextPiece = (index + 1) % Self.pieceCount
    try pieces[index].copied?.event.wait()
    pieces[index].copied = copied
    return unsafe pieces[index].memory.bytes
  }

  private mutating func preparePieces(_ context: CUDAContext) throws(CUDAError) {
    while pieces.count < Self.pieceCount {
      pieces.append((CUDAStaging(try PinnedBuffer(context, count: Self.pieceBytes)), nil))
    }
  }

  // The old memory goes first, so that both need not fit.

  private mutating func growAdapters(_ context: CUDAContext, to bytes: Int) throws(CUDAError) {
    guard bytes > adapterRing.capacity else { return }
    for use in adapterRing.all { try use.done.event.wait() }
    adapters = nil
    adapterRing = RingAllocator(capacity: 0)
    adapters = DeviceMemory(try DeviceBuffer(context, count: bytes))
    adapterRing = RingAllocator(capacity: bytes)
  }

  private mutating func growTables(_ context: CUDAContext, to bytes: Int) throws(CUDAError) {
    guard bytes > tableRing.capacity else { return }
    for use in tableRing.all { try use.done.event.wait() }
    table = nil
    hostTable = nil
    tableRing = RingAllocator(capacity: 0)
    table = DeviceMemory(try DeviceBuffer(context, count: bytes))
    hostTable = CUDAStaging(try PinnedBuffer(context, count: bytes))
    tableRing = RingAllocator(capacity: bytes)
  }
}

/// Device memory in a place that can be replaced.
final class DeviceMemory: Sendable {
  let buffer: DeviceBuffer
  init(_ buffer: consuming DeviceBuffer) { self.buffer = buffer }
}
