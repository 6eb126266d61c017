import LoRAIO
import LoRAKernels
import Safetensors
import TensorCore

/// Reads a difference of two models some rows at a time, as f32: what the two files say is subtracted in f64 and rounded
/// once, which for 16-bit types changes nothing but what is 2⁻²⁴ of an element.
///
/// A small matrix is kept once it was read; a large one is read again by every pass, so that memory does not grow with
/// it. Both give the same numbers. For one thread.
final class DeltaReader {
  let matrix: DeltaMatrix
  private let control: SurgeryControl
  /// Rows of a tile.
  private let step: Int
  private let raw: IOBuffer
  private var base: [Double]
  private var tuned: [Double]
  private var tile: [Float]
  /// All elements, when they are few.
  private var kept: [Float] = []
  private let keeps: Bool
  private var isKept = false

  /// - Parameter keptBytes: size up to which the matrix is kept.
  init(_ matrix: DeltaMatrix, keptBytes: Int, control: SurgeryControl) {
    (self.matrix, self.control) = (matrix, control)
    // About two megabytes of f32, in whole blocks of the product kernel.
    let block = Kernels.productRows
    step = max(block, min(252, (1 << 19) / max(matrix.columns, 1)) / block * block)
    let size = min(step, matrix.rows) * matrix.columns
    let width = matrix.parts.map { Int(max($0.base.info.dtype.bits, $0.tuned.info.dtype.bits)) / 8 }.max() ?? 4
    raw = IOBuffer(count: size * width)
    base = Array(repeating: 0, count: size)
    tuned = base
    tile = Array(repeating: 0, count: size)
    let (bytes, overflow) = (matrix.rows * 4).multipliedReportingOverflow(by: matrix.columns)
    keeps = !overflow && bytes <= keptBytes
  }

  /// Calls `body` with the first row of a tile, its number of rows and its elements, row by row.
  func forEachTile(_ body: (Int, Int, UnsafeBufferPointer<Float>) -> Void) throws(SurgeryError) {
    let width = matrix.columns
    if keeps, kept.isEmpty { kept = Array(repeating: 0, count: matrix.rows * width) }
    for first in stride(from: 0, to: matrix.rows, by: step) {
      try control.check()
      let count = min(step, matrix.rows - first)
      if isKept {
        unsafe kept.withUnsafeBufferPointer {
          unsafe body(first, count, UnsafeBufferPointer(rebasing: $0[first * width..<(first + count) * width]))
        }
        continue
      }
      try read(first..<first + count)
      subtract(count * width)
      if keeps { kept.replaceSubrange(first * width..<(first + count) * width, with: tile[..<(count * width)]) }
      unsafe tile.withUnsafeBufferPointer {
        unsafe body(first, count, UnsafeBufferPointer(rebasing: $0[..<(count * width)]))
      }
    }
    isKept = keeps
  }

  /// Sums over all elements.
  func scan() throws(SurgeryError) -> DeltaScan {
    var scan = DeltaScan(columns: matrix.columns)
    for first in stride(from: 0, to: matrix.rows, by: step) {
      try control.check()
      let count = min(step, matrix.rows - first)
      try read(first..<first + count)
      unsafe base.withUnsafeBufferPointer { base in
        unsafe tuned.withUnsafeBufferPointer { tuned in
          unsafe scan.add(
            UnsafeBufferPointer(rebasing: base[..<(count * matrix.columns)]),
            UnsafeBufferPointer(rebasing: tuned[..<(count * matrix.columns)]))
        }
      }
    }
    guard scan.isFinite else {
      let names = matrix.parts.map(\.tuned.info.name)
      throw .refused(
        matrix.parts.first?.tuned.file.path ?? "", subject: names.first,
        "it, or the base's tensor of its name, holds values that are not finite or beyond the range of computing")
    }
    return scan
  }

  /// Reads rows of both models into `base` and `tuned`.
  private func read(_ range: Range<Int>) throws(SurgeryError) {
    var (start, place) = (0, 0)
    for part in matrix.parts {
      let begin = max(range.lowerBound, start)
      let own = begin..<max(min(range.upperBound, start + part.rows), begin)
      if !own.isEmpty {
        let first = part.start + (own.lowerBound - start) * matrix.columns
        try read(part.base, first, own.count, into: &base, at: place)
        try read(part.tuned, first, own.count, into: &tuned, at: place)
        place += own.count * matrix.columns
      }
      start += part.rows
    }
  }

  private func read(_ source: TensorSource, _ first: Int, _ count: Int, into target: inout [Double], at place: Int)
    throws(SurgeryError)
  {
    let width = Int(source.info.dtype.bits) / 8
    let elements = count * matrix.columns
    let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: raw.bytes[..<(elements * width)])
    try SurgeryError.catching { () throws(IOError) in
      unsafe try source.file.read(source.info, from: UInt64(first) * UInt64(width), into: bytes)
    }
    unsafe target.withUnsafeMutableBufferPointer {
      unsafe Kernels.widen(
        UnsafeRawBufferPointer(bytes), dtype: source.info.dtype,
        to: UnsafeMutableBufferPointer(rebasing: $0[place..<place + elements]))
    }
  }

  private func subtract(_ count: Int) {
    unsafe base.withUnsafeBufferPointer { base in
      unsafe tuned.withUnsafeBufferPointer { tuned in
        unsafe tile.withUnsafeMutableBufferPointer { tile in
          for index in 0..<count { unsafe tile[index] = Float(tuned[index] - base[index]) }
        }
      }
    }
  }
}
