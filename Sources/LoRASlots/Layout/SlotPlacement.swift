/// Where an engine keeps one buffer.
public struct SlotPlacement: Sendable, Hashable {
  /// Address of slot 0.
  public var address: UInt64
  /// Bytes from slot to slot.
  public var stride: UInt64

  /// A place.
  public init(address: UInt64, stride: UInt64) {
    self.address = address
    self.stride = stride
  }
}
