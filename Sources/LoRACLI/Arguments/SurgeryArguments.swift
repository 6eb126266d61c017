import ArgumentParser
import JSON
import LoRADeltas
import LoRAIO
import LoRASurgery
import Synchronization
import TensorCore

/// The type that adapter tensors are written in.
enum OutputDType: String, CaseIterable, ExpressibleByArgument {
  case keep
  case bf16
  case f16
  case f32

  /// The type, or nil to keep what a tensor has.
  var dtype: DType? {
    switch self {
    case .keep: nil
    case .bf16: .bf16
    case .f16: .f16
    case .f32: .f32
    }
  }
}

/// What the commands that make an adapter out of others have in common, beside the groups that other commands have, too.
///
/// Groups stand beside each other in a command: see ``ReportOptions``.
struct SurgeryArguments: ParsableArguments {
  @Option(name: .shortAndLong, help: "Where the result goes: a folder that does not exist yet.", completion: .directory)
  var output: String?

  @Flag(help: "Replace an output that exists, when the new one is complete.")
  var overwrite = false

  @Option(help: "Type that floating-point tensors are written in: keep, bf16, f16 or f32.")
  var dtype: OutputDType = .keep

  @Flag(help: "Say what would be done and write nothing.")
  var dryRun = false

  func validate() throws {
    if output == nil, !dryRun { throw ValidationError("--output is missing: name a folder for the result") }
  }
}

/// A run that makes adapters, which a signal ends without leaving anything behind: at once while nothing is written.
final class SurgeryRun: Sendable {
  let terminal: TerminalOptions
  private let current = Mutex<SurgeryControl?>(nil)

  /// Holds the signals that end a program back from now on.
  init(_ terminal: TerminalOptions) {
    self.terminal = terminal
    TerminationSignals.onFirst { [self] in
      current.withLock { control in
        if let control { control.stop() } else { TerminationSignals.reraise() }
      }
    }
  }

  /// Runs work that can be stopped, with a bar of `total` units, and gives its failures as sentences.
  ///
  /// Ends by the signal when one came.
  func perform<Result>(
    total: UInt64, unit: ProgressBar.Unit, _ body: (SurgeryControl) throws(SurgeryError) -> Result
  ) throws(Failure) -> Result {
    let bar = terminal.bar(total: total, unit: unit)
    defer { bar.finish() }
    let control = SurgeryControl { bar.advance(by: $0) }
    current.withLock { $0 = control }
    defer { current.withLock { $0 = nil } }
    if TerminationSignals.hasReceived { control.stop() }
    do throws(SurgeryError) {
      return try body(control)
    } catch {
      TerminationSignals.reraise()
      throw Self.failure(error)
    }
  }

  /// Refuses places for a folder that cannot be, before any work is done.
  static func checkFolder(_ path: String, overwrite: Bool, inputs: [String]) throws(Failure) {
    let parent = Folder.parent(path)
    guard FileKind(path: parent) == .folder else { throw outputFailure(IOError("write", path, .system(2)), path) }
    guard let kind = FileKind(path: path) else { return }
    guard overwrite else { throw outputFailure(IOError("write", path, .exists), path) }
    guard kind == .folder, Folder.isPlain(path) else {
      throw Failure("cannot write \(escaped(path)): it is no folder, and only a folder is replaced by one")
    }
    let real = Folder.resolved(path) ?? path
    for input in inputs {
      guard let input = Folder.resolved(input) else { continue }
      if input == real || input.hasPrefix(real + "/") || real.hasPrefix(input + "/") {
        throw Failure("cannot write \(escaped(path)): replacing it would remove or change the input \(escaped(input))")
      }
    }
    let names: [String]
    do throws(IOError) { names = try Folder.names(in: path) } catch { throw outputFailure(error, path) }
    guard names.isEmpty || names.contains(where: { $0 == "adapter_config.json" || $0.hasSuffix(".safetensors") })
    else {
      throw Failure(
        "cannot write \(escaped(path)): it holds no adapter, so it is not replaced; remove it by hand if nothing in it "
          + "is needed")
    }
  }

  /// One sentence for each reason.
  static func failure(_ error: SurgeryError) -> Failure {
    switch error {
    case .refused(let refusals) where refusals.count > 1:
      Failure(
        "\(refusals[0].description)"
          + refusals.dropFirst().prefix(9).map { "\nlora-tool: \($0.description)" }.joined()
          + (refusals.count > 10 ? "\nlora-tool: and \(refusals.count - 10) more reasons" : ""))
    case .io(let cause): Failure(sentence(cause))
    default: Failure("\(error)")
    }
  }
}
