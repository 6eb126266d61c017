/// The triangle R of a QR decomposition of a tall matrix that is taken in block by block.
///
/// Memory is size² elements however tall the matrix is. Each block is folded in with Householder reflections that act
/// on R and the block alone (the triangular-pentagonal update of LAPACK's `tpqrt`), so that RᵀR stays the sum of the
/// blocks' Gram matrices with the accuracy of an orthogonal transformation.
struct TriangularFactor: Sendable {
  /// Columns of the matrix.
  let size: Int
  /// R, column by column; zero below the diagonal.
  private(set) var elements: [Double]

  /// The factor of a matrix without rows.
  init(size: Int) {
    self.size = size
    elements = [Double](repeating: 0, count: size * size)
  }

  /// Folds in a block of `rows` rows, `size` columns of `rows` elements one after another, and leaves it undefined.
  mutating func absorb(_ block: UnsafeMutableBufferPointer<Double>, rows: Int) {
    precondition(block.count >= rows * size, "the block is smaller than its shape")
    guard let block = block.baseAddress, rows > 0 else { return }
    let size = size
    unsafe elements.withUnsafeMutableBufferPointer { triangle in
      guard let triangle = triangle.baseAddress else { return }
      for column in 0..<size {
        let own = unsafe block + column * rows
        let diagonal = unsafe triangle + (column * size + column)
        let below = unsafe sumOfProducts(own, own, rows)
        guard below > 0 else { continue }
        let head = unsafe diagonal.pointee
        let norm = (head * head + below).squareRoot()
        let reflected = head > 0 ? -norm : norm
        // The reflector is (1, own / divisor), scaled by factor.
        let divisor = head - reflected
        let factor = (reflected - head) / reflected
        unsafe diagonal.pointee = reflected
        for other in column + 1..<size {
          let theirs = unsafe block + other * rows
          let top = unsafe triangle + (other * size + column)
          let shared = unsafe factor * (top.pointee + sumOfProducts(own, theirs, rows) / divisor)
          unsafe top.pointee -= shared
          unsafe addMultiple(-shared / divisor, of: own, to: theirs, rows)
        }
      }
    }
  }

  /// self · weights · otherᵀ, size × size, column by column; the weights scale single columns.
  func product(with other: TriangularFactor, weights: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: size * size)
    unsafe result.withUnsafeMutableBufferPointer { result in
      unsafe elements.withUnsafeBufferPointer { left in
        guard let result = result.baseAddress, let left = left.baseAddress else { return }
        for inner in 0..<size {
          for column in 0...inner {
            let weight = other.elements[inner * size + column] * weights[inner]
            unsafe addMultiple(weight, of: left + inner * size, to: result + column * size, inner + 1)
          }
        }
      }
    }
    return result
  }
}

/// Singular values of a square matrix, largest first, by one-sided Jacobi rotations (Hestenes): columns are turned
/// against each other until all are orthogonal; their lengths are the values.
///
/// Converges quadratically; the number of sweeps is bounded all the same. Elements must be finite.
func singularValues(_ matrix: [Double], size: Int) -> [Double] {
  // A power of two in front of everything keeps squares away from the ends of the range and changes no digit.
  guard let largest = matrix.map({ $0.magnitude }).max(), largest > 0 else { return Array(repeating: 0, count: size) }
  var columns = matrix.map { Double(sign: .plus, exponent: -largest.exponent, significand: $0) }
  let sweepLimit = 40
  var squares: [Double] = []
  unsafe columns.withUnsafeMutableBufferPointer { columns in
    guard let columns = columns.baseAddress else { return }
    for _ in 0..<sweepLimit {
      squares = (0..<size).map { unsafe sumOfProducts(columns + $0 * size, columns + $0 * size, size) }
      var isDone = true
      for first in 0..<size {
        for second in first + 1..<size {
          let (left, right) = unsafe (columns + first * size, columns + second * size)
          let overlap = unsafe sumOfProducts(left, right, size)
          let lengths = squares[first].squareRoot() * squares[second].squareRoot()
          guard overlap.magnitude > 0x1p-51 * lengths else { continue }
          isDone = false
          let slope = (squares[second] - squares[first]) / (2 * overlap)
          let tangent = (slope < 0 ? -1 : 1) / (slope.magnitude + (1 + slope * slope).squareRoot())
          let cosine = 1 / (1 + tangent * tangent).squareRoot()
          unsafe rotate(left, right, size, cosine: cosine, sine: cosine * tangent)
          squares[first] = max(0, squares[first] - tangent * overlap)
          squares[second] += tangent * overlap
        }
      }
      if isDone { break }
    }
  }
  return squares.map { Double(sign: .plus, exponent: largest.exponent, significand: $0.squareRoot()) }.sorted(by: >)
}

// MARK: Loops over columns

/// Eight sums side by side: a single one would wait for each addition.
private typealias Lanes = SIMD8<Double>

/// Σ left · right.
func sumOfProducts(_ left: UnsafePointer<Double>, _ right: UnsafePointer<Double>, _ count: Int) -> Double {
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
private func addMultiple(
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

private func rotate(
  _ left: UnsafeMutablePointer<Double>, _ right: UnsafeMutablePointer<Double>, _ count: Int, cosine: Double,
  sine: Double
) {
  for index in 0..<count {
    let (a, b) = unsafe (left[index], right[index])
    unsafe left[index] = cosine * a - sine * b
    unsafe right[index] = sine * a + cosine * b
  }
}

private func lanes(_ pointer: UnsafePointer<Double>) -> Lanes {
  unsafe UnsafeRawPointer(pointer).loadUnaligned(as: Lanes.self)
}
