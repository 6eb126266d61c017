import LoRAIO
import SHA2
import Safetensors
import Synchronization

/// SHA-256 of whole files, each computed once by the first thread that needs it.
final class FileDigests: Sendable {
  private final class Slot: Sendable {
    let digest = Mutex<String?>(nil)
  }

  private let sources: [SafetensorsFile]
  private let slots: [Slot]

  private static let pieceBytes = 1 << 20

  /// Digests of these files as they lie on disk; those that are `known` are not read.
  init(_ sources: [SafetensorsFile], known: [Int: String] = [:]) {
    self.sources = sources
    slots = sources.map { _ in Slot() }
    for (source, digest) in known where slots.indices.contains(source) { slots[source].digest.withLock { $0 = digest } }
  }

  /// The digest of a source, as 64 hexadecimal digits.
  func digest(of source: Int) throws(IOError) -> String {
    try slots[source].digest.withLock { digest throws(IOError) in
      if let digest { return digest }
      let computed = try Self.digest(of: InputFile(path: sources[source].path))
      digest = computed
      return computed
    }
  }

  /// The digests computed so far.
  var known: [Int: String] {
    var known: [Int: String] = [:]
    // One that is being computed is not waited for.
    for (source, slot) in slots.enumerated() { known[source] = slot.digest.withLockIfAvailable { $0 } ?? nil }
    return known
  }

  /// Fills the holes of a text.
  func bytes(of text: DigestTemplate) throws(IOError) -> [UInt8] {
    var bytes = text.bytes
    for hole in text.holes {
      bytes.replaceSubrange(
        hole.offset..<hole.offset + DigestTemplate.digestLength, with: try digest(of: hole.source).utf8)
    }
    return bytes
  }

  private static func digest(of file: InputFile) throws(IOError) -> String {
    file.adviseSequential()
    var hash = SHA256()
    let buffer = IOBuffer(count: pieceBytes)
    var offset: UInt64 = 0
    while offset < file.size {
      try TerminationSignals.check(reading: file.path, at: offset)
      let piece = unsafe UnsafeMutableRawBufferPointer(
        rebasing: buffer.bytes[..<Int(min(UInt64(pieceBytes), file.size - offset))])
      unsafe try file.read(into: piece, at: offset)
      unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(piece))
      offset += UInt64(piece.count)
    }
    return FileIdentity.hex(hash.finalize())
  }
}
