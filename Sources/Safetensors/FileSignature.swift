/// The kind of file that a first few bytes announce, for telling users what they have handed in instead.
enum FileSignature {
  /// What the file seems to be, and whether it holds pickled weights; nil when nothing is recognised.
  static func recognise(_ head: [UInt8]) -> (name: String, isPickle: Bool)? {
    func starts(_ bytes: [UInt8]) -> Bool { head.starts(with: bytes) }
    func starts(_ text: String) -> Bool { head.starts(with: text.utf8) }
    let trimmed = head.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
    let lowered = String(decoding: trimmed.prefix(15), as: UTF8.self).lowercased()
    if starts("PK\u{3}\u{4}") { return ("a zip archive, as torch.save writes (pickle weights)", true) }
    if head.count > 1, head[0] == 0x80, (2...5).contains(head[1]) { return ("a Python pickle", true) }
    if starts("GGUF") { return ("a GGUF file (llama.cpp)", false) }
    if starts("version https://git-lfs") { return ("a Git LFS pointer: the real file was never downloaded", false) }
    if lowered.hasPrefix("<!doctype") || lowered.hasPrefix("<html") || lowered.hasPrefix("<?xml") {
      return ("an HTML or XML page, such as an error page saved by a download", false)
    }
    if starts([0x28, 0xB5, 0x2F, 0xFD]) {
      return ("zstd-compressed data; name it .safetensors.zst to have it read", false)
    }
    if starts([0x1F, 0x8B]) { return ("gzip-compressed data", false) }
    if starts([0x89] + Array("HDF".utf8)) { return ("an HDF5 file (Keras weights)", false) }
    if starts([0x93] + Array("NUMPY".utf8)) { return ("a NumPy array", false) }
    if starts([0x7F] + Array("ELF".utf8)) { return ("a program", false) }
    if starts("%PDF") { return ("a PDF document", false) }
    if head.count > 262, head[257..<262].elementsEqual("ustar".utf8) { return ("a tar archive", false) }
    if let first = trimmed.first, first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
      return ("JSON text without the 8 bytes of length in front", false)
    }
    if !head.isEmpty, head.allSatisfy({ $0 == 0 }) {
      return ("nothing but zero bytes, as an interrupted copy or download leaves", false)
    }
    return nil
  }
}
