package import ArgumentParser
import Glibc
import JSON
import LoRAIO
import LoRAKernels

/// The program: parses the command line and runs one command.
package struct LoRATool: ParsableCommand {
  /// Name, summary and commands of the program.
  package static let configuration = CommandConfiguration(
    commandName: "lora-tool",
    abstract: "Inspect, check, merge and serve LoRA adapter checkpoints.",
    discussion: """
      Exit codes: 0 done, nothing at or above the failing level; 1 the check found failing findings; 2 the work could \
      not be done; 64 wrong usage.
      """,
    version: Version.text,
    groupedSubcommands: [
      CommandGroup(
        name: "Look and check",
        subcommands: [
          InspectCommand.self, ValidateCommand.self, DiffCommand.self, ReportCommand.self, RulesCommand.self,
          ExplainCommand.self,
          EnginesCommand.self,
          PolicyCommand.self, BasesCommand.self,
        ]),
      CommandGroup(
        name: "Change",
        subcommands: [
          RepairCommand.self, ResizeCommand.self, CombineCommand.self, ConvertCommand.self, ExtractCommand.self,
        ]),
      CommandGroup(name: "Merge", subcommands: [MergeCommand.self, VerifyCommand.self, ParityCommand.self]),
      CommandGroup(
        name: "Serve",
        subcommands: [
          PackCommand.self, PlanCommand.self, ReplayCommand.self, GateCommand.self, ServeCommand.self,
        ]),
      CommandGroup(name: "Store", subcommands: [CompressCommand.self, DecompressCommand.self]),
    ])

  /// A command is filled in by the parser.
  package init() {}

  /// Runs the command of these arguments, the program's name first, and returns its exit code.
  package static func run(commandLine: [String]) -> Int32 {
    _ = programStart
    // A reader that goes away early (`| head`) is no error; writes then fail with EPIPE instead of a signal.
    _ = signal(SIGPIPE, SIG_IGN)
    // Past `ulimit -f` they fail with EFBIG, so that what was begun is removed.
    _ = signal(SIGXFSZ, SIG_IGN)
    StandardStreams.keepOpen()
    UsedFiles.remember()
    // A large model has hundreds of shards; the soft limit is low for programs that cannot do with high numbers.
    CurrentProcess.raiseDescriptorLimit()
    var name = "lora-tool"
    do {
      // Swift reads the arguments from /proc. Without it a gate would show the help and pass.
      guard !commandLine.isEmpty else {
        throw Failure("the arguments of the command line cannot be read; mount /proc, where the system shows them")
      }
      let remote = RemoteInputs()
      let arguments = try remote.taken(Array(commandLine.dropFirst()))
      try checkCommandNames(arguments)
      var command = try parseAsRoot(arguments)
      name = commandName(of: command)
      try checkLevel()
      var failure: (any Error)?
      do {
        if let command = command as? any ToolCommand { try command.runNoted() } else { try command.run() }
      } catch { failure = error }
      try remote.conclude(failure)
      return 0
    } catch let status as ExitStatus {
      return status.code
    } catch let failure as Failure {
      StandardError.write("lora-tool: \(failure.message)\n")
      return ExitStatus.failed.code
    } catch {
      return finish(error, command: name)
    }
  }
}

extension LoRATool {
  /// Refuses a level of instructions that is unknown or cannot run here, rather than silently taking another.
  private static func checkLevel() throws {
    guard let wanted = environment("LORA_TOOL_SIMD"), !wanted.isEmpty else { return }
    let names = KernelLevel.available.map(\.name)
    guard !names.contains(wanted) else { return }
    throw ValidationError(
      "LORA_TOOL_SIMD is \"\(escaped(wanted, limit: 40))\", which "
        + (KernelLevel(name: wanted) == nil ? "is no level of this program" : "this processor cannot run")
        + "; unset it or choose \(names.joined(separator: ", "))")
  }
}

/// The program's version.
package enum Version {
  /// Major, minor and patch.
  package static let text = "0.1.0"
}

/// How a command ended when it is not plain success.
package enum ExitStatus: Error {
  /// The check found failing findings.
  case findings
  /// The work could not be done; what was wrong has been said.
  case failed

  var code: Int32 {
    switch self {
    case .findings: 1
    case .failed: 2
    }
  }
}

/// The work could not be done, and why in one sentence.
package struct Failure: Error {
  let message: String

  /// A reason.
  package init(_ message: String) { self.message = message }
}
