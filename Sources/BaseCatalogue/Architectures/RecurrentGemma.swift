extension Architecture {
  static let recurrentGemma = Architecture(
    "recurrent_gemma", heads: [.causal("ForCausalLM", "model", tied: true), .bare]
  ) { config in
    let sizes = DecoderSizes(
      config, vocabulary: 256000, hidden: 2560, intermediate: 7680, layers: 26, heads: 10, readsHeadWidth: false)
    let blocks = config.strings("block_types") ?? ["recurrent", "recurrent", "attention"]
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { index in
      if blocks.isEmpty || blocks[index % blocks.count] == "recurrent" {
        recurrent("temporal_block", config, sizes)
      } else {
        attention("temporal_block", sizes, bias: config.bool("attention_bias", false), outputBias: true)
      }
      gatedBlock("mlp_block", sizes.hidden, sizes.intermediate / 2, bias: true)
      norm("temporal_pre_norm", sizes.hidden)
      norm("channel_pre_norm", sizes.hidden)
    }
    norm("final_norm", sizes.hidden)
  }

  /// A gated linear recurrence, whose gates are one block a head.
  private static func recurrent(_ path: Path, _ config: Config, _ sizes: DecoderSizes) -> Row {
    let width = config.optionalSize("lru_width") ?? sizes.hidden
    let block = width / sizes.heads
    return scope(path) {
      linear("linear_y", sizes.hidden, width, bias: true)
      linear("linear_x", sizes.hidden, width, bias: true)
      linear("linear_out", width, sizes.hidden, bias: true)
      depthwise("conv_1d", width, width: config.size("conv1d_width", 4), bias: true)
      tensor("rg_lru.recurrent_param", width)
      for gate in ["input", "recurrent"] {
        tensor("rg_lru.\(gate)_gate_weight", sizes.heads, block, block)
        tensor("rg_lru.\(gate)_gate_bias", sizes.heads, block)
      }
    }
  }
}
