import LoRAIO
package import LoRAKernels
package import LoRAModel
package import Safetensors
package import TensorCore

extension LoRAPair {
  /// Largest rank and most elements of one factor that are computed with: beyond them the work, which grows with the
  /// square of the rank, or the memory (4 GiB for a factor in 64 bits) would not be one module's.
  package static let rankLimit: UInt64 = 4_096
  package static let elementLimit: UInt64 = 1 << 29

  /// Elements of both factors of one expert.
  package var factorElements: UInt64 { (a.count &+ b.count) &* rank }

  /// The values of one factor of one expert: `count` rows, `rank` columns; element (i, k) is A[k, i] or B[i, k].
  ///
  /// - Throws: `SurgeryError.refused` for values that are not finite, and for factors beyond the limits.
  package func values(_ factor: Factor, expert: UInt64 = 0, from file: SafetensorsFile) throws(SurgeryError)
    -> ColumnMatrix
  {
    try FactorReader(factor, of: self, from: file).values(expert: expert)
  }
}

/// Reads a factor expert by expert; one whose experts are woven into each other is read once for all of them.
package struct FactorReader: Sendable {
  private let factor: LoRAPair.Factor
  private let rank: UInt64
  private let experts: UInt64
  private let file: SafetensorsFile
  /// The whole tensor, where its experts are woven.
  private let whole: [UInt8]?

  /// - Throws: `SurgeryError.refused` for factors beyond the limits.
  package init(_ factor: LoRAPair.Factor, of pair: LoRAPair, from file: SafetensorsFile) throws(SurgeryError) {
    (self.factor, rank, experts, self.file) = (factor, pair.rank, pair.experts, file)
    let tensor = factor.tensor
    guard rank <= LoRAPair.rankLimit, tensor.elementCount <= LoRAPair.elementLimit else {
      throw .refused(
        file.path, subject: tensor.name,
        "a factor of shape \(tensor.shape) is beyond what is computed (rank \(LoRAPair.rankLimit))")
    }
    let isWoven = experts > 1 && factor.expertStride < factor.stride
    whole = isWoven ? try SurgeryError.catching { () throws(IOError) in try file.bytes(of: tensor) } : nil
    if let whole { try check(unsafe whole.withUnsafeBytes { unsafe Kernels.scan($0, dtype: tensor.dtype) }) }
  }

  private func check(_ scan: ValueScan) throws(SurgeryError) {
    guard scan.nanCount + scan.infinityCount == 0 else { throw .notFinite(factor.tensor, of: file) }
  }

  /// The values of one expert, `count` rows and `rank` columns.
  ///
  /// - Throws: `SurgeryError.refused` for values that are not finite.
  package func values(expert: UInt64) throws(SurgeryError) -> ColumnMatrix {
    let (rows, columns) = (Int(factor.count), Int(rank))
    return try unsafe withSpan(of: expert) { raw, first in
      let elements = unsafe [Double](unsafeUninitializedCapacity: rows * columns) { target, count in
        count = rows * columns
        unsafe span(raw, first).write(0..<rows, to: target, columnStride: rows)
      }
      return ColumnMatrix(rows: rows, columns: columns, elements: elements)
    }
  }

  /// The QR decomposition of the values of one expert, which must not be F64: those may be beyond its range.
  ///
  /// - Throws: `SurgeryError.refused` for values that are not finite.
  package func decomposition(expert: UInt64) throws(SurgeryError) -> HouseholderQR {
    try unsafe withSpan(of: expert) { raw, first in
      let span = unsafe span(raw, first)
      return unsafe HouseholderQR(rows: Int(factor.count), columns: Int(rank)) {
        unsafe span.write($0, to: $1, columnStride: $2)
      }
    }
  }

  /// Calls `body` with bytes that hold the elements of one expert, and the place of its first one in them.
  private func withSpan<Result>(of expert: UInt64, _ body: (UnsafeRawBufferPointer, Int) -> Result)
    throws(SurgeryError) -> Result
  {
    precondition(expert < experts, "there is no such expert")
    let tensor = factor.tensor
    let bits = tensor.dtype.bits
    // The span of one expert's elements; those of other experts may lie between them.
    let first = expert * factor.expertStride
    let span = (factor.count - 1) * factor.stride + (rank - 1) * factor.rankStride + 1
    if let whole { return unsafe whole.withUnsafeBytes { unsafe body($0, Int(first)) } }
    // Packed elements do not start at bytes; such factors are small.
    let (start, skipped) = bits % 8 == 0 ? (first, 0) : (0, Int(first))
    let raw = IOBuffer(count: Int(((span + UInt64(skipped)) * bits + 7) / 8))
    try SurgeryError.catching { () throws(IOError) in
      unsafe try file.read(tensor, from: start * bits / 8, into: raw.bytes)
    }
    try check(unsafe Kernels.scan(UnsafeRawBufferPointer(raw.bytes), dtype: tensor.dtype))
    return unsafe body(UnsafeRawBufferPointer(raw.bytes), skipped)
  }

  private func span(_ raw: UnsafeRawBufferPointer, _ first: Int) -> FactorSpan {
    unsafe FactorSpan(
      bytes: raw, dtype: factor.tensor.dtype, first: first, columns: Int(rank), stride: Int(factor.stride),
      rankStride: Int(factor.rankStride))
  }
}

extension ColumnMatrix {
  /// The elements as a tensor's bytes, each rounded once, ties to even.
  ///
  /// - Parameters:
  ///   - dtype: F32, F16, BF16 or F64.
  ///   - isTransposed: false writes row by row, `[rows, columns]`; true column by column, `[columns, rows]`.
  package func bytes(_ dtype: DType, transposed isTransposed: Bool) -> [UInt8] {
    let size = elements.count * Int(dtype.bits) / 8
    let columnwise = unsafe [UInt8](unsafeUninitializedCapacity: size) { bytes, count in
      count = size
      let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(bytes)[..<size])
      unsafe elements.withUnsafeBufferPointer { elements in
        if dtype == .f64 {
          unsafe bytes.copyMemory(from: UnsafeRawBufferPointer(elements))
        } else {
          unsafe Kernels.narrow(elements, to: dtype, output: bytes)
        }
      }
    }
    guard !isTransposed else { return columnwise }
    var result = StridedBytes(dtype, count: elements.count)
    result.place(columnwise, rows, at: 0, stride: columns, rankStride: 1)
    return result.bytes
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
}
