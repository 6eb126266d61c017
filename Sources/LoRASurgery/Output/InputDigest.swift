import LoRAIO
import SHA2

/// The SHA-256 of a file as it lies on disk, which one chain of operations gives: it can be begun early, so that it is
/// there when a record wants it.
package struct InputDigest: Sendable {
  package let path: String
  private let result: Lazy<Result<(digest: String, size: UInt64), IOError>>

  /// A digest that is computed when it is asked for, or begun with now on a thread of its own.
  package init(_ path: String, begins: Bool = false) {
    self.path = path
    let result = Lazy { Self.digest(of: path) }
    self.result = result
    if begins { Workers.detach { _ = result.value } }
  }

  /// The digest and the size of the file.
  func value() throws(IOError) -> (digest: String, size: UInt64) { try result.value.get() }

  private static func digest(of path: String) -> Result<(digest: String, size: UInt64), IOError> {
    do throws(IOError) {
      let file = try InputFile(path: path)
      file.adviseSequential()
      var hash = SHA256()
      let buffer = IOBuffer(count: 1 << 20)
      var offset: UInt64 = 0
      while offset < file.size {
        try TerminationSignals.check(reading: path, at: offset)
        let piece = unsafe UnsafeMutableRawBufferPointer(
          rebasing: buffer.bytes[..<Int(min(UInt64(buffer.count), file.size - offset))])
        unsafe try file.read(into: piece, at: offset)
        unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(piece))
        offset += UInt64(piece.count)
      }
      return .success((hash.finalize().description, file.size))
    } catch {
      return .failure(error)
    }
  }
}
