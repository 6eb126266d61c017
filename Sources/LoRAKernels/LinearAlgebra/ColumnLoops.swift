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

/// (first, second) becomes (cosine · first - sine · second, sine · first + cosine · second).
func rotate(
  _ first: UnsafeMutablePointer<Double>, _ second: UnsafeMutablePointer<Double>, _ count: Int, cosine: Double,
  sine: Double
) {
  var index = 0
  while index + Lanes.scalarCount <= count {
    let (x, y) = unsafe (lanes(first + index), lanes(second + index))
    unsafe UnsafeMutableRawPointer(first + index).storeBytes(of: cosine * x - sine * y, as: Lanes.self)
    unsafe UnsafeMutableRawPointer(second + index).storeBytes(of: sine * x + cosine * y, as: Lanes.self)
    index += Lanes.scalarCount
  }
  while index < count {
    let (x, y) = unsafe (first[index], second[index])
    unsafe first[index] = cosine * x - sine * y
    unsafe second[index] = sine * x + cosine * y
    index += 1
  }
}
