import LoRAIO
import LoRAKernels
import LoRAModel
import Safetensors
import TensorCore

/// A factor read as columns of f64, some rows of all ranks at a time, so that memory does not grow with its size.
///
/// For one thread.
final class FactorRows {
  /// Outer indices: inputs of A, outputs of B.
  let count: Int
  let rank: Int
  let experts: Int
  /// The power of two that is taken out of every element, so that no square leaves the range of f64; 0 for all types
  /// but F64.
  private(set) var exponent = 0
  private let factor: LoRAPair.Factor
  private let file: SafetensorsFile
  private let raw: IOBuffer
  /// Whole rows of the tensor as f64, where the ranks of a row lie side by side.
  private var wide: [Double] = []
  /// The first element in `wide`; those of several experts in one row are read once.
  private var held: UInt64?

  /// - Parameter step: most rows that are read at once.
  init(_ factor: LoRAPair.Factor, of pair: LoRAPair, step: Int, from file: SafetensorsFile) throws(SurgeryError) {
    (self.factor, self.file) = (factor, file)
    // Sizes are those of a tensor of the file, and `limit` keeps buffers small.
    (count, rank, experts) = (Int(factor.count), Int(pair.rank), Int(pair.experts))
    let elements = factor.stride == 1 ? step * rank : step * Int(factor.stride)
    raw = IOBuffer(count: (elements + 8) * Int(factor.tensor.dtype.bits) / 8 + 8)
    if factor.stride != 1 { wide = Array(repeating: 0, count: elements + 8) }
    if factor.tensor.dtype == .f64 { try findExponent(step) }
  }

  /// Elements of a row as it lies in the file; one for tensors whose ranks are rows.
  static func width(_ factor: LoRAPair.Factor) -> UInt64 { factor.stride }

  /// Reads the rows of one expert: `rank` columns of `rows.count` elements, one after another.
  func read(_ rows: Range<Int>, expert: Int, into block: UnsafeMutableBufferPointer<Double>)
    throws(SurgeryError)
  {
    if factor.stride == 1 {
      unsafe try readColumns(rows, expert, into: block)
    } else {
      unsafe try readRows(rows, expert, into: block)
    }
    guard unsafe Self.areFinite(UnsafeBufferPointer(block)) else { throw .notFinite(factor.tensor, of: file) }
    guard exponent != 0 else { return }
    for index in block.indices {
      unsafe block[index] = Double(sign: .plus, exponent: -exponent, significand: block[index])
    }
  }

  private func readColumns(
    _ rows: Range<Int>, _ expert: Int, into block: UnsafeMutableBufferPointer<Double>
  ) throws(SurgeryError) {
    let start = UInt64(expert) * factor.expertStride + UInt64(rows.lowerBound)
    if rows.count == count { return unsafe try widen(start, block) }
    for column in 0..<rank {
      let part = unsafe UnsafeMutableBufferPointer(rebasing: block[column * rows.count..<(column + 1) * rows.count])
      unsafe try widen(start + UInt64(column) * factor.rankStride, part)
    }
  }

  private func readRows(
    _ rows: Range<Int>, _ expert: Int, into block: UnsafeMutableBufferPointer<Double>
  ) throws(SurgeryError) {
    let isWoven = factor.expertStride < factor.stride
    let own = UInt64(expert) * factor.expertStride
    let start = (isWoven ? 0 : own) + UInt64(rows.lowerBound) * factor.stride
    let stride = Int(factor.stride)
    if held != start {
      held = nil
      var wide = wide
      self.wide = []
      defer { self.wide = wide }
      do throws(SurgeryError) {
        unsafe try wide.withUnsafeMutableBufferPointer { (buffer) throws(SurgeryError) in
          unsafe try widen(start, UnsafeMutableBufferPointer(rebasing: buffer[..<(rows.count * stride)]))
        }
      } catch {
        throw error
      }
      held = start
    }
    let move = StridedMove(width: MemoryLayout<Double>.size, count: rows.count, ranks: rank)
    unsafe wide.withUnsafeBytes { source in
      unsafe move(
        source, .init(start: isWoven ? Int(own) : 0, stride: stride, rankStride: Int(factor.rankStride)),
        to: UnsafeMutableRawBufferPointer(block), .init(start: 0, stride: 1, rankStride: rows.count))
    }
  }

  /// Reads consecutive elements of the tensor.
  private func widen(_ first: UInt64, _ target: UnsafeMutableBufferPointer<Double>) throws(SurgeryError) {
    let bits = factor.tensor.dtype.bits
    // Eight packed elements are whole bytes, whatever their size.
    let skipped = bits % 8 == 0 ? 0 : first % 8
    let bytes = Int(((skipped + UInt64(target.count)) * bits + 7) / 8)
    let part = unsafe UnsafeMutableRawBufferPointer(rebasing: raw.bytes[..<bytes])
    try SurgeryError.catching { () throws(IOError) in
      unsafe try file.read(factor.tensor, from: (first - skipped) * bits / 8, into: part)
    }
    unsafe Kernels.widen(
      UnsafeRawBufferPointer(part), dtype: factor.tensor.dtype, from: Int(skipped), to: target)
  }

  private func findExponent(_ step: Int) throws(SurgeryError) {
    var block = Array(repeating: 0.0, count: min(step, count) * rank)
    var largest = 0.0
    for expert in 0..<experts {
      for first in stride(from: 0, to: count, by: step) {
        let rows = first..<min(first + step, count)
        unsafe try block.withUnsafeMutableBufferPointer { (buffer) throws(SurgeryError) in
          let part = unsafe UnsafeMutableBufferPointer(rebasing: buffer[..<(rows.count * rank)])
          unsafe try read(rows, expert: expert, into: part)
        }
        largest = block[..<(rows.count * rank)].reduce(largest) { max($0, $1.magnitude) }
      }
    }
    if largest > 0 { exponent = Int(largest.exponent) }
    held = nil
  }

  /// Whether no element is infinite or not a number: such a one times zero is not zero.
  private static func areFinite(_ values: UnsafeBufferPointer<Double>) -> Bool {
    guard let start = values.baseAddress else { return true }
    var sums = SIMD8<Double>()
    var index = 0
    while index + 8 <= values.count {
      unsafe sums += UnsafeRawPointer(start + index).loadUnaligned(as: SIMD8<Double>.self) * 0
      index += 8
    }
    var sum = sums.sum()
    while index < values.count {
      unsafe sum += start[index] * 0
      index += 1
    }
    return sum == 0
  }
}
