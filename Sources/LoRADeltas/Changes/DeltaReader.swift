import LoRAIO
import LoRAKernels
import Safetensors
import TensorCore

/// Reads a difference of two models some rows at a time, as f32: what the two files say is subtracted in f64 and rounded
/// once, which for 16-bit types changes nothing but what is 2⁻²⁴ of an element.
///
/// A small matrix is kept once it was read. A large one is read again by every pass, so that memory does not grow with
/// it; where that would ask a server again, it is kept in a nameless temporary file. All give the same numbers. For one
/// thread.
package final class DeltaReader {
  package let matrix: DeltaMatrix
  private let control: SurgeryControl
  /// Rows of a tile.
  private let step: Int
  private let raw: IOBuffer
  private var base: [Double]
  private var tuned: [Double]
  private var tile: [Float]
  private var kept: Kept

  /// Where all elements are, or will be after the first pass.
  private enum Kept {
    case nowhere
    case memory([Float], isWhole: Bool)
    case file(InputFile)
    case newFile
  }

  /// - Parameter keptBytes: size up to which the matrix is kept.
  package init(_ matrix: DeltaMatrix, keptBytes: Int, control: SurgeryControl) {
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
    let isSmall = !overflow && bytes <= keptBytes
    let isRemote = matrix.parts.contains {
      RemotePath.isRemote($0.base.file.path) || RemotePath.isRemote($0.tuned.file.path)
    }
    kept = isSmall ? .memory([], isWhole: false) : isRemote ? .newFile : .nowhere
  }

  /// Calls `body` with the first row of a tile, its number of rows and its elements, row by row.
  func forEachTile(_ body: (Int, Int, UnsafeBufferPointer<Float>) -> Void) throws(SurgeryError) {
    switch kept {
    case .memory(let elements, isWhole: true):
      let width = matrix.columns
      try forEachStep { (first, count) throws(SurgeryError) in
        unsafe elements.withUnsafeBufferPointer {
          unsafe body(first, count, UnsafeBufferPointer(rebasing: $0[first * width..<(first + count) * width]))
        }
      }
    case .file(let file):
      try forEachStep { (first, count) throws(SurgeryError) in
        try SurgeryError.catching { () throws(IOError) in
          unsafe try tile.withRawBytes(count * matrix.columns) { bytes throws(IOError) in
            unsafe try file.read(into: bytes, at: UInt64(first * matrix.columns * 4))
          }
        }
        unsafe give(first, count, body)
      }
    case .nowhere, .memory, .newFile: unsafe try forEachTileOfModels(body)
    }
  }

  /// The first pass, which keeps what is to be kept.
  private func forEachTileOfModels(_ body: (Int, Int, UnsafeBufferPointer<Float>) -> Void) throws(SurgeryError) {
    let width = matrix.columns
    var elements: [Float] = []
    var output: OutputFile?
    if case .memory = kept { elements.reserveCapacity(matrix.rows * width) }
    if case .newFile = kept {
      output = try SurgeryError.catching { () throws(IOError) in try OutputFile.temporary() }
    }
    try forEachStep { (first, count) throws(SurgeryError) in
      try read(first..<first + count)
      subtract(count * width)
      if case .memory = kept { elements += tile[..<(count * width)] }
      if let output {
        try SurgeryError.catching { () throws(IOError) in
          unsafe try tile.withRawBytes(count * width) { bytes throws(IOError) in
            unsafe try output.write(UnsafeRawBufferPointer(bytes), at: UInt64(first * width * 4))
          }
        }
      }
      unsafe give(first, count, body)
    }
    if case .memory = kept { kept = .memory(elements, isWhole: true) }
    guard let output else { return }
    let size = UInt64(matrix.rows * width * 4)
    kept = .file(try SurgeryError.catching { () throws(IOError) in try output.reopened(size: size) })
  }

  private func forEachStep(_ body: (Int, Int) throws(SurgeryError) -> Void) throws(SurgeryError) {
    for first in stride(from: 0, to: matrix.rows, by: step) {
      try control.check()
      try body(first, min(step, matrix.rows - first))
    }
  }

  private func give(_ first: Int, _ count: Int, _ body: (Int, Int, UnsafeBufferPointer<Float>) -> Void) {
    unsafe tile.withUnsafeBufferPointer {
      unsafe body(first, count, UnsafeBufferPointer(rebasing: $0[..<(count * matrix.columns)]))
    }
  }

  /// Sums over all elements.
  package func scan() throws(SurgeryError) -> DeltaScan {
    var scan = DeltaScan(columns: matrix.columns)
    try forEachStep { (first, count) throws(SurgeryError) in
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

extension [Float] {
  /// Gives the bytes of the first elements.
  fileprivate mutating func withRawBytes(
    _ count: Int, _ body: (UnsafeMutableRawBufferPointer) throws(IOError) -> Void
  ) throws(IOError) {
    var failure: IOError?
    unsafe withUnsafeMutableBytes { bytes in
      do throws(IOError) {
        unsafe try body(UnsafeMutableRawBufferPointer(rebasing: bytes[..<(count * 4)]))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }
}
