import JSON
import LoRAModel
import LoRATestSupport
import Testing

@testable import LoRACapacity

/// Every number of the document, worked out again from the configs of real models.
@Suite struct FirstPrinciplesTests {
  /// Sizes as a config gives them.
  private struct Model {
    let hidden, inner, layers, heads, keyValueHeads, width, vocabulary: UInt64
    let isTied: Bool
    /// Parameters as transformers counts them.
    let parameters: UInt64

    init(_ name: String) throws {
      let config = try Fixtures.json("bases/\(name).json")
      func given(_ key: String) -> UInt64? { config[key]?.int64.map { UInt64($0) } }
      func value(_ key: String) throws -> UInt64 { try #require(given(key), "\(name): \(key)") }
      (hidden, inner) = (try value("hidden_size"), try value("intermediate_size"))
      (layers, heads) = (try value("num_hidden_layers"), try value("num_attention_heads"))
      keyValueHeads = given("num_key_value_heads") ?? heads
      width = given("head_dim") ?? hidden / heads
      vocabulary = try value("vocab_size")
      isTied = config["tie_word_embeddings"]?.bool ?? (config["model_type"] == "gemma2")
      let table = String(decoding: try Fixtures.bytes("bases/parameters.tsv"), as: UTF8.self)
      let row = table.split(separator: "\n").first { $0.hasPrefix("\(name).json\t") }
      parameters = try #require(row.flatMap { UInt64($0.split(separator: "\t")[1]) })
    }

    /// In and out of q, k, v, o, gate, up and down for one of `devices`; A and B both whole for one device.
    func projections(of devices: UInt64) -> [(input: UInt64, output: UInt64)] {
      let local = max(1, keyValueHeads / devices) * width
      return [
        (hidden, heads / devices * width), (hidden, local), (hidden, local), (heads / devices * width, hidden),
        (hidden, inner / devices), (hidden, inner / devices), (inner / devices, hidden),
      ]
    }
  }

  /// The models for which vLLM keeps slots for embedding and head, too.
  private static let withEmbeddings: Set<String> = ["llama-2-7b", "llama-3.1-8b"]

  private static let cases: [(name: String, devices: UInt64)] =
    ["llama-2-7b", "llama-3.1-8b", "mistral-7b-v0.1", "qwen2.5-7b", "gemma-2-9b"]
    .flatMap { name in [1, 2, 4].map { (name, $0) } } + [("llama-3.1-8b", 16), ("mistral-7b-v0.1", 32)]

  @Test(arguments: cases) func everyKeyOfTheDocument(_ name: String, _ devices: UInt64) throws {
    let model = try Model(name)
    let (rank, slots, tenants) = (24 as UInt64, 5 as UInt64, 103 as UInt64)
    let (memory, overhead) = (24 << 30 as UInt64, 1 << 30 as UInt64)
    var request = CapacityRequest(
      base: try BaseModel.open(Fixtures.path("bases/\(name).json")),
      adapters: .uniform(rank: rank, targets: .allLinear))
    request.maxLoRAs = slots
    request.tensorParallel = devices
    request.tenants = tenants
    request.gpuMemory = memory
    request.gpuMemoryUtilization = 0.75
    request.overhead = overhead
    request.kvType = .fp8
    request.blockSize = 32
    request.gpuHourlyCost = 1.5
    var other = request
    other.maxLoRAs = 2 * slots
    let document = try CapacityReport(request, sweep: [request, other]).json(toolVersion: "1")

    let whole = model.projections(of: 1)
    let elements = whole.reduce(0) { $0 + $1.input + $1.output }
    let adapter = rank * elements * model.layers
    let slotRank: UInt64 = 32
    // A of what is split by outputs is whole everywhere, as is B of what is split by inputs.
    let own = model.projections(of: devices)
    let extra = Self.withEmbeddings.contains(name) ? 2 * (model.vocabulary + model.hidden) : 0
    let slot = 2 * slotRank * (model.layers * own.reduce(0) { $0 + $1.input + $1.output } + extra)
    let wholeSlot = 2 * slotRank * (model.layers * elements + extra)

    // Weights: projections and the vocabulary, padded to a multiple of 64, are shared.
    let base = 2 * model.parameters
    func size(_ pairs: [(input: UInt64, output: UInt64)]) -> UInt64 { pairs.reduce(0) { $0 + $1.input * $1.output } }
    let tables: UInt64 = model.isTied ? 1 : 2
    let rows = devices == 1 ? model.vocabulary : (model.vocabulary + 63) / 64 * 64 / devices
    let baseOnOne =
      base - 2 * model.layers * (size(whole) - size(own)) - 2 * tables * (model.vocabulary - rows) * model.hidden

    let token = 2 * model.layers * max(1, model.keyValueHeads / devices) * model.width
    let block = 32 * token
    let budget = UInt64(Double(memory) * 0.75) - overhead
    let free = budget > baseOnOne ? budget - baseOnOne : 0
    let fits = baseOnOne <= budget && slots * slot <= free
    let available = fits ? (free - slots * slot) / block : 0
    let operations = Double(2 * (model.layers * size(whole) + model.hidden * model.vocabulary))
    // Of servers that cannot hold what they are to serve no number is enough.
    let dedicated = baseOnOne <= budget ? tenants * devices : nil
    let shared = fits ? 21 * devices : nil
    let saved = shared.map { tenants * devices - $0 }
    func number(_ value: UInt64?) -> JSONValue { value.map { JSONValue($0) } ?? .null }
    func cost(_ gpus: UInt64?) -> JSONValue { gpus.map { .real(Double($0) * 1.5 * 8760 / 12) } ?? .null }

    let expected: [(key: String, value: JSONValue)] = [
      ("schema", "lora-tool/plan/1"), ("tool_version", "1"), ("rank", JSONValue(rank)),
      ("max_loras", JSONValue(slots)), ("max_lora_rank", JSONValue(slotRank)), ("dtype", "BF16"),
      ("parameters_per_layer", JSONValue(rank * elements)), ("adapted_layers", JSONValue(model.layers)),
      ("adapter_parameters", JSONValue(adapter)), ("adapter_bytes", JSONValue(2 * adapter)),
      ("adapters_per_gib", JSONValue((1 << 30) / (2 * adapter))), ("base_parameters", JSONValue(model.parameters)),
      ("base_bytes", JSONValue(base)), ("shrink_ratio", .real(Double(model.parameters) / Double(adapter))),
      ("tensor_parallel", JSONValue(devices)), ("base_bytes_per_gpu", JSONValue(baseOnOne)),
      ("slot_bytes", JSONValue(slot)), ("slot_reservation_bytes", JSONValue(slots * slot)), ("kv_cache", "heads"),
      ("kv_layers", kinds(of: name, layers: model.layers)),
      ("state_bytes_per_sequence", .null), ("kv_bytes_per_token", JSONValue(token)),
      ("kv_block_bytes", JSONValue(block)), ("kv_block_tokens", 32),
      ("kv_blocks_displaced", JSONValue(free / block - available)), ("kv_blocks_available", JSONValue(available)),
      ("fits", .bool(fits)), ("delta_flops_per_token", .real(Double(2 * adapter))),
      ("base_flops_per_token", .real(operations)), ("delta_flops_ratio", .real(Double(2 * adapter) / operations)),
      ("gpus_dedicated", number(dedicated)), ("gpus_shared", number(shared)), ("gpus_saved", number(saved)),
      ("monthly_cost", ["dedicated": cost(dedicated), "shared": cost(shared), "saved": cost(saved)]),
      ("padding_waste_ratio", .real(1 - Double(2 * adapter) / Double(wholeSlot))),
      (
        "adapters",
        [
          [
            "path": .null, "rank": JSONValue(rank), "modules": JSONValue(7 * model.layers),
            "parameters": JSONValue(adapter), "bytes": JSONValue(2 * adapter),
          ]
        ]
      ),
    ]
    for (key, value) in expected { #expect(document[key] == value, "\(key)") }
    // Nothing else is a number.
    let checked = Set(expected.map(\.key))
    #expect(Set(document.object?.keys ?? []).subtracting(checked) == ["sweep", "assumptions"])

    // The sweep has the same numbers.
    let sweep = try #require(document["sweep"]?.array)
    for (key, value) in try #require(sweep[0].object).members { #expect(value == document[key], "sweep: \(key)") }
    #expect(sweep[1]["slot_reservation_bytes"] == JSONValue(2 * slots * slot))
    let doubleFits = baseOnOne <= budget && 2 * slots * slot <= free
    #expect(sweep[1]["gpus_shared"] == number(doubleFits ? 11 * devices : nil))
  }

  @Test func theRankMix() throws {
    // Ranks 8 and 4 on a small model that is at hand.
    let base = try BaseModel.open(Fixtures.path("models/llama-bf16-sharded"))
    let adapters = ["llama-all-linear", "llama-nano", "llama-nano"].map {
      Adapter.load(Fixtures.path("adapters/\($0)"))
    }
    var request = CapacityRequest(base: base, adapters: .real(adapters))
    for target in [nil, ["q_proj"]] as [[String]?] {
      request.slotTargets = target
      let document = try CapacityReport(request).json(toolVersion: "1")
      let mix = try #require(document["rank_mix"])
      let ranks = adapters.map { adapter in adapter.modules.map(\.rank).max() ?? 0 }
      let legal = ranks.map { rank in CapacityRequest.legalRanks.first { $0 >= rank } ?? 0 }
      func slot(_ rank: UInt64) throws -> Int64 {
        var single = request
        single.adapters = .uniform(rank: rank, targets: .allLinear)
        return Int64(try #require(try CapacityPlan(single).slotBytes))
      }
      let bucketed = try legal.reduce(0) { try $0 + slot($1) }
      #expect(mix["bucketed_bytes"] == .integer(bucketed))
      #expect(mix["uniform_bytes"] == .integer(try 3 * slot(legal.max() ?? 0)))
      let bytes = adapters.map { $0.modules.reduce(0) { $0 + 2 * Int64($1.parameters) } }
      #expect(mix["adapter_bytes"] == .integer(bytes.reduce(0, +)))
      #expect(mix["saving"] == .real(1 - Double(bucketed) / Double(try 3 * slot(legal.max() ?? 0))))
      let buckets = try #require(mix["buckets"]?.array)
      #expect(buckets.compactMap { $0["rank"]?.int64 } == Set(legal).sorted().map { Int64($0) })
      for bucket in buckets {
        let rank = UInt64(try #require(bucket["rank"]?.int64))
        #expect(bucket["adapters"]?.int64 == Int64(legal.count { $0 == rank }))
        #expect(bucket["slot_bytes"]?.int64 == (try slot(rank)))
      }
    }
  }

  // MARK: Several GPUs

  @Test func headsThatCannotBeSharedAreErrors() throws {
    for (name, devices) in [("qwen2.5-7b", 8), ("llama-3.1-8b", 64), ("llama-2-7b", 3), ("gemma-2-9b", 32)] {
      var request = CapacityRequest(
        base: try BaseModel.open(Fixtures.path("bases/\(name).json")),
        adapters: .uniform(rank: 8, targets: .attention))
      request.tensorParallel = UInt64(devices)
      #expect(throws: CapacityError.self, "\(name) \(devices)") { try CapacityPlan(request) }
    }
  }

  @Test func absurdNumbersOfGPUsTrapNothing() throws {
    var request = CapacityRequest(
      base: try BaseModel.open(Fixtures.path("bases/gpt2.json")), adapters: .uniform(rank: 8, targets: .attention))
    request.tenants = .max
    request.maxLoRAs = 1
    let plan = try CapacityPlan(request)
    #expect(plan.gpusDedicated == .max && plan.gpusShared == .max && plan.gpusSaved == 0)
    request.tensorParallel = .max
    #expect(throws: CapacityError.self) { try CapacityPlan(request) }
  }

  // MARK: Every architecture

  /// All architectures of the catalogue have a plan, those without a cache or without slots, too.
  @Test func everyArchitectureHasAPlan() throws {
    let folder = try TemporaryFolder()
    let names = [
      "bert", "bloom", "cohere", "cohere2", "deepseek_v2", "deepseek_v3", "distilbert", "ernie4_5", "exaone4", "falcon",
      "gemma", "gemma2", "gemma3", "gemma3_text", "glm4", "gpt2", "gpt_bigcode", "gpt_neox", "gpt_oss", "gptj",
      "granite", "llama", "llama4_text", "mistral", "mixtral", "mpt", "olmo", "olmo2", "opt", "phi", "phi3", "qwen2",
      "qwen2_moe", "qwen2_vl", "qwen3", "qwen3_moe", "roberta", "seed_oss", "smollm3", "stablelm", "starcoder2", "t5",
      "vit", "whisper",
    ]
    for name in names {
      let config = try #require(try Fixtures.json("catalogue/\(name).json")["cases"]?.array?.first?["config"])
      let path = try folder.write("\(name).json", config.text())
      var request = CapacityRequest(
        base: try BaseModel.open(path), adapters: .uniform(rank: 8, targets: .allLinear))
      request.gpuMemory = 80 << 30
      let report = try CapacityReport(request)
      let document = report.json(toolVersion: "1")
      #expect(report.plan.largest.map { $0.bytes > 0 } == true, "\(name)")
      #expect(report.plan.slotBytes != nil, "\(name)")
      let cache: JSONValue =
        switch name {
        case "bert", "distilbert", "roberta", "vit": "none"
        case "t5", "whisper": "unknown"
        case "deepseek_v2", "deepseek_v3": "latent"
        default: "heads"
        }
      #expect(document["kv_cache"] == cache, "\(name)")
      #expect(document["kv_bytes_per_token"]?.isNull == (cache == "none" || cache == "unknown"), "\(name)")
      #expect(!report.text.isEmpty)
    }
  }

  @Test func aModelOfConvolutionsHasNoSlots() throws {
    let base = try BaseModel.open(Fixtures.path("models/resnet-f32"))
    let adapter = Adapter.load(Fixtures.path("adapters/resnet-conv"))
    let plan = try CapacityPlan(CapacityRequest(base: base, adapters: .real([adapter])))
    let elements = adapter.modules.reduce(UInt64(0)) { $0 + $1.parameters }
    #expect(plan.largest?.parameters == elements && plan.largest?.bytes == 2 * elements)
    let document = try CapacityReport(CapacityRequest(base: base, adapters: .real([adapter]))).json(toolVersion: "1")
    #expect(document["kv_bytes_per_token"] == .null)
    #expect(plan.assumptions.contains { $0.contains("slots") })
  }
}

/// How many layers keep what: Gemma 2 alternates windows and all tokens, the type of Qwen2 says that all keep all.
private func kinds(of name: String, layers: UInt64) -> JSONValue {
  let windowed = name.hasPrefix("gemma-2") ? layers / 2 : 0
  guard windowed > 0 || name.hasPrefix("qwen2") else { return .null }
  return [
    "full": JSONValue(layers - windowed), "windowed": JSONValue(windowed), "shared": 0, "stateful": 0, "none": 0,
  ]
}
