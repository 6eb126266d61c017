import JSON
public import LoRAIO

/// Why two files of answers could not be compared.
public enum GateError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A file cannot be read.
  case io(IOError)
  /// A line is not an answer; `line` counts from 1 and `offset` is in bytes from the start of the line.
  case malformed(path: String, line: UInt64, offset: Int, reason: String)
  /// Two lines of a file are about the same prompt of the same adapter.
  case repeated(path: String, line: UInt64, firstLine: UInt64, id: String)
  /// The files say different things about what is right.
  case expectationsDiffer(path: String, line: UInt64, id: String)
  /// The baseline has no line.
  case empty(path: String)
  /// There are more lines than can be joined.
  case tooManyLines(path: String)

  /// One sentence: what, where, why.
  public var description: String {
    switch self {
    case .io(let error): "\(error)"
    case .malformed(let path, let line, let offset, let reason):
      "\(escaped(path)) line \(line), byte \(offset): \(reason); every line must be a JSON object with \"id\" and "
        + "\"tool_calls\", or \"name\" and \"arguments\""
    case .repeated(let path, let line, let firstLine, let id):
      "\(escaped(path)) line \(line): the id \(escaped(id, limit: 80)) is already in line \(firstLine); ids must be "
        + "unique for each adapter"
    case .expectationsDiffer(let path, let line, let id):
      "\(escaped(path)) line \(line): \"expected\" of the id \(escaped(id, limit: 80)) is not what the baseline expects; "
        + "both files must be scored against the same answers"
    case .empty(let path):
      "\(escaped(path)) has no answers, so there is nothing to compare with; check that the evaluation wrote them"
    case .tooManyLines(let path): "\(escaped(path)) has more lines than can be joined (4,294,967,294)"
    }
  }
}
