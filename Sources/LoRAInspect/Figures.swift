import Glibc
import TensorCore

/// A number in about three digits, short enough for the cell of a map: `0.0123`, `12.3`, `1.2e-5`.
package func short(_ value: Double) -> String {
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
