import Glibc
import TensorCore

/// A number in about three digits, short enough for the cell of a map: `0.0123`, `12.3`, `1.2e-5`.
func short(_ value: Double) -> String {
  guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
  let size = abs(value)
  guard size >= 0.001, size < 99_999 else {
    var exponent = Int(log10(size).rounded(.down))
    // In two steps, because the power of a subnormal number's exponent is no double.
    var digits = value / pow(10, Double(exponent / 2)) / pow(10, Double(exponent - exponent / 2))
    if fixed(abs(digits), 1) == "10.0" { (digits, exponent) = (digits / 10, exponent + 1) }
    return "\(fixed(digits, 1))e\(exponent)"
  }
  let whole = Int(log10(size).rounded(.down)) + 1
  return fixed(value, max(0, min(5, 3 - whole)))
}

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
