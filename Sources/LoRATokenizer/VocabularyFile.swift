import JSON
import LoRAIO
import TensorCore

/// A token that was added to a vocabulary.
struct AddedToken: Sendable, Equatable {
  let text: String
  let id: UInt32
  /// Whether decoding may leave it out; nil where the file does not say.
  let isSpecial: Bool?
}

/// A file that holds a vocabulary, and what it says.
final class VocabularyFile: Sendable {
  /// The files that are looked for, the first that exists counts: libraries that find a `tokenizer.json` read no other.
  static let names = ["tokenizer.json", "vocab.json", "vocab.txt", "tokenizer.model"]

  /// Its name, which says how its bytes are read.
  let name: String
  /// The file as it was read.
  let bytes: [UInt8]
  /// The vocabulary with what the file itself adds to it.
  let tokens: TokenList
  /// The vocabulary alone.
  let vocabulary: WrittenVocabulary
  /// What the file adds, with flags.
  let added: [AddedToken]
  /// The rules by which pieces are joined, where the file has them.
  let merges: MergeRules?
  /// The fingerprint of the tokens.
  let fingerprint: Lazy<UInt64>

  init(
    _ name: String, bytes: [UInt8], _ vocabulary: WrittenVocabulary, added: [AddedToken] = [],
    merges: MergeRules? = nil
  ) {
    self.name = name
    let tokens = added.isEmpty ? vocabulary.tokens : vocabulary.tokens.adding(added)
    self.bytes = bytes
    self.tokens = tokens
    self.vocabulary = vocabulary
    self.added = added
    self.merges = merges
    fingerprint = Lazy { tokens.fingerprint }
  }

  /// Whether a file of this name and content is the same.
  func isSame(as other: [UInt8], name: String) -> Bool {
    self.name == name && LoRATokenizer.isSame(bytes, bytes.indices, other, other.indices)
  }

  /// Reads the text of a file of this name; stretches that are those of a `known` file are not read again.
  static func parse(_ bytes: [UInt8], name: String, path: String, known: [VocabularyFile] = [])
    throws(TokenizerProblem) -> VocabularyFile
  {
    do throws(JSONError) {
      switch name {
      case "tokenizer.json": return try TokenizerJSON.parse(bytes, known: known)
      case "vocab.json": return try TokenizerJSON.parse(vocabulary: bytes)
      case "vocab.txt": return try parse(lines: bytes)
      default: return try SentencePieceFile.parse(bytes)
      }
    } catch {
      let form = name.hasSuffix(".json") ? "it is not valid JSON: " : ""
      throw TokenizerProblem(path, "\(form)\(error)")
    }
  }

  /// One token a line, the number of the line is the id; of equal lines the last counts, as in a dictionary.
  private static func parse(lines bytes: [UInt8]) throws(JSONError) -> VocabularyFile {
    var lines: [Range<Int>] = []
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
      lines.append(start..<(end > start && bytes[end - 1] == 0x0D ? end - 1 : end))
      guard lines.count <= TokenList.limit else { throw .tooManyTokens(at: start) }
      start = end + 1
    }
    var builder = TokenListBuilder(textCount: bytes.count)
    for (number, line) in lines.enumerated() { builder.add(line, id: UInt32(number)) }
    let list = builder.list(over: bytes)
    var index = TokenIndex(capacity: list.count)
    for position in list.entries.indices.reversed() {
      _ = index.insert(list.hash(of: list.entries[position]), position)
    }
    guard index.count < list.count else { return VocabularyFile("vocab.txt", bytes: bytes, WrittenVocabulary(list)) }
    builder = TokenListBuilder(textCount: bytes.count)
    for (number, line) in lines.enumerated() where index.find(list.hash(of: list.entries[number])) == number {
      builder.add(line, id: UInt32(number))
    }
    return VocabularyFile("vocab.txt", bytes: bytes, WrittenVocabulary(builder.list(over: bytes)))
  }
}

/// A vocabulary, and where it stands in the file that it was read from.
struct WrittenVocabulary: Sendable {
  let tokens: TokenList
  /// The stretch of `tokens.text` that says all of it.
  let range: Range<Int>

  init(_ tokens: TokenList, range: Range<Int>? = nil) {
    self.tokens = tokens
    self.range = range ?? tokens.text.indices
  }
}

extension JSONError {
  static func tooManyTokens(at offset: Int) -> JSONError {
    JSONError(offset: offset, reason: "more than \(grouped(UInt64(TokenList.limit))) tokens")
  }
}
