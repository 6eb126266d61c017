import LoRAEngines
import LoRAModel

@testable import LoRASlots

/// Two slots on the host, full of 0xCD, so that what is not written shows.
func poisonedSlots(for base: BaseModel, workers: Int, _ edit: (inout SlotOptions) -> Void = { _ in }) throws -> (
  device: HostDevice, memory: any SlotMemory
) {
  var options = SlotOptions()
  options.slots = 2
  edit(&options)
  let device = HostDevice(workers: workers)
  let memory = try device.allocateSlots(try SlotLayout(of: base, options))
  try memory.fill(with: 0xCD)
  return (device, memory)
}
