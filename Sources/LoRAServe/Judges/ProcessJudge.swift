import JSON

/// Judges in a process of its own, which is killed when it takes too long.
///
/// The process is the server's own program, with the same options: it reads the question from its standard input and
/// writes the judgement to its standard output.
package struct ProcessJudge: Sendable {
  /// The program and its arguments.
  let command: [String]

  /// Longest judgement that is read, in bytes.
  private static let outputLimit = 16 << 20
  /// Longest question that such a process reads, in bytes.
  package static let questionLimit: UInt64 = 1 << 20

  /// A judge that runs this command for every question.
  package init(command: [String]) { self.command = command }

  /// Asks a new process.
  package func judge(_ question: Question, within seconds: Double) -> Judgement {
    let input = Array(question.json.text().utf8)
    switch ChildProcess.run(command, input: input, outputLimit: Self.outputLimit, within: seconds) {
    case .ended(code: 0, let output): return Judgement(written: output) ?? .unjudged(Self.lost("did not answer"))
    case .ended(let code, _): return .unjudged(Self.lost("ended with \(code)"))
    case .tooLong:
      return .unjudged(
        "the adapter \(escaped(question.adapter)) could not be read within \(Int(seconds.rounded(.up))) s (--timeout)")
    case .tooMuch: return .unjudged(Self.lost("wrote more than \(Self.outputLimit) bytes"))
    case .notStarted: return .unjudged(Self.lost("could not be started"))
    }
  }

  private static func lost(_ what: String) -> String { "the process that was to read the adapter \(what)" }
}

extension Judgement {
  /// The text in which one process hands a judgement to another.
  package var written: [UInt8] {
    let value: JSONValue =
      switch self {
      case .judged(let document): ["judged": document]
      case .unjudged(let sentence): ["unjudged": .string(sentence)]
      }
    return Array(value.text().utf8)
  }

  /// The judgement in such a text; nil when there is none in it.
  init?(written: [UInt8]) {
    guard let value = try? JSONValue(parsing: written) else { return nil }
    if let document = value["judged"] {
      self = .judged(document)
    } else if let sentence = value["unjudged"]?.string {
      self = .unjudged(sentence)
    } else {
      return nil
    }
  }
}
