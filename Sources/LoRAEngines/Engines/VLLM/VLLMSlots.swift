import BaseCatalogue
import JSON
import LoRAModel
import TensorCore

extension VLLMRelease {
  /// The release whose slots are laid out.
  static var newest: VLLMRelease { .release33 }

  /// What the class that runs a base wraps.
  ///
  /// Classes that are not known get what the Transformers backend does: slots for the token embedding, and projections
  /// fused as vLLM's own classes fuse them.
  func slotTraits(of base: BaseModel) -> SlotTraits {
    var traits = SlotTraits()
    // The parts of a stack are called `experts.0.down_proj` there.
    traits.namesExpertsByParts = false
    guard let row = classes.row(for: base)?.row, !row.isUnheld else {
      traits.embeddings = ["embed_tokens"]
      return traits
    }
    traits.isHeld = true
    traits.isServed = row.takesLoRA
    guard row.takesLoRA else { return traits }
    let kinds = row.modules.values
    let config = TextSection(base.config ?? JSONObject()).config
    traits.embeddings = Set(
      kinds.filter { $0.kind == "embedding" || $0.kind == "head" }.map { String($0.name.lastComponent) })
    traits.fusesExperts = row.experts?.areStacked ?? false
    traits.pairsCrossAttention = kinds.contains { $0.name.hasSuffix("encoder_attn.kv_proj") }
    traits.splitsGateUp = (row.packed["gate_up_proj"]?.count ?? 0) > 1
    traits.taskHeads = Set(kinds.map { String($0.name.lastComponent) }.filter { ["score", "classifier"].contains($0) })
    // Adapters and checkpoints are renamed by one rule; it may look at what follows the module's name.
    let renamed: @Sendable (String) -> String = { name in
      if row.mapper.isIdentity { return name }
      let leaf = ".lora_A.weight"
      guard let mapped = row.mapper.mapped(name + leaf), mapped.hasSuffix(leaf) else { return name }
      return String(mapped.dropLast(leaf.count))
    }
    traits.renamed = renamed
    @Sendable func module(_ name: String) -> VLLMClass.Module? {
      let own = ClassLoading.template(of: renamed(name)).template
      for pattern in [own, "model." + own] {
        if row.isBare(pattern, in: config) { return nil }
        if let found = row.modules[pattern] ?? row.owners[pattern] { return found }
      }
      return nil
    }
    traits.place = { module($0) == nil ? .bare : .wrapped }
    traits.keepsWhole = { module($0)?.kind == "replicated" }
    return traits
  }
}
