import LoRAModel
import LoRAValidate
import TensorCore

/// Names for `target_modules` that mean the modules of a file and no others of the model.
struct TargetNames {
  private let names: [String]
  /// Names of all modules that the model has, as far as they are known.
  private let others: Set<String>

  init(_ plan: RepairPlan) {
    names = plan.adapter.modules.filter { $0.kind != .parameter }.map(\.name)
    let present = Set(names)
    if let base = plan.context.base, let loaded = plan.context.loadedNames, base.isKnown {
      let found = Set(plan.context.matched.map { $0.match.module.name })
      others = Set(
        base.modules.values.filter { $0.kind != .parameter && !found.contains($0.name) && base.builds($0.name) }
          .map { loaded.name(of: $0.name) })
    } else {
      others = Self.holes(in: present)
    }
  }

  /// Names for all modules of the file.
  var all: [String] { self[names] }

  /// Names for some of them: the last part, where it means no module without tensors, else the whole name.
  subscript(_ chosen: [String]) -> [String] {
    let taken = Set(others.flatMap { Self.endings($0) })
    return chosen.map { name in
      let ending = Self.ending(of: name)
      return taken.contains(ending) ? name : String(ending)
    }.uniqued
  }

  /// The last part of a name, with the one before where it is a number: `to_out.0`.
  private static func ending(of name: String) -> Substring {
    let leaf = name.lastComponent
    guard Int(leaf) != nil else { return leaf }
    let rest = String(name.dropLast(leaf.count + 1))
    return name[name.index(name.endIndex, offsetBy: -(leaf.count + 1 + rest.lastComponent.count))...]
  }

  private static func endings(_ name: String) -> [Substring] { name.suffixesAfterDots + [name[...]] }

  /// Modules that layers lack although others of one list have them, which nothing but a base could tell from modules
  /// that the model does not have.
  private static func holes(in names: Set<String>) -> Set<String> {
    var layers: [Substring: Set<UInt64>] = [:]
    for name in names { if let (index, before, _) = name.layer { layers[before, default: []].insert(index) } }
    var holes: Set<String> = []
    for name in names {
      guard let (_, before, after) = name.layer, let all = layers[before], all.count < 10_000 else { continue }
      if let hole = all.lazy.map({ "\(before)\($0)\(after)" }).first(where: { !names.contains($0) }) {
        holes.insert(hole)
      }
    }
    return holes
  }
}
