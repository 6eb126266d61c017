import Diagnostics
import LoRAEngines
import LoRAModel
import LoRAValidate

extension Repair {
  /// What keeps an engine from applying the adapter as trained, where other fields, names or factors say the same.
  ///
  /// Every attempt is tried on the plan, the engine's room is asked again, and what does not help is not done: so no
  /// attempt has to know an engine, and a release that learns to read a field leaves it alone.
  static let engine = Repair { plan throws(SurgeryError) in
    guard plan.options.validation.engine != nil, plan.adapter.format == .peft, plan.hasAlpha else { return }
    for attempt in EngineAttempt.all {
      let old = plan.objections
      guard !old.isEmpty else { return }
      guard let proposal = try attempt.propose(plan) else { continue }
      var tried = plan.trying(proposal.change)
      try Repair.targets(&tried)
      let new = tried.objections
      let messages = Set(new.map(\.message))
      guard new.count <= old.count, let gone = old.first(where: { !messages.contains($0.message) }) else { continue }
      plan.mend(gone.effect.rule, proposal.what, exact: proposal.isExact, proposal.change)
      try Repair.targets(&plan)
    }
  }
}

extension RepairPlan {
  /// What the engine does with the adapter other than applying it as trained.
  var objections: [ServingReason] { context.servingReasons.filter { $0.effect != .unjudged } }
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
    [plainFile, listedTargets, withoutBuffers, plainAlpha, splitStacks, siblingStacks]
    + zeroFactors + [uniformRank] + paddedRanks
}
