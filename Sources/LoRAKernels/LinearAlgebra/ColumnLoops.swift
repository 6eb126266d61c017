/// Eight sums side by side: a single one would wait for each addition.
typealias Lanes = SIMD8<Double>

/// Σ left · right.
package func sumOfProducts(_ left: UnsafePointer<Double>, _ right: UnsafePointer<Double>, _ count: Int) -> Double {
  var sums = Lanes()
  var index = 0
  while index + Lanes.scalarCount <= count {
    unsafe sums += lanes(left + index) * lanes(right + index)
    index += Lanes.scalarCount
  }
  var sum = sums.sum()
  while index < count {
    unsafe sum += left[index] * right[index]
    index += 1
  }
  return sum
}

/// target += factor · source.
package func addMultiple(
  _ factor: Double, of source: UnsafePointer<Double>, to target: UnsafeMutablePointer<Double>, _ count: Int
) {
  var index = 0
  while index + Lanes.scalarCount <= count {
    let sum = unsafe lanes(target + index) + factor * lanes(source + index)
    unsafe UnsafeMutableRawPointer(target + index).storeBytes(of: sum, as: Lanes.self)
    index += Lanes.scalarCount
  }
  while index < count {
    unsafe target[index] += factor * source[index]
    index += 1
  }
}

func lanes(_ pointer: UnsafePointer<Double>) -> Lanes {
  unsafe UnsafeRawPointer(pointer).loadUnaligned(as: Lanes.self)
}
