import JSON

/// Molmo 2: its checkpoints keep the names of its authors' code, queries, keys and values in one matrix, and the
/// embedding of the vocabulary as two tables.
extension Architecture {
  static let molmo2 = Architecture("molmo2", heads: molmo2Heads, textSection: "text_config") { config in
    let adapter = config.section("adapter_config")
    let vision = Molmo2Vision(config, adapter)
    scope(Path("vision_backbone.image_vit", memory: "vision_tower")) { molmo2Tower(vision) }
    scope(Path("vision_backbone", memory: "multi_modal_projector")) {
      molmo2Attention(
        "image_pooling_2d", adapter, input: adapter.size("hidden_size", 1152) * Size(vision.features.count))
      molmo2Projector(adapter)
    }
    scope(Path("transformer", memory: "language_model")) {
      molmo2Decoder(
        config.section("text_config"), layers: Path("blocks", memory: "layers"), norm: Path("ln_f", memory: "norm"),
        isChunked: !config.hasValue("vit_config"))
    }
  }

  static let molmo2Text = Architecture("molmo2_text", heads: [.bare]) { config in
    molmo2Decoder(config, layers: "layers", norm: "norm", isChunked: true)
  }

  private static let molmo2Heads = [
    ModelClass("ForConditionalGeneration", "model") { config, body in
      linear("lm_head", body.hidden, config.section("text_config").size("vocab_size", 151936))
    }, .bare,
  ]

  /// The decoder; `isChunked` says that the library has saved the two tables of the embedding, as halves (5.24).
  @RowBuilder
  private static func molmo2Decoder(_ config: Config, layers list: Path, norm last: Path, isChunked: Bool) -> [Row] {
    let sizes = DecoderSizes(
      config, vocabulary: 151936, hidden: 4096, intermediate: 12288, layers: 36, heads: 32, keyValueHeads: 8,
      headWidth: 128)
    let added = config.size("additional_vocab_size", 128)
    let bias = config.bool("attention_bias", config.bool("qkv_bias", false))
    let isNormedByHead = molmo2NormsByHead(config)
    let first = isChunked ? (sizes.vocabulary + added + 1) / 2 : sizes.vocabulary
    tokens(
      "embed_tokens", from: [("wte.embedding", first), ("wte.new_embedding", sizes.vocabulary + added - first)],
      sizes.hidden)
    layers(list, sizes.layers) { _ in
      scope("self_attn") {
        fused(
          "att_proj", sizes.hidden,
          [("q_proj", sizes.query), ("k_proj", sizes.keyValue), ("v_proj", sizes.keyValue)], bias: bias)
        linear(Path("attn_out", memory: "o_proj"), sizes.query, sizes.hidden)
        norm("q_norm", isNormedByHead ? sizes.headWidth : sizes.query)
        norm("k_norm", isNormedByHead ? sizes.headWidth : sizes.keyValue)
      }
      scope("mlp") {
        fused("ff_proj", sizes.hidden, [("up_proj", sizes.intermediate), ("gate_proj", sizes.intermediate)])
        linear(Path("ff_out", memory: "down_proj"), sizes.intermediate, sizes.hidden)
      }
      norm(Path("attn_norm", memory: "input_layernorm"), sizes.hidden)
      norm(Path("ff_norm", memory: "post_attention_layernorm"), sizes.hidden)
    }
    norm(last, sizes.hidden)
  }

  private static func molmo2NormsByHead(_ config: Config) -> Bool {
    let kind = config.string("qk_norm_type", "qwen3")
    if !["qwen3", "olmo"].contains(kind) {
      config.report("qk_norm_type", expected: "qwen3 or olmo", .string(kind))
    }
    return kind == "qwen3"
  }

  @RowBuilder
  private static func molmo2Tower(_ vision: Molmo2Vision) -> [Row] {
    let width = vision.config.size("hidden_size", 1152)
    let inner = vision.config.size("intermediate_size", 4304)
    tensor("positional_embedding", vision.positions, width)
    linear(
      "patch_embedding", vision.patch * vision.patch * vision.config.size("num_channels", 3), width, bias: true)
    layers(Path("transformer.resblocks", memory: "layers"), vision.layers) { _ in
      molmo2Attention(Path("attention", memory: "self_attn"), vision.config, input: width)
      linear(Path("feed_forward.w1", memory: "mlp.fc1"), width, inner, bias: true)
      linear(Path("feed_forward.w2", memory: "mlp.fc2"), inner, width, bias: true)
      norm(Path("attention_norm", memory: "layer_norm1"), width, bias: true)
      norm(Path("ffn_norm", memory: "layer_norm2"), width, bias: true)
    }
  }

  private static func molmo2Attention(_ path: Path, _ config: Config, input: Size) -> Row {
    let head = config.size("head_dim", 72)
    let query = config.size("num_attention_heads", 16) * head
    let keyValue = config.size("num_key_value_heads", 16) * head
    let bias = config.bool("attention_bias", true)
    return scope(path) {
      linear(Path("wq", memory: "q_proj"), input, query, bias: bias)
      linear(Path("wk", memory: "k_proj"), input, keyValue, bias: bias)
      linear(Path("wv", memory: "v_proj"), input, keyValue, bias: bias)
      linear(Path("wo", memory: "o_proj"), query, config.size("hidden_size", 1152), bias: bias)
    }
  }

  private static func molmo2Projector(_ config: Config) -> Row {
    let width = config.size("hidden_size", 1152)
    let inner = config.size("intermediate_size", 18944)
    let bias = config.bool("mlp_bias", false)
    return scope("image_projector") {
      linear(Path("w1", memory: "gate_proj"), width, inner, bias: bias)
      linear(Path("w3", memory: "up_proj"), width, inner, bias: bias)
      linear(Path("w2", memory: "down_proj"), inner, config.size("text_hidden_size", 3584))
    }
  }
}

/// The sizes of the vision tower, for which published files have other keys than the library writes.
private struct Molmo2Vision {
  let config: Config
  let patch: Size
  /// Rows of the table of positions, one for each patch.
  let positions: Size
  let layers: Size
  /// The layers whose outputs the projector reads side by side.
  let features: [Int]

  init(_ whole: Config, _ adapter: Config) {
    let isPublished = whole.hasValue("vit_config")
    let config = whole.section(whole.hasValue("vision_config") || !isPublished ? "vision_config" : "vit_config")
    let patch = config.size("image_patch_size", config.size("patch_size", 14))
    let key = ["image_default_input_size", "image_size"].first { config.hasValue($0) }
    let (height, width) = key.map { config.pair($0, 378) } ?? (378, 378)
    let given = config.optionalSize("image_num_pos") ?? config.optionalSize("num_position_embeddings")
    self.config = config
    self.patch = patch
    positions = given ?? (height / patch) * (width / patch)
    let listed = ["vit_layers", "vision_feature_layer"].lazy.compactMap { adapter.positions($0) }.first ?? [24, 18]
    let count = config.number("num_hidden_layers", 25)
    if listed.isEmpty || listed.contains(where: { $0 < -count || $0 >= count }) && !(isPublished && count > 0) {
      adapter.report("vision_feature_layer", expected: "layers of the \(count) in vision_config", .array([]))
    }
    features = listed
    // Files of the authors have more layers in the configuration than in the weights: those that nothing reads.
    let read = listed.map { count > 0 ? ($0 % count + count) % count : 0 }.max() ?? 0
    layers = isPublished ? Size(read + 1) : Size(count)
  }
}
