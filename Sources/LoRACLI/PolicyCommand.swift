import ArgumentParser
import LoRAIO
import LoRAPolicy
import LoRAValidate
import TensorCore

/// `lora-tool policy`.
struct PolicyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy",
    abstract: "Write or check a policy file: an organisation's own limits for 'validate --policy'.",
    subcommands: [Init.self, Check.self])

  /// `lora-tool policy init`.
  struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write a commented policy to start from.",
      discussion: "An existing file is never replaced: it may hold somebody's limits.")

    @Option(name: .shortAndLong, help: "Write to this new file instead of standard output.")
    var output: String?

    func run() throws {
      guard let output else { return try StandardOutput.write(Policy.starter) }
      do throws(IOError) {
        if FileKind(path: output) == .regular { throw IOError("write", output, .exists) }
        try WholeFile.write(Array(Policy.starter.utf8), to: output)
      } catch {
        throw Failure("\(error)")
      }
    }
  }

  /// `lora-tool policy check`.
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Read a policy and say what it sets.",
      discussion: "Exits 2 with every mistake, its line and column when the file cannot be used.")

    @Argument(help: "The policy file.")
    var file = "lora-policy.yml"

    func run() throws {
      let policy = try openPolicy(file)
      var table = TextTable([("setting", .left), ("meaning", .left)])
      for line in policy.summary { table.add([line.setting, line.meaning]) }
      try StandardOutput.write(lines: table.lines())
    }
  }
}

/// Reads the policy of a command line, or says every mistake in it in one line each.
func openPolicy(_ path: String) throws(ExitStatus) -> Policy {
  do throws(PolicyError) {
    return try Policy(file: path)
  } catch {
    for problem in error.problems { StandardError.write("lora-tool: \(error.path):\(problem)\n") }
    throw .failed
  }
}
