import LoRAIO
import Synchronization

/// A tokenizer as its folder describes it, whichever library wrote the folder: tokens with ids, special tokens, chat
/// templates.
///
/// One tokenizer has many spellings: transformers 4 writes `special_tokens_map.json`, `added_tokens.json` and an
/// `added_tokens_decoder`, transformers 5 none of them; one writes `vocab.json` beside `tokenizer.json`, the other does
/// not; a SentencePiece model becomes a `tokenizer.json` when it is saved. What is read here is what all of them mean.
package struct Tokenizer: Sendable {
  /// The folder.
  package let folder: String
  /// The path of the file that the vocabulary comes from; nil when the folder has none, or one that cannot be read.
  package let vocabularyPath: String?
  /// All tokens that have an id: the added ones alone where there is no vocabulary, nil where there is neither.
  package let tokens: TokenList?
  /// The tokens of the roles that are filled.
  package let roles: [TokenizerRole: String]
  /// Chat templates by name; `default` is the one that is used where none is asked for.
  package let templates: [String: ChatTemplate]
  /// Files that could not be read.
  package let problems: [TokenizerProblem]

  let file: VocabularyFile?
  /// Tokens that the small files add to those of the vocabulary's file.
  let extras: [AddedToken]
  /// Every token that is named as special, also those that get an id only when the tokenizer is loaded.
  let named: Set<String>
  /// Whether the added tokens are all known.
  let knowsAdded: Bool
  /// Whether decoding leaves out a token, for those of which a file says it.
  let specials: [String: Bool]
  let merges: MergeRules?

  /// Whether the folder has a vocabulary to compare with.
  package var hasVocabulary: Bool { file != nil }
}

/// Reads tokenizers, and those of equal files but once.
///
/// The adapters of a fleet mostly bring the same vocabulary, which has megabytes: what was read is kept and compared
/// byte for byte with what comes next.
package final class TokenizerReader: Sendable {
  /// Most vocabularies that are kept; bounds memory whatever the adapters bring.
  private static let limit = 4

  private let kept = Mutex<[VocabularyFile]>([])

  /// A reader that knows no vocabulary yet.
  package init() {}

  /// Reads the tokenizers of two folders, side by side where two threads can be had.
  package func read(_ first: String, _ second: String) -> (first: Tokenizer?, second: Tokenizer?) {
    let folders = [first, second]
    let results = Results<Tokenizer?>(folders.count)
    Workers.forEach(count: folders.count, workers: Workers.processorCount) {
      results.set($0, self.read(folders[$0]))
    }
    let read = results.all
    return read.count == folders.count ? (read[0], read[1]) : (nil, nil)
  }

  /// Reads the tokenizer of a folder; nil when none lies there.
  ///
  /// Files are read whole, at most 128 MiB of a vocabulary and 16 MiB of any other; what cannot be read is among the
  /// `problems`.
  package func read(_ folder: String) -> Tokenizer? {
    var problems: [TokenizerProblem] = []
    let (settings, hasSettings) = TokenizerSettings.read({ Folder.join(folder, $0) }, problems: &problems)
    let templates = settings.templates.merging(ChatTemplate.files(folder, problems: &problems)) { $1 }
    var file: VocabularyFile?
    var path: String?
    var merges: MergeRules?
    do throws(TokenizerProblem) {
      for name in VocabularyFile.names where path == nil {
        let candidate = Folder.join(folder, name)
        guard let bytes = try TokenizerFiles.bytes(candidate, limit: TokenizerFiles.vocabularyLimit) else { continue }
        path = candidate
        let read = try vocabulary(bytes, name: name, path: candidate)
        file = read
        merges = name == "vocab.json" ? try Self.mergesFile(folder) : read.merges
      }
    } catch {
      problems.append(error)
    }
    guard hasSettings || !templates.isEmpty || path != nil || !problems.isEmpty else { return nil }

    let added = settings.added ?? []
    let extras = file?.tokens.lacking(added) ?? added
    let vocabulary = file?.tokens ?? TokenList(text: [], others: [], entries: [])
    var specials: [String: Bool] = [:]
    for token in (file?.added ?? []) + added {
      if let isSpecial = token.isSpecial { specials[token.text] = isSpecial }
    }
    let isWhole = path?.hasSuffix("tokenizer.json") ?? false
    return Tokenizer(
      folder: folder, vocabularyPath: file == nil ? nil : path,
      tokens: extras.isEmpty ? file?.tokens : vocabulary.adding(extras), roles: settings.roles,
      templates: templates.mapValues { ChatTemplate($0) }, problems: problems, file: file, extras: extras,
      named: settings.named, knowsAdded: isWhole || settings.added != nil, specials: specials, merges: merges)
  }

  /// The vocabulary of a file, kept or new.
  private func vocabulary(_ bytes: [UInt8], name: String, path: String) throws(TokenizerProblem) -> VocabularyFile {
    let known = kept.withLock { $0 }
    if let same = known.first(where: { $0.isSame(as: bytes, name: name) }) { return same }
    let file = try VocabularyFile.parse(bytes, name: name, path: path, known: known)
    return kept.withLock { kept in
      // Another thread may have read an equal file meanwhile.
      if let same = kept.dropFirst(known.count).first(where: { $0.isSame(as: bytes, name: name) }) { return same }
      // The first ones stay: they are the base's, and those that most adapters of a fleet have.
      if kept.count < Self.limit { kept.append(file) }
      return file
    }
  }

  private static func mergesFile(_ folder: String) throws(TokenizerProblem) -> MergeRules? {
    let bytes = try TokenizerFiles.bytes(Folder.join(folder, "merges.txt"), limit: TokenizerFiles.vocabularyLimit)
    return bytes.map { MergeRules(text: $0, range: $0.indices, form: .lines) }
  }
}

extension TokenList {
  /// The tokens that the list does not have, under no id.
  fileprivate func lacking(_ tokens: [AddedToken]) -> [AddedToken] {
    let others = tokens.filter { position(of: $0.text, id: $0.id) == nil }
    guard !others.isEmpty else { return [] }
    // A library that finds the text in the vocabulary keeps its id.
    var index = TokenIndex(capacity: count)
    for position in entries.indices { _ = index.insert(hash(of: entries[position]), position) }
    var builder = TokenListBuilder(textCount: 0)
    for token in others { builder.add(token.text, id: token.id) }
    let list = builder.list(over: [])
    let found = Set(list.entries.filter { index.find(list.hash(of: $0)) != nil }.map(\.id))
    return others.filter { !found.contains($0.id) }
  }
}

extension Tokenizer {
  /// Whether any file of a tokenizer lies in a folder; opens none.
  package static func lies(in folder: String) -> Bool { Folder.holds(anyOf: names, in: folder) }

  private static let names = Set(VocabularyFile.names + TokenizerSettings.names + ChatTemplate.names)
}
