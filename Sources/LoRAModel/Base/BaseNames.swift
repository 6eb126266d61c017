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
  private let patterns: [(bytes: [UInt8], example: String)]

  /// A pattern as a key, hashed as one run of bytes and not byte by byte.
  private struct Pattern: Hashable {
    let bytes: [UInt8]

    func hash(into hasher: inout Hasher) {
      unsafe bytes.withUnsafeBytes { bytes in unsafe hasher.combine(bytes: bytes) }
    }
  }

  /// What is known of the names of a pattern.
  private struct Group {
    let pattern: [UInt8]
    var example: String
    /// Where the path of its list of layers ends in the pattern; nil outside layers.
    let list: Int?
    var layers: UInt64 = 0
    var modules: UInt64 = 0

    mutating func add(_ name: String, layer: UInt64?) {
      if name < example { example = name }
      layers = max(layers, layer.map { $0 + 1 } ?? 0)
      modules += 1
    }
  }

  init(_ names: some Sequence<String>) {
    var positions: [Pattern: Int] = [:]
    var groups: [Group] = []
    // The names of patterns beyond the limit count for the layers alone.
    var others: [[UInt8]: Group] = [:]
    var pattern: [UInt8] = []
    for name in names {
      let layer = Self.walk(name, pattern: &pattern)
      if let position = positions[Pattern(bytes: pattern)] {
        groups[position].add(name, layer: layer?.index)
        continue
      }
      var group = Group(pattern: pattern, example: name, list: layer?.end)
      if groups.count < Self.patternLimit {
        group.add(name, layer: layer?.index)
        positions[Pattern(bytes: pattern)] = groups.count
        groups.append(group)
      } else if let layer {
        let list = Array(pattern.prefix(layer.end))
        others[list, default: group].add(name, layer: layer.index)
      }
    }
    var lists: [String: (layers: UInt64, modules: UInt64)] = [:]
    for group in groups + others.values {
      guard let end = group.list else { continue }
      let list = String(decoding: group.pattern.prefix(end), as: UTF8.self)
      let known = lists[list] ?? (0, 0)
      lists[list] = (max(known.layers, group.layers), known.modules + group.modules)
    }
    patterns = groups.map { ($0.pattern, $0.example) }
    layerCounts = lists.mapValues(\.layers)
    // Where two lists have equally many modules, the path decides, so that the answer does not change between runs.
    layerCount = lists.max { ($0.value.modules, $1.key) < ($1.value.modules, $0.key) }?.value.layers
  }

  /// The list of layers that a name lies in and its index there: everything before the first number, and the number.
  static func layer(of name: String) -> (list: Substring, index: UInt64)? {
    var pattern: [UInt8] = []
    guard let (end, index) = walk(name, pattern: &pattern) else { return nil }
    return (name[..<name.utf8.index(name.startIndex, offsetBy: end)], index)
  }

  /// Walks over the bytes of a name once for its pattern and its layer: where the path of the list ends, in the name as
  /// in the pattern, and the index in it.
  private static func walk(_ name: String, pattern: inout [UInt8]) -> (end: Int, index: UInt64)? {
    pattern.removeAll(keepingCapacity: true)
    let bytes = name.utf8Span.span
    var layer: (end: Int, index: UInt64)?
    // The component that is being read: where it starts in the name and in the pattern, and its number while it is one.
    var (start, kept) = (0, 0)
    var number: UInt64? = 0
    var index = 0
    while true {
      if index == bytes.count || bytes[index] == dot {
        if let value = number, index > start {
          if layer == nil, start > 0 { layer = (start - 1, value) }
          pattern.removeSubrange(kept...)
          pattern.append(hash)
        }
        if index == bytes.count { return layer }
        pattern.append(dot)
        (start, kept, number) = (index + 1, pattern.count, 0)
      } else {
        let byte = bytes[index]
        if let value = number {
          // More than nine digits are no index.
          let isDigit = byte &- 0x30 < 10 && index - start < 9
          number = isDigit ? value * 10 + UInt64(byte - 0x30) : nil
        }
        pattern.append(byte)
      }
      index += 1
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
