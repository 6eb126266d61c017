import LoRAIO
package import LoRAKernels
package import LoRAModel
package import Safetensors
package import TensorCore

extension LoRAPair {
  /// Largest rank and most elements of one factor that are computed with: beyond them the work, which grows with the
  /// square of the rank, or the memory would not be one module's.
  package static let rankLimit: UInt64 = 4_096
  package static let elementLimit: UInt64 = 1 << 31

  /// The values of one factor of one expert: `count` rows, `rank` columns; element (i, k) is A[k, i] or B[i, k].
  ///
  /// - Parameter path: the adapter, for messages.
  /// - Throws: `SurgeryError.refused` for values that are not finite, and for factors beyond the limits.
  package func values(_ factor: Factor, expert: UInt64 = 0, from file: SafetensorsFile) throws(SurgeryError)
    -> ColumnMatrix
  {
    let tensor = factor.tensor
    guard rank <= Self.rankLimit, tensor.elementCount <= Self.elementLimit, expert < experts else {
      throw .refused(
        file.path, subject: tensor.name,
        "a factor of shape \(tensor.shape) is beyond what is computed (rank \(Self.rankLimit))")
    }
    // The span of one expert's elements; those of other experts may lie between them.
    let first = expert * factor.expertStride
    let span = (factor.count - 1) * factor.stride + (rank - 1) * factor.rankStride + 1
    let (rows, columns) = (Int(factor.count), Int(rank))
    var values = ColumnMatrix(rows: rows, columns: columns)
    try SurgeryError.catching { () throws(IOError) in
      let bits = tensor.dtype.bits
      // Packed elements do not start at bytes; such factors are small.
      let (start, skipped) = bits % 8 == 0 ? (first, 0) : (0, Int(first))
      let wanted = span + UInt64(skipped)
      let raw = IOBuffer(count: Int((wanted * bits + 7) / 8))
      unsafe try file.read(tensor, from: start * bits / 8, into: raw.bytes)
      let plain = UnsafeMutableBufferPointer<Double>.allocate(capacity: Int(wanted))
      defer { unsafe plain.deallocate() }
      unsafe Kernels.widen(UnsafeRawBufferPointer(raw.bytes), dtype: tensor.dtype, to: plain)
      let (stride, rankStride) = (Int(factor.stride), Int(factor.rankStride))
      unsafe values.elements.withUnsafeMutableBufferPointer { target in
        // Blocks of rows that stay in cache, whichever of the two directions is the short one.
        for block in Swift.stride(from: 0, to: rows, by: 256) {
          for column in 0..<columns {
            for row in block..<min(block + 256, rows) {
              unsafe target[column * rows + row] = plain[skipped + row * stride + column * rankStride]
            }
          }
        }
      }
    }
    guard values.elements.allSatisfy(\.isFinite) else { throw .notFinite(tensor, of: file) }
    return values
  }
}

extension ColumnMatrix {
  /// The elements as a tensor's bytes, each rounded once, ties to even.
  ///
  /// - Parameters:
  ///   - dtype: F32, F16, BF16 or F64.
  ///   - isTransposed: false writes row by row, `[rows, columns]`; true column by column, `[columns, rows]`.
  package func bytes(_ dtype: DType, transposed isTransposed: Bool) -> [UInt8] {
    var ordered = elements
    if !isTransposed {
      for row in 0..<rows { for column in 0..<columns { ordered[row * columns + column] = self[row, column] } }
    }
    guard dtype != .f64 else { return unsafe ordered.withUnsafeBytes { unsafe Array($0) } }
    return unsafe [UInt8](unsafeUninitializedCapacity: ordered.count * Int(dtype.bits) / 8) { bytes, count in
      count = ordered.count * Int(dtype.bits) / 8
      unsafe ordered.withUnsafeBufferPointer {
        unsafe Kernels.narrow($0, to: dtype, output: UnsafeMutableRawBufferPointer(bytes))
      }
    }
  }
}

extension SafetensorsFile {
  /// A tensor's numbers times a factor, each rounded once.
  ///
  /// - Throws: `SurgeryError.refused` when a number is not finite, or not in the type.
  package func bytes(of tensor: TensorInfo, times factor: Double, as dtype: DType) throws(SurgeryError) -> [UInt8] {
    let raw = try SurgeryError.catching { () throws(IOError) in try bytes(of: tensor) }
    var values = ColumnMatrix(rows: Int(tensor.elementCount), columns: 1)
    unsafe raw.withUnsafeBytes { raw in
      unsafe values.elements.withUnsafeMutableBufferPointer { unsafe Kernels.widen(raw, dtype: tensor.dtype, to: $0) }
    }
    for index in values.elements.indices { values.elements[index] *= factor }
    let limit = dtype == .f16 ? 65_504.0 : Double(Float.greatestFiniteMagnitude)
    guard values.elements.allSatisfy({ $0.magnitude <= limit }) else {
      throw .refused(path, subject: tensor.name, "times the scale \(factor) it is beyond the range of \(dtype.name)")
    }
    return values.bytes(dtype, transposed: true)
  }
}

extension Adapter {
  /// Bytes of all factors.
  package var factorBytes: UInt64 {
    modules.reduce(0) { $0 &+ ($1.a?.byteCount ?? 0) &+ ($1.b?.byteCount ?? 0) }
  }

  /// The files that it is made of, for records.
  package var inputFiles: [(role: String, path: String)] {
    var files = [(role: "weights", path: weightsPath)]
    if let config { files.append((role: "config", path: config.path)) }
    return files
  }
}
