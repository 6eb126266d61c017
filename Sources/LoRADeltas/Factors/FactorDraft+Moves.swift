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
  func movedBytes(_ layout: DraftLayout, _ dtype: DType, count: Int) throws(SurgeryError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count * Int(dtype.bits / 8))
    for block in blocks {
      for expert in block.sourceExperts {
        let source = try block.raw(expert)
        let first =
          (block.firstExpert + expert - block.sourceExperts.lowerBound) * layout.expertStride
          + block.firstRank * layout.rankStride
        block.move(source, to: &bytes, at: Int(first), layout)
      }
    }
    return bytes
  }
}

extension FactorBlock {
  /// The elements of one expert as they lie in the file, from its first to its last; those of others may lie between.
  fileprivate func raw(_ expert: UInt64) throws(SurgeryError) -> [UInt8] {
    let width = factor.tensor.dtype.bits / 8
    let span = (factor.count - 1) * factor.stride + (pair.rank - 1) * factor.rankStride + 1
    guard span <= LoRAPair.elementLimit else {
      throw .refused(file.path, subject: factor.tensor.name, "its \(span) elements are beyond what is moved")
    }
    var failure: IOError?
    var scan = ValueScan()
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Int(span * width)) { buffer, count in
      let bytes = unsafe UnsafeMutableRawBufferPointer(
        rebasing: UnsafeMutableRawBufferPointer(buffer)[..<Int(span * width)])
      do throws(IOError) {
        unsafe try file.read(factor.tensor, from: expert * factor.expertStride * width, into: bytes)
        scan = unsafe Kernels.scan(UnsafeRawBufferPointer(bytes), dtype: factor.tensor.dtype)
        count = Int(span * width)
      } catch {
        failure = error
      }
    }
    if let failure { throw SurgeryError.io(failure) }
    guard scan.nanCount + scan.infinityCount == 0 else { throw .notFinite(factor.tensor, of: file) }
    return bytes
  }

  /// Puts one expert's elements at their places.
  fileprivate func move(_ source: [UInt8], to bytes: inout [UInt8], at first: Int, _ layout: DraftLayout) {
    let move = StridedMove(
      width: Int(factor.tensor.dtype.bits / 8), count: Int(factor.count), ranks: Int(pair.rank), rows: rows)
    unsafe bytes.withUnsafeMutableBytes { target in
      unsafe source.withUnsafeBytes { source in
        unsafe move(
          source, .init(start: 0, stride: Int(factor.stride), rankStride: Int(factor.rankStride)), to: target,
          .init(start: first, stride: Int(layout.stride), rankStride: Int(layout.rankStride)))
      }
    }
  }
}
