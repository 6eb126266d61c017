import JSON
import TensorCore

/// Places grouped by what is wrong with them, in order of first appearance, so that one distinct problem becomes one
/// finding however often it occurs.
package struct Groups<Problem: Hashable, Place> {
  private var positions: [Problem: Int] = [:]
  package private(set) var all: [(problem: Problem, places: [Place])] = []

  /// No places yet.
  package init() {}

  /// Notes that `place` has `problem`.
  package mutating func add(_ problem: Problem, _ place: Place) {
    if let position = positions[problem] {
      all[position].places.append(place)
    } else {
      positions[problem] = all.count
      all.append((problem, [place]))
    }
  }
}

/// Names from a file in one line: all of them up to three, else the first three and a count.
package func listing(_ names: [String], limit: Int = 3) -> String {
  let shown = names.prefix(limit).map { escaped($0, limit: 120) }.joined(separator: ", ")
  let rest = names.count - limit
  return rest > 0 ? "\(shown) and \(grouped(UInt64(rest))) more" : shown
}

/// Some of the adapter's modules in one phrase: "model.layers.0.self_attn.q_proj", "all 224 modules",
/// "12 of 224 modules (model.layers.0.self_attn.q_proj, … and 9 more)".
package func phrase(_ names: [String], of total: Int) -> String {
  if names.count == 1, let name = names.first { return escaped(name, limit: 160) }
  if names.count == total { return "all \(counted(total, "module"))" }
  return "\(grouped(UInt64(names.count))) of \(counted(total, "module")) (\(listing(names)))"
}

/// Whole numbers in one line with runs joined: "0-3, 7, 9-11".
package func ranges(_ numbers: some Sequence<UInt64>) -> String {
  var runs: [(first: UInt64, last: UInt64)] = []
  for number in Set(numbers).sorted() {
    if let run = runs.last, run.last &+ 1 == number {
      runs[runs.count - 1].last = number
    } else {
      runs.append((number, number))
    }
  }
  let shown = runs.prefix(8).map { $0.first == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)" }
  return shown.joined(separator: ", ") + (runs.count > 8 ? ", …" : "")
}
