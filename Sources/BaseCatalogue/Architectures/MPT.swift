extension Architecture {
  static let mpt = Architecture("mpt", heads: ModelClass.transformer(tied: true), keys: mptKeys) { config in
    let hidden = config.size("d_model", 2048)
    tokens("wte", config.size("vocab_size", 50368), hidden)
    layers("blocks", config.size("n_layers", 24)) { _ in
      norm("norm_1", hidden)
      linear("attn.Wqkv", hidden, 3 * hidden)
      linear("attn.out_proj", hidden, hidden)
      norm("norm_2", hidden)
      // The library always widens by 4, whatever `expansion_ratio` says.
      linear("ffn.up_proj", hidden, 4 * hidden)
      linear("ffn.down_proj", 4 * hidden, hidden)
    }
    norm("norm_f", hidden)
  }

  private static let mptKeys = [
    "num_attention_heads": "n_heads", "hidden_size": "d_model", "num_hidden_layers": "n_layers",
  ]
}
