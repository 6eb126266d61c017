import LoRADeltas
import TensorCore

/// Names of the blocks of SDXL's U-Net: those of Stability's own code, under which kohya's trainers adapt it, and those
/// of diffusers (diffusers 0.42, `loaders/lora_conversion_utils.py: _maybe_map_sgm_blocks_to_diffusers`).
///
/// Every level has two layers; a level's blocks are counted through in Stability's lists.
enum StabilityNames {
  /// Leaves of a residual block.
  private static let residual = [
    ("in_layers.0", "norm1"), ("in_layers.2", "conv1"), ("emb_layers.1", "time_emb_proj"), ("out_layers.0", "norm2"),
    ("out_layers.3", "conv2"), ("skip_connection", "conv_shortcut"),
  ]

  /// Modules outside the blocks.
  private static let outer = [
    ("time_embed.0", "time_embedding.linear_1"), ("time_embed.2", "time_embedding.linear_2"),
    ("label_emb.0.0", "add_embedding.linear_1"), ("label_emb.0.2", "add_embedding.linear_2"),
    ("input_blocks.0.0", "conv_in"), ("out.0", "conv_norm_out"), ("out.2", "conv_out"),
  ]

  /// diffusers' path of a module of Stability's; nil for other paths.
  static func diffusers(_ path: String) -> String? {
    if let found = outer.first(where: { $0.0 == path }) { return found.1 }
    let components = path.dottedComponents
    guard components.count > 2, let block = Int(components[1]), (0...11).contains(block) else { return nil }
    if components[0] == "middle_block" {
      let rest = components.dropFirst(2).joined(separator: ".")
      switch block {
      case 0: return leaf(rest).map { "mid_block.resnets.0.\($0)" }
      case 1: return "mid_block.attentions.0.\(rest)"
      case 2: return leaf(rest).map { "mid_block.resnets.1.\($0)" }
      default: return nil
      }
    }
    guard components.count > 3, let slot = Int(components[2]) else { return nil }
    let rest = components.dropFirst(3).joined(separator: ".")
    switch components[0] {
    case "input_blocks" where block > 0:
      let (level, layer) = ((block - 1) / 3, (block - 1) % 3)
      if rest == "op", slot == 0, layer == 2 { return "down_blocks.\(level).downsamplers.0.conv" }
      return within("down_blocks.\(level)", layer, slot, rest)
    case "output_blocks":
      let (level, layer) = (block / 3, block % 3)
      if rest == "conv", slot > 0, layer == 2 { return "up_blocks.\(level).upsamplers.0.conv" }
      return within("up_blocks.\(level)", layer, slot, rest)
    default: return nil
    }
  }

  private static func within(_ level: String, _ layer: Int, _ slot: Int, _ rest: String) -> String? {
    switch slot {
    case 0: leaf(rest).map { "\(level).resnets.\(layer).\($0)" }
    case 1: "\(level).attentions.\(layer).\(rest)"
    default: nil
    }
  }

  private static func leaf(_ name: String) -> String? { residual.first { $0.0 == name }?.1 }

  /// Stability's path of a module of diffusers'; nil for paths that SDXL does not have.
  static func stability(_ path: String) -> String? {
    if let found = outer.first(where: { $0.1 == path }) { return found.0 }
    let components = path.dottedComponents
    if components.first == "mid_block", components.count > 3, let index = Int(components[2]), (0...1).contains(index) {
      let rest = components.dropFirst(3).joined(separator: ".")
      if components[1] == "attentions" { return index == 0 ? "middle_block.1.\(rest)" : nil }
      guard components[1] == "resnets" else { return nil }
      return ownLeaf(rest).map { "middle_block.\(2 * index).\($0)" }
    }
    guard components.count > 4, let level = Int(components[1]), let layer = Int(components[3]), (0...2).contains(level),
      (0...2).contains(layer)
    else { return nil }
    let rest = components.dropFirst(4).joined(separator: ".")
    let isDown = components[0] == "down_blocks"
    guard isDown || components[0] == "up_blocks" else { return nil }
    let block = isDown ? "input_blocks.\(1 + 3 * level + layer)" : "output_blocks.\(3 * level + layer)"
    switch components[2] {
    case "resnets": return ownLeaf(rest).map { "\(block).0.\($0)" }
    case "attentions": return "\(block).1.\(rest)"
    case "downsamplers" where isDown && rest == "conv": return "input_blocks.\(3 + 3 * level).0.op"
    case "upsamplers" where !isDown && rest == "conv": return "output_blocks.\(3 * level + 2).2.conv"
    default: return nil
    }
  }

  private static func ownLeaf(_ name: String) -> String? { residual.first { $0.1 == name }?.0 }

  /// Whether modules of a U-Net are those of SDXL: it has a second text encoder's width, or deeper transformers.
  static func isSDXL(_ modules: [ModuleDraft]) -> Bool {
    modules.contains { module in
      guard module.name.hasPrefix("unet.") else { return module.name.hasPrefix("text_encoder_2.") }
      let path = module.name.dropFirst("unet.".count)
      if path.hasPrefix("add_embedding.") { return true }
      if path.hasSuffix(".attn2.to_k") || path.hasSuffix(".attn2.to_v") { return module.a.count == 2_048 }
      let components = String(path).dottedComponents
      guard let position = components.firstIndex(of: "transformer_blocks"), position + 1 < components.count else {
        return false
      }
      return Int(components[position + 1]).map { $0 > 0 } ?? false
    }
  }
}
