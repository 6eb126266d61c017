package import TensorCore

/// Codes of 8-bit floats with scales on a grid, as they are made anew from numbers.
package struct FP8Grid: Sendable, Equatable {
  /// F8_E4M3 or F8_E5M2.
  package let codeDType: DType
  /// F32, BF16, F16, or exponents of 2 in 8 bits.
  package let scaleDType: DType
  /// Whether scales are exponents of 2 in 8 bits.
  package let scalesAreExponents: Bool
  /// Rows of all matrices of the tensor, of one matrix, and columns.
  package let rows: Int, rowsOfMatrix: Int, columns: Int
  /// Rows and columns that share a scale.
  package let height: Int, width: Int
  /// Scales of a matrix; 0 where one serves all matrices of a stack.
  package let matrixCells: Int
  /// Number of scales.
  package let cells: Int
  /// Names of the two tensors.
  package let codesName: String, scalesName: String

  /// The scale of an element.
  package func cell(row: Int, column: Int) -> Int {
    let across = (columns + width - 1) / width
    return row / rowsOfMatrix * matrixCells + row % rowsOfMatrix / height * across + column / width
  }

  private var mantissaBits: Int { codeDType == .f8e4m3 ? 3 : 2 }
  private var bias: Int { codeDType == .f8e4m3 ? 7 : 15 }
  /// The code of the largest finite number, and the number: 448 or 57,344.
  private var largestCode: UInt32 { codeDType == .f8e4m3 ? 0x7E : 0x7B }
  package var largest: Double { codeDType == .f8e4m3 ? 448 : 57_344 }

  /// The smallest scale of its type with which no number of this magnitude is beyond the largest code, and its bytes.
  ///
  /// A cell of zeros has the scale 1.
  package func scale(forLargest magnitude: Double) -> (value: Double, bytes: [UInt8]) {
    let exact = magnitude > 0 ? magnitude / largest : 1
    if scalesAreExponents {
      var exponent = Int(exact.exponent)
      if Double(sign: .plus, exponent: exponent, significand: 1) < exact { exponent += 1 }
      exponent = min(max(exponent, -127), 127)
      return (Double(sign: .plus, exponent: exponent, significand: 1), [UInt8(exponent + 127)])
    }
    switch scaleDType {
    case .bf16:
      var bits = Float(exact).bitPattern
      if Double(Float(bitPattern: bits & 0xFFFF_0000)) < exact { bits = bits & 0xFFFF_0000 &+ 0x1_0000 }
      let value = Float(bitPattern: bits & 0xFFFF_0000)
      return (Double(value), Self.bytes(UInt16(bits >> 16)))
    case .f16:
      var value = Float16(exact)
      if Double(value) < exact { value = value.nextUp }
      return (Double(value), Self.bytes(value.bitPattern))
    default:
      var value = Float(exact)
      if Double(value) < exact { value = value.nextUp }
      return (Double(value), Self.bytes(value.bitPattern))
    }
  }

  private static func bytes<Integer: FixedWidthInteger>(_ value: Integer) -> [UInt8] {
    unsafe withUnsafeBytes(of: value.littleEndian) { unsafe Array($0) }
  }

  /// The code of the nearest number, ties to even; beyond the largest, the largest.
  @inline(__always)
  package func code(_ value: Float) -> UInt8 {
    let sign = UInt8(truncatingIfNeeded: value.bitPattern >> 24) & 0x80
    let magnitude = value.magnitude
    let code: UInt32
    if magnitude >= Float(sign: .plus, exponent: 1 - bias, significand: 1) {
      let shift = UInt32(23 - mantissaBits)
      let bits = magnitude.bitPattern
      let rounded = bits &+ (1 << (shift - 1) - 1) &+ (bits >> shift & 1)
      code = (rounded >> shift) &- UInt32(127 - bias) << UInt32(mantissaBits)
    } else {
      let step = Float(sign: .plus, exponent: bias - 1 + mantissaBits, significand: 1)
      code = UInt32((magnitude * step).rounded(.toNearestOrEven))
    }
    return sign | UInt8(truncatingIfNeeded: min(code, largestCode))
  }

  /// The codes of the numbers nearest to some values over a scale that they share, over as many `codes`.
  package func code(_ values: UnsafeBufferPointer<Float>, scale: Double, to codes: UnsafeMutableBufferPointer<UInt8>) {
    for place in 0..<min(values.count, codes.count) {
      unsafe codes[place] = code(Float(Double(values[place]) / scale))
    }
  }

  /// The number of every code.
  package var levels: [Double] { CodeLevels.of(codeDType) }
}
