import Diagnostics
import JSON
import LoRAEngines
import LoRAModel
import LoRATestSupport
import LoRAValidate
import Testing

/// What each engine refuses and what it would ignore, one row for each check.
struct EngineCase: CustomTestStringConvertible, Sendable {
  let engine: String
  let rule: RuleID
  /// A part of the message that tells this check from the others.
  let says: String
  let corrupt: @Sendable (inout Sample) -> Void

  var testDescription: String { "\(engine): \(says)" }

  init(_ engine: String, _ rule: RuleID, _ says: String, _ corrupt: @escaping @Sendable (inout Sample) -> Void) {
    self.engine = engine
    self.rule = rule
    self.says = says
    self.corrupt = corrupt
  }

  static let all: [EngineCase] = [
    EngineCase("vllm", .engineRank, "vLLM serves ranks up to 16") { $0.resizeAll(to: 24) },
    EngineCase("vllm", .engineUnsupported, "a config without target_modules") { $0.config["target_modules"] = nil },
    EngineCase("vllm", .engineUnsupported, "DoRA (use_dora)") { $0.config["use_dora"] = true },
    EngineCase("vllm", .engineUnsupported, "trained biases (bias \"all\")") { $0.config["bias"] = "all" },
    EngineCase("vllm", .engineUnsupported, "a bias on lora_B") { $0.config["lora_bias"] = true },
    EngineCase("vllm", .engineUnsupported, "modules_to_save: lm_head") { $0.saveHead() },
    EngineCase("vllm", .engineUnsupported, "names that are no LoRA factors: base_model.model.lm_head.weight") {
      $0.saveHead()
    },
    EngineCase("vllm", .engineUnsupported, "initialised with pissa") { $0.config["init_lora_weights"] = "pissa" },
    EngineCase("vllm", .engineUnsupported, "activated LoRA") { $0.config["alora_invocation_tokens"] = [1, 2] },
    EngineCase("vllm", .engineUnsupported, "block-diagonal LoRA") { $0.config["use_bdlora"] = ["nblocks": 2] },
    EngineCase("vllm", .engineUnsupported, "QALoRA") { $0.config["use_qalora"] = true },
    EngineCase("vllm", .engineUnsupported, "restacked layers") { $0.config["layer_replication"] = [[0, 2], [1, 3]] },
    EngineCase("vllm", .engineUnsupported, "names such as") { $0.renameAll { $0.dropLast(6) + "default.weight" } },
    EngineCase("vllm", .engineUnsupported, "modules named down_project") { sample in
      sample.renameAll { $0.replacing("_proj.", with: "_project.") }
    },
    EngineCase("vllm", .engineUnsupported, "modules with one factor only") { $0.tensors.removeLast() },
    EngineCase("vllm", .engineSilent, "which it loads and never finds") { sample in
      sample.renameAll { $0.replacing(".layers.", with: ".blocks.") }
    },
    EngineCase("vllm", .engineSilent, "_orig_mod.model.layers.0") { sample in
      sample.renameAll { $0.replacing("base_model.model.", with: "base_model.model._orig_mod.") }
    },
    EngineCase("vllm", .engineSilent, "smaller than the base's module") { sample in
      for position in sample.tensors.indices where position % 2 == 0 {
        sample.resize(position, to: [sample.rank, sample.tensors[position].shape[1] - 8])
      }
    },
    EngineCase("vllm", .engineSilent, "scales them for rank 99") { $0.config["r"] = 99 },
    EngineCase("vllm", .engineSilent, "A and B have different ranks") { sample in
      sample.resize(1, to: [sample.tensors[1].shape[0], sample.rank + 1])
    },
    EngineCase("sglang", .engineUnsupported, "regular expression") { $0.config["target_modules"] = ".*_proj" },
    EngineCase("sglang", .engineUnsupported, "modules whose rank is not r") { sample in
      sample.resize(0, to: [sample.rank + 2, sample.tensors[0].shape[1]])
      sample.resize(1, to: [sample.tensors[1].shape[0], sample.rank + 2])
    },
    EngineCase("sglang", .engineUnsupported, "q_proj without v_proj") { sample in
      sample.tensors.removeAll { $0.name.contains("v_proj") }
    },
    EngineCase("sglang", .engineSilent, "added or retrained tokens") { sample in
      sample.config["trainable_token_indices"] = [1, 2]
    },
    EngineCase("sglang", .engineSilent, "use_rslora") { $0.config["use_rslora"] = true },
    EngineCase("sglang", .engineSilent, "alpha_pattern") { $0.config["alpha_pattern"] = ["q_proj": 77] },
    EngineCase("sglang", .engineSilent, "tensors that are no LoRA factors") { $0.saveHead() },
    EngineCase("lorax", .engineSilent, "in every layer, because some layers lack it") { sample in
      sample.tensors.removeAll { $0.name.contains(".layers.2.self_attn.q_proj") }
    },
    EngineCase("lorax", .engineSilent, "tensors that are no LoRA factors") { $0.saveHead() },
    EngineCase("lorax", .engineSilent, "ask for other names") { sample in
      sample.renameAll { $0.replacing(".layers.", with: ".blocks.") }
    },
    EngineCase("lorax", .engineSilent, "ask for other names") { sample in
      sample.renameAll { $0.replacing("base_model.model.", with: "base_model.model._orig_mod.") }
    },
    EngineCase("lorax", .engineSilent, "is scaled by") { $0.resizeAll(to: 4) },
    EngineCase("lorax", .engineSilent, "is scaled by") { sample in
      sample.resizeAll(to: 16)
      sample.config["use_rslora"] = true
    },
    EngineCase("lorax", .engineUnsupported, "and it fills this one up to 48") { $0.resizeAll(to: 40) },
    EngineCase("lorax", .engineUnsupported, "its kernels have no such size") { sample in
      sample.resize(0, to: [sample.rank, 300])
    },
    EngineCase("lorax", .engineUnsupported, "of different ranks in different layers") { sample in
      sample.resize(0, to: [12, sample.tensors[0].shape[1]])
      sample.resize(1, to: [sample.tensors[1].shape[0], 12])
    },
    EngineCase("tensorrt-llm", .engineSilent, "modules that its map does not have") { sample in
      sample.renameAll { $0.replacing("q_proj", with: "c_attn") }
    },
    EngineCase("tensorrt-llm@1.0", .engineUnsupported, "modules that its map does not have") { sample in
      sample.renameAll { $0.replacing("q_proj", with: "c_attn") }
    },
    EngineCase("tensorrt-llm", .engineSilent, "DoRA (use_dora)") { $0.config["use_dora"] = true },
    EngineCase("tensorrt-llm", .engineSilent, "reads no alpha_pattern") { $0.config["alpha_pattern"] = ["q_proj": 77] },
    EngineCase("tensorrt-llm", .engineUnsupported, "has no layer that could add them") { sample in
      sample.renameAll { $0.replacing("mlp.up_proj", with: "block_sparse_moe.experts.0.w3") }
    },
    EngineCase("tensorrt-llm@1.0", .engineUnjudged, "was not tried with") { sample in
      sample.renameAll { $0.replacing("mlp.up_proj", with: "block_sparse_moe.experts.0.w3") }
    },
    EngineCase("tensorrt-llm", .engineRank, "TensorRT-LLM serves ranks up to 64") { $0.resizeAll(to: 80) },
    EngineCase("tensorrt-llm", .engineSilent, "lm_head") { sample in
      sample.tensors.append(.init(name: "base_model.model.lm_head.lora_A.weight", shape: [2, 32]))
      sample.tensors.append(.init(name: "base_model.model.lm_head.lora_B.weight", shape: [40, 2]))
    },
  ]
}

extension Sample {
  /// Another rank throughout, with the config to match.
  fileprivate mutating func resizeAll(to rank: UInt64) {
    for position in tensors.indices {
      let shape = tensors[position].shape
      resize(position, to: position % 2 == 0 ? [rank, shape[1]] : [shape[0], rank])
    }
    config["r"] = JSONValue(rank)
  }

  fileprivate mutating func renameAll(_ change: (String) -> String) {
    for position in tensors.indices { tensors[position].name = change(tensors[position].name) }
  }

  /// A whole output head, as modules_to_save leaves it.
  fileprivate mutating func saveHead() {
    config["modules_to_save"] = ["lm_head"]
    tensors.append(
      .init(name: "base_model.model.lm_head.weight", shape: [40, 32], values: [Float](repeating: 1, count: 1280)))
  }

  /// All seven kinds of linear modules of every layer.
  static var complete: Sample {
    for seed in UInt64(0)... {
      var random = SeededGenerator(seed: seed)
      let sample = honest(&random)
      if sample.modules.count == sizes.count * Int(layers) { return sample }
    }
    return plain
  }
}

@Suite struct EngineTests {
  @Test(arguments: EngineCase.all) func whatAnEngineDoesIsSaid(_ row: EngineCase) throws {
    var options = ValidationOptions()
    options.engine = Engine(named: row.engine)
    var sample = Sample.complete
    row.corrupt(&sample)
    let findings = try Bench().findings(sample, options: options)
    #expect(
      findings.contains { $0.rule == row.rule && $0.message.contains(row.says) && $0.hint != nil },
      "\(findings.map { "\($0.rule.rawValue): \($0.message)" })")
  }

  /// Adapters made by PEFT that vLLM's own loader refuses or applies in part, for what its class of the model is.
  @Test(arguments: [
    ("gpt2-bf16", RuleID.engineUnsupported, "adapters for GPT2LMHeadModel"),
    ("vit", .engineUnjudged, "was not tried with"),
    ("qwen3_moe-experts", .engineUnsupported, "factors of whole expert stacks"),
    ("mixtral-experts", .engineSilent, "has no module that takes adapters there"),
    ("resized-embedding", .engineUnsupported, "an embedding of 75 rows for a model of 72"),
  ])
  func whatAClassDoesNotServeIsSaid(_ name: String, _ rule: RuleID, _ says: String) throws {
    let path = Fixtures.path("adapters/\(name)")
    let folder = try #require(Adapter.load(path).config?.baseModel)
    var options = ValidationOptions()
    options.engine = Engine(named: "vllm")
    let report = Validation.run(
      [path], base: try BaseModel.open(Fixtures.path(String(folder.dropFirst("testdata/".count)))), options: options)
    let findings = report.adapters[0].findings
    #expect(
      findings.contains { $0.rule == rule && $0.message.contains(says) && $0.hint != nil },
      "\(findings.map { "\($0.rule.rawValue): \($0.message)" })")
  }

  @Test(arguments: ["vllm"]) func plainAdaptersAreServed(_ name: String) throws {
    var options = ValidationOptions()
    options.engine = Engine(named: name)
    let bench = try Bench()
    let report = bench.report([try Sample.complete.write("plain", in: bench.folder)], options: options)
    #expect(report.adapters[0].findings.isEmpty, "\(report.adapters[0].findings.map(\.message))")
    let serving = try #require(report.adapters[0].serving)
    #expect(serving.verdict == .applied)
  }

  @Test func servingIsSummedUp() throws {
    var options = ValidationOptions()
    options.engine = Engine(named: "vllm")
    let bench = try Bench()
    var refused = Sample.complete
    refused.config["use_dora"] = true
    var idle = Sample.complete
    idle.renameAll { $0.replacing(".layers.", with: ".blocks.") }
    let report = bench.report(
      [try refused.write("refused", in: bench.folder), try idle.write("idle", in: bench.folder)], options: options)
    #expect(report.adapters[0].serving?.loads == false)
    #expect(report.adapters[1].serving?.loads == true)
    #expect(report.adapters[1].serving?.acts == false)
    #expect(report.text().contains("vLLM would refuse this adapter"))
    #expect(report.text().contains("vLLM would load this adapter but not apply it as trained"))
  }

  @Test func smallestLegalLimits() throws {
    let engine = try #require(Engine(named: "vllm"))
    #expect(
      [1, 2, 8, 9, 24, 33, 128, 257, 321, 512].map { engine.smallestLimit(for: $0) } == [
        1, 8, 8, 16, 32, 64, 128, 320, 512, 512,
      ])
    #expect(engine.smallestLimit(for: 513) == nil)
    #expect(!engine.accepts(limit: 24) && engine.accepts(limit: 320))
    #expect(try #require(Engine(named: "sglang")).smallestLimit(for: 24) == 24)
    #expect(Engine(named: "other") == nil)
  }

  @Test func theLimitCanBeGiven() throws {
    var sample = Sample.complete
    sample.resizeAll(to: 24)
    var options = ValidationOptions()
    options.engine = Engine(named: "vllm")
    options.serving.maxLoRARank = 32
    #expect(try Bench().findings(sample, options: options).isEmpty)
    options.serving.maxLoRARank = 8
    let finding = try #require(try Bench().findings(sample, options: options).first)
    #expect(finding.hint == "start vLLM with --max-lora-rank 32, or resize the adapter to rank 8")
    options.engine = nil
    #expect(try Bench().findings(sample, options: options).map(\.rule) == [.engineRank])
  }

  @Test func theServedTargetsCount() throws {
    var options = ValidationOptions()
    options.engine = Engine(named: "vllm")
    options.serving.targetModules = ["q_proj", "k_proj", "v_proj", "o_proj"]
    let findings = try Bench().findings(.complete, options: options)
    #expect(findings.map(\.rule) == [.engineSilent])
    #expect(findings.first?.hint == "add the modules to --lora-target-modules by the last part of their names")
    options.engine = Engine(named: "sglang")
    #expect(try Bench().findings(.complete, options: options).map(\.rule) == [.engineUnsupported])
  }
}
