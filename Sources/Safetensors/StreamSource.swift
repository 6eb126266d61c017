import Compression
import Diagnostics
import LoRAIO

/// A compressed file without a table of frames, which can only be decoded from front to back: straight into the memory
/// of a reader that wants all of it, else by way of a nameless temporary file.
///
/// Memory besides the target: what the decoder's window takes, and what is asked for of the first bytes.
struct StreamSource: ByteSource {
  /// The compressed file.
  private let input: InputFile
  let size: UInt64
  let file: InputFile

  /// A stream of which no more is known than that its contents are in proportion to the compressed file.
  init(_ input: InputFile) { self.init(input, size: ArchiveReader.contentLimit(ofFile: input.size)) }

  private init(_ input: InputFile, size: UInt64) {
    self.input = input
    self.size = size
    file = InputFile(path: input.path, size: size) { () throws(IOError) in
      do throws(SourceProblem) {
        return try Self.unpacked(input, size: size)
      } catch {
        throw SourceProblem(error.finding).failure
      }
    }
  }

  var path: String { input.path }
  var storedBytes: UInt64 { input.size }
  var isCompressed: Bool { true }

  /// Not a byte more than needed: damage in the data is not to be found by chance.
  var firstRead: Int { 8 }

  func first(_ count: Int) throws(SourceProblem) -> [UInt8] {
    var decoding = try StreamDecoding(input)
    return try decoding.content(limit: count)
  }

  /// The same of just the size that the header declares, unpacked now or later.
  func declared(by header: SafetensorsHeader, unpacking: SafetensorsFile.Unpacking) throws(SourceProblem)
    -> any ByteSource
  {
    let (total, overflow) = header.dataStart.addingReportingOverflow(header.dataBytes)
    guard !overflow, total <= size else {
      throw SourceProblem(.disproportionate(path, declared: overflow ? nil : total, limit: size))
    }
    try checkSeekTable(total: total)
    switch unpacking {
    case .now:
      let file = try Self.unpacked(input, size: total)
      return FileSource(file, storedBytes: storedBytes, isCompressed: true)
    case .onDemand: return StreamSource(input, size: total)
    }
  }

  /// Checks the seek table at the end, when there is one that frames cannot be found by, against file and contents.
  private func checkSeekTable(total: UInt64) throws(SourceProblem) {
    let footer = try tail(UInt64(SeekTable.footerBytes))
    let size = try checking { () throws(SeekTable.Invalid) in
      try SeekTable.byteCount(footer: footer.span, fileSize: input.size)
    }
    guard let size else { return }
    let end = try tail(size)
    let table = try checking { () throws(SeekTable.Invalid) in try SeekTable(tail: end.span, fileSize: input.size) }
    guard let table, table.decompressedSize != total else { return }
    throw SourceProblem(.otherContents(path, declared: total, table: table.decompressedSize))
  }

  private func checking<Value>(_ body: () throws(SeekTable.Invalid) -> Value) throws(SourceProblem) -> Value {
    do throws(SeekTable.Invalid) { return try body() } catch {
      throw SourceProblem(.seekTable(error, file: path))
    }
  }

  /// The last bytes of the compressed file, as many as it has.
  private func tail(_ count: UInt64) throws(SourceProblem) -> [UInt8] {
    let count = min(count, input.size)
    return try SourceProblem.filling(path) { () throws(IOError) in
      try input.bytes(at: input.size - count, count: Int(count))
    }
  }

  /// Everything, in a nameless temporary file.
  private static func unpacked(_ input: InputFile, size: UInt64) throws(SourceProblem) -> InputFile {
    let path = input.path
    let output = try SourceProblem.filling(path) { () throws(IOError) in try OutputFile.temporary() }
    var decoding = try StreamDecoding(input)
    let buffer = IOBuffer(count: 1 << 20)
    var done: UInt64 = 0
    while done < size {
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<Int(min(size - done, 1 << 20))])
      unsafe try decoding.fill(part, of: size)
      try SourceProblem.filling(path) { () throws(IOError) in
        unsafe try output.write(UnsafeRawBufferPointer(part), at: done)
      }
      done += UInt64(part.count)
    }
    try decoding.finish()
    return try SourceProblem.filling(path) { () throws(IOError) in try output.reopened(size: size, path: path) }
  }

  /// All of it in one piece.
  func pieces(from start: UInt64, of pieceBytes: UInt64) -> SourcePieces {
    let ranges = start < size ? [start..<size] : []
    return unsafe SourcePieces(ranges) { (_, buffer) throws(IOError) in
      let begin = CurrentProcess.monotonicSeconds
      do throws(SourceProblem) {
        var decoding = try StreamDecoding(input)
        try decoding.skip(start)
        unsafe try decoding.fill(buffer, of: size)
        try decoding.finish()
      } catch { throw error.failure }
      return (0, CurrentProcess.monotonicSeconds - begin)
    }
  }
}
