import Safetensors
import Synchronization

/// A packed matrix that is read down its columns: whole and once for all threads when it is small, else only the columns
/// that are asked for.
final class PackedMatrix: Sendable {
  let part: StoredPart
  /// Bytes of a row.
  let stride: Int
  private let cache: PackedMatrixCache

  /// Largest matrix that is held whole, in bytes, and most bytes that all of them may hold.
  static let wholeBytes = 48 << 20

  init(_ part: StoredPart, stride: Int, _ cache: PackedMatrixCache) {
    self.part = part
    self.stride = stride
    self.cache = cache
  }

  /// Bytes `columns` of `rows`, row by row, where the matrix begins at byte `start` of the tensor.
  func bytes(from start: Int, rows: Range<Int>, columns: Range<Int>, of height: Int) throws(QuantizationError)
    -> [UInt8]
  {
    let whole = height * stride
    if columns.count == stride {
      return try part.bytes(from: start + rows.lowerBound * stride, count: rows.count * stride)
    }
    var result: [UInt8] = []
    result.reserveCapacity(rows.count * columns.count)
    if whole <= Self.wholeBytes {
      let matrix = try cache.matrix(part, from: start, count: whole)
      for row in rows { result += matrix[row * stride + columns.lowerBound..<row * stride + columns.upperBound] }
    } else {
      for row in rows {
        result += try part.bytes(from: start + row * stride + columns.lowerBound, count: columns.count)
      }
    }
    return result
  }
}

/// The packed matrices that were read last.
///
/// Threads take the rows of a weight in order, so that a few matrices are met again and again until they are done.
final class PackedMatrixCache: Sendable {
  private struct Key: Equatable, Sendable {
    let file: ObjectIdentifier
    let offset: UInt64
  }

  private struct Entry: Sendable {
    let key: Key
    let file: SafetensorsFile
    let bytes: [UInt8]
  }

  /// The most recently used last.
  private let entries = Mutex<[Entry]>([])

  /// The bytes of a matrix; while one thread reads it the others wait.
  func matrix(_ part: StoredPart, from start: Int, count: Int) throws(QuantizationError) -> [UInt8] {
    let key = Key(file: ObjectIdentifier(part.file), offset: part.info.begin + UInt64(start))
    return try entries.withLock { entries throws(QuantizationError) in
      if let position = entries.firstIndex(where: { $0.key == key }) {
        let entry = entries.remove(at: position)
        entries.append(entry)
        return entry.bytes
      }
      var held = entries.reduce(count) { $0 + $1.bytes.count }
      while let oldest = entries.first, held > PackedMatrix.wholeBytes {
        held -= oldest.bytes.count
        entries.removeFirst()
      }
      let bytes = try part.bytes(from: start, count: count)
      entries.append(Entry(key: key, file: part.file, bytes: bytes))
      return bytes
    }
  }
}
