/// Gemma 4 without towers: patches and frames of sound are projected into the language model, which has no inputs layer
/// by layer.
extension Architecture {
  static let gemma4UnifiedText = Architecture("gemma4_unified_text", heads: ModelClass.decoder(tied: true)) { config in
    gemma4Decoder(config, isUnified: true)
  }

  static let gemma4Unified = Architecture(
    "gemma4_unified", heads: [.causal("ForConditionalGeneration", "model", tied: true), .bare],
    textSection: "text_config"
  ) { config in
    let width = config.section("text_config").size("hidden_size", 2304)
    if config.hasValue("vision_config") {
      gemma4Patches(config.section("vision_config"), width)
    }
    scope("language_model") { gemma4Decoder(config.section("text_config"), isUnified: true) }
    if config.hasValue("audio_config") {
      linear(
        "embed_audio.embedding_projection", config.section("audio_config").size("audio_embed_dim", 640), width)
    }
  }

  @RowBuilder
  private static func gemma4Patches(_ config: Config, _ textWidth: Size) -> [Row] {
    let width = config.size("mm_embed_dim", 3840)
    let side = config.size("patch_size", 16) * config.size("pooling_kernel_size", 3)
    scope(Path("vision_embedder", memory: "embed_vision")) {
      tensor("pos_embedding", config.size("mm_posemb_size", 1120), 2, width)
      norm("patch_ln1", 3 * side * side, bias: true)
      linear("patch_dense", 3 * side * side, width, bias: true)
      norm("patch_ln2", width, bias: true)
      norm("pos_norm", width, bias: true)
    }
    linear(
      Path("embed_vision.embedding_projection", memory: "embed_vision.multimodal_embedder.embedding_projection"),
      config.size("output_proj_dims", 3840), textWidth)
  }
}
