import Glibc
import JSON
import LoRACLI
import LoRAEngines
import LoRAIO
import LoRAModel
import LoRAServe
import LoRAValidate
import RemoteFiles
import Synchronization

/// The server as the arguments want it.
struct ServeProgram {
  let command: ServeCommand
  private let arguments: ServeArguments
  private let options: ValidationOptions

  /// Has the command `serve` run here.
  ///
  /// Not in `main.swift`, where closures belong to the main actor and ask for it.
  static func takeCommands() { ServeCommand.server.withLock { $0 = { command in try Self(command).run() } } }

  /// Reads the policy.
  init(_ command: ServeCommand) throws {
    self.command = command
    arguments = command.arguments
    var options = try arguments.check.options()
    options.failOn = arguments.failOn.severity
    options.headerOnly = !arguments.values
    options.workers = 1
    self.options = options
  }

  /// Serves until a signal, answers one question, or says what would be served.
  func run() throws {
    if arguments.answerOne { return try OneQuestion(command, options, places).answer() }
    for root in arguments.roots where FileKind(path: root) != .folder {
      throw Failure("--root \(escaped(root)) is no folder; name the folder in which adapters lie")
    }
    // Signals are held back before any thread is started.
    if !arguments.onlyChecks { Stop.listen() }
    let bases = try openBases(arguments.bases)
    if arguments.onlyChecks { return try sayWhatIsServed() }
    let judge = AdapterJudge(
      places: places, local: LocalJudge(bases: bases, options: options, toolVersion: Version.text),
      apart: { [own] in own.judge($0, within: $1) })
    let log: @Sendable (String) -> Void = { StandardError.write($0 + "\n") }
    let silent: @Sendable (String) -> Void = { _ in }
    let service = Service(
      judge: judge, policy: policy, toolVersion: Version.text, log: command.terminal.quiet ? silent : log)
    try serve(service, log)
  }

  private var places: AdapterPlaces { AdapterPlaces(roots: arguments.roots, remotes: arguments.remotes) }

  private var policy: AdmissionPolicy {
    var policy = AdmissionPolicy()
    policy.failsOpen = arguments.unjudged == .failOpen
    policy.readsHeadersOnly = !arguments.values
    policy.knowsBases = !arguments.bases.isEmpty
    policy.hasEngine = options.engine != nil
    return policy
  }

  /// This program, started with the same arguments to answer one question.
  private var own: ProcessJudge {
    let program = Folder.resolved("/proc/self/exe") ?? ServeCommand.program
    return ProcessJudge(command: [program] + CommandLine.arguments.dropFirst() + ["--answer-one"])
  }

  private func openBases(_ named: [NamedPath]) throws -> [String: BaseModel] {
    if named.contains(where: { RemotePath.isRemote($0.path) }) { RemotePath.install(RemoteFiles()) }
    return try Dictionary(uniqueKeysWithValues: named.map { ($0.name, try openBase($0.path, command.terminal)) })
  }

  private func sayWhatIsServed() throws {
    guard !command.terminal.quiet else { return }
    var lines = ["listen  \(escaped(arguments.listen))\(arguments.certificate == nil ? "" : " with TLS")"]
    lines += arguments.roots.map { "root    \(escaped($0))" }
    lines += arguments.remotes.map { "remote  \(escaped($0))" }
    lines += arguments.bases.map { "base    \(escaped($0.name)) is \(escaped($0.path))" }
    lines.append("engine  \(options.engine.map { "\($0.name)@\($0.version)" } ?? "none, which every answer says")")
    lines.append("reads   \(arguments.values ? "headers and values" : "headers, not values, which every answer says")")
    lines.append("denies  findings of the level \(arguments.failOn.rawValue)")
    if arguments.unjudged == .failClosed { lines[lines.count - 1] += ", and what cannot be judged" }
    try StandardOutput.write(lines.map { $0 + "\n" }.joined())
  }
}
