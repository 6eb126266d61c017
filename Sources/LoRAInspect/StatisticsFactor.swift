import LoRAIO
import LoRAKernels
import LoRAModel
import Safetensors
import TensorCore

/// Where the elements of one factor lie in its tensor, counted in elements: element k of row i of expert e is at
/// `e · expertStride + k · rankStride + i · rowStride`.
///
/// Rows are the outer index, `in` of A and `out` of B, so that both factors are tall matrices `[rows, rank]`.
struct FactorPlaces: Sendable {
  /// Outer size.
  var rows: Int
  /// Rank of one expert.
  var rank: Int
  /// Matrices in the stack; 1 for everything that is no stack of experts.
  var experts: Int
  var expertStride: Int
  var rankStride: Int
  var rowStride: Int

  /// A tensor `[experts · rank, rows…]`, expert by expert.
  static func rankFirst(rows: Int, rank: Int, experts: Int = 1) -> FactorPlaces {
    FactorPlaces(
      rows: rows, rank: rank, experts: experts, expertStride: rank * rows, rankStride: rows, rowStride: 1)
  }

  /// A tensor `[rows, rank · experts]` with the expert running fastest.
  static func rankLast(rows: Int, rank: Int, experts: Int = 1) -> FactorPlaces {
    FactorPlaces(
      rows: rows, rank: rank, experts: experts, expertStride: 1, rankStride: experts, rowStride: rank * experts)
  }

  /// A tensor `[experts, rows, rank]`.
  static func stack(rows: Int, rank: Int, experts: Int) -> FactorPlaces {
    FactorPlaces(
      rows: rows, rank: rank, experts: experts, expertStride: rows * rank, rankStride: 1, rowStride: rank)
  }
}

extension AdapterModule {
  /// Largest rank and widest row of a stack whose delta is computed: beyond it the work, which grows with the cube of
  /// the rank, would take minutes for one module, and no engine serves such an adapter.
  private static let rankLimit: UInt64 = 1_024
  private static let rowLimit: UInt64 = 1 << 20

  /// Where A's and B's elements lie; nil when the two are no factors of one product or too large.
  var factorPlaces: (a: FactorPlaces, b: FactorPlaces)? {
    guard let a, let b, rank > 0, rank <= Self.rankLimit, experts > 0, experts <= Self.rowLimit / rank,
      let rank = Int(exactly: rank), let experts = Int(exactly: experts)
    else { return nil }
    func rows(_ tensor: TensorInfo) -> Int? {
      let (ranks, overflow) = UInt64(rank).multipliedReportingOverflow(by: UInt64(experts))
      guard !overflow, !tensor.shape.isEmpty, tensor.elementCount % ranks == 0 else { return nil }
      return Int(exactly: tensor.elementCount / ranks)
    }
    guard let inputs = rows(a), let outputs = rows(b) else { return nil }
    let down = a.shape.dimensions
    let up = b.shape.dimensions
    let (one, all) = (UInt64(rank), UInt64(rank * experts))
    if isTransposed {
      guard down.count == 2, up.count == 2, down[1] == one, up[0] == one else { return nil }
      return (.rankLast(rows: inputs, rank: rank), .rankFirst(rows: outputs, rank: rank))
    }
    if kind == .parameter, down.count == 3, up.count == 3 {
      guard down[1] == one, up[2] == one, down[0] == UInt64(experts), up[0] == UInt64(experts) else { return nil }
      return (
        .rankFirst(rows: inputs, rank: rank, experts: experts), .stack(rows: outputs, rank: rank, experts: experts)
      )
    }
    // A convolution's A has the whole kernel, its B one of size 1; with groups B is narrower and this no plain product.
    guard down.count >= 2, up.count == down.count, down[0] == all, up[1] == all, up[2...].allSatisfy({ $0 == 1 })
    else { return nil }
    return (
      .rankFirst(rows: inputs, rank: rank, experts: experts), .rankLast(rows: outputs, rank: rank, experts: experts)
    )
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
