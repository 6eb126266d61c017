import Foundation
import Glibc

/// A new empty folder that is removed with everything in it when the last reference goes.
public final class TemporaryFolder: Sendable {
  /// Its path, without symbolic links.
  public let path: String

  /// Creates the folder below `TMPDIR`, else in memory where there is room, else in the system's folder for temporary
  /// files.
  public init() throws {
    let parent = Self.parent
    let folder = parent.appendingPathComponent("lora-tool-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    path = folder.path
  }

  /// In memory a quarter of the time of a test that writes is saved, which a disk takes to make files last.
  private static let parent: URL = {
    let memory = "/dev/shm"
    var system = statvfs()
    if ProcessInfo.processInfo.environment["TMPDIR"] == nil, unsafe access(memory, W_OK) == 0,
      unsafe statvfs(memory, &system) == 0, UInt64(system.f_bavail) * UInt64(system.f_frsize) >= 2 << 30
    {
      return URL(fileURLWithPath: memory, isDirectory: true)
    }
    return FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
  }()

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
