import JSON
import LoRAIO
import Synchronization
import TensorCore

/// A file that a server gives by ranges.
///
/// Opening it fetches the first bytes, which hold the header of nearly every adapter and all of a config. What is read
/// beyond goes through the cache: a read that goes on where an earlier one ended fetches twice as much, up to
/// `largestFetch`, in a few requests at a time; any other fetches little more than it needs.
final class RangedFile: FileContents {
  /// Bytes that opening fetches.
  static let firstFetch = 1 << 17
  /// Least and most bytes that one read beyond them fetches.
  private static let smallestFetch: UInt64 = 1 << 16
  private static let largestFetch: UInt64 = 8 << 20
  /// Places at which a file is read on.
  private static let readerLimit = 16
  /// Bytes of each of the requests that a large fetch is split into, and how many of them are sent at a time.
  private static let partBytes: UInt64 = 2 << 20
  private static let partsInFlight = 4
  /// Most requests that are made ahead of small reads.
  private static let prefetchLimit = 4096

  let size: UInt64
  private let path: String
  private let ranges: RangeRequests
  private let start: [UInt8]
  private let cache: ChunkCache
  private let report: @Sendable (IOError) -> Void
  private let progress: Mutex<Progress>

  private struct Progress {
    /// Where the last fetches ended, and what their readers fetch next; each thread goes on at a place of its own.
    var readers: [(end: UInt64, window: UInt64)]
    var failure: IOError?
  }

  /// Opens a file by fetching its first bytes.
  ///
  /// - Parameter report: called with a failure to read further ones.
  init(
    _ path: String, _ ranges: RangeRequests, _ cache: ChunkCache, report: @escaping @Sendable (IOError) -> Void
  ) throws(RemoteFailure) {
    self.report = report
    self.path = path
    self.ranges = ranges
    self.cache = cache
    start = try ranges.open(count: Self.firstFetch)
    size = ranges.size
    progress = Mutex(Progress(readers: [(UInt64(start.count), Self.smallestFetch)], failure: nil))
  }

  deinit { cache.forget(ObjectIdentifier(self)) }

  func readAvailable(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(IOError) -> Int {
    guard offset < size else { return 0 }
    let count = Int(min(UInt64(buffer.count), size - offset))
    var done = 0
    while done < count {
      let place = offset + UInt64(done)
      let (bytes, first) = try bytes(around: place) { wanted(place, offset + UInt64(count)) }
      let skipped = Int(place - first)
      let step = min(bytes.count - skipped, count - done)
      unsafe bytes.withUnsafeBytes { source in
        let part = unsafe UnsafeRawBufferPointer(rebasing: source[skipped..<(skipped + step)])
        unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<(done + step)]).copyMemory(from: part)
      }
      done += step
    }
    return count
  }

  /// Bytes that have the one at `offset` among them, and where they begin; `wanted` says what to fetch if none have.
  private func bytes(around offset: UInt64, wanted: () -> Range<UInt64>) throws(IOError)
    -> (bytes: [UInt8], first: UInt64)
  {
    if offset < UInt64(start.count) { return (start, 0) }
    if let failure = progress.withLock({ $0.failure }) { throw failure }
    switch cache.lookUp(self, offset, wanted: wanted) {
    case .found(let bytes, let first): return (bytes, first)
    case .fetch(let range):
      do throws(RemoteFailure) {
        let bytes = try fetch(range)
        cache.finish(self, range, bytes)
        return (bytes, range.lowerBound)
      } catch {
        let failure = IOError("read", path, offset: offset, .remote(error.reason))
        // Other threads that wait for these bytes, or want further ones, must not each wait for the server again.
        progress.withLock { $0.failure = $0.failure ?? failure }
        report(failure)
        cache.finish(self, range, nil)
        throw failure
      }
    }
  }

  func prefetch(_ ranges: [Range<UInt64>]) {
    var wanted: [Range<UInt64>] = []
    let sorted = ranges.ordered { $0.lowerBound < $1.lowerBound }
    for range in sorted where range.lowerBound >= UInt64(start.count) && range.upperBound <= size {
      if let last = wanted.last, range.lowerBound <= last.upperBound + Self.smallestFetch {
        wanted[wanted.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else if !range.isEmpty {
        wanted.append(range)
      }
    }
    guard wanted.count <= Self.prefetchLimit, wanted.allSatisfy({ $0.count <= Int(Self.largestFetch) }) else { return }
    Workers.forEach(count: wanted.count, workers: 8) { [self, wanted] (index) throws(Never) in
      // A failure is kept for the read that wants these bytes.
      _ = try? bytes(around: wanted[index].lowerBound) { wanted[index] }
    }
  }

  /// What to fetch for a read from `offset` to `end`.
  private func wanted(_ offset: UInt64, _ end: UInt64) -> Range<UInt64> {
    progress.withLock { progress in
      var window = Self.smallestFetch
      let goesOn = progress.readers.firstIndex { offset >= $0.end && offset - $0.end <= Self.smallestFetch }
      if let goesOn {
        window = min(progress.readers.remove(at: goesOn).window * 2, Self.largestFetch)
      } else if progress.readers.count >= Self.readerLimit {
        progress.readers.removeFirst()
      }
      let upper = min(size, offset + min(max(end - offset, window), Self.largestFetch))
      progress.readers.append((upper, window))
      return offset..<upper
    }
  }

  private func fetch(_ range: Range<UInt64>) throws(RemoteFailure) -> [UInt8] {
    let parts = stride(from: range.lowerBound, to: range.upperBound, by: Int(Self.partBytes)).map {
      $0..<min($0 + Self.partBytes, range.upperBound)
    }
    guard parts.count > 1 else { return try ranges.fetch(range) }
    let fetched = Mutex<[[UInt8]]>(Array(repeating: [], count: parts.count))
    try Workers.forEach(count: parts.count, workers: Self.partsInFlight) {
      [ranges] (index) throws(RemoteFailure) in
      let bytes = try ranges.fetch(parts[index])
      fetched.withLock { $0[index] = bytes }
    }
    return fetched.withLock { fetched in
      var bytes: [UInt8] = []
      bytes.reserveCapacity(range.count)
      for part in fetched { bytes += part }
      return bytes
    }
  }
}
