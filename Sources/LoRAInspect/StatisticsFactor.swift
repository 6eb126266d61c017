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
      try blocks.visit { expert, block in
        for rank in 0..<places.rank {
          let column = unsafe block.column(rank)
          for row in column.indices {
            let value = unsafe column[row].magnitude
            if value > largest[expert][rank], value.isFinite { largest[expert][rank] = value }
          }
        }
      }
      exponents = largest.map { $0.map { $0 > 0 ? $0.exponent : 0 } }
    }
    func scale(_ block: FactorBlock, _ exponents: [Int]) {
      guard isWide else { return }
      for rank in 0..<places.rank {
        let column = unsafe block.column(rank)
        for row in column.indices {
          unsafe column[row] = Double(sign: .plus, exponent: -exponents[rank], significand: column[row])
        }
      }
    }
    var grams = Array(repeating: GramMatrix(size: places.rank), count: places.experts)
    try blocks.visit { expert, block in
      for rank in 0..<places.rank { unsafe counts.add(UnsafeBufferPointer(block.column(rank))) }
      guard counts.areFinite else { return }
      scale(block, exponents[expert])
      if let columns = block.columns { grams[expert].absorb(columns) }
    }
    var triangles = counts.areFinite ? grams.map(\.triangle) : []
    // Columns that are nearly dependent are decomposed by reflections, which lose nothing.
    if triangles.contains(where: { $0 == nil }) {
      let isInexact = triangles.map { $0 == nil }
      try blocks.visit { expert, block in
        guard isInexact[expert] else { return }
        scale(block, exponents[expert])
        var triangle = triangles[expert] ?? TriangularFactor(size: places.rank)
        triangles[expert] = nil
        unsafe triangle.absorb(block.elements, rows: block.rows, stride: block.stride)
        triangles[expert] = triangle
      }
    }
    self.triangles = triangles.map { $0 ?? TriangularFactor(size: places.rank) }
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
    let counts = unsafe Kernels.count(values)
    nan += counts.nan
    infinite += counts.infinite
    zero += counts.zero
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

/// Some rows of a factor as f64: a column for each rank, `stride` numbers from one to the next.
@safe private struct FactorBlock {
  let elements: UnsafeMutableBufferPointer<Double>
  let rows: Int
  let rank: Int
  let stride: Int

  func column(_ rank: Int) -> UnsafeMutableBufferPointer<Double> {
    unsafe UnsafeMutableBufferPointer(rebasing: elements[(rank * stride)...].prefix(rows))
  }

  /// Nil for none.
  var columns: ColumnBlock? { unsafe ColumnBlock(elements, rows: rows, columns: rank, stride: stride) }
}

/// A factor's elements as f64, block by block.
private struct FactorBlocks {
  /// Elements of a block, and rows of it: the block and what it is made of stay in a core's cache.
  private static let (blockElements, blockRows) = (1 << 16, 512)
  /// Elements that are read at once.
  private static let readElements = 1 << 17

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

  /// Calls `body` with every block and its expert.
  func visit(_ body: (Int, FactorBlock) -> Void) throws(IOError) {
    // Where the experts lie between each other, one read serves them all.
    let woven = places.rowStride > 1 && places.expertStride < places.rowStride ? places.experts : 1
    let width = places.rank * woven
    let blockRows = max(1, min(places.rows, Self.blockRows, Self.blockElements / width))
    // Ranks that lie apart are read in long runs.
    let isTurned = places.rowStride > 1
    let readRows = isTurned ? blockRows : max(1, min(places.rows, Self.readElements / width))
    // Each column begins a cache line, and they do not compete for the same ones.
    let stride = (blockRows + 7) / 8 * 8 + 8
    let raw = IOBuffer(count: readRows * width * elementBytes)
    let values = unsafe Self.allocate(isTurned ? blockRows * width : 0)
    let elements = unsafe Self.allocate(stride * places.rank)
    defer {
      unsafe values.deallocate()
      unsafe elements.deallocate()
    }
    for group in 0..<places.experts / woven {
      for first in Swift.stride(from: 0, to: places.rows, by: readRows) {
        let count = min(readRows, places.rows - first)
        unsafe try read(group, first..<first + count, raw.bytes)
        for row in Swift.stride(from: 0, to: count, by: blockRows) {
          let block = unsafe FactorBlock(
            elements: elements, rows: min(blockRows, count - row), rank: places.rank, stride: stride)
          if isTurned {
            unsafe widen(raw.bytes, 0, to: UnsafeMutableBufferPointer(rebasing: values[..<(block.rows * width)]))
          }
          for expert in 0..<woven {
            if isTurned {
              unsafe turn(UnsafeBufferPointer(values), expert, into: block)
            } else {
              for rank in 0..<places.rank { unsafe widen(raw.bytes, rank * count + row, to: block.column(rank)) }
            }
            body(group + expert, block)
          }
        }
      }
    }
  }

  /// Memory that begins a cache line, so that no vector lies in two.
  private static func allocate(_ count: Int) -> UnsafeMutableBufferPointer<Double> {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count * MemoryLayout<Double>.stride, alignment: 64)
    return unsafe bytes.bindMemory(to: Double.self)
  }

  /// Reads some rows of all ranks, which lie apart where rows follow each other, unless they are all that there is.
  private func read(_ group: Int, _ rows: Range<Int>, _ raw: UnsafeMutableRawBufferPointer) throws(IOError) {
    let start = group * places.expertStride + rows.lowerBound * places.rowStride
    if places.rowStride > 1 { return unsafe try read(start, rows.count * places.rowStride, raw) }
    if rows.count == places.rows { return unsafe try read(start, rows.count * places.rank, raw) }
    for rank in 0..<places.rank {
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: raw[(rank * rows.count * elementBytes)...])
      unsafe try read(start + rank * places.rankStride, rows.count, part)
    }
  }

  private func read(_ first: Int, _ count: Int, _ raw: UnsafeMutableRawBufferPointer) throws(IOError) {
    unsafe try file.read(
      tensor, from: UInt64(first * elementBytes),
      into: UnsafeMutableRawBufferPointer(rebasing: raw[..<(count * elementBytes)]))
  }

  /// An expert's part of rows, whose ranks are together, becomes columns.
  private func turn(_ values: UnsafeBufferPointer<Double>, _ expert: Int, into block: FactorBlock) {
    let start = expert * places.expertStride
    if places.rankStride == 1, let columns = block.columns {
      let rows = unsafe UnsafeBufferPointer(rebasing: values[start...])
      return unsafe Kernels.turn(rows, rowStride: places.rowStride, into: columns)
    }
    for rank in 0..<places.rank {
      let column = unsafe block.column(rank)
      for row in column.indices {
        unsafe column[row] = values[start + rank * places.rankStride + row * places.rowStride]
      }
    }
  }

  private func widen(
    _ raw: UnsafeMutableRawBufferPointer, _ first: Int, to values: UnsafeMutableBufferPointer<Double>
  ) {
    let bytes = unsafe raw[(first * elementBytes)...].prefix(values.count * elementBytes)
    unsafe Kernels.widen(UnsafeRawBufferPointer(rebasing: bytes), dtype: tensor.dtype, to: values)
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
