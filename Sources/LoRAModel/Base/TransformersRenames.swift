import TensorCore

/// What transformers 5.24 renames while it loads a checkpoint, by model class or model type (its
/// `conversion_mapping.py`), as far as plain text says it.
enum TransformersRenames {
  /// A line of names, then lines of rules: `^` binds a rule to the start of the name, what stands between `!` and `>`
  /// must not follow, and the part after `>` takes its place.
  static let table = """
    altclip
      layer.>layers.
    aria gemma3 got_ocr2 internvl llava llava_next llava_next_video mistral3 paligemma pp_chart2table vipllava
      ^language_model.lm_head>lm_head ^language_model>model.language_model ^vision_tower>model.vision_tower
      ^multi_modal_projector>model.multi_modal_projector
    aria_text
      mlp.experts.fc1.weight>mlp.experts.gate_up_proj mlp.experts.fc2.weight>mlp.experts.down_proj
    AriaModel AudioFlamingo3Model AyaVisionModel FuyuModel Gemma3Model GlmAsrModel GotOcr2Model GraniteSpeechModel
    GraniteSpeechPlusModel InternVLModel LlavaModel LlavaNextModel LlavaNextVideoModel Mistral3Model MllamaModel
    MusicFlamingoModel PPChart2TableModel PaliGemmaModel Qwen2AudioModel VibeVoiceAsrModel VideoLlavaModel
    VipLlavaModel VoxtralModel VoxtralRealtimeModel
      ^language_model.model>language_model
    ASTModel DeiTModel IJepaModel ViTMAEModel ViTMSNModel ViTModel VivitModel
      encoder.layer.>layers. attention.query>q_proj attention.key>k_proj attention.value>v_proj
      attention.output.dense>attention.o_proj intermediate.dense>mlp.fc1 output.dense>mlp.fc2
    audioflamingo3 glmasr musicflamingo qwen2_audio voxtral voxtral_realtime
      ^language_model.lm_head>lm_head ^language_model>model.language_model ^audio_tower>model.audio_tower
      ^multi_modal_projector>model.multi_modal_projector
    axk2
      W_down>mlp.fc1 W_up>mlp.fc2 self_attn.q_b_proj.>self_attn.q_gate_proj.
    bailing_hybrid
      ^model.word_embeddings.>model.embed_tokens. .attention.>.self_attn.
      self_attn.f_proj.>self_attn.forget_gate.f_proj. .self_attn.dense.>.self_attn.o_proj.
    cosmos3_edge
      ^embed_tokens.>model.language_model.embed_tokens. ^layers.>model.language_model.layers.
      .self_attn.to_q.>.self_attn.q_proj. .self_attn.to_k.>.self_attn.k_proj. .self_attn.to_v.>.self_attn.v_proj.
      .self_attn.to_out.>.self_attn.o_proj. .mlp.up_proj.>.mlp.fc1. .mlp.down_proj.>.mlp.fc2.
    deepseek_v4
      .attn.>.self_attn. .ffn.>.mlp. .indexer.compressor.>.compressor.indexer. ^embed.weight>embed_tokens.weight
      ^head.weight>lm_head.weight .indexer.weights_proj.>.compressor.indexer.scorer.weights_proj.
      .indexer.wq_b.>.compressor.indexer.q_b_proj. .wq_a.>.q_a_proj. .self_attn.wq_b.>.self_attn.q_b_proj.
      .wkv.>.kv_proj. .wgate.>.gate_proj. .wo_a.>.o_a_proj. .wo_b.>.o_b_proj.
      .shared_experts.w1.>.shared_experts.gate_proj. .shared_experts.w2.>.shared_experts.down_proj.
      .shared_experts.w3.>.shared_experts.up_proj.
    emu3
      ^text_model.lm_head>lm_head ^text_model>model.text_model ^vqmodel>model.vqmodel
    Emu3Model
      ^text_model.model>text_model
    exaone
      ^transformer.wte.>model.embed_tokens. ^transformer.h.>model.layers. .attn.attention.>.self_attn.
      .self_attn.out_proj.>.self_attn.o_proj. .mlp.c_fc_0.>.mlp.gate_proj. .mlp.c_fc_1.>.mlp.up_proj.
      .mlp.c_proj.>.mlp.down_proj.
    flint
      self_attn.softmax_offset>self_attn.sinks
    fuyu
      ^language_model.lm_head>lm_head ^language_model>model.language_model
      ^vision_embed_tokens>model.vision_embed_tokens
    gemma4_unified
      vision_embedder.patch_dense>embed_vision.patch_dense
      embed_vision.embedding_projection>embed_vision.multimodal_embedder.embedding_projection
    glm5_next glm5_next_text
      self_attn.f_a_proj.>self_attn.forget_gate.f_a_proj. self_attn.f_b_proj.>self_attn.forget_gate.f_b_proj.
    GPTNeoXForCausalLM
      ^embed_out.>lm_head.
    granite_speech granite_speech_plus
      ^language_model.lm_head>lm_head ^language_model>model.language_model ^encoder>model.encoder
      ^projector>model.projector
    granitemoe granitemoehybrid granitemoeshared
      block_sparse_moe.input_linear.weight>block_sparse_moe.experts.gate_up_proj
      block_sparse_moe.output_linear.weight>block_sparse_moe.experts.down_proj
      block_sparse_moe.router.layer.weight>block_sparse_moe.router.weight
    hrm_text
      .attn.o_proj.>.self_attn.o_proj.
    hy_v3
      mlp.router.gate.weight>mlp.gate.weight mlp.shared_mlp.>mlp.shared_experts.
    hy_v4 hy_v4_vl_text
      .linear_gate>.gate_proj
    jina_embeddings_v3
      emb_ln>embeddings.LayerNorm encoder.layers>layers mixer.out_proj>self_attn.o_proj
    kimi_linear
      self_attn.f_a_proj.>self_attn.forget_gate.f_a_proj. self_attn.f_b_proj.>self_attn.forget_gate.f_b_proj.
      .block_sparse_moe.>.mlp.
    laguna
      mlp.shared_expert.>mlp.shared_experts.
    lfm3
      .self_attn.gate_proj.>.self_attn.g_proj.
    minimax minimax_m2 mixtral
      .block_sparse_moe.>.mlp.
    mistral_large4_text
      .attention.>.self_attn. .wq.>.q_proj. .wkv_a_with_mqa.>.kv_a_proj_with_mqa. .wkv_b.>.kv_b_proj.
      .feed_forward.>.mlp. .gate.>.mlp.gate. .experts.>.mlp.experts. .shared_experts.>.mlp.shared_experts.
      .ssmax_scaling.s>.softmax_scaling.scale .ssmax_scaling.b>.softmax_scaling.bias
    mllama
      ^language_model.lm_head>lm_head ^language_model>model.language_model ^vision_model>model.vision_model
      ^multi_modal_projector>model.multi_modal_projector
    molmo2
      vision_backbone.image_vit.transformer.resblocks.>vision_tower.layers. vision_backbone.image_vit.>vision_tower.
      vision_backbone.image_pooling_2d.>multi_modal_projector.image_pooling_2d.
      vision_backbone.image_projector.>multi_modal_projector.image_projector.
      transformer.ln_f.>language_model.norm. transformer.blocks.>language_model.layers. transformer.>language_model.
      .attention.wq>.self_attn.q_proj .attention.wk>.self_attn.k_proj .attention.wv>.self_attn.v_proj
      .attention.wo>.self_attn.o_proj .feed_forward.w1>.mlp.fc1 .feed_forward.w2>.mlp.fc2
      .attention_norm>.layer_norm1 .ffn_norm>.layer_norm2
      image_pooling_2d.wq>image_pooling_2d.q_proj image_pooling_2d.wk>image_pooling_2d.k_proj
      image_pooling_2d.wv>image_pooling_2d.v_proj image_pooling_2d.wo>image_pooling_2d.o_proj
      image_projector.w1>image_projector.gate_proj image_projector.w2>image_projector.down_proj
      image_projector.w3>image_projector.up_proj
      .attn_norm.>.input_layernorm. .ff_norm.>.post_attention_layernorm.
      self_attn.attn_out>self_attn.o_proj mlp.ff_out>mlp.down_proj
    Molmo2TextModel
      .attn_norm.>.input_layernorm. .ff_norm.>.post_attention_layernorm.
      self_attn.attn_out>self_attn.o_proj mlp.ff_out>mlp.down_proj
    nemotron_h
      backbone.>model.
    nomic_bert
      encoder.layers>layers emb_ln>embeddings.LayerNorm attn.out_proj>self_attn.o_proj fc11>up_proj fc12>gate_proj
      fc2>down_proj
    phimoe
      .block_sparse_moe.>.mlp. .gate.weight>.router.weight
    Qwen2VLForConditionalGeneration Qwen2_5_VLForConditionalGeneration
      ^visual>model.visual ^model!.language_model!.visual>model.language_model
    sarvam_moe
      ^model.word_embeddings.>model.embed_tokens. .attention.>.self_attn. .self_attn.dense.>.self_attn.o_proj.
    step3p7
      ^vision_model.>model.vision_model. ^vit_large_projector.>model.multi_modal_projector.
      vision_model.transformer.resblocks.>vision_model.layers. vision_model.vit_downsampler>vision_model.downsampler
      vision_model.conv1.>vision_model.embeddings.patch_embedding. .mlp.c_fc.>.mlp.fc1. .mlp.c_proj.>.mlp.fc2.
      .attn.>.self_attn.
      ^model.embed_tokens.>model.language_model.embed_tokens. ^model.layers.>model.language_model.layers.
      .moe.gate.weight>.mlp.gate.weight .moe.down_proj.weight>.mlp.experts.down_proj
      .share_expert.>.mlp.shared_experts.
    vibevoice_asr
      ^language_model.lm_head>lm_head ^language_model>model.language_model
      ^acoustic_tokenizer_encoder>model.acoustic_tokenizer_encoder
      ^semantic_tokenizer_encoder>model.semantic_tokenizer_encoder
      ^multi_modal_projector>model.multi_modal_projector
    video_llava
      ^language_model.lm_head>lm_head ^language_model>model.language_model ^image_tower>model.image_tower
      ^video_tower>model.video_tower ^multi_modal_projector>model.multi_modal_projector
    """

  /// Types and classes that rename by expressions which the table cannot say.
  private static let beyondTable = """
    BeitForSemanticSegmentation Dots3NoteForConditionalGeneration MaskFormerDetrDecoder
    Qwen2_5OmniThinkerForConditionalGeneration Qwen3OmniMoeThinkerForConditionalGeneration
    RfDetrForInstanceSegmentation Sapiens2ForImageMatting Sapiens2ForNormalEstimation Sapiens2ForPointmapEstimation
    Sapiens2ForPoseEstimation Sapiens2ForSemanticSegmentation Tipsv2DptForDepthEstimation
    Tipsv2DptForNormalEstimation Tipsv2DptForSemanticSegmentation apertus1p5_text cohere_asr colqwen2 cosmos3_omni
    d_fine deepseek_ocr2 deformable_detr dinov3_convnext dinov3_vit dory dots3_note_audio_encoder
    dots3_note_vision_encoder ernie4_5_vl_moe esm gemma3n_text gradium_phonon_tts gte hunyuan_vl hy_v4_vl
    hyperclovax_vision_v2 inkling2 inkling2_loop inkling2_loop_text inkling2_text inkling_mm_model kimi_k25
    maskformer minimax_m3_vl mistral_large4 mlcd mlcd_vision paddleocr_vl pi0 pp_doclayout_v2
    pp_doclayout_v3 pp_doclayout_v4 qianfan_ocr qwen2_5_omni_thinker qwen3_5_moe_text qwen3_5_text qwen4_exp_text
    rt_detr rt_detr_v2 sam3_tracker sam3_tracker_video sapiens2 shieldgemma2 step3p7 t5gemma2_encoder timm_wrapper
    tipsv2_dpt unlimited_ocr xCLIPTextModel xCLIPVisionModel
    """

  /// Types of which nothing is renamed, but whose experts are stacked.
  private static let plain = """
    afmoe axk1 beam cohere2_moe deepseek_v2 deepseek_v3 deepseek_v32 dots1 ernie4_5_moe exaone_moe flex_olmo
    glm4_moe glm4_moe_lite glm4v_moe glm_moe_dsa hunyuan_v1_moe jamba kolibri1 lara_mini lfm2_moe longcat_flash
    mellum mimo_v2_flash olmo_hybrid olmoe qwen2_moe qwen3_moe qwen3_next qwen3_omni_moe qwen3_omni_moe_text
    qwen3_omni_moe_thinker qwen3_vl_moe sarvam_mla solar_open videomae yolos
    """

  /// Whether a type or class renames by expressions which the table cannot say.
  static func isBeyondTable(_ name: String) -> Bool { !beyondTable.places(ofWord: name).isEmpty }

  /// Whether of a type nothing is renamed, but its experts are stacked.
  static func isPlain(_ type: String) -> Bool { !plain.places(ofWord: type).isEmpty }

  /// The rules of a class or type as the table has them, in their order; nil where it does not have it.
  static func rules(of name: String) -> [Substring]? {
    var found: [Substring]?
    for place in table.places(ofWord: name) {
      let before = table[..<place].utf8.lastIndex(of: UInt8(ascii: "\n")).map { table.utf8.index(after: $0) }
      guard table[before ?? table.startIndex] != " " else { continue }
      var rest = table[place...]
      var (line, isAfterRules) = (nextLine(&rest), false)
      while !line.isEmpty, line.hasPrefix(" ") || !isAfterRules {
        if line.hasPrefix(" ") {
          found = (found ?? []) + line.split(separator: " ")
          isAfterRules = true
        }
        line = nextLine(&rest)
      }
    }
    return found
  }

  private static func nextLine(_ text: inout Substring) -> Substring {
    let end = text.utf8.firstIndex(of: UInt8(ascii: "\n")) ?? text.endIndex
    defer { text = text[end...].dropFirst() }
    return text[..<end]
  }
}
