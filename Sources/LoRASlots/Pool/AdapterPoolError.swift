import JSON
public import LoRAIO
public import SlotCache
import TensorCore

/// Why an adapter is not in host memory or has no slot.
public enum AdapterPoolError: Error, Sendable, CustomStringConvertible {
  /// The adapter cannot be packed.
  case refused(PackingError)
  /// A file of the adapter's is missing or broken, and why.
  case unreadable(path: String, String)
  /// A file could not be read.
  case file(IOError)
  /// The adapter's weights, in bytes, are more than the pool has room for.
  case tooLarge(path: String, bytes: UInt64, room: UInt64)
  /// All host memory is being read into.
  case full
  /// No adapter can make room.
  case busy(SlotCacheError)
  /// The adapter of this number has a slot that is in use.
  case held(Int)
  /// There is no adapter of this number, or it has left host memory and is not read again by itself.
  case gone(Int)
  /// Slots are assigned by the other side since the first one was changed.
  case assigned(by: SlotAssigner)
  /// A slot was not acquired, or has another tenant by now.
  case notAcquired(slot: Int, generation: UInt64)
  /// An argument makes no sense; a clause that says why.
  case invalid(String)
  /// The device failed.
  case device(SlotDeviceError)

  /// One sentence.
  public var description: String {
    switch self {
    case .refused(let error): error.description
    case .unreadable(let path, let reason): "\(escaped(path)): \(reason)"
    case .file(let error): error.description
    case .tooLarge(let path, let bytes, let room):
      "\(escaped(path)): its weights of \(ByteCount(bytes)) are more than the pool's places of \(ByteCount(room))"
    case .full: "all host memory is being read into"
    case .busy(let error): error.description
    case .held(let number): "adapter \(number) has a slot that is in use"
    case .gone(let number): "no adapter of the number \(number) is in host memory"
    case .assigned(let assigner):
      switch assigner {
      case .cache: "the pool assigns its slots since it was first asked for one"
      case .caller: "the caller assigns the pool's slots since it changed one"
      }
    case .notAcquired(let slot, let generation): "slot \(slot) was not acquired in generation \(generation)"
    case .invalid(let reason): reason
    case .device(let error): error.description
    }
  }
}
