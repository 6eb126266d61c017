import Diagnostics
import JSON
import LoRADeltas
import LoRAEngines
import LoRAIO
import LoRAModel
import LoRASurgery
import LoRAValidate
import Safetensors
import TensorCore

extension Repair {
  /// Whole tensors that are the base's own, to the bit, say nothing; without them more engines take the adapter.
  static let baseWeights = Repair { plan throws(SurgeryError) in
    guard let base = plan.context.base, let checkpoint = base.checkpoint, let file = plan.input.file,
      plan.adapter.format == .peft
    else { return }
    let tensors = plan.tensorsByName
    var equal: [Replacement] = []
    for whole in plan.adapter.replacements where whole.role != .rows {
      guard tensors[whole.tensor.name]?.isKept ?? false, !whole.name.hasSuffix(".bias"),
        let entry = base.stored(whole.name), checkpoint.files.indices.contains(entry.file),
        entry.info.dtype == whole.tensor.dtype, entry.info.shape == whole.tensor.shape
      else { continue }
      if try TensorComparison.areSame(whole.tensor, of: file, entry.info, of: checkpoint.files[entry.file]) {
        equal.append(whole)
      }
    }
    let changed = plan.adapter.replacements.filter { whole in !equal.contains { $0.tensor.name == whole.tensor.name } }
    let saved = plan.config?["modules_to_save"]?.array
    let dropped = equal.filter { whole in
      // A module that was saved as a whole is the base's own only if all of its tensors are, and an entry that means
      // several modules stays for all of them.
      let owner = whole.owner
      let entries = saved?.compactMap(\.string).filter { owner.isMeant(by: $0) } ?? []
      return !changed.contains { other in
        other.owner == owner || entries.contains { other.owner.isMeant(by: $0) }
      }
    }
    guard !dropped.isEmpty else { return }
    let owners = Set(dropped.map(\.owner))
    let kept = saved?.filter { entry in
      !(entry.string.map { name in owners.contains { $0.isMeant(by: name) } } ?? false)
    }
    let names = Set(dropped.map(\.tensor.name))
    plan.mend(
      .engineUnsupported,
      "\(counted(dropped.count, "whole tensor")) that \(dropped.count == 1 ? "is" : "are") the base's own to the bit "
        + "\(dropped.count == 1 ? "is" : "are") dropped: \(listing(dropped.map(\.name)))"
    ) { change in
      change.drop(names)
      if let kept, kept.count != saved?.count {
        change.config?["modules_to_save"] = kept.isEmpty ? .null : .array(kept)
      }
    }
  }
}

extension Replacement {
  /// The module whose tensor it replaces.
  fileprivate var owner: String { String(name.dropLast(name.lastComponent.count + 1)) }
}

extension BaseModel {
  /// The tensor on disk that the library calls `name`, a tied one included.
  fileprivate func stored(_ name: String) -> Checkpoint.Entry? {
    if let entry = checkpoint?.tensors[name] { return entry }
    if let stored = storedName(ofTensor: name), let entry = checkpoint?.tensors[stored] { return entry }
    guard name.hasSuffix(".weight") else { return nil }
    return match(String(name.dropLast(7)))?.module.weight
  }
}
