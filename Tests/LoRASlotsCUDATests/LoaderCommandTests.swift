import CLoRALoader
import LoRAEngines
import LoRAModel
import LoRASlots
import LoRATestSupport
import TensorCore
import Testing

@testable import CUDADriver

/// How many commands a swap is, with an adapter that is large enough to come in chunks.
extension CUDATests.LoaderTests {
  /// A model of 32 layers and an adapter of 4 MB for it, in the order of PEFT's files: layer 10 before layer 2.
  private func makeLarge(in folder: TemporaryFolder) throws -> (base: String, adapter: String) {
    let base = try folder.write(
      "base/config.json",
      "{\"model_type\":\"llama\",\"architectures\":[\"LlamaForCausalLM\"],\"hidden_size\":256,\"intermediate_size\":512,"
        + "\"num_attention_heads\":4,\"num_key_value_heads\":2,\"num_hidden_layers\":32,\"vocab_size\":64}")
    let sizes: [(String, UInt64, UInt64)] = [
      ("mlp.down_proj", 512, 256), ("mlp.gate_proj", 256, 512), ("mlp.up_proj", 256, 512),
      ("self_attn.k_proj", 256, 128), ("self_attn.o_proj", 256, 256), ("self_attn.q_proj", 256, 256),
      ("self_attn.v_proj", 256, 128),
    ]
    var builder = SafetensorsBuilder()
    for layer in (0..<32).map({ "\($0)" }).sorted() {
      for (name, inputs, outputs) in sizes {
        let module = "base_model.model.model.layers.\(layer).\(name)"
        let data = (0..<32 * max(inputs, outputs)).map { UInt8(truncatingIfNeeded: $0 &* 37) & 0x3F }
        builder.add("\(module).lora_A.weight", .bf16, [16, inputs], data: Array(data.prefix(Int(32 * inputs))))
        builder.add("\(module).lora_B.weight", .bf16, [outputs, 16], data: Array(data.prefix(Int(32 * outputs))))
      }
    }
    try folder.write("large/adapter_model.safetensors", builder)
    try folder.write(
      "large/adapter_config.json",
      "{\"peft_type\":\"LORA\",\"r\":16,\"lora_alpha\":32,\"target_modules\":\"all-linear\"}")
    return (base, folder.path("large"))
  }

  /// At most 16 commands, those on the engine's stream included, and still in chunks, each with its launch; the last
  /// layer, whose chunk is the last, holds what it should.
  @Test func aSwapIsAtMostSixteenCommands() throws {
    let folder = try TemporaryFolder()
    let paths = try makeLarge(in: folder)
    let context = try CUDAContext(try DriverLibrary.load(FakeDriver.path), device: 0)
    var pool: LoaderLibrary.Pool = nil
    let opened = unsafe paths.base.withCString { base in
      unsafe "cuda:0".withCString { device in
        var options = unsafe lora_pool_options()
        unsafe (options.base, options.device) = (base, device)
        unsafe (options.max_loras, options.max_cpu_loras, options.max_lora_rank) = (2, 1, 16)
        return unsafe LoaderLibrary.open(options, &pool)
      }
    }
    #expect(opened == LORA_OK, "\(LoaderLibrary.lastError)")
    defer { unsafe LoaderLibrary.close(pool) }
    let engine = try EngineQueue(context)
    let number = unsafe LoaderLibrary.add(pool, paths.adapter)
    // The first load allocates the slots.
    #expect(unsafe LoaderLibrary.load(pool, number, 0, stream: engine.handle) == LORA_OK, "\(LoaderLibrary.lastError)")
    for slot in [0, 1, 0] as [UInt64] {
      let before = FakeDriver.counts
      #expect(unsafe LoaderLibrary.load(pool, number, slot, stream: engine.handle) == LORA_OK)
      let after = FakeDriver.counts
      #expect(after.submissions - before.submissions <= 16)
      #expect(after.launches - before.launches >= 2)
    }
    try engine.stream.synchronize()
    let base = try BaseModel.open(paths.base)
    var options = SlotOptions()
    (options.slots, options.rank) = (2, 16)
    let layout = try SlotLayout(of: base, options)
    let reference = try SlotReference(Adapter.load(paths.adapter), base: base, layout: layout)
    let names = ["layers.0.", "layers.31."]
    let buffers = layout.buffers.indices.filter { index in names.contains { layout.buffers[index].name.contains($0) } }
    #expect(buffers.count >= 8)
    for buffer in buffers {
      let found = unsafe LoaderLibrary.read(pool, UInt64(buffer), 1, count: layout.buffers[buffer].slotBytes)
      #expect(found == reference.bytes(ofBuffer: buffer), "\(layout.buffers[buffer].name)")
    }
  }
}
