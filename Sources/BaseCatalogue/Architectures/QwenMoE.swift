extension Architecture {
  static let qwen2MoE = Architecture("qwen2_moe", heads: ModelClass.decoder()) { config in
    let sizes = DecoderSizes(
      config, vocabulary: 151936, hidden: 2048, intermediate: 5632, layers: 24, heads: 16, keyValueHeads: 16)
    let shared = config.size("shared_expert_intermediate_size", 5632)
    let experts = config.size("num_experts", 60)
    let sparse = SparseLayers(config, experts)
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { index in
      attention("self_attn", sizes, bias: config.bool("qkv_bias", true), outputBias: false)
      if sparse.contains(index) {
        scope("mlp") {
          gatedExperts(experts, sizes.hidden, config.size("moe_intermediate_size", 1408))
          gatedBlock("shared_expert", sizes.hidden, shared)
          linear("shared_expert_gate", sizes.hidden, 1)
        }
      } else {
        gatedBlock("mlp", sizes.hidden, sizes.intermediate)
      }
      norm("input_layernorm", sizes.hidden)
      norm("post_attention_layernorm", sizes.hidden)
    }
    norm("norm", sizes.hidden)
  }

  static let qwen3MoE = Architecture(
    "qwen3_moe", heads: ModelClass.decoder(answering: "transformer"), keys: ["num_local_experts": "num_experts"]
  ) { config in
    let sizes = DecoderSizes(
      config, vocabulary: 151936, hidden: 2048, intermediate: 6144, layers: 24, heads: 32, keyValueHeads: 4)
    let experts = config.size("num_experts", 128)
    let sparse = SparseLayers(config, experts)
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { index in
      attention("self_attn", sizes, bias: config.bool("attention_bias", false))
      norm("self_attn.q_norm", sizes.headWidth)
      norm("self_attn.k_norm", sizes.headWidth)
      if sparse.contains(index) {
        scope("mlp") { gatedExperts(experts, sizes.hidden, config.size("moe_intermediate_size", 768)) }
      } else {
        gatedBlock("mlp", sizes.hidden, sizes.intermediate)
      }
      norm("input_layernorm", sizes.hidden)
      norm("post_attention_layernorm", sizes.hidden)
    }
    norm("norm", sizes.hidden)
  }

  /// The layers with experts: every `decoder_sparse_step`-th that is not listed as dense.
  private struct SparseLayers {
    let step: Int
    let dense: Set<Size>
    let hasExperts: Bool

    init(_ config: Config, _ experts: Size) {
      step = config.number("decoder_sparse_step", 1)
      dense = config.indices("mlp_only_layers") ?? []
      hasExperts = experts != 0
    }

    func contains(_ index: Int) -> Bool {
      hasExperts && (index + 1).isMultiple(of: step) && !dense.contains(Size(index))
    }
  }
}
