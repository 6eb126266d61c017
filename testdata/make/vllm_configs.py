"""Small configurations for model classes: a few layers of every kind that a class has, small widths, few experts.

Needs transformers 5.20.2 and vllm 0.33.0 (for the configuration classes that only vLLM has).
"""

import copy

from transformers import AutoConfig, PreTrainedConfig
from transformers.models.auto import modeling_auto
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

WIDTH, INNER, HEADS, PAIRS, EXPERTS, VOCABULARY = 64, 128, 4, 2, 6, 128

# Values by field name; a field gets one only where the class has it and its own default is a number or nothing.
SIZES = dict(
    hidden_size=WIDTH, d_model=WIDTH, n_embd=WIDTH, embed_dim=WIDTH, dim=WIDTH, word_embed_proj_dim=WIDTH,
    embedding_size=WIDTH, width=WIDTH, encoder_hidden_size=WIDTH, out_hidden_size=WIDTH, audio_embed_dim=WIDTH,
    intermediate_size=INNER, ffn_dim=INNER, ffn_hidden_size=INNER, encoder_ffn_dim=INNER, decoder_ffn_dim=INNER,
    d_ff=INNER, n_inner=INNER, block_ff_dim=INNER, shared_intermediate_size=INNER, dim_feedforward=INNER,
    intermediate_size_mlp=INNER, prefix_dense_intermediate_size=INNER, dense_intermediate_size=INNER,
    moe_intermediate_size=32, shared_expert_intermediate_size=48, moe_shared_expert_intermediate_size=48,
    expert_ffn_hidden_size=32, moe_ffn_hidden_size=32, expert_intermediate_size=32, moe_latent_size=None,
    vocab_size_per_layer_input=VOCABULARY, hidden_size_per_layer_input=16, expert_hidden_size=32,
    num_attention_heads=HEADS, n_head=HEADS, n_heads=HEADS, num_heads=HEADS, encoder_attention_heads=HEADS,
    decoder_attention_heads=HEADS, attention_heads=HEADS, num_query_heads=HEADS, num_attention_groups=PAIRS,
    swa_num_attention_heads=HEADS, swa_num_key_value_heads=PAIRS, swa_head_dim=16, swa_v_head_dim=16,
    num_key_value_heads=PAIRS, num_kv_heads=PAIRS, n_kv_heads=PAIRS, num_global_key_value_heads=PAIRS,
    head_dim=16, kv_channels=16, attention_head_dim=16, global_head_dim=16, attn_head_dim=16,
    vocab_size=VOCABULARY, text_vocab_size=VOCABULARY, padded_vocab_size=VOCABULARY, max_position_embeddings=128,
    n_positions=128, max_source_positions=32, max_target_positions=32, seq_length=128, max_seq_len=128,
    n_routed_experts=EXPERTS, num_local_experts=EXPERTS, num_experts=EXPERTS, moe_num_experts=EXPERTS,
    num_routed_experts=EXPERTS, n_shared_experts=1, num_shared_experts=1, moe_num_shared_experts=1,
    num_experts_per_tok=2, moe_topk=2, top_k_experts=2, moe_k=2, moe_top_k=2, num_experts_per_token=2,
    n_group=1, topk_group=1, num_expert_groups=1, num_limited_groups=1,
    first_k_dense_replace=1, num_dense_layers=1, moe_layer_start_index=1, zero_expert_num=2,
    kv_lora_rank=16, q_lora_rank=16, qk_rope_head_dim=16, qk_nope_head_dim=16, v_head_dim=16, o_lora_rank=16,
    index_head_dim=16, index_n_heads=4, index_topk=8, qk_head_dim=32,
    sliding_window=16, window_size=16, linear_conv_kernel_dim=4, linear_key_head_dim=16, linear_value_head_dim=16,
    linear_num_key_heads=2, linear_num_value_heads=4, conv_L_cache=3, conv_dim=WIDTH, block_dim=WIDTH,
    mamba_num_heads=8, mamba_head_dim=16, mamba_n_heads=8, mamba_d_head=16, mamba_d_state=16, mamba_d_ssm=128,
    mamba_dt_rank=4, ssm_state_size=16, state_size=16, n_groups=1, mamba_n_groups=1, mamba_d_conv=4, conv_kernel=4,
    time_step_rank=4, expand=2, mamba_expand=2, n_mamba_heads=1, mamba_headdim=16, mamba_ngroups=1,
    num_channels=3, image_size=28, patch_size=14, temporal_patch_size=2, spatial_merge_size=2, in_channels=3,
    projection_dim=32, num_mel_bins=16, num_position_embeddings=16, codebook_size=32, query_length=4,
    pad_token_id=0, bos_token_id=1, eos_token_id=2, type_vocab_size=2,
    audio_token_index=5, image_token_index=6, image_token_id=6, video_token_id=7, audio_token_id=5,
    image_token=6, decoder_start_token_id=1, vision_start_token_id=8, vision_end_token_id=9,
    projector_hidden_size=WIDTH, adapter_hidden_size=WIDTH, text_hidden_size=WIDTH, vision_hidden_size=WIDTH,
    output_dim=WIDTH, encoder_dim=WIDTH, input_dim=32, context_size=20, conformer_attention_heads=HEADS,
    downsample_rate=5, window_size_attn=4,
)
DEPTHS = [
    "num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers", "decoder_layers", "depth",
    "num_encoder_layers", "num_decoder_layers"]
# One entry per layer, by name, in the form "these kinds exist".
KINDS = ["layer_types", "mlp_layer_types", "layers_block_type", "attn_layer_types", "ffn_layer_types"]

# What the rules above get wrong, by model type.
FIXES = {
    "mamba2": dict(num_heads=8, head_dim=16),
    "glm5_next_text": dict(num_key_value_heads=4, index_topk=32, index_kpool=16, qk_rope_head_dim=0, mhc=False),
    "granite4_vision": dict(downsample_rate="1/2", deepstack_layer_map=[[0, 0], [1, 1]]),
    "molmo2": dict(adapter_config=dict(vit_layers=[-1, -2])),
    "afmoe": dict(score_func="sigmoid", route_norm=True, n_group=1, topk_group=1),
    "glm4_moe": dict(head_dim=16),
    "glm4v_moe_text": dict(head_dim=16, use_qk_norm=False),
    "glm4_moe_lite": dict(first_k_dense_replace=1),
    "hy_v3": dict(first_k_dense_replace=1, expert_hidden_dim=32, route_norm=True),
    "hunyuan_v1_dense": dict(head_dim=16),
    "hunyuan_v1_moe": dict(head_dim=16),
    "cohere_compass": dict(text_config=dict(tie_word_embeddings=True), tie_word_embeddings=True),
    "lfm2": dict(conv_dim=WIDTH, block_dim=WIDTH, block_ff_dim=INNER),
    "longcat_flash": dict(mla_scale_q_lora=True, mla_scale_kv_lora=True, zero_expert_type="identity"),
    "minimax_m2": dict(rotary_dim=16, scoring_func="sigmoid"),
    "nomic_bert": dict(activation_function="swiglu", mlp_fc1_bias=False, mlp_fc2_bias=False, qkv_proj_bias=False, rotary_emb_scale_base=None, layer_norm_epsilon=1e-5, n_inner=INNER, n_embd=WIDTH, n_layer=2, rotary_emb_interleaved=False, rotary_emb_base=1000, rotary_emb_fraction=1.0),
    "qianfan_ocr": dict(force_image_size=28, ps_version="v2", downsample_ratio=0.5, dynamic_image_size=True, select_layer=-1),
    "qwen4_exp_text": dict(output_gate_type="silu"),
    "xlm-roberta": dict(position_embedding_type="absolute"),
    "roberta": dict(position_embedding_type="absolute"),
    "qwen3_vl_moe_text": dict(norm_topk_prob=True),
    "voxtral_encoder": dict(num_mel_bins=128, downsample_factor=4, window_size=400, sampling_rate=16000, frame_rate=12.5, global_log_mel_max=None),
    "qwen3_omni_moe_vision_encoder": dict(image_size=28, apply_vit_abs_pos_embed=True),
    "voxtral_realtime_encoder": dict(num_mel_bins=128, downsample_factor=4),
    "dbrx": dict(),
    "ministral": dict(head_dim=16),
    "ernie4_5_vl_moe": dict(hidden_size=WIDTH, pixel_hidden_size=WIDTH, spatial_conv_size=2, temporal_conv_size=2),
    "step5_vl": dict(text_config=dict(sparse_config=dict(enabled=True), architectures=["Step5ForCausalLM"])),
    "step5": dict(sparse_config=dict(enabled=True)),
    "gemma4_vision": dict(default_output_length=4),
    "gemma4_unified_vision": dict(default_output_length=4),
    "lighton_ocr": dict(vision_feature_layer=-1),
    "llama4": dict(num_local_experts=EXPERTS),
    "qwen3_omni_moe_text": dict(tie_word_embeddings=False),
    "qwen3_omni_moe_thinker_text": dict(tie_word_embeddings=False),
    "qwen4_exp_vision": dict(deepstack_visual_indexes=[0, 1]),
    "muse_glimmer": dict(out_hidden_size=256),
    "ernie4_5_vl_moe_vision": dict(embed_dim=WIDTH, mlp_ratio=2.0),
    "llama4_text": dict(num_local_experts=EXPERTS, moe_layers=[1], interleave_moe_layer_step=2, no_rope_layers=[1, 0]),
    "chatglm": dict(original_rope=True, interleaved_qkv=False, tie_word_embeddings=False),
    "lfm2_moe": dict(layer_types=["conv", "full_attention"]),
}
# Parts that a class leaves out by default and its engine class needs: field -> model type.
PARTS = {
    "gemma4": dict(vision_config="gemma4_vision", audio_config="gemma4_audio"),
    "gemma4_unified": dict(vision_config="gemma4_unified_vision", audio_config="gemma4_unified_audio"),
}
# More than one shape of the same class, by model type or architecture; each is laid over the small configuration.
VARIANTS = {
    "gpt_bigcode": [dict(multi_query=True), dict(multi_query=False)],
    "gemma4_text": [
        dict(hidden_size_per_layer_input=16),
        dict(enable_moe_block=True, num_experts=EXPERTS, top_k_experts=2, moe_intermediate_size=32),
        dict(attention_k_eq_v=True, num_kv_shared_layers=2, use_double_wide_mlp=True, num_hidden_layers=4,
             layer_types=["sliding_attention", "full_attention"] * 2)],
    "qwen2_moe": [dict(mlp_only_layers=[0]), dict(mlp_only_layers=[])],
    "qwen3_moe": [dict(mlp_only_layers=[0], intermediate_size=INNER), dict(mlp_only_layers=[])],
    "qwen3_next": [dict(mlp_only_layers=[0]), dict(mlp_only_layers=[])],
    "jamba": [dict(num_hidden_layers=4, attn_layer_period=2, attn_layer_offset=1, expert_layer_period=2,
                   expert_layer_offset=1)],
    "granitemoehybrid": [
        dict(num_local_experts=EXPERTS, layer_types=["mamba", "attention"], mamba_d_head=16, mamba_n_heads=8),
        dict(num_local_experts=0, layer_types=["mamba", "attention"], mamba_d_head=16, mamba_n_heads=8)],
    "LlamaBidirectionalModel": [dict(pooling="avg")],
    "LlamaBidirectionalForSequenceClassification": [dict(pooling="avg")],
    "TeleFLMForCausalLM": [dict(use_mup=False)],
    "DeepseekV32ForCausalLM": [dict(index_topk=8, index_n_heads=4, index_head_dim=16)],
    "opt": [dict(), dict(word_embed_proj_dim=32)],
    "nemotron_h": [
        dict(layers_block_type=["mamba", "attention", "moe"], mamba_num_heads=8, mamba_head_dim=16, n_groups=1),
        dict(layers_block_type=["mamba", "attention", "moe", "mlp"], mamba_num_heads=8, mamba_head_dim=16, n_groups=1),
        dict(layers_block_type=["mamba", "attention", "mlp"], mamba_num_heads=8, mamba_head_dim=16, n_groups=1)],
    "ernie4_5_moe": [dict(moe_layer_start_index=1, moe_layer_end_index=1, moe_layer_interval=1, num_hidden_layers=2)],
    "cohere2_moe": [dict(), dict(first_k_dense_replace=1)],
}
# Wrappers around any language model -> the language models that are built into them.
TEXTS = ["llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text", "phi", "phi3", "opt", "granite",
         "mixtral", "qwen2_moe", "qwen3_moe", "gpt_oss", "ministral3", "cohere2", "lfm2", "qwen3_5_text",
         "ernie4_5", "exaone4", "deepseek_v3"]
WRAPPERS = {name: TEXTS for name in (
    "llava", "llava_next", "llava_next_video", "llava_onevision", "mistral3", "idefics3", "smolvlm", "internvl",
    "got_ocr2", "vipllava", "video_llava", "aya_vision")}
WRAPPERS.update({
    "paligemma": ["gemma", "gemma2", "gemma3_text"], "blip-2": ["opt", "llama"], "qwen2_audio": ["qwen2"],
    "voxtral": ["llama", "mistral", "ministral3"], "audioflamingo3": ["qwen2"], "glmasr": ["llama"],
    "granite_speech": ["granite", "granitemoehybrid", "llama"],
    "granite_speech_plus": ["granite", "granitemoehybrid", "llama"],
    "granite4_vision": ["granite", "granitemoehybrid"], "lfm2_vl": ["lfm2", "lfm2_moe"],
    "lighton_ocr": ["qwen3", "mistral"], "qianfan_ocr": ["qwen3", "qwen2", "qwen3_moe"], "cohere2_vision": ["cohere2"],
    "ovis2": ["qwen2", "qwen3"], "ultravox": ["llama", "mistral", "qwen3", "gemma3_text"]})


def variants_of(architecture, kind):
    """The shapes in which a class is built; the first is the default."""
    model_type = kind.model_type
    listed = VARIANTS.get(architecture) or VARIANTS.get(model_type)
    if listed:
        yield from listed
    else:
        yield {}
    try:
        plain = small(kind)
    except Exception:
        return
    inner = next((name for name in ("text_config", "llm_config", "language_config") if isinstance(
        plain.get(name), dict)), None)
    text = plain[inner] if inner else plain
    lay = (lambda more: {inner: more}) if inner else (lambda more: more)
    if inner and text.get("model_type") in VARIANTS:
        for more in VARIANTS[text["model_type"]]:
            yield lay(more)
    if isinstance(text.get("tie_word_embeddings"), bool):
        yield lay(dict(tie_word_embeddings=not text["tie_word_embeddings"]))
    if "q_lora_rank" in text:
        yield lay(dict(q_lora_rank=None))
        yield lay(dict(q_lora_rank=16))
    for depth in ("first_k_dense_replace", "num_dense_layers", "moe_layer_start_index"):
        if depth in text:
            yield lay({depth: 0})
    if model_type in WRAPPERS and inner:
        for name in WRAPPERS[model_type]:
            part = config_class(name)
            if part is not None and name != text.get("model_type"):
                try:
                    yield {inner: small(part)}
                except Exception:
                    continue


def depth_of(config):
    return next((name for name in DEPTHS if isinstance(getattr(config, name, None), int)), None)


def small(kind, fixes=None, **more):
    """A small instance of a configuration class as a dictionary."""
    first = kind()
    written = first.to_dict()
    name = depth_of(first)
    old = getattr(first, name) if name else None
    kinds = [list(dict.fromkeys(written[key])) for key in KINDS if isinstance(written.get(key), list)]
    layers = max([2, *map(len, kinds)])
    values = {}
    parts = dict(getattr(kind, "sub_configs", None) or {})
    for key, value in written.items():
        try:
            inner = getattr(first, key, None)
        except Exception:  # fields that may differ by layer
            inner = None
        if isinstance(inner, PreTrainedConfig):
            values[key] = small(type(inner))
        elif key in parts and value is None and parts[key] is not AutoConfig and hasattr(parts[key], "model_type"):
            pass
        elif key in KINDS and isinstance(value, list):
            found = list(dict.fromkeys(value))
            values[key] = (found + [found[-1]] * layers)[:layers]
        elif key in DEPTHS and isinstance(value, int):
            values[key] = layers
        elif isinstance(value, list) and old and len(value) == old and old > 2:
            values[key] = value[:layers]
        elif key in SIZES and (value is None or isinstance(value, (int, float)) and not isinstance(value, bool)):
            if value is None and key in ("head_dim", "sliding_window", "q_lora_rank", "vocab_size", "image_size",
                                         "moe_latent_size", "num_experts", "num_global_key_value_heads",
                                         "global_head_dim", "patch_size", "hidden_size", "intermediate_size"):
                continue
            values[key] = SIZES[key]
        elif key == "rope_parameters" and isinstance(value, dict) and value.get("mrope_section"):
            half = max(int(16 * value.get("partial_rotary_factor", 1.0)) // 2, 2)
            values[key] = dict(value, mrope_section=[half - 2 * (half // 3), half // 3, half // 3])
    for key, model_type in PARTS.get(kind.model_type, {}).items():
        part = config_class(model_type)
        if part is not None and not values.get(key):
            values[key] = small(part)
    values = laid_over(values, copy.deepcopy(FIXES.get(kind.model_type) or {}))
    values = laid_over(values, fixes or {})
    values = laid_over(values, more)
    made = kind(**without_types(kind, values))
    result = made.to_dict()
    return {key: value for key, value in result.items() if key not in ("transformers_version", "_name_or_path")}


def without_types(kind, values):
    return {key: value for key, value in values.items() if key not in ("model_type", "transformers_version")}


def laid_over(values, more):
    values = dict(values)
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(values.get(key), dict) and "model_type" not in value:
            values[key] = laid_over(values[key], value)
        else:
            values[key] = value
    return values


def names_to_types():
    """Class name of transformers -> model types, from its own tables."""
    found = {}
    for name, table in vars(modeling_auto).items():
        if name.endswith("_MAPPING_NAMES"):
            for kind, classes in table.items():
                for item in [classes] if isinstance(classes, str) else classes:
                    if item and kind not in found.setdefault(item, []):
                        found[item].append(kind)
    return found


def config_class(model_type):
    from vllm.transformers_utils.config import _CONFIG_REGISTRY

    if model_type in _CONFIG_REGISTRY:
        return _CONFIG_REGISTRY[model_type]
    return CONFIG_MAPPING[model_type] if model_type in CONFIG_MAPPING else None


# Architectures that transformers' tables do not name -> model types.
TYPES = {
    "LLaMAForCausalLM": ["llama"], "InternLM3ForCausalLM": ["llama"], "IQuestCoderForCausalLM": ["llama"],
    "TeleChat3ForCausalLM": ["llama"], "LlamaBidirectionalModel": ["llama"], "DomynEdgeForCausalLM": ["llama"],
    "LlamaBidirectionalForSequenceClassification": ["llama"], "MiMoForCausalLM": ["qwen2"],
    "TeleFLMForCausalLM": ["llama"], "SolarForCausalLM": ["llama"], "OrionForCausalLM": ["llama"],
    "Qwen2ForRewardModel": ["qwen2"], "Qwen2ForProcessRewardModel": ["qwen2"], "BgeM3EmbeddingModel": ["xlm-roberta"],
    "BertSpladeSparseEmbeddingModel": ["bert"], "HF_ColBERT": ["bert"], "ColBERTModernBertModel": ["modernbert"],
    "ColBERTLfm2Model": ["lfm2"], "Lfm2BidirectionalModel": ["lfm2"], "Rnj1ForCausalLM": ["gemma3_text"],
    "ExaoneMoEForCausalLM": ["exaone_moe"], "PhiMoEForCausalLM": ["phimoe"], "MiMoV2ForCausalLM": ["mimo_v2_flash"],
    "NemotronHPuzzleForCausalLM": ["nemotron_h"], "MuseGlimmerForCausalLM": ["muse_glimmer_text", "muse_glimmer"],
    "LongcatFlashNgramForCausalLM": ["longcat_flash"], "VoyageQwen3BidirectionalEmbedModel": ["qwen3"],
    "MiniMaxM3SparseForCausalLM": ["minimax_m3_vl_text", "minimax_m3_text", "minimax_m3_vl"],
    "MistralLarge3ForCausalLM": ["deepseek_v3"], "DeepseekV3BidirectionalModel": ["deepseek_v3"],
    "DeepseekForCausalLM": ["deepseek_v2"], "ColQwen3": ["colqwen3"], "OpsColQwen3Model": ["ops_colqwen3"],
    "ColQwen3_5": ["qwen3_5"], "Qwen3VLNemotronEmbedModel": ["qwen3_vl_nemotron_embed"],
    "JinaForRanking": ["qwen3"], "JinaVLForRanking": ["qwen2_vl"], "JinaEmbeddingsV5Model": ["qwen3"],
    "Step3TextForCausalLM": ["step3_text"], "Step3p5ForCausalLM": ["step3p5"], "Step5ForCausalLM": ["step5"],
    "Step3VLForConditionalGeneration": ["step3_vl"], "Step5ForConditionalGeneration": ["step5_vl"],
    "FlintForCausalLM": ["flint"], "DoryForCausalLM": ["dory"], "ChatGLMModel": ["chatglm"],
    "ChatGLMForConditionalGeneration": ["chatglm"], "Glm5NextForCausalLM": ["glm5_next_text", "glm5_next"],
    "Alpamayo2Super": ["alpamayo2_super"], "BagelForConditionalGeneration": ["bagel"],
    "BailingMoeV3VLForConditionalGeneration": ["bailing_moe_v3_vl"], "DeepseekVLV2ForCausalLM": ["deepseek_vl_v2"],
    "DeepseekOCRForCausalLM": ["deepseek_vl_v2"], "DeepseekOCR2ForCausalLM": ["deepseek_ocr2"],
    "UnlimitedOCRForCausalLM": ["unlimited_ocr"], "DeepseekV4ForConditionalGeneration": ["deepseek_v4"],
    "DeepseekV41ForCausalLM": ["deepseek_v41"], "Dots3NoteForCausalLM": ["dots3_note"],
    "FunAudioChatForConditionalGeneration": ["funaudiochat"], "IsaacForConditionalGeneration": ["isaac"],
    "KimiVLForConditionalGeneration": ["kimi_vl"], "KimiK25ForConditionalGeneration": ["kimi_k25"],
    "KimiK3ForConditionalGeneration": ["kimi_k3"], "KimiLinearForCausalLM": ["kimi_linear"],
    "LightOnOCRForConditionalGeneration": ["mistral3", "lighton_ocr"], "MiDashengLMModel": ["midashenglm"],
    "Moondream3ForCausalLM": ["moondream3"], "HfMoondream": ["moondream3"], "OpenVLAForActionPrediction": ["openvla"],
    "Ovis": ["ovis"], "Ovis2_5": ["ovis2_5"], "UltravoxModel": ["ultravox"], "Qwen2_5OmniModel": ["qwen2_5_omni"],
    "Qwen3ASRRealtimeGeneration": ["qwen3_asr"], "Qwen3ASRForcedAlignerForTokenClassification": ["qwen3_asr"],
    "VoxtralRealtimeGeneration": ["voxtral_realtime"], "ColUltraVBertForRetrieval": ["ultravbert"],
    "PixtralForConditionalGeneration": ["llava"], "InternS1ForConditionalGeneration": ["internvl"],
    "MiniCPMForCausalLM": [], "Phi4ForCausalLMV": [], "HYV4ForCausalLM": ["hy_v4"], "BeamForCausalLM": ["beam"],
    "HyperCLOVAXForCausalLM": ["hyperclovax"], "InklingForCausalLM": ["inkling_model", "inkling_text"],
    "InklingForConditionalGeneration": ["inkling_mm_model"], "DeepseekV32ForCausalLM": ["deepseek_v32"],
    "MuseSparkForConditionalGeneration": ["muse_spark"], "FalconForCausalLM": ["falcon"],
    "Cosmos3ForConditionalGeneration": ["cosmos3_omni"], "ClefFlashForJointSchema": [], "Llama4ForCausalLM": ["llama4_text"],
}


def more_architectures(types, registry):
    """Architectures beyond the registry's: heads that vLLM puts on its classes, and its Transformers backend."""
    known = set(registry._VLLM_MODELS)
    found = []
    for name in types:
        if name in known:
            continue
        for end in ("ForSequenceClassification", "ForTokenClassification", "Model"):
            if name.endswith(end) and name.removesuffix(end) + "ForCausalLM" in known:
                found.append(name)
        if name.endswith(("ForCausalLM", "LMHeadModel", "ForImageTextToText")):
            found.append(name)
    return sorted(set(found))
