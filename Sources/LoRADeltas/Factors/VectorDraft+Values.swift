import LoRAIO
import LoRAKernels
import LoRAModel
import Safetensors
package import TensorCore

extension VectorDraft {
  /// The elements at their places, each rounded once.
  package func bytes(_ dtype: DType, as name: String, ledger: RoundingLedger) throws(SurgeryError) -> [UInt8] {
    var elements = [Double](repeating: 0, count: Int(count))
    for part in parts {
      let own = try part.elements()
      for (source, element) in own.enumerated() {
        let target = part.rows.map { $0[source] } ?? source
        if target >= 0 { elements[target] = element }
      }
    }
    return try FactorDraft.rounded(elements, to: dtype, of: parts.first?.file.path ?? name, as: name, ledger)
  }
}

extension VectorDraft.Part {
  fileprivate func elements() throws(SurgeryError) -> [Double] {
    let raw = try SurgeryError.catching { () throws(IOError) in try file.bytes(of: tensor) }
    var elements = [Double](repeating: 0, count: Int(tensor.elementCount))
    unsafe raw.withUnsafeBytes { bytes in
      unsafe elements.withUnsafeMutableBufferPointer { unsafe Kernels.widen(bytes, dtype: tensor.dtype, to: $0) }
    }
    guard elements.allSatisfy(\.isFinite) else { throw .notFinite(tensor, of: file) }
    return elements
  }
}
