public import LoRAIO
public import Safetensors
import TensorCore

extension SafetensorsFile {
  /// Bytes of the data section.
  public var dataBytes: UInt64 {
    contents.size >= header.dataStart ? contents.size - header.dataStart : 0
  }
}

/// Adapters' data sections in staging memory.
public enum AdapterReading {
  /// Bytes that one thread reads at a time.
  private static let chunk: UInt64 = 4 << 20

  /// Data sections start at multiples of this many bytes, so that tensors lie as they do in the file.
  public static let alignment = 256

  /// Bytes of staging memory that an adapter's file takes.
  public static func room(for file: SafetensorsFile) -> UInt64 {
    let (sum, overflow) = file.dataBytes.addingReportingOverflow(UInt64(alignment - 1))
    return overflow ? .max : sum / UInt64(alignment) * UInt64(alignment)
  }

  /// Reads the data section byte for byte to `start`, on several threads; the memory must have room for it.
  ///
  /// Files are read and never mapped: a file that shrinks is an error here, not the end of the process.
  public static func read(
    _ file: SafetensorsFile, into staging: any StagingMemory, at start: Int, workers: Int
  ) throws(IOError) {
    let total = file.dataBytes
    precondition(start >= 0 && UInt64(start) + total <= UInt64(staging.byteCount), "the staging memory is too small")
    let chunks = Int((total + chunk - 1) / chunk)
    try Workers.forEach(count: chunks, workers: workers) { index throws(IOError) in
      let first = UInt64(index) * chunk
      let count = Int(min(chunk, total - first))
      let place = start + Int(first)
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: staging.bytes[place..<place + count])
      unsafe try file.contents.read(into: part, at: file.header.dataStart + first)
    }
  }
}
