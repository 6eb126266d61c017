package import LoRADeltas
import LoRAIO
import LoRAKernels
import LoRAModel
import Safetensors
package import TensorCore

extension SafetensorsDraft {
  /// Adds a factor, copied byte for byte where it is a tensor of the input, else computed.
  package mutating func add(
    _ factor: FactorDraft, _ layout: DraftLayout, as name: String, dtype wanted: DType?, ledger: RoundingLedger
  ) {
    let dtype = factor.dtype(wanted, in: layout)
    if let block = factor.copied(in: layout, dtype: dtype) {
      copy(block.factor.tensor, of: block.file, as: name, shape: layout.shape, finite: true)
    } else {
      make([(name, dtype, layout.shape)]) { () throws(SurgeryError) in
        [try factor.bytes(layout, dtype, as: name, ledger: ledger)]
      }
    }
  }

  /// Adds a vector under a shape of as many elements.
  package mutating func add(
    _ vector: VectorDraft, shape: Shape, as name: String, dtype wanted: DType?, ledger: RoundingLedger
  ) {
    let dtype = wanted ?? vector.dtype
    if let part = vector.copied, dtype == part.tensor.dtype {
      return copy(part.tensor, of: part.file, as: name, shape: shape, finite: true)
    }
    let target = dtype.isMergeable || dtype == .f64 ? dtype : .f32
    make([(name, target, shape)]) { () throws(SurgeryError) in [try vector.bytes(target, as: name, ledger: ledger)] }
  }

  /// Adds a number, as F32 without dimensions.
  package mutating func add(_ number: Double, as name: String) {
    let bits = Float(number).bitPattern
    make([(name, .f32, [])]) { () throws(SurgeryError) in [(0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }]
    }
  }
}

extension FactorDraft {
  /// The part of a file that holds the factor from `offset` on, and its size.
  package func part(
    at offset: UInt64, _ layout: DraftLayout, _ dtype: DType, as name: String, ledger: RoundingLedger
  ) -> DraftPart {
    let size = (layout.shape.elementCount ?? 0) &* dtype.bits / 8
    if let block = copied(in: layout, dtype: dtype) {
      return DraftPart(at: offset, .finite(block.factor.tensor, from: block.file), units: size)
    }
    return DraftPart(
      .made { () throws(SurgeryError) in [(offset, try bytes(layout, dtype, as: name, ledger: ledger))] }, units: size)
  }
}
