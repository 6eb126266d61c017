/// What the layers of image and video models are called, as no language model calls its own: those of diffusers, of
/// Stability, Black Forest Labs, Tencent and Alibaba (diffusers 0.42, `loaders/lora_conversion_utils.py`).
enum DiffusionLayers {
  private static let blocks: Set<Substring> = [
    "transformer_blocks", "single_transformer_blocks", "double_blocks", "single_blocks", "joint_blocks",
    "double_stream_blocks", "single_stream_blocks", "down_blocks", "up_blocks", "mid_block", "input_blocks",
    "output_blocks", "middle_block",
  ]

  private static let wan: Set<Substring> = ["q", "k", "v", "o", "k_img", "v_img"]

  /// Whether a module's path leads through such a layer.
  static func contain(_ path: some Collection<Substring>) -> Bool {
    if path.contains(where: { blocks.contains($0) }) { return true }
    switch path.first {
    // Wan has plain `blocks`, whose attentions no other model has under these names.
    case "blocks"?:
      return (path.contains("self_attn") || path.contains("cross_attn")) && path.contains { wan.contains($0) }
    // Z-Image
    case "layers"?, "noise_refiner"?, "context_refiner"?:
      return path.contains("attention") && path.contains { ["to_q", "to_k", "to_v", "to_out"].contains($0) }
    default: return false
    }
  }

  /// Whether diffusers' loader takes names with the adapter's name left in for this module: DiffSynth-Studio writes
  /// those of Qwen-Image and Z-Image so.
  static func mayKeepAdapterName(_ module: String) -> Bool {
    module.hasPrefix("transformer_blocks.") || module.hasPrefix("layers.") || module.hasPrefix("noise_refiner.")
      || module.hasPrefix("context_refiner.")
  }
}
