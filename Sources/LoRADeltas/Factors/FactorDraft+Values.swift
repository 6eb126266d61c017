import LoRAIO
import LoRAKernels
import LoRAModel
import Safetensors
package import TensorCore

extension FactorDraft {
  /// The tensor's bytes, every element computed in f64 and rounded once.
  ///
  /// - Parameters:
  ///   - name: the tensor, for messages and the ledger.
  ///   - ledger: gets what the rounding changed.
  /// - Throws: `SurgeryError.refused` for values that are not finite, before or after.
  package func bytes(_ layout: DraftLayout, _ dtype: DType, as name: String, ledger: RoundingLedger)
    throws(SurgeryError) -> [UInt8]
  {
    guard let total = try elementCount(layout, as: name) else { return [] }
    if onlyMoves(dtype) { return try movedBytes(layout, dtype, count: total) }
    var elements = [Double](repeating: 0, count: total)
    for block in blocks {
      for expert in block.sourceExperts {
        let values = try block.pair.values(block.factor, expert: expert, from: block.file)
        let first =
          (block.firstExpert + expert - block.sourceExperts.lowerBound) * layout.expertStride
          + block.firstRank * layout.rankStride
        block.place(values, in: &elements, at: Int(first), layout)
      }
    }
    return try Self.rounded(elements, to: dtype, of: blocks.first?.file.path ?? name, as: name, ledger)
  }

  /// Elements of the tensor, or nil when it has none.
  private func elementCount(_ layout: DraftLayout, as name: String) throws(SurgeryError) -> Int? {
    guard let total = layout.shape.elementCount, total <= LoRAPair.elementLimit else {
      throw .refused(
        blocks.first?.file.path ?? name, subject: name,
        "its factor would be \(layout.shape), which is beyond what is computed")
    }
    return total == 0 ? nil : Int(total)
  }

  /// Rounds elements to a type and notes the relative error.
  package static func rounded(
    _ elements: [Double], to dtype: DType, of path: String, as name: String, _ ledger: RoundingLedger
  ) throws(SurgeryError) -> [UInt8] {
    let width = Int(dtype.bits) / 8
    var bytes = [UInt8](repeating: 0, count: elements.count * width)
    guard dtype != .f64 else { return unsafe elements.withUnsafeBytes { unsafe Array($0) } }
    var back = [Double](repeating: 0, count: elements.count)
    unsafe bytes.withUnsafeMutableBytes { target in
      unsafe elements.withUnsafeBufferPointer { unsafe Kernels.narrow($0, to: dtype, output: target) }
      unsafe back.withUnsafeMutableBufferPointer {
        unsafe Kernels.widen(UnsafeRawBufferPointer(target), dtype: dtype, to: $0)
      }
    }
    guard back.allSatisfy(\.isFinite) else {
      throw .refused(
        path, subject: name, "it has values beyond the range of \(dtype.name)",
        hint: "write it with --dtype bf16 or f32")
    }
    ledger.note(name, exact: elements, rounded: back)
    return bytes
  }
}

extension FactorBlock {
  /// Adds one expert's values to the elements of a tensor, whose first for this block is at `first`.
  fileprivate func place(
    _ values: ColumnMatrix, in elements: inout [Double], at first: Int, _ layout: DraftLayout
  ) {
    let (stride, rankStride) = (Int(layout.stride), Int(layout.rankStride))
    for block in Swift.stride(from: 0, to: values.rows, by: 256) {
      for column in 0..<values.columns {
        for row in block..<min(block + 256, values.rows) {
          let target = rows.map { $0[row] } ?? row
          if target < 0 { continue }
          elements[first + target * stride + column * rankStride] = multiplier * values[row, column]
        }
      }
    }
  }
}
