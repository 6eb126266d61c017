import LoRAEngines
import LoRAModel
import LoRASlots
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

/// Adapters that no slot has a place for; the reason is said, and nothing traps whatever the header claims.
@Suite struct RefusalTests {
  private func layout(_ base: BaseModel, rank: UInt64 = 8, _ edit: (inout SlotOptions) -> Void = { _ in }) throws
    -> SlotLayout
  {
    var options = SlotOptions()
    options.rank = rank
    edit(&options)
    return try SlotLayout(of: base, options)
  }

  private func reason(_ adapter: Adapter, _ base: BaseModel, _ layout: SlotLayout) -> String {
    do throws(PackingError) {
      _ = try PackingPlan(adapter, base: base, layout: layout)
      return "packed"
    } catch { return "\(error)" }
  }

  @Test(arguments: [
    ("adapters/llama-all-linear", 4, "rank 8 is larger"), ("adapters/llama-dora", 8, "DoRA"),
    ("adapters/lora-bias", 8, "bias"), ("adapters/save-head", 8, "whole tensors"),
    ("adapters/qwen2-all-linear", 8, ""), ("adapters/gpt2", 8, "no such module"),
    ("broken/rank-global", 64, "config says"),
  ])
  func isRefusedWithItsReason(path: String, rank: UInt64, text: String) throws {
    let base = try BaseModel.open(Fixtures.path("models/llama-bf16-sharded"))
    let found = reason(Adapter.load(Fixtures.path(path)), base, try layout(base, rank: rank))
    #expect(found != "packed" && found.contains(text), "\(path): \(found)")
  }

  @Test func modulesWithoutSlotsAreRefused() throws {
    let base = try BaseModel.open(Fixtures.path("models/llama-bf16-sharded"))
    let narrow = try layout(base) { $0.targetModules = ["q_proj"] }
    let found = reason(Adapter.load(Fixtures.path("adapters/llama-all-linear")), base, narrow)
    #expect(found.contains("no slot for this module"), "\(found)")
  }

  @Test func stacksOfTheOldOrderAreRefusedWhereVLLMWouldReshapeThemWrongly() throws {
    let base = try BaseModel.open(Fixtures.path("models/mixtral-bf16"))
    let found = reason(Adapter.load(Fixtures.path("adapters/mixtral-experts-peft-0.18")), base, try layout(base))
    #expect(found.contains("the base's module has in 20, out 24"), "\(found)")
  }

  /// Headers with every kind of wrong shape: whatever is said of them, nothing is read or written out of bounds.
  @Test func wrongShapesNeverTrap() throws {
    let base = try BaseModel.open(Fixtures.path("models/llama-bf16-sharded"))
    let gptOSS = try BaseModel.open(Fixtures.path("models/gpt_oss-bf16"))
    let folder = try TemporaryFolder()
    let config = "{\"peft_type\":\"LORA\",\"r\":4,\"lora_alpha\":8,\"target_modules\":[\"q_proj\"]}"
    let shapes: [[UInt64]] = [[], [4], [4, 32], [32, 4], [4, 0], [4, 31], [4, 8, 2], [16, 24]]
    let memories = try [base, gptOSS].map { ($0, try HostDevice(workers: 1).allocateSlots(try layout($0))) }
    let staging = try HostDevice().allocateStaging(bytes: 1 << 16)
    var count = 0
    for a in shapes {
      for b in shapes {
        for dtype in [DType.bf16, .i8, .f8e4m3] {
          count += 1
          for module in ["self_attn.q_proj", "mlp.experts", "mlp.experts.base_layer", "mlp.experts.1.gate_proj"] {
            var builder = SafetensorsBuilder()
            builder.add("base_model.model.model.layers.0.\(module).lora_A.weight", dtype, a)
            builder.add("base_model.model.model.layers.0.\(module).lora_B.weight", dtype, b)
            let name = "case\(count)-\(module)"
            try folder.write("\(name)/adapter_model.safetensors", builder)
            try folder.write("\(name)/adapter_config.json", config)
            let adapter = Adapter.load(folder.path(name))
            for (target, memory) in memories {
              guard let plan = try? PackingPlan(adapter, base: target, layout: memory.layout) else { continue }
              try AdapterReading.read(try #require(adapter.file), into: staging, at: 0, workers: 1)
              try memory.load([SlotLoad(plan: plan, staging: staging, start: 0, slot: 0)]).wait()
            }
            try folder.remove(name)
          }
        }
      }
    }
  }

  @Test func aLoadThatFitsNeitherSlotNorStagingIsRefused() throws {
    let base = try BaseModel.open(Fixtures.path("models/llama-bf16-sharded"))
    let adapter = Adapter.load(Fixtures.path("adapters/llama-all-linear"))
    let device = HostDevice(workers: 1)
    let memory = try device.allocateSlots(try layout(base))
    let plan = try PackingPlan(adapter, base: base, layout: memory.layout)
    let room = AdapterReading.room(for: try #require(adapter.file))
    let staging = try device.allocateStaging(bytes: room)
    for (start, slot) in [(0, 1), (0, -1), (256, 0), (-256, 0), (Int.max, 0)] {
      #expect(throws: SlotDeviceError.self) {
        try memory.load([SlotLoad(plan: plan, staging: staging, start: start, slot: slot)])
      }
    }
    #expect(throws: SlotDeviceError.self) { try device.allocateStaging(bytes: 1 << 60) }
  }
}
