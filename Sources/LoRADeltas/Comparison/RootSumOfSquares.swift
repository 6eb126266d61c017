/// √Σx² of numbers whose squares may leave the range of f64.
package struct RootSumOfSquares: Sendable {
  private var largest = 0.0
  /// Σ(x / largest)².
  private var sum = 0.0

  package init() {}

  package init(_ values: some Sequence<Double>) { for value in values { add(value) } }

  package mutating func add(_ value: Double) {
    let size = value.magnitude
    guard size > 0 else { return }
    if size > largest {
      let ratio = largest / size
      (largest, sum) = (size, sum * ratio * ratio + 1)
    } else {
      let ratio = size / largest
      sum += ratio * ratio
    }
  }

  package var root: Double { largest * sum.squareRoot() }
}
