import Foundation

/// A new empty folder that is removed with everything in it when the last reference goes.
public final class TemporaryFolder: Sendable {
  /// Its path, without symbolic links.
  public let path: String

  /// Creates the folder below the system's folder for temporary files.
  public init() throws {
    let parent = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
    let folder = parent.appendingPathComponent("lora-tool-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    path = folder.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a name below the folder.
  public func path(_ name: String) -> String { path + "/" + name }

  /// Writes a file, with the folders on the way to it, and returns its path.
  @discardableResult
  public func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let target = try placed(name)
    try Data(bytes).write(to: URL(fileURLWithPath: target))
    return target
  }

  /// Writes a text file and returns its path.
  @discardableResult
  public func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

  /// Writes a safetensors file and returns its path.
  @discardableResult
  public func write(_ name: String, _ file: SafetensorsBuilder) throws -> String {
    let target = try placed(name)
    try file.write(to: target)
    return target
  }

  /// Creates a folder and returns its path.
  @discardableResult
  public func folder(_ name: String) throws -> String {
    try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
    return path(name)
  }

  /// Creates a symbolic link to `target`, which is relative to the link's own folder or absolute.
  @discardableResult
  public func link(_ name: String, to target: String) throws -> String {
    let link = try placed(name)
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
    return link
  }

  /// Removes a file or folder.
  public func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path(name)) }

  private func placed(_ name: String) throws -> String {
    let target = path(name)
    let parent = (target as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    return target
  }
}
