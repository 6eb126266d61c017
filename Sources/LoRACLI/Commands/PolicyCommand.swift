import ArgumentParser
import Diagnostics
import JSON
import LoRAIO
import LoRAPolicy
import LoRAValidate

/// `lora-tool policy`.
struct PolicyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy",
    abstract: "Start and check policy files for 'validate --policy'.",
    subcommands: [PolicyInitCommand.self, PolicyCheckCommand.self])
}

/// `lora-tool policy init`.
struct PolicyInitCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write a commented policy file to start from.",
    discussion: "An existing file is left alone unless --overwrite is given; '-' writes to standard output.")

  @Argument(help: "Where to write it.", completion: .file())
  var path = "lora-policy.yml"

  @Flag(help: "Replace an existing file.")
  var overwrite = false

  @OptionGroup var terminal: TerminalOptions

  func run() throws {
    if path == "-" { return try StandardOutput.write(Policy.starter) }
    if !overwrite, let kind = FileKind(path: path), kind == .regular || kind == .folder {
      throw Failure("\(escaped(path)) exists already; name another file, or replace it with --overwrite")
    }
    try writeFile(Policy.starter, to: path)
    terminal.warn("wrote \(escaped(path)); use it with: lora-tool validate --policy \(escaped(path)) ADAPTER...")
  }
}

/// `lora-tool policy check`.
struct PolicyCheckCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Say what a policy file sets, or everything that is wrong with it.",
    discussion: "Exits 0 when the file can be used and 2 when it cannot.")

  @Argument(help: "The policy file, or - for standard input.")
  var path = "lora-policy.yml"

  @Option(help: "Output format: text or json.")
  var format: ReportFormat = .text

  @OptionGroup var report: ReportOptions

  @OptionGroup var terminal: TerminalOptions

  func run() throws {
    let settings = try Policy(reading: path).summary
    switch format {
    case .text:
      var table = TextTable([("setting", .left), ("meaning", .left)])
      for (setting, meaning) in settings { table.add([setting, meaning]) }
      try report.write(terminal, text: table.lines())
    case .json:
      let document: JSONValue = .document(
        "policy", toolVersion: Version.text,
        [
          "path": .string(path),
          "settings": .array(settings.map { ["setting": .string($0.setting), "meaning": .string($0.meaning)] }),
        ])
      try report.write(terminal, document: document)
    }
  }
}

extension Policy {
  /// The policy in a file, or a failure with one line for each of its mistakes.
  init(reading path: String) throws(Failure) {
    let name = path == "-" ? "standard input" : path
    if path != "-", FileKind(path: path) == nil {
      throw Failure(
        "\(escaped(path)): the policy file cannot be read: no such file or folder; "
          + "'lora-tool policy init' writes one to start from\(suggestion(forPath: path))")
    }
    let standardInput = path == "-" ? try contents(of: path, limit: Self.fileLimit) : nil
    do throws(PolicyError) {
      if let standardInput {
        self = try Policy(yaml: standardInput, path: name)
      } else {
        self = try Policy(file: path)
      }
    } catch {
      throw Failure(error.problems.map { "\(error.path):\($0)" }.joined(separator: "\nlora-tool: "))
    }
  }
}
