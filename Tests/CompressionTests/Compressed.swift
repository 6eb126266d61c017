import CZstd
import Compression
import LoRATestSupport

/// How a test frame is made.
struct FrameOptions: Sendable {
  var level: Int32 = 3
  var checksum = false
  var contentSize = true
}

struct CompressionFailed: Error {
  let name: String
}

/// One frame with all of `content`, made by the reference library.
func compressed(_ content: [UInt8], _ options: FrameOptions = FrameOptions()) throws -> [UInt8] {
  let context = unsafe ZSTD_createCCtx()
  defer { unsafe ZSTD_freeCCtx(context) }
  unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, options.level)
  unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, options.checksum ? 1 : 0)
  unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, options.contentSize ? 1 : 0)
  var bytes = [UInt8](repeating: 0, count: ZSTD_compressBound(content.count))
  let count = unsafe ZSTD_compress2(context, &bytes, bytes.count, content, content.count)
  guard ZSTD_isError(count) == 0 else {
    throw unsafe CompressionFailed(name: String(cString: ZSTD_getErrorName(count)))
  }
  return Array(bytes[..<count])
}

/// A skippable frame.
func skippable(_ content: [UInt8], nibble: UInt8 = 3) -> [UInt8] {
  [0x50 | nibble, 0x2A, 0x4D, 0x18] + littleEndian(UInt32(content.count)) + content
}

func littleEndian(_ value: UInt32) -> [UInt8] {
  (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
}

/// Compressed bytes handed out in pieces of a chosen size, as a file or a pipe would.
struct Pieces {
  let bytes: [UInt8]
  var size = Int.max
  private(set) var offset = 0

  init(_ bytes: [UInt8], size: Int = .max) {
    self.bytes = bytes
    self.size = size
  }

  mutating func next(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(size, buffer.count, bytes.count - offset)
    unsafe buffer.copyBytes(from: bytes[offset..<offset + count])
    offset += count
    return count
  }
}

extension ZstdDecoder {
  /// At most `count` bytes of content, in an array of just that size.
  ///
  /// Traps when anything behind the asked bytes was written.
  mutating func read(_ count: Int, from pieces: inout Pieces) throws(ZstdReadError<Never>) -> [UInt8] {
    let canary: UInt8 = 0xA5
    var output = [UInt8](repeating: canary, count: count + 64)
    let read: Int
    do {
      read = try unsafe output.withUnsafeMutableBytes { buffer in
        try unsafe self.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])) {
          unsafe pieces.next($0)
        }
      }
    } catch let error as ZstdReadError<Never> {
      throw error
    } catch {
      preconditionFailure("\(error)")
    }
    precondition(read <= count && output[count...].allSatisfy { $0 == canary }, "more written than asked for")
    output.removeLast(output.count - read)
    return output
  }

  mutating func finish(from pieces: inout Pieces) throws(ZstdReadError<Never>) {
    try unsafe finish { unsafe pieces.next($0) }
  }
}

/// What came out of a stream, and what ended it early.
struct Outcome: Equatable {
  var content: [UInt8] = []
  var error: ZstdError?
}

/// Decodes a whole stream in steps of `step` bytes, at most `limit` bytes in all.
func decode(
  _ bytes: [UInt8], piece: Int = .max, step: Int = 4096, limit: Int = 1 << 24,
  windowLog: Int = ZstdDecoder.defaultWindowLog
) throws -> Outcome {
  var outcome = Outcome()
  var pieces = Pieces(bytes, size: piece)
  var decoder = try ZstdDecoder(maximumWindowLog: windowLog)
  do throws(ZstdReadError<Never>) {
    while outcome.content.count < limit {
      let asked = min(step, limit - outcome.content.count)
      let content = try decoder.read(asked, from: &pieces)
      outcome.content += content
      if content.count < asked { break }
    }
  } catch {
    // As a pattern of the clause, Swift 6.2 does not compile it.
    if case .zstd(let reason) = error { outcome.error = reason }
  }
  return outcome
}

/// Bytes that compress, like a header followed by small numbers.
func mixedContent(_ count: Int, seed: UInt64) -> [UInt8] {
  var generator = SeededGenerator(seed: seed)
  return (0..<count).map { index in
    index % 3 == 0 ? UInt8(truncatingIfNeeded: index / 64) : UInt8(generator.next() & 15)
  }
}

/// Bytes that do not compress, so that zstd stores them as raw blocks.
func randomContent(_ count: Int, seed: UInt64) -> [UInt8] {
  var generator = SeededGenerator(seed: seed)
  return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
}
