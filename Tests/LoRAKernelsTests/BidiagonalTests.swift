import LoRAKernels
import LoRATestSupport
import Testing

/// Reflections from both sides, against the same element by element.
@Suite struct BidiagonalTests {
  /// A matrix by rows, reflected with plain loops.
  private static func plain(_ matrix: [Double], _ size: Int) -> (diagonal: [Double], above: [Double]) {
    var rows = (0..<size).map { row in (0..<size).map { matrix[$0 * size + row] } }
    /// Of a vector: y with I − 2·y·yᵀ mapping it to a multiple of the first unit vector.
    func reflection(_ x: [Double]) -> [Double]? {
      let norm = x.reduce(0) { $0 + $1 * $1 }.squareRoot()
      guard x.dropFirst().contains(where: { $0 != 0 }), norm > 0 else { return nil }
      var y = x
      y[0] += x[0] > 0 ? norm : -norm
      let length = y.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return y.map { $0 / length }
    }
    for step in 0..<size {
      if let y = reflection((step..<size).map { rows[$0][step] }) {
        for column in step..<size {
          var dot = 0.0
          for row in step..<size { dot += y[row - step] * rows[row][column] }
          for row in step..<size { rows[row][column] -= 2 * dot * y[row - step] }
        }
      }
      guard step + 1 < size, let y = reflection(Array(rows[step][(step + 1)...])) else { continue }
      for row in step..<size {
        var dot = 0.0
        for column in step + 1..<size { dot += y[column - step - 1] * rows[row][column] }
        for column in step + 1..<size { rows[row][column] -= 2 * dot * y[column - step - 1] }
      }
    }
    let diagonal = (0..<size).map { rows[$0][$0] }
    let above = (0..<size).map { row -> Double in row + 1 < size ? rows[row][row + 1] : 0 }
    return (diagonal, above)
  }

  @Test(arguments: [0, 1, 2, 3, 5, 7, 8, 9, 12, 16, 17, 40, 65, 131])
  func everyLevelReflectsAsPlainLoopsDo(_ size: Int) {
    var random = SeededGenerator(seed: UInt64(size))
    let full = (0..<size * size).map { _ in random.signed() }
    let triangle = full.indices.map { $0 % max(size, 1) > $0 / max(size, 1) ? 0 : full[$0] }
    let sparse = full.map { _ in random.once(in: 5) ? random.signed() : 0 }
    for matrix in [full, triangle, sparse, full.map { _ in 0 }] {
      let expected = Self.plain(matrix, size)
      let first = Kernels.bidiagonal(matrix, size: size, level: KernelLevel.available[0])
      func near(_ found: [Double], _ wanted: [Double]) -> Bool {
        found.count == wanted.count && zip(found, wanted).allSatisfy { abs(abs($0) - abs($1)) < 1e-12 * Double(size) }
      }
      // Where a number is only noise, its reflection is, too, and what follows may be another decomposition.
      if matrix != sparse { #expect(near(first.diagonal, expected.diagonal) && near(first.above, expected.above)) }
      let squares = (first.diagonal + first.above).reduce(0) { $0 + $1 * $1 }
      let all = matrix.reduce(0) { $0 + $1 * $1 }
      #expect(abs(squares - all) <= 1e-12 * all)
      for level in KernelLevel.available {
        let found = Kernels.bidiagonal(matrix, size: size, level: level)
        #expect(found.diagonal == first.diagonal && found.above == first.above, "\(level)")
      }
    }
  }
}
