package import Safetensors
package import TensorCore

/// A weight that files hold as codes, with everything that is needed to read its numbers.
package struct QuantizedWeight: Sendable {
  /// Name of the tensor that it is without quantisation, such as `model.layers.0.self_attn.q_proj.weight`.
  package let name: String
  /// Its dimensions without quantisation, outermost first.
  package let shape: Shape
  /// How it is stored, as reports call it: `nf4`, `fp8`, `gptq-int4`.
  package let format: String
  /// The tensor that holds its codes.
  package let codes: Checkpoint.Entry
  /// Names of all stored tensors that it is made of, the codes among them.
  package let parts: [String]
  /// Bytes of all of them.
  package let storedBytes: UInt64
  /// How its codes are made anew; nil for all but 8-bit floats.
  package let grid: FP8Grid?
  /// Its numbers.
  let values: any QuantizedValues

  /// Whether its format is known to stand for `[…, in, out]`, as gpt-oss has its experts.
  package var isInputFirst: Bool { values is TransposedExperts }

  /// Stored bits for each weight, scales included.
  package var bitsPerWeight: Double {
    let count = shape.elementCount ?? 0
    return count == 0 ? 0 : Double(storedBytes) * 8 / Double(count)
  }
}

/// The numbers of a quantised weight, read from where its parts are stored.
///
/// Every number is the one that the format defines, exactly: the codes' own number times its scale, in f64, which holds
/// the product of every code and scale that there is.
protocol QuantizedValues: Sendable {
  /// Fills the buffer with elements from `first` on, row-major; the caller has checked that there are so many.
  ///
  /// - Returns: whether codes and scales show that all of them are finite; if not, they are to be looked at.
  func fill(_ output: UnsafeMutableBufferPointer<Double>, from first: Int) throws(QuantizationError) -> Bool
}
