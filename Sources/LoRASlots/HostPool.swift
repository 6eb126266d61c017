import LoRAIO
import LoRAModel
import Safetensors
import Synchronization
import TensorCore

/// Data sections of adapters in host memory: places of one size in one piece of staging memory.
///
/// The memory is had once, when the pool is made: pinning it for every adapter would cost more than a swap.
final class HostPool: Sendable {
  let staging: any StagingMemory
  /// Bytes of every place.
  let placeBytes: UInt64
  private let free: Mutex<[Int]>

  init(places: Int, placeBytes: UInt64, device: any SlotDevice) throws(SlotDeviceError) {
    let aligned = (placeBytes + 4095) / 4096 * 4096
    let (total, overflow) = aligned.multipliedReportingOverflow(by: UInt64(places))
    guard !overflow else {
      throw SlotDeviceError(device: device.name, .outOfMemory(needed: .max, free: nil), "the host pool is too large")
    }
    self.placeBytes = aligned
    staging = try device.allocateStaging(bytes: max(total, 4096))
    free = Mutex(Array((0..<places).reversed()))
  }

  /// A free place, or nil.
  func take() -> Int? { free.withLock { $0.popLast() } }

  func give(back place: Int) { free.withLock { $0.append(place) } }

  /// Byte where a place starts.
  func start(of place: Int) -> Int { place * Int(placeBytes) }

  /// Reads an adapter's data section into a place, and digests it with its header and config.
  func read(_ adapter: Adapter, into place: Int, workers: Int) throws(AdapterSlotsError) -> ContentDigest {
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
      try Workers.forEach(count: count, workers: workers) { index throws(IOError) in
        let first = index * ContentDigest.part
        let length = min(ContentDigest.part, total - first)
        let target = unsafe UnsafeMutableRawBufferPointer(
          rebasing: self.staging.bytes[start + first..<start + first + length])
        unsafe try file.contents.read(into: target, at: file.header.dataStart + UInt64(first))
        let digest = unsafe ContentDigest.digest(UnsafeRawBufferPointer(target))
        parts.withLock { $0[index] = digest }
      }
      let header = try file.contents.bytes(at: 0, count: Int(file.header.dataStart))
      let config = adapter.rawConfig.map { JSONValue.object($0).text() } ?? ""
      return ContentDigest(header: header, config: config, parts: parts.withLock { $0 })
    } catch { throw .file(error) }
  }
}
