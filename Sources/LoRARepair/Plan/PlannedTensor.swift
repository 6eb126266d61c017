import JSON
import LoRADeltas
import LoRAEngines
import LoRAIO
import LoRAKernels
import LoRAModel
import LoRASurgery
import Safetensors
import TensorCore

/// A tensor of the mended file, before it is written.
struct PlannedTensor: Sendable {
  /// Where its elements come from.
  enum Content: Sendable {
    /// The bytes of the input in the range of `info`, whatever name and shape they have now.
    case kept
    /// Zeros.
    case zeros
    /// All elements in the order of the shape, finite; they are rounded once, to the type of `info`.
    case made(Computation<[Double]>)
  }

  /// Name, type and shape that it will have; the range is that of the input's tensor that it came from.
  var info: TensorInfo
  var content = Content.kept

  init(_ info: TensorInfo, _ content: Content = .kept) { (self.info, self.content) = (info, content) }

  var isKept: Bool { if case .kept = content { true } else { false } }

  /// The same under another name.
  func renamed(_ name: String) -> PlannedTensor { PlannedTensor(info.with(name: name), content) }

  /// The type that computed elements of a tensor of this type are written in: the same where it can be written, else
  /// BF16, which holds every number of the smaller types.
  static func writable(_ dtype: DType) -> DType { dtype == .f64 || dtype.isMergeable ? dtype : .bf16 }

  /// The elements.
  ///
  /// - Throws: `SurgeryError.refused` for values that are not finite, and for tensors beyond what is computed.
  func values(from file: SafetensorsFile) throws(SurgeryError) -> [Double] {
    let count = info.elementCount
    guard count <= LoRAPair.elementLimit else {
      throw .refused(file.path, subject: info.name, "a tensor of shape \(info.shape) is beyond what is computed")
    }
    switch content {
    case .zeros: return Array(repeating: 0, count: Int(count))
    case .made(let make): return try make()
    case .kept:
      let info = info
      let bytes = try SurgeryError.catching { () throws(IOError) in try file.bytes(of: info) }
      let values = unsafe [Double](unsafeUninitializedCapacity: Int(count)) { output, written in
        unsafe bytes.withUnsafeBytes { unsafe Kernels.widen($0, dtype: info.dtype, to: output) }
        written = Int(count)
      }
      guard values.allSatisfy(\.isFinite) else {
        throw .refused(file.path, subject: info.name, "it holds values that are not finite")
      }
      return values
    }
  }
}

extension TensorInfo {
  /// The same bytes under another name, shape or type.
  func with(name: String? = nil, dtype: DType? = nil, shape: Shape? = nil) -> TensorInfo {
    TensorInfo(
      name: name ?? self.name, dtype: dtype ?? self.dtype, shape: shape ?? self.shape, begin: begin, end: end,
      headerOffset: headerOffset)
  }
}

/// Rounding of computed elements.
enum ElementBytes {
  /// The elements as bytes of a type, each rounded once, ties to even.
  ///
  /// - Throws: `SurgeryError.refused` where a value is too large for the type.
  static func bytes(of values: [Double], _ dtype: DType, path: String, tensor: String) throws(SurgeryError) -> [UInt8] {
    if dtype == .f64 { return unsafe values.withUnsafeBytes { unsafe Array($0) } }
    let limit = (ServingDType.allCases.first { $0.dtype == dtype } ?? .f32).overflowThreshold
    guard values.allSatisfy({ abs($0) < limit }) else {
      throw .refused(
        path, subject: tensor, "its values would be too large for \(dtype.name)",
        hint: "write the adapter in a wider type with --dtype")
    }
    return unsafe [UInt8](unsafeUninitializedCapacity: values.count * Int(dtype.bits) / 8) { bytes, count in
      count = values.count * Int(dtype.bits) / 8
      unsafe values.withUnsafeBufferPointer {
        unsafe Kernels.narrow($0, to: dtype, output: UnsafeMutableRawBufferPointer(bytes))
      }
    }
  }

  /// Whether a type holds all of these values as they are.
  static func holds(_ values: [Double], _ dtype: DType) -> Bool {
    guard let type = ServingDType.allCases.first(where: { $0.dtype == dtype }) else { return dtype == .f64 }
    if type == .f16 { return values.allSatisfy { Double(Float16($0)) == $0 } }
    return values.allSatisfy { type.rounded($0) == $0 }
  }
}
