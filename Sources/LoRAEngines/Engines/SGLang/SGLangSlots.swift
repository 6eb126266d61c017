import LoRAModel
import TensorCore

extension SGLangRelease {
  /// The release whose slots are laid out.
  static var newest: SGLangRelease { .release23 }

  /// What the class that runs a base wraps.
  ///
  /// Slots are made for what all targets together wrap, embedding and head aside. Classes that are not known get what
  /// SGLang's own classes of dense models do.
  func slotTraits(of base: BaseModel) -> SlotTraits {
    var traits = SlotTraits()
    guard let row = classes.row(for: base)?.row, !row.isUnheld else { return traits }
    traits.isHeld = !row.name.hasPrefix("TransformersMoE")
    traits.isServed = row.takesLoRA && row.modules.contains { $0.name.holds("layers.#.") }
    guard traits.isServed else { return traits }
    traits.wrapsExperts = row.withExperts?.contains { row.modules[$0].isExperts } ?? false
    traits.splitsGateUp = row.modules.contains { $0.kind == "merged" && $0.name.hasSuffix(".gate_up_proj") }
    traits.splitsQueryKeyValue = row.modules.contains { $0.kind == "qkv" && $0.name.hasSuffix(".qkv_proj") }
    traits.place = { name in
      guard let place = row.place(of: name) else { return .bare }
      return row.modules[place.module].isExperts || row.isTarget(place.module) ? .wrapped : .bare
    }
    traits.keepsWhole = { name in row.place(of: name).map { row.modules[$0.module].kind == "replicated" } ?? false }
    traits.renamed = { row.slotName(of: $0) }
    return traits
  }
}

extension SGLangClass {
  /// Whether a target of its own wraps the module.
  fileprivate func isTarget(_ module: Int) -> Bool { targets.values.contains { $0.contains(module) } }

  /// The engine's name for a module of the checkpoint, or for the whole of several.
  fileprivate func slotName(of name: String) -> String {
    let (owner, leaf) = EngineModuleBuilder.parted(name)
    let parts = [
      "qkv_proj": "q_proj", "gate_up_proj": "gate_proj", "fused_qkv_a_proj": "q_a_proj",
      "experts": "experts.0.gate_proj",
    ]
    let candidates = [name] + (parts[leaf].map { [EngineModuleBuilder.joined(owner, $0)] } ?? [])
    guard let place = candidates.lazy.compactMap({ self.place(of: $0) }).first else { return name }
    // Only the layer has a number there.
    let number = name.split(separator: ".").first { UInt64($0) != nil }
    let whole = modules[place.module].name
    return number.map { whole.replacing("#", with: String($0)) } ?? whole
  }
}
