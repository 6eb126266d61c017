import JSON
import LoRASlots
import LoRASlotsCUDA

/// The device of a `--device` argument: `host`, `cuda`, `cuda:N`, or `auto`.
///
/// `auto` takes the first GPU, or host memory where none can be used, and says so; a device that was asked for by name
/// and cannot be used is an error.
func openSlotDevice(_ name: String, jobs: Int?, _ terminal: TerminalOptions) throws(Failure) -> any SlotDevice {
  if name == "host" { return HostDevice(workers: jobs) }
  do throws(SlotDeviceError) {
    let device = try CUDADevice(cudaOrdinal(name), workers: jobs)
    if let notice = device.notice { terminal.warn(escaped(notice, limit: 2_000)) }
    return device
  } catch {
    if name == "auto" {
      terminal.warn(
        "no CUDA device can be used (\(escaped("\(error)", limit: 2_000))); the slots are in host memory")
      return HostDevice(workers: jobs)
    }
    throw Failure(escaped("\(error)", limit: 2_000) + "; --device host does without a GPU")
  }
}

/// The number of the GPU that `cuda` or `cuda:N` means.
func cudaOrdinal(_ name: String) -> Int { name.hasPrefix("cuda:") ? Int(name.dropFirst(5)) ?? .max : 0 }

/// Whether a `--device` argument is written as one.
func isSlotDevice(_ name: String) -> Bool {
  if ["host", "cuda", "auto"].contains(name) { return true }
  guard name.hasPrefix("cuda:") else { return false }
  return UInt16(name.dropFirst(5)) != nil && name.dropFirst(5).allSatisfy { $0.isNumber }
}
