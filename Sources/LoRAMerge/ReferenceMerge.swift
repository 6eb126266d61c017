import LoRAIO
import LoRAKernels
import Safetensors

/// A matrix update computed in float64, element by element, from the files.
struct ReferenceMerge {
  private let update: MatrixUpdate
  private let sources: [SafetensorsFile]
  /// The elements of R of every delta, column by column.
  private let rights: [[Double]]

  init(_ update: MatrixUpdate, _ sources: [SafetensorsFile]) throws(IOError) {
    self.update = update
    self.sources = sources
    var rights: [[Double]] = []
    for delta in update.deltas {
      rights.append(try delta.right.elements(outer: 0..<update.columns, ranks: delta.rank, from: sources))
    }
    self.rights = rights
  }

  /// The numbers of one row of W' before they are rounded.
  func row(_ row: Int) throws(IOError) -> [Double] {
    let bytes = try sources[update.base.source].contents.bytes(
      at: update.base.offset + UInt64(row * update.baseRowBytes), count: update.baseRowBytes)
    var result = (0..<update.columns).map {
      ReferenceNumbers.value(ReferenceNumbers.code(bytes, $0, update.baseDType), update.baseDType)
    }
    for (delta, right) in zip(update.deltas, rights) {
      let left = try delta.left?.elements(outer: row..<row + 1, ranks: delta.rank, from: sources) ?? [1]
      for column in 0..<update.columns {
        var sum = 0.0
        for rank in 0..<delta.rank { sum += left[rank] * right[column * delta.rank + rank] }
        result[column] += delta.scale * sum
      }
    }
    return result
  }
}

extension StoredFactor {
  /// Elements (i, k) for the outer indices i and all ranks k, i by i.
  fileprivate func elements(outer: Range<Int>, ranks: Int, from sources: [SafetensorsFile]) throws(IOError) -> [Double]
  {
    let bytes = try sources[slice.source].contents.bytes(at: slice.offset, count: Int(slice.count))
    var elements: [Double] = []
    elements.reserveCapacity(outer.count * ranks)
    for index in outer {
      for rank in 0..<ranks {
        let position = layout.offset + index * layout.stride + rank * layout.rankStride
        elements.append(ReferenceNumbers.value(ReferenceNumbers.code(bytes, position, dtype), dtype))
      }
    }
    return elements
  }
}
