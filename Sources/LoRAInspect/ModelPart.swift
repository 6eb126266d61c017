import TensorCore

/// The part of a model that a module lies in, as people call it.
enum ModelPart {
  /// `text` for a language model, the name of the tower or of the connector between the two, or the part of an image
  /// pipeline.
  static func name(of module: String) -> String {
    if let part = pipelinePart(module) { return part }
    let components = module.dottedComponents
    let path = components.prefix { UInt64($0) == nil }
    // A connector may stand within the tower that it belongs to.
    if path.contains(where: { connectors.contains($0) }) { return "connector" }
    for component in path { if let tower = towers[component] { return tower } }
    return components.contains("encoder") || components.contains("decoder") ? coder(components) : "text"
  }

  /// Encoder and decoder of a model that has both are told apart by the component before the layers.
  private static func coder(_ components: [Substring]) -> String {
    components.first { $0 == "encoder" || $0 == "decoder" }.map { String($0) } ?? "text"
  }

  /// `unet`, `transformer`, `text_encoder_2`: the first component in diffusers' naming, the prefix in kohya's.
  private static func pipelinePart(_ module: String) -> String? {
    let prefixes = [
      ("lora_unet_", "unet"), ("lora_te1_", "text_encoder"), ("lora_te2_", "text_encoder_2"),
      ("lora_te3_", "text_encoder_3"), ("lora_te_", "text_encoder"), ("lora_transformer_", "transformer"),
      ("unet.", "unet"), ("text_encoder.", "text_encoder"), ("text_encoder_2.", "text_encoder_2"),
      ("text_encoder_3.", "text_encoder_3"), ("transformer_2.", "transformer_2"), ("controlnet.", "controlnet"),
      ("diffusion_model.", "diffusion_model"), ("prior.", "prior"),
    ]
    return prefixes.first { module.hasPrefix($0.0) }?.1
  }

  private static let towers: [Substring: String] = [
    "visual": "vision", "vision_tower": "vision", "vision_model": "vision", "vision_encoder": "vision",
    "vision_backbone": "vision", "image_encoder": "vision", "img_processor": "vision", "vit": "vision", "vpm": "vision",
    "sam_model": "vision", "image_tower": "vision", "video_tower": "vision",
    "audio_tower": "audio", "audio_model": "audio", "audio_encoder": "audio", "speech_encoder": "audio", "apm": "audio",
    "sound_encoder": "audio", "text_model": "text", "talker": "talker", "token2wav": "token2wav",
  ]

  private static let connectors: Set<Substring> = [
    "multi_modal_projector", "mm_projector", "connector", "merger", "deepstack_merger_list", "aligner", "embed_vision",
    "embed_audio", "resampler", "perceiver", "qformer", "mlp1", "vision_projection", "audio_projection",
  ]
}
