import JSON
import LoRAIO
import LoRAModel
import Safetensors
import Synchronization

/// Data sections of adapters in host memory: places of one size in one piece of staging memory.
///
/// Memory is allocated once, when the pool opens: pinning it for every adapter would cost more than a swap.
final class HostPlaces: Sendable {
  /// A place that belongs to one adapter, from `take` until it is given back.
  struct Place: Sendable {
    /// Its number, from 0.
    let number: Int
    /// Loads that may still read what an earlier adapter left in it.
    fileprivate let readers: [any SlotFence]
  }

  /// The memory of all places.
  let staging: any StagingMemory
  /// Bytes of every place, a multiple of 4096.
  let placeBytes: UInt64
  private let free: Mutex<[Place]>

  /// Free places of at least `placeBytes` bytes each.
  init(places: Int, placeBytes: UInt64, device: any SlotDevice) throws(SlotDeviceError) {
    let (room, large) = placeBytes.addingReportingOverflow(4095)
    let aligned = room / 4096 * 4096
    let (total, overflow) = aligned.multipliedReportingOverflow(by: UInt64(places))
    guard !large, !overflow, total <= UInt64(Int.max) else {
      throw SlotDeviceError(device: device.name, .outOfMemory(needed: .max, free: nil), "the host pool is too large")
    }
    self.placeBytes = aligned
    staging = try device.allocateStaging(bytes: max(total, 4096))
    free = Mutex((0..<places).reversed().map { Place(number: $0, readers: []) })
  }

  /// A free place, or nil; one that no load reads any more where there is one.
  func take() -> Place? {
    free.withLock { free in
      guard let last = free.indices.last else { return nil }
      return free.remove(at: free.lastIndex { $0.readers.allSatisfy(\.isDone) } ?? last)
    }
  }

  /// Makes a place free; it is not written before `readers` have ended.
  func give(back place: Int, after readers: [any SlotFence] = []) {
    free.withLock { $0.append(Place(number: place, readers: readers)) }
  }

  /// Gives a place back that was taken and not used.
  func give(back place: Place) { free.withLock { $0.append(place) } }

  /// Byte where a place starts.
  func start(of place: Int) -> Int { place * Int(placeBytes) }

  /// Reads an adapter's data section into a place, decompressing it there, and digests it with its header and config.
  func read(_ adapter: Adapter, into place: Place, workers: Int) throws(AdapterPoolError) -> ContentDigest {
    guard let file = adapter.file else { throw .unreadable(path: adapter.path, "it has no weights that can be read") }
    guard file.dataBytes <= placeBytes else {
      throw .tooLarge(path: adapter.path, bytes: file.dataBytes, room: placeBytes)
    }
    for reader in place.readers {
      // A load that failed no longer reads.
      do throws(SlotDeviceError) { try reader.wait() } catch {}
    }
    let start = start(of: place.number)
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
