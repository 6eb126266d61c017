extension Architecture {
  static let deepSeekV2 = Architecture(
    "deepseek_v2", heads: ModelClass.decoder(), keys: ["num_experts": "n_routed_experts"]
  ) { config in
    let hidden = config.size("hidden_size", 4096)
    let expertWidth = config.size("moe_intermediate_size", 1407)
    let bias = config.bool("mlp_bias", false)
    tokens("embed_tokens", config.size("vocab_size", 102400), hidden)
    layers("layers", config.size("num_hidden_layers", 32)) { index in
      latentAttention(config, hidden, heads: config.size("num_attention_heads", 32))
      if index < config.number("first_k_dense_replace", 0) {
        gatedBlock("mlp", hidden, config.size("intermediate_size", 11008), bias: bias)
      } else {
        scope("mlp") {
          gatedExperts(config.size("n_routed_experts", 64), hidden, expertWidth)
          gatedBlock("shared_experts", hidden, expertWidth * config.size("n_shared_experts", 2), bias: bias)
        }
      }
      norm("input_layernorm", hidden)
      norm("post_attention_layernorm", hidden)
    }
    norm("norm", hidden)
  }

  static let deepSeekV3 = Architecture(
    "deepseek_v3", heads: ModelClass.decoder(), keys: ["num_local_experts": "n_routed_experts"]
  ) { config in
    deepSeekV3Decoder(config, layers: "layers")
  }

  @RowBuilder
  static func deepSeekV3Decoder(_ config: Config, layers list: Path) -> [Row] {
    let hidden = config.size("hidden_size", 7168)
    let expertWidth = config.size("moe_intermediate_size", 2048)
    let experts = config.size("n_routed_experts", 256)
    tokens("embed_tokens", config.size("vocab_size", 129280), hidden)
    layers(list, config.size("num_hidden_layers", 61)) { index in
      latentAttention(config, hidden, heads: config.size("num_attention_heads", 128))
      if index < config.number("first_k_dense_replace", 3) {
        gatedBlock("mlp", hidden, config.size("intermediate_size", 18432))
      } else {
        scope("mlp") {
          gatedExperts(experts, hidden, expertWidth)
          buffer("gate.e_score_correction_bias", experts)
          gatedBlock("shared_experts", hidden, expertWidth * config.size("n_shared_experts", 1))
        }
      }
      norm("input_layernorm", hidden)
      norm("post_attention_layernorm", hidden)
    }
    norm("norm", hidden)
  }

  /// Attention through a narrow latent space for keys and values, and with `q_lora_rank` for queries too.
  @RowBuilder
  private static func latentAttention(_ config: Config, _ hidden: Size, heads: Size) -> [Row] {
    let bias = config.bool("attention_bias", false)
    let latent = config.size("kv_lora_rank", 512)
    let rotary = config.size("qk_rope_head_dim", 64)
    let plain = config.size("qk_nope_head_dim", 128)
    let value = config.size("v_head_dim", 128)
    scope("self_attn") {
      if let queryLatent = config.optionalSize("q_lora_rank", missing: 1536) {
        linear("q_a_proj", hidden, queryLatent, bias: bias)
        norm("q_a_layernorm", queryLatent)
        linear("q_b_proj", queryLatent, heads * (plain + rotary))
      } else {
        linear("q_proj", hidden, heads * (plain + rotary))
      }
      linear("kv_a_proj_with_mqa", hidden, latent + rotary, bias: bias)
      norm("kv_a_layernorm", latent)
      linear("kv_b_proj", latent, heads * (plain + value))
      linear("o_proj", heads * value, hidden, bias: bias)
    }
  }
}
