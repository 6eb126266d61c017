import Compression
import LoRAIO
import LoRATestSupport
import Safetensors

/// Compressed files: a damaged one is refused or gives the very content, and what is compressed comes back.
struct ArchiveTarget: FuzzTarget {
  let name = "archive"
  private let scratch = Scratch()
  private static let most: UInt64 = 1 << 20

  /// A byte that says how, then the content of which `run` makes an archive and the damage, or the archive itself.
  private enum Form: UInt8 {
    case archive
    case zstd
    case bytePlanes
  }

  func seeds() -> [[UInt8]] {
    let content = (0..<600).map { UInt8(truncatingIfNeeded: $0 / 3) }
    let made = [Form.zstd, .bytePlanes].map { [$0.rawValue, 9, 0, 3] + content }
    let archives = [ArchiveFormat.zstd, .bytePlanes].compactMap { try? archive(of: content, $0) }
    return made + archives.map { [Form.archive.rawValue] + $0 }
  }

  func mutate(_ input: inout [UInt8], _ random: inout SeededGenerator) { ByteMutation.mutate(&input, &random) }

  func run(_ input: [UInt8]) throws(Violation) {
    switch Form(rawValue: (input.first ?? 0) % 3) {
    case .zstd?: try checkDamaged(Array(input.dropFirst()), .zstd)
    case .bytePlanes?: try checkDamaged(Array(input.dropFirst()), .bytePlanes)
    default: _ = try content(of: Array(input.dropFirst()))
    }
  }

  /// Compresses the rest of the input, flips one bit of the result as its first bytes say, and unpacks both.
  private func checkDamaged(_ input: [UInt8], _ format: ArchiveFormat) throws(Violation) {
    guard input.count > 3 else { return }
    let original = Array(input.dropFirst(3))
    var bytes = try archive(of: original, format)
    try Violation.unless(try content(of: bytes) == original, "an archive does not give back its content")
    let place = (Int(input[0]) | Int(input[1]) << 8) % bytes.count
    bytes[place] ^= 1 << (input[2] % 8)
    let damaged = try content(of: bytes)
    try Violation.unless(
      damaged == nil || damaged == original, "an archive with a flipped bit at \(place) gives other content")
  }

  private func archive(of content: [UInt8], _ format: ArchiveFormat) throws(Violation) -> [UInt8] {
    let path = try scratch.write(content, as: "content")
    do {
      let output = try OutputFile.unnamed(in: scratch.path)
      var writer = ArchiveWriter()
      writer.format = format
      writer.level = 1
      var pieces: [ArchivePiece] = []
      for start in stride(from: 0, to: content.count, by: 200) {
        let width = [1, 2, 4, 8][start / 200 % 4]
        pieces.append(
          ArchivePiece(offset: UInt64(start), count: min(200, content.count - start), elementWidth: width))
      }
      let size = try writer.write(pieces, of: try InputFile(path: path), to: output)
      return try output.reopened(size: size).bytes(at: 0, count: Int(size))
    } catch {
      throw Violation("a content of \(content.count) bytes cannot be compressed: \(error)")
    }
  }

  /// What the archive unpacks to, by its table or from front to back; nil when it is refused.
  private func content(of archive: [UInt8]) throws(Violation) -> [UInt8]? {
    let path = try scratch.write(archive, as: "archive.zst")
    guard let input = try? InputFile(path: path), let output = try? OutputFile.unnamed(in: scratch.path) else {
      return nil
    }
    return try Terminal.answer { () throws(ArchiveError) in
      var size: UInt64
      if let reader = try ArchiveReader.open(input) {
        size = reader.contentSize
        guard size <= Self.most else { return nil }
        try reader.write(to: output)
      } else {
        guard input.size < 4096 else { return nil }
        size = try StreamedContent.write(input, to: output)
      }
      size = min(size, Self.most)
      return try? output.reopened(size: size).bytes(at: 0, count: Int(size))
    } ?? nil
  }
}
