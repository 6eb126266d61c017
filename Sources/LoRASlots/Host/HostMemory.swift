import Glibc

/// Page-aligned zeroed memory of any size, taken straight from the system so that running out is an error and not the
/// end of the process.
@safe final class HostMemory: StagingMemory, @unchecked Sendable {
  let bytes: UnsafeMutableRawBufferPointer
  private let mapped: Int

  /// - Throws: `SlotDeviceError.outOfMemory` when the system has less to give.
  init(bytes count: UInt64, for purpose: String) throws(SlotDeviceError) {
    let free = Self.available
    if let free, count > free {
      throw SlotDeviceError(
        device: "host", .outOfMemory(needed: count, free: free), "there is not enough memory for \(purpose)",
        hint: "use fewer or smaller slots")
    }
    mapped = Int(exactly: count) ?? .max
    let address = unsafe mmap(nil, max(mapped, 1), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw SlotDeviceError(
        device: "host", .outOfMemory(needed: count, free: free), "the system gives no memory for \(purpose)",
        hint: "use fewer or smaller slots")
    }
    // Large pages, where they can be had: tens of thousands of small ones cost more to look up than to fill.
    _ = unsafe madvise(address, mapped, MADV_HUGEPAGE)
    unsafe bytes = UnsafeMutableRawBufferPointer(start: address, count: mapped)
  }

  deinit { _ = unsafe munmap(bytes.baseAddress, max(mapped, 1)) }

  /// Touches every page, so that no load waits for the system later.
  func settle() { if let start = unsafe bytes.baseAddress { _ = unsafe memset(start, 0, bytes.count) } }

  /// Memory that the system can give without swapping, in bytes.
  static var available: UInt64? {
    guard let file = unsafe fopen("/proc/meminfo", "r") else { return nil }
    defer { _ = unsafe fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while unsafe fgets(&line, 256, file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      guard text.hasPrefix("MemAvailable:") else { continue }
      return text.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }.map { $0 << 10 }
    }
    return nil
  }
}
