public import Diagnostics
import LoRAModel

/// One thing that can be wrong with an adapter: what it is called, what it means, and how it is found.
///
/// A new rule is one file under `Rules/`, with its `RuleID`, and one line in `RuleSet.all`.
public struct Rule: Sendable {
  /// The fixed name.
  public let id: RuleID
  /// The problem in a few words, for lists.
  public let title: String
  /// What the rule says, in plain Markdown.
  public let meaning: String
  /// What happens in production when it goes unnoticed.
  public let consequence: String
  /// What to do about it.
  public let remedy: String
  /// What `lora-tool repair` does about it.
  public let repair: RuleRepair
  /// A case in point, as preformatted text.
  public let example: String
  private let check: @Sendable (ValidationContext) -> [Finding]

  /// A rule; leave out `check` when its findings arise while the adapter is read.
  init(
    _ id: RuleID, _ title: String, meaning: String, consequence: String, remedy: String, repair: RuleRepair,
    example: String,
    check: @escaping @Sendable (ValidationContext) -> [Finding] = { _ in [] }
  ) {
    self.id = id
    self.title = title
    self.meaning = meaning
    self.consequence = consequence
    self.remedy = remedy
    self.repair = repair
    self.example = example
    self.check = check
  }

  /// What reading the adapter already found under this rule, and what checking it finds.
  public func findings(in context: ValidationContext) -> [Finding] {
    context.adapter.findings.filter { $0.rule == id } + check(context)
  }

  /// The rule's page in Markdown.
  public var explanation: String {
    """
    ## \(id.rawValue)

    **\(title)** · \(id.severity.rawValue)

    \(meaning)

    **Why it matters.** \(consequence)

    **What to do.** \(remedy)

    \(repair.paragraph)

    ```text
    \(example)
    ```

    """
  }
}
