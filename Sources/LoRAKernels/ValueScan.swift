internal import CLoRAKernels
package import TensorCore

/// What one pass over stored values found.
public struct ValueScan: Sendable, Equatable {
  /// Elements looked at.
  public private(set) var elements: UInt64 = 0
  /// Elements that are not a number.
  public private(set) var nanCount: UInt64 = 0
  /// Index of the first of them.
  public private(set) var firstNaN: UInt64?
  /// Infinite elements, of either sign.
  public private(set) var infinityCount: UInt64 = 0
  /// Index of the first of them.
  public private(set) var firstInfinity: UInt64?
  /// Largest magnitude among finite elements; 0 if there is none.
  public private(set) var maxMagnitude: Double = 0
  /// Whether any element differs from zero; NaN and infinity do.
  public private(set) var hasNonzero = false

  /// A scan of nothing.
  public init() {}

  init(_ result: lora_scan_result, elements: UInt64) {
    self.elements = elements
    nanCount = result.nan_count
    firstNaN = result.nan_first == UInt64.max ? nil : result.nan_first
    infinityCount = result.inf_count
    firstInfinity = result.inf_first == UInt64.max ? nil : result.inf_first
    maxMagnitude = result.max_finite
    hasNonzero = result.any_nonzero
  }

  /// Adds the scan of the elements that follow; its indices count from its own start.
  public mutating func append(_ next: ValueScan) {
    firstNaN = firstNaN ?? next.firstNaN.map { elements + $0 }
    firstInfinity = firstInfinity ?? next.firstInfinity.map { elements + $0 }
    elements += next.elements
    nanCount += next.nanCount
    infinityCount += next.infinityCount
    maxMagnitude = max(maxMagnitude, next.maxMagnitude)
    hasNonzero = hasNonzero || next.hasNonzero
  }
}

extension Kernels {
  /// Looks at every element of whole tensor bytes, or of a part that starts at an element.
  ///
  /// - Parameter bytes: elements of `dtype`; a size that is no multiple of the element's leaves the rest out.
  ///   A part of a packed 6-bit tensor must start at a multiple of 3 bytes.
  package static func scan(
    _ bytes: UnsafeRawBufferPointer, dtype: DType, level: KernelLevel = .preferred
  ) -> ValueScan {
    let kernel = dtype.requireKernel()
    let count = elements(in: bytes.count, dtype)
    guard let input = bytes.baseAddress, count > 0 else { return ValueScan() }
    return ValueScan(unsafe lora_scan(level.index, kernel, input, count), elements: UInt64(count))
  }

  /// Index of the first finite element whose magnitude is at least `threshold`, which must not be NaN.
  package static func firstExceeding(
    _ threshold: Double, in bytes: UnsafeRawBufferPointer, dtype: DType, level: KernelLevel = .preferred
  ) -> UInt64? {
    precondition(!threshold.isNaN, "a threshold must be a number")
    let kernel = dtype.requireKernel()
    let count = elements(in: bytes.count, dtype)
    guard let input = bytes.baseAddress, count > 0 else { return nil }
    let index = unsafe lora_find_exceeding(level.index, kernel, input, count, threshold)
    return index == UInt64.max ? nil : index
  }

  private static func elements(in bytes: Int, _ dtype: DType) -> Int {
    let bits = Int(dtype.bits)
    return bits >= 8 ? bytes / (bits / 8) : bytes / bits * 8 + bytes % bits * 8 / bits
  }
}
