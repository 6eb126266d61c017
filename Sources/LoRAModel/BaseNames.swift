/// The module names of a model, prepared for two questions: how many layers are there, and which name is most like a
/// wrong one.
///
/// A model has many names but few kinds of them: with its numbers replaced by `#`, the 224 linear layers of a Llama are
/// 7 patterns. Only patterns are compared, so that an answer takes microseconds for any model.
struct BaseNames: Sendable {
  /// Most patterns that are kept; a hostile file may have as many as tensors.
  static let patternLimit = 4096

  /// Number of layers of each list, by its path.
  let layerCounts: [String: UInt64]
  /// Number of layers of the list with most modules.
  let layerCount: UInt64?
  /// For each pattern a name that follows it.
  private let patterns: [[Substring]: String]

  init(_ names: some Sequence<String>) {
    var lists: [Substring: (layers: UInt64, modules: UInt64)] = [:]
    var patterns: [[Substring]: String] = [:]
    for name in names {
      if let (list, index) = Self.layer(of: name) {
        let known = lists[list] ?? (0, 0)
        lists[list] = (max(known.layers, index + 1), known.modules + 1)
      }
      let pattern = Self.pattern(name)
      if let example = patterns[pattern] {
        if name < example { patterns[pattern] = name }
      } else if patterns.count < Self.patternLimit {
        patterns[pattern] = name
      }
    }
    self.patterns = patterns
    layerCounts = Dictionary(uniqueKeysWithValues: lists.map { (String($0.key), $0.value.layers) })
    // Where two lists have equally many modules, the path decides, so that the answer does not change between runs.
    layerCount = lists.max { ($0.value.modules, $1.key) < ($1.value.modules, $0.key) }?.value.layers
  }

  /// The list of layers that a name lies in and its index there: everything before the first number, and the number.
  static func layer(of name: String) -> (list: Substring, index: UInt64)? {
    var start = name.startIndex
    for component in name.split(separator: ".", omittingEmptySubsequences: false) {
      if start > name.startIndex, let index = number(component) {
        return (name[..<name.index(before: start)], index)
      }
      guard component.endIndex < name.endIndex else { break }
      start = name.index(after: component.endIndex)
    }
    return nil
  }

  /// The number that a component is, or nil; more than nine digits are no index.
  private static func number(_ component: Substring) -> UInt64? {
    let digits = component.utf8
    guard (1...9).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return UInt64(component)
  }

  private static func pattern(_ name: String) -> [Substring] {
    name.split(separator: ".", omittingEmptySubsequences: false).map { number($0) == nil ? $0 : "#" }
  }

  // MARK: Similar names

  /// The name that is most like `name`: of the nearest pattern, with the numbers of `name` where they exist.
  ///
  /// Returns nil when nothing is similar, that is when more than half of the components would have to change.
  func closest(to name: String, exists: (String) -> Bool) -> String? {
    let wanted = Self.pattern(name)
    guard wanted.count <= 64, name.utf8.count <= 1024 else { return nil }
    var best: (distance: Double, example: String)?
    for (pattern, example) in patterns where pattern.count <= 64 {
      let limit = Double(max(pattern.count, wanted.count)) / 2
      let distance = Self.distance(wanted, pattern)
      guard distance <= limit else { continue }
      if let best, (best.distance, best.example) <= (distance, example) { continue }
      best = (distance, example)
    }
    guard let example = best?.example else { return nil }
    let numbers = name.split(separator: ".").compactMap { Self.number($0) }
    let filled = Self.fill(example, with: numbers)
    return exists(filled) ? filled : example
  }

  /// `example` with its numbers replaced in order.
  private static func fill(_ example: String, with numbers: [UInt64]) -> String {
    var rest = numbers[...]
    let components = example.split(separator: ".", omittingEmptySubsequences: false).map { component in
      if number(component) != nil, let next = rest.popFirst() { return String(next) }
      return String(component)
    }
    return components.joined(separator: ".")
  }

  /// Edit distance in components; replacing one costs as much of 1 as their letters differ.
  private static func distance(_ left: [Substring], _ right: [Substring]) -> Double {
    var row = (0...right.count).map { Double($0) }
    for (i, component) in left.enumerated() {
      var diagonal = row[0]
      row[0] = Double(i + 1)
      for (j, other) in right.enumerated() {
        let replaced = diagonal + letterDistance(component, other)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
      }
    }
    return row[right.count]
  }

  /// Edit distance of two components relative to the longer one: 0 for equal, 1 for nothing in common.
  private static func letterDistance(_ left: Substring, _ right: Substring) -> Double {
    if left == right { return 0 }
    if left == "#" || right == "#" { return 1 }
    let (a, b) = (Array(left.utf8.prefix(64)), Array(right.utf8.prefix(64)))
    guard !a.isEmpty, !b.isEmpty else { return 1 }
    var row = Array(0...b.count)
    for (i, letter) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, other) in b.enumerated() {
        let replaced = diagonal + (letter == other ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
      }
    }
    return Double(row[b.count]) / Double(max(a.count, b.count))
  }
}
