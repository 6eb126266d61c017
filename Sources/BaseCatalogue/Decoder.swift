/// The sizes that nearly every decoder names alike, with the defaults of the architecture.
struct Decoder {
  let vocabulary: Size
  let hidden: Size
  let intermediate: Size
  let layers: Size
  let heads: Size
  let keyValueHeads: Size
  let headWidth: Size

  /// `keyValueHeads` nil means as many as heads; `headWidth` nil means hidden / heads.
  init(
    _ config: Config, vocabulary: Size, hidden: Size, intermediate: Size, layers: Size, heads: Size,
    keyValueHeads: Size? = nil, headWidth: Size? = nil
  ) {
    self.vocabulary = config.size("vocab_size", vocabulary)
    self.hidden = config.size("hidden_size", hidden)
    self.intermediate = config.size("intermediate_size", intermediate)
    self.layers = config.size("num_hidden_layers", layers)
    self.heads = config.size("num_attention_heads", heads)
    self.keyValueHeads = config.optionalSize("num_key_value_heads", missing: keyValueHeads) ?? self.heads
    self.headWidth = config.optionalSize("head_dim", missing: headWidth) ?? self.hidden / self.heads
  }
}

/// Attention with separate projections: heads share keys and values in groups.
func attention(_ path: Path, _ sizes: Decoder, bias: Bool, outputBias: Bool? = nil) -> Row {
  let query = sizes.heads * sizes.headWidth
  let keyValue = sizes.keyValueHeads * sizes.headWidth
  return scope(path) {
    linear("q_proj", sizes.hidden, query, bias: bias)
    linear("k_proj", sizes.hidden, keyValue, bias: bias)
    linear("v_proj", sizes.hidden, keyValue, bias: bias)
    linear("o_proj", query, sizes.hidden, bias: outputBias ?? bias)
  }
}

/// The gated feed-forward block of Llama and its kin.
func gatedBlock(_ path: Path, _ hidden: Size, _ intermediate: Size, bias: Bool = false) -> Row {
  scope(path) {
    linear("gate_proj", hidden, intermediate, bias: bias)
    linear("up_proj", hidden, intermediate, bias: bias)
    linear("down_proj", intermediate, hidden, bias: bias)
  }
}
