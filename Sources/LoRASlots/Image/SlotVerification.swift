/// A byte of a slot that is not what it has to be.
public struct SlotMismatch: Error, Sendable, CustomStringConvertible {
  /// Name of the buffer.
  public let buffer: String
  /// The slot.
  public let slot: Int
  /// Byte inside the slot's piece of the buffer.
  public let byte: Int
  /// What is there.
  public let found: UInt8
  /// What should be there.
  public let expected: UInt8

  /// One sentence.
  public var description: String {
    "slot \(slot) of \(buffer) holds \(found) at byte \(byte), expected \(expected)"
  }
}

extension SlotMemory {
  /// Reads a slot back and compares every byte with the reference; nil stands for a slot that has to be all zero.
  ///
  /// - Returns: the first difference, or nil when there is none.
  public func firstMismatch(inSlot slot: Int, with reference: SlotReference?) throws(SlotDeviceError) -> SlotMismatch? {
    for (index, buffer) in layout.buffers.enumerated() {
      var bytes = [UInt8](repeating: 0xA5, count: Int(buffer.slotBytes))
      var failure: SlotDeviceError?
      unsafe bytes.withUnsafeMutableBytes { output in
        do throws(SlotDeviceError) { unsafe try read(buffer: index, slot: slot, into: output) } catch {
          failure = error
        }
      }
      if let failure { throw failure }
      let expected = reference?.bytes(ofBuffer: index) ?? [UInt8](repeating: 0, count: bytes.count)
      guard bytes != expected else { continue }
      let place = bytes.indices.first { bytes[$0] != expected[$0] } ?? 0
      return SlotMismatch(
        buffer: buffer.name, slot: slot, byte: place, found: bytes[place], expected: expected[place])
    }
    return nil
  }
}
