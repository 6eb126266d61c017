import LoRAIO
import LoRAKernels
import LoRAModel
import Safetensors
import TensorCore

/// A factor of a pair in the sizes of an array: element (i, k) of expert e is at
/// `e · expertStride + k · rankStride + i · rowStride`.
struct FactorPlaces: Sendable {
  /// Outer size.
  let rows: Int
  /// Rank of one expert.
  let rank: Int
  /// Matrices in the stack; 1 for everything that is no stack of experts.
  let experts: Int
  let expertStride: Int
  let rankStride: Int
  let rowStride: Int

  /// Largest rank and widest row of a stack whose delta is computed: beyond it the work, which grows with the cube of
  /// the rank, would take minutes for one module, and no engine serves such an adapter.
  private static let rankLimit: UInt64 = 1_024
  private static let rowLimit: UInt64 = 1 << 20

  /// Nil when the factor is too large.
  init?(_ factor: LoRAPair.Factor, of pair: LoRAPair) {
    guard pair.rank <= Self.rankLimit, pair.experts <= Self.rowLimit / pair.rank,
      let rows = Int(exactly: factor.count), let expertStride = Int(exactly: factor.expertStride),
      let rankStride = Int(exactly: factor.rankStride), let rowStride = Int(exactly: factor.stride)
    else { return nil }
    self.rows = rows
    rank = Int(pair.rank)
    experts = Int(pair.experts)
    (self.expertStride, self.rankStride, self.rowStride) = (expertStride, rankStride, rowStride)
  }
}

/// What one pass over a factor gave.
struct FactorReading: Sendable {
  /// R of each expert's factor with column k multiplied by 2^-exponents[k]; meaningless when values are not finite.
  private(set) var triangles: [TriangularFactor]
  /// Power of two that was taken out of each column, expert by expert.
  private(set) var exponents: [[Int]]
  /// Elements of each sort.
  private(set) var counts = ValueCounts()

  /// Reads a factor in blocks; no more than one block is in memory.
  init(_ tensor: TensorInfo, _ places: FactorPlaces, from file: SafetensorsFile) throws(IOError) {
    var exponents = Array(repeating: Array(repeating: 0, count: places.rank), count: places.experts)
    var counts = ValueCounts()
    let blocks = FactorBlocks(tensor, places, file)
    // Squares of all narrower types stay well inside the range of f64.
    let isWide = tensor.dtype == .f64
    if isWide {
      var largest = Array(repeating: Array(repeating: 0.0, count: places.rank), count: places.experts)
      unsafe try blocks.visit { expert, block, rows in
        for rank in 0..<places.rank {
          for row in 0..<rows {
            let value = unsafe block[rank * rows + row].magnitude
            if value > largest[expert][rank], value.isFinite { largest[expert][rank] = value }
          }
        }
      }
      exponents = largest.map { $0.map { $0 > 0 ? $0.exponent : 0 } }
    }
    var triangles = Array(repeating: TriangularFactor(size: places.rank), count: places.experts)
    unsafe try blocks.visit { expert, block, rows in
      unsafe counts.add(UnsafeBufferPointer(block))
      guard counts.areFinite else { return }
      if isWide {
        for index in 0..<block.count {
          let exponent = -exponents[expert][index / rows]
          unsafe block[index] = Double(sign: .plus, exponent: exponent, significand: block[index])
        }
      }
      unsafe triangles[expert].absorb(block, rows: rows)
    }
    self.triangles = triangles
    self.exponents = exponents
    self.counts = counts
  }
}

/// How many elements are not a number, infinite or zero.
struct ValueCounts: Sendable {
  private(set) var nan: UInt64 = 0
  private(set) var infinite: UInt64 = 0
  private(set) var zero: UInt64 = 0

  /// Whether all elements so far are finite.
  var areFinite: Bool { nan == 0 && infinite == 0 }

  mutating func add(_ values: UnsafeBufferPointer<Double>) {
    for index in values.indices {
      let value = unsafe values[index]
      if value == 0 { zero += 1 } else if !value.isFinite { if value.isNaN { nan += 1 } else { infinite += 1 } }
    }
  }

  mutating func add(_ other: ValueCounts) {
    nan += other.nan
    infinite += other.infinite
    zero += other.zero
  }

  init() {}

  /// Counts the elements of a whole tensor; nothing for types that are not floating-point.
  init(_ tensor: TensorInfo, in file: SafetensorsFile) throws(IOError) {
    var counts = ValueCounts()
    unsafe try file.forEachChunk(of: tensor) { unsafe counts.add($0) }
    self = counts
  }
}

/// A factor's elements as f64, block by block.
private struct FactorBlocks {
  /// Elements of a block: both the block and what it is made of stay in a core's cache.
  private static let blockElements = 1 << 16

  private let tensor: TensorInfo
  private let places: FactorPlaces
  private let file: SafetensorsFile
  private let elementBytes: Int

  init(_ tensor: TensorInfo, _ places: FactorPlaces, _ file: SafetensorsFile) {
    self.tensor = tensor
    self.places = places
    self.file = file
    elementBytes = Int(tensor.dtype.bits / 8)
  }

  /// Calls `body` with every block: the expert, `rank` columns of `rows` elements, and `rows`.
  func visit(_ body: (Int, UnsafeMutableBufferPointer<Double>, Int) -> Void) throws(IOError) {
    // Where the experts lie between each other, one read serves them all.
    let woven = places.rowStride > 1 && places.expertStride < places.rowStride ? places.experts : 1
    let width = places.rank * woven
    let step = max(1, min(places.rows, Self.blockElements / width))
    let raw = IOBuffer(count: step * width * elementBytes)
    let values = UnsafeMutableBufferPointer<Double>.allocate(capacity: step * width)
    let block = UnsafeMutableBufferPointer<Double>.allocate(capacity: step * places.rank)
    defer {
      unsafe values.deallocate()
      unsafe block.deallocate()
    }
    for group in 0..<places.experts / woven {
      let start = group * places.expertStride
      var row = 0
      while row < places.rows {
        let rows = min(step, places.rows - row)
        if places.rowStride == 1 {
          unsafe try readColumns(start + row, rows, raw.bytes, into: block)
          unsafe body(group, UnsafeMutableBufferPointer(rebasing: block[..<(rows * places.rank)]), rows)
        } else {
          unsafe try read(start + row * places.rowStride, rows * width, raw.bytes, into: values)
          for expert in 0..<woven {
            for rank in 0..<places.rank {
              let first = expert * places.expertStride + rank * places.rankStride
              for index in 0..<rows {
                unsafe block[rank * rows + index] = values[first + index * places.rowStride]
              }
            }
            unsafe body(group + expert, UnsafeMutableBufferPointer(rebasing: block[..<(rows * places.rank)]), rows)
          }
        }
        row += rows
      }
    }
  }

  /// Reads `rows` elements of every rank, which lie apart unless they are all that there is.
  private func readColumns(
    _ first: Int, _ rows: Int, _ raw: UnsafeMutableRawBufferPointer, into block: UnsafeMutableBufferPointer<Double>
  ) throws(IOError) {
    if rows == places.rows { return unsafe try read(first, rows * places.rank, raw, into: block) }
    for rank in 0..<places.rank {
      let column = unsafe UnsafeMutableBufferPointer(rebasing: block[(rank * rows)...])
      unsafe try read(first + rank * places.rankStride, rows, raw, into: column)
    }
  }

  private func read(
    _ first: Int, _ count: Int, _ raw: UnsafeMutableRawBufferPointer, into values: UnsafeMutableBufferPointer<Double>
  ) throws(IOError) {
    let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: raw[..<(count * elementBytes)])
    unsafe try file.read(tensor, from: UInt64(first * elementBytes), into: bytes)
    unsafe Kernels.widen(
      UnsafeRawBufferPointer(bytes), dtype: tensor.dtype,
      to: UnsafeMutableBufferPointer(rebasing: values[..<count]))
  }
}

extension SafetensorsFile {
  /// Calls `body` with all elements of a floating-point tensor as f64, in order, some at a time.
  func forEachChunk(of tensor: TensorInfo, _ body: (UnsafeBufferPointer<Double>) -> Void) throws(IOError) {
    guard tensor.dtype.isFloat else { return }
    // A multiple of 3 bytes and of 8, so that no packed element is cut.
    let chunk = 3 << 16
    let raw = IOBuffer(count: chunk)
    let values = UnsafeMutableBufferPointer<Double>.allocate(capacity: chunk * 8 / Int(tensor.dtype.bits))
    defer { unsafe values.deallocate() }
    var start: UInt64 = 0
    while start < tensor.byteCount {
      let count = Int(min(UInt64(chunk), tensor.byteCount - start))
      let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: raw.bytes[..<count])
      unsafe try read(tensor, from: start, into: bytes)
      let part = unsafe UnsafeMutableBufferPointer(rebasing: values[..<(count * 8 / Int(tensor.dtype.bits))])
      unsafe Kernels.widen(UnsafeRawBufferPointer(bytes), dtype: tensor.dtype, to: part)
      unsafe body(UnsafeBufferPointer(part))
      start += UInt64(count)
    }
  }
}
