import JSON
import LoRAModel
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

import struct BaseCatalogue.LayerMixers

@testable import LoRACapacity

/// The numbers of real models, worked out again from their configs by the formulas of docs/capacity.md.
@Suite struct CapacityTests {
  private func base(_ name: String) throws -> BaseModel { try BaseModel.open(Fixtures.path("bases/\(name).json")) }

  private func plan(
    _ name: String, rank: UInt64, _ targets: TargetSelection, _ change: (inout CapacityRequest) -> Void = { _ in }
  ) throws -> CapacityPlan {
    var request = CapacityRequest(base: try base(name), adapters: .uniform(rank: rank, targets: targets))
    change(&request)
    return try CapacityPlan(request)
  }

  // MARK: Published numbers

  @Test func llama2AtRank16OnAttention() throws {
    let plan = try plan("llama-2-7b", rank: 16, .attention)
    #expect(plan.largest?.parameters == 16_777_216)
    #expect(plan.largest?.bytes == 33_554_432)
    #expect(plan.largest.map { ByteCount($0.bytes).description } == "33,554,432 B (32.0 MiB)")
    #expect(plan.parametersPerLayer == 524_288 && plan.adaptedLayers == 32)
    #expect(plan.adaptersPerGiB == 32)
    #expect(plan.baseParameters == 6_738_415_616 && plan.baseBytes == 13_476_831_232)
    let ratio = try #require(plan.shrinkRatio)
    #expect((400..<403).contains(ratio))
    #expect(try self.plan("llama-2-7b", rank: 64, .attention).largest?.parameters == 4 * 16_777_216)
    #expect(try self.plan("llama-7b", rank: 16, .attention).largest?.bytes == 33_554_432)
  }

  @Test func allSevenProjections() throws {
    #expect(try plan("llama-2-7b", rank: 16, .allLinear).largest?.bytes == 79_953_920)
    #expect(try plan("llama-2-7b", rank: 16, .allLinear) { $0.dtype = .f16 }.largest?.bytes == 79_953_920)
    #expect(try plan("llama-3.1-8b", rank: 16, .allLinear).largest?.parameters == 41_943_040)
    // vLLM's slots: 2,621,440 elements a rank in the layers, 264,704 more for embedding and head.
    let slot = try plan("llama-3.1-8b", rank: 16, .allLinear) { $0.maxLoRAs = 8 }
    let expected: UInt64 = (2_621_440 + 264_704) * 16 * 2
    #expect(slot.slotBytes == expected)
    #expect(slot.reservationBytes == slot.slotBytes.map { $0 * 8 })
  }

  @Test func sharingSaves87GPUsOf100() throws {
    let plan = try plan("llama-2-7b", rank: 16, .attention) {
      $0.tenants = 100
      $0.maxLoRAs = 8
      $0.gpuHourlyCost = 2
    }
    #expect(plan.gpusDedicated == 100 && plan.gpusShared == 13 && plan.gpusSaved == 87)
    #expect(plan.monthlyCost(plan.gpusDedicated) == 146_000 && plan.monthlyCost(plan.gpusShared) == 18_980)
  }

  @Test func whatDoesNotFitTakesNoNumberOfGPUs() throws {
    // 16,060,522,496 B of weights and 369,426,432 B of slots.
    func plan(_ memory: UInt64) throws -> CapacityPlan {
      try self.plan("llama-3.1-8b", rank: 8, .attention) {
        $0.tenants = 100
        $0.gpuMemory = memory
        $0.gpuMemoryUtilization = 1
        $0.gpuHourlyCost = 2
      }
    }
    let (both, alone, neither) = try (plan(16_429_948_928), plan(16_429_948_927), plan(16_060_522_495))
    #expect(both.fits == true && both.gpusDedicated == 100 && both.gpusShared == 13 && both.gpusSaved == 87)
    #expect(alone.fits == false && alone.gpusDedicated == 100 && alone.gpusShared == nil && alone.gpusSaved == nil)
    #expect(neither.fits == false && neither.gpusDedicated == nil && neither.gpusShared == nil)
    let text = try CapacityReport(alone.request).text.joined(separator: "\n")
    #expect(text.contains("146000.00 dedicated") && !text.contains("shared  "))
  }

  /// vLLM refuses an adapter above its max_lora_rank, of which 512 is the largest.
  @Test func adaptersAboveTheRankOfSlotsAreSaid() throws {
    func assumptions(_ rank: UInt64, slots: UInt64?) throws -> String {
      try plan("llama-3.1-8b", rank: rank, .attention) { $0.maxLoRARank = slots }.assumptions.joined(separator: "\n")
    }
    #expect(try assumptions(8, slots: 4).contains("rank 8 do not fit slots of rank 4"))
    #expect(try assumptions(600, slots: nil).contains("no max_lora_rank of vLLM is above 512"))
    for (rank, slots) in [(8, 8), (8, nil), (512, nil)] as [(UInt64, UInt64?)] {
      let said = try assumptions(rank, slots: slots)
      #expect(!said.contains("do not fit") && !said.contains("no max_lora_rank"))
    }
  }

  // MARK: First principles

  @Test(arguments: ["llama-2-7b", "llama-3.1-8b", "mistral-7b-v0.1", "qwen2.5-7b", "gemma-2-9b"])
  func everyNumberFollowsFromTheConfig(_ name: String) throws {
    let config = try Fixtures.json("bases/\(name).json")
    func value(_ key: String) -> UInt64? { config[key]?.int64.map { UInt64($0) } }
    let hidden = try #require(value("hidden_size"))
    let inner = try #require(value("intermediate_size"))
    let layers = try #require(value("num_hidden_layers"))
    let heads = try #require(value("num_attention_heads"))
    let kvHeads = value("num_key_value_heads") ?? heads
    let width = value("head_dim") ?? hidden / heads
    let rank: UInt64 = 32
    let attention =
      (hidden + heads * width) + 2 * (hidden + kvHeads * width) + (heads * width + hidden)
    let all = attention + 3 * (hidden + inner)

    let onAttention = try plan(name, rank: rank, .attention)
    #expect(onAttention.largest?.parameters == rank * attention * layers)
    #expect(onAttention.parametersPerLayer == rank * attention)
    #expect(onAttention.largest?.modules == Int(4 * layers))
    #expect(onAttention.deltaFLOPs == Double(2 * rank * attention * layers))
    let onAll = try plan(name, rank: rank, .allLinear) {
      $0.gpuMemory = 80 << 30
      $0.maxLoRAs = 4
      $0.overhead = 2 << 30
    }
    #expect(onAll.largest?.bytes == 2 * rank * all * layers)
    #expect(onAll.adaptersPerGiB == (1 << 30) / (2 * rank * all * layers))
    #expect(onAll.maxLoRARank == 32)

    // Operations of the base: two for each weight of the projections and of the head.
    let vocabulary = try #require(value("vocab_size"))
    let projections = 2 * hidden * heads * width + 2 * hidden * kvHeads * width + 3 * hidden * inner
    #expect(onAll.baseFLOPs == 2 * Double(layers * projections + hidden * vocabulary))

    let token = 2 * layers * kvHeads * width * 2
    #expect(onAll.kvBytesPerToken == token && onAll.kvBlockBytes == token * 16)
    let baseBytes = try #require(onAll.baseParameters) * 2
    #expect(onAll.baseBytes == baseBytes)
    let room = UInt64(Double(80 << 30 as UInt64) * 0.9) - (2 << 30) - baseBytes
    let slotBytes = try #require(onAll.slotBytes)
    let with = (room - 4 * slotBytes) / (token * 16)
    #expect(onAll.kvBlocksAvailable == with)
    #expect(onAll.kvBlocksDisplaced == room / (token * 16) - with)
    #expect(onAll.fits == true)
    // Slots have at least the layers' modules, and what they have beside grows with the rank, too.
    let adapterBytes = 2 * rank * all * layers
    #expect(slotBytes >= adapterBytes && slotBytes % rank == 0)
    #expect(onAll.paddingWasteRatio == 1 - Double(adapterBytes) / Double(slotBytes))
    #expect(try plan(name, rank: 64, .allLinear) { $0.maxLoRAs = 4 }.slotBytes == 2 * slotBytes)
  }

  // MARK: Other forms

  @Test func namesAndUnknownTargets() throws {
    let names = try #require(TargetSelection(parsing: "q_proj,self_attn.v_proj"))
    #expect(try plan("llama-2-7b", rank: 8, names).largest?.parameters == 8 * 2 * 8192 * 32)
    #expect(throws: CapacityError.self) { try plan("llama-2-7b", rank: 8, .names(["c_attn"])) }
    #expect(TargetSelection(parsing: "q_proj,,k_proj") == nil)
    #expect(try plan("gpt2", rank: 4, .attention).largest?.modules == 24)
    #expect(try plan("gpt2", rank: 4, .allLinear).largest?.modules == 48)
  }

  @Test func activeExpertsCount() throws {
    let plan = try plan("mixtral-8x7b", rank: 16, .attention)
    // 2 of 8 experts: 12.9 of the 46.7 thousand million parameters work on a token, less the embedding.
    #expect((25.0e9..<25.8e9).contains(plan.baseFLOPs))
  }

  @Test func latentAttentionKeepsOneNarrowVector() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "config.json",
      #"{"model_type":"deepseek_v3","num_hidden_layers":61,"kv_lora_rank":512,"qk_rope_head_dim":64,"num_attention_heads":128}"#
    )
    let cache = try #require(KeyValueCache(of: try BaseModel.open(path)))
    #expect(cache.parts == [.init(layers: 61, form: .latent(width: 512, rotary: 64))])
    #expect(cache.elementsPerToken == 61 * 576)
  }

  @Test func onlyLayersThatAttendKeepKeysAndValues() throws {
    let folder = try TemporaryFolder()
    let sizes =
      #""num_hidden_layers":6,"num_attention_heads":8,"num_key_value_heads":2,"head_dim":64,"hidden_size":512"#
    let kinds =
      #"["linear_attention","sliding_attention","full_attention","conv","mlp","full_attention"]"#
    let path = try folder.write(
      "config.json", "{\"model_type\":\"qwen3\",\(sizes),\"layer_types\":\(kinds),\"num_kv_shared_layers\":1}")
    let cache = try #require(KeyValueCache(of: try BaseModel.open(path)))
    #expect(cache.layers == 2)
    let mixers = try #require(cache.mixers)
    #expect((mixers.full, mixers.windowed, mixers.shared) == (1, 1, 1))
    #expect((mixers.stateful, mixers.none) == (2, 1))
  }

  @Test func otherSpellingsOfTheCache() throws {
    let folder = try TemporaryFolder()
    for (config, layers, form) in [
      (
        #"{"model_type":"gpt2","n_layer":12,"n_head":12,"n_embd":768}"#, 12,
        KeyValueCache.Form.heads(count: 12, width: 64)
      ),
      (
        #"{"model_type":"falcon","num_hidden_layers":32,"num_attention_heads":71,"hidden_size":4544,"multi_query":true}"#,
        32, .heads(count: 1, width: 64)
      ),
      (
        #"{"model_type":"qwen3","num_hidden_layers":36,"num_attention_heads":32,"num_key_value_heads":8,"head_dim":128,"hidden_size":4096}"#,
        36, .heads(count: 8, width: 128)
      ),
    ] {
      let path = try folder.write("\(layers).json", config)
      let cache = try #require(KeyValueCache(of: try BaseModel.open(path)))
      #expect(cache.parts == [.init(layers: UInt64(layers), form: form)], "\(config)")
    }
    let bert = try folder.write(
      "bert.json", #"{"model_type":"bert","num_hidden_layers":12,"num_attention_heads":12,"hidden_size":768}"#)
    #expect(KeyValueCache(of: try BaseModel.open(bert)) == nil)
    let mistral = try base("mistral-7b-v0.1")
    #expect(KeyValueCache(of: mistral)?.slidingWindow == 4096)
  }

  @Test func absurdConfigsAreErrorsOrNothing() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "config.json",
      #"{"model_type":"llama","hidden_size":2147483647,"intermediate_size":2147483647,"num_hidden_layers":3,"num_attention_heads":1,"vocab_size":2147483647}"#
    )
    for rank in [1, 1 << 20] as [UInt64] {
      guard let base = try? BaseModel.open(path) else { continue }
      _ = try? CapacityPlan(CapacityRequest(base: base, adapters: .uniform(rank: rank, targets: .allLinear)))
    }
  }

  // MARK: Real adapters

  @Test func realAdaptersAndTheirRanks() throws {
    let base = try BaseModel.open(Fixtures.path("models/llama-bf16-sharded"))
    let adapters = ["llama-all-linear", "llama-nano"].map { Adapter.load(Fixtures.path("adapters/\($0)")) }
    let request = CapacityRequest(base: base, adapters: .real(adapters))
    let plan = try CapacityPlan(request)
    #expect(plan.adapters.count == 2)
    for (adapter, size) in zip(adapters, plan.adapters) {
      let elements = adapter.modules.reduce(UInt64(0)) { sum, module in
        sum + (module.a?.shape.elementCount ?? 0) + (module.b?.shape.elementCount ?? 0)
      }
      #expect(size.parameters == elements && size.bytes == 2 * elements)
    }
    #expect(plan.baseBytes == base.checkpoint?.tensorBytes)
    let mix = try #require(try plan.rankMix())
    #expect(mix.buckets.reduce(0) { $0 + $1.adapters } == 2)
    #expect(mix.bucketedBytes <= mix.uniformBytes && mix.adapterBytes <= mix.bucketedBytes)
    let broken = Adapter.load(Fixtures.path("broken/file-html"))
    #expect(throws: CapacityError.self) { try CapacityPlan(CapacityRequest(base: base, adapters: .real([broken]))) }
  }
}
