public import LoRAIO
public import LoRAKernels
import LoRAModel
public import Safetensors
import TensorCore

/// What the values of an adapter's floating-point tensors are like.
public struct AdapterValues: Sendable {
  private var scans: [String: ValueScan] = [:]

  /// Those of no tensor.
  init() {}

  /// Those of all tensors of a sound file, in one pass by the calling thread.
  ///
  /// - Parameters:
  ///   - file: a file whose header is sound.
  ///   - isStopped: whether the pass is to end early; what it found is of no use then.
  public init(of file: SafetensorsFile, isStopped: @escaping @Sendable () -> Bool = { false }) throws(IOError) {
    let outcome = ValuePass([file], roles: [Twins.Role()]).run(workers: 1, isStopped: isStopped) { _ in }[0]
    if let failure = outcome.failure { throw failure }
    self = outcome.values
  }

  /// What one pass over the tensor of this name found; nil for tensors that are not floating-point or could not be read.
  public subscript(tensor: String) -> ValueScan? {
    get { scans[tensor] }
    set { scans[tensor] = newValue }
  }

  /// Index of the first element of this magnitude in a tensor, or nil when it cannot be read again.
  static func firstIndex(ofMagnitude magnitude: Double, in tensor: TensorInfo, of file: SafetensorsFile) -> UInt64? {
    guard tensor.dtype.isFloat else { return nil }
    let buffer = IOBuffer(count: Reading.size)
    var start: UInt64 = 0
    while start < tensor.byteCount {
      let count = Int(min(UInt64(Reading.size), tensor.byteCount - start))
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<count])
      do throws(IOError) { unsafe try file.read(tensor, from: start, into: part) } catch { return nil }
      if let index = unsafe Kernels.firstExceeding(magnitude, in: UnsafeRawBufferPointer(part), dtype: tensor.dtype) {
        return start * 8 / tensor.dtype.bits + index
      }
      start += UInt64(count)
    }
    return nil
  }
}
