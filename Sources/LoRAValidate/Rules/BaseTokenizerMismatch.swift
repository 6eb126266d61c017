public import Diagnostics
import JSON
import LoRAModel
import LoRATokenizer
import Safetensors
import TensorCore

extension RuleID {
  /// The name of the rule below.
  public static let baseTokenizerMismatch = RuleID("base-tokenizer-mismatch")
}

extension Rule {
  /// The tokenizer beside the adapter is another one than the base's.
  static let baseTokenizerMismatch = Rule(
    .baseTokenizerMismatch, "The adapter's tokenizer is not the base's",
    meaning: """
      The adapter's folder brings a tokenizer that gives tokens other ids than the base's, or has tokens beyond the \
      base's vocabulary: an error. Where only added or special tokens differ, or the rules that join pieces, it is a \
      warning; a note where the adapter brings the rows of what was added, or only the padding differs. Spellings do \
      not count: files of transformers 4 and 5, `tokenizer.json` and `tokenizer.model` are compared by what they mean.
      """,
    consequence: """
      One base serves with one tokenizer. vLLM up to 0.10.2 loaded the one beside the adapter; vLLM from 0.11.0 on and \
      SGLang (0.5.20 to 0.5.23) take the base's for every adapter (SGLang refuses an adapter whose `added_tokens.json` \
      goes beyond the vocabulary). Prompts then become other ids than in training, added tokens fall apart into pieces, \
      and an end token that the engine does not know never ends an answer. Nothing reports an error.
      """,
    remedy: """
      Train with the base's own tokenizer. If tokens were added, merge the adapter (the merge takes its tokenizer \
      along), or start the engine with the adapter's tokenizer (`--tokenizer` of vLLM) when no other adapter needs the \
      base's.
      """,
    repair: .no("tokens belong to the training; nothing is replaced."),
    example: """
      error  base-tokenizer-mismatch  the adapter's tokenizer has 1 token beyond the base's vocabulary of 32,000: "[PAD]" (32000)
      """
  ) { context in
    guard let pair = context.tokenizers, let base = context.base else { return [] }
    let problems = pair.adapter.problems.map { Finding.unread($0, of: "adapter", severity: .warning) }
    guard let differences = pair.differences else {
      let unread = pair.base?.problems.map { Finding.unread($0, of: "base", severity: .note) }
      return problems + (unread ?? [.uncompared(pair, base)])
    }
    if let other = Finding.otherVocabulary(pair, differences) { return problems + [other] }
    if let beyond = Finding.beyondVocabulary(pair, differences, base, OwnRows(context.adapter)) {
      return problems + [beyond]
    }
    let uncompared = pair.adapter.hasVocabulary && !(pair.base?.hasVocabulary ?? false)
    return problems + (uncompared ? [.uncompared(pair, base)] : [])
      + Finding.addedTokens(pair, differences, OwnRows(context.adapter))
      + [.roles(pair, differences), .padding(pair, differences), .merges(pair, differences)].compactMap(\.self)
  }
}

/// The rows of the input embedding that an adapter brings itself, so that its own tokens mean something.
private struct OwnRows {
  /// Rows from 0.
  private let count: UInt64
  /// Single rows.
  private let single: Set<UInt64>

  private static let embeddings: Set<Substring> = [
    "embed_tokens", "wte", "word_embeddings", "tok_embeddings", "embed_in", "shared", "tokens_embed", "word_embedding",
  ]

  init(_ adapter: Adapter) {
    let embeddings = adapter.replacements.filter { replacement in
      let parts = replacement.name.split(separator: ".")
      return parts.suffix(2).contains { Self.embeddings.contains($0) } && replacement.tensor.shape.rank == 2
    }
    count = embeddings.filter { $0.role != .rows }.map { $0.tensor.shape[0] }.max() ?? 0
    single = embeddings.contains { $0.role == .rows } ? Set(adapter.config?.trainableTokens.flatMap(\.rows) ?? []) : []
  }

  func contains(_ id: UInt32) -> Bool { UInt64(id) < count || single.contains(UInt64(id)) }
}

extension Finding {
  fileprivate static func unread(_ problem: TokenizerProblem, of owner: String, severity: Severity) -> Finding {
    Finding(
      .baseTokenizerMismatch, severity: severity,
      "the tokenizer of the \(owner) could not be compared: \(escaped(problem.reason))", file: problem.path,
      hint: owner == "base" ? "download the file again" : "save the tokenizer again, or delete the file")
  }

  /// There is nothing to compare with.
  fileprivate static func uncompared(_ pair: TokenizerPair, _ base: BaseModel) -> Finding {
    let reason =
      pair.base != nil
      ? "the base's is of a kind that is not read"
      : base.checkpoint == nil ? "the base is a config alone" : "none lies beside the base"
    return Finding(
      .baseTokenizerMismatch, severity: .note,
      "the adapter brings a tokenizer, but \(reason), so the two were not compared", file: pair.path,
      hint: "give the base as a folder with its tokenizer")
  }

  /// Tokens that both have stand for different ids, or tokens differ that were not added.
  fileprivate static func otherVocabulary(_ pair: TokenizerPair, _ differences: TokenizerDifferences) -> Finding? {
    let hint = "train with the base's own tokenizer; this one belongs to another model"
    if let first = differences.moved.first {
      let shared = UInt64(differences.sameCount + differences.movedCount)
      return Finding(
        .baseTokenizerMismatch,
        "\(grouped(UInt64(differences.movedCount))) of \(grouped(shared)) tokens that both tokenizers have stand for "
          + "other ids in the adapter's than in the base's, such as \(first.token.shown)",
        file: pair.path, expected: "\(first.token.quoted) as \(first.otherID)", found: "\(first.token.id)", hint: hint)
    }
    let plain = differences.missing.filter { _, isAdded in !isAdded }
    guard let missing = plain.first(1).first else { return nil }
    let own = differences.added.filter { _, isAdded in !isAdded }
    let others = own.first(1).first.map { ", and has \(counted(own.count, "token")) of its own, such as \($0.shown)" }
    return Finding(
      .baseTokenizerMismatch,
      "the adapter's tokenizer lacks \(counted(plain.count, "token")) of the base's vocabulary, such as \(missing.shown)"
        + (others ?? ""),
      file: pair.path, expected: missing.shown, found: own.first(1).first?.shown, hint: hint)
  }

  /// Tokens of the adapter's for which neither the base nor the adapter has an embedding.
  fileprivate static func beyondVocabulary(
    _ pair: TokenizerPair, _ differences: TokenizerDifferences, _ base: BaseModel, _ rows: OwnRows
  ) -> Finding? {
    // A base's own tokenizer may go beyond its embedding; only what the adapter adds counts.
    let end = base.vocabularySize ?? pair.base?.tokens?.largestID.map { UInt64($0) + 1 } ?? 0
    let beyond = differences.added.filter { id, _ in UInt64(id) >= end && !rows.contains(id) }
    guard !beyond.isEmpty else { return nil }
    return Finding(
      .baseTokenizerMismatch,
      "the adapter's tokenizer has \(counted(beyond.count, "token")) beyond the base's vocabulary of \(grouped(end)): "
        + beyond.shown,
      file: pair.path, expected: "ids below \(end)", found: beyond.first(1).first.map { "\($0.id)" },
      hint: "train with the base's own tokenizer, or save the resized embedding with the adapter")
  }

  /// Tokens that only one of the two has.
  fileprivate static func addedTokens(
    _ pair: TokenizerPair, _ differences: TokenizerDifferences, _ rows: OwnRows
  ) -> [Finding] {
    let merge = "merge the adapter, or serve it with its own tokenizer"
    let brought = differences.added.filter { id, _ in rows.contains(id) }
    let others = differences.added.filter { id, _ in !rows.contains(id) }
    func finding(
      _ tokens: TokenizerDifferences.Selection, _ severity: Severity, _ hint: String, _ message: (String) -> String
    ) -> Finding? {
      guard !tokens.isEmpty else { return nil }
      return Finding(
        .baseTokenizerMismatch, severity: severity, "\(message(counted(tokens.count, "token"))): \(tokens.shown)",
        file: pair.path, hint: hint)
    }
    return [
      finding(others, .warning, merge) { "the adapter's tokenizer adds \($0) that the base's does not know" },
      finding(differences.missing, .warning, "check that the training used this version of the base") {
        "the base's tokenizer adds \($0) that the adapter's does not know"
      },
      finding(brought, .note, merge) {
        "the adapter's tokenizer adds \($0), whose embeddings the adapter brings"
      },
    ].compactMap(\.self)
  }

  /// Roles that other tokens fill, and tokens that are special with one of the two alone.
  fileprivate static func roles(_ pair: TokenizerPair, _ differences: TokenizerDifferences) -> Finding? {
    let roles = differences.roles.filter { $0.role != .padding }
    let parts =
      roles.map { "\($0.role.rawValue) is \(quoted($0.own)) instead of \(quoted($0.other))" }
      + differences.specials.prefix(3).map { token, isSpecial in
        "\(quoted(token)) is \(isSpecial ? "special" : "not special")"
      }
    guard !parts.isEmpty else { return nil }
    let more = differences.specials.count - 3
    return Finding(
      .baseTokenizerMismatch, severity: .warning,
      "the special tokens of the adapter's tokenizer are not the base's: \(parts.joined(separator: ", "))"
        + (more > 0 ? " and \(grouped(UInt64(more))) more" : ""),
      file: pair.path, expected: roles.first.map { quoted($0.other) }, found: roles.first.map { quoted($0.own) },
      hint: roles.contains { $0.role == .end }
        ? "name the adapter's end token in the requests (stop_token_ids), or train with the base's"
        : "train with the base's own tokenizer")
  }

  /// Another padding token, which nothing that serves looks at.
  fileprivate static func padding(_ pair: TokenizerPair, _ differences: TokenizerDifferences) -> Finding? {
    guard let role = differences.roles.first(where: { $0.role == .padding }) else { return nil }
    return Finding(
      .baseTokenizerMismatch, severity: .note,
      "the adapter was trained with \(quoted(role.own)) as padding, the base's tokenizer has \(quoted(role.other))",
      file: pair.path, expected: quoted(role.other), found: quoted(role.own),
      hint: "engines that serve do not pad; another training should use the same")
  }

  /// Rules by which text falls into other tokens although these are the same.
  fileprivate static func merges(_ pair: TokenizerPair, _ differences: TokenizerDifferences) -> Finding? {
    guard let merge = differences.merge else { return nil }
    let own = merge.own.map(quoted) ?? "nothing"
    let other = merge.other.map(quoted) ?? "nothing"
    return Finding(
      .baseTokenizerMismatch, severity: .warning,
      "the adapter's tokenizer joins pieces by other rules than the base's: rule \(grouped(UInt64(merge.index))) is \(own) "
        + "instead of \(other)",
      file: pair.path, expected: other, found: own, hint: "train with the base's own tokenizer")
  }
}

/// A text of a tokenizer between quotation marks.
private func quoted(_ text: String) -> String { "\"\(escaped(text, limit: 40))\"" }

extension Token {
  fileprivate var quoted: String { LoRAValidate.quoted(text) }
  /// The token with its id.
  fileprivate var shown: String { "\(quoted) (\(id))" }
}

extension TokenizerDifferences.Selection {
  /// The first few tokens with their ids.
  fileprivate var shown: String {
    first(3).map(\.shown).joined(separator: ", ") + (count > 3 ? ", …" : "")
  }
}

extension TokenizerPair {
  /// The file to point at: the adapter's vocabulary, or its folder.
  fileprivate var path: String { adapter.vocabularyPath ?? adapter.folder }
}
