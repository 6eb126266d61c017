public import Diagnostics
import JSON
import LoRATokenizer
import TensorCore

extension RuleID {
  /// The name of the rule below.
  public static let chatTemplateMismatch = RuleID("chat-template-mismatch", .warning)
}

extension Rule {
  /// The chat template beside the adapter is another one than the base's.
  static let chatTemplateMismatch = Rule(
    .chatTemplateMismatch, "The adapter's chat template is not the base's",
    meaning: """
      The adapter's folder brings a chat template (`chat_template.jinja`, `chat_template.json`, or `chat_template` of \
      `tokenizer_config.json`) that differs from the base's in more than white space, or the base has none. The finding \
      shows the first lines that differ.
      """,
    consequence: """
      Engines make prompts by the base's template, whatever lies beside the adapter (vLLM up to 0.10.2 took the \
      adapter's tokenizer, and its template with it). The model then sees other role marks or another system prompt than \
      in training, and answers worse; a base without a template refuses chat requests.
      """,
    remedy: """
      Train with the base's template. Or give the engine the adapter's (`--chat-template`), when all adapters that it \
      serves were trained with it.
      """,
    repair: .no("the template belongs to the training; nothing is replaced."),
    example: """
      warning  chat-template-mismatch  the adapter's chat template is not the base's: they differ from line 3 on
               expected {{- '<|im_start|>' + message.role }}, found {{- '### ' + message.role }}
      """
  ) { context in
    guard let pair = context.tokenizers, let base = pair.base, context.base != nil else { return [] }
    let names = pair.adapter.templates.keys.ordered { ($0 == "default" ? "" : $0) < ($1 == "default" ? "" : $1) }
    for name in names {
      guard let own = pair.adapter.templates[name] else { continue }
      guard let other = base.templates[name] else {
        if name == "default", base.problems.isEmpty { return [.withoutTemplate(pair)] }
        continue
      }
      if let difference = own.difference(from: other) { return [.template(name, difference, pair)] }
    }
    return []
  }
}

extension Finding {
  fileprivate static func withoutTemplate(_ pair: TokenizerPair) -> Finding {
    Finding(
      .chatTemplateMismatch, "the adapter brings a chat template, and the base's tokenizer has none",
      file: pair.adapter.folder, hint: "give the engine the adapter's template (--chat-template)")
  }

  fileprivate static func template(_ name: String, _ difference: ChatTemplate.Difference, _ pair: TokenizerPair)
    -> Finding
  {
    let called = name == "default" ? "chat template" : "chat template \"\(escaped(name, limit: 40))\""
    let place = difference.number.map { "they differ from line \($0) on" } ?? "the base's goes on where it ends"
    func line(_ text: String?) -> String { text.map { escaped($0, limit: 120) } ?? "nothing more" }
    return Finding(
      .chatTemplateMismatch, "the adapter's \(called) is not the base's: \(place)", file: pair.adapter.folder,
      expected: line(difference.other), found: line(difference.own),
      hint: "train with the base's template, or give the engine the adapter's (--chat-template)")
  }
}
