import CZstd

/// An encoder of single zstd frames that state their content size and carry their content's checksum.
///
/// One encoder belongs to one thread and is used for any number of frames, so that its tables are allocated once.
@safe package struct ZstdFrameEncoder: ~Copyable {
  private let context: OpaquePointer

  /// Levels that can be asked for; from 20 on the encoder takes over a hundred MiB of memory.
  package static let levels = 1...22

  /// Bytes at the end of every frame that hold the low 32 bits of the content's XXH64 (seed 0), little-endian.
  package static let checksumBytes = 4

  /// How hard the search for repeated content is given up to count as none.
  private static let noSearch: Int32 = -100_000

  /// An encoder of a level; others than `levels` mean the nearest of them.
  ///
  /// - Parameter searches: false looks for no repetitions and only gives frequent bytes short codes: right for content
  ///   whose bytes are few but in no order, which repetitions of four bytes only tear apart. The level then says nothing.
  /// - Throws: `outOfMemory`.
  package init(level: Int, searches: Bool = true) throws(ZstdError) {
    guard let context = unsafe ZSTD_createCCtx() else { throw .outOfMemory }
    let nearest = min(max(level, Self.levels.lowerBound), Self.levels.upperBound)
    defer {
      // The library leaves short codes out where it is told not to search, unless it is asked for them by a parameter
      // that it has since 1.4 and calls experimental; where it has it no longer, the level stays.
      if !searches, unsafe ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_experimentalParam5, 1)) == 0 {
        _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Self.noSearch)
      }
    }
    // Cannot fail: fixed parameters in the range of every library since 1.4.
    _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(nearest))
    _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 1)
    unsafe self.context = context
  }

  deinit { unsafe ZSTD_freeCCtx(context) }

  /// One frame with all of `content`.
  ///
  /// - Parameter cuts: ascending offsets at which a new block begins, so that what differs gets codes of its own.
  /// - Throws: `outOfMemory`, the only way in which the library can fail here.
  package mutating func frame(_ content: UnsafeRawBufferPointer, cuts: [Int] = []) throws(ZstdError) -> [UInt8] {
    var isComplete = true
    // A block takes three bytes more than its content at worst.
    let capacity = ZSTD_compressBound(content.count) + 3 * cuts.count
    let result = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, initialized in
      _ = unsafe ZSTD_CCtx_reset(context, ZSTD_reset_session_only)
      _ = unsafe ZSTD_CCtx_setPledgedSrcSize(context, UInt64(content.count))
      var output = unsafe ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
      var start = 0
      for end in cuts.filter({ $0 < content.count }) + [content.count] where isComplete {
        let part = unsafe UnsafeRawBufferPointer(rebasing: content[start..<end])
        var input = unsafe ZSTD_inBuffer(src: part.baseAddress, size: part.count, pos: 0)
        let directive = end == content.count ? ZSTD_e_end : ZSTD_e_flush
        // The output has room for everything, so one call is enough.
        isComplete = unsafe ZSTD_compressStream2(context, &output, &input, directive) == 0
        start = end
      }
      initialized = isComplete ? unsafe output.pos : 0
    }
    guard isComplete else { throw .outOfMemory }
    return result
  }
}
