import LoRAEngines
import LoRAModel
import LoRASlots
import LoRATestSupport
import TensorCore
import Testing

/// Blocks that are large enough to be shared by several threads, and experts whose elements alternate.
@Suite struct LargeTests {
  /// Finite BF16 numbers, all different in their low bits.
  private func numbers(_ count: UInt64, _ seed: UInt64) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).flatMap { _ -> [UInt8] in
      let bits = random.next()
      return [UInt8(truncatingIfNeeded: bits), 0x3C | UInt8(truncatingIfNeeded: bits >> 8) & 0x83]
    }
  }

  private func adapter(_ folder: TemporaryFolder, _ tensors: [(String, [UInt64])], targets: String) throws -> Adapter {
    var builder = SafetensorsBuilder()
    for (index, (name, shape)) in tensors.enumerated() {
      let data = numbers(shape.reduce(1, *), UInt64(index + 1))
      builder.add("base_model.model." + name, .bf16, shape, data: data)
    }
    try folder.write("a/adapter_model.safetensors", builder)
    let config = "{\"peft_type\":\"LORA\",\"r\":6,\"lora_alpha\":9,\(targets)}"
    try folder.write("a/adapter_config.json", config)
    return Adapter.load(folder.path("a"))
  }

  private func check(
    _ adapter: Adapter, _ base: BaseModel, workers: Int, _ edit: (inout SlotOptions) -> Void = { _ in }
  ) throws {
    let (device, memory) = try poisonedSlots(for: base, workers: workers, edit)
    try memory.put(adapter, base: base, slot: 0, device: device)
    let reference = try SlotReference(adapter, base: base, layout: memory.layout)
    #expect(try memory.firstMismatch(inSlot: 0, with: reference) == nil)
    #expect(try memory.bytes(0, slot: 1).allSatisfy { $0 == 0xCD })
  }

  @Test(arguments: [1, 3])
  func aVocabulary(workers: Int) throws {
    let folder = try TemporaryFolder()
    let config =
      "{\"model_type\":\"llama\",\"architectures\":[\"LlamaForCausalLM\"],\"hidden_size\":64,\"intermediate_size\":48,"
      + "\"num_attention_heads\":4,\"num_key_value_heads\":2,\"num_hidden_layers\":1,\"vocab_size\":9000}"
    let base = try BaseModel.open(try folder.write("config.json", config))
    let adapter = try adapter(
      folder,
      [
        ("model.embed_tokens.lora_embedding_A", [6, 9000]), ("model.embed_tokens.lora_embedding_B", [64, 6]),
        ("lm_head.lora_A.weight", [6, 64]), ("lm_head.lora_B.weight", [9000, 6]),
        ("model.layers.0.self_attn.q_proj.lora_A.weight", [6, 64]),
        ("model.layers.0.self_attn.q_proj.lora_B.weight", [64, 6]),
      ], targets: "\"target_modules\":[\"embed_tokens\",\"lm_head\",\"q_proj\"]")
    try check(adapter, base, workers: workers) { $0.rank = 64 }
    try check(adapter, base, workers: workers) { $0.scheme = .slotMajor }
    try check(adapter, base, workers: workers) { $0.dtype = .f32 }
  }

  @Test(arguments: [1, 3])
  func aStackOfExperts(workers: Int) throws {
    let folder = try TemporaryFolder()
    let config =
      "{\"model_type\":\"gpt_oss\",\"architectures\":[\"GptOssForCausalLM\"],\"hidden_size\":96,\"intermediate_size\":160,"
      + "\"num_attention_heads\":4,\"num_key_value_heads\":2,\"head_dim\":16,\"num_hidden_layers\":1,\"vocab_size\":64,"
      + "\"num_local_experts\":32}"
    let base = try BaseModel.open(try folder.write("config.json", config))
    let experts = "model.layers.0.mlp.experts"
    let adapter = try adapter(
      folder,
      [
        ("\(experts).base_layer.lora_A.weight", [192, 96]), ("\(experts).base_layer.lora_B.weight", [320, 192]),
        ("\(experts).lora_A.weight", [192, 160]), ("\(experts).lora_B.weight", [96, 192]),
      ],
      targets: "\"target_modules\":[],\"target_parameters\":[\"mlp.experts.gate_up_proj\",\"mlp.experts.down_proj\"]")
    try check(adapter, base, workers: workers) { $0.rank = 64 }
    try check(adapter, base, workers: workers) {
      $0.tensorParallel = 2
      $0.tensorRank = 1
      $0.isFullySharded = true
    }
    try check(adapter, base, workers: workers) { $0.dtype = .f16 }
  }
}
