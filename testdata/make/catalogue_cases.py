"""The configurations that catalogue.py builds: per model type a list of (model class, keys that are not defaults)."""

# Small and odd: sizes are pairwise different and no powers of two, so that two of them cannot be taken for each other.
SMALL = dict(
    vocab_size=97,
    hidden_size=48,
    intermediate_size=72,
    num_hidden_layers=2,
    num_attention_heads=6,
    num_key_value_heads=3,
)


LABELS = dict(id2label={"0": "a", "1": "b", "2": "c"})


def cases(name, small, heads, *more):
    """The usual class at its default size and small, then the classes of `heads` small, then `more` of a class."""
    return [
        (f"{name}{heads[0]}", {}),
        (f"{name}{heads[0]}", small),
        *[(name + head, small | (LABELS if "Sequence" in head else {})) for head in heads[1:]],
        *[(name + (change.pop("head", heads[0])), small | change) for change in more],
    ]


CAUSAL = ["ForCausalLM", "Model", "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering"]


def decoder(name, *more, heads=CAUSAL, **always):
    """A decoder with the usual names of sizes; the body also with fewer key and value heads."""
    return cases(name, SMALL | always, heads, dict(head="Model", num_key_value_heads=2), *more)


NEMOTRON_H = dict(
    vocab_size=97, hidden_size=48, intermediate_size=72, num_attention_heads=6, num_key_value_heads=3, head_dim=10,
    ssm_state_size=7, mamba_num_heads=10, mamba_head_dim=4, n_groups=2, n_routed_experts=5, moe_intermediate_size=36,
    moe_shared_expert_intermediate_size=44, layers_block_type=["linear_attention", "moe", "full_attention", "mlp"],
)
SPLIT_HEADS = ["ForCausalLM", "Model", "ForSequenceClassification", "ForTokenClassification"]
GPT2 = dict(vocab_size=97, n_positions=31, n_embd=48, n_layer=2, n_head=6)
GEMMA4 = SMALL | dict(
    num_hidden_layers=7, head_dim=10, global_head_dim=14, hidden_size_per_layer_input=5, vocab_size_per_layer_input=89)
GEMMA4_VISION = dict(
    hidden_size=24, intermediate_size=20, num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=2, head_dim=8,
    patch_size=4, position_embedding_size=13)
GEMMA4_AUDIO = dict(
    hidden_size=30, num_hidden_layers=1, num_attention_heads=5, subsampling_conv_channels=[8, 6], conv_kernel_size=3,
    output_proj_dims=15)
TIED, UNTIED = dict(tie_word_embeddings=True), dict(tie_word_embeddings=False)

KIMI_K25 = dict(
    projection_hidden_size=24,
    text_config=dict(
        model_type="deepseek_v3", vocab_size=97, hidden_size=48, intermediate_size=72, moe_intermediate_size=20,
        num_hidden_layers=3, first_k_dense_replace=1, num_attention_heads=4, num_key_value_heads=4, q_lora_rank=14,
        kv_lora_rank=10, qk_rope_head_dim=6, qk_nope_head_dim=8, v_head_dim=12, n_routed_experts=4, n_group=1,
        topk_group=1, num_experts_per_tok=2),
    vision_config=dict(
        hidden_size=24, intermediate_size=30, num_hidden_layers=2, num_attention_heads=2, patch_size=2,
        pos_emb_height=4, pos_emb_width=4),
)

MOLMO2 = dict(
    text_config=dict(
        hidden_size=40, intermediate_size=52, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        head_dim=12, vocab_size=90, additional_vocab_size=9),
    vision_config=dict(
        hidden_size=24, intermediate_size=30, num_hidden_layers=3, num_attention_heads=2, num_key_value_heads=2,
        head_dim=10, image_size=[14, 21], patch_size=7),
    adapter_config=dict(
        hidden_size=24, intermediate_size=28, text_hidden_size=40, num_attention_heads=2, num_key_value_heads=2,
        head_dim=14, vision_feature_layer=[2, -2]),
)

CASES = {
    "llama": decoder(
        "Llama",
        TIED | dict(attention_bias=True, mlp_bias=True, head_dim=10),
        dict(num_key_value_heads=None, num_hidden_layers=3),
        dict(head="ForSequenceClassification", num_hidden_layers=1),
        dict(head="ForSequenceClassification", num_labels=5, num_hidden_layers=1),
    ),
    "mistral": decoder("Mistral", dict(head_dim=10, sliding_window=None), TIED),
    "qwen2": decoder(
        "Qwen2", TIED | dict(use_sliding_window=True, max_window_layers=1), dict(num_key_value_heads=None)
    ),
    "qwen3": decoder("Qwen3", dict(head_dim=10, attention_bias=True), TIED | dict(head_dim=6)),
    "gemma": decoder(
        "Gemma",
        dict(head_dim=10, attention_bias=True),
        UNTIED | dict(num_key_value_heads=1),
        heads=SPLIT_HEADS,
        head_dim=12,
    ),
    "gemma2": decoder(
        "Gemma2",
        dict(head_dim=10, attention_bias=True),
        UNTIED | dict(num_key_value_heads=1),
        heads=SPLIT_HEADS,
        head_dim=12,
    ),
    "gpt2": cases(
        "GPT2",
        GPT2,
        [
            "LMHeadModel",
            "Model",
            "ForSequenceClassification",
            "ForTokenClassification",
            "ForQuestionAnswering",
            "DoubleHeadsModel",
        ],
        UNTIED | dict(n_inner=70),
        dict(add_cross_attention=True),
        dict(head="DoubleHeadsModel", summary_proj_to_labels=False),
        dict(head="DoubleHeadsModel", summary_use_proj=False),
    ),
    "mixtral": decoder("Mixtral", TIED | dict(head_dim=10), dict(num_local_experts=5), num_local_experts=3),
    "qwen2_moe": decoder(
        "Qwen2Moe",
        dict(decoder_sparse_step=2, num_hidden_layers=5),
        dict(mlp_only_layers=[1], qkv_bias=False, num_hidden_layers=3),
        dict(num_experts=0),
        TIED,
        num_experts=3,
        num_experts_per_tok=2,
        moe_intermediate_size=20,
        shared_expert_intermediate_size=28,
    ),
    "qwen3_moe": decoder(
        "Qwen3Moe",
        dict(decoder_sparse_step=2, num_hidden_layers=5),
        dict(mlp_only_layers=[0, 2], attention_bias=True, num_hidden_layers=4),
        TIED | dict(head_dim=10),
        num_experts=3,
        num_experts_per_tok=2,
        moe_intermediate_size=20,
        head_dim=6,
    ),
    "gemma3_text": [
        (cls if cls != "Gemma3Model" else "Gemma3TextModel", change)
        for cls, change in decoder(
            "Gemma3",
            dict(head_dim=10, attention_bias=True),
            UNTIED | dict(num_key_value_heads=1),
            heads=["ForCausalLM", "Model", "TextForSequenceClassification"],
            head_dim=12,
        )
    ],
    "phi": decoder("Phi", TIED, dict(qk_layernorm=True), dict(num_key_value_heads=None), heads=SPLIT_HEADS),
    "phi3": decoder(
        "Phi3", TIED, dict(num_key_value_heads=None), heads=SPLIT_HEADS, pad_token_id=0, bos_token_id=1, eos_token_id=2
    ),
    "gpt_neox": cases(
        "GPTNeoX",
        {key: value for key, value in SMALL.items() if key != "num_key_value_heads"},
        CAUSAL,
        TIED,
        dict(attention_bias=False, use_parallel_residual=False),
    ),
    "gptj": cases(
        "GPTJ",
        GPT2 | dict(rotary_dim=4),
        ["ForCausalLM", "Model", "ForSequenceClassification", "ForQuestionAnswering"],
        TIED,
        dict(n_inner=70),
    ),
    "falcon": cases(
        "Falcon",
        dict(vocab_size=97, hidden_size=48, num_hidden_layers=2, num_attention_heads=6),
        CAUSAL,
        UNTIED,
        dict(multi_query=False, bias=True),
        dict(new_decoder_architecture=True, num_kv_heads=2),
        dict(new_decoder_architecture=True, num_kv_heads=3, num_ln_in_parallel_attn=1, ffn_hidden_size=70),
        dict(new_decoder_architecture=True, num_kv_heads=3, num_ln_in_parallel_attn=2, bias=True),
        dict(parallel_attn=False, alibi=True),
        dict(multi_query=False, num_kv_heads=2),
    ),
    "mpt": cases(
        "Mpt",
        dict(vocab_size=97, d_model=48, n_layers=2, n_heads=6),
        CAUSAL,
        UNTIED | dict(expansion_ratio=3),
        dict(no_bias=False, attn_config=dict(qk_ln=True)),
    ),
    "bloom": cases(
        "Bloom",
        dict(vocab_size=97, hidden_size=48, n_layer=3, n_head=6),
        CAUSAL,
        UNTIED,
        dict(n_embed=36, apply_residual_connection_post_layernorm=True),
    ),
    "opt": cases(
        "OPT",
        dict(
            vocab_size=97,
            hidden_size=48,
            num_hidden_layers=2,
            num_attention_heads=6,
            ffn_dim=70,
            max_position_embeddings=31,
        ),
        ["ForCausalLM", "Model", "ForSequenceClassification", "ForQuestionAnswering"],
        UNTIED,
        dict(word_embed_proj_dim=20),
        dict(word_embed_proj_dim=20, do_layer_norm_before=False),
        dict(head="ForSequenceClassification", word_embed_proj_dim=20),
        dict(head="ForQuestionAnswering", word_embed_proj_dim=20),
        dict(enable_bias=False, layer_norm_elementwise_affine=False),
        dict(_remove_final_layer_norm=True),
    ),
    "starcoder2": decoder("Starcoder2", UNTIED, dict(use_bias=False), heads=SPLIT_HEADS),
    "stablelm": decoder(
        "StableLm",
        TIED,
        dict(use_qkv_bias=True, qk_layernorm=True),
        dict(use_parallel_residual=True),
        heads=SPLIT_HEADS,
    ),
    "cohere": decoder("Cohere", UNTIED, dict(use_qk_norm=True, attention_bias=True), heads=["ForCausalLM", "Model"]),
    "cohere2": decoder(
        "Cohere2", UNTIED, dict(attention_bias=True, num_hidden_layers=5), heads=["ForCausalLM", "Model"]
    ),
    "olmo": decoder(
        "Olmo", TIED, dict(attention_bias=True), heads=["ForCausalLM", "Model", "ForSequenceClassification"]
    ),
    "olmo2": decoder(
        "Olmo2", TIED, dict(attention_bias=True), heads=["ForCausalLM", "Model", "ForSequenceClassification"]
    ),
    "glm4": decoder(
        "Glm4",
        TIED,
        dict(attention_bias=False, head_dim=10),
        heads=SPLIT_HEADS,
        head_dim=12,
        pad_token_id=0,
        eos_token_id=2,
    ),
    "granite": decoder("Granite", TIED, dict(attention_bias=True, mlp_bias=True), heads=["ForCausalLM", "Model"]),
    "smollm3": decoder(
        "SmolLM3", UNTIED, dict(attention_bias=True, mlp_bias=True), pad_token_id=0, bos_token_id=1, eos_token_id=2
    ),
    "deepseek_v2": decoder(
        "DeepseekV2",
        dict(q_lora_rank=None, first_k_dense_replace=1, num_hidden_layers=3),
        TIED | dict(attention_bias=True, mlp_bias=True),
        dict(n_shared_experts=3, n_routed_experts=5),
        heads=["ForCausalLM", "Model", "ForSequenceClassification"],
        kv_lora_rank=14,
        q_lora_rank=22,
        qk_nope_head_dim=10,
        qk_rope_head_dim=4,
        v_head_dim=9,
        n_routed_experts=3,
        num_experts_per_tok=2,
        moe_intermediate_size=20,
    ),
    "deepseek_v3": decoder(
        "DeepseekV3",
        dict(q_lora_rank=None, first_k_dense_replace=0),
        TIED | dict(attention_bias=True),
        dict(n_shared_experts=3, n_routed_experts=6),
        dict(num_nextn_predict_layers=0),
        heads=SPLIT_HEADS,
        kv_lora_rank=14,
        q_lora_rank=22,
        qk_nope_head_dim=10,
        qk_rope_head_dim=4,
        v_head_dim=9,
        n_routed_experts=4,
        n_group=2,
        topk_group=1,
        num_experts_per_tok=2,
        moe_intermediate_size=20,
        first_k_dense_replace=1,
    ),
    "gpt_oss": decoder(
        "GptOss",
        TIED,
        dict(attention_bias=False, head_dim=10),
        heads=SPLIT_HEADS,
        head_dim=6,
        num_local_experts=3,
        num_experts_per_tok=2,
    ),
    "llama4_text": [
        (cls if cls != "Llama4Model" else "Llama4TextModel", change)
        for cls, change in decoder(
            "Llama4",
            TIED | dict(attention_bias=True),
            dict(interleave_moe_layer_step=2, num_hidden_layers=5),
            dict(moe_layers=[1], use_qk_norm=False, num_hidden_layers=3),
            heads=["ForCausalLM", "Model"],
            head_dim=6,
            intermediate_size_mlp=60,
            num_local_experts=3,
        )
    ],
    "exaone4": decoder("Exaone4", TIED, dict(head_dim=10)),
    "seed_oss": decoder(
        "SeedOss",
        TIED,
        dict(head_dim=None),
        dict(attention_bias=False, attention_out_bias=True, mlp_bias=True),
        head_dim=10,
    ),
    "ernie4_5": decoder(
        "Ernie4_5", UNTIED, dict(use_bias=True, head_dim=None), heads=["ForCausalLM", "Model"], head_dim=10
    ),
    "bert": cases(
        "Bert",
        BERT := dict(
            vocab_size=97,
            hidden_size=48,
            intermediate_size=72,
            num_hidden_layers=2,
            num_attention_heads=6,
            max_position_embeddings=31,
        ),
        [
            "ForMaskedLM",
            "Model",
            "ForPreTraining",
            "LMHeadModel",
            "ForNextSentencePrediction",
            "ForSequenceClassification",
            "ForMultipleChoice",
            "ForTokenClassification",
            "ForQuestionAnswering",
        ],
        UNTIED | dict(type_vocab_size=3),
        dict(head="LMHeadModel", is_decoder=True, add_cross_attention=True),
    ),
    "roberta": cases(
        "Roberta",
        BERT,
        [
            "ForMaskedLM",
            "Model",
            "ForCausalLM",
            "ForSequenceClassification",
            "ForMultipleChoice",
            "ForTokenClassification",
            "ForQuestionAnswering",
        ],
        UNTIED | dict(type_vocab_size=1),
        dict(head="ForCausalLM", is_decoder=True, add_cross_attention=True),
    ),
    "distilbert": cases(
        "DistilBert",
        dict(vocab_size=97, dim=48, hidden_dim=72, n_layers=2, n_heads=6, max_position_embeddings=31),
        [
            "ForMaskedLM",
            "Model",
            "ForSequenceClassification",
            "ForMultipleChoice",
            "ForTokenClassification",
            "ForQuestionAnswering",
        ],
        UNTIED,
        dict(sinusoidal_pos_embds=True),
    ),
    "t5": cases(
        "T5",
        dict(vocab_size=97, d_model=48, d_kv=10, d_ff=72, num_layers=2, num_heads=6),
        [
            "ForConditionalGeneration",
            "Model",
            "EncoderModel",
            "ForSequenceClassification",
            "ForTokenClassification",
            "ForQuestionAnswering",
        ],
        UNTIED | dict(feed_forward_proj="gated-gelu"),
        dict(num_decoder_layers=3, relative_attention_num_buckets=16),
        dict(feed_forward_proj="gated-silu"),
    ),
    "whisper": cases(
        "Whisper",
        dict(
            vocab_size=97,
            num_mel_bins=20,
            d_model=48,
            encoder_layers=2,
            decoder_layers=3,
            encoder_attention_heads=6,
            decoder_attention_heads=4,
            encoder_ffn_dim=72,
            decoder_ffn_dim=60,
            max_source_positions=30,
            max_target_positions=17,
            pad_token_id=0,
            bos_token_id=1,
            eos_token_id=2,
        ),
        ["ForConditionalGeneration", "Model", "ForCausalLM", "ForAudioClassification"],
        UNTIED,
        dict(head="ForAudioClassification", use_weighted_layer_sum=True, classifier_proj_size=19) | LABELS,
    ),
    "vit": cases(
        "ViT",
        dict(
            hidden_size=48,
            intermediate_size=72,
            num_hidden_layers=2,
            num_attention_heads=6,
            image_size=30,
            patch_size=6,
        ),
        ["ForImageClassification", "Model", "ForMaskedImageModeling"],
        dict(qkv_bias=False, num_channels=1) | LABELS,
        dict(head="Model", pooler_output_size=20),
    ),
    "gpt_bigcode": cases(
        "GPTBigCode",
        GPT2,
        SPLIT_HEADS,
        UNTIED | dict(n_inner=70),
        dict(multi_query=False),
        dict(multi_query=False, add_cross_attention=True),
    ),
    "qwen2_vl": cases(
        "Qwen2VL",
        dict(
            text_config=SMALL,
            vision_config=dict(
                depth=2, embed_dim=36, hidden_size=48, num_heads=3, mlp_ratio=3, in_channels=3, patch_size=4
            ),
        ),
        ["ForConditionalGeneration", "Model"],
        TIED,
        dict(text_config=SMALL | TIED),
        dict(
            vision_config=dict(
                depth=1, embed_dim=24, hidden_size=48, num_heads=2, spatial_merge_size=3, temporal_patch_size=3
            )
        ),
        # As the original repositories have it: the text model's sizes outside any section.
        dict(text_config=None) | SMALL | TIED,
    ),
    "gemma4_text": [
        ("Gemma4ForCausalLM", {}),
        *[(head, GEMMA4 | change) for head, change in [
            ("Gemma4ForCausalLM", {}),
            ("Gemma4TextModel", dict(
                hidden_size_per_layer_input=0, num_kv_shared_layers=3, num_hidden_layers=8,
                layer_types=["full_attention", "sliding_attention"] * 4)),
            ("Gemma4ForCausalLM", UNTIED | dict(
                attention_k_eq_v=True, num_global_key_value_heads=2, num_kv_shared_layers=2, use_double_wide_mlp=True,
                attention_bias=True, num_hidden_layers=6, layer_types=["sliding_attention", "full_attention"] * 3)),
            ("Gemma4ForCausalLM", dict(
                enable_moe_block=True, num_experts=5, moe_intermediate_size=22, top_k_experts=2, num_hidden_layers=2)),
            ("Gemma4ForCausalLM", dict(num_kv_shared_layers=4, num_hidden_layers=4, use_double_wide_mlp=True)),
        ]],
    ],
    "gemma4_unified_text": [
        ("Gemma4UnifiedForCausalLM", {}),
        ("Gemma4UnifiedForCausalLM", GEMMA4),
        ("Gemma4UnifiedTextModel", GEMMA4 | dict(
            attention_k_eq_v=True, num_global_key_value_heads=2, num_kv_shared_layers=2, num_hidden_layers=6,
            use_double_wide_mlp=True, layer_types=["sliding_attention", "full_attention"] * 3)),
    ],
    "gemma4_unified": [
        ("Gemma4UnifiedForConditionalGeneration", dict(vision_config={}, audio_config={})),
        ("Gemma4UnifiedForConditionalGeneration", dict(text_config=GEMMA4)),
        ("Gemma4UnifiedModel", UNTIED | dict(
            text_config=GEMMA4 | dict(attention_k_eq_v=True, num_global_key_value_heads=2),
            vision_config=dict(mm_embed_dim=22, mm_posemb_size=9, output_proj_dims=26, patch_size=4),
            audio_config=dict(audio_embed_dim=17))),
    ],
    "gemma4": [
        ("Gemma4ForConditionalGeneration", dict(vision_config={}, audio_config={})),
        *[(head, dict(text_config=GEMMA4) | change) for head, change in [
            ("Gemma4ForConditionalGeneration", {}),
            ("Gemma4ForConditionalGeneration", dict(vision_config=GEMMA4_VISION)),
            ("Gemma4Model", dict(vision_config=GEMMA4_VISION, audio_config=GEMMA4_AUDIO)),
            ("Gemma4ForConditionalGeneration", UNTIED | dict(
                audio_config=GEMMA4_AUDIO | dict(use_clipped_linears=False),
                vision_config=GEMMA4_VISION | dict(use_clipped_linears=True, standardize=True))),
        ]],
    ],
    "gemma3": cases(
        "Gemma3",
        dict(
            text_config=SMALL | dict(head_dim=12),
            vision_config=dict(
                model_type="siglip_vision_model",
                hidden_size=36,
                intermediate_size=50,
                num_hidden_layers=2,
                num_attention_heads=3,
                image_size=24,
                patch_size=6,
            ),
        ),
        ["ForConditionalGeneration", "Model", "ForSequenceClassification"],
        UNTIED,
        dict(
            vision_config=dict(
                hidden_size=24, intermediate_size=30, num_hidden_layers=1, num_attention_heads=3, vision_use_head=False
            )
        ),
    ),
    "kimi_k25": [
        # A model of the class's own sizes takes minutes; of the few layers here, everything else is its default.
        ("Kimi_K25ForConditionalGeneration", dict(
            text_config=dict(num_hidden_layers=4, n_routed_experts=8), vision_config=dict(num_hidden_layers=1))),
        ("Kimi_K25ForConditionalGeneration", KIMI_K25),
        ("Kimi_K25ForConditionalGeneration", KIMI_K25 | UNTIED | dict(
            projection_hidden_size=20,
            text_config=KIMI_K25["text_config"] | dict(attention_bias=True, n_shared_experts=2),
            vision_config=KIMI_K25["vision_config"] | dict(
                patch_size=3, merge_kernel_size=[3, 2], pos_emb_height=5, pos_emb_width=6))),
    ],
    "molmo2": [
        ("Molmo2ForConditionalGeneration", {}),
        *[(name, MOLMO2 | more) for name, more in [
            ("Molmo2ForConditionalGeneration", {}),
            ("Molmo2Model", {}),
            ("Molmo2ForConditionalGeneration", dict(
                text_config=MOLMO2["text_config"] | dict(
                    attention_bias=True, qk_norm_type="olmo", num_key_value_heads=4, additional_vocab_size=0),
                vision_config=MOLMO2["vision_config"] | dict(
                    attention_bias=False, num_key_value_heads=2, num_channels=1, num_position_embeddings=7),
                adapter_config=MOLMO2["adapter_config"] | dict(
                    mlp_bias=True, attention_bias=False, num_key_value_heads=1, vision_feature_layer=[-1]))),
        ]],
    ],
    "molmo2_text": cases(
        "Molmo2Text", MOLMO2["text_config"], ["Model"], dict(qkv_bias=True, qk_norm_type="olmo", head_dim=6)
    ),
    "nemotron_h": cases(
        "NemotronH",
        NEMOTRON_H,
        ["ForCausalLM", "Model"],
        dict(moe_latent_size=20, mlp_bias=True, use_bias=True, num_key_value_heads=2),
        dict(layers_block_type=["mamba", "attention", "mlp"], use_conv_bias=False, tie_word_embeddings=True),
        dict(head="Model", n_groups=1, conv_kernel=3, layers_block_type=["moe", "moe", "mlp", "linear_attention"]),
        dict(layers_block_type=None, hybrid_override_pattern="MEM*E-", moe_shared_expert_intermediate_size=28),
    ),
    "recurrent_gemma": cases(
        "RecurrentGemma",
        {key: value for key, value in SMALL.items() if key != "num_key_value_heads"} | dict(num_hidden_layers=5),
        ["ForCausalLM", "Model"],
        dict(num_key_value_heads=1, attention_bias=True, lru_width=60, conv1d_width=3),
        UNTIED | dict(block_types=["attention", "recurrent"]),
    ),
    "zamba": cases(
        "Zamba",
        SMALL | dict(num_hidden_layers=7, attn_layer_period=3, attn_layer_offset=1),
        ["ForCausalLM", "Model", "ForSequenceClassification"],
        dict(mamba_dt_rank=5, mamba_d_state=7, mamba_d_conv=3, mamba_expand=3, n_mamba_heads=3, mamba_proj_bias=True),
        UNTIED | dict(attention_hidden_size=90, attention_head_dim=10, mamba_conv_bias=False),
        dict(layers_block_type=["hybrid", "mamba", "hybrid"], num_hidden_layers=3),
    ),
    "zamba2": cases(
        "Zamba2",
        SMALL | dict(layers_block_type=["mamba", "hybrid", "mamba", "hybrid", "hybrid", "hybrid"], num_hidden_layers=6),
        ["ForCausalLM", "Model", "ForSequenceClassification"],
        UNTIED | dict(num_mem_blocks=2, use_shared_attention_adapter=True, adapter_rank=5, num_key_value_heads=6),
        dict(num_mem_blocks=3, add_bias_linear=True, mamba_ngroups=2, mamba_d_state=7, mamba_d_conv=3, mamba_expand=4),
        dict(intermediate_size=None, num_key_value_heads=None),
    ),
}
