import Foundation
import JSON
import LoRATestSupport
import TensorCore
import Testing

/// `lora-tool plan --emit`: what servers and gateways are started with.
@Suite struct ServerOptionsTests {
  private static let base = ["plan", "--base", "models/llama-bf16-sharded"]

  private func emit(_ target: String, _ more: [String], adapters: [String] = ["adapters/llama-all-linear"]) throws
    -> Program.Result
  {
    try Program.run(Self.base + adapters.flatMap { ["--adapter", $0] } + ["--emit", target] + more)
  }

  /// Copies of an adapter in folders of these names, in their order.
  private func copies(_ names: [String], in folder: TemporaryFolder) throws -> [String] {
    try names.map { name in
      let target = folder.path + "/" + name
      try FileManager.default.createDirectory(
        atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: Fixtures.root + "/adapters/llama-all-linear", toPath: target)
      return target
    }
  }

  /// A config alone, and an adapter of rank 8 for it whose sizes the kernels of every server have.
  private func wide(in folder: TemporaryFolder) throws -> (base: String, adapter: String) {
    let config = """
      {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 256, "intermediate_size": 512,
      "num_hidden_layers": 1, "num_attention_heads": 4, "num_key_value_heads": 4, "vocab_size": 64}
      """
    var file = SafetensorsBuilder()
    for name in ["q_proj", "v_proj"] {
      let module = "base_model.model.model.layers.0.self_attn.\(name)"
      file.add("\(module).lora_A.weight", .f32, [8, 256], values: [Float](repeating: 1, count: 2048))
      file.add("\(module).lora_B.weight", .f32, [256, 8], values: [Float](repeating: 1, count: 2048))
    }
    try folder.write("tenant/adapter_model.safetensors", file)
    try folder.write(
      "tenant/adapter_config.json",
      """
      {"peft_type": "LORA", "r": 8, "lora_alpha": 16, "target_modules": ["q_proj", "v_proj"], "bias": "none",
      "base_model_name_or_path": "org/llama"}
      """)
    return (try folder.write("config.json", config), folder.path("tenant"))
  }

  private func emitWide(_ target: String, _ more: [String], in folder: TemporaryFolder) throws -> Program.Result {
    let (base, adapter) = try wide(in: folder)
    return try Program.run(["plan", "--base", base, "--adapter", adapter, "--emit", target] + more)
  }

  /// The words that a shell makes of what was printed, for the program that it calls.
  private func words(_ output: String, _ program: String) throws -> [String] {
    let folder = try TemporaryFolder()
    let script = try folder.write("run.sh", "\(program)() { printf '%s\\n' \"$@\"; }\n\(output)")
    let result = try Program.shell("bash -euo pipefail '\(script)'")
    #expect(result.code == 0, "\(result.errors)")
    return result.output.split(separator: "\n").map { String($0) }
  }

  private func values(of option: String, _ words: [String]) throws -> [String] {
    let start = try #require(words.firstIndex(of: option))
    return Array(words[(start + 1)...].prefix { !$0.hasPrefix("--") })
  }

  // MARK: Servers

  @Test func aShellGetsNamesAndPathsWhole() throws {
    let folder = try TemporaryFolder()
    let paths = try copies(["it's $HOME, a `name`", "-x", "team/ü b"], in: folder)
    let vllm = try words(try emit("vllm", [], adapters: paths).output, "vllm")
    let modules = try values(of: "--lora-modules", vllm)
    // A comma makes vLLM read JSON.
    let quoted = try JSONValue(parsing: Array(try #require(modules.first).utf8))
    #expect(quoted["path"]?.string == paths[0])
    #expect(modules.dropFirst() == ["x=\(paths[1])", "ü-b=\(paths[2])"])
    let sglang = try words(try emit("sglang", [], adapters: paths).output, "python")
    let adapters = try values(of: "--lora-paths", sglang)
    #expect(adapters.map { $0.drop { $0 != "=" }.dropFirst() } == paths.map { $0[...] })
  }

  @Test func namesAreUnlikeEachOtherAndTheBase() throws {
    let folder = try TemporaryFolder()
    let paths = try copies(["x/llama", "y/llama", "z/llama-2", "base"], in: folder)
    let document = try Program.run(
      Self.base + paths.flatMap { ["--adapter", $0] }
        + ["--served-model", "base", "--emit", "vllm", "--format", "json"]
    ).json()
    let names = try #require(document["lora_modules"]?.array).compactMap { $0["name"]?.string }
    #expect(names == ["llama", "llama-3", "llama-2", "base-2"])
  }

  @Test func anAdapterThatIsRefusedIsLeftOut() throws {
    for target in ["vllm", "sglang", "litellm", "bifrost"] {
      let result = try emit(target, [], adapters: ["broken/rank-global", "adapters/llama-all-linear"])
      #expect(result.code == 1)
      #expect(result.output.contains("llama-all-linear"))
      #expect(result.errors.contains("left out: broken/rank-global: "))
      // JSON has no comments.
      #expect(result.output.contains("# left out: broken/rank-global: ") == (target != "bifrost"), "\(target)")
      #expect(!result.output.replacing("# left out: broken/rank-global", with: "").contains("rank-global"))
      let json = try emit(target, ["--format", "json"], adapters: ["broken/rank-global", "adapters/llama-all-linear"])
      #expect(try json.json()["left_out"]?.array?.first?["path"]?.string == "broken/rank-global")
    }
    let none = try emit("litellm", [], adapters: ["broken/rank-global"])
    #expect(none.code == 1 && none.output.isEmpty && none.errors.contains("nothing is printed"))
  }

  @Test func theEngineBehindAGatewayDecides() throws {
    // SGLang has no q without v.
    let adapters = ["adapters/llama-second", "adapters/llama-all-linear"]
    #expect(try emit("litellm", [], adapters: adapters).code == 0)
    let sglang = try emit("litellm", ["--server", "sglang"], adapters: adapters)
    #expect(sglang.code == 1 && sglang.errors.contains("left out: adapters/llama-second: SGLang"))
  }

  @Test func ranksAreThoseOfTheAdaptersThatAreServed() throws {
    let vllm = try words(try emit("vllm", []).output, "vllm")
    #expect(try values(of: "--max-lora-rank", vllm) == ["8"])
    let wrong = try emit("vllm", ["--max-lora-rank", "24"])
    #expect(wrong.code == 2 && wrong.output.isEmpty && wrong.errors.contains("1, 8, 16, 32, 64, 128, 256, 320, 512"))
    let sglang = try emit("sglang", ["--max-lora-rank", "24", "--max-loras", "4"])
    let options = try words(sglang.output, "python")
    #expect(try values(of: "--max-lora-rank", options) == ["24"])
    // Requests for the base need a place, too.
    #expect(try values(of: "--max-loras-per-batch", options) == ["5"])
    #expect(try values(of: "--max-loaded-loras", options) == ["5"])
  }

  @Test func loraxIsToldWhereAdaptersAre() throws {
    let folder = try TemporaryFolder()
    let result = try emitWide("lorax", ["--dtype", "f16"], in: folder)
    #expect(result.code == 0, "\(result.errors)")
    let options = try words(result.output, "lorax-launcher")
    #expect(try values(of: "--model-id", options) == ["org/llama"])
    #expect(try values(of: "--default-adapter-source", options) == ["local"])
    #expect(try values(of: "--num-shard", options) == ["1"])
    #expect(try values(of: "--dtype", options) == ["float16"])
    #expect(result.output.contains("#   tenant: \(folder.path("tenant"))"))
    #expect(!result.output.contains("--adapter-memory-fraction"))
    // Adapters that take more than LoRAX's tenth of the memory.
    let small = try emitWide("lorax", ["--gpu-memory", "128KiB", "--max-loras", "2"], in: try TemporaryFolder())
    #expect(small.output.contains("--adapter-memory-fraction 0."))
    let shared = try emitWide("lorax", ["--tensor-parallel", "2"], in: try TemporaryFolder())
    // Two devices fill rank 8 up to 16, which changes the scale.
    #expect(shared.code == 1 && shared.output.isEmpty && shared.errors.contains("is scaled by"))
  }

  // MARK: The model that is served

  @Test func aConfigAloneIsServedUnderTheAdaptersBase() throws {
    let folder = try TemporaryFolder()
    let config = try String(contentsOfFile: Fixtures.root + "/models/llama-bf16-sharded/config.json", encoding: .utf8)
    let path = try folder.write("config.json", config)
    func served(_ adapters: [String], _ more: [String] = []) throws -> Program.Result {
      try Program.run(
        ["plan", "--base", path] + adapters.flatMap { ["--adapter", $0] }
          + ["--emit", "vllm", "--format", "json"] + more)
    }
    let adapters = try copies(["a", "b"], in: folder)
    func setBase(_ adapter: String, _ name: JSONValue) throws {
      let file = adapter + "/adapter_config.json"
      var object = try #require(try JSONValue(parsing: Array(try Data(contentsOf: URL(fileURLWithPath: file)))).object)
      object["base_model_name_or_path"] = name
      try JSONValue.object(object).text().write(toFile: file, atomically: true, encoding: .utf8)
    }
    try setBase(adapters[0], "org/llama")
    try setBase(adapters[1], .null)
    #expect(try served(adapters).json()["model"] == "org/llama")
    #expect(try served(adapters, ["--served-model", "mine"]).json()["model"] == "mine")
    try setBase(adapters[1], "org/other")
    let two = try served(adapters)
    #expect(two.code == 2 && two.output.isEmpty && two.errors.contains("--served-model NAME"))
    try setBase(adapters[0], .null)
    let none = try served([adapters[0]])
    #expect(none.code == 2 && none.output.isEmpty && none.errors.contains("--served-model NAME"))
  }

  // MARK: Gateways

  @Test func liteLLMFallsBackToTheBase() throws {
    let result = try emit(
      "litellm", ["--served-model", "org/llama: 3 #1", "--server-url", "https://gpu.example:8443/"])
    #expect(result.code == 0, "\(result.errors)")
    #expect(
      result.output == """
        # LiteLLM proxy before vllm: the base model answers for adapters that are missing or unhealthy.
        model_list:
          - model_name: "org/llama: 3 #1"
            litellm_params:
              model: "hosted_vllm/org/llama: 3 #1"
              api_base: "https://gpu.example:8443/v1"
          - model_name: "llama-all-linear"
            litellm_params:
              model: "hosted_vllm/llama-all-linear"
              api_base: "https://gpu.example:8443/v1"
        router_settings:
          fallbacks:
            - "llama-all-linear": ["org/llama: 3 #1"]
        litellm_settings:
          default_fallbacks: ["org/llama: 3 #1"]

        """)
    let sglang = try emit("litellm", ["--served-model", "org/llama", "--server", "sglang", "--format", "json"]).json()
    let models = try #require(sglang["config"]?["model_list"]?.array)
    #expect(models.map { $0["model_name"]?.string } == ["org/llama", "llama-all-linear"])
    #expect(models[1]["litellm_params"]?["model"] == "hosted_vllm/org/llama:llama-all-linear")
    #expect(models[1]["litellm_params"]?["api_base"] == "http://localhost:30000/v1")
  }

  @Test(arguments: [("vllm", "vllm", "vllm_key_config"), ("sglang", "sgl", "sgl_key_config"), ("lorax", "lorax", "")])
  func bifrostRoutesToTheBase(_ server: String, _ provider: String, _ settings: String) throws {
    let result = try emitWide("bifrost", ["--server", server], in: try TemporaryFolder())
    #expect(result.code == 0, "\(result.errors)")
    let config = try result.json()
    let keys = try #require(config["providers"]?[provider]?["keys"]?.array)
    let known = keys.flatMap { $0["models"]?.array ?? [] }.compactMap(\.string)
    #expect(known.contains("org/llama"))
    #expect(Set(keys.map { $0["name"]?.string }).count == keys.count)
    if settings.isEmpty {
      #expect(config["providers"]?[provider]?["network_config"]?["base_url"] == "http://localhost:3000")
      #expect(config["providers"]?[provider]?["custom_provider_config"]?["base_provider_type"] == "openai")
    } else {
      #expect(keys.allSatisfy { $0[settings]?["url"]?.string?.hasPrefix("http://localhost:") == true })
    }
    let rules = try #require(config["governance"]?["routing_rules"]?.array)
    #expect(rules.count == 2)
    // An adapter's own rule comes first, asks for a model that a key has, and ends at the base.
    let target = try #require(rules[0]["targets"]?.array?.first)
    #expect(target["provider"]?.string == provider)
    #expect(known.contains(target["model"]?.string ?? ""))
    #expect(rules[0]["cel_expression"]?.string?.hasPrefix(#"model == "tenant""#) == true)
    #expect(rules[0]["fallbacks"] == .array([.string("\(provider)/org/llama")]))
    // Any other name is the base's.
    #expect(rules[1]["targets"]?.array?.first?["model"] == "org/llama")
    #expect((rules[0]["priority"]?.int64 ?? 0) < (rules[1]["priority"]?.int64 ?? 0))
  }

  // MARK: Usage

  @Test(arguments: [
    ["--emit", "tgi"], ["--emit", "vllm", "--server", "sglang"], ["--emit", "vllm", "--server-url", "http://a"],
    ["--emit", "litellm", "--server", "bifrost"], ["--emit", "litellm", "--server-url", "localhost:8000"],
    ["--emit", "litellm", "--server-url", "http://a\"b"], ["--served-model", "x"], ["--server", "vllm"],
    ["--emit", "vllm", "--served-model", ""],
  ])
  func wrongUsageIsExit64(_ arguments: [String]) throws {
    let result = try Program.run(Self.base + ["--adapter", "adapters/llama-all-linear"] + arguments)
    #expect(result.code == 64, "\(arguments): \(result.errors)")
    #expect(result.output.isEmpty && !result.errors.isEmpty)
  }
}
