import Foundation
import LoRATestSupport
import Testing

/// What a user gets to read when something is wrong, word for word, in testdata/messages/errors.txt.
///
/// `LORA_TOOL_UPDATE_SNAPSHOTS=1 swift test --filter ErrorMessageTests` writes the file again; read its diff as a new
/// user would: a message is one sentence that says what, where, expected and found, and what to do.
@Suite struct ErrorMessageTests {
  /// Command lines that go wrong, in a folder with links to the test data and the files of `files`.
  private static let lines: [[String]] = [
    // Nothing there, or something else
    ["validate", "no/such/adapter"],
    ["validate", "adapters/llama-nanp"],
    ["validate", "adapters/no-such-*"],
    ["inspect", "empty"],
    ["validate", "models/llama-f32"],
    ["validate", "broken/pickle-weights"],
    ["validate", "broken/file-lfs-pointer"],
    ["validate", "broken/file-html"],
    ["validate", "broken/file-gguf"],
    ["inspect", "/dev/null"],
    // Addresses
    ["inspect", "http://10.1.2.3/adapter_model.safetensors"],
    ["inspect", "https://host:port/adapter_model.safetensors"],
    ["validate", "hf://datasets/org/name"],
    ["validate", "hf://org/name@"],
    ["bases", "--base", "s3:///config.json"],
    ["resize", "adapters/llama-nano", "--rank", "2", "--output", "hf://org/name"],
    // Damaged
    ["validate", "broken/header-truncated"],
    ["validate", "broken/header-trailing"],
    ["validate", "broken/compressed-checksum"],
    ["decompress", "broken/compressed-flipped/adapter_model.safetensors.zst", "--output", "new"],
    ["validate", "broken/config-not-json"],
    ["validate", "broken/value-nan-bf16-7fc0"],
    ["validate", "broken/config-lokr"],
    ["validate", "broken/rank-global"],
    // Bases
    ["validate", "--base", "models/llama-f32", "adapters/gpt2"],
    ["bases", "--base", "bases/llama-7.json"],
    ["bases", "--base", "meta-llama/Llama-3.1-8B"],
    ["bases", "--base", "adapters/llama-nano/adapter_config.json"],
    ["bases", "--base", "broken/bases/unknown-architecture/config.json"],
    ["bases", "--base", "bad.json"],
    // Merging
    ["merge", "--base", "broken/bases/bnb-4bit", "--adapter", "adapters/llama-nano", "--output", "new"],
    ["merge", "--base", "models/llama-f32", "--adapter", "adapters/llama-nano", "--output", "new"],
    ["merge", "--base", "models/llama-nano-bf16/config.json", "--adapter", "adapters/llama-nano", "--output", "new"],
    ["merge", "--base", "models/llama-nano-bf16", "--adapter", "adapters/llama-alora", "--output", "new"],
    ["merge", "--base", "models/llama-bf16-sharded", "--adapter", "adapters/llama-all-linear", "--output", "empty"],
    [
      "merge", "--base", "models/llama-bf16-sharded", "--adapter", "adapters/llama-all-linear", "--output", "no/such/x",
    ],
    ["merge", "--base", "m", "--adapter", "a", "--weight", "1", "--weight", "2", "--output", "new"],
    ["merge", "--base", "m", "--adapter", "a", "--weight", "nan", "--output", "new"],
    ["merge", "--base", "m", "--adapter", "a", "--max-shard-size", "huge", "--output", "new"],
    ["merge", "--base", "m", "--adapter", "a", "--shard", "3/3", "--output", "new"],
    ["merge", "--base", "m", "--adapter", "a", "--dtype", "int8", "--output", "new"],
    ["verify", "mergd", "--base", "models/llama-bf16-sharded", "--adapter", "adapters/llama-all-linear"],
    ["verify", "empty", "--base", "models/llama-bf16-sharded", "--adapter", "adapters/llama-all-linear"],
    // Writing
    ["inspect", "adapters/llama-nano", "--output", "/dev/full"],
    ["inspect", "adapters/llama-nano", "--output", "no/such/report"],
    ["inspect", "adapters/llama-nano", "--output", "empty"],
    ["compress", "adapters/llama-nano/adapter_model.safetensors", "--output", "bad.json"],
    ["compress", "bad.json"],
    ["decompress", "bad.json"],
    ["policy", "init", "bad.json"],
    // Policies
    ["policy", "check", "no-such.yml"],
    ["policy", "check", "policies/broken.yml"],
    ["policy", "check", "tab.yml"],
    ["validate", "--policy", "twice.yml", "adapters/llama-nano"],
    // Traffic and answers
    ["replay", "--max-loras", "4", "--trace", "trace-word.jsonl"],
    ["replay", "--max-loras", "4", "--trace", "trace-time.jsonl"],
    ["replay", "--max-loras", "4", "--trace", "trace-name.jsonl"],
    ["replay", "--max-loras", "4"],
    ["replay", "--max-loras", "4", "--adapters", "3", "--rate", "often", "--duration", "10m"],
    ["gate", "--baseline", "twice.jsonl", "--candidate", "evaluation/after.jsonl"],
    ["gate", "--baseline", "word.jsonl", "--candidate", "evaluation/after.jsonl"],
    ["gate", "--baseline", "nothing.jsonl", "--candidate", "evaluation/after.jsonl"],
    ["gate", "--baseline", "a", "--candidate", "b", "--max-regression", "lots"],
    // Slots and capacity
    [
      "pack", "--base", "models/llama-bf16-sharded", "--max-loras", "1", "adapters/llama-all-linear",
      "adapters/llama-second",
    ],
    ["pack", "--base", "models/llama-bf16-sharded", "--max-lora-rank", "12", "adapters/llama-all-linear"],
    ["pack", "--base", "models/llama-bf16-sharded", "--device", "gpu", "adapters/llama-all-linear"],
    ["plan", "--base", "bases/llama-7b.json", "--rank", "8", "--targets", "attention", "--gpu-memory", "lots"],
    ["plan", "--base", "bases/llama-7b.json", "--rank", "8", "--targets", "q_prj"],
    ["parity", "--base", "models/llama-bf16-sharded", "--adapter", "adapters/llama-all-linear", "--tokens", "0"],
    // Usage
    ["valdiate", "."],
    ["validate", "--bas", "x"],
    ["validate", "--engine", "vlm", "."],
    ["validate", "--max-lora-rank", "many", "."],
    ["validate", "--max-lora-rank", "0", "."],
    ["validate", "--shard", "4/4", "."],
    ["validate", "--jobs", "0", "."],
    ["validate", "--format", "xml", "."],
    ["validate", "--report", "xml=x", "."],
    ["validate", "--quiet", "--verbose", "."],
    ["explain", "rank-mismach"],
    ["merge", "--base", "m", "--adapter", "a"],
  ]

  private static let files = [
    "bad.json": #"{"weights": [1, 2"#,
    "tab.yml": "rank:\n\tmax: 4\n",
    "twice.yml": "rank:\n  max: 4\nrank:\n  max: 8\n",
    "trace-word.jsonl": "{\"time\": 0, \"adapter\": \"a\"}\nhello\n",
    "trace-time.jsonl": "{\"time\": \"soon\", \"adapter\": \"a\"}\n",
    "trace-name.jsonl": "{\"time\": 1, \"lora\": \"a\"}\n",
    "twice.jsonl": "{\"id\": 1, \"name\": \"f\", \"arguments\": {}}\n{\"id\": 1, \"name\": \"g\", \"arguments\": {}}\n",
    "word.jsonl": "{\"id\": 1, \"name\": \"f\", \"arguments\": {}}\nhello\n",
    "nothing.jsonl": "",
  ]

  private func prepared() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for name in ["adapters", "bases", "broken", "evaluation", "models", "policies"] {
      try folder.link(name, to: Fixtures.path(name))
    }
    try folder.folder("empty")
    for (name, text) in Self.files { try folder.write(name, text) }
    return folder
  }

  @Test func everyMessageIsTheOneInTheList() throws {
    let folder = try prepared()
    #expect(Self.lines.count >= 70)
    var text = "Made by ErrorMessageTests; see docs/CONTRIBUTING.md.\n"
    for line in Self.lines {
      let result = try Program.run(
        line, in: folder.path, environment: ["HF_HOME": "hf", "HF_HUB_CACHE": "", "HUGGINGFACE_HUB_CACHE": ""])
      #expect([1, 2, 64].contains(result.code), "\(line): \(result.output)\(result.errors)")
      let words = line.map { $0.contains("*") ? "'\($0)'" : $0 }.joined(separator: " ")
      text += "\n$ lora-tool \(words)\nexit code \(result.code)\n\(result.output)\(result.errors)"
    }
    try Snapshot.check(text, "testdata/messages/errors.txt")
    // Nothing was written that no command line asked for.
    #expect(!FileManager.default.fileExists(atPath: folder.path("new")))
  }

  /// What depends on the machine: whether there is a GPU, who runs the test, what the processor can do.
  @Test func messagesOfTheMachineSayWhatToDo() throws {
    let folder = try prepared()
    let level = try Program.run(["rules"], environment: ["LORA_TOOL_SIMD": "avx9000"])
    #expect(level.code == 64)
    #expect(
      level.errors.contains("LORA_TOOL_SIMD is \"avx9000\", which is no level of this program; unset it or choose"))
    let device = try Program.run(
      ["pack", "--base", "models/llama-bf16-sharded", "--device", "cuda:99", "adapters/llama-all-linear"],
      in: folder.path)
    #expect(device.code == 2 && device.output.isEmpty, "\(device.errors)")
    #expect(device.errors.hasPrefix("lora-tool: ") && device.errors.contains("--device host"), "\(device.errors)")
  }

  @Test(.enabled(if: getuid() != 0, "root can read every file"))
  func aFileWithoutTheRightToReadItIsSaid() throws {
    let folder = try TemporaryFolder()
    let secret = try folder.write("secret.json", #"{"model_type":"llama"}"#)
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: secret)
    let denied = try Program.run(["bases", "--base", "secret.json"], in: folder.path)
    #expect(
      denied.code == 2 && denied.errors.contains("cannot open secret.json: permission denied"), "\(denied.errors)")
  }
}
