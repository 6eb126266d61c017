import LoRAIO
import LoRAKernels
package import Safetensors
import TensorCore

/// How far two tensors of one shape lie apart, element by element.
package struct ValueComparison: Sendable, Equatable {
  /// Whether type, shape and bytes are the same.
  package private(set) var isIdentical = true
  /// ‖X − Y‖.
  package private(set) var distance = 0.0
  package private(set) var normA = 0.0
  package private(set) var normB = 0.0

  /// distance / max(‖X‖, ‖Y‖); 0 for two tensors of zeros.
  package var relative: Double { distance == 0 ? 0 : distance / max(normA, normB) }

  package func isWithin(_ tolerance: Double) -> Bool { relative <= tolerance }

  /// A tensor of an adapter, and what its elements are multiplied by.
  package struct Side {
    package let tensor: TensorInfo
    package let file: SafetensorsFile
    package var scale: Double

    package init(tensor: TensorInfo, file: SafetensorsFile, scale: Double = 1) {
      (self.tensor, self.file, self.scale) = (tensor, file, scale)
    }
  }

  /// Elements in memory at once, whole bytes of every type.
  private static let chunk: UInt64 = 1 << 16

  /// Compares two tensors of as many elements; a missing one counts as zeros.
  package init(_ a: Side?, _ b: Side?) throws(SurgeryError) {
    var (difference, own, other) = (RootSumOfSquares(), RootSumOfSquares(), RootSumOfSquares())
    if let a, let b {
      isIdentical = a.tensor.dtype == b.tensor.dtype && a.tensor.shape == b.tensor.shape && a.scale == b.scale
    } else {
      isIdentical = false
    }
    let count = a?.tensor.elementCount ?? b?.tensor.elementCount ?? 0
    var first: UInt64 = 0
    while first < count {
      let size = min(Self.chunk, count - first)
      let x = try Self.values(a, first, size)
      let y = try Self.values(b, first, size)
      for index in 0..<Int(size) {
        own.add(x[index])
        other.add(y[index])
        difference.add(x[index] - y[index])
        if x[index].bitPattern != y[index].bitPattern { isIdentical = false }
      }
      first += size
    }
    (distance, normA, normB) = (difference.root, own.root, other.root)
    if !(distance.isFinite && normA.isFinite && normB.isFinite), let side = a ?? b {
      throw .refused(side.file.path, subject: side.tensor.name, "its norm is beyond the range of f64")
    }
  }

  private static func values(_ side: Side?, _ first: UInt64, _ count: UInt64) throws(SurgeryError) -> [Double] {
    guard let side else { return Array(repeating: 0, count: Int(count)) }
    var values = try side.file.numbers(of: side.tensor, from: first, count: count)
    if side.scale != 1 { for index in values.indices { values[index] *= side.scale } }
    return values
  }
}

extension SafetensorsFile {
  /// Elements of a floating-point tensor as f64; the first of packed ones begins a byte.
  ///
  /// - Throws: `SurgeryError.refused` for values that are not finite.
  package func numbers(of tensor: TensorInfo, from first: UInt64, count: UInt64) throws(SurgeryError) -> [Double] {
    var values = Array(repeating: 0.0, count: Int(count))
    let bits = tensor.dtype.bits
    try SurgeryError.catching { () throws(IOError) in
      let raw = IOBuffer(count: Int((count * bits + 7) / 8))
      unsafe try read(tensor, from: first * bits / 8, into: raw.bytes)
      unsafe values.withUnsafeMutableBufferPointer {
        unsafe Kernels.widen(UnsafeRawBufferPointer(raw.bytes), dtype: tensor.dtype, to: $0)
      }
    }
    guard values.allSatisfy(\.isFinite) else { throw .notFinite(tensor, of: self) }
    return values
  }
}
