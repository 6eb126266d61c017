extension Architecture {
  static let llama4Text = Architecture("llama4_text", heads: ModelClass.decoder()) { config in
    let sizes = DecoderSizes(
      config, vocabulary: 202048, hidden: 5120, intermediate: 8192, layers: 48, heads: 40, keyValueHeads: 8,
      headWidth: 128)
    let experts = config.size("num_local_experts", 16)
    let sparse = config.indices("moe_layers")
    let step = config.number("interleave_moe_layer_step", 1)
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { index in
      attention("self_attn", sizes, bias: config.bool("attention_bias", false))
      scope("feed_forward") {
        if sparse?.contains(Size(index)) ?? (index + 1).isMultiple(of: step) {
          linear("router", sizes.hidden, experts)
          // The model multiplies from the left, so these are stored (experts, in, out), but nothing marks them as
          // transposed: PEFT takes the last axis for in, and so do adapters.
          stack("experts.gate_up_proj", experts, 2 * sizes.intermediate, sizes.hidden)
          stack("experts.down_proj", experts, sizes.hidden, sizes.intermediate)
          gatedBlock("shared_expert", sizes.hidden, sizes.intermediate)
        } else {
          gatedBlock("", sizes.hidden, config.size("intermediate_size_mlp", 16384))
        }
      }
      norm("input_layernorm", sizes.hidden)
      norm("post_attention_layernorm", sizes.hidden)
    }
    norm("norm", sizes.hidden)
  }
}
