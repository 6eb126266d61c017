import CCUDADriver

/// Why something could not be done with CUDA.
package struct CUDAError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What failed: the name of a driver call, or `dlopen` or `dlsym`.
  package let call: String
  /// The driver's result; nil when the driver itself could not be loaded.
  package let result: Int?
  /// The name of the result, such as `CUDA_ERROR_OUT_OF_MEMORY`, or the loader's message.
  package let name: String
  /// What the driver says about it, or the compiler's log.
  package let detail: String

  /// A failure of `call`.
  package init(call: String, result: Int?, name: String, detail: String = "") {
    self.call = call
    self.result = result
    self.name = name
    self.detail = detail
  }

  /// Whether memory ran out.
  package var isOutOfMemory: Bool { result == CUDA_OUT_OF_MEMORY }

  /// Whether there is no driver, no device, or none that can be used: nothing is broken, CUDA is just not there.
  package var isUnavailable: Bool {
    switch result {
    case nil, CUDA_NOT_INITIALIZED, CUDA_STUB_LIBRARY, CUDA_NO_DEVICE, CUDA_INVALID_DEVICE,
      CUDA_DEVICE_UNAVAILABLE, CUDA_SYSTEM_NOT_READY, CUDA_SYSTEM_DRIVER_MISMATCH, CUDA_COMPAT_NOT_SUPPORTED_ON_DEVICE:
      true
    default: false
    }
  }

  /// Whether the context is dead: every later call on it fails until the process ends.
  package var isLost: Bool {
    switch result {
    case CUDA_ECC_UNCORRECTABLE, CUDA_CONTAINED, CUDA_ILLEGAL_ADDRESS, CUDA_LAUNCH_TIMEOUT, CUDA_ASSERT,
      CUDA_HARDWARE_STACK_ERROR, CUDA_ILLEGAL_INSTRUCTION, CUDA_MISALIGNED_ADDRESS, CUDA_INVALID_ADDRESS_SPACE,
      CUDA_INVALID_PC, CUDA_LAUNCH_FAILED, CUDA_TENSOR_MEMORY_LEAK, CUDA_EXTERNAL_DEVICE:
      true
    default: false
    }
  }

  /// Whether a CUDA graph is being captured, in which this cannot be done.
  package var isCapture: Bool { result.map { (CUDA_CAPTURE_UNSUPPORTED...CUDA_CAPTURE_WRONG_THREAD) ~= $0 } ?? false }

  /// What to do about it, where there is something.
  package var hint: String? {
    switch result {
    case nil where call == "dlopen":
      "install the NVIDIA driver, give the container access to the GPU, or use --device host"
    case nil: "install a newer NVIDIA driver; 450 (CUDA 11.0) or later is needed"
    case CUDA_OUT_OF_MEMORY: "use fewer or smaller slots, or free memory on the GPU"
    case CUDA_STUB_LIBRARY: "the toolkit's stub was found; put the driver's own libcuda.so.1 before it"
    case CUDA_NO_DEVICE: "no GPU is visible; check nvidia-smi and CUDA_VISIBLE_DEVICES"
    case CUDA_INVALID_DEVICE: "devices are numbered from 0; check nvidia-smi and CUDA_VISIBLE_DEVICES"
    case CUDA_UNSUPPORTED_PTX_VERSION, CUDA_INVALID_PTX, CUDA_NO_BINARY_FOR_GPU: "install a newer NVIDIA driver"
    case CUDA_DEVICE_UNAVAILABLE:
      "another process has the GPU to itself, or its compute mode forbids use; check nvidia-smi -q -d COMPUTE"
    case CUDA_SYSTEM_NOT_READY:
      "the driver waits for the system: on machines with NVSwitch start nvidia-fabricmanager of the driver's version"
    case CUDA_UNKNOWN: "the driver does not say why: reload its modules or restart the machine, and look at dmesg"
    case CUDA_SYSTEM_DRIVER_MISMATCH, CUDA_COMPAT_NOT_SUPPORTED_ON_DEVICE:
      "kernel module and library of the driver differ; restart after an update, or remove the compatibility package"
    case _ where isCapture:
      "a CUDA graph is being captured: open pools before the capture, and load before it or between replays"
    default:
      isLost ? "the GPU's context is lost: restart the process; it may be a defect of the program or the GPU" : nil
    }
  }

  /// One clause: the call, its result and what the driver says.
  package var description: String {
    let code = result.map { " (\($0))" } ?? ""
    return "\(call): \(name)\(code)\(detail.isEmpty ? "" : ", \(detail)")\(hint.map { "; \($0)" } ?? "")"
  }
}
