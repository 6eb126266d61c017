package import JSON

extension JSONValue {
  /// A number of a config, as an integer where it is one: several readers take no others.
  package static func number(_ value: Double) -> JSONValue {
    Int64(exactly: value).map { .integer($0) } ?? .real(value)
  }
}

/// The value that occurs most often, of several the largest.
package func mostFrequent<Value: Hashable & Comparable>(_ values: [Value]) -> Value? {
  let counts = values.reduce(into: [Value: Int]()) { $0[$1, default: 0] += 1 }
  return counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key
}
