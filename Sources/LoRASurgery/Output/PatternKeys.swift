import TensorCore

/// Keys of `rank_pattern` and `alpha_pattern` that mean one module each.
package struct PatternKeys {
  /// Names that are the end of other names, so that a pattern for them would hit both.
  private let endings: Set<Substring>

  /// - Parameter names: all modules of the adapter.
  package init(_ names: [String]) {
    var endings: Set<Substring> = []
    for name in names { endings.formUnion(name.suffixesAfterDots) }
    self.endings = endings
  }

  /// A regular expression that PEFT's `(.*\.)?(KEY)$` finds in this module alone (peft 0.21, `get_pattern_key`).
  package func key(for module: String) -> String { (endings.contains(module[...]) ? "^" : "") + Self.escaped(module) }

  /// A name as a regular expression.
  package static func escaped(_ name: some StringProtocol) -> String {
    name.flatMap { ".\\+*?()[]{}|^$".contains($0) ? ["\\", $0] : [$0] }.map { String($0) }.joined()
  }
}
