import Glibc
import JSON
import LoRACLI
import LoRAIO
import LoRAModel
import LoRAServe
import LoRAValidate
import RemoteFiles

/// The question that the server asks of a process of its own: one adapter that is on a server, compressed, or read with
/// its values.
struct OneQuestion {
  private let arguments: ServeArguments
  private let options: ValidationOptions
  private let places: AdapterPlaces
  private let terminal: TerminalOptions

  init(_ command: ServeCommand, _ options: ValidationOptions, _ places: AdapterPlaces) {
    arguments = command.arguments
    terminal = command.terminal
    self.options = options
    self.places = places
  }

  /// Reads the question from standard input and writes the judgement to standard output.
  func answer() throws {
    let question: Question
    do throws(BadRequest) { question = try Question(parsing: Self.standardInput()) } catch {
      throw Failure(error.sentence)
    }
    let text = String(decoding: try judgement(question).written, as: UTF8.self)
    try StandardOutput.write(text)
  }

  private func judgement(_ question: Question) throws -> Judgement {
    let remote = RemoteFiles()
    RemotePath.install(remote)
    var bases: [String: BaseModel] = [:]
    for base in arguments.bases where base.name == question.base {
      bases[base.name] = try openBase(remote.path(for: base.path), terminal)
    }
    let local = LocalJudge(bases: bases, options: options, toolVersion: Version.text)
    // The places are asked again, for they may have changed; then there is nothing left to hand on.
    let judge = AdapterJudge(places: places, local: local) { question, _ in
      local.judge(question, at: remote.path(for: question.adapter))
    }
    let judgement = judge.judge(question, within: arguments.timeout)
    // What rests on an answer that a server did not give is no verdict.
    guard let failure = remote.failure else { return judgement }
    return .unjudged(escaped("\(failure)", limit: 1000))
  }

  private static func standardInput() -> [UInt8] {
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count < ProcessJudge.questionLimit {
      let count = unsafe read(STDIN_FILENO, &part, part.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      bytes += part[..<count]
    }
    return bytes
  }
}
