public import Compression
import Diagnostics
public import LoRAIO
import TensorCore

extension SafetensorsFile {
  /// Threads that unpack one file.
  private static let unpackers = 4

  /// The compressed file by its table of frames, or nil when it has none and must be read from front to back.
  static func openArchive(_ input: InputFile) throws(UnpackingStop) -> ArchiveReader? {
    try opening { () throws(ArchiveError) in try ArchiveReader.open(input) }
  }

  /// Reads the header, and when the contents have just the size that it declares, unpacks all frames now or later.
  static func examineArchive(_ archive: ArchiveReader, _ unpacking: Unpacking) throws(UnpackingStop) -> Examined {
    let path = archive.input.path
    let head = try opening { () throws(ArchiveError) in
      try archive.bytes(at: 0, count: Int(min(8, archive.contentSize)))
    }
    let frame = HeaderFrame(head: head, fileSize: archive.contentSize)
    if let finding = frame.finding(file: path) { return Examined(file: nil, findings: [finding]) }
    let text = try opening { () throws(ArchiveError) in
      try archive.bytes(at: 8, count: Int(frame.length), workers: unpackers)
    }
    var parser = HeaderParser(file: path, length: text.count)
    guard let header = parser.header(text, dataBytes: nil),
      !parser.allFindings.contains(where: { $0.rule == .headerInvalid })
    else { return Examined(file: nil, findings: parser.allFindings) }
    let (total, overflow) = header.dataStart.addingReportingOverflow(header.dataBytes)
    guard !overflow, total == archive.contentSize else {
      throw UnpackingStop(finding: .otherContents(path, declared: total, table: archive.contentSize))
    }
    let size = archive.contentSize
    let contents: InputFile
    switch unpacking {
    case .now:
      let output = try filling(path) { () throws(IOError) in try OutputFile.temporary() }
      try opening { () throws(ArchiveError) in try archive.write(to: output, workers: unpackers) }
      contents = try filling(path) { () throws(IOError) in try output.reopened(size: size) }
    case .onDemand:
      contents = InputFile(path: path, size: size) { () throws(IOError) in
        let output = try OutputFile.temporary()
        do throws(ArchiveError) { try archive.write(to: output, workers: unpackers) } catch { throw IOError(error) }
        return try output.reopened(size: size, path: path)
      }
    }
    let file = SafetensorsFile(
      path: path, header: header, fileBytes: archive.input.size, isCompressed: true, contents: contents,
      archive: archive)
    return Examined(file: file, findings: parser.allFindings)
  }

  private static func filling<Value>(_ path: String, _ body: () throws(IOError) -> Value) throws(UnpackingStop)
    -> Value
  {
    do throws(IOError) { return try body() } catch { throw UnpackingStop(finding: .temporary(error, file: path)) }
  }

  private static func opening<Value>(_ body: () throws(ArchiveError) -> Value) throws(UnpackingStop) -> Value {
    do throws(ArchiveError) {
      return try body()
    } catch {
      throw UnpackingStop(finding: .compressed(error))
    }
  }
}

extension SafetensorsFile {
  /// The header as the file has it, its length in front.
  public func headerBytes() throws(IOError) -> [UInt8] {
    if let stream { return try stream.headerBytes() }
    guard let archive else { return try contents.bytes(at: 0, count: Int(header.dataStart)) }
    do throws(ArchiveError) {
      return try archive.bytes(at: 0, count: Int(header.dataStart), workers: Self.unpackers)
    } catch {
      throw IOError(error)
    }
  }
}

extension IOError {
  /// The failure of reading a compressed file, as one of reading its content.
  public init(_ error: ArchiveError) {
    if case .io(let cause) = error.reason {
      self = cause
    } else {
      self.init("unpack", error.path, .damaged(error.cause))
    }
  }
}

extension Finding {
  /// What stopped the reading of a compressed file.
  static func compressed(_ error: ArchiveError) -> Finding {
    switch error.reason {
    case .io(let failure) where failure.operation == "read": .unreadable(failure, file: error.path)
    case .io(let failure): .temporary(failure, file: error.path)
    case .disproportionate:
      Finding(
        .compressedCorrupt, "the compressed file cannot be unpacked: \(error.cause)", file: error.path,
        hint: "such a file is made to fill disks; unpack it yourself if you trust it")
    default:
      Finding(
        .compressedCorrupt, "the compressed file cannot be unpacked: \(error.cause)", file: error.path,
        hint: "copy or download the file again")
    }
  }

  /// Header and seek table do not agree about the size of the contents.
  static func otherContents(_ path: String, declared: UInt64, table: UInt64) -> Finding {
    Finding(
      .compressedCorrupt, "the seek table describes other contents than the header", file: path,
      expected: "\(ByteCount(declared))", found: "\(ByteCount(table))")
  }

  /// No temporary file could be had or filled.
  static func temporary(_ error: IOError, file: String) -> Finding {
    Finding(
      .fileUnreadable, "the compressed file cannot be unpacked into a temporary file: \(error.cause)", file: file,
      found: error.cause, hint: "point TMPDIR at a folder with enough room")
  }
}
