extension Architecture {
  static let gptBigCode = Architecture("gpt_bigcode", heads: ModelClass.transformer(tied: true), keys: gpt2Keys) {
    config in
    let hidden = config.size("n_embd", 768)
    let inner = config.optionalSize("n_inner") ?? 4 * hidden
    let keyValue = config.bool("multi_query", true) ? hidden / config.size("n_head", 12) : hidden
    tokens("wte", config.size("vocab_size", 50257), hidden)
    embedding("wpe", config.size("n_positions", 1024), hidden)
    layers("h", config.size("n_layer", 12)) { _ in
      norm("ln_1", hidden, bias: true)
      linear("attn.c_attn", hidden, hidden + 2 * keyValue, bias: true)
      linear("attn.c_proj", hidden, hidden, bias: true)
      norm("ln_2", hidden, bias: true)
      if config.bool("add_cross_attention", false) {
        linear("crossattention.c_attn", hidden, 2 * hidden, bias: true)
        linear("crossattention.q_attn", hidden, hidden, bias: true)
        linear("crossattention.c_proj", hidden, hidden, bias: true)
        norm("ln_cross_attn", hidden, bias: true)
      }
      linear("mlp.c_fc", hidden, inner, bias: true)
      linear("mlp.c_proj", inner, hidden, bias: true)
    }
    norm("ln_f", hidden, bias: true)
  }
}
