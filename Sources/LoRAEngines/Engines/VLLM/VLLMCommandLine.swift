import JSON
import TensorCore

extension ServerTarget {
  /// vLLM's server: `vllm serve`.
  package static let vLLM = ServerTarget(
    name: "vllm",
    endpoint: Endpoint(defaultURL: "http://localhost:8000") { base, adapter in adapter?.name ?? base },
    lines: { fleet in fleet.remarks.map { "# \($0)" } + command(fleet).lines },
    document: { fleet in ["options": command(fleet).json] })

  /// Options that are at vLLM's own default are left out.
  private static func command(_ fleet: ServedFleet) -> ShellCommand {
    let dtype = fleet.dtype == .bf16 ? "bfloat16" : fleet.dtype == .f16 ? "float16" : "auto"
    var options: [ShellCommand.Option] = [
      ("--enable-lora", []), ("--max-loras", ["\(fleet.slots)"]), ("--max-lora-rank", ["\(fleet.rank)"]),
      ("--max-cpu-loras", ["\(max(fleet.slots, UInt64(fleet.adapters.count)))"]), ("--lora-dtype", [dtype]),
    ]
    if let targets = fleet.targetModules { options.append(("--lora-target-modules", targets)) }
    if fleet.tensorParallel > 1 { options.append(("--tensor-parallel-size", ["\(fleet.tensorParallel)"])) }
    if fleet.memoryUtilization != ServedFleet.defaultUtilization {
      options.append(("--gpu-memory-utilization", ["\(fleet.memoryUtilization)"]))
    }
    if fleet.usesFP8Cache { options.append(("--kv-cache-dtype", ["fp8"])) }
    if fleet.blockSize != ServedFleet.defaultBlockSize { options.append(("--block-size", ["\(fleet.blockSize)"])) }
    return ShellCommand(
      words: ["vllm", "serve", fleet.base], options: options,
      list: ("--lora-modules", fleet.adapters.map(module)))
  }

  /// `NAME=PATH`; with a comma vLLM takes a value for JSON (`LoRAParserAction`), so such a path is written as JSON.
  private static func module(_ adapter: ServedFleet.Adapter) -> String {
    guard adapter.path.contains(",") else { return "\(adapter.name)=\(adapter.path)" }
    let object: JSONValue = ["name": .string(adapter.name), "path": .string(adapter.path)]
    return object.text()
  }
}
