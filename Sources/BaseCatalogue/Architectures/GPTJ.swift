extension Architecture {
  static let gptj = Architecture("gptj", heads: ModelClass.transformer(tied: false, bias: true), keys: gpt2Keys) {
    config in
    let hidden = config.size("n_embd", 4096)
    let inner = config.optionalSize("n_inner") ?? 4 * hidden
    tokens("wte", config.size("vocab_size", 50400), hidden)
    layers("h", config.size("n_layer", 28)) { _ in
      norm("ln_1", hidden, bias: true)
      linear("attn.k_proj", hidden, hidden)
      linear("attn.v_proj", hidden, hidden)
      linear("attn.q_proj", hidden, hidden)
      linear("attn.out_proj", hidden, hidden)
      linear("mlp.fc_in", hidden, inner, bias: true)
      linear("mlp.fc_out", inner, hidden, bias: true)
    }
    norm("ln_f", hidden, bias: true)
  }
}
