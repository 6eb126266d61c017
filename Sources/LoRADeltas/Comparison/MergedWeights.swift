import LoRAIO
import LoRAKernels
package import LoRAModel
package import Safetensors
import TensorCore

/// A weight of the base as f64, some rows at a time.
package struct WeightTiles {
  private let weight: TensorInfo
  private let file: SafetensorsFile
  private let rows: Int
  private let columns: Int

  package init(weight: TensorInfo, file: SafetensorsFile, rows: Int, columns: Int) {
    (self.weight, self.file, self.rows, self.columns) = (weight, file, rows, columns)
  }

  /// Elements of a tile, so that what is computed of one stays in the second-level cache.
  private static let elements = 1 << 15

  /// Calls `body` with the first row of a tile, its elements row by row, and its number of rows.
  package func visit(_ body: (Int, [Double], Int) throws(SurgeryError) -> Void) throws(SurgeryError) {
    let step = max(1, min(rows, Self.elements / columns))
    let bytes = Int(weight.dtype.bits / 8)
    let raw = IOBuffer(count: step * columns * bytes)
    for first in stride(from: 0, to: rows, by: step) {
      let count = min(step, rows - first)
      var tile = Array(repeating: 0.0, count: count * columns)
      try SurgeryError.catching { () throws(IOError) in
        let part = unsafe UnsafeMutableRawBufferPointer(rebasing: raw.bytes[..<(count * columns * bytes)])
        unsafe try file.read(weight, from: UInt64(first * columns * bytes), into: part)
        unsafe tile.withUnsafeMutableBufferPointer {
          unsafe Kernels.widen(UnsafeRawBufferPointer(part), dtype: weight.dtype, to: $0)
        }
      }
      try body(first, tile, count)
    }
  }
}

/// One adapter's W', made row by row in the orientation in which the base stores W.
package struct MergedWeight {
  private let scale: Double
  /// L, a row for every stored row, and R, a row for every stored column; nil for an adapter without the module.
  private let factors: (left: ColumnMatrix, right: ColumnMatrix)?
  /// DoRA's magnitude of every output.
  private let magnitudes: [Double]?
  /// Whether every stored row is an output, else every column.
  private let rowsAreOutputs: Bool
  private let columns: Int
  /// ‖V‖² of every output.
  private var squares: [Double]

  package init(_ module: AdapterModule?, _ side: StackedFactors.Side?, isInputFirst: Bool, columns: Int)
    throws(SurgeryError)
  {
    (rowsAreOutputs, self.columns) = (!isInputFirst, columns)
    guard let module, let side else {
      (scale, factors, magnitudes, squares) = (0, nil, nil, [])
      return
    }
    scale = side.pair.scale
    let inputs = try side.pair.values(side.pair.a, from: side.file)
    let outputs = try side.pair.values(side.pair.b, from: side.file)
    factors = isInputFirst ? (inputs, outputs) : (outputs, inputs)
    guard let magnitude = module.magnitude else {
      (magnitudes, squares) = (nil, [])
      return
    }
    guard magnitude.dtype.isFloat, magnitude.elementCount == side.pair.b.count else {
      throw .refused(
        side.file.path, subject: magnitude.name,
        "it is \(magnitude.dtype.name) \(magnitude.shape), expected \(side.pair.b.count) numbers")
    }
    magnitudes = try side.file.numbers(of: magnitude, from: 0, count: magnitude.elementCount)
    squares = Array(repeating: 0, count: Int(side.pair.b.count))
  }

  /// V of some rows.
  private func direction(_ tile: [Double], _ first: Int, _ count: Int) -> [Double] {
    guard let factors else { return tile }
    var result = tile
    unsafe result.withUnsafeMutableBufferPointer { target in
      unsafe factors.right.elements.withUnsafeBufferPointer { right in
        guard let target = target.baseAddress, let right = right.baseAddress else { return }
        for row in 0..<count {
          for rank in 0..<factors.left.columns {
            unsafe addMultiple(
              scale * factors.left[first + row, rank], of: right + rank * columns, to: target + row * columns, columns)
          }
        }
      }
    }
    return result
  }

  package mutating func measure(_ tile: [Double], _ first: Int, _ count: Int) {
    guard magnitudes != nil else { return }
    let direction = direction(tile, first, count)
    unsafe direction.withUnsafeBufferPointer { direction in
      guard let start = direction.baseAddress else { return }
      for row in 0..<count {
        let values = unsafe start + row * columns
        if rowsAreOutputs {
          squares[first + row] += unsafe sumOfProducts(values, values, columns)
        } else {
          for column in 0..<columns { squares[column] += unsafe values[column] * values[column] }
        }
      }
    }
  }

  /// W' of some rows.
  package func rows(_ tile: [Double], _ first: Int, _ count: Int) -> [Double] {
    var result = direction(tile, first, count)
    guard let magnitudes else { return result }
    let outputs = rowsAreOutputs ? first..<first + count : 0..<columns
    let ratios = outputs.map { magnitudes[$0] / squares[$0].squareRoot() }
    for row in 0..<count {
      for column in 0..<columns { result[row * columns + column] *= ratios[rowsAreOutputs ? row : column] }
    }
    return result
  }
}

/// Sums over all elements of W and both W'.
package struct MergedSums {
  private var difference = 0.0
  private var own = 0.0
  private var other = 0.0
  private var shared = 0.0
  /// ‖W‖².
  package private(set) var weight = 0.0

  package init() {}

  package mutating func add(_ tile: [Double], _ one: [Double], _ two: [Double]) {
    let changes = (one: Self.difference(one, tile), two: Self.difference(two, tile))
    own += Self.product(changes.one, changes.one)
    other += Self.product(changes.two, changes.two)
    shared += Self.product(changes.one, changes.two)
    let between = Self.difference(one, two)
    difference += Self.product(between, between)
    weight += Self.product(tile, tile)
  }

  private static func difference(_ left: [Double], _ right: [Double]) -> [Double] {
    var result = left
    for index in result.indices { result[index] -= right[index] }
    return result
  }

  private static func product(_ left: [Double], _ right: [Double]) -> Double {
    unsafe left.withUnsafeBufferPointer { left in
      unsafe right.withUnsafeBufferPointer { right in
        guard let one = left.baseAddress, let other = right.baseAddress else { return 0 }
        return unsafe sumOfProducts(one, other, left.count)
      }
    }
  }

  /// Nil when a sum is not finite.
  package var comparison: DeltaComparison? {
    guard difference.isFinite, own.isFinite, other.isFinite, weight.isFinite else { return nil }
    var result = DeltaComparison(sameDown: false, sameUp: false)
    (result.distance, result.normA, result.normB) = (
      difference.squareRoot(), own.squareRoot(), other.squareRoot()
    )
    if own > 0, other > 0 { result.cosine = max(-1, min(1, shared / own.squareRoot() / other.squareRoot())) }
    // Each element is a sum of numbers of W's size.
    result.noise = 0x1p-46 * weight.squareRoot()
    return result
  }
}
