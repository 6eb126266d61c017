import CLoRAShims
import Glibc

/// Small files that appear whole or not at all.
package enum WholeFile {
  /// Writes a file next to its final name and renames it over whatever is there.
  ///
  /// Names that are no regular files, such as `/dev/stdout` or a pipe, are written to directly.
  package static func write(_ bytes: [UInt8], to path: String) throws(IOError) {
    if let kind = FileKind(path: path), kind != .regular {
      if kind == .folder { throw IOError("write", path, .system(EISDIR)) }
      return try writeStream(bytes, to: path)
    }
    // Through a symbolic link the file that it leads to is replaced, not the link.
    let target = Folder.resolved(path) ?? path
    let staged = Folder.join(Folder.parent(target), ".\(Folder.lastComponent(target)).\(getpid()).partial")
    unsafe unlink(staged)
    do throws(IOError) {
      let file = try OutputFile(creating: staged, for: path)
      try file.write(bytes, at: 0)
      try file.synchronize()
      try Folder.rename(staged, to: target)
    } catch {
      unsafe unlink(staged)
      // The staged name is ours alone; the user knows the path.
      throw IOError(error.operation, path, offset: error.offset, error.reason)
    }
  }

  private static func writeStream(_ bytes: [UInt8], to path: String) throws(IOError) {
    let descriptor = try SystemCalls.open(path, flags: O_WRONLY)
    defer { close(descriptor) }
    var failure: IOError?
    unsafe bytes.withUnsafeBytes { buffer in
      var done = 0
      do throws(IOError) {
        while done < buffer.count {
          done += unsafe try SystemCalls.write(
            descriptor, UnsafeRawBufferPointer(rebasing: buffer[done...]), path: path)
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }
}
