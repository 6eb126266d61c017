import Diagnostics
import JSON
import TensorCore

/// One kind of problem that a file may hold any number of times: the first ones are told, the rest is counted, so that
/// a hostile file cannot produce a report without end.
struct Repeated {
  /// How many are told.
  static let limit = 20

  private let plural: String
  private var told: [Finding] = []
  private var untold = 0

  /// No problems yet; `plural` names them for the closing count, such as "tensors that are in no shard".
  init(_ plural: String) { self.plural = plural }

  /// Whether there was none.
  var isEmpty: Bool { told.isEmpty }

  /// Notes a problem; it is not even put together when it would not be told.
  mutating func add(_ finding: @autoclosure () -> Finding) {
    if told.count < Self.limit { told.append(finding()) } else { untold += 1 }
  }

  /// The problems told, and one more that counts the others.
  var findings: [Finding] {
    guard untold > 0, let last = told.last else { return told }
    let rest = "\(grouped(UInt64(untold))) more \(plural) are not shown"
    return told + [Finding(last.rule, severity: last.severity, rest, file: last.file)]
  }
}

/// The first names of a list and how many follow, escaped: `a, b and 3 more`.
func listed(_ names: [String], limit: Int = 5) -> String {
  let shown = names.prefix(limit).map { escaped($0, limit: 120) }.joined(separator: ", ")
  return names.count > limit ? "\(shown) and \(names.count - limit) more" : shown
}
