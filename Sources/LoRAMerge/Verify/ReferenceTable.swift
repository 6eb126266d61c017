import LoRAKernels
import TensorCore

/// All numbers of a type of 16 bits, worked out once by `ReferenceNumbers` for the thousand millions that a model has.
struct ReferenceTable: Sendable {
  /// The number of every code.
  let values: [Double]
  /// Half of the way from a number to the nearer of its neighbours; no number for codes that are none.
  private let reach: [Double]

  private static let bf16 = ReferenceTable(.bf16)
  private static let f16 = ReferenceTable(.f16)

  /// The table of a type, for those that have one.
  static func of(_ dtype: DType) -> ReferenceTable? {
    switch dtype {
    case .bf16: bf16
    case .f16: f16
    default: nil
    }
  }

  private init(_ dtype: DType) {
    let values = (0..<0x1_0000).map { ReferenceNumbers.value(UInt64($0), dtype) }
    reach = values.indices.map { code in
      let magnitude = code & 0x7FFF
      let above = magnitude == 0x7FFF ? .nan : values[magnitude + 1] - values[magnitude]
      let below = magnitude == 0 ? above : values[magnitude] - values[magnitude - 1]
      return below.isNaN || above.isNaN ? .nan : min(above, below) / 2
    }
    self.values = values
  }

  /// Whether the number of a code is for certain the nearest to another.
  func isNearest(_ code: Int, to number: Double) -> Bool { abs(values[code] - number) < reach[code] }
}

extension ReferenceNumbers {
  /// Positions among `expected`, from 0, at which the stored number is not for certain the nearest to the one that is
  /// expected.
  ///
  /// - Parameters:
  ///   - stored: elements of the type.
  ///   - first: the element that is expected first.
  ///   - columns: where the element of each expected number stands behind the first; nil where all stand in order.
  static func doubts(
    _ stored: [UInt8], from first: Int = 0, _ dtype: DType, _ expected: ArraySlice<Double>, columns: [Int]? = nil
  ) -> [Int] {
    guard let columns else {
      let looked = unsafe stored.withUnsafeBytes { stored in
        unsafe expected.withUnsafeBufferPointer { expected in
          let elements = unsafe UnsafeRawBufferPointer(rebasing: stored[(first * Int(dtype.bits / 8))...])
          return unsafe Kernels.referenceDoubts(elements, dtype, expected)
        }
      }
      return looked ?? Array(0..<expected.count)
    }
    return columns.indices.filter { position in
      let (code, number) = (code(stored, first + columns[position], dtype), expected[expected.startIndex + position])
      // The language rounds to F32.
      return dtype == .f32
        ? code != UInt64(Float(number).bitPattern)
        : ReferenceTable.of(dtype)?.isNearest(Int(code), to: number) != true
    }
  }
}
