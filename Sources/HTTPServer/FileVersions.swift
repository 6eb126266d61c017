import Glibc

/// What tells whether files have been replaced or written since.
struct FileVersions: Equatable {
  private struct Version: Equatable {
    let device: UInt
    let inode: UInt
    let bytes: Int
    let seconds: Int
    let nanoseconds: Int
  }

  private let versions: [Version?]

  /// The files as they are now; symbolic links are followed, as mounted secrets are replaced by changing one.
  init(_ paths: [String]) {
    versions = paths.map { path in
      var status = stat()
      guard unsafe stat(path, &status) == 0 else { return nil }
      return Version(
        device: UInt(status.st_dev), inode: UInt(status.st_ino), bytes: Int(status.st_size),
        seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
    }
  }
}
