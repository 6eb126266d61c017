/// The part of every layer that one of several devices has.
package struct TensorShard: Sendable {
  package let devices: UInt64
  package let index: UInt64
  package let isFull: Bool

  package init(_ options: SlotOptions) throws(SlotLayoutError) {
    guard options.tensorParallel > 0, options.tensorRank < options.tensorParallel else {
      throw .option("the rank must be below the number of devices that share each layer")
    }
    devices = options.tensorParallel
    index = options.tensorRank
    isFull = options.isFullySharded
  }

  /// This device's part of `total` things in a row.
  package func part(of total: UInt64, _ name: String) throws(SlotLayoutError) -> Range<UInt64> {
    guard total % devices == 0 else { throw .indivisible(name, size: total, devices: devices) }
    let count = total / devices
    return index * count..<(index + 1) * count
  }

  /// This device's outputs of a piece, counted from the piece's first; heads that are fewer than the devices are on
  /// several of them.
  package func part(of piece: FusedSlice, _ name: String) throws(SlotLayoutError) -> Range<UInt64> {
    guard let heads = piece.heads, heads < devices, piece.rows % heads == 0 else {
      return try part(of: piece.rows, name)
    }
    guard devices % heads == 0 else { throw .indivisible(name, size: heads, devices: devices) }
    let width = piece.rows / heads
    let head = index / (devices / heads)
    return head * width..<(head + 1) * width
  }
}
