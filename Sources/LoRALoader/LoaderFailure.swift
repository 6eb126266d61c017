import CLoRALoader
import LoRASlots

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
      case .call(_, 900...908, _): LORA_CAPTURING
      case .call, .lost: LORA_DEVICE
      }
    self.init(status, "\(error)")
  }

  /// A failure of the pool, with the names of the interface where there is something to do.
  init(_ error: AdapterPoolError) {
    switch error {
    case .refused: self.init(LORA_UNSUPPORTED, "\(error)")
    case .unreadable, .file: self.init(LORA_UNREADABLE, "\(error)")
    case .tooLarge: self.init(LORA_NO_MEMORY, "\(error); raise adapter_bytes")
    case .full: self.init(LORA_NO_MEMORY, "\(error); raise max_cpu_loras")
    case .busy: self.init(LORA_BUSY, "\(error)")
    case .held(let adapter):
      self.init(LORA_BUSY, "adapter \(AdapterNumber.given(adapter)) has a slot that is in use; release it first")
    case .gone(let adapter):
      self.init(LORA_GONE, "adapter \(AdapterNumber.given(adapter)) is not in host memory; add it again")
    case .assigned(.cache):
      self.init(
        LORA_INVALID,
        "this pool chooses its slots since lora_pool_acquire; open another pool to load into slots of your choice")
    case .assigned(.caller):
      self.init(
        LORA_INVALID,
        "the engine chooses this pool's slots since it loaded or evicted one; open another pool to acquire")
    case .notAcquired, .invalid: self.init(LORA_INVALID, "\(error)")
    case .device(let error): self.init(error)
    }
  }
}

/// The numbers of adapters: the interface's start at 1, the pool's at 0.
enum AdapterNumber {
  /// What the caller knows an adapter by.
  static func given(_ adapter: Int) -> Int64 { Int64(adapter) &+ 1 }

  /// What the pool knows an adapter by; negative for what no adapter is known by.
  static func known(_ number: Int64) -> Int { Int(max(number, 0)) - 1 }
}

/// Runs a call of the pool and gives its failure the status that callers see.
func inPool<Value>(_ body: () throws(AdapterPoolError) -> Value) throws(LoaderFailure) -> Value {
  do throws(AdapterPoolError) { return try body() } catch { throw LoaderFailure(error) }
}
