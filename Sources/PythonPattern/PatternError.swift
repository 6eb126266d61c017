/// Why a regular expression cannot be used.
package enum PatternError: Error, Equatable, Sendable {
  /// Python 3.11 refuses the pattern too; `reason` is its message, `position` its offset in Unicode scalars.
  case invalid(reason: String, position: Int)
  /// Python accepts the construct that begins at `position`, this library does not.
  case unsupported(Feature, position: Int)
  /// The pattern is legal but larger than a reader of foreign files should take.
  case tooLarge(Limit, maximum: Int)

  /// Constructs of Python's `re` that no pattern over module names needs.
  package enum Feature: String, Sendable {
    /// `\1` and `(?P=name)`: what they match is no regular language.
    case backreference
    /// `(?(1)yes|no)`, for the same reason.
    case conditional = "conditional group"
    /// `(?>…)`, whose answer depends on the order in which alternatives are tried.
    case atomicGroup = "atomic group"
    /// `(…)*+` over more than a single character, likewise.
    case possessiveGroup = "possessive quantifier after a group"
    /// `\N{…}`.
    case characterName = "character name"
    /// `(?t)`, which Python has deprecated.
    case templateFlag = "template flag"
  }

  /// What there is too much of.
  package enum Limit: String, Sendable {
    /// Unicode scalars in the pattern.
    case length = "characters"
    /// Groups within groups.
    case nesting = "levels of nested groups"
    /// A repeat count, which Python bounds as well.
    case repetition = "repetitions"
    /// Instructions of the compiled pattern, in which counted repetitions are written out.
    case instructions
    /// Lookahead and lookbehind assertions.
    case lookarounds = "lookaround assertions"
  }
}

extension PatternError: CustomStringConvertible {
  /// One clause for an error message, without the pattern.
  package var description: String {
    switch self {
    case .invalid(let reason, let position): "\(reason) at position \(position)"
    case .unsupported(let feature, let position): "unsupported \(feature.rawValue) at position \(position)"
    case .tooLarge(let limit, let maximum): "more than \(maximum) \(limit.rawValue)"
    }
  }
}
