import Compression
import Diagnostics
import LoRAIO
import TensorCore

extension SafetensorsFile {
  /// What the names of compressed files end with: zstd, and zstd behind the byte-plane filter.
  public static let compressedExtensions = ArchiveFormat.allCases.map(\.fileExtension)

  /// Unpacks a compressed file into a nameless temporary file, never more than its own safetensors header declares,
  /// and examines that.
  ///
  /// A temporary file, not memory, because everything behind it then reads at any offset with bounded memory.
  ///
  /// A file with a table of frames need not be unpacked before its contents are read.
  static func examineCompressed(_ input: InputFile, _ unpacking: Unpacking) -> Examined {
    do throws(UnpackingStop) {
      if let archive = try openArchive(input) { return try examineArchive(archive, unpacking) }
      var stream = try UnpackingStream(input)
      return try stream.run(unpacking)
    } catch {
      return Examined(file: nil, findings: [error.finding])
    }
  }
}

/// Why unpacking ends early.
struct UnpackingStop: Error {
  let finding: Finding
}

/// The state of unpacking a file from front to back.
struct UnpackingStream: ~Copyable {
  typealias Stop = UnpackingStop

  private let input: InputFile
  private var decoder: ZstdDecoder
  private var position: UInt64 = 0

  init(_ input: InputFile) throws(Stop) {
    self.input = input
    do throws(ZstdError) {
      decoder = try ZstdDecoder()
    } catch {
      throw Stop(finding: Finding(.compressedCorrupt, "\(error)", file: input.path))
    }
  }

  mutating func run(_ unpacking: SafetensorsFile.Unpacking) throws(Stop) -> Examined {
    let head = try content(limit: 8)
    let frame = HeaderFrame(head: head, fileSize: head.count < 8 ? UInt64(head.count) : .max)
    guard head.count == 8, frame.length > 0, frame.length <= HeaderParser.lengthLimit else {
      let finding = frame.finding(file: input.path)
      throw Stop(finding: finding ?? Finding(.headerInvalid, "the header cannot be read", file: input.path))
    }
    let text = try content(limit: Int(frame.length))
    guard text.count == Int(frame.length) else {
      throw Stop(
        finding: Finding(
          .headerInvalid, "the compressed content is truncated inside its header", file: input.path,
          expected: "\(frame.length) bytes of header", found: "\(text.count) bytes"))
    }
    var parser = HeaderParser(file: input.path, length: text.count)
    guard let header = parser.header(text, dataBytes: nil) else {
      return Examined(file: nil, findings: parser.allFindings)
    }
    // Sizes that do not add up must not decide how much is unpacked.
    guard !parser.allFindings.contains(where: { $0.rule == .headerInvalid }) else {
      return Examined(file: nil, findings: parser.allFindings)
    }
    let total = try allowedTotal(header)
    try checkSeekTable(total: total)
    let contents: InputFile
    var stream: DataStream?
    switch unpacking {
    case .now: contents = try unpack(head + text, total: total)
    case .onDemand:
      let data = DataStream(input: input, dataStart: header.dataStart, size: total)
      contents = InputFile(path: input.path, size: total) { () throws(IOError) in try data.unpacked() }
      stream = data
    }
    let file = SafetensorsFile(
      path: input.path, header: header, fileBytes: input.size, isCompressed: true, contents: contents, stream: stream)
    return Examined(file: file, findings: parser.allFindings)
  }

  /// Writes the contents to a temporary file: what is decoded already, then everything up to `total` bytes.
  mutating func unpack(_ start: [UInt8], total: UInt64) throws(Stop) -> InputFile {
    let output = try stopping { () throws(IOError) in
      let output = try OutputFile.temporary()
      try output.write(start, at: 0)
      return output
    }
    let buffer = IOBuffer(count: 1 << 20)
    var done = UInt64(start.count)
    while done < total {
      let step = Int(min(total - done, UInt64(buffer.count)))
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<step])
      unsafe try fill(part, from: done, of: total)
      try stopping { () throws(IOError) in unsafe try output.write(UnsafeRawBufferPointer(part), at: done) }
      done += UInt64(step)
    }
    try finish()
    return try stopping { () throws(IOError) in try output.reopened(size: total) }
  }

  /// Decodes the next bytes of content, as many as the buffer has: those from `position` on of `total`.
  mutating func fill(_ buffer: UnsafeMutableRawBufferPointer, from position: UInt64, of total: UInt64) throws(Stop) {
    var done = 0
    while done < buffer.count {
      let count = unsafe try decode(into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
      guard count > 0 else {
        let found = position + UInt64(done)
        throw Stop(
          finding: Finding(
            .headerInvalid, "the compressed content is truncated: \(total - found) data bytes are missing at the end",
            file: input.path, expected: "\(ByteCount(total))", found: "\(ByteCount(found))"))
      }
      done += count
    }
  }

  /// Size of the contents that the header declares, when it is in proportion to the compressed file.
  private func allowedTotal(_ header: SafetensorsHeader) throws(Stop) -> UInt64 {
    let (total, overflow) = header.dataStart.addingReportingOverflow(header.dataBytes)
    let allowed = ArchiveReader.contentLimit(ofFile: input.size)
    guard !overflow, total <= allowed else {
      throw Stop(
        finding: Finding(
          .compressedCorrupt, "the header declares contents out of all proportion to the compressed file",
          file: input.path, expected: "at most \(ByteCount(allowed))",
          found: overflow ? "over 2^64 bytes" : "\(ByteCount(total))",
          hint: "such a file is made to fill disks; unpack it yourself if you trust it"))
    }
    return total
  }

  /// Checks the seek table at the end, when there is one, against the file and the contents that it describes.
  private func checkSeekTable(total: UInt64) throws(Stop) {
    let footer = try tail(UInt64(SeekTable.footerBytes))
    let size = try checking { () throws(SeekTable.Invalid) in
      try SeekTable.byteCount(footer: footer.span, fileSize: input.size)
    }
    guard let size else { return }
    let end = try tail(size)
    let table = try checking { () throws(SeekTable.Invalid) in
      try SeekTable(tail: end.span, fileSize: input.size)
    }
    guard let table, table.decompressedSize != total else { return }
    throw Stop(finding: .otherContents(input.path, declared: total, table: table.decompressedSize))
  }

  private func checking<Value>(_ body: () throws(SeekTable.Invalid) -> Value) throws(Stop) -> Value {
    do throws(SeekTable.Invalid) {
      return try body()
    } catch {
      throw Stop(
        finding: Finding(
          .compressedCorrupt, "the seek table at the end of the compressed file is wrong: \(error)", file: input.path,
          hint: "copy or download the file again"))
    }
  }

  /// The last bytes of the compressed file, as many as it has.
  private func tail(_ count: UInt64) throws(Stop) -> [UInt8] {
    let count = min(count, input.size)
    return try stopping { () throws(IOError) in try input.bytes(at: input.size - count, count: Int(count)) }
  }

  // MARK: Decoding

  /// Up to `limit` bytes of content, growing with what really comes.
  mutating func content(limit: Int) throws(Stop) -> [UInt8] {
    let buffer = IOBuffer(count: min(limit, 1 << 20))
    var result: [UInt8] = []
    while result.count < limit {
      let step = min(limit - result.count, buffer.count)
      let count = unsafe try decode(into: UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<step]))
      if count == 0 { break }
      unsafe result.append(contentsOf: buffer.bytes[..<count])
    }
    return result
  }

  private mutating func decode(into buffer: UnsafeMutableRawBufferPointer) throws(Stop) -> Int {
    let input = input
    var position = position
    defer { self.position = position }
    do throws(ZstdReadError<IOError>) {
      return unsafe try decoder.read(into: buffer) { (part) throws(IOError) in
        let count = unsafe try input.readAvailable(into: part, at: position)
        position += UInt64(count)
        return count
      }
    } catch {
      throw Stop(finding: finding(error))
    }
  }

  /// Checks that the stream ends where the header says that the data ends.
  mutating func finish() throws(Stop) {
    let input = input
    var position = position
    defer { self.position = position }
    do throws(ZstdReadError<IOError>) {
      unsafe try decoder.finish { (part) throws(IOError) in
        let count = unsafe try input.readAvailable(into: part, at: position)
        position += UInt64(count)
        return count
      }
    } catch {
      if case .zstd(.excess) = error {
        throw Stop(
          finding: Finding(
            .compressedCorrupt, "the compressed content goes on after the last tensor that the header declares",
            file: input.path, hint: "the file was appended to, or made to fill disks; export and compress it again"))
      }
      throw Stop(finding: finding(error))
    }
  }

  private func finding(_ error: ZstdReadError<IOError>) -> Finding {
    switch error {
    case .source(let error): return .unreadable(error, file: input.path)
    case .zstd(let error):
      return Finding(
        .compressedCorrupt, "the compressed file cannot be unpacked: \(error)", file: input.path,
        hint: "copy or download the file again")
    }
  }

  /// Runs operations on the temporary file, whose failure ends the unpacking.
  private func stopping<Value>(_ body: () throws(IOError) -> Value) throws(Stop) -> Value {
    do throws(IOError) {
      return try body()
    } catch {
      throw Stop(
        finding: Finding(
          .fileUnreadable, "the compressed file cannot be unpacked into a temporary file: \(error.cause)",
          file: input.path, found: error.cause, hint: "point TMPDIR at a folder with enough room"))
    }
  }
}
