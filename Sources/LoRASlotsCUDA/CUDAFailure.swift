import CUDADriver
import LoRASlots

extension SlotDeviceError {
  /// A failure of the driver, as one of the device.
  init(_ error: CUDAError, device: String, _ doing: String, needed: UInt64? = nil, free: UInt64? = nil) {
    let detail = error.detail.isEmpty ? "" : ": \(error.detail)"
    let reason: Reason
    if error.isLost {
      reason = .lost
    } else if error.isOutOfMemory, let needed {
      reason = .outOfMemory(needed: needed, free: free)
    } else if let result = error.result, !error.isUnavailable {
      reason = .call(name: error.call, result: result, resultName: error.name)
    } else {
      reason = .unavailable
    }
    // Where the reason does not carry the call, the message does.
    if case .call = reason {
      self.init(device: device, reason, "\(doing)\(detail)", hint: error.hint)
    } else {
      let code = error.result.map { ", \($0)" } ?? ""
      self.init(device: device, reason, "\(doing): \(error.name) (\(error.call)\(code))\(detail)", hint: error.hint)
    }
  }
}
