import Glibc
import LoRAIO
import LoRAModel
import Safetensors
import TensorCore

/// Two builds of the program on the same inputs by turns, so that what disturbs the machine disturbs both.
let programBenchmark = Benchmark(
  name: "program",
  summary: "the whole program against another build of it: program=FILE against=FILE pairs=9 tolerance=5 (percent) "
    + "only=merge,validate base=FOLDER folder=/tmp"
) { options in
  guard let program = options.list("program")?.first, let other = options.list("against")?.first else {
    throw BenchmarkFailure("it needs program=FILE and against=FILE")
  }
  let pairs = max(1, options.integers("pairs", default: [9])[0])
  let tolerance = Double(options.integers("tolerance", default: [5])[0]) / 100
  let commands = ProgramInputs.commands.filter { command in
    options.list("only").map { $0.contains(where: command.hasPrefix) } ?? true
  }
  let inputs = try ProgramInputs(options)
  var slower: [String] = []
  print("medians of \(pairs) pairs; ratio: this build over the other, elapsed and processor time")
  print("  ms, this   other   ratio  processor  command")
  for command in commands {
    var result = try inputs.compare(command, program, other, pairs: pairs)
    if result.ratio > 1 + tolerance { result = try inputs.compare(command, program, other, pairs: 2 * pairs) }
    print(
      column(fixed(result.own * 1e3, 1), 10) + column(fixed(result.other * 1e3, 1), 8)
        + column(fixed(result.ratio, 2), 8) + column(fixed(result.processor, 2), 11) + "  " + command)
    if result.ratio > 1 + tolerance { slower.append(command) }
  }
  try report("\(commands.count) commands compared", slower, tolerance)
}

/// What the commands are run on: an adapter of rank 16, and a base with weights, by default two layers of TinyLlama's
/// shapes.
private struct ProgramInputs {
  private let adapters: BenchAdapters

  static let commands = [
    "--version", "inspect ADAPTER", "inspect --stats ADAPTER", "validate --base BASE ADAPTER",
    "merge --base BASE --adapter ADAPTER --output OUT", "pack --base BASE --max-loras 4 ADAPTER --output OUT",
    "compress ADAPTER/adapter_model.safetensors --output OUT", "plan --base BASE --rank 16 --targets attention",
    "replay --adapters 200 --rate 500 --duration 2000 --max-loras 16 --max-cpu-loras 128",
  ]

  init(_ options: Options) throws {
    adapters =
      if options.list("base") != nil {
        try BenchAdapters(options)
      } else {
        try BenchAdapters(options, layers: 2, of: "testdata/bases/tinyllama-1.1b.json")
      }
  }

  /// The words of a command, with the paths that `ADAPTER`, `BASE` and `OUT` stand for.
  private func words(_ command: String) throws -> [String] {
    try command.split(separator: " ").map { word in
      switch word {
      case "BASE": adapters.base.path
      case "OUT": adapters.output
      case _ where word.hasPrefix("ADAPTER"):
        try adapters.path(rank: 16, .bf16, alpha: 2, .random) + word.dropFirst("ADAPTER".count)
      default: String(word)
      }
    }
  }

  /// Medians over pairs of runs, which change their order from pair to pair.
  func compare(_ command: String, _ program: String, _ other: String, pairs: Int) throws
    -> (own: Double, other: Double, ratio: Double, processor: Double)
  {
    let words = try words(command)
    _ = (try run(program, words), try run(other, words))
    var runs: [(own: Run, other: Run)] = []
    for pair in 0..<pairs {
      if pair % 2 == 0 {
        let own = try run(program, words)
        runs.append((own, try run(other, words)))
      } else {
        let before = try run(other, words)
        runs.append((try run(program, words), before))
      }
    }
    func median(_ value: ((own: Run, other: Run)) -> Double) -> Double { runs.map(value).sorted()[pairs / 2] }
    return (
      median { $0.own.elapsed }, median { $0.other.elapsed }, median { $0.own.elapsed / $0.other.elapsed },
      median { $0.own.processor / $0.other.processor }
    )
  }

  private struct Run {
    let elapsed: Double
    let processor: Double
  }

  /// Runs a program to its end without its output; what it made before is removed first.
  private func run(_ program: String, _ words: [String]) throws -> Run {
    if FileKind(path: adapters.output) == .folder { try Folder.remove(adapters.output) }
    try? Folder.removeFile(adapters.output)
    let arguments = unsafe ([program] + words).map { unsafe strdup($0) } + [nil]
    defer { for index in unsafe arguments.indices { unsafe free(arguments[index]) } }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for stream in [STDOUT_FILENO, STDERR_FILENO] {
      unsafe posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0)
    }
    var process = pid_t()
    let start = CurrentProcess.monotonicSeconds
    guard unsafe posix_spawn(&process, program, &actions, nil, arguments, environ) == 0 else {
      throw BenchmarkFailure("cannot start \(program)")
    }
    var (status, usage) = (Int32(0), rusage())
    guard unsafe wait4(process, &status, 0, &usage) == process, status == 0 else {
      throw BenchmarkFailure("\(program) \(words.joined(separator: " ")) ended with status \(status)")
    }
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
    return Run(
      elapsed: CurrentProcess.monotonicSeconds - start,
      processor: max(seconds(usage.ru_utime) + seconds(usage.ru_stime), 1e-6))
  }
}
