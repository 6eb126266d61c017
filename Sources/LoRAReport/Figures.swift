import TensorCore

/// A number of singular values, or the mean of such numbers: `8`, `11.5`.
func rankText(_ value: Double) -> String { fixed(value, value == value.rounded() ? 0 : 1) }

/// A share in per cent: `0.4 %`, `37 %`.
func percent(_ share: Double) -> String {
  let value = 100 * share
  return "\(fixed(value, value > 0 && value < 9.95 ? 1 : 0)) %"
}

/// The lowest and the highest of some values as one phrase; nil without values.
func spread<Value: Comparable>(_ values: some Sequence<Value>, _ show: (Value) -> String) -> String? {
  var range: ClosedRange<Value>?
  for value in values { range = range.map { min($0.lowerBound, value)...max($0.upperBound, value) } ?? value...value }
  return range.map {
    $0.lowerBound == $0.upperBound ? show($0.lowerBound) : "\(show($0.lowerBound)) to \(show($0.upperBound))"
  }
}
