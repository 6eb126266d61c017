import CLoRALoader
import LoRAEngines
import LoRAIO
import LoRAModel
import LoRASlots
import LoRASlotsCUDA
import TensorCore

/// The options of a pool, out of their C form.
struct PoolOptions {
  let base: String
  let slots: SlotOptions
  let device: String
  let residents: UInt64
  let adapterBytes: UInt64
  let workers: Int

  /// Most adapters that a pool keeps in host memory.
  private static let residentLimit: UInt64 = 1 << 20

  /// - Throws: `LORA_INVALID` for what makes no sense by itself.
  init(_ options: lora_pool_options) throws(LoaderFailure) {
    let numbers = unsafe (
      loras: options.max_loras, rank: options.max_lora_rank, residents: options.max_cpu_loras,
      bytes: options.adapter_bytes, parts: options.tensor_parallel, part: options.tensor_rank,
      full: options.fully_sharded, threads: options.threads
    )
    let texts = unsafe (
      base: text(options.base), layout: text(options.layout), dtype: text(options.dtype), device: text(options.device),
      targets: text(options.target_modules)
    )
    guard let base = texts.base else { throw LoaderFailure(LORA_INVALID, "base is null") }
    self.base = base
    device = texts.device ?? "host"
    var slots = SlotOptions()
    let layout = texts.layout ?? "vllm"
    guard let arrangement = SlotScheme(rawValue: layout) else {
      throw LoaderFailure(LORA_INVALID, "layout \(layout) is none of vllm, sglang, slot-major")
    }
    slots.scheme = arrangement
    let dtype = texts.dtype ?? "bf16"
    guard let type = ["bf16": DType.bf16, "f16": .f16, "f32": .f32][dtype] else {
      throw LoaderFailure(LORA_INVALID, "dtype \(dtype) is none of bf16, f16, f32")
    }
    slots.dtype = type
    slots.slots = Int(clamping: max(numbers.loras, 1))
    slots.rank = numbers.rank == 0 ? 16 : numbers.rank
    slots.tensorParallel = max(numbers.parts, 1)
    slots.tensorRank = numbers.part
    slots.isFullySharded = numbers.full != 0
    slots.targetModules = texts.targets?.split(separator: ",").map { String($0) }
    self.slots = slots
    residents = numbers.residents == 0 ? UInt64(slots.slots) : numbers.residents
    guard residents <= Self.residentLimit else {
      throw LoaderFailure(LORA_INVALID, "max_cpu_loras is more than \(Self.residentLimit)")
    }
    adapterBytes = numbers.bytes
    workers = numbers.threads > 0 ? Int(numbers.threads) : Workers.processorCount
  }
}

/// A text of the caller, copied; nil for null.
private func text(_ pointer: UnsafePointer<CChar>?) -> String? {
  unsafe pointer.map { unsafe String(cString: $0) }
}

extension AdapterPool {
  /// Opens base, device and layout, and allocates the host memory.
  convenience init(_ options: PoolOptions) throws(LoaderFailure) {
    let base: BaseModel
    do throws(BaseModelError) {
      base = try BaseModel.open(options.base)
    } catch {
      throw LoaderFailure(LORA_UNREADABLE, "\(error)")
    }
    let (layout, whole) = try Self.layouts(of: base, options.slots)
    // An adapter's file has the whole model's factors, whatever part of them this device takes, at most in f32.
    let (room, overflow) = whole.slotBytes.multipliedReportingOverflow(by: options.slots.dtype == .f32 ? 1 : 2)
    guard !overflow || options.adapterBytes > 0 else {
      throw LoaderFailure(LORA_NO_MEMORY, "a full adapter is larger than any memory; set adapter_bytes")
    }
    let device = try Self.device(options.device, workers: options.workers)
    do throws(SlotDeviceError) {
      try self.init(
        base: base, layout: layout, device: device, hostCapacity: Int(options.residents),
        adapterBytes: options.adapterBytes > 0 ? options.adapterBytes : room, workers: options.workers)
    } catch { throw LoaderFailure(error) }
  }

  private static func layouts(of base: BaseModel, _ options: SlotOptions) throws(LoaderFailure)
    -> (SlotLayout, whole: SlotLayout)
  {
    var undivided = options
    undivided.tensorParallel = 1
    undivided.tensorRank = 0
    do throws(SlotLayoutError) {
      return (try SlotLayout(of: base, options), try SlotLayout(of: base, undivided))
    } catch {
      throw LoaderFailure(LORA_INVALID, "\(error)")
    }
  }

  private static func device(_ name: String, workers: Int) throws(LoaderFailure) -> any SlotDevice {
    if name == "host" { return HostDevice(workers: workers) }
    guard name == "cuda" || name.hasPrefix("cuda:"), let ordinal = name == "cuda" ? 0 : Int(name.dropFirst(5)) else {
      throw LoaderFailure(LORA_INVALID, "device \(name) is neither host nor cuda:N")
    }
    do throws(SlotDeviceError) { return try CUDADevice(ordinal) } catch { throw LoaderFailure(error) }
  }
}
