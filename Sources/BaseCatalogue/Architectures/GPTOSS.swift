extension Architecture {
  static let gptOSS = Architecture(
    "gpt_oss", heads: ModelClass.decoder(), keys: ["num_experts": "num_local_experts"]
  ) { config in
    let sizes = DecoderSizes(
      config, vocabulary: 201088, hidden: 2880, intermediate: 2880, layers: 36, heads: 64, keyValueHeads: 8,
      headWidth: 64)
    let experts = config.size("num_local_experts", 128)
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { _ in
      attention("self_attn", sizes, bias: config.bool("attention_bias", true))
      tensor("self_attn.sinks", sizes.heads)
      router("mlp.router", sizes.hidden, experts)
      tensor("mlp.router.bias", experts)
      stack("mlp.experts.gate_up_proj", experts, sizes.hidden, 2 * sizes.intermediate, transposed: true)
      tensor("mlp.experts.gate_up_proj_bias", experts, 2 * sizes.intermediate)
      stack("mlp.experts.down_proj", experts, sizes.intermediate, sizes.hidden, transposed: true)
      tensor("mlp.experts.down_proj_bias", experts, sizes.hidden)
      norm("input_layernorm", sizes.hidden)
      norm("post_attention_layernorm", sizes.hidden)
    }
    norm("norm", sizes.hidden)
  }
}
