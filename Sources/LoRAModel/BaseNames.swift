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
  /// For each pattern, in UTF-8, a name that follows it.
  private let patterns: [[UInt8]: String]

  init(_ names: some Sequence<String>) {
    var lists: [Substring: (layers: UInt64, modules: UInt64)] = [:]
    var patterns: [[UInt8]: String] = [:]
    var pattern: [UInt8] = []
    for name in names {
      if let (list, index) = Self.walk(name, pattern: &pattern) {
        let known = lists[list] ?? (0, 0)
        lists[list] = (max(known.layers, index + 1), known.modules + 1)
      }
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
    var pattern: [UInt8] = []
    return walk(name, pattern: &pattern)
  }

  /// Walks over a name once for its pattern and its layer; bytes, since splitting by characters takes ten times as long.
  private static func walk(_ name: String, pattern: inout [UInt8]) -> (list: Substring, index: UInt64)? {
    pattern.removeAll(keepingCapacity: true)
    let bytes = name.utf8
    var layer: (list: Substring, index: UInt64)?
    var start = bytes.startIndex
    while true {
      let end = bytes[start...].firstIndex(of: dot) ?? bytes.endIndex
      if let number = number(bytes[start..<end]) {
        if layer == nil, start > bytes.startIndex { layer = (name[..<bytes.index(before: start)], number) }
        pattern.append(hash)
      } else {
        pattern.append(contentsOf: bytes[start..<end])
      }
      guard end < bytes.endIndex else { return layer }
      pattern.append(dot)
      start = bytes.index(after: end)
    }
  }

  private static let dot = UInt8(ascii: ".")
  private static let hash = UInt8(ascii: "#")

  /// The number that a component is, or nil; more than nine digits are no index.
  private static func number(_ component: Substring.UTF8View) -> UInt64? {
    var value: UInt64 = 0
    var digits = 0
    for byte in component {
      guard (0x30...0x39).contains(byte), digits < 9 else { return nil }
      value = value * 10 + UInt64(byte - 0x30)
      digits += 1
    }
    return digits > 0 ? value : nil
  }

  // MARK: Similar names

  /// The name that is most like `name`: of the nearest pattern, with the numbers of `name` where they exist.
  ///
  /// Returns nil when nothing is similar, that is when more than half of the components would have to change.
  func closest(to name: String, exists: (String) -> Bool) -> String? {
    guard name.utf8.count <= 1024 else { return nil }
    var bytes: [UInt8] = []
    _ = Self.walk(name, pattern: &bytes)
    let wanted = Self.components(bytes)
    guard wanted.count <= 64 else { return nil }
    var best: (distance: Double, example: String)?
    for (bytes, example) in patterns where bytes.count <= 1024 {
      let pattern = Self.components(bytes)
      guard pattern.count <= 64 else { continue }
      let distance = Self.distance(wanted, pattern)
      guard distance <= Double(max(pattern.count, wanted.count)) / 2 else { continue }
      if let best, (best.distance, best.example) <= (distance, example) { continue }
      best = (distance, example)
    }
    guard let example = best?.example else { return nil }
    let filled = Self.fill(example, with: name.utf8.split(separator: Self.dot).compactMap { Self.number($0) })
    return exists(filled) ? filled : example
  }

  private static func components(_ pattern: [UInt8]) -> [ArraySlice<UInt8>] {
    pattern.split(separator: dot, omittingEmptySubsequences: false)
  }

  /// `example` with its numbers replaced in order.
  private static func fill(_ example: String, with numbers: [UInt64]) -> String {
    var rest = numbers[...]
    let components = example.utf8.split(separator: dot, omittingEmptySubsequences: false).map { component in
      if number(component) != nil, let next = rest.popFirst() { return String(next) }
      return String(Substring(component))
    }
    return components.joined(separator: ".")
  }

  /// Edit distance in components; replacing one costs as much of 1 as their letters differ.
  private static func distance(_ left: [ArraySlice<UInt8>], _ right: [ArraySlice<UInt8>]) -> Double {
    var row = (0...right.count).map { Double($0) }
    for (i, component) in left.enumerated() {
      var diagonal = row[0]
      row[0] = Double(i + 1)
      for (j, other) in right.enumerated() {
        let replaced = diagonal + letterDistance(component, other)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, min(row[j], diagonal) + 1)
      }
    }
    return row[right.count]
  }

  /// Edit distance of two components relative to the longer one: 0 for equal, 1 for nothing in common.
  private static func letterDistance(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Double {
    if left == right { return 0 }
    if left.isEmpty || right.isEmpty || left.first == hash || right.first == hash { return 1 }
    let (left, right) = (Array(left.prefix(64)), Array(right.prefix(64)))
    var row = Array(0...right.count)
    // Names of large bases are compared by the hundred thousand: no iterators, and `min` of two alone allocates nothing.
    var i = 0
    while i < left.count {
      var diagonal = row[0]
      row[0] = i + 1
      var j = 0
      while j < right.count {
        let replaced = diagonal + (left[i] == right[j] ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, min(row[j], diagonal) + 1)
        j += 1
      }
      i += 1
    }
    return Double(row[right.count]) / Double(max(left.count, right.count))
  }
}
