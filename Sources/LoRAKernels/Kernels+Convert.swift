internal import CLoRAKernels
package import TensorCore

/// The numeric kernels over raw tensor bytes.
///
/// Pure functions that may run on several threads at once. Bytes may have any alignment and are little-endian. Shapes,
/// sizes and types that do not fit are programmer errors and trap: check what files say before it comes here.
/// Results do not depend on the level; docs/numerics.md is the contract.
package enum Kernels {}

extension Kernels {
  /// Widens elements to f32, exactly; NaN stays NaN.
  ///
  /// - Parameters:
  ///   - bytes: the elements of a tensor, packed types included.
  ///   - dtype: any floating-point type but F64.
  ///   - first: index of the first element to take.
  ///   - output: as many elements as it holds are taken.
  package static func widen(
    _ bytes: UnsafeRawBufferPointer, dtype: DType, from first: Int = 0, to output: UnsafeMutableBufferPointer<Float>,
    level: KernelLevel = .preferred
  ) {
    precondition(dtype != .f64, "F64 does not widen to f32")
    precondition(dtype.fits(first: first, count: output.count, bytes: bytes.count), "elements outside the bytes")
    guard let input = bytes.baseAddress, let target = output.baseAddress else { return }
    unsafe lora_widen_f32(level.index, dtype.requireKernel(), input, first, output.count, target)
  }

  /// Widens elements of any floating-point type to f64, exactly; NaN stays NaN.
  package static func widen(
    _ bytes: UnsafeRawBufferPointer, dtype: DType, from first: Int = 0, to output: UnsafeMutableBufferPointer<Double>,
    level: KernelLevel = .preferred
  ) {
    precondition(dtype.fits(first: first, count: output.count, bytes: bytes.count), "elements outside the bytes")
    guard let input = bytes.baseAddress, let target = output.baseAddress else { return }
    unsafe lora_widen_f64(level.index, dtype.requireKernel(), input, first, output.count, target)
  }

  /// Widens elements and multiplies them by one number in f64.
  ///
  /// - Parameters:
  ///   - bytes: as many elements as `output` holds, of a floating-point type of whole bytes other than F64.
  package static func widen(
    _ bytes: UnsafeRawBufferPointer, dtype: DType, times scale: Double, to output: UnsafeMutableBufferPointer<Double>,
    level: KernelLevel = .preferred
  ) {
    precondition(dtype != .f64 && dtype.bits >= 8, "F64 and packed types are not scaled")
    precondition(dtype.fits(first: 0, count: output.count, bytes: bytes.count), "elements outside the bytes")
    guard let input = bytes.baseAddress, let target = output.baseAddress else { return }
    unsafe lora_widen_scaled(level.index, dtype.requireKernel(), input, output.count, scale, target)
  }

  /// Rounds f32 values once, ties to even, to F32, F16 or BF16; NaN becomes the canonical quiet NaN.
  package static func narrow(
    _ values: UnsafeBufferPointer<Float>, to dtype: DType, output: UnsafeMutableRawBufferPointer,
    level: KernelLevel = .preferred
  ) {
    precondition(dtype.isMergeable, "\(dtype.name) is not written")
    precondition(dtype.fits(first: 0, count: values.count, bytes: output.count), "the output is too small")
    guard let input = values.baseAddress, let target = output.baseAddress else { return }
    unsafe lora_narrow_f32(level.index, input, values.count, dtype.requireKernel(), target)
  }

  /// Rounds f64 values once, ties to even, to F32, F16 or BF16; never by way of another type.
  package static func narrow(
    _ values: UnsafeBufferPointer<Double>, to dtype: DType, output: UnsafeMutableRawBufferPointer,
    level: KernelLevel = .preferred
  ) {
    precondition(dtype.isMergeable, "\(dtype.name) is not written")
    precondition(dtype.fits(first: 0, count: values.count, bytes: output.count), "the output is too small")
    guard let input = values.baseAddress, let target = output.baseAddress else { return }
    unsafe lora_narrow_f64(level.index, input, values.count, dtype.requireKernel(), target)
  }

  /// Converts `count` elements to F32, F16 or BF16, rounded once, ties to even.
  ///
  /// Equal types are copied byte for byte, otherwise NaN becomes the canonical quiet NaN.
  /// - Returns: how many finite elements became infinite.
  @discardableResult
  package static func convert(
    _ bytes: UnsafeRawBufferPointer, dtype: DType, count: Int, to outputDType: DType,
    output: UnsafeMutableRawBufferPointer, level: KernelLevel = .preferred
  ) -> UInt64 {
    precondition(outputDType.isMergeable, "\(outputDType.name) is not written")
    precondition(dtype.fits(first: 0, count: count, bytes: bytes.count), "elements outside the bytes")
    precondition(outputDType.fits(first: 0, count: count, bytes: output.count), "the output is too small")
    guard let input = bytes.baseAddress, let target = output.baseAddress, count > 0 else { return 0 }
    return unsafe lora_convert(
      level.index, dtype.requireKernel(), input, count, outputDType.requireKernel(), target)
  }
}
