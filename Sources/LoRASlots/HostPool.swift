import JSON
import LoRAIO
public import LoRAModel
import Safetensors
import Synchronization
import TensorCore

/// Data sections of adapters in host memory: places of one size in one piece of staging memory.
///
/// Memory is allocated once, when the pool is made: pinning it for every adapter would cost more than a swap.
public final class HostPool: Sendable {
  /// The memory of all places.
  public let staging: any StagingMemory
  /// Bytes of every place, a multiple of 4096.
  public let placeBytes: UInt64
  private let free: Mutex<[Int]>

  /// A pool of free places of at least `placeBytes` bytes.
  public init(places: Int, placeBytes: UInt64, device: any SlotDevice) throws(SlotDeviceError) {
    let (room, large) = placeBytes.addingReportingOverflow(4095)
    let aligned = room / 4096 * 4096
    let (total, overflow) = aligned.multipliedReportingOverflow(by: UInt64(places))
    guard !large, !overflow, total <= UInt64(Int.max) else {
      throw SlotDeviceError(device: device.name, .outOfMemory(needed: .max, free: nil), "the host pool is too large")
    }
    self.placeBytes = aligned
    staging = try device.allocateStaging(bytes: max(total, 4096))
    free = Mutex(Array((0..<places).reversed()))
  }

  /// A free place, or nil.
  public func take() -> Int? { free.withLock { $0.popLast() } }

  /// Makes a place free; no copy reads it any more.
  public func give(back place: Int) { free.withLock { $0.append(place) } }

  /// Byte where a place starts.
  public func start(of place: Int) -> Int { place * Int(placeBytes) }

  /// Reads an adapter's data section into a place, decompressing it there, and digests it with its header and config.
  public func read(_ adapter: Adapter, into place: Int, workers: Int) throws(AdapterSlotsError) -> ContentDigest {
    guard let file = adapter.file else {
      throw .refused(PackingError(adapter.path, nil, "it has no weights that can be read"))
    }
    guard file.dataBytes <= placeBytes else {
      throw .refused(
        PackingError(
          adapter.path, nil,
          "its \(ByteCount(file.dataBytes)) are more than the pool's places of \(ByteCount(placeBytes))"))
    }
    let start = start(of: place)
    let total = Int(file.dataBytes)
    let count = (total + ContentDigest.part - 1) / ContentDigest.part
    let parts = Mutex([[UInt8]](repeating: [], count: count))
    do throws(IOError) {
      try AdapterReading.read(file, into: staging, at: start, workers: workers)
      Workers.forEach(count: count, workers: workers) { index in
        let first = start + index * ContentDigest.part
        let end = min(first + ContentDigest.part, start + total)
        let digest = unsafe ContentDigest.digest(UnsafeRawBufferPointer(rebasing: self.staging.bytes[first..<end]))
        parts.withLock { $0[index] = digest }
      }
      let config = adapter.rawConfig.map { JSONValue.object($0).text() } ?? ""
      return ContentDigest(header: try file.headerBytes(), config: config, parts: parts.withLock { $0 })
    } catch { throw .file(error) }
  }
}
