import Diagnostics
import JSON
import LoRAEngines
package import LoRAModel
import Safetensors
import TensorCore

extension Rule {
  /// The tensors have another rank than the config gives them.
  static let rankMismatch = Rule(
    .rankMismatch, "The tensors have another rank than the config says",
    meaning: """
      The rank of a module's tensors (rows of `lora_A`, columns of `lora_B`) is not the one that the config gives it: \
      `r`, or the first entry of `rank_pattern` that matches the module's name.
      """,
    consequence: """
      PEFT refuses the adapter. vLLM loads it and computes alpha/r with the config's r, so the adapter acts with the \
      wrong strength and nothing says so; or the copy into the slot fails when the first request arrives.
      """,
    remedy: """
      Find out which of the two is right. Usually the config was copied from another run: take the one that was saved \
      with the tensors. Note that saving sorts `rank_pattern`, and the first matching entry wins.
      """,
    repair: .exactly(
      """
      `r` and `rank_pattern` are set to the ranks that the tensors have; `lora_alpha` stays, unless `--alpha` \
      says another.
      """),
    example: """
      error  rank-mismatch  the tensors of all 224 modules have rank 16, but the config says rank 8
             expected 8, found 16
             fix: set "r" to 16 if the tensors are the right ones
      """
  ) { context in
    guard let config = context.adapter.config, let matching = context.matching else { return [] }
    let count = context.adapter.modules.count
    var groups = Groups<Mismatch, AdapterModule>()
    // Stacks of experts are counted otherwise by the base.
    let suspects = context.oddModules { module in
      guard let declared = module.declaredRank else { return false }
      return module.rank != UInt64(exactly: declared) || module.kind == .parameter
    }
    for module in suspects {
      guard let declared = module.declaredRank, module.isUsable, module.ranksAgree,
        context.transposition(of: module) == nil
      else { continue }
      let found = context.rankOfTensors(module)
      if found == UInt64(declared) || found == 0 { continue }
      let pattern = config.rankPattern.isEmpty ? nil : matching.rankPatterns(hitting: module.name).first?.pattern
      groups.add(Mismatch(declared: declared, found: found, pattern: pattern), module)
    }
    return groups.all.compactMap { problem, places in
      guard let first = places.first else { return nil }
      let source = problem.pattern.map { "rank_pattern \"\(escaped($0, limit: 80))\"" } ?? "the config"
      let names = places.map(\.name)
      return Finding(
        .rankMismatch,
        "the tensors of \(phrase(names, of: count)) have rank \(problem.found), but \(source) says rank "
          + "\(problem.declared)",
        file: context.adapter.weightsPath, tensor: (first.a ?? first.b)?.name, module: first.name,
        expected: "\(problem.declared)", found: "\(problem.found)",
        hint: hint(problem, first, places.count == count, matching),
        byteOffset: (first.a ?? first.b)?.headerOffset)
    }
  }

  private struct Mismatch: Hashable {
    let declared: Int
    let found: UInt64
    let pattern: String?
  }

  private static func hint(_ problem: Mismatch, _ module: AdapterModule, _ isGlobal: Bool, _ matching: TargetMatching)
    -> String
  {
    let others = matching.rankPatterns(hitting: module.name).filter { UInt64($0.rank) == problem.found }
    if problem.pattern != nil, let other = others.first {
      return "rank_pattern \"\(escaped(other.pattern, limit: 80))\" gives \(problem.found) but comes later; the first "
        + "entry that matches wins, and saving sorts the entries: make them exclude each other"
    }
    if let pattern = problem.pattern {
      return "set rank_pattern \"\(escaped(pattern, limit: 80))\" to \(problem.found) if the tensors are the right ones"
    }
    return isGlobal
      ? "set \"r\" to \(problem.found) if the tensors are the right ones (the scale alpha/r changes with it)"
      : "add \"\(escaped(module.lastComponent))\": \(problem.found) or a narrower entry to rank_pattern if the tensors "
        + "are the right ones"
  }
}

extension ValidationContext {
  /// The rank that the tensors have; for a stack of experts of known number, the rows of A by that number.
  package func rankOfTensors(_ module: AdapterModule) -> UInt64 {
    guard module.kind == .parameter, let match = matched.first(where: { $0.module.name == module.name }),
      case let experts = match.match.module.experts, experts > 1,
      case (let rows, let overflow) = module.rank.multipliedReportingOverflow(by: module.experts), !overflow,
      rows % experts == 0
    else { return module.rank }
    return rows / experts
  }
}
