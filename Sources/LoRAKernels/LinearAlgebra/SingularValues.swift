/// Singular values of a square matrix, column by column, largest first.
///
/// Reflections from both sides make it bidiagonal, rotations make that diagonal (Golub and Kahan 1965, Golub and
/// Reinsch 1970). Values are right to a few units of rounding of the largest. Elements must be finite.
package func singularValues(_ matrix: [Double], size: Int) -> [Double] {
  // A power of two in front of everything keeps squares away from the ends of the range and changes no digit.
  guard let largest = matrix.map({ $0.magnitude }).max(), largest > 0 else { return Array(repeating: 0, count: size) }
  let near = matrix.map { Double(sign: .plus, exponent: -largest.exponent, significand: $0) }
  var bidiagonal = Bidiagonal(near, size: size)
  return bidiagonal.singularValues().map { Double(sign: .plus, exponent: largest.exponent, significand: $0) }
    .sorted(by: >)
}

/// A square matrix with elements on the diagonal and right above it, of magnitudes around 1.
private struct Bidiagonal {
  private var diagonal: [Double]
  /// `above[k]` stands above `diagonal[k + 1]`; the last is 0.
  private var above: [Double]

  /// What counts as zero beside elements around 1.
  private static let tiny = 0x1p-100
  /// Steps allowed for every value; two are usual.
  private static let stepLimit = 60

  init(_ matrix: [Double], size: Int) { (diagonal, above) = Kernels.bidiagonal(matrix, size: size) }

  /// The singular values in no order.
  mutating func singularValues() -> [Double] {
    var end = diagonal.count
    var steps = Self.stepLimit * diagonal.count
    while end > 1, steps > 0 {
      steps -= 1
      // The part start..<end has no zero above its diagonal.
      var start = end - 1
      while start > 0, !isNegligible(above: start - 1) { start -= 1 }
      if start > 0 { above[start - 1] = 0 }
      if start == end - 1 {
        end -= 1
      } else if let zero = (start..<end).last(where: { isNegligible(diagonal: $0, start, end) }) {
        diagonal[zero] = 0
        if zero == end - 1 { clearColumn(start, end) } else { clearRow(zero, end) }
      } else {
        chase(start, end)
      }
    }
    return diagonal.map(\.magnitude)
  }

  private func isNegligible(above index: Int) -> Bool {
    let neighbours = diagonal[index].magnitude + diagonal[index + 1].magnitude
    return above[index].magnitude <= Self.tiny + 0x1p-52 * neighbours
  }

  private func isNegligible(diagonal index: Int, _ start: Int, _ end: Int) -> Bool {
    let neighbours = (index > start ? above[index - 1].magnitude : 0) + (index < end - 1 ? above[index].magnitude : 0)
    return diagonal[index].magnitude <= Self.tiny + 0x1p-52 * neighbours
  }

  /// Rotates the element above a zero at the end of the diagonal away, upwards.
  private mutating func clearColumn(_ start: Int, _ end: Int) {
    var stray = above[end - 2]
    above[end - 2] = 0
    for index in (start..<end - 1).reversed() {
      let turn = Rotation(diagonal[index], stray)
      diagonal[index] = turn.length
      guard index > start else { break }
      stray = -turn.sine * above[index - 1]
      above[index - 1] *= turn.cosine
    }
  }

  /// Rotates the element beside a zero on the diagonal away, to the right.
  private mutating func clearRow(_ zero: Int, _ end: Int) {
    var stray = above[zero]
    above[zero] = 0
    for index in zero + 1..<end {
      let turn = Rotation(diagonal[index], stray)
      diagonal[index] = turn.length
      guard index < end - 1 else { break }
      stray = -turn.sine * above[index]
      above[index] *= turn.cosine
    }
  }

  /// One step of the implicit QR algorithm with Wilkinson's shift: a bulge is made at the start and chased to the end.
  private mutating func chase(_ start: Int, _ end: Int) {
    let (last, before, corner) = (diagonal[end - 1], diagonal[end - 2], above[end - 2])
    let half = ((before + last) * (before - last) + corner * corner) / 2
    let product = (last * corner) * (last * corner)
    var shift = 0.0
    if half != 0 || product != 0 {
      let root = (half * half + product).squareRoot()
      shift = product / (half + (half < 0 ? -root : root))
    }
    var (first, second) = (
      (diagonal[start] + last) * (diagonal[start] - last) + shift, diagonal[start] * above[start]
    )
    for index in start..<end - 1 {
      var turn = Rotation(first, second)
      if index > start { above[index - 1] = turn.length }
      first = turn.cosine * diagonal[index] + turn.sine * above[index]
      above[index] = turn.cosine * above[index] - turn.sine * diagonal[index]
      second = turn.sine * diagonal[index + 1]
      diagonal[index + 1] *= turn.cosine
      turn = Rotation(first, second)
      diagonal[index] = turn.length
      first = turn.cosine * above[index] + turn.sine * diagonal[index + 1]
      diagonal[index + 1] = turn.cosine * diagonal[index + 1] - turn.sine * above[index]
      second = turn.sine * above[index + 1]
      above[index + 1] *= turn.cosine
    }
    above[end - 2] = first
  }
}

/// The rotation that maps (x, y) to (length, 0).
private struct Rotation {
  var cosine = 1.0
  var sine = 0.0
  var length: Double

  init(_ x: Double, _ y: Double) {
    length = (x * x + y * y).squareRoot()
    guard length > 0 else { return }
    cosine = x / length
    sine = y / length
  }
}
