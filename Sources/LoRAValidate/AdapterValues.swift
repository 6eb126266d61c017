public import LoRAIO
public import LoRAKernels
import LoRAModel
public import Safetensors
import Synchronization
import TensorCore

/// What the values of an adapter's floating-point tensors are like.
public struct AdapterValues: Sendable {
  private var scans: [String: ValueScan] = [:]

  /// Those of no tensor.
  init() {}

  /// Those of all tensors of a sound file, in one pass by the calling thread.
  public init(of file: SafetensorsFile) throws(IOError) {
    let outcome = ValuePass([file], digesting: [false]).run(workers: 1) { _ in }[0]
    if let failure = outcome.failure { throw failure }
    self = outcome.values
  }

  /// What one pass over the tensor of this name found; nil for tensors that are not floating-point or could not be read.
  public subscript(tensor: String) -> ValueScan? {
    get { scans[tensor] }
    set { scans[tensor] = newValue }
  }

  /// Index of the first element of this magnitude in a tensor, or nil when it cannot be read again.
  static func firstIndex(ofMagnitude magnitude: Double, in tensor: TensorInfo, of file: SafetensorsFile) -> UInt64? {
    guard tensor.dtype.isFloat else { return nil }
    let buffer = IOBuffer(count: Reading.size)
    var start: UInt64 = 0
    while start < tensor.byteCount {
      let count = Int(min(UInt64(Reading.size), tensor.byteCount - start))
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<count])
      do throws(IOError) { unsafe try file.read(tensor, from: start, into: part) } catch { return nil }
      if let index = unsafe Kernels.firstExceeding(magnitude, in: UnsafeRawBufferPointer(part), dtype: tensor.dtype) {
        return start * 8 / tensor.dtype.bits + index
      }
      start += UInt64(count)
    }
    return nil
  }
}

/// One pass over the values of several files at once: every read is a piece of work of its own, so that one large
/// adapter keeps all threads busy as well as many small ones do.
struct ValuePass: Sendable {
  private let files: [SafetensorsFile?]
  private let isDigested: [Bool]
  private var readings: [Reading] = []

  /// The pass over these sound files; nil stands for an adapter without readable values.
  ///
  /// - Parameter isDigested: of which files everything else is read too, for digests that equal files share.
  init(_ files: [SafetensorsFile?], digesting isDigested: [Bool]) {
    self.files = files
    self.isDigested = isDigested
    for (position, file) in files.enumerated() {
      if let file { readings += Reading.all(of: file, at: position, isWhole: isDigested[position]) }
    }
  }

  /// Bytes that will be read.
  var bytes: UInt64 { readings.reduce(0) { $0 + UInt64($1.count) } }

  /// Reads and scans everything.
  ///
  /// - Parameter progress: called from any thread with the bytes of each finished read.
  /// - Returns: for each file its values, its digest, and the first read that failed.
  func run(workers: Int, progress: @escaping @Sendable (UInt64) -> Void) -> [FileOutcome] {
    let next = Atomic<Int>(0)
    let results = Mutex<[Int: [(part: Reading.Part, scan: ValueScan)]]>([:])
    let digests = Mutex<[KeyedDigest?]>(Array(repeating: nil, count: readings.count))
    let failures = Mutex<[Int: IOError]>([:])
    let crew = max(1, min(workers, readings.count))
    Workers.forEach(count: crew, workers: crew) { _ in
      let buffer = IOBuffer(count: Reading.size)
      var found: [(file: Int, part: Reading.Part, scan: ValueScan)] = []
      var digested: [(reading: Int, digest: KeyedDigest)] = []
      while case let index = next.wrappingAdd(1, ordering: .relaxed).oldValue, index < readings.count {
        let reading = readings[index]
        guard let file = files[reading.file] else { continue }
        let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<reading.count])
        do throws(IOError) {
          unsafe try file.contents.read(into: bytes, at: reading.offset)
        } catch {
          failures.withLock { if $0[reading.file] == nil { $0[reading.file] = error } }
          continue
        }
        if isDigested[reading.file] { digested.append((index, unsafe KeyedDigest(UnsafeRawBufferPointer(bytes)))) }
        for part in reading.parts {
          let slice = unsafe UnsafeRawBufferPointer(rebasing: bytes[part.range])
          found.append((reading.file, part, unsafe Kernels.scan(slice, dtype: part.tensor.dtype)))
        }
        progress(UInt64(reading.count))
      }
      results.withLock { results in
        for (file, part, scan) in found { results[file, default: []].append((part, scan)) }
      }
      digests.withLock { digests in
        for (reading, digest) in digested { digests[reading] = digest }
      }
    }
    let ofReadings = digests.withLock { $0 }
    var firstReading = 0
    return files.indices.map { file in
      var values = AdapterValues()
      let parts = results.withLock { $0[file] ?? [] }
      for (part, scan) in parts.ordered(by: { $0.part.start < $1.part.start }) {
        var whole = values[part.tensor.name] ?? ValueScan()
        whole.append(scan)
        values[part.tensor.name] = whole
      }
      let failure = failures.withLock { $0[file] }
      let end = readings[firstReading...].firstIndex { $0.file != file } ?? readings.count
      defer { firstReading = end }
      guard isDigested[file], let contents = files[file]?.contents, failure == nil else {
        return FileOutcome(values: values, content: nil, failure: failure)
      }
      let digest = KeyedDigest(parts: ofReadings[firstReading..<end].compactMap(\.self))
      return FileOutcome(values: values, content: FileContent(size: contents.size, digest: digest), failure: nil)
    }
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

/// What files have in common that are equal byte for byte, and no others have.
struct FileContent: Hashable, Sendable {
  /// Bytes of header and data, uncompressed.
  let size: UInt64
  let digest: KeyedDigest
}

extension FileContent {
  private static let pageBytes = 4096
  private static let pages = 8

  /// What equal files share and hardly any others: their size and the digest of a few pages of their data.
  ///
  /// - Returns: nil for a file that is so small, or so slow to read, that its whole content is as good.
  init?(sketchOf file: SafetensorsFile) {
    let size = file.contents.size
    let first = file.header.dataStart
    let room = UInt64(Self.pages * Self.pageBytes)
    guard !file.isCompressed, !RemotePath.isRemote(file.path), size > first, size - first > room else { return nil }
    let step = (size - first - UInt64(Self.pageBytes)) / UInt64(Self.pages - 1)
    let buffer = IOBuffer(count: Self.pages * Self.pageBytes)
    for page in 0..<Self.pages {
      let place = page * Self.pageBytes..<(page + 1) * Self.pageBytes
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[place])
      do throws(IOError) {
        unsafe try file.contents.read(into: part, at: first + UInt64(page) * step)
      } catch {
        return nil
      }
    }
    self.init(size: size, digest: unsafe KeyedDigest(UnsafeRawBufferPointer(buffer.bytes)))
  }
}

/// One read of a file and the tensors in it.
private struct Reading: Sendable {
  /// Largest read in bytes: it stays in the cache of one core from the read to the scan, and is a multiple of 3 bytes
  /// and of 8, so that no element of any type is cut.
  static let size = 3 << 16

  /// The part of a tensor that a read holds.
  struct Part: Sendable {
    let tensor: TensorInfo
    /// Where the part begins, in bytes from the start of the data section.
    let start: UInt64
    /// Where it lies in the read.
    let range: Range<Int>
  }

  let file: Int
  let offset: UInt64
  private(set) var count = 0
  private(set) var parts: [Part] = []

  private init(file: Int, offset: UInt64) {
    self.file = file
    self.offset = offset
  }

  /// The reads that cover all floating-point tensors of a sound file in the order of their data, neighbours together;
  /// `isWhole` adds its header before them, and the tensors of other types.
  static func all(of file: SafetensorsFile, at position: Int, isWhole: Bool) -> [Reading] {
    var readings: [Reading] = []
    for offset in stride(from: 0, to: isWhole ? file.header.dataStart : 0, by: size) {
      var reading = Reading(file: position, offset: offset)
      reading.count = Int(min(UInt64(size), file.header.dataStart - offset))
      readings.append(reading)
    }
    var current = Reading(file: position, offset: file.header.dataStart)
    for tensor in file.header.tensors where isWhole || tensor.dtype.isFloat {
      var start = tensor.begin
      while start < tensor.end {
        let offset = file.header.dataStart + start
        if current.count == size || current.offset + UInt64(current.count) != offset {
          if current.count > 0 { readings.append(current) }
          current = Reading(file: position, offset: offset)
        }
        // A tensor that does not fit is cut only where a read of its own begins, which keeps packed elements whole.
        let rest = tensor.end - start
        if current.count > 0 && rest > UInt64(size - current.count) {
          readings.append(current)
          current = Reading(file: position, offset: offset)
        }
        let taken = Int(min(rest, UInt64(size)))
        if tensor.dtype.isFloat {
          let range = current.count..<current.count + taken
          current.parts.append(Part(tensor: tensor, start: start, range: range))
        }
        current.count += taken
        start += UInt64(taken)
      }
    }
    if current.count > 0 { readings.append(current) }
    return readings
  }
}
