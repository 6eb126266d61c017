public import LoRAIO
import TensorCore

/// Why a device could not do something.
public struct SlotDeviceError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure it is.
  public enum Reason: Sendable, Equatable {
    /// There is no such device, or nothing that drives it.
    case unavailable
    /// Memory ran out: how much was asked for and how much was free.
    case outOfMemory(needed: UInt64, free: UInt64?)
    /// One call of a driver failed.
    case call(name: String, result: Int, resultName: String)
    /// The device can no longer be used at all.
    case lost
    /// An adapter's file could not be read while it was loaded; nothing is wrong with the device.
    case unreadable(IOError)
    /// The request is not one that the device can carry out.
    case unsupported
  }

  /// The device, such as `cuda:0`.
  public let device: String
  /// What kind of failure it is.
  public let reason: Reason
  /// What happened, as a clause without a full stop.
  public let message: String
  /// What to do about it.
  public let hint: String?

  /// A failure of `device`.
  public init(device: String, _ reason: Reason, _ message: String, hint: String? = nil) {
    self.device = device
    self.reason = reason
    self.message = message
    self.hint = hint
  }

  /// The failure of reading a file in the middle of a load.
  public init(unreadable error: IOError) {
    self.init(device: "", .unreadable(error), error.description)
  }

  /// One sentence: device, what happened, what to do.
  public var description: String {
    if case .unreadable(let error) = reason { return error.description }
    var text = "\(device): \(message)"
    if case .outOfMemory(let needed, let free) = reason {
      text += "; \(ByteCount(needed)) needed" + (free.map { ", \(ByteCount($0)) free" } ?? "")
    }
    if case .call(let name, let result, let resultName) = reason { text += " (\(name): \(resultName), \(result))" }
    return text + (hint.map { "; \($0)" } ?? "")
  }
}
