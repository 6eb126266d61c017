/// Mamba layers, before some of which a block of attention stands that several layers share: its weights are stored with
/// the first of them.
extension Architecture {
  static let zamba = Architecture("zamba", heads: zambaHeads, keys: zambaKeys) { config in
    let hidden = config.size("hidden_size", 3712)
    let intermediate = config.size("intermediate_size", 14848)
    let heads = config.size("num_attention_heads", 16)
    let (period, offset) = (config.number("attn_layer_period", 6), config.number("attn_layer_offset", 4))
    let layers = SharedBlock(config, "shared_transf", blocks: 1, layers: 76) { index in
      index == 2 || index > 2 && period > 0 && (index - 3) % period == offset
    }
    tokens("embed_tokens", config.size("vocab_size", 32000), hidden)
    layers.rows(hidden) {
      mamba(config, hidden)
    } shared: { _ in
      zambaAttention(
        hidden, input: config.optionalSize("attention_hidden_size") ?? 2 * hidden, heads: heads,
        keyValueHeads: config.size("num_key_value_heads", 16),
        width: config.optionalSize("attention_head_dim") ?? 2 * hidden / heads)
      linear("feed_forward.gate_proj", hidden, intermediate)
      linear("feed_forward.up_proj", hidden, intermediate)
      linear("feed_forward.down_proj", intermediate, hidden)
    }
    norm("final_layernorm", hidden)
  }

  static let zamba2 = Architecture("zamba2", heads: zambaHeads, keys: zambaKeys) { config in
    let hidden = config.size("hidden_size", 2560)
    let intermediate = config.optionalSize("intermediate_size") ?? 4 * hidden
    let heads = config.size("num_attention_heads", 32)
    let bias = config.bool("add_bias_linear", false)
    let rank = config.size("adapter_rank", 128)
    let usual: Set = [6, 12, 18, 24, 30, 36, 42, 47, 51]
    let blocks = config.number("num_mem_blocks", 1)
    // The usual pattern is as long as it is, whatever the number of layers.
    let layers = SharedBlock(config, "shared_transformer", blocks: blocks, layers: 54, isFixed: true) {
      usual.contains($0)
    }
    tokens("embed_tokens", config.size("vocab_size", 32000), hidden)
    layers.rows(hidden) {
      mamba2(config, hidden, bias: bias)
    } shared: { uses in
      zambaAttention(
        hidden, input: 2 * hidden, heads: heads, keyValueHeads: config.optionalSize("num_key_value_heads") ?? heads,
        width: 2 * hidden / heads)
      linear("feed_forward.gate_up_proj", hidden, 2 * intermediate, bias: bias)
      linear("feed_forward.down_proj", intermediate, hidden, bias: bias)
      for use in uses {
        if config.bool("use_shared_attention_adapter", false) {
          for name in ["q", "k", "v"] {
            linear("self_attn.linear_\(name)_adapter_list.\(use).0", 2 * hidden, rank)
            linear("self_attn.linear_\(name)_adapter_list.\(use).1", rank, 2 * hidden)
          }
        }
        linear("feed_forward.gate_up_proj_adapter_list.\(use).0", hidden, rank)
        linear("feed_forward.gate_up_proj_adapter_list.\(use).1", rank, 2 * intermediate)
      }
    }
    norm("final_layernorm", hidden)
  }

  private static let zambaHeads: [ModelClass] = [
    .causal("ForCausalLM", "model", tied: true), .bare, .classifier("model"),
  ]
  private static let zambaKeys = ["layer_types": "layers_block_type", "head_dim": "attention_head_dim"]

  /// Attention over the layer's input beside the model's, with the norms around it.
  @RowBuilder
  private static func zambaAttention(
    _ hidden: Size, input: Size, heads: Size, keyValueHeads: Size, width: Size
  ) -> [Row] {
    linear("self_attn.q_proj", input, heads * width)
    linear("self_attn.k_proj", input, keyValueHeads * width)
    linear("self_attn.v_proj", input, keyValueHeads * width)
    linear("self_attn.o_proj", heads * width, hidden)
    norm("input_layernorm", input)
    norm("pre_ff_layernorm", hidden)
  }

  private static func mamba(_ config: Config, _ hidden: Size) -> Row {
    let heads = config.size("n_mamba_heads", 2)
    let state = config.size("mamba_d_state", 16)
    let inner = config.size("mamba_expand", 2) * hidden
    let rank = config.size("mamba_dt_rank", (hidden + 15) / 16, unless: "auto")
    let bias = config.bool("mamba_proj_bias", false)
    return scope("mamba") {
      depthwise("conv1d", inner, width: config.size("mamba_d_conv", 4), bias: config.bool("mamba_conv_bias", true))
      linear("in_proj", hidden, 2 * inner, bias: bias)
      linear("out_proj", inner, hidden, bias: bias)
      tensor("x_proj_weight", heads, rank + 2 * state, inner / heads)
      tensor("dt_proj_weight", heads, inner / heads, rank)
      tensor("dt_proj_bias", heads, inner / heads)
      tensor("A_log", heads, inner / heads, state)
      tensor("D", heads, inner / heads)
    }
  }

  private static func mamba2(_ config: Config, _ hidden: Size, bias: Bool) -> Row {
    let heads = config.size("n_mamba_heads", 8)
    let inner = config.size("mamba_expand", 2) * hidden
    let convolved = inner + 2 * config.size("mamba_ngroups", 1) * config.size("mamba_d_state", 64)
    return scope("mamba") {
      depthwise("conv1d", convolved, width: config.size("mamba_d_conv", 4), bias: true)
      linear("in_proj", hidden, inner + convolved + heads, bias: bias)
      linear("out_proj", inner, hidden, bias: bias)
      for name in ["dt_bias", "A_log", "D"] { tensor(Path(name, memory: nil), heads) }
      norm("norm", inner)
    }
  }
}

/// The layers of a model some of which have a shared block before them.
private struct SharedBlock {
  let name: String
  /// How many different blocks there are.
  let blocks: Int
  let count: Int
  /// The layers with a block, in order.
  let holders: [Int]
  /// Whether layers share the blocks' weights, which one flag says of all that may be shared.
  let isTied: Bool

  /// Reads the kinds of the layers; where they are missing, `usual` says which of them have a block.
  init(
    _ config: Config, _ name: String, blocks: Int, layers: Int, isFixed: Bool = false, usual: (Int) -> Bool
  ) {
    let kinds = config.strings("layers_block_type")
    let given = isFixed ? layers : config.number("num_hidden_layers", layers)
    self.name = name
    self.blocks = max(blocks, 1)
    isTied = config.tied(true)
    count = kinds?.count ?? min(given, BaseDescription.moduleLimit)
    holders = (0..<count).filter { index in kinds.map { $0[index] == "hybrid" } ?? usual(index) }
  }

  /// The rows of the layers; `shared` gets the numbers of the uses of a block.
  func rows(_ hidden: Size, @RowBuilder mixer: () -> [Row], @RowBuilder shared: (StrideTo<Int>) -> [Row]) -> Row {
    let mixer = mixer() + norm("input_layernorm", hidden)
    let shared = (0..<min(blocks, holders.count)).map { shared(stride(from: $0, to: holders.count, by: blocks)) }
    let uses = Dictionary(uniqueKeysWithValues: holders.enumerated().map { ($1, $0) })
    return layers("layers", Size(count)) { index in
      if let use = uses[index] {
        linear("linear", hidden, hidden)
        scope("mamba_decoder") { mixer }
        scope(Path(name, memory: nil)) {
          if use < blocks || !isTied {
            shared[use % blocks]
          } else {
            tied(shared[use % blocks], to: "layers.\(holders[use % blocks]).\(name)")
          }
        }
      } else {
        mixer
      }
    }
  }

  /// The modules among rows as sharing the weights of those below a path.
  private func tied(_ rows: [Row], to path: String) -> [Row] {
    rows.compactMap { row in
      guard case .module(var module) = row else { return nil }
      module.isTied = true
      module.hasBias = false
      module.tiedTo = "\(path).\(module.path.disk).weight"
      return .module(module)
    }
  }
}
