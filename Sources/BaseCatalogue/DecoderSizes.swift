/// The sizes that nearly every decoder names alike, with the defaults of the architecture.
struct DecoderSizes {
  let vocabulary: Size
  let hidden: Size
  let intermediate: Size
  let layers: Size
  let heads: Size
  let keyValueHeads: Size
  let headWidth: Size

  /// Reads the usual keys; the arguments are the defaults.
  ///
  /// `keyValueHeads` nil means as many as heads; `headWidth` nil means hidden / heads. Some models do not read
  /// `head_dim` at all.
  init(
    _ config: Config, vocabulary: Size, hidden: Size, intermediate: Size, layers: Size, heads: Size,
    keyValueHeads: Size? = nil, headWidth: Size? = nil, readsHeadWidth: Bool = true
  ) {
    self.vocabulary = config.size("vocab_size", vocabulary)
    self.hidden = config.size("hidden_size", hidden)
    self.intermediate = config.size("intermediate_size", intermediate)
    self.layers = config.size("num_hidden_layers", layers)
    self.heads = config.size("num_attention_heads", heads)
    self.keyValueHeads = config.optionalSize("num_key_value_heads", missing: keyValueHeads) ?? self.heads
    let given = readsHeadWidth ? config.optionalSize("head_dim", missing: headWidth) : nil
    self.headWidth = given ?? self.hidden / self.heads
  }
}

extension DecoderSizes {
  /// Width of all queries together.
  var query: Size { heads * headWidth }

  /// Width of all keys, and of all values, together.
  var keyValue: Size { keyValueHeads * headWidth }
}

/// Attention with separate projections: heads share keys and values in groups.
func attention(
  _ path: Path, _ sizes: DecoderSizes, bias: Bool, output: Path = "o_proj", outputBias: Bool? = nil
) -> Row {
  scope(path) {
    linear("q_proj", sizes.hidden, sizes.query, bias: bias)
    linear("k_proj", sizes.hidden, sizes.keyValue, bias: bias)
    linear("v_proj", sizes.hidden, sizes.keyValue, bias: bias)
    linear(output, sizes.query, sizes.hidden, bias: outputBias ?? bias)
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

/// Experts with the gated block, in memory as two stacks, in the checkpoint one by one; and the matrix that picks them.
func gatedExperts(_ count: Size, _ hidden: Size, _ intermediate: Size) -> [Row] {
  [
    stack("experts.gate_up_proj", from: ["experts.{e}.gate_proj", "experts.{e}.up_proj"], count, hidden, intermediate),
    stack("experts.down_proj", from: ["experts.{e}.down_proj"], count, intermediate, hidden),
    router("gate", hidden, count),
  ]
}
