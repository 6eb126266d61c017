import LoRASlots
import TensorCore

/// The device of a `--device` argument: `host`, `cuda`, `cuda:N`, or `auto`.
///
/// `auto` takes host memory where there is no other device, and says so; a device that was asked for by name and cannot
/// be used is an error.
func openSlotDevice(_ name: String, jobs: Int?) throws(Failure) -> any SlotDevice {
  if name == "host" { return HostDevice(workers: jobs) }
  if name == "auto" {
    StandardError.write("lora-tool: no CUDA device can be used; the slots are in host memory\n")
    return HostDevice(workers: jobs)
  }
  throw Failure("\(escaped(name)): this program was built without the CUDA driver's interface; use --device host")
}

/// Whether a `--device` argument is written as one.
func isSlotDevice(_ name: String) -> Bool {
  if ["host", "cuda", "auto"].contains(name) { return true }
  guard name.hasPrefix("cuda:") else { return false }
  return UInt16(name.dropFirst(5)) != nil && name.dropFirst(5).allSatisfy { $0.isNumber }
}
