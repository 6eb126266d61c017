import ArgumentParser
import LoRAIO

/// How many threads a command works with.
package struct ThreadArguments: ParsableArguments {
  @Option(help: ArgumentHelp("Number of threads; all processors by default.", valueName: "number"))
  var jobs: Int?

  /// Arguments are filled in by the parser.
  package init() {}

  /// Refuses a number that is none.
  package func validate() throws {
    if let jobs, jobs < 1 { throw ValidationError("--jobs wants a number from 1 on, not \(jobs)") }
  }

  /// Threads to use.
  package var workers: Int { jobs ?? Workers.processorCount }
}
