import LoRAIO
import LoRAKernels
import Safetensors

/// What files have in common that are equal byte for byte, and no others have.
struct FileContent: Hashable, Sendable {
  /// Bytes of header and data, uncompressed.
  let size: UInt64
  let digest: KeyedDigest
}

extension FileContent {
  private static let pageBytes = 4096
  private static let pages = 8

  /// What equal files share and hardly any others: their size and the digest of a few pages of their data.
  ///
  /// - Returns: nil for a file that is so small, or so slow to read, that its whole content is as good.
  init?(sketchOf file: SafetensorsFile) {
    let size = file.contents.size
    let first = file.header.dataStart
    let room = UInt64(Self.pages * Self.pageBytes)
    guard !file.isCompressed, !RemotePath.isRemote(file.path), size > first, size - first > room else { return nil }
    let step = (size - first - UInt64(Self.pageBytes)) / UInt64(Self.pages - 1)
    let buffer = IOBuffer(count: Self.pages * Self.pageBytes)
    for page in 0..<Self.pages {
      let place = page * Self.pageBytes..<(page + 1) * Self.pageBytes
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[place])
      do throws(IOError) {
        unsafe try file.contents.read(into: part, at: first + UInt64(page) * step)
      } catch {
        return nil
      }
    }
    self.init(size: size, digest: unsafe KeyedDigest(UnsafeRawBufferPointer(buffer.bytes)))
  }
}
