import Compression
public import Diagnostics
import JSON
public import LoRAIO
import TensorCore

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
  /// What the names of compressed files end with: zstd, and zstd behind the byte-plane filter.
  public static let compressedExtensions = ArchiveFormat.allCases.map(\.fileExtension)

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
    guard input.size > 0 else {
      throw SafetensorsError(findings: [.unreadable(IOError("read", input.path, .empty), file: input.path)])
    }
    return try sound(examine(FileSource(input), unpacking: .now))
  }

  private static func sound(_ examined: Examined) throws(SafetensorsError) -> SafetensorsFile {
    guard examined.isSound, let file = examined.file else { throw SafetensorsError(findings: examined.findings) }
    return file
  }

  /// Opens a file and reports everything about its framing and header; never throws, never reads tensor data of a plain
  /// file.
  public static func examine(_ path: String, unpacking: Unpacking = .now) -> Examined {
    do throws(SourceProblem) {
      return examine(try source(path), unpacking: unpacking)
    } catch {
      return Examined(file: nil, findings: [error.finding])
    }
  }

  /// The source for a path, by its name.
  private static func source(_ path: String) throws(SourceProblem) -> any ByteSource {
    let input: InputFile
    do throws(IOError) {
      input = try InputFile(path: path)
      guard input.size > 0 else { throw IOError("read", path, .empty) }
    } catch {
      throw SourceProblem(.unreadable(error, file: path), error)
    }
    guard compressedExtensions.contains(where: { path.hasSuffix($0) }) else { return FileSource(input) }
    if let archive = try ArchiveSource(input) { return archive }
    return StreamSource(input)
  }

  /// Reads, parses and checks the header of any source.
  ///
  /// A compressed source is unpacked only when all sizes in its header add up, and never further than they say.
  private static func examine(_ source: any ByteSource, unpacking: Unpacking) -> Examined {
    do throws(SourceProblem) {
      let path = source.path
      var start = try source.first(source.firstRead)
      let frame = HeaderFrame(head: start, fileSize: start.count < 8 ? UInt64(start.count) : source.size)
      if let finding = frame.finding(file: path) { return Examined(file: nil, findings: [finding]) }
      let end = 8 + Int(frame.length)
      if start.count < end { start = try source.first(end) }
      guard start.count >= end else {
        throw SourceProblem(.shortHeader(path, found: UInt64(start.count) - 8, declared: frame.length))
      }
      var parser = HeaderParser(file: path, length: end - 8)
      // How much a compressed file holds is a claim too, which `declared` holds against the header.
      let dataBytes = source.isCompressed ? nil : source.size - UInt64(end)
      let header = parser.header(start.span.extracting(8..<end), dataBytes: dataBytes)
      let findings = parser.allFindings
      guard let header, !source.isCompressed || !findings.contains(where: { $0.rule == .headerInvalid }) else {
        return Examined(file: nil, findings: findings)
      }
      let contents = try source.declared(by: header, unpacking: unpacking)
      return Examined(file: SafetensorsFile(header: header, contents: contents), findings: findings)
    } catch {
      return Examined(file: nil, findings: [error.finding])
    }
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
