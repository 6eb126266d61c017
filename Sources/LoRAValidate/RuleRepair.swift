public import JSON

/// What `lora-tool repair` does about the findings of a rule.
public enum RuleRepair: Sendable, Equatable {
  /// Mended wherever the files settle what is right, as the sentence says; what the adapter does stays.
  case exactly(String)
  /// Mended only with what this option of `repair` says, because the files alone do not settle it.
  case withChoice(String, String)
  /// Left as it is, and why.
  case no(String)

  /// The sentence.
  public var text: String {
    switch self {
    case .exactly(let text), .withChoice(_, let text), .no(let text): text
    }
  }

  /// In one word: `exactly`, `choice` or `no`.
  public var kind: String {
    switch self {
    case .exactly: "exactly"
    case .withChoice: "choice"
    case .no: "no"
    }
  }

  /// The option that settles it, such as `--alpha`.
  public var option: String? { if case .withChoice(let option, _) = self { option } else { nil } }

  /// The fact for programs; `option` is there only where there is one.
  public var json: JSONValue {
    var object: JSONObject = ["kind": .string(kind), "text": .string(text)]
    object["option"] = option.map { .string($0) }
    return .object(object)
  }

  /// The fact as a paragraph of the rule's page.
  var paragraph: String {
    switch self {
    case .exactly(let text): "**Repair.** `lora-tool repair` mends it exactly: \(text)"
    case .withChoice(let option, let text): "**Repair.** `lora-tool repair` mends it with `\(option)`: \(text)"
    case .no(let text): "**Repair.** `lora-tool repair` leaves it: \(text)"
    }
  }
}
