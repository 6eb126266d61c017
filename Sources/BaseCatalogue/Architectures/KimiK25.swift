import JSON

/// Kimi K2.5: DeepSeek-V3's decoder beside a vision tower whose checkpoints keep the names of its authors' code.
///
/// The rows have the names that the library saves (5.24), which calls the lists of both towers `blocks`; published files
/// have `layers` in the decoder, and other places for two things outside the lists.
extension Architecture {
  static let kimiK25 = Architecture(
    "kimi_k25", heads: kimiK25Heads, textSection: "text_config", aliases: kimiK25Aliases
  ) { config in
    let vision = config.section("vision_config")
    let merge = vision.pair("merge_kernel_size", 2)
    scope(Path("vision_tower", memory: "model.vision_tower")) { kimiK25Tower(vision) }
    norm("model.mm_projector.pre_norm", config.size("projection_hidden_size", 1152), bias: true)
    scope(Path("mm_projector", memory: "model.mm_projector")) {
      let wide = vision.size("hidden_size", 1152) * merge.0 * merge.1
      linear(Path("proj.0", memory: "in_proj"), wide, wide, bias: true)
      linear(Path("proj.2", memory: "out_proj"), wide, textSection(config).size("hidden_size", 7168), bias: true)
    }
    scope(Path("language_model.model", memory: "model.language_model")) {
      deepSeekV3Decoder(textSection(config), layers: Path("blocks", memory: "layers"))
    }
  }

  private static let kimiK25Heads = [
    ModelClass("ForConditionalGeneration", "") { config, body in
      let name = Path("language_model.lm_head", memory: "lm_head")
      linear(name, body.hidden, body.vocabulary, tied: config.tied(true))
    }
  ]

  private static let kimiK25Aliases = [
    ("language_model.model.layers.", "language_model.model.blocks."),
    ("vision_tower.patch_embed.", "vision_tower.encoder.patch_embed."),
  ].map { PathAlias($0, $1, origin: "published files", isStored: true, isReadByPEFT: true) }

  /// The decoder's own section, which must be one of DeepSeek-V3's kind.
  private static func textSection(_ config: Config) -> Config {
    let text = config.section("text_config")
    let type = text.string("model_type", "deepseek_v3")
    if !["deepseek_v3", "kimi_k2"].contains(type) {
      text.report("model_type", expected: "deepseek_v3 or kimi_k2", .string(type))
    }
    return text
  }

  @RowBuilder
  private static func kimiK25Tower(_ config: Config) -> [Row] {
    let width = config.size("hidden_size", 1152)
    let inner = config.size("intermediate_size", 4304)
    let patch = config.size("patch_size", 14)
    convolution(
      Path("encoder.patch_embed.proj", memory: "patch_embed.proj"), 3, width, kernel: [patch, patch], bias: true)
    tensor(
      Path("patch_embed.pos_emb.weight", memory: "patch_embed.pos_emb.position_embeddings"),
      config.size("pos_emb_height", 64), config.size("pos_emb_width", 64), width)
    layers(Path("encoder.blocks", memory: "layers"), config.size("num_hidden_layers", 27)) { _ in
      // Checkpoints have the two halves of a rotary pair beside each other, the library one half behind the other.
      fused(
        "wqkv", width, [("attn.q_proj", width), ("attn.k_proj", width), ("attn.v_proj", width)], bias: true,
        reordered: ["attn.q_proj", "attn.k_proj"])
      linear(Path("wo", memory: "attn.proj"), width, width, bias: true)
      linear(Path("mlp.fc0", memory: "mlp.fc1"), width, inner, bias: true)
      linear(Path("mlp.fc1", memory: "mlp.fc2"), inner, width, bias: true)
      norm(Path("norm0", memory: "norm1"), width, bias: true)
      norm(Path("norm1", memory: "norm2"), width, bias: true)
    }
    norm(Path("encoder.final_layernorm", memory: "final_layernorm"), width, bias: true)
  }
}
