extension Architecture {
  static let phi = Architecture("phi", heads: phiHeads) { config in
    let sizes = DecoderSizes(config, vocabulary: 51200, hidden: 2048, intermediate: 8192, layers: 24, heads: 32)
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { _ in
      attention("self_attn", sizes, bias: true, output: "dense")
      if config.bool("qk_layernorm", false) {
        norm("self_attn.q_layernorm", sizes.hidden / sizes.heads, bias: true)
        norm("self_attn.k_layernorm", sizes.hidden / sizes.heads, bias: true)
      }
      linear("mlp.fc1", sizes.hidden, sizes.intermediate, bias: true)
      linear("mlp.fc2", sizes.intermediate, sizes.hidden, bias: true)
      norm("input_layernorm", sizes.hidden, bias: true)
    }
    norm("final_layernorm", sizes.hidden, bias: true)
  }

  private static let phiHeads: [ModelClass] = [
    .causal("ForCausalLM", "model", tied: false, bias: true), .bare, .classifier("model"), .tokenClassifier("model"),
  ]

  static let phi3 = Architecture("phi3", heads: ModelClass.decoder()) { config in
    let sizes = DecoderSizes(config, vocabulary: 32064, hidden: 3072, intermediate: 8192, layers: 32, heads: 32)
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { _ in
      linear("self_attn.o_proj", sizes.query, sizes.hidden)
      linear("self_attn.qkv_proj", sizes.hidden, sizes.query + 2 * sizes.keyValue)
      linear("mlp.gate_up_proj", sizes.hidden, 2 * sizes.intermediate)
      linear("mlp.down_proj", sizes.intermediate, sizes.hidden)
      norm("input_layernorm", sizes.hidden)
      norm("post_attention_layernorm", sizes.hidden)
    }
    norm("norm", sizes.hidden)
  }
}
