import Diagnostics
import JSON
import LoRAModel
import TensorCore

/// The filter that the engine is started with (`--lora-target-modules`).
extension ClassLoading {
  /// The outcome for a module of the engine that its filter leaves out; a classification head passes.
  func filtered(_ name: String) -> Outcome? {
    guard let targets = question.options.targetModules, name != row.head else { return nil }
    return isTargeted(name, targets) ? nil : .filtered
  }

  /// `is_in_target_modules` in `vllm/lora/utils.py`: the last part or the whole name, a packed module by its parts, a
  /// part by its packed module.
  private func isTargeted(_ name: String, _ targets: [String]) -> Bool {
    let leaf = String(name.lastComponent)
    if targets.contains(leaf) || targets.contains(name) { return true }
    if leaf == "experts", row.experts != nil, keepsExpertsApart { return targets.contains(where: isExpertPart) }
    if let parts = row.packed[leaf], parts.contains(where: { targets.contains($0) }) { return true }
    return row.packed.contains { whole, parts in
      parts.contains(leaf) && targets.contains(whole) && !(whole == "experts" && keepsExpertsApart)
    }
  }

  /// Whether a target is one of the matrices that a stack of experts is packed from, such as `experts.0.gate_proj`.
  private func isExpertPart(_ target: String) -> Bool {
    let (template, number) = Self.template(of: target)
    guard let number, number < expertCount ?? .max else { return false }
    return expertForms.contains(template)
  }

  /// Targets that name a module which no LoRA layer can take: the server does not start then (`_create_lora_modules`).
  mutating func unwrappableTargets() {
    let targets = question.options.targetModules ?? []
    let stuck = targets.filter { target in
      row.stuck.contains(target) || UInt64(target) != nil
        || question.options.adaptsTowers && row.towerStuck.contains(target)
    }
    if let first = stuck.first {
      add(
        .refusedAtStart,
        "target modules named \(listing(stuck)): its class \(row.name) has modules of that name that "
          + "take no adapters", found: escaped(first, limit: 100),
        hint: "leave them out of --lora-target-modules")
    }
    if row.hasPlainHead, question.options.targetModules != nil {
      add(
        .refusedAtStart,
        "target modules for \(row.name): its head is no layer of vLLM's own, and is wrapped whatever they are",
        found: listing(targets), hint: "start vLLM without --lora-target-modules")
    }
    // A whole name may be that of such a module.
    if let first = targets.first(where: { $0.contains(".") && row.stuck.contains(String($0.lastComponent)) }) {
      add(
        .unjudged, "the target module \(escaped(first, limit: 100))", found: escaped(first, limit: 100),
        hint: "name target modules by the last part of their names")
    }
  }
}
