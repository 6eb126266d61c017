// swift-format-ignore-file
// Written by testdata/make/cache_fields.py from transformers 5.24.0; see docs/architectures.md.

extension TypeTable {
  /// What the caches of types that generate text depend on, beside what `texts` says.
  static let caches = TableText(
    """
    = afmoe
    = apertus
    = apertus1p5_text
    = arcee
    = aria_text
    = axk1
    = axk2
    = bailing_hybrid
    = bamba
    f . mamba_d_head="auto"
    k . layer_types=layers_block_type
    d layers_block_type [num_hidden_layers|attn_layer_indices has i?'full_attention':'linear_attention']
    = beam
    = bert-generation
    = biogpt
    = bitnet
    = bloom
    f . n_head=8
    k . num_attention_heads=n_head
    = blt
    = codegen
    f . n_head=16
    k . num_attention_heads=n_head
    = cohere
    = cohere2
    = cohere2_moe
    = cohere_compass_text
    = cosmos3_edge_text
    = cpmant
    = ctrl
    f . n_head=16
    k . num_attention_heads=n_head
    = cwm
    = dbrx
    = deepseek_v2
    = deepseek_v3
    = deepseek_v32
    = deepseek_v4
    = diffllama
    = doge
    = dory
    f . n_input_layers=8 n_output_layers=8 n_recurrent_loops=2 recurrent_kv_cache_mode="per_loop"
    = dots1
    = dots3_note_text
    = ernie4_5
    = ernie4_5_moe
    = exaone
    = exaone4
    = exaone_moe
    = falcon
    = falcon_h1
    f . mamba_d_head="auto"
    k . layer_types=layers_block_type
    d layers_block_type [num_hidden_layers|'hybrid']
    = falcon_mamba
    d layer_types [num_hidden_layers|'linear_attention']
    = flex_olmo
    = flint
    = gemma
    = gemma2
    = gemma3_text
    = gemma3n_text
    = gemma4_text
    f . head_dim=256 hidden_size=2304 num_attention_heads=8 num_hidden_layers=30 num_key_value_heads=4 \
    num_kv_shared_layers=0 sliding_window=512
    d layer_types null(layer_types)?[num_hidden_layers|i%6==5|\
    i+1==num_hidden_layers?'full_attention':'sliding_attention']:[len(layer_types)|\
    i+1==len(layer_types)?'full_attention':layer_types[i]]
    = gemma4_unified_text
    f . head_dim=256 hidden_size=2304 num_attention_heads=8 num_hidden_layers=30 num_key_value_heads=4 \
    num_kv_shared_layers=0 sliding_window=1024
    d layer_types null(layer_types)?[num_hidden_layers|i%6==5|\
    i+1==num_hidden_layers?'full_attention':'sliding_attention']:[len(layer_types)|\
    i+1==len(layer_types)?'full_attention':layer_types[i]]
    = git
    = glm
    = glm4
    = glm4_moe
    = glm4_moe_lite
    = glm4v_moe_text
    = glm4v_text
    = glm_moe_dsa
    = glm_ocr_text
    = gpt-sw3
    f . n_head=12
    k . num_attention_heads=n_head
    = gpt2
    f . n_head=12
    k . num_attention_heads=n_head
    = gpt_bigcode
    = gpt_neo
    f . num_heads=16
    k . num_attention_heads=num_heads
    = gpt_neox
    = gpt_neox_japanese
    = gpt_oss
    = gptj
    f . n_head=16
    k . num_attention_heads=n_head
    = granite
    = granite_docling_text
    = granite_swa
    = granitemoe
    = granitemoe_swa
    = granitemoehybrid
    f . mamba_d_head="auto"
    = granitemoeshared
    = helium
    = hrm_text
    = hunyuan_v1_dense
    = hunyuan_v1_moe
    = hy_v3
    = hy_v4
    = hy_v4_vl_text
    = hyperclovax
    = inkling_text
    = internlm3
    = iquestcoder
    = jais2
    = jamba
    d layer_types [num_hidden_layers|i%attn_layer_period==attn_layer_offset?'full_attention':'linear_attention']
    = jetmoe
    = kimi_linear
    = kolibri1
    = lara_mini
    = lfm2
    = lfm2_moe
    = lfm3
    = llama
    = llama4_text
    = longcat_flash
    = mamba
    d layer_types [num_hidden_layers|'linear_attention']
    = mamba2
    d layer_types [num_hidden_layers|'linear_attention']
    = mellum
    = mimo_v2_flash
    = minicpm3
    = minimax
    = minimax_m2
    = minimax_m3_vl_text
    = ministral
    = ministral3
    = mistral
    = mixtral
    = modernbert-decoder
    = moshi
    = mpt
    f . n_heads=16
    k . num_attention_heads=n_heads
    = muse_glimmer_text
    = muse_spark_text
    = nanochat
    = nemotron
    = nemotron_h
    f . conv_kernel=4 expand=2 head_dim=128 hidden_size=4096 mamba_head_dim=64 mamba_num_heads=128 n_groups=8 \
    num_attention_heads=32 num_key_value_heads=8 ssm_state_size=128
    k . layer_types=layers_block_type
    d layers_block_type null(layers_block_type)?[4|\
    i==0?'linear_attention':i==1?'moe':i==2?'full_attention':'mlp']:layers_block_type
    = olmo
    = olmo2
    = olmo3
    = olmoe
    = openai-gpt
    f . n_head=12
    k . num_attention_heads=n_head
    = opt
    = persimmon
    = phi
    = phi3
    = phi4_multimodal
    = phimoe
    = qwen2
    f . use_sliding_window=false
    = qwen2_5_vl_text
    = qwen2_moe
    f . use_sliding_window=false
    = qwen2_vl_text
    = qwen3
    f . use_sliding_window=false
    = qwen3_5_moe_text
    = qwen3_5_text
    = qwen3_moe
    f . use_sliding_window=false
    = qwen3_next
    = qwen3_vl_moe_text
    = qwen3_vl_text
    = recurrent_gemma
    f . attention_window_size=2048 block_types=["recurrent","recurrent","attention"] conv1d_width=4 \
    hidden_size=2560 num_attention_heads=10 num_hidden_layers=26
    k . layer_types=layers_block_type sliding_window=attention_window_size
    d layers_block_type [num_hidden_layers|\
    block_types[i%len(block_types)]=='recurrent'?'linear_attention':'sliding_attention']
    d head_dim hidden_size//num_attention_heads
    = rwkv
    = sarvam_mla
    = sarvam_moe
    = seed_oss
    = smollm3
    f . use_sliding_window=false
    = solar_open
    = stablelm
    = starcoder2
    = trocr
    f . decoder_attention_heads=16
    k . num_attention_heads=decoder_attention_heads
    = vaultgemma
    = whisper
    f . encoder_attention_heads=6
    k . num_attention_heads=encoder_attention_heads num_key_value_heads=encoder_attention_heads
    = xglm
    f . attention_heads=16
    k . num_attention_heads=attention_heads
    = xlnet
    = youtu
    = zamba
    f . attn_layer_offset=4 attn_layer_period=6 hidden_size=3712 mamba_d_conv=4 mamba_d_state=16 mamba_expand=2 \
    n_mamba_heads=2 num_attention_heads=16 num_hidden_layers=76 num_key_value_heads=16
    k . head_dim=attention_head_dim layer_types=layers_block_type
    d layers_block_type null(layers_block_type)?[(num_hidden_layers<3?3:num_hidden_layers)|\
    i<2?'linear_attention':i==2?'hybrid':(i-3)%attn_layer_period==attn_layer_offset?'hybrid':'linear_attention']\
    :layers_block_type
    d attention_head_dim attention_head_dim?attention_head_dim:2*hidden_size//num_attention_heads
    = zamba2
    f . hidden_size=2560 mamba_d_conv=4 mamba_d_state=64 mamba_expand=2 mamba_ngroups=1 n_mamba_heads=8 \
    num_attention_heads=32 num_hidden_layers=54
    k . head_dim=attention_head_dim layer_types=layers_block_type
    d layers_block_type null(layers_block_type)?[54|(i%6==0&0<i&i<=42)|i==47|\
    i==51?'hybrid':'linear_attention']:layers_block_type
    d attention_head_dim 2*hidden_size//num_attention_heads
    d mamba_headdim mamba_expand*hidden_size//n_mamba_heads
    = zaya
    """)
}
