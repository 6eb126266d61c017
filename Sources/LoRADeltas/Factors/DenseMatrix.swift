import LoRAKernels

/// A dense matrix of f64, row by row, that is to be cut to a low rank.
package struct DenseMatrix: Sendable {
  let rows: Int
  let columns: Int
  /// Element (row, column) is `elements[row · columns + column]`.
  var elements: [Double]

  /// The smaller size up to which the decomposition is exact.
  static let exactLimit = 256
  /// Directions that are followed beyond the wanted ones, and how often they are turned by MᵀM.
  private static let oversampling = 10
  private static let iterations = 4

  /// ‖M‖.
  var norm: Double {
    let squares = unsafe elements.withUnsafeBufferPointer { elements in
      guard let start = elements.baseAddress else { return 0.0 }
      return unsafe sumOfProducts(start, start, elements.count)
    }
    return squares.squareRoot()
  }

  /// The matrix, or what its leading directions hold of it, as a delta whose first `rank` values can be taken.
  ///
  /// Small matrices are decomposed exactly; others by randomised subspace iteration with QR decompositions in between
  /// (Halko, Martinsson and Tropp 2011), whose start depends on the sizes alone.
  func leading(_ rank: Int, exactLimit: Int = exactLimit) -> LowRank {
    let count = min(rank + Self.oversampling, rows, columns)
    if min(rows, columns) <= max(exactLimit, count) {
      let whole = ColumnMatrix(rows: columns, columns: rows, elements: elements)
      return rows <= columns
        ? LowRank(scale: 1, b: .identity(rows), a: whole)
        : LowRank(scale: 1, b: whole.transposed, a: .identity(columns))
    }
    var basis = ColumnMatrix(rows: columns, columns: count)
    let numbers = RandomEntries(seed: 0, stream: UInt64(rows), name: "subspace")
    for index in basis.elements.indices { basis.elements[index] = 2 * numbers[UInt64(index)] - 1 }
    basis = basis.orthonormal
    for _ in 0..<Self.iterations { basis = products(basis).inputs.orthonormal }
    return LowRank(scale: 1, b: products(basis, wantsInputs: false).outputs, a: basis)
  }

  /// M·X, and MᵀM·X.
  private func products(_ basis: ColumnMatrix, wantsInputs: Bool = true) -> (
    outputs: ColumnMatrix, inputs: ColumnMatrix
  ) {
    let count = basis.columns
    var outputs = ColumnMatrix(rows: rows, columns: count)
    var inputs = ColumnMatrix(rows: columns, columns: wantsInputs ? count : 0)
    let step = 128
    for first in stride(from: 0, to: rows, by: step) {
      let height = min(step, rows - first)
      // A band of M·X, column by column.
      var band = ColumnMatrix(rows: height, columns: count)
      unsafe elements.withUnsafeBufferPointer { own in
        unsafe basis.elements.withUnsafeBufferPointer { basis in
          guard let own = own.baseAddress, let basis = basis.baseAddress else { return }
          for column in 0..<count {
            for row in 0..<height {
              band[row, column] = unsafe sumOfProducts(
                own + (first + row) * columns, basis + column * columns, columns)
            }
          }
          guard wantsInputs else { return }
          unsafe inputs.elements.withUnsafeMutableBufferPointer { inputs in
            guard let inputs = inputs.baseAddress else { return }
            for column in 0..<count {
              for row in 0..<height {
                unsafe addMultiple(
                  band[row, column], of: own + (first + row) * columns, to: inputs + column * columns, columns)
              }
            }
          }
        }
      }
      for column in 0..<count {
        for row in 0..<height { outputs[first + row, column] = band[row, column] }
      }
    }
    return (outputs, inputs)
  }

  /// ‖M − B·Aᵀ‖.
  func distance(b: ColumnMatrix, a: ColumnMatrix) -> Double {
    var sum = 0.0
    for row in 0..<rows {
      var rest = Array(elements[row * columns..<(row + 1) * columns])
      unsafe rest.withUnsafeMutableBufferPointer { rest in
        unsafe a.elements.withUnsafeBufferPointer { a in
          guard let rest = rest.baseAddress, let a = a.baseAddress else { return }
          for rank in 0..<b.columns {
            unsafe addMultiple(-b[row, rank], of: a + rank * columns, to: rest, columns)
          }
          sum += unsafe sumOfProducts(rest, rest, columns)
        }
      }
    }
    return sum.squareRoot()
  }
}

extension ColumnMatrix {
  fileprivate static func identity(_ size: Int) -> ColumnMatrix {
    var result = ColumnMatrix(rows: size, columns: size)
    for index in 0..<size { result[index, index] = 1 }
    return result
  }

  /// An orthonormal basis of its columns; rows are at least as many.
  fileprivate var orthonormal: ColumnMatrix { HouseholderQR(self).expand(.identity(columns)) }
}
