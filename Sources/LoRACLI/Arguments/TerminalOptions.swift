package import ArgumentParser
import Glibc
import LoRAIO
import LoRAKernels
import TensorCore

extension Choice: ExpressibleByArgument {}

/// What a command says besides its result; every command has these options.
package struct TerminalOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Use colour: auto (on a terminal, unless NO_COLOR is set), always or never.", valueName: "when"))
  var color: Choice = .auto

  @Option(help: ArgumentHelp("Show progress: auto (on a terminal), always or never.", valueName: "when"))
  var progress: Choice = .auto

  /// Whether only what is wrong is said.
  @Flag(
    name: .shortAndLong,
    help: "Say only what is wrong: no progress, no warnings, no text report of what is in order.")
  package var quiet = false

  @Flag(name: .shortAndLong, help: "Say on standard error what is read and chosen, and when.")
  var verbose = false

  /// Options are filled in by the parser.
  package init() {}

  /// Refuses what does not go together.
  package func validate() throws {
    if quiet && verbose { throw ValidationError("give --quiet or --verbose, not both") }
  }

  /// The progress bar of work of this size.
  func bar(total: @autoclosure () -> UInt64, unit: ProgressBar.Unit) -> ProgressBar {
    // Finding out how much there is may take a request for each file.
    let isShown = !quiet && progress.progress
    return ProgressBar(isShown: isShown, total: isShown ? total() : 0, unit: unit)
  }

  /// Says something that is not wrong but good to know, unless --quiet is given.
  func warn(_ text: String) {
    if !quiet { StandardError.write("lora-tool: \(text)\n") }
  }

  /// Says what is being done, with the seconds since the start, when --verbose is given.
  package func note(_ text: @autoclosure () -> String) {
    guard verbose else { return }
    StandardError.write("lora-tool: [\(fixed(CurrentProcess.monotonicSeconds - programStart, 3)) s] \(text())\n")
  }
}

/// When the program started, on the clock of `CurrentProcess.monotonicSeconds`.
let programStart = CurrentProcess.monotonicSeconds

/// A command of the program.
package protocol ToolCommand: ParsableCommand {
  /// What it says besides its result.
  var terminal: TerminalOptions { get }
}

extension ToolCommand {
  /// Runs the command; with --verbose it says on what machine, and at the end how long it took.
  func runNoted() throws {
    terminal.note(
      "lora-tool \(Version.text), \(KernelLevel.preferred.name) instructions, \(Workers.processorCount) processors")
    defer {
      terminal.note("done; \(ByteCount(CurrentProcess.peakResidentBytes)) of memory at most")
    }
    var command = self
    try command.run()
  }
}
