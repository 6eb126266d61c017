import LoRAIO
import LoRAKernels
import LoRAModel
import Safetensors
import TensorCore

extension FactorDraft {
  /// Whether the elements of the input only move: none is multiplied or gets another type.
  func onlyMoves(_ dtype: DType) -> Bool {
    (dtype.isMergeable || dtype == .f64) && blocks.allSatisfy { $0.multiplier == 1 && $0.factor.tensor.dtype == dtype }
  }

  /// The tensor's bytes where elements only move; what no block fills is zero.
  ///
  /// - Parameter count: elements of the tensor.
  func movedBytes(_ layout: FactorLayout, _ dtype: DType, count: Int) throws(SurgeryError) -> [UInt8] {
    switch dtype.bits {
    case 16: try moved(layout, count, as: UInt16.self)
    case 32: try moved(layout, count, as: UInt32.self)
    default: try moved(layout, count, as: UInt64.self)
    }
  }

  private func moved<Element: FixedWidthInteger>(_ layout: FactorLayout, _ count: Int, as _: Element.Type)
    throws(SurgeryError) -> [UInt8]
  {
    var elements = [Element](repeating: 0, count: count)
    for block in blocks {
      for expert in block.sourceExperts {
        let source = try block.raw(expert, as: Element.self)
        let first =
          (block.firstExpert + expert - block.sourceExperts.lowerBound) * layout.expertStride
          + block.firstRank * layout.rankStride
        block.move(source, to: &elements, at: Int(first), layout)
      }
    }
    return unsafe elements.withUnsafeBytes { unsafe Array($0) }
  }
}

extension FactorBlock {
  /// The elements of one expert as they lie in the file, from its first to its last; those of others may lie between.
  fileprivate func raw<Element: FixedWidthInteger>(_ expert: UInt64, as _: Element.Type) throws(SurgeryError)
    -> [Element]
  {
    let width = UInt64(Element.bitWidth / 8)
    let span = (factor.count - 1) * factor.stride + (pair.rank - 1) * factor.rankStride + 1
    guard span <= LoRAPair.elementLimit else {
      throw .refused(file.path, subject: factor.tensor.name, "its \(span) elements are beyond what is moved")
    }
    var elements = [Element](repeating: 0, count: Int(span))
    let scan = try SurgeryError.catching { () throws(IOError) in
      var failure: IOError?
      let scan = unsafe elements.withUnsafeMutableBytes { bytes in
        do throws(IOError) {
          unsafe try file.read(factor.tensor, from: expert * factor.expertStride * width, into: bytes)
        } catch {
          failure = error
        }
        return unsafe Kernels.scan(UnsafeRawBufferPointer(bytes), dtype: factor.tensor.dtype)
      }
      if let failure { throw failure }
      return scan
    }
    guard scan.nanCount + scan.infinityCount == 0 else { throw .notFinite(factor.tensor, of: file) }
    return elements
  }

  /// Puts one expert's elements at their places, in blocks of rows that stay in cache.
  fileprivate func move<Element: FixedWidthInteger>(
    _ source: [Element], to elements: inout [Element], at first: Int, _ layout: FactorLayout
  ) {
    let (stride, rankStride) = (Int(layout.stride), Int(layout.rankStride))
    let (ownStride, ownRankStride) = (Int(factor.stride), Int(factor.rankStride))
    let (count, ranks) = (Int(factor.count), Int(pair.rank))
    for block in Swift.stride(from: 0, to: count, by: 256) {
      for rank in 0..<ranks {
        for row in block..<min(block + 256, count) {
          let target = rows.map { $0[row] } ?? row
          if target < 0 { continue }
          elements[first + target * stride + rank * rankStride] = source[row * ownStride + rank * ownRankStride]
        }
      }
    }
  }
}
