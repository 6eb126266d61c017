/// The towers of Gemma 4: linear layers whose inputs and outputs may be kept within bounds.
extension Architecture {
  @RowBuilder
  static func gemma4Vision(_ config: Config) -> [Row] {
    let width = config.size("hidden_size", 768)
    let inner = config.size("intermediate_size", 3072)
    let patch = config.size("patch_size", 16)
    let head = config.size("head_dim", 64)
    let (heads, keyValueHeads) = (config.size("num_attention_heads", 12), config.size("num_key_value_heads", 12))
    let isBounded = config.bool("use_clipped_linears", false)
    if config.bool("standardize", false) {
      buffer("std_bias", width)
      buffer("std_scale", width)
    }
    linear("patch_embedder.input_proj", 3 * patch * patch, width)
    tensor("patch_embedder.position_embedding_table", 2, config.size("position_embedding_size", 10240), width)
    layers("encoder.layers", config.size("num_hidden_layers", 16)) { _ in
      scope("self_attn") {
        bounded("q_proj", width, heads * head, isBounded)
        bounded("k_proj", width, keyValueHeads * head, isBounded)
        bounded("v_proj", width, keyValueHeads * head, isBounded)
        bounded("o_proj", heads * head, width, isBounded)
        norm("q_norm", head)
        norm("k_norm", head)
      }
      bounded("mlp.gate_proj", width, inner, isBounded)
      bounded("mlp.up_proj", width, inner, isBounded)
      bounded("mlp.down_proj", inner, width, isBounded)
      for name in ["input", "post_attention", "pre_feedforward", "post_feedforward"] {
        norm(Path("\(name)_layernorm", memory: nil), width)
      }
    }
  }

  @RowBuilder
  static func gemma4Audio(_ config: Config) -> [Row] {
    let width = config.size("hidden_size", 1024)
    let channels = config.pair("subsampling_conv_channels", (128, 32))
    let heads = config.size("num_attention_heads", 8)
    let attention = heads * (width / heads)
    let isBounded = config.bool("use_clipped_linears", true)
    scope("subsample_conv_projection") {
      convolution("layer0.conv", 1, channels.0, kernel: [3, 3], bias: false)
      norm("layer0.norm", channels.0)
      convolution("layer1.conv", channels.0, channels.1, kernel: [3, 3], bias: false)
      norm("layer1.norm", channels.1)
      linear("input_proj_linear", channels.0 / 4 * channels.1, width)
    }
    layers("layers", config.size("num_hidden_layers", 12)) { _ in
      for name in ["feed_forward1", "feed_forward2"] {
        scope(Path(name, memory: nil)) {
          bounded("ffw_layer_1", width, 4 * width, isBounded)
          bounded("ffw_layer_2", 4 * width, width, isBounded)
          norm("pre_layer_norm", width)
          norm("post_layer_norm", width)
        }
      }
      scope("self_attn") {
        tensor("per_dim_scale", width / heads)
        for name in ["q_proj", "k_proj", "v_proj"] { bounded(Path(name, memory: nil), width, attention, isBounded) }
        bounded("post", width, width, isBounded)
        linear("relative_k_proj", width, attention)
      }
      scope("lconv1d") {
        bounded("linear_start", width, 2 * width, isBounded)
        bounded("linear_end", width, width, isBounded)
        depthwise("depthwise_conv1d", width, width: config.size("conv_kernel_size", 5), bias: false)
        norm("pre_layer_norm", width)
        norm("conv_norm", width)
      }
      for name in ["norm_pre_attn", "norm_post_attn", "norm_out"] { norm(Path(name, memory: nil), width) }
    }
    linear("output_proj", width, config.size("output_proj_dims", 1536), bias: true)
  }

  private static func bounded(_ path: Path, _ input: Size, _ output: Size, _ isBounded: Bool) -> Row {
    scope(path) {
      linear("linear", input, output)
      if isBounded {
        for name in ["input_min", "input_max", "output_min", "output_max"] { buffer(Path(name, memory: nil)) }
      }
    }
  }
}
