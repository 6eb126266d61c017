import PythonPattern
import Synchronization

/// The work that the patterns of one config may cost over all names.
///
/// One pattern over one name is bounded, but a file may hold forty thousand names and its config as many patterns. What
/// honest adapters need, with a pattern or two over the experts of the largest models, is a fraction of it.
final class MatchingBudget: Sendable {
  /// Instructions of all patterns together: about a second.
  static let usualLimit = 400_000_000
  /// What a pair costs that the ends of the pattern settle, in instructions.
  private static let rejection = 4

  private let spent = Atomic<Int>(0)
  private let limit: Int

  /// - Parameter limit: instructions of all patterns together.
  init(limit: Int = usualLimit) { self.limit = limit }

  /// Whether patterns were given up, so that the answers since are worth nothing.
  var isSpent: Bool { spent.load(ordering: .relaxed) > limit }

  /// The part of the budget that is spent.
  var spentShare: Double { Double(spent.load(ordering: .relaxed)) / Double(limit) }

  /// Whether the whole name matches; false once the budget is spent.
  func fullMatches(_ pattern: PythonPattern, _ name: String) -> Bool {
    take { steps in pattern.fullMatches(name, steps: &steps) }
  }

  /// Whether the name begins with a match; false once the budget is spent.
  func matchesPrefix(_ pattern: PythonPattern, _ name: String) -> Bool {
    take { steps in pattern.matchesPrefix(name, steps: &steps) }
  }

  private func take(_ match: (inout Int) -> Bool) -> Bool {
    guard !isSpent else { return false }
    var steps = Self.rejection
    let isMatch = match(&steps)
    spent.wrappingAdd(steps, ordering: .relaxed)
    return isMatch
  }
}
