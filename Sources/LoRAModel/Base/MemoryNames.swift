/// The names that transformers gives modules in memory where checkpoints spell them otherwise; adapters carry the names
/// in memory.
///
/// Renamings apply one after the other, each to its first place in the name, as the library does it
/// (transformers 5.24, `core_model_loading.py`).
struct MemoryNames: Sendable {
  /// How certain the names are.
  enum Knowledge: Sendable {
    /// What is renamed is known.
    case known
    /// The library renames by rules not all of which are known here.
    case beyond
    /// There is no config, so the class is not known.
    case none
  }

  /// How certain the names are.
  let knowledge: Knowledge
  /// Whether PEFT, too, renames what an adapter's file calls otherwise: it does so where the library has rules for the
  /// model type, not where it has them for a class alone (peft 0.21, `transformers_weight_conversion.py`; run).
  let renamesAdapters: Bool
  private let rules: [Rule]

  /// One renaming.
  private struct Rule: Sendable {
    let isAnchored: Bool
    let from: [UInt8]
    let unless: [[UInt8]]
    let to: [UInt8]

    /// `^from!unless>to`.
    init?(_ text: Substring) {
      var text = text
      isAnchored = text.first == "^"
      if isAnchored { text.removeFirst() }
      guard let arrow = text.firstIndex(of: ">") else { return nil }
      let parts = text[..<arrow].split(separator: "!").map { Array($0.utf8) }
      guard let first = parts.first else { return nil }
      from = first
      unless = Array(parts.dropFirst())
      to = Array(text[text.index(after: arrow)...].utf8)
    }

    func apply(to name: inout [UInt8]) {
      guard name.count >= from.count else { return }
      for start in 0...(isAnchored ? 0 : name.count - from.count) where name[start...].starts(with: from) {
        let rest = name[(start + from.count)...]
        if unless.contains(where: { rest.starts(with: $0) }) { continue }
        name.replaceSubrange(start..<(start + from.count), with: to)
        return
      }
    }
  }

  /// The names of a model whose config is at hand.
  init(_ config: BaseConfig?) {
    guard let config else {
      (knowledge, renamesAdapters, rules) = (.none, false, [])
      return
    }
    let type = config.modelType ?? ""
    let named = config.architectures.first ?? ""
    // A class with a head holds the body below a prefix, so rules for the body's own start do not apply there.
    let body = named.range(ofText: "For").map { String(named[..<$0]) + "Model" }
    let ofType = Self.rules(of: type)
    renamesAdapters = ofType != nil || TransformersRenames.isPlain(type)
    let isBeyond = TransformersRenames.isBeyondTable(named) || TransformersRenames.isBeyondTable(type)
    knowledge = isBeyond ? .beyond : .known
    if let found = Self.rules(of: named) ?? ofType {
      rules = found + Self.legacy
    } else {
      rules = (body.flatMap { Self.rules(of: $0) } ?? []).filter { !$0.isAnchored }
    }
  }

  /// Whether anything is renamed.
  var isPlain: Bool { rules.isEmpty }

  /// The name in memory of a module that the files call `stored`; a name that is one already stays.
  func name(of stored: String) -> String {
    if rules.isEmpty { return stored }
    let suffix = ".weight"
    var bytes = Array((stored + suffix).utf8)
    for rule in rules { rule.apply(to: &bytes) }
    let name = String(decoding: bytes, as: UTF8.self)
    return name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : name
  }

  /// What the library renames last, whatever the model: prefixes that early multimodal checkpoints doubled.
  private static let legacy = [
    "^model.language_model.model>model.language_model", "^language_model.model.model>model.language_model",
  ].compactMap { Rule($0[...]) }

  /// The rules of a class or type, in their order; nil where the table does not have it.
  private static func rules(of name: String) -> [Rule]? {
    TransformersRenames.rules(of: name)?.compactMap { Rule($0) }
  }
}

extension String {
  /// Where a text first stands in this one, behind its first letter.
  fileprivate func range(ofText text: String) -> String.Index? {
    indices.dropFirst().first { self[$0...].hasPrefix(text) }
  }
}
