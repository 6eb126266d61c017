import LoRAIO
import LoRASlots
import Safetensors
import TensorCore

/// The file that slots are written to: it appears whole or not at all.
struct PackOutput {
  private let path: String
  private let overwrites: Bool

  /// Looks at the place before anything is done; nil when nothing is to be written.
  static func checked(_ path: String?, overwrite: Bool) throws(Failure) -> PackOutput? {
    guard let path else { return nil }
    if let kind = FileKind(path: path) {
      guard kind == .regular else { throw Failure("cannot write \(escaped(path)): it is \(kind.rawValue)") }
      guard overwrite else {
        throw Failure("cannot write \(escaped(path)): it exists already; name another file or give --overwrite")
      }
    }
    return PackOutput(path: path, overwrites: overwrite)
  }

  /// Writes the slots beside the final name, in a hidden folder, and gives the file its name when it is complete.
  func write(_ memory: any SlotMemory, metadata: [(key: String, value: String)]) throws(Failure) {
    let name = Folder.lastComponent(path)
    let short = String(decoding: Array(name.utf8.prefix(200)), as: UTF8.self)
    let identity = String(UInt64.random(in: .min ... .max), radix: 36)
    let staging = Folder.join(Folder.parent(path), ".\(short).partial-\(identity)")
    let file = Folder.join(staging, "slots.partial")
    do throws(IOError) { try Folder.create(staging) } catch {
      throw Failure("cannot write \(escaped(path)): \(error.cause)")
    }
    defer { do throws(IOError) { try Folder.remove(staging) } catch {} }
    do throws(SlotImage.Failure) { try SlotImage.write(memory, to: file, metadata: metadata) } catch {
      throw Failure(Self.sentence(error, path: path))
    }
    do throws(IOError) {
      if overwrites, FileKind(path: path) != nil {
        try Folder.exchange(file, with: path)
      } else {
        try Folder.publish(file, as: path)
      }
    } catch {
      throw Failure("cannot write \(escaped(path)): \(error.cause)")
    }
    UsedFiles.insert(path)
    do throws(IOError) { try Folder.synchronize(Folder.parent(path)) } catch {
      StandardError.write("lora-tool: warning: the name \(path) may not survive a power loss: \(error.cause)\n")
    }
  }

  /// The user knows the final name and not the one that the file has while it is written.
  private static func sentence(_ error: SlotImage.Failure, path: String) -> String {
    if case .file(let file) = error, case .io(let cause) = file {
      return "cannot write \(escaped(path)): \(cause.cause)"
    }
    return "\(error)"
  }
}
