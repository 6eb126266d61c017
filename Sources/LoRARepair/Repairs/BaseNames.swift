import BaseCatalogue
import Diagnostics
import JSON
import LoRADeltas
import LoRAEngines
import LoRAModel
import LoRASurgery
import LoRAValidate
import Safetensors
import TensorCore

extension Repair {
  /// Modules get the names that the base's class has, where a prefix is all that differs and every size fits.
  static let baseNames = Repair { plan throws(SurgeryError) in
    guard let base = plan.context.base, base.isKnown, let loaded = plan.context.loadedNames,
      let config = plan.adapter.config, !config.replicatesLayers, plan.adapter.format == .peft
    else { return }
    let renaming = BaseRenaming(base, loaded)
    let elsewhere = plan.context.renamed
    let missing = plan.context.unmatched
    if !elsewhere.isEmpty, let changes = renaming.changes(elsewhere) {
      rename(changes, elsewhere.map(\.name), .baseRenamed, &plan)
    }
    if !missing.isEmpty, let changes = renaming.changes(missing) ?? renaming.commonChange(missing) {
      rename(changes, missing.map(\.name), .baseModuleMissing, &plan)
    }
  }

  /// Renames modules by prefixes and keeps what the config gave them by their old names.
  private static func rename(
    _ changes: [PrefixChange], _ names: [String], _ rule: RuleID, _ plan: inout RepairPlan
  ) {
    guard let base = plan.base else { return }
    let marked = Set(names)
    var tensors: [String: String] = [:]
    var modules: [String: String] = [:]
    for module in plan.adapter.modules where marked.contains(module.name) {
      guard let change = changes.first(where: { $0.applies(to: module.name) }) else { return }
      modules[module.name] = change.applied(to: module.name)
      for tensor in module.tensors {
        guard let path = tensor.name.withoutPEFTPrefix, change.applies(to: path) else { return }
        tensors[tensor.name] = String.peftPrefix + change.applied(to: path)
      }
    }
    for whole in plan.adapter.replacements where !base.holds(whole.name) {
      guard let path = whole.tensor.name.withoutPEFTPrefix,
        let change = changes.first(where: { $0.applies(to: path) && base.holds($0.applied(to: path)) })
      else { continue }
      tensors[whole.tensor.name] = String.peftPrefix + change.applied(to: path)
    }
    let kept = plan.names.subtracting(tensors.keys)
    guard Set(tensors.values).count == tensors.count, kept.isDisjoint(with: tensors.values) else { return }
    let alphas = plan.alphas.map { (name: modules[$0.name] ?? $0.name, value: $0.value) }
    let shown = changes.map(\.description).joined(separator: ", ")
    plan.mend(
      rule,
      "\(phrase(names, of: plan.adapter.modules.count)) \(names.count == 1 ? "is" : "are") named as the base does: \(shown)"
    ) { $0.rename(tensors) }
    // Patterns that meant modules by their old names mean them by the new ones.
    plan.keep(alphas, rule)
  }
}

/// A prefix of module names and what takes its place.
struct PrefixChange: Hashable, CustomStringConvertible {
  let from: String
  let to: String

  func applies(to name: String) -> Bool { name.hasPrefix(from) }
  func applied(to name: String) -> String { to + name.dropFirst(from.count) }

  /// Whether it leads to or from a part of a model that has modules of its own under the same names.
  var namesAnotherPart: Bool {
    (from + to).dottedComponents.contains { component in
      ["vision", "visual", "image", "video", "audio", "speech", "tower", "mtp", "draft"].contains {
        component.contains($0)
      }
    }
  }

  var description: String {
    let (from, to) = (escaped(from), escaped(to))
    return to.isEmpty
      ? "without \"\(from)\"" : from.isEmpty ? "below \"\(to)\"" : "\"\(to)\" in place of \"\(from)\""
  }
}

/// Finds the changes of prefixes that lead from an adapter's names to a base's.
private struct BaseRenaming {
  let base: BaseModel
  let loaded: LoadedNames

  init(_ base: BaseModel, _ loaded: LoadedNames) { (self.base, self.loaded) = (base, loaded) }

  /// The changes for modules that the base has under another usual name; nil unless they are found for all.
  func changes(_ modules: [AdapterModule]) -> [PrefixChange]? {
    var changes: [PrefixChange] = []
    for module in modules {
      guard let match = base.match(module.name), module.sizesFit(match.module) else { return nil }
      let change = Self.difference(module.name, loaded.name(of: match.runtime?.module.name ?? match.module.name))
      guard change.from != change.to, change.applied(to: module.name).count < 4096 else { return nil }
      changes.append(change)
    }
    // The longest prefixes first: one may begin with another.
    return changes.uniqued.ordered { ($1.from.utf8.count, $0.from) < ($0.from.utf8.count, $1.from) }
  }

  /// One prefix that all modules have too much or too little.
  func commonChange(_ modules: [AdapterModule]) -> [PrefixChange]? {
    guard let name = modules.first?.name, let closest = base.closest(to: name) else { return nil }
    let change: PrefixChange
    if closest.hasSuffix("." + name) {
      change = PrefixChange(from: "", to: String(closest.dropLast(name.count)))
    } else if name.hasSuffix("." + closest) {
      change = PrefixChange(from: String(name.dropLast(closest.count)), to: "")
    } else {
      return nil
    }
    let isRight =
      !change.namesAnotherPart
      && modules.allSatisfy { module in
        change.applies(to: module.name)
          && base.modules[change.applied(to: module.name)].map { module.sizesFit($0) } ?? false
      }
    return isRight ? [change] : nil
  }

  /// What two names begin with before the components that they have in common at the end.
  private static func difference(_ left: String, _ right: String) -> PrefixChange {
    let (left, right) = (left.dottedComponents, right.dottedComponents)
    var common = 0
    while common < min(left.count, right.count), left[left.count - 1 - common] == right[right.count - 1 - common] {
      common += 1
    }
    func beginning(_ components: [Substring]) -> String { components.dropLast(common).map { $0 + "." }.joined() }
    return PrefixChange(from: beginning(left), to: beginning(right))
  }
}

extension String {
  /// What PEFT puts in front of a module's name.
  static let peftPrefix = "base_model.model."

  /// The name below PEFT's prefix; nil without it.
  var withoutPEFTPrefix: String? {
    hasPrefix(Self.peftPrefix) ? String(dropFirst(Self.peftPrefix.count)) : nil
  }
}

extension BaseModel {
  /// Whether a tensor is there under this very name, in the files or in memory.
  fileprivate func holds(_ tensor: String) -> Bool {
    if checkpoint?.tensors[tensor] != nil { return true }
    guard tensor.hasSuffix(".weight"), let match = match(String(tensor.dropLast(".weight".count))) else { return false }
    return match.prefixChange == nil
  }

  /// The linear module of this very name, with sizes that are known.
  func linearModule(_ name: String) -> LoRAModel.BaseModule? {
    guard let match = match(name), match.prefixChange == nil,
      match.module.kind == .linear || match.module.kind == .conv1d,
      match.module.inFeatures > 0, match.module.outFeatures > 0
    else { return nil }
    return match.module
  }
}
