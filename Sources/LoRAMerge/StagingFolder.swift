import LoRAIO

/// The hidden folder beside the output in which a merge is written until it is whole.
///
/// Its name starts with a dot and ends in `.partial-…`; shards in it end in `.partial` until they are complete and a
/// config.json comes last, so that no loader takes it for a model. It lies on the output's file system, so that
/// publishing is one rename.
struct StagingFolder: Sendable {
  /// Path of the folder.
  let path: String
  /// The path that it will be published as.
  let output: String

  /// What a shard's name ends in until its bytes are all on the device.
  static let suffix = ".partial"

  /// Creates the folder.
  init(for output: String) throws(IOError) {
    self.output = output
    let name = Folder.lastComponent(output)
    let identity = String(UInt64.random(in: .min ... .max), radix: 36)
    // File systems take names of up to 255 bytes.
    let prefix = String(decoding: Array(name.utf8.prefix(200)), as: UTF8.self)
    path = Folder.join(Folder.parent(output), ".\(prefix)\(Self.suffix)-\(identity)")
    try Folder.create(path)
  }

  /// Whether a file name is that of a staging folder.
  static func isStaging(_ name: String) -> Bool { name.hasPrefix(".") && name.contains(suffix + "-") }

  /// The path of a name in the folder.
  func path(_ name: String) -> String { Folder.join(path, name) }

  /// Removes the folder and everything in it; what cannot be removed stays.
  func discard() {
    do throws(IOError) { try Folder.remove(path) } catch {}
  }

  /// Gives a complete shard its name.
  func complete(_ name: String) throws(IOError) {
    try Folder.publish(path(name + Self.suffix), as: path(name))
  }

  /// Makes the finished folder the output in one step.
  ///
  /// - Parameter replacing: whether an existing output is to be replaced; it is removed afterwards.
  /// - Returns: sentences about what went less well after the output was in place.
  func publish(replacing: Bool) throws(IOError) -> [String] {
    var warnings: [String] = []
    if replacing, FileKind(path: output) != nil {
      try Folder.exchange(path, with: output)
      do throws(IOError) {
        try Folder.remove(path)
      } catch {
        warnings.append("the replaced output could not be removed and remains at \(path): \(error.cause)")
      }
    } else {
      try Folder.publish(path, as: output)
    }
    do throws(IOError) {
      try Folder.synchronize(Folder.parent(output))
    } catch {
      warnings.append("the output's name may not survive a power loss: \(error)")
    }
    return warnings
  }
}
