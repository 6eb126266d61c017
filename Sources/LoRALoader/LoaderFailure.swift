import CLoRALoader
import LoRASlots
import SlotCache

/// Why a call failed: its status and a sentence.
struct LoaderFailure: Error {
  let status: Int
  let message: String

  init(_ status: Int, _ message: String) {
    self.status = status
    self.message = message
  }

  init(_ error: SlotDeviceError) {
    let status =
      switch error.reason {
      case .unavailable: LORA_UNAVAILABLE
      case .outOfMemory: LORA_NO_MEMORY
      case .unsupported: LORA_UNSUPPORTED
      case .unreadable: LORA_UNREADABLE
      case .call, .lost: LORA_DEVICE
      }
    self.init(status, "\(error)")
  }

  init(_ error: SlotCacheError) { self.init(LORA_BUSY, "\(error)") }
}

/// Runs work on a device and gives its failure the status that callers see.
func onDevice<Value>(_ body: () throws(SlotDeviceError) -> Value) throws(LoaderFailure) -> Value {
  do throws(SlotDeviceError) { return try body() } catch { throw LoaderFailure(error) }
}
