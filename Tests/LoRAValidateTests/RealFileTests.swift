import Diagnostics
import JSON
import LoRAEngines
import LoRAModel
import LoRATestSupport
import LoRAValidate
import TensorCore
import Testing

/// Kinds of files that people publish, and what the check says of them.
@Suite struct RealFileTests {
  /// Findings about an adapter whose modules all have 8 inputs and outputs.
  private func findings(
    _ modules: [String], config: JSONObject = JSONObject(), base: String? = nil, weights: [String]? = nil
  ) throws -> [Finding] {
    let folder = try TemporaryFolder()
    var tensors = SafetensorsBuilder(metadata: [("format", "pt")])
    let numbers = (0..<16).map { Float($0) / 8 - 1 }
    for module in modules {
      tensors.add("base_model.model.\(module).lora_A.weight", .f32, [2, 8], values: numbers)
      tensors.add("base_model.model.\(module).lora_B.weight", .f32, [8, 2], values: numbers)
    }
    var fields: JSONObject = [
      "peft_type": "LORA", "r": 2, "lora_alpha": 4, "base_model_name_or_path": "example/tiny",
      "target_modules": .array(modules.map { .string(String($0.split(separator: ".").last ?? "")) }),
    ]
    for (key, value) in config.members { fields[key] = value }
    try folder.write("adapter/adapter_model.safetensors", tensors)
    try folder.write("adapter/adapter_config.json", JSONValue.object(fields).text())
    var model: BaseModel?
    if let base {
      try folder.write("base/config.json", base)
      if let weights {
        var file = SafetensorsBuilder()
        for name in weights { file.add(name + ".weight", .f32, [8, 8]) }
        try folder.write("base/model.safetensors", file)
      }
      model = try BaseModel.open(folder.path("base"))
    }
    return Validation.run([folder.path("adapter")], base: model, options: ValidationOptions()).adapters.flatMap(
      \.findings)
  }

  private func layers(_ range: some Sequence<Int>, _ prefix: String, _ leaves: [String]) -> [String] {
    range.flatMap { layer in leaves.map { "\(prefix)\(layer).\($0)" } }
  }

  /// Asked for all linear layers of a model with experts, PEFT writes the usual router along, whatever the model has.
  @Test func aRouterThatPEFTWritesByItselfIsNoMistake() throws {
    let base = #"{"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 8}"#
    func named(_ parameters: JSONValue) throws -> [String] {
      try findings(["model.layers.0.self_attn.q_proj"], config: ["target_parameters": parameters], base: base)
        .filter { $0.message.hasPrefix("target_parameters names") }.map(\.message)
    }
    let written = try named(["gate_up_proj", "down_proj", "gate.weight"])
    #expect(written.count == 1 && !written[0].contains("gate.weight"), "\(written)")
    #expect(try named(["gate.weight"]).count == 1)
  }

  /// Where the library renames by rules that are not known, a name that the files do not have is a question, no mistake.
  @Test(arguments: [("mistral_large4", Severity.warning), ("llama", .error)])
  func namesThatRulesNotKnownHereGiveAreNoMistakes(_ type: String, _ severity: Severity) throws {
    let found = try findings(
      ["model.language_model.layers.0.self_attn.q_proj", "layers.0.attention.wo"],
      base: "{\"model_type\": \"\(type)\", \"num_hidden_layers\": 1}",
      weights: ["layers.0.attention.wq", "layers.0.attention.wo"])
    let missing = found.filter { $0.rule == .baseModuleMissing }
    #expect(missing.map(\.severity) == [severity], "\(missing)")
    #expect(missing.first?.message.contains("rules that are not known") == (type == "mistral_large4"))
  }

  @Test func layersOfSeveralKindsAndTowersOfSeveralDepthsAreComplete() throws {
    let attention = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"]
    let kinds: [[String]] = [
      layers(0..<4, "model.language_model.layers.", attention) + layers(0..<9, "model.visual.blocks.", ["attn.qkv"]),
      layers([0, 1, 2, 4, 5, 6], "model.layers.", ["linear_attn.in_proj_qkv", "linear_attn.out_proj"])
        + layers([3, 7], "model.layers.", attention),
      // Layers at the end that take over keys and values.
      layers(0..<8, "model.layers.", ["self_attn.q_proj"])
        + layers(0..<5, "model.layers.", ["self_attn.k_proj", "self_attn.v_proj"]),
      // One owner for all kinds of layers.
      layers([0, 1, 3, 4], "model.layers.", ["mixer.in_proj", "mixer.out_proj"])
        + layers([2, 5], "model.layers.", ["mixer.q_proj", "mixer.k_proj"]),
      // The first layers are dense.
      layers([0], "model.layers.", ["mlp.gate_proj", "mlp.up_proj"])
        + layers(1..<6, "model.layers.", ["mlp.shared_experts.gate_proj", "mlp.shared_experts.up_proj"]),
    ]
    for modules in kinds { #expect(try findings(modules).isEmpty, "\(modules)") }
  }

  @Test func aModuleThatItsNeighboursHaveIsStillMissed() throws {
    let modules = layers(0..<6, "model.layers.", ["self_attn.q_proj", "self_attn.v_proj"])
      .filter { $0 != "model.layers.2.self_attn.v_proj" }
    let found = try findings(modules)
    #expect(found.map(\.rule) == [.targetMissing] && found[0].severity == .warning, "\(found)")
    #expect(found[0].module == "model.layers.2.self_attn.v_proj")
  }

  private static let vision = """
    {"model_type": "qwen2_5_vl", "architectures": ["Qwen2_5_VLForConditionalGeneration"],
     "text_config": {"num_hidden_layers": 2, "hidden_size": 8}, "vision_config": {}}
    """

  @Test func namesThatTheLibraryChangesByItselfAreNotReportedOthersAre() throws {
    let stored =
      layers(0..<2, "model.layers.", ["self_attn.q_proj"]) + ["visual.blocks.0.attn.qkv", "lm_head"]
    for (modules, isRenamed) in [
      (layers(0..<2, "model.language_model.layers.", ["self_attn.q_proj"]), false),
      (["model.visual.blocks.0.attn.qkv"], false),
      (layers(0..<2, "model.layers.", ["self_attn.q_proj"]), true),
      (layers(0..<2, "language_model.model.layers.", ["self_attn.q_proj"]), true),
    ] {
      let found = try findings(modules, base: Self.vision, weights: stored).filter { $0.rule != .targetMissing }
      #expect(found.map(\.rule) == (isRenamed ? [.baseRenamed] : []), "\(modules): \(found)")
    }
  }

  /// PEFT renames an adapter's old names where the library has rules for the model type.
  @Test func peftRenamesAnAdaptersOldNamesWhereTheLibraryHasRulesForTheModelType() throws {
    let config = """
      {"model_type": "bailing_hybrid", "architectures": ["BailingHybridForCausalLM"], "num_hidden_layers": 1}
      """
    let stored = ["model.layers.0.attention.g_proj", "model.layers.0.attention.dense", "model.word_embeddings"]
    for modules in [
      ["model.layers.0.self_attn.g_proj", "model.layers.0.self_attn.o_proj"],
      ["model.layers.0.attention.g_proj", "model.layers.0.attention.dense"],
    ] {
      #expect(try findings(modules, base: config, weights: stored).isEmpty, "\(modules)")
    }
  }

  @Test func variantsOfOneModelThatDifferInQuantisationAreANote() throws {
    let base = """
      {"model_type": "x", "architectures": ["XForCausalLM"], "_name_or_path": "example/Tiny-8B-Instruct"}
      """
    let modules = ["model.layers.0.q_proj"]
    for (name, severity) in [
      ("unsloth/tiny-8b-instruct-bnb-4bit", Severity.note), ("x/Tiny-8B-Instruct-unsloth-bnb-4bit", .note),
      ("x/Tiny-8B-Instruct-GPTQ-Int4", .note), ("x/Tiny-8B-Instruct-FP8-dynamic", .note),
      ("x/Tiny-8B-Instruct-quantized.w4a16", .note), ("x/Tiny-8B-Instruct-NVFP4", .note),
      ("x/Tiny-8B-Instruct-Q4_K_M-GGUF", .note), ("x/Tiny-8B", .warning), ("x/Tiny-8B-bnb-4bit", .warning),
      ("x/Tiny-8B-Instruct-v2-AWQ", .warning),
    ] {
      let found = try findings(
        modules, config: ["base_model_name_or_path": .string(name)], base: base, weights: ["model.layers.0.q_proj"])
      #expect(found.map(\.rule) == [.baseNameMismatch] && found[0].severity == severity, "\(name): \(found)")
    }
  }

  @Test func aPartOfAnImageModelIsABaseLikeAnyOther() throws {
    let module = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0"
    let folder = try TemporaryFolder()
    var file = SafetensorsBuilder()
    file.add(module + ".weight", .f32, [8, 8])
    try folder.write("diffusion_pytorch_model.safetensors", file)
    try folder.write("config.json", #"{"_class_name": "UNet2DConditionModel"}"#)
    #expect(try BaseModel.open(folder.path).findings.isEmpty)
    let found = try findings(
      [module], config: ["target_modules": ["to_out.0"]], base: #"{"_class_name": "UNet2DConditionModel"}"#,
      weights: [module])
    #expect(found.isEmpty, "\(found)")
  }

  @Test func factorsWithAMatrixForEachExpertAreCalledWhatTheyAre() throws {
    let folder = try TemporaryFolder()
    var tensors = SafetensorsBuilder()
    let name = "base_model.model.model.layers.0.mlp.experts.down_proj"
    tensors.add(name + ".lora_A.weight", .f32, [4, 2, 8], values: (0..<64).map { Float($0) })
    tensors.add(name + ".lora_B.weight", .f32, [4, 6, 2], values: (0..<48).map { Float($0) })
    try folder.write("adapter_model.safetensors", tensors)
    try folder.write(
      "adapter_config.json",
      #"{"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": [], "target_parameters": ["mlp.experts.down_proj"]}"#
    )
    let found = Validation.run([folder.path], base: nil, options: ValidationOptions()).adapters.flatMap(\.findings)
    #expect(found.map(\.rule) == [.tensorEmpty] && found[0].message.contains("4 experts"), "\(found)")
  }

  @Test(
    arguments: [
      ("layers.0.attention.wq.lora_A.weight", "mistral-finetune"),
      ("decoder.layers.0.self_attention.linear_qkv.adapter.linear_in.weight", "Megatron"),
      ("double_blocks.0.processor.proj_lora1.down.weight", "XLabs"),
      ("transformer.layers.0.to_q.lora_A_1.default_0.weight", "default_0"),
    ])
  func filesOfOtherTrainersCarryTheTrainersName(_ name: String, _ trainer: String) throws {
    let folder = try TemporaryFolder()
    var tensors = SafetensorsBuilder()
    tensors.add(name, .f32, [2, 8], values: (0..<16).map { Float($0) })
    try folder.write("lora.safetensors", tensors)
    let path = folder.path("lora.safetensors")
    #expect(Adapter.load(path).trainer?.name.contains(trainer) ?? false)
    let found = Validation.run([path], base: nil, options: ValidationOptions()).adapters.flatMap(\.findings)
    #expect(found.contains { $0.severity == .error && $0.message.contains(trainer) }, "\(found)")
    #expect(!found.contains { $0.rule == .configMissing }, "\(found)")
  }

  @Test(
    arguments: [
      ("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", RuleID.configInvalid, "LFS"),
      ("\u{FEFF}{\"peft_type\": \"LORA\"}", .configInvalid, "byte-order mark"),
      ("<!doctype html><html></html>", .configInvalid, "web page"),
      (
        #"{"config": {"reduction_factor": 16}, "model_class": "BertAdapterModel"}"#, .configUnsupportedType,
        "AdapterHub"
      ),
    ])
  func configsThatAreAnotherKindOfFileAreCalledWhatTheyAre(_ text: String, _ rule: RuleID, _ word: String) {
    let findings = AdapterConfig.parse(Array(text.utf8), path: "adapter_config.json").findings
    #expect(findings.map(\.rule) == [rule] && findings[0].message.contains(word), "\(findings)")
  }
}
