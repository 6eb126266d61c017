import JSON
public import LoRAIO
import TensorCore

/// Why traffic could not be read or made.
public enum TrafficError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A file cannot be read.
  case io(IOError)
  /// A line of a trace is wrong; `line` counts from 1.
  case malformed(path: String, line: UInt64, reason: String)
  /// A file of weights is wrong.
  case weights(path: String, reason: String)
  /// A trace without requests.
  case empty(path: String)
  /// More requests than a replay can hold.
  case tooMany(expected: Double, limit: Int)

  /// One sentence: what, where, why.
  public var description: String {
    switch self {
    case .io(let error): "\(error)"
    case .malformed(let path, let line, let reason):
      "\(escaped(path)) line \(line): \(reason); every line must be {\"time\": seconds, \"adapter\": name}"
    case .weights(let path, let reason):
      "\(escaped(path)): \(reason); weights are a JSON object of adapter names and positive numbers"
    case .empty(let path): "\(escaped(path)) has no requests"
    case .tooMany(let expected, let limit):
      "the traffic would have about \(fixed(expected, 0)) requests, more than the \(grouped(UInt64(limit))) that a "
        + "replay can hold; lower the rate or the duration"
    }
  }
}
