import Diagnostics
import LoRAIO
import LoRATestSupport
import RemoteFiles
import Safetensors
import TensorCore
import Testing

@testable import LoRAModel

/// A Llama of two layers, two heads of four and a vocabulary of ten.
private let llamaConfig = """
  {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 8, "intermediate_size": 12,
   "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 10,
   "tie_word_embeddings": false, "_name_or_path": "zoo/tiny"}
  """

/// Names and shapes of the weights of that model.
private let llamaWeights: [(String, [UInt64])] =
  [("model.embed_tokens.weight", [10, 8]), ("model.norm.weight", [8]), ("lm_head.weight", [10, 8])]
  + (0..<2).flatMap { layer in
    [
      ("self_attn.q_proj", [8, 8]), ("self_attn.k_proj", [4, 8]), ("self_attn.v_proj", [4, 8]),
      ("self_attn.o_proj", [8, 8]), ("mlp.gate_proj", [12, 8]), ("mlp.up_proj", [12, 8]), ("mlp.down_proj", [8, 12]),
      ("input_layernorm", [8]), ("post_attention_layernorm", [8]),
    ].map { ("model.layers.\(layer).\($0).weight", $1) }
  }

private func llama(
  _ change: (String, [UInt64]) -> [UInt64]? = { _, shape in shape }, also: [(String, [UInt64])] = []
) -> SafetensorsBuilder {
  var builder = SafetensorsBuilder()
  for (name, shape) in llamaWeights + also {
    if let shape = change(name, shape) { builder.add(name, .bf16, shape) }
  }
  return builder
}

/// Opening base models.
@Suite struct BaseModelTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func message(_ path: String, cache: String = "/nonexistent") -> String {
    do throws(BaseModelError) {
      _ = try BaseModel.open(path, cache: HubCache(root: cache))
      return "no error"
    } catch {
      return error.description
    }
  }

  // MARK: Every kind of path

  @Test func aConfigAFolderAFileAndAnIndexGiveTheSameModules() throws {
    let config = try folder.write("llama-tiny.json", llamaConfig)
    try folder.write("whole/config.json", llamaConfig)
    try folder.write("whole/model.safetensors", llama())
    try folder.write("sharded/config.json", llamaConfig)
    try folder.write("sharded/model-00001-of-00001.safetensors", llama())
    let map = llamaWeights.map { "\"\($0.0)\": \"model-00001-of-00001.safetensors\"" }.joined(separator: ",")
    let size = llama().tensorBytes
    let index = try folder.write(
      "sharded/model.safetensors.index.json", #"{"metadata": {"total_size": \#(size)}, "weight_map": {\#(map)}}"#)
    let described = try BaseModel.open(config)
    #expect(described.checkpoint == nil)
    #expect(described.modules.count == 16)
    for path in [
      folder.path("whole"), folder.path("whole/model.safetensors"), folder.path("sharded"), index,
    ] {
      let base = try BaseModel.open(path)
      #expect(base.findings == [])
      #expect(base.path == path)
      #expect(base.modules.keys.sorted() == described.modules.keys.sorted())
      for (name, module) in base.modules {
        let other = try #require(described.modules[name])
        #expect(module.inFeatures == other.inFeatures && module.outFeatures == other.outFeatures, "\(name)")
        #expect(module.kind == other.kind && module.shape == other.shape && module.weightName == other.weightName)
        #expect(module.weight != nil && other.weight == nil)
      }
      #expect(base.parameters == described.parameters)
      #expect(base.layerCount == 2)
      #expect(base.vocabularySize == 10)
      #expect(base.name == "zoo/tiny")
      #expect(base.configPath?.hasSuffix("/config.json") == true)
      #expect(!base.tiesEmbeddings)
    }
  }

  @Test func weightsWithoutAConfigAreReadByTheirNamesAndShapesAlone() throws {
    try folder.write("model.safetensors", llama())
    let base = try BaseModel.open(folder.path)
    #expect(base.isKnown)
    #expect(base.config == nil && base.modelType == nil && base.description == nil)
    #expect(base.modules.count == 16)
    #expect(base.modules["model.embed_tokens"]?.kind == .embedding)
    #expect(base.vocabularySize == 10)
    #expect(base.layerCounts == ["model.layers": 2])
  }

  /// A folder with only a config counts as the config, with a word about weights in other formats.
  @Test func aFolderWithOnlyAConfigCountsAsTheConfig() throws {
    try folder.write("config.json", llamaConfig)
    let base = try BaseModel.open(folder.path)
    #expect(base.findings == [])
    #expect(base.modules.count == 16)
    try folder.write("pytorch_model.bin", "PK")
    let pickled = try BaseModel.open(folder.path)
    #expect(pickled.findings.map(\.rule) == [.pickleWeights])
    #expect(pickled.findings.map(\.severity) == [.warning])
  }

  @Test func aFileOfTheCacheHasNoSuffixAndIsToldByItsContent() throws {
    let config = try folder.write("0af3", llamaConfig)
    let weights = try folder.write("0af4", llama())
    #expect(try BaseModel.open(config).checkpoint == nil)
    #expect(try BaseModel.open(weights).checkpoint?.tensors.count == llamaWeights.count)
  }

  // MARK: Errors

  @Test func nothingAtThePath() {
    #expect(message("/no/such/folder").contains("there is no base model at /no/such/folder"))
    #expect(message("../evil/../x").contains("there is no base model"))
    #expect(message("zoo/tiny", cache: folder.path).contains("no repository of that name"))
    #expect(message(folder.path).contains("no safetensors weights"))
    #expect(message("/dev/null").contains("character device"))
  }

  @Test(
    arguments: [
      ("{", "valid JSON"), ("[1]", "found a list"), ("{}", "neither a model_type"),
      (#"{"peft_type": "LORA"}"#, "config of an adapter"), (#"{"weight_map": {}}"#, "shard index"),
      (#"{"_class_name": "UNet2DConditionModel"}"#, "diffusion"),
      (#"{"model_type": "llama", "model_type": 1}"#, "twice"),
      (#"{"model_type": "llama", "hidden_size": -1}"#, "hidden_size"),
      (#"{"model_type": "llama", "num_hidden_layers": 99999999999}"#, "cannot be used"), ("", "valid JSON"),
    ])
  func configsThatAreNone(text: String, part: String) throws {
    let path = try folder.write("config.json", text)
    #expect(message(path).contains(part), "\(message(path))")
    #expect(message(folder.path).contains(part), "\(message(folder.path))")
  }

  @Test func aConfigBeyondTheLimitIsNotRead() throws {
    let path = folder.path("config.json")
    let file = try OutputFile(creating: path)
    try file.resize(to: 65 << 20)
    #expect(message(path).contains("more than the"))
  }

  /// A broken config beside good weights is a finding, and the weights speak for themselves.
  @Test func aBrokenConfigBesideGoodWeightsIsAFinding() throws {
    try folder.write("config.json", "{\"model_type\": ")
    try folder.write("model.safetensors", llama())
    let base = try BaseModel.open(folder.path)
    #expect(base.findings.map(\.rule) == [.configInvalid])
    #expect(base.modules.count == 16)
  }

  @Test func filesThatAreNoWeightsAreToldApart() throws {
    try folder.write("a.safetensors", "version https://git-lfs.github.com/spec/v1\n")
    #expect(message(folder.path("a.safetensors")).contains("Git LFS"))
    try folder.write("b.safetensors", "")
    #expect(message(folder.path("b.safetensors")).contains("empty"))
  }

  // MARK: Config against files

  /// A weight of another shape than the config gives it is a warning, and the file is believed.
  @Test func aWeightOfAnotherShapeThanTheConfigGivesItIsAWarning() throws {
    try folder.write("config.json", llamaConfig)
    try folder.write("model.safetensors", llama { $0.contains("k_proj") ? [8, 8] : $1 })
    let base = try BaseModel.open(folder.path)
    #expect(base.findings.map(\.rule) == [.baseConfigMismatch])
    let finding = try #require(base.findings.first)
    #expect(finding.severity == .warning)
    #expect(finding.module == "model.layers.0.self_attn.k_proj")
    #expect(finding.expected == "[4, 8]" && finding.found == "[8, 8]")
    #expect(finding.message.contains("1 more"))
    #expect(base.modules["model.layers.1.self_attn.k_proj"]?.outFeatures == 8)
  }

  @Test func modulesThatTheConfigDescribesAndTheFilesLackAreAWarning() throws {
    try folder.write("config.json", llamaConfig)
    try folder.write("model.safetensors", llama { $0.contains("layers.1.mlp") ? nil : $1 })
    let base = try BaseModel.open(folder.path)
    #expect(base.findings.map(\.rule) == [.baseConfigMismatch])
    #expect(base.findings.first?.module == "model.layers.1.mlp.down_proj")
    #expect(base.findings.first?.expected == "16 modules" && base.findings.first?.found == "13")
    #expect(base.modules["model.layers.1.mlp.down_proj"] == nil)
  }

  /// Layers beyond those of the config are a warning, unless it says what they are for.
  @Test func layersBeyondThoseOfTheConfigAreAWarning() throws {
    let extra: [(String, [UInt64])] = [("model.layers.2.self_attn.q_proj.weight", [8, 8])]
    try folder.write("config.json", llamaConfig)
    try folder.write("model.safetensors", llama(also: extra))
    let base = try BaseModel.open(folder.path)
    #expect(base.findings.map(\.rule) == [.baseConfigMismatch])
    #expect(base.findings.first?.expected == "2 layers")
    #expect(base.layerCount == 3)
    try folder.remove("config.json")
    try folder.write(
      "config.json", llamaConfig.replacing("\"vocab_size\"", with: "\"num_nextn_predict_layers\": 1, \"vocab_size\""))
    #expect(try BaseModel.open(folder.path).findings == [])
  }

  @Test func oneOfSeveralShardsIsNotHeldAgainstTheWholeConfig() throws {
    try folder.write("config.json", llamaConfig)
    let path = try folder.write("model-00001-of-00002.safetensors", llama { $0.contains("layers.1") ? nil : $1 })
    let base = try BaseModel.open(path)
    #expect(base.findings.map(\.rule) == [.shardMismatch])
    #expect(base.findings.map(\.severity) == [.warning])
  }

  @Test func aConfigOfAnUnknownArchitectureBesideWeightsDoesNoHarm() throws {
    try folder.write(
      "config.json", #"{"model_type": "zebra", "architectures": ["ZebraForCausalLM"], "vocab_size": 10}"#)
    try folder.write("model.safetensors", llama { $0 == "lm_head.weight" ? nil : $1 })
    let base = try BaseModel.open(folder.path)
    #expect(base.findings == [])
    #expect(base.isKnown)
    // A causal language model without a head on disk can only have a tied one.
    #expect(base.modules["lm_head"]?.tiedTo == "model.embed_tokens.weight")
    #expect(base.tiesEmbeddings)
    try folder.remove("model.safetensors")
    let alone = try BaseModel.open(folder.path)
    #expect(!alone.isKnown)
    #expect(alone.modules.isEmpty)
    #expect(alone.vocabularySize == 10)
    #expect(alone.parameters == nil)
    #expect(alone.findings.map(\.rule) == [.baseUnknownArchitecture])
  }

  @Test func whereOnlyTheHeadIsOnDiskTheEmbeddingIsTheTiedOne() throws {
    try folder.write("config.json", llamaConfig.replacing("false", with: "true"))
    try folder.write("model.safetensors", llama { $0 == "model.embed_tokens.weight" ? nil : $1 })
    let base = try BaseModel.open(folder.path)
    #expect(base.findings == [])
    #expect(base.tiesEmbeddings)
    let embedding = try #require(base.modules["model.embed_tokens"])
    #expect(embedding.kind == .embedding)
    #expect(embedding.tiedTo == "lm_head.weight")
    #expect([embedding.inFeatures, embedding.outFeatures] == [10, 8])
  }

  @Test func whereBothAreOnDiskEachHasItsOwnTensorAlthoughTheConfigTiesThem() throws {
    try folder.write("config.json", llamaConfig.replacing("false", with: "true"))
    try folder.write("model.safetensors", llama())
    let base = try BaseModel.open(folder.path)
    #expect(base.tiesEmbeddings)
    #expect(base.modules["lm_head"]?.tiedTo == nil)
    #expect(base.modules["lm_head"]?.weightName == "lm_head.weight")
  }

  @Test func problemsOfTheShardsAreAmongTheFindings() throws {
    try folder.write("config.json", llamaConfig)
    try folder.write("model-00001-of-00002.safetensors", llama())
    try folder.write(
      "model.safetensors.index.json",
      #"{"metadata": {}, "weight_map": {"lm_head.weight": "../../etc/model.safetensors", "model.norm.weight": "model-00001-of-00002.safetensors"}}"#
    )
    let base = try BaseModel.open(folder.path)
    #expect(base.findings.first?.rule == .securityPath)
    #expect(base.findings.contains { $0.severity == .error })
  }
}

/// Hugging Face cache.
@Suite struct HubCacheTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("hub/models--zoo--tiny/blobs/c0", llamaConfig)
    try folder.write("hub/models--zoo--tiny/blobs/w0", llama())
    let snapshot = "hub/models--zoo--tiny/snapshots/0a1b2c"
    try folder.link("\(snapshot)/config.json", to: "../../blobs/c0")
    try folder.link("\(snapshot)/model.safetensors", to: "../../blobs/w0")
    try folder.write("hub/models--zoo--tiny/refs/main", "0a1b2c")
  }

  private func open(_ id: String) throws(BaseModelError) -> BaseModel {
    try BaseModel.open(id, cache: HubCache(root: folder.path("hub")))
  }

  @Test func aRepositoryIsOpenedByItsIdARevisionAndACommit() throws {
    for id in ["zoo/tiny", "zoo/tiny@main", "zoo/tiny@0a1b2c"] {
      let base = try open(id)
      #expect(base.findings == [])
      #expect(base.modules.count == 16)
      #expect(base.name == "zoo/tiny")
      #expect(base.path == id)
    }
    let other = try BaseModel.open(folder.path("hub/models--zoo--tiny"))
    #expect(other.name == "zoo/tiny" && other.modules.count == 16)
    let snapshot = try BaseModel.open(folder.path("hub/models--zoo--tiny/snapshots/0a1b2c"))
    #expect(snapshot.name == "zoo/tiny" && snapshot.checkpoint != nil)
  }

  @Test func whatTheCacheLacksIsSaid() throws {
    let cases: [(String, String)] = [
      ("zoo/big", "no repository of that name"), ("zoo/tiny@dev", "no revision dev but the snapshots 0a1b2c"),
    ]
    for (id, part) in cases {
      #expect {
        try open(id)
      } throws: { error in
        "\(error)".contains(part)
      }
    }
    try folder.remove("hub/models--zoo--tiny/snapshots")
    #expect {
      try open("zoo/tiny")
    } throws: { error in
      "\(error)".contains("download the model again")
    }
  }

  @Test func aRepositoryWithoutReferenceButWithOneSnapshotIsNoRiddle() throws {
    try folder.remove("hub/models--zoo--tiny/refs")
    #expect(try open("zoo/tiny").modules.count == 16)
    try folder.folder("hub/models--zoo--tiny/snapshots/ffff")
    #expect(throws: BaseModelError.self) { try open("zoo/tiny") }
  }

  @Test(arguments: ["../../../secret", "/etc", "", "..", "a/b", "a\0b"])
  func aReferenceThatLeadsElsewhereIsRefused(text: String) throws {
    try folder.write("hub/models--zoo--tiny/refs/dev", text)
    try folder.folder("secret")
    #expect {
      try open("zoo/tiny@dev")
    } throws: { error in
      "\(error)".contains("names no commit") || "\(error)".contains("is missing")
    }
  }

  @Test(
    arguments: [
      "a/b/c", "../b", "a/..", "/abs", "a/", "/b", "", "a--b/c", "-a/b", "a./b", "a/b.git", "a b", "a/\u{E9}", "a@../x",
      "a/b@", "a/b@x/../y", String(repeating: "a", count: 97),
    ])
  func onlyIdsThatTheHubAllowsAreLookedUp(id: String) {
    #expect(HubCache.repository(id) == nil)
  }

  @Test func idsThatTheHubAllows() throws {
    let plain = try #require(HubCache.repository("meta-llama/Llama-3.1_8B"))
    #expect(plain.id == "meta-llama/Llama-3.1_8B" && plain.revision == "main")
    #expect(HubCache.repository("gpt2")?.id == "gpt2")
    #expect(HubCache.repository("a/b@refs/pr/1")?.revision == "refs/pr/1")
  }

  @Test func theEnvironmentNamesTheCacheAsHuggingfaceHubReadsIt() {
    func root(_ variables: [String: String]) -> String { HubCache { variables[$0] }.root }
    let home = ["HOME": "/h"]
    #expect(root(home) == "/h/.cache/huggingface/hub")
    #expect(root(["HOME": "/h", "XDG_CACHE_HOME": "/x"]) == "/x/huggingface/hub")
    #expect(root(["HOME": "/h", "XDG_CACHE_HOME": "/x", "HF_HOME": "/f"]) == "/f/hub")
    #expect(root(["HF_HOME": "/f", "HUGGINGFACE_HUB_CACHE": "/old"]) == "/old")
    #expect(root(["HF_HOME": "/f", "HUGGINGFACE_HUB_CACHE": "/old", "HF_HUB_CACHE": "/c"]) == "/c")
    #expect(root(["HOME": "/h", "HF_HOME": "~/models", "HF_HUB_CACHE": ""]) == "/h/models/hub")
  }
}
