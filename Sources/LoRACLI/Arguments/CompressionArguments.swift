import ArgumentParser
import Compression
import Diagnostics
import JSON
import LoRAIO
import LoRAModel
import Safetensors
import Synchronization
import TensorCore

/// What is done to the content before it is compressed.
enum CompressionFilter: String, CaseIterable, ExpressibleByArgument {
  case none
  case bytePlane = "byte-plane"

  /// The filter behind a format.
  init(_ format: ArchiveFormat) { self = format == .zstd ? .none : .bytePlane }

  /// The format that holds such content.
  var format: ArchiveFormat { self == .none ? .zstd : .bytePlanes }
}

/// What `compress` and `decompress` have in common, beside the groups that other commands have, too.
///
/// Groups stand beside each other in a command: see ``ReportOptions``.
struct CompressionArguments: ParsableArguments {
  @Argument(help: "Files, adapter folders, or - for standard input.", completion: .file())
  var inputs: [String]

  @Option(name: .shortAndLong, help: "Where the result goes, for one input; - is standard output.", completion: .file())
  var output: String?

  @Flag(help: "Replace files that exist, when the new ones are complete.")
  var overwrite = false

  @Flag(help: "Read what was written again and compare it with the input.")
  var verify = false

  func validate() throws {
    if output != nil, inputs.count > 1 { throw ValidationError("--output takes one input, not \(inputs.count)") }
    if inputs.filter({ $0 == "-" }).count > 1 { throw ValidationError("standard input can be read once only") }
  }

  /// Opens an input: standard input, a file, or the weights of an adapter folder.
  func open(_ path: String) throws(Failure) -> InputFile {
    var file = path
    if FileKind(path: path) == .folder {
      guard let weights = AdapterDiscovery.weights(at: path) else {
        throw Failure("\(escaped(path)): the folder has no adapter weights; name the file itself")
      }
      file = weights
    }
    return try openInput(file)
  }

  /// Runs the work on every input, reports, and ends with exit code 2 when one of them failed.
  func run(
    _ command: String, _ report: MakerReport, _ terminal: TerminalOptions,
    _ work: (InputFile, CompressionRun) throws(Failure) -> CompressionReport
  ) throws {
    let run = CompressionRun(self, terminal)
    for path in inputs { UsedFiles.insert(path) }
    var results: [CompressionReport] = []
    var isComplete = true
    for path in inputs {
      do throws(Failure) {
        results.append(try work(try open(path), run))
      } catch {
        StandardError.write("lora-tool: \(error.message)\n")
        TerminationSignals.reraise()
        isComplete = false
      }
    }
    func render(_ format: ReportFormat) -> [String] {
      guard format == .json else { return results.map(\.text) }
      let document = JSONValue.document(
        command, toolVersion: Version.text, ["files": .array(results.map(\.json))])
      return [document.text(pretty: true)]
    }
    if results.contains(where: { $0.output == "-" }) {
      // A report on standard output would end up in the data.
      try report.writeFiles(render)
      if !terminal.quiet { StandardError.write(render(.text).map { $0 + "\n" }.joined()) }
    } else {
      try report.write(terminal, render)
    }
    if !isComplete { throw ExitStatus.failed }
  }
}

/// A run over several files, which a signal ends without leaving a file behind.
final class CompressionRun: Sendable {
  let arguments: CompressionArguments
  private let terminal: TerminalOptions
  private let isInterrupted = Atomic<Bool>(false)
  private let current = Mutex<ArchiveControl?>(nil)

  /// Holds the signals that end a program back from now on.
  init(_ arguments: CompressionArguments, _ terminal: TerminalOptions) {
    self.arguments = arguments
    self.terminal = terminal
    TerminationSignals.onFirst { [self] in
      isInterrupted.store(true, ordering: .relaxed)
      current.withLock { $0?.stop() }
    }
  }

  /// Writes an output with `body`, which gives its size, and makes it appear when it is complete.
  ///
  /// - Parameters:
  ///   - total: bytes of progress to expect.
  ///   - check: looks at what was written before it gets its name.
  func write(
    _ path: String, total: UInt64,
    _ body: (OutputFile, ArchiveControl) throws(ArchiveError) -> UInt64,
    check: (InputFile, ArchiveControl) throws(ArchiveError) -> Void
  ) throws(Failure) -> UInt64 {
    let bar = terminal.bar(total: total, unit: .bytes)
    defer { bar.finish() }
    let control = ArchiveControl { bar.advance(by: $0) }
    current.withLock { $0 = control }
    if isInterrupted.load(ordering: .relaxed) { control.stop() }
    do {
      if path == "-" {
        let file = try OutputFile.temporary()
        let size = try body(file, control)
        let written = try file.reopened(size: size)
        if arguments.verify { try check(written, control) }
        try StandardOutput.write(written)
        return size
      }
      try checkUnused(path)
      let staged = try StagedFile(for: path, overwrites: arguments.overwrite)
      let size = try body(staged.file, control)
      if arguments.verify { try check(try staged.file.reopened(size: size, path: path), control) }
      try staged.publish()
      UsedFiles.insert(path)
      return size
    } catch let failure as Failure {
      throw failure
    } catch let error as IOError {
      throw outputFailure(error, path)
    } catch {
      throw Failure("\(error)")
    }
  }
}

/// What became of one file.
struct CompressionReport {
  var input: String
  var output: String
  var inputBytes: UInt64
  var outputBytes: UInt64
  var seconds: Double
  var isVerified: Bool
  /// Whether the output is the compressed side.
  var compresses: Bool
  /// Members of the JSON report that one of the commands adds.
  var details: JSONObject = [:]

  /// Compressed bytes over those of the content.
  var ratio: Double {
    let (compressed, content) = compresses ? (outputBytes, inputBytes) : (inputBytes, outputBytes)
    return content > 0 ? Double(compressed) / Double(content) : 1
  }

  /// The report as JSON.
  var json: JSONValue {
    var object: JSONObject = [
      "input": .string(input), "output": .string(output), "input_bytes": .integer(Int64(clamping: inputBytes)),
      "output_bytes": .integer(Int64(clamping: outputBytes)), "ratio": .real(ratio), "seconds": .real(seconds),
      "verified": .bool(isVerified),
    ]
    for (key, value) in details.members { object[key] = value }
    return .object(object)
  }

  /// The report as a line.
  var text: String {
    let rate = seconds > 0 ? ByteCount(UInt64(Double(max(inputBytes, outputBytes)) / seconds)).human + "/s" : "-"
    return "\(escaped(input)) -> \(escaped(output)): \(ByteCount(inputBytes)) to \(ByteCount(outputBytes)), "
      + "compressed \(fixed(ratio * 100, 1)) % of the content, \(elapsed(seconds)), \(rate)"
      + (isVerified ? ", verified" : "")
  }
}
