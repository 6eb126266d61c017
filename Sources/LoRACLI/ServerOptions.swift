import LoRACapacity
import LoRAEngines
import LoRAIO
import LoRAModel
import TensorCore

/// The options with which vLLM serves some adapters.
struct ServerOptions {
  private let base: String
  private let request: CapacityRequest
  private let rank: UInt64
  private let modules: [(name: String, path: String)]

  init(_ request: CapacityRequest, adapters: [String], rank: UInt64) {
    let path = request.base.path
    // A config alone cannot be served; its folder or the model's own name can.
    base = path.hasSuffix(".json") ? request.base.name ?? Folder.parent(path) : path
    self.request = request
    self.rank = rank
    var names: [String: Int] = [:]
    modules = adapters.map { adapter in
      let folder = adapter.hasSuffix(".safetensors") ? Folder.parent(adapter) : adapter
      let place = Folder.resolved(folder) ?? folder
      let name = Folder.lastComponent(place)
      names[name, default: 0] += 1
      let count = names[name] ?? 1
      return (count > 1 ? "\(name)-\(count)" : name, place)
    }
  }

  /// The command, one option a line, quoted for a POSIX shell.
  var commandLine: [String] {
    var parts = options.map { option in
      // Several values are several words.
      ([option.name] + option.value.split(separator: " ").map { Self.quoted(String($0)) }).joined(separator: " ")
    }
    parts.append("--lora-modules")
    parts += modules.map { "  " + Self.quoted(Self.json($0, base).text()) }
    let lines = ["vllm serve \(Self.quoted(base))"] + parts.map { "  " + $0 }
    return lines.indices.map { $0 + 1 < lines.count ? lines[$0] + " \\" : lines[$0] }
  }

  func json(toolVersion: String) -> JSONValue {
    [
      "schema": "lora-tool/plan/1", "tool_version": .string(toolVersion), "engine": "vllm", "model": .string(base),
      "options": .object(JSONObject(options.map { ($0.name, $0.value.isEmpty ? .bool(true) : .string($0.value)) })),
      "lora_modules": .array(modules.map { Self.json($0, base) }),
    ]
  }

  /// The options; those that are at vLLM's own default are left out.
  private var options: [(name: String, value: String)] {
    let dtype = request.dtype == .bf16 ? "bfloat16" : request.dtype == .f16 ? "float16" : "auto"
    var options = [
      ("--enable-lora", ""), ("--max-loras", "\(request.maxLoRAs)"), ("--max-lora-rank", "\(rank)"),
      ("--max-cpu-loras", "\(max(request.maxLoRAs, UInt64(modules.count)))"), ("--lora-dtype", dtype),
    ]
    if let targets = request.slotTargets { options.append(("--lora-target-modules", targets.joined(separator: " "))) }
    if request.tensorParallel > 1 { options.append(("--tensor-parallel-size", "\(request.tensorParallel)")) }
    if request.gpuMemoryUtilization != 0.9 {
      options.append(("--gpu-memory-utilization", "\(request.gpuMemoryUtilization)"))
    }
    if request.kvType == .fp8 { options.append(("--kv-cache-dtype", "fp8")) }
    if request.blockSize != 16 { options.append(("--block-size", "\(request.blockSize)")) }
    return options
  }

  private static func json(_ module: (name: String, path: String), _ base: String) -> JSONValue {
    ["name": .string(module.name), "path": .string(module.path), "base_model_name": .string(base)]
  }

  /// A word for a POSIX shell: in single quotes unless it is plain.
  static func quoted(_ word: String) -> String {
    let plain = word.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || [0x2D, 0x2E, 0x2F, 0x5F, 0x3A, 0x2C].contains(byte)
    }
    if plain && !word.isEmpty { return word }
    return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
