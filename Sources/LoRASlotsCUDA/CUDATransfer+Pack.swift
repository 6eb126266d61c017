import CUDADriver
import LoRASlots
import TensorCore

/// Loads that the kernel cannot do: the host packs the slot piece by piece and copies every contiguous part of it.
///
/// The host waits while both pieces are under way, which they are until the slot's readers have ended.
extension CUDATransfer {
  mutating func pack(_ load: SlotLoad, through memory: inout TransferMemory) throws(CUDAError) {
    let size = slots.layout.dtype.bits / 8
    let end = load.start + Int(load.plan.sourceBytes)
    let data = unsafe UnsafeRawBufferPointer(rebasing: load.staging.bytes[load.start..<end])
    var piece = try Piece(context, &memory)
    for block in load.plan.blocks {
      let start = slots.address(buffer: block.buffer, slot: load.slot)
      let limit = UInt64(unsafe piece.bytes.count) / size
      for part in block.parts(of: limit) {
        let count = Int(part.rows * part.columns * size)
        let target = start + part.start * size
        if unsafe piece.used + count > piece.bytes.count {
          try send(&piece)
          try record(piece.copied, on: slots.work)
          piece = try Piece(context, &memory)
        }
        if target != piece.end { try send(&piece) }
        if piece.isSent { piece.begin(at: target) }
        unsafe HostPacker.pack(part, dtype: slots.layout.dtype, from: data, into: piece.take(count))
      }
    }
    try send(&piece)
    try record(piece.copied, on: slots.work)
  }

  /// Copies what of a piece is packed and not yet on its way.
  private mutating func send(_ piece: inout Piece) throws(CUDAError) {
    guard !piece.isSent else { return }
    unsafe try copy(UnsafeRawBufferPointer(piece.unsent), to: piece.target, on: slots.work)
    piece.isSent = true
  }

  /// A piece of pinned memory, of which the host packs a contiguous part of the slot after the other.
  @safe private struct Piece {
    let bytes: UnsafeMutableRawBufferPointer
    let copied: Milestone
    private(set) var used = 0
    private var first = 0
    /// Where on the device the part begins.
    private(set) var target: DeviceAddress = 0
    var isSent = true

    init(_ context: CUDAContext, _ memory: inout TransferMemory) throws(CUDAError) {
      copied = try Milestone(context)
      unsafe bytes = try memory.piece(context, copied: copied)
    }

    /// Where on the device the part ends.
    var end: DeviceAddress? { isSent ? nil : target + UInt64(used - first) }

    var unsent: UnsafeMutableRawBufferPointer { unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[first..<used]) }

    /// Begins a part.
    mutating func begin(at address: DeviceAddress) {
      (first, target, isSent) = (used, address, false)
    }

    /// Room for the next bytes of the part.
    mutating func take(_ count: Int) -> UnsafeMutableRawBufferPointer {
      used += count
      return unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[used - count..<used])
    }
  }
}
