import LoRAKernels

/// Sums over the elements of a matrix W, of W' and of Δ = W' − W.
package struct DeltaScan: Sendable {
  /// Σ W².
  package private(set) var base = 0.0
  /// Σ W'².
  package private(set) var tuned = 0.0
  /// Σ W·W'.
  package private(set) var shared = 0.0
  /// Σ Δ², as it is kept: rounded to f32.
  package private(set) var delta = 0.0
  /// Of the row with most, and of every column: Σ of the squared power of two at or below |W'| of changed elements.
  private var rowPowers = 0.0
  private var columnPowers: [Double]
  /// Bits that some significand of W' has.
  private var bits: UInt64 = 0

  package init(columns: Int) { columnPowers = Array(repeating: 0, count: columns) }

  package var isFinite: Bool { base.isFinite && tuned.isFinite && delta.isFinite && shared.isFinite }
  package var isZero: Bool { delta == 0 }

  /// Adds the sums of another matrix, but for what is known of its rounding.
  package mutating func add(_ other: DeltaScan) {
    (base, tuned) = (base + other.base, tuned + other.tuned)
    (shared, delta) = (shared + other.shared, delta + other.delta)
  }

  /// Adds whole rows.
  package mutating func add(_ base: UnsafeBufferPointer<Double>, _ tuned: UnsafeBufferPointer<Double>) {
    let width = columnPowers.count
    guard width > 0, let left = base.baseAddress, let right = tuned.baseAddress else { return }
    for row in 0..<base.count / width { unsafe addRow(left + row * width, right + row * width, width) }
  }

  private mutating func addRow(_ base: UnsafePointer<Double>, _ tuned: UnsafePointer<Double>, _ width: Int) {
    var sums = Sums()
    unsafe columnPowers.withUnsafeMutableBufferPointer { columns in
      guard let columns = columns.baseAddress else { return }
      var index = 0
      while index + 8 <= width {
        let powers = unsafe sums.add(
          UnsafeRawPointer(base + index).loadUnaligned(as: SIMD8<Double>.self),
          UnsafeRawPointer(tuned + index).loadUnaligned(as: SIMD8<Double>.self))
        let place = unsafe UnsafeMutableRawPointer(columns + index)
        unsafe place.storeBytes(of: place.loadUnaligned(as: SIMD8<Double>.self) + powers, as: SIMD8<Double>.self)
        index += 8
      }
      guard index < width else { return }
      var (x, y) = (SIMD8<Double>(), SIMD8<Double>())
      for lane in 0..<width - index { unsafe (x[lane], y[lane]) = (base[index + lane], tuned[index + lane]) }
      let powers = sums.add(x, y)
      for lane in 0..<width - index { unsafe columns[index + lane] += powers[lane] }
    }
    self.base += sums.base.sum()
    self.tuned += sums.tuned.sum()
    shared += sums.shared.sum()
    delta += sums.delta.sum()
    rowPowers = max(rowPowers, sums.powers.sum())
    for lane in 0..<8 { bits |= sums.bits[lane] }
  }

  private struct Sums {
    var base = SIMD8<Double>()
    var tuned = SIMD8<Double>()
    var shared = SIMD8<Double>()
    var delta = SIMD8<Double>()
    var powers = SIMD8<Double>()
    var bits = SIMD8<UInt64>()

    /// Adds elements; the result is what counts for noise of each.
    @inline(__always)
    mutating func add(_ x: SIMD8<Double>, _ y: SIMD8<Double>) -> SIMD8<Double> {
      let change = SIMD8<Double>(SIMD8<Float>(y - x))
      base += x * x
      tuned += y * y
      shared += x * y
      delta += change * change
      let code = unsafe unsafeBitCast(y, to: SIMD8<UInt64>.self)
      let power = unsafe unsafeBitCast(code & 0x7FF0_0000_0000_0000, to: SIMD8<Double>.self)
      let square = (power * power).replacing(with: 0, where: change .== 0)
      powers += square
      bits |= code
      return square
    }
  }

  // MARK: Noise

  /// Bits behind the point that the values of W' have: those of the narrowest of bf16, f16 and f32 that holds them all,
  /// since a checkpoint may have been rounded to less than it is stored in.
  private var fraction: Int {
    let own = bits & 0xF_FFFF_FFFF_FFFF
    return [7, 10, 23].first { own & ((1 << (52 - UInt64($0))) - 1) == 0 } ?? 52
  }

  /// Where the singular values end that rounding W' alone gives Δ; those below it say nothing.
  ///
  /// A step within a binade is 2^(e − fraction), and what is rounded away spreads evenly over it: a variance of step²/12
  /// for every element that changed, while those that did not have nothing rounded in them. A random matrix of such
  /// variances has no singular value above the root of the largest sum over a row and that over a column together
  /// (Bandeira and van Handel 2016), which is rms·(√rows + √columns) where all are alike (Bai and Yin 1988).
  package var noiseFloor: Double {
    let step = Double(sign: .plus, exponent: -fraction, significand: 1) / 12.0.squareRoot()
    return step * (rowPowers.squareRoot() + (columnPowers.max() ?? 0).squareRoot())
  }
}
