import JSON
import LoRATestSupport
import Testing

/// `lora-tool parity` as a user runs it.
@Suite struct ParityCommandTests {
  private let inputs = ["parity", "--base", "models/llama-bf16-sharded", "--adapter", "adapters/llama-all-linear"]

  @Test func theDocumentHasTheKeysOfTheContract() throws {
    let document = try Program.run(inputs + ["--format", "json"]).json()
    #expect(document["schema"] == .string("lora-tool/parity/1"))
    let modules = try #require(document["modules"]?.array)
    #expect(modules.count == 21)
    for module in modules {
      for key in ["name", "max_abs", "rms", "cosine", "merged_error", "unmerged_error"] {
        #expect(module[key] != nil, "\(key)")
      }
      #expect(module["padded_exact"] == .bool(true) && module["grouped_exact"] == .bool(true))
      #expect(module["not_served"] == .null)
    }
  }

  @Test func aMergeByTheToolIsTheMergeInMemory() throws {
    let folder = try TemporaryFolder()
    let merged = folder.path("merged")
    let merge = try Program.run(
      ["merge", "--base", "models/llama-bf16-sharded", "--adapter", "adapters/llama-all-linear", "--output", merged])
    #expect(merge.code == 0, "\(merge.errors)")
    let fromDisk = try Program.run(inputs + ["--merged", merged, "--format", "json"])
    #expect(fromDisk.code == 0, "\(fromDisk.errors)")
    #expect(fromDisk.output == (try Program.run(inputs + ["--format", "json"]).output))
  }

  @Test func whatNoEngineServesHasNoServedFigures() throws {
    let dora = ["parity", "--base", "models/llama-bf16-sharded", "--adapter", "adapters/llama-dora"]
    let document = try Program.run(dora + ["--format", "json"]).json()
    for module in try #require(document["modules"]?.array) {
      #expect(module["unmerged_error"] == .null && module["drift"] == .null && module["merged_error"]?.double != nil)
      #expect(module["not_served"]?.string?.contains("DoRA") == true)
    }
    let text = try Program.run(dora)
    #expect(text.code == 0 && text.output.contains("not served, only merged"))
    #expect(try Program.run(dora + ["--max-drift", "1e-9"]).code == 1)
  }

  /// The kernel of the GPU, run by the fake driver, gives the host's numbers.
  @Test(arguments: ["llama-all-linear", "llama-rslora"]) func aGPUGivesTheSameNumbers(_ adapter: String) throws {
    let arguments = [
      "parity", "--base", "models/llama-bf16-sharded", "--adapter", "adapters/\(adapter)", "--format", "json",
    ]
    let environment = ["LORA_TOOL_LIBCUDA": Program.fakeCUDA]
    let host = try Program.run(arguments).json()
    let run = try Program.run(arguments + ["--device", "cuda:1"], environment: environment)
    #expect(run.code == 0, "\(run.errors)")
    let device = try run.json()
    #expect(device["device"] == "cuda:1" && host["device"] == "host" && device["modules"] == host["modules"])
    for change in [["FAKE_CUDA_JIT": "218"], ["FAKE_CUDA_DEVICES": "0"], ["FAKE_CUDA_FAIL": "40"]] {
      let failed = try Program.run(
        arguments + ["--device", "cuda"], environment: environment.merging(change) { $1 })
      #expect(failed.code == 2 && failed.output.isEmpty && failed.errors.hasPrefix("lora-tool: cuda"), "\(failed)")
    }
  }

  @Test func theExitCodeFollowsTheLimit() throws {
    #expect(try Program.run(inputs + ["--max-drift", "0.1"]).code == 0)
    let failed = try Program.run(inputs + ["--max-drift", "1e-6"])
    #expect(failed.code == 1 && failed.output.contains("fail: worst drift"))
  }

  @Test(arguments: [
    ["--tokens", "0"], ["--max-drift", "-1"], ["--max-drift", "nan"], ["--serving-dtype", "int4"], ["--device", "tpu"],
  ])
  func wrongUsageIsExit64(_ arguments: [String]) throws {
    let result = try Program.run(inputs + arguments)
    #expect(result.code == 64 && result.output.isEmpty)
  }

  @Test func whatCannotBeDoneIsExitTwo() throws {
    for arguments in [
      ["--base", "bases/llama-7b.json", "--adapter", "adapters/llama-nano"],
      ["--base", "models/llama-f32", "--adapter", "no/such"],
      ["--base", "models/llama-f32", "--adapter", "adapters/gpt2"],
      ["--base", "models/llama-bf16-sharded", "--adapter", "adapters/llama-alora"],
      ["--base", "models/llama-bf16-sharded", "--adapter", "adapters/llama-layer-replication"],
      ["--base", "models/llama-f32", "--adapter", "adapters/llama-nano", "--device", "cuda:99"],
    ] {
      let result = try Program.run(["parity"] + arguments)
      #expect(result.code == 2, "\(arguments): \(result.output)\(result.errors)")
      #expect(result.output.isEmpty && result.errors.hasPrefix("lora-tool: "))
    }
  }
}
