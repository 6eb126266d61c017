import LoRAIO

/// Contents that lie in a file as they are: a plain file, or what was unpacked from a compressed one.
struct FileSource: ByteSource {
  let file: InputFile
  let storedBytes: UInt64
  let isCompressed: Bool

  /// A plain file.
  init(_ file: InputFile) { self.init(file, storedBytes: file.size, isCompressed: false) }

  /// Contents whose stored form has `storedBytes` bytes.
  init(_ file: InputFile, storedBytes: UInt64, isCompressed: Bool) {
    self.file = file
    self.storedBytes = storedBytes
    self.isCompressed = isCompressed
  }

  var path: String { file.path }
  var size: UInt64 { file.size }

  /// One read brings most headers whole.
  var firstRead: Int { 65_536 }

  func first(_ count: Int) throws(SourceProblem) -> [UInt8] {
    do throws(IOError) {
      return try file.bytes(at: 0, count: Int(min(file.size, UInt64(count))))
    } catch {
      throw SourceProblem(.unreadable(error, file: path), error)
    }
  }

  func declared(by header: SafetensorsHeader, unpacking: SafetensorsFile.Unpacking) -> any ByteSource { self }

  func pieces(from start: UInt64, of pieceBytes: UInt64) -> SourcePieces {
    let ranges = stride(from: start, to: size, by: Int(pieceBytes)).map { $0..<min($0 + pieceBytes, size) }
    return unsafe SourcePieces(ranges) { [file] (piece, buffer) throws(IOError) in
      let begin = CurrentProcess.monotonicSeconds
      unsafe try file.read(into: buffer, at: ranges[piece].lowerBound)
      return (CurrentProcess.monotonicSeconds - begin, 0)
    }
  }
}
