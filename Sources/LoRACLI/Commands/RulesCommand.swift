import ArgumentParser
import Diagnostics
import JSON
import LoRAValidate

/// `lora-tool rules`.
struct RulesCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "rules", abstract: "List the rules that validate checks.")

  @Option(help: "Output format: text or json.")
  var format: ReportFormat = .text

  @OptionGroup var report: ReportOptions

  @OptionGroup var terminal: TerminalOptions

  func run() throws {
    switch format {
    case .text:
      var table = TextTable([("rule", .left), ("severity", .left), ("repair", .left), ("when", .left)])
      for rule in RuleSet.all {
        let repair = rule.repair.option ?? rule.repair.kind
        table.add([rule.id.rawValue, rule.id.severity.rawValue, repair, rule.title])
      }
      try report.write(terminal, text: table.lines())
    case .json:
      let rules: [JSONValue] = RuleSet.all.map { rule in
        [
          "rule": .string(rule.id.rawValue), "severity": .string(rule.id.severity.rawValue),
          "title": .string(rule.title), "repair": rule.repair.json, "explanation": .string(rule.explanation),
        ]
      }
      let document: JSONValue = .document(
        "rules", toolVersion: Version.text,
        [
          "rules": .array(rules)
        ])
      try report.write(terminal, document: document)
    }
  }
}

/// `lora-tool explain`.
struct ExplainCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Say what a rule means, why it matters and what to do.")

  @Argument(help: "The rule's name, such as rank-mismatch.", completion: .list(RuleSet.all.map(\.id.rawValue)))
  var rule: String

  @OptionGroup var report: ReportOptions

  @OptionGroup var terminal: TerminalOptions

  func run() throws {
    guard let known = RuleSet.rule(named: rule) else {
      let names = RuleSet.all.map(\.id.rawValue)
      throw ValidationError(
        "there is no rule '\(escaped(rule))'; 'lora-tool rules' lists them\(suggestion(for: rule, among: names))")
    }
    try report.write(terminal, text: [known.explanation])
  }
}
