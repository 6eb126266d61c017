import Synchronization

/// Files that are not on this machine, behind the same paths, folders and files as those that are.
///
/// A path with a scheme, such as `hf://org/name/adapter_model.safetensors`, is answered by the store that the program
/// has installed. Nothing is asked of any server before one is: a library on its own opens local files alone.
package protocol RemoteStore: Sendable {
  /// What a path leads to, or nil when there is nothing.
  func kind(of path: String) throws(IOError) -> FileKind?
  /// Names in a folder, sorted by bytes.
  func names(in path: String) throws(IOError) -> [String]
  /// Opens a file for reading.
  func open(_ path: String) throws(IOError) -> any FileContents
}

/// Bytes that can be read at any offset, from any number of threads.
package protocol FileContents: Sendable {
  /// Size in bytes when they were opened.
  var size: UInt64 { get }
  /// Fills as much of the buffer as there is from `offset`; returns the bytes read.
  func readAvailable(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(IOError) -> Int
  /// Has small ranges at hand that will be read one by one, where each read would be a request.
  func prefetch(_ ranges: [Range<UInt64>])
}

extension FileContents {
  package func prefetch(_ ranges: [Range<UInt64>]) {}
}

/// Paths with a scheme, and who answers them.
package enum RemotePath {
  private static let schemes = ["hf://", "https://", "http://", "s3://"]
  private static let installed = Mutex<(any RemoteStore)?>(nil)

  /// Whether the path has the scheme of a remote file.
  package static func isRemote(_ path: String) -> Bool { schemes.contains { path.hasPrefix($0) } }

  /// Has `store` answer all paths with a scheme from now on.
  package static func install(_ store: any RemoteStore) { installed.withLock { $0 = store } }

  /// The store that answers a path; nil for a path of this machine.
  static func store(for path: String) -> (any RemoteStore)? {
    guard let first = path.utf8.first, first == UInt8(ascii: "h") || first == UInt8(ascii: "s"), isRemote(path) else {
      return nil
    }
    return installed.withLock { $0 }
  }
}
