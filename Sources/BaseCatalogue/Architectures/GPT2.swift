extension Architecture {
  static let gpt2 = Architecture("gpt2", heads: gpt2Heads, keys: gpt2Keys) { config in
    let hidden = config.size("n_embd", 768)
    let inner = config.optionalSize("n_inner") ?? 4 * hidden
    tokens("wte", config.size("vocab_size", 50257), hidden)
    embedding("wpe", config.size("n_positions", 1024), hidden)
    layers("h", config.size("n_layer", 12)) { _ in
      norm("ln_1", hidden, bias: true)
      transposedLinear("attn.c_attn", hidden, 3 * hidden)
      transposedLinear("attn.c_proj", hidden, hidden)
      norm("ln_2", hidden, bias: true)
      if config.bool("add_cross_attention", false) {
        transposedLinear("crossattention.c_attn", hidden, 2 * hidden)
        transposedLinear("crossattention.q_attn", hidden, hidden)
        transposedLinear("crossattention.c_proj", hidden, hidden)
        norm("ln_cross_attn", hidden, bias: true)
      }
      transposedLinear("mlp.c_fc", hidden, inner)
      transposedLinear("mlp.c_proj", inner, hidden)
    }
    norm("ln_f", hidden, bias: true)
  }

  static let gpt2Keys = [
    "hidden_size": "n_embd", "max_position_embeddings": "n_positions", "num_attention_heads": "n_head",
    "num_hidden_layers": "n_layer",
  ]

  private static let gpt2Heads =
    ModelClass.transformer("LMHeadModel", tied: true) + [
      ModelClass("DoubleHeadsModel", "transformer") { config, body in
        linear("lm_head", body.hidden, body.vocabulary, tied: config.tied(true))
        if config.bool("summary_use_proj", true) {
          let classes = config.bool("summary_proj_to_labels", true) ? 1 : body.hidden
          linear("multiple_choice_head.summary", body.hidden, classes, bias: true)
        }
      }
    ]
}
