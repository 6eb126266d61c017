import Foundation
import LoRAIO
import LoRATestSupport
import TensorCore
import Testing

/// The commands that make adapters, with addresses for inputs.
@Suite(.enabled("needs libcurl, which is not installed") { RemoteProgram.hasCurl })
struct RemoteSurgeryTests {
  /// Commands with their inputs below `@`: adapters as folders and files, compressed and of other libraries; bases as a
  /// config, a file, and shards that only an index names.
  private static let commands = [
    ["repair", "@adapters/llama-all-linear"], ["repair", "@adapters/llama-zstd"],
    ["repair", "@broken/naming-default/adapter_model.safetensors", "--base", "@models/llama-bf16-sharded"],
    ["repair", "@adapters/llama-rslora", "--base", "@models/llama-bf16-sharded", "--engine", "sglang"],
    ["resize", "@adapters/llama-all-linear", "--rank", "2"],
    ["resize", "@adapters/llama-zstd/adapter_model.safetensors.zst", "--energy", "0.9"],
    ["convert", "@adapters/llama-all-linear", "--to", "mlx", "--base", "@models/llama-bf16-sharded/config.json"],
    ["convert", "@adapters/llama-all-linear", "--to", "gguf", "--base", "@models/llama-bf16-sharded"],
    ["convert", "@surgery/convert/flux.safetensors", "--to", "diffusers"],
    ["combine", "--adapter", "@adapters/llama-all-linear", "--adapter=@adapters/llama-patterns", "--method", "cat"],
    ["extract", "--base", "@surgery/extract/base", "--tuned=@surgery/extract/tuned", "--rank", "2"],
  ]

  /// The command with its inputs below a place.
  private static func at(_ place: String, _ command: [String]) -> [String] {
    command.map { $0.replacing("@", with: place) }
  }

  @Test(arguments: commands)
  func theResultOfAnAddressIsThatOfItsFiles(_ command: [String]) throws {
    let server = try RemoteProgram.fixtures()
    let folder = try TemporaryFolder()
    for name in ["here", "there"] { try Folder.create(folder.path(name)) }
    let here = try RemoteProgram.run(Self.at("", command) + ["--output", folder.path("here/out")])
    let there = try RemoteProgram.run(Self.at(server.url + "/", command) + ["--output", folder.path("there/out")])
    #expect([0, 1].contains(here.code) && there.code == here.code, "\(there.errors)")
    #expect(there.errors == here.errors)
    let files = try Fixtures.contents(of: folder.path("here"))
    #expect(!files.isEmpty)
    #expect(try Fixtures.contents(of: folder.path("there")) == files)
  }

  @Test func adaptersAtAddressesAreCompared() throws {
    let server = try RemoteProgram.fixtures()
    for command in [
      ["diff", "@surgery/diff/base", "@surgery/diff/scaled"],
      [
        "diff", "@adapters/llama-dora", "@adapters/llama-dora/adapter_model.safetensors", "--base",
        "@models/llama-bf16-sharded",
      ],
    ] {
      let here = try RemoteProgram.run(Self.at("", command) + ["--format", "json"])
      let there = try RemoteProgram.run(Self.at(server.url + "/", command) + ["--format", "json"])
      #expect(here.code < 2 && there.code == here.code, "\(there.errors)")
      #expect(there.output.replacing(server.url + "/", with: "") == here.output)
    }
  }

  @Test(arguments: [["repair"], ["resize", "--rank", "2"]])
  func severalAddressesGetAFolderEach(_ command: [String]) throws {
    let server = try RemoteProgram.fixtures()
    let folder = try TemporaryFolder()
    let hub = "hub/models--org--cached/"
    try folder.write(hub + "refs/main", "c0ffee")
    for name in ["adapter_config.json", "adapter_model.safetensors"] {
      try folder.write(hub + "snapshots/c0ffee/" + name, try Fixtures.bytes("adapters/llama-all-linear/" + name))
    }
    let inputs = [
      server.url + "/adapters/llama-all-linear", server.url + "/adapters/llama-patterns/adapter_model.safetensors",
      "org/cached",
    ]
    let result = try RemoteProgram.run(
      command + inputs + ["--output", folder.path("out")], ["HF_HOME": folder.path, "HF_HUB_OFFLINE": "1"])
    #expect(result.code == 0, "\(result.errors)")
    #expect(try Folder.names(in: folder.path("out")) == ["cached", "llama-all-linear", "llama-patterns"])
  }

  /// The header is given and the values are not.
  @Test func aServerThatRefusesInTheMiddleLeavesNothing() throws {
    let folder = try TemporaryFolder()
    let module = "base_model.model.model.layers.0.self_attn.v_proj."
    var weights = SafetensorsBuilder()
    weights.add(module + "lora_A.weight", .f32, [4, 16384], values: (0..<4 * 16384).map { Float($0 % 17) - 8 })
    weights.add(module + "lora_B.weight", .f32, [16384, 4], values: (0..<4 * 16384).map { Float($0 % 13) - 6 })
    try weights.write(to: folder.path("weights"))
    var model = SafetensorsBuilder()
    model.add("model.layers.0.self_attn.v_proj.weight", .f32, [256, 256], values: (0..<65536).map { Float($0 % 7) })
    try model.write(to: folder.path("model"))
    let config = #"{"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["v_proj"]}"#
    let server = try LoopbackServer { [path = folder.path] request in
      let name = request.path.hasPrefix("/model") ? "model" : "weights"
      guard let bytes = FileManager.default.contents(atPath: path + "/" + name) else { return .init(500) }
      if request.path.hasSuffix("adapter_config.json") { return .file(Array(config.utf8), request) }
      guard request.path.hasSuffix(".safetensors"), !request.path.hasSuffix("model.safetensors.index.json") else {
        return .init(404)
      }
      return request.range?.first == 0 ? .file(Array(bytes), request) : .init(403)
    }
    let adapter = server.url + "/a/adapter_model.safetensors"
    for command in [
      ["repair", adapter], ["resize", adapter, "--rank", "2"], ["resize", adapter, "--energy", "0.5"],
      ["convert", adapter, "--to", "mlx"], ["convert", adapter, "--to", "peft"],
      ["convert", adapter, "--to", "kohya", "--prefix", "lora_te_"],
      ["combine", "--adapter", adapter, "--adapter", adapter, "--method", "cat"],
      [
        "extract", "--base", server.url + "/model.safetensors", "--tuned", server.url + "/model.safetensors", "--rank",
        "2",
      ],
    ] {
      let result = try RemoteProgram.run(command + ["--output", folder.path("out")])
      #expect(result.code == 2, "\(command)")
      #expect(result.errors.split(separator: "\n").count == 1, "\(command) \(result.errors)")
      #expect(result.errors.contains("(403)"), "\(command) \(result.errors)")
      #expect(try Folder.names(in: folder.path) == ["model", "weights"], "\(command)")
    }
    let result = try RemoteProgram.run(["diff", adapter, adapter])
    #expect(result.code == 2 && result.errors.contains("(403)"))
  }

  @Test func aShardThatIsNotThereIsNamed() throws {
    let server = try LoopbackServer { request in
      guard !request.path.hasSuffix("model-00002-of-00004.safetensors"),
        let bytes = FileManager.default.contents(atPath: Fixtures.root + request.path)
      else { return .init(404) }
      return .file(Array(bytes), request)
    }
    let folder = try TemporaryFolder()
    let result = try RemoteProgram.run([
      "repair", "adapters/llama-all-linear", "--base", server.url + "/models/llama-bf16-sharded", "--output",
      folder.path("out"),
    ])
    #expect(result.code == 2)
    #expect(result.errors.contains("1 of the 4 shards") && result.errors.contains("model-00002-of-00004.safetensors"))
    #expect(result.errors.split(separator: "\n").count == 1)
    #expect(try Folder.names(in: folder.path).isEmpty)
  }

  @Test func secretsOfAnAddressAreInNoResult() throws {
    let server = try RemoteProgram.fixtures()
    let folder = try TemporaryFolder()
    let place = server.url.replacing("http://", with: "http://user:passwordsecret@") + "/signed/"
    func signed(_ path: String) -> String { place + path + "?sig=querysecret" }
    let adapter = signed("adapters/llama-attention-f16/adapter_model.safetensors")
    let base = signed("models/llama-f16/model.safetensors")
    for command in [
      ["repair", adapter, "--base", base], ["convert", adapter, "--to", "mlx", "--base", base],
      ["combine", "--adapter", adapter, "--adapter=" + adapter, "--method", "linear"],
      [
        "extract", "--base", signed("surgery/extract/base/model.safetensors"), "--tuned",
        signed("surgery/extract/tuned/model.safetensors"), "--rank", "2",
      ],
    ] {
      let output = folder.path(command[0])
      let result = try RemoteProgram.run(command + ["--output", output, "--verbose", "--format", "json"])
      #expect([0, 1].contains(result.code), "\(result.errors)")
      #expect(!(result.output + result.errors).contains("secret"), "\(command[0])")
    }
    for (name, bytes) in try Fixtures.contents(of: folder.path) {
      #expect(!String(decoding: bytes, as: UTF8.self).contains("secret"), "\(name)")
    }
    #expect(try Folder.names(in: folder.path).count == 4)
  }
}
