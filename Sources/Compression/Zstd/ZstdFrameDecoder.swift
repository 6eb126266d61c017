import CZstd

/// A decoder of single frames whose content size is known, straight into the memory where the content is wanted.
///
/// It needs no window, and a frame can never write more than it was given room for. One decoder belongs to one thread.
@safe package struct ZstdFrameDecoder: ~Copyable {
  private let context: OpaquePointer

  /// A decoder for any number of frames.
  ///
  /// - Throws: `outOfMemory`.
  package init() throws(ZstdError) {
    guard let context = unsafe ZSTD_createDCtx() else { throw .outOfMemory }
    unsafe self.context = context
  }

  deinit { unsafe ZSTD_freeDCtx(context) }

  /// Decodes one frame, which must give exactly as much content as `output` has room for.
  ///
  /// - Parameters:
  ///   - frame: the whole frame and nothing else; a skippable frame is one without content.
  ///   - output: where the content goes.
  ///   - checksum: low 32 bits of the content's XXH64, where they are known.
  ///   - offset: where the frame lies in its file, for errors.
  package mutating func decode(
    _ frame: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, checksum: UInt32? = nil,
    at offset: UInt64
  ) throws(ZstdError) {
    let head = unsafe Array(frame.prefix(5))
    guard head.count == 5, ZstdFrame.isFrame(magic: ZstdFrame.littleEndian32(head.span, at: 0)) else {
      throw .corrupt(reason: "no zstd frame begins here", compressedOffset: offset)
    }
    let size = unsafe ZSTD_findFrameCompressedSize(frame.baseAddress, frame.count)
    guard ZSTD_isError(size) == 0, size == frame.count else {
      throw .corrupt(reason: "the frame does not end where the seek table says", compressedOffset: offset)
    }
    let isSkippable = ZstdFrame.littleEndian32(head.span, at: 0) != ZstdFrame.magic
    let count = unsafe ZSTD_decompressDCtx(
      context, output.baseAddress, output.count, frame.baseAddress, frame.count)
    if ZSTD_isError(count) != 0 { throw error(for: count, at: offset, end: offset + UInt64(frame.count)) }
    guard count == output.count else {
      throw .corrupt(reason: "the frame holds less content than the seek table says", compressedOffset: offset)
    }
    guard let checksum else { return }
    // The library has compared a frame's own checksum, which is the same number.
    let ownChecksum = !isSkippable && head[4] & 0b100 != 0
    let found =
      unsafe ownChecksum
      ? Self.littleEndian32(frame, at: frame.count - 4)
      : UInt32(truncatingIfNeeded: XXH64.hash(UnsafeRawBufferPointer(output)))
    guard found == checksum else { throw .checksumMismatch(compressedOffset: offset + UInt64(frame.count)) }
  }

  private static func littleEndian32(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt32 {
    UInt32(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  private func error(for result: Int, at offset: UInt64, end: UInt64) -> ZstdError {
    switch ZSTD_getErrorCode(result) {
    case ZSTD_error_checksum_wrong: .checksumMismatch(compressedOffset: end)
    case ZSTD_error_dictionary_wrong: .dictionaryNeeded(compressedOffset: offset)
    case ZSTD_error_memory_allocation: .outOfMemory
    case ZSTD_error_dstSize_tooSmall:
      .corrupt(reason: "the frame holds more content than the seek table says", compressedOffset: offset)
    default:
      .corrupt(reason: unsafe String(cString: ZSTD_getErrorName(result)), compressedOffset: offset)
    }
  }
}
