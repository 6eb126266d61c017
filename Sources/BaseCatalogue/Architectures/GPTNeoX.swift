extension Architecture {
  static let gptNeoX = Architecture("gpt_neox", heads: gptNeoXHeads) { config in
    let hidden = config.size("hidden_size", 6144)
    let intermediate = config.size("intermediate_size", 24576)
    let bias = config.bool("attention_bias", true)
    tokens("embed_in", config.size("vocab_size", 50432), hidden)
    layers("layers", config.size("num_hidden_layers", 44)) { _ in
      norm("input_layernorm", hidden, bias: true)
      norm("post_attention_layernorm", hidden, bias: true)
      linear("attention.query_key_value", hidden, 3 * hidden, bias: bias)
      linear("attention.dense", hidden, hidden, bias: bias)
      linear("mlp.dense_h_to_4h", hidden, intermediate, bias: true)
      linear("mlp.dense_4h_to_h", intermediate, hidden, bias: true)
    }
    norm("final_layer_norm", hidden, bias: true)
  }

  private static let gptNeoXHeads: [ModelClass] = [
    .causal("ForCausalLM", "gpt_neox", Path("embed_out", memory: "lm_head"), tied: false), .bare,
    .classifier("gpt_neox"), .tokenClassifier("gpt_neox", "classifier"), .answering("gpt_neox"),
  ]
}
