package import Safetensors
import TensorCore

/// Δ = W' − W of one matrix, which lies in the files of two models as the rows of one or several tensors.
///
/// A tensor counts as a matrix of its first dimension by all others; one expert of a stack is some rows of it, and one
/// whose parts are stored apart is several tensors below each other.
package struct DeltaMatrix: Sendable {
  /// Rows that follow each other in a tensor of either model.
  package struct Part: Sendable {
    package let base: TensorSource
    package let tuned: TensorSource
    /// Elements of the tensors before them.
    let start: Int
    package let rows: Int

    package init(base: TensorSource, tuned: TensorSource, start: Int, rows: Int) {
      (self.base, self.tuned, self.start, self.rows) = (base, tuned, start, rows)
    }
  }

  package let parts: [Part]
  package let rows: Int
  package let columns: Int

  package init(_ parts: [Part], columns: Int) {
    (self.parts, self.columns) = (parts, columns)
    rows = parts.reduce(0) { $0 + $1.rows }
  }

  /// The whole of two tensors of one shape, which is not empty.
  package init(_ base: TensorSource, _ tuned: TensorSource) {
    let shape = base.info.shape
    let rows = shape.rank > 1 ? Int(shape[0]) : 1
    self.init(
      [Part(base: base, tuned: tuned, start: 0, rows: rows)], columns: Int(base.info.elementCount) / max(rows, 1))
  }

  /// All elements of two tensors of one shape in rows of no meaning, for sums: whole rows, and what is left.
  package static func flat(_ base: TensorSource, _ tuned: TensorSource) -> [DeltaMatrix] {
    let count = Int(base.info.elementCount)
    let (rows, rest) = (count / 4096, count % 4096)
    let parts = [(start: 0, rows: rows, columns: 4096), (start: rows * 4096, rows: 1, columns: rest)]
    return parts.filter { $0.rows > 0 && $0.columns > 0 }.map { part in
      DeltaMatrix([Part(base: base, tuned: tuned, start: part.start, rows: part.rows)], columns: part.columns)
    }
  }

  /// Bytes of both models that it is read from.
  package var inputBytes: UInt64 {
    UInt64(rows) * UInt64(columns) * (parts.first.map { ($0.base.info.dtype.bits + $0.tuned.info.dtype.bits) / 8 } ?? 0)
  }

  /// Singular values that it can have.
  package var limit: Int { min(rows, columns) }
}

/// A tensor and the file that holds it.
package struct TensorSource: Sendable {
  package let info: TensorInfo
  package let file: SafetensorsFile

  package init(info: TensorInfo, file: SafetensorsFile) { (self.info, self.file) = (info, file) }

  /// Whether its elements can be read as numbers one by one.
  package var isReadable: Bool { [.f64, .f32, .f16, .bf16].contains(info.dtype) }
}
