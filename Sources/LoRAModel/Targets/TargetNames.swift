import TensorCore

/// A list of names in a config, each of which means the modules that are called so, or whose path ends so from a dot on.
///
/// An object, because it is asked for every module of a file: of a structure each of its parts would be counted each
/// time.
final class TargetNames: Sendable {
  private let names: Set<Substring>
  /// The lengths that they have in bytes, ascending, each once: a look at one byte settles most endings of a path.
  private let lengths: [Int]

  /// The names of a list.
  init(_ names: some Sequence<String>) {
    self.names = Set(names.map { $0[...] })
    lengths = Set(self.names.map(\.utf8.count)).sorted()
  }

  /// Whether no component of a name is a number, so that the answers are the same for all paths of a kind.
  var haveWordsAlone: Bool { names.allSatisfy { String($0).layer == nil } }

  /// Whether the whole path is in the list.
  func contain(_ path: String) -> Bool { lengths.contains(path.utf8.count) && names.contains(path[...]) }

  /// Whether a part of the path after a dot is in the list.
  func containEnding(of path: String) -> Bool {
    let bytes = path.utf8Span.span
    for length in lengths {
      let dot = bytes.count - length - 1
      guard dot >= 0 else { return false }
      if bytes[dot] == UInt8(ascii: "."),
        names.contains(path[path.utf8.index(path.startIndex, offsetBy: dot + 1)...])
      {
        return true
      }
    }
    return false
  }
}
