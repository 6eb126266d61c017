extension Architecture {
  static let gemma3Text = Architecture("gemma3_text", heads: ModelClass.decoder(tied: true), body: gemma3Decoder)

  /// Text and vision; the checkpoint keeps the names of the first release.
  static let gemma3 = Architecture("gemma3", heads: gemma3Heads, textSection: "text_config", aliases: gemma3Aliases) {
    config in
    scope("vision_tower") { siglipVision(config.section("vision_config")) }
    scope("multi_modal_projector") { gemma3Projector(config) }
    scope(Path("language_model.model", memory: "language_model")) { gemma3Decoder(config.section("text_config")) }
  }

  private static let gemma3Heads: [ModelClass] = [
    ModelClass("ForConditionalGeneration", "", body: wrapped) { config, body in
      let name = Path("language_model.lm_head", memory: "lm_head")
      linear(name, body.hidden, body.vocabulary, tied: config.tied(true))
    },
    .bare,
    ModelClass("ForSequenceClassification", "", body: wrapped) { config, body in
      linear("score", body.hidden, config.labels)
    },
  ]

  private static let gemma3Aliases = [
    PathAlias("vision_tower.vision_model.", "vision_tower.", origin: "checkpoints of version 4", isStored: true),
    PathAlias("model.vision_tower.vision_model.", "vision_tower.", origin: "version 4", isReadByPEFT: true),
    PathAlias("model.language_model.model.", "language_model.model.", origin: "versions around 4.52"),
    PathAlias("model.language_model.", "language_model.model.", origin: "the body below a head"),
    PathAlias("language_model.", "language_model.model.", origin: "the body without its head"),
    PathAlias("model.vision_tower.", "vision_tower.", origin: "the body below a head"),
  ]

  @Sendable @RowBuilder
  private static func wrapped(_ config: Config) -> [Row] {
    scope(Path("vision_tower", memory: "model.vision_tower")) { siglipVision(config.section("vision_config")) }
    scope(Path("multi_modal_projector", memory: "model.multi_modal_projector")) { gemma3Projector(config) }
    scope(Path("language_model.model", memory: "model.language_model")) {
      gemma3Decoder(config.section("text_config"))
    }
  }

  @Sendable @RowBuilder
  private static func gemma3Decoder(_ config: Config) -> [Row] {
    let sizes = DecoderSizes(
      config, vocabulary: 262208, hidden: 2304, intermediate: 9216, layers: 26, heads: 8, keyValueHeads: 4,
      headWidth: 256)
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { _ in
      attention("self_attn", sizes, bias: config.bool("attention_bias", false))
      norm("self_attn.q_norm", sizes.headWidth)
      norm("self_attn.k_norm", sizes.headWidth)
      gatedBlock("mlp", sizes.hidden, sizes.intermediate)
      norm("input_layernorm", sizes.hidden)
      norm("post_attention_layernorm", sizes.hidden)
      norm("pre_feedforward_layernorm", sizes.hidden)
      norm("post_feedforward_layernorm", sizes.hidden)
    }
    norm("norm", sizes.hidden)
  }

  @RowBuilder
  private static func gemma3Projector(_ config: Config) -> [Row] {
    let width = config.section("vision_config").size("hidden_size", 768)
    tensor("mm_input_projection_weight", width, config.section("text_config").size("hidden_size", 2304))
    norm("mm_soft_emb_norm", width)
  }
}
