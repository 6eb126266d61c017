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
    try checkPlace(path, overwrite: overwrite)
    return PackOutput(path: path, overwrites: overwrite)
  }

  /// Writes the slots beside the final name, in a hidden folder, and gives the file its name when it is complete.
  func write(_ memory: any SlotMemory, metadata: [(key: String, value: String)]) throws(Failure) {
    // Through a symbolic link the file that it leads to is replaced, not the link.
    let target = Folder.resolved(path) ?? path
    let name = Folder.lastComponent(target)
    let short = String(decoding: Array(name.utf8.prefix(200)), as: UTF8.self)
    let identity = String(UInt64.random(in: .min ... .max), radix: 36)
    let staging = Folder.join(Folder.parent(target), ".\(short).partial-\(identity)")
    let file = Folder.join(staging, "slots.partial")
    do throws(IOError) { try Folder.create(staging) } catch { throw outputFailure(error, path) }
    defer { do throws(IOError) { try Folder.remove(staging) } catch {} }
    do throws(SlotImage.Failure) { try SlotImage.write(memory, to: file, metadata: metadata) } catch {
      throw Failure(Self.sentence(error, path: path))
    }
    do throws(IOError) {
      if overwrites, FileKind(path: path) != nil {
        try Folder.exchange(file, with: target)
      } else {
        try Folder.publish(file, as: target)
      }
    } catch {
      throw outputFailure(error, path)
    }
    UsedFiles.insert(path)
    do throws(IOError) { try Folder.synchronize(Folder.parent(target)) } catch {
      StandardError.write("lora-tool: warning: the name \(path) may not survive a power loss: \(error.cause)\n")
    }
  }

  /// The user knows the final name and not the one that the file has while it is written.
  private static func sentence(_ error: SlotImage.Failure, path: String) -> String {
    if case .file(let file) = error, case .io(let cause) = file {
      return outputFailure(cause, path).message
    }
    return "\(error)"
  }
}
