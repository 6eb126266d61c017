package import QuantizedWeights
import TensorCore

/// A weight in 8-bit floats that deltas are added to and that is quantised again.
///
/// Every cell of the grid gets the smallest scale with which its largest number is no larger than the largest code; every
/// element gets the code nearest to it.
public struct Requantization: Sendable, Equatable {
  /// The whole weight in ranges of rows over which the deltas do not change; those without deltas too.
  package let updates: [MatrixUpdate]
  /// Where its scales lie.
  package let grid: FP8Grid

  /// Name of the tensor with the codes.
  package var tensor: String { grid.codesName }
  /// The module whose change it takes, for reports.
  package var module: String { updates.lazy.flatMap(\.deltas).first?.module ?? tensor }
}

extension Requantization {
  /// The edited weight; nil when something else than adding is done to it.
  init?(_ edit: TensorEdit, of weight: StoredTensor, _ grid: FP8Grid) {
    guard let columns = edit.columns, edit.origin == nil, edit.replacedRows.isEmpty, columns == grid.columns else {
      return nil
    }
    let rowBytes = columns * 8
    updates = edit.blocks(rows: UInt64(grid.rows)).map { block in
      let count = block.rows.upperBound - block.rows.lowerBound
      return MatrixUpdate(
        tensor: grid.codesName, firstRow: block.rows.lowerBound, rows: Int(count), columns: Int(columns),
        base: weight.source.part(from: block.rows.lowerBound * rowBytes, count: count * rowBytes), outputDType: .f32,
        deltas: block.deltas)
    }
    self.grid = grid
  }
}
