public import Compression
public import Diagnostics
import JSON
public import LoRAIO
import TensorCore

/// A safetensors file with its parsed header, readable from any number of threads.
///
/// Tensor data is little-endian, row-major and packed, and may lie at any alignment.
public final class SafetensorsFile: Sendable {
  /// The path that it was opened by.
  public let path: String
  /// Its header.
  public let header: SafetensorsHeader
  /// Bytes of the file on disk, compressed if it is.
  public let fileBytes: UInt64
  /// Whether the file is compressed; its contents then lie in a nameless temporary file.
  public let isCompressed: Bool
  /// The uncompressed contents, header included; with `Unpacking.onDemand` unpacked when they are first read.
  public let contents: InputFile
  /// The compressed file with its table of frames, where it has one: a caller that wants all data in memory need not go by
  /// way of `contents`.
  public let archive: ArchiveReader?
  /// The data of a compressed file without such a table, opened with `Unpacking.onDemand`.
  public let stream: DataStream?

  /// When the contents of a compressed file are unpacked.
  public enum Unpacking: Sendable {
    /// When it is opened; damage anywhere is a finding.
    case now
    /// When `contents` are first read; damage is a failure of reading.
    case onDemand
  }

  init(
    path: String, header: SafetensorsHeader, fileBytes: UInt64, isCompressed: Bool, contents: InputFile,
    archive: ArchiveReader? = nil, stream: DataStream? = nil
  ) {
    self.path = path
    self.header = header
    self.fileBytes = fileBytes
    self.isCompressed = isCompressed
    self.contents = contents
    self.archive = archive
    self.stream = stream
  }

  /// The same without the open file: its header can be used, its data not be read.
  public var closed: SafetensorsFile {
    SafetensorsFile(
      path: path, header: header, fileBytes: fileBytes, isCompressed: isCompressed, contents: contents.closed)
  }

  /// Offset in `contents` of the tensor's first byte.
  public func offset(of tensor: TensorInfo) -> UInt64 { header.dataStart + tensor.begin }

  /// Fills the buffer with the tensor's data from `start`, counted in bytes from the tensor's first byte.
  public func read(_ tensor: TensorInfo, from start: UInt64 = 0, into buffer: UnsafeMutableRawBufferPointer)
    throws(IOError)
  {
    unsafe try contents.read(into: buffer, at: offset(of: tensor) + start)
  }

  /// All data of a tensor; the file is known to hold that many bytes, so no more than its size is allocated.
  public func bytes(of tensor: TensorInfo) throws(IOError) -> [UInt8] {
    guard offset(of: tensor) + tensor.byteCount <= contents.size else {
      throw IOError(
        "read", path, offset: offset(of: tensor), .unexpectedEnd(wanted: tensor.byteCount, got: contents.size))
    }
    return try contents.bytes(at: offset(of: tensor), count: Int(tensor.byteCount))
  }
}

/// What examining a file gave: the file when its header could be read, and all problems.
public struct Examined: Sendable {
  /// The file, present even beside errors as long as its header could be parsed.
  ///
  /// Tools that only look may use its header; its data may be read only when `isSound`.
  public let file: SafetensorsFile?
  /// Everything wrong or unusual about it.
  public let findings: [Finding]

  /// Whether the reference library would load the file and no name in it is ambiguous.
  public var isSound: Bool { file != nil && !findings.contains { $0.severity == .error } }
}

/// Why a file cannot be used as safetensors.
public struct SafetensorsError: Error, Sendable, CustomStringConvertible {
  /// The problems, errors first among them.
  public let findings: [Finding]

  /// The first error's sentence, with its place and how many others there are.
  public var description: String {
    let errors = findings.filter { $0.severity == .error }
    guard let first = errors.first else { return "the file cannot be used" }
    let place = first.byteOffset.map { " (byte \($0))" } ?? ""
    // A message may say itself what was found.
    let found = first.found.flatMap { first.message.contains($0) ? nil : ", found \($0)" } ?? ""
    let values = found.isEmpty ? "" : first.expected.map { ", expected \($0)" } ?? ""
    let hint = first.hint.map { "; \($0)" } ?? ""
    let more = errors.count > 1 ? "; \(errors.count - 1) more problems" : ""
    return "\(escaped(first.file)): \(first.message)\(values)\(found)\(place)\(hint)\(more)"
  }
}

extension SafetensorsFile {
  /// Opens a file that must be sound.
  ///
  /// - Throws: `SafetensorsError` with all problems when it cannot be read or breaks the format.
  public static func open(_ path: String) throws(SafetensorsError) -> SafetensorsFile {
    let examined = examine(path)
    return try sound(examined)
  }

  /// Reads the header of an open, uncompressed file that must be sound.
  ///
  /// - Throws: `SafetensorsError` with all problems when it cannot be read or breaks the format.
  public static func open(_ input: InputFile) throws(SafetensorsError) -> SafetensorsFile {
    let examined: Examined
    do throws(IOError) {
      guard input.size > 0 else { throw IOError("read", input.path, .empty) }
      examined = try examine(input)
    } catch {
      throw SafetensorsError(findings: [.unreadable(error, file: input.path)])
    }
    return try sound(examined)
  }

  private static func sound(_ examined: Examined) throws(SafetensorsError) -> SafetensorsFile {
    guard examined.isSound, let file = examined.file else { throw SafetensorsError(findings: examined.findings) }
    return file
  }

  /// Opens a file and reports everything about its framing and header; never throws, never reads tensor data.
  public static func examine(_ path: String, unpacking: Unpacking = .now) -> Examined {
    do throws(IOError) {
      let input = try InputFile(path: path)
      guard input.size > 0 else { throw IOError("read", path, .empty) }
      if compressedExtensions.contains(where: { path.hasSuffix($0) }) {
        return examineCompressed(input, unpacking)
      }
      return try examine(input)
    } catch {
      return Examined(file: nil, findings: [.unreadable(error, file: path)])
    }
  }

  private static func examine(_ input: InputFile) throws(IOError) -> Examined {
    let head = try input.bytes(at: 0, count: Int(min(input.size, 65_536)))
    let frame = HeaderFrame(head: head, fileSize: input.size)
    if let finding = frame.finding(file: input.path) { return Examined(file: nil, findings: [finding]) }
    let length = Int(frame.length)
    let text = 8 + length <= head.count ? Array(head[8..<8 + length]) : try input.bytes(at: 8, count: length)
    return examine(text, path: input.path, dataBytes: input.size - 8 - frame.length, fileBytes: input.size, input)
  }

  /// Parses and checks the header text of a file whose data section has `dataBytes` bytes.
  private static func examine(
    _ text: [UInt8], path: String, dataBytes: UInt64, fileBytes: UInt64, _ contents: InputFile
  ) -> Examined {
    var parser = HeaderParser(file: path, length: text.count)
    let header = parser.header(text, dataBytes: dataBytes)
    let file = header.map {
      SafetensorsFile(path: path, header: $0, fileBytes: fileBytes, isCompressed: false, contents: contents)
    }
    return Examined(file: file, findings: parser.allFindings)
  }
}

extension HeaderParser {
  /// Parses and validates in one go; nil when the JSON could not be read.
  mutating func header(_ text: [UInt8], dataBytes: UInt64?) -> SafetensorsHeader? {
    if text.count > 25_000_000 {
      unusual("the header has \(text.count) bytes; hub tools refuse headers over 25,000,000")
    }
    guard parse(text.span) else { return nil }
    if text.count % 8 != 0 {
      unusual("the data starts at byte \(8 + text.count), which is no multiple of 8; some readers need that")
    }
    validate(dataBytes: dataBytes)
    return SafetensorsHeader(
      tensors: tensors, names: names, metadata: metadata, dataStart: 8 + UInt64(text.count))
  }

  /// The findings, with a last one that counts those left out; a broken header is not also called unusual.
  var allFindings: [Finding] {
    let errors = self.findings.filter { $0.severity == .error }
    let findings = errors.isEmpty ? self.findings : errors
    guard suppressed > 0, let last = findings.last else { return findings }
    return findings + [Finding(last.rule, "\(suppressed) more problems in this header are not shown", file: last.file)]
  }
}

/// The first eight bytes and what follows them, judged before anything is parsed.
struct HeaderFrame {
  /// Length of the header in bytes, 0 when there are not even eight bytes.
  let length: UInt64
  private let head: [UInt8]
  private let fileSize: UInt64

  /// `head` holds the first bytes of a file of `fileSize` bytes; nil when the size is not known yet.
  init(head: [UInt8], fileSize: UInt64) {
    self.head = head
    self.fileSize = fileSize
    var length: UInt64 = 0
    if head.count >= 8 { for index in (0..<8).reversed() { length = length << 8 | UInt64(head[index]) } }
    self.length = length
  }

  /// Why no header can be read here, or nil when one can.
  func finding(file: String) -> Finding? {
    let body = head.dropFirst(8).drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
    let fits = fileSize >= 8 && length <= HeaderParser.lengthLimit && length <= fileSize - 8
    if fits && (length == 0 || body.first == UInt8(ascii: "{")) && length > 0 { return nil }
    // Eight bytes of another format nearly always read as an absurd length, so the signature explains more.
    if let (name, _) = FileSignature.recognise(head) {
      let hint = name.hasPrefix("a Git LFS") ? "fetch it with 'git lfs pull'" : "export or download it as .safetensors"
      return Finding(
        .fileNotSafetensors, "this is not a safetensors file but \(name)", file: file, expected: "a safetensors file",
        found: name, hint: hint, byteOffset: 0)
    }
    if fileSize < 8 {
      return Finding(
        .headerInvalid, "the file is too short for a safetensors header", file: file, expected: "at least 8 bytes",
        found: "\(fileSize) bytes", byteOffset: 0)
    }
    if length > HeaderParser.lengthLimit {
      return Finding(
        .headerInvalid, "the header length in the first 8 bytes is beyond what the format allows", file: file,
        expected: "at most \(grouped(HeaderParser.lengthLimit))", found: grouped(length),
        hint: "the file is probably not safetensors at all, or its start was overwritten", byteOffset: 0)
    }
    if length > fileSize - 8 {
      return Finding(
        .headerInvalid, "the file is truncated inside its header", file: file,
        expected: "\(grouped(length)) bytes of header", found: "\(grouped(fileSize - 8)) bytes after the length",
        hint: "copy or download the file again; an interrupted save leaves such a file", byteOffset: 8)
    }
    if length == 0 {
      return Finding(
        .headerInvalid, "the header is empty", file: file, expected: "a JSON object", found: "length 0", byteOffset: 0)
    }
    return nil
  }
}

extension Finding {
  /// The finding for a file that could not be opened or read.
  public static func unreadable(_ error: IOError, file: String) -> Finding {
    Finding(
      .fileUnreadable, "the file cannot be read: \(error.cause)", file: file, found: error.cause,
      byteOffset: error.offset)
  }
}
