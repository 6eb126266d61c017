import JSON

/// One mixer a layer: Mamba 2, attention, a feed-forward block or experts, in the order that the configuration gives.
///
/// Checkpoints call the body `backbone`, the library calls it `model`.
extension Architecture {
  static let nemotronH = Architecture(
    "nemotron_h", heads: nemotronHHeads,
    keys: [
      "layer_types": "layers_block_type", "num_local_experts": "n_routed_experts", "mamba_n_groups": "n_groups",
      "mamba_d_conv": "conv_kernel", "mamba_conv_bias": "use_conv_bias",
    ]
  ) { config in
    let sizes = DecoderSizes(
      config, vocabulary: 131072, hidden: 4096, intermediate: 21504, layers: 52, heads: 32, keyValueHeads: 8,
      headWidth: 128)
    let kinds = nemotronHLayers(config)
    let bias = config.bool("mlp_bias", false)
    tokens("embeddings", sizes.vocabulary, sizes.hidden)
    layers("layers", Size(kinds.count)) { index in
      norm("norm", sizes.hidden)
      switch kinds[index] {
      case "attention": attention("mixer", sizes, bias: false)
      case "mlp": plainBlock("mixer", sizes.hidden, sizes.intermediate, bias: bias)
      case "moe": nemotronHExperts(config, sizes.hidden, bias: bias)
      default: nemotronHMamba(config, sizes.hidden)
      }
    }
    norm("norm_f", sizes.hidden)
  }

  private static let nemotronHHeads = [
    ModelClass("ForCausalLM", Path("backbone", memory: "model")) { _, body in
      linear("lm_head", body.hidden, body.vocabulary)
    }, .bare,
  ]

  /// The kinds of the layers by their names in older files, which may give a letter for each instead.
  private static func nemotronHLayers(_ config: Config) -> [String] {
    let words = ["linear_attention": "mamba", "full_attention": "attention"]
    var kinds = config.strings("layers_block_type")?.map { words[$0] ?? $0 }
    if kinds == nil, let pattern = config.text("hybrid_override_pattern") {
      kinds = LayerMixers.kinds(ofPattern: pattern)
    }
    let found = kinds ?? ["mamba", "moe", "attention", "mlp"]
    for kind in found where !["mamba", "moe", "attention", "mlp"].contains(kind) {
      config.report("layers_block_type", expected: "mamba, attention, mlp or moe", .string(kind))
    }
    return Array(found.prefix(BaseDescription.moduleLimit))
  }

  private static func nemotronHMamba(_ config: Config, _ hidden: Size) -> Row {
    let heads = config.size("mamba_num_heads", 128)
    let inner = heads * config.size("mamba_head_dim", 64)
    let convolved = inner + 2 * config.size("n_groups", 8) * config.size("ssm_state_size", 128)
    let bias = config.bool("use_bias", false)
    return scope("mixer") {
      depthwise(
        "conv1d", convolved, width: config.size("conv_kernel", 4), bias: config.bool("use_conv_bias", true))
      linear("in_proj", hidden, inner + convolved + heads, bias: bias)
      for name in ["dt_bias", "A_log", "D"] { tensor(Path(name, memory: nil), heads) }
      norm("norm", inner)
      linear("out_proj", inner, hidden, bias: bias)
    }
  }

  /// Experts without a gate, which may work in a narrower space than the layers around them.
  private static func nemotronHExperts(_ config: Config, _ hidden: Size, bias: Bool) -> Row {
    let experts = config.size("n_routed_experts", 8)
    let width = config.size("moe_intermediate_size", 7688)
    let latent = config.optionalSize("moe_latent_size")
    return scope("mixer") {
      stack("experts.up_proj", from: ["experts.{e}.up_proj"], experts, latent ?? hidden, width)
      stack("experts.down_proj", from: ["experts.{e}.down_proj"], experts, width, latent ?? hidden)
      router("gate", hidden, experts)
      buffer("gate.e_score_correction_bias", experts)
      plainBlock("shared_experts", hidden, config.size("moe_shared_expert_intermediate_size", 7688), bias: bias)
      if let latent {
        linear("fc1_latent_proj", hidden, latent, bias: bias)
        linear("fc2_latent_proj", latent, hidden, bias: bias)
      }
    }
  }

  /// A feed-forward block without a gate.
  private static func plainBlock(_ path: Path, _ hidden: Size, _ intermediate: Size, bias: Bool) -> Row {
    scope(path) {
      linear("up_proj", hidden, intermediate, bias: bias)
      linear("down_proj", intermediate, hidden, bias: bias)
    }
  }
}
