public import Diagnostics
import LoRAEngines
import LoRAModel
import Safetensors

extension RuleID {
  /// The name of the rule below.
  public static let engineRank = RuleID("engine-rank")
}

extension Rule {
  /// The rank is larger than the engine is started for.
  static let engineRank = Rule(
    .engineRank, "The rank is larger than max_lora_rank",
    meaning: """
      The largest rank of the adapter, by config or by tensors, is above the `max_lora_rank` that the engine is started \
      with (`--max-lora-rank`, else the engine's default). The message gives the smallest legal value that is enough.
      """,
    consequence: """
      The engine refuses the adapter when it is loaded, or fails while it copies it into a slot. Every slot is padded to \
      `max_lora_rank`, so raising it costs memory and time for all adapters.
      """,
    remedy: """
      Start the engine with the value in the message, or train with a smaller \
      rank; `lora-tool inspect --stats` shows the effective rank, which is often far below the trained one.
      """,
    repair: .no("a smaller rank is another adapter, and what it costs is for you to weigh."),
    example: """
      error  engine-rank  the adapter has rank 64, but vLLM serves ranks up to 16
             expected at most 16, found 64
             fix: start vLLM with --max-lora-rank 64
      """
  ) { context in
    guard let limit = context.options.rankLimit else { return [] }
    let adapter = context.adapter
    let ofTensors = adapter.modules.filter {
      $0.kind != .parameter && $0.isUsable && context.transposition(of: $0) == nil
    }
    .max { $0.rank < $1.rank }
    // An engine that takes the rank from the factors never sees the config's.
    let config = context.options.engine?.forgiven.contains(.rankMismatch) ?? false ? nil : adapter.config
    let ofConfig = config.map { max($0.rank, $0.rankPattern.map(\.rank).max() ?? 0) } ?? 0
    let rank = max(ofTensors?.rank ?? 0, UInt64(max(ofConfig, 0)))
    guard rank > limit else { return [] }
    let isTensor = ofTensors.map { $0.rank == rank } ?? false
    let engine = context.options.engine?.title ?? "the engine"
    let hint: String
    if let needed = context.options.engine?.smallestLimit(for: rank) ?? (context.options.engine == nil ? rank : nil) {
      hint = "start \(engine) with --max-lora-rank \(needed), or resize the adapter to rank \(limit)"
    } else {
      hint = "no max_lora_rank of \(engine) is large enough; resize the adapter to rank \(limit) or merge it"
    }
    return [
      Finding(
        .engineRank, "the adapter has rank \(rank), but \(engine) serves ranks up to \(limit)",
        file: isTensor ? adapter.weightsPath : adapter.configPath, tensor: isTensor ? ofTensors?.a?.name : nil,
        module: isTensor ? ofTensors?.name : nil, expected: "at most \(limit)", found: "\(rank)", hint: hint)
    ]
  }
}
