import LoRASlots
import Testing

@Suite struct DeviceErrorTests {
  @Test func anErrorSaysDeviceCauseNumbersAndWhatToDo() {
    let error = SlotDeviceError(
      device: "cuda:0", .outOfMemory(needed: 4096, free: 1024), "the slots do not fit", hint: "lower --max-loras")
    #expect(
      error.description
        == "cuda:0: the slots do not fit; 4,096 B (4.0 KiB) needed, 1,024 B (1.0 KiB) free; lower --max-loras")
    let call = SlotDeviceError(
      device: "cuda:1", .call(name: "cuInit", result: 100, resultName: "CUDA_ERROR_NO_DEVICE"), "cannot start")
    #expect(call.description == "cuda:1: cannot start (cuInit: CUDA_ERROR_NO_DEVICE, 100)")
  }
}
