// swift-format-ignore-file
// Written by testdata/make/arch_swift.py from transformers 5.24.0; see docs/architectures.md.

extension TypeTable {
  /// What is said of each type.
  static let texts = TableText(
    """
    = afmoe
    f . attention_bias=false head_dim=128 hidden_size=2048 intermediate_size=6144 layer_types=null \
    moe_intermediate_size=1408 num_attention_heads=16 num_dense_layers=1 num_experts=64 num_hidden_layers=32 \
    num_key_value_heads=null num_shared_experts=2 sliding_window=1024 tie_word_embeddings=false vocab_size=200192
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    d layer_types list(layer_types)?layer_types:[num_hidden_layers|i%4==3?'full_attention':'sliding_attention']
    g head_dim
    s layer_types full_attention sliding_attention
    c AfmoeForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b2;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c AfmoeModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b2;norm:N(hidden_size)
    = albert
    f . embedding_size=128 hidden_size=4096 inner_group_num=1 intermediate_size=16384 \
    max_position_embeddings=512 num_attention_heads=64 num_hidden_groups=1 num_hidden_layers=12 \
    tie_word_embeddings=true type_vocab_size=2 vocab_size=30000
    c AlbertForMaskedLM AutoModelForMaskedLM
    p albert
    i albert{embeddings=b3;encoder{embedding_hidden_mapping_in:L(embedding_size,hidden_size,1);\
    albert_layer_groups*num_hidden_groups{albert_layers*inner_group_num=b4}}};predictions{dense:L(hidden_size,\
    embedding_size,1);?!tie_word_embeddings decoder:L(embedding_size,vocab_size,1);?tie_word_embeddings \
    decoder:L(embedding_size,vocab_size,1)~;bias:T(vocab_size);LayerNorm:N(embedding_size,1)}
    c AlbertModel AutoModel
    i embeddings=b3;encoder=b5;pooler:L(hidden_size,hidden_size,1)
    c AlbertForSequenceClassification
    p albert
    i albert=b6;classifier:L(hidden_size,num_labels,1)
    c AlbertForTokenClassification
    p albert
    i albert{embeddings=b3;encoder=b5};classifier:L(hidden_size,num_labels,1)
    c AlbertForQuestionAnswering
    p albert
    i albert{embeddings=b3;encoder=b5};qa_outputs:L(hidden_size,num_labels,1)
    c AlbertForPreTraining
    p albert
    i albert=b6;predictions{dense:L(hidden_size,embedding_size,1);?tie_word_embeddings decoder:L(embedding_size,\
    vocab_size,1)~;bias:T(vocab_size);LayerNorm:N(embedding_size,1)};sop_classifier{classifier:L(hidden_size,\
    num_labels,1)}
    = apertus
    f . attention_bias=false hidden_size=4096 intermediate_size=14336 num_attention_heads=32 \
    num_hidden_layers=32 num_key_value_heads=null tie_word_embeddings=false vocab_size=131072
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c ApertusForCausalLM AutoModelForCausalLM
    p model
    i model=b9;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c ApertusModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b8;norm:N(hidden_size)
    c ApertusForTokenClassification
    p model
    i model=b9;score:L(hidden_size,num_labels,1)
    = apertus1p5_text
    f . attention_bias=false hidden_size=4096 intermediate_size=14336 num_attention_heads=32 \
    num_hidden_layers=32 num_key_value_heads=null tie_word_embeddings=false vocab_size=266752
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c Apertus1p5TextForCausalLM AutoModelForCausalLM
    p model
    i model=b9;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c Apertus1p5TextModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b8;norm:N(hidden_size)
    = arcee
    f . attention_bias=false head_dim=null hidden_size=2560 intermediate_size=18432 mlp_bias=false \
    num_attention_heads=32 num_hidden_layers=32 num_key_value_heads=null tie_word_embeddings=false \
    vocab_size=32000
    d head_dim null(head_dim)?hidden_size//num_attention_heads:head_dim
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g head_dim
    c ArceeForCausalLM AutoModelForCausalLM
    p model
    i model=b13;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c ArceeModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b12;norm:N(hidden_size)
    c ArceeForSequenceClassification
    p model
    i model=b13;score:L(hidden_size,num_labels)
    c ArceeForTokenClassification
    p model
    i model=b13;score:L(hidden_size,num_labels,1)
    c ArceeForQuestionAnswering
    p transformer
    i transformer{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b14;mlp=b11;\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)};\
    qa_outputs:L(hidden_size,2,1)
    = aria
    f . max_value_projector_patch_to_query_dict=null tie_word_embeddings=false
    f text_config. attention_bias=false head_dim=null hidden_size=4096 intermediate_size=4096 mlp_bias=false \
    moe_num_experts=8 moe_num_shared_experts=2 num_attention_heads=32 num_hidden_layers=32 \
    num_key_value_heads=null vocab_size=32000
    y vision_config. idefics3_vision
    d max_value_projector_patch_to_query_dict \
    null(max_value_projector_patch_to_query_dict)?256:max_value_projector_patch_to_query_dict
    d text_config.head_dim \
    null(text_config.head_dim)?text_config.hidden_size//text_config.num_attention_heads:text_config.head_dim
    d text_config.num_key_value_heads \
    null(text_config.num_key_value_heads)?text_config.num_attention_heads:text_config.num_key_value_heads
    g text_config.head_dim
    c AriaForConditionalGeneration AutoModelForImageTextToText
    p model
    r model.multi_modal_projector>multi_modal_projector
    r model.language_model.embed_tokens>language_model.model.embed_tokens
    r model.language_model.layers.*.self_attn>language_model.model.layers.*.self_attn
    r model.language_model.layers.*.mlp.router>language_model.model.layers.*.mlp.router
    r model.language_model.layers.*.mlp.experts.gate_up_proj>language_model.model.layers.*.mlp.experts.fc1.weight
    r model.language_model.layers.*.mlp.experts.down_proj>language_model.model.layers.*.mlp.experts.fc2.weight
    r model.language_model.layers.*.mlp.shared_experts>language_model.model.layers.*.mlp.shared_experts
    r model.language_model.layers.*.input_layernorm>language_model.model.layers.*.input_layernorm
    r model.language_model.layers.*.post_attention_layernorm>language_model.model.layers.*.post_attention_layern\
    orm
    r model.language_model.norm>language_model.model.norm
    r lm_head>language_model.lm_head
    r model.vision_tower>vision_tower
    i model{multi_modal_projector=b17;language_model@text_config=b20;vision_tower:A(AutoModel,vision_config)};\
    ?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~;?!tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c AriaModel AutoModel
    r language_model.embed_tokens>language_model.model.embed_tokens
    r language_model.layers.*.self_attn>language_model.model.layers.*.self_attn
    r language_model.layers.*.mlp.router>language_model.model.layers.*.mlp.router
    r language_model.layers.*.mlp.experts.gate_up_proj>language_model.model.layers.*.mlp.experts.fc1.weight
    r language_model.layers.*.mlp.experts.down_proj>language_model.model.layers.*.mlp.experts.fc2.weight
    r language_model.layers.*.mlp.shared_experts>language_model.model.layers.*.mlp.shared_experts
    r language_model.layers.*.input_layernorm>language_model.model.layers.*.input_layernorm
    r language_model.layers.*.post_attention_layernorm>language_model.model.layers.*.post_attention_layernorm
    r language_model.norm>language_model.model.norm
    i multi_modal_projector=b17;language_model@text_config{embed_tokens:E(vocab_size,hidden_size)!;\
    layers*num_hidden_layers{self_attn=b10;mlp{router:R(hidden_size,moe_num_experts);experts{\
    gate_up_proj:Q(moe_num_experts,hidden_size,intermediate_size*2);down_proj:P(moe_num_experts,\
    intermediate_size,hidden_size)};shared_experts=b18};input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)};vision_tower:A(AutoModel,vision_config)
    = aria_text
    f . attention_bias=false head_dim=null hidden_size=4096 intermediate_size=4096 mlp_bias=false \
    moe_num_experts=8 moe_num_shared_experts=2 num_attention_heads=32 num_hidden_layers=32 \
    num_key_value_heads=null tie_word_embeddings=false vocab_size=32000
    d head_dim null(head_dim)?hidden_size//num_attention_heads:head_dim
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g head_dim
    c AriaTextForCausalLM AutoModelForCausalLM
    p model
    r model.layers.*.mlp.experts.gate_up_proj>model.layers.*.mlp.experts.fc1.weight
    r model.layers.*.mlp.experts.down_proj>model.layers.*.mlp.experts.fc2.weight
    i model=b20;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c AriaTextModel AutoModel
    r layers.*.mlp.experts.gate_up_proj>layers.*.mlp.experts.fc1.weight
    r layers.*.mlp.experts.down_proj>layers.*.mlp.experts.fc2.weight
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b19;norm:N(hidden_size)
    = audioflamingo3
    f . projector_bias=true
    y audio_config. audioflamingo3_encoder
    y text_config. qwen2
    c AudioFlamingo3ForConditionalGeneration AutoModelForSeq2SeqLM
    p model
    r model>
    r lm_head>language_model.lm_head
    r model.language_model>language_model.model
    i model=b22;lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c AudioFlamingo3Model AutoModel
    r language_model>language_model.model
    i multi_modal_projector=b21;audio_tower:A(AutoModel,audio_config);language_model:A(AutoModel,text_config)
    = audioflamingo3_encoder
    f . hidden_size=1280 intermediate_size=5120 max_source_positions=1500 num_attention_heads=20 \
    num_hidden_layers=32 num_mel_bins=128
    k . d_model=hidden_size encoder_attention_heads=num_attention_heads encoder_ffn_dim=intermediate_size \
    encoder_layers=num_hidden_layers
    c AudioFlamingo3Encoder AutoModel
    i conv1:C(num_mel_bins,hidden_size,1|num_mel_bins,3);conv2:C(hidden_size,hidden_size,1|hidden_size,3);\
    embed_positions:E(max_source_positions,hidden_size);layers*num_hidden_layers=b23;layer_norm:N(hidden_size,1)
    = axk1
    f . attention_bias=false first_k_dense_replace=1 head_dim=null hidden_size=7168 intermediate_size=18432 \
    kv_lora_rank=512 mlp_layer_types=null moe_intermediate_size=2048 moe_layer_freq=1 n_routed_experts=192 \
    n_shared_experts=1 num_attention_heads=64 num_hidden_layers=61 num_key_value_heads=64 q_lora_rank=1536 \
    qk_nope_head_dim=128 qk_rope_head_dim=64 tie_word_embeddings=false v_head_dim=128 vocab_size=163840
    k . num_local_experts=n_routed_experts
    d head_dim null(head_dim)?qk_rope_head_dim:head_dim
    d mlp_layer_types null(mlp_layer_types)?[num_hidden_layers|\
    i<first_k_dense_replace?'dense':i%moe_layer_freq==0?'sparse':'dense']:mlp_layer_types
    g head_dim
    s mlp_layer_types dense sparse
    c AXK1ForCausalLM AutoModelForCausalLM
    p model
    r model.layers.*.mlp.post_mlp_layernorm>model.layers.*.post_mlp_layernorm
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b27;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c AXK1Model AutoModel
    r layers.*.mlp.post_mlp_layernorm>layers.*.post_mlp_layernorm
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b27;norm:N(hidden_size)
    = axk2
    f . attention_bias=false first_k_dense_replace=1 gated_norm_rank=16 head_dim=64 hidden_size=2048 \
    index_head_dim=128 index_n_heads=16 intermediate_size=5120 kv_lora_rank=128 layer_types=null \
    mlp_layer_types=null moe_intermediate_size=512 moe_layer_freq=1 n_routed_experts=128 n_shared_experts=1 \
    num_attention_heads=32 num_hidden_layers=48 num_key_value_heads=32 q_lora_rank=384 qk_nope_head_dim=64 \
    qk_rope_head_dim=32 tie_word_embeddings=false v_head_dim=64 vocab_size=163840
    k . num_local_experts=n_routed_experts
    d head_dim qk_rope_head_dim
    d mlp_layer_types null(mlp_layer_types)?[num_hidden_layers|\
    i<first_k_dense_replace?'dense':i%moe_layer_freq==0?'sparse':'dense']:mlp_layer_types
    d layer_types null(layer_types)?[num_hidden_layers|'indexed_attention']:layer_types
    g head_dim
    s mlp_layer_types dense sparse
    c AXK2ForCausalLM AutoModelForCausalLM
    p model
    r model.layers.*.self_attn.q_gate_proj>model.layers.*.self_attn.q_b_proj
    r model.layers.*.input_layernorm.mlp.fc1>model.layers.*.input_layernorm.W_down
    r model.layers.*.input_layernorm.mlp.fc2>model.layers.*.input_layernorm.W_up
    r model.layers.*.post_attention_layernorm.mlp.fc1>model.layers.*.post_attention_layernorm.W_down
    r model.layers.*.post_attention_layernorm.mlp.fc2>model.layers.*.post_attention_layernorm.W_up
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b30;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c AXK2Model AutoModel
    r layers.*.self_attn.q_gate_proj>layers.*.self_attn.q_b_proj
    r layers.*.input_layernorm.mlp.fc1>layers.*.input_layernorm.W_down
    r layers.*.input_layernorm.mlp.fc2>layers.*.input_layernorm.W_up
    r layers.*.post_attention_layernorm.mlp.fc1>layers.*.post_attention_layernorm.W_down
    r layers.*.post_attention_layernorm.mlp.fc2>layers.*.post_attention_layernorm.W_up
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b30;norm:N(hidden_size)
    = aya_vision
    f . downsample_factor=2 tie_word_embeddings=true
    y text_config. cohere2
    y vision_config. siglip_vision_model
    m vision_config. hidden_size=1152 intermediate_size=4304 num_hidden_layers=26 num_attention_heads=14 \
    image_size=384 patch_size=14 vision_use_head=false
    c AyaVisionForConditionalGeneration AutoModelForImageTextToText
    p model
    r model>
    r lm_head>language_model.lm_head
    r model.language_model>language_model.model
    i model{multi_modal_projector=b31;vision_tower:A(AutoModel,vision_config);language_model:A(AutoModel,\
    text_config)};?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size);\
    ?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~
    c AyaVisionModel AutoModel
    r language_model>language_model.model
    i multi_modal_projector=b31;vision_tower:A(AutoModel,vision_config);language_model:A(AutoModel,text_config)
    = bailing_hybrid
    f . first_k_dense_replace=2 head_dim=128 hidden_size=2560 intermediate_size=6144 kv_lora_rank=512 \
    layer_types=null linear_conv_kernel_dim=null linear_head_dim=null linear_num_heads=null \
    mlp_layer_types=null moe_intermediate_size=768 n_shared_experts=1 num_attention_heads=32 num_experts=null \
    num_hidden_layers=42 num_key_value_heads=32 num_local_experts=512 num_shared_experts=null \
    qk_nope_head_dim=128 qk_rope_head_dim=64 short_conv_kernel_size=4 tie_word_embeddings=false v_head_dim=128 \
    vocab_size=157184
    k . n_shared_experts=num_shared_experts num_local_experts=num_experts
    d head_dim qk_rope_head_dim
    d layer_types list(layer_types)?layer_types:[num_hidden_layers|i%6==5?'full_attention':'linear_attention']
    d linear_conv_kernel_dim null(linear_conv_kernel_dim)?short_conv_kernel_size:linear_conv_kernel_dim
    d linear_head_dim null(linear_head_dim)?head_dim:linear_head_dim
    d linear_num_heads null(linear_num_heads)?num_attention_heads:linear_num_heads
    d mlp_layer_types list(mlp_layer_types)?mlp_layer_types:[num_hidden_layers|\
    i<first_k_dense_replace?'dense':'sparse']
    d num_experts null(num_experts)?num_local_experts:num_experts
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    d num_shared_experts null(num_shared_experts)?n_shared_experts:num_shared_experts
    g !attention_bias
    g head_dim
    f . attention_bias=false
    s layer_types full_attention linear_attention
    s mlp_layer_types dense sparse
    c BailingHybridForCausalLM AutoModelForCausalLM
    p model
    r model.embed_tokens>model.word_embeddings
    r model.layers.*.self_attn.q_proj>model.layers.*.attention.q_proj
    r model.layers.*.self_attn.kv_a_proj_with_mqa>model.layers.*.attention.kv_a_proj_with_mqa
    r model.layers.*.self_attn.kv_b_proj>model.layers.*.attention.kv_b_proj
    r model.layers.*.self_attn.k_proj>model.layers.*.attention.k_proj
    r model.layers.*.self_attn.v_proj>model.layers.*.attention.v_proj
    r model.layers.*.self_attn.conv1d.weight>model.layers.*.attention.q_conv1d.weight,\
    model.layers.*.attention.k_conv1d.weight,model.layers.*.attention.v_conv1d.weight
    r model.layers.*.self_attn.forget_gate>model.layers.*.attention
    r model.layers.*.self_attn.b_proj>model.layers.*.attention.b_proj
    r model.layers.*.self_attn.o_proj>model.layers.*.attention.dense
    r model.layers.*.self_attn.g_proj>model.layers.*.attention.g_proj
    r model.layers.*.self_attn.o_norm>model.layers.*.attention.o_norm
    r model.layers.*.self_attn.kv_a_layernorm>model.layers.*.attention.kv_a_layernorm
    r model.layers.*.mlp.gate.e_score_correction_bias>model.layers.*.mlp.gate.expert_bias
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn{q_proj:L(hidden_size,\
    layer_types[i]=='full_attention'?num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim):linear_head_dim*lin\
    ear_num_heads);?layer_types[i]=='full_attention' kv_a_proj_with_mqa:L(hidden_size,\
    kv_lora_rank+qk_rope_head_dim);?layer_types[i]=='full_attention' kv_b_proj:L(kv_lora_rank,\
    num_attention_heads*(qk_nope_head_dim+v_head_dim));?!(layer_types[i]=='full_attention') \
    k_proj:L(hidden_size,linear_head_dim*linear_num_heads);?!(layer_types[i]=='full_attention') \
    v_proj:L(hidden_size,linear_head_dim*linear_num_heads);?!(layer_types[i]=='full_attention') \
    conv1d:D(linear_head_dim*linear_num_heads*3,linear_head_dim*linear_num_heads*3,0|\
    linear_head_dim*linear_num_heads*3//(linear_head_dim*linear_num_heads*3),linear_conv_kernel_dim|\
    linear_head_dim*linear_num_heads,1,4|linear_head_dim*linear_num_heads,1,4|linear_head_dim*linear_num_heads,\
    1,4);?!(layer_types[i]=='full_attention') forget_gate=b32;?!(layer_types[i]=='full_attention') \
    b_proj:L(hidden_size,linear_num_heads);o_proj:L(linear_head_dim*linear_num_heads,hidden_size);\
    g_proj:L(hidden_size,layer_types[i]=='full_attention'?num_attention_heads:linear_head_dim*linear_num_heads);\
    ?!(layer_types[i]=='full_attention') o_norm:N(linear_head_dim);?layer_types[i]=='full_attention' \
    kv_a_layernorm:N(kv_lora_rank)};mlp=b33;input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)};lm_head:L(hidden_size,vocab_size)
    c BailingHybridModel AutoModel
    r layers.*.self_attn.q_proj>layers.*.attention.q_proj
    r layers.*.self_attn.k_proj>layers.*.attention.k_proj
    r layers.*.self_attn.v_proj>layers.*.attention.v_proj
    r layers.*.self_attn.conv1d.weight>layers.*.attention.q_conv1d.weight,layers.*.attention.k_conv1d.weight,\
    layers.*.attention.v_conv1d.weight
    r layers.*.self_attn.forget_gate>layers.*.attention
    r layers.*.self_attn.b_proj>layers.*.attention.b_proj
    r layers.*.self_attn.o_proj>layers.*.attention.dense
    r layers.*.self_attn.g_proj>layers.*.attention.g_proj
    r layers.*.self_attn.o_norm>layers.*.attention.o_norm
    r layers.*.self_attn.kv_a_proj_with_mqa>layers.*.attention.kv_a_proj_with_mqa
    r layers.*.self_attn.kv_b_proj>layers.*.attention.kv_b_proj
    r layers.*.self_attn.kv_a_layernorm>layers.*.attention.kv_a_layernorm
    r layers.*.mlp.gate.e_score_correction_bias>layers.*.mlp.gate.expert_bias
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn{q_proj:L(hidden_size,\
    layer_types[i]=='full_attention'?num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim):linear_head_dim*lin\
    ear_num_heads);?!(layer_types[i]=='full_attention') k_proj:L(hidden_size,linear_head_dim*linear_num_heads);\
    ?!(layer_types[i]=='full_attention') v_proj:L(hidden_size,linear_head_dim*linear_num_heads);\
    ?!(layer_types[i]=='full_attention') conv1d:D(linear_head_dim*linear_num_heads*3,\
    linear_head_dim*linear_num_heads*3,0|\
    linear_head_dim*linear_num_heads*3//(linear_head_dim*linear_num_heads*3),linear_conv_kernel_dim|\
    linear_head_dim*linear_num_heads,1,4|linear_head_dim*linear_num_heads,1,4|linear_head_dim*linear_num_heads,\
    1,4);?!(layer_types[i]=='full_attention') forget_gate=b32;?!(layer_types[i]=='full_attention') \
    b_proj:L(hidden_size,linear_num_heads);o_proj:L(linear_head_dim*linear_num_heads,hidden_size);\
    g_proj:L(hidden_size,layer_types[i]=='full_attention'?num_attention_heads:linear_head_dim*linear_num_heads);\
    ?!(layer_types[i]=='full_attention') o_norm:N(linear_head_dim);?layer_types[i]=='full_attention' \
    kv_a_proj_with_mqa:L(hidden_size,kv_lora_rank+qk_rope_head_dim);?layer_types[i]=='full_attention' \
    kv_b_proj:L(kv_lora_rank,num_attention_heads*(qk_nope_head_dim+v_head_dim));\
    ?layer_types[i]=='full_attention' kv_a_layernorm:N(kv_lora_rank)};mlp=b33;input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)
    = bamba
    f . hidden_size=4096 intermediate_size=14336 mamba_conv_bias=true mamba_d_conv=4 mamba_d_state=256 \
    mamba_expand=2 mamba_n_groups=1 mamba_n_heads=128 mamba_proj_bias=false mlp_bias=false \
    num_attention_heads=32 num_hidden_layers=32 num_key_value_heads=8 tie_word_embeddings=false vocab_size=128000
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c BambaForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b36;\
    final_layernorm:N(hidden_size)};?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;\
    ?!tie_word_embeddings lm_head:L(hidden_size,vocab_size)
    c BambaModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b36;final_layernorm:N(hidden_size)
    = bart
    f . d_model=1024 decoder_ffn_dim=4096 decoder_layers=12 encoder_ffn_dim=4096 encoder_layers=12 \
    max_position_embeddings=1024 tie_word_embeddings=true vocab_size=50265
    k . hidden_size=d_model num_hidden_layers=encoder_layers
    c BartForConditionalGeneration AutoModelForSeq2SeqLM AutoModelForMaskedLM
    p model
    i model=b41;?!tie_word_embeddings lm_head:L(d_model,vocab_size);?tie_word_embeddings lm_head:L(d_model,\
    vocab_size)~;final_logits_bias:B(1,vocab_size)
    c BartForCausalLM AutoModelForCausalLM
    p model
    i model{decoder=b42;?!tie_word_embeddings encoder{embed_tokens:E(vocab_size,d_model)}};?tie_word_embeddings \
    lm_head:L(d_model,vocab_size)~
    c BartModel AutoModel
    i shared:E(vocab_size,d_model)!;encoder=b43;decoder=b44
    c BartForQuestionAnswering
    p model
    i model{shared:E(vocab_size,d_model)!;encoder=b43;decoder=b44};qa_outputs:L(d_model,2,1)
    = beam
    f . attention_bias=false head_dim=128 hidden_size=5120 intermediate_size=20480 layer_types=null \
    mlp_layer_types=null moe_intermediate_size=2560 num_attention_heads=48 num_experts=256 num_hidden_layers=52 \
    num_key_value_heads=8 sliding_window=512 tie_word_embeddings=false vocab_size=151936
    d layer_types list(layer_types)?layer_types:[num_hidden_layers|\
    i%6==5?'full_attention':i+1==num_hidden_layers?'full_attention':'sliding_attention']
    d mlp_layer_types list(mlp_layer_types)?mlp_layer_types:[num_hidden_layers|\
    i==0?'dense':i==1?'dense':i==2?'dense':'sparse']
    g head_dim
    s layer_types full_attention sliding_attention
    s mlp_layer_types dense sparse
    c BeamForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b45;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c BeamModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b45;norm:N(hidden_size)
    = bert
    f . hidden_size=768 intermediate_size=3072 max_position_embeddings=512 num_attention_heads=12 \
    num_hidden_layers=12 tie_word_embeddings=true type_vocab_size=2 vocab_size=30522
    g !add_cross_attention
    f . add_cross_attention=false
    c BertLMHeadModel AutoModelForCausalLM
    p bert
    i bert=b52;cls{predictions=b53}
    c BertForMaskedLM AutoModelForMaskedLM
    p bert
    i bert=b52;cls{predictions=b53}
    c BertModel AutoModel
    i embeddings=b51;encoder{layer*num_hidden_layers=b50};pooler{dense:L(hidden_size,hidden_size,1)}
    c BertForSequenceClassification
    p bert
    i bert=b54;classifier:L(hidden_size,num_labels,1)
    c BertForTokenClassification
    p bert
    i bert=b52;classifier:L(hidden_size,num_labels,1)
    c BertForQuestionAnswering
    p bert
    i bert=b52;qa_outputs:L(hidden_size,num_labels,1)
    c BertForPreTraining
    p bert
    i bert=b54;cls=b55
    = bert-generation
    f . hidden_size=1024 intermediate_size=4096 max_position_embeddings=512 num_attention_heads=16 \
    num_hidden_layers=24 tie_word_embeddings=true vocab_size=50358
    g !add_cross_attention
    f . add_cross_attention=false
    c BertGenerationDecoder AutoModelForCausalLM
    p bert
    i bert{embeddings=b46;encoder{layer*num_hidden_layers=b50}};lm_head{?!tie_word_embeddings \
    decoder:L(hidden_size,vocab_size,1);?tie_word_embeddings decoder:L(hidden_size,vocab_size,1)~;\
    bias:T(vocab_size)}
    c BertGenerationEncoder AutoModel
    i embeddings=b46;encoder{layer*num_hidden_layers=b50}
    = big_bird
    f . hidden_size=768 intermediate_size=3072 max_position_embeddings=4096 num_attention_heads=12 \
    num_hidden_layers=12 tie_word_embeddings=true type_vocab_size=2 use_bias=true vocab_size=50358
    g !add_cross_attention
    f . add_cross_attention=false
    c BigBirdForCausalLM AutoModelForCausalLM
    p bert
    i bert=b57;cls{predictions=b53}
    c BigBirdForMaskedLM AutoModelForMaskedLM
    p bert
    i bert=b57;cls{predictions=b53}
    c BigBirdModel AutoModel
    i embeddings=b51;encoder=b56;pooler:L(hidden_size,hidden_size,1)
    c BigBirdForSequenceClassification
    p bert
    i bert=b57;classifier=b58
    c BigBirdForTokenClassification
    p bert
    i bert=b57;classifier:L(hidden_size,num_labels,1)
    c BigBirdForQuestionAnswering
    p bert
    i bert{embeddings=b51;encoder=b56};qa_classifier{intermediate{dense:L(hidden_size,intermediate_size,1)};\
    output=b49;qa_outputs:L(hidden_size,num_labels,1)}
    c BigBirdForPreTraining
    p bert
    i bert=b57;cls=b60
    = bigbird_pegasus
    f . d_model=1024 decoder_ffn_dim=4096 decoder_layers=16 encoder_attention_heads=16 encoder_ffn_dim=4096 \
    encoder_layers=16 max_position_embeddings=4096 tie_word_embeddings=true use_bias=false vocab_size=96103
    k . hidden_size=d_model num_attention_heads=encoder_attention_heads num_hidden_layers=encoder_layers
    c BigBirdPegasusForConditionalGeneration AutoModelForSeq2SeqLM
    p model
    i model{shared:E(vocab_size,d_model)!;encoder{?!tie_word_embeddings embed_tokens:E(vocab_size,d_model);\
    ?tie_word_embeddings embed_tokens:E(vocab_size,d_model)~;embed_positions:E(max_position_embeddings,d_model);\
    layers*encoder_layers=b61;layernorm_embedding:N(d_model,1)};decoder{?!tie_word_embeddings \
    embed_tokens:E(vocab_size,d_model);?tie_word_embeddings embed_tokens:E(vocab_size,d_model)~;\
    embed_positions:E(max_position_embeddings,d_model);layers*decoder_layers=b63;layernorm_embedding:N(d_model,\
    1)}};?!tie_word_embeddings lm_head:L(d_model,vocab_size);?tie_word_embeddings lm_head:L(d_model,\
    vocab_size)~;final_logits_bias:B(1,vocab_size)
    c BigBirdPegasusForCausalLM AutoModelForCausalLM
    p model
    i model{decoder{embed_tokens:E(vocab_size,d_model)!;embed_positions:E(max_position_embeddings,d_model);\
    layers*decoder_layers=b63;layernorm_embedding:N(d_model,1)}};lm_head:L(d_model,vocab_size)
    c BigBirdPegasusModel AutoModel
    i shared:E(vocab_size,d_model)!;encoder{?tie_word_embeddings embed_tokens:E(vocab_size,d_model)~;\
    embed_positions:E(max_position_embeddings,d_model);layers*encoder_layers=b61;layernorm_embedding:N(d_model,\
    1)};decoder{?tie_word_embeddings embed_tokens:E(vocab_size,d_model)~;\
    embed_positions:E(max_position_embeddings,d_model);layers*decoder_layers=b63;layernorm_embedding:N(d_model,1)}
    = biogpt
    f . hidden_size=1024 intermediate_size=4096 max_position_embeddings=1024 num_attention_heads=16 \
    num_hidden_layers=24 tie_word_embeddings=true vocab_size=42384
    c BioGptForCausalLM AutoModelForCausalLM
    p biogpt
    i biogpt{embed_tokens:E(vocab_size,hidden_size)!;embed_positions:E(max_position_embeddings+2,hidden_size);\
    layers*num_hidden_layers=b65;layer_norm:N(hidden_size,1)};?!tie_word_embeddings \
    output_projection:L(hidden_size,vocab_size);?tie_word_embeddings output_projection:L(hidden_size,vocab_size)~
    c BioGptModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;embed_positions:E(max_position_embeddings+2,hidden_size);\
    layers*num_hidden_layers=b65;layer_norm:N(hidden_size,1)
    = bitnet
    f . attention_bias=false hidden_size=2560 intermediate_size=6912 num_attention_heads=20 \
    num_hidden_layers=30 num_key_value_heads=5 tie_word_embeddings=false vocab_size=128256
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c BitNetForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b66;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c BitNetModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b66;norm:N(hidden_size)
    = blenderbot
    f . d_model=2560 decoder_ffn_dim=10240 decoder_layers=24 encoder_ffn_dim=10240 encoder_layers=2 \
    max_position_embeddings=128 tie_word_embeddings=true vocab_size=8008
    k . hidden_size=d_model num_hidden_layers=encoder_layers
    c BlenderbotForConditionalGeneration AutoModelForSeq2SeqLM
    p model
    i model=b69;?!tie_word_embeddings lm_head:L(d_model,vocab_size);?tie_word_embeddings lm_head:L(d_model,\
    vocab_size)~;final_logits_bias:B(1,vocab_size)
    c BlenderbotForCausalLM AutoModelForCausalLM
    p model
    i model=b70;?!tie_word_embeddings lm_head:L(d_model,vocab_size);?tie_word_embeddings lm_head:L(d_model,\
    vocab_size)~
    c BlenderbotModel AutoModel
    i shared:E(vocab_size,d_model)!;encoder=b67;decoder=b68
    = blenderbot-small
    f . d_model=512 decoder_ffn_dim=2048 decoder_layers=8 encoder_ffn_dim=2048 encoder_layers=8 \
    max_position_embeddings=512 tie_word_embeddings=true vocab_size=50265
    k . hidden_size=d_model num_hidden_layers=encoder_layers
    c BlenderbotSmallForConditionalGeneration AutoModelForSeq2SeqLM
    p model
    i model{shared:E(vocab_size,d_model)!;encoder{?!tie_word_embeddings embed_tokens:E(vocab_size,d_model);\
    ?tie_word_embeddings embed_tokens:E(vocab_size,d_model)~;embed_positions:E(max_position_embeddings,d_model);\
    layers*encoder_layers=b38;layernorm_embedding:N(d_model,1)};decoder{?!tie_word_embeddings \
    embed_tokens:E(vocab_size,d_model);?tie_word_embeddings embed_tokens:E(vocab_size,d_model)~;\
    embed_positions:E(max_position_embeddings,d_model);layers*decoder_layers=b40;layernorm_embedding:N(d_model,\
    1)}};?!tie_word_embeddings lm_head:L(d_model,vocab_size);?tie_word_embeddings lm_head:L(d_model,\
    vocab_size)~;final_logits_bias:B(1,vocab_size)
    c BlenderbotSmallForCausalLM AutoModelForCausalLM
    p model
    i model{decoder{embed_tokens:E(vocab_size,d_model)!;embed_positions:E(max_position_embeddings,d_model);\
    layers*decoder_layers=b40;layernorm_embedding:N(d_model,1)}};?!tie_word_embeddings lm_head:L(d_model,\
    vocab_size);?tie_word_embeddings lm_head:L(d_model,vocab_size)~
    c BlenderbotSmallModel AutoModel
    i shared:E(vocab_size,d_model)!;encoder{?tie_word_embeddings embed_tokens:E(vocab_size,d_model)~;\
    embed_positions:E(max_position_embeddings,d_model);layers*encoder_layers=b38;layernorm_embedding:N(d_model,\
    1)};decoder{?tie_word_embeddings embed_tokens:E(vocab_size,d_model)~;\
    embed_positions:E(max_position_embeddings,d_model);layers*decoder_layers=b40;layernorm_embedding:N(d_model,1)}
    = blip
    f . projection_dim=512 tie_word_embeddings=true
    f text_config. encoder_hidden_size=768 hidden_size=768 intermediate_size=3072 is_decoder=true \
    max_position_embeddings=512 num_attention_heads=8 num_hidden_layers=12 vocab_size=30524
    f vision_config. hidden_size=768 image_size=384 intermediate_size=3072 num_hidden_layers=12 patch_size=16
    d text_config.encoder_hidden_size vision_config.hidden_size
    c BlipForConditionalGeneration AutoModelForImageTextToText
    i vision_model@vision_config=b76;text_decoder@text_config{bert{embeddings=b46;encoder{\
    layer*num_hidden_layers{attention{self=b47;output=b48};?is_decoder crossattention{self=b74;output=b48};\
    intermediate{dense:L(hidden_size,intermediate_size,1)};output=b49}}};cls{predictions{transform=b48;\
    decoder:L(hidden_size,vocab_size,1)~;bias:T(vocab_size)}}}
    c BlipModel AutoModel
    i text_model@text_config{embeddings=b46;encoder{layer*num_hidden_layers{attention{self=b47;output=b48};\
    crossattention{self=b74;output=b48};intermediate{dense:L(hidden_size,intermediate_size,1)};output=b49}};\
    pooler{dense:L(hidden_size,hidden_size,1)}};vision_model@vision_config=b76;\
    visual_projection:L(vision_config.hidden_size,projection_dim);text_projection:L(text_config.hidden_size,\
    projection_dim);logit_scale:T()
    = blip-2
    f . num_query_tokens=32
    f qformer_config. cross_attention_frequency=2 encoder_hidden_size=1408 hidden_size=768 \
    intermediate_size=3072 num_attention_heads=12 num_hidden_layers=12 use_qformer_text_input=false
    f vision_config. hidden_size=1408 image_size=224 intermediate_size=6144 num_hidden_layers=39 patch_size=14 \
    qkv_bias=true
    y text_config. opt
    d qformer_config.encoder_hidden_size vision_config.hidden_size
    c Blip2ForConditionalGeneration AutoModelForImageTextToText
    i vision_model@vision_config=b73;qformer@qformer_config{encoder=b75;layernorm:N(hidden_size,1)};\
    language_projection:L(qformer_config.hidden_size,text_config.hidden_size,1);query_tokens:T(1,\
    num_query_tokens,qformer_config.hidden_size);language_model:A(AutoModelForCausalLM,text_config)
    c Blip2Model AutoModel
    i vision_model@vision_config=b73;qformer@qformer_config{encoder=b75;layernorm:N(hidden_size,1)};\
    language_projection:L(qformer_config.hidden_size,text_config.hidden_size,1);query_tokens:T(1,\
    num_query_tokens,qformer_config.hidden_size);language_model:A(AutoModelForCausalLM,text_config)
    = blip_2_qformer
    f . cross_attention_frequency=2 encoder_hidden_size=1408 hidden_size=768 intermediate_size=3072 \
    num_attention_heads=12 num_hidden_layers=12 use_qformer_text_input=false vocab_size=30522
    c Blip2QFormerModel AutoModel
    i encoder=b75;layernorm:N(hidden_size,1)
    = bloom
    f . hidden_size=64 n_layer=2 tie_word_embeddings=true vocab_size=250880
    k . num_hidden_layers=n_layer
    c BloomForCausalLM AutoModelForCausalLM
    p transformer
    i transformer{word_embeddings:E(vocab_size,hidden_size)!;h*n_layer=b77;\
    word_embeddings_layernorm:N(hidden_size,1);ln_f:N(hidden_size,1)};?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size);?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~
    c BloomModel AutoModel
    i word_embeddings:E(vocab_size,hidden_size)!;h{0=b77;1=b77};word_embeddings_layernorm:N(hidden_size,1);\
    ln_f:N(hidden_size,1)
    = blt
    f . encoder_hash_byte_group_nb_functions=1 encoder_hash_byte_group_vocab=500002 patch_in_forward=true \
    tie_word_embeddings=false vocab_size=260
    f decoder_config. cross_attn_all_layers=true cross_attn_k=2 hidden_size=1024 hidden_size_global=2048 \
    intermediate_size=2816 num_attention_heads=16 num_hidden_layers=9 num_key_value_heads=null
    f encoder_config. cross_attn_k=2 hidden_size=1024 intermediate_size=null num_attention_heads=16 \
    num_hidden_layers=1 num_key_value_heads=null vocab_size=260
    f global_config. hidden_size=2048 intermediate_size=5632 num_attention_heads=16 num_hidden_layers=25 \
    num_key_value_heads=null
    f patcher_config. hidden_size=768 intermediate_size=2048 num_attention_heads=12 num_hidden_layers=14 \
    num_key_value_heads=null vocab_size=260
    d decoder_config.num_key_value_heads \
    null(decoder_config.num_key_value_heads)?decoder_config.num_attention_heads:decoder_config.num_key_value_heads
    d encoder_config.intermediate_size \
    null(encoder_config.intermediate_size)?int(encoder_config.hidden_size*8/3):encoder_config.intermediate_size
    d encoder_config.num_key_value_heads \
    null(encoder_config.num_key_value_heads)?encoder_config.num_attention_heads:encoder_config.num_key_value_heads
    d global_config.num_key_value_heads \
    null(global_config.num_key_value_heads)?global_config.num_attention_heads:global_config.num_key_value_heads
    d patcher_config.num_key_value_heads \
    null(patcher_config.num_key_value_heads)?patcher_config.num_attention_heads:patcher_config.num_key_value_heads
    g !decoder_config.tie_word_embeddings
    g !global_config.tie_word_embeddings
    g !patcher_config.tie_word_embeddings
    f patcher_config. tie_word_embeddings=false
    f decoder_config. tie_word_embeddings=false
    f global_config. tie_word_embeddings=false
    c BltForCausalLM AutoModelForCausalLM
    p model
    i model{local_encoder{layers*encoder_config.num_hidden_layers@encoder_config=b80;\
    patch_embedding_projection:L(encoder_config.hidden_size,\
    encoder_config.hidden_size*encoder_config.cross_attn_k);?tie_word_embeddings \
    embed_tokens:E(encoder_config.vocab_size,encoder_config.hidden_size)!~lm_head;?!tie_word_embeddings \
    embed_tokens:E(encoder_config.vocab_size,encoder_config.hidden_size)!;cross_attn_layers@encoder_config=b81};\
    global_transformer@global_config{layers*num_hidden_layers=b80};local_decoder@decoder_config=b82;\
    encoder_hash_tok_embedding:E(encoder_hash_byte_group_vocab*(encoder_hash_byte_group_nb_functions*6),\
    encoder_config.hidden_size);?patch_in_forward patcher@patcher_config=b83};\
    lm_head:L(decoder_config.hidden_size,vocab_size)
    c BltModel AutoModel
    i local_encoder{layers*encoder_config.num_hidden_layers@encoder_config=b80;\
    patch_embedding_projection:L(encoder_config.hidden_size,\
    encoder_config.hidden_size*encoder_config.cross_attn_k);?!tie_word_embeddings \
    embed_tokens:E(encoder_config.vocab_size,encoder_config.hidden_size)!;cross_attn_layers@encoder_config=b81};\
    global_transformer@global_config{layers*num_hidden_layers=b80};local_decoder@decoder_config=b82;\
    encoder_hash_tok_embedding:E(encoder_hash_byte_group_vocab*(encoder_hash_byte_group_nb_functions*6),\
    encoder_config.hidden_size);?patch_in_forward patcher@patcher_config=b83
    = camembert
    f . hidden_size=768 intermediate_size=3072 max_position_embeddings=512 num_attention_heads=12 \
    num_hidden_layers=12 tie_word_embeddings=true type_vocab_size=2 vocab_size=30522
    g !add_cross_attention
    f . add_cross_attention=false
    c CamembertForCausalLM AutoModelForCausalLM
    p roberta
    i lm_head=b84;roberta=b86
    c CamembertForMaskedLM AutoModelForMaskedLM
    p roberta
    i lm_head=b84;roberta=b86
    c CamembertModel AutoModel
    i embeddings=b85;encoder{layer*num_hidden_layers=b50};pooler{dense:L(hidden_size,hidden_size,1)}
    c CamembertForSequenceClassification
    p roberta
    i classifier=b58;roberta=b86
    c CamembertForTokenClassification
    p roberta
    i classifier:L(hidden_size,num_labels,1);roberta=b86
    c CamembertForQuestionAnswering
    p roberta
    i qa_outputs:L(hidden_size,num_labels,1);roberta=b86
    = chameleon
    f . attention_bias=false hidden_size=4096 intermediate_size=11008 mlp_bias=false num_attention_heads=32 \
    num_hidden_layers=32 num_key_value_heads=32 tie_word_embeddings=false vocab_size=65536
    f vq_config. base_channels=128 channel_multiplier=[1,1,2,2,4] double_latent=false embed_dim=256 \
    in_channels=3 latent_channels=256 num_embeddings=8192 num_res_blocks=2
    c ChameleonForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b87;vqmodel@vq_config{encoder{\
    conv_in:C(in_channels,base_channels,1|in_channels,3,3);down*len(channel_multiplier){block*num_res_blocks{\
    conv1:C(j==0?(base_channels*channel_multiplier[i-1]==base_channels*channel_multiplier[i]?base_channels*chann\
    el_multiplier[i]:i==0?base_channels:i+1==len(channel_multiplier)?base_channels*channel_multiplier[3]:base_ch\
    annels*channel_multiplier[j]):base_channels*channel_multiplier[i],base_channels*channel_multiplier[i],1|\
    j==0?(base_channels*channel_multiplier[i-1]==base_channels*channel_multiplier[i]?base_channels*channel_multi\
    plier[i]:i==0?base_channels:i+1==len(channel_multiplier)?base_channels*channel_multiplier[3]:base_channels*c\
    hannel_multiplier[j]):base_channels*channel_multiplier[i],3,3);conv2:C(base_channels*channel_multiplier[i],\
    base_channels*channel_multiplier[i],1|base_channels*channel_multiplier[i],3,3);\
    norm1:N(j==0?(base_channels*channel_multiplier[i-1]==base_channels*channel_multiplier[i]?base_channels*chann\
    el_multiplier[i]:i==0?base_channels:i+1==len(channel_multiplier)?base_channels*channel_multiplier[3]:base_ch\
    annels*channel_multiplier[j]):base_channels*channel_multiplier[i],1);\
    norm2:N(base_channels*channel_multiplier[i],1);\
    ?j==0&(!(base_channels*channel_multiplier[i-1]==base_channels*channel_multiplier[i])&!(base_channels==base_c\
    hannels*channel_multiplier[i])) \
    nin_shortcut:C(i+1==len(channel_multiplier)?base_channels*channel_multiplier[3]:i==0?base_channels:base_chan\
    nels*channel_multiplier[j],base_channels*channel_multiplier[i],1|\
    i+1==len(channel_multiplier)?base_channels*channel_multiplier[3]:i==0?base_channels:base_channels*channel_mu\
    ltiplier[j],1,1)};?!(i+1==len(channel_multiplier)) downsample=b88};mid=b90;\
    conv_out:C(base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_channels*channe\
    l_multiplier[3],double_latent?latent_channels*2:latent_channels,1|\
    base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_channels*channel_multiplie\
    r[3],3,3);norm_out:N(base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_chann\
    els*channel_multiplier[3],1)};quantize{embedding:E(num_embeddings,embed_dim)};quant_conv:C(latent_channels,\
    embed_dim,1|latent_channels,1,1);post_quant_conv:C(embed_dim,latent_channels,1|embed_dim,1,1)};\
    norm:N(hidden_size)};?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c ChameleonModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b87;vqmodel{encoder{\
    conv_in:C(vq_config.in_channels,vq_config.base_channels,1|vq_config.in_channels,3,3);down*num_hidden_layers{\
    block{0{conv1:C(vq_config.base_channels*vq_config.channel_multiplier[i-1]==vq_config.base_channels*vq_config\
    .channel_multiplier[i]?vq_config.base_channels*vq_config.channel_multiplier[i]:i==0?vq_config.base_channels:\
    i+1==num_hidden_layers?vq_config.base_channels*vq_config.channel_multiplier[3]:vq_config.base_channels*vq_co\
    nfig.channel_multiplier[1],vq_config.base_channels*vq_config.channel_multiplier[i],1|\
    vq_config.base_channels*vq_config.channel_multiplier[i-1]==vq_config.base_channels*vq_config.channel_multipl\
    ier[i]?vq_config.base_channels*vq_config.channel_multiplier[i]:i==0?vq_config.base_channels:i+1==num_hidden_\
    layers?vq_config.base_channels*vq_config.channel_multiplier[3]:vq_config.base_channels*vq_config.channel_mul\
    tiplier[1],3,3);conv2:C(vq_config.base_channels*vq_config.channel_multiplier[i],\
    vq_config.base_channels*vq_config.channel_multiplier[i],1|\
    vq_config.base_channels*vq_config.channel_multiplier[i],3,3);\
    ?!(vq_config.base_channels==vq_config.base_channels*vq_config.channel_multiplier[i])&!(vq_config.base_channe\
    ls*vq_config.channel_multiplier[i-1]==vq_config.base_channels*vq_config.channel_multiplier[i]) \
    nin_shortcut:C(vq_config.base_channels*vq_config.channel_multiplier[i-1],\
    vq_config.base_channels*vq_config.channel_multiplier[i],1|\
    vq_config.base_channels*vq_config.channel_multiplier[i-1],1,1);\
    norm1:N(vq_config.base_channels*vq_config.channel_multiplier[i-1]==vq_config.base_channels*vq_config.channel\
    _multiplier[i]?vq_config.base_channels*vq_config.channel_multiplier[i]:i==0?vq_config.base_channels:i+1==num\
    _hidden_layers?vq_config.base_channels*vq_config.channel_multiplier[3]:vq_config.base_channels*vq_config.cha\
    nnel_multiplier[1],1);norm2@vq_config=b91};1@vq_config=b92};?!(i+1==len(vq_config.channel_multiplier)) \
    downsample@vq_config=b88};mid@vq_config=b90;\
    conv_out:C(vq_config.base_channels*vq_config.channel_multiplier[4]%1==0?vq_config.base_channels*vq_config.ch\
    annel_multiplier[4]:vq_config.base_channels*vq_config.channel_multiplier[3],\
    vq_config.double_latent?vq_config.latent_channels*2:vq_config.latent_channels,1|\
    vq_config.base_channels*vq_config.channel_multiplier[4]%1==0?vq_config.base_channels*vq_config.channel_multi\
    plier[4]:vq_config.base_channels*vq_config.channel_multiplier[3],3,3);norm_out@vq_config=b93};\
    quantize@vq_config{embedding:E(num_embeddings,embed_dim)};quant_conv:C(vq_config.latent_channels,\
    vq_config.embed_dim,1|vq_config.latent_channels,1,1);post_quant_conv:C(vq_config.embed_dim,\
    vq_config.latent_channels,1|vq_config.embed_dim,1,1)};norm:N(hidden_size)
    = clip_vision_model
    f . hidden_size=768 image_size=224 intermediate_size=3072 num_attention_heads=12 num_channels=3 \
    num_hidden_layers=12 patch_size=32
    c CLIPVisionModel AutoModel
    i embeddings=b94;encoder{layers*num_hidden_layers=b95};pre_layrnorm:N(hidden_size,1);\
    post_layernorm:N(hidden_size,1)
    = codegen
    f . n_embd=4096 n_inner=null n_layer=28 tie_word_embeddings=false vocab_size=50400
    k . hidden_size=n_embd num_hidden_layers=n_layer
    c CodeGenForCausalLM AutoModelForCausalLM
    p transformer
    i transformer{wte:E(vocab_size,n_embd)!;h*n_layer=b97;ln_f:N(n_embd,1)};?tie_word_embeddings \
    lm_head:L(n_embd,vocab_size,1)~;?!tie_word_embeddings lm_head:L(n_embd,vocab_size,1)
    c CodeGenModel AutoModel
    i wte:E(vocab_size,n_embd)!;h*n_layer=b97;ln_f:N(n_embd,1)
    = cohere
    f . attention_bias=false hidden_size=8192 intermediate_size=22528 num_attention_heads=64 \
    num_hidden_layers=40 num_key_value_heads=null tie_word_embeddings=true use_qk_norm=false vocab_size=256000
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c CohereForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b98;norm:N(hidden_size)};\
    ?!tie_word_embeddings lm_head:L(hidden_size,vocab_size);?tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)~
    c CohereModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b98;norm:N(hidden_size)
    = cohere2
    f . attention_bias=false head_dim=null hidden_size=8192 intermediate_size=22528 layer_types=null \
    num_attention_heads=64 num_hidden_layers=40 num_key_value_heads=null sliding_window=4096 \
    sliding_window_pattern=4 tie_word_embeddings=true vocab_size=256000
    d head_dim null(head_dim)?hidden_size//num_attention_heads:head_dim
    d layer_types null(layer_types)?[num_hidden_layers|\
    (i+1)%sliding_window_pattern?'sliding_attention':'full_attention']:layer_types
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g head_dim
    s layer_types full_attention sliding_attention
    c Cohere2ForCausalLM AutoModelForCausalLM
    p model
    i model=b100;?!tie_word_embeddings lm_head:L(hidden_size,vocab_size);?tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)~
    c Cohere2Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b99;norm:N(hidden_size)
    = cohere2_moe
    f . first_k_dense_replace=0 head_dim=128 hidden_size=8192 intermediate_size=22528 layer_types=null \
    mlp_layer_types=null num_attention_heads=64 num_experts=8 num_hidden_layers=40 num_key_value_heads=null \
    prefix_dense_sliding_window_pattern=1 sliding_window=4096 sliding_window_pattern=4 tie_word_embeddings=true \
    vocab_size=256000
    d mlp_layer_types null(mlp_layer_types)?[num_hidden_layers|\
    i<first_k_dense_replace?'dense':'sparse']:mlp_layer_types
    d layer_types null(layer_types)?[num_hidden_layers|\
    i<first_k_dense_replace?((i+1)%prefix_dense_sliding_window_pattern==0?'full_attention':'sliding_attention'):\
    (i-first_k_dense_replace+1)%sliding_window_pattern==0?'full_attention':'sliding_attention']:layer_types
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g num_shared_experts<=0
    g !attention_bias
    g head_dim
    f . attention_bias=false
    f . num_shared_experts=0
    s layer_types full_attention sliding_attention
    s mlp_layer_types dense sparse
    c Cohere2MoeForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b102;norm:N(hidden_size)};\
    ?!tie_word_embeddings lm_head:L(hidden_size,vocab_size);?tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)~
    c Cohere2MoeModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b102;norm:N(hidden_size)
    = cohere2_vision
    f . alignment_intermediate_size=36864 downsample_factor=2 tie_word_embeddings=true
    y text_config. cohere2
    y vision_config. siglip_vision_model
    m vision_config. hidden_size=1152 num_hidden_layers=27 image_size=512
    c Cohere2VisionForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{multi_modal_projector=b103;vision_tower:A(AutoModel,vision_config);language_model:A(AutoModel,\
    text_config)};?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size);\
    ?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~
    c Cohere2VisionModel AutoModel
    i multi_modal_projector=b103;vision_tower:A(AutoModel,vision_config);language_model:A(AutoModel,text_config)
    = cohere_compass
    f . tie_word_embeddings=false
    f text_config. attention_bias=false head_dim=null hidden_size=8192 intermediate_size=22528 \
    num_attention_heads=64 num_hidden_layers=40 num_key_value_heads=null vocab_size=256000
    f vision_config. depth=27 hidden_size=1152 in_channels=3 intermediate_size=4304 \
    num_position_embeddings=2304 out_hidden_size=3584 patch_size=16 spatial_merge_size=2 temporal_patch_size=2
    k vision_config. num_hidden_layers=depth
    d text_config.head_dim \
    null(text_config.head_dim)?text_config.hidden_size//text_config.num_attention_heads:text_config.head_dim
    d text_config.num_key_value_heads \
    null(text_config.num_key_value_heads)?text_config.num_attention_heads:text_config.num_key_value_heads
    g text_config.head_dim
    c CohereCompassForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{visual@vision_config=b109;language_model@text_config=b100};?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~;?!tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c CohereCompassModel AutoModel
    i visual@vision_config=b109;language_model@text_config=b100
    = cohere_compass_text
    f . attention_bias=false head_dim=null hidden_size=8192 intermediate_size=22528 layer_types=null \
    num_attention_heads=64 num_hidden_layers=40 num_key_value_heads=null sliding_window=4096 \
    tie_word_embeddings=true vocab_size=256000
    d head_dim null(head_dim)?hidden_size//num_attention_heads:head_dim
    d layer_types null(layer_types)?[num_hidden_layers|'full_attention']:layer_types
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    u . sliding_window_pattern
    g head_dim
    s layer_types full_attention sliding_attention
    c CohereCompassForCausalLM AutoModelForCausalLM
    p model
    i model=b100;?!tie_word_embeddings lm_head:L(hidden_size,vocab_size);?tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)~
    c CohereCompassTextModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b99;norm:N(hidden_size)
    = cohere_compass_vision
    f . depth=27 hidden_size=1152 in_channels=3 intermediate_size=4304 num_position_embeddings=2304 \
    out_hidden_size=3584 patch_size=16 spatial_merge_size=2 temporal_patch_size=2
    k . num_hidden_layers=depth
    c CohereCompassVisionModel AutoModel
    i patch_embed=b104;pos_embed:E(num_position_embeddings,hidden_size);blocks*depth=b106;merger=b107;\
    deepstack_merger_list{0=b108;1=b108;2=b108}
    = convbert
    f . conv_kernel_size=9 embedding_size=768 head_ratio=2 hidden_size=768 intermediate_size=3072 \
    max_position_embeddings=512 num_attention_heads=12 num_hidden_layers=12 tie_word_embeddings=true \
    type_vocab_size=2 vocab_size=30522
    g num_groups==1
    g !add_cross_attention
    f . num_groups=1
    f . add_cross_attention=false
    c ConvBertForMaskedLM AutoModelForMaskedLM
    p convbert
    i convbert{embeddings=b3;?!(embedding_size==hidden_size) embeddings_project:L(embedding_size,hidden_size,1);\
    encoder=b110};generator_predictions=b111;?!tie_word_embeddings generator_lm_head:L(embedding_size,\
    vocab_size,1);?tie_word_embeddings generator_lm_head:L(embedding_size,vocab_size,1)~
    c ConvBertModel AutoModel
    i embeddings=b3;encoder=b110;?!(embedding_size==hidden_size) embeddings_project:L(embedding_size,\
    hidden_size,1)
    c ConvBertForSequenceClassification
    p convbert
    i convbert=b112;classifier=b58
    c ConvBertForTokenClassification
    p convbert
    i convbert=b112;classifier:L(hidden_size,num_labels,1)
    c ConvBertForQuestionAnswering
    p convbert
    i convbert=b112;qa_outputs:L(hidden_size,num_labels,1)
    = cosmos3_edge
    f . projector_hidden_size=11520 tie_word_embeddings=false
    f text_config. attention_bias=false head_dim=128 hidden_size=2048 intermediate_size=9216 \
    num_attention_heads=16 num_hidden_layers=28 num_key_value_heads=8 vocab_size=131072
    f vision_config. hidden_size=1152 intermediate_size=4304 num_channels=3 num_patches=256 patch_size=16 \
    spatial_merge_size=2 num_hidden_layers=27
    d text_config.num_key_value_heads \
    null(text_config.num_key_value_heads)?text_config.num_attention_heads:text_config.num_key_value_heads
    g text_config.head_dim
    g !text_config.mlp_bias
    f text_config. mlp_bias=false
    c Cosmos3EdgeForConditionalGeneration AutoModelForImageTextToText
    p model
    r model.visual.encoder.layers.*.self_attn.k_proj>model.visual.encoder.layers.*.self_attn.to_k
    r model.visual.encoder.layers.*.self_attn.v_proj>model.visual.encoder.layers.*.self_attn.to_v
    r model.visual.encoder.layers.*.self_attn.q_proj>model.visual.encoder.layers.*.self_attn.to_q
    r model.visual.encoder.layers.*.mlp.fc1>model.visual.encoder.layers.*.mlp.up_proj
    r model.visual.encoder.layers.*.mlp.fc2>model.visual.encoder.layers.*.mlp.down_proj
    r model.language_model.embed_tokens>embed_tokens
    r model.language_model.layers.*.self_attn.q_proj>layers.*.self_attn.to_q
    r model.language_model.layers.*.self_attn.k_proj>layers.*.self_attn.to_k
    r model.language_model.layers.*.self_attn.v_proj>layers.*.self_attn.to_v
    r model.language_model.layers.*.self_attn.o_proj>layers.*.self_attn.to_out
    r model.language_model.layers.*.mlp.fc1>layers.*.mlp.up_proj
    r model.language_model.layers.*.mlp.fc2>layers.*.mlp.down_proj
    r model.language_model.layers.*.input_layernorm>layers.*.input_layernorm
    r model.language_model.layers.*.post_attention_layernorm>layers.*.post_attention_layernorm
    r model.language_model.norm>norm
    i model{visual=b115;language_model@text_config=b117;projector=b118};lm_head:L(text_config.hidden_size,\
    text_config.vocab_size)
    c Cosmos3EdgeModel AutoModel
    r visual.encoder.layers.*.self_attn.k_proj>visual.encoder.layers.*.self_attn.to_k
    r visual.encoder.layers.*.self_attn.v_proj>visual.encoder.layers.*.self_attn.to_v
    r visual.encoder.layers.*.self_attn.q_proj>visual.encoder.layers.*.self_attn.to_q
    r visual.encoder.layers.*.mlp.fc1>visual.encoder.layers.*.mlp.up_proj
    r visual.encoder.layers.*.mlp.fc2>visual.encoder.layers.*.mlp.down_proj
    r language_model.layers.*.self_attn.q_proj>language_model.layers.*.self_attn.to_q
    r language_model.layers.*.self_attn.k_proj>language_model.layers.*.self_attn.to_k
    r language_model.layers.*.self_attn.v_proj>language_model.layers.*.self_attn.to_v
    r language_model.layers.*.self_attn.o_proj>language_model.layers.*.self_attn.to_out
    r language_model.layers.*.mlp.fc1>language_model.layers.*.mlp.up_proj
    r language_model.layers.*.mlp.fc2>language_model.layers.*.mlp.down_proj
    i visual=b115;language_model@text_config=b117;projector=b118
    = cosmos3_edge_text
    f . attention_bias=false head_dim=128 hidden_size=2048 intermediate_size=9216 mlp_bias=false \
    num_attention_heads=16 num_hidden_layers=28 num_key_value_heads=8 tie_word_embeddings=false vocab_size=131072
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g head_dim
    c Cosmos3EdgeTextModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b10;mlp{fc1:L(hidden_size,\
    intermediate_size,mlp_bias);fc2:L(intermediate_size,hidden_size,mlp_bias)};input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)
    = cosmos3_edge_vision
    f . hidden_size=1152 intermediate_size=4304 num_attention_heads=16 num_channels=3 num_hidden_layers=27 \
    num_patches=256 patch_size=16
    c Cosmos3EdgeVisionModel AutoModel
    i embeddings=b113;encoder{layers*num_hidden_layers=b95};post_layernorm:N(hidden_size,1)
    = cpmant
    f . dim_ff=10240 dim_head=128 hidden_size=4096 num_attention_heads=32 num_hidden_layers=48 \
    position_bias_num_buckets=512 prompt_length=32 prompt_types=32 segment_types=32 tie_word_embeddings=true \
    vocab_size=30720
    c CpmAntForCausalLM AutoModelForCausalLM
    p cpmant
    i cpmant{encoder=b119;segment_embedding:E(segment_types,hidden_size);\
    input_embedding:E(vocab_size+prompt_types*prompt_length,hidden_size)!;position_bias=b120};\
    lm_head:L(hidden_size,vocab_size)
    c CpmAntModel AutoModel
    i encoder=b119;segment_embedding:E(segment_types,hidden_size);\
    input_embedding:E(vocab_size+prompt_types*prompt_length,hidden_size)!;position_bias=b120
    = ctrl
    f . dff=8192 n_embd=1280 n_layer=48 tie_word_embeddings=true vocab_size=246534
    k . hidden_size=n_embd num_hidden_layers=n_layer
    c CTRLLMHeadModel AutoModelForCausalLM
    p transformer
    i transformer{w:E(vocab_size,n_embd)!;h*n_layer=b121;layernorm:N(n_embd,1)};?!tie_word_embeddings \
    lm_head:L(n_embd,vocab_size,1);?tie_word_embeddings lm_head:L(n_embd,vocab_size,1)~
    c CTRLModel AutoModel
    i w:E(vocab_size,n_embd)!;h*n_layer=b121;layernorm:N(n_embd,1)
    = cwm
    f . head_dim=128 hidden_size=6144 intermediate_size=21504 layer_types=null mlp_bias=false \
    num_attention_heads=48 num_hidden_layers=64 num_key_value_heads=8 sliding_window=8192 \
    tie_word_embeddings=false vocab_size=128256
    d layer_types null(layer_types)?[num_hidden_layers|i%4==0?'full_attention':'sliding_attention']:layer_types
    g head_dim
    g layer_types
    s layer_types full_attention sliding_attention
    c CwmForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b122;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c CwmModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b122;norm:N(hidden_size)
    = data2vec-text
    f . hidden_size=768 intermediate_size=3072 max_position_embeddings=512 num_attention_heads=12 \
    num_hidden_layers=12 tie_word_embeddings=true type_vocab_size=2 vocab_size=30522
    g !add_cross_attention
    f . add_cross_attention=false
    c Data2VecTextForCausalLM AutoModelForCausalLM
    p data2vec_text
    i data2vec_text=b86;lm_head=b84
    c Data2VecTextForMaskedLM AutoModelForMaskedLM
    p data2vec_text
    i data2vec_text=b86;lm_head=b84
    c Data2VecTextModel AutoModel
    i embeddings=b85;encoder{layer*num_hidden_layers=b50};pooler{dense:L(hidden_size,hidden_size,1)}
    c Data2VecTextForSequenceClassification
    p data2vec_text
    i data2vec_text=b86;classifier=b58
    c Data2VecTextForTokenClassification
    p data2vec_text
    i data2vec_text=b86;classifier:L(hidden_size,num_labels,1)
    c Data2VecTextForQuestionAnswering
    p data2vec_text
    i data2vec_text=b86;qa_outputs:L(hidden_size,num_labels,1)
    = dbrx
    f . d_model=2048 n_heads=16 n_layers=24 num_key_value_heads=null tie_word_embeddings=false vocab_size=32000
    f attn_config. kv_n_heads=1
    f ffn_config. ffn_hidden_size=3584 hidden_size=6144 moe_num_experts=4
    k . hidden_size=d_model num_attention_heads=n_heads num_hidden_layers=n_layers
    d ffn_config.hidden_size d_model
    d num_key_value_heads null(num_key_value_heads)?attn_config.kv_n_heads:num_key_value_heads
    g !tie_word_embeddings
    c DbrxForCausalLM AutoModelForCausalLM
    p transformer
    i transformer{wte:E(vocab_size,d_model)!;blocks*n_layers=b123;norm_f:N(d_model)};lm_head:L(d_model,vocab_size)
    c DbrxModel AutoModel
    i wte:E(vocab_size,d_model)!;blocks*n_layers=b123;norm_f:N(d_model)
    = deberta
    f . hidden_size=768 intermediate_size=3072 legacy=true max_position_embeddings=512 num_attention_heads=12 \
    num_hidden_layers=12 pooler_hidden_size=null position_biased_input=true relative_attention=false \
    tie_word_embeddings=true vocab_size=50265
    d pooler_hidden_size null(pooler_hidden_size)?hidden_size:pooler_hidden_size
    c DebertaForMaskedLM AutoModelForMaskedLM
    p deberta
    i deberta{embeddings=b124;encoder=b128};?!legacy lm_predictions=b126;cls{predictions{?legacy transform=b48;\
    ?!tie_word_embeddings decoder:L(hidden_size,vocab_size,1);?legacy&tie_word_embeddings decoder:L(hidden_size,\
    vocab_size,1)~;?legacy bias:T(vocab_size)}}
    c DebertaModel AutoModel
    i embeddings=b124;encoder=b128
    c DebertaForSequenceClassification
    p deberta
    i deberta{embeddings=b124;encoder=b128};pooler=b127;classifier:L(hidden_size,num_labels,1)
    c DebertaForTokenClassification
    p deberta
    i deberta{embeddings=b124;encoder=b128};classifier:L(hidden_size,num_labels,1)
    c DebertaForQuestionAnswering
    p deberta
    i deberta{embeddings=b124;encoder=b128};qa_outputs:L(hidden_size,num_labels,1)
    = deberta-v2
    f . hidden_size=1536 intermediate_size=6144 legacy=true max_position_embeddings=512 \
    max_relative_positions=-1 num_attention_heads=24 num_hidden_layers=24 pooler_hidden_size=null \
    position_biased_input=true relative_attention=false tie_word_embeddings=true vocab_size=128100
    d pooler_hidden_size null(pooler_hidden_size)?hidden_size:pooler_hidden_size
    c DebertaV2ForMaskedLM AutoModelForMaskedLM
    p deberta
    i deberta{embeddings=b124;encoder=b125};?!legacy lm_predictions=b126;cls{predictions{?legacy transform=b48;\
    ?!tie_word_embeddings&legacy decoder:L(hidden_size,vocab_size,1);?tie_word_embeddings&legacy \
    decoder:L(hidden_size,vocab_size,1)~;?legacy bias:T(vocab_size)}}
    c DebertaV2Model AutoModel
    i embeddings=b124;encoder=b125
    c DebertaV2ForSequenceClassification
    p deberta
    i deberta{embeddings=b124;encoder=b125};pooler=b127;classifier:L(hidden_size,num_labels,1)
    c DebertaV2ForTokenClassification
    p deberta
    i deberta{embeddings=b124;encoder=b125};classifier:L(hidden_size,num_labels,1)
    c DebertaV2ForQuestionAnswering
    p deberta
    i deberta{embeddings=b124;encoder=b125};qa_outputs:L(hidden_size,num_labels,1)
    = deepseek_ocr2
    f . num_labels=2 tie_word_embeddings=false
    f text_config. head_dim=null hidden_size=4096 intermediate_size=11008 mlp_layer_types=null \
    moe_intermediate_size=1407 n_routed_experts=64 n_shared_experts=2 num_attention_heads=32 \
    num_hidden_layers=32 num_key_value_heads=null vocab_size=102400
    f vision_config.encoder_config. hidden_size=4096 intermediate_size=22016 num_attention_heads=32 \
    num_hidden_layers=32 num_key_value_heads=32
    f vision_config.sam_config. downsample_channels=null global_attn_indexes=[2,5,8,11] hidden_size=768 \
    image_size=1024 mlp_dim=null mlp_ratio=4.0 num_attention_heads=12 num_channels=3 num_hidden_layers=12 \
    output_channels=256 patch_size=16 qkv_bias=true use_abs_pos=true use_rel_pos=true window_size=14
    k text_config. num_experts=n_routed_experts
    d text_config.head_dim \
    null(text_config.head_dim)?text_config.hidden_size//text_config.num_attention_heads:text_config.head_dim
    d text_config.num_key_value_heads \
    null(text_config.num_key_value_heads)?text_config.num_attention_heads:text_config.num_key_value_heads
    d vision_config.encoder_config.num_key_value_heads vision_config.encoder_config.num_attention_heads
    d vision_config.sam_config.downsample_channels \
    null(vision_config.sam_config.downsample_channels)?[num_labels|\
    i==0?512:896]:vision_config.sam_config.downsample_channels
    d vision_config.sam_config.mlp_dim \
    null(vision_config.sam_config.mlp_dim)?int(vision_config.sam_config.hidden_size*vision_config.sam_config.mlp\
    _ratio):vision_config.sam_config.mlp_dim
    g !text_config.attention_bias
    g text_config.head_dim
    g !text_config.mlp_bias
    g !text_config.tie_word_embeddings
    g !vision_config.encoder_config.tie_word_embeddings
    f vision_config.encoder_config. tie_word_embeddings=false
    f text_config. tie_word_embeddings=false
    f text_config. attention_bias=false
    f text_config. mlp_bias=false
    s text_config.mlp_layer_types dense sparse
    c DeepseekOcr2ForConditionalGeneration AutoModelForImageTextToText
    p model
    r model.vision_tower.sam_encoder.patch_embed.projection>model.sam_model.patch_embed.proj
    r model.vision_tower.sam_encoder.layers.*.attn>model.sam_model.blocks.*.attn
    r model.vision_tower.sam_encoder.layers.*.mlp>model.sam_model.blocks.*.mlp
    r model.vision_tower.sam_encoder.layers.*.layer_norm1>model.sam_model.blocks.*.norm1
    r model.vision_tower.sam_encoder.layers.*.layer_norm2>model.sam_model.blocks.*.norm2
    r model.vision_tower.sam_encoder.neck.conv1>model.sam_model.neck.0
    r model.vision_tower.sam_encoder.neck.conv2>model.sam_model.neck.2
    r model.vision_tower.sam_encoder.neck.layer_norm1>model.sam_model.neck.1
    r model.vision_tower.sam_encoder.neck.layer_norm2>model.sam_model.neck.3
    r model.vision_tower.sam_encoder.proj.conv1>model.sam_model.net_2
    r model.vision_tower.sam_encoder.proj.conv2>model.sam_model.net_3
    r model.vision_tower.sam_encoder.pos_embed>model.sam_model.pos_embed
    r model.vision_tower.vision_encoder>model.qwen2_model.model.model
    r model.vision_tower.query_768_resolution>model.qwen2_model.query_768
    r model.vision_tower.query_1024_resolution>model.qwen2_model.query_1024
    r model.multi_modal_projector>model.projector.layers
    r model.language_model>model
    r model.view_separator>model.view_seperator
    i model{vision_tower@vision_config=b135;multi_modal_projector:L(vision_config.encoder_config.hidden_size,\
    text_config.hidden_size,1);language_model@text_config=b136;view_separator:T(text_config.hidden_size)};\
    ?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~;?!tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c DeepseekOcr2Model AutoModel
    r vision_tower.sam_encoder.patch_embed.projection>sam_model.patch_embed.proj
    r vision_tower.sam_encoder.layers.*.attn>sam_model.blocks.*.attn
    r vision_tower.sam_encoder.layers.*.mlp>sam_model.blocks.*.mlp
    r vision_tower.sam_encoder.layers.*.layer_norm1>sam_model.blocks.*.norm1
    r vision_tower.sam_encoder.layers.*.layer_norm2>sam_model.blocks.*.norm2
    r vision_tower.sam_encoder.neck.conv1>sam_model.neck.0
    r vision_tower.sam_encoder.neck.conv2>sam_model.neck.2
    r vision_tower.sam_encoder.neck.layer_norm1>sam_model.neck.1
    r vision_tower.sam_encoder.neck.layer_norm2>sam_model.neck.3
    r vision_tower.sam_encoder.proj.conv1>sam_model.net_2
    r vision_tower.sam_encoder.proj.conv2>sam_model.net_3
    r vision_tower.sam_encoder.pos_embed>sam_model.pos_embed
    r vision_tower.vision_encoder>qwen2_model.model.model
    r vision_tower.query_768_resolution>qwen2_model.query_768
    r vision_tower.query_1024_resolution>qwen2_model.query_1024
    r multi_modal_projector>projector.layers
    r language_model>
    r view_separator>view_seperator
    i vision_tower@vision_config=b135;multi_modal_projector:L(vision_config.encoder_config.hidden_size,\
    text_config.hidden_size,1);language_model@text_config=b136;view_separator:T(text_config.hidden_size)
    = deepseek_v2
    f . attention_bias=false head_dim=null hidden_size=4096 kv_lora_rank=512 mlp_bias=false \
    moe_intermediate_size=1407 n_routed_experts=64 n_shared_experts=2 num_attention_heads=32 \
    num_hidden_layers=32 num_key_value_heads=null q_lora_rank=1536 qk_nope_head_dim=128 qk_rope_head_dim=64 \
    tie_word_embeddings=false v_head_dim=128 vocab_size=102400
    k . num_experts=n_routed_experts
    d head_dim null(head_dim)?qk_rope_head_dim:head_dim
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g head_dim
    c DeepseekV2ForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b137;mlp=b138;\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c DeepseekV2Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b139;mlp=b138;\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)
    = deepseek_v3
    f . first_k_dense_replace=3 head_dim=null hidden_size=7168 intermediate_size=18432 kv_lora_rank=512 \
    moe_intermediate_size=2048 n_routed_experts=256 n_shared_experts=1 num_attention_heads=128 \
    num_hidden_layers=61 num_key_value_heads=128 q_lora_rank=1536 qk_nope_head_dim=128 qk_rope_head_dim=64 \
    tie_word_embeddings=false v_head_dim=128 vocab_size=129280
    k . num_local_experts=n_routed_experts
    d head_dim null(head_dim)?qk_rope_head_dim:head_dim
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g !attention_bias
    g head_dim
    f . attention_bias=false
    c DeepseekV3ForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn{?null(q_lora_rank) \
    q_proj:L(hidden_size,num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim));?!null(q_lora_rank) \
    q_a_proj:L(hidden_size,q_lora_rank);?!null(q_lora_rank) q_b_proj:L(q_lora_rank,\
    num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim));kv_a_proj_with_mqa:L(hidden_size,\
    kv_lora_rank+qk_rope_head_dim);kv_b_proj:L(kv_lora_rank,num_attention_heads*(qk_nope_head_dim+v_head_dim));\
    o_proj:L(num_attention_heads*v_head_dim,hidden_size);?!null(q_lora_rank) q_a_layernorm:N(q_lora_rank);\
    kv_a_layernorm:N(kv_lora_rank)};mlp=b140;input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)};?tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,vocab_size)
    c DeepseekV3Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn{?!null(q_lora_rank) \
    q_a_proj:L(hidden_size,q_lora_rank);?!null(q_lora_rank) q_b_proj:L(q_lora_rank,\
    num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim));kv_a_proj_with_mqa:L(hidden_size,\
    kv_lora_rank+qk_rope_head_dim);kv_b_proj:L(kv_lora_rank,num_attention_heads*(qk_nope_head_dim+v_head_dim));\
    o_proj:L(num_attention_heads*v_head_dim,hidden_size);?!null(q_lora_rank) q_a_layernorm:N(q_lora_rank);\
    kv_a_layernorm:N(kv_lora_rank);?null(q_lora_rank) q_proj:L(hidden_size,\
    num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim))};mlp=b140;input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)
    = deepseek_v32
    f . attention_bias=false head_dim=64 hidden_size=7168 index_head_dim=128 index_n_heads=64 \
    intermediate_size=18432 kv_lora_rank=512 layer_types=null mlp_layer_types=null moe_intermediate_size=2048 \
    n_routed_experts=256 n_shared_experts=1 num_attention_heads=128 num_hidden_layers=61 \
    num_key_value_heads=128 q_lora_rank=1536 qk_nope_head_dim=128 qk_rope_head_dim=64 tie_word_embeddings=false \
    v_head_dim=128 vocab_size=129280
    k . num_local_experts=n_routed_experts
    d layer_types null(layer_types)?[num_hidden_layers|'indexed_attention']:layer_types
    d mlp_layer_types list(mlp_layer_types)?mlp_layer_types:[num_hidden_layers|\
    i==0?'dense':i==1?'dense':i==2?'dense':'sparse']
    u . num_experts
    g head_dim
    s mlp_layer_types dense sparse
    c DeepseekV32ForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b142;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c DeepseekV32Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b142;norm:N(hidden_size)
    = deepseek_v4
    f . hc_mult=4 head_dim=512 hidden_size=4096 index_head_dim=128 index_n_heads=64 layer_types=null \
    mlp_bias=false mlp_layer_types=null moe_intermediate_size=2048 n_routed_experts=256 num_attention_heads=64 \
    num_experts_per_tok=6 num_hidden_layers=43 num_key_value_heads=1 o_groups=8 o_lora_rank=1024 \
    q_lora_rank=1024 sliding_window=128 tie_word_embeddings=false vocab_size=129280
    k . intermediate_size=moe_intermediate_size num_local_experts=n_routed_experts
    d layer_types list(layer_types)?layer_types:[num_hidden_layers|\
    i%2?(i==1?'heavily_compressed_attention':'compressed_sparse_attention'):'heavily_compressed_attention']
    d mlp_layer_types list(mlp_layer_types)?mlp_layer_types:[num_hidden_layers|\
    i==0?'hash_moe':i==1?'hash_moe':i==2?'hash_moe':'moe']
    u . compress_rate_csa compress_rate_hca compress_ratios num_hash_layers
    g head_dim
    s layer_types compressed_sparse_attention heavily_compressed_attention sliding_attention
    s mlp_layer_types hash_moe moe
    c DeepseekV4ForCausalLM AutoModelForCausalLM
    p model
    r model.layers.*.self_attn.q_a_proj>model.layers.*.attn.wq_a
    r model.layers.*.self_attn.q_b_proj>model.layers.*.attn.wq_b
    r model.layers.*.self_attn.kv_proj>model.layers.*.attn.wkv
    r model.layers.*.self_attn.o_a_proj>model.layers.*.attn.wo_a
    r model.layers.*.self_attn.o_b_proj>model.layers.*.attn.wo_b
    r model.layers.*.self_attn.compressor.kv_proj>model.layers.*.attn.compressor.wkv
    r model.layers.*.self_attn.compressor.gate_proj>model.layers.*.attn.compressor.wgate
    r model.layers.*.self_attn.compressor.indexer.kv_proj>model.layers.*.attn.indexer.compressor.wkv
    r model.layers.*.self_attn.compressor.indexer.gate_proj>model.layers.*.attn.indexer.compressor.wgate
    r model.layers.*.self_attn.compressor.indexer.q_b_proj>model.layers.*.attn.indexer.wq_b
    r model.layers.*.self_attn.compressor.indexer.scorer>model.layers.*.attn.indexer
    r model.layers.*.self_attn.compressor.indexer.position_bias>model.layers.*.attn.indexer.compressor.ape
    r model.layers.*.self_attn.compressor.indexer.kv_norm>model.layers.*.attn.indexer.compressor.norm
    r model.layers.*.self_attn.compressor.position_bias>model.layers.*.attn.compressor.ape
    r model.layers.*.self_attn.compressor.kv_norm>model.layers.*.attn.compressor.norm
    r model.layers.*.self_attn.sinks>model.layers.*.attn.attn_sink
    r model.layers.*.self_attn.q_a_norm>model.layers.*.attn.q_norm
    r model.layers.*.self_attn.kv_norm>model.layers.*.attn.norm
    r model.layers.*.mlp.gate.weight>model.layers.*.ffn.gate.weight
    r model.layers.*.mlp.gate.e_score_correction_bias>model.layers.*.ffn.gate.bias
    r model.layers.*.mlp.gate.tid2eid>model.layers.*.ffn.gate.tid2eid
    r model.layers.*.mlp.experts>model.layers.*.ffn.experts
    r model.layers.*.mlp.shared_experts.gate_proj>model.layers.*.ffn.shared_experts.w1
    r model.layers.*.mlp.shared_experts.up_proj>model.layers.*.ffn.shared_experts.w3
    r model.layers.*.mlp.shared_experts.down_proj>model.layers.*.ffn.shared_experts.w2
    r model.layers.*.input_layernorm>model.layers.*.attn_norm
    r model.layers.*.post_attention_layernorm>model.layers.*.ffn_norm
    r model.layers.*.attn_hc.fn>model.layers.*.hc_attn_fn
    r model.layers.*.attn_hc.base>model.layers.*.hc_attn_base
    r model.layers.*.attn_hc.scale>model.layers.*.hc_attn_scale
    r model.layers.*.ffn_hc.fn>model.layers.*.hc_ffn_fn
    r model.layers.*.ffn_hc.base>model.layers.*.hc_ffn_base
    r model.layers.*.ffn_hc.scale>model.layers.*.hc_ffn_scale
    r lm_head>head
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b144;norm:N(hidden_size);\
    hc_head=b145};?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c DeepseekV4Model AutoModel
    r embed_tokens>embed
    r layers.*.self_attn.q_a_proj>layers.*.attn.wq_a
    r layers.*.self_attn.q_b_proj>layers.*.attn.wq_b
    r layers.*.self_attn.kv_proj>layers.*.attn.wkv
    r layers.*.self_attn.o_a_proj>layers.*.attn.wo_a
    r layers.*.self_attn.o_b_proj>layers.*.attn.wo_b
    r layers.*.self_attn.compressor.kv_proj>layers.*.attn.compressor.wkv
    r layers.*.self_attn.compressor.gate_proj>layers.*.attn.compressor.wgate
    r layers.*.self_attn.compressor.indexer.kv_proj>layers.*.attn.indexer.compressor.wkv
    r layers.*.self_attn.compressor.indexer.gate_proj>layers.*.attn.indexer.compressor.wgate
    r layers.*.self_attn.compressor.indexer.q_b_proj>layers.*.attn.indexer.wq_b
    r layers.*.self_attn.compressor.indexer.scorer>layers.*.attn.indexer
    r layers.*.self_attn.compressor.indexer.position_bias>layers.*.attn.indexer.compressor.ape
    r layers.*.self_attn.compressor.indexer.kv_norm>layers.*.attn.indexer.compressor.norm
    r layers.*.self_attn.compressor.position_bias>layers.*.attn.compressor.ape
    r layers.*.self_attn.compressor.kv_norm>layers.*.attn.compressor.norm
    r layers.*.self_attn.sinks>layers.*.attn.attn_sink
    r layers.*.self_attn.q_a_norm>layers.*.attn.q_norm
    r layers.*.self_attn.kv_norm>layers.*.attn.norm
    r layers.*.mlp.gate.weight>layers.*.ffn.gate.weight
    r layers.*.mlp.gate.e_score_correction_bias>layers.*.ffn.gate.bias
    r layers.*.mlp.gate.tid2eid>layers.*.ffn.gate.tid2eid
    r layers.*.mlp.experts>layers.*.ffn.experts
    r layers.*.mlp.shared_experts.gate_proj>layers.*.ffn.shared_experts.w1
    r layers.*.mlp.shared_experts.up_proj>layers.*.ffn.shared_experts.w3
    r layers.*.mlp.shared_experts.down_proj>layers.*.ffn.shared_experts.w2
    r layers.*.input_layernorm>layers.*.attn_norm
    r layers.*.post_attention_layernorm>layers.*.ffn_norm
    r layers.*.attn_hc.fn>layers.*.hc_attn_fn
    r layers.*.attn_hc.base>layers.*.hc_attn_base
    r layers.*.attn_hc.scale>layers.*.hc_attn_scale
    r layers.*.ffn_hc.fn>layers.*.hc_ffn_fn
    r layers.*.ffn_hc.base>layers.*.hc_ffn_base
    r layers.*.ffn_hc.scale>layers.*.hc_ffn_scale
    r hc_head.hc_fn>hc_head_fn
    r hc_head.hc_base>hc_head_base
    r hc_head.hc_scale>hc_head_scale
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b144;norm:N(hidden_size);hc_head=b145
    = deepseek_vl
    f . tie_word_embeddings=true
    y text_config. llama
    y vision_config. siglip_vision_model
    c DeepseekVLForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{aligner=b146;vision_model:A(AutoModel,vision_config);language_model:A(AutoModel,text_config)};\
    ?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size);?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~
    c DeepseekVLModel AutoModel
    i aligner=b146;vision_model:A(AutoModel,vision_config);language_model:A(AutoModel,text_config)
    = deepseek_vl_hybrid
    f . tie_word_embeddings=true
    y high_res_vision_config. sam_vision_model
    y text_config. llama
    y vision_config. siglip_vision_model
    c DeepseekVLHybridForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{high_res_vision_neck@high_res_vision_config=b132;high_res_vision_proj@high_res_vision_config=b147;\
    aligner=b148;high_res_vision_alpha:T(1);high_res_vision_model:A(AutoModel,high_res_vision_config);\
    vision_model:A(AutoModel,vision_config);language_model:A(AutoModel,text_config)};?!tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size);?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~
    c DeepseekVLHybridModel AutoModel
    i high_res_vision_neck@high_res_vision_config=b132;high_res_vision_proj@high_res_vision_config=b147;\
    aligner=b148;high_res_vision_alpha:T(1);high_res_vision_model:A(AutoModel,high_res_vision_config);\
    vision_model:A(AutoModel,vision_config);language_model:A(AutoModel,text_config)
    = diffllama
    f . attention_bias=false head_dim=null hidden_size=2048 intermediate_size=8192 num_attention_heads=32 \
    num_hidden_layers=16 num_key_value_heads=null tie_word_embeddings=false vocab_size=32000
    d head_dim null(head_dim)?hidden_size//num_attention_heads:head_dim
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g head_dim
    c DiffLlamaForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b149;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c DiffLlamaModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b149;norm:N(hidden_size)
    = dinov2
    f . hidden_size=768 image_size=224 mlp_ratio=4 num_attention_heads=12 num_channels=3 num_hidden_layers=12 \
    patch_size=14 qkv_bias=true use_mask_token=true use_swiglu_ffn=false
    c Dinov2Model AutoModel
    r encoder.layer.*.attention.q_proj>encoder.layer.*.attention.attention.query
    r encoder.layer.*.attention.k_proj>encoder.layer.*.attention.attention.key
    r encoder.layer.*.attention.v_proj>encoder.layer.*.attention.attention.value
    r encoder.layer.*.attention.o_proj>encoder.layer.*.attention.output.dense
    r encoder.layer.*.mlp.gate_proj>encoder.layer.*.mlp.weights_in
    r encoder.layer.*.mlp.up_proj>encoder.layer.*.mlp.weights_in
    r encoder.layer.*.mlp.down_proj>encoder.layer.*.mlp.weights_out
    i embeddings{patch_embeddings=b129;cls_token:T(1,1,hidden_size);?use_mask_token mask_token:T(1,hidden_size);\
    position_embeddings:T(1,image_size//patch_size*(image_size//patch_size)+1,hidden_size)};encoder{\
    layer*num_hidden_layers{attention=b150;mlp{?use_swiglu_ffn gate_proj:M(hidden_size,\
    (int(hidden_size*mlp_ratio*2/3)+7)//8*8,1|4096,768);?use_swiglu_ffn up_proj:M(hidden_size,\
    (int(hidden_size*mlp_ratio*2/3)+7)//8*8,1|4096,768);?use_swiglu_ffn \
    down_proj:L((int(hidden_size*mlp_ratio*2/3)+7)//8*8,hidden_size,1);?!use_swiglu_ffn fc1:L(hidden_size,\
    hidden_size*mlp_ratio,1);?!use_swiglu_ffn fc2:L(hidden_size*mlp_ratio,hidden_size,1)};norm1:N(hidden_size,\
    1);layer_scale1{lambda1:T(hidden_size)};norm2:N(hidden_size,1);layer_scale2{lambda1:T(hidden_size)}}};\
    layernorm:N(hidden_size,1)
    = distilbert
    f . dim=768 hidden_dim=3072 max_position_embeddings=512 n_layers=6 tie_word_embeddings=true vocab_size=30522
    k . hidden_size=dim num_hidden_layers=n_layers
    c DistilBertForMaskedLM AutoModelForMaskedLM
    p distilbert
    i distilbert{embeddings=b151;transformer=b152};vocab_transform:L(dim,dim,1);?!tie_word_embeddings \
    vocab_projector:L(dim,vocab_size,1);?tie_word_embeddings vocab_projector:L(dim,vocab_size,1)~;\
    vocab_layer_norm:N(dim,1)
    c DistilBertModel AutoModel
    i embeddings=b151;transformer=b152
    c DistilBertForSequenceClassification
    p distilbert
    i distilbert{embeddings=b151;transformer=b152};pre_classifier:L(dim,dim,1);classifier:L(dim,num_labels,1)
    c DistilBertForTokenClassification
    p distilbert
    i distilbert{embeddings=b151;transformer=b152};classifier:L(dim,num_labels,1)
    c DistilBertForQuestionAnswering
    p distilbert
    i distilbert{embeddings=b151;transformer=b152};qa_outputs:L(dim,num_labels,1)
    = doge
    f . attention_bias=false hidden_size=1024 intermediate_size=2048 is_moe=false mlp_bias=false \
    num_attention_heads=8 num_experts=16384 num_hidden_layers=32 num_key_value_heads=null sliding_window=null \
    tie_word_embeddings=false vocab_size=32768
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c DogeForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b153;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c DogeModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b153;norm:N(hidden_size)
    = dory
    f . attention_bias=false head_dim=256 hidden_size=2560 intermediate_size=7168 layer_types=null \
    mlp_bias=false num_attention_heads=16 num_hidden_layers=36 num_key_value_heads=4 sliding_window=1024 \
    tie_word_embeddings=false vocab_size=131072
    d num_hidden_layers layer_types has 'mlp'?num_hidden_layers//2:num_hidden_layers
    d layer_types layer_types has 'mlp'?[(len(layer_types)+1)//2|\
    layer_types[i*2]]:list(layer_types)?layer_types:[num_hidden_layers|\
    i%4==3?'full_attention':'sliding_attention']
    g head_dim
    s layer_types full_attention sliding_attention
    c DoryForCausalLM AutoModelForCausalLM
    p model
    r model.embed_tokens>backbone.embeddings
    r model.layers.*.self_attn.q_proj>backbone.layers.*.self_attn.q_proj
    r model.layers.*.self_attn.k_proj>backbone.layers.*.self_attn.k_proj
    r model.layers.*.self_attn.v_proj>backbone.layers.*.self_attn.v_proj
    r model.layers.*.self_attn.o_proj>backbone.layers.*.self_attn.o_proj
    r model.layers.*.self_attn.gate_proj>backbone.layers.*.self_attn.g_proj
    r model.layers.*.self_attn.sqk>backbone.layers.*.self_attn.sqk
    r model.layers.*.self_attn.s_gate>backbone.layers.*.self_attn.s_gate
    r model.layers.*.mlp>backbone.layers.*.mlp
    r model.layers.*.lambda_1>backbone.layers.*.lambda_1
    r model.layers.*.lambda_2>backbone.layers.*.lambda_2
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b154};?tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,vocab_size);lm_head{\
    logit_scale:T(vocab_size)}
    c DoryModel AutoModel
    r layers.*.self_attn.gate_proj>layers.*.self_attn.g_proj
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b154
    = dots1
    f . attention_bias=false first_k_dense_replace=0 hidden_size=4608 intermediate_size=10944 layer_types=null \
    max_window_layers=62 moe_intermediate_size=1408 n_routed_experts=null n_shared_experts=null \
    num_attention_heads=32 num_hidden_layers=62 num_key_value_heads=32 sliding_window=4096 \
    tie_word_embeddings=false vocab_size=152064
    k . num_local_experts=n_routed_experts
    d layer_types null(layer_types)?[num_hidden_layers|\
    i<max_window_layers?'full_attention':'sliding_attention']:layer_types
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    s layer_types full_attention sliding_attention
    c Dots1ForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b155;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c Dots1Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b155;norm:N(hidden_size)
    = dots3_note_text
    f . attention_bias=false first_k_dense_replace=1 head_dim=256 hidden_size=5120 index_head_dim=128 \
    index_n_heads=64 intermediate_size=13824 kv_lora_rank=512 layer_types=null mlp_layer_types=null \
    moe_intermediate_size=1536 moe_layer_freq=1 n_routed_experts=256 n_shared_experts=1 num_attention_heads=128 \
    num_hidden_layers=46 num_key_value_heads=128 q_lora_rank=1024 qk_nope_head_dim=128 qk_rope_head_dim=64 \
    shared_experts_intermediate_size=1536 sliding_window=null sliding_window_size=512 tie_word_embeddings=false \
    v_head_dim=128 vocab_size=152064
    k . num_local_experts=n_routed_experts
    d mlp_layer_types null(mlp_layer_types)?[num_hidden_layers|\
    i<first_k_dense_replace?'dense':i%moe_layer_freq==0?'sparse':'dense']:mlp_layer_types
    d sliding_window null(sliding_window)?sliding_window_size:sliding_window
    u . use_sliding_window
    g !null(layer_types)
    g head_dim
    s layer_types indexed_attention sliding_attention
    s mlp_layer_types dense sparse
    c Dots3NoteForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b156;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c Dots3NoteTextModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b156;norm:N(hidden_size)
    = electra
    f . embedding_size=128 hidden_size=256 intermediate_size=1024 max_position_embeddings=512 \
    num_attention_heads=4 num_hidden_layers=12 tie_word_embeddings=true type_vocab_size=2 vocab_size=30522
    g !add_cross_attention
    f . add_cross_attention=false
    c ElectraForCausalLM AutoModelForCausalLM
    p electra
    i electra=b157;generator_predictions=b111;?!tie_word_embeddings generator_lm_head:L(embedding_size,\
    vocab_size,1);?tie_word_embeddings generator_lm_head:L(embedding_size,vocab_size,1)~
    c ElectraForMaskedLM AutoModelForMaskedLM
    p electra
    i electra=b157;generator_predictions=b111;?!tie_word_embeddings generator_lm_head:L(embedding_size,\
    vocab_size,1);?tie_word_embeddings generator_lm_head:L(embedding_size,vocab_size,1)~
    c ElectraModel AutoModel
    i embeddings=b3;?!(embedding_size==hidden_size) embeddings_project:L(embedding_size,hidden_size,1);encoder{\
    layer*num_hidden_layers=b50}
    c ElectraForSequenceClassification
    p electra
    i electra=b157;classifier=b58
    c ElectraForTokenClassification
    p electra
    i electra=b157;classifier:L(hidden_size,num_labels,1)
    c ElectraForQuestionAnswering
    p electra
    i electra=b157;qa_outputs:L(hidden_size,num_labels,1)
    c ElectraForPreTraining
    p electra
    i electra=b157;discriminator_predictions{dense:L(hidden_size,hidden_size,1);dense_prediction:L(hidden_size,\
    1,1)}
    = encoder-decoder
    y decoder. bert
    m decoder. is_decoder=true add_cross_attention=true
    y encoder. bert
    c EncoderDecoderModel AutoModelForSeq2SeqLM
    i encoder:A(AutoModel,encoder);decoder:A(AutoModelForCausalLM,decoder)
    = ernie
    f . hidden_size=768 intermediate_size=3072 max_position_embeddings=512 num_attention_heads=12 \
    num_hidden_layers=12 task_type_vocab_size=3 tie_word_embeddings=true type_vocab_size=2 use_task_id=false \
    vocab_size=30522
    g !add_cross_attention
    f . add_cross_attention=false
    c ErnieForCausalLM AutoModelForCausalLM
    p ernie
    i ernie=b159;cls{predictions=b53}
    c ErnieForMaskedLM AutoModelForMaskedLM
    p ernie
    i ernie=b159;cls{predictions=b53}
    c ErnieModel AutoModel
    i embeddings=b158;encoder{layer*num_hidden_layers=b50};pooler{dense:L(hidden_size,hidden_size,1)}
    c ErnieForSequenceClassification
    p ernie
    i ernie=b160;classifier:L(hidden_size,num_labels,1)
    c ErnieForTokenClassification
    p ernie
    i ernie=b159;classifier:L(hidden_size,num_labels,1)
    c ErnieForQuestionAnswering
    p ernie
    i ernie=b159;qa_outputs:L(hidden_size,num_labels,1)
    c ErnieForPreTraining
    p ernie
    i ernie=b160;cls=b55
    = ernie4_5
    f . head_dim=128 hidden_size=1024 intermediate_size=3072 num_attention_heads=16 num_hidden_layers=18 \
    num_key_value_heads=2 tie_word_embeddings=true use_bias=false vocab_size=103424
    d head_dim null(head_dim)?hidden_size//num_attention_heads:head_dim
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g head_dim
    c Ernie4_5ForCausalLM AutoModelForCausalLM
    p model
    i model=b162;?!tie_word_embeddings lm_head:L(hidden_size,vocab_size);?tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)~
    c Ernie4_5Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b161;norm:N(hidden_size)
    = ernie4_5_moe
    f . hidden_size=2560 intermediate_size=12288 moe_intermediate_size=1536 moe_layer_end_index=-1 \
    moe_layer_start_index=1 moe_num_experts=64 moe_num_shared_experts=2 num_attention_heads=20 \
    num_hidden_layers=28 num_key_value_heads=4 tie_word_embeddings=true use_bias=false vocab_size=103424
    k . num_experts=moe_num_experts
    d moe_layer_end_index moe_layer_end_index==(0-1)?num_hidden_layers-1:moe_layer_end_index
    g !(moe_num_shared_experts<=0)
    c Ernie4_5_MoeForCausalLM AutoModelForCausalLM
    p model
    r model.layers.*.mlp.gate.moe_statics>model.layers.*.mlp.moe_statics
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b164;norm:N(hidden_size)};\
    ?!tie_word_embeddings lm_head:L(hidden_size,vocab_size,use_bias);?tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size,use_bias)~
    c Ernie4_5_MoeModel AutoModel
    r layers.*.mlp.gate.moe_statics>layers.*.mlp.moe_statics
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b164;norm:N(hidden_size)
    = esmc
    f . attention_bias=false head_dim=null hidden_size=2560 intermediate_size=6912 mlp_bias=false \
    num_attention_heads=40 num_hidden_layers=80 num_key_value_heads=null tie_word_embeddings=false vocab_size=64
    d head_dim null(head_dim)?hidden_size//num_attention_heads:head_dim
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g head_dim
    c EsmcForMaskedLM AutoModelForMaskedLM
    p esmc
    i esmc=b166;lm_head{dense:L(hidden_size,hidden_size,1);decoder:L(hidden_size,vocab_size,1);\
    layer_norm:N(hidden_size,1)}
    c EsmcModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b165;norm:N(hidden_size)
    c EsmcForSequenceClassification
    p esmc
    i esmc=b166;classifier=b58
    c EsmcForTokenClassification
    p esmc
    i esmc=b166;score:L(hidden_size,num_labels,1)
    = eurobert
    f . attention_bias=false head_dim=null hidden_size=768 intermediate_size=3072 mlp_bias=false \
    num_attention_heads=12 num_hidden_layers=12 num_key_value_heads=null tie_word_embeddings=false \
    vocab_size=128256
    d head_dim null(head_dim)?hidden_size//num_attention_heads:head_dim
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g head_dim
    c EuroBertForMaskedLM AutoModelForMaskedLM
    p model
    i model=b168;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size,mlp_bias)
    c EuroBertModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b167;norm:N(hidden_size)
    c EuroBertForSequenceClassification
    p model
    i model=b168;dense:L(hidden_size,hidden_size,1);classifier:L(hidden_size,num_labels,1)
    c EuroBertForTokenClassification
    p model
    i model=b168;classifier:L(hidden_size,num_labels,1)
    = evolla
    f . aligner_enable_bias=true aligner_ffn_mult=4 aligner_num_add_layers=8 attention_bias=false \
    hidden_size=4096 intermediate_size=14336 mlp_bias=false num_attention_heads=32 num_hidden_layers=32 \
    num_key_value_heads=8 resampler_depth=6 resampler_dim_head=64 resampler_ff_mult=4 resampler_heads=8 \
    resampler_num_latents=64 tie_word_embeddings=false vocab_size=128256
    f protein_encoder_config. emb_layer_norm_before=false hidden_size=1280 intermediate_size=5120 \
    max_position_embeddings=1026 num_attention_heads=20 num_hidden_layers=33 position_embedding_type="rotary" \
    vocab_size=446
    g !protein_encoder_config.add_cross_attention
    f protein_encoder_config. add_cross_attention=false
    s protein_encoder_config.position_embedding_type absolute rotary
    c EvollaForProteinText2Text AutoModelForImageTextToText
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;protein_encoder=b170;layers*num_hidden_layers=b172;\
    norm:N(hidden_size)};lm_head:L(hidden_size,vocab_size)
    c EvollaModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;protein_encoder=b170;layers*num_hidden_layers=b172;\
    norm:N(hidden_size)
    = exaone
    f . attention_bias=false head_dim=null hidden_size=4096 intermediate_size=14336 mlp_bias=false \
    num_attention_heads=32 num_hidden_layers=32 num_key_value_heads=8 tie_word_embeddings=false vocab_size=102400
    k . num_layers=num_hidden_layers
    d head_dim null(head_dim)?hidden_size//num_attention_heads:head_dim
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g head_dim
    c LlamaForCausalLM AutoModelForCausalLM
    p model
    r model.embed_tokens>transformer.wte
    r model.layers.*.self_attn.q_proj>transformer.h.*.attn.attention.q_proj
    r model.layers.*.self_attn.k_proj>transformer.h.*.attn.attention.k_proj
    r model.layers.*.self_attn.v_proj>transformer.h.*.attn.attention.v_proj
    r model.layers.*.self_attn.o_proj>transformer.h.*.attn.attention.out_proj
    r model.layers.*.mlp.gate_proj>transformer.h.*.mlp.c_fc_0
    r model.layers.*.mlp.up_proj>transformer.h.*.mlp.c_fc_1
    r model.layers.*.mlp.down_proj>transformer.h.*.mlp.c_proj
    r model.layers.*.input_layernorm>transformer.h.*.ln_1
    r model.layers.*.post_attention_layernorm>transformer.h.*.ln_2
    r model.norm>transformer.ln_f
    i model=b168;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c LlamaModel AutoModel
    r layers.*.self_attn.q_proj>layers.*.attn.attention.q_proj
    r layers.*.self_attn.k_proj>layers.*.attn.attention.k_proj
    r layers.*.self_attn.v_proj>layers.*.attn.attention.v_proj
    r layers.*.self_attn.o_proj>layers.*.attn.attention.out_proj
    r layers.*.mlp.gate_proj>layers.*.mlp.c_fc_0
    r layers.*.mlp.up_proj>layers.*.mlp.c_fc_1
    r layers.*.mlp.down_proj>layers.*.mlp.c_proj
    r layers.*.input_layernorm>layers.*.ln_1
    r layers.*.post_attention_layernorm>layers.*.ln_2
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b167;norm:N(hidden_size)
    = exaone4
    f . hidden_size=4096 intermediate_size=16384 layer_types=null num_attention_heads=32 num_hidden_layers=32 \
    num_key_value_heads=32 sliding_window=4096 sliding_window_pattern=4 tie_word_embeddings=false \
    vocab_size=102400
    d layer_types null(layer_types)?[num_hidden_layers|\
    (i+1)%sliding_window_pattern==0?'full_attention':'sliding_attention']:layer_types
    s layer_types full_attention sliding_attention
    c Exaone4ForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b174;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c Exaone4Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b174;norm:N(hidden_size)
    = exaone4_5
    f . tie_word_embeddings=false
    f vision_config. depth=32 hidden_size=3584 in_channels=3 intermediate_size=3420 num_heads=16 \
    num_key_value_heads=8 out_hidden_size=3584 patch_size=14 spatial_merge_size=2 temporal_patch_size=2
    y text_config. exaone4
    k vision_config. num_attention_heads=num_heads num_hidden_layers=depth
    c Exaone4_5_ForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{visual@vision_config=b179;language_model:A(AutoModel,text_config)};?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~;?!tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c Exaone4_5_Model AutoModel
    i visual@vision_config=b179;language_model:A(AutoModel,text_config)
    = exaone4_5_vision
    f . depth=32 hidden_size=3584 in_channels=3 intermediate_size=3420 num_heads=16 num_key_value_heads=8 \
    out_hidden_size=3584 patch_size=14 spatial_merge_size=2 temporal_patch_size=2
    k . num_attention_heads=num_heads num_hidden_layers=depth
    c Exaone4_5_VisionModel AutoModel
    i patch_embed=b175;blocks*depth=b177;merger=b178
    = exaone_moe
    f . first_k_dense_replace=1 hidden_size=4096 intermediate_size=16384 layer_types=null mlp_layer_types=null \
    moe_intermediate_size=1024 num_attention_heads=32 num_experts=64 num_hidden_layers=32 \
    num_key_value_heads=32 num_shared_experts=1 sliding_window=4096 tie_word_embeddings=false vocab_size=102400
    d layer_types null(layer_types)?[num_hidden_layers|i%4==3?'full_attention':'sliding_attention']:layer_types
    d mlp_layer_types null(mlp_layer_types)?[num_hidden_layers|\
    i<first_k_dense_replace?'dense':'sparse']:mlp_layer_types
    s layer_types full_attention sliding_attention
    s mlp_layer_types dense sparse
    c ExaoneMoeForCausalLM AutoModelForCausalLM
    p model
    r model.layers.*.mlp.gate.e_score_correction_bias>model.layers.*.mlp.e_score_correction_bias
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b180;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c ExaoneMoeModel AutoModel
    r layers.*.mlp.gate.e_score_correction_bias>layers.*.mlp.e_score_correction_bias
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b180;norm:N(hidden_size)
    = falcon
    f . bias=false ffn_hidden_size=null hidden_size=4544 multi_query=true new_decoder_architecture=false \
    num_attention_heads=71 num_hidden_layers=32 num_kv_heads=null num_ln_in_parallel_attn=null \
    parallel_attn=true tie_word_embeddings=true vocab_size=65024
    d ffn_hidden_size null(ffn_hidden_size)?hidden_size*4:ffn_hidden_size
    d num_kv_heads null(num_kv_heads)?num_attention_heads:num_kv_heads
    c FalconForCausalLM AutoModelForCausalLM
    p transformer
    i transformer{word_embeddings:E(vocab_size,hidden_size)!;h*num_hidden_layers{self_attention=b181;mlp=b182;\
    ?!parallel_attn post_attention_layernorm:N(hidden_size,1);?new_decoder_architecture|\
    num_ln_in_parallel_attn==2 ln_attn:N(hidden_size,1);?new_decoder_architecture|num_ln_in_parallel_attn==2 \
    ln_mlp:N(hidden_size,1);?!new_decoder_architecture&!(num_ln_in_parallel_attn==2) \
    input_layernorm:N(hidden_size,1)};ln_f:N(hidden_size,1)};?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size);?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~
    c FalconModel AutoModel
    i word_embeddings:E(vocab_size,hidden_size)!;h*num_hidden_layers{self_attention=b181;mlp=b182;\
    ?!new_decoder_architecture&!(num_ln_in_parallel_attn==2) input_layernorm:N(hidden_size,1);?!parallel_attn \
    post_attention_layernorm:N(hidden_size,1);?new_decoder_architecture|num_ln_in_parallel_attn==2 \
    ln_attn:N(hidden_size,1);?new_decoder_architecture|num_ln_in_parallel_attn==2 ln_mlp:N(hidden_size,1)};\
    ln_f:N(hidden_size,1)
    = falcon_h1
    f . attention_bias=false hidden_size=4096 intermediate_size=14336 mamba_conv_bias=true mamba_d_conv=4 \
    mamba_d_ssm=1024 mamba_d_state=256 mamba_expand=2 mamba_n_groups=1 mamba_n_heads=128 mamba_proj_bias=false \
    mamba_rms_norm=false mlp_bias=false num_attention_heads=32 num_hidden_layers=32 num_key_value_heads=8 \
    projectors_bias=false tie_word_embeddings=false vocab_size=128000
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c FalconH1ForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b183;\
    final_layernorm:N(hidden_size)};?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;\
    ?!tie_word_embeddings lm_head:L(hidden_size,vocab_size)
    c FalconH1Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b183;final_layernorm:N(hidden_size)
    = falcon_mamba
    f . conv_kernel=4 expand=2 hidden_size=768 intermediate_size=null num_hidden_layers=32 state_size=16 \
    tie_word_embeddings=true time_step_rank="auto" use_bias=false use_conv_bias=true vocab_size=50280
    d intermediate_size null(intermediate_size)?expand*hidden_size:intermediate_size
    d time_step_rank time_step_rank=='auto'?ceil(hidden_size/16):time_step_rank
    g !(intermediate_size<=0)
    c FalconMambaForCausalLM AutoModelForCausalLM
    p backbone
    i backbone=b185;?vocab_size<=0|!tie_word_embeddings lm_head:L(hidden_size,vocab_size);\
    ?!(vocab_size<=0)&tie_word_embeddings lm_head:L(hidden_size,vocab_size)~
    c FalconMambaModel AutoModel
    i embeddings:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b184;norm_f:N(hidden_size)
    = flaubert
    f . emb_dim=2048 max_position_embeddings=512 n_langs=1 n_layers=12 summary_use_proj=true \
    tie_word_embeddings=true vocab_size=30145
    k . hidden_size=emb_dim n_words=vocab_size num_hidden_layers=n_layers
    g is_encoder
    f . is_encoder=true
    c FlaubertWithLMHeadModel AutoModelForMaskedLM
    p transformer
    i transformer=b188;pred_layer=b189
    c FlaubertModel AutoModel
    i position_embeddings:E(max_position_embeddings,emb_dim);embeddings:E(vocab_size,emb_dim)!;\
    attentions*n_layers=b186;ffns*n_layers=b187;layer_norm_emb:N(emb_dim,1);layer_norm1*n_layers{\
    weight:T(emb_dim);bias:T(emb_dim)};layer_norm2*n_layers{weight:T(emb_dim);bias:T(emb_dim)};?!(n_langs<=1) \
    lang_embeddings:E(n_langs,emb_dim)
    c FlaubertForSequenceClassification
    p transformer
    i transformer=b190;?summary_use_proj sequence_summary{summary:L(emb_dim,num_labels,1)}
    c FlaubertForTokenClassification
    p transformer
    i transformer=b190;classifier:L(emb_dim,num_labels,1)
    c FlaubertForQuestionAnsweringSimple
    p transformer
    i transformer=b190;qa_outputs:L(emb_dim,num_labels,1)
    = flex_olmo
    f . attention_bias=false hidden_size=4096 intermediate_size=11008 num_attention_heads=32 num_experts=7 \
    num_hidden_layers=32 num_key_value_heads=null tie_word_embeddings=false vocab_size=100352
    k . num_local_experts=num_experts
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c FlexOlmoForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b193;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c FlexOlmoModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b193;norm:N(hidden_size)
    = flint
    f . attention_bias=false head_dim=128 hidden_size=2048 intermediate_size=6144 layer_types=null \
    mlp_only_layers=null moe_intermediate_size=512 num_attention_heads=32 num_experts=256 num_hidden_layers=49 \
    num_key_value_heads=4 shared_expert_intermediate_size=1024 sliding_window=513 tie_word_embeddings=false \
    vocab_size=150144
    d mlp_only_layers null(mlp_only_layers)?[2|i==0?0:1]:mlp_only_layers
    d layer_types list(layer_types)?layer_types:[num_hidden_layers|\
    i%4==1?'full_attention':i<2?'full_attention':i==num_hidden_layers-1?'full_attention':'sliding_attention']
    g !(num_experts<=0)
    g head_dim
    s layer_types full_attention sliding_attention
    c FlintForCausalLM AutoModelForCausalLM
    p model
    r model.layers.*.self_attn.sinks>model.layers.*.self_attn.softmax_offset
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b195;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c FlintModel AutoModel
    r layers.*.self_attn.sinks>layers.*.self_attn.softmax_offset
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b195;norm:N(hidden_size)
    = fnet
    f . hidden_size=768 intermediate_size=3072 max_position_embeddings=512 num_hidden_layers=12 \
    tie_word_embeddings=true type_vocab_size=4 vocab_size=32000
    g !use_tpu_fourier_optimizations
    f . use_tpu_fourier_optimizations=false
    c FNetForMaskedLM AutoModelForMaskedLM
    p fnet
    i fnet=b198;cls{predictions=b53}
    c FNetModel AutoModel
    i embeddings=b196;encoder=b197;pooler{dense:L(hidden_size,hidden_size,1)}
    c FNetForSequenceClassification
    p fnet
    i fnet=b198;classifier:L(hidden_size,num_labels,1)
    c FNetForTokenClassification
    p fnet
    i fnet=b198;classifier:L(hidden_size,num_labels,1)
    c FNetForQuestionAnswering
    p fnet
    i fnet=b198;qa_outputs:L(hidden_size,num_labels,1)
    c FNetForPreTraining
    p fnet
    i fnet=b198;cls=b60
    = fsmt
    f . d_model=1024 decoder_ffn_dim=4096 decoder_layers=12 encoder_ffn_dim=4096 encoder_layers=12 \
    max_position_embeddings=1024 src_vocab_size=42024 tgt_vocab_size=42024 tie_word_embeddings=false
    k . hidden_size=d_model num_hidden_layers=encoder_layers vocab_size=tgt_vocab_size
    c FSMTForConditionalGeneration AutoModelForSeq2SeqLM
    p model
    i model{encoder{?!tie_word_embeddings embed_tokens:E(src_vocab_size,d_model)!;\
    embed_positions:E(max_position_embeddings+1+1,d_model);layers*encoder_layers=b38;?tie_word_embeddings \
    embed_tokens:E(src_vocab_size,d_model)!~model.decoder.embed_tokens};decoder{embed_tokens:E(tgt_vocab_size,\
    d_model);embed_positions:E(max_position_embeddings+1+1,d_model);layers*decoder_layers=b40;\
    ?tie_word_embeddings output_projection:L(d_model,tgt_vocab_size)~model.decoder.embed_tokens;\
    ?!tie_word_embeddings output_projection:L(d_model,tgt_vocab_size)}}
    c FSMTModel AutoModel
    i encoder{?!tie_word_embeddings embed_tokens:E(src_vocab_size,d_model)!;\
    embed_positions:E(max_position_embeddings+1+1,d_model);layers*encoder_layers=b38};decoder{\
    embed_tokens:E(tgt_vocab_size,d_model);embed_positions:E(max_position_embeddings+1+1,d_model);\
    layers*decoder_layers=b40;?!tie_word_embeddings output_projection:L(d_model,tgt_vocab_size)}
    = funnel
    f . block_sizes=[4,4,4] d_head=64 d_inner=3072 d_model=768 n_head=12 num_decoder_layers=2 \
    tie_word_embeddings=true vocab_size=30522
    k . hidden_size=d_model num_attention_heads=n_head
    c FunnelForMaskedLM AutoModelForMaskedLM
    p funnel
    i funnel{embeddings=b199;encoder{blocks*len(block_sizes){*block_sizes[i]=b200}};decoder{\
    layers*num_decoder_layers=b200}};?!tie_word_embeddings lm_head:L(d_model,vocab_size,1);?tie_word_embeddings \
    lm_head:L(d_model,vocab_size,1)~
    c FunnelModel AutoModel
    i embeddings=b199;encoder=b201;decoder{layers*num_decoder_layers=b200}
    c FunnelBaseModel
    i embeddings=b199;encoder=b201
    c FunnelForSequenceClassification
    p funnel
    i funnel{embeddings=b199;encoder=b201};classifier{linear_hidden:L(d_model,d_model,1);linear_out:L(d_model,\
    num_labels,1)}
    c FunnelForTokenClassification
    p funnel
    i funnel=b202;classifier:L(d_model,num_labels,1)
    c FunnelForQuestionAnswering
    p funnel
    i funnel=b202;qa_outputs:L(d_model,num_labels,1)
    c FunnelForPreTraining
    p funnel
    i funnel=b202;discriminator_predictions{dense:L(d_model,d_model,1);dense_prediction:L(d_model,1,1)}
    = fuyu
    f . num_channels=3 patch_size=30 tie_word_embeddings=false
    y text_config. persimmon
    c FuyuForCausalLM AutoModelForCausalLM AutoModelForImageTextToText
    p model
    r model>
    r lm_head>language_model.lm_head
    r model.language_model>language_model.model
    i model{vision_embed_tokens:L(patch_size*patch_size*num_channels,text_config.hidden_size,1);\
    language_model:A(AutoModel,text_config)};?tie_word_embeddings lm_head:L(text_config.hidden_size,\
    text_config.vocab_size)~;?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c FuyuModel AutoModel
    r language_model>language_model.model
    i vision_embed_tokens:L(patch_size*patch_size*num_channels,text_config.hidden_size,1);\
    language_model:A(AutoModel,text_config)
    = gemma
    f . attention_bias=false head_dim=256 hidden_size=3072 intermediate_size=24576 num_attention_heads=16 \
    num_hidden_layers=28 num_key_value_heads=16 tie_word_embeddings=true vocab_size=256000
    g head_dim
    c GemmaForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b203;norm:N(hidden_size)};\
    ?!tie_word_embeddings lm_head:L(hidden_size,vocab_size);?tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)~
    c GemmaModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b203;norm:N(hidden_size)
    = gemma2
    f . attention_bias=false head_dim=256 hidden_size=2304 intermediate_size=9216 layer_types=null \
    num_attention_heads=8 num_hidden_layers=26 num_key_value_heads=4 sliding_window=4096 \
    tie_word_embeddings=true vocab_size=256000
    d layer_types null(layer_types)?[num_hidden_layers|i%2==0?'sliding_attention':'full_attention']:layer_types
    g head_dim
    s layer_types full_attention sliding_attention
    c Gemma2ForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b204;norm:N(hidden_size)};\
    ?!tie_word_embeddings lm_head:L(hidden_size,vocab_size);?tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)~
    c Gemma2Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b204;norm:N(hidden_size)
    = gemma3
    f . tie_word_embeddings=true
    f text_config. head_dim=256 hidden_size=2304 intermediate_size=9216 num_attention_heads=8 \
    num_hidden_layers=26 num_key_value_heads=4 vocab_size=262208
    y vision_config. siglip_vision_model
    g !text_config.attention_bias
    g text_config.head_dim
    g text_config.tie_word_embeddings
    g !text_config.use_bidirectional_attention
    f text_config. tie_word_embeddings=true
    f text_config. attention_bias=false
    f text_config. use_bidirectional_attention=false
    c Gemma3ForConditionalGeneration AutoModelForCausalLM AutoModelForImageTextToText
    p model
    r model.language_model>language_model.model
    r model.multi_modal_projector>multi_modal_projector
    r lm_head>language_model.lm_head
    r model.vision_tower>vision_tower
    i model{language_model@text_config=b206;multi_modal_projector=b207;vision_tower:A(AutoModel,vision_config)};\
    ?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size);?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~
    c Gemma3Model AutoModel
    r language_model>language_model.model
    i language_model@text_config=b206;multi_modal_projector=b207;vision_tower:A(AutoModel,vision_config)
    = gemma3_text
    f . attention_bias=false head_dim=256 hidden_size=2304 intermediate_size=9216 layer_types=null \
    num_attention_heads=8 num_hidden_layers=26 num_key_value_heads=4 sliding_window=4096 \
    sliding_window_pattern=6 tie_word_embeddings=true use_bidirectional_attention=false vocab_size=262208
    d layer_types null(layer_types)?[num_hidden_layers|\
    (i+1)%sliding_window_pattern?'sliding_attention':'full_attention']:layer_types
    d sliding_window null(sliding_window)?null:use_bidirectional_attention?sliding_window//2+1:sliding_window
    g head_dim
    s layer_types full_attention sliding_attention
    c Gemma3ForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b209;norm:N(hidden_size)};\
    ?!tie_word_embeddings lm_head:L(hidden_size,vocab_size);?tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)~
    c Gemma3TextModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b209;norm:N(hidden_size)
    = gemma3n
    f . tie_word_embeddings=true
    f audio_config. conf_conv_kernel_size=5 conf_num_attention_heads=8 conf_num_hidden_layers=12 \
    hidden_size=1536 input_feat_size=128 sscp_conv_channel_size=[128,32] vocab_size=128
    f text_config. altup_num_inputs=4 head_dim=256 hidden_size=2048 hidden_size_per_layer_input=256 \
    intermediate_size=16384 laurel_rank=64 num_attention_heads=8 num_hidden_layers=35 num_key_value_heads=2 \
    num_kv_shared_layers=15 sliding_window=512 vocab_size=262400 vocab_size_per_layer_input=262144
    f vision_config. hidden_size=2048 vocab_size=128
    d text_config.intermediate_size \
    list(text_config.intermediate_size)?text_config.intermediate_size:[text_config.num_hidden_layers|\
    text_config.intermediate_size]
    g !(text_config.num_kv_shared_layers==0)
    g !text_config.attention_bias
    g text_config.head_dim
    g text_config.tie_word_embeddings
    g tie_word_embeddings
    f text_config. tie_word_embeddings=true
    f text_config. attention_bias=false
    c Gemma3nForConditionalGeneration AutoModelForCausalLM AutoModelForImageTextToText
    p model
    i model{vision_tower=b222;language_model@text_config=b227;audio_tower@audio_config=b231;embed_vision=b232;\
    embed_audio=b233};lm_head:L(text_config.hidden_size,text_config.vocab_size)~
    c Gemma3nModel AutoModel
    i vision_tower=b222;language_model@text_config=b227;audio_tower@audio_config=b231;embed_vision=b232;\
    embed_audio=b233
    = gemma3n_audio
    f . conf_conv_kernel_size=5 conf_num_attention_heads=8 conf_num_hidden_layers=12 hidden_size=1536 \
    input_feat_size=128 sscp_conv_channel_size=[128,32] vocab_size=128
    c Gemma3nAudioEncoder AutoModel
    i subsample_conv_projection=b228;conformer*conf_num_hidden_layers=b230
    = gemma3n_text
    f . altup_num_inputs=4 attention_bias=false head_dim=256 hidden_size=2048 hidden_size_per_layer_input=256 \
    intermediate_size=16384 laurel_rank=64 layer_types=null num_attention_heads=8 num_hidden_layers=35 \
    num_key_value_heads=2 num_kv_shared_layers=15 sliding_window=512 tie_word_embeddings=true vocab_size=262400 \
    vocab_size_per_layer_input=262144
    d intermediate_size list(intermediate_size)?intermediate_size:[num_hidden_layers|intermediate_size]
    d layer_types list(layer_types)?layer_types:[num_hidden_layers|i%5==4?'full_attention':'sliding_attention']
    g !(num_kv_shared_layers==0)
    g head_dim
    s layer_types full_attention sliding_attention
    c Gemma3nForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn{q_proj:L(hidden_size,\
    num_attention_heads*head_dim,attention_bias);?i<num_hidden_layers-num_kv_shared_layers k_proj:L(hidden_size,\
    num_key_value_heads*head_dim,attention_bias);?i<num_hidden_layers-num_kv_shared_layers v_proj:L(hidden_size,\
    num_key_value_heads*head_dim,attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,\
    attention_bias);q_norm:N(head_dim);?i<num_hidden_layers-num_kv_shared_layers k_norm:N(head_dim)};mlp=b223;\
    altup=b224;laurel=b225;per_layer_input_gate:L(hidden_size,hidden_size_per_layer_input);\
    per_layer_projection:L(hidden_size_per_layer_input,hidden_size);input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size);pre_feedforward_layernorm:N(hidden_size);\
    post_feedforward_layernorm:N(hidden_size);post_per_layer_input_norm:N(hidden_size)};\
    embed_tokens_per_layer:E(vocab_size_per_layer_input,num_hidden_layers*hidden_size_per_layer_input);\
    per_layer_model_projection:L(hidden_size,num_hidden_layers*hidden_size_per_layer_input);\
    altup_projections=b226;altup_unembed_projections=b226;norm:N(hidden_size);\
    per_layer_projection_norm:N(hidden_size_per_layer_input)};?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size);?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~
    = gemma4_vision
    f . head_dim=64 hidden_size=768 intermediate_size=3072 num_attention_heads=12 num_hidden_layers=16 \
    num_key_value_heads=12 patch_size=16 position_embedding_size=10240 standardize=false use_clipped_linears=false
    g head_dim
    c Gemma4VisionModel AutoModel
    i patch_embedder{input_proj:L(patch_size**2*3,hidden_size);position_embedding_table:T(2,\
    position_embedding_size,hidden_size)};encoder{layers*num_hidden_layers{self_attn{q_proj{\
    linear:L(hidden_size,num_attention_heads*head_dim);?use_clipped_linears input_min:B();?use_clipped_linears \
    input_max:B();?use_clipped_linears output_min:B();?use_clipped_linears output_max:B()};k_proj=b236;\
    v_proj=b236;o_proj{linear:L(num_attention_heads*head_dim,hidden_size);?use_clipped_linears input_min:B();\
    ?use_clipped_linears input_max:B();?use_clipped_linears output_min:B();?use_clipped_linears output_max:B()};\
    q_norm:N(head_dim);k_norm:N(head_dim)};mlp{gate_proj=b237;up_proj=b237;down_proj{linear:L(intermediate_size,\
    hidden_size);?use_clipped_linears input_min:B();?use_clipped_linears input_max:B();?use_clipped_linears \
    output_min:B();?use_clipped_linears output_max:B()}};input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size);pre_feedforward_layernorm:N(hidden_size);\
    post_feedforward_layernorm:N(hidden_size)}};?standardize std_bias:B(hidden_size);?standardize \
    std_scale:B(hidden_size)
    = git
    f . hidden_size=768 intermediate_size=3072 max_position_embeddings=1024 num_attention_heads=12 \
    num_hidden_layers=6 num_image_with_embedding=null tie_word_embeddings=false vocab_size=30522
    f vision_config. hidden_size=768 image_size=224 intermediate_size=3072 num_channels=3 num_hidden_layers=12 \
    patch_size=16
    c GitForCausalLM AutoModelForCausalLM AutoModelForImageTextToText
    p git
    i git{embeddings=b46;image_encoder@vision_config{vision_model=b238};encoder{layer*num_hidden_layers=b50};\
    visual_projection=b239;img_temporal_embedding*num_image_with_embedding@vision_config{:T(1,1,hidden_size)}};\
    ?tie_word_embeddings output:L(hidden_size,vocab_size,1)~;?!tie_word_embeddings output:L(hidden_size,\
    vocab_size,1)
    c GitModel AutoModel
    i embeddings=b46;image_encoder@vision_config{vision_model=b238};encoder{layer*num_hidden_layers=b50};\
    visual_projection=b239;img_temporal_embedding*num_image_with_embedding@vision_config{:T(1,1,hidden_size)}
    = glm
    f . attention_bias=true head_dim=128 hidden_size=4096 intermediate_size=13696 num_attention_heads=32 \
    num_hidden_layers=40 num_key_value_heads=2 tie_word_embeddings=false vocab_size=151552
    g head_dim
    c GlmForCausalLM AutoModelForCausalLM
    p model
    i model=b243;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c GlmModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b242;norm:N(hidden_size)
    c GlmForSequenceClassification
    p model
    i model=b243;score:L(hidden_size,num_labels)
    c GlmForTokenClassification
    p model
    i model=b243;score:L(hidden_size,num_labels,1)
    = glm4
    f . attention_bias=true head_dim=128 hidden_size=4096 intermediate_size=13696 num_attention_heads=32 \
    num_hidden_layers=40 num_key_value_heads=2 tie_word_embeddings=false vocab_size=151552
    g head_dim
    c Glm4ForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b244;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c Glm4Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b244;norm:N(hidden_size)
    = glm46v
    f . tie_word_embeddings=false
    y text_config. glm4v_text
    y vision_config. glm4v_vision
    c Glm46VForConditionalGeneration AutoModelForImageTextToText
    p model
    i ?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size);?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~;model=b245
    c Glm46VModel AutoModel
    i visual:A(AutoModel,vision_config);language_model:A(AutoModel,text_config)
    = glm4_moe
    f . attention_bias=false first_k_dense_replace=1 hidden_size=4096 intermediate_size=10944 \
    moe_intermediate_size=1408 n_routed_experts=128 n_shared_experts=1 num_attention_heads=96 \
    num_hidden_layers=46 num_key_value_heads=8 tie_word_embeddings=false use_qk_norm=false vocab_size=151552
    k . num_local_experts=n_routed_experts
    c Glm4MoeForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b246;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c Glm4MoeModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b246;norm:N(hidden_size)
    = glm4_moe_lite
    f . attention_bias=false hidden_size=2048 intermediate_size=10240 kv_lora_rank=512 mlp_layer_types=null \
    moe_intermediate_size=1536 n_routed_experts=64 n_shared_experts=1 num_attention_heads=20 \
    num_hidden_layers=47 num_key_value_heads=20 q_lora_rank=768 qk_nope_head_dim=192 qk_rope_head_dim=64 \
    tie_word_embeddings=false v_head_dim=256 vocab_size=154880
    k . head_dim=qk_rope_head_dim num_local_experts=n_routed_experts
    d mlp_layer_types null(mlp_layer_types)?[num_hidden_layers|i==0?'dense':'sparse']:mlp_layer_types
    s mlp_layer_types dense sparse
    c Glm4MoeLiteForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b247;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c Glm4MoeLiteModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b247;norm:N(hidden_size)
    = glm4v
    f . tie_word_embeddings=false
    f text_config. hidden_size=4096 intermediate_size=13696 num_attention_heads=32 num_hidden_layers=40 \
    num_key_value_heads=2 vocab_size=151552
    f vision_config. attention_bias=false depth=24 hidden_size=1536 image_size=336 in_channels=3 \
    intermediate_size=13696 out_hidden_size=4096 patch_size=14 spatial_merge_size=2 temporal_patch_size=2
    k vision_config. num_hidden_layers=depth
    d text_config.num_key_value_heads \
    null(text_config.num_key_value_heads)?text_config.num_attention_heads:text_config.num_key_value_heads
    c Glm4vForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{visual@vision_config=b251;language_model@text_config=b253};?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~;?!tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c Glm4vModel AutoModel
    i visual@vision_config=b251;language_model@text_config=b253
    = glm4v_moe
    f . tie_word_embeddings=false
    f text_config. attention_bias=true first_k_dense_replace=1 hidden_size=4096 intermediate_size=10944 \
    moe_intermediate_size=1408 n_routed_experts=128 n_shared_experts=1 num_attention_heads=96 \
    num_hidden_layers=46 num_key_value_heads=8 tie_word_embeddings=false vocab_size=151424
    f vision_config. attention_bias=false depth=24 hidden_size=1536 image_size=336 in_channels=3 \
    intermediate_size=13696 out_hidden_size=4096 patch_size=14 spatial_merge_size=2 temporal_patch_size=2
    k text_config. num_local_experts=n_routed_experts
    k vision_config. num_hidden_layers=depth
    d tie_word_embeddings text_config.tie_word_embeddings?true:tie_word_embeddings
    c Glm4vMoeForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{visual@vision_config=b251;language_model@text_config=b255};?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~;?!tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c Glm4vMoeModel AutoModel
    i visual@vision_config=b251;language_model@text_config=b255
    = glm4v_moe_text
    f . attention_bias=true first_k_dense_replace=1 hidden_size=4096 intermediate_size=10944 \
    moe_intermediate_size=1408 n_routed_experts=128 n_shared_experts=1 num_attention_heads=96 \
    num_hidden_layers=46 num_key_value_heads=8 tie_word_embeddings=false vocab_size=151424
    k . num_local_experts=n_routed_experts
    c Glm4vMoeTextModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b254;mlp{\
    ?!(i<first_k_dense_replace) experts=b256;?!(i<first_k_dense_replace) gate:R(hidden_size,n_routed_experts);\
    ?!(i<first_k_dense_replace) shared_experts=b25;?!(i<first_k_dense_replace) gate=b26;\
    ?i<first_k_dense_replace gate_proj:L(hidden_size,intermediate_size);?i<first_k_dense_replace \
    up_proj:L(hidden_size,intermediate_size);?i<first_k_dense_replace down_proj:L(intermediate_size,\
    hidden_size)};input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)
    = glm4v_moe_vision
    f . attention_bias=false depth=24 hidden_size=1536 image_size=336 in_channels=3 intermediate_size=13696 \
    out_hidden_size=4096 patch_size=14 spatial_merge_size=2 temporal_patch_size=2
    k . num_hidden_layers=depth
    c Glm4vMoeVisionModel AutoModel
    i embeddings=b248;patch_embed=b104;blocks*depth=b249;merger=b250;downsample:C(hidden_size,out_hidden_size,1|\
    hidden_size,spatial_merge_size,spatial_merge_size);post_conv_layernorm:N(hidden_size);\
    post_layernorm:N(hidden_size)
    = glm4v_text
    f . hidden_size=4096 intermediate_size=13696 num_attention_heads=32 num_hidden_layers=40 \
    num_key_value_heads=2 vocab_size=151552
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c Glm4vTextModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b252;norm:N(hidden_size)
    = glm4v_vision
    f . attention_bias=false depth=24 hidden_size=1536 image_size=336 in_channels=3 intermediate_size=13696 \
    out_hidden_size=4096 patch_size=14 spatial_merge_size=2 temporal_patch_size=2
    k . num_hidden_layers=depth
    c Glm4vVisionModel AutoModel
    i embeddings=b248;patch_embed=b104;blocks*depth=b249;merger=b250;downsample:C(hidden_size,out_hidden_size,1|\
    hidden_size,spatial_merge_size,spatial_merge_size);post_conv_layernorm:N(hidden_size);\
    post_layernorm:N(hidden_size)
    = glm5_next
    f . tie_word_embeddings=false
    f text_config. hc_mult=4 hidden_size=4096 index_head_dim=128 index_kpool=16 index_n_heads=32 \
    index_topk_freq=1 indexer_types=null intermediate_size=12288 kv_lora_rank=512 layer_types=null \
    linear_conv_kernel_dim=4 linear_head_dim=128 linear_num_heads=64 mlp_layer_types=null \
    moe_intermediate_size=2048 n_routed_experts=288 n_shared_experts=1 num_attention_heads=64 \
    num_hidden_layers=45 q_lora_rank=1536 qk_nope_head_dim=256 qk_rope_head_dim=0 v_head_dim=256 vocab_size=154880
    f vision_config. depth=24 hidden_size=1024 in_channels=3 intermediate_size=4096 num_heads=16 \
    out_hidden_size=1536 patch_size=14 projection_intermediate_size=10240 spatial_merge_size=2 \
    temporal_patch_size=2
    k text_config. num_local_experts=n_routed_experts
    k vision_config. num_attention_heads=num_heads num_hidden_layers=depth
    d text_config.indexer_types \
    list(text_config.indexer_types)?text_config.indexer_types:[text_config.num_hidden_layers|\
    (i-2+1)%text_config.index_topk_freq==0?'full':i==0?'full':'shared']
    d text_config.layer_types \
    list(text_config.layer_types)?text_config.layer_types:[text_config.num_hidden_layers|\
    i%4==3?'indexed_attention':'linear_attention']
    d text_config.mlp_layer_types \
    list(text_config.mlp_layer_types)?text_config.mlp_layer_types:[text_config.num_hidden_layers|\
    i==0?'dense':i==1?'dense':i==2?'dense':'sparse']
    d text_config.linear_head_dim \
    null(text_config.linear_attn_config.head_dim)?text_config.linear_head_dim:text_config.linear_attn_config.hea\
    d_dim
    d text_config.linear_num_heads \
    null(text_config.linear_attn_config.num_heads)?text_config.linear_num_heads:text_config.linear_attn_config.n\
    um_heads
    d text_config.linear_conv_kernel_dim \
    null(text_config.linear_attn_config.short_conv_kernel_size)?text_config.linear_conv_kernel_dim:text_config.l\
    inear_attn_config.short_conv_kernel_size
    u text_config. index_skip_topk_offset index_topk_pattern
    g !text_config.attention_bias
    g !text_config.tie_word_embeddings
    g vision_config.attention_bias
    f text_config. tie_word_embeddings=false
    f text_config. attention_bias=false
    f vision_config. attention_bias=true
    s text_config.indexer_types full shared
    s text_config.layer_types indexed_attention linear_attention
    s text_config.mlp_layer_types dense sparse
    c Glm5NextForConditionalGeneration AutoModelForImageTextToText
    p model
    r model.language_model.layers.*.self_attn.conv1d.weight>model.language_model.layers.*.self_attn.q_conv1d.wei\
    ght,model.language_model.layers.*.self_attn.k_conv1d.weight,\
    model.language_model.layers.*.self_attn.v_conv1d.weight
    r model.language_model.layers.*.self_attn.forget_gate>model.language_model.layers.*.self_attn
    r model.language_model.layers.*.attn_hc.fn>model.language_model.layers.*.hc_attn_fn
    r model.language_model.layers.*.attn_hc.base>model.language_model.layers.*.hc_attn_base
    r model.language_model.layers.*.attn_hc.scale>model.language_model.layers.*.hc_attn_scale
    r model.language_model.layers.*.ffn_hc.fn>model.language_model.layers.*.hc_ffn_fn
    r model.language_model.layers.*.ffn_hc.base>model.language_model.layers.*.hc_ffn_base
    r model.language_model.layers.*.ffn_hc.scale>model.language_model.layers.*.hc_ffn_scale
    i model{visual@vision_config=b258;language_model@text_config=b259};?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~;?!tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c Glm5NextModel AutoModel
    r language_model.layers.*.self_attn.conv1d.weight>language_model.layers.*.self_attn.q_conv1d.weight,\
    language_model.layers.*.self_attn.k_conv1d.weight,language_model.layers.*.self_attn.v_conv1d.weight
    r language_model.layers.*.self_attn.forget_gate>language_model.layers.*.self_attn
    r language_model.layers.*.attn_hc.fn>language_model.layers.*.hc_attn_fn
    r language_model.layers.*.attn_hc.base>language_model.layers.*.hc_attn_base
    r language_model.layers.*.attn_hc.scale>language_model.layers.*.hc_attn_scale
    r language_model.layers.*.ffn_hc.fn>language_model.layers.*.hc_ffn_fn
    r language_model.layers.*.ffn_hc.base>language_model.layers.*.hc_ffn_base
    r language_model.layers.*.ffn_hc.scale>language_model.layers.*.hc_ffn_scale
    i visual@vision_config=b258;language_model@text_config=b259
    = glm5_next_vision
    f . attention_bias=true depth=24 hidden_size=1024 in_channels=3 intermediate_size=4096 num_heads=16 \
    out_hidden_size=1536 patch_size=14 projection_intermediate_size=10240 spatial_merge_size=2 \
    temporal_patch_size=2
    k . num_attention_heads=num_heads num_hidden_layers=depth
    c Glm5NextVisionModel AutoModel
    i patch_embed=b104;blocks*depth=b260;merger=b257;downsample:C(hidden_size,out_hidden_size,1|hidden_size,\
    spatial_merge_size,spatial_merge_size);post_layernorm:N(hidden_size)
    = glm_moe_dsa
    f . attention_bias=false first_k_dense_replace=3 head_dim=64 hidden_size=6144 index_head_dim=128 \
    index_n_heads=32 index_skip_topk_offset=2 index_topk_freq=1 indexer_types=null intermediate_size=12288 \
    kv_lora_rank=512 layer_types=null mlp_layer_types=null moe_intermediate_size=2048 n_routed_experts=256 \
    n_shared_experts=1 num_attention_heads=64 num_experts=null num_hidden_layers=78 num_key_value_heads=64 \
    q_lora_rank=2048 qk_nope_head_dim=192 qk_rope_head_dim=64 tie_word_embeddings=false v_head_dim=256 \
    vocab_size=154880
    k . num_local_experts=n_routed_experts
    d indexer_types null(indexer_types)?[num_hidden_layers|\
    i<index_skip_topk_offset?'full':(i-index_skip_topk_offset+1)%index_topk_freq==0?'full':'shared']:indexer_types
    d mlp_layer_types null(mlp_layer_types)?[num_hidden_layers|\
    i<first_k_dense_replace?'dense':'sparse']:mlp_layer_types
    d layer_types null(layer_types)?[num_hidden_layers|'indexed_attention']:layer_types
    d n_routed_experts null(num_experts)?n_routed_experts:num_experts
    u . index_topk_pattern
    g head_dim
    s indexer_types full shared
    s mlp_layer_types dense sparse
    c GlmMoeDsaForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b261;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c GlmMoeDsaModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b261;norm:N(hidden_size)
    = glm_ocr
    f . tie_word_embeddings=false
    f text_config. hidden_size=1024 intermediate_size=4096 num_attention_heads=16 num_hidden_layers=16 \
    num_key_value_heads=8 vocab_size=59392
    f vision_config. attention_bias=true depth=24 hidden_size=1024 in_channels=3 intermediate_size=4096 \
    num_heads=16 out_hidden_size=1536 patch_size=14 spatial_merge_size=2 temporal_patch_size=2
    k vision_config. num_attention_heads=num_heads num_hidden_layers=depth
    c GlmOcrForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{visual@vision_config=b263;language_model@text_config=b265};?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~;?!tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c GlmOcrModel AutoModel
    i visual@vision_config=b263;language_model@text_config=b265
    = glm_ocr_text
    f . hidden_size=1024 intermediate_size=4096 num_attention_heads=16 num_hidden_layers=16 \
    num_key_value_heads=8 vocab_size=59392
    c GlmOcrTextModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b264;norm:N(hidden_size)
    = glm_ocr_vision
    f . attention_bias=true depth=24 hidden_size=1024 in_channels=3 intermediate_size=4096 num_heads=16 \
    out_hidden_size=1536 patch_size=14 spatial_merge_size=2 temporal_patch_size=2
    k . num_attention_heads=num_heads num_hidden_layers=depth
    c GlmOcrVisionModel AutoModel
    i patch_embed=b104;blocks*depth=b260;merger=b262;downsample:C(hidden_size,out_hidden_size,1|hidden_size,\
    spatial_merge_size,spatial_merge_size);post_layernorm:N(hidden_size)
    = glmasr
    f . tie_word_embeddings=true
    y audio_config. glmasr_encoder
    y text_config. llama
    n text_config. vocab_size=59264 hidden_size=2048 intermediate_size=6144 num_hidden_layers=28 \
    num_attention_heads=16 num_key_value_heads=4 max_position_embeddings=8192 rms_norm_eps=1e-05
    c GlmAsrForConditionalGeneration AutoModelForSeq2SeqLM
    p model
    r model>
    r lm_head>language_model.lm_head
    r model.language_model>language_model.model
    i model{multi_modal_projector=b266;audio_tower:A(AutoModel,audio_config);language_model:A(AutoModel,\
    text_config)};?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size);\
    ?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~
    c GlmAsrModel AutoModel
    r language_model>language_model.model
    i multi_modal_projector=b266;audio_tower:A(AutoModel,audio_config);language_model:A(AutoModel,text_config)
    = glmasr_encoder
    f . hidden_size=1280 intermediate_size=5120 num_attention_heads=20 num_hidden_layers=32 \
    num_key_value_heads=null num_mel_bins=128
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c GlmAsrEncoder AutoModel
    i conv1:C(num_mel_bins,hidden_size,1|num_mel_bins,3);conv2:C(hidden_size,hidden_size,1|hidden_size,3);\
    layers*num_hidden_layers{self_attn{q_proj:L(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads),1);k_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads));v_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads),1);\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,1)};mlp=b72;\
    input_layernorm:N(hidden_size,1);post_attention_layernorm:N(hidden_size,1)};norm:N(hidden_size,1)
    = glmga
    f . tie_word_embeddings=false
    y text_config. glm4v_text
    y vision_config. glm4v_vision
    c Glm46VForConditionalGeneration AutoModelForImageTextToText
    p model
    i ?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size);?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~;model=b245
    c Glm46VModel AutoModel
    i visual:A(AutoModel,vision_config);language_model:A(AutoModel,text_config)
    = got_ocr2
    f . tie_word_embeddings=true
    f vision_config. global_attn_indexes=[2,5,8,11] hidden_size=768 image_size=1024 mlp_dim=3072 \
    num_attention_heads=12 num_channels=3 num_hidden_layers=12 output_channels=256 patch_size=16 qkv_bias=true \
    use_abs_pos=true use_rel_pos=true window_size=14
    y text_config. qwen2
    m text_config. vocab_size=151860 hidden_size=1024 intermediate_size=2816 num_hidden_layers=24 \
    num_attention_heads=16 num_key_value_heads=16 tie_word_embeddings=true max_window_layers=21 \
    layer_types=["full_attention","full_attention","full_attention","full_attention","full_attention",\
    "full_attention","full_attention","full_attention","full_attention","full_attention","full_attention",\
    "full_attention","full_attention","full_attention","full_attention","full_attention","full_attention",\
    "full_attention","full_attention","full_attention","full_attention","full_attention","full_attention",\
    "full_attention"]
    g vision_config.use_rel_pos
    c GotOcr2ForConditionalGeneration AutoModelForCausalLM AutoModelForImageTextToText
    p model
    r model>
    r lm_head>language_model.lm_head
    r model.language_model>language_model.model
    i model{vision_tower@vision_config=b267;multi_modal_projector=b268;language_model:A(AutoModel,text_config)};\
    ?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size);?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~
    c GotOcr2Model AutoModel
    r language_model>language_model.model
    i vision_tower@vision_config=b267;multi_modal_projector=b268;language_model:A(AutoModel,text_config)
    = gpt-sw3
    f . add_cross_attention=false n_embd=768 n_inner=null n_layer=12 n_positions=1024 tie_word_embeddings=true \
    vocab_size=50257
    k . hidden_size=n_embd max_position_embeddings=n_positions num_hidden_layers=n_layer
    c GPT2LMHeadModel AutoModelForCausalLM
    p transformer
    i transformer=b272;?!tie_word_embeddings lm_head:L(n_embd,vocab_size);?tie_word_embeddings lm_head:L(n_embd,\
    vocab_size)~
    c GPT2Model AutoModel
    i wte:E(vocab_size,n_embd)!;wpe:E(n_positions,n_embd);h*n_layer=b273;ln_f:N(n_embd,1)
    = gpt2
    f . add_cross_attention=false n_embd=768 n_inner=null n_layer=12 n_positions=1024 tie_word_embeddings=true \
    vocab_size=50257
    k . hidden_size=n_embd max_position_embeddings=n_positions num_hidden_layers=n_layer
    c GPT2LMHeadModel AutoModelForCausalLM
    p transformer
    i transformer=b272;?!tie_word_embeddings lm_head:L(n_embd,vocab_size);?tie_word_embeddings lm_head:L(n_embd,\
    vocab_size)~
    c GPT2Model AutoModel
    i wte:E(vocab_size,n_embd)!;wpe:E(n_positions,n_embd);h*n_layer=b273;ln_f:N(n_embd,1)
    = gpt_bigcode
    f . multi_query=true n_embd=768 n_head=12 n_inner=null n_layer=12 n_positions=1024 num_key_value_heads=null \
    tie_word_embeddings=true vocab_size=50257
    k . hidden_size=n_embd max_position_embeddings=n_positions num_attention_heads=n_head \
    num_hidden_layers=n_layer
    d num_key_value_heads null(num_key_value_heads)?(multi_query?1:n_head):num_key_value_heads
    g !add_cross_attention
    f . add_cross_attention=false
    c GPTBigCodeForCausalLM AutoModelForCausalLM
    p transformer
    i transformer{wte:E(vocab_size,n_embd)!;wpe:E(n_positions,n_embd);h*n_layer=b274;ln_f:N(n_embd,1)};\
    ?!tie_word_embeddings lm_head:L(n_embd,vocab_size);?tie_word_embeddings lm_head:L(n_embd,vocab_size)~
    c GPTBigCodeModel AutoModel
    i wte:E(vocab_size,n_embd)!;wpe:E(n_positions,n_embd);h*n_layer=b274;ln_f:N(n_embd,1)
    = gpt_neo
    f . hidden_size=2048 intermediate_size=null max_position_embeddings=2048 num_layers=24 tie_word_embeddings=true \
    vocab_size=50257
    k . num_hidden_layers=num_layers
    c GPTNeoForCausalLM AutoModelForCausalLM
    p transformer
    i transformer=b276;?!tie_word_embeddings lm_head:L(hidden_size,vocab_size);?tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)~
    c GPTNeoModel AutoModel
    i wte:E(vocab_size,hidden_size)!;wpe:E(max_position_embeddings,hidden_size);h*num_layers=b275;\
    ln_f:N(hidden_size,1)
    c GPTNeoForSequenceClassification
    p transformer
    i transformer=b276;score:L(hidden_size,num_labels)
    c GPTNeoForTokenClassification
    p transformer
    i transformer=b276;classifier:L(hidden_size,num_labels,1)
    c GPTNeoForQuestionAnswering
    p transformer
    i transformer=b276;qa_outputs:L(hidden_size,2,1)
    = gpt_neox
    f . attention_bias=true hidden_size=6144 intermediate_size=24576 num_attention_heads=64 \
    num_hidden_layers=44 tie_word_embeddings=false vocab_size=50432
    c GPTNeoXForCausalLM AutoModelForCausalLM
    p gpt_neox
    r lm_head>embed_out
    i gpt_neox{embed_in:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b278;final_layer_norm:N(hidden_size,\
    1)};?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c GPTNeoXModel AutoModel
    i embed_in:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b278;final_layer_norm:N(hidden_size,1)
    = gpt_neox_japanese
    f . hidden_size=2560 intermediate_multiple_size=4 num_attention_heads=32 num_hidden_layers=32 \
    tie_word_embeddings=true vocab_size=32000
    c GPTNeoXJapaneseForCausalLM AutoModelForCausalLM
    p gpt_neox_japanese
    i gpt_neox_japanese{embed_in:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b279;\
    final_layer_norm:N(hidden_size,1)};?!tie_word_embeddings embed_out:L(hidden_size,vocab_size);\
    ?tie_word_embeddings embed_out:L(hidden_size,vocab_size)~
    c GPTNeoXJapaneseModel AutoModel
    i embed_in:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b279;final_layer_norm:N(hidden_size,1)
    = gpt_oss
    f . attention_bias=true head_dim=64 hidden_size=2880 intermediate_size=2880 layer_types=null \
    num_attention_heads=64 num_hidden_layers=36 num_key_value_heads=8 num_local_experts=128 sliding_window=128 \
    tie_word_embeddings=false vocab_size=201088
    k . num_experts=num_local_experts
    d layer_types null(layer_types)?[num_hidden_layers|i%2==0?'sliding_attention':'full_attention']:layer_types
    g layer_types
    s layer_types full_attention sliding_attention
    c GptOssForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b280;mlp{\
    router:R(hidden_size,num_local_experts);experts{gate_up_proj:Q(num_local_experts,hidden_size,\
    intermediate_size*2);down_proj:Q(num_local_experts,intermediate_size,hidden_size);\
    gate_up_proj_bias:T(num_local_experts,intermediate_size*2);down_proj_bias:T(num_local_experts,hidden_size)};\
    router{bias:T(num_local_experts)}};input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)};\
    norm:N(hidden_size)};?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c GptOssModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b280;mlp{router:R(hidden_size,\
    num_local_experts);experts{gate_up_proj:Q(num_local_experts,hidden_size,intermediate_size*2);\
    down_proj:P(num_local_experts,intermediate_size,hidden_size);gate_up_proj_bias:T(num_local_experts,\
    intermediate_size*2);down_proj_bias:T(num_local_experts,hidden_size)};router{bias:T(num_local_experts)}};\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)
    = gptj
    f . n_embd=4096 n_inner=null n_layer=28 tie_word_embeddings=false vocab_size=50400
    k . hidden_size=n_embd num_hidden_layers=n_layer
    c GPTJForCausalLM AutoModelForCausalLM
    p transformer
    i transformer{wte:E(vocab_size,n_embd)!;h*n_layer=b281;ln_f:N(n_embd,1)};?tie_word_embeddings \
    lm_head:L(n_embd,vocab_size,1)~;?!tie_word_embeddings lm_head:L(n_embd,vocab_size,1)
    c GPTJModel AutoModel
    i wte:E(vocab_size,n_embd)!;h*n_layer=b281;ln_f:N(n_embd,1)
    = granite
    f . attention_bias=false hidden_size=4096 intermediate_size=11008 mlp_bias=false num_attention_heads=32 \
    num_hidden_layers=32 num_key_value_heads=null tie_word_embeddings=false vocab_size=32000
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c GraniteForCausalLM AutoModelForCausalLM
    p model
    i model=b283;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c GraniteModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b282;norm:N(hidden_size)
    = granite4_vision
    f . tie_word_embeddings=false
    f text_config. hidden_size=4096 intermediate_size=11008 num_attention_heads=32 num_hidden_layers=32 \
    num_key_value_heads=null vocab_size=32000
    y qformer_config. blip_2_qformer
    n qformer_config. encoder_hidden_size=768
    m qformer_config. num_hidden_layers=1 max_position_embeddings=2048 cross_attention_frequency=1
    y vision_config. clip_vision_model
    d text_config.num_key_value_heads \
    null(text_config.num_key_value_heads)?text_config.num_attention_heads:text_config.num_key_value_heads
    g !text_config.attention_bias
    g !text_config.mlp_bias
    g !text_config.tie_word_embeddings
    f text_config. tie_word_embeddings=false
    f text_config. attention_bias=false
    f text_config. mlp_bias=false
    c Granite4VisionForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{language_model@text_config{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b80;\
    norm:N(hidden_size)};layerwise_projectors{0=b284;1=b284;2=b284};spatial_projectors{0=b284;1=b284;2=b284;\
    3=b284};image_newline:T(text_config.hidden_size);vision_tower:A(AutoModel,vision_config)};\
    ?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~;?!tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)
    = granite_docling
    f . density_router_hidden_size=null tie_word_embeddings=true
    f text_config. attention_bias=false hidden_size=1024 intermediate_size=2048 mlp_bias=false \
    num_attention_heads=16 num_hidden_layers=28 num_key_value_heads=4 vocab_size=133800
    f vision_config. hidden_size=768 image_size=512 intermediate_size=3072 num_channels=3 num_hidden_layers=12 \
    out_hidden_size=1024 patch_size=16 scale_factor=4 use_fine_route=true
    d text_config.num_key_value_heads \
    null(text_config.num_key_value_heads)?text_config.num_attention_heads:text_config.num_key_value_heads
    c GraniteDoclingForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{vision_model@vision_config=b289;text_model@text_config=b283;?!null(density_router_hidden_size) \
    density_router=b290};?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size);\
    ?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~
    c GraniteDoclingModel AutoModel
    i vision_model@vision_config=b289;text_model@text_config=b283;?!null(density_router_hidden_size) \
    density_router=b290
    = granite_docling_text
    f . attention_bias=false hidden_size=1024 intermediate_size=2048 mlp_bias=false num_attention_heads=16 \
    num_hidden_layers=28 num_key_value_heads=4 tie_word_embeddings=true vocab_size=133800
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c GraniteDoclingTextModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b282;norm:N(hidden_size)
    = granite_docling_vision
    f . hidden_size=768 image_size=512 intermediate_size=3072 num_attention_heads=12 num_channels=3 \
    num_hidden_layers=12 out_hidden_size=1024 patch_size=16 scale_factor=4 use_fine_route=true
    c GraniteDoclingVisionModel AutoModel
    i embeddings=b285;encoder{layers*num_hidden_layers=b95};connector=b288;post_layernorm:N(hidden_size,1)
    = granite_speech
    f . downsample_rate=5 tie_word_embeddings=true window_size=15
    f encoder_config. conv_expansion_factor=2 conv_kernel_size=15 dim_head=null feedforward_mult=4 \
    hidden_dim=1024 input_dim=160 max_pos_emb=512 num_heads=8 num_layers=10 output_dim=42
    y projector_config. blip_2_qformer
    y text_config. granite
    k encoder_config. hidden_size=hidden_dim num_attention_heads=num_heads num_hidden_layers=num_layers \
    num_mel_bins=input_dim
    d encoder_config.dim_head \
    null(encoder_config.dim_head)?encoder_config.hidden_dim//encoder_config.num_heads:encoder_config.dim_head
    g !(encoder_config.context_size<=0)
    g has_lora_adapter
    g tie_word_embeddings
    f . has_lora_adapter=true
    f encoder_config. context_size=200
    c GraniteSpeechForConditionalGeneration AutoModelForSeq2SeqLM
    p model
    r model>
    r model.language_model>language_model.model
    i model=b292;lm_head:L(text_config.hidden_size,text_config.vocab_size)~
    = granite_speech_plus
    f . downsample_rate=5 tie_word_embeddings=true window_size=15
    f encoder_config. conv_expansion_factor=2 conv_kernel_size=15 dim_head=null feedforward_mult=4 \
    hidden_dim=1024 input_dim=160 max_pos_emb=512 num_heads=8 num_layers=10 output_dim=42
    y projector_config. blip_2_qformer
    y text_config. granite
    k encoder_config. hidden_size=hidden_dim num_attention_heads=num_heads num_hidden_layers=num_layers \
    num_mel_bins=input_dim
    d encoder_config.dim_head \
    null(encoder_config.dim_head)?encoder_config.hidden_dim//encoder_config.num_heads:encoder_config.dim_head
    g !(encoder_config.context_size<=0)
    f encoder_config. context_size=200
    c GraniteSpeechPlusForConditionalGeneration AutoModelForSeq2SeqLM
    p model
    r model>
    r lm_head>language_model.lm_head
    r model.language_model>language_model.model
    i model=b292;?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size);\
    ?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~
    = granite_swa
    f . attention_bias=false hidden_size=2560 intermediate_size=8192 layer_types=null mlp_bias=false \
    num_attention_heads=20 num_hidden_layers=24 num_key_value_heads=4 sliding_window=128 \
    tie_word_embeddings=true vocab_size=100352
    d layer_types null(layer_types)?[num_hidden_layers|i%4==0?'full_attention':'sliding_attention']:layer_types
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    s layer_types full_attention sliding_attention
    c GraniteSWAForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b294;norm:N(hidden_size)};\
    ?!tie_word_embeddings lm_head:L(hidden_size,vocab_size);?tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)~
    c GraniteSWAModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b294;norm:N(hidden_size)
    = granitemoe
    f . attention_bias=false hidden_size=4096 intermediate_size=11008 num_attention_heads=32 \
    num_hidden_layers=32 num_key_value_heads=null num_local_experts=8 tie_word_embeddings=false vocab_size=32000
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c GraniteMoeForCausalLM AutoModelForCausalLM
    p model
    r model.layers.*.block_sparse_moe.router>model.layers.*.block_sparse_moe.router.layer
    r model.layers.*.block_sparse_moe.experts.gate_up_proj>model.layers.*.block_sparse_moe.input_linear.weight
    r model.layers.*.block_sparse_moe.experts.down_proj>model.layers.*.block_sparse_moe.output_linear.weight
    i model=b298;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c GraniteMoeModel AutoModel
    r layers.*.block_sparse_moe.router>layers.*.block_sparse_moe.router.layer
    r layers.*.block_sparse_moe.experts.gate_up_proj>layers.*.block_sparse_moe.input_linear.weight
    r layers.*.block_sparse_moe.experts.down_proj>layers.*.block_sparse_moe.output_linear.weight
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b297;norm:N(hidden_size)
    = granitemoe_swa
    f . attention_bias=false hidden_size=4096 intermediate_size=11008 layer_types=null num_attention_heads=32 \
    num_hidden_layers=32 num_key_value_heads=null num_local_experts=8 sliding_window=128 \
    tie_word_embeddings=false vocab_size=32000
    d layer_types null(layer_types)?[num_hidden_layers|i%4==0?'full_attention':'sliding_attention']:layer_types
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g shared_intermediate_size==0
    f . shared_intermediate_size=0
    s layer_types full_attention sliding_attention
    c GraniteMoeSWAForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b299;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c GraniteMoeSWAModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b299;norm:N(hidden_size)
    = granitemoehybrid
    f . hidden_size=4096 intermediate_size=11008 layer_types=null mamba_conv_bias=true mamba_d_conv=4 \
    mamba_d_state=256 mamba_expand=2 mamba_n_groups=1 mamba_n_heads=128 mamba_proj_bias=false \
    num_attention_heads=32 num_hidden_layers=32 num_key_value_heads=null num_local_experts=8 \
    shared_intermediate_size=1024 tie_word_embeddings=false vocab_size=32000
    k . layers_block_type=layer_types
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    d layer_types null(layer_types)?[num_hidden_layers|'linear_attention']:layer_types
    g !(num_local_experts<=0)
    s layer_types linear_attention
    c GraniteMoeHybridForCausalLM AutoModelForCausalLM
    p model
    r model.layers.*.block_sparse_moe.router>model.layers.*.block_sparse_moe.router.layer
    r model.layers.*.block_sparse_moe.experts.gate_up_proj>model.layers.*.block_sparse_moe.input_linear.weight
    r model.layers.*.block_sparse_moe.experts.down_proj>model.layers.*.block_sparse_moe.output_linear.weight
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b300;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c GraniteMoeHybridModel AutoModel
    r layers.*.block_sparse_moe.router>layers.*.block_sparse_moe.router.layer
    r layers.*.block_sparse_moe.experts.gate_up_proj>layers.*.block_sparse_moe.input_linear.weight
    r layers.*.block_sparse_moe.experts.down_proj>layers.*.block_sparse_moe.output_linear.weight
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b300;norm:N(hidden_size)
    = granitemoeshared
    f . attention_bias=false hidden_size=4096 intermediate_size=11008 num_attention_heads=32 \
    num_hidden_layers=32 num_key_value_heads=null num_local_experts=8 tie_word_embeddings=false vocab_size=32000
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g shared_intermediate_size==0
    f . shared_intermediate_size=0
    c GraniteMoeSharedForCausalLM AutoModelForCausalLM
    p model
    r model.layers.*.block_sparse_moe.router>model.layers.*.block_sparse_moe.router.layer
    r model.layers.*.block_sparse_moe.experts.gate_up_proj>model.layers.*.block_sparse_moe.input_linear.weight
    r model.layers.*.block_sparse_moe.experts.down_proj>model.layers.*.block_sparse_moe.output_linear.weight
    i model=b298;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c GraniteMoeSharedModel AutoModel
    r layers.*.block_sparse_moe.router>layers.*.block_sparse_moe.router.layer
    r layers.*.block_sparse_moe.experts.gate_up_proj>layers.*.block_sparse_moe.input_linear.weight
    r layers.*.block_sparse_moe.experts.down_proj>layers.*.block_sparse_moe.output_linear.weight
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b297;norm:N(hidden_size)
    = gte
    f . hidden_size=768 intermediate_size=3072 num_attention_heads=12 num_hidden_layers=12 \
    tie_word_embeddings=true type_vocab_size=1 vocab_size=250048
    c GteForMaskedLM AutoModelForMaskedLM
    p gte
    r gte.layers.*.mlp.gate_proj>gte.encoder.layer.*.mlp.up_gate_proj
    r gte.layers.*.mlp.up_proj>gte.encoder.layer.*.mlp.up_gate_proj
    r gte.layers.*.mlp.down_proj>gte.encoder.layer.*.mlp.down_proj
    r gte.layers.*.self_attn.q_proj>gte.encoder.layer.*.attention.qkv_proj
    r gte.layers.*.self_attn.k_proj>gte.encoder.layer.*.attention.qkv_proj
    r gte.layers.*.self_attn.v_proj>gte.encoder.layer.*.attention.qkv_proj
    r gte.layers.*.self_attn.o_proj>gte.encoder.layer.*.attention.o_proj
    r gte.layers.*.post_attention_layernorm>gte.encoder.layer.*.attn_ln
    r gte.layers.*.post_mlp_layernorm>gte.encoder.layer.*.mlp_ln
    r lm_head.layer_norm>lm_head.norm
    i gte=b304;lm_head{dense:L(hidden_size,hidden_size,1);?!tie_word_embeddings decoder:L(hidden_size,\
    vocab_size,1);?tie_word_embeddings decoder:L(hidden_size,vocab_size,1)~;layer_norm:N(hidden_size,1)}
    c GteModel AutoModel
    r layers.*.mlp.gate_proj>encoder.layer.*.mlp.up_gate_proj
    r layers.*.mlp.up_proj>encoder.layer.*.mlp.up_gate_proj
    r layers.*.mlp.down_proj>encoder.layer.*.mlp.down_proj
    r layers.*.self_attn.q_proj>encoder.layer.*.attention.qkv_proj
    r layers.*.self_attn.k_proj>encoder.layer.*.attention.qkv_proj
    r layers.*.self_attn.v_proj>encoder.layer.*.attention.qkv_proj
    r layers.*.self_attn.o_proj>encoder.layer.*.attention.o_proj
    r layers.*.post_attention_layernorm>encoder.layer.*.attn_ln
    r layers.*.post_mlp_layernorm>encoder.layer.*.mlp_ln
    i embeddings=b301;layers*num_hidden_layers=b303
    c GteForSequenceClassification
    p gte
    r gte.layers.*.mlp.gate_proj>gte.encoder.layer.*.mlp.up_gate_proj
    r gte.layers.*.mlp.up_proj>gte.encoder.layer.*.mlp.up_gate_proj
    r gte.layers.*.mlp.down_proj>gte.encoder.layer.*.mlp.down_proj
    r gte.layers.*.self_attn.q_proj>gte.encoder.layer.*.attention.qkv_proj
    r gte.layers.*.self_attn.k_proj>gte.encoder.layer.*.attention.qkv_proj
    r gte.layers.*.self_attn.v_proj>gte.encoder.layer.*.attention.qkv_proj
    r gte.layers.*.self_attn.o_proj>gte.encoder.layer.*.attention.o_proj
    r gte.layers.*.post_attention_layernorm>gte.encoder.layer.*.attn_ln
    r gte.layers.*.post_mlp_layernorm>gte.encoder.layer.*.mlp_ln
    i gte{embeddings=b301;pooler{dense:L(hidden_size,hidden_size,1)};layers*num_hidden_layers=b303};\
    classifier:L(hidden_size,num_labels,1)
    c GteForTokenClassification
    p gte
    r gte.layers.*.mlp.gate_proj>gte.encoder.layer.*.mlp.up_gate_proj
    r gte.layers.*.mlp.up_proj>gte.encoder.layer.*.mlp.up_gate_proj
    r gte.layers.*.mlp.down_proj>gte.encoder.layer.*.mlp.down_proj
    r gte.layers.*.self_attn.q_proj>gte.encoder.layer.*.attention.qkv_proj
    r gte.layers.*.self_attn.k_proj>gte.encoder.layer.*.attention.qkv_proj
    r gte.layers.*.self_attn.v_proj>gte.encoder.layer.*.attention.qkv_proj
    r gte.layers.*.self_attn.o_proj>gte.encoder.layer.*.attention.o_proj
    r gte.layers.*.post_attention_layernorm>gte.encoder.layer.*.attn_ln
    r gte.layers.*.post_mlp_layernorm>gte.encoder.layer.*.mlp_ln
    i gte=b304;classifier:L(hidden_size,num_labels,1)
    = helium
    f . attention_bias=false head_dim=128 hidden_size=2560 intermediate_size=7040 mlp_bias=false \
    num_attention_heads=20 num_hidden_layers=24 num_key_value_heads=20 tie_word_embeddings=false vocab_size=48000
    g head_dim
    c HeliumForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b305;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c HeliumModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b305;norm:N(hidden_size)
    = hrm_text
    f . H_cycles=2 L_cycles=3 head_dim=128 hidden_size=1536 intermediate_size=4096 num_attention_heads=12 \
    num_hidden_layers=16 num_layers_per_stack=null tie_word_embeddings=false vocab_size=151808
    d num_hidden_layers null(num_layers_per_stack)?num_hidden_layers*H_cycles*(L_cycles+1):num_hidden_layers
    d num_layers_per_stack null(num_layers_per_stack)?num_hidden_layers:num_layers_per_stack
    g !attention_bias
    g head_dim
    g !mlp_bias
    g prefix_lm
    g !tie_word_embeddings
    f . attention_bias=false
    f . mlp_bias=false
    f . prefix_lm=true
    c HrmTextForCausalLM AutoModelForCausalLM
    p model
    r model.L_module.layers.*.self_attn.q_proj>model.L_module.layers.*.attn.gqkv_proj
    r model.L_module.layers.*.self_attn.k_proj>model.L_module.layers.*.attn.gqkv_proj
    r model.L_module.layers.*.self_attn.v_proj>model.L_module.layers.*.attn.gqkv_proj
    r model.L_module.layers.*.self_attn.o_proj>model.L_module.layers.*.attn.o_proj
    r model.L_module.layers.*.self_attn.gate_proj>model.L_module.layers.*.attn.gqkv_proj
    r model.L_module.layers.*.mlp.gate_proj>model.L_module.layers.*.mlp.gate_up_proj
    r model.L_module.layers.*.mlp.up_proj>model.L_module.layers.*.mlp.gate_up_proj
    r model.H_module.layers.*.self_attn.q_proj>model.H_module.layers.*.attn.gqkv_proj
    r model.H_module.layers.*.self_attn.k_proj>model.H_module.layers.*.attn.gqkv_proj
    r model.H_module.layers.*.self_attn.v_proj>model.H_module.layers.*.attn.gqkv_proj
    r model.H_module.layers.*.self_attn.o_proj>model.H_module.layers.*.attn.o_proj
    r model.H_module.layers.*.self_attn.gate_proj>model.H_module.layers.*.attn.gqkv_proj
    r model.H_module.layers.*.mlp.gate_proj>model.H_module.layers.*.mlp.gate_up_proj
    r model.H_module.layers.*.mlp.up_proj>model.H_module.layers.*.mlp.gate_up_proj
    i model{embed_tokens:E(vocab_size,hidden_size)!;L_module=b306;H_module=b306;z_L_init:T(hidden_size)};\
    lm_head:L(hidden_size,vocab_size)
    c HrmTextModel AutoModel
    r L_module.layers.*.self_attn.q_proj>L_module.layers.*.attn.gqkv_proj
    r L_module.layers.*.self_attn.k_proj>L_module.layers.*.attn.gqkv_proj
    r L_module.layers.*.self_attn.v_proj>L_module.layers.*.attn.gqkv_proj
    r L_module.layers.*.self_attn.o_proj>L_module.layers.*.attn.o_proj
    r L_module.layers.*.self_attn.gate_proj>L_module.layers.*.attn.gqkv_proj
    r L_module.layers.*.mlp.gate_proj>L_module.layers.*.mlp.gate_up_proj
    r L_module.layers.*.mlp.up_proj>L_module.layers.*.mlp.gate_up_proj
    r H_module.layers.*.self_attn.q_proj>H_module.layers.*.attn.gqkv_proj
    r H_module.layers.*.self_attn.k_proj>H_module.layers.*.attn.gqkv_proj
    r H_module.layers.*.self_attn.v_proj>H_module.layers.*.attn.gqkv_proj
    r H_module.layers.*.self_attn.o_proj>H_module.layers.*.attn.o_proj
    r H_module.layers.*.self_attn.gate_proj>H_module.layers.*.attn.gqkv_proj
    r H_module.layers.*.mlp.gate_proj>H_module.layers.*.mlp.gate_up_proj
    r H_module.layers.*.mlp.up_proj>H_module.layers.*.mlp.gate_up_proj
    i embed_tokens:E(vocab_size,hidden_size)!;L_module=b306;H_module=b306;z_L_init:T(hidden_size)
    = hunyuan_v1_dense
    f . attention_bias=false head_dim=null hidden_size=4096 intermediate_size=11008 num_attention_heads=32 \
    num_hidden_layers=32 num_key_value_heads=null tie_word_embeddings=false vocab_size=290943
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g head_dim
    c HunYuanDenseV1ForCausalLM AutoModelForCausalLM
    p model
    i model=b309;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c HunYuanDenseV1Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b308;norm:N(hidden_size)
    = hunyuan_v1_moe
    f . attention_bias=false head_dim=null hidden_size=4096 intermediate_size=11008 num_attention_heads=32 \
    num_experts=1 num_hidden_layers=32 num_key_value_heads=null tie_word_embeddings=false vocab_size=290943
    k . num_local_experts=num_experts
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g head_dim
    c HunYuanMoEV1ForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b310;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c HunYuanMoEV1Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b310;norm:N(hidden_size)
    = hunyuan_vl
    f . tie_word_embeddings=true
    f text_config. attention_bias=false head_dim=null hidden_size=4096 intermediate_size=11008 \
    num_attention_heads=32 num_hidden_layers=32 num_key_value_heads=null vocab_size=290943
    f vision_config. hidden_size=1152 intermediate_size=4304 max_image_size=2048 num_attention_heads=16 \
    num_channels=3 num_hidden_layers=27 patch_size=16 spatial_merge_size=2 text_hidden_size=3072
    k text_config. attention_head_dim=head_dim org_vocab_size=vocab_size
    k vision_config. attention_heads=num_attention_heads
    d text_config.num_key_value_heads \
    null(text_config.num_key_value_heads)?text_config.num_attention_heads:text_config.num_key_value_heads
    d tie_word_embeddings tie_word_embeddings?tie_word_embeddings:true
    d vision_config.text_hidden_size text_config.hidden_size
    g text_config.head_dim
    g tie_word_embeddings
    c HunYuanVLForConditionalGeneration AutoModelForImageTextToText
    p model
    r model.language_model>model
    r model.vision_tower.embeddings>vit.embeddings
    r model.vision_tower.layers.*.self_attn>vit.layers.*.self_attn
    r model.vision_tower.layers.*.mlp.fc1>vit.layers.*.mlp.dense_h_to_4h
    r model.vision_tower.layers.*.mlp.fc2>vit.layers.*.mlp.dense_4h_to_h
    r model.vision_tower.layers.*.layer_norm1>vit.layers.*.input_layernorm
    r model.vision_tower.layers.*.layer_norm2>vit.layers.*.post_attention_layernorm
    r model.vision_tower.patch_merger.proj_conv>vit.perceive.proj.0
    r model.vision_tower.patch_merger.proj_out>vit.perceive.proj.2
    r model.vision_tower.patch_merger.mlp>vit.perceive.mlp
    r model.vision_tower.patch_merger.image_newline>vit.perceive.image_newline
    r model.vision_tower.patch_merger.image_begin>vit.perceive.image_begin
    r model.vision_tower.patch_merger.image_end>vit.perceive.image_end
    r model.vision_tower.patch_merger.image_sep>vit.perceive.image_sep
    r model.vision_tower.patch_merger.before_rms>vit.perceive.before_rms
    r model.vision_tower.patch_merger.after_rms>vit.perceive.after_rms
    i model{language_model@text_config=b309;vision_tower@vision_config=b315};lm_head:L(text_config.hidden_size,\
    text_config.vocab_size)~
    c HunYuanVLModel AutoModel
    r vision_tower.layers.*.mlp.fc1>vision_tower.layers.*.mlp.dense_h_to_4h
    r vision_tower.layers.*.mlp.fc2>vision_tower.layers.*.mlp.dense_4h_to_h
    r vision_tower.patch_merger.proj_conv>vision_tower.perceive.proj.0
    r vision_tower.patch_merger.proj_out>vision_tower.perceive.proj.2
    r vision_tower.patch_merger.mlp>vision_tower.perceive.mlp
    r vision_tower.patch_merger.image_newline>vision_tower.perceive.image_newline
    r vision_tower.patch_merger.image_begin>vision_tower.perceive.image_begin
    r vision_tower.patch_merger.image_end>vision_tower.perceive.image_end
    r vision_tower.patch_merger.image_sep>vision_tower.perceive.image_sep
    r vision_tower.patch_merger.before_rms>vision_tower.perceive.before_rms
    r vision_tower.patch_merger.after_rms>vision_tower.perceive.after_rms
    i language_model@text_config=b309;vision_tower@vision_config=b315
    = hunyuan_vl_vision
    f . hidden_size=1152 intermediate_size=4304 max_image_size=2048 num_attention_heads=16 num_channels=3 \
    num_hidden_layers=27 num_key_value_heads=null patch_size=16 spatial_merge_size=2 text_hidden_size=3072
    k . attention_heads=num_attention_heads
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c HunYuanVLVisionTransformer AutoModel
    i embeddings=b311;layers*num_hidden_layers=b313;patch_merger=b314
    = hy_v3
    f . attention_bias=false head_dim=128 hidden_size=4096 intermediate_size=13312 mlp_bias=false \
    mlp_layer_types=null moe_intermediate_size=1536 num_attention_heads=64 num_experts=192 num_hidden_layers=80 \
    num_key_value_heads=8 num_shared_experts=1 tie_word_embeddings=false vocab_size=120832
    k . num_local_experts=num_experts
    d mlp_layer_types null(mlp_layer_types)?[num_hidden_layers|i==0?'dense':'sparse']:mlp_layer_types
    g head_dim
    s mlp_layer_types dense sparse
    c HYV3ForCausalLM AutoModelForCausalLM
    p model
    r model.layers.*.mlp.gate>model.layers.*.mlp.router.gate
    r model.layers.*.mlp.shared_experts>model.layers.*.mlp.shared_mlp
    r model.layers.*.mlp.e_score_correction_bias>model.layers.*.mlp.expert_bias
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b316;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c HYV3Model AutoModel
    r layers.*.mlp.gate>layers.*.mlp.router.gate
    r layers.*.mlp.shared_experts>layers.*.mlp.shared_mlp
    r layers.*.mlp.e_score_correction_bias>layers.*.mlp.expert_bias
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b316;norm:N(hidden_size)
    = hy_v4
    f . attention_bias=false hc_mult=4 head_dim=256 hidden_size=2816 index_head_dim=128 index_n_heads=16 \
    indexer_types=null intermediate_size=6912 kv_lora_rank=512 layer_types=null mlp_layer_types=null \
    moe_intermediate_size=768 n_routed_experts=256 n_shared_experts=1 num_attention_heads=32 \
    num_hidden_layers=34 num_key_value_heads=32 q_lora_rank=1536 qk_nope_head_dim=192 qk_rope_head_dim=64 \
    tie_word_embeddings=false v_head_dim=256 vocab_size=120832
    k . num_local_experts=n_routed_experts
    d head_dim qk_rope_head_dim
    d indexer_types null(indexer_types)?[num_hidden_layers|i%4==1?'full':i==0?'full':'shared']:indexer_types
    d layer_types null(layer_types)?[num_hidden_layers|'indexed_attention']:layer_types
    d mlp_layer_types null(mlp_layer_types)?[num_hidden_layers|i==0?'dense':'sparse']:mlp_layer_types
    g head_dim
    s indexer_types full shared
    s mlp_layer_types dense sparse
    c HYV4ForCausalLM AutoModelForCausalLM
    p model
    r model.layers.*.self_attn.gate_proj>model.layers.*.self_attn.linear_gate
    r model.layers.*.self_attn.sinks>model.layers.*.self_attn.learnable_sink_param
    r model.layers.*.mlp.shared_experts.gate_proj>model.layers.*.mlp.shared_experts.linear_gate
    r model.layers.*.mlp.gate_proj>model.layers.*.mlp.linear_gate
    r model.layers.*.attn_hc.fn>model.layers.*.hc_pre.hc_attn_layer.hc_fn
    r model.layers.*.attn_hc.base>model.layers.*.hc_pre.hc_attn_layer.hc_base
    r model.layers.*.attn_hc.scale>model.layers.*.hc_pre.hc_attn_layer.hc_scale
    r model.layers.*.ffn_hc.fn>model.layers.*.hc_pre.hc_mlp_layer.hc_fn
    r model.layers.*.ffn_hc.base>model.layers.*.hc_pre.hc_mlp_layer.hc_base
    r model.layers.*.ffn_hc.scale>model.layers.*.hc_pre.hc_mlp_layer.hc_scale
    r model.hc_head.hc_fn>model.hc_pre.hc_head.hc_head_fn
    r model.hc_head.hc_base>model.hc_pre.hc_head.hc_head_base
    r model.hc_head.hc_scale>model.hc_pre.hc_head.hc_head_scale
    i model=b319;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c HYV4Model AutoModel
    r layers.*.self_attn.gate_proj>layers.*.self_attn.linear_gate
    r layers.*.self_attn.sinks>layers.*.self_attn.learnable_sink_param
    r layers.*.mlp.shared_experts.gate_proj>layers.*.mlp.shared_experts.linear_gate
    r layers.*.mlp.gate_proj>layers.*.mlp.linear_gate
    r layers.*.attn_hc.fn>layers.*.hc_pre.hc_attn_layer.hc_fn
    r layers.*.attn_hc.base>layers.*.hc_pre.hc_attn_layer.hc_base
    r layers.*.attn_hc.scale>layers.*.hc_pre.hc_attn_layer.hc_scale
    r layers.*.ffn_hc.fn>layers.*.hc_pre.hc_mlp_layer.hc_fn
    r layers.*.ffn_hc.base>layers.*.hc_pre.hc_mlp_layer.hc_base
    r layers.*.ffn_hc.scale>layers.*.hc_pre.hc_mlp_layer.hc_scale
    r hc_head.hc_fn>hc_head.hc_pre.hc_head_fn
    r hc_head.hc_base>hc_head.hc_pre.hc_head_base
    r hc_head.hc_scale>hc_head.hc_pre.hc_head_scale
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b318;norm:N(hidden_size);hc_head=b145
    = hy_v4_vl
    f . tie_word_embeddings=false
    f text_config. attention_bias=false hc_mult=4 hidden_size=6144 index_head_dim=128 index_n_heads=32 \
    indexer_types=null intermediate_size=18432 kv_lora_rank=512 mlp_layer_types=null moe_intermediate_size=2048 \
    n_routed_experts=256 n_shared_experts=1 num_attention_heads=64 num_hidden_layers=78 q_lora_rank=2048 \
    qk_nope_head_dim=192 qk_rope_head_dim=64 v_head_dim=256 vocab_size=120832
    f vision_config. hidden_size=1536 intermediate_size=6144 max_image_size=2048 num_attention_heads=16 \
    num_channels=3 num_hidden_layers=40 out_hidden_size=6144 patch_size=16 spatial_merge_size=2
    k text_config. num_local_experts=n_routed_experts
    k vision_config. attention_heads=num_attention_heads
    d text_config.indexer_types null(text_config.indexer_types)?[text_config.num_hidden_layers|\
    i%4==1?'full':i==0?'full':'shared']:text_config.indexer_types
    d text_config.mlp_layer_types null(text_config.mlp_layer_types)?[text_config.num_hidden_layers|\
    i==0?'dense':'sparse']:text_config.mlp_layer_types
    s text_config.indexer_types full shared
    s text_config.mlp_layer_types dense sparse
    c HYV4VLForConditionalGeneration AutoModelForImageTextToText
    p model
    r model.language_model.embed_tokens>model.embed_tokens
    r model.language_model.layers.*.self_attn.q_a_proj>model.layers.*.self_attn.q_a_proj
    r model.language_model.layers.*.self_attn.q_b_proj>model.layers.*.self_attn.q_b_proj
    r model.language_model.layers.*.self_attn.kv_a_proj_with_mqa>model.layers.*.self_attn.kv_a_proj_with_mqa
    r model.language_model.layers.*.self_attn.kv_b_proj>model.layers.*.self_attn.kv_b_proj
    r model.language_model.layers.*.self_attn.o_proj>model.layers.*.self_attn.o_proj
    r model.language_model.layers.*.self_attn.indexer>model.layers.*.self_attn.indexer
    r model.language_model.layers.*.self_attn.gate_proj>model.layers.*.self_attn.linear_gate
    r model.language_model.layers.*.self_attn.sinks>model.layers.*.self_attn.learnable_sink_param
    r model.language_model.layers.*.self_attn.q_a_layernorm>model.layers.*.self_attn.q_a_layernorm
    r model.language_model.layers.*.self_attn.kv_a_layernorm>model.layers.*.self_attn.kv_a_layernorm
    r model.language_model.layers.*.mlp.experts>model.layers.*.mlp.experts
    r model.language_model.layers.*.mlp.gate>model.layers.*.mlp.gate
    r model.language_model.layers.*.mlp.shared_experts.gate_proj>model.layers.*.mlp.shared_experts.linear_gate
    r model.language_model.layers.*.mlp.shared_experts.up_proj>model.layers.*.mlp.shared_experts.up_proj
    r model.language_model.layers.*.mlp.shared_experts.down_proj>model.layers.*.mlp.shared_experts.down_proj
    r model.language_model.layers.*.mlp.gate_proj>model.layers.*.mlp.linear_gate
    r model.language_model.layers.*.mlp.up_proj>model.layers.*.mlp.up_proj
    r model.language_model.layers.*.mlp.down_proj>model.layers.*.mlp.down_proj
    r model.language_model.layers.*.input_layernorm>model.layers.*.input_layernorm
    r model.language_model.layers.*.post_attention_layernorm>model.layers.*.post_attention_layernorm
    r model.language_model.layers.*.attn_hc.fn>model.layers.*.hc_pre.hc_attn_layer.hc_fn
    r model.language_model.layers.*.attn_hc.base>model.layers.*.hc_pre.hc_attn_layer.hc_base
    r model.language_model.layers.*.attn_hc.scale>model.layers.*.hc_pre.hc_attn_layer.hc_scale
    r model.language_model.layers.*.ffn_hc.fn>model.layers.*.hc_pre.hc_mlp_layer.hc_fn
    r model.language_model.layers.*.ffn_hc.base>model.layers.*.hc_pre.hc_mlp_layer.hc_base
    r model.language_model.layers.*.ffn_hc.scale>model.layers.*.hc_pre.hc_mlp_layer.hc_scale
    r model.language_model.norm>model.norm
    r model.language_model.hc_head.hc_fn>model.hc_head.hc_pre.hc_head_fn
    r model.language_model.hc_head.hc_base>model.hc_head.hc_pre.hc_head_base
    r model.language_model.hc_head.hc_scale>model.hc_head.hc_pre.hc_head_scale
    r model.vision_tower.embeddings>vit.embeddings
    r model.vision_tower.layers.*.self_attn>vit.layers.*.self_attn
    r model.vision_tower.layers.*.mlp.fc1>vit.layers.*.mlp.dense_h_to_4h
    r model.vision_tower.layers.*.mlp.fc2>vit.layers.*.mlp.dense_4h_to_h
    r model.vision_tower.layers.*.layer_norm1>vit.layers.*.input_layernorm
    r model.vision_tower.layers.*.layer_norm2>vit.layers.*.post_attention_layernorm
    r model.vision_tower.patch_merger.proj_conv>vit.perceive.proj.0
    r model.vision_tower.patch_merger.proj_out>vit.perceive.proj.2
    r model.vision_tower.patch_merger.image_newline>vit.perceive.image_newline
    r model.vision_tower.patch_merger.before_rms>vit.perceive.norm
    i model{language_model@text_config=b319;vision_tower@vision_config=b321};?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~;?!tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c HYV4VLModel AutoModel
    r language_model.layers.*.self_attn.gate_proj>language_model.layers.*.self_attn.linear_gate
    r language_model.layers.*.self_attn.sinks>language_model.layers.*.self_attn.learnable_sink_param
    r language_model.layers.*.mlp.shared_experts.gate_proj>language_model.layers.*.mlp.shared_experts.linear_gate
    r language_model.layers.*.mlp.gate_proj>language_model.layers.*.mlp.linear_gate
    r language_model.layers.*.attn_hc.fn>language_model.layers.*.hc_pre.hc_attn_layer.hc_fn
    r language_model.layers.*.attn_hc.base>language_model.layers.*.hc_pre.hc_attn_layer.hc_base
    r language_model.layers.*.attn_hc.scale>language_model.layers.*.hc_pre.hc_attn_layer.hc_scale
    r language_model.layers.*.ffn_hc.fn>language_model.layers.*.hc_pre.hc_mlp_layer.hc_fn
    r language_model.layers.*.ffn_hc.base>language_model.layers.*.hc_pre.hc_mlp_layer.hc_base
    r language_model.layers.*.ffn_hc.scale>language_model.layers.*.hc_pre.hc_mlp_layer.hc_scale
    r language_model.hc_head.hc_fn>language_model.hc_head.hc_pre.hc_head_fn
    r language_model.hc_head.hc_base>language_model.hc_head.hc_pre.hc_head_base
    r language_model.hc_head.hc_scale>language_model.hc_head.hc_pre.hc_head_scale
    r vision_tower.layers.*.mlp.fc1>vision_tower.layers.*.mlp.dense_h_to_4h
    r vision_tower.layers.*.mlp.fc2>vision_tower.layers.*.mlp.dense_4h_to_h
    r vision_tower.patch_merger.proj_conv>vision_tower.perceive.proj.0
    r vision_tower.patch_merger.proj_out>vision_tower.perceive.proj.2
    r vision_tower.patch_merger.image_newline>vision_tower.perceive.image_newline
    r vision_tower.patch_merger.before_rms>vision_tower.perceive.norm
    i language_model@text_config=b319;vision_tower@vision_config=b321
    = hy_v4_vl_text
    f . attention_bias=false hc_mult=4 head_dim=256 hidden_size=6144 index_head_dim=128 index_n_heads=32 \
    indexer_types=null intermediate_size=18432 kv_lora_rank=512 layer_types=null mlp_layer_types=null \
    moe_intermediate_size=2048 n_routed_experts=256 n_shared_experts=1 num_attention_heads=64 \
    num_hidden_layers=78 num_key_value_heads=32 q_lora_rank=2048 qk_nope_head_dim=192 qk_rope_head_dim=64 \
    tie_word_embeddings=false v_head_dim=256 vocab_size=120832
    k . num_local_experts=n_routed_experts
    d head_dim qk_rope_head_dim
    d indexer_types null(indexer_types)?[num_hidden_layers|i%4==1?'full':i==0?'full':'shared']:indexer_types
    d layer_types null(layer_types)?[num_hidden_layers|'indexed_attention']:layer_types
    d mlp_layer_types null(mlp_layer_types)?[num_hidden_layers|i==0?'dense':'sparse']:mlp_layer_types
    d num_key_value_heads num_attention_heads
    g head_dim
    s indexer_types full shared
    s mlp_layer_types dense sparse
    c HYV4VLTextModel AutoModel
    r layers.*.self_attn.gate_proj>layers.*.self_attn.linear_gate
    r layers.*.self_attn.sinks>layers.*.self_attn.learnable_sink_param
    r layers.*.mlp.shared_experts.gate_proj>layers.*.mlp.shared_experts.linear_gate
    r layers.*.mlp.gate_proj>layers.*.mlp.linear_gate
    r layers.*.attn_hc.fn>layers.*.hc_pre.hc_attn_layer.hc_fn
    r layers.*.attn_hc.base>layers.*.hc_pre.hc_attn_layer.hc_base
    r layers.*.attn_hc.scale>layers.*.hc_pre.hc_attn_layer.hc_scale
    r layers.*.ffn_hc.fn>layers.*.hc_pre.hc_mlp_layer.hc_fn
    r layers.*.ffn_hc.base>layers.*.hc_pre.hc_mlp_layer.hc_base
    r layers.*.ffn_hc.scale>layers.*.hc_pre.hc_mlp_layer.hc_scale
    r hc_head.hc_fn>hc_head.hc_pre.hc_head_fn
    r hc_head.hc_base>hc_head.hc_pre.hc_head_base
    r hc_head.hc_scale>hc_head.hc_pre.hc_head_scale
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b318;norm:N(hidden_size);hc_head=b145
    = hy_v4_vl_vision
    f . hidden_size=1536 intermediate_size=6144 max_image_size=2048 num_attention_heads=16 num_channels=3 \
    num_hidden_layers=40 num_key_value_heads=null out_hidden_size=6144 patch_size=16 spatial_merge_size=2
    k . attention_heads=num_attention_heads
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c HYV4VLVisionModel AutoModel
    i embeddings=b311;layers*num_hidden_layers=b313;patch_merger=b320
    = hyperclovax
    f . attention_bias=false head_dim=null hidden_size=4096 intermediate_size=11008 mlp_bias=false \
    num_attention_heads=32 num_hidden_layers=32 num_key_value_heads=null tie_word_embeddings=false \
    use_post_norm=true vocab_size=32000
    d head_dim null(head_dim)?hidden_size//num_attention_heads:head_dim
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g head_dim
    c HyperCLOVAXForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b322;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c HyperCLOVAXModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b322;norm:N(hidden_size)
    = hyperclovax_vision_v2
    f . tie_word_embeddings=true
    y text_config. hyperclovax
    y vision_config. qwen2_5_vl_vision
    c HyperCLOVAXVisionV2ForConditionalGeneration AutoModelForImageTextToText
    p model
    r model.projector>model.vision_projector
    r lm_head>model.language_model.lm_head
    i model{projector:L(vision_config.out_hidden_size,text_config.hidden_size,1);vision_model:A(AutoModel,\
    vision_config);language_model:A(AutoModel,text_config)};?!tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size);?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~
    c HyperCLOVAXVisionV2Model AutoModel
    i projector:L(vision_config.out_hidden_size,text_config.hidden_size,1);vision_model:A(AutoModel,\
    vision_config);language_model:A(AutoModel,text_config)
    = idefics
    f . alpha_type="float" cross_layer_interval=1 hidden_size=4096 intermediate_size=11008 \
    num_attention_heads=32 num_hidden_layers=32 qk_layer_norms=false tie_word_embeddings=false vocab_size=32000
    f vision_config. embed_dim=768 image_size=224 intermediate_size=5120 num_channels=3 patch_size=14
    k vision_config. hidden_size=embed_dim
    g !freeze_text_module_exceptions
    g freeze_vision_layers
    g !freeze_vision_module_exceptions
    g !use_resampler
    f . freeze_text_module_exceptions=[]
    f . freeze_vision_layers=true
    f . freeze_vision_module_exceptions=[]
    f . use_resampler=false
    s alpha_type float vector
    c IdeficsForVisionText2Text AutoModelForImageTextToText
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;vision_model=b324;\
    layers*num_hidden_layers//cross_layer_interval=b326;\
    gated_cross_attn_layers*num_hidden_layers//cross_layer_interval=b327;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c IdeficsModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;vision_model=b324;\
    layers*num_hidden_layers//cross_layer_interval=b326;\
    gated_cross_attn_layers*num_hidden_layers//cross_layer_interval=b327;norm:N(hidden_size)
    = idefics2
    f . tie_word_embeddings=false
    f perceiver_config. hidden_size=4096 num_key_value_heads=4 resampler_depth=3 resampler_head_dim=96 \
    resampler_n_heads=16 resampler_n_latents=64
    f vision_config. hidden_size=768 image_size=224 intermediate_size=3072 num_channels=3 num_hidden_layers=12 \
    patch_size=32
    y text_config. mistral
    n text_config. intermediate_size=14336
    m text_config. max_position_embeddings=32768 rms_norm_eps=1e-05
    d perceiver_config.hidden_size text_config.hidden_size
    c Idefics2ForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{vision_model@vision_config=b328;connector=b329;text_model:A(AutoModel,text_config)};\
    ?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~;?!tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c Idefics2Model AutoModel
    i vision_model@vision_config=b328;connector=b329;text_model:A(AutoModel,text_config)
    = idefics3
    f . scale_factor=2 tie_word_embeddings=false
    f vision_config. hidden_size=1152 image_size=224 intermediate_size=3072 num_channels=3 num_hidden_layers=12 \
    patch_size=32
    y text_config. llama
    m text_config. rms_norm_eps=1e-05
    c Idefics3ForConditionalGeneration AutoModelForImageTextToText
    p model
    i model=b331;?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~;\
    ?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c Idefics3Model AutoModel
    i vision_model@vision_config=b328;connector=b330;text_model:A(AutoModel,text_config)
    = idefics3_vision
    f . hidden_size=1152 image_size=224 intermediate_size=3072 num_attention_heads=16 num_channels=3 \
    num_hidden_layers=12 patch_size=32
    c Idefics3VisionTransformer AutoModel
    i embeddings=b285;encoder{layers*num_hidden_layers=b95};post_layernorm:N(hidden_size,1)
    = inkling2_vision
    f . hidden_size=1024 intermediate_size=null mlp_ratio=4.0 num_attention_heads=16 num_channels=3 \
    num_hidden_layers=23 patch_size=20 posemb_grid_size=32 projection_hidden_dim=4096 projector_bias=false \
    spatial_merge_size=2 text_hidden_size=4608
    k . adapter_merge_size=spatial_merge_size native_patch_size=patch_size
    d intermediate_size null(intermediate_size)?int(hidden_size*mlp_ratio):intermediate_size
    c Inkling2VisionModel AutoModel
    i embeddings{patch_embedding:L(num_channels*patch_size**2,hidden_size);\
    position_embedding:E(posemb_grid_size**2,hidden_size);class_embedding:T(hidden_size);\
    cls_position_embedding:T(hidden_size)};layers*num_hidden_layers{self_attn=b64;mlp=b72;\
    lambda_1:T(hidden_size);lambda_2:T(hidden_size);layernorm_before:N(hidden_size,1);\
    layernorm_after:N(hidden_size,1)};merger{linear_1:L(spatial_merge_size**2*hidden_size,projection_hidden_dim,\
    projector_bias);linear_2:L(projection_hidden_dim,text_hidden_size,projector_bias)};\
    pre_layernorm:N(hidden_size,1)
    = inkling_text
    f . conv_kernel_size=4 d_rel=16 dense_intermediate_size=null dense_mlp_idx=0 head_dim=128 hidden_size=6144 \
    intermediate_size=24576 layer_types=null mlp_layer_types=null moe_intermediate_size=3072 \
    n_routed_experts=256 n_shared_experts=2 num_attention_heads=64 num_hidden_layers=66 num_key_value_heads=8 \
    rel_extent=1024 sliding_window_size=512 swa_head_dim=128 swa_num_attention_heads=64 \
    swa_num_key_value_heads=16 vocab_size=201024
    k . num_local_experts=n_routed_experts sconv_kernel_size=conv_kernel_size sliding_window=sliding_window_size
    d intermediate_size null(dense_intermediate_size)?intermediate_size:dense_intermediate_size
    d mlp_layer_types null(mlp_layer_types)?[num_hidden_layers|i<dense_mlp_idx?'dense':'sparse']:mlp_layer_types
    d moe_intermediate_size null(dense_intermediate_size)?moe_intermediate_size:intermediate_size
    d layer_types null(layer_types)?[num_hidden_layers|i%6==5?'hybrid':'hybrid_sliding']:layer_types
    s layer_types hybrid hybrid_sliding
    s mlp_layer_types dense sparse
    c InklingForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b333;mlp{\
    ?!(mlp_layer_types[i]=='sparse') gate_proj:L(hidden_size,intermediate_size);\
    ?!(mlp_layer_types[i]=='sparse') up_proj:L(hidden_size,intermediate_size);?!(mlp_layer_types[i]=='sparse') \
    down_proj:L(intermediate_size,hidden_size);?mlp_layer_types[i]=='sparse' gate:R(hidden_size,\
    n_routed_experts+n_shared_experts);?mlp_layer_types[i]=='sparse' experts=b256;?mlp_layer_types[i]=='sparse' \
    shared_experts=b334;?!(mlp_layer_types[i]=='sparse') global_scale:T(1);?mlp_layer_types[i]=='sparse' \
    gate=b335};attn_sconv=b336;mlp_sconv=b336;input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)};embed_tokens{embed_norm:N(hidden_size)};norm:N(hidden_size)};\
    lm_head:L(hidden_size,vocab_size)
    c InklingTextModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b333;mlp{\
    ?mlp_layer_types[i]=='sparse' gate:R(hidden_size,n_routed_experts+n_shared_experts);\
    ?mlp_layer_types[i]=='sparse' experts=b256;?mlp_layer_types[i]=='sparse' shared_experts=b334;\
    ?mlp_layer_types[i]=='sparse' gate=b335;?!(mlp_layer_types[i]=='sparse') gate_proj:L(hidden_size,\
    intermediate_size);?!(mlp_layer_types[i]=='sparse') up_proj:L(hidden_size,intermediate_size);\
    ?!(mlp_layer_types[i]=='sparse') down_proj:L(intermediate_size,hidden_size);\
    ?!(mlp_layer_types[i]=='sparse') global_scale:T(1)};attn_sconv=b336;mlp_sconv=b336;\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)};embed_tokens{\
    embed_norm:N(hidden_size)};norm:N(hidden_size)
    = instructblip
    f . num_query_tokens=32
    f qformer_config. cross_attention_frequency=2 encoder_hidden_size=1408 hidden_size=768 \
    intermediate_size=3072 max_position_embeddings=512 num_attention_heads=12 num_hidden_layers=12 \
    vocab_size=30522
    f vision_config. hidden_size=1408 image_size=224 intermediate_size=6144 num_hidden_layers=39 patch_size=14 \
    qkv_bias=true
    y text_config. opt
    d qformer_config.encoder_hidden_size vision_config.hidden_size
    c InstructBlipForConditionalGeneration AutoModelForImageTextToText
    i vision_model@vision_config=b73;qformer@qformer_config=b337;\
    language_projection:L(qformer_config.hidden_size,text_config.hidden_size,1);query_tokens:T(1,\
    num_query_tokens,qformer_config.hidden_size);language_model:A(AutoModelForCausalLM,text_config)
    c InstructBlipModel AutoModel
    i vision_model@vision_config=b73;qformer@qformer_config=b337;\
    language_projection:L(qformer_config.hidden_size,text_config.hidden_size,1);query_tokens:T(1,\
    num_query_tokens,qformer_config.hidden_size);language_model:A(AutoModel,text_config)
    = instructblipvideo
    f . num_query_tokens=32
    f qformer_config. cross_attention_frequency=2 encoder_hidden_size=1408 hidden_size=768 \
    intermediate_size=3072 max_position_embeddings=512 num_attention_heads=12 num_hidden_layers=12 \
    vocab_size=30522
    f vision_config. hidden_size=1408 image_size=224 intermediate_size=6144 num_hidden_layers=39 patch_size=14 \
    qkv_bias=true
    y text_config. opt
    c InstructBlipVideoForConditionalGeneration AutoModelForImageTextToText
    i vision_model@vision_config=b73;qformer@qformer_config=b337;\
    language_projection:L(qformer_config.hidden_size,text_config.hidden_size,1);query_tokens:T(1,\
    num_query_tokens,qformer_config.hidden_size);language_model:A(AutoModelForCausalLM,text_config)
    c InstructBlipVideoModel AutoModel
    i vision_model@vision_config=b73;qformer@qformer_config=b337;\
    language_projection:L(qformer_config.hidden_size,text_config.hidden_size,1);query_tokens:T(1,\
    num_query_tokens,qformer_config.hidden_size);language_model:A(AutoModel,text_config)
    = internlm3
    f . head_dim=128 hidden_size=4096 intermediate_size=10240 num_attention_heads=32 num_hidden_layers=48 \
    num_key_value_heads=2 tie_word_embeddings=false vocab_size=128512
    d head_dim null(head_dim)?hidden_size//num_attention_heads:head_dim
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g !attention_bias
    g head_dim
    g !mlp_bias
    f . attention_bias=false
    f . mlp_bias=false
    c LlamaForCausalLM AutoModelForCausalLM
    p model
    i model=b339;?tie_word_embeddings&!(hidden_size//num_attention_heads<=4) lm_head:L(hidden_size,vocab_size)~;\
    ?!tie_word_embeddings|hidden_size//num_attention_heads<=4 lm_head:L(hidden_size,vocab_size)
    c LlamaModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b338;norm:N(hidden_size)
    = internvl
    f . downsample_ratio=0.5 tie_word_embeddings=true
    f vision_config. attention_bias=false hidden_size=1024 image_size=[448,448] intermediate_size=4096 \
    num_attention_heads=16 num_channels=3 num_hidden_layers=24 patch_size=[14,14] \
    use_absolute_position_embeddings=true use_mask_token=false use_mean_pooling=true use_qk_norm=false
    y text_config. qwen2
    c InternVLForConditionalGeneration AutoModelForImageTextToText
    p model
    r model>
    r lm_head>language_model.lm_head
    r model.language_model>language_model.model
    i model{vision_tower@vision_config{embeddings=b340;encoder{layer*num_hidden_layers=b341};?!use_mean_pooling \
    layernorm:N(hidden_size,1)};multi_modal_projector{\
    linear_1:L(vision_config.hidden_size*int(1/downsample_ratio)**2,text_config.hidden_size,1);\
    linear_2:L(text_config.hidden_size,text_config.hidden_size,1);\
    layer_norm:N(vision_config.hidden_size*int(1/downsample_ratio)**2,1)};language_model:A(AutoModel,\
    text_config)};?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size);\
    ?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~
    = internvl_vision
    f . attention_bias=false hidden_size=1024 image_size=[448,448] intermediate_size=4096 \
    num_attention_heads=16 num_channels=3 num_hidden_layers=24 patch_size=[14,14] \
    use_absolute_position_embeddings=true use_mask_token=false use_mean_pooling=true use_qk_norm=false
    c InternVLVisionModel AutoModel
    i embeddings=b340;encoder{layer*num_hidden_layers=b341};?!use_mean_pooling layernorm:N(hidden_size,1)
    = iquestcoder
    f . attention_bias=false head_dim=128 hidden_size=5120 intermediate_size=27648 mlp_bias=false \
    num_attention_heads=40 num_hidden_layers=80 num_key_value_heads=8 tie_word_embeddings=false vocab_size=76800
    d head_dim null(head_dim)?hidden_size//num_attention_heads:head_dim
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g head_dim
    c LlamaForCausalLM AutoModelForCausalLM
    p model
    i model=b168;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c LlamaModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b167;norm:N(hidden_size)
    = jais2
    f . attention_bias=true head_dim=null hidden_size=3328 intermediate_size=26624 mlp_bias=true \
    num_attention_heads=26 num_hidden_layers=32 num_key_value_heads=null tie_word_embeddings=false \
    vocab_size=150272
    d head_dim null(head_dim)?hidden_size//num_attention_heads:head_dim
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g head_dim
    c Jais2ForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b342;norm:N(hidden_size,1)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c Jais2Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b342;norm:N(hidden_size,1)
    = jamba
    f . attn_layer_offset=4 attn_layer_period=8 expert_layer_offset=1 expert_layer_period=2 hidden_size=4096 \
    intermediate_size=14336 mamba_conv_bias=true mamba_d_conv=4 mamba_d_state=16 mamba_dt_rank="auto" \
    mamba_expand=2 mamba_proj_bias=false num_attention_heads=32 num_experts=16 num_hidden_layers=32 \
    num_key_value_heads=8 tie_word_embeddings=false vocab_size=65536
    k . num_local_experts=num_experts
    d mamba_dt_rank ceil(hidden_size/16)
    g !(num_experts<=1)
    c JambaForCausalLM AutoModelForCausalLM
    p model
    i model=b344;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c JambaModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b343;final_layernorm:N(hidden_size)
    c JambaForSequenceClassification
    p model
    i model=b344;score:L(hidden_size,num_labels)
    = janus
    f . tie_word_embeddings=true
    f vision_config. attention_bias=true depth=2 hidden_size=1024 image_size=384 mlp_ratio=4.0 \
    num_attention_heads=16 num_channels=3 num_hidden_layers=24 patch_size=16 projection_dim=2048 use_qk_norm=false
    f vq_config. base_channels=128 channel_multiplier=[1,1,2,2,4] double_latent=false embed_dim=8 \
    image_token_embed_dim=2048 in_channels=3 latent_channels=256 num_embeddings=16384 num_hidden_layers=2 \
    num_res_blocks=2 out_channels=3 projection_dim=2048
    y text_config. llama
    c JanusForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{vision_model@vision_config=b345;aligner@vision_config{fc1:L(hidden_size,projection_dim,1);\
    hidden_layers*(depth-1){:L(projection_dim,projection_dim,1)}};vqmodel@vq_config{encoder{\
    conv_in:C(in_channels,base_channels,1|in_channels,3,3);down*len(channel_multiplier){block*num_res_blocks{\
    conv1:C(j==0?(base_channels*channel_multiplier[i-1]==base_channels*channel_multiplier[i]?base_channels*chann\
    el_multiplier[i]:i==0?base_channels:i+1==len(channel_multiplier)?base_channels*channel_multiplier[3]:base_ch\
    annels*channel_multiplier[j]):base_channels*channel_multiplier[i],base_channels*channel_multiplier[i],1|\
    j==0?(base_channels*channel_multiplier[i-1]==base_channels*channel_multiplier[i]?base_channels*channel_multi\
    plier[i]:i==0?base_channels:i+1==len(channel_multiplier)?base_channels*channel_multiplier[3]:base_channels*c\
    hannel_multiplier[j]):base_channels*channel_multiplier[i],3,3);conv2:C(base_channels*channel_multiplier[i],\
    base_channels*channel_multiplier[i],1|base_channels*channel_multiplier[i],3,3);\
    norm1:N(j==0?(base_channels*channel_multiplier[i-1]==base_channels*channel_multiplier[i]?base_channels*chann\
    el_multiplier[i]:i==0?base_channels:i+1==len(channel_multiplier)?base_channels*channel_multiplier[3]:base_ch\
    annels*channel_multiplier[j]):base_channels*channel_multiplier[i],1);\
    norm2:N(base_channels*channel_multiplier[i],1);\
    ?(base_channels*channel_multiplier[len(channel_multiplier)-1-i]==base_channels*channel_multiplier[len(channe\
    l_multiplier)-1-i+1]?j==0&!(base_channels*channel_multiplier[i-1]==base_channels*channel_multiplier[i]):base\
    _channels==base_channels*channel_multiplier[j]?!(base_channels==base_channels*channel_multiplier[i])&(!(base\
    _channels*channel_multiplier[i-1]==base_channels*channel_multiplier[i])&j==0):j==0&i==0) \
    nin_shortcut:C(i+1==len(channel_multiplier)?base_channels*channel_multiplier[3]:i==0?base_channels:base_chan\
    nels*channel_multiplier[j],base_channels*channel_multiplier[i],1|\
    i+1==len(channel_multiplier)?base_channels*channel_multiplier[3]:i==0?base_channels:base_channels*channel_mu\
    ltiplier[j],1,1)};?i+1==len(channel_multiplier) attn*num_res_blocks{q:C(base_channels*channel_multiplier[i],\
    base_channels*channel_multiplier[i],1|base_channels*channel_multiplier[i],1,1);\
    k:C(base_channels*channel_multiplier[i],base_channels*channel_multiplier[i],1|\
    base_channels*channel_multiplier[i],1,1);v:C(base_channels*channel_multiplier[i],\
    base_channels*channel_multiplier[i],1|base_channels*channel_multiplier[i],1,1);\
    proj_out:C(base_channels*channel_multiplier[i],base_channels*channel_multiplier[i],1|\
    base_channels*channel_multiplier[i],1,1);norm:N(base_channels*channel_multiplier[i],1)};\
    ?!(i+1==len(channel_multiplier)) downsample=b88};mid=b90;\
    conv_out:C(base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_channels*channe\
    l_multiplier[3],double_latent?latent_channels*2:latent_channels,1|\
    base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_channels*channel_multiplie\
    r[3],3,3);norm_out:N(base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_chann\
    els*channel_multiplier[3],1)};quantize{embedding:E(num_embeddings,embed_dim)};quant_conv:C(latent_channels,\
    embed_dim,1|latent_channels,1,1);post_quant_conv:C(embed_dim,latent_channels,1|embed_dim,1,1);decoder{\
    conv_in:C(latent_channels,\
    base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_channels*channel_multiplie\
    r[3],1|latent_channels,3,3);mid=b90;up*len(channel_multiplier){block*(num_res_blocks+1){\
    conv1:C(j==0?(base_channels*channel_multiplier[len(channel_multiplier)-1-i-1]==base_channels*channel_multipl\
    ier[len(channel_multiplier)-1-i]?(i==0?base_channels*channel_multiplier[len(channel_multiplier)-1-i]:base_ch\
    annels*channel_multiplier[len(channel_multiplier)-1-i+1]):base_channels*channel_multiplier[len(channel_multi\
    plier)-1-i]):base_channels*channel_multiplier[len(channel_multiplier)-1-i],\
    base_channels*channel_multiplier[len(channel_multiplier)-1-i],1|\
    j==0?(base_channels*channel_multiplier[len(channel_multiplier)-1-i-1]==base_channels*channel_multiplier[len(\
    channel_multiplier)-1-i]?(i==0?base_channels*channel_multiplier[len(channel_multiplier)-1-i]:base_channels*c\
    hannel_multiplier[len(channel_multiplier)-1-i+1]):base_channels*channel_multiplier[len(channel_multiplier)-1\
    -i]):base_channels*channel_multiplier[len(channel_multiplier)-1-i],3,3);\
    conv2:C(base_channels*channel_multiplier[len(channel_multiplier)-1-i],\
    base_channels*channel_multiplier[len(channel_multiplier)-1-i],1|\
    base_channels*channel_multiplier[len(channel_multiplier)-1-i],3,3);\
    norm1:N(j==0?(base_channels*channel_multiplier[len(channel_multiplier)-1-i-1]==base_channels*channel_multipl\
    ier[len(channel_multiplier)-1-i]?(i==0?base_channels*channel_multiplier[len(channel_multiplier)-1-i]:base_ch\
    annels*channel_multiplier[len(channel_multiplier)-1-i+1]):base_channels*channel_multiplier[len(channel_multi\
    plier)-1-i]):base_channels*channel_multiplier[len(channel_multiplier)-1-i],1);\
    norm2:N(base_channels*channel_multiplier[len(channel_multiplier)-1-i],1);\
    ?j==0&(base_channels*channel_multiplier[len(channel_multiplier)-1-i-1]==base_channels*channel_multiplier[len\
    (channel_multiplier)-1-i]&!(i==0)) \
    nin_shortcut:C(base_channels*channel_multiplier[len(channel_multiplier)-1-i+1],\
    base_channels*channel_multiplier[len(channel_multiplier)-1-i],1|\
    base_channels*channel_multiplier[len(channel_multiplier)-1-i+1],1,1)};?i==0 attn*(num_res_blocks+1){\
    norm:N(base_channels*channel_multiplier[len(channel_multiplier)-1-i],1);\
    q:C(base_channels*channel_multiplier[len(channel_multiplier)-1-i],\
    base_channels*channel_multiplier[len(channel_multiplier)-1-i],1|\
    base_channels*channel_multiplier[len(channel_multiplier)-1-i],1,1);\
    k:C(base_channels*channel_multiplier[len(channel_multiplier)-1-i],\
    base_channels*channel_multiplier[len(channel_multiplier)-1-i],1|\
    base_channels*channel_multiplier[len(channel_multiplier)-1-i],1,1);\
    v:C(base_channels*channel_multiplier[len(channel_multiplier)-1-i],\
    base_channels*channel_multiplier[len(channel_multiplier)-1-i],1|\
    base_channels*channel_multiplier[len(channel_multiplier)-1-i],1,1);\
    proj_out:C(base_channels*channel_multiplier[len(channel_multiplier)-1-i],\
    base_channels*channel_multiplier[len(channel_multiplier)-1-i],1|\
    base_channels*channel_multiplier[len(channel_multiplier)-1-i],1,1)};?!(i+1==len(channel_multiplier)) \
    upsample=b346};conv_out:C(base_channels*channel_multiplier[0],out_channels,1|\
    base_channels*channel_multiplier[0],3,3);norm_out:N(base_channels*channel_multiplier[0],1)}};\
    generation_embeddings:E(vq_config.num_embeddings,vq_config.embed_dim);generation_aligner@vq_config{\
    fc1:L(embed_dim,projection_dim,1);hidden_layers*(num_hidden_layers-1){:L(projection_dim,projection_dim,1)}};\
    generation_head@vq_config=b347;language_model:A(AutoModel,text_config)};?!tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size);?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~
    c JanusModel AutoModel
    i vision_model@vision_config=b345;aligner@vision_config{fc1:L(hidden_size,projection_dim,1);hidden_layers{\
    0:L(projection_dim,projection_dim,1)}};vqmodel{encoder{conv_in:C(vq_config.in_channels,\
    vq_config.base_channels,1|vq_config.in_channels,3,3);down*text_config.num_hidden_layers{block{0{\
    conv1:C(vq_config.base_channels*vq_config.channel_multiplier[i-1]==vq_config.base_channels*vq_config.channel\
    _multiplier[i]?vq_config.base_channels*vq_config.channel_multiplier[i]:i==0?vq_config.base_channels:i+1==tex\
    t_config.num_hidden_layers?vq_config.base_channels*vq_config.channel_multiplier[3]:vq_config.base_channels*v\
    q_config.channel_multiplier[1],vq_config.base_channels*vq_config.channel_multiplier[i],1|\
    vq_config.base_channels*vq_config.channel_multiplier[i-1]==vq_config.base_channels*vq_config.channel_multipl\
    ier[i]?vq_config.base_channels*vq_config.channel_multiplier[i]:i==0?vq_config.base_channels:i+1==text_config\
    .num_hidden_layers?vq_config.base_channels*vq_config.channel_multiplier[3]:vq_config.base_channels*vq_config\
    .channel_multiplier[1],3,3);conv2:C(vq_config.base_channels*vq_config.channel_multiplier[i],\
    vq_config.base_channels*vq_config.channel_multiplier[i],1|\
    vq_config.base_channels*vq_config.channel_multiplier[i],3,3);\
    ?vq_config.base_channels*vq_config.channel_multiplier[len(vq_config.channel_multiplier)-1-i]==vq_config.base\
    _channels*vq_config.channel_multiplier[len(vq_config.channel_multiplier)-1-i+1] \
    nin_shortcut:C(vq_config.base_channels*vq_config.channel_multiplier[i-1],\
    vq_config.base_channels*vq_config.channel_multiplier[i],1|\
    vq_config.base_channels*vq_config.channel_multiplier[i-1],1,1);\
    norm1:N(vq_config.base_channels*vq_config.channel_multiplier[i-1]==vq_config.base_channels*vq_config.channel\
    _multiplier[i]?vq_config.base_channels*vq_config.channel_multiplier[i]:i==0?vq_config.base_channels:i+1==tex\
    t_config.num_hidden_layers?vq_config.base_channels*vq_config.channel_multiplier[3]:vq_config.base_channels*v\
    q_config.channel_multiplier[1],1);norm2@vq_config=b91};1@vq_config=b92};?i+1==text_config.num_hidden_layers \
    attn@vq_config{0=b348;1=b348};?!(i+1==len(vq_config.channel_multiplier)) downsample@vq_config=b88};\
    mid@vq_config=b90;conv_out:C(vq_config.base_channels*vq_config.channel_multiplier[4]%1==0?vq_config.base_cha\
    nnels*vq_config.channel_multiplier[4]:vq_config.base_channels*vq_config.channel_multiplier[3],\
    vq_config.double_latent?vq_config.latent_channels*2:vq_config.latent_channels,1|\
    vq_config.base_channels*vq_config.channel_multiplier[4]%1==0?vq_config.base_channels*vq_config.channel_multi\
    plier[4]:vq_config.base_channels*vq_config.channel_multiplier[3],3,3);norm_out@vq_config=b93};\
    quantize@vq_config{embedding:E(num_embeddings,embed_dim)};quant_conv:C(vq_config.latent_channels,\
    vq_config.embed_dim,1|vq_config.latent_channels,1,1);post_quant_conv:C(vq_config.embed_dim,\
    vq_config.latent_channels,1|vq_config.embed_dim,1,1);decoder{conv_in:C(vq_config.latent_channels,\
    vq_config.base_channels*vq_config.channel_multiplier[4]%1==0?vq_config.base_channels*vq_config.channel_multi\
    plier[4]:vq_config.base_channels*vq_config.channel_multiplier[3],1|vq_config.latent_channels,3,3);\
    mid@vq_config=b90;up*text_config.num_hidden_layers{block{0{\
    conv1:C(vq_config.base_channels==vq_config.base_channels*vq_config.channel_multiplier[i]?vq_config.base_chan\
    nels*vq_config.channel_multiplier[4]:i+1==text_config.num_hidden_layers?vq_config.base_channels*vq_config.ch\
    annel_multiplier[1]:vq_config.base_channels*vq_config.channel_multiplier[i],\
    vq_config.base_channels*vq_config.channel_multiplier[len(vq_config.channel_multiplier)-1-i],1|\
    vq_config.base_channels==vq_config.base_channels*vq_config.channel_multiplier[i]?vq_config.base_channels*vq_\
    config.channel_multiplier[4]:i+1==text_config.num_hidden_layers?vq_config.base_channels*vq_config.channel_mu\
    ltiplier[1]:vq_config.base_channels*vq_config.channel_multiplier[i],3,3);\
    conv2:C(vq_config.base_channels*vq_config.channel_multiplier[len(vq_config.channel_multiplier)-1-i],\
    vq_config.base_channels*vq_config.channel_multiplier[len(vq_config.channel_multiplier)-1-i],1|\
    vq_config.base_channels*vq_config.channel_multiplier[len(vq_config.channel_multiplier)-1-i],3,3);\
    ?vq_config.base_channels*vq_config.channel_multiplier[i-1]==vq_config.base_channels*vq_config.channel_multip\
    lier[i] nin_shortcut:C(vq_config.base_channels*vq_config.channel_multiplier[len(vq_config.channel_multiplier\
    )-1-i+1],vq_config.base_channels*vq_config.channel_multiplier[len(vq_config.channel_multiplier)-1-i],1|\
    vq_config.base_channels*vq_config.channel_multiplier[len(vq_config.channel_multiplier)-1-i+1],1,1);\
    norm1:N(vq_config.base_channels==vq_config.base_channels*vq_config.channel_multiplier[i]?vq_config.base_chan\
    nels*vq_config.channel_multiplier[4]:i+1==text_config.num_hidden_layers?vq_config.base_channels*vq_config.ch\
    annel_multiplier[1]:vq_config.base_channels*vq_config.channel_multiplier[i],1);norm2@vq_config=b349};\
    1@vq_config=b350;2@vq_config=b350};?i==0 attn@vq_config{0=b351;1=b351;2=b351};\
    ?!(i+1==len(vq_config.channel_multiplier)) upsample@vq_config=b346};\
    conv_out:C(vq_config.base_channels*vq_config.channel_multiplier[0],vq_config.out_channels,1|\
    vq_config.base_channels*vq_config.channel_multiplier[0],3,3);norm_out@vq_config=b352}};\
    generation_embeddings:E(vq_config.num_embeddings,vq_config.embed_dim);generation_aligner@vq_config{\
    fc1:L(embed_dim,projection_dim,1);hidden_layers{0:L(projection_dim,projection_dim,1)}};\
    generation_head@vq_config=b347;language_model:A(AutoModel,text_config)
    = jetmoe
    f . hidden_size=2048 intermediate_size=5632 kv_channels=128 num_attention_heads=null num_experts_per_tok=2 \
    num_hidden_layers=12 num_key_value_heads=16 num_local_experts=8 tie_word_embeddings=true vocab_size=32000
    k . head_dim=kv_channels
    d num_attention_heads null(num_attention_heads)?num_key_value_heads*num_experts_per_tok:num_attention_heads
    g kv_channels
    c JetMoeForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b353;norm:N(hidden_size)};\
    ?!tie_word_embeddings lm_head:L(hidden_size,vocab_size);?tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)~
    c JetMoeModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b353;norm:N(hidden_size)
    = jina_embeddings_v3
    f . hidden_size=1024 intermediate_size=4096 num_attention_heads=16 num_hidden_layers=24 \
    tie_word_embeddings=true type_vocab_size=1 vocab_size=250002
    c JinaEmbeddingsV3ForMaskedLM AutoModelForMaskedLM
    p roberta
    r roberta.embeddings.LayerNorm>roberta.emb_ln
    r roberta.layers.*.mlp>roberta.encoder.layers.*.mlp
    r roberta.layers.*.self_attn.q_proj>roberta.encoder.layers.*.mixer.Wqkv
    r roberta.layers.*.self_attn.k_proj>roberta.encoder.layers.*.mixer.Wqkv
    r roberta.layers.*.self_attn.v_proj>roberta.encoder.layers.*.mixer.Wqkv
    r roberta.layers.*.self_attn.o_proj>roberta.encoder.layers.*.mixer.out_proj
    r roberta.layers.*.post_attention_layernorm>roberta.encoder.layers.*.norm1
    r roberta.layers.*.post_mlp_layernorm>roberta.encoder.layers.*.norm2
    i lm_head=b84;roberta=b356
    c JinaEmbeddingsV3Model AutoModel
    r embeddings.LayerNorm>emb_ln
    r layers.*.mlp>encoder.layers.*.mlp
    r layers.*.self_attn.q_proj>encoder.layers.*.mixer.Wqkv
    r layers.*.self_attn.k_proj>encoder.layers.*.mixer.Wqkv
    r layers.*.self_attn.v_proj>encoder.layers.*.mixer.Wqkv
    r layers.*.self_attn.o_proj>encoder.layers.*.mixer.out_proj
    r layers.*.post_attention_layernorm>encoder.layers.*.norm1
    r layers.*.post_mlp_layernorm>encoder.layers.*.norm2
    i embeddings=b354;pooler{dense:L(hidden_size,hidden_size,1)};layers*num_hidden_layers=b355
    c JinaEmbeddingsV3ForSequenceClassification
    p roberta
    r roberta.embeddings.LayerNorm>roberta.emb_ln
    r roberta.layers.*.mlp>roberta.encoder.layers.*.mlp
    r roberta.layers.*.self_attn.q_proj>roberta.encoder.layers.*.mixer.Wqkv
    r roberta.layers.*.self_attn.k_proj>roberta.encoder.layers.*.mixer.Wqkv
    r roberta.layers.*.self_attn.v_proj>roberta.encoder.layers.*.mixer.Wqkv
    r roberta.layers.*.self_attn.o_proj>roberta.encoder.layers.*.mixer.out_proj
    r roberta.layers.*.post_attention_layernorm>roberta.encoder.layers.*.norm1
    r roberta.layers.*.post_mlp_layernorm>roberta.encoder.layers.*.norm2
    i classifier=b58;roberta=b356
    c JinaEmbeddingsV3ForTokenClassification
    p roberta
    r roberta.embeddings.LayerNorm>roberta.emb_ln
    r roberta.layers.*.mlp>roberta.encoder.layers.*.mlp
    r roberta.layers.*.self_attn.q_proj>roberta.encoder.layers.*.mixer.Wqkv
    r roberta.layers.*.self_attn.k_proj>roberta.encoder.layers.*.mixer.Wqkv
    r roberta.layers.*.self_attn.v_proj>roberta.encoder.layers.*.mixer.Wqkv
    r roberta.layers.*.self_attn.o_proj>roberta.encoder.layers.*.mixer.out_proj
    r roberta.layers.*.post_attention_layernorm>roberta.encoder.layers.*.norm1
    r roberta.layers.*.post_mlp_layernorm>roberta.encoder.layers.*.norm2
    i classifier:L(hidden_size,num_labels,1);roberta=b356
    c JinaEmbeddingsV3ForQuestionAnswering
    p roberta
    r roberta.embeddings.LayerNorm>roberta.emb_ln
    r roberta.layers.*.mlp>roberta.encoder.layers.*.mlp
    r roberta.layers.*.self_attn.q_proj>roberta.encoder.layers.*.mixer.Wqkv
    r roberta.layers.*.self_attn.k_proj>roberta.encoder.layers.*.mixer.Wqkv
    r roberta.layers.*.self_attn.v_proj>roberta.encoder.layers.*.mixer.Wqkv
    r roberta.layers.*.self_attn.o_proj>roberta.encoder.layers.*.mixer.out_proj
    r roberta.layers.*.post_attention_layernorm>roberta.encoder.layers.*.norm1
    r roberta.layers.*.post_mlp_layernorm>roberta.encoder.layers.*.norm2
    i qa_outputs:L(hidden_size,num_labels,1);roberta=b356
    = kimi_k25_vision
    f . hidden_size=1152 intermediate_size=4304 num_attention_heads=16 num_hidden_layers=27 patch_size=14 \
    pos_emb_height=64 pos_emb_width=64
    c Kimi_K25VisionModel AutoModel
    i patch_embed{proj:C(3,hidden_size,1|3,patch_size,patch_size);pos_emb{position_embeddings:T(pos_emb_height,\
    pos_emb_width,hidden_size)}};layers*num_hidden_layers=b357;final_layernorm:N(hidden_size,1)
    = kimi_linear
    f . attention_bias=false first_k_dense_replace=1 head_dim=null hidden_size=2304 intermediate_size=9216 \
    kv_lora_rank=512 layer_types=null linear_conv_kernel_dim=4 linear_head_dim=128 linear_num_heads=32 \
    mlp_layer_types=null moe_intermediate_size=1024 n_shared_experts=1 num_attention_heads=32 num_experts=null \
    num_hidden_layers=27 num_key_value_heads=32 num_local_experts=256 num_shared_experts=null q_lora_rank=null \
    qk_nope_head_dim=128 qk_rope_head_dim=64 tie_word_embeddings=false v_head_dim=128 vocab_size=163840
    k . n_shared_experts=num_shared_experts num_local_experts=num_experts
    d head_dim null(head_dim)?qk_rope_head_dim:head_dim
    d mlp_layer_types list(mlp_layer_types)?mlp_layer_types:[num_hidden_layers|\
    i<first_k_dense_replace?'dense':'sparse']
    d num_experts null(num_experts)?num_local_experts:num_experts
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    d num_shared_experts null(num_shared_experts)?n_shared_experts:num_shared_experts
    d layer_types list(layer_types)?layer_types:list(linear_attn_config.full_attn_layers)?[num_hidden_layers|\
    linear_attn_config.full_attn_layers has i+1?'full_attention':'linear_attention']:[num_hidden_layers|\
    i%4==0&0<i?'full_attention':'linear_attention']
    d linear_head_dim null(linear_attn_config.head_dim)?linear_head_dim:linear_attn_config.head_dim
    d linear_num_heads null(linear_attn_config.num_heads)?linear_num_heads:linear_attn_config.num_heads
    d linear_conv_kernel_dim \
    null(linear_attn_config.short_conv_kernel_size)?linear_conv_kernel_dim:linear_attn_config.short_conv_kernel_\
    size
    s layer_types full_attention linear_attention
    s mlp_layer_types dense sparse
    c KimiLinearForCausalLM AutoModelForCausalLM
    p model
    r model.layers.*.self_attn.conv1d.weight>model.layers.*.self_attn.q_conv1d.weight,\
    model.layers.*.self_attn.k_conv1d.weight,model.layers.*.self_attn.v_conv1d.weight
    r model.layers.*.self_attn.forget_gate>model.layers.*.self_attn
    r model.layers.*.mlp>model.layers.*.block_sparse_moe
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b359;norm:N(hidden_size)};\
    lm_head:L(hidden_size,vocab_size)
    c KimiLinearModel AutoModel
    r layers.*.self_attn.conv1d.weight>layers.*.self_attn.q_conv1d.weight,layers.*.self_attn.k_conv1d.weight,\
    layers.*.self_attn.v_conv1d.weight
    r layers.*.self_attn.forget_gate>layers.*.self_attn
    r layers.*.mlp>layers.*.block_sparse_moe
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b359;norm:N(hidden_size)
    = kolibri1
    f . head_dim=128 hidden_size=2560 layer_types=null moe_intermediate_size=512 num_attention_heads=48 \
    num_hidden_layers=50 num_key_value_heads=4 num_local_experts=384 shared_expert_intermediate_size=512 \
    sliding_window=513 tie_word_embeddings=false vocab_size=128000
    k . num_experts=num_local_experts
    d layer_types list(layer_types)?layer_types:[num_hidden_layers|i%5==4?'full_attention':'sliding_attention']
    g head_dim
    s layer_types full_attention sliding_attention
    c Kolibri1ForCausalLM AutoModelForCausalLM
    p model
    r model.layers.*.mlp.gate.e_score_correction_bias>model.layers.*.moe.router.expert_bias
    r model.layers.*.post_self_attn_layernorm>model.layers.*.post_attn_norm
    r model.layers.*.post_mlp_layernorm>model.layers.*.post_ffn_norm
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b362;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c Kolibri1Model AutoModel
    r layers.*.mlp.gate.e_score_correction_bias>layers.*.moe.router.expert_bias
    r layers.*.post_self_attn_layernorm>layers.*.post_attn_norm
    r layers.*.post_mlp_layernorm>layers.*.post_ffn_norm
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b362;norm:N(hidden_size)
    = kosmos-2
    f . latent_query_num=64 tie_word_embeddings=true
    f text_config. add_cross_attention=false embed_dim=2048 ffn_dim=8192 layers=24 tie_word_embeddings=true \
    vocab_size=65037
    f vision_config. hidden_size=1024 image_size=224 intermediate_size=4096 num_channels=3 num_hidden_layers=24 \
    patch_size=14
    k text_config. hidden_size=embed_dim num_hidden_layers=layers
    g !text_config.add_cross_attention
    g text_config.tie_word_embeddings
    c Kosmos2ForConditionalGeneration AutoModelForImageTextToText
    i text_model@text_config{model=b367;?add_cross_attention&!tie_word_embeddings lm_head:L(embed_dim,\
    vocab_size);?!add_cross_attention|tie_word_embeddings lm_head:L(embed_dim,vocab_size)~};\
    vision_model@vision_config{model=b238};image_to_text_projection=b366
    c Kosmos2Model AutoModel
    i text_model@text_config{model=b367};vision_model@vision_config{model=b238};image_to_text_projection=b366
    = kosmos-2.5
    f . latent_query_num=2048 tie_word_embeddings=true
    f text_config. embed_dim=1536 ffn_dim=6144 layers=24 tie_word_embeddings=true vocab_size=108481
    f vision_config. head_dim=64 hidden_size=1536 intermediate_size=3968 max_num_patches=4096 \
    num_attention_heads=24 num_hidden_layers=18 patch_embed_hidden_size=768
    k text_config. hidden_size=embed_dim num_hidden_layers=layers
    g text_config.tie_word_embeddings
    c Kosmos2_5ForConditionalGeneration AutoModelForImageTextToText
    i text_model@text_config{model=b364;?!tie_word_embeddings lm_head:L(embed_dim,vocab_size);\
    ?tie_word_embeddings lm_head:L(embed_dim,vocab_size)~};vision_model@vision_config=b365;\
    image_to_text_projection=b366
    c Kosmos2_5Model AutoModel
    i text_model@text_config{model=b364;?!tie_word_embeddings lm_head:L(embed_dim,vocab_size)};\
    vision_model@vision_config=b365;image_to_text_projection=b366
    = lara_mini
    f . attention_bias=false head_dim=128 hidden_size=1024 layer_types=null linear_conv_kernel_dim=4 \
    linear_key_head_dim=128 linear_num_key_heads=8 linear_num_value_heads=16 linear_value_head_dim=128 \
    moe_intermediate_size=512 num_attention_heads=16 num_experts=128 num_hidden_layers=34 num_key_value_heads=4 \
    shared_expert_intermediate_size=512 sliding_window=512 tie_word_embeddings=true vocab_size=151936
    d layer_types list(layer_types)?layer_types:[num_hidden_layers|\
    i%5==3?'full_attention':i%5==1?'sliding_attention':i%5==4?'sliding_attention':'linear_attention']
    g head_dim
    s layer_types full_attention linear_attention sliding_attention
    c LaraMiniForCausalLM AutoModelForCausalLM
    p model
    r model.layers.*.linear_attn.in_proj_qkv>model.layers.*.linear_attn.in_proj
    r model.layers.*.linear_attn.in_proj_z>model.layers.*.linear_attn.in_proj
    r model.layers.*.linear_attn.in_proj_b>model.layers.*.linear_attn.in_proj
    r model.layers.*.linear_attn.in_proj_a>model.layers.*.linear_attn.in_proj
    r model.layers.*.linear_attn.norm>model.layers.*.linear_attn.out_norm
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b369;norm:N(hidden_size)};\
    ?!tie_word_embeddings lm_head:L(hidden_size,vocab_size);?tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)~
    c LaraMiniModel AutoModel
    r layers.*.linear_attn.in_proj_qkv>layers.*.linear_attn.in_proj
    r layers.*.linear_attn.in_proj_z>layers.*.linear_attn.in_proj
    r layers.*.linear_attn.in_proj_b>layers.*.linear_attn.in_proj
    r layers.*.linear_attn.in_proj_a>layers.*.linear_attn.in_proj
    r layers.*.linear_attn.norm>layers.*.linear_attn.out_norm
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b369;norm:N(hidden_size)
    = layoutlm
    f . hidden_size=768 intermediate_size=3072 max_2d_position_embeddings=1024 max_position_embeddings=512 \
    num_attention_heads=12 num_hidden_layers=12 tie_word_embeddings=true type_vocab_size=2 vocab_size=30522
    c LayoutLMForMaskedLM AutoModelForMaskedLM
    p layoutlm
    i layoutlm=b371;cls{predictions=b53}
    c LayoutLMModel AutoModel
    i embeddings=b370;encoder{layer*num_hidden_layers=b50};pooler{dense:L(hidden_size,hidden_size,1)}
    c LayoutLMForSequenceClassification
    p layoutlm
    i layoutlm=b371;classifier:L(hidden_size,num_labels,1)
    c LayoutLMForTokenClassification
    p layoutlm
    i layoutlm=b371;classifier:L(hidden_size,num_labels,1)
    = led
    f . d_model=1024 decoder_ffn_dim=4096 decoder_layers=12 encoder_ffn_dim=4096 encoder_layers=12 \
    max_decoder_position_embeddings=1024 max_encoder_position_embeddings=16384 tie_word_embeddings=true \
    vocab_size=50265
    k . hidden_size=d_model num_hidden_layers=encoder_layers
    c LEDForConditionalGeneration AutoModelForSeq2SeqLM
    p led
    i led{shared:E(vocab_size,d_model)!;encoder{?!tie_word_embeddings embed_tokens:E(vocab_size,d_model);\
    ?tie_word_embeddings embed_tokens:E(vocab_size,d_model)~;embed_positions:E(max_encoder_position_embeddings,\
    d_model);layers*encoder_layers=b372;layernorm_embedding:N(d_model,1)};decoder{?!tie_word_embeddings \
    embed_tokens:E(vocab_size,d_model);?tie_word_embeddings embed_tokens:E(vocab_size,d_model)~;\
    embed_positions:E(max_decoder_position_embeddings,d_model);layers*decoder_layers=b40;\
    layernorm_embedding:N(d_model,1)}};?!tie_word_embeddings lm_head:L(d_model,vocab_size);?tie_word_embeddings \
    lm_head:L(d_model,vocab_size)~;final_logits_bias:B(1,vocab_size)
    c LEDModel AutoModel
    i shared:E(vocab_size,d_model)!;encoder{?tie_word_embeddings embed_tokens:E(vocab_size,d_model)~;\
    embed_positions:E(max_encoder_position_embeddings,d_model);layers*encoder_layers=b372;\
    layernorm_embedding:N(d_model,1)};decoder{?tie_word_embeddings embed_tokens:E(vocab_size,d_model)~;\
    embed_positions:E(max_decoder_position_embeddings,d_model);layers*decoder_layers=b40;\
    layernorm_embedding:N(d_model,1)}
    = lfm2
    f . block_auto_adjust_ff_dim=true block_ffn_dim_multiplier=1.0 block_multiple_of=256 conv_L_cache=3 \
    hidden_size=2560 intermediate_size=12288 layer_types=null num_attention_heads=32 num_hidden_layers=32 \
    num_key_value_heads=8 tie_word_embeddings=true vocab_size=65536
    d layer_types null(layer_types)?[num_hidden_layers|'full_attention']:layer_types
    g !conv_bias
    f . conv_bias=false
    s layer_types conv full_attention
    c Lfm2ForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{?layer_types[i]=='conv' conv=b373;\
    ?!(layer_types[i]=='conv') self_attn=b374;feed_forward=b375;operator_norm:N(hidden_size);\
    ffn_norm:N(hidden_size)};embedding_norm:N(hidden_size)};?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size);?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~
    c Lfm2Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{?!(layer_types[i]=='conv') \
    self_attn=b374;feed_forward=b375;operator_norm:N(hidden_size);ffn_norm:N(hidden_size);\
    ?layer_types[i]=='conv' conv=b373};embedding_norm:N(hidden_size)
    = lfm2_moe
    f . conv_L_cache=3 conv_bias=false hidden_size=2048 intermediate_size=7168 layer_types=null \
    moe_intermediate_size=1792 num_attention_heads=32 num_dense_layers=2 num_experts=32 num_hidden_layers=32 \
    num_key_value_heads=8 tie_word_embeddings=true use_expert_bias=true vocab_size=65536
    s layer_types conv full_attention
    c Lfm2MoeForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b377;\
    embedding_norm:N(hidden_size)};?!tie_word_embeddings lm_head:L(hidden_size,vocab_size);?tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)~
    c Lfm2MoeModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b377;embedding_norm:N(hidden_size)
    = lfm2_vl
    f . downsample_factor=2 projector_bias=true projector_hidden_size=2560 projector_use_layernorm=true \
    tie_word_embeddings=true
    y text_config. lfm2
    y vision_config. siglip2_vision_model
    c Lfm2VlForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{multi_modal_projector=b378;vision_tower:A(AutoModel,vision_config);language_model:A(AutoModel,\
    text_config)};?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size);\
    ?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~
    c Lfm2VlModel AutoModel
    i multi_modal_projector=b378;vision_tower:A(AutoModel,vision_config);language_model:A(AutoModel,text_config)
    = lfm3
    f . attention_bias=false conv_L_cache=7 conv_bias=false head_dim=128 hidden_size=2048 \
    intermediate_size=7680 layer_types=null num_attention_heads=16 num_hidden_layers=24 num_key_value_heads=4 \
    sliding_window=256 tie_word_embeddings=true use_attention_gate=true use_sandwich_norm=true vocab_size=128000
    d layer_types list(layer_types)?layer_types:[num_hidden_layers|\
    i%4==2?'full_attention':i%4==0?(i<=0?'conv':'sliding_attention'):'conv']
    g head_dim
    s layer_types conv full_attention sliding_attention
    c Lfm3ForCausalLM AutoModelForCausalLM
    p model
    r model.layers.*.self_attn.g_proj>model.layers.*.self_attn.gate_proj
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b380;\
    embedding_norm:N(hidden_size)};?!tie_word_embeddings lm_head:L(hidden_size,vocab_size);?tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)~
    c Lfm3Model AutoModel
    r layers.*.self_attn.g_proj>layers.*.self_attn.gate_proj
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b380;embedding_norm:N(hidden_size)
    = lfm3_vl_vision
    f . conv_kernel_size=3 hidden_size=1024 in_channels=3 intermediate_size=2560 layer_types=null \
    num_attention_heads=16 num_hidden_layers=14 num_key_value_heads=8 patch_size=16 temporal_patch_size=2
    d layer_types null(layer_types)?[num_hidden_layers|i%2?'conv':i<2?'conv':'full_attention']:layer_types
    s layer_types conv full_attention
    c Lfm3VlVisionModel AutoModel
    r patch_embed>patchifier
    r layers.*.self_attn.q_norm>layers.*.self_attn.q_layernorm
    r layers.*.self_attn.k_norm>layers.*.self_attn.k_layernorm
    i patch_embed:L(in_channels*temporal_patch_size*patch_size**2,hidden_size);layers*num_hidden_layers{\
    ?layer_types[i]=='conv' conv{in_proj:L(hidden_size,hidden_size*3);spatial_conv:C(hidden_size,hidden_size,0|\
    hidden_size//hidden_size,conv_kernel_size,conv_kernel_size);out_proj:L(hidden_size,hidden_size)};\
    feed_forward=b379;operator_norm:N(hidden_size);ffn_norm:N(hidden_size);?!(layer_types[i]=='conv') self_attn{\
    q_norm:N(hidden_size//num_attention_heads);k_norm:N(hidden_size//num_attention_heads);q_proj:L(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads));k_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads));v_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads));\
    out_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size)}};embedding_norm:N(hidden_size)
    = lighton_ocr
    f . spatial_merge_size=2 tie_word_embeddings=true
    y text_config. qwen3
    m text_config. hidden_size=1024 intermediate_size=3072 num_hidden_layers=28 num_attention_heads=16 \
    num_key_value_heads=8 max_position_embeddings=40960 layer_types=["full_attention","full_attention",\
    "full_attention","full_attention","full_attention","full_attention","full_attention","full_attention",\
    "full_attention","full_attention","full_attention","full_attention","full_attention","full_attention",\
    "full_attention","full_attention","full_attention","full_attention","full_attention","full_attention",\
    "full_attention","full_attention","full_attention","full_attention","full_attention","full_attention",\
    "full_attention","full_attention"]
    y vision_config. pixtral
    m vision_config. image_size=1540 patch_size=14 hidden_act="silu"
    c LightOnOcrForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{vision_projection=b382;vision_encoder:A(AutoModel,vision_config);language_model:A(AutoModel,\
    text_config)};?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size);\
    ?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~
    c LightOnOcrModel AutoModel
    i vision_projection=b382;vision_encoder:A(AutoModel,vision_config);language_model:A(AutoModel,text_config)
    = llama
    f . attention_bias=false head_dim=null hidden_size=4096 intermediate_size=11008 mlp_bias=false \
    num_attention_heads=32 num_hidden_layers=32 num_key_value_heads=null tie_word_embeddings=false \
    vocab_size=32000
    d head_dim null(head_dim)?hidden_size//num_attention_heads:head_dim
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g head_dim
    c LlamaForCausalLM AutoModelForCausalLM
    p model
    i model=b168;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c LlamaModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b167;norm:N(hidden_size)
    = llama4
    f . tie_word_embeddings=false
    f text_config. attention_bias=false head_dim=128 hidden_size=5120 intermediate_size=8192 \
    intermediate_size_mlp=16384 moe_layers=null num_attention_heads=40 num_hidden_layers=48 \
    num_key_value_heads=8 num_local_experts=16 tie_word_embeddings=false vocab_size=202048
    f vision_config. hidden_size=768 image_size=448 intermediate_size=5632 num_attention_heads=16 \
    num_channels=3 num_hidden_layers=34 patch_size=14 projector_input_dim=4096 projector_output_dim=4096 \
    vision_output_dim=7680
    d text_config.moe_layers list(text_config.moe_layers)?text_config.moe_layers:[text_config.num_hidden_layers|i]
    g text_config.head_dim
    c Llama4ForConditionalGeneration AutoModel AutoModelForImageTextToText
    i vision_model@vision_config{patch_embedding{linear:L(num_channels*patch_size*patch_size,hidden_size)};\
    model{layers*num_hidden_layers{self_attn=b312;mlp=b72;input_layernorm:N(hidden_size,1);\
    post_attention_layernorm:N(hidden_size,1)}};vision_adapter{mlp{fc1:L(intermediate_size,projector_input_dim);\
    fc2:L(projector_output_dim,projector_output_dim)}};class_embedding:T(hidden_size);\
    positional_embedding_vlm:T((image_size//patch_size)**2+1,hidden_size);layernorm_pre:N(hidden_size,1);\
    layernorm_post:N(hidden_size,1)};multi_modal_projector{linear_1:L(vision_config.vision_output_dim,\
    text_config.hidden_size)};language_model@text_config{model{embed_tokens:E(vocab_size,hidden_size)!;\
    layers*num_hidden_layers{self_attn=b10;feed_forward{?!(moe_layers has i) gate_proj:L(hidden_size,\
    intermediate_size_mlp);?!(moe_layers has i) up_proj:L(hidden_size,intermediate_size_mlp);?!(moe_layers has \
    i) down_proj:L(intermediate_size_mlp,hidden_size);?moe_layers has i experts=b383;?moe_layers has i \
    router:L(hidden_size,num_local_experts);?moe_layers has i shared_expert=b79};input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)};?tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,vocab_size)}
    = llama4_text
    f . attention_bias=false attention_chunk_size=8192 head_dim=128 hidden_size=5120 intermediate_size=8192 \
    layer_types=null num_attention_heads=40 num_hidden_layers=48 num_key_value_heads=8 num_local_experts=16 \
    tie_word_embeddings=false vocab_size=202048
    g !null(layer_types)
    g head_dim
    c Llama4ForCausalLM AutoModelForCausalLM
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b384;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c Llama4TextModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b384;norm:N(hidden_size)
    = llava
    f . multimodal_projector_bias=true tie_word_embeddings=false
    y text_config. llama
    y vision_config. clip_vision_model
    m vision_config. hidden_size=1024 intermediate_size=4096 projection_dim=768 num_hidden_layers=24 \
    num_attention_heads=16 image_size=336 patch_size=14 vocab_size=32000
    d tie_word_embeddings text_config.tie_word_embeddings?true:tie_word_embeddings
    c LlavaForConditionalGeneration AutoModelForImageTextToText
    p model
    r model>
    r lm_head>language_model.lm_head
    r model.language_model>language_model.model
    i model{multi_modal_projector=b385;vision_tower:A(AutoModel,vision_config);language_model:A(AutoModel,\
    text_config)};?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~;\
    ?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c LlavaModel AutoModel
    r language_model>language_model.model
    i multi_modal_projector=b385;vision_tower:A(AutoModel,vision_config);language_model:A(AutoModel,text_config)
    = llava_next
    f . multimodal_projector_bias=true tie_word_embeddings=false
    y text_config. llama
    y vision_config. clip_vision_model
    m vision_config. hidden_size=1024 intermediate_size=4096 projection_dim=768 num_hidden_layers=24 \
    num_attention_heads=16 image_size=336 patch_size=14 vocab_size=32000
    c LlavaNextForConditionalGeneration AutoModelForImageTextToText
    p model
    r model>
    r lm_head>language_model.lm_head
    r model.language_model>language_model.model
    i model=b386;?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~;\
    ?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c LlavaNextModel AutoModel
    r language_model>language_model.model
    i multi_modal_projector=b385;image_newline:T(text_config.hidden_size);vision_tower:A(AutoModel,\
    vision_config);language_model:A(AutoModel,text_config)
    = llava_next_video
    f . multimodal_projector_bias=true tie_word_embeddings=false
    y text_config. llama
    y vision_config. clip_vision_model
    m vision_config. hidden_size=1024 intermediate_size=4096 projection_dim=768 num_hidden_layers=24 \
    num_attention_heads=16 image_size=336 patch_size=14 vocab_size=32000
    d tie_word_embeddings text_config.tie_word_embeddings?true:tie_word_embeddings
    c LlavaNextVideoForConditionalGeneration AutoModelForImageTextToText
    p model
    r model>
    r lm_head>language_model.lm_head
    r model.language_model>language_model.model
    i model=b386;?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~;\
    ?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c LlavaNextVideoModel AutoModel
    r language_model>language_model.model
    i multi_modal_projector=b385;image_newline:T(text_config.hidden_size);vision_tower:A(AutoModel,\
    vision_config);language_model:A(AutoModel,text_config)
    = llava_onevision
    f . multimodal_projector_bias=true tie_word_embeddings=false
    y text_config. qwen2
    y vision_config. siglip_vision_model
    m vision_config. hidden_size=1152 intermediate_size=4304 num_hidden_layers=26 num_attention_heads=16 \
    image_size=384 patch_size=14 vision_use_head=false
    d tie_word_embeddings text_config.tie_word_embeddings?true:tie_word_embeddings
    c LlavaOnevisionForConditionalGeneration AutoModelForImageTextToText
    p model
    r model>
    r lm_head>language_model.lm_head
    r model.language_model>language_model.model
    i model=b386;?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~;\
    ?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c LlavaOnevisionModel AutoModel
    r language_model>language_model.model
    i multi_modal_projector=b385;image_newline:T(text_config.hidden_size);vision_tower:A(AutoModel,\
    vision_config);language_model:A(AutoModel,text_config)
    = longcat_flash
    f . attention_bias=false expert_ffn_hidden_size=2048 ffn_hidden_size=12288 head_dim=64 hidden_size=6144 \
    kv_lora_rank=512 n_routed_experts=512 num_attention_heads=64 num_key_value_heads=null num_layers=28 \
    q_lora_rank=1536 qk_head_dim=null qk_nope_head_dim=128 qk_rope_head_dim=64 tie_word_embeddings=false \
    v_head_dim=128 vocab_size=131072 zero_expert_num=256
    k . intermediate_size=ffn_hidden_size moe_intermediate_size=expert_ffn_hidden_size \
    num_local_experts=n_routed_experts
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    d qk_head_dim null(qk_head_dim)?qk_nope_head_dim+qk_rope_head_dim:qk_head_dim
    g !(n_routed_experts<=0)
    g head_dim
    g zero_expert_num
    c LongcatFlashForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_layers{mlp{experts{\
    gate_up_proj:S(n_routed_experts+zero_expert_num,expert_ffn_hidden_size*2,hidden_size|gate_proj,up_proj);\
    down_proj:S(n_routed_experts,hidden_size,expert_ffn_hidden_size|down_proj)};router{classifier:L(hidden_size,\
    n_routed_experts+zero_expert_num);e_score_correction_bias:B(n_routed_experts+zero_expert_num)}};self_attn{\
    0=b387;1=b387};mlps{0=b388;1=b388};input_layernorm{0:N(hidden_size);1:N(hidden_size)};\
    post_attention_layernorm{0:N(hidden_size);1:N(hidden_size)}};norm:N(hidden_size)};?tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,vocab_size)
    = longformer
    f . hidden_size=768 intermediate_size=3072 max_position_embeddings=512 num_attention_heads=12 \
    num_hidden_layers=12 tie_word_embeddings=true type_vocab_size=2 vocab_size=30522
    c LongformerForMaskedLM AutoModelForMaskedLM
    p longformer
    i longformer{embeddings=b85;encoder=b389};lm_head=b84
    c LongformerModel AutoModel
    i embeddings=b85;encoder=b389;pooler{dense:L(hidden_size,hidden_size,1)}
    c LongformerForSequenceClassification
    p longformer
    i longformer{embeddings=b85;encoder=b389};classifier=b58
    c LongformerForTokenClassification
    p longformer
    i longformer{embeddings=b85;encoder=b389};classifier:L(hidden_size,num_labels,1)
    c LongformerForQuestionAnswering
    p longformer
    i longformer{embeddings=b85;encoder=b389};qa_outputs:L(hidden_size,num_labels,1)
    = longt5
    f . d_ff=2048 d_kv=64 d_model=512 feed_forward_proj="relu" is_gated_act=null num_decoder_layers=null \
    num_heads=8 num_layers=6 relative_attention_num_buckets=32 tie_word_embeddings=true vocab_size=32128
    k . head_dim=d_kv hidden_size=d_model num_attention_heads=num_heads num_hidden_layers=num_layers
    d is_gated_act null(is_gated_act)?(feed_forward_proj=='gated-gelu'?true:false):is_gated_act
    d num_decoder_layers null(num_decoder_layers)?num_layers:num_decoder_layers
    d tie_word_embeddings tie_word_embeddings?tie_word_embeddings:true
    g tie_word_embeddings
    s feed_forward_proj gated-gelu relu
    c LongT5ForConditionalGeneration AutoModelForSeq2SeqLM
    i shared:E(vocab_size,d_model)!;encoder=b392;decoder=b395;lm_head:L(d_model,vocab_size)~
    c LongT5Model AutoModel
    i shared:E(vocab_size,d_model)!;encoder=b392;decoder{embed_tokens:E(vocab_size,d_model)~;\
    block*num_layers=b394;final_layer_norm:N(d_model)}
    = luke
    f . entity_emb_size=256 entity_vocab_size=500000 hidden_size=768 intermediate_size=3072 \
    max_position_embeddings=512 num_attention_heads=12 num_hidden_layers=12 tie_word_embeddings=true \
    type_vocab_size=2 use_entity_aware_attention=true vocab_size=50267
    c LukeForMaskedLM AutoModelForMaskedLM
    p luke
    i luke=b398;lm_head{dense:L(hidden_size,hidden_size,1);decoder:L(hidden_size,vocab_size,1);\
    ?!tie_word_embeddings bias:T(vocab_size);layer_norm:N(hidden_size,1)};entity_predictions{transform{\
    dense:L(hidden_size,entity_emb_size,1);LayerNorm:N(entity_emb_size,1)};?!tie_word_embeddings \
    decoder:L(entity_emb_size,entity_vocab_size);?tie_word_embeddings decoder:L(entity_emb_size,\
    entity_vocab_size)~luke.entity_embeddings.entity_embeddings;bias:T(entity_vocab_size)}
    c LukeModel AutoModel
    i embeddings=b51;entity_embeddings=b396;encoder=b397;pooler{dense:L(hidden_size,hidden_size,1)}
    c LukeForSequenceClassification
    p luke
    i luke=b398;classifier:L(hidden_size,num_labels,1)
    c LukeForTokenClassification
    p luke
    i luke=b399;classifier:L(hidden_size,num_labels,1)
    c LukeForQuestionAnswering
    p luke
    i luke=b399;qa_outputs:L(hidden_size,num_labels,1)
    = m2m_100
    f . d_model=1024 decoder_ffn_dim=4096 decoder_layers=12 encoder_ffn_dim=4096 encoder_layers=12 \
    tie_word_embeddings=true vocab_size=128112
    k . hidden_size=d_model num_hidden_layers=encoder_layers
    c M2M100ForConditionalGeneration AutoModelForSeq2SeqLM
    p model
    i model{shared:E(vocab_size,d_model)!;encoder{?!tie_word_embeddings embed_tokens:E(vocab_size,d_model);\
    ?tie_word_embeddings embed_tokens:E(vocab_size,d_model)~;layers*encoder_layers=b38;layer_norm:N(d_model,1)};\
    decoder{?!tie_word_embeddings embed_tokens:E(vocab_size,d_model);?tie_word_embeddings \
    embed_tokens:E(vocab_size,d_model)~;layers*decoder_layers=b40;layer_norm:N(d_model,1)}};\
    ?!tie_word_embeddings lm_head:L(d_model,vocab_size);?tie_word_embeddings lm_head:L(d_model,vocab_size)~
    c M2M100Model AutoModel
    i shared:E(vocab_size,d_model)!;encoder{?tie_word_embeddings embed_tokens:E(vocab_size,d_model)~;\
    layers*decoder_layers=b38;layer_norm:N(d_model,1)};decoder{?tie_word_embeddings embed_tokens:E(vocab_size,\
    d_model)~;layers*decoder_layers=b40;layer_norm:N(d_model,1)}
    = mamba
    f . conv_kernel=4 expand=2 hidden_size=768 intermediate_size=null num_hidden_layers=32 state_size=16 \
    tie_word_embeddings=true time_step_rank="auto" use_bias=false use_conv_bias=true vocab_size=50280
    d intermediate_size null(intermediate_size)?expand*hidden_size:intermediate_size
    d time_step_rank time_step_rank=='auto'?ceil(hidden_size/16):time_step_rank
    g !(intermediate_size<=0)
    c MambaForCausalLM AutoModelForCausalLM
    p backbone
    i backbone=b185;?!tie_word_embeddings|vocab_size<=0 lm_head:L(hidden_size,vocab_size);\
    ?tie_word_embeddings&!(vocab_size<=0) lm_head:L(hidden_size,vocab_size)~
    c MambaModel AutoModel
    i embeddings:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b184;norm_f:N(hidden_size)
    = mamba2
    f . conv_kernel=4 expand=2 head_dim=64 hidden_size=4096 n_groups=8 num_heads=128 num_hidden_layers=64 \
    state_size=128 tie_word_embeddings=false use_bias=false use_conv_bias=true vocab_size=32768
    c Mamba2ForCausalLM AutoModelForCausalLM
    p backbone
    i backbone{embeddings:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b400;norm_f:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c Mamba2Model AutoModel
    i embeddings:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b400;norm_f:N(hidden_size)
    = mbart
    f . d_model=1024 decoder_ffn_dim=4096 decoder_layers=12 encoder_ffn_dim=4096 encoder_layers=12 \
    max_position_embeddings=1024 tie_word_embeddings=true vocab_size=50265
    k . hidden_size=d_model num_hidden_layers=encoder_layers
    c MBartForConditionalGeneration AutoModelForSeq2SeqLM AutoModelForMaskedLM
    p model
    i model{shared:E(vocab_size,d_model)!;encoder{?!tie_word_embeddings embed_tokens:E(vocab_size,d_model);\
    ?tie_word_embeddings embed_tokens:E(vocab_size,d_model)~;embed_positions:E(max_position_embeddings+2,\
    d_model);layers*encoder_layers=b38;layernorm_embedding:N(d_model,1);layer_norm:N(d_model,1)};decoder{\
    ?!tie_word_embeddings embed_tokens:E(vocab_size,d_model);?tie_word_embeddings embed_tokens:E(vocab_size,\
    d_model)~;embed_positions:E(max_position_embeddings+2,d_model);layers*decoder_layers=b40;\
    layernorm_embedding:N(d_model,1);layer_norm:N(d_model,1)}};?!tie_word_embeddings lm_head:L(d_model,\
    vocab_size);?tie_word_embeddings lm_head:L(d_model,vocab_size)~;final_logits_bias:B(1,vocab_size)
    c MBartForCausalLM AutoModelForCausalLM
    p model
    i model{decoder{embed_tokens:E(vocab_size,d_model)!;embed_positions:E(max_position_embeddings+2,d_model);\
    layers*decoder_layers=b40;layernorm_embedding:N(d_model,1);layer_norm:N(d_model,1)};?!tie_word_embeddings \
    encoder{embed_tokens:E(vocab_size,d_model)}};?tie_word_embeddings lm_head:L(d_model,vocab_size)~
    c MBartModel AutoModel
    i shared:E(vocab_size,d_model)!;encoder=b401;decoder=b402
    c MBartForSequenceClassification
    p model
    i model=b403;classification_head=b404
    c MBartForQuestionAnswering
    p model
    i model=b403;qa_outputs:L(d_model,num_labels,1)
    = megatron-bert
    f . hidden_size=1024 intermediate_size=4096 max_position_embeddings=512 num_attention_heads=16 \
    num_hidden_layers=24 tie_word_embeddings=true type_vocab_size=2 vocab_size=29056
    g !add_cross_attention
    f . add_cross_attention=false
    c MegatronBertForCausalLM AutoModelForCausalLM
    p bert
    i bert{embeddings=b405;encoder=b406};cls{predictions=b53}
    c MegatronBertForMaskedLM AutoModelForMaskedLM
    p bert
    i bert{embeddings=b405;encoder=b406};cls{predictions=b53}
    c MegatronBertModel AutoModel
    i embeddings=b405;encoder=b406;pooler{dense:L(hidden_size,hidden_size,1)}
    c MegatronBertForSequenceClassification
    p bert
    i bert=b407;classifier:L(hidden_size,num_labels,1)
    c MegatronBertForTokenClassification
    p bert
    i bert{embeddings=b405;encoder=b406};classifier:L(hidden_size,num_labels,1)
    c MegatronBertForQuestionAnswering
    p bert
    i bert{embeddings=b405;encoder=b406};qa_outputs:L(hidden_size,num_labels,1)
    c MegatronBertForPreTraining
    p bert
    i bert=b407;cls=b55
    = mellum
    f . attention_bias=false head_dim=128 hidden_size=2304 layer_types=null moe_intermediate_size=896 \
    num_attention_heads=32 num_hidden_layers=28 num_key_value_heads=4 num_local_experts=64 sliding_window=1024 \
    tie_word_embeddings=false vocab_size=98304
    k . num_experts=num_local_experts
    d layer_types list(layer_types)?layer_types:[num_hidden_layers|'full_attention']
    g head_dim
    s layer_types full_attention sliding_attention
    c MellumForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b408;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c MellumModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b408;norm:N(hidden_size)
    = mimo_v2_flash
    f . attention_bias=false head_dim=192 hidden_size=4096 intermediate_size=16384 layer_types=null \
    mlp_layer_types=null moe_intermediate_size=2048 n_routed_experts=256 num_attention_heads=64 \
    num_hidden_layers=48 num_key_value_heads=4 sliding_window=129 sliding_window_size=null \
    tie_word_embeddings=false v_head_dim=128 vocab_size=152576
    k . num_local_experts=n_routed_experts
    d sliding_window null(sliding_window_size)?sliding_window:sliding_window_size+1
    d layer_types list(layer_types)?layer_types:[num_hidden_layers|\
    i%6==5?'full_attention':i==0?'full_attention':'sliding_attention']
    d mlp_layer_types list(mlp_layer_types)?mlp_layer_types:[num_hidden_layers|i==0?'dense':'sparse']
    g head_dim
    s layer_types full_attention sliding_attention
    s mlp_layer_types dense sparse
    c MiMoV2FlashForCausalLM AutoModelForCausalLM
    p model
    r model.layers.*.self_attn.sinks>model.layers.*.self_attn.attention_sink_bias
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b409;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c MiMoV2FlashModel AutoModel
    r layers.*.self_attn.sinks>layers.*.self_attn.attention_sink_bias
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b409;norm:N(hidden_size)
    = minicpm3
    f . attention_bias=false head_dim=null hidden_size=2560 intermediate_size=6400 kv_lora_rank=256 \
    mlp_bias=false num_attention_heads=40 num_hidden_layers=62 num_key_value_heads=40 q_lora_rank=768 \
    qk_nope_head_dim=64 qk_rope_head_dim=32 tie_word_embeddings=true v_head_dim=null vocab_size=73448
    d head_dim null(head_dim)?qk_rope_head_dim:head_dim
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    d v_head_dim null(v_head_dim)?hidden_size//num_attention_heads:v_head_dim
    g head_dim
    c MiniCPM3ForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b137;mlp=b34;\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)};\
    ?!tie_word_embeddings lm_head:L(hidden_size,vocab_size);?tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)~
    c MiniCPM3Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b139;mlp=b34;\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)
    = minicpm_ocr
    f . tie_word_embeddings=true
    f vision_config. hidden_size=768 image_size=224 intermediate_size=3072 num_channels=3 num_hidden_layers=12 \
    patch_size=16 window_kernel_size=[2,2]
    y text_config. qwen3_5_text
    c MiniCPMOcrForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{vision_tower@vision_config{embeddings=b285;encoder{layers*num_hidden_layers=b95};vit_merger=b410;\
    post_layernorm:N(hidden_size,1)};merger=b411;language_model:A(AutoModel,text_config)};?!tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size);?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~
    c MiniCPMOcrModel AutoModel
    i vision_tower=b412;merger=b411;language_model:A(AutoModel,text_config)
    = minicpm_ocr_vision
    f . hidden_size=768 image_size=224 intermediate_size=3072 num_attention_heads=12 num_channels=3 \
    num_hidden_layers=12 patch_size=16 window_kernel_size=[2,2]
    c MiniCPMOcrVisionModel AutoModel
    i embeddings=b285;encoder{layers*num_hidden_layers=b95};vit_merger=b410;post_layernorm:N(hidden_size,1)
    = minicpmv4_6
    f . tie_word_embeddings=false
    f vision_config. hidden_size=768 image_size=224 intermediate_size=3072 num_channels=3 patch_size=16 \
    window_kernel_size=[2,2] num_hidden_layers=12
    y text_config. qwen3_5_text
    c MiniCPMV4_6ForConditionalGeneration AutoModelForImageTextToText
    p model
    i model=b413;?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~;\
    ?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c MiniCPMV4_6Model AutoModel
    i vision_tower=b412;merger=b411;language_model:A(AutoModel,text_config)
    = minicpmv4_7
    f . tie_word_embeddings=false
    f vision_config. hidden_size=768 image_size=224 intermediate_size=3072 num_channels=3 patch_size=16 \
    window_kernel_size=[2,2] num_hidden_layers=12
    y text_config. qwen3_5_text
    c MiniCPMV4_7ForConditionalGeneration AutoModelForImageTextToText
    p model
    i model=b413;?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~;\
    ?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c MiniCPMV4_7Model AutoModel
    i vision_tower=b412;merger=b411;language_model:A(AutoModel,text_config)
    = minicpmv4_7_vision
    f . hidden_size=768 image_size=224 intermediate_size=3072 num_attention_heads=12 num_channels=3 \
    num_hidden_layers=12 patch_size=16 window_kernel_size=[2,2]
    c MiniCPMV4_7VisionModel AutoModel
    i embeddings=b285;encoder{layers*num_hidden_layers=b95};vit_merger=b410;post_layernorm:N(hidden_size,1)
    = minimax
    f . head_dim=null hidden_size=4096 intermediate_size=14336 layer_types=null num_attention_heads=32 \
    num_hidden_layers=32 num_key_value_heads=8 num_local_experts=8 sliding_window=null \
    tie_word_embeddings=false vocab_size=32000
    k . num_experts=num_local_experts
    d layer_types null(layer_types)?[num_hidden_layers|i%2==0?'full_attention':'linear_attention']:layer_types
    s layer_types full_attention linear_attention
    c MiniMaxForCausalLM AutoModelForCausalLM
    p model
    r model.layers.*.mlp>model.layers.*.block_sparse_moe
    i model=b417;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c MiniMaxModel AutoModel
    r layers.*.mlp>layers.*.block_sparse_moe
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b416;norm:N(hidden_size)
    c MiniMaxForSequenceClassification
    p model
    r model.layers.*.mlp>model.layers.*.block_sparse_moe
    i model=b417;score:L(hidden_size,num_labels)
    c MiniMaxForTokenClassification
    p model
    r model.layers.*.mlp>model.layers.*.block_sparse_moe
    i model=b417;score:L(hidden_size,num_labels,1)
    c MiniMaxForQuestionAnswering
    p model
    r model.layers.*.mlp>model.layers.*.block_sparse_moe
    i model=b417;qa_outputs:L(hidden_size,2,1)
    = minimax_m2
    f . head_dim=128 hidden_size=3072 intermediate_size=1536 num_attention_heads=48 num_hidden_layers=62 \
    num_key_value_heads=8 num_local_experts=256 tie_word_embeddings=false vocab_size=200064
    k . num_experts=num_local_experts
    g head_dim
    c MiniMaxM2ForCausalLM AutoModelForCausalLM
    p model
    r model.layers.*.mlp>model.layers.*.block_sparse_moe
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b418;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c MiniMaxM2Model AutoModel
    r layers.*.mlp>layers.*.block_sparse_moe
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b418;norm:N(hidden_size)
    = minimax_m3_vl_text
    f . head_dim=128 hidden_size=6144 index_head_dim=128 index_n_heads=4 intermediate_size=3072 \
    layer_types=null num_attention_heads=64 num_hidden_layers=60 num_key_value_heads=4 num_local_experts=128 \
    shared_intermediate_size=3072 tie_word_embeddings=false vocab_size=200064
    k . num_experts=num_local_experts
    d layer_types null(layer_types)?[num_hidden_layers|'full_attention']:layer_types
    u . moe_layer_freq
    g head_dim
    s layer_types full_attention minimax_m3_sparse
    c MiniMaxM3VLForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b419;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c MiniMaxM3VLTextModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b419;norm:N(hidden_size)
    = ministral
    f . head_dim=null hidden_size=4096 intermediate_size=14336 layer_types=null num_attention_heads=32 \
    num_hidden_layers=32 num_key_value_heads=8 sliding_window=4096 tie_word_embeddings=false vocab_size=32000
    d layer_types null(layer_types)?[num_hidden_layers|\
    null(sliding_window)?'full_attention':'sliding_attention']:layer_types
    g head_dim
    s layer_types full_attention sliding_attention
    c MinistralForCausalLM AutoModelForCausalLM
    p model
    i model=b339;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c MinistralModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b338;norm:N(hidden_size)
    c MinistralForSequenceClassification
    p model
    i model=b339;score:L(hidden_size,num_labels)
    c MinistralForTokenClassification
    p model
    i model=b339;score:L(hidden_size,num_labels,1)
    = ministral3
    f . head_dim=128 hidden_size=4096 intermediate_size=14336 num_attention_heads=32 num_hidden_layers=34 \
    num_key_value_heads=8 sliding_window=null tie_word_embeddings=false vocab_size=131072
    g head_dim
    c Ministral3ForCausalLM AutoModelForCausalLM
    p model
    i model=b339;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c Ministral3Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b338;norm:N(hidden_size)
    c Ministral3ForSequenceClassification
    p model
    i model=b339;score:L(hidden_size,num_labels)
    c Ministral3ForTokenClassification
    p model
    i model=b339;score:L(hidden_size,num_labels,1)
    c Ministral3ForQuestionAnswering
    p model
    i model=b339;qa_outputs:L(hidden_size,2,1)
    = mistral
    f . head_dim=null hidden_size=4096 intermediate_size=14336 num_attention_heads=32 num_hidden_layers=32 \
    num_key_value_heads=8 sliding_window=4096 tie_word_embeddings=false vocab_size=32000
    d head_dim null(head_dim)?hidden_size//num_attention_heads:head_dim
    g head_dim
    c MistralForCausalLM AutoModelForCausalLM
    p model
    i model=b339;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c MistralModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b338;norm:N(hidden_size)
    = mistral3
    f . multimodal_projector_bias=false spatial_merge_size=2 tie_word_embeddings=true
    y text_config. mistral
    m text_config. vocab_size=131072 hidden_size=5120 intermediate_size=32768 num_hidden_layers=40 \
    rms_norm_eps=1e-05 sliding_window=null
    y vision_config. pixtral
    m vision_config. image_size=1540 patch_size=14 vocab_size=32000
    c Mistral3ForConditionalGeneration AutoModelForImageTextToText
    p model
    r model>
    r lm_head>language_model.lm_head
    r model.language_model>language_model.model
    i model{multi_modal_projector=b420;vision_tower:A(AutoModel,vision_config);language_model:A(AutoModel,\
    text_config)};?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size);\
    ?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~
    c Mistral3Model AutoModel
    r language_model>language_model.model
    i multi_modal_projector=b420;vision_tower:A(AutoModel,vision_config);language_model:A(AutoModel,text_config)
    = mistral4
    f . attention_bias=false head_dim=null hidden_size=4096 kv_lora_rank=256 moe_intermediate_size=2048 \
    n_routed_experts=128 n_shared_experts=1 num_attention_heads=32 num_hidden_layers=36 num_key_value_heads=32 \
    q_lora_rank=1024 qk_nope_head_dim=64 qk_rope_head_dim=64 tie_word_embeddings=false v_head_dim=128 \
    vocab_size=131072
    k . num_local_experts=n_routed_experts
    d head_dim null(head_dim)?qk_nope_head_dim+qk_rope_head_dim:head_dim
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c Mistral4ForCausalLM AutoModelForImageTextToText
    p model
    i model=b422;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c Mistral4Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b421;norm:N(hidden_size)
    c Mistral4ForSequenceClassification
    p model
    i model=b422;score:L(hidden_size,num_labels)
    c Mistral4ForTokenClassification
    p model
    i model=b422;score:L(hidden_size,num_labels,1)
    = mixtral
    f . head_dim=null hidden_size=4096 intermediate_size=14336 num_attention_heads=32 num_hidden_layers=32 \
    num_key_value_heads=8 num_local_experts=8 sliding_window=null tie_word_embeddings=false vocab_size=32000
    k . num_experts=num_local_experts
    c MixtralForCausalLM AutoModelForCausalLM
    p model
    r model.layers.*.mlp>model.layers.*.block_sparse_moe
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b423;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c MixtralModel AutoModel
    r layers.*.mlp>layers.*.block_sparse_moe
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b423;norm:N(hidden_size)
    = mllama
    f text_config. cross_attention_layers=null hidden_size=4096 intermediate_size=14336 num_attention_heads=32 \
    num_hidden_layers=40 num_key_value_heads=8 vocab_size=128256
    f vision_config. attention_heads=16 hidden_size=1280 image_size=448 intermediate_size=5120 max_num_tiles=4 \
    num_channels=3 num_global_layers=8 num_hidden_layers=32 patch_size=14 vision_output_dim=7680
    k vision_config. num_attention_heads=attention_heads
    d text_config.cross_attention_layers null(text_config.cross_attention_layers)?[8|\
    i==0?3:i==1?8:i==2?13:i==3?18:i==4?23:i==5?28:i%2==0?33:38]:text_config.cross_attention_layers
    c MllamaForConditionalGeneration AutoModelForImageTextToText
    p model
    r model.vision_model>vision_model
    r model.language_model>language_model.model
    r model.multi_modal_projector>multi_modal_projector
    r lm_head>language_model.lm_head
    i model{vision_model@vision_config{patch_embedding:C(num_channels,hidden_size,0|num_channels,patch_size,\
    patch_size);gated_positional_embedding{tile_embedding:E(9,\
    max_num_tiles*((image_size//patch_size)**2+1)*hidden_size);gate:T(1);\
    embedding:T((image_size//patch_size)**2+1,hidden_size)};pre_tile_positional_embedding=b424;\
    post_tile_positional_embedding=b424;transformer{layers*num_hidden_layers{self_attn=b425;mlp=b72;\
    input_layernorm:N(hidden_size,1);post_attention_layernorm:N(hidden_size,1)}};global_transformer{\
    layers*num_global_layers{self_attn=b425;mlp=b72;gate_attn:T(1);gate_ffn:T(1);input_layernorm:N(hidden_size,\
    1);post_attention_layernorm:N(hidden_size,1)}};class_embedding:T(hidden_size);layernorm_pre:N(hidden_size,\
    1);layernorm_post:N(hidden_size,1)};language_model@text_config{embed_tokens:E(vocab_size+8,hidden_size)!;\
    layers*num_hidden_layers{?!(cross_attention_layers has i) self_attn=b78;mlp=b79;\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);?cross_attention_layers has i \
    cross_attn_attn_gate:T(1);?cross_attention_layers has i cross_attn_mlp_gate:T(1);?cross_attention_layers \
    has i cross_attn{q_norm:N(hidden_size//num_attention_heads);k_norm:N(hidden_size//num_attention_heads);\
    q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads));k_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads));v_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads));\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size)}};norm:N(hidden_size)};\
    multi_modal_projector:L(vision_config.vision_output_dim,text_config.hidden_size,1)};\
    lm_head:L(text_config.hidden_size,text_config.vocab_size)
    = mobilebert
    f . embedding_size=128 hidden_size=512 intermediate_size=512 intra_bottleneck_size=128 \
    key_query_shared_bottleneck=true max_position_embeddings=512 num_attention_heads=4 num_hidden_layers=24 \
    tie_word_embeddings=true trigram_input=true true_hidden_size=null type_vocab_size=2 use_bottleneck=true \
    use_bottleneck_attention=false vocab_size=30522
    d true_hidden_size null(true_hidden_size)?(use_bottleneck?intra_bottleneck_size:hidden_size):true_hidden_size
    g !(num_feedforward_networks<=1)
    f . num_feedforward_networks=4
    c MobileBertForMaskedLM AutoModelForMaskedLM
    p mobilebert
    i mobilebert{embeddings=b427;encoder=b432};cls{predictions=b433}
    c MobileBertForSequenceClassification
    p mobilebert
    i mobilebert=b434;classifier:L(hidden_size,num_labels,1)
    c MobileBertForTokenClassification
    p mobilebert
    i mobilebert{embeddings=b427;encoder=b432};classifier:L(hidden_size,num_labels,1)
    c MobileBertForQuestionAnswering
    p mobilebert
    i mobilebert{embeddings=b427;encoder=b432};qa_outputs:L(hidden_size,num_labels,1)
    c MobileBertForPreTraining
    p mobilebert
    i mobilebert=b434;cls{predictions=b433;seq_relationship:L(hidden_size,2,1)}
    = modernbert
    f . attention_bias=false classifier_bias=false decoder_bias=true global_attn_every_n_layers=3 \
    hidden_size=768 intermediate_size=1152 layer_types=null mlp_bias=false norm_bias=false \
    num_attention_heads=12 num_hidden_layers=22 tie_word_embeddings=true vocab_size=50368
    d layer_types null(layer_types)?[num_hidden_layers|\
    i%global_attn_every_n_layers?'sliding_attention':'full_attention']:layer_types
    s layer_types full_attention sliding_attention
    c ModernBertForMaskedLM AutoModelForMaskedLM
    p model
    i model=b442;head=b440;?!tie_word_embeddings decoder:L(hidden_size,vocab_size,1);?tie_word_embeddings \
    decoder:L(hidden_size,vocab_size,decoder_bias)~
    c ModernBertModel AutoModel
    i embeddings=b436;layers*num_hidden_layers=b441;final_norm=b435
    c ModernBertForSequenceClassification
    p model
    i model=b442;head=b440;classifier:L(hidden_size,num_labels,1)
    c ModernBertForTokenClassification
    p model
    i model=b442;head=b440;classifier:L(hidden_size,num_labels,1)
    c ModernBertForQuestionAnswering
    p model
    i model=b442;head=b440;classifier:L(hidden_size,num_labels,1)
    = modernbert-decoder
    f . attention_bias=false classifier_bias=false decoder_bias=true global_attn_every_n_layers=3 \
    hidden_size=768 intermediate_size=1152 layer_types=null local_attention=128 mlp_bias=false norm_bias=false \
    num_attention_heads=12 num_hidden_layers=22 sliding_window=null tie_word_embeddings=true vocab_size=50368
    d layer_types null(layer_types)?[num_hidden_layers|\
    i%global_attn_every_n_layers==0?'full_attention':'sliding_attention']:layer_types
    d sliding_window null(sliding_window)?(null(local_attention)?-1:local_attention//2):sliding_window
    s layer_types full_attention sliding_attention
    c ModernBertDecoderForCausalLM AutoModelForCausalLM
    p model
    i model{embeddings=b436;layers*num_hidden_layers=b439;final_norm=b435};lm_head=b440;?!tie_word_embeddings \
    decoder:L(hidden_size,vocab_size,1);?tie_word_embeddings decoder:L(hidden_size,vocab_size,decoder_bias)~
    c ModernBertDecoderModel AutoModel
    i embeddings=b436;layers*num_hidden_layers=b439;final_norm=b435
    = modernvbert
    f . pixel_shuffle_factor=4 tie_word_embeddings=false
    y text_config. modernbert
    y vision_config. siglip_vision_model
    c ModernVBertForMaskedLM AutoModelForMaskedLM
    p model
    i model=b444;projection_head@text_config=b445;?tie_word_embeddings lm_head:L(text_config.hidden_size,\
    text_config.vocab_size,1)~;?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size,1)
    c ModernVBertModel AutoModel
    i connector=b443;vision_model:A(AutoModel,vision_config);text_model:A(AutoModel,text_config)
    c ModernVBertForSequenceClassification
    p model
    i model=b444;head@text_config=b445;classifier:L(text_config.hidden_size,num_labels,1)
    c ModernVBertForTokenClassification
    p model
    i model=b444;head@text_config=b445;classifier:L(text_config.hidden_size,num_labels,1)
    = moshi
    f . ffn_dim=22528 head_dim=null hidden_size=4096 num_attention_heads=32 num_hidden_layers=32 \
    num_key_value_heads=null sliding_window=3000 tie_word_embeddings=false vocab_size=32000
    y audio_encoder_config. mimi
    d head_dim null(head_dim)?hidden_size//num_attention_heads:head_dim
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g head_dim
    c MoshiForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size+1,hidden_size)!;layers*num_hidden_layers=b447;norm:N(hidden_size)};\
    lm_head:L(hidden_size,vocab_size)
    c MoshiModel AutoModel
    i embed_tokens:E(vocab_size+1,hidden_size)!;layers*num_hidden_layers=b447;norm:N(hidden_size)
    = moss_transcribe_diarize
    f . audio_merge_size=4 projector_bias=true tie_word_embeddings=true
    f audio_config. hidden_size=1024 intermediate_size=4096 max_source_positions=1500 num_hidden_layers=24 \
    num_mel_bins=80
    y text_config. qwen3
    m text_config. hidden_size=1024 intermediate_size=3072 num_hidden_layers=28 num_attention_heads=16 \
    num_key_value_heads=8 max_position_embeddings=131072 layer_types=["full_attention","full_attention",\
    "full_attention","full_attention","full_attention","full_attention","full_attention","full_attention",\
    "full_attention","full_attention","full_attention","full_attention","full_attention","full_attention",\
    "full_attention","full_attention","full_attention","full_attention","full_attention","full_attention",\
    "full_attention","full_attention","full_attention","full_attention","full_attention","full_attention",\
    "full_attention","full_attention"]
    k audio_config. d_model=hidden_size encoder_ffn_dim=intermediate_size encoder_layers=num_hidden_layers
    c MossTranscribeDiarizeForConditionalGeneration AutoModelForCausalLM AutoModelForSeq2SeqLM
    p model
    i model{audio_tower@audio_config=b448;multi_modal_projector=b449;language_model:A(AutoModel,text_config)};\
    ?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size);?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~
    c MossTranscribeDiarizeModel AutoModel
    i audio_tower@audio_config=b448;multi_modal_projector=b449;language_model:A(AutoModel,text_config)
    = moss_transcribe_diarize_audio
    f . hidden_size=1024 intermediate_size=4096 max_source_positions=1500 num_attention_heads=16 \
    num_hidden_layers=24 num_mel_bins=80
    k . d_model=hidden_size encoder_attention_heads=num_attention_heads encoder_ffn_dim=intermediate_size \
    encoder_layers=num_hidden_layers
    c MossTranscribeDiarizeAudioModel AutoModel
    i conv1:C(num_mel_bins,hidden_size,1|num_mel_bins,3);conv2:C(hidden_size,hidden_size,1|hidden_size,3);\
    embed_positions:E(max_source_positions,hidden_size);layers*num_hidden_layers=b23;layer_norm:N(hidden_size,1)
    = mpnet
    f . hidden_size=768 intermediate_size=3072 max_position_embeddings=512 num_attention_heads=12 \
    num_hidden_layers=12 relative_attention_num_buckets=32 tie_word_embeddings=true vocab_size=30527
    c MPNetForMaskedLM AutoModelForMaskedLM
    p mpnet
    i mpnet{embeddings=b46;encoder=b450};lm_head=b84
    c MPNetModel AutoModel
    i embeddings=b46;encoder=b450;pooler{dense:L(hidden_size,hidden_size,1)}
    c MPNetForSequenceClassification
    p mpnet
    i mpnet{embeddings=b46;encoder=b450};classifier=b58
    c MPNetForTokenClassification
    p mpnet
    i mpnet{embeddings=b46;encoder=b450};classifier:L(hidden_size,num_labels,1)
    c MPNetForQuestionAnswering
    p mpnet
    i mpnet{embeddings=b46;encoder=b450};qa_outputs:L(hidden_size,num_labels,1)
    = mpt
    f . d_model=2048 n_layers=24 tie_word_embeddings=true vocab_size=50368
    k . hidden_size=d_model num_hidden_layers=n_layers
    c MptForCausalLM AutoModelForCausalLM
    p transformer
    i transformer{wte:E(vocab_size,d_model)!;blocks*n_layers=b451;norm_f:N(d_model)};?!tie_word_embeddings \
    lm_head:L(d_model,vocab_size);?tie_word_embeddings lm_head:L(d_model,vocab_size)~
    c MptModel AutoModel
    i wte:E(vocab_size,d_model)!;blocks*n_layers=b451;norm_f:N(d_model)
    = mra
    f . hidden_size=768 intermediate_size=3072 max_position_embeddings=512 num_attention_heads=12 \
    num_hidden_layers=12 tie_word_embeddings=true type_vocab_size=1 vocab_size=50265
    c MraForMaskedLM AutoModelForMaskedLM
    p mra
    i mra=b453;cls{predictions=b53}
    c MraModel AutoModel
    i embeddings=b452;encoder{layer*num_hidden_layers=b50}
    c MraForSequenceClassification
    p mra
    i mra=b453;classifier=b58
    c MraForTokenClassification
    p mra
    i mra=b453;classifier:L(hidden_size,num_labels,1)
    c MraForQuestionAnswering
    p mra
    i mra=b453;qa_outputs:L(hidden_size,num_labels,1)
    = mt5
    f . d_ff=1024 d_kv=64 d_model=512 feed_forward_proj="gated-gelu" is_gated_act=null num_heads=6 num_layers=8 \
    relative_attention_num_buckets=32 tie_word_embeddings=true vocab_size=250112
    k . head_dim=d_kv hidden_size=d_model num_attention_heads=num_heads num_hidden_layers=num_layers
    d is_gated_act null(is_gated_act)?(feed_forward_proj=='gated-gelu'?true:false):is_gated_act
    d tie_word_embeddings tie_word_embeddings?tie_word_embeddings:true
    g tie_word_embeddings
    s feed_forward_proj gated-gelu relu
    c MT5ForConditionalGeneration AutoModelForSeq2SeqLM
    i shared:E(vocab_size,d_model)!;encoder=b455;decoder=b456;lm_head:L(d_model,vocab_size)~
    c MT5Model AutoModel
    i shared:E(vocab_size,d_model)!;encoder=b455;decoder=b456
    = muse_glimmer
    f . out_hidden_size=6144 projector_hidden_size=4096
    f text_config. attention_bias=false head_dim=128 hidden_size=6656 intermediate_size=19968 \
    num_attention_heads=32 num_hidden_layers=52 num_key_value_heads=2 vocab_size=202048
    f vision_config. hidden_size=1536 intermediate_size=8960 num_hidden_layers=50 patch_size=14 \
    patch_temporal=2 pos_emb_height=32 pos_emb_width=32
    g text_config.head_dim
    c MuseGlimmerForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{vision_tower@vision_config=b458;language_model@text_config=b461;vision_adapter=b462;\
    vision_projection:L(projector_hidden_size,text_config.hidden_size)};lm_head:L(text_config.hidden_size,\
    text_config.vocab_size)
    c MuseGlimmerModel AutoModel
    i vision_tower@vision_config=b458;language_model@text_config=b461;vision_adapter=b462;\
    vision_projection:L(projector_hidden_size,text_config.hidden_size)
    = muse_glimmer_text
    f . attention_bias=false head_dim=128 hidden_size=6656 intermediate_size=19968 layer_types=null \
    num_attention_heads=32 num_hidden_layers=52 num_key_value_heads=2 sliding_window=2048 \
    tie_word_embeddings=false vocab_size=202048
    d layer_types null(layer_types)?[num_hidden_layers|\
    (num_hidden_layers-1-i)%4==0?'full_attention':'sliding_attention']:layer_types
    g head_dim
    s layer_types full_attention sliding_attention
    c MuseGlimmerTextModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b460;norm:N(hidden_size)
    = muse_glimmer_vision
    f . hidden_size=1536 intermediate_size=8960 layer_types=null num_attention_heads=16 num_hidden_layers=50 \
    patch_size=14 patch_temporal=2 pos_emb_height=32 pos_emb_width=32
    g !null(layer_types)
    c MuseGlimmerVisionModel AutoModel
    i patch_embedder=b457;layers*num_hidden_layers=b357;ln_pre:N(hidden_size,1);ln_post:N(hidden_size,1)
    = muse_spark
    f . out_hidden_size=6144 projector_hidden_size=4096
    f audio_config. conv_kernel_size=7 hidden_sizes=[256,512,1024,2048] out_hidden_size=8192
    f text_config. attention_bias=false head_dim=64 hidden_size=8192 moe_hidden_size=4096 \
    moe_intermediate_size=4096 num_attention_heads=128 num_hidden_layers=62 num_key_value_heads=16 \
    num_local_experts=256 vocab_size=202048
    f vision_config. hidden_size=1536 intermediate_size=8960 patch_size=14 patch_temporal=2 pos_emb_height=32 \
    pos_emb_width=32 num_hidden_layers=50
    g text_config.head_dim
    c MuseSparkForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{vision_tower=b463;language_model@text_config=b465;vision_adapter=b462;\
    vision_projection:L(projector_hidden_size,text_config.hidden_size);audio_tower@audio_config=b470};\
    lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c MuseSparkModel AutoModel
    i vision_tower=b463;language_model@text_config=b465;vision_adapter=b462;\
    vision_projection:L(projector_hidden_size,text_config.hidden_size);audio_tower@audio_config=b470
    = muse_spark_text
    f . attention_bias=false head_dim=64 hidden_size=8192 layer_types=null moe_hidden_size=4096 \
    moe_intermediate_size=4096 num_attention_heads=128 num_hidden_layers=62 num_key_value_heads=16 \
    num_local_experts=256 sliding_window=2048 tie_word_embeddings=false vocab_size=202048
    d layer_types null(layer_types)?[num_hidden_layers|\
    (num_hidden_layers-1-i)%4==0?'full_attention':'sliding_attention']:layer_types
    g head_dim
    s layer_types full_attention sliding_attention
    c MuseSparkTextModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b464;norm:N(hidden_size)
    = muse_spark_vision
    f . hidden_size=1536 intermediate_size=8960 layer_types=null num_attention_heads=16 num_hidden_layers=50 \
    patch_size=14 patch_temporal=2 pos_emb_height=32 pos_emb_width=32
    g !null(layer_types)
    c MuseSparkVisionModel AutoModel
    i patch_embedder=b457;layers*num_hidden_layers=b357;ln_pre:N(hidden_size,1);ln_post:N(hidden_size,1)
    = musicflamingo
    f . head_dim=null projector_bias=true
    y audio_config. audioflamingo3_encoder
    y text_config. qwen2
    d head_dim null(head_dim)?audio_config.hidden_size:head_dim
    g head_dim
    c MusicFlamingoForConditionalGeneration AutoModelForSeq2SeqLM
    p model
    r model>
    r lm_head>language_model.lm_head
    r model.language_model>language_model.model
    i model=b22;lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c MusicFlamingoModel AutoModel
    r language_model>language_model.model
    i multi_modal_projector=b21;audio_tower:A(AutoModel,audio_config);language_model:A(AutoModel,text_config)
    = mvp
    f . d_model=1024 decoder_ffn_dim=4096 decoder_layers=12 encoder_ffn_dim=4096 encoder_layers=12 \
    max_position_embeddings=1024 prompt_length=100 prompt_mid_dim=800 tie_word_embeddings=true use_prompt=false \
    vocab_size=50267
    k . hidden_size=d_model num_hidden_layers=encoder_layers
    c MvpForConditionalGeneration AutoModelForSeq2SeqLM AutoModelForMaskedLM
    p model
    i model{shared:E(vocab_size,d_model)!;encoder=b39;decoder{?!tie_word_embeddings embed_tokens:E(vocab_size,\
    d_model);?tie_word_embeddings embed_tokens:E(vocab_size,d_model)~;\
    embed_positions:E(max_position_embeddings+2,d_model);layers*decoder_layers=b40;?use_prompt \
    self_attn_prompt=b471;?use_prompt cross_attn_prompt=b471;layernorm_embedding:N(d_model,1)}};\
    ?!tie_word_embeddings lm_head:L(d_model,vocab_size);?tie_word_embeddings lm_head:L(d_model,vocab_size)~;\
    final_logits_bias:B(1,vocab_size)
    c MvpForCausalLM AutoModelForCausalLM
    p model
    i model{decoder{embed_tokens:E(vocab_size,d_model)!;embed_positions:E(max_position_embeddings+2,d_model);\
    layers*decoder_layers=b40;layernorm_embedding:N(d_model,1);?use_prompt self_attn_prompt=b471;?use_prompt \
    cross_attn_prompt=b471};?!tie_word_embeddings encoder{embed_tokens:E(vocab_size,d_model)}};\
    ?tie_word_embeddings lm_head:L(d_model,vocab_size)~
    c MvpModel AutoModel
    i shared:E(vocab_size,d_model)!;encoder=b43;decoder=b472
    c MvpForSequenceClassification
    p model
    i model=b473;classification_head=b404
    c MvpForQuestionAnswering
    p model
    i model=b473;qa_outputs:L(d_model,num_labels,1)
    = nanochat
    f . attention_bias=false hidden_size=768 intermediate_size=8192 num_attention_heads=6 num_hidden_layers=12 \
    num_key_value_heads=null tie_word_embeddings=false vocab_size=50304
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c NanoChatForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b171;mlp=b116}};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c NanoChatModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b171;mlp=b116}
    = nemotron
    f . attention_bias=false head_dim=null hidden_size=6144 intermediate_size=24576 mlp_bias=false \
    num_attention_heads=48 num_hidden_layers=32 num_key_value_heads=null tie_word_embeddings=false \
    vocab_size=256000
    d head_dim null(head_dim)?hidden_size//num_attention_heads:head_dim
    g head_dim
    c NemotronForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b474;norm:N(hidden_size,1)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c NemotronModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b474;norm:N(hidden_size,1)
    = nemotron3_5_transcribe_asr_audio
    f . hidden_size=1280 intermediate_size=5120 num_attention_heads=10 num_hidden_layers=32 \
    num_key_value_heads=null num_mel_bins=128 subsampling_factor=8
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c Nemotron3_5TranscribeAsrAudioModel AutoModel
    i embedder=b475;layers*num_hidden_layers=b476;input_layer_norm:N(hidden_size,1);layer_norm:N(hidden_size,1)
    = nemotron3_5_transcribe_word_timestamp
    f . hidden_size=1280 intermediate_size=640 num_attention_heads=16 num_hidden_layers=2 \
    num_key_value_heads=null upsampling_factor=2 vocab_size=23863
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c Nemotron3_5TranscribeWordTimestampModel AutoModel
    i layers*num_hidden_layers=b476;upsampler{weight:T(hidden_size,hidden_size,upsampling_factor);\
    bias:T(hidden_size)};input_layer_norm:N(hidden_size,1);layer_norm:N(hidden_size,1)
    = nemotron3_diarization
    f audio_config. hidden_size=512 intermediate_size=2048 num_attention_heads=8 num_hidden_layers=31 \
    num_key_value_heads=null num_mel_bins=128 subsampling_factor=8
    f head_config. audio_hidden_size=512 hidden_size=192 subsampling_factor=8
    d audio_config.num_key_value_heads \
    null(audio_config.num_key_value_heads)?audio_config.num_attention_heads:audio_config.num_key_value_heads
    c Nemotron3DiarizationModel AutoModel
    i audio_tower@audio_config{embedder=b475;layers*num_hidden_layers=b477;input_layer_norm:N(hidden_size,1);\
    layer_norm:N(hidden_size,1)};proj:L(head_config.audio_hidden_size,head_config.hidden_size,1);\
    upsampler@head_config{conv:C(hidden_size,hidden_size*subsampling_factor,1|hidden_size,3)}
    = nemotron3_diarization_audio
    f . hidden_size=512 intermediate_size=2048 num_attention_heads=8 num_hidden_layers=31 \
    num_key_value_heads=null num_mel_bins=128 subsampling_factor=8
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c Nemotron3DiarizationAudioModel AutoModel
    i embedder=b475;layers*num_hidden_layers=b477;input_layer_norm:N(hidden_size,1);layer_norm:N(hidden_size,1)
    = neomme
    f . attention_bias=false embedding_rank=256 head_dim=64 hidden_size=1024 intermediate_size=3584 \
    layer_types=null mlp_bias=false num_attention_heads=16 num_hidden_layers=17 num_key_value_heads=4 \
    patch_size=32 sliding_window=256 tie_word_embeddings=true vocab_size=131072
    d layer_types list(layer_types)?layer_types:[num_hidden_layers|\
    i==num_hidden_layers-1?'full_attention':i%6==5?'full_attention':'sliding_attention']
    g head_dim
    s layer_types full_attention sliding_attention
    c NeoMMEForMaskedLM AutoModelForMaskedLM
    p model
    i model{embed_tokens=b478;patch_embeddings=b479;layers*num_hidden_layers=b480;value_embeddings:E(vocab_size,\
    num_key_value_heads*head_dim)};?!tie_word_embeddings unembedding_projection:L(embedding_rank,hidden_size);\
    ?!tie_word_embeddings lm_head:L(embedding_rank,vocab_size);?tie_word_embeddings \
    unembedding_projection:L(embedding_rank,hidden_size)~model.embed_tokens.embedding_projection;\
    ?tie_word_embeddings lm_head:L(embedding_rank,vocab_size)~
    c NeoMMEModel AutoModel
    i embed_tokens=b478;patch_embeddings=b479;layers*num_hidden_layers=b480;value_embeddings:E(vocab_size,\
    num_key_value_heads*head_dim)
    = nomic_bert
    f . head_dim=null hidden_size=768 intermediate_size=3072 num_attention_heads=12 num_hidden_layers=12 \
    type_vocab_size=2 vocab_size=30528
    d head_dim null(head_dim)?hidden_size//num_attention_heads:head_dim
    g head_dim
    c NomicBertForMaskedLM AutoModelForMaskedLM
    p nomic_bert
    r nomic_bert.embeddings.LayerNorm>nomic_bert.emb_ln
    r nomic_bert.layers.*.mlp.gate_proj>nomic_bert.encoder.layers.*.mlp.fc12
    r nomic_bert.layers.*.mlp.up_proj>nomic_bert.encoder.layers.*.mlp.fc11
    r nomic_bert.layers.*.mlp.down_proj>nomic_bert.encoder.layers.*.mlp.fc2
    r nomic_bert.layers.*.self_attn.q_proj>nomic_bert.encoder.layers.*.attn.Wqkv
    r nomic_bert.layers.*.self_attn.k_proj>nomic_bert.encoder.layers.*.attn.Wqkv
    r nomic_bert.layers.*.self_attn.v_proj>nomic_bert.encoder.layers.*.attn.Wqkv
    r nomic_bert.layers.*.self_attn.o_proj>nomic_bert.encoder.layers.*.attn.out_proj
    r nomic_bert.layers.*.post_attention_layernorm>nomic_bert.encoder.layers.*.norm1
    r nomic_bert.layers.*.post_mlp_layernorm>nomic_bert.encoder.layers.*.norm2
    i nomic_bert=b482;cls{predictions{transform{dense:L(hidden_size,hidden_size,1);layer_norm:N(hidden_size,1)};\
    decoder:L(hidden_size,vocab_size,1)~;bias:T(vocab_size)}}
    c NomicBertModel AutoModel
    r embeddings.LayerNorm>emb_ln
    r layers.*.mlp.gate_proj>encoder.layers.*.mlp.fc12
    r layers.*.mlp.up_proj>encoder.layers.*.mlp.fc11
    r layers.*.mlp.down_proj>encoder.layers.*.mlp.fc2
    r layers.*.self_attn.q_proj>encoder.layers.*.attn.Wqkv
    r layers.*.self_attn.k_proj>encoder.layers.*.attn.Wqkv
    r layers.*.self_attn.v_proj>encoder.layers.*.attn.Wqkv
    r layers.*.self_attn.o_proj>encoder.layers.*.attn.out_proj
    r layers.*.post_attention_layernorm>encoder.layers.*.norm1
    r layers.*.post_mlp_layernorm>encoder.layers.*.norm2
    i embeddings=b354;layers*num_hidden_layers=b481
    c NomicBertForSequenceClassification
    p nomic_bert
    r nomic_bert.embeddings.LayerNorm>nomic_bert.emb_ln
    r nomic_bert.layers.*.mlp.gate_proj>nomic_bert.encoder.layers.*.mlp.fc12
    r nomic_bert.layers.*.mlp.up_proj>nomic_bert.encoder.layers.*.mlp.fc11
    r nomic_bert.layers.*.mlp.down_proj>nomic_bert.encoder.layers.*.mlp.fc2
    r nomic_bert.layers.*.self_attn.q_proj>nomic_bert.encoder.layers.*.attn.Wqkv
    r nomic_bert.layers.*.self_attn.k_proj>nomic_bert.encoder.layers.*.attn.Wqkv
    r nomic_bert.layers.*.self_attn.v_proj>nomic_bert.encoder.layers.*.attn.Wqkv
    r nomic_bert.layers.*.self_attn.o_proj>nomic_bert.encoder.layers.*.attn.out_proj
    r nomic_bert.layers.*.post_attention_layernorm>nomic_bert.encoder.layers.*.norm1
    r nomic_bert.layers.*.post_mlp_layernorm>nomic_bert.encoder.layers.*.norm2
    i nomic_bert{embeddings=b354;pooler{dense:L(hidden_size,hidden_size,1)};layers*num_hidden_layers=b481};\
    classifier:L(hidden_size,num_labels,1)
    c NomicBertForTokenClassification
    p nomic_bert
    r nomic_bert.embeddings.LayerNorm>nomic_bert.emb_ln
    r nomic_bert.layers.*.mlp.gate_proj>nomic_bert.encoder.layers.*.mlp.fc12
    r nomic_bert.layers.*.mlp.up_proj>nomic_bert.encoder.layers.*.mlp.fc11
    r nomic_bert.layers.*.mlp.down_proj>nomic_bert.encoder.layers.*.mlp.fc2
    r nomic_bert.layers.*.self_attn.q_proj>nomic_bert.encoder.layers.*.attn.Wqkv
    r nomic_bert.layers.*.self_attn.k_proj>nomic_bert.encoder.layers.*.attn.Wqkv
    r nomic_bert.layers.*.self_attn.v_proj>nomic_bert.encoder.layers.*.attn.Wqkv
    r nomic_bert.layers.*.self_attn.o_proj>nomic_bert.encoder.layers.*.attn.out_proj
    r nomic_bert.layers.*.post_attention_layernorm>nomic_bert.encoder.layers.*.norm1
    r nomic_bert.layers.*.post_mlp_layernorm>nomic_bert.encoder.layers.*.norm2
    i nomic_bert=b482;classifier:L(hidden_size,num_labels,1)
    = nystromformer
    f . conv_kernel_size=65 hidden_size=768 intermediate_size=3072 max_position_embeddings=510 \
    num_attention_heads=12 num_hidden_layers=12 tie_word_embeddings=true type_vocab_size=2 vocab_size=30000
    g !(num_attention_heads<=0)
    c NystromformerForMaskedLM AutoModelForMaskedLM
    p nystromformer
    i nystromformer{embeddings=b483;encoder=b484};cls{predictions=b53}
    c NystromformerModel AutoModel
    i embeddings=b483;encoder=b484
    c NystromformerForSequenceClassification
    p nystromformer
    i nystromformer{embeddings=b483;encoder=b484};classifier=b58
    c NystromformerForTokenClassification
    p nystromformer
    i nystromformer{embeddings=b483;encoder=b484};classifier:L(hidden_size,num_labels,1)
    c NystromformerForQuestionAnswering
    p nystromformer
    i nystromformer{embeddings=b483;encoder=b484};qa_outputs:L(hidden_size,num_labels,1)
    = olmo
    f . attention_bias=false hidden_size=4096 intermediate_size=11008 num_attention_heads=32 \
    num_hidden_layers=32 num_key_value_heads=null tie_word_embeddings=false vocab_size=50304
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c OlmoForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b171;mlp=b79}};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c OlmoModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b171;mlp=b79}
    = olmo2
    f . attention_bias=false hidden_size=4096 intermediate_size=11008 num_attention_heads=32 \
    num_hidden_layers=32 num_key_value_heads=null tie_word_embeddings=false vocab_size=50304
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c Olmo2ForCausalLM AutoModelForCausalLM
    p model
    i model=b486;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c Olmo2Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b485;norm:N(hidden_size)
    = olmo3
    f . attention_bias=false hidden_size=4096 intermediate_size=11008 layer_types=null num_attention_heads=32 \
    num_hidden_layers=32 num_key_value_heads=null sliding_window=4096 tie_word_embeddings=false vocab_size=50304
    d layer_types null(layer_types)?[num_hidden_layers|i%4==3?'full_attention':'sliding_attention']:layer_types
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    s layer_types full_attention sliding_attention
    c Olmo3ForCausalLM AutoModelForCausalLM
    p model
    i model=b486;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c Olmo3Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b485;norm:N(hidden_size)
    c Olmo3ForSequenceClassification
    p model
    i model=b486;score:L(hidden_size,num_labels)
    = olmoe
    f . attention_bias=false hidden_size=2048 intermediate_size=2048 num_attention_heads=16 num_experts=64 \
    num_hidden_layers=16 num_key_value_heads=null tie_word_embeddings=false vocab_size=50304
    k . num_local_experts=num_experts
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c OlmoeForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b487;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c OlmoeModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b487;norm:N(hidden_size)
    = omniasr
    y audio_config. omniasr_audio
    y text_config. llama
    m text_config. vocab_size=11984 intermediate_size=2816 num_hidden_layers=12 num_attention_heads=8 \
    num_key_value_heads=8 max_position_embeddings=8192 rms_norm_eps=1e-05 head_dim=512
    c OmniASRForConditionalGeneration AutoModelForSeq2SeqLM
    p model
    i model{multi_modal_projector:L(audio_config.hidden_size,text_config.hidden_size,1);audio_tower:A(AutoModel,\
    audio_config);language_model:A(AutoModel,text_config)};lm_head:L(text_config.hidden_size,\
    text_config.vocab_size)
    c OmniASRModel AutoModel
    i multi_modal_projector:L(audio_config.hidden_size,text_config.hidden_size,1);audio_tower:A(AutoModel,\
    audio_config);language_model:A(AutoModel,text_config)
    = omniasr_audio
    f . conv_bias=true conv_dim=[512,512,512,512,512,512,512] conv_kernel=[10,3,3,3,3,2,2] hidden_size=1024 \
    intermediate_size=4096 num_attention_heads=16 num_conv_pos_embedding_groups=16 num_conv_pos_embeddings=128 \
    num_hidden_layers=24
    g !(num_conv_pos_embedding_groups<=0)
    c OmniASRAudioModel AutoModel
    i subsampling{conv_layers*len(conv_dim){conv:C(i==0?1:conv_dim[i],conv_dim[0],conv_bias|i==0?1:conv_dim[i],\
    conv_kernel[i]);layer_norm:N(conv_dim[0],1)};projection:L(conv_dim[6],hidden_size,1);\
    layer_norm:N(conv_dim[6],1)};encode_positions{conv:C(hidden_size,hidden_size,1|\
    hidden_size//num_conv_pos_embedding_groups,num_conv_pos_embeddings)};layers*num_hidden_layers{attention=b64;\
    feed_forward{intermediate_dense:L(hidden_size,intermediate_size,1);output_dense:L(intermediate_size,\
    hidden_size,1)};layer_norm:N(hidden_size,1);final_layer_norm:N(hidden_size,1)};layer_norm:N(hidden_size,1)
    = openai-gpt
    f . n_embd=768 n_layer=12 n_positions=512 tie_word_embeddings=true vocab_size=40478
    k . hidden_size=n_embd max_position_embeddings=n_positions num_hidden_layers=n_layer
    c OpenAIGPTLMHeadModel AutoModelForCausalLM
    p transformer
    i transformer{tokens_embed:E(vocab_size,n_embd)!;positions_embed:E(n_positions,n_embd);h*n_layer=b488};\
    ?!tie_word_embeddings lm_head:L(n_embd,vocab_size);?tie_word_embeddings lm_head:L(n_embd,vocab_size)~
    c OpenAIGPTModel AutoModel
    i tokens_embed:E(vocab_size,n_embd)!;positions_embed:E(n_positions,n_embd);h*n_layer=b488
    = opt
    f . do_layer_norm_before=true enable_bias=true ffn_dim=3072 hidden_size=768 \
    layer_norm_elementwise_affine=true max_position_embeddings=2048 num_attention_heads=12 num_hidden_layers=12 \
    tie_word_embeddings=true vocab_size=50272 word_embed_proj_dim=null
    d word_embed_proj_dim null(word_embed_proj_dim)?hidden_size:word_embed_proj_dim
    c OPTForCausalLM AutoModelForCausalLM
    p model
    i model{decoder=b489};?!tie_word_embeddings lm_head:L(word_embed_proj_dim,vocab_size);?tie_word_embeddings \
    lm_head:L(word_embed_proj_dim,vocab_size)~
    c OPTModel AutoModel
    i decoder=b489
    = paddleocr_vl
    f . tie_word_embeddings=true
    f text_config. head_dim=128 hidden_size=1024 intermediate_size=3072 num_attention_heads=16 \
    num_hidden_layers=18 num_key_value_heads=2 use_bias=false vocab_size=103424
    f vision_config. hidden_size=1152 image_size=384 intermediate_size=4304 num_channels=3 num_hidden_layers=27 \
    patch_size=14 spatial_merge_size=2
    d text_config.head_dim \
    null(text_config.head_dim)?text_config.hidden_size//text_config.num_attention_heads:text_config.head_dim
    d text_config.num_key_value_heads \
    null(text_config.num_key_value_heads)?text_config.num_attention_heads:text_config.num_key_value_heads
    d tie_word_embeddings tie_word_embeddings?tie_word_embeddings:true
    g text_config.head_dim
    g tie_word_embeddings
    c PaddleOCRVLForConditionalGeneration AutoModelForImageTextToText
    p model
    r model.visual>visual
    r model.language_model>model
    r model.projector>mlp_AR
    i model{visual@vision_config{vision_model=b328};language_model@text_config=b162;projector=b490};\
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~
    c PaddleOCRVLModel AutoModel
    i visual@vision_config{vision_model=b328};language_model@text_config=b162;projector=b490
    = paligemma
    f . hidden_size=2048 projection_dim=2048 tie_word_embeddings=true vocab_size=257152
    y text_config. gemma
    n text_config. use_bidirectional_attention=true num_image_tokens=196
    m text_config. vocab_size=257152 hidden_size=2048 intermediate_size=16384 num_hidden_layers=18 \
    num_attention_heads=8 num_key_value_heads=1 num_image_tokens=256
    y vision_config. siglip_vision_model
    n vision_config. projection_dim=2048
    m vision_config. hidden_size=1152 intermediate_size=4096 num_hidden_layers=27 num_attention_heads=16 \
    patch_size=14 vision_use_head=false vocab_size=257152
    c PaliGemmaForConditionalGeneration AutoModelForImageTextToText
    p model
    r model>
    r lm_head>language_model.lm_head
    r model.language_model>language_model.model
    i model{multi_modal_projector=b491;vision_tower:A(AutoModel,vision_config);language_model:A(AutoModel,\
    text_config)};?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size);\
    ?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~
    c PaliGemmaModel AutoModel
    r language_model>language_model.model
    i multi_modal_projector=b491;vision_tower:A(AutoModel,vision_config);language_model:A(AutoModel,text_config)
    = pegasus
    f . d_model=1024 decoder_ffn_dim=4096 decoder_layers=12 encoder_ffn_dim=4096 encoder_layers=12 \
    max_position_embeddings=1024 tie_word_embeddings=true vocab_size=50265
    k . hidden_size=d_model num_hidden_layers=encoder_layers
    c PegasusForConditionalGeneration AutoModelForSeq2SeqLM
    p model
    i model=b69;?!tie_word_embeddings lm_head:L(d_model,vocab_size);?tie_word_embeddings lm_head:L(d_model,\
    vocab_size)~;final_logits_bias:B(1,vocab_size)
    c PegasusForCausalLM AutoModelForCausalLM
    p model
    i model=b70;?!tie_word_embeddings lm_head:L(d_model,vocab_size);?tie_word_embeddings lm_head:L(d_model,\
    vocab_size)~
    c PegasusModel AutoModel
    i shared:E(vocab_size,d_model)!;encoder=b67;decoder=b68
    = pegasus_x
    f . d_model=1024 decoder_ffn_dim=4096 decoder_layers=16 encoder_ffn_dim=4096 encoder_layers=16 \
    num_global_tokens=32 tie_word_embeddings=true vocab_size=96103
    k . hidden_size=d_model num_hidden_layers=encoder_layers
    c PegasusXForConditionalGeneration AutoModelForSeq2SeqLM
    p model
    i model{shared:E(vocab_size,d_model)!;encoder=b493;decoder=b494};?!tie_word_embeddings lm_head:L(d_model,\
    vocab_size);?tie_word_embeddings lm_head:L(d_model,vocab_size)~
    c PegasusXModel AutoModel
    i shared:E(vocab_size,d_model)!;encoder=b493;decoder=b494
    = perceiver
    f . cross_attention_shape_for_attention="kv" cross_attention_widening_factor=1 d_latents=1280 d_model=768 \
    max_position_embeddings=2048 num_latents=256 num_self_attends_per_block=26 self_attention_widening_factor=1 \
    vocab_size=262
    s cross_attention_shape_for_attention kv q
    c PerceiverForMaskedLM AutoModelForMaskedLM
    p perceiver
    i perceiver{input_preprocessor=b495;encoder=b496;decoder{decoding_cross_attention{attention{self{\
    query:L(d_model,256,1);key:L(d_latents,256,1);value:L(d_latents,d_model,1);layernorm1:N(d_model,1);\
    layernorm2:N(d_latents,1)};output{dense:L(d_model,d_model,1)}};mlp{dense1:L(d_model,d_model,1);\
    dense2:L(d_model,d_model,1)};layernorm:N(d_model,1)};output_position_encodings{position_embeddings:T(2048,\
    d_model)}};embeddings{latents:T(num_latents,d_latents)}};embedding_decoder{bias:T(vocab_size)}
    c PerceiverModel AutoModel
    i encoder=b496;embeddings{latents:T(num_latents,d_latents)}
    c PerceiverForSequenceClassification
    p perceiver
    i perceiver{input_preprocessor=b495;encoder=b496;decoder{decoder{decoding_cross_attention{attention{self{\
    query:L(d_latents,d_latents,1);key:L(d_latents,d_latents,1);value:L(d_latents,d_latents,1);\
    layernorm1:N(d_latents,1);layernorm2:N(d_latents,1)};output{dense:L(d_latents,d_latents,1)}};mlp{\
    dense1:L(d_latents,d_latents,1);dense2:L(d_latents,d_latents,1)};layernorm:N(d_latents,1)};\
    final_layer:L(d_latents,num_labels,1);output_position_encodings{position_embeddings:T(1,d_latents)}}};\
    embeddings{latents:T(num_latents,d_latents)}}
    = persimmon
    f . hidden_size=4096 intermediate_size=16384 num_attention_heads=64 num_hidden_layers=36 qk_layernorm=true \
    tie_word_embeddings=false vocab_size=262144
    c PersimmonForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b497;final_layernorm:N(hidden_size,\
    1)};?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c PersimmonModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b497;final_layernorm:N(hidden_size,1)
    = phi
    f . hidden_size=2048 intermediate_size=8192 num_attention_heads=32 num_hidden_layers=24 \
    num_key_value_heads=null qk_layernorm=false tie_word_embeddings=false vocab_size=51200
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c PhiForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b498;final_layernorm:N(hidden_size,\
    1)};?tie_word_embeddings lm_head:L(hidden_size,vocab_size,1)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size,1)
    c PhiModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b498;final_layernorm:N(hidden_size,1)
    = phi3
    f . hidden_size=3072 intermediate_size=8192 num_attention_heads=32 num_hidden_layers=32 \
    num_key_value_heads=null sliding_window=null tie_word_embeddings=false vocab_size=32064
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c Phi3ForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b499;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c Phi3Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b499;norm:N(hidden_size)
    = phi4_multimodal
    f . hidden_size=3072 intermediate_size=8192 num_attention_heads=32 num_hidden_layers=32 \
    num_key_value_heads=8 sliding_window=null tie_word_embeddings=false vocab_size=200064
    f audio_config. bias_max_distance=1000 depthwise_multiplier=1 depthwise_separable_out_channel=1024 \
    downsample_rate=1 ext_pw_out_channel=1024 hidden_size=1024 input_size=80 intermediate_size=1536 \
    kernel_size=3 nemo_conv_channels=1024 nemo_final_size=null num_attention_heads=16 num_blocks=24
    f vision_config. hidden_size=1152 image_size=448 intermediate_size=4304 num_channels=3 num_hidden_layers=27 \
    patch_size=14
    d audio_config.nemo_final_size \
    null(audio_config.nemo_final_size)?int((int((int((audio_config.input_size-1)/2+1)-1)/2+1)-1)/2+1):audio_conf\
    ig.nemo_final_size
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g !(audio_config.nemo_conv_channels<=0)
    g !(vision_config.num_attention_heads<=0)
    g !audio_config.bias_symmetric
    f vision_config. num_attention_heads=16
    f audio_config. bias_symmetric=false
    c Phi4MultimodalForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b499;embed_tokens_extend=b502;\
    norm:N(hidden_size)};?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c Phi4MultimodalModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b499;embed_tokens_extend=b502;\
    norm:N(hidden_size)
    = phimoe
    f . attention_bias=false hidden_size=4096 intermediate_size=6400 lm_head_bias=false num_attention_heads=32 \
    num_hidden_layers=32 num_key_value_heads=8 num_local_experts=16 sliding_window=null \
    tie_word_embeddings=false vocab_size=32064
    c PhimoeForCausalLM AutoModelForCausalLM
    p model
    r model.layers.*.mlp.router>model.layers.*.block_sparse_moe.gate
    r model.layers.*.mlp.experts>model.layers.*.block_sparse_moe.experts
    i model=b504;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size,lm_head_bias)
    c PhimoeModel AutoModel
    r layers.*.mlp.router>layers.*.block_sparse_moe.gate
    r layers.*.mlp.experts>layers.*.block_sparse_moe.experts
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b503;norm:N(hidden_size,1)
    c PhimoeForSequenceClassification
    p model
    r model.layers.*.mlp.router>model.layers.*.block_sparse_moe.gate
    r model.layers.*.mlp.experts>model.layers.*.block_sparse_moe.experts
    i model=b504;score:L(hidden_size,num_labels)
    = pix2struct
    f . tie_word_embeddings=false
    f text_config. d_ff=2048 hidden_size=768 num_heads=12 num_layers=12 relative_attention_num_buckets=32 \
    tie_word_embeddings=false vocab_size=50244
    f vision_config. d_ff=2048 d_kv=64 hidden_size=768 num_attention_heads=12 num_hidden_layers=12 \
    patch_embed_hidden_size=768 seq_len=4096
    k text_config. decoder_attention_heads=num_heads decoder_layers=num_layers \
    encoder_attention_heads=num_heads encoder_layers=num_layers hidden_size=hidden_size \
    num_attention_heads=num_heads num_hidden_layers=num_layers
    d text_config.tie_word_embeddings \
    text_config.tie_word_embeddings?false:tie_word_embeddings?true:text_config.tie_word_embeddings
    c Pix2StructForConditionalGeneration AutoModelForImageTextToText
    i encoder@vision_config{embeddings{patch_projection:L(patch_embed_hidden_size,hidden_size,1);\
    row_embedder:E(seq_len,hidden_size);column_embedder:E(seq_len,hidden_size)};encoder{layer*num_hidden_layers{\
    attention{query:L(hidden_size,num_attention_heads*d_kv);key:L(hidden_size,num_attention_heads*d_kv);\
    value:L(hidden_size,num_attention_heads*d_kv);output:L(num_attention_heads*d_kv,hidden_size)};mlp=b505;\
    pre_mlp_layer_norm:N(hidden_size);pre_attention_layer_norm:N(hidden_size)}};layernorm:N(hidden_size)};\
    decoder@text_config{embed_tokens:E(vocab_size,hidden_size)!;layer*num_layers{self_attention{attention{\
    query:L(hidden_size,hidden_size);key:L(hidden_size,hidden_size);value:L(hidden_size,hidden_size);\
    output:L(hidden_size,hidden_size);?i==0 relative_attention_bias:E(relative_attention_num_buckets,\
    num_heads)};layer_norm:N(hidden_size)};encoder_decoder_attention{attention{query:L(hidden_size,hidden_size);\
    key:L(hidden_size,hidden_size);value:L(hidden_size,hidden_size);output:L(hidden_size,hidden_size)};\
    layer_norm:N(hidden_size)};mlp{DenseReluDense=b505;layer_norm:N(hidden_size)}};?tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,vocab_size);\
    final_layer_norm:N(hidden_size)}
    = pixtral
    f . head_dim=null hidden_size=1024 intermediate_size=4096 num_attention_heads=16 num_channels=3 \
    num_hidden_layers=24 patch_size=16
    d head_dim null(head_dim)?hidden_size//num_attention_heads:head_dim
    g head_dim
    c PixtralVisionModel AutoModel
    i patch_conv:C(num_channels,hidden_size,0|num_channels,patch_size,patch_size);transformer{\
    layers*num_hidden_layers{feed_forward=b79;attention{k_proj:L(hidden_size,hidden_size);v_proj:L(hidden_size,\
    hidden_size);q_proj:L(hidden_size,hidden_size);o_proj:L(hidden_size,hidden_size)};\
    attention_norm:N(hidden_size);ffn_norm:N(hidden_size)}};ln_pre:N(hidden_size)
    = plbart
    f . d_model=768 decoder_ffn_dim=3072 decoder_layers=6 encoder_ffn_dim=3072 encoder_layers=6 \
    max_position_embeddings=1024 tie_word_embeddings=true vocab_size=50005
    k . hidden_size=d_model num_hidden_layers=encoder_layers
    c PLBartForConditionalGeneration AutoModelForSeq2SeqLM
    p model
    i model=b41;?!tie_word_embeddings lm_head:L(d_model,vocab_size);?tie_word_embeddings lm_head:L(d_model,\
    vocab_size)~;final_logits_bias:B(1,vocab_size)
    c PLBartForCausalLM AutoModelForCausalLM
    p model
    i model{decoder=b42};?!tie_word_embeddings lm_head:L(d_model,vocab_size);?tie_word_embeddings \
    lm_head:L(d_model,vocab_size)~
    c PLBartModel AutoModel
    i shared:E(vocab_size,d_model)!;encoder=b43;decoder=b44
    = pp_chart2table
    f . tie_word_embeddings=true
    f vision_config. global_attn_indexes=[2,5,8,11] hidden_size=768 image_size=1024 mlp_dim=3072 \
    num_attention_heads=12 num_channels=3 num_hidden_layers=12 output_channels=256 patch_size=16 qkv_bias=true \
    use_abs_pos=true use_rel_pos=true window_size=14
    y text_config. qwen2
    m text_config. vocab_size=151860 hidden_size=1024 intermediate_size=2816 num_hidden_layers=24 \
    num_attention_heads=16 num_key_value_heads=16 tie_word_embeddings=true max_window_layers=21 \
    layer_types=["full_attention","full_attention","full_attention","full_attention","full_attention",\
    "full_attention","full_attention","full_attention","full_attention","full_attention","full_attention",\
    "full_attention","full_attention","full_attention","full_attention","full_attention","full_attention",\
    "full_attention","full_attention","full_attention","full_attention","full_attention","full_attention",\
    "full_attention"]
    c GotOcr2ForConditionalGeneration AutoModelForImageTextToText
    p model
    r model>
    r lm_head>language_model.lm_head
    r model.language_model>language_model.model
    i model{vision_tower@vision_config=b506;multi_modal_projector=b268;language_model:A(AutoModel,text_config)};\
    ?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size);?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~
    = pp_formulanet
    f text_config. d_model=512 decoder_ffn_dim=2048 max_position_embeddings=2560 vocab_size=50000 decoder_layers=8
    f vision_config. decoder_hidden_size=512 global_attn_indexes=[2,5,8,11] hidden_size=768 image_size=512 \
    mlp_dim=3072 num_attention_heads=12 num_channels=3 num_hidden_layers=12 output_channels=256 patch_size=16 \
    post_conv_in_channels=256 post_conv_mid_channels=512 post_conv_out_channels=1024 window_size=14
    k text_config. hidden_size=d_model
    g vision_config.qkv_bias
    g vision_config.use_abs_pos
    g vision_config.use_rel_pos
    f vision_config. qkv_bias=true
    f vision_config. use_abs_pos=true
    f vision_config. use_rel_pos=true
    c PPFormulaNetForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{decoder{embed_tokens:E(text_config.vocab_size,text_config.d_model);\
    embed_positions:E(text_config.max_position_embeddings+2,text_config.d_model);\
    layers*text_config.decoder_layers@text_config=b40;layernorm_embedding@text_config{weight:T(d_model);\
    bias:T(d_model)};layer_norm@text_config{weight:T(d_model);bias:T(d_model)}};encoder@vision_config{\
    patch_embed=b129;layers*num_hidden_layers{attn{qkv:L(hidden_size,hidden_size*3,1);proj:L(hidden_size,\
    hidden_size,1);rel_pos_h:T(global_attn_indexes has i?image_size//patch_size*2-1:window_size*2-1,\
    hidden_size//num_attention_heads);rel_pos_w:T(global_attn_indexes has \
    i?image_size//patch_size*2-1:window_size*2-1,hidden_size//num_attention_heads)};mlp=b130;\
    layer_norm1:N(hidden_size,1);layer_norm2:N(hidden_size,1)};neck=b132;multi_modal_projector{\
    conv1:C(post_conv_in_channels,post_conv_mid_channels,0|post_conv_in_channels,3,3);\
    conv2:C(post_conv_mid_channels,post_conv_out_channels,0|post_conv_mid_channels,3,3);\
    linear_1:L(post_conv_out_channels,post_conv_out_channels,1);linear_2:L(post_conv_out_channels,\
    decoder_hidden_size,1)};pos_embed:T(1,image_size//patch_size,image_size//patch_size,hidden_size)}};\
    lm_head:L(text_config.d_model,text_config.vocab_size)
    = prophetnet
    f . add_cross_attention=true decoder_ffn_dim=4096 encoder_ffn_dim=4096 hidden_size=1024 \
    max_position_embeddings=512 ngram=2 num_buckets=32 num_decoder_attention_heads=16 num_decoder_layers=12 \
    num_encoder_layers=12 tie_word_embeddings=true vocab_size=30522
    c ProphetNetForConditionalGeneration AutoModelForSeq2SeqLM
    p prophetnet
    i prophetnet{word_embeddings:E(vocab_size,hidden_size)!;encoder{?!tie_word_embeddings \
    word_embeddings:E(vocab_size,hidden_size);?tie_word_embeddings word_embeddings:E(vocab_size,hidden_size)~;\
    position_embeddings:E(max_position_embeddings,hidden_size);layers*num_encoder_layers=b508;\
    embeddings_layer_norm:N(hidden_size,1)};decoder=b510};?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size);?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~
    c ProphetNetForCausalLM AutoModelForCausalLM
    p prophetnet
    i prophetnet{word_embeddings:E(vocab_size,hidden_size);decoder{?!tie_word_embeddings \
    word_embeddings:E(vocab_size,hidden_size)!;?tie_word_embeddings word_embeddings:E(vocab_size,\
    hidden_size)!~prophetnet.word_embeddings;position_embeddings:E(max_position_embeddings,hidden_size);\
    ngram_embeddings:E(ngram,hidden_size);layers*num_decoder_layers=b509;embeddings_layer_norm:N(hidden_size,\
    1)}};?!tie_word_embeddings lm_head:L(hidden_size,vocab_size);?tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)~prophetnet.word_embeddings
    c ProphetNetModel AutoModel
    i word_embeddings:E(vocab_size,hidden_size)!;encoder{?!tie_word_embeddings word_embeddings:E(vocab_size,\
    hidden_size);?tie_word_embeddings word_embeddings:E(vocab_size,hidden_size)~;\
    position_embeddings:E(max_position_embeddings,hidden_size);layers*num_decoder_layers=b508;\
    embeddings_layer_norm:N(hidden_size,1)};decoder=b510
    = qianfan_ocr_vision
    f . attention_bias=true hidden_size=1024 image_size=[448,448] intermediate_size=4096 num_attention_heads=16 \
    num_channels=3 num_hidden_layers=24 patch_size=[14,14] use_absolute_position_embeddings=true \
    use_mask_token=false use_mean_pooling=true use_qk_norm=false
    c QianfanOCRVisionModel AutoModel
    i embeddings=b340;layers*num_hidden_layers=b341;?!use_mean_pooling layernorm:N(hidden_size,1)
    = qwen2
    f . hidden_size=4096 intermediate_size=22016 layer_types=null num_attention_heads=32 num_hidden_layers=32 \
    num_key_value_heads=32 sliding_window=4096 tie_word_embeddings=false vocab_size=151936
    d layer_types null(layer_types)?[num_hidden_layers|'full_attention']:layer_types
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    d sliding_window null
    s layer_types full_attention sliding_attention
    c Qwen2ForCausalLM AutoModelForCausalLM
    p model
    i model=b511;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c Qwen2Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b134;norm:N(hidden_size)
    = qwen2_5_omni_thinker
    f . tie_word_embeddings=false
    f audio_config. d_model=1280 encoder_ffn_dim=5120 encoder_layers=32 num_mel_bins=128 output_dim=3584
    f text_config. hidden_size=3584 intermediate_size=18944 num_attention_heads=28 num_hidden_layers=28 \
    num_key_value_heads=4 vocab_size=152064
    f vision_config. depth=32 hidden_size=3584 in_channels=3 intermediate_size=3420 out_hidden_size=3584 \
    patch_size=14 spatial_merge_size=2 temporal_patch_size=2
    k audio_config. hidden_size=d_model intermediate_size=encoder_ffn_dim num_hidden_layers=encoder_layers
    k vision_config. num_hidden_layers=depth
    g text_config.tie_word_embeddings
    f text_config. tie_word_embeddings=true
    c Qwen2_5OmniThinkerForConditionalGeneration AutoModelForImageTextToText
    p model
    r model.audio_tower>audio_tower
    r model.visual>visual
    r model.language_model>model
    i model{audio_tower@audio_config=b514;visual@vision_config=b515;language_model@text_config=b511};\
    ?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~;?!tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c Qwen2_5OmniThinkerModel AutoModel
    i audio_tower@audio_config=b514;visual@vision_config=b515;language_model@text_config=b511
    = qwen2_5_vl
    f . tie_word_embeddings=false
    f text_config. hidden_size=8192 intermediate_size=29568 num_attention_heads=64 num_hidden_layers=80 \
    num_key_value_heads=8 vocab_size=152064
    f vision_config. depth=32 hidden_size=3584 in_channels=3 intermediate_size=3420 out_hidden_size=3584 \
    patch_size=14 spatial_merge_size=2 temporal_patch_size=2
    k vision_config. num_hidden_layers=depth
    d text_config.num_key_value_heads \
    null(text_config.num_key_value_heads)?text_config.num_attention_heads:text_config.num_key_value_heads
    c Qwen2_5_VLForConditionalGeneration AutoModelForImageTextToText
    p model
    r model.visual>visual
    r model.language_model>model
    i model{visual@vision_config=b517;language_model@text_config=b511};?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~;?!tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c Qwen2_5_VLModel AutoModel
    i visual@vision_config=b517;language_model@text_config=b511
    = qwen2_5_vl_text
    f . hidden_size=8192 intermediate_size=29568 layer_types=null num_attention_heads=64 num_hidden_layers=80 \
    num_key_value_heads=8 sliding_window=4096 use_sliding_window=false vocab_size=152064
    d layer_types null(layer_types)?[num_hidden_layers|'full_attention']:layer_types
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    d sliding_window use_sliding_window?sliding_window:null
    s layer_types full_attention sliding_attention
    c Qwen2_5_VLTextModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b134;norm:N(hidden_size)
    = qwen2_5_vl_vision
    f . depth=32 hidden_size=3584 in_channels=3 intermediate_size=3420 out_hidden_size=3584 patch_size=14 \
    spatial_merge_size=2 temporal_patch_size=2
    k . num_hidden_layers=depth
    c Qwen2_5_VisionTransformerPretrainedModel AutoModel
    i patch_embed=b175;blocks*depth=b516;merger=b178
    = qwen2_audio
    y audio_config. qwen2_audio_encoder
    y text_config. qwen2
    c Qwen2AudioForConditionalGeneration AutoModelForSeq2SeqLM
    p model
    r model>
    r lm_head>language_model.lm_head
    r model.language_model>language_model.model
    i model{multi_modal_projector=b518;audio_tower:A(AutoModel,audio_config);language_model:A(AutoModel,\
    text_config)};lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c Qwen2AudioModel AutoModel
    r language_model>language_model.model
    i multi_modal_projector=b518;audio_tower:A(AutoModel,audio_config);language_model:A(AutoModel,text_config)
    = qwen2_audio_encoder
    f . d_model=1280 encoder_ffn_dim=5120 encoder_layers=32 max_source_positions=1500 num_mel_bins=128
    k . hidden_size=d_model intermediate_size=encoder_ffn_dim num_hidden_layers=encoder_layers
    c Qwen2AudioEncoder AutoModel
    i conv1:C(num_mel_bins,d_model,1|num_mel_bins,3);conv2:C(d_model,d_model,1|d_model,3);\
    embed_positions:E(max_source_positions,d_model);layers*encoder_layers=b513;layer_norm:N(d_model,1)
    = qwen2_moe
    f . hidden_size=2048 intermediate_size=5632 layer_types=null mlp_only_layers=null \
    moe_intermediate_size=1408 num_attention_heads=16 num_experts=60 num_hidden_layers=24 \
    num_key_value_heads=16 qkv_bias=true shared_expert_intermediate_size=5632 sliding_window=4096 \
    tie_word_embeddings=false vocab_size=151936
    d layer_types null(layer_types)?[num_hidden_layers|'full_attention']:layer_types
    d mlp_only_layers null(mlp_only_layers)?[0|0]:mlp_only_layers
    d sliding_window 0
    g !(num_experts<=0)
    s layer_types full_attention sliding_attention
    c Qwen2MoeForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b520;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c Qwen2MoeModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b520;norm:N(hidden_size)
    = qwen2_vl
    f . tie_word_embeddings=false
    f text_config. hidden_size=8192 intermediate_size=29568 num_attention_heads=64 num_hidden_layers=80 \
    num_key_value_heads=8 vocab_size=152064
    f vision_config. embed_dim=1280 hidden_size=3584 in_channels=3 mlp_ratio=4 patch_size=14 \
    spatial_merge_size=2 temporal_patch_size=2 depth=32
    d text_config.num_key_value_heads \
    null(text_config.num_key_value_heads)?text_config.num_attention_heads:text_config.num_key_value_heads
    c Qwen2VLForConditionalGeneration AutoModelForImageTextToText
    p model
    r model.visual>visual
    r model.language_model>model
    i model{visual=b521;language_model@text_config=b511};?tie_word_embeddings lm_head:L(text_config.hidden_size,\
    text_config.vocab_size)~;?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c Qwen2VLModel AutoModel
    i visual=b521;language_model@text_config=b511
    = qwen2_vl_text
    f . hidden_size=8192 intermediate_size=29568 layer_types=null num_attention_heads=64 num_hidden_layers=80 \
    num_key_value_heads=8 sliding_window=4096 use_sliding_window=false vocab_size=152064
    d layer_types null(layer_types)?[num_hidden_layers|'full_attention']:layer_types
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    d sliding_window use_sliding_window?sliding_window:null
    s layer_types full_attention sliding_attention
    c Qwen2VLTextModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b134;norm:N(hidden_size)
    = qwen3
    f . attention_bias=false head_dim=128 hidden_size=4096 intermediate_size=22016 layer_types=null \
    num_attention_heads=32 num_hidden_layers=32 num_key_value_heads=32 sliding_window=4096 \
    tie_word_embeddings=false vocab_size=151936
    d layer_types null(layer_types)?[num_hidden_layers|'full_attention']:layer_types
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    d sliding_window null
    g head_dim
    s layer_types full_attention sliding_attention
    c Qwen3ForCausalLM AutoModelForCausalLM
    p model
    i model=b523;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c Qwen3Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b522;norm:N(hidden_size)
    c Qwen3ForSequenceClassification
    p model
    i model=b523;score:L(hidden_size,num_labels)
    c Qwen3ForTokenClassification
    p model
    i model=b523;score:L(hidden_size,num_labels,1)
    c Qwen3ForQuestionAnswering
    p transformer
    i transformer{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b205;mlp=b79;\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)};\
    qa_outputs:L(hidden_size,2,1)
    = qwen3_5
    f . tie_word_embeddings=false
    f text_config. attention_bias=false full_attention_interval=4 head_dim=256 hidden_size=4096 \
    intermediate_size=12288 layer_types=null linear_conv_kernel_dim=4 linear_key_head_dim=128 \
    linear_num_key_heads=16 linear_num_value_heads=32 linear_value_head_dim=128 num_attention_heads=16 \
    num_hidden_layers=32 num_key_value_heads=4 vocab_size=248320
    f vision_config. depth=27 hidden_size=1152 in_channels=3 intermediate_size=4304 \
    num_position_embeddings=2304 out_hidden_size=3584 patch_size=16 spatial_merge_size=2 temporal_patch_size=2
    k vision_config. num_hidden_layers=depth
    d text_config.layer_types \
    list(text_config.layer_types)?text_config.layer_types:[text_config.num_hidden_layers|\
    (i+1)%text_config.full_attention_interval?'linear_attention':'full_attention']
    g text_config.head_dim
    s text_config.layer_types full_attention linear_attention
    c Qwen3_5ForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{visual@vision_config=b524;language_model@text_config=b528};?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~;?!tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c Qwen3_5Model AutoModel
    i visual@vision_config=b524;language_model@text_config=b528
    = qwen3_5_moe
    f . tie_word_embeddings=false
    f text_config. attention_bias=false full_attention_interval=4 head_dim=256 hidden_size=2048 \
    layer_types=null linear_conv_kernel_dim=4 linear_key_head_dim=128 linear_num_key_heads=16 \
    linear_num_value_heads=32 linear_value_head_dim=128 moe_intermediate_size=512 num_attention_heads=16 \
    num_experts=256 num_hidden_layers=40 num_key_value_heads=2 shared_expert_intermediate_size=512 \
    vocab_size=248320
    f vision_config. depth=27 hidden_size=1152 in_channels=3 intermediate_size=4304 \
    num_position_embeddings=2304 out_hidden_size=3584 patch_size=16 spatial_merge_size=2 temporal_patch_size=2
    k vision_config. num_hidden_layers=depth
    d text_config.layer_types \
    list(text_config.layer_types)?text_config.layer_types:[text_config.num_hidden_layers|\
    (i+1)%text_config.full_attention_interval?'linear_attention':'full_attention']
    g text_config.head_dim
    s text_config.layer_types full_attention linear_attention
    c Qwen3_5MoeForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{visual@vision_config=b524;language_model@text_config=b530};?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~;?!tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c Qwen3_5MoeModel AutoModel
    i visual@vision_config=b524;language_model@text_config=b530
    = qwen3_5_moe_text
    f . attention_bias=false full_attention_interval=4 head_dim=256 hidden_size=2048 layer_types=null \
    linear_conv_kernel_dim=4 linear_key_head_dim=128 linear_num_key_heads=16 linear_num_value_heads=32 \
    linear_value_head_dim=128 moe_intermediate_size=512 num_attention_heads=16 num_experts=256 \
    num_hidden_layers=40 num_key_value_heads=2 shared_expert_intermediate_size=512 tie_word_embeddings=false \
    vocab_size=248320
    d layer_types null(layer_types)?[num_hidden_layers|\
    (i+1)%full_attention_interval?'linear_attention':'full_attention']:layer_types
    g head_dim
    s layer_types full_attention linear_attention
    c Qwen3_5MoeForCausalLM AutoModelForCausalLM
    p model
    i model=b530;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c Qwen3_5MoeTextModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b529;norm:N(hidden_size)
    = qwen3_5_moe_vision
    f . depth=27 hidden_size=1152 in_channels=3 intermediate_size=4304 num_position_embeddings=2304 \
    out_hidden_size=3584 patch_size=16 spatial_merge_size=2 temporal_patch_size=2
    k . num_hidden_layers=depth
    c Qwen3_5MoeVisionModel AutoModel
    i patch_embed=b104;pos_embed:E(num_position_embeddings,hidden_size);blocks*depth=b106;merger=b107
    = qwen3_5_text
    f . attention_bias=false full_attention_interval=4 head_dim=256 hidden_size=4096 intermediate_size=12288 \
    layer_types=null linear_conv_kernel_dim=4 linear_key_head_dim=128 linear_num_key_heads=16 \
    linear_num_value_heads=32 linear_value_head_dim=128 num_attention_heads=16 num_hidden_layers=32 \
    num_key_value_heads=4 tie_word_embeddings=false vocab_size=248320
    d layer_types null(layer_types)?[num_hidden_layers|\
    (i+1)%full_attention_interval?'linear_attention':'full_attention']:layer_types
    g head_dim
    s layer_types full_attention linear_attention
    c Qwen3_5ForCausalLM AutoModelForCausalLM
    p model
    i model=b528;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c Qwen3_5TextModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b527;norm:N(hidden_size)
    = qwen3_5_vision
    f . depth=27 hidden_size=1152 in_channels=3 intermediate_size=4304 num_position_embeddings=2304 \
    out_hidden_size=3584 patch_size=16 spatial_merge_size=2 temporal_patch_size=2
    k . num_hidden_layers=depth
    c Qwen3_5VisionModel AutoModel
    i patch_embed=b104;pos_embed:E(num_position_embeddings,hidden_size);blocks*depth=b106;merger=b107
    = qwen3_asr
    f . tie_word_embeddings=true
    y audio_config. qwen3_asr_encoder
    n audio_config. d_model=1024 encoder_layers=24 output_dim=3584
    y text_config. qwen3
    m text_config. hidden_size=2048 intermediate_size=6144 num_hidden_layers=28 num_attention_heads=16 \
    num_key_value_heads=8 max_position_embeddings=65536 tie_word_embeddings=true layer_types=["full_attention",\
    "full_attention","full_attention","full_attention","full_attention","full_attention","full_attention",\
    "full_attention","full_attention","full_attention","full_attention","full_attention","full_attention",\
    "full_attention","full_attention","full_attention","full_attention","full_attention","full_attention",\
    "full_attention","full_attention","full_attention","full_attention","full_attention","full_attention",\
    "full_attention","full_attention","full_attention"]
    c Qwen3ASRForConditionalGeneration AutoModelForSeq2SeqLM
    p model
    i model{multi_modal_projector@audio_config=b531;audio_tower:A(AutoModel,audio_config);\
    language_model:A(AutoModel,text_config)};?!tie_word_embeddings lm_head:L(text_config.hidden_size,\
    text_config.vocab_size);?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~
    c Qwen3ASRModel AutoModel
    i multi_modal_projector@audio_config=b531;audio_tower:A(AutoModel,audio_config);language_model:A(AutoModel,\
    text_config)
    = qwen3_asr_encoder
    f . d_model=1024 downsample_hidden_size=480 encoder_ffn_dim=4096 encoder_layers=24 num_mel_bins=128
    k . hidden_size=d_model intermediate_size=encoder_ffn_dim num_hidden_layers=encoder_layers
    c Qwen3ASREncoder AutoModel
    i layers*encoder_layers=b38;conv2d1:C(1,downsample_hidden_size,1|1,3,3);conv2d2:C(downsample_hidden_size,\
    downsample_hidden_size,1|downsample_hidden_size,3,3);conv2d3:C(downsample_hidden_size,\
    downsample_hidden_size,1|downsample_hidden_size,3,3);\
    conv_out:L(downsample_hidden_size*((((num_mel_bins+1)//2+1)//2+1)//2),d_model);ln_post:N(d_model,1)
    = qwen3_moe
    f . attention_bias=false hidden_size=2048 intermediate_size=6144 mlp_only_layers=null \
    moe_intermediate_size=768 num_attention_heads=32 num_hidden_layers=24 num_key_value_heads=4 \
    num_local_experts=128 sliding_window=4096 tie_word_embeddings=false vocab_size=151936
    k . num_experts=num_local_experts
    d mlp_only_layers null(mlp_only_layers)?[0|0]:mlp_only_layers
    d sliding_window null
    g !(num_local_experts<=0)
    c Qwen3MoeForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b7;mlp{?mlp_only_layers \
    has i gate_proj:L(hidden_size,intermediate_size);?mlp_only_layers has i up_proj:L(hidden_size,\
    intermediate_size);?mlp_only_layers has i down_proj:L(intermediate_size,hidden_size);?!(mlp_only_layers has \
    i) experts=b360;?!(mlp_only_layers has i) gate:R(hidden_size,num_local_experts)};\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c Qwen3MoeModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b7;mlp{?!(mlp_only_layers has \
    i) experts=b360;?!(mlp_only_layers has i) gate:R(hidden_size,num_local_experts);?mlp_only_layers has i \
    gate_proj:L(hidden_size,intermediate_size);?mlp_only_layers has i up_proj:L(hidden_size,intermediate_size);\
    ?mlp_only_layers has i down_proj:L(intermediate_size,hidden_size)};input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)
    = qwen3_next
    f . attention_bias=false full_attention_interval=4 head_dim=256 hidden_size=2048 intermediate_size=5632 \
    layer_types=null linear_conv_kernel_dim=4 linear_key_head_dim=128 linear_num_key_heads=16 \
    linear_num_value_heads=32 linear_value_head_dim=128 mlp_only_layers=null moe_intermediate_size=512 \
    num_attention_heads=16 num_experts=512 num_hidden_layers=48 num_key_value_heads=2 \
    shared_expert_intermediate_size=512 tie_word_embeddings=false vocab_size=151936
    d layer_types null(layer_types)?[num_hidden_layers|\
    (i+1)%full_attention_interval?'linear_attention':'full_attention']:layer_types
    d mlp_only_layers null(mlp_only_layers)?[0|0]:mlp_only_layers
    g !(num_experts<=0)
    g head_dim
    s layer_types full_attention linear_attention
    c Qwen3NextForCausalLM AutoModelForCausalLM
    p model
    i model=b533;?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)
    c Qwen3NextModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{?!(layer_types[i]=='full_attention') \
    linear_attn=b532;mlp{?!(mlp_only_layers has i) gate:R(hidden_size,num_experts);?!(mlp_only_layers has i) \
    experts=b1;?!(mlp_only_layers has i) shared_expert=b194;?!(mlp_only_layers has i) \
    shared_expert_gate:L(hidden_size,1);?mlp_only_layers has i gate_proj:L(hidden_size,intermediate_size);\
    ?mlp_only_layers has i up_proj:L(hidden_size,intermediate_size);?mlp_only_layers has i \
    down_proj:L(intermediate_size,hidden_size)};input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size);?layer_types[i]=='full_attention' self_attn=b526};norm:N(hidden_size)
    c Qwen3NextForSequenceClassification
    p model
    i model=b533;score:L(hidden_size,num_labels)
    c Qwen3NextForTokenClassification
    p model
    i model=b533;score:L(hidden_size,num_labels,1)
    c Qwen3NextForQuestionAnswering
    p transformer
    i transformer=b533;qa_outputs:L(hidden_size,2,1)
    = qwen3_vl
    f . tie_word_embeddings=false
    f text_config. attention_bias=false head_dim=128 hidden_size=4096 intermediate_size=22016 \
    num_attention_heads=32 num_hidden_layers=32 num_key_value_heads=32 vocab_size=151936
    f vision_config. depth=27 hidden_size=1152 in_channels=3 intermediate_size=4304 \
    num_position_embeddings=2304 out_hidden_size=3584 patch_size=16 spatial_merge_size=2 temporal_patch_size=2
    k vision_config. num_hidden_layers=depth
    d text_config.num_key_value_heads \
    null(text_config.num_key_value_heads)?text_config.num_attention_heads:text_config.num_key_value_heads
    g text_config.head_dim
    c Qwen3VLForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{visual@vision_config=b109;language_model@text_config=b523};?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~;?!tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c Qwen3VLModel AutoModel
    i visual@vision_config=b109;language_model@text_config=b523
    = qwen3_vl_moe
    f . tie_word_embeddings=false
    f text_config. attention_bias=false decoder_sparse_step=1 head_dim=null hidden_size=2048 \
    intermediate_size=5632 mlp_only_layers=null moe_intermediate_size=1408 num_attention_heads=16 \
    num_hidden_layers=24 num_key_value_heads=16 num_local_experts=60 vocab_size=151936
    f vision_config. depth=27 hidden_size=1152 in_channels=3 intermediate_size=4304 \
    num_position_embeddings=2304 out_hidden_size=3584 patch_size=16 spatial_merge_size=2 temporal_patch_size=2
    k text_config. num_experts=num_local_experts
    k vision_config. num_hidden_layers=depth
    d text_config.head_dim \
    null(text_config.head_dim)?text_config.hidden_size//text_config.num_attention_heads:text_config.head_dim
    d text_config.mlp_only_layers null(text_config.mlp_only_layers)?[0|0]:text_config.mlp_only_layers
    g text_config.head_dim
    c Qwen3VLMoeForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{visual@vision_config=b109;language_model@text_config=b535};?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~;?!tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c Qwen3VLMoeModel AutoModel
    i visual@vision_config=b109;language_model@text_config=b535
    = qwen3_vl_moe_text
    f . attention_bias=false decoder_sparse_step=1 head_dim=null hidden_size=2048 intermediate_size=5632 \
    mlp_only_layers=null moe_intermediate_size=1408 num_attention_heads=16 num_hidden_layers=24 \
    num_key_value_heads=16 num_local_experts=60 sliding_window=null tie_word_embeddings=true vocab_size=151936
    k . num_experts=num_local_experts
    d head_dim null(head_dim)?hidden_size//num_attention_heads:head_dim
    d mlp_only_layers null(mlp_only_layers)?[0|0]:mlp_only_layers
    g !(num_local_experts<=0)
    g head_dim
    c Qwen3VLMoeTextModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b208;mlp{\
    ?!((i+1)%decoder_sparse_step==0)|mlp_only_layers has i gate_proj:L(hidden_size,intermediate_size);\
    ?!((i+1)%decoder_sparse_step==0)|mlp_only_layers has i up_proj:L(hidden_size,intermediate_size);\
    ?!((i+1)%decoder_sparse_step==0)|mlp_only_layers has i down_proj:L(intermediate_size,hidden_size);\
    ?(i+1)%decoder_sparse_step==0&!(mlp_only_layers has i) experts=b534;\
    ?(i+1)%decoder_sparse_step==0&!(mlp_only_layers has i) gate:R(hidden_size,num_local_experts)};\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)
    = qwen3_vl_moe_vision
    f . depth=27 hidden_size=1152 in_channels=3 intermediate_size=4304 num_position_embeddings=2304 \
    out_hidden_size=3584 patch_size=16 spatial_merge_size=2 temporal_patch_size=2
    k . num_hidden_layers=depth
    c Qwen3VLMoeVisionModel AutoModel
    i patch_embed=b104;pos_embed:E(num_position_embeddings,hidden_size);blocks*depth=b106;merger=b107;\
    deepstack_merger_list{0=b108;1=b108;2=b108}
    = qwen3_vl_text
    f . attention_bias=false head_dim=128 hidden_size=4096 intermediate_size=22016 num_attention_heads=32 \
    num_hidden_layers=32 num_key_value_heads=32 vocab_size=151936
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g head_dim
    c Qwen3VLTextModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b522;norm:N(hidden_size)
    = qwen3_vl_vision
    f . depth=27 hidden_size=1152 in_channels=3 intermediate_size=4304 num_position_embeddings=2304 \
    out_hidden_size=3584 patch_size=16 spatial_merge_size=2 temporal_patch_size=2
    k . num_hidden_layers=depth
    c Qwen3VLVisionModel AutoModel
    i patch_embed=b104;pos_embed:E(num_position_embeddings,hidden_size);blocks*depth=b106;merger=b107;\
    deepstack_merger_list{0=b108;1=b108;2=b108}
    = qwen4_exp_vision
    f . depth=27 hidden_size=1152 in_channels=3 intermediate_size=4304 num_position_embeddings=2304 \
    out_hidden_size=3584 patch_size=16 spatial_merge_size=2 temporal_patch_size=2
    k . num_hidden_layers=depth
    c Qwen4ExpVisionModel AutoModel
    i patch_embed=b104;pos_embed:E(num_position_embeddings,hidden_size);blocks*depth=b106;merger=b107
    = radio
    f . hidden_size=1280 max_img_size=2048 mlp_ratio=4.0 num_attention_heads=16 num_channels=3 num_cls_tokens=3 \
    num_hidden_layers=32 num_registers=7 patch_dim=null patch_size=16 qkv_bias=true use_swiglu_ffn=false
    d patch_dim null(patch_dim)?num_channels*patch_size**2:patch_dim
    c RadioModel AutoModel
    r embeddings.patch_projection>radio_model.model.patch_generator.embedder
    r embeddings.position_embedding>radio_model.model.patch_generator.pos_embed
    r embeddings.cls_register_token>radio_model.model.patch_generator.cls_token.token
    r encoder.layer.*.attention.q_proj>radio_model.model.blocks.*.attn.qkv
    r encoder.layer.*.attention.k_proj>radio_model.model.blocks.*.attn.qkv
    r encoder.layer.*.attention.v_proj>radio_model.model.blocks.*.attn.qkv
    r encoder.layer.*.attention.o_proj>radio_model.model.blocks.*.attn.proj
    r encoder.layer.*.mlp>radio_model.model.blocks.*.mlp
    r encoder.layer.*.norm1>radio_model.model.blocks.*.norm1
    r encoder.layer.*.layer_scale1>radio_model.model.blocks.*.layer_scale1
    r encoder.layer.*.norm2>radio_model.model.blocks.*.norm2
    r encoder.layer.*.layer_scale2>radio_model.model.blocks.*.layer_scale2
    r summary_idxs>radio_model.summary_idxs
    r input_conditioner>radio_model.input_conditioner
    i embeddings{patch_projection:L(patch_dim,hidden_size);position_embedding:T(1,\
    max_img_size//patch_size*(max_img_size//patch_size),hidden_size);\
    cls_register_token:T(num_cls_tokens+num_registers,hidden_size)};encoder{layer*num_hidden_layers{attention{\
    q_proj:M(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),qkv_bias|\
    num_attention_heads*(hidden_size//num_attention_heads)*3,hidden_size);k_proj:M(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads),qkv_bias|\
    num_attention_heads*(hidden_size//num_attention_heads)*3,hidden_size);v_proj:M(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads),qkv_bias|\
    num_attention_heads*(hidden_size//num_attention_heads)*3,hidden_size);\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,1)};mlp{?use_swiglu_ffn \
    gate_proj:L(hidden_size,(int(int(hidden_size*mlp_ratio)*2/3)+7)//8*8,1);?use_swiglu_ffn \
    up_proj:L(hidden_size,(int(int(hidden_size*mlp_ratio)*2/3)+7)//8*8,1);?use_swiglu_ffn \
    down_proj:L((int(int(hidden_size*mlp_ratio)*2/3)+7)//8*8,hidden_size,1);?!use_swiglu_ffn fc1:L(hidden_size,\
    int(hidden_size*mlp_ratio),1);?!use_swiglu_ffn fc2:L(int(hidden_size*mlp_ratio),hidden_size,1)};\
    norm1:N(hidden_size,1);layer_scale1{lambda1:T(hidden_size)};norm2:N(hidden_size,1);layer_scale2{\
    lambda1:T(hidden_size)}}};summary_idxs:B(2);input_conditioner{norm_mean:B(3,1,1);norm_std:B(3,1,1)}
    = rembert
    f . hidden_size=1152 input_embedding_size=256 intermediate_size=4608 max_position_embeddings=512 \
    num_attention_heads=18 num_hidden_layers=32 output_embedding_size=1664 tie_word_embeddings=false \
    type_vocab_size=2 vocab_size=250300
    g !add_cross_attention
    f . add_cross_attention=false
    c RemBertForCausalLM AutoModelForCausalLM
    p rembert
    i rembert{embeddings=b536;encoder=b537};cls=b538
    c RemBertForMaskedLM AutoModelForMaskedLM
    p rembert
    i rembert{embeddings=b536;encoder=b537};cls=b538
    c RemBertModel AutoModel
    i embeddings=b536;encoder=b537;pooler{dense:L(hidden_size,hidden_size,1)}
    c RemBertForSequenceClassification
    p rembert
    i rembert{embeddings=b536;encoder=b537;pooler{dense:L(hidden_size,hidden_size,1)}};classifier:L(hidden_size,\
    num_labels,1)
    c RemBertForTokenClassification
    p rembert
    i rembert{embeddings=b536;encoder=b537};classifier:L(hidden_size,num_labels,1)
    c RemBertForQuestionAnswering
    p rembert
    i rembert{embeddings=b536;encoder=b537};qa_outputs:L(hidden_size,num_labels,1)
    = roberta
    f . hidden_size=768 intermediate_size=3072 max_position_embeddings=512 num_attention_heads=12 \
    num_hidden_layers=12 tie_word_embeddings=true type_vocab_size=2 vocab_size=50265
    g !add_cross_attention
    f . add_cross_attention=false
    c RobertaForCausalLM AutoModelForCausalLM
    p roberta
    i roberta=b86;lm_head=b84
    c RobertaForMaskedLM AutoModelForMaskedLM
    p roberta
    i roberta=b86;lm_head=b84
    c RobertaModel AutoModel
    i embeddings=b85;encoder{layer*num_hidden_layers=b50};pooler{dense:L(hidden_size,hidden_size,1)}
    c RobertaForSequenceClassification
    p roberta
    i roberta=b86;classifier=b58
    c RobertaForTokenClassification
    p roberta
    i roberta=b86;classifier:L(hidden_size,num_labels,1)
    c RobertaForQuestionAnswering
    p roberta
    i roberta=b86;qa_outputs:L(hidden_size,num_labels,1)
    = roberta-prelayernorm
    f . hidden_size=768 intermediate_size=3072 max_position_embeddings=512 num_attention_heads=12 \
    num_hidden_layers=12 tie_word_embeddings=true type_vocab_size=2 vocab_size=50265
    g !add_cross_attention
    f . add_cross_attention=false
    c RobertaPreLayerNormForCausalLM AutoModelForCausalLM
    p roberta_prelayernorm
    i roberta_prelayernorm=b540;lm_head=b84
    c RobertaPreLayerNormForMaskedLM AutoModelForMaskedLM
    p roberta_prelayernorm
    i roberta_prelayernorm=b540;lm_head=b84
    c RobertaPreLayerNormModel AutoModel
    i embeddings=b85;encoder=b539;pooler{dense:L(hidden_size,hidden_size,1)};LayerNorm:N(hidden_size,1)
    c RobertaPreLayerNormForSequenceClassification
    p roberta_prelayernorm
    i roberta_prelayernorm=b540;classifier=b58
    c RobertaPreLayerNormForTokenClassification
    p roberta_prelayernorm
    i roberta_prelayernorm=b540;classifier:L(hidden_size,num_labels,1)
    c RobertaPreLayerNormForQuestionAnswering
    p roberta_prelayernorm
    i roberta_prelayernorm=b540;qa_outputs:L(hidden_size,num_labels,1)
    = roc_bert
    f . attn_implementation=null concat_input=true enable_pronunciation=true enable_shape=true hidden_size=768 \
    intermediate_size=3072 max_position_embeddings=512 num_attention_heads=12 num_hidden_layers=12 \
    pronunciation_embed_dim=768 pronunciation_vocab_size=910 shape_embed_dim=512 shape_vocab_size=24858 \
    tie_word_embeddings=true type_vocab_size=2 vocab_size=30522
    g !add_cross_attention
    f . add_cross_attention=false
    c RoCBertForMaskedLM AutoModelForMaskedLM
    p roc_bert
    i roc_bert=b542;cls{predictions=b53}
    c RoCBertForCausalLM AutoModelForCausalLM
    p roc_bert
    i roc_bert=b542;cls{predictions=b59}
    c RoCBertModel AutoModel
    i embeddings=b541;encoder{layer*num_hidden_layers=b50};pooler{dense:L(hidden_size,hidden_size,1)}
    c RoCBertForSequenceClassification
    p roc_bert
    i roc_bert{embeddings=b541;encoder{layer*num_hidden_layers=b50};pooler{dense:L(hidden_size,hidden_size,1)}};\
    classifier:L(hidden_size,num_labels,1)
    c RoCBertForTokenClassification
    p roc_bert
    i roc_bert{embeddings{word_embeddings:E(vocab_size,hidden_size)!;\
    pronunciation_embed:E(pronunciation_vocab_size,pronunciation_embed_dim);shape_embed:E(shape_vocab_size,\
    shape_embed_dim);position_embeddings:E(max_position_embeddings,hidden_size);\
    token_type_embeddings:E(type_vocab_size,hidden_size);\
    map_inputs_layer:L(enable_pronunciation?(enable_shape?hidden_size+pronunciation_embed_dim+shape_embed_dim:hi\
    dden_size+pronunciation_embed_dim):null(attn_implementation)?hidden_size+shape_embed_dim:hidden_size,\
    hidden_size,1);LayerNorm:N(hidden_size,1)};encoder{layer*num_hidden_layers=b50}};classifier:L(hidden_size,\
    num_labels,1)
    = roformer
    f . embedding_size=null hidden_size=768 intermediate_size=3072 max_position_embeddings=1536 \
    num_attention_heads=12 num_hidden_layers=12 tie_word_embeddings=true type_vocab_size=2 vocab_size=50000
    d embedding_size null(embedding_size)?hidden_size:embedding_size
    g !add_cross_attention
    f . add_cross_attention=false
    c RoFormerForMaskedLM AutoModelForMaskedLM
    p roformer
    i roformer=b545;cls=b546
    c RoFormerForCausalLM AutoModelForCausalLM
    p roformer
    i roformer=b545;cls=b546
    c RoFormerModel AutoModel
    i embeddings=b543;?!(embedding_size==hidden_size) embeddings_project:L(embedding_size,hidden_size,1);\
    encoder=b544
    c RoFormerForSequenceClassification
    p roformer
    i roformer=b545;classifier=b58
    c RoFormerForTokenClassification
    p roformer
    i roformer=b545;classifier:L(hidden_size,num_labels,1)
    = rwkv
    f . attention_hidden_size=null hidden_size=4096 intermediate_size=null num_hidden_layers=32 \
    tie_word_embeddings=false vocab_size=50277
    d attention_hidden_size null(attention_hidden_size)?hidden_size:attention_hidden_size
    d intermediate_size null(intermediate_size)?hidden_size*4:intermediate_size
    c RwkvForCausalLM AutoModelForCausalLM
    p rwkv
    i rwkv{embeddings:E(vocab_size,hidden_size)!;blocks*num_hidden_layers=b547;ln_out:N(hidden_size,1)};\
    ?tie_word_embeddings head:L(hidden_size,vocab_size)~;?!tie_word_embeddings head:L(hidden_size,vocab_size)
    c RwkvModel AutoModel
    i embeddings:E(vocab_size,hidden_size)!;blocks*num_hidden_layers=b547;ln_out:N(hidden_size,1)
    = sam_vision_model
    f . global_attn_indexes=[2,5,8,11] hidden_size=768 image_size=1024 mlp_dim=null mlp_ratio=4.0 \
    num_attention_heads=12 num_channels=3 num_hidden_layers=12 output_channels=256 patch_size=16 qkv_bias=true \
    use_abs_pos=true use_rel_pos=true window_size=14
    d mlp_dim null(mlp_dim)?int(hidden_size*mlp_ratio):mlp_dim
    c SamVisionModel AutoModel
    i vision_encoder=b506
    = sarvam_mla
    f . attention_bias=false first_k_dense_replace=1 head_dim=null hidden_size=4096 intermediate_size=16384 \
    kv_lora_rank=512 moe_intermediate_size=2048 n_routed_experts=128 n_shared_experts=1 num_attention_heads=64 \
    num_hidden_layers=32 num_key_value_heads=null q_lora_rank=null qk_nope_head_dim=128 qk_rope_head_dim=64 \
    tie_word_embeddings=false v_head_dim=128 vocab_size=262144
    k . num_experts=n_routed_experts num_local_experts=n_routed_experts num_shared_experts=n_shared_experts
    d head_dim null(head_dim)?qk_rope_head_dim:head_dim
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    c DeepseekV3ForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn{?!null(q_lora_rank) \
    q_a_proj:L(hidden_size,q_lora_rank);?!null(q_lora_rank) q_b_proj:L(q_lora_rank,\
    num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim));?null(q_lora_rank) q_proj:L(hidden_size,\
    num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim));kv_a_proj_with_mqa:L(hidden_size,\
    kv_lora_rank+qk_rope_head_dim,attention_bias);kv_b_proj:L(kv_lora_rank,\
    num_attention_heads*(qk_nope_head_dim+v_head_dim));o_proj:L(num_attention_heads*v_head_dim,hidden_size,\
    attention_bias);?!null(q_lora_rank) q_a_layernorm:N(q_lora_rank);kv_a_layernorm:N(kv_lora_rank)};mlp=b140;\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c DeepseekV3Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn{?null(q_lora_rank) \
    q_proj:L(hidden_size,num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim));\
    kv_a_proj_with_mqa:L(hidden_size,kv_lora_rank+qk_rope_head_dim,attention_bias);kv_b_proj:L(kv_lora_rank,\
    num_attention_heads*(qk_nope_head_dim+v_head_dim));o_proj:L(num_attention_heads*v_head_dim,hidden_size,\
    attention_bias);kv_a_layernorm:N(kv_lora_rank);?!null(q_lora_rank) q_a_proj:L(hidden_size,q_lora_rank);\
    ?!null(q_lora_rank) q_b_proj:L(q_lora_rank,num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim));\
    ?!null(q_lora_rank) q_a_layernorm:N(q_lora_rank)};mlp=b140;input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)
    = sarvam_moe
    f . attention_bias=false first_k_dense_replace=1 head_dim=64 hidden_size=4096 intermediate_size=8192 \
    moe_intermediate_size=1024 n_routed_experts=128 n_shared_experts=1 num_attention_heads=64 \
    num_hidden_layers=19 num_key_value_heads=4 tie_word_embeddings=false use_qk_norm=true vocab_size=262144
    k . num_experts=n_routed_experts num_local_experts=n_routed_experts num_shared_experts=n_shared_experts \
    use_qkv_bias=attention_bias
    g head_dim
    c Glm4MoeForCausalLM AutoModelForCausalLM
    p model
    r model.embed_tokens>model.word_embeddings
    r model.layers.*.self_attn.q_proj>model.layers.*.attention.query_key_value
    r model.layers.*.self_attn.k_proj>model.layers.*.attention.query_key_value
    r model.layers.*.self_attn.v_proj>model.layers.*.attention.query_key_value
    r model.layers.*.self_attn.o_proj>model.layers.*.attention.dense
    r model.layers.*.self_attn.q_norm>model.layers.*.attention.query_layernorm
    r model.layers.*.self_attn.k_norm>model.layers.*.attention.key_layernorm
    r model.layers.*.mlp.gate.e_score_correction_bias>model.layers.*.mlp.gate.expert_bias
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b548;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c Glm4MoeModel AutoModel
    r layers.*.self_attn.q_proj>layers.*.attention.query_key_value
    r layers.*.self_attn.k_proj>layers.*.attention.query_key_value
    r layers.*.self_attn.v_proj>layers.*.attention.query_key_value
    r layers.*.self_attn.o_proj>layers.*.attention.dense
    r layers.*.self_attn.q_norm>layers.*.attention.query_layernorm
    r layers.*.self_attn.k_norm>layers.*.attention.key_layernorm
    r layers.*.mlp.gate.e_score_correction_bias>layers.*.mlp.gate.expert_bias
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b548;norm:N(hidden_size)
    = seamless_m4t
    f . decoder_ffn_dim=8192 decoder_layers=24 encoder_ffn_dim=8192 encoder_layers=24 hidden_size=1024 \
    tie_word_embeddings=true vocab_size=256102
    k . num_hidden_layers=decoder_layers
    g tie_word_embeddings
    c SeamlessM4TForTextToText AutoModelForSeq2SeqLM
    i shared:E(vocab_size,hidden_size);text_encoder=b549;text_decoder=b550;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size);?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~shared
    = seamless_m4t_v2
    f . decoder_ffn_dim=8192 decoder_layers=24 encoder_ffn_dim=8192 encoder_layers=24 hidden_size=1024 \
    tie_word_embeddings=true vocab_size=256102
    k . num_hidden_layers=decoder_layers
    g tie_word_embeddings
    c SeamlessM4Tv2ForTextToText AutoModelForSeq2SeqLM
    i shared:E(vocab_size,hidden_size);text_encoder=b549;text_decoder=b550;?!tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size);?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~shared
    = seed_oss
    f . attention_bias=true attention_out_bias=false head_dim=128 hidden_size=4096 intermediate_size=27648 \
    mlp_bias=false num_attention_heads=80 num_hidden_layers=64 num_key_value_heads=8 tie_word_embeddings=false \
    vocab_size=155136
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    g head_dim
    c SeedOssForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b551;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c SeedOssModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b551;norm:N(hidden_size)
    = shieldgemma2
    f . tie_word_embeddings=false
    y text_config. gemma3_text
    y vision_config. siglip_vision_model
    d tie_word_embeddings \
    tie_word_embeddings?tie_word_embeddings:text_config.tie_word_embeddings?true:tie_word_embeddings
    c Gemma3ForConditionalGeneration AutoModelForImageTextToText
    p model
    r model.language_model>model.language_model.model
    i ?text_config.tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~;model{\
    multi_modal_projector=b207;vision_tower:A(AutoModel,vision_config);language_model:A(AutoModel,text_config)};\
    ?!text_config.tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c ShieldGemma2ForImageClassification AutoModelForImageClassification
    p model
    r model.model.language_model>model.model.language_model.model
    i model{model{multi_modal_projector=b207;vision_tower:A(AutoModel,vision_config);\
    language_model:A(AutoModel,text_config)};?text_config.tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~;?!text_config.tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)}
    = siglip2_vision_model
    f . hidden_size=768 intermediate_size=3072 num_attention_heads=12 num_channels=3 num_hidden_layers=12 \
    num_patches=256 patch_size=16 vision_use_head=true
    g !(num_attention_heads<=0)
    c Siglip2VisionModel AutoModel
    i embeddings=b113;encoder{layers*num_hidden_layers=b95};?vision_use_head head=b500;\
    post_layernorm:N(hidden_size,1)
    = siglip_vision_model
    f . hidden_size=768 image_size=224 intermediate_size=3072 num_attention_heads=12 num_channels=3 \
    num_hidden_layers=12 patch_size=16 vision_use_head=true
    g !(num_attention_heads<=0)
    c SiglipVisionModel AutoModel
    i embeddings=b285;encoder{layers*num_hidden_layers=b95};?vision_use_head head=b500;\
    post_layernorm:N(hidden_size,1)
    = smollm3
    f . attention_bias=false hidden_size=2048 intermediate_size=11008 layer_types=null mlp_bias=false \
    num_attention_heads=16 num_hidden_layers=36 num_key_value_heads=4 sliding_window=null \
    tie_word_embeddings=true vocab_size=128256
    d layer_types null(layer_types)?[num_hidden_layers|'full_attention']:layer_types
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    s layer_types full_attention sliding_attention
    c SmolLM3ForCausalLM AutoModelForCausalLM
    p model
    i model=b283;?!tie_word_embeddings lm_head:L(hidden_size,vocab_size);?tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)~
    c SmolLM3Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b282;norm:N(hidden_size)
    = smolvlm
    f . scale_factor=2 tie_word_embeddings=false
    f vision_config. hidden_size=1152 image_size=224 intermediate_size=3072 num_channels=3 num_hidden_layers=12 \
    patch_size=32
    y text_config. llama
    m text_config. rms_norm_eps=1e-05
    c SmolVLMForConditionalGeneration AutoModelForImageTextToText
    p model
    i model=b331;?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~;\
    ?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c SmolVLMModel AutoModel
    i vision_model@vision_config=b328;connector=b330;text_model:A(AutoModel,text_config)
    = smolvlm_vision
    f . hidden_size=1152 image_size=224 intermediate_size=3072 num_attention_heads=16 num_channels=3 \
    num_hidden_layers=12 patch_size=32
    c SmolVLMVisionTransformer AutoModel
    i embeddings=b285;encoder{layers*num_hidden_layers=b95};post_layernorm:N(hidden_size,1)
    = solar_open
    f . attention_bias=false head_dim=128 hidden_size=4096 moe_intermediate_size=1280 n_routed_experts=128 \
    n_shared_experts=1 num_attention_heads=64 num_hidden_layers=48 num_key_value_heads=8 \
    tie_word_embeddings=false vocab_size=196608
    k . num_local_experts=n_routed_experts
    g head_dim
    c SolarOpenForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b552;norm:N(hidden_size)};\
    ?tie_word_embeddings lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)
    c SolarOpenModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b552;norm:N(hidden_size)
    = squeezebert
    f . embedding_size=768 hidden_size=768 intermediate_groups=4 intermediate_size=3072 k_groups=4 \
    max_position_embeddings=512 num_attention_heads=12 num_hidden_layers=12 output_groups=4 \
    post_attention_groups=1 q_groups=4 tie_word_embeddings=true type_vocab_size=2 v_groups=4 vocab_size=30522
    g !(intermediate_groups<=0)
    g !(k_groups<=0)
    g !(output_groups<=0)
    g !(post_attention_groups<=0)
    g !(q_groups<=0)
    g !(v_groups<=0)
    c SqueezeBertForMaskedLM AutoModelForMaskedLM
    p transformer
    i transformer=b555;cls{predictions=b53}
    c SqueezeBertModel AutoModel
    i embeddings=b553;encoder=b554;pooler{dense:L(hidden_size,hidden_size,1)}
    c SqueezeBertForSequenceClassification
    p transformer
    i transformer=b555;classifier:L(hidden_size,num_labels,1)
    c SqueezeBertForTokenClassification
    p transformer
    i transformer=b555;classifier:L(hidden_size,num_labels,1)
    c SqueezeBertForQuestionAnswering
    p transformer
    i transformer=b555;qa_outputs:L(hidden_size,num_labels,1)
    = stablelm
    f . hidden_size=2560 intermediate_size=6912 num_attention_heads=32 num_hidden_layers=32 \
    num_key_value_heads=32 qk_layernorm=false tie_word_embeddings=false use_parallel_residual=false \
    use_qkv_bias=false vocab_size=50304
    c StableLmForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn{q_proj:L(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads),use_qkv_bias);k_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads),use_qkv_bias);v_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads),use_qkv_bias);o_proj:L(hidden_size,hidden_size);\
    ?qk_layernorm q_layernorm{norms*num_attention_heads=b556};?qk_layernorm k_layernorm{\
    norms*num_attention_heads=b556}};mlp=b79;input_layernorm:N(hidden_size,1);?!use_parallel_residual \
    post_attention_layernorm:N(hidden_size,1)};norm:N(hidden_size,1)};?tie_word_embeddings \
    lm_head:L(hidden_size,vocab_size)~;?!tie_word_embeddings lm_head:L(hidden_size,vocab_size)
    = starcoder2
    f . hidden_size=3072 intermediate_size=12288 num_attention_heads=24 num_hidden_layers=30 \
    num_key_value_heads=2 sliding_window=null tie_word_embeddings=true use_bias=true vocab_size=49152
    c Starcoder2ForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b557;norm:N(hidden_size,1)};\
    ?!tie_word_embeddings lm_head:L(hidden_size,vocab_size);?tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)~
    c Starcoder2Model AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b557;norm:N(hidden_size,1)
    = t5
    f . d_ff=2048 d_kv=64 d_model=512 feed_forward_proj="relu" is_gated_act=null num_decoder_layers=null \
    num_heads=8 num_layers=6 relative_attention_num_buckets=32 tie_word_embeddings=null vocab_size=32128
    k . head_dim=d_kv hidden_size=d_model num_attention_heads=num_heads num_hidden_layers=num_layers
    d is_gated_act null(is_gated_act)?(feed_forward_proj=='gated-gelu'?true:false):is_gated_act
    d num_decoder_layers null(num_decoder_layers)?num_layers:num_decoder_layers
    d tie_word_embeddings null(tie_word_embeddings)?true:tie_word_embeddings
    g tie_word_embeddings
    s feed_forward_proj gated-gelu relu
    c T5ForConditionalGeneration AutoModelForSeq2SeqLM
    i shared:E(vocab_size,d_model)!;encoder{embed_tokens:E(vocab_size,d_model)~;block*num_layers{layer{0{\
    SelfAttention=b390;layer_norm:N(d_model)};1=b391}};final_layer_norm:N(d_model)};decoder=b395;\
    lm_head:L(d_model,vocab_size)~
    c T5Model AutoModel
    i shared:E(vocab_size,d_model)!;encoder{embed_tokens:E(vocab_size,d_model)~;block*num_layers{layer{0{\
    SelfAttention=b390;layer_norm:N(d_model)};1=b558}};final_layer_norm:N(d_model)};decoder{\
    embed_tokens:E(vocab_size,d_model)~;block*num_decoder_layers{layer{0{SelfAttention=b390;\
    layer_norm:N(d_model)};1=b393;2=b558}};final_layer_norm:N(d_model)}
    = t5gemma
    f . tie_word_embeddings=true vocab_size=256000
    f decoder. attention_bias=false cross_attention_hidden_size=null head_dim=256 hidden_size=2304 \
    intermediate_size=9216 num_attention_heads=8 num_hidden_layers=26 num_key_value_heads=4 vocab_size=256000
    f encoder. attention_bias=false head_dim=256 hidden_size=2304 intermediate_size=9216 num_attention_heads=8 \
    num_hidden_layers=26 num_key_value_heads=4 vocab_size=256000
    d decoder.cross_attention_hidden_size \
    null(decoder.cross_attention_hidden_size)?encoder.hidden_size:decoder.cross_attention_hidden_size
    g decoder.head_dim
    g encoder.head_dim
    c T5GemmaForConditionalGeneration AutoModelForSeq2SeqLM
    p model
    i model{encoder@encoder=b559;decoder@decoder=b560};lm_head{?!tie_word_embeddings \
    out_proj:L(decoder.hidden_size,decoder.vocab_size);?tie_word_embeddings out_proj:L(decoder.hidden_size,\
    decoder.vocab_size)~model.decoder.embed_tokens}
    c T5GemmaModel AutoModel
    i encoder@encoder=b559;decoder@decoder=b560
    = t5gemma2
    f . tie_word_embeddings=true vocab_size=null
    f decoder. head_dim=256 hidden_size=2304 intermediate_size=9216 num_attention_heads=8 num_hidden_layers=26 \
    num_key_value_heads=4 vocab_size=262208
    f encoder.text_config. head_dim=256 hidden_size=2304 intermediate_size=9216 num_attention_heads=8 \
    num_hidden_layers=26 num_key_value_heads=4 vocab_size=262208
    y encoder.vision_config. siglip_vision_model
    d vocab_size null(vocab_size)?decoder.vocab_size:vocab_size
    g !decoder.attention_bias
    g decoder.head_dim
    g decoder.tie_word_embeddings
    g !encoder.text_config.attention_bias
    g encoder.text_config.head_dim
    g encoder.text_config.tie_word_embeddings
    f encoder.text_config. tie_word_embeddings=true
    f encoder.text_config. attention_bias=false
    f decoder. tie_word_embeddings=true
    f decoder. attention_bias=false
    c T5Gemma2ForConditionalGeneration AutoModelForImageTextToText AutoModelForSeq2SeqLM
    p model
    r model.encoder.text_model>model.encoder
    i model{encoder=b562;decoder{?!tie_word_embeddings embed_tokens:E(decoder.vocab_size,decoder.hidden_size);\
    ?tie_word_embeddings embed_tokens:E(decoder.vocab_size,decoder.hidden_size)~;\
    layers*decoder.num_hidden_layers@decoder=b561;?!tie_word_embeddings embed_tokens@decoder{\
    eoi_embedding:T(hidden_size)};norm@decoder{weight:T(hidden_size)}}};lm_head{?!tie_word_embeddings \
    out_proj:L(decoder.hidden_size,decoder.vocab_size);?tie_word_embeddings out_proj:L(decoder.hidden_size,\
    decoder.vocab_size)~}
    c T5Gemma2Model AutoModel
    r encoder.text_model>encoder
    i encoder=b562;decoder{?tie_word_embeddings embed_tokens:E(decoder.vocab_size,decoder.hidden_size)~;\
    layers*decoder.num_hidden_layers@decoder=b561;norm@decoder{weight:T(hidden_size)};?!tie_word_embeddings \
    embed_tokens@decoder{eoi_embedding:T(hidden_size)}}
    = timm_wrapper
    c TimmWrapperModel AutoModel
    i timm_model{conv1:C(3,64,0|3,7,7);layer1{0{conv1:C(64,64,0|64,1,1);conv2:C(64,64,0|64,3,3);conv3:C(64,256,\
    0|64,1,1);downsample{0:C(64,256,0|64,1,1);1=b563};bn1=b564;bn2=b564;bn3=b563};1=b565;2=b565};layer2{0{\
    conv1:C(256,128,0|256,1,1);conv2:C(128,128,0|128,3,3);conv3:C(128,512,0|128,1,1);downsample{0:C(256,512,0|\
    256,1,1);1=b566};bn1=b567;bn2=b567;bn3=b566};1=b568;2=b568;3=b568};layer3{0{conv1:C(512,256,0|512,1,1);\
    conv2:C(256,256,0|256,3,3);conv3:C(256,1024,0|256,1,1);downsample{0:C(512,1024,0|512,1,1);1=b569};bn1=b563;\
    bn2=b563;bn3=b569};1=b570;2=b570;3=b570;4=b570;5=b570};layer4{0{conv1:C(1024,512,0|1024,1,1);conv2:C(512,\
    512,0|512,3,3);conv3:C(512,2048,0|512,1,1);downsample{0:C(1024,2048,0|1024,1,1);1=b571};bn1=b566;bn2=b566;\
    bn3=b571};1=b572;2=b572};bn1=b564}
    = trocr
    f . d_model=1024 decoder_ffn_dim=4096 decoder_layers=12 layernorm_embedding=true \
    max_position_embeddings=512 tie_word_embeddings=true use_learned_position_embeddings=true vocab_size=50265
    k . hidden_size=d_model num_hidden_layers=decoder_layers
    c TrOCRForCausalLM AutoModelForCausalLM
    p model
    i model{decoder{embed_tokens:E(vocab_size,d_model)!;?use_learned_position_embeddings \
    embed_positions:E(max_position_embeddings+2,d_model);layers*decoder_layers=b40;?layernorm_embedding \
    layernorm_embedding:N(d_model,1)}};?!tie_word_embeddings output_projection:L(d_model,vocab_size);\
    ?tie_word_embeddings output_projection:L(d_model,vocab_size)~
    = ultrabert
    f . attention_bias=false head_dim=null hidden_size=4096 intermediate_size=11008 layer_types=null \
    mlp_bias=false num_attention_heads=32 num_hidden_layers=32 num_key_value_heads=null \
    prediction_head_size=768 sliding_window=128 tie_word_embeddings=false vocab_size=32000
    d head_dim null(head_dim)?hidden_size//num_attention_heads:head_dim
    d layer_types null(layer_types)?[num_hidden_layers|i%3==2?'full_attention':'sliding_attention']:layer_types
    d num_key_value_heads null(num_key_value_heads)?num_attention_heads:num_key_value_heads
    u . attention_windows
    g head_dim
    s layer_types full_attention sliding_attention
    c UltrabertForMaskedLM AutoModelForMaskedLM
    p model
    r model>ultrabert
    r head.decoder>cls
    i model=b168;head{linear1:L(hidden_size,prediction_head_size);linear2:L(prediction_head_size,hidden_size);\
    ?tie_word_embeddings decoder:L(hidden_size,vocab_size)~;?!tie_word_embeddings decoder:L(hidden_size,\
    vocab_size)}
    c UltrabertForSequenceClassification
    p model
    r model>ultrabert
    i model=b168;classifier:L(hidden_size,num_labels,1)
    c UltrabertForTokenClassification
    p model
    r model>ultrabert
    i model=b168;classifier:L(hidden_size,num_labels,1)
    c UltrabertForQuestionAnswering
    p model
    r model>ultrabert
    i model=b168;qa_outputs:L(hidden_size,2,1)
    = umt5
    f . d_ff=1024 d_kv=64 d_model=512 feed_forward_proj="gated-gelu" is_gated_act=null num_heads=6 num_layers=8 \
    relative_attention_num_buckets=32 tie_word_embeddings=null vocab_size=250112
    k . head_dim=d_kv hidden_size=d_model num_attention_heads=num_heads num_hidden_layers=num_layers
    d is_gated_act null(is_gated_act)?(feed_forward_proj=='gated-gelu'?true:false):is_gated_act
    d tie_word_embeddings null(tie_word_embeddings)?true:tie_word_embeddings
    g tie_word_embeddings
    s feed_forward_proj gated-gelu relu
    c UMT5ForConditionalGeneration AutoModelForSeq2SeqLM
    i shared:E(vocab_size,d_model)!;encoder{embed_tokens:E(vocab_size,d_model)~;block*num_layers{layer{0=b573;\
    1=b454}};final_layer_norm:N(d_model)};decoder{embed_tokens:E(vocab_size,d_model)~;block*num_layers{layer{\
    0=b573;1=b393;2=b454}};final_layer_norm:N(d_model)};lm_head:L(d_model,vocab_size)~
    = vaultgemma
    f . attention_bias=false head_dim=256 hidden_size=2304 intermediate_size=9216 layer_types=null \
    num_attention_heads=8 num_hidden_layers=26 num_key_value_heads=4 sliding_window=4096 \
    tie_word_embeddings=true vocab_size=256000
    d layer_types null(layer_types)?[num_hidden_layers|i%2==0?'sliding_attention':'full_attention']:layer_types
    g head_dim
    s layer_types full_attention sliding_attention
    c VaultGemmaForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b574;norm:N(hidden_size)};\
    ?!tie_word_embeddings lm_head:L(hidden_size,vocab_size);?tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)~
    c VaultGemmaModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b574;norm:N(hidden_size)
    = video_llama_3
    f . tie_word_embeddings=false
    f vision_config. hidden_size=768 intermediate_size=3072 num_channels=3 num_hidden_layers=12 patch_size=16
    y text_config. qwen2
    d tie_word_embeddings text_config.tie_word_embeddings?true:tie_word_embeddings
    c VideoLlama3ForConditionalGeneration AutoModelForImageTextToText
    p model
    i model{vision_model@vision_config=b576;projector=b577;language_model:A(AutoModel,text_config)};\
    ?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~;?!tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c VideoLlama3Model AutoModel
    i vision_model@vision_config=b576;projector=b577;language_model:A(AutoModel,text_config)
    = video_llama_3_vision
    f . hidden_size=768 intermediate_size=3072 num_attention_heads=12 num_channels=3 num_hidden_layers=12 \
    patch_size=16
    c VideoLlama3VisionModel AutoModel
    i embeddings=b575;encoder{layers*num_hidden_layers=b95};post_layernorm:N(hidden_size,1)
    = video_llava
    f . multimodal_projector_bias=true tie_word_embeddings=false
    y text_config. llama
    y vision_config. clip_vision_model
    m vision_config. hidden_size=1024 intermediate_size=4096 projection_dim=768 num_hidden_layers=24 \
    num_attention_heads=16 patch_size=14 vocab_size=32000
    c VideoLlavaForConditionalGeneration AutoModelForImageTextToText
    p model
    r model>
    r lm_head>language_model.lm_head
    r model.language_model>language_model.model
    i model{multi_modal_projector=b385;video_tower:A(AutoModel,vision_config);image_tower:A(AutoModel,\
    vision_config);language_model:A(AutoModel,text_config)};?tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)~;?!tie_word_embeddings \
    lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c VideoLlavaModel AutoModel
    r language_model>language_model.model
    i multi_modal_projector=b385;video_tower:A(AutoModel,vision_config);image_tower:A(AutoModel,vision_config);\
    language_model:A(AutoModel,text_config)
    = vipllava
    f . tie_word_embeddings=false
    y text_config. llama
    y vision_config. clip_vision_model
    m vision_config. hidden_size=1024 intermediate_size=4096 projection_dim=768 num_hidden_layers=24 \
    num_attention_heads=16 image_size=336 patch_size=14 vocab_size=32000
    c VipLlavaForConditionalGeneration AutoModelForImageTextToText
    p model
    r model>
    r lm_head>language_model.lm_head
    r model.language_model>language_model.model
    i model{multi_modal_projector=b578;vision_tower:A(AutoModel,vision_config);language_model:A(AutoModel,\
    text_config)};?tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)~;\
    ?!tie_word_embeddings lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c VipLlavaModel AutoModel
    r language_model>language_model.model
    i multi_modal_projector=b578;vision_tower:A(AutoModel,vision_config);language_model:A(AutoModel,text_config)
    = vision-encoder-decoder
    y decoder. bert
    m decoder. is_decoder=true add_cross_attention=true
    y encoder. vit
    c VisionEncoderDecoderModel AutoModelForImageTextToText
    i ?!(encoder.hidden_size==decoder.hidden_size) enc_to_dec_proj:L(encoder.hidden_size,decoder.hidden_size,1);\
    encoder:A(AutoModel,encoder);decoder:A(AutoModelForCausalLM,decoder)
    = vit
    f . hidden_size=768 image_size=224 intermediate_size=3072 num_attention_heads=12 num_channels=3 \
    num_hidden_layers=12 patch_size=16 pooler_output_size=null qkv_bias=true
    d pooler_output_size null(pooler_output_size)?hidden_size:pooler_output_size
    c ViTModel AutoModel
    r layers.*.attention.q_proj>encoder.layer.*.attention.attention.query
    r layers.*.attention.k_proj>encoder.layer.*.attention.attention.key
    r layers.*.attention.v_proj>encoder.layer.*.attention.attention.value
    r layers.*.attention.o_proj>encoder.layer.*.attention.output.dense
    r layers.*.mlp.fc1>encoder.layer.*.intermediate.dense
    r layers.*.mlp.fc2>encoder.layer.*.output.dense
    r layers.*.layernorm_before>encoder.layer.*.layernorm_before
    r layers.*.layernorm_after>encoder.layer.*.layernorm_after
    i embeddings{patch_embeddings=b129;cls_token:T(1,1,hidden_size);position_embeddings:T(1,\
    image_size//patch_size*(image_size//patch_size)+1,hidden_size)};layers*num_hidden_layers{attention=b150;\
    mlp=b72;layernorm_before:N(hidden_size,1);layernorm_after:N(hidden_size,1)};pooler{dense:L(hidden_size,\
    pooler_output_size,1)};layernorm:N(hidden_size,1)
    = voxtral
    f . hidden_size=3072
    y audio_config. voxtral_encoder
    n audio_config. intermediate_size=5120
    y text_config. llama
    n text_config. vocab_size=131072 hidden_size=3072 intermediate_size=8192 num_hidden_layers=30 \
    num_key_value_heads=8 max_position_embeddings=131072 rms_norm_eps=1e-05 head_dim=128
    c VoxtralForConditionalGeneration AutoModelForSeq2SeqLM
    p model
    r model>
    r lm_head>language_model.lm_head
    r model.language_model>language_model.model
    i model{multi_modal_projector=b579;audio_tower:A(AutoModel,audio_config);language_model:A(AutoModel,\
    text_config)};lm_head:L(text_config.hidden_size,text_config.vocab_size)
    c VoxtralModel AutoModel
    r language_model>language_model.model
    i multi_modal_projector=b579;audio_tower:A(AutoModel,audio_config);language_model:A(AutoModel,text_config)
    = voxtral_encoder
    f . hidden_size=1280 intermediate_size=5120 max_source_positions=1500 num_attention_heads=20 \
    num_hidden_layers=32 num_mel_bins=128 vocab_size=51866
    k . d_model=hidden_size encoder_attention_heads=num_attention_heads encoder_ffn_dim=intermediate_size \
    encoder_layers=num_hidden_layers
    c VoxtralEncoder AutoModel
    i conv1:C(num_mel_bins,hidden_size,1|num_mel_bins,3);conv2:C(hidden_size,hidden_size,1|hidden_size,3);\
    embed_positions:E(max_source_positions,hidden_size);layers*num_hidden_layers=b23;layer_norm:N(hidden_size,1)
    = voxtral_realtime_encoder
    f . head_dim=64 hidden_size=1280 intermediate_size=5120 num_attention_heads=32 num_hidden_layers=32 \
    num_mel_bins=128 sliding_window=750 vocab_size=131072
    k . d_model=hidden_size encoder_attention_heads=num_attention_heads encoder_ffn_dim=intermediate_size \
    encoder_layers=num_hidden_layers num_key_value_heads=num_attention_heads
    g head_dim
    c VoxtralRealtimeEncoder AutoModel
    i embedder{conv1:C(num_mel_bins,hidden_size,1|num_mel_bins,3);conv2:C(hidden_size,hidden_size,1|hidden_size,\
    3)};layers*num_hidden_layers{self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,1);\
    k_proj:L(hidden_size,num_attention_heads*head_dim);v_proj:L(hidden_size,num_attention_heads*head_dim,1);\
    o_proj:L(num_attention_heads*head_dim,hidden_size,1)};mlp{gate_proj:L(hidden_size,intermediate_size);\
    up_proj:L(hidden_size,intermediate_size);down_proj:L(intermediate_size,hidden_size,1)};\
    self_attn_layer_norm:N(hidden_size);final_layer_norm:N(hidden_size)};norm:N(hidden_size)
    = wavtokenizer_encoder
    f . audio_channels=1 codebook_dim=512 codebook_size=4096 compress=2 hidden_size=512 kernel_size=7 \
    last_kernel_size=7 num_filters=32 residual_kernel_size=3 upsampling_ratios=[6,5,5,4] use_conv_shortcut=true
    g !(num_lstm_layers<=0)
    f . num_lstm_layers=2
    c WavTokenizerEncoderModel AutoModel
    i encoder{layers{0{conv{bias:T(num_filters);parametrizations{weight{original0:T(32,1,1);\
    original1:T(num_filters,audio_channels,kernel_size)}}}};1{block{1{conv{bias:T(num_filters//compress);\
    parametrizations{weight{original0:T(16,1,1);original1:T(num_filters//compress,num_filters,\
    residual_kernel_size)}}}};3{conv{bias:T(num_filters);parametrizations{weight{original0:T(32,1,1);\
    original1:T(num_filters,num_filters//compress,1)}}}}};?use_conv_shortcut shortcut{conv{bias:T(num_filters);\
    parametrizations{weight{original0:T(32,1,1);original1:T(num_filters,num_filters,1)}}}}};3{conv{\
    bias:T(num_filters*2);parametrizations{weight{original0:T(64,1,1);original1:T(num_filters*2,num_filters,\
    upsampling_ratios[3]*2)}}}};4{block{1{conv{bias:T(num_filters*2//compress);parametrizations{weight{\
    original0:T(32,1,1);original1:T(num_filters*2//compress,num_filters*2,residual_kernel_size)}}}};3{conv{\
    bias:T(num_filters*2);parametrizations{weight{original0:T(64,1,1);original1:T(num_filters*2,\
    num_filters*2//compress,1)}}}}};?use_conv_shortcut shortcut{conv{bias:T(num_filters*2);parametrizations{\
    weight{original0:T(64,1,1);original1:T(num_filters*2,num_filters*2,1)}}}}};6{conv{bias:T(num_filters*2*2);\
    parametrizations{weight{original0:T(128,1,1);original1:T(num_filters*2*2,num_filters*2,\
    upsampling_ratios[2]*2)}}}};7{block{1{conv{bias:T(num_filters*4//compress);parametrizations{weight{\
    original0:T(64,1,1);original1:T(num_filters*4//compress,num_filters*4,residual_kernel_size)}}}};3{conv{\
    bias:T(num_filters*4);parametrizations{weight{original0:T(128,1,1);original1:T(num_filters*4,\
    num_filters*4//compress,1)}}}}};?use_conv_shortcut shortcut{conv{bias:T(num_filters*4);parametrizations{\
    weight{original0:T(128,1,1);original1:T(num_filters*4,num_filters*4,1)}}}}};9{conv{bias:T(num_filters*4*2);\
    parametrizations{weight{original0:T(256,1,1);original1:T(num_filters*4*2,num_filters*4,\
    upsampling_ratios[1]*2)}}}};10{block{1{conv{bias:T(num_filters*8//compress);parametrizations{weight{\
    original0:T(128,1,1);original1:T(num_filters*8//compress,num_filters*8,residual_kernel_size)}}}};3{conv{\
    bias:T(num_filters*8);parametrizations{weight{original0:T(256,1,1);original1:T(num_filters*8,\
    num_filters*8//compress,1)}}}}};?use_conv_shortcut shortcut{conv{bias:T(num_filters*8);parametrizations{\
    weight{original0:T(256,1,1);original1:T(num_filters*8,num_filters*8,1)}}}}};12{conv{bias:T(num_filters*8*2);\
    parametrizations{weight{original0:T(512,1,1);original1:T(num_filters*8*2,num_filters*8,\
    upsampling_ratios[0]*2)}}}};13{lstm{weight_ih_l0:T(num_filters*16*4,num_filters*16);\
    weight_hh_l0:T(num_filters*16*4,num_filters*16);bias_ih_l0:T(num_filters*16*4);\
    bias_hh_l0:T(num_filters*16*4);weight_ih_l1:T(num_filters*16*4,num_filters*16);\
    weight_hh_l1:T(num_filters*16*4,num_filters*16);bias_ih_l1:T(num_filters*16*4);\
    bias_hh_l1:T(num_filters*16*4)}};15{conv{bias:T(hidden_size);parametrizations{weight{original0:T(512,1,1);\
    original1:T(hidden_size,num_filters*16,last_kernel_size)}}}}}};quantizer{codebook{inited:B(1);\
    cluster_size:B(codebook_size);embed:B(codebook_size,codebook_dim);embed_avg:B(codebook_size,codebook_dim)}}
    = whisper
    f . d_model=384 decoder_ffn_dim=1536 decoder_layers=4 encoder_ffn_dim=1536 encoder_layers=4 \
    max_source_positions=1500 max_target_positions=448 num_mel_bins=80 tie_word_embeddings=true vocab_size=51865
    k . hidden_size=d_model num_hidden_layers=encoder_layers
    c WhisperForCausalLM AutoModelForCausalLM
    p model
    i model{decoder=b580};?!tie_word_embeddings proj_out:L(d_model,vocab_size);?tie_word_embeddings \
    proj_out:L(d_model,vocab_size)~
    c WhisperModel AutoModel
    i encoder{conv1:C(num_mel_bins,d_model,1|num_mel_bins,3);conv2:C(d_model,d_model,1|d_model,3);\
    embed_positions:E(max_source_positions,d_model);layers*encoder_layers=b513;layer_norm:N(d_model,1)};\
    decoder=b580
    = xglm
    f . add_cross_attention=false d_model=1024 ffn_dim=4096 num_layers=24 tie_word_embeddings=true \
    vocab_size=256008
    k . hidden_size=d_model num_hidden_layers=num_layers
    c XGLMForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,d_model)!;layers*num_layers{self_attn=b37;?add_cross_attention \
    encoder_attn=b37;fc1:L(d_model,ffn_dim,1);fc2:L(ffn_dim,d_model,1);?add_cross_attention \
    encoder_attn_layer_norm:N(d_model,1);self_attn_layer_norm:N(d_model,1);final_layer_norm:N(d_model,1)};\
    layer_norm:N(d_model,1)};?!tie_word_embeddings lm_head:L(d_model,vocab_size);?tie_word_embeddings \
    lm_head:L(d_model,vocab_size)~
    c XGLMModel AutoModel
    i embed_tokens:E(vocab_size,d_model)!;layers*num_layers{self_attn=b37;fc1:L(d_model,ffn_dim,1);\
    fc2:L(ffn_dim,d_model,1);self_attn_layer_norm:N(d_model,1);final_layer_norm:N(d_model,1);\
    ?add_cross_attention encoder_attn=b37;?add_cross_attention encoder_attn_layer_norm:N(d_model,1)};\
    layer_norm:N(d_model,1)
    = xlm
    f . emb_dim=2048 max_position_embeddings=512 n_langs=1 n_layers=12 tie_word_embeddings=true vocab_size=30145
    k . hidden_size=emb_dim n_words=vocab_size num_hidden_layers=n_layers
    g is_encoder
    f . is_encoder=true
    c XLMWithLMHeadModel AutoModelForCausalLM AutoModelForMaskedLM
    p transformer
    i transformer=b188;pred_layer=b189
    c XLMModel AutoModel
    i position_embeddings:E(max_position_embeddings,emb_dim);?!(n_langs<=1) lang_embeddings:E(n_langs,emb_dim);\
    embeddings:E(vocab_size,emb_dim)!;attentions*n_layers=b186;ffns*n_layers=b187;layer_norm_emb:N(emb_dim,1);\
    layer_norm1*n_layers{weight:T(emb_dim);bias:T(emb_dim)};layer_norm2*n_layers{weight:T(emb_dim);\
    bias:T(emb_dim)}
    c XLMForSequenceClassification
    p transformer
    i transformer=b188;sequence_summary{summary:L(emb_dim,num_labels,1)}
    c XLMForTokenClassification
    p transformer
    i transformer=b188;classifier:L(emb_dim,num_labels,1)
    c XLMForQuestionAnsweringSimple
    p transformer
    i transformer=b188;qa_outputs:L(emb_dim,num_labels,1)
    = xlm-roberta
    f . hidden_size=768 intermediate_size=3072 max_position_embeddings=512 num_attention_heads=12 \
    num_hidden_layers=12 tie_word_embeddings=true type_vocab_size=2 vocab_size=30522
    g !add_cross_attention
    f . add_cross_attention=false
    c XLMRobertaForMaskedLM AutoModelForMaskedLM
    p roberta
    i lm_head=b84;roberta=b86
    c XLMRobertaForCausalLM AutoModelForCausalLM
    p roberta
    i lm_head=b583;roberta=b86
    c XLMRobertaModel AutoModel
    i embeddings=b85;encoder{layer*num_hidden_layers=b50};pooler{dense:L(hidden_size,hidden_size,1)}
    c XLMRobertaForSequenceClassification
    p roberta
    i classifier=b58;roberta=b86
    c XLMRobertaForTokenClassification
    p roberta
    i classifier:L(hidden_size,num_labels,1);roberta=b86
    = xlm-roberta-xl
    f . hidden_size=2560 intermediate_size=10240 max_position_embeddings=514 num_attention_heads=32 \
    num_hidden_layers=36 tie_word_embeddings=true type_vocab_size=1 vocab_size=250880
    g !add_cross_attention
    f . add_cross_attention=false
    c XLMRobertaXLForMaskedLM AutoModelForMaskedLM
    p roberta
    i roberta{embeddings=b581;encoder=b582};lm_head=b84
    c XLMRobertaXLForCausalLM AutoModelForCausalLM
    p roberta
    i roberta{embeddings=b581;encoder=b582};lm_head=b583
    c XLMRobertaXLModel AutoModel
    i embeddings=b581;encoder=b582;pooler{dense:L(hidden_size,hidden_size,1)}
    c XLMRobertaXLForSequenceClassification
    p roberta
    i roberta{embeddings=b581;encoder=b582};classifier=b58
    c XLMRobertaXLForTokenClassification
    p roberta
    i roberta{embeddings=b581;encoder=b582};classifier:L(hidden_size,num_labels,1)
    = xlnet
    f . d_head=null d_inner=4096 d_model=1024 n_head=16 n_layer=24 tie_word_embeddings=true vocab_size=32000
    k . hidden_size=d_model n_token=vocab_size num_attention_heads=n_head num_hidden_layers=n_layer
    d d_head null(d_head)?d_model//n_head:d_head
    c XLNetLMHeadModel AutoModelForCausalLM
    p transformer
    i transformer{word_embedding:E(vocab_size,d_model)!;layer*n_layer=b584;mask_emb:T(1,1,d_model)};\
    ?!tie_word_embeddings lm_loss:L(d_model,vocab_size,1);?tie_word_embeddings lm_loss:L(d_model,vocab_size,1)~
    c XLNetModel AutoModel
    i word_embedding:E(vocab_size,d_model)!;layer*n_layer=b584;mask_emb:T(1,1,d_model)
    = xmod
    f . adapter_layer_norm=false adapter_reduction_factor=2 hidden_size=768 intermediate_size=3072 \
    max_position_embeddings=512 num_attention_heads=12 num_hidden_layers=12 pre_norm=false \
    tie_word_embeddings=true type_vocab_size=2 vocab_size=30522
    g !add_cross_attention
    f . add_cross_attention=false
    c XmodForMaskedLM AutoModelForMaskedLM
    p roberta
    i roberta=b585;lm_head=b84
    c XmodForCausalLM AutoModelForCausalLM
    p roberta
    i roberta=b585;lm_head=b583
    c XmodForSequenceClassification
    p roberta
    i roberta=b585;classifier=b58
    c XmodForTokenClassification
    p roberta
    i roberta=b585;classifier:L(hidden_size,num_labels,1)
    = yoso
    f . hidden_size=768 intermediate_size=3072 max_position_embeddings=4096 num_attention_heads=12 \
    num_hidden_layers=12 tie_word_embeddings=true type_vocab_size=1 vocab_size=50265
    c YosoForMaskedLM AutoModelForMaskedLM
    p yoso
    i yoso=b586;cls{predictions=b53}
    c YosoModel AutoModel
    i embeddings=b483;encoder{layer*num_hidden_layers=b50}
    c YosoForSequenceClassification
    p yoso
    i yoso=b586;classifier=b58
    c YosoForTokenClassification
    p yoso
    i yoso=b586;classifier:L(hidden_size,num_labels,1)
    c YosoForQuestionAnswering
    p yoso
    i yoso=b586;qa_outputs:L(hidden_size,num_labels,1)
    = youtu
    f . attention_bias=false head_dim=null hidden_size=2048 intermediate_size=6144 kv_lora_rank=512 \
    num_attention_heads=16 num_hidden_layers=32 num_key_value_heads=16 q_lora_rank=1536 qk_nope_head_dim=128 \
    qk_rope_head_dim=64 tie_word_embeddings=true v_head_dim=128 vocab_size=128256
    d head_dim null(head_dim)?qk_rope_head_dim:head_dim
    g head_dim
    c YoutuForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b137;mlp=b79;\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)};\
    ?!tie_word_embeddings lm_head:L(hidden_size,vocab_size);?tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size)~
    c YoutuModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b139;mlp=b79;\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)
    = zaya
    f . attention_bias=false cca_time0=2 cca_time1=2 head_dim=128 hidden_size=2048 layer_types=null \
    lm_head_bias=false moe_intermediate_size=2048 num_attention_heads=8 num_experts=16 num_hidden_layers=40 \
    num_key_value_heads=2 router_hidden_size=256 sliding_window=null tie_word_embeddings=true vocab_size=262272
    d layer_types null(layer_types)?[num_hidden_layers|'hybrid']:layer_types
    g head_dim
    s layer_types hybrid
    c ZayaForCausalLM AutoModelForCausalLM
    p model
    i model{embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b588;\
    input_hidden_states_scale:T(hidden_size);input_hidden_states_bias:T(hidden_size);norm:N(hidden_size)};\
    ?!tie_word_embeddings lm_head:L(hidden_size,vocab_size);?tie_word_embeddings lm_head:L(hidden_size,\
    vocab_size,lm_head_bias)~
    c ZayaModel AutoModel
    i embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b588;\
    input_hidden_states_scale:T(hidden_size);input_hidden_states_bias:T(hidden_size);norm:N(hidden_size)
    """)
}
