import CLoRAShims
import Glibc

/// Facts about the running process.
package enum CurrentProcess {
  /// Highest resident memory so far, in bytes.
  package static var peakResidentBytes: UInt64 { lora_peak_rss() }

  /// Seconds on a clock that never goes back.
  package static var monotonicSeconds: Double { Double(lora_monotonic_nanoseconds()) / 1e9 }

  /// Files that can be opened now, besides those that are open.
  package static var freeDescriptors: Int { lora_free_descriptors() }

  /// Lets the process open as many files as the system allows it; for programs, not for libraries in them.
  package static func raiseDescriptorLimit() { lora_raise_descriptor_limit() }

  /// Has memory used again when it is freed, instead of being given back and cleared by the system each time; for programs
  /// that take megabytes again and again, not for libraries in them.
  package static func keepFreedMemory() { lora_keep_freed_memory() }

  /// Lets the calling thread rest.
  package static func sleep(milliseconds: UInt32) { usleep(milliseconds * 1000) }

  /// Columns of the terminal on a descriptor, or nil when it is none.
  package static func terminalColumns(_ descriptor: CInt) -> Int? {
    let columns = lora_terminal_columns(descriptor)
    return columns > 0 ? Int(columns) : nil
  }
}
