import Diagnostics
public import LoRAIO

/// The data of a compressed file without a table of frames, which can only be decoded from front to back: by the one reader that
/// wants all of it in memory straight to its place, else by way of a temporary file.
///
/// The file has been opened once before, so header and sizes are known and in proportion. Memory besides the target: the
/// header and what the decoder's window takes.
public struct DataStream: Sendable {
  let input: InputFile
  let dataStart: UInt64
  /// Bytes of header and data.
  let size: UInt64

  /// Decodes the whole data section into memory of just its size.
  ///
  /// - Throws: `IOError`, `.damaged` when the content is not what it was declared to be.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(IOError) {
    precondition(dataStart + UInt64(buffer.count) == size, "the data section has another size")
    do throws(UnpackingStop) {
      var stream = try UnpackingStream(input)
      try skipHeader(&stream)
      unsafe try stream.fill(buffer, from: dataStart, of: size)
      try stream.finish()
    } catch { throw failure(error) }
  }

  /// The header as the file has it, its length in front.
  func headerBytes() throws(IOError) -> [UInt8] {
    do throws(UnpackingStop) {
      var stream = try UnpackingStream(input)
      return try skipHeader(&stream)
    } catch { throw failure(error) }
  }

  /// Everything, in a nameless temporary file.
  func unpacked() throws(IOError) -> InputFile {
    do throws(UnpackingStop) {
      var stream = try UnpackingStream(input)
      return try stream.unpack([], total: size)
    } catch { throw failure(error) }
  }

  @discardableResult private func skipHeader(_ stream: inout UnpackingStream) throws(UnpackingStop) -> [UInt8] {
    let header = try stream.content(limit: Int(dataStart))
    guard header.count == Int(dataStart) else {
      throw UnpackingStop(
        finding: Finding(
          .compressedCorrupt, "the compressed file became shorter since it was opened", file: input.path))
    }
    return header
  }

  private func failure(_ stop: UnpackingStop) -> IOError {
    IOError("unpack", input.path, .damaged(stop.finding.message))
  }
}
