import Diagnostics
import JSON
import LoRADeltas
import LoRAModel
import LoRASurgery
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
      // Whole names are targeted whatever layers_to_transform says.
      for names in [TargetNames(plan).all, plan.context.names] {
        let value = JSONValue.array(names.map { .string($0) })
        let tried = plan.trying { $0.config?["target_modules"] = value }
        guard tried.context.undeclared.isEmpty, !tried.context.targetsNothing else { continue }
        plan.mend(.configInvalid, "target_modules names the modules of the file: \(listing(names))") {
          $0.config?["target_modules"] = value
        }
        break
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
    // Whole names are targeted whatever layers_to_transform says.
    for names in [TargetNames(plan)[untargeted], untargeted] {
      let value = targets(config.targets, with: names)
      let tried = plan.trying { $0.config?["target_modules"] = value }
      guard tried.context.undeclared.isEmpty else { continue }
      plan.mend(
        .targetUndeclared,
        "\(phrase(untargeted, of: plan.adapter.modules.count)) with tensors \(untargeted.count == 1 ? "is" : "are") added "
          + "to target_modules: \(listing(names))"
      ) { $0.config?["target_modules"] = value }
      return
    }
  }

  /// `target_modules` with more names: those of a list, or further choices of a regular expression.
  private static func targets(_ old: ModuleSelection?, with names: [String]) -> JSONValue {
    switch old {
    case .pattern(let pattern)?:
      let added = names.map { "(.*\\.)?" + PatternKeys.escaped($0) }
      return .string((["(?:\(pattern))"] + added).joined(separator: "|"))
    case .names(let old)?: return .array((old + names).uniqued.map { .string($0) })
    case nil: return .array(names.map { .string($0) })
    }
  }
}
