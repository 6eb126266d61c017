import ArgumentParser
import JSON
import LoRACapacity
import LoRAEngines
import LoRAModel
import TensorCore

/// `lora-tool plan`.
struct PlanCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Compute what a multi-LoRA deployment takes: adapters, slots, key-value cache, GPUs.",
    discussion: """
      Give --rank and --targets for adapters that are planned, or --adapter for real ones. All numbers are computed \
      from the base's sizes; the formulas and their sources are in docs/capacity.md.
      """)

  @Option(
    help: """
      Base model: a config.json, model folder, safetensors file, index, cached repository id, or an hf://, https:// \
      or s3:// address.
      """,
    completion: .file())
  var base: String

  @Option(help: ArgumentHelp("Rank of the planned adapters.", valueName: "number"))
  var rank: UInt64?

  @Option(
    help: "Modules of the planned adapters: attention, all-linear, or names with commas between them.",
    completion: .list(["attention", "all-linear"]))
  var targets: String?

  @Option(
    help: "A real adapter, or a folder of them, by path or address; can be given several times.", completion: .file())
  var adapter: [String] = []

  @Option(help: "Type that the engine holds adapters in: bf16, f16 or f32.")
  var dtype: ServingDType = .bf16

  @Option(help: ArgumentHelp("Slots on the device.", valueName: "number"))
  var maxLoras: UInt64 = 8

  @Option(
    help: ArgumentHelp(
      "Rank that every slot has room for; the smallest of vLLM's that is enough if not given.", valueName: "number"))
  var maxLoraRank: UInt64?

  @Option(help: "Modules that the engine keeps slots for, with commas between them; all if not given.")
  var targetModules: String?

  @Option(help: ArgumentHelp("Number of GPUs that share each layer.", valueName: "number"))
  var tensorParallel: UInt64 = 1

  @Option(help: ArgumentHelp("Number of tenants, each with an adapter.", valueName: "number"))
  var tenants: UInt64?

  @Option(help: "Memory of a GPU, such as 80GiB.", transform: Self.size)
  var gpuMemory: UInt64?

  @Option(help: ArgumentHelp("Share of the GPU's memory that the engine takes.", valueName: "number"))
  var gpuMemoryUtilization = 0.9

  @Option(help: "Memory for activations and CUDA graphs, such as 4GiB.", transform: Self.size)
  var overhead: UInt64 = 0

  @Option(help: "Type of the key-value cache: bf16, f16, f32 or fp8.", transform: Self.kvType)
  var kvDtype: KeyValueType = .bf16

  @Option(help: ArgumentHelp("Tokens of a block of the key-value cache.", valueName: "number"))
  var blockSize: UInt64 = 16

  @Option(help: ArgumentHelp("Cost of a GPU for an hour.", valueName: "number"))
  var gpuHourlyCost: Double?

  @Option(
    help: """
      Other values to try: rank=8,16,32,64, max-loras=4..32, max-lora-rank=16,64 or tensor-parallel=1,2,4; can be given \
      for several.
      """)
  var sweep: [String] = []

  @Option(
    help: """
      Print what a server or a gateway is started with for these adapters instead: options for vllm, sglang or lorax, a \
      configuration for litellm or bifrost.
      """)
  var emit: ServerTarget?

  @Option(
    help: ArgumentHelp(
      "Model that the server of --emit loads, where the base is a config alone; the adapters' own base if not given.",
      valueName: "name"))
  var servedModel: String?

  @Option(
    help: ArgumentHelp(
      "Server behind the gateway of --emit: vllm, sglang or lorax; vllm if not given.", valueName: "name"))
  var server: ServerTarget?

  @Option(
    help: ArgumentHelp(
      "Where that server listens, such as http://10.0.0.2:8000; its own port on this machine if not given.",
      valueName: "url"))
  var serverURL: String?

  @Option(help: "Output format: text or json.")
  var format: ReportFormat = .text

  @OptionGroup var report: ReportOptions

  @OptionGroup var terminal: TerminalOptions

  func validate() throws {
    try validateEmission()
    guard adapter.isEmpty else {
      guard rank == nil, targets == nil else {
        throw ValidationError("give --rank and --targets, or --adapter, not both")
      }
      return
    }
    guard emit == nil else { throw ValidationError("--emit wants the adapters: give --adapter") }
    guard let rank, targets != nil else { throw ValidationError("give --rank and --targets, or --adapter") }
    guard (1...1 << 20).contains(rank) else { throw ValidationError("--rank wants a number from 1 to 1048576") }
  }

  func run() throws {
    let request = try request()
    if let emit { return try write(emit, for: request) }
    let result: CapacityReport
    let variations = try variations(request)
    do throws(CapacityError) {
      result = try CapacityReport(request, sweep: variations)
    } catch {
      throw Failure("\(error)")
    }
    switch format {
    case .text: try report.write(terminal, text: result.text)
    case .json: try report.write(terminal, document: result.json(toolVersion: Version.text))
    }
  }

  // MARK: Arguments

  private static func kvType(_ text: String) throws -> KeyValueType {
    guard let type = KeyValueType(rawValue: text) else { throw ValidationError("expected bf16, f16, f32 or fp8") }
    return type
  }

  private static func size(_ text: String) throws -> UInt64 {
    guard let size = ByteCount(parsing: text) else { throw ValidationError("expected a size such as 80GiB") }
    return size.bytes
  }

  private func request() throws -> CapacityRequest {
    guard (1..<1 << 24).contains(maxLoras) else {
      throw ValidationError("--max-loras wants a number from 1 to 16777215")
    }
    if let maxLoraRank, !(1...1 << 20).contains(maxLoraRank) {
      throw ValidationError("--max-lora-rank wants a number from 1 to 1048576")
    }
    guard (1...65536).contains(tensorParallel) else {
      throw ValidationError("--tensor-parallel wants a number from 1 to 65536")
    }
    if let tenants, tenants > 1 << 48 { throw ValidationError("--tenants wants a number below 2^48") }
    guard (1...65536).contains(blockSize) else { throw ValidationError("--block-size wants a number from 1 to 65536") }
    guard gpuMemoryUtilization > 0, gpuMemoryUtilization <= 1 else {
      throw ValidationError("--gpu-memory-utilization wants a share above 0, at most 1")
    }
    if let gpuHourlyCost, !(0...1e9).contains(gpuHourlyCost) { throw ValidationError("--gpu-hourly-cost wants a cost") }
    var request = CapacityRequest(base: try openBase(base, terminal), adapters: try adapters())
    request.dtype = dtype.dtype
    request.maxLoRAs = maxLoras
    request.maxLoRARank = maxLoraRank
    request.slotTargets = targetModules?.split(separator: ",").map { String($0) }
    request.tensorParallel = tensorParallel
    request.tenants = tenants
    request.gpuMemory = gpuMemory
    request.gpuMemoryUtilization = gpuMemoryUtilization
    request.overhead = overhead
    request.kvType = kvDtype
    request.blockSize = blockSize
    request.gpuHourlyCost = gpuHourlyCost
    return request
  }

  private func adapters() throws -> CapacityRequest.Adapters {
    guard adapter.isEmpty else {
      var arguments = AdapterArguments()
      arguments.adapters = adapter
      let found = arguments.find(terminal)
      for problem in found.problems { StandardError.write("lora-tool: \(problem)\n") }
      if !found.problems.isEmpty || found.paths.isEmpty { throw ExitStatus.failed }
      return .real(found.paths.map { Adapter.load($0).closed })
    }
    guard let rank, let selection = TargetSelection(parsing: targets ?? "") else {
      throw ValidationError("--targets wants attention, all-linear, or names such as q_proj,v_proj")
    }
    return .uniform(rank: rank, targets: selection)
  }

  private func variations(_ request: CapacityRequest) throws -> [CapacityRequest] {
    var variations: [CapacityRequest] = sweep.isEmpty ? [] : [request]
    for text in sweep {
      let parts = text.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, let values = sweepValues(parsing: parts[1]) else {
        throw ValidationError("--sweep wants rank=8,16,32,64, max-loras=4..32 or the like")
      }
      variations = try variations.flatMap { variation in
        try values.map { value in
          var other = variation
          switch (parts[0], request.adapters) {
          case ("max-loras", _): other.maxLoRAs = UInt64(value)
          case ("max-lora-rank", _): other.maxLoRARank = UInt64(value)
          case ("tensor-parallel", _): other.tensorParallel = UInt64(value)
          case ("rank", .uniform(_, let targets)): other.adapters = .uniform(rank: UInt64(value), targets: targets)
          case ("rank", .real): throw ValidationError("--sweep rank is for planned adapters, not for real ones")
          default:
            throw ValidationError(
              "--sweep knows rank, max-loras, max-lora-rank and tensor-parallel, not '\(escaped(String(parts[0])))'")
          }
          return other
        }
      }
      guard variations.count <= 4096 else { throw ValidationError("--sweep asks for more than 4096 combinations") }
    }
    return variations
  }
}
