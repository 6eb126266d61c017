import TensorCore

/// Rounding up or down by chance, so that the mean over many roundings is the value itself.
///
/// Small deltas that rounding to nearest would drop survive in the mean: of a thousand weights that should each grow by
/// a hundredth of a step, about ten grow by a whole step. The chance of an element is a hash of the seed, the tensor's
/// name and the element's index (a counter-based generator), so the bytes do not depend on who computes what when.
struct StochasticRounding: Sendable {
  private let key: UInt64
  private let firstElement: UInt64
  private let dtype: DType

  /// Rounding of the elements of an update, which start at its first row.
  init(_ seed: UInt64, _ update: MatrixUpdate) {
    self.init(seed, tensor: update.tensor, firstElement: update.firstRow &* UInt64(update.columns), update.outputDType)
  }

  /// Rounding to F16 or BF16 of a tensor's elements from `firstElement` on.
  init(_ seed: UInt64, tensor: String, firstElement: UInt64, _ dtype: DType) {
    // FNV-1a of the name.
    var name: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in tensor.utf8 { name = (name ^ UInt64(byte)) &* 0x100_0000_01B3 }
    key = Self.mixed(Self.mixed(seed) ^ name)
    self.firstElement = firstElement
    self.dtype = dtype
  }

  /// The finaliser of SplitMix64 (Steele, Lea, Flood 2014), which turns a counter into random bits.
  private static func mixed(_ value: UInt64) -> UInt64 {
    var mixed = value &+ 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  /// 64 random bits of an element, counted from the first.
  func randomBits(_ index: Int) -> UInt64 {
    Self.mixed(key &+ (firstElement &+ UInt64(index)) &* 0x9E37_79B9_7F4A_7C15)
  }

  /// The code of `value` as element `index`.
  func code(_ value: Float, _ index: Int) -> UInt16 { Self.code(value, randomBits(index), dtype) }

  /// The code of one of the two numbers around `value`, of which the random bits choose one.
  ///
  /// Numbers of the type stay as they are; beyond the largest, rounding is to nearest.
  static func code(_ value: Float, _ random: UInt64, _ dtype: DType) -> UInt16 {
    let bits = value.bitPattern
    let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
    let magnitude = bits & 0x7FFF_FFFF
    let isHalf = dtype == .f16
    let infinity: UInt16 = isHalf ? 0x7C00 : 0x7F80
    if magnitude > 0x7F80_0000 { return sign | infinity | (isHalf ? 0x200 : 0x40) }
    // The largest number, and half a step above it, from where the nearest is infinity.
    let (largest, limit): (UInt32, UInt32) = isHalf ? (0x477F_E000, 0x477F_F000) : (0x7F7F_0000, 0x7F7F_8000)
    if magnitude >= largest { return sign | (magnitude >= limit ? infinity : infinity - 1) }
    guard isHalf else {
      // The codes are the upper halves of F32's.
      let up = UInt32(truncatingIfNeeded: random >> 48) < magnitude & 0xFFFF
      return sign | UInt16(truncatingIfNeeded: magnitude >> 16) + (up ? 1 : 0)
    }
    // Bits below those that F16 keeps: 13, and more below its normal numbers, whose spacing is 2^-24.
    let exponent = Int(magnitude >> 23)
    let shift = exponent >= 113 ? 13 : 126 - exponent
    let significand = UInt64(magnitude & 0x7F_FFFF | (exponent > 0 ? 0x80_0000 : 0))
    // From here on even the chance to be rounded up is below 2^-24.
    guard shift < 48 else { return sign }
    let up = random >> UInt64(64 - shift) < significand & (1 << UInt64(shift) - 1)
    let kept = UInt16(truncatingIfNeeded: significand >> UInt64(shift))
    let base = exponent >= 113 ? UInt16(truncatingIfNeeded: exponent - 113) << 10 : 0
    // A normal significand's leading bit carries into the exponent.
    return sign | (base + kept + (up ? 1 : 0))
  }
}

extension MergePlan {
  /// How an update is rounded by chance; nil when it is rounded to nearest.
  func chance(of update: MatrixUpdate) -> StochasticRounding? {
    guard case .stochastic(let seed) = rounding, update.outputDType.bits == 16 else { return nil }
    return StochasticRounding(seed, update)
  }
}
