import Diagnostics
import TensorCore

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
    // Where no more than the length is known, it alone counts: it may well look like the start of something else.
    if fits && length > 0 && (head.count == 8 || body.first == UInt8(ascii: "{")) { return nil }
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
