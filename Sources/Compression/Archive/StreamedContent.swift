import Glibc
package import LoRAIO

/// The content of zstd files that have no table of frames, read from front to back.
package enum StreamedContent {
  /// Writes the whole content of a zstd file from the start of `output`.
  ///
  /// - Returns: the bytes written, at most `ArchiveReader.contentLimit(ofFile:)`.
  /// - Throws: `.zstd` for data at fault, `.disproportionate` when there is more content than the limit, `.io`.
  package static func write(_ input: InputFile, to output: OutputFile, control: ArchiveControl = ArchiveControl())
    throws(ArchiveError) -> UInt64
  {
    unsafe try forEachPart(of: input, control) { (part, offset) throws(ArchiveError) in
      try reading(output.path) { () throws(IOError) in unsafe try output.write(part, at: offset) }
    }
  }

  /// Compares the whole content of a zstd file with another file, byte for byte.
  ///
  /// - Throws: `.differs` at the first megabyte that differs, or where the shorter one ends.
  package static func compare(_ input: InputFile, with original: InputFile, control: ArchiveControl = ArchiveControl())
    throws(ArchiveError)
  {
    let size = unsafe try forEachPart(of: input, control) { (part, offset) throws(ArchiveError) in
      guard offset + UInt64(part.count) <= original.size else {
        throw ArchiveError(input.path, .differs(offset: original.size))
      }
      let expected = try reading(original.path) { () throws(IOError) in
        try original.bytes(at: offset, count: part.count)
      }
      guard let start = part.baseAddress, unsafe memcmp(expected, start, part.count) != 0 else { return }
      throw ArchiveError(input.path, .differs(offset: offset))
    }
    guard size == original.size else { throw ArchiveError(input.path, .differs(offset: size)) }
  }

  /// Decodes the file part by part; returns the bytes of all parts.
  private static func forEachPart(
    of input: InputFile, _ control: ArchiveControl,
    _ body: (UnsafeRawBufferPointer, UInt64) throws(ArchiveError) -> Void
  ) throws(ArchiveError) -> UInt64 {
    let path = input.path
    let limit = ArchiveReader.contentLimit(ofFile: input.size)
    var decoder = try decoding(path) { () throws(ZstdError) in try ZstdDecoder() }
    let buffer = IOBuffer(count: 1 << 20)
    var position: UInt64 = 0
    var done: UInt64 = 0
    while true {
      try control.check(path)
      let count: Int
      do throws(ZstdReadError<IOError>) {
        count = unsafe try decoder.read(into: buffer.bytes) { (part) throws(IOError) in
          let count = unsafe try input.readAvailable(into: part, at: position)
          position += UInt64(count)
          return count
        }
      } catch {
        switch error {
        case .zstd(let error): throw ArchiveError(path, .zstd(error))
        case .source(let error): throw ArchiveError(path, .io(error))
        }
      }
      guard UInt64(count) <= limit - done else {
        throw ArchiveError(path, .disproportionate(content: nil, limit: limit))
      }
      unsafe try body(UnsafeRawBufferPointer(rebasing: buffer.bytes[..<count]), done)
      done += UInt64(count)
      control.add(count)
      if count < buffer.count { return done }
    }
  }
}
