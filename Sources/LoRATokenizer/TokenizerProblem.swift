import JSON
import LoRAIO

/// Why a file of a tokenizer is not known.
package struct TokenizerProblem: Error, Sendable, Equatable {
  /// The file.
  package let path: String
  /// What is the matter with it, as a clause: "it is not valid JSON: expected ',' or '}' at byte 17".
  package let reason: String

  init(_ path: String, _ reason: String) {
    self.path = path
    self.reason = reason
  }

  init(_ path: String, _ error: JSONError) { self.init(path, "it is not valid JSON: \(error)") }
}

/// The files of a tokenizer, which are read whole.
enum TokenizerFiles {
  /// Longest vocabulary, in bytes; the largest published ones have about 40 MB.
  static let vocabularyLimit: UInt64 = 128 << 20
  /// Longest of the other files, in bytes.
  static let limit: UInt64 = 16 << 20

  /// The bytes of a file of the folder, or nil when there is none of that name.
  static func bytes(_ path: String, limit: UInt64) throws(TokenizerProblem) -> [UInt8]? {
    guard FileKind(path: path) != nil else { return nil }
    let bytes: [UInt8]
    do throws(IOError) { bytes = try InputFile.contents(of: path, limit: limit) } catch {
      throw TokenizerProblem(path, error.cause)
    }
    if bytes.starts(with: "version https://git-lfs".utf8) {
      throw TokenizerProblem(path, "it is a Git LFS pointer: the real file was never downloaded")
    }
    return bytes
  }
}
