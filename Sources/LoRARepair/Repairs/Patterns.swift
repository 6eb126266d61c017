import Diagnostics
import JSON
import LoRADeltas
import LoRAEngines
import LoRAModel
import LoRASurgery
import LoRAValidate
import PythonPattern
import TensorCore

extension Repair {
  /// Entries that mean no module go; no module changes by that.
  static let deadPatterns = Repair { plan throws(SurgeryError) in
    guard let config = plan.adapter.config, let matching = plan.context.matching, !plan.adapter.modules.isEmpty else {
      return
    }
    guard isMatchable(plan) else { return }
    let names = plan.context.names
    let ranks = Set(names.flatMap { matching.rankPatterns(hitting: $0).map(\.pattern) })
    let alphas = Set(names.flatMap { matching.alphaPatterns(hitting: $0).map(\.pattern) })
    let broken = Set(matching.problems.map(\.pattern))
    // Answers after the budget of the patterns is spent are worth nothing.
    guard matching.exhaustion(config) == nil else { return }
    for (field, used) in [("rank_pattern", ranks), ("alpha_pattern", alphas)] {
      guard let object = plan.config?[field]?.object else { continue }
      let dead = object.keys.filter { !used.contains($0) && !broken.contains($0) }
      guard !dead.isEmpty else { continue }
      let kept = JSONObject(object.members.filter { !dead.contains($0.key) }.map { ($0.key, $0.value) })
      plan.mend(
        .patternUnused,
        "\(dead.count == 1 ? "one entry" : "\(dead.count) entries") of \(field) that \(dead.count == 1 ? "matches" : "match") no module "
          + "\(dead.count == 1 ? "is" : "are") dropped: \(listing(dead))"
      ) { $0.config?[field] = .object(kept) }
    }
    drop(plan.context.unknownTargets, of: "target_modules", &plan)
    drop(plan.context.unknownParameters, of: "target_parameters", &plan)
  }

  /// Whether patterns and modules are few enough to be compared with each other.
  private static func isMatchable(_ plan: RepairPlan) -> Bool {
    let patterns = ["rank_pattern", "alpha_pattern"].reduce(1) { $0 + (plan.config?[$1]?.object?.members.count ?? 0) }
    return plan.adapter.modules.count <= 4_000_000 / patterns
  }

  private static func drop(_ unknown: [String], of field: String, _ plan: inout RepairPlan) {
    guard !unknown.isEmpty, let list = plan.config?[field]?.array else { return }
    let kept = list.filter { entry in !(entry.string.map { unknown.contains($0) } ?? false) }
    guard kept.count < list.count, field == "target_parameters" || !kept.isEmpty else { return }
    plan.mend(
      .patternUnused,
      "\(unknown.count == 1 ? "one entry" : "\(unknown.count) entries") of \(field) that neither the file nor the base has "
        + "\(unknown.count == 1 ? "is" : "are") dropped: \(listing(unknown))"
    ) { $0.config?[field] = kept.isEmpty ? .null : .array(kept) }
  }

  /// Ranks of the config are those of the tensors, each module's by one entry.
  static let ranks = Repair { plan throws(SurgeryError) in
    guard let config = plan.adapter.config, let matching = plan.context.matching, isMatchable(plan),
      // Blocks and pools have shapes of their own.
      !config.variants.contains(where: { $0 == "use_bdlora" || $0 == "use_qalora" })
    else { return }
    var ranks: [(name: String, value: Int)] = []
    var wrong: [String] = []
    for module in plan.adapter.modules where module.isUsable && module.ranksAgree && module.rank > 0 {
      guard plan.context.transposition(of: module) == nil else { continue }
      let declared = matching.rank(of: module.name)
      // How many experts a stack has is known from a base, or from a rank that fits.
      let isOpen = module.kind == .parameter && plan.context.base == nil
      guard !isOpen || module.declaredRank.map({ UInt64($0) }) == module.rank else { continue }
      guard let rank = Int(exactly: plan.context.rankOfTensors(module)), rank <= 1 << 24 else { continue }
      ranks.append((module.name, rank))
      if rank != declared { wrong.append(module.name) }
    }
    let ambiguous =
      config.rankPattern.count > 1
      ? ranks.filter { Set(matching.rankPatterns(hitting: $0.name).map(\.rank)).count > 1 }.map(\.name) : []
    guard matching.exhaustion(config) == nil, !wrong.isEmpty || !ambiguous.isEmpty else { return }
    let (rank, pattern) = table(of: ranks, config)
    let isOther = rank != config.rank
    let what =
      wrong.isEmpty
      ? "one entry of rank_pattern matches each module, with the rank of its tensors, where several did before"
      : "\(phrase(wrong, of: plan.adapter.modules.count)) \(wrong.count == 1 ? "has" : "have") the rank of "
        + "\(wrong.count == 1 ? "its" : "their") tensors in the config"
    let alpha = wrong.isEmpty || !isOther ? nil : plan.options.alpha
    let scale =
      wrong.isEmpty || !plan.hasAlpha
      ? "" : "; lora_alpha \(alpha.map { "is \(plain($0)), as asked for" } ?? "stays \(plain(config.alpha))")"
    plan.mend(
      wrong.isEmpty ? .patternAmbiguous : .rankMismatch,
      what + (isOther ? ": r is \(rank) instead of \(config.rank)" : "") + scale
    ) { change in
      change.config?["r"] = .integer(Int64(rank))
      let old = change.config?["rank_pattern"]?.object ?? JSONObject()
      let new = JSONObject(pattern.map { ($0.key, .integer(Int64($0.value))) })
      if new != old { change.config?["rank_pattern"] = .object(new) }
      if let alpha { change.config?["lora_alpha"] = .number(alpha) }
    }
  }

  /// `r` and `rank_pattern` for these ranks: the ones that are there with another `r` where that is enough, else new.
  private static func table(of ranks: [(name: String, value: Int)], _ config: AdapterConfig)
    -> (rank: Int, pattern: [(key: String, value: Int)])
  {
    let matching = TargetMatching(config)
    let free = ranks.filter { matching.rankPatterns(hitting: $0.name).isEmpty }.map(\.value)
    let isPlain = ranks.allSatisfy { rank in
      matching.rankPatterns(hitting: rank.name).allSatisfy { $0.rank == rank.value }
    }
    if isPlain, Set(free).count == 1, let rank = free.first {
      return (rank, config.rankPattern.map { (key: $0.pattern, value: $0.rank) })
    }
    let usual =
      ranks.contains { $0.value == config.rank } ? config.rank : mostFrequent(ranks.map(\.value)) ?? config.rank
    return (usual, PatternTable.entries(ranks, usual: usual))
  }
}
