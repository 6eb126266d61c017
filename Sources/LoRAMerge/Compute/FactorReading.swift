import LoRAIO
import LoRAKernels
import Safetensors
import TensorCore

extension StoredFactor {
  /// Bytes that are read at once while a whole factor is loaded.
  private static let chunkBytes = 4 << 20

  /// Reads the elements of some outer indices and ranks.
  ///
  /// Returns the bytes and where the elements lie in them; no more is read than lies between those elements, and
  /// rank by rank where the ranks lie far apart.
  func read(outer: Range<Int>, ranks: Range<Int>, from sources: [SafetensorsFile]) throws(IOError)
    -> (bytes: [UInt8], layout: FactorLayout)
  {
    let file = sources[source.source].contents
    guard source.dtype.bits % 8 == 0 else {
      // Packed elements do not start at bytes; such factors are small.
      let layout = FactorLayout(
        offset: layout.offset + outer.lowerBound * layout.stride + ranks.lowerBound * layout.rankStride,
        stride: layout.stride, rankStride: layout.rankStride)
      return (try file.bytes(at: source.offset, count: Int(source.count)), layout)
    }
    let size = Int(source.dtype.bits / 8)
    func offset(_ index: Int, _ rank: Int) -> UInt64 {
      source.offset + UInt64((layout.offset + index * layout.stride + rank * layout.rankStride) * size)
    }
    let run = max(0, outer.count - 1) * layout.stride + 1
    let span = run + max(0, ranks.count - 1) * layout.rankStride
    if layout.rankStride <= layout.stride || span <= 2 * run * ranks.count || ranks.count <= 1 {
      let bytes = try file.bytes(at: offset(outer.lowerBound, ranks.lowerBound), count: span * size)
      return (bytes, FactorLayout(stride: layout.stride, rankStride: layout.rankStride))
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(run * ranks.count * size)
    for rank in ranks { bytes += try file.bytes(at: offset(outer.lowerBound, rank), count: run * size) }
    return (bytes, FactorLayout(stride: layout.stride, rankStride: run))
  }

  /// Loads the whole factor as ranks `first...` of `right`.
  func load(into right: inout RightFactor, ranks count: Int, at first: Int, from sources: [SafetensorsFile])
    throws(IOError)
  {
    let isRankFirst = layout.rankStride > layout.stride
    let rankBytes = max(1, right.columns * Int(max(8, source.dtype.bits) / 8))
    let step = isRankFirst && source.dtype.bits % 8 == 0 ? max(1, Self.chunkBytes / rankBytes) : count
    var rank = 0
    while rank < count {
      let ranks = rank..<min(count, rank + step)
      let (bytes, layout) = try read(outer: 0..<right.columns, ranks: ranks, from: sources)
      unsafe bytes.withUnsafeBytes {
        unsafe right.load(
          $0, dtype: source.dtype, layout: layout, ranks: first + ranks.lowerBound..<first + ranks.upperBound)
      }
      rank = ranks.upperBound
    }
  }
}

extension MatrixUpdate {
  /// R of all deltas, one below the other.
  func loadRight(from sources: [SafetensorsFile]) throws(IOError) -> RightFactor {
    var right = RightFactor(rank: rank, columns: columns)
    var first = 0
    for delta in deltas {
      try delta.right.load(into: &right, ranks: delta.rank, at: first, from: sources)
      first += delta.rank
    }
    return right
  }

  /// L of all deltas, side by side and scaled, for some rows.
  func loadLeft(rows: Range<Int>, from sources: [SafetensorsFile]) throws(IOError) -> LeftFactor {
    var left = LeftFactor(rows: rows.count, rank: rank)
    var first = 0
    for delta in deltas {
      try delta.load(into: &left, at: first, rows: rows, from: sources)
      first += delta.rank
    }
    return left
  }
}

extension LowRankDelta {
  /// L, scaled, for some rows.
  func loadLeft(rows: Range<Int>, from sources: [SafetensorsFile]) throws(IOError) -> LeftFactor {
    var left = LeftFactor(rows: rows.count, rank: rank)
    try load(into: &left, at: 0, rows: rows, from: sources)
    return left
  }

  /// Loads L, scaled, for some rows as ranks `first...` of `left`.
  fileprivate func load(into left: inout LeftFactor, at first: Int, rows: Range<Int>, from sources: [SafetensorsFile])
    throws(IOError)
  {
    let ranks = first..<first + rank
    if let factor = self.left {
      let (bytes, layout) = try factor.read(outer: rows, ranks: 0..<rank, from: sources)
      unsafe bytes.withUnsafeBytes {
        unsafe left.load($0, dtype: factor.source.dtype, layout: layout, scales: [scale], ranks: ranks)
      }
    } else {
      let one: [Float] = [1]
      unsafe one.withUnsafeBytes {
        unsafe left.load(
          $0, dtype: .f32, layout: FactorLayout(stride: 0, rankStride: 0), scales: [scale], ranks: ranks)
      }
    }
  }
}
