import ArgumentParser
import LoRAIO

/// How many threads a command works with.
struct ThreadArguments: ParsableArguments {
  @Option(help: ArgumentHelp("Number of threads; all processors by default.", valueName: "number"))
  var jobs: Int?

  func validate() throws {
    if let jobs, jobs < 1 { throw ValidationError("--jobs wants a number from 1 on, not \(jobs)") }
  }

  /// Threads to use.
  var workers: Int { jobs ?? Workers.processorCount }
}
