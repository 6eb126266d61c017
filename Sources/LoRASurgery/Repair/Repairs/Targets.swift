import Diagnostics
import JSON
import LoRAModel
import LoRAValidate

extension Repair {
  /// What the file has tensors for is targeted.
  static let targets = Repair { plan throws(SurgeryError) in
    guard let config = plan.adapter.config, let matching = plan.context.matching, plan.adapter.format == .peft,
      !matching.problems.contains(where: { $0.field == "target_modules" })
    else { return }
    if let text = plan.context.plainTargetText {
      let names = text.split { $0 == "," || $0 == " " }.map { String($0) }.uniqued
      let listed = plan.trying { $0.config?["target_modules"] = .array(names.map { .string($0) }) }
      let isRight = listed.context.matching.map { new in plan.context.names.contains { new.targets($0) } } ?? false
      let right = isRight ? names : TargetNames(plan).all
      plan.mend(.configInvalid, "target_modules is a list instead of the text \"\(escaped(text, limit: 120))\"") {
        $0.config?["target_modules"] = .array(right.map { .string($0) })
      }
    } else if plan.context.targetsNothing {
      let names = TargetNames(plan).all
      plan.mend(.configInvalid, "target_modules names the modules of the file: \(listing(names))") {
        $0.config?["target_modules"] = .array(names.map { .string($0) })
      }
    }
    guard config.targets != nil || !config.targetParameters.isEmpty else { return }
    addUntargeted(&plan)
  }

  /// Modules that only the tensors show are added, by names that mean no others.
  private static func addUntargeted(_ plan: inout RepairPlan) {
    guard let matching = plan.context.matching, let config = plan.adapter.config else { return }
    let untargeted = plan.context.undeclared.map(\.name)
    // What the config excludes by name was not trained by it; nothing says how the tensors came to be.
    guard !untargeted.isEmpty, !untargeted.contains(where: { matching.isExcluded($0) }) else { return }
    let names = TargetNames(plan)[untargeted]
    let value: JSONValue
    switch config.targets {
    case .pattern(let pattern)?:
      let added = names.map { "(.*\\.)?" + PatternTable.quoted($0) }
      value = .string(([("(?:\(pattern))")] + added).joined(separator: "|"))
    case .names(let old)?: value = .array((old + names).uniqued.map { .string($0) })
    case nil: value = .array(names.map { .string($0) })
    }
    let shown = listing(names)
    let tried = plan.trying { $0.config?["target_modules"] = value }
    guard tried.context.undeclared.count < untargeted.count else { return }
    plan.mend(
      .targetUndeclared,
      "\(phrase(untargeted, of: plan.adapter.modules.count)) with tensors \(untargeted.count == 1 ? "is" : "are") added to "
        + "target_modules: \(shown)"
    ) { $0.config?["target_modules"] = value }
  }
}
