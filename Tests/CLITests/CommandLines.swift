import LoRATestSupport
import Testing

/// A good command line of every command of the program, for the tests of what all commands have in common.
struct CommandLine: Sendable, CustomTestStringConvertible {
  /// The words that name the command.
  let command: [String]
  /// Its arguments, relative to `testdata`; `OUT` stands for a path that does not exist yet, `MERGED` for a
  /// merged model.
  let arguments: [String]
  /// Exit code.
  var code: Int32 = 0
  /// Whether it has `--format json`.
  var hasJSON = true
  /// Whether `--output` is the report and not what the command makes.
  var reportsToOutput = true
  /// Whether two runs differ, in times or the name of the output only.
  var isTimed = false
  /// Whether --quiet leaves nothing of the report when all is well.
  var isCheck = false

  var testDescription: String { command.joined(separator: " ") }

  /// The whole command line, `OUT` replaced.
  func words(_ output: String, _ more: [String] = []) -> [String] {
    command + arguments.map { $0.replacing("OUT", with: output).replacing("MERGED", with: Self.merged.path) } + more
  }

  /// A folder with a merged model, made once.
  private static let merged: (folder: TemporaryFolder?, path: String) = {
    guard let folder = try? TemporaryFolder() else { return (nil, "") }
    let path = folder.path("model")
    _ = try? Program.run(["merge", "--output", path] + base + adapter)
    return (folder, path)
  }()

  private static let base = ["--base", "models/llama-bf16-sharded"]
  private static let adapter = ["--adapter", "adapters/llama-all-linear"]

  static let all: [CommandLine] = [
    CommandLine(command: ["inspect"], arguments: ["adapters/llama-all-linear", "--stats"]),
    CommandLine(command: ["validate"], arguments: base + ["adapters/llama-all-linear"], isCheck: true),
    CommandLine(command: ["report"], arguments: base + ["adapters/llama-all-linear"], hasJSON: false),
    CommandLine(
      command: ["combine"],
      arguments: ["--method", "cat"] + adapter + ["--adapter", "adapters/llama-second", "--output", "OUT"],
      reportsToOutput: false, isTimed: true, isCheck: true),
    CommandLine(
      command: ["diff"], arguments: ["adapters/llama-all-linear", "adapters/llama-all-linear"], isCheck: true),
    CommandLine(
      command: ["merge"], arguments: base + adapter + ["--output", "OUT"], reportsToOutput: false, isTimed: true,
      isCheck: true),
    CommandLine(
      command: ["verify"],
      arguments: ["MERGED"] + base + adapter,
      isCheck: true),
    CommandLine(
      command: ["convert"], arguments: ["adapters/llama-all-linear", "--to", "mlx", "--output", "OUT"],
      reportsToOutput: false, isTimed: true, isCheck: true),
    CommandLine(
      command: ["extract"], arguments: base + ["--tuned", "MERGED", "--rank", "4", "--output", "OUT"],
      reportsToOutput: false, isTimed: true, isCheck: true),
    CommandLine(command: ["bases"], arguments: ["--base", "bases/llama-7b.json"]),
    CommandLine(command: ["rules"], arguments: []),
    CommandLine(command: ["engines"], arguments: []),
    CommandLine(command: ["explain"], arguments: ["rank-mismatch"], hasJSON: false),
    CommandLine(
      command: ["policy", "init"], arguments: ["OUT"], hasJSON: false, reportsToOutput: false, isCheck: true),
    CommandLine(command: ["policy", "check"], arguments: ["policies/platform.yml"]),
    CommandLine(
      command: ["gate"],
      arguments: ["--baseline", "evaluation/before.jsonl", "--candidate", "evaluation/before.jsonl"], isCheck: true),
    CommandLine(
      command: ["compress"], arguments: ["adapters/llama-nano/adapter_model.safetensors", "--output", "OUT.zst"],
      reportsToOutput: false, isTimed: true, isCheck: true),
    CommandLine(
      command: ["decompress"], arguments: ["adapters/llama-zstd/adapter_model.safetensors.zst", "--output", "OUT"],
      reportsToOutput: false, isTimed: true, isCheck: true),
    CommandLine(
      command: ["resize"], arguments: ["adapters/llama-all-linear", "--rank", "4", "--output", "OUT"],
      reportsToOutput: false, isTimed: true, isCheck: true),
    CommandLine(
      command: ["plan"], arguments: ["--base", "bases/llama-7b.json", "--rank", "16", "--targets", "attention"]),
    CommandLine(
      command: ["serve"], arguments: ["--check", "--root", "adapters", "--base", "llama=models/llama-bf16-sharded"],
      hasJSON: false, reportsToOutput: false, isCheck: true),
    CommandLine(command: ["replay"], arguments: ["--max-loras", "4", "--trace", "traffic/zipf.jsonl"]),
    CommandLine(
      command: ["pack"], arguments: base + ["--max-lora-rank", "8", "adapters/llama-all-linear", "--output", "OUT"],
      reportsToOutput: false, isTimed: true, isCheck: true),
    CommandLine(
      command: ["repair"], arguments: ["broken/naming-default", "--output", "OUT"], reportsToOutput: false,
      isCheck: true),
    CommandLine(
      command: ["parity"], arguments: base + adapter + ["--tokens", "2"], isCheck: true),
  ]
}
