/// Why a pattern cannot be used.
public struct PatternError: Error, Sendable {}

/// A pattern by the standard library's own engine, until the bounded engine replaces it.
public struct PythonPattern: Sendable {
  private let source: String

  /// Compiles a pattern.
  public init(_ pattern: String) throws(PatternError) {
    source = pattern
    do { _ = try Regex(pattern) } catch { throw PatternError() }
  }

  /// Python's `re.fullmatch`.
  public func fullMatches(_ text: String) -> Bool {
    guard let regex = try? Regex(source) else { return false }
    return (try? regex.wholeMatch(in: text)) != nil
  }

  /// Python's `re.match`.
  public func matchesPrefix(_ text: String) -> Bool {
    guard let regex = try? Regex(source) else { return false }
    return (try? regex.prefixMatch(in: text)) != nil
  }
}
