import ArgumentParser
import JSON
import LoRAEngines
import LoRASlots
import LoRAValidate

/// How an engine's slots are made.
struct SlotArguments: ParsableArguments {
  @Option(help: "Serving engine: vllm or sglang.", completion: .list(["vllm", "sglang"]))
  var engine = "vllm"

  @Option(help: "Arrangement of the slots: vllm, sglang or slot-major; the engine's own by default.")
  var layout: LayoutName?

  @Option(
    help: ArgumentHelp("Number of slots (max_loras); as many as there are adapters by default.", valueName: "number"))
  var maxLoras: Int?

  @Option(
    help: ArgumentHelp(
      "Rank that slots have room for (max_lora_rank); the engine's default, or the adapters' largest.",
      valueName: "number"))
  var maxLoraRank: UInt64?

  @Option(help: "Type of the slots: bf16, f16 or f32.")
  var dtype: ServingDType = .bf16

  @Option(help: ArgumentHelp("Number of devices that share each layer.", valueName: "number"))
  var tensorParallel: UInt64 = 1

  @Option(
    name: [.customLong("tensor-parallel-rank"), .customLong("rank")],
    help: ArgumentHelp("Which of these devices this is, from 0.", valueName: "number"))
  var rank: UInt64 = 0

  @Flag(help: "Split the factors that tensor parallelism leaves whole, as vLLM's --fully-sharded-loras does.")
  var fullySharded = false

  @Option(help: "Modules that get slots, by the last parts of their names, separated by commas; all by default.")
  var targetModules: String?

  enum LayoutName: String, CaseIterable, ExpressibleByArgument {
    case vllm
    case sglang
    case slotMajor = "slot-major"
  }

  func validate() throws {
    guard let known = Engine(named: engine), ["vllm", "sglang"].contains(known.name) else {
      throw ValidationError("slots are laid out for vllm and sglang, not '\(escaped(engine))'")
    }
    if let maxLoras, maxLoras < 1 { throw ValidationError("--max-loras wants a number from 1 on, not \(maxLoras)") }
    if let maxLoraRank, !known.accepts(limit: maxLoraRank) {
      let legal = known.legalRankLimits.map { String($0) }.joined(separator: ", ")
      throw ValidationError(
        "--max-lora-rank \(maxLoraRank): \(known.title) takes \(legal.isEmpty ? "1 and more" : legal)")
    }
    if tensorParallel == 0 { throw ValidationError("--tensor-parallel wants a number from 1 on, not 0") }
    if rank >= tensorParallel {
      throw ValidationError(
        "--tensor-parallel-rank \(rank): the ranks of \(tensorParallel) devices are 0 to \(tensorParallel - 1)")
    }
  }

  /// Target modules, split.
  var targets: [String]? {
    targetModules?.split(separator: ",").map { String($0.drop { $0 == " " }) }.filter { !$0.isEmpty }
  }

  /// The options for this many adapters, the largest rank among them being `largest`.
  func options(adapters: Int, largest: UInt64) -> SlotOptions {
    var options = SlotOptions()
    let own: LayoutName = Engine(named: engine)?.name == "sglang" ? .sglang : .vllm
    options.scheme = SlotScheme(rawValue: (layout ?? own).rawValue) ?? .vllm
    options.slots = maxLoras ?? max(adapters, 1)
    options.rank = maxLoraRank ?? Engine(named: engine)?.defaultRankLimit ?? max(largest, 1)
    options.dtype = dtype.dtype
    options.tensorParallel = tensorParallel
    options.tensorRank = rank
    options.isFullySharded = fullySharded
    options.targetModules = targets
    return options
  }

  /// What adapters are checked against before they are packed: headers and configs only.
  func validation(_ slots: SlotOptions) -> ValidationOptions {
    var options = ValidationOptions()
    options.engine = Engine(named: engine)
    options.serving.maxLoRARank = slots.rank
    options.serving.servingDType = dtype
    options.serving.tensorParallel = tensorParallel
    options.serving.targetModules = targets
    options.headerOnly = true
    options.serving.feedsEngine = true
    return options
  }
}
