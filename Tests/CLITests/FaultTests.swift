import Foundation
import LoRATestSupport
import Testing

/// The program on a kernel that lets calls go wrong (Tests/FaultyKernel): nothing is lost, nothing half-written stays,
/// and the user is told in one sentence.
@Suite struct FaultTests {
  /// A command that writes, with `OUT` for a folder that is empty before.
  struct Job: Sendable, CustomTestStringConvertible {
    var name: String
    var arguments: [String]
    /// Whether a failure may leave a hidden folder with which the command goes on another time.
    var isResumable = false

    var testDescription: String { name }
  }

  static let adapter = "IN/llama-all-linear"
  static let base = "IN/llama-bf16-sharded"

  static let jobs: [Job] = [
    Job(name: "compress", arguments: ["compress", "\(adapter)/adapter_model.safetensors", "--output", "OUT/a.zst"]),
    Job(
      name: "byte planes",
      arguments: [
        "compress", "--filter", "byte-plane", "\(adapter)/adapter_model.safetensors", "--output", "OUT/a.bpz",
      ]),
    Job(
      name: "decompress",
      arguments: ["decompress", "IN/llama-zstd/adapter_model.safetensors.zst", "--output", "OUT/a.safetensors"]),
    Job(
      name: "decompress by the table",
      arguments: [
        "decompress", "IN/llama-zstd-seekable/adapter_model.safetensors.zst", "--output", "OUT/a.safetensors",
      ]),
    Job(
      name: "merge",
      arguments: ["merge", "--base", base, "--adapter", adapter, "--output", "OUT/merged", "--jobs", "1"],
      isResumable: true),
    Job(
      name: "pack",
      arguments: [
        "pack", "--base", base, "--max-loras", "1", "--max-lora-rank", "8", "--output", "OUT/slots.safetensors",
        "--jobs", "1", "--device", "host", adapter,
      ]),
    Job(
      name: "plot",
      arguments: ["replay", "--trace", "IN/trace.jsonl", "--max-loras", "2", "--plot", "OUT/plot.svg"]),
    Job(name: "inspect", arguments: ["inspect", "--stats", "--output", "OUT/report.txt", adapter]),
    Job(
      name: "validate",
      arguments: ["validate", "--format", "sarif", "--base", base, "--output", "OUT/report.sarif", adapter]),
    Job(name: "report besides", arguments: ["validate", "--report", "junit=OUT/report.xml", adapter]),
    Job(name: "page", arguments: ["report", "--base", base, "--output", "OUT/report.html", adapter]),
  ]

  /// Commands that read values and write no file.
  static let readers: [Job] = [
    Job(name: "inspect", arguments: ["inspect", "--stats", adapter]),
    Job(name: "validate", arguments: ["validate", "--base", base, adapter]),
    Job(name: "parity", arguments: ["parity", "--base", base, "--adapter", adapter, "--tokens", "1"]),
    Job(name: "gate", arguments: ["gate", "--baseline", "IN/before.jsonl", "--candidate", "IN/before.jsonl"]),
    Job(name: "replay", arguments: ["replay", "--trace", "IN/trace.jsonl", "--max-loras", "2"]),
    Job(
      name: "compressed", arguments: ["validate", "--base", base, "IN/llama-zstd", "IN/llama-zstd-seekable"]),
  ]

  @Test(arguments: jobs)
  func whicheverCallOnTheOutputFailsThereIsAWholeOutputOrNone(_ job: Job) throws {
    let bench = try Bench(job)
    let (right, calls) = try bench.measured(path: "/out")
    #expect(calls >= 4, "only \(calls) calls on the output")
    let numbers = [ENOSPC, EIO, EMFILE, EDQUOT]
    var failures = 0
    // A merge makes a hundred calls, each of which `ResumeTests.whicheverCallFailsTheMergeCanBeResumed` lets fail within the process.
    for after in stride(from: 0, to: calls, by: job.isResumable ? 4 : 1) {
      let result = try bench.run(["PATH": "/out", "AFTER": "\(after)", "ERRNO": "\(numbers[failures % numbers.count])"])
      let left = try bench.output()
      if result.code == 0 {
        // Some calls can be done without, such as a copy inside the kernel.
        #expect(left == right, "call \(after)")
      } else {
        failures += 1
        let stray = left.keys.filter { !(job.isResumable && $0.hasPrefix(".")) }
        #expect(result.code == 2 && stray.isEmpty, "call \(after): \(result.code), left \(stray)")
        Self.checkMessage(result, job, "call \(after)")
      }
      try bench.clear()
    }
    #expect(failures >= 3)
  }

  /// Calls that are interrupted and move a few bytes at a time lead to the same bytes.
  @Test(arguments: jobs)
  func callsThatAreInterruptedAndMoveAFewBytesAtATimeLeadToTheSameBytes(_ job: Job) throws {
    let bench = try Bench(job)
    let (right, _) = try bench.measured(path: "/out")
    try bench.clear()
    let result = try bench.run(["PATH": bench.folder.path, "DISTURB": "501"])
    #expect(result.code == 0, "\(result.errors)")
    #expect(try bench.output() == right)
  }

  @Test(arguments: jobs + readers)
  func aFileThatShrinksWhileItIsReadIsAnErrorOrHasBeenReadBefore(_ job: Job) throws {
    let bench = try Bench(job)
    let (right, calls) = try bench.measured(path: "/in", calls: "r")
    #expect(calls >= 2)
    for after in stride(from: 0, to: calls, by: max(1, calls / 12)) {
      try bench.clear()
      let result = try bench.run(["PATH": "/in", "CALLS": "r", "AFTER": "\(after)", "SHRINK": "1"])
      let left = try bench.output()
      if result.code == 0 {
        // A page is made of broken adapters as well.
        let page = String(decoding: left["report.html"] ?? Data(), as: UTF8.self)
        #expect(left == right || left.isEmpty && job.name == "gate" || page.hasSuffix("</html>\n"), "read \(after)")
      } else {
        #expect((1...2).contains(result.code), "read \(after): \(result.code) \(result.errors)")
        // A report says it itself.
        if result.code == 2, left["report.txt"] == nil { Self.checkMessage(result, job, "read \(after)") }
        let stray = left.keys.filter { !$0.hasPrefix("report") && !(job.isResumable && $0.hasPrefix(".")) }
        #expect(stray.isEmpty, "read \(after) leaves \(stray)")
      }
      try bench.layOut()
    }
  }

  /// An output that is to be replaced stays as it was when writing the new one fails.
  @Test func anOutputThatIsToBeReplacedStaysAsItWasWhenWritingTheNewOneFails() throws {
    let old = "the old one"
    let overwriting = ["--overwrite"]
    for (name, flags) in [
      ("compress", overwriting), ("decompress", overwriting), ("inspect", []), ("pack", overwriting), ("plot", []),
      ("report besides", []), ("page", overwriting),
    ] {
      let job = try #require(Self.jobs.first { $0.name == name })
      let bench = try Bench(Job(name: name, arguments: job.arguments + flags))
      let output = try #require(job.arguments.first { $0.contains("OUT/") })
      let file = try #require(output.split(separator: "OUT/").last)
      try bench.folder.write("out/\(file)", old)
      for after in 0..<6 {
        let result = try bench.run(["PATH": "/out/", "AFTER": "\(after)", "ERRNO": "\(ENOSPC)"])
        if result.code == 0 { break }
        #expect(result.code == 2, "\(name) \(after): \(result.errors)")
        #expect(try bench.output() == [String(file): Data(old.utf8)], "\(name) \(after)")
      }
    }
  }

  /// One line, which names no file that is ours alone.
  private static func checkMessage(_ result: Program.Result, _ job: Job, _ place: String) {
    let lines = result.errors.split(separator: "\n")
    // What is left to go on with is named, and how.
    let isClear = (1...(job.isResumable ? 2 : 1)).contains(lines.count) && lines.first?.hasPrefix("lora-tool: ") == true
    #expect(isClear || !result.output.isEmpty, "\(place): \(result.code) \(result.errors)")
    #expect(job.isResumable || !result.errors.contains(".partial"), "\(place): \(result.errors)")
  }
}

/// Folders `in` and `out` for a job.
private struct Bench {
  let folder: TemporaryFolder
  private let job: FaultTests.Job

  init(_ job: FaultTests.Job) throws {
    self.job = job
    folder = try TemporaryFolder()
    try layOut()
    try clear()
  }

  /// Puts the inputs (back) in their place.
  func layOut() throws {
    let manager = FileManager.default
    try? manager.removeItem(atPath: folder.path("in"))
    try manager.createDirectory(atPath: folder.path("in"), withIntermediateDirectories: true)
    let inputs = [
      "adapters/llama-all-linear", "adapters/llama-zstd", "adapters/llama-zstd-seekable", "models/llama-bf16-sharded",
      "evaluation/before.jsonl",
    ]
    for input in inputs where job.arguments.contains(where: { $0.hasPrefix("IN/\(Self.name(input))") }) {
      try manager.copyItem(atPath: Fixtures.path(input), toPath: folder.path("in/\(Self.name(input))"))
    }
    let trace = (0..<400).map { #"{"time":\#($0),"adapter":"a\#($0 * 7 % 5)"}"# }
    try folder.write("in/trace.jsonl", trace.joined(separator: "\n"))
  }

  private static func name(_ path: String) -> String { String(path.split(separator: "/").last ?? "") }

  /// Empties the folder of outputs.
  func clear() throws {
    try? FileManager.default.removeItem(atPath: folder.path("out"))
    try FileManager.default.createDirectory(atPath: folder.path("out"), withIntermediateDirectories: true)
  }

  /// Runs the job on the faulty kernel.
  func run(_ faults: [String: String]) throws -> Program.Result {
    var environment = ["LD_PRELOAD": Program.faultyKernel, "TMPDIR": folder.path("out"), "PATH": "/usr/bin:/bin"]
    for (name, value) in faults { environment["FAULT_\(name)"] = value }
    let arguments = job.arguments.map {
      $0.replacingOccurrences(of: "IN/", with: folder.path("in/"))
        .replacingOccurrences(of: "OUT/", with: folder.path("out/"))
    }
    return try Program.run(arguments, environment: environment)
  }

  /// What is written when nothing goes wrong, and how many calls it takes.
  func measured(path: String, calls: String = "orwsnd") throws -> ([String: Data], Int) {
    let log = folder.path("calls")
    let result = try run(["PATH": path, "CALLS": calls, "LOG": log])
    #expect(result.code == 0, "\(result.errors)")
    let right = try output()
    try clear()
    return (right, try #require(Int(String(contentsOfFile: log, encoding: .utf8))))
  }

  /// All files in the folder of outputs by their paths.
  func output() throws -> [String: Data] { try Fixtures.contents(of: folder.path("out")) }
}
