import Diagnostics
import LoRADeltas
import LoRAEngines
import LoRAModel
import LoRASurgery
import LoRAValidate

extension Repair {
  /// What keeps an engine from applying the adapter as trained, where other fields, names or factors say the same.
  ///
  /// Every attempt is tried on the plan, the engine's room is asked again, and what does not help is not done: so no
  /// attempt has to know an engine, and a release that learns to read a field leaves it alone. An engine names its first
  /// refusal only, so that one refusal for another may be a step forward; a row of such steps that leads to nothing is
  /// taken back.
  static let engine = Repair { plan throws(SurgeryError) in
    guard plan.options.validation.engine != nil, plan.adapter.format == .peft, plan.hasAlpha, plan.fitsItsBase else {
      return
    }
    // What one attempt brings to light, an earlier one may answer.
    for _ in 0..<3 {
      let count = plan.objections.count
      try tryAll(&plan)
      if plan.objections.isEmpty || plan.objections.count == count { return }
    }
  }

  private static func tryAll(_ plan: inout RepairPlan) throws(SurgeryError) {
    var current = plan
    for attempt in EngineAttempt.all {
      let old = current.objections
      guard !old.isEmpty else { return }
      guard let proposal = try attempt.propose(current) else { continue }
      let tried = try current.trying(proposal)
      let new = tried.objections
      let kinds = Set(new.map(\.kind))
      guard let gone = old.first(where: { !kinds.contains($0.kind) }) ?? (new.count < old.count ? old.first : nil),
        new.count < old.count || new.count == old.count && gone.effect.isRefusal
      else { continue }
      current = tried
      current.note(Mend(gone.effect.rule, proposal.what, exact: proposal.isExact))
      if new.count < plan.objections.count { plan = current }
    }
  }
}

extension RepairPlan {
  /// What the engine does with the adapter other than applying it as trained.
  var objections: [ServingReason] { context.servingReasons.filter { $0.effect != .unjudged } }

  /// The plan with a proposal; modules that it adds are targeted.
  func trying(_ proposal: EngineAttempt.Proposal) throws(SurgeryError) -> RepairPlan {
    var tried = trying(proposal.change)
    try Repair.targets(&tried)
    tried.forgetMends(after: mends.count)
    return tried
  }

  /// Whether nothing about the base speaks against the adapter: zeros and folds do not make it another base's.
  fileprivate var fitsItsBase: Bool {
    !RuleSet.findings(in: written).contains { finding in
      finding.severity == .error && finding.rule.rawValue.hasPrefix("base-") && finding.rule != .baseTokenizerMismatch
    }
  }
}

extension ServingReason {
  /// What is said, without names and numbers.
  fileprivate var kind: String {
    let names: Set<Substring> = ["all", "of", "module", "modules", "tensor", "tensors", "and", "more", "has", "have"]
    let words = message.split(separator: " ").filter { word in
      word.utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) } && !names.contains(word)
    }
    return "\(effect.rawValue) \(words.joined(separator: " "))"
  }
}

/// One way of saying the same so that more engines read it.
struct EngineAttempt: Sendable {
  /// A change, what it is, and whether it rounds nothing.
  struct Proposal {
    let what: String
    var isExact = true
    let change: (inout RepairPlan.Change) -> Void
  }

  private let body: @Sendable (RepairPlan) throws(SurgeryError) -> Proposal?

  init(_ body: @escaping @Sendable (RepairPlan) throws(SurgeryError) -> Proposal?) { self.body = body }

  /// The change, or nil where there is nothing to change in this way.
  ///
  /// Values that cannot be computed with leave the adapter as it is; other failures are thrown.
  func propose(_ plan: RepairPlan) throws(SurgeryError) -> Proposal? {
    do throws(SurgeryError) {
      return try body(plan)
    } catch {
      if case .refused = error { return nil }
      throw error
    }
  }

  /// All of them, those that change least first.
  static let all: [EngineAttempt] =
    [plainFile, listedTargets, withoutBuffers, plainAlpha, splitStacks, siblingStacks] + zeroFactors + [uniformRank]
}
