extension Architecture {
  /// The vision tower of several multimodal models.
  @RowBuilder
  static func siglipVision(_ config: Config) -> [Row] {
    let width = config.size("hidden_size", 768)
    let inner = config.size("intermediate_size", 3072)
    let image = config.size("image_size", 224)
    let patch = config.size("patch_size", 16)
    convolution(
      "embeddings.patch_embedding", config.size("num_channels", 3), width, kernel: [patch, patch], bias: true)
    embedding("embeddings.position_embedding", (image / patch) * (image / patch), width)
    layers("encoder.layers", config.size("num_hidden_layers", 12)) { _ in
      for name in ["k_proj", "v_proj", "q_proj", "out_proj"] { linear("self_attn.\(name)", width, width, bias: true) }
      linear("mlp.fc1", width, inner, bias: true)
      linear("mlp.fc2", inner, width, bias: true)
      norm("layer_norm1", width, bias: true)
      norm("layer_norm2", width, bias: true)
    }
    norm("post_layernorm", width, bias: true)
    if config.bool("vision_use_head", true) {
      scope("head") {
        tensor("probe", 1, 1, width)
        tensor("attention.in_proj_weight", 3 * width, width)
        tensor("attention.in_proj_bias", 3 * width)
        linear("attention.out_proj", width, width, bias: true)
        linear("mlp.fc1", width, inner, bias: true)
        linear("mlp.fc2", inner, width, bias: true)
        norm("layernorm", width, bias: true)
      }
    }
  }
}
