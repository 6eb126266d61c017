import ArgumentParser
import LoRAValidate
import TensorCore

/// `lora-tool rules`.
struct RulesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rules", abstract: "List the rules that validate checks.")

  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text
    case json
  }

  @Option(help: "Output format: text or json.")
  var format: Format = .text

  @OptionGroup var report: ReportOptions

  func run() throws {
    switch format {
    case .text:
      var table = TextTable([("rule", .left), ("severity", .left), ("when", .left)])
      for rule in RuleSet.all { table.add([rule.id.rawValue, rule.id.severity.rawValue, rule.title]) }
      try report.write(table.lines())
    case .json:
      let rules: [JSONValue] = RuleSet.all.map { rule in
        [
          "rule": .string(rule.id.rawValue), "severity": .string(rule.id.severity.rawValue),
          "title": .string(rule.title), "explanation": .string(rule.explanation),
        ]
      }
      let document: JSONValue = [
        "schema": "lora-tool/rules/1", "tool_version": .string(Version.text), "rules": .array(rules),
      ]
      try report.write([document.text(pretty: true)])
    }
  }
}

/// `lora-tool explain`.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Say what a rule means, why it matters and what to do.")

  @Argument(help: "The rule's name, such as rank-mismatch.")
  var rule: String

  @OptionGroup var report: ReportOptions

  func run() throws {
    guard let id = RuleID(rawValue: rule), let known = RuleSet.rule(id) else {
      let meant = closest(to: rule, among: RuleSet.all.map(\.id.rawValue))
      throw ValidationError(
        "there is no rule '\(escaped(rule))'\(meant.map { "; did you mean '\($0)'?" } ?? ";") 'lora-tool rules' lists them"
      )
    }
    try report.write([known.explanation])
  }
}
