import Compression
import Diagnostics
import LoRAIO
import TensorCore

// What can be wrong with compressed files, whichever source reads them.
extension Finding {
  /// What stopped the reading of a file with a table of frames.
  static func compressed(_ error: ArchiveError) -> Finding {
    switch error.reason {
    case .io(let failure) where failure.operation == "read": .unreadable(failure, file: error.path)
    case .io(let failure): .temporary(failure, file: error.path)
    case .disproportionate:
      Finding(
        .compressedCorrupt, "the compressed file cannot be unpacked: \(error.cause)", file: error.path,
        hint: "such a file is made to fill disks; unpack it yourself if you trust it")
    default: .damaged(error.cause, file: error.path)
    }
  }

  /// Compressed bytes that do not decode.
  static func damaged(_ cause: String, file: String) -> Finding {
    Finding(
      .compressedCorrupt, "the compressed file cannot be unpacked: \(cause)", file: file,
      hint: "copy or download the file again")
  }

  /// A seek table that contradicts itself or the file.
  static func seekTable(_ error: SeekTable.Invalid, file: String) -> Finding {
    Finding(
      .compressedCorrupt, "the seek table at the end of the compressed file is wrong: \(error)", file: file,
      hint: "copy or download the file again")
  }

  /// Header and seek table do not agree about the size of the contents.
  static func otherContents(_ path: String, declared: UInt64, table: UInt64) -> Finding {
    Finding(
      .compressedCorrupt, "the seek table describes other contents than the header", file: path,
      expected: "\(ByteCount(declared))", found: "\(ByteCount(table))")
  }

  /// A header that declares more than a file of this size may unfold to.
  static func disproportionate(_ path: String, declared: UInt64?, limit: UInt64) -> Finding {
    Finding(
      .compressedCorrupt, "the header declares contents out of all proportion to the compressed file", file: path,
      expected: "at most \(ByteCount(limit))", found: declared.map { "\(ByteCount($0))" } ?? "over 2^64 bytes",
      hint: "such a file is made to fill disks; unpack it yourself if you trust it")
  }

  /// Contents that end before all of the header has come.
  static func shortHeader(_ path: String, found: UInt64, declared: UInt64) -> Finding {
    Finding(
      .headerInvalid, "the compressed content is truncated inside its header", file: path,
      expected: "\(declared) bytes of header", found: "\(found) bytes")
  }

  /// Contents that end before all of the data has come.
  static func shortContent(_ path: String, found: UInt64, declared: UInt64) -> Finding {
    Finding(
      .headerInvalid, "the compressed content is truncated: \(declared - found) data bytes are missing at the end",
      file: path, expected: "\(ByteCount(declared))", found: "\(ByteCount(found))")
  }

  /// Contents that go on where the header says that the data ends.
  static func excessContent(_ path: String) -> Finding {
    Finding(
      .compressedCorrupt, "the compressed content goes on after the last tensor that the header declares", file: path,
      hint: "the file was appended to, or made to fill disks; export and compress it again")
  }

  /// No temporary file could be had or filled.
  static func temporary(_ error: IOError, file: String) -> Finding {
    Finding(
      .fileUnreadable, "the compressed file cannot be unpacked into a temporary file: \(error.cause)", file: file,
      found: error.cause, hint: "point TMPDIR at a folder with enough room")
  }
}
