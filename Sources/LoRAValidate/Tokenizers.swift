import LoRAIO
import LoRAModel
import LoRATokenizer
import Safetensors
import Synchronization

/// The tokenizer that lies beside an adapter, next to the one of its base.
struct TokenizerPair: Sendable {
  /// The adapter's.
  let adapter: Tokenizer
  /// The base's; nil when there is no base, or nothing lies beside it.
  let base: Tokenizer?
  /// What differs; nil where there is no vocabulary to compare with.
  let differences: TokenizerDifferences?
}

/// The tokenizers of one run: the base's is read once, when the first adapter brings one.
final class Tokenizers: Sendable {
  private let reader = TokenizerReader()
  private let folder: String?
  private let base = Mutex<Tokenizer??>(nil)

  /// Whether there is one adapter alone.
  let isForOne: Bool

  init(base: BaseModel?, isForOne: Bool) {
    folder = base?.tokenizerFolder
    self.isForOne = isForOne
  }

  /// The tokenizers of an adapter and its base; nil, and nothing is read, when none lies beside the adapter.
  func pair(for adapter: Adapter) -> TokenizerPair? {
    guard let folder = adapter.tokenizerFolder else { return nil }
    guard Tokenizer.lies(in: folder) else { return nil }
    let (read, base) = tokenizers(in: folder)
    guard let own = read else { return nil }
    let isComparable = base.map { $0.hasVocabulary || $0.problems.isEmpty } ?? false
    return TokenizerPair(
      adapter: own, base: base, differences: isComparable ? base.map { own.differences(from: $0) } : nil)
  }

  /// The tokenizer of an adapter's folder and the base's, which is read beside the first adapter's.
  private func tokenizers(in folder: String) -> (own: Tokenizer?, base: Tokenizer?) {
    let (own, base) = base.withLock { base -> (Tokenizer??, Tokenizer?) in
      if let base { return (nil, base) }
      guard let baseFolder = self.folder else {
        base = .some(nil)
        return (nil, nil)
      }
      let read = reader.read(baseFolder, folder)
      base = .some(read.first)
      return (.some(read.second), read.first)
    }
    return (own ?? reader.read(folder), base)
  }
}

extension Adapter {
  /// The folder in which a tokenizer would be the adapter's own; nil for a loose file among others.
  fileprivate var tokenizerFolder: String? {
    if FileKind(path: path) == .folder { return path }
    return config == nil ? nil : Folder.parent(path)
  }
}

extension BaseModel {
  /// The model's folder; nil where a config alone was named, whatever lies beside it.
  fileprivate var tokenizerFolder: String? {
    if let checkpoint { return checkpoint.folder }
    guard let configPath, FileKind(path: path) != .regular else { return nil }
    return Folder.parent(configPath)
  }
}
