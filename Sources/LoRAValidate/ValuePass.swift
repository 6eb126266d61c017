import Glibc
import LoRAIO
import LoRAKernels
import Safetensors
import Synchronization

/// One pass over the values of several files at once: every read is a piece of work of its own, so that one large
/// adapter keeps all threads busy as well as many small ones do.
///
/// A file that may be a copy of another is read beside it, the same place of both one after the other: the bytes are
/// compared while they lie in the cache of one core, and where they are the same nothing has to be found out again.
struct ValuePass: Sendable {
  fileprivate let files: [SafetensorsFile?]
  fileprivate let roles: [Twins.Role]
  fileprivate var readings: [Reading] = []
  /// The readings of each file.
  private var ranges: [Range<Int>] = []
  /// Readings with which a piece of work begins.
  private var leading: [Int] = []
  /// By the index of a reading those at the same place of files that may be copies.
  fileprivate var copies: [Int: [Int]] = [:]

  /// The pass over these sound files; nil stands for an adapter without readable values.
  ///
  /// - Parameter roles: of which files everything else is read too, for digests that equal files share.
  init(_ files: [SafetensorsFile?], roles: [Twins.Role]) {
    self.files = files
    self.roles = roles
    for (position, file) in files.enumerated() {
      let start = readings.count
      if let file { readings += Reading.all(of: file, at: position, isWhole: roles[position].isDigested) }
      let range = start..<readings.count
      ranges.append(range)
      if let twin = roles[position].twin, readings[ranges[twin]].elementsEqual(readings[range], by: { $0.isLike($1) }) {
        for (original, copy) in zip(ranges[twin], range) { copies[original, default: []].append(copy) }
      } else {
        leading += range
      }
    }
  }

  /// Bytes that will be read.
  var bytes: UInt64 { readings.reduce(0) { $0 + UInt64($1.count) } }

  /// Reads and scans everything.
  ///
  /// - Parameters:
  ///   - isStopped: asked before every read whether the pass is to end.
  ///   - progress: called from any thread with the bytes of each finished read.
  /// - Returns: for each file its values, its digest, and the first read that failed.
  func run(
    workers: Int, isStopped: @escaping @Sendable () -> Bool = { false }, progress: @escaping @Sendable (UInt64) -> Void
  ) -> [FileOutcome] {
    let next = Atomic<Int>(0)
    let findings = Mutex<[Finding?]>(Array(repeating: nil, count: readings.count))
    let crew = max(1, min(workers, leading.count))
    Workers.forEach(count: crew, workers: crew) { _ in
      var worker = PassWorker(self)
      while case let index = next.wrappingAdd(1, ordering: .relaxed).oldValue, index < leading.count, !isStopped() {
        progress(worker.take(leading[index]))
      }
      let found = worker.found
      findings.withLock { findings in for (reading, finding) in found { findings[reading] = finding } }
    }
    let found = findings.withLock { $0 }
    return files.indices.map { file in outcome(of: file, found[ranges[file]]) }
  }

  private func outcome(of position: Int, _ found: ArraySlice<Finding?>) -> FileOutcome {
    var values = AdapterValues()
    var digests: [KeyedDigest] = []
    var failure: IOError?
    for (reading, finding) in zip(readings[ranges[position]], found) {
      switch finding {
      case .failure(let error): if failure == nil { failure = error }
      case .success(let contents):
        for (part, scan) in zip(reading.parts, contents.scans) {
          var whole = values[part.tensor.name] ?? ValueScan()
          whole.append(scan)
          values[part.tensor.name] = whole
        }
        if let digest = contents.digest { digests.append(digest) }
      case nil: break
      }
    }
    guard roles[position].isDigested, let contents = files[position]?.contents, failure == nil else {
      return FileOutcome(values: values, content: nil, failure: failure)
    }
    return FileOutcome(
      values: values, content: FileContent(size: contents.size, digest: KeyedDigest(parts: digests)), failure: nil)
  }

  /// What was found at one place of a file, or why it could not be read.
  fileprivate typealias Finding = Result<Contents, IOError>

  /// What the bytes of a reading are like.
  fileprivate struct Contents: Sendable {
    /// For each part of a tensor.
    var scans: [ValueScan]
    /// Nil unless the file is to be digested.
    var digest: KeyedDigest?
  }

  /// What the pass found in one file.
  struct FileOutcome {
    let values: AdapterValues
    /// What equal files share; nil unless the pass was to digest the file.
    let content: FileContent?
    /// The first read that failed.
    let failure: IOError?
  }
}

/// What one thread reads, and what it found there.
private struct PassWorker: ~Copyable {
  private let pass: ValuePass
  private let buffer = IOBuffer(count: Reading.size)
  private let bufferOfCopies = IOBuffer(count: Reading.size)
  private(set) var found: [(reading: Int, finding: ValuePass.Finding)] = []

  init(_ pass: ValuePass) { self.pass = pass }

  /// Reads a place of a file, and the same of those that may be its copies; returns how many bytes that were.
  mutating func take(_ index: Int) -> UInt64 {
    let bytes = unsafe read(index, into: buffer.bytes)
    var contents: ValuePass.Contents?
    if let bytes = unsafe bytes { contents = unsafe examine(index, bytes) }
    var count = UInt64(pass.readings[index].count)
    for copy in pass.copies[index] ?? [] {
      count += UInt64(pass.readings[copy].count)
      guard let other = unsafe read(copy, into: bufferOfCopies.bytes) else { continue }
      if let bytes = unsafe bytes, let contents, unsafe isEqual(bytes, other) {
        found.append((copy, .success(contents)))
      } else {
        _ = unsafe examine(copy, other)
      }
    }
    return count
  }

  private mutating func read(_ index: Int, into buffer: UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer? {
    let reading = pass.readings[index]
    guard let file = pass.files[reading.file] else { return nil }
    let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<reading.count])
    do throws(IOError) {
      unsafe try file.contents.read(into: bytes, at: reading.offset)
      return UnsafeRawBufferPointer(bytes)
    } catch {
      found.append((index, .failure(error)))
      return nil
    }
  }

  private mutating func examine(_ index: Int, _ bytes: UnsafeRawBufferPointer) -> ValuePass.Contents {
    let reading = pass.readings[index]
    let contents = ValuePass.Contents(
      scans: reading.parts.map { part in
        unsafe Kernels.scan(UnsafeRawBufferPointer(rebasing: bytes[part.range]), dtype: part.tensor.dtype)
      }, digest: pass.roles[reading.file].isDigested ? unsafe KeyedDigest(bytes) : nil)
    found.append((index, .success(contents)))
    return contents
  }

  private func isEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    guard let first = left.baseAddress, let second = right.baseAddress else { return left.count == right.count }
    return unsafe left.count == right.count && memcmp(first, second, left.count) == 0
  }
}
