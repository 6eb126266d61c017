import Glibc
import LoRAKernels
package import LoRAModel
package import Safetensors

/// The factors of two modules of one shape side by side, X = [X₁, X₂] for X = B and for X = Aᵀ, and the triangles R of
/// their QR decompositions, expert by expert.
///
/// With B = Q_B·R_B and Aᵀ = Q_A·R_A everything about the deltas Δ₁ = s₁·B₁·A₁ and Δ₂ is in the small matrices
/// s₁·R_B[1]·R_A[1]ᵀ and s₂·R_B[2]·R_A[2]ᵀ, which have the deltas' inner products, angles and singular values: an
/// orthogonal transformation loses no digits, which products of factors with each other would.
package struct StackedFactors: Sendable {
  /// One of the two modules; nil counts as a delta of zero.
  package struct Side: Sendable {
    package let pair: LoRAPair
    package let file: SafetensorsFile

    package init(pair: LoRAPair, file: SafetensorsFile) { (self.pair, self.file) = (pair, file) }
  }

  private let sides: (a: Side?, b: Side?)
  private let ranks: (a: Int, b: Int)
  package let experts: Int

  /// Largest rank, most experts times ranks, and elements of a block that is in memory.
  private static let rankLimit: UInt64 = 1_024
  private static let rowLimit: UInt64 = 1 << 20
  private static let blockElements = 1 << 17
  /// Elements of the triangles that are in memory at once.
  private static let triangleElements = 1 << 23

  /// - Precondition: both have the same sizes and number of experts, and one of them is there.
  package init(_ a: Side?, _ b: Side?) throws(SurgeryError) {
    sides = (a, b)
    for side in [a, b].compactMap(\.self) { try Self.check(side) }
    ranks = (Int(a?.pair.rank ?? 0), Int(b?.pair.rank ?? 0))
    experts = Int(a?.pair.experts ?? b?.pair.experts ?? 0)
    let size = UInt64(ranks.a + ranks.b)
    let elements = [a, b].compactMap(\.self).reduce(0 as UInt64) { sum, side in
      sum + side.pair.a.tensor.elementCount + side.pair.b.tensor.elementCount
    }
    // Ranks far above the sizes make small files cost much.
    if let side = a ?? b, size * size * size > (1 << 24 + elements << 12) / UInt64(experts) {
      throw .refused(
        side.file.path, subject: side.pair.b.tensor.name,
        "its rank \(side.pair.rank) is so far above its sizes that it is not compared")
    }
  }

  private static func check(_ side: Side) throws(SurgeryError) {
    let pair = side.pair
    guard pair.rank <= rankLimit, pair.experts <= rowLimit / pair.rank,
      [pair.a, pair.b].allSatisfy({ $0.count <= 1 << 40 && $0.tensor.elementCount <= 1 << 48 })
    else {
      throw .refused(
        side.file.path, subject: pair.b.tensor.name,
        "its rank \(pair.rank) with \(pair.experts) experts is beyond what is compared (rank \(rankLimit))")
    }
  }

  /// Calls `body` with the deltas of every expert in turn.
  package func forEachExpert(_ body: (Int, DeltaCores) throws(SurgeryError) -> Void) throws(SurgeryError) {
    let size = ranks.a + ranks.b
    let group = max(1, Self.triangleElements / (size * size))
    for first in stride(from: 0, to: experts, by: group) {
      let range = first..<min(first + group, experts)
      // In the order in which they lie in PEFT's files.
      let right = try triangles(range) { $0.a }
      let left = try triangles(range) { $0.b }
      for (place, expert) in range.enumerated() {
        try body(
          expert,
          DeltaCores(
            left: left.triangles[place], right: right.triangles[place], firstRank: ranks.a,
            scales: (
              scale(sides.a, left.exponents.a + right.exponents.a),
              scale(sides.b, left.exponents.b + right.exponents.b)
            ), same: (down: right.areIdentical, up: left.areIdentical)))
      }
    }
  }

  private func scale(_ side: Side?, _ exponent: Int) -> Double {
    Double(sign: .plus, exponent: exponent, significand: side?.pair.scale ?? 0)
  }

  private struct Triangles {
    var triangles: [TriangularFactor]
    var exponents = (a: 0, b: 0)
    /// Whether both tensors hold the same numbers in the same places.
    var areIdentical: Bool
  }

  /// Reads one factor of both modules once and decomposes it for some experts.
  private func triangles(
    _ range: Range<Int>, _ factor: (LoRAPair) -> LoRAPair.Factor
  ) throws(SurgeryError) -> Triangles {
    let size = ranks.a + ranks.b
    let factors = (a: sides.a.map { factor($0.pair) }, b: sides.b.map { factor($0.pair) })
    let width = [factors.a, factors.b].compactMap { $0.map { Int(FactorRows.width($0)) } }.max() ?? 1
    let count = Int(factors.a?.count ?? factors.b?.count ?? 0)
    let step = max(1, min(count, Self.blockElements / max(size, width)))
    var first: FactorRows?
    var second: FactorRows?
    if let side = sides.a, let factor = factors.a {
      first = try FactorRows(factor, of: side.pair, step: step, from: side.file)
    }
    if let side = sides.b, let factor = factors.b {
      second = try FactorRows(factor, of: side.pair, step: step, from: side.file)
    }
    var result = Triangles(
      triangles: Array(repeating: TriangularFactor(size: size), count: range.count),
      areIdentical: Self.areAlike(factors.a, factors.b) && ranks.a == ranks.b)
    result.exponents = (first?.exponent ?? 0, second?.exponent ?? 0)
    if result.exponents.a != result.exponents.b { result.areIdentical = false }
    var block = Array(repeating: 0.0, count: step * size)
    for start in stride(from: 0, to: count, by: step) {
      let rows = start..<min(start + step, count)
      for (place, expert) in range.enumerated() {
        unsafe try block.withUnsafeMutableBufferPointer { (block) throws(SurgeryError) in
          let (middle, end) = (ranks.a * rows.count, size * rows.count)
          let parts = unsafe (
            UnsafeMutableBufferPointer(rebasing: block[..<middle]),
            UnsafeMutableBufferPointer(rebasing: block[middle..<end])
          )
          unsafe try first?.read(rows, expert: expert, into: parts.0)
          unsafe try second?.read(rows, expert: expert, into: parts.1)
          if result.areIdentical, let one = unsafe parts.0.baseAddress,
            let other = unsafe parts.1.baseAddress
          {
            result.areIdentical = unsafe memcmp(one, other, middle * MemoryLayout<Double>.size) == 0
          }
          unsafe result.triangles[place].absorb(
            UnsafeMutableBufferPointer(rebasing: block[..<end]), rows: rows.count)
        }
      }
    }
    return result
  }

  /// Whether two factors have one type and lie in the same way.
  private static func areAlike(_ a: LoRAPair.Factor?, _ b: LoRAPair.Factor?) -> Bool {
    guard let a, let b else { return false }
    return a.tensor.dtype == b.tensor.dtype && a.tensor.shape == b.tensor.shape && a.stride == b.stride
      && a.rankStride == b.rankStride && a.expertStride == b.expertStride
  }
}
