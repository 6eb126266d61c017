extension Architecture {
  static let mixtral = Architecture(
    "mixtral", heads: ModelClass.decoder(), keys: ["num_experts": "num_local_experts"]
  ) { config in
    let sizes = DecoderSizes(
      config, vocabulary: 32000, hidden: 4096, intermediate: 14336, layers: 32, heads: 32, keyValueHeads: 8)
    let experts = config.size("num_local_experts", 8)
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { _ in
      attention("self_attn", sizes, bias: false)
      scope(Path("block_sparse_moe", memory: "mlp")) {
        router("gate", sizes.hidden, experts)
        stack(
          "experts.gate_up_proj", from: ["experts.{e}.w1", "experts.{e}.w3"], experts, sizes.hidden, sizes.intermediate)
        stack("experts.down_proj", from: ["experts.{e}.w2"], experts, sizes.intermediate, sizes.hidden)
      }
      norm("input_layernorm", sizes.hidden)
      norm("post_attention_layernorm", sizes.hidden)
    }
    norm("norm", sizes.hidden)
  }
}
