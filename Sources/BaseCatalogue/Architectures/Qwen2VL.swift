extension Architecture {
  /// The checkpoint keeps the names of the first release; in memory both towers are below one model.
  static let qwen2VL = Architecture(
    "qwen2_vl", heads: qwen2VLHeads, textSection: "text_config", aliases: qwen2VLAliases
  ) { config in
    scope("visual") { qwen2Vision(config.section("vision_config")) }
    scope("language_model") { qwen2Text(textSection(config)) }
  }

  private static let qwen2VLAliases = [
    PathAlias("language_model.", "model.", origin: "the body without its head"),
    PathAlias("model.language_model.", "language_model.", origin: "the body below a head"),
    PathAlias("model.visual.", "visual.", origin: "the body below a head"),
    PathAlias("model.", "language_model.", origin: "the first release"),
  ]

  private static let qwen2VLHeads: [ModelClass] = [
    ModelClass("ForConditionalGeneration", "", body: wrapped) { config, body in
      let isTied = config.tied(false) || textSection(config).tied(false)
      linear("lm_head", body.hidden, body.vocabulary, tied: isTied)
    },
    .bare,
  ]

  @Sendable @RowBuilder
  private static func wrapped(_ config: Config) -> [Row] {
    scope(Path("visual", memory: "model.visual")) { qwen2Vision(config.section("vision_config")) }
    scope(Path("model", memory: "model.language_model")) { qwen2Text(textSection(config)) }
  }

  /// Original configurations have the sizes of the text model outside any section.
  private static func textSection(_ config: Config) -> Config {
    config.hasValue("text_config") ? config.section("text_config") : config
  }

  @RowBuilder
  private static func qwen2Text(_ config: Config) -> [Row] {
    let sizes = DecoderSizes(
      config, vocabulary: 152064, hidden: 8192, intermediate: 29568, layers: 80, heads: 64, keyValueHeads: 8,
      readsHeadWidth: false)
    llamaBody(sizes, bias: true, outputBias: false)
  }

  @RowBuilder
  private static func qwen2Vision(_ config: Config) -> [Row] {
    let width = config.size("embed_dim", 1280)
    let inner = width * config.size("mlp_ratio", 4)
    let patch = config.size("patch_size", 14)
    let merge = config.size("spatial_merge_size", 2)
    convolution(
      "patch_embed.proj", config.size("in_channels", 3), width,
      kernel: [config.size("temporal_patch_size", 2), patch, patch], bias: false)
    layers("blocks", config.size("depth", 32)) { _ in
      norm("norm1", width, bias: true)
      norm("norm2", width, bias: true)
      linear("attn.qkv", width, 3 * width, bias: true)
      linear("attn.proj", width, width, bias: true)
      linear("mlp.fc1", width, inner, bias: true)
      linear("mlp.fc2", inner, width, bias: true)
    }
    norm("merger.ln_q", width, bias: true)
    linear("merger.mlp.0", width * merge * merge, width * merge * merge, bias: true)
    linear("merger.mlp.2", width * merge * merge, config.size("hidden_size", 3584), bias: true)
  }
}
