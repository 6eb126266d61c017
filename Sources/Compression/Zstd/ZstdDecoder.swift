import CZstd

/// A streaming decoder of zstd files: any row of frames, skippable ones included, so seekable files too.
///
/// It pulls compressed bytes as it needs them and hands out exactly as much content as it is asked for; a small file
/// that unfolds to terabytes therefore costs no more than its reader agreed to take. Its own memory is an input buffer
/// of 256 KiB and the window that a frame declares, up to the limit given to `init`.
///
/// Frames of the formats before 1.0 (2016) are refused, even where the system's library could still read them.
@safe package struct ZstdDecoder: ~Copyable {
  private let context: OpaquePointer
  private let input: UnsafeMutableRawBufferPointer
  private let windowLimit: UInt64
  /// The part of `input` that is read but not decoded.
  private var pending = 0..<0
  /// Bytes that the library wants next; zero between frames.
  private var wanted = 0
  /// Whether the library may hold content that did not fit into the last output.
  private var mayHoldContent = false
  private var failure: ZstdError?

  /// Bytes of the stream that are decoded so far; bytes read ahead do not count.
  package private(set) var compressedOffset: UInt64 = 0
  /// Bytes of content handed out so far.
  package private(set) var decompressedOffset: UInt64 = 0

  /// The window size, as a power of two, that the reference decoder takes too: 2²⁷ bytes, 128 MiB.
  package static let defaultWindowLog = 27
  private static let inputBytes = 256 * 1024

  /// A decoder at the start of a stream.
  ///
  /// - Parameter maximumWindowLog: frames that need a window of more than 2 to this power bytes are refused; values
  ///   outside 10...31 mean the nearest of them.
  /// - Throws: `outOfMemory`.
  package init(maximumWindowLog: Int = defaultWindowLog) throws(ZstdError) {
    guard let context = unsafe ZSTD_createDCtx() else { throw .outOfMemory }
    unsafe self.init(context, maximumWindowLog: maximumWindowLog)
  }

  // An initializer that throws sets no field: see `DecodingScratch`.
  private init(_ context: OpaquePointer, maximumWindowLog: Int) {
    let log = min(max(maximumWindowLog, 10), 31)
    // Cannot fail: every library since 1.4 takes 10...31 on 64-bit machines.
    _ = unsafe ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Int32(log))
    unsafe self.context = context
    unsafe self.input = .allocate(byteCount: Self.inputBytes, alignment: 16)
    windowLimit = 1 << UInt64(log)
  }

  deinit {
    unsafe ZSTD_freeDCtx(context)
    unsafe input.deallocate()
  }

  /// Fills `output` with the next content.
  ///
  /// - Parameters:
  ///   - output: where the content goes; nothing is written beyond the returned count.
  ///   - source: delivers the next compressed bytes: writes up to the buffer's size and returns how many, 0 only at
  ///     the end of the stream.
  /// - Returns: bytes written; fewer than `output.count` only at the end of the stream.
  /// - Throws: what the source throws, or what is wrong with the stream. A stream at fault stays at fault: every later
  ///   read throws the same. A throw of the source leaves the decoder able to go on, less the content that this call
  ///   had already decoded.
  package mutating func read<SourceError: Error>(
    into output: UnsafeMutableRawBufferPointer,
    from source: (UnsafeMutableRawBufferPointer) throws(SourceError) -> Int
  ) throws(ZstdReadError<SourceError>) -> Int {
    if let failure { throw .zstd(failure) }
    var filled = 0
    while filled < output.count {
      if pending.isEmpty, !mayHoldContent {
        try unsafe refill(keeping: 0, from: source)
        if pending.isEmpty {
          guard wanted == 0, compressedOffset > 0 else {
            throw .zstd(fail(.truncated(compressedOffset: compressedOffset)))
          }
          break
        }
      }
      if wanted == 0, !mayHoldContent { try unsafe beginFrame(from: source) }
      do {
        filled += try unsafe decode(into: UnsafeMutableRawBufferPointer(rebasing: output[filled...]))
      } catch {
        throw .zstd(fail(error))
      }
    }
    return filled
  }

  /// Makes sure that the stream ends here: checks the last frame's checksum and that no content follows.
  ///
  /// - Throws: `excess` when there is more content, or what `read(into:from:)` throws.
  package mutating func finish<SourceError: Error>(
    from source: (UnsafeMutableRawBufferPointer) throws(SourceError) -> Int
  ) throws(ZstdReadError<SourceError>) {
    let expected = decompressedOffset
    var byte: UInt8 = 0
    // `byte` is scratch space: only whether anything comes matters.
    let more = try unsafe withUnsafeMutableBytes(of: &byte) { (scratch) throws(ZstdReadError<SourceError>) in
      try unsafe read(into: scratch, from: source)
    }
    if more > 0 { throw .zstd(fail(.excess(decompressedOffset: expected))) }
  }

  private mutating func fail(_ error: ZstdError) -> ZstdError {
    failure = error
    return error
  }

  /// Moves `kept` pending bytes to the front of the buffer and reads more behind them, once.
  private mutating func refill<SourceError: Error>(
    keeping kept: Int, from source: (UnsafeMutableRawBufferPointer) throws(SourceError) -> Int
  ) throws(ZstdReadError<SourceError>) {
    for index in 0..<kept { unsafe input[index] = unsafe input[pending.lowerBound + index] }
    pending = 0..<kept
    let count: Int
    do {
      count = try unsafe source(UnsafeMutableRawBufferPointer(rebasing: input[kept...]))
    } catch {
      throw .source(error)
    }
    precondition(count >= 0 && count <= Self.inputBytes - kept, "a source returns how much it wrote into the buffer")
    pending = 0..<kept + count
  }

  /// Gathers a frame's magic number and checks it, so that what is no frame gets a clear answer at its first byte.
  private mutating func beginFrame<SourceError: Error>(
    from source: (UnsafeMutableRawBufferPointer) throws(SourceError) -> Int
  ) throws(ZstdReadError<SourceError>) {
    while pending.count < 4 {
      let before = pending.count
      try unsafe refill(keeping: before, from: source)
      if pending.count == before { break }
    }
    let head = unsafe Array(input[pending].prefix(4))
    guard ZstdFrame.canBeginFrame(head) else {
      throw .zstd(fail(.corrupt(reason: "no zstd frame begins here", compressedOffset: compressedOffset)))
    }
    guard head.count == 4 else {
      throw .zstd(fail(.truncated(compressedOffset: compressedOffset + UInt64(head.count))))
    }
    // The library asks for five bytes at the start of a frame.
    wanted = 5
  }

  /// One step of the library: at most what it asked for, so that a fault is known to within a block.
  private mutating func decode(into output: UnsafeMutableRawBufferPointer) throws(ZstdError) -> Int {
    let step = min(wanted, pending.count)
    var source = unsafe ZSTD_inBuffer(src: input.baseAddress?.advanced(by: pending.lowerBound), size: step, pos: 0)
    var target = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
    let result = unsafe ZSTD_decompressStream(context, &target, &source)
    if ZSTD_isError(result) != 0 { throw error(for: result) }
    let (consumed, produced) = unsafe (source.pos, target.pos)
    pending = pending.lowerBound + consumed..<pending.upperBound
    compressedOffset += UInt64(consumed)
    decompressedOffset += UInt64(produced)
    wanted = result
    mayHoldContent = result != 0 && produced == output.count
    return produced
  }

  private func error(for result: Int) -> ZstdError {
    switch ZSTD_getErrorCode(result) {
    case ZSTD_error_checksum_wrong: .checksumMismatch(compressedOffset: compressedOffset)
    case ZSTD_error_frameParameter_windowTooLarge:
      .windowTooLarge(limit: windowLimit, compressedOffset: compressedOffset)
    case ZSTD_error_dictionary_wrong: .dictionaryNeeded(compressedOffset: compressedOffset)
    case ZSTD_error_memory_allocation: .outOfMemory
    default:
      .corrupt(reason: unsafe String(cString: ZSTD_getErrorName(result)), compressedOffset: compressedOffset)
    }
  }
}
