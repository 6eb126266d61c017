import Glibc

/// The bytes of remote files that were read lately, and those that are on their way.
///
/// One cache serves all files, so that memory is bounded however many are open.
@safe final class ChunkCache: @unchecked Sendable {
  /// A part of a file.
  private struct Chunk {
    let file: ObjectIdentifier
    let range: Range<UInt64>
    /// Nil while it is on its way.
    var bytes: [UInt8]?
    /// When it was last used.
    var use: UInt64
  }

  /// What a reader has to do for a byte.
  enum Lookup {
    /// Copy from these bytes, which begin at `start`.
    case found(bytes: [UInt8], start: UInt64)
    /// Fetch this range, then call `finish`.
    case fetch(Range<UInt64>)
  }

  private let limit: UInt64
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let changed: UnsafeMutablePointer<pthread_cond_t>
  private var chunks: [Chunk] = []
  private var clock: UInt64 = 0

  /// A cache of at most `limit` bytes.
  init(limit: UInt64) {
    self.limit = limit
    unsafe lock = .allocate(capacity: 1)
    unsafe changed = .allocate(capacity: 1)
    unsafe pthread_mutex_init(lock, nil)
    unsafe pthread_cond_init(changed, nil)
  }

  deinit {
    unsafe pthread_mutex_destroy(lock)
    unsafe pthread_cond_destroy(changed)
    unsafe lock.deallocate()
    unsafe changed.deallocate()
  }

  /// Finds the byte at `offset`, waits for it when it is on its way, or claims the range that is to be fetched.
  ///
  /// - Parameter wanted: the range to fetch, beginning at `offset`; it is cut where the next known bytes begin.
  func lookUp(_ file: AnyObject, _ offset: UInt64, wanted: () -> Range<UInt64>) -> Lookup {
    unsafe pthread_mutex_lock(lock)
    defer { unsafe pthread_mutex_unlock(lock) }
    let id = ObjectIdentifier(file)
    while true {
      guard let index = chunks.firstIndex(where: { $0.file == id && $0.range.contains(offset) }) else { break }
      clock += 1
      chunks[index].use = clock
      if let bytes = chunks[index].bytes { return .found(bytes: bytes, start: chunks[index].range.lowerBound) }
      unsafe pthread_cond_wait(changed, lock)
    }
    let wanted = wanted()
    var end = wanted.upperBound
    for chunk in chunks where chunk.file == id && chunk.range.lowerBound > offset {
      end = min(end, chunk.range.lowerBound)
    }
    clock += 1
    chunks.append(Chunk(file: id, range: offset..<end, bytes: nil, use: clock))
    return .fetch(offset..<end)
  }

  /// Hands in what was fetched for a claim; nil when that failed.
  func finish(_ file: AnyObject, _ range: Range<UInt64>, _ bytes: [UInt8]?) {
    unsafe pthread_mutex_lock(lock)
    defer {
      unsafe pthread_cond_broadcast(changed)
      unsafe pthread_mutex_unlock(lock)
    }
    let id = ObjectIdentifier(file)
    guard let index = chunks.firstIndex(where: { $0.file == id && $0.range == range && $0.bytes == nil }) else {
      return
    }
    guard let bytes else {
      chunks.remove(at: index)
      return
    }
    chunks[index].bytes = bytes
    var total = chunks.reduce(UInt64(0)) { $0 + UInt64($1.bytes?.count ?? 0) }
    while total > limit {
      let oldest = chunks.indices.filter { chunks[$0].bytes != nil && chunks[$0].range != range }
        .min { chunks[$0].use < chunks[$1].use }
      guard let oldest else { return }
      total -= UInt64(chunks.remove(at: oldest).bytes?.count ?? 0)
    }
  }

  /// Forgets the chunks of a file that is not read any more.
  func forget(_ file: ObjectIdentifier) {
    unsafe pthread_mutex_lock(lock)
    chunks.removeAll { $0.file == file }
    unsafe pthread_mutex_unlock(lock)
  }
}
