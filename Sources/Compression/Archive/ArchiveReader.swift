public import LoRAIO

/// A compressed file with a table of its frames, whose content can be read from any place by several threads.
///
/// Everything the file says about itself is a claim: it is checked against the file when it is opened and against the
/// frames when they are read. Memory for reading is a frame's content and compressed bytes for each thread, at most
/// `ArchivePiece.limit` each.
public final class ArchiveReader: Sendable {
  /// The compressed file.
  public let input: InputFile
  /// How its frames hold the content.
  public let format: ArchiveFormat
  /// Bytes of the content.
  public let contentSize: UInt64
  /// The frames with content, in order.
  let frames: [Frame]

  /// One frame, with its place in the file and in the content.
  struct Frame: Sendable, Equatable {
    var compressedOffset: UInt64
    var compressedSize: Int
    var offset: UInt64
    /// Bytes that the frame decodes to; with codes less than its content.
    var storedSize: Int
    var checksum: UInt32?
    var form: FrameForm
    var count: Int { form.count }
  }

  /// Bytes of content in the first frame.
  package var firstFrameBytes: Int { frames.first?.count ?? 0 }

  /// Number of frames with content.
  public var frameCount: Int { frames.count }

  /// Contents that are always unpacked, however small the compressed file is, in bytes.
  public static let freeExpansion: UInt64 = 256 << 20
  /// How many times larger than the compressed file larger contents may be; real weights shrink by less than half,
  /// and a file of zeros by some thousands.
  public static let expansionLimit: UInt64 = 2_000

  /// Most bytes of content that a compressed file of `size` bytes may have.
  public static func contentLimit(ofFile size: UInt64) -> UInt64 {
    let (scaled, isLarge) = size.multipliedReportingOverflow(by: expansionLimit)
    return max(freeExpansion, isLarge ? .max : scaled)
  }

  private init(_ input: InputFile, _ format: ArchiveFormat, contentSize: UInt64, frames: [Frame]) {
    self.input = input
    self.format = format
    self.contentSize = contentSize
    self.frames = frames
  }

  /// Opens a compressed file by its table.
  ///
  /// - Returns: nil when the file is no byte-plane file and has no seek table, or one with frames of more than
  ///   `ArchivePiece.limit` bytes or with empty ones without checksums; as zstd it can then still be read from front to
  ///   back.
  /// - Throws: `.seekTable`, `.malformed` or `.disproportionate` when what the file says about itself cannot be, `.io`.
  public static func open(_ input: InputFile) throws(ArchiveError) -> ArchiveReader? {
    let path = input.path
    let signature = ArchiveFormat.bytePlaneSignature
    let head = try bytes(of: input, at: 0, count: min(UInt64(signature.count), input.size))
    let format: ArchiveFormat = head == signature ? .bytePlanes : .zstd
    let size = input.size - format.headBytes
    guard let table = try seekTable(of: input, size: size) else {
      guard format == .zstd else {
        throw ArchiveError(path, .malformed("a byte-plane file without its table at the end"))
      }
      return nil
    }
    // Without a checksum nothing says that a frame is really empty, and a reader by the table would leave it out.
    guard table.frames.allSatisfy({ $0.decompressedSize > 0 || $0.checksum != nil }) else {
      guard format == .zstd else { throw ArchiveError(path, .malformed("a byte-plane file without checksums")) }
      return nil
    }
    let content = table.frames.filter { $0.decompressedSize > 0 }
    // A frame is read whole, so its compressed size counts too; stored bytes take a little more than their content.
    let most = UInt32(ArchivePiece.limit)
    guard content.allSatisfy({ $0.decompressedSize <= most && $0.compressedSize <= most + most / 64 }) else {
      guard format == .zstd else {
        throw ArchiveError(path, .malformed("a byte-plane frame of more than \(most) bytes"))
      }
      return nil
    }
    let forms =
      try format == .bytePlanes
      ? self.forms(of: input, table, content)
      : content.map { FrameForm(count: Int($0.decompressedSize)) }
    let limit = contentLimit(ofFile: input.size)
    // At most 2²⁰ frames of 2²⁴ bytes, or what the table has added up.
    let contentSize = forms.reduce(0) { $0 + UInt64($1.count) }
    guard contentSize <= limit else {
      throw ArchiveError(path, .disproportionate(content: contentSize, limit: limit))
    }
    var frames: [Frame] = []
    frames.reserveCapacity(content.count)
    var offset: UInt64 = 0
    for (entry, form) in zip(content, forms) {
      frames.append(
        Frame(
          compressedOffset: format.headBytes + entry.compressedOffset, compressedSize: Int(entry.compressedSize),
          offset: offset, storedSize: Int(entry.decompressedSize), checksum: entry.checksum, form: form))
      offset += UInt64(form.count)
    }
    return ArchiveReader(input, format, contentSize: contentSize, frames: frames)
  }

  private static func seekTable(of input: InputFile, size: UInt64) throws(ArchiveError) -> SeekTable? {
    let footerBytes = min(UInt64(SeekTable.footerBytes), size)
    let footer = try bytes(of: input, at: input.size - footerBytes, count: footerBytes)
    let length = try checking(input.path) { () throws(SeekTable.Invalid) in
      try SeekTable.byteCount(footer: footer.span, fileSize: size)
    }
    guard let length else { return nil }
    let tail = try bytes(of: input, at: input.size - length, count: length)
    return try checking(input.path) { () throws(SeekTable.Invalid) in
      try SeekTable(tail: tail.span, fileSize: size)
    }
  }

  private static func checking<Value>(_ path: String, _ body: () throws(SeekTable.Invalid) -> Value)
    throws(ArchiveError) -> Value
  {
    do throws(SeekTable.Invalid) { return try body() } catch { throw ArchiveError(path, .seekTable(error)) }
  }

  /// The forms of all frames with content, from the skippable frame that comes first.
  private static func forms(of input: InputFile, _ table: SeekTable, _ content: [SeekTable.Frame])
    throws(ArchiveError) -> [FrameForm]
  {
    let missing = ArchiveError(
      input.path,
      .malformed(
        "a byte-plane file without its list of frames, with a damaged one, or of another version than "
          + "\(FrameList.version); restore it with the version that wrote it, or compress the original again"))
    guard let first = table.frames.first, first.decompressedSize == 0,
      Int(first.compressedSize) == FrameList.size(count: content.count)
    else { throw missing }
    let frame = try bytes(of: input, at: ArchiveFormat.bytePlanes.headBytes, count: UInt64(first.compressedSize))
    guard let forms = FrameList.forms(in: frame), forms.count == content.count else { throw missing }
    for (index, form) in forms.enumerated() {
      guard [1, 2, 4, 8].contains(form.elementWidth), (1...ArchivePiece.limit).contains(form.count),
        form.canBeStored(in: Int(content[index].decompressedSize))
      else {
        throw ArchiveError(
          input.path,
          .malformed(
            "byte-plane frame \(index) says that it holds \(form.count) bytes of content in "
              + "\(content[index].decompressedSize), which its form cannot"))
      }
    }
    return forms
  }

  private static func bytes(of input: InputFile, at offset: UInt64, count: UInt64) throws(ArchiveError) -> [UInt8] {
    try reading(input.path) { () throws(IOError) in try input.bytes(at: offset, count: Int(count)) }
  }

  /// The positions of the frames that hold some of the content bytes.
  func frames(holding range: Range<UInt64>) -> Range<Int> {
    guard !range.isEmpty else { return 0..<0 }
    return position(of: range.lowerBound)..<position(of: range.upperBound - 1) + 1
  }

  /// The position of the last frame that begins at or before `offset`; frames without content are not among them.
  private func position(of offset: UInt64) -> Int {
    var low = 0
    var high = frames.count
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if frames[middle].offset <= offset { low = middle } else { high = middle }
    }
    return low
  }
}
