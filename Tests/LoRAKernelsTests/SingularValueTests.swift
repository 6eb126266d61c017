import Glibc
import LoRAKernels
import Testing

@Suite struct SingularValueTests {
  /// Matrices with known values, among them the hard ones: zeros on the diagonal, blocks, equal and tiny values.
  @Test func singularValuesOfKnownMatrices() {
    func matrix(_ size: Int, _ element: (Int, Int) -> Double) -> [Double] {
      (0..<size * size).map { element($0 % size, $0 / size) }
    }
    func check(_ found: [Double], _ expected: [Double], _ place: Comment) {
      #expect(found.count == expected.count && found == found.sorted(by: >), place)
      let limit = 1e-13 * (expected.first ?? 0)
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= limit }, place)
    }
    for size in [1, 2, 3, 7, 40, 65] {
      let count = Double(size)
      check(singularValues(matrix(size) { _, _ in 0 }, size: size), Array(repeating: 0, count: size), "zeros")
      let ones = [count] + Array(repeating: 0.0, count: size - 1)
      check(singularValues(matrix(size) { _, _ in 1 }, size: size), ones, "ones \(size)")
      let powers = (0..<size).map { power(-$0) }
      check(singularValues(matrix(size) { $0 == $1 ? -power(-$0) : 0 }, size: size), powers, "diagonal \(size)")
      let turned = matrix(size) { $0 == size - 1 - $1 ? power(-$0) : 0 }
      check(singularValues(turned, size: size), powers, "turned \(size)")
      // A shift: ones above the diagonal, and one value of zero.
      let shift = Array(repeating: 1.0, count: size - 1) + [0]
      check(singularValues(matrix(size) { $0 + 1 == $1 ? 1 : 0 }, size: size), shift, "shift \(size)")
      // Differences: 1 on the diagonal and -1 beside it.
      let differences = (1...size).map { 2 * sin(Double(2 * $0 - 1) * .pi / (4 * count + 2)) }.sorted(by: >)
      check(
        singularValues(matrix(size) { $0 == $1 ? 1 : $0 + 1 == $1 ? -1 : 0 }, size: size), differences,
        "differences \(size)")
    }
    for exponent in [-1000, 1000] {
      let values = singularValues([3 * power(exponent), 0, 4 * power(exponent), 0], size: 2)
      check(values.map { $0 * power(-exponent) }, [5, 0], "far away")
    }
  }
}

private func power(_ exponent: Int) -> Double { Double(sign: .plus, exponent: exponent, significand: 1) }
