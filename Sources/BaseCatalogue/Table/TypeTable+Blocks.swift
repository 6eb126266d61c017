// swift-format-ignore-file
// Written by testdata/make/arch_swift.py from transformers 5.24.0; see docs/architectures.md.

extension TypeTable {
  /// Rows that several types share.
  static let blocks = TableText(
    """
    = b0
    gate_proj:L(hidden_size,moe_intermediate_size*num_shared_experts);up_proj:L(hidden_size,\
    moe_intermediate_size*num_shared_experts);down_proj:L(moe_intermediate_size*num_shared_experts,hidden_size)
    = b1
    gate_up_proj:S(num_experts,moe_intermediate_size*2,hidden_size|gate_proj,up_proj);down_proj:S(num_experts,\
    hidden_size,moe_intermediate_size|down_proj)
    = b10
    q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
    num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
    attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias)
    = b100
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b99;norm:N(hidden_size)
    = b101
    gate_up_proj:S(num_experts,intermediate_size*2,hidden_size|gate_proj,up_proj);down_proj:S(num_experts,\
    hidden_size,intermediate_size|down_proj)
    = b102
    self_attn=b14;mlp{?mlp_layer_types[i]=='dense' gate_proj:L(hidden_size,intermediate_size);\
    ?mlp_layer_types[i]=='dense' up_proj:L(hidden_size,intermediate_size);?mlp_layer_types[i]=='dense' \
    down_proj:L(intermediate_size,hidden_size);?!(mlp_layer_types[i]=='dense') gate:R(hidden_size,num_experts);\
    ?!(mlp_layer_types[i]=='dense') experts=b101};input_layernorm:N(hidden_size)
    = b103
    linear_1:L(vision_config.hidden_size*downsample_factor**2,alignment_intermediate_size,1);\
    linear_2:L(alignment_intermediate_size//2,text_config.hidden_size,1)
    = b104
    proj:C(in_channels,hidden_size,1|in_channels,temporal_patch_size,patch_size,patch_size)
    = b105
    qkv:L(hidden_size,hidden_size*3,1);proj:L(hidden_size,hidden_size,1)
    = b106
    attn=b105;mlp{linear_fc1:L(hidden_size,intermediate_size,1);linear_fc2:L(intermediate_size,hidden_size,1)};\
    norm1:N(hidden_size,1);norm2:N(hidden_size,1)
    = b107
    linear_fc1:L(hidden_size*spatial_merge_size**2,hidden_size*spatial_merge_size**2,1);\
    linear_fc2:L(hidden_size*spatial_merge_size**2,out_hidden_size,1);norm:N(hidden_size,1)
    = b108
    linear_fc1:L(hidden_size*spatial_merge_size**2,hidden_size*spatial_merge_size**2,1);\
    linear_fc2:L(hidden_size*spatial_merge_size**2,out_hidden_size,1);norm:N(hidden_size*spatial_merge_size**2,1)
    = b109
    patch_embed=b104;pos_embed:E(num_position_embeddings,hidden_size);blocks*depth=b106;merger=b107;\
    deepstack_merger_list{0=b108;1=b108;2=b108}
    = b11
    up_proj:L(hidden_size,intermediate_size,mlp_bias);down_proj:L(intermediate_size,hidden_size,mlp_bias)
    = b110
    layer*num_hidden_layers{attention{self{query:L(hidden_size,\
    num_attention_heads//head_ratio*(hidden_size//(num_attention_heads//head_ratio)//2),1);key:L(hidden_size,\
    num_attention_heads//head_ratio*(hidden_size//(num_attention_heads//head_ratio)//2),1);value:L(hidden_size,\
    num_attention_heads//head_ratio*(hidden_size//(num_attention_heads//head_ratio)//2),1);key_conv_attn_layer{\
    depthwise:C(hidden_size,hidden_size,0|hidden_size//hidden_size,conv_kernel_size);pointwise:C(hidden_size,\
    num_attention_heads//head_ratio*(hidden_size//(num_attention_heads//head_ratio)//2),0|hidden_size,1);\
    bias:T(num_attention_heads//head_ratio*(hidden_size//(num_attention_heads//head_ratio)//2),1)};\
    conv_kernel_layer:L(num_attention_heads//head_ratio*(hidden_size//(num_attention_heads//head_ratio)//2),\
    num_attention_heads//head_ratio*conv_kernel_size,1);conv_out_layer:L(hidden_size,\
    num_attention_heads//head_ratio*(hidden_size//(num_attention_heads//head_ratio)//2),1)};output=b48};\
    intermediate{dense:L(hidden_size,intermediate_size,1)};output=b49}
    = b111
    dense:L(hidden_size,embedding_size,1);LayerNorm:N(embedding_size,1)
    = b112
    embeddings=b3;encoder=b110;?!(embedding_size==hidden_size) embeddings_project:L(embedding_size,hidden_size,1)
    = b113
    patch_embedding:L(num_channels*patch_size*patch_size,hidden_size,1);position_embedding:E(num_patches,\
    hidden_size)
    = b114
    layers*vision_config.num_hidden_layers@vision_config=b95
    = b115
    embeddings@vision_config=b113;encoder=b114;post_layernorm@vision_config=b16
    = b116
    fc1:L(hidden_size,intermediate_size);fc2:L(intermediate_size,hidden_size)
    = b117
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b10;mlp=b116;\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)
    = b118
    linear_fc1:L(vision_config.hidden_size*vision_config.spatial_merge_size**2,projector_hidden_size,1);\
    linear_fc2:L(projector_hidden_size,text_config.hidden_size,1);norm@vision_config=b16
    = b119
    layers*num_hidden_layers{self_att{self_attention{project_q:L(hidden_size,num_attention_heads*dim_head);\
    project_k:L(hidden_size,num_attention_heads*dim_head);project_v:L(hidden_size,num_attention_heads*dim_head);\
    attention_out:L(num_attention_heads*dim_head,hidden_size)};layernorm_before_attention:N(hidden_size)};ffn{\
    ffn{w_in{w_0:L(hidden_size,dim_ff);w_1:L(hidden_size,dim_ff)};w_out:L(dim_ff,hidden_size)};\
    layernorm_before_ffn:N(hidden_size)}};output_layernorm:N(hidden_size)
    = b12
    self_attn=b10;mlp=b11;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b120
    relative_attention_bias:T(segment_types*segment_types+position_bias_num_buckets,num_attention_heads)
    = b121
    multi_head_attention{Wq:L(n_embd,n_embd,1);Wk:L(n_embd,n_embd,1);Wv:L(n_embd,n_embd,1);dense:L(n_embd,\
    n_embd,1)};ffn{0:L(n_embd,dff,1);2:L(dff,n_embd,1)};layernorm1:N(n_embd,1);layernorm2:N(n_embd,1)
    = b122
    self_attn=b14;mlp=b34;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b123
    norm_attn_norm{attn{Wqkv:L(d_model,d_model+attn_config.kv_n_heads*2*(d_model//n_heads));out_proj:L(d_model,\
    d_model)};norm_1:N(d_model);norm_2:N(d_model)};ffn@ffn_config{router{layer:L(hidden_size,moe_num_experts)};\
    experts{mlp{w1:T(moe_num_experts*ffn_hidden_size,hidden_size);v1:T(moe_num_experts*ffn_hidden_size,\
    hidden_size);w2:T(moe_num_experts*ffn_hidden_size,hidden_size)}}}
    = b124
    word_embeddings:E(vocab_size,hidden_size)!;?position_biased_input \
    position_embeddings:E(max_position_embeddings,hidden_size);LayerNorm:N(hidden_size,1)
    = b125
    layer*num_hidden_layers{attention{self{query_proj:L(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads),1);key_proj:L(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads),1);value_proj:L(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads),1)};output=b48};intermediate{dense:L(hidden_size,\
    intermediate_size,1)};output=b49};?relative_attention \
    rel_embeddings:E(tie_word_embeddings?max_position_embeddings*2:max_relative_positions*2,hidden_size)
    = b126
    lm_head{dense:L(hidden_size,hidden_size,1);bias:T(vocab_size);LayerNorm:N(hidden_size,1)}
    = b127
    dense:L(pooler_hidden_size,pooler_hidden_size,1)
    = b128
    layer*num_hidden_layers{attention{self{in_proj:L(hidden_size,\
    num_attention_heads*int(hidden_size/num_attention_heads)*3);\
    q_bias:T(num_attention_heads*int(hidden_size/num_attention_heads));\
    v_bias:T(num_attention_heads*int(hidden_size/num_attention_heads))};output=b48};intermediate{\
    dense:L(hidden_size,intermediate_size,1)};output=b49};?relative_attention \
    rel_embeddings:E(max_position_embeddings*2,hidden_size)
    = b129
    projection:C(num_channels,hidden_size,1|num_channels,patch_size,patch_size)
    = b13
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b12;norm:N(hidden_size)
    = b130
    lin1:L(hidden_size,mlp_dim,1);lin2:L(mlp_dim,hidden_size,1)
    = b131
    attn{qkv:L(hidden_size,hidden_size*3,qkv_bias);proj:L(hidden_size,hidden_size,1);?use_rel_pos \
    rel_pos_h:T(global_attn_indexes has i?image_size//patch_size*2-1:window_size*2-1,\
    hidden_size//num_attention_heads);?use_rel_pos rel_pos_w:T(global_attn_indexes has \
    i?image_size//patch_size*2-1:window_size*2-1,hidden_size//num_attention_heads)};mlp=b130;\
    layer_norm1:N(hidden_size,1);layer_norm2:N(hidden_size,1)
    = b132
    conv1:C(hidden_size,output_channels,0|hidden_size,1,1);conv2:C(output_channels,output_channels,0|\
    output_channels,3,3);layer_norm1:N(output_channels,1);layer_norm2:N(output_channels,1)
    = b133
    q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),1);k_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads),1);v_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads),1);\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size)
    = b134
    self_attn=b133;mlp=b79;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b135
    sam_encoder@sam_config{patch_embed=b129;layers*num_hidden_layers=b131;neck=b132;proj{\
    conv1:C(output_channels,downsample_channels[0],0|output_channels,3,3);conv2:C(downsample_channels[0],\
    downsample_channels[1],0|downsample_channels[0],3,3)};?use_abs_pos pos_embed:T(1,image_size//patch_size,\
    image_size//patch_size,hidden_size)};vision_encoder@encoder_config{layers*num_hidden_layers=b134;\
    norm:N(hidden_size)};query_768_resolution:E(144,encoder_config.hidden_size);\
    query_1024_resolution:E(sam_config.output_channels,encoder_config.hidden_size)
    = b136
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b14;mlp{\
    ?mlp_layer_types[i]=='sparse' experts=b24;?mlp_layer_types[i]=='sparse' gate:R(hidden_size,\
    n_routed_experts);?mlp_layer_types[i]=='sparse' shared_experts=b25;?!(mlp_layer_types[i]=='sparse') \
    gate_proj:L(hidden_size,intermediate_size);?!(mlp_layer_types[i]=='sparse') up_proj:L(hidden_size,\
    intermediate_size);?!(mlp_layer_types[i]=='sparse') down_proj:L(intermediate_size,hidden_size)};\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)
    = b137
    ?null(q_lora_rank) q_proj:L(hidden_size,num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim));\
    ?!null(q_lora_rank) q_a_proj:L(hidden_size,q_lora_rank,attention_bias);?!null(q_lora_rank) \
    q_b_proj:L(q_lora_rank,num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim));\
    kv_a_proj_with_mqa:L(hidden_size,kv_lora_rank+qk_rope_head_dim,attention_bias);kv_b_proj:L(kv_lora_rank,\
    num_attention_heads*(qk_nope_head_dim+v_head_dim));o_proj:L(num_attention_heads*v_head_dim,hidden_size,\
    attention_bias);?!null(q_lora_rank) q_a_layernorm:N(q_lora_rank);kv_a_layernorm:N(kv_lora_rank)
    = b138
    experts=b24;gate:R(hidden_size,n_routed_experts);shared_experts{gate_proj:L(hidden_size,\
    moe_intermediate_size*n_shared_experts,mlp_bias);up_proj:L(hidden_size,\
    moe_intermediate_size*n_shared_experts,mlp_bias);down_proj:L(moe_intermediate_size*n_shared_experts,\
    hidden_size,mlp_bias)}
    = b139
    ?!null(q_lora_rank) q_a_proj:L(hidden_size,q_lora_rank,attention_bias);?!null(q_lora_rank) \
    q_b_proj:L(q_lora_rank,num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim));\
    kv_a_proj_with_mqa:L(hidden_size,kv_lora_rank+qk_rope_head_dim,attention_bias);kv_b_proj:L(kv_lora_rank,\
    num_attention_heads*(qk_nope_head_dim+v_head_dim));o_proj:L(num_attention_heads*v_head_dim,hidden_size,\
    attention_bias);?!null(q_lora_rank) q_a_layernorm:N(q_lora_rank);kv_a_layernorm:N(kv_lora_rank);\
    ?null(q_lora_rank) q_proj:L(hidden_size,num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim))
    = b14
    q_proj:L(hidden_size,num_attention_heads*head_dim);k_proj:L(hidden_size,num_key_value_heads*head_dim);\
    v_proj:L(hidden_size,num_key_value_heads*head_dim);o_proj:L(num_attention_heads*head_dim,hidden_size)
    = b140
    ?!(i<first_k_dense_replace) experts=b24;?!(i<first_k_dense_replace) gate:R(hidden_size,n_routed_experts);\
    ?!(i<first_k_dense_replace) shared_experts=b25;?!(i<first_k_dense_replace) gate=b26;\
    ?i<first_k_dense_replace gate_proj:L(hidden_size,intermediate_size);?i<first_k_dense_replace \
    up_proj:L(hidden_size,intermediate_size);?i<first_k_dense_replace down_proj:L(intermediate_size,hidden_size)
    = b141
    ?mlp_layer_types[i]=='sparse' experts=b24;?mlp_layer_types[i]=='sparse' gate:R(hidden_size,\
    n_routed_experts);?mlp_layer_types[i]=='sparse' shared_experts=b25;?mlp_layer_types[i]=='sparse' gate=b26;\
    ?!(mlp_layer_types[i]=='sparse') gate_proj:L(hidden_size,intermediate_size);\
    ?!(mlp_layer_types[i]=='sparse') up_proj:L(hidden_size,intermediate_size);?!(mlp_layer_types[i]=='sparse') \
    down_proj:L(intermediate_size,hidden_size)
    = b142
    self_attn{q_a_proj:L(hidden_size,q_lora_rank,attention_bias);q_b_proj:L(q_lora_rank,\
    num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim));kv_a_proj_with_mqa:L(hidden_size,\
    kv_lora_rank+qk_rope_head_dim,attention_bias);kv_b_proj:L(kv_lora_rank,\
    num_attention_heads*(qk_nope_head_dim+v_head_dim));o_proj:L(num_attention_heads*v_head_dim,hidden_size,\
    attention_bias);indexer=b28;q_a_layernorm:N(q_lora_rank);kv_a_layernorm:N(kv_lora_rank)};mlp=b141;\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b143
    fn:T((2+hc_mult)*hc_mult,hc_mult*hidden_size);base:T((2+hc_mult)*hc_mult);scale:T(3)
    = b144
    self_attn{q_a_proj:L(hidden_size,q_lora_rank);q_b_proj:L(q_lora_rank,num_attention_heads*head_dim);\
    kv_proj:L(hidden_size,head_dim);o_a_proj:L(num_attention_heads*head_dim//o_groups,o_groups*o_lora_rank);\
    o_b_proj:L(o_groups*o_lora_rank,hidden_size);compressor{?!(layer_types[i]=='sliding_attention') \
    kv_proj:L(hidden_size,layer_types[i]=='compressed_sparse_attention'?head_dim*2:head_dim);\
    ?!(layer_types[i]=='sliding_attention') gate_proj:L(hidden_size,\
    layer_types[i]=='compressed_sparse_attention'?head_dim*2:head_dim);\
    ?layer_types[i]=='compressed_sparse_attention' indexer{kv_proj:L(hidden_size,index_head_dim*2);\
    gate_proj:L(hidden_size,index_head_dim*2);q_b_proj:L(q_lora_rank,index_n_heads*index_head_dim);scorer{\
    weights_proj:L(hidden_size,index_n_heads)};position_bias:T(4,index_head_dim*2);kv_norm:N(index_head_dim)};\
    ?!(layer_types[i]=='sliding_attention') position_bias:T(layer_types[i]=='compressed_sparse_attention'?4:128,\
    layer_types[i]=='compressed_sparse_attention'?head_dim*2:head_dim);?!(layer_types[i]=='sliding_attention') \
    kv_norm:N(head_dim)};sinks:T(num_attention_heads);q_a_norm:N(q_lora_rank);kv_norm:N(head_dim)};mlp{\
    gate:R(hidden_size,n_routed_experts);experts{gate_up_proj:S(n_routed_experts,moe_intermediate_size*2,\
    hidden_size|w1,w3);down_proj:S(n_routed_experts,hidden_size,moe_intermediate_size|w2)};shared_experts{\
    gate_proj:L(hidden_size,moe_intermediate_size,mlp_bias);up_proj:L(hidden_size,moe_intermediate_size,\
    mlp_bias);down_proj:L(moe_intermediate_size,hidden_size,mlp_bias)};gate{?!(mlp_layer_types[i]=='hash_moe') \
    e_score_correction_bias:B(n_routed_experts);?mlp_layer_types[i]=='hash_moe' tid2eid:B(vocab_size,\
    num_experts_per_tok)}};input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);attn_hc=b143;\
    ffn_hc=b143
    = b145
    hc_fn:T(hc_mult,hc_mult*hidden_size);hc_base:T(hc_mult);hc_scale:T(1)
    = b146
    linear1:L(vision_config.hidden_size,text_config.hidden_size,1);linear2:L(text_config.hidden_size,\
    text_config.hidden_size,1)
    = b147
    conv1:C(output_channels,output_channels*2,0|output_channels,3,3);conv2:C(output_channels*2,\
    output_channels*4,0|output_channels*2,3,3)
    = b148
    vision_proj:L(vision_config.hidden_size,text_config.hidden_size//2,1);\
    high_res_vision_proj:L(high_res_vision_config.output_channels*4,text_config.hidden_size//2,1);\
    proj:L(text_config.hidden_size,text_config.hidden_size,1)
    = b149
    self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
    num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
    attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias);lambda_q1:T(head_dim);\
    lambda_k1:T(head_dim);lambda_q2:T(head_dim);lambda_k2:T(head_dim)};mlp=b79;input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)
    = b15
    out_proj:L(hidden_size,hidden_size,1);in_proj_weight:T(hidden_size*3,hidden_size);\
    in_proj_bias:T(hidden_size*3)
    = b150
    q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),qkv_bias);k_proj:L(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads),qkv_bias);v_proj:L(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads),qkv_bias);\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,1)
    = b151
    word_embeddings:E(vocab_size,dim)!;position_embeddings:E(max_position_embeddings,dim);LayerNorm:N(dim,1)
    = b152
    layer*n_layers{attention{q_lin:L(dim,dim,1);k_lin:L(dim,dim,1);v_lin:L(dim,dim,1);out_lin:L(dim,dim,1)};ffn{\
    lin1:L(dim,hidden_dim,1);lin2:L(hidden_dim,dim,1)};sa_layer_norm:N(dim,1);output_layer_norm:N(dim,1)}
    = b153
    self_attn{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
    k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
    v_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
    dt_proj:L(num_key_value_heads*(hidden_size//num_attention_heads),num_key_value_heads,attention_bias);\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,attention_bias);\
    A:T(num_key_value_heads);q_norm:N(hidden_size//num_attention_heads);\
    k_norm:N(hidden_size//num_attention_heads)};mlp{gate_proj:L(hidden_size,intermediate_size,mlp_bias);\
    up_proj:L(hidden_size,intermediate_size,mlp_bias);down_proj:L(intermediate_size,hidden_size,mlp_bias);\
    ?is_moe router_gate:L(hidden_size,4);?is_moe down_embed:E(num_experts,hidden_size);?is_moe \
    up_embed:E(num_experts,hidden_size)};input_residual:T(hidden_size);post_attention_residual:T(hidden_size);\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b154
    self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
    num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
    attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias);gate_proj:L(hidden_size,\
    num_attention_heads*head_dim);sqk:T(num_attention_heads*head_dim);s_gate:T(num_attention_heads*head_dim)};\
    mlp{gate_proj:L(hidden_size,intermediate_size,mlp_bias);up_proj:L(hidden_size,intermediate_size,mlp_bias);\
    down_proj:L(intermediate_size,hidden_size,mlp_bias);suv_gate:T(intermediate_size);\
    suv_up:T(intermediate_size)};lambda_1:T(hidden_size);lambda_2:T(hidden_size)
    = b155
    self_attn=b7;mlp=b140;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b156
    self_attn{q_a_proj:L(hidden_size,q_lora_rank,attention_bias);q_b_proj:L(q_lora_rank,\
    layer_types[i]=='indexed_attention'?num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim):(192+qk_rope_hea\
    d_dim)*64);kv_a_proj_with_mqa:L(hidden_size,\
    layer_types[i]=='indexed_attention'?kv_lora_rank+qk_rope_head_dim:1024+qk_rope_head_dim,attention_bias);\
    kv_b_proj:L(layer_types[i]=='indexed_attention'?kv_lora_rank:1024,\
    layer_types[i]=='indexed_attention'?num_attention_heads*(qk_nope_head_dim+v_head_dim):(192+v_head_dim)*64);\
    o_proj:L(layer_types[i]=='indexed_attention'?num_attention_heads*v_head_dim:v_head_dim*64,hidden_size,\
    attention_bias);g_proj:L(hidden_size,layer_types[i]=='indexed_attention'?num_attention_heads:64);\
    ?layer_types[i]=='indexed_attention' indexer=b28;q_a_layernorm:N(q_lora_rank);\
    kv_a_layernorm:N(layer_types[i]=='indexed_attention'?kv_lora_rank:1024);\
    k_rope_only_layernorm:N(qk_rope_head_dim)};mlp{?mlp_layer_types[i]=='sparse' experts=b24;\
    ?mlp_layer_types[i]=='sparse' gate:R(hidden_size,n_routed_experts);?mlp_layer_types[i]=='sparse' \
    shared_experts{gate_proj:L(hidden_size,shared_experts_intermediate_size*n_shared_experts);\
    up_proj:L(hidden_size,shared_experts_intermediate_size*n_shared_experts);\
    down_proj:L(shared_experts_intermediate_size*n_shared_experts,hidden_size)};?mlp_layer_types[i]=='sparse' \
    gate=b26;?!(mlp_layer_types[i]=='sparse') gate_proj:L(hidden_size,intermediate_size);\
    ?!(mlp_layer_types[i]=='sparse') up_proj:L(hidden_size,intermediate_size);?!(mlp_layer_types[i]=='sparse') \
    down_proj:L(intermediate_size,hidden_size)};input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)
    = b157
    embeddings=b3;?!(embedding_size==hidden_size) embeddings_project:L(embedding_size,hidden_size,1);encoder{\
    layer*num_hidden_layers=b50}
    = b158
    word_embeddings:E(vocab_size,hidden_size)!;position_embeddings:E(max_position_embeddings,hidden_size);\
    token_type_embeddings:E(type_vocab_size,hidden_size);?use_task_id \
    task_type_embeddings:E(task_type_vocab_size,hidden_size);LayerNorm:N(hidden_size,1)
    = b159
    embeddings=b158;encoder{layer*num_hidden_layers=b50}
    = b16
    weight:T(hidden_size);bias:T(hidden_size)
    = b160
    embeddings=b158;encoder{layer*num_hidden_layers=b50};pooler{dense:L(hidden_size,hidden_size,1)}
    = b161
    self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,use_bias);k_proj:L(hidden_size,\
    num_key_value_heads*head_dim,use_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,use_bias);\
    o_proj:L(num_attention_heads*head_dim,hidden_size,use_bias)};mlp{gate_proj:L(hidden_size,intermediate_size,\
    use_bias);up_proj:L(hidden_size,intermediate_size,use_bias);down_proj:L(intermediate_size,hidden_size,\
    use_bias)};input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b162
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b161;norm:N(hidden_size)
    = b163
    q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),use_bias);k_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads),use_bias);v_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads),use_bias);\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,use_bias)
    = b164
    self_attn=b163;mlp{?!(i<moe_layer_start_index)&i<=moe_layer_end_index gate:R(hidden_size,moe_num_experts);\
    ?!(i<moe_layer_start_index)&i<=moe_layer_end_index experts{gate_up_proj:S(moe_num_experts,\
    moe_intermediate_size*2,hidden_size|gate_proj,up_proj);down_proj:S(moe_num_experts,hidden_size,\
    moe_intermediate_size|down_proj)};?!(i<moe_layer_start_index)&i<=moe_layer_end_index shared_experts{\
    gate_proj:L(hidden_size,moe_intermediate_size*moe_num_shared_experts,use_bias);up_proj:L(hidden_size,\
    moe_intermediate_size*moe_num_shared_experts,use_bias);\
    down_proj:L(moe_intermediate_size*moe_num_shared_experts,hidden_size,use_bias)};\
    ?!(i<moe_layer_start_index)&i<=moe_layer_end_index gate{moe_statics{e_score_correction_bias:T(1,\
    moe_num_experts)}};?i<moe_layer_start_index|!(i<=moe_layer_end_index) gate_proj:L(hidden_size,\
    intermediate_size,use_bias);?i<moe_layer_start_index|!(i<=moe_layer_end_index) up_proj:L(hidden_size,\
    intermediate_size,use_bias);?i<moe_layer_start_index|!(i<=moe_layer_end_index) \
    down_proj:L(intermediate_size,hidden_size,use_bias)};input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)
    = b165
    self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
    num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
    attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias);q_norm:N(hidden_size);\
    k_norm:N(hidden_size)};mlp=b34;input_layernorm:N(hidden_size,1);post_attention_layernorm:N(hidden_size,1)
    = b166
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b165;norm:N(hidden_size)
    = b167
    self_attn=b10;mlp=b34;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b168
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b167;norm:N(hidden_size)
    = b169
    self=b47;output{dense:L(hidden_size,hidden_size,1)};LayerNorm:N(hidden_size,1)
    = b17
    cross_attn@vision_config{q_proj:L(hidden_size,hidden_size);k_proj:L(hidden_size,hidden_size);\
    v_proj:L(hidden_size,hidden_size);multihead_attn=b15;linear:L(hidden_size,hidden_size,1);\
    layer_norm:N(hidden_size,1);layer_norm_kv:N(hidden_size,1)};feed_forward{\
    linear_in:L(vision_config.hidden_size,text_config.hidden_size);linear_out:L(text_config.hidden_size,\
    text_config.hidden_size)};query:T(max_value_projector_patch_to_query_dict,vision_config.hidden_size);\
    layer_norm@vision_config=b16
    = b170
    model@protein_encoder_config{embeddings{word_embeddings:E(vocab_size,hidden_size);\
    ?position_embedding_type=='absolute' position_embeddings:E(max_position_embeddings,hidden_size);\
    ?emb_layer_norm_before layer_norm:N(hidden_size,1)};encoder{layer*num_hidden_layers{attention=b169;\
    intermediate{dense:L(hidden_size,intermediate_size,1)};output{dense:L(intermediate_size,hidden_size,1)};\
    LayerNorm:N(hidden_size,1)};emb_layer_norm_after:N(hidden_size,1)};rotary_embeddings{inv_freq:B(32)}};\
    sequence_compressor_resampler{layers*resampler_depth{0{to_q:L(protein_encoder_config.hidden_size,\
    resampler_dim_head*resampler_heads);to_kv:L(protein_encoder_config.hidden_size,\
    resampler_dim_head*resampler_heads*2);to_out:L(resampler_dim_head*resampler_heads,\
    protein_encoder_config.hidden_size);norm_media@protein_encoder_config=b16;\
    norm_latents@protein_encoder_config=b16};1{fc1:L(protein_encoder_config.hidden_size,\
    protein_encoder_config.hidden_size*resampler_ff_mult);\
    fc2:L(protein_encoder_config.hidden_size*resampler_ff_mult,protein_encoder_config.hidden_size);\
    norm@protein_encoder_config=b16}};protein_projector:L(protein_encoder_config.hidden_size,hidden_size,1);\
    latents:T(resampler_num_latents,protein_encoder_config.hidden_size);norm:N(hidden_size,1)}
    = b171
    q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
    k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
    v_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,attention_bias)
    = b172
    self_attn=b171;mlp=b34;?num_hidden_layers//aligner_num_add_layers<1|\
    (i+1)%(num_hidden_layers//aligner_num_add_layers)==0 adapter{query:L(hidden_size,\
    num_attention_heads*int(hidden_size/num_attention_heads),1);key_protein:L(hidden_size,\
    num_attention_heads*int(hidden_size/num_attention_heads),1);value_protein:L(hidden_size,\
    num_attention_heads*int(hidden_size/num_attention_heads),1);out_proj:L(hidden_size,hidden_size,\
    aligner_enable_bias);ff{fc1:L(hidden_size,hidden_size*aligner_ffn_mult);fc2:L(hidden_size*aligner_ffn_mult,\
    hidden_size);norm:N(hidden_size,1)};gate_attention:T(1);gate_ffw:T(1);attention_norm:N(hidden_size)};\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b173
    q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads));k_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads));v_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads));\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size);\
    q_norm:N(hidden_size//num_attention_heads);k_norm:N(hidden_size//num_attention_heads)
    = b174
    self_attn=b173;mlp=b79;post_attention_layernorm:N(hidden_size);post_feedforward_layernorm:N(hidden_size)
    = b175
    proj:C(in_channels,hidden_size,0|in_channels,temporal_patch_size,patch_size,patch_size)
    = b176
    gate_proj:L(hidden_size,intermediate_size,1);up_proj:L(hidden_size,intermediate_size,1);\
    down_proj:L(intermediate_size,hidden_size,1)
    = b177
    attn{proj:L(hidden_size,hidden_size,1);qkv:L(hidden_size,\
    num_heads*(hidden_size//num_heads)+num_key_value_heads*(hidden_size//num_heads)*2,1)};mlp=b176;\
    norm1:N(hidden_size);norm2:N(hidden_size)
    = b178
    mlp{0:L(hidden_size*spatial_merge_size**2,hidden_size*spatial_merge_size**2,1);\
    2:L(hidden_size*spatial_merge_size**2,out_hidden_size,1)};ln_q:N(hidden_size)
    = b179
    patch_embed=b175;blocks*depth=b177;merger=b178
    = b18
    gate_proj:L(hidden_size,intermediate_size*moe_num_shared_experts,mlp_bias);up_proj:L(hidden_size,\
    intermediate_size*moe_num_shared_experts,mlp_bias);down_proj:L(intermediate_size*moe_num_shared_experts,\
    hidden_size,mlp_bias)
    = b180
    self_attn=b173;mlp=b33;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b181
    query_key_value:L(hidden_size,\
    multi_query?(new_decoder_architecture?(num_kv_heads*2+num_attention_heads)*(hidden_size//num_attention_heads\
    ):hidden_size+hidden_size//num_attention_heads*2):hidden_size*3,bias);dense:L(hidden_size,hidden_size,bias)
    = b182
    dense_h_to_4h:L(hidden_size,ffn_hidden_size,bias);dense_4h_to_h:L(ffn_hidden_size,hidden_size,bias)
    = b183
    feed_forward=b34;mamba{\
    conv1d:C(null(mamba_d_ssm)?mamba_expand*hidden_size+mamba_n_groups*2*mamba_d_state:mamba_d_ssm+mamba_n_group\
    s*2*mamba_d_state,null(mamba_d_ssm)?mamba_expand*hidden_size+mamba_n_groups*2*mamba_d_state:mamba_d_ssm+mamb\
    a_n_groups*2*mamba_d_state,mamba_conv_bias|1,mamba_d_conv);in_proj:L(hidden_size,\
    null(mamba_d_ssm)?mamba_expand*hidden_size+(mamba_expand*hidden_size+mamba_n_groups*2*mamba_d_state)+mamba_n\
    _heads:mamba_d_ssm+(mamba_d_ssm+mamba_n_groups*2*mamba_d_state)+mamba_n_heads,mamba_proj_bias);\
    out_proj:L(null(mamba_d_ssm)?mamba_expand*hidden_size:mamba_d_ssm,hidden_size,projectors_bias);\
    dt_bias:T(mamba_n_heads);A_log:T(mamba_n_heads);D:T(mamba_n_heads);?mamba_rms_norm norm:N(mamba_d_ssm)};\
    self_attn=b171;input_layernorm:N(hidden_size);pre_ff_layernorm:N(hidden_size)
    = b184
    mixer{conv1d:C(intermediate_size,intermediate_size,use_conv_bias|intermediate_size//intermediate_size,\
    conv_kernel);in_proj:L(hidden_size,intermediate_size*2,use_bias);x_proj:L(intermediate_size,\
    time_step_rank+state_size*2);dt_proj:L(time_step_rank,intermediate_size,1);out_proj:L(intermediate_size,\
    hidden_size,use_bias);A_log:T(intermediate_size,state_size);D:T(intermediate_size)};norm:N(hidden_size)
    = b185
    embeddings:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b184;norm_f:N(hidden_size)
    = b186
    q_lin:L(emb_dim,emb_dim,1);k_lin:L(emb_dim,emb_dim,1);v_lin:L(emb_dim,emb_dim,1);out_lin:L(emb_dim,emb_dim,1)
    = b187
    lin1:L(emb_dim,emb_dim*4,1);lin2:L(emb_dim*4,emb_dim,1)
    = b188
    position_embeddings:E(max_position_embeddings,emb_dim);?!(n_langs<=1) lang_embeddings:E(n_langs,emb_dim);\
    embeddings:E(vocab_size,emb_dim)!;attentions*n_layers=b186;ffns*n_layers=b187;layer_norm_emb:N(emb_dim,1);\
    layer_norm1*n_layers{weight:T(emb_dim);bias:T(emb_dim)};layer_norm2*n_layers{weight:T(emb_dim);\
    bias:T(emb_dim)}
    = b189
    ?!tie_word_embeddings proj:L(emb_dim,vocab_size,1);?tie_word_embeddings proj:L(emb_dim,vocab_size,1)~
    = b19
    self_attn=b10;mlp{router:R(hidden_size,moe_num_experts);experts{gate_up_proj:Q(moe_num_experts,hidden_size,\
    intermediate_size*2);down_proj:Q(moe_num_experts,intermediate_size,hidden_size)};shared_experts=b18};\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b190
    position_embeddings:E(max_position_embeddings,emb_dim);embeddings:E(vocab_size,emb_dim)!;\
    attentions*n_layers=b186;ffns*n_layers=b187;layer_norm_emb:N(emb_dim,1);layer_norm1*n_layers{\
    weight:T(emb_dim);bias:T(emb_dim)};layer_norm2*n_layers{weight:T(emb_dim);bias:T(emb_dim)};?!(n_langs<=1) \
    lang_embeddings:E(n_langs,emb_dim)
    = b191
    q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
    k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
    v_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,attention_bias);\
    q_norm:N(num_attention_heads*(hidden_size//num_attention_heads));\
    k_norm:N(num_key_value_heads*(hidden_size//num_attention_heads))
    = b192
    gate:R(hidden_size,num_experts);experts=b101
    = b193
    self_attn=b191;mlp=b192;post_attention_layernorm:N(hidden_size);post_feedforward_layernorm:N(hidden_size)
    = b194
    gate_proj:L(hidden_size,shared_expert_intermediate_size);up_proj:L(hidden_size,\
    shared_expert_intermediate_size);down_proj:L(shared_expert_intermediate_size,hidden_size)
    = b195
    self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
    num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
    attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias);\
    sinks:T(num_attention_heads);q_norm:N(head_dim);k_norm:N(head_dim)};mlp{?!(mlp_only_layers has i) \
    experts=b1;?!(mlp_only_layers has i) gate:R(hidden_size,num_experts);?!(mlp_only_layers has i) \
    shared_expert=b194;?mlp_only_layers has i gate_proj:L(hidden_size,intermediate_size);?mlp_only_layers has i \
    up_proj:L(hidden_size,intermediate_size);?mlp_only_layers has i down_proj:L(intermediate_size,hidden_size)};\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b196
    word_embeddings:E(vocab_size,hidden_size)!;position_embeddings:E(max_position_embeddings,hidden_size);\
    token_type_embeddings:E(type_vocab_size,hidden_size);projection:L(hidden_size,hidden_size,1);\
    LayerNorm:N(hidden_size,1)
    = b197
    layer*num_hidden_layers{intermediate{dense:L(hidden_size,intermediate_size,1)};output=b49;fourier{output{\
    LayerNorm:N(hidden_size,1)}}}
    = b198
    embeddings=b196;encoder=b197;pooler{dense:L(hidden_size,hidden_size,1)}
    = b199
    word_embeddings:E(vocab_size,d_model)!;layer_norm:N(d_model,1)
    = b2
    self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
    num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
    attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias);gate_proj:L(hidden_size,\
    num_attention_heads*head_dim);q_norm:N(head_dim);k_norm:N(head_dim)};mlp{?!(i<num_dense_layers) router{\
    gate:L(hidden_size,num_experts)};?!(i<num_dense_layers) shared_experts=b0;?!(i<num_dense_layers) experts=b1;\
    ?!(i<num_dense_layers) expert_bias:T(num_experts);?i<num_dense_layers gate_proj:L(hidden_size,\
    intermediate_size);?i<num_dense_layers up_proj:L(hidden_size,intermediate_size);?i<num_dense_layers \
    down_proj:L(intermediate_size,hidden_size)};input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size);pre_mlp_layernorm:N(hidden_size);post_mlp_layernorm:N(hidden_size)
    = b20
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b19;norm:N(hidden_size)
    = b200
    attention{q_head:L(d_model,n_head*d_head);k_head:L(d_model,n_head*d_head,1);v_head:L(d_model,n_head*d_head,\
    1);post_proj:L(n_head*d_head,d_model,1);r_w_bias:T(n_head,d_head);r_r_bias:T(n_head,d_head);\
    r_kernel:T(d_model,n_head,d_head);r_s_bias:T(n_head,d_head);seg_embed:T(2,n_head,d_head);\
    layer_norm:N(d_model,1)};ffn{linear_1:L(d_model,d_inner,1);linear_2:L(d_inner,d_model,1);\
    layer_norm:N(d_model,1)}
    = b201
    blocks{0{0=b200;1=b200;2=b200;3=b200};1{0=b200;1=b200;2=b200;3=b200};2{0=b200;1=b200;2=b200;3=b200}}
    = b202
    embeddings=b199;encoder=b201;decoder{layers*num_decoder_layers=b200}
    = b203
    self_attn=b10;mlp=b79;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b204
    self_attn=b10;mlp=b79;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);\
    pre_feedforward_layernorm:N(hidden_size);post_feedforward_layernorm:N(hidden_size)
    = b205
    q_proj:L(hidden_size,num_attention_heads*head_dim);k_proj:L(hidden_size,num_key_value_heads*head_dim);\
    v_proj:L(hidden_size,num_key_value_heads*head_dim);o_proj:L(num_attention_heads*head_dim,hidden_size);\
    q_norm:N(head_dim);k_norm:N(head_dim)
    = b206
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b205;mlp=b79;\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);\
    pre_feedforward_layernorm:N(hidden_size);post_feedforward_layernorm:N(hidden_size)};norm:N(hidden_size)
    = b207
    mm_input_projection_weight:T(vision_config.hidden_size,text_config.hidden_size);\
    mm_soft_emb_norm@vision_config{weight:T(hidden_size)}
    = b208
    q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
    num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
    attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias);q_norm:N(head_dim);\
    k_norm:N(head_dim)
    = b209
    self_attn=b208;mlp=b79;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);\
    pre_feedforward_layernorm:N(hidden_size);post_feedforward_layernorm:N(hidden_size)
    = b21
    linear_1:L(audio_config.hidden_size,text_config.hidden_size,projector_bias);\
    linear_2:L(text_config.hidden_size,text_config.hidden_size,projector_bias)
    = b210
    conv_exp:C(audio_config.input_feat_size,text_config.sliding_window,0|audio_config.input_feat_size,3,3);\
    conv_pwl:C(text_config.sliding_window,audio_config.input_feat_size,0|text_config.sliding_window,1,1);\
    bn1@text_config{weight:T(sliding_window)};bn2@audio_config{weight:T(input_feat_size)}
    = b211
    conv:C(head_dim,head_dim,0|1,5,5);bn:N(head_dim)
    = b212
    conv:C(head_dim,1024,0|head_dim,1,1);bn:N(1024)
    = b213
    conv:C(1024,head_dim,0|1024,1,1);bn:N(head_dim)
    = b214
    dw_start=b211;pw_exp=b212;pw_proj=b213;layer_scale{gamma:T(head_dim)}
    = b215
    dw_start{conv:C(head_dim,head_dim,0|1,3,3);bn:N(head_dim)};pw_exp=b212;pw_proj=b213;layer_scale{\
    gamma:T(head_dim)}
    = b216
    dw_start{conv:C(640,640,0|1,5,5);bn:N(640)};pw_exp{conv:C(640,2560,0|640,1,1);bn:N(2560)};pw_proj{\
    conv:C(2560,640,0|2560,1,1);bn:N(640)};layer_scale{gamma:T(640)}
    = b217
    down_conv:C(640,640,0|1,3,3);proj:C(640,laurel_rank,0|640,1,1);norm:N(640)
    = b218
    attn{query{proj:C(640,768,0|640,1,1)};key=b217;value=b217;output{proj:C(768,640,0|768,1,1)}};norm:N(640);\
    layer_scale{gamma:T(640)}
    = b219
    pw_exp{conv:C(640,1280,0|640,1,1);bn:N(1280)};pw_proj{conv:C(1280,640,0|1280,1,1);bn:N(640)};layer_scale{\
    gamma:T(640)}
    = b22
    multi_modal_projector=b21;audio_tower:A(AutoModel,audio_config);language_model:A(AutoModel,text_config)
    = b220
    attn{query{proj:C(1280,hidden_size,0|1280,1,1)};key{proj:C(1280,96,0|1280,1,1)};value{proj:C(1280,96,0|1280,\
    1,1)};output{proj:C(hidden_size,1280,0|hidden_size,1,1)}};norm:N(1280);layer_scale{gamma:T(1280)}
    = b221
    pw_exp{conv:C(1280,2560,0|1280,1,1);bn:N(2560)};pw_proj{conv:C(2560,1280,0|2560,1,1);bn:N(1280)};\
    layer_scale{gamma:T(1280)}
    = b222
    timm_model{conv_stem@text_config{conv:C(3,laurel_rank,1|3,3,3);bn:N(laurel_rank)};blocks{0{0{\
    conv_exp:C(text_config.laurel_rank,text_config.head_dim,0|text_config.laurel_rank,3,3);\
    conv_pwl:C(text_config.head_dim,audio_config.input_feat_size,0|text_config.head_dim,1,1);bn1@text_config{\
    weight:T(head_dim)};bn2@audio_config{weight:T(input_feat_size)}};1=b210;2=b210};1{0{dw_start@audio_config{\
    conv:C(input_feat_size,input_feat_size,0|1,3,3);bn:N(input_feat_size)};pw_exp@audio_config{\
    conv:C(input_feat_size,768,0|input_feat_size,1,1);bn:N(768)};dw_mid{conv:C(768,768,0|1,5,5);bn:N(768)};\
    pw_proj@text_config{conv:C(768,head_dim,0|768,1,1);bn:N(head_dim)};layer_scale@text_config{\
    gamma:T(head_dim)}};1@text_config=b214;2@text_config=b215;3@text_config=b214;4@text_config=b215};2{0{\
    dw_start@text_config=b211;pw_exp{conv:C(text_config.head_dim,audio_config.hidden_size,0|\
    text_config.head_dim,1,1);bn@audio_config{weight:T(hidden_size)}};dw_mid@audio_config{conv:C(hidden_size,\
    hidden_size,0|1,5,5);bn:N(hidden_size)};pw_proj@audio_config{conv:C(hidden_size,640,0|hidden_size,1,1);\
    bn:N(640)};layer_scale{gamma:T(640)}};1=b216;2=b216;3=b216;4=b216;5=b216;6=b216;7=b216;8{pw_exp{conv:C(640,\
    640,0|640,1,1);bn:N(640)};pw_proj{conv:C(640,640,0|640,1,1);bn:N(640)};layer_scale{gamma:T(640)}};\
    9@text_config=b218;10=b219;11@text_config=b218;12=b219;13@text_config=b218;14=b219;15@text_config=b218;\
    16=b219;17@text_config=b218;18=b219;19@text_config=b218;20=b219;21@text_config=b218;22=b219;\
    23@text_config=b218;24=b219;25@text_config=b218;26=b219;27@text_config=b218;28=b219;29@text_config=b218;\
    30=b219;31@text_config=b218;32=b219;33@text_config=b218;34=b219;35@text_config=b218;36=b219};3@audio_config{\
    0{dw_start{conv:C(640,640,0|1,5,5);bn:N(640)};pw_exp{conv:C(640,3840,0|640,1,1);bn:N(3840)};dw_mid{\
    conv:C(3840,3840,0|1,5,5);bn:N(3840)};pw_proj{conv:C(3840,1280,0|3840,1,1);bn:N(1280)};layer_scale{\
    gamma:T(1280)}};1=b220;2=b221;3=b220;4=b221;5=b220;6=b221;7=b220;8=b221;9=b220;10=b221;11=b220;12=b221;\
    13=b220;14=b221;15=b220;16=b221;17=b220;18=b221;19=b220;20=b221;21=b220;22=b221;23=b220;24=b221;25=b220;\
    26=b221;27=b220;28=b221;29=b220;30=b221;31=b220;32=b221;33=b220;34=b221;35=b220;36=b221;37=b220;38=b221}};\
    msfa@text_config{ffn{pw_exp{conv:C(1920,3840,0|1920,1,1);bn:N(3840)};pw_proj{conv:C(3840,hidden_size,0|3840,\
    1,1);bn:N(hidden_size)}};norm:N(hidden_size)}}
    = b223
    gate_proj:L(hidden_size,intermediate_size[i]);up_proj:L(hidden_size,intermediate_size[i]);\
    down_proj:L(intermediate_size[i],hidden_size)
    = b224
    correction_coefs:L(altup_num_inputs,altup_num_inputs);prediction_coefs:L(altup_num_inputs,\
    altup_num_inputs**2);modality_router:L(hidden_size,altup_num_inputs);correct_output_scale:T(hidden_size);\
    router_norm:N(hidden_size)
    = b225
    linear_left:L(hidden_size,laurel_rank);linear_right:L(laurel_rank,hidden_size);post_laurel_norm:N(hidden_size)
    = b226
    0:L(hidden_size,hidden_size);1:L(hidden_size,hidden_size);2:L(hidden_size,hidden_size)
    = b227
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn{q_proj:L(hidden_size,\
    num_attention_heads*head_dim);?i<num_hidden_layers-num_kv_shared_layers k_proj:L(hidden_size,\
    num_key_value_heads*head_dim);?i<num_hidden_layers-num_kv_shared_layers v_proj:L(hidden_size,\
    num_key_value_heads*head_dim);o_proj:L(num_attention_heads*head_dim,hidden_size);q_norm:N(head_dim);\
    ?i<num_hidden_layers-num_kv_shared_layers k_norm:N(head_dim)};mlp=b223;altup=b224;laurel=b225;\
    per_layer_input_gate:L(hidden_size,hidden_size_per_layer_input);\
    per_layer_projection:L(hidden_size_per_layer_input,hidden_size);input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size);pre_feedforward_layernorm:N(hidden_size);\
    post_feedforward_layernorm:N(hidden_size);post_per_layer_input_norm:N(hidden_size)};\
    embed_tokens_per_layer:E(vocab_size_per_layer_input,num_hidden_layers*hidden_size_per_layer_input);\
    per_layer_model_projection:L(hidden_size,num_hidden_layers*hidden_size_per_layer_input);\
    altup_projections=b226;altup_unembed_projections=b226;norm:N(hidden_size);\
    per_layer_projection_norm:N(hidden_size_per_layer_input)
    = b228
    conv_0{conv:C(1,sscp_conv_channel_size[0],0|1,3,3);norm:N(sscp_conv_channel_size[0])};conv_1{\
    conv:C(sscp_conv_channel_size[0],sscp_conv_channel_size[1],0|sscp_conv_channel_size[0],3,3);\
    norm:N(sscp_conv_channel_size[1])};\
    input_proj_linear:L(sscp_conv_channel_size[1]*(((input_feat_size+1+1-3)//2+1+1+1-3)//2+1),hidden_size)
    = b229
    ffw_layer_1:L(hidden_size,hidden_size*4);ffw_layer_2:L(hidden_size*4,hidden_size);\
    pre_layer_norm:N(hidden_size);post_layer_norm:N(hidden_size)
    = b23
    self_attn{k_proj:L(hidden_size,hidden_size);v_proj:L(hidden_size,hidden_size,1);q_proj:L(hidden_size,\
    hidden_size,1);out_proj:L(hidden_size,hidden_size,1)};fc1:L(hidden_size,intermediate_size,1);\
    fc2:L(intermediate_size,hidden_size,1);self_attn_layer_norm:N(hidden_size,1);final_layer_norm:N(hidden_size,1)
    = b230
    ffw_layer_start=b229;attention{attn{relative_position_embedding{pos_proj:L(hidden_size,\
    conf_num_attention_heads*(hidden_size//conf_num_attention_heads))};q_proj:L(hidden_size,\
    conf_num_attention_heads*(hidden_size//conf_num_attention_heads));k_proj:L(hidden_size,\
    conf_num_attention_heads*(hidden_size//conf_num_attention_heads));v_proj:L(hidden_size,\
    conf_num_attention_heads*(hidden_size//conf_num_attention_heads));\
    per_dim_scale:T(hidden_size//conf_num_attention_heads)};post:L(hidden_size,hidden_size);\
    pre_attn_norm:N(hidden_size);post_norm:N(hidden_size)};lconv1d{linear_start:L(hidden_size,hidden_size*2);\
    depthwise_conv1d:C(hidden_size,hidden_size,0|hidden_size//hidden_size,conf_conv_kernel_size);\
    linear_end:L(hidden_size,hidden_size);pre_layer_norm:N(hidden_size);conv_norm:N(hidden_size)};\
    ffw_layer_end=b229;norm:N(hidden_size)
    = b231
    subsample_conv_projection=b228;conformer*conf_num_hidden_layers=b230
    = b232
    embedding:E(vision_config.vocab_size,vision_config.hidden_size);\
    embedding_projection:L(vision_config.hidden_size,text_config.hidden_size);hard_embedding_norm@vision_config{\
    weight:T(hidden_size)};soft_embedding_norm@vision_config{weight:T(hidden_size)}
    = b233
    embedding:E(audio_config.vocab_size,audio_config.hidden_size);\
    embedding_projection:L(audio_config.hidden_size,text_config.hidden_size);hard_embedding_norm@audio_config{\
    weight:T(hidden_size)};soft_embedding_norm@audio_config{weight:T(hidden_size)}
    = b234
    q_proj:L(hidden_size,\
    layer_types[i]=='sliding_attention'?num_attention_heads*head_dim:num_attention_heads*global_head_dim,\
    attention_bias);k_proj:L(hidden_size,\
    layer_types[i]=='sliding_attention'?num_key_value_heads*head_dim:num_key_value_heads*global_head_dim,\
    attention_bias);v_proj:L(hidden_size,\
    layer_types[i]=='sliding_attention'?num_key_value_heads*head_dim:num_key_value_heads*global_head_dim,\
    attention_bias);o_proj:L(layer_types[i]=='sliding_attention'?num_attention_heads*head_dim:num_attention_head\
    s*global_head_dim,hidden_size,attention_bias);\
    q_norm:N(layer_types[i]=='sliding_attention'?head_dim:global_head_dim);\
    k_norm:N(layer_types[i]=='sliding_attention'?head_dim:global_head_dim)
    = b235
    self_attn{q_proj:L(hidden_size,\
    layer_types[i]=='sliding_attention'?num_attention_heads*head_dim:global_head_dim==head_dim?num_attention_hea\
    ds*head_dim:num_attention_heads*global_head_dim,attention_bias);k_proj:L(hidden_size,\
    layer_types[i]=='sliding_attention'?num_key_value_heads*head_dim:global_head_dim==head_dim?num_key_value_hea\
    ds*head_dim:num_key_value_heads*global_head_dim,attention_bias);?!attention_k_eq_v|\
    layer_types[i]=='sliding_attention' v_proj:L(hidden_size,\
    layer_types[i]=='sliding_attention'?num_key_value_heads*head_dim:global_head_dim==head_dim?num_key_value_hea\
    ds*head_dim:num_key_value_heads*global_head_dim,attention_bias);\
    o_proj:L(layer_types[i]=='sliding_attention'?num_attention_heads*head_dim:global_head_dim==head_dim?num_atte\
    ntion_heads*head_dim:num_attention_heads*global_head_dim,hidden_size,attention_bias);\
    q_norm:N(layer_types[i]=='sliding_attention'?head_dim:global_head_dim==head_dim?head_dim:global_head_dim);\
    k_norm:N(layer_types[i]=='sliding_attention'?head_dim:global_head_dim==head_dim?head_dim:global_head_dim)};\
    mlp=b79;layer_scalar:B(1);input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);\
    pre_feedforward_layernorm:N(hidden_size);post_feedforward_layernorm:N(hidden_size)
    = b236
    linear:L(hidden_size,num_key_value_heads*head_dim);?use_clipped_linears input_min:B();?use_clipped_linears \
    input_max:B();?use_clipped_linears output_min:B();?use_clipped_linears output_max:B()
    = b237
    linear:L(hidden_size,intermediate_size);?use_clipped_linears input_min:B();?use_clipped_linears \
    input_max:B();?use_clipped_linears output_min:B();?use_clipped_linears output_max:B()
    = b238
    embeddings=b94;encoder{layers*num_hidden_layers=b95};pre_layrnorm:N(hidden_size,1);\
    post_layernorm:N(hidden_size,1)
    = b239
    visual_projection{0:L(vision_config.hidden_size,hidden_size,1);1:N(hidden_size,1)}
    = b24
    gate_up_proj:S(n_routed_experts,moe_intermediate_size*2,hidden_size|gate_proj,up_proj);\
    down_proj:S(n_routed_experts,hidden_size,moe_intermediate_size|down_proj)
    = b240
    q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
    num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
    attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size)
    = b241
    gate_up_proj:L(hidden_size,intermediate_size*2);down_proj:L(intermediate_size,hidden_size)
    = b242
    self_attn=b240;mlp=b241;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b243
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b242;norm:N(hidden_size)
    = b244
    self_attn=b240;mlp=b241;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);\
    post_self_attn_layernorm:N(hidden_size);post_mlp_layernorm:N(hidden_size)
    = b245
    visual:A(AutoModel,vision_config);language_model:A(AutoModel,text_config)
    = b246
    self_attn{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
    k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
    v_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size);?use_qk_norm \
    q_norm:N(hidden_size//num_attention_heads);?use_qk_norm k_norm:N(hidden_size//num_attention_heads)};\
    mlp=b140;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b247
    self_attn=b137;mlp=b141;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b248
    position_embedding:E((image_size//patch_size)**2,hidden_size)
    = b249
    attn{qkv:L(hidden_size,hidden_size*3,attention_bias);proj:L(hidden_size,hidden_size)};mlp{\
    gate_proj:L(hidden_size,out_hidden_size);up_proj:L(hidden_size,out_hidden_size);down_proj:L(out_hidden_size,\
    hidden_size)};norm1:N(hidden_size);norm2:N(hidden_size)
    = b25
    gate_proj:L(hidden_size,moe_intermediate_size*n_shared_experts);up_proj:L(hidden_size,\
    moe_intermediate_size*n_shared_experts);down_proj:L(moe_intermediate_size*n_shared_experts,hidden_size)
    = b250
    proj:L(out_hidden_size,out_hidden_size);gate_proj:L(out_hidden_size,intermediate_size);\
    up_proj:L(out_hidden_size,intermediate_size);down_proj:L(intermediate_size,out_hidden_size);\
    post_projection_norm:N(out_hidden_size,1)
    = b251
    embeddings=b248;patch_embed=b104;blocks*depth=b249;merger=b250;downsample:C(hidden_size,out_hidden_size,1|\
    hidden_size,spatial_merge_size,spatial_merge_size);post_conv_layernorm:N(hidden_size);\
    post_layernorm:N(hidden_size)
    = b252
    self_attn=b133;mlp=b241;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);\
    post_self_attn_layernorm:N(hidden_size);post_mlp_layernorm:N(hidden_size)
    = b253
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b252;norm:N(hidden_size)
    = b254
    q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
    k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
    v_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size)
    = b255
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b254;mlp=b140;\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)
    = b256
    gate_up_proj:P(n_routed_experts,moe_intermediate_size*2,hidden_size);down_proj:P(n_routed_experts,\
    hidden_size,moe_intermediate_size)
    = b257
    proj:L(out_hidden_size,out_hidden_size);gate_proj:L(out_hidden_size,projection_intermediate_size);\
    up_proj:L(out_hidden_size,projection_intermediate_size);down_proj:L(projection_intermediate_size,\
    out_hidden_size);post_projection_norm:N(out_hidden_size,1)
    = b258
    patch_embed=b104;blocks*depth{attn{qkv:L(hidden_size,hidden_size*3,1);proj:L(hidden_size,hidden_size,1);\
    q_norm:N(hidden_size//num_heads);k_norm:N(hidden_size//num_heads)};mlp=b176;norm1:N(hidden_size);\
    norm2:N(hidden_size)};merger=b257;downsample:C(hidden_size,out_hidden_size,1|hidden_size,spatial_merge_size,\
    spatial_merge_size);post_layernorm:N(hidden_size)
    = b259
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn{\
    ?layer_types[i]=='linear_attention' q_proj:L(hidden_size,linear_head_dim*linear_num_heads);\
    ?layer_types[i]=='linear_attention' k_proj:L(hidden_size,linear_head_dim*linear_num_heads);\
    ?layer_types[i]=='linear_attention' v_proj:L(hidden_size,linear_head_dim*linear_num_heads);\
    ?layer_types[i]=='linear_attention' conv1d:D(linear_head_dim*linear_num_heads*3,\
    linear_head_dim*linear_num_heads*3,0|\
    linear_head_dim*linear_num_heads*3//(linear_head_dim*linear_num_heads*3),linear_conv_kernel_dim|\
    linear_head_dim*linear_num_heads,1,linear_conv_kernel_dim|linear_head_dim*linear_num_heads,1,\
    linear_conv_kernel_dim|linear_head_dim*linear_num_heads,1,linear_conv_kernel_dim);\
    ?layer_types[i]=='linear_attention' forget_gate{f_a_proj:L(hidden_size,linear_head_dim);\
    f_b_proj:L(linear_head_dim,linear_head_dim*linear_num_heads);dt_bias:T(linear_head_dim*linear_num_heads);\
    A_log:T(linear_num_heads)};?layer_types[i]=='linear_attention' b_proj:L(hidden_size,linear_num_heads);\
    ?layer_types[i]=='linear_attention' g_a_proj:L(hidden_size,linear_head_dim);\
    ?layer_types[i]=='linear_attention' g_b_proj:L(linear_head_dim,linear_head_dim*linear_num_heads);\
    o_proj:L(layer_types[i]=='linear_attention'?linear_head_dim*linear_num_heads:num_attention_heads*v_head_dim,\
    hidden_size);?!(layer_types[i]=='linear_attention')&!(indexer_types[i]=='shared') indexer{\
    wq_b:L(q_lora_rank,index_n_heads*index_head_dim);wk:L(hidden_size,index_head_dim);\
    weights_proj:L(hidden_size,index_n_heads);index_kpool_compress_ape:T(index_kpool,index_head_dim);\
    index_kpool_compress_gate:T(index_head_dim,hidden_size);k_norm:N(index_head_dim,1)};\
    ?layer_types[i]=='linear_attention' o_norm:N(linear_head_dim);?!(layer_types[i]=='linear_attention') \
    q_a_layernorm:N(q_lora_rank);?!(layer_types[i]=='linear_attention') kv_a_layernorm:N(kv_lora_rank);\
    ?!(layer_types[i]=='linear_attention') q_a_proj:L(hidden_size,q_lora_rank);\
    ?!(layer_types[i]=='linear_attention') q_b_proj:L(q_lora_rank,\
    num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim));?!(layer_types[i]=='linear_attention') \
    kv_a_proj_with_mqa:L(hidden_size,kv_lora_rank+qk_rope_head_dim);?!(layer_types[i]=='linear_attention') \
    kv_b_proj:L(kv_lora_rank,num_attention_heads*(qk_nope_head_dim+v_head_dim))};mlp=b141;\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);attn_hc=b143;ffn_hc=b143};\
    norm:N(hidden_size)
    = b26
    e_score_correction_bias:B(n_routed_experts)
    = b260
    attn{qkv:L(hidden_size,hidden_size*3,attention_bias);proj:L(hidden_size,hidden_size,attention_bias);\
    q_norm:N(hidden_size//num_heads);k_norm:N(hidden_size//num_heads)};mlp{gate_proj:L(hidden_size,\
    intermediate_size,attention_bias);up_proj:L(hidden_size,intermediate_size,attention_bias);\
    down_proj:L(intermediate_size,hidden_size,attention_bias)};norm1:N(hidden_size);norm2:N(hidden_size)
    = b261
    self_attn{q_a_proj:L(hidden_size,q_lora_rank,attention_bias);q_b_proj:L(q_lora_rank,\
    num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim));kv_a_proj_with_mqa:L(hidden_size,\
    kv_lora_rank+qk_rope_head_dim,attention_bias);kv_b_proj:L(kv_lora_rank,\
    num_attention_heads*(qk_nope_head_dim+v_head_dim));o_proj:L(num_attention_heads*v_head_dim,hidden_size,\
    attention_bias);?!(indexer_types[i]=='shared') indexer=b28;q_a_layernorm:N(q_lora_rank);\
    kv_a_layernorm:N(kv_lora_rank)};mlp=b141;input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)
    = b262
    proj:L(out_hidden_size,out_hidden_size);gate_proj:L(out_hidden_size,out_hidden_size*in_channels);\
    up_proj:L(out_hidden_size,out_hidden_size*in_channels);down_proj:L(out_hidden_size*in_channels,\
    out_hidden_size);post_projection_norm:N(out_hidden_size,1)
    = b263
    patch_embed=b104;blocks*depth=b260;merger=b262;downsample:C(hidden_size,out_hidden_size,1|hidden_size,\
    spatial_merge_size,spatial_merge_size);post_layernorm:N(hidden_size)
    = b264
    self_attn=b78;mlp=b241;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);\
    post_self_attn_layernorm:N(hidden_size);post_mlp_layernorm:N(hidden_size)
    = b265
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b264;norm:N(hidden_size)
    = b266
    linear_1:L(audio_config.intermediate_size,text_config.hidden_size*2,1);linear_2:L(text_config.hidden_size*2,\
    text_config.hidden_size,1)
    = b267
    patch_embed=b129;layers*num_hidden_layers{attn{qkv:L(hidden_size,hidden_size*3,qkv_bias);proj:L(hidden_size,\
    hidden_size,1);?use_rel_pos rel_pos_h:T(global_attn_indexes has \
    i?image_size//patch_size*2-1:window_size==0?image_size//patch_size*2-1:window_size*2-1,\
    hidden_size//num_attention_heads);?use_rel_pos rel_pos_w:T(global_attn_indexes has \
    i?image_size//patch_size*2-1:window_size==0?image_size//patch_size*2-1:window_size*2-1,\
    hidden_size//num_attention_heads)};mlp=b130;layer_norm1:N(hidden_size,1);layer_norm2:N(hidden_size,1)};\
    neck=b132;?use_abs_pos pos_embed:T(1,image_size//patch_size,image_size//patch_size,hidden_size)
    = b268
    conv_upsampler1:C(vision_config.output_channels,vision_config.output_channels*2,0|\
    vision_config.output_channels,3,3);conv_upsampler2:C(vision_config.output_channels*2,\
    text_config.hidden_size,0|vision_config.output_channels*2,3,3);\
    multimodal_projector:L(text_config.hidden_size,text_config.hidden_size,1)
    = b269
    c_attn:G(n_embd,n_embd*3,1);c_proj:G(n_embd,n_embd,1)
    = b27
    self_attn{q_a_proj:L(hidden_size,q_lora_rank,attention_bias);q_b_proj:L(q_lora_rank,\
    num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim));kv_a_proj_with_mqa:L(hidden_size,\
    kv_lora_rank+qk_rope_head_dim,attention_bias);kv_b_proj:L(kv_lora_rank,\
    num_attention_heads*(qk_nope_head_dim+v_head_dim));o_proj:L(num_attention_heads*v_head_dim,hidden_size,\
    attention_bias);q_a_layernorm:N(q_lora_rank);kv_a_layernorm:N(kv_lora_rank)};mlp{\
    ?mlp_layer_types[i]=='sparse' experts=b24;?mlp_layer_types[i]=='sparse' gate:R(hidden_size,\
    n_routed_experts);?mlp_layer_types[i]=='sparse' shared_experts=b25;?mlp_layer_types[i]=='sparse' gate=b26;\
    ?mlp_layer_types[i]=='sparse' post_mlp_layernorm:N(hidden_size);?!(mlp_layer_types[i]=='sparse') \
    gate_proj:L(hidden_size,intermediate_size);?!(mlp_layer_types[i]=='sparse') up_proj:L(hidden_size,\
    intermediate_size);?!(mlp_layer_types[i]=='sparse') down_proj:L(intermediate_size,hidden_size)};\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b270
    c_attn:G(n_embd,n_embd*2,1);q_attn:G(n_embd,n_embd,1);c_proj:G(n_embd,n_embd,1)
    = b271
    c_fc:G(n_embd,null(n_inner)?n_embd*4:n_inner,1);c_proj:G(null(n_inner)?n_embd*4:n_inner,n_embd,1)
    = b272
    wte:E(vocab_size,n_embd)!;wpe:E(n_positions,n_embd);h*n_layer{attn=b269;?add_cross_attention \
    crossattention=b270;mlp=b271;ln_1:N(n_embd,1);ln_2:N(n_embd,1);?add_cross_attention ln_cross_attn:N(n_embd,\
    1)};ln_f:N(n_embd,1)
    = b273
    attn=b269;mlp=b271;ln_1:N(n_embd,1);ln_2:N(n_embd,1);?add_cross_attention crossattention=b270;\
    ?add_cross_attention ln_cross_attn:N(n_embd,1)
    = b274
    attn{c_attn:L(n_embd,multi_query?n_embd+n_embd//n_head*2:n_embd+n_head*(n_embd//n_head)*2,1);\
    c_proj:L(n_embd,n_embd,1)};mlp{c_fc:L(n_embd,null(n_inner)?n_embd*4:n_inner,1);\
    c_proj:L(null(n_inner)?n_embd*4:n_inner,n_embd,1)};ln_1:N(n_embd,1);ln_2:N(n_embd,1)
    = b275
    attn{attention{k_proj:L(hidden_size,hidden_size);v_proj:L(hidden_size,hidden_size);q_proj:L(hidden_size,\
    hidden_size);out_proj:L(hidden_size,hidden_size,1)}};mlp{c_fc:L(hidden_size,\
    null(intermediate_size)?hidden_size*4:intermediate_size,1);\
    c_proj:L(null(intermediate_size)?hidden_size*4:intermediate_size,hidden_size,1)};ln_1:N(hidden_size,1);\
    ln_2:N(hidden_size,1)
    = b276
    wte:E(vocab_size,hidden_size)!;wpe:E(max_position_embeddings,hidden_size);h*num_layers=b275;\
    ln_f:N(hidden_size,1)
    = b277
    dense_h_to_4h:L(hidden_size,intermediate_size,1);dense_4h_to_h:L(intermediate_size,hidden_size,1)
    = b278
    attention{query_key_value:L(hidden_size,hidden_size*3,attention_bias);dense:L(hidden_size,hidden_size,\
    attention_bias)};mlp=b277;input_layernorm:N(hidden_size,1);post_attention_layernorm:N(hidden_size,1)
    = b279
    attention{query_key_value:L(hidden_size,hidden_size*3);dense:L(hidden_size,hidden_size);\
    ?i==num_hidden_layers-1 dense_bias:T(hidden_size)};mlp{dense_h_to_4h:L(hidden_size,\
    hidden_size*intermediate_multiple_size);dense_4h_to_h:L(hidden_size*intermediate_multiple_size,\
    hidden_size)};input_layernorm:N(hidden_size,1);post_attention_layernorm:N(hidden_size,1)
    = b28
    wq_b:L(q_lora_rank,index_n_heads*index_head_dim);wk:L(hidden_size,index_head_dim);\
    weights_proj:L(hidden_size,index_n_heads);k_norm:N(index_head_dim,1)
    = b280
    q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
    num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
    attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias);sinks:T(num_attention_heads)
    = b281
    attn{k_proj:L(n_embd,n_embd);v_proj:L(n_embd,n_embd);q_proj:L(n_embd,n_embd);out_proj:L(n_embd,n_embd)};\
    mlp=b96;ln_1:N(n_embd,1)
    = b282
    self_attn=b171;mlp=b34;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b283
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b282;norm:N(hidden_size)
    = b284
    out_linear:L(vision_config.hidden_size,text_config.hidden_size,1);query:T(1,16,vision_config.hidden_size);\
    image_positions:T(1,64,vision_config.hidden_size);norm@vision_config=b16;qformer:A(AutoModel,qformer_config)
    = b285
    patch_embedding:C(num_channels,hidden_size,1|num_channels,patch_size,patch_size);\
    position_embedding:E((image_size//patch_size)**2,hidden_size)
    = b286
    linear_1:L(hidden_size*scale_factor**2,out_hidden_size,1);linear_2:L(out_hidden_size,out_hidden_size,1);\
    layer_norm:N(hidden_size*scale_factor**2,1)
    = b287
    linear_1:L(hidden_size*(scale_factor//2)**2,out_hidden_size,1);linear_2:L(out_hidden_size,out_hidden_size,\
    1);layer_norm:N(hidden_size*(scale_factor//2)**2,1)
    = b288
    coarse{projection:L(hidden_size*scale_factor**2,out_hidden_size);deepstack_mergers{0=b286;1=b286;2=b286}};\
    ?use_fine_route fine{projection:L(hidden_size*(scale_factor//2)**2,out_hidden_size);deepstack_mergers{\
    0=b287;1=b287;2=b287}};mlp_fc2:L(out_hidden_size,out_hidden_size);ln_in:N(hidden_size,1);\
    ln_mid:N(out_hidden_size,1);ln_out:N(out_hidden_size,1)
    = b289
    embeddings=b285;encoder{layers*num_hidden_layers=b95};connector=b288;post_layernorm:N(hidden_size,1)
    = b29
    fc1:L(hidden_size,gated_norm_rank);fc2:L(gated_norm_rank,hidden_size)
    = b290
    att:L(vision_config.hidden_size,1,1);fc1:L(vision_config.hidden_size,density_router_hidden_size,1);\
    fc2:L(density_router_hidden_size,1,1);norm@vision_config=b16
    = b291
    up_proj:L(hidden_dim,hidden_dim*feedforward_mult,1);down_proj:L(hidden_dim*feedforward_mult,hidden_dim,1);\
    pre_norm:N(hidden_dim,1)
    = b292
    encoder@encoder_config{input_linear:L(input_dim,hidden_dim,1);layers*num_layers{ff1=b291;attn{\
    to_q:L(hidden_dim,dim_head*num_heads);to_kv:L(hidden_dim,dim_head*num_heads*2);to_out:L(dim_head*num_heads,\
    hidden_dim,1);rel_pos_emb:E(max_pos_emb*2+1,dim_head);pre_norm:N(hidden_dim,1)};conv{up_conv:C(hidden_dim,\
    hidden_dim*conv_expansion_factor*2,1|hidden_dim,1);depth_conv{conv:C(hidden_dim*conv_expansion_factor,\
    hidden_dim*conv_expansion_factor,0|hidden_dim*conv_expansion_factor//(hidden_dim*conv_expansion_factor),\
    conv_kernel_size)};down_conv:C(hidden_dim*conv_expansion_factor,hidden_dim,1|\
    hidden_dim*conv_expansion_factor,1);norm:N(hidden_dim,1);batch_norm{\
    weight:T(hidden_dim*conv_expansion_factor);bias:T(hidden_dim*conv_expansion_factor);\
    running_mean:B(hidden_dim*conv_expansion_factor);running_var:B(hidden_dim*conv_expansion_factor);\
    num_batches_tracked:B()}};ff2=b291;post_norm:N(hidden_dim,1)};out:L(hidden_dim,output_dim,1);\
    out_mid:L(output_dim,hidden_dim,1)};projector{linear:L(projector_config.hidden_size,text_config.hidden_size,\
    1);query:T(1,window_size//downsample_rate,projector_config.hidden_size);qformer:A(AutoModel,\
    projector_config)};language_model:A(AutoModel,text_config)
    = b293
    q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
    k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
    v_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,attention_bias);\
    sinks:T(num_attention_heads)
    = b294
    self_attn=b293;mlp=b34;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b295
    gate_up_proj:P(num_local_experts,intermediate_size*2,hidden_size);down_proj:P(num_local_experts,hidden_size,\
    intermediate_size)
    = b296
    router:R(hidden_size,num_local_experts);experts=b295
    = b297
    self_attn=b171;block_sparse_moe=b296;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b298
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b297;norm:N(hidden_size)
    = b299
    self_attn=b293;block_sparse_moe=b296;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b3
    word_embeddings:E(vocab_size,embedding_size)!;position_embeddings:E(max_position_embeddings,embedding_size);\
    token_type_embeddings:E(type_vocab_size,embedding_size);LayerNorm:N(embedding_size,1)
    = b30
    self_attn{q_a_proj:L(hidden_size,q_lora_rank,attention_bias);q_gate_proj:L(q_lora_rank*2,\
    num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim+v_head_dim));kv_a_proj_with_mqa:L(hidden_size,\
    kv_lora_rank+qk_rope_head_dim,attention_bias);kv_b_proj:L(kv_lora_rank,\
    num_attention_heads*(qk_nope_head_dim+v_head_dim));o_proj:L(num_attention_heads*v_head_dim,hidden_size,\
    attention_bias);indexer=b28;q_a_layernorm:N(q_lora_rank);kv_a_layernorm:N(kv_lora_rank)};mlp{\
    ?mlp_layer_types[i]=='sparse' experts=b24;?mlp_layer_types[i]=='sparse' gate:R(hidden_size,\
    n_routed_experts);?mlp_layer_types[i]=='sparse' shared_experts=b25;?!(mlp_layer_types[i]=='sparse') \
    gate_proj:L(hidden_size,intermediate_size);?!(mlp_layer_types[i]=='sparse') up_proj:L(hidden_size,\
    intermediate_size);?!(mlp_layer_types[i]=='sparse') down_proj:L(intermediate_size,hidden_size);\
    ?mlp_layer_types[i]=='sparse' gate=b26};input_layernorm{mlp=b29;norm:N(hidden_size)};\
    post_attention_layernorm{?mlp_layer_types[i]=='sparse' mlp=b29;?mlp_layer_types[i]=='sparse' \
    norm:N(hidden_size);?!(mlp_layer_types[i]=='sparse') weight:T(hidden_size)}
    = b300
    block_sparse_moe=b296;shared_mlp{input_linear:L(hidden_size,shared_intermediate_size*2);\
    output_linear:L(shared_intermediate_size,hidden_size)};mamba=b35;input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)
    = b301
    word_embeddings:E(vocab_size,hidden_size)!;?type_vocab_size token_type_embeddings:E(type_vocab_size,\
    hidden_size);LayerNorm:N(hidden_size,1)
    = b302
    q_proj:F(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),1,0,\
    num_attention_heads*(hidden_size//num_attention_heads)+num_attention_heads*(hidden_size//num_attention_heads\
    )+num_attention_heads*(hidden_size//num_attention_heads));k_proj:F(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads),1,\
    num_attention_heads*(hidden_size//num_attention_heads),\
    num_attention_heads*(hidden_size//num_attention_heads)+num_attention_heads*(hidden_size//num_attention_heads\
    )+num_attention_heads*(hidden_size//num_attention_heads));v_proj:F(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads),1,\
    num_attention_heads*(hidden_size//num_attention_heads)+num_attention_heads*(hidden_size//num_attention_heads\
    ),num_attention_heads*(hidden_size//num_attention_heads)+num_attention_heads*(hidden_size//num_attention_hea\
    ds)+num_attention_heads*(hidden_size//num_attention_heads));\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,1)
    = b303
    mlp{gate_proj:F(hidden_size,intermediate_size,0,intermediate_size,intermediate_size+intermediate_size);\
    up_proj:F(hidden_size,intermediate_size,0,0,intermediate_size+intermediate_size);\
    down_proj:L(intermediate_size,hidden_size,1)};self_attn=b302;post_attention_layernorm:N(hidden_size,1);\
    post_mlp_layernorm:N(hidden_size,1)
    = b304
    embeddings=b301;layers*num_hidden_layers=b303
    = b305
    self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
    num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
    attention_bias);o_proj:L(hidden_size,hidden_size)};mlp=b34;input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)
    = b306
    layers*num_layers_per_stack{self_attn{q_proj:F(hidden_size,num_attention_heads*head_dim,0,\
    num_attention_heads*head_dim,\
    num_attention_heads*head_dim+num_attention_heads*head_dim+num_attention_heads*head_dim+num_attention_heads*h\
    ead_dim);k_proj:F(hidden_size,num_attention_heads*head_dim,0,\
    num_attention_heads*head_dim+num_attention_heads*head_dim,\
    num_attention_heads*head_dim+num_attention_heads*head_dim+num_attention_heads*head_dim+num_attention_heads*h\
    ead_dim);v_proj:F(hidden_size,num_attention_heads*head_dim,0,\
    num_attention_heads*head_dim+num_attention_heads*head_dim+num_attention_heads*head_dim,\
    num_attention_heads*head_dim+num_attention_heads*head_dim+num_attention_heads*head_dim+num_attention_heads*h\
    ead_dim);o_proj:L(num_attention_heads*head_dim,hidden_size);gate_proj:F(hidden_size,\
    num_attention_heads*head_dim,0,0,\
    num_attention_heads*head_dim+num_attention_heads*head_dim+num_attention_heads*head_dim+num_attention_heads*h\
    ead_dim)};mlp{gate_proj:F(hidden_size,intermediate_size,0,0,intermediate_size+intermediate_size);\
    up_proj:F(hidden_size,intermediate_size,0,intermediate_size,intermediate_size+intermediate_size);\
    down_proj:L(intermediate_size,hidden_size)}}
    = b307
    q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
    num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
    attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias);\
    query_layernorm:N(head_dim);key_layernorm:N(head_dim)
    = b308
    self_attn=b307;mlp=b79;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b309
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b308;norm:N(hidden_size)
    = b31
    linear_1:L(vision_config.hidden_size*downsample_factor**2,text_config.hidden_size,1);\
    linear_2:L(text_config.hidden_size//2,text_config.hidden_size,1);\
    layernorm:N(vision_config.hidden_size*downsample_factor**2,1)
    = b310
    self_attn=b307;mlp{gate{wg:L(hidden_size,num_experts)};experts=b101;shared_mlp=b79};\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b311
    patch_embedding:C(num_channels,hidden_size,1|num_channels,patch_size,patch_size);\
    position_embedding:E((max_image_size//patch_size)**2+1,hidden_size)
    = b312
    q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),1);k_proj:L(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads),1);v_proj:L(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads),1);\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,1)
    = b313
    self_attn=b312;mlp=b72;layer_norm1:N(hidden_size,1);layer_norm2:N(hidden_size,1)
    = b314
    proj_conv:C(hidden_size,hidden_size*2,1|hidden_size,spatial_merge_size,spatial_merge_size);\
    proj_out:C(hidden_size*2,hidden_size*4,1|hidden_size*2,1,1);mlp:L(hidden_size*4,text_hidden_size,1);\
    image_newline:T(hidden_size*4);image_begin:T(text_hidden_size);image_end:T(text_hidden_size);\
    image_sep:T(text_hidden_size);before_rms:N(hidden_size);after_rms:N(text_hidden_size)
    = b315
    embeddings=b311;layers*num_hidden_layers=b313;patch_merger=b314
    = b316
    self_attn=b208;mlp{?mlp_layer_types[i]=='sparse' gate:R(hidden_size,num_experts);\
    ?mlp_layer_types[i]=='sparse' experts=b1;?mlp_layer_types[i]=='sparse' shared_experts{\
    gate_proj:L(hidden_size,moe_intermediate_size*num_shared_experts,mlp_bias);up_proj:L(hidden_size,\
    moe_intermediate_size*num_shared_experts,mlp_bias);down_proj:L(moe_intermediate_size*num_shared_experts,\
    hidden_size,mlp_bias)};?mlp_layer_types[i]=='sparse' e_score_correction_bias:B(num_experts);\
    ?!(mlp_layer_types[i]=='sparse') gate_proj:L(hidden_size,intermediate_size,mlp_bias);\
    ?!(mlp_layer_types[i]=='sparse') up_proj:L(hidden_size,intermediate_size,mlp_bias);\
    ?!(mlp_layer_types[i]=='sparse') down_proj:L(intermediate_size,hidden_size,mlp_bias)};\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b317
    fn:T(hc_mult*2,hc_mult*hidden_size);base:T(hc_mult*2);scale:T(2)
    = b318
    self_attn{q_a_proj:L(hidden_size,q_lora_rank,attention_bias);q_b_proj:L(q_lora_rank,\
    num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim));kv_a_proj_with_mqa:L(hidden_size,\
    kv_lora_rank+qk_rope_head_dim,attention_bias);kv_b_proj:L(kv_lora_rank,\
    num_attention_heads*(qk_nope_head_dim+v_head_dim));o_proj:L(num_attention_heads*v_head_dim,hidden_size,\
    attention_bias);?!(indexer_types[i]=='shared') indexer=b28;gate_proj:L(hidden_size,\
    num_attention_heads*v_head_dim);sinks:T(num_attention_heads);q_a_layernorm:N(q_lora_rank);\
    kv_a_layernorm:N(kv_lora_rank)};mlp{?mlp_layer_types[i]=='sparse' experts=b256;\
    ?mlp_layer_types[i]=='sparse' gate:R(hidden_size,n_routed_experts);?mlp_layer_types[i]=='sparse' \
    shared_experts=b25;?mlp_layer_types[i]=='sparse' gate=b26;?!(mlp_layer_types[i]=='sparse') \
    gate_proj:L(hidden_size,intermediate_size);?!(mlp_layer_types[i]=='sparse') up_proj:L(hidden_size,\
    intermediate_size);?!(mlp_layer_types[i]=='sparse') down_proj:L(intermediate_size,hidden_size)};\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);attn_hc=b317;ffn_hc=b317
    = b319
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b318;norm:N(hidden_size);hc_head=b145
    = b32
    f_proj:L(hidden_size,linear_head_dim*linear_num_heads);A_log:T(linear_num_heads);\
    dt_bias:T(linear_head_dim*linear_num_heads)
    = b320
    proj_conv:C(hidden_size,hidden_size*spatial_merge_size**2,1|hidden_size,spatial_merge_size,\
    spatial_merge_size);proj_out:C(hidden_size*spatial_merge_size**2,out_hidden_size,1|\
    hidden_size*spatial_merge_size**2,1,1);image_newline:T(out_hidden_size);before_rms:N(hidden_size)
    = b321
    embeddings=b311;layers*num_hidden_layers=b313;patch_merger=b320
    = b322
    self_attn=b10;mlp=b34;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);?use_post_norm \
    post_norm1:N(hidden_size);?use_post_norm post_norm2:N(hidden_size)
    = b323
    k_proj:L(embed_dim,embed_dim,1);v_proj:L(embed_dim,embed_dim,1);q_proj:L(embed_dim,embed_dim,1);\
    out_proj:L(embed_dim,embed_dim,1)
    = b324
    embeddings@vision_config{patch_embedding:C(num_channels,embed_dim,0|num_channels,patch_size,patch_size);\
    position_embedding:E((image_size//patch_size)**2+1,embed_dim);class_embedding:T(embed_dim)};encoder{\
    layers*num_hidden_layers//cross_layer_interval@vision_config{self_attn=b323;mlp{fc1:L(embed_dim,\
    intermediate_size,1);fc2:L(intermediate_size,embed_dim,1)};layer_norm1:N(embed_dim,1);\
    layer_norm2:N(embed_dim,1)}};pre_layrnorm@vision_config{weight:T(embed_dim);bias:T(embed_dim)};\
    post_layernorm@vision_config{weight:T(embed_dim);bias:T(embed_dim)}
    = b325
    gate_proj:L(hidden_size,intermediate_size);down_proj:L(intermediate_size,hidden_size);up_proj:L(hidden_size,\
    intermediate_size)
    = b326
    self_attn{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads));k_proj:L(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads));v_proj:L(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads));\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size)};mlp=b325;\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b327
    cross_attn{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads));\
    k_proj:L(vision_config.embed_dim,num_attention_heads*(hidden_size//num_attention_heads));\
    v_proj:L(vision_config.embed_dim,num_attention_heads*(hidden_size//num_attention_heads));\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size);?qk_layer_norms \
    q_layer_norm:N(hidden_size//num_attention_heads);?qk_layer_norms \
    k_layer_norm:N(hidden_size//num_attention_heads)};mlp=b325;?!(alpha_type=='float') alpha_cross_attn:T(1,1,\
    hidden_size);?!(alpha_type=='float') alpha_dense:T(1,1,hidden_size);?alpha_type=='float' \
    alpha_cross_attn:T(1);?alpha_type=='float' alpha_dense:T(1);input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)
    = b328
    embeddings=b285;encoder{layers*num_hidden_layers=b95};post_layernorm:N(hidden_size,1)
    = b329
    modality_projection{gate_proj:L(vision_config.hidden_size,text_config.intermediate_size);\
    up_proj:L(vision_config.hidden_size,text_config.intermediate_size);\
    down_proj:L(text_config.intermediate_size,text_config.hidden_size)};perceiver_resampler@perceiver_config{\
    layers*resampler_depth{self_attn{q_proj:L(hidden_size,resampler_n_heads*resampler_head_dim);\
    k_proj:L(hidden_size,num_key_value_heads*resampler_head_dim);v_proj:L(hidden_size,\
    num_key_value_heads*resampler_head_dim);o_proj:L(resampler_n_heads*resampler_head_dim,hidden_size)};mlp{\
    gate_proj:L(hidden_size,hidden_size*4);up_proj:L(hidden_size,hidden_size*4);down_proj:L(hidden_size*4,\
    hidden_size)};input_latents_norm:N(hidden_size);input_context_norm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)};latents:T(resampler_n_latents,hidden_size);norm:N(hidden_size)}
    = b33
    ?mlp_layer_types[i]=='sparse' experts=b1;?mlp_layer_types[i]=='sparse' gate:R(hidden_size,num_experts);\
    ?mlp_layer_types[i]=='sparse' shared_experts=b0;?mlp_layer_types[i]=='sparse' gate{\
    e_score_correction_bias:B(num_experts)};?!(mlp_layer_types[i]=='sparse') gate_proj:L(hidden_size,\
    intermediate_size);?!(mlp_layer_types[i]=='sparse') up_proj:L(hidden_size,intermediate_size);\
    ?!(mlp_layer_types[i]=='sparse') down_proj:L(intermediate_size,hidden_size)
    = b330
    modality_projection{proj:L(vision_config.hidden_size*scale_factor**2,text_config.hidden_size)}
    = b331
    vision_model@vision_config=b328;connector=b330;text_model:A(AutoModel,text_config)
    = b332
    conv1d:C(layer_types[i]=='hybrid_sliding'?swa_num_key_value_heads*swa_head_dim:num_key_value_heads*head_dim,\
    layer_types[i]=='hybrid_sliding'?swa_num_key_value_heads*swa_head_dim:num_key_value_heads*head_dim,0|\
    swa_num_key_value_heads*swa_head_dim//(swa_num_key_value_heads*swa_head_dim),conv_kernel_size)
    = b333
    q_proj:L(hidden_size,\
    layer_types[i]=='hybrid_sliding'?swa_num_attention_heads*swa_head_dim:num_attention_heads*head_dim);\
    k_proj:L(hidden_size,\
    layer_types[i]=='hybrid_sliding'?swa_num_key_value_heads*swa_head_dim:num_key_value_heads*head_dim);\
    v_proj:L(hidden_size,\
    layer_types[i]=='hybrid_sliding'?swa_num_key_value_heads*swa_head_dim:num_key_value_heads*head_dim);\
    r_proj:L(hidden_size,\
    layer_types[i]=='hybrid_sliding'?swa_num_attention_heads*d_rel:num_attention_heads*d_rel);\
    o_proj:L(layer_types[i]=='hybrid_sliding'?swa_num_attention_heads*swa_head_dim:num_attention_heads*head_dim,\
    hidden_size);k_sconv=b332;v_sconv=b332;q_norm:N(swa_head_dim);k_norm:N(swa_head_dim);rel_logits_proj{\
    proj:T(d_rel,layer_types[i]=='hybrid_sliding'?sliding_window_size:rel_extent)}
    = b334
    gate_proj:P(n_shared_experts,moe_intermediate_size,hidden_size);up_proj:P(n_shared_experts,\
    moe_intermediate_size,hidden_size);down_proj:P(n_shared_experts,hidden_size,moe_intermediate_size)
    = b335
    global_scale:T(1);e_score_correction_bias:B(n_routed_experts)
    = b336
    conv1d:C(hidden_size,hidden_size,0|hidden_size//hidden_size,conv_kernel_size)
    = b337
    embeddings{word_embeddings:E(vocab_size,hidden_size);position_embeddings:E(max_position_embeddings,\
    hidden_size);layernorm:N(hidden_size,1)};encoder{layer*num_hidden_layers{attention{attention=b47;\
    output=b48};?i%cross_attention_frequency==0 crossattention{attention=b74;output=b48};intermediate{\
    dense:L(hidden_size,intermediate_size,1)};output=b49;intermediate_query{dense:L(hidden_size,\
    intermediate_size,1)};output_query=b49}}
    = b338
    self_attn=b14;mlp=b79;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b339
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b338;norm:N(hidden_size)
    = b34
    gate_proj:L(hidden_size,intermediate_size,mlp_bias);up_proj:L(hidden_size,intermediate_size,mlp_bias);\
    down_proj:L(intermediate_size,hidden_size,mlp_bias)
    = b340
    patch_embeddings{projection:C(num_channels,hidden_size,1|num_channels,patch_size[0],patch_size[1])};\
    cls_token:T(1,1,hidden_size);?use_mask_token mask_token:T(1,1,hidden_size);\
    ?use_absolute_position_embeddings position_embeddings:T(1,\
    image_size[1]//patch_size[1]*(image_size[0]//patch_size[0])+1,hidden_size)
    = b341
    attention{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
    k_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
    v_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
    projection_layer:L(hidden_size,hidden_size,1);?use_qk_norm q_norm:N(hidden_size);?use_qk_norm \
    k_norm:N(hidden_size)};mlp=b72;lambda_1:T(hidden_size);lambda_2:T(hidden_size);\
    layernorm_before:N(hidden_size,1);layernorm_after:N(hidden_size,1)
    = b342
    self_attn=b10;mlp=b11;input_layernorm:N(hidden_size,1);post_attention_layernorm:N(hidden_size,1)
    = b343
    ?!(i%attn_layer_period==attn_layer_offset) mamba{conv1d:C(mamba_expand*hidden_size,mamba_expand*hidden_size,\
    mamba_conv_bias|mamba_expand*hidden_size//(mamba_expand*hidden_size),mamba_d_conv);in_proj:L(hidden_size,\
    mamba_expand*hidden_size*2,mamba_proj_bias);x_proj:L(mamba_expand*hidden_size,\
    mamba_dt_rank+mamba_d_state*2);dt_proj:L(mamba_dt_rank,mamba_expand*hidden_size,1);\
    out_proj:L(mamba_expand*hidden_size,hidden_size,mamba_proj_bias);A_log:T(mamba_expand*hidden_size,16);\
    D:T(mamba_expand*hidden_size);dt_layernorm:N(mamba_dt_rank);b_layernorm:N(mamba_d_state);\
    c_layernorm:N(mamba_d_state)};feed_forward{?i%expert_layer_period==expert_layer_offset router:R(hidden_size,\
    num_experts);?i%expert_layer_period==expert_layer_offset experts=b101;\
    ?!(i%expert_layer_period==expert_layer_offset) gate_proj:L(hidden_size,intermediate_size);\
    ?!(i%expert_layer_period==expert_layer_offset) up_proj:L(hidden_size,intermediate_size);\
    ?!(i%expert_layer_period==expert_layer_offset) down_proj:L(intermediate_size,hidden_size)};\
    ?i%attn_layer_period==attn_layer_offset self_attn=b78;input_layernorm:N(hidden_size);\
    pre_ff_layernorm:N(hidden_size)
    = b344
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b343;final_layernorm:N(hidden_size)
    = b345
    embeddings=b285;encoder{layers*num_hidden_layers{self_attn{q_proj:L(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads),attention_bias);k_proj:L(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads),attention_bias);v_proj:L(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads),attention_bias);projection_layer:L(hidden_size,\
    hidden_size,1);?use_qk_norm q_norm:N(hidden_size,1);?use_qk_norm k_norm:N(hidden_size,1)};mlp{\
    fc1:L(hidden_size,int(hidden_size*mlp_ratio),1);fc2:L(int(hidden_size*mlp_ratio),hidden_size,1)};\
    layer_norm1:N(hidden_size,1);layer_norm2:N(hidden_size,1)}};post_layernorm:N(hidden_size,1)
    = b346
    conv:C(base_channels*channel_multiplier[len(channel_multiplier)-1-i],\
    base_channels*channel_multiplier[len(channel_multiplier)-1-i],1|\
    base_channels*channel_multiplier[len(channel_multiplier)-1-i],3,3)
    = b347
    proj_out:L(image_token_embed_dim,projection_dim,1);vision_head:L(projection_dim,num_embeddings,1)
    = b348
    q:C(base_channels*channel_multiplier[4],base_channels*channel_multiplier[4],1|\
    base_channels*channel_multiplier[4],1,1);k:C(base_channels*channel_multiplier[4],\
    base_channels*channel_multiplier[4],1|base_channels*channel_multiplier[4],1,1);\
    v:C(base_channels*channel_multiplier[4],base_channels*channel_multiplier[4],1|\
    base_channels*channel_multiplier[4],1,1);proj_out:C(base_channels*channel_multiplier[4],\
    base_channels*channel_multiplier[4],1|base_channels*channel_multiplier[4],1,1);\
    norm:N(base_channels*channel_multiplier[4],1)
    = b349
    weight:T(base_channels*channel_multiplier[len(channel_multiplier)-1-i]);\
    bias:T(base_channels*channel_multiplier[len(channel_multiplier)-1-i])
    = b35
    conv1d:C(mamba_expand*hidden_size+mamba_n_groups*2*mamba_d_state,\
    mamba_expand*hidden_size+mamba_n_groups*2*mamba_d_state,mamba_conv_bias|\
    (mamba_expand*hidden_size+mamba_n_groups*2*mamba_d_state)//(mamba_expand*hidden_size+mamba_n_groups*2*mamba_\
    d_state),mamba_d_conv);in_proj:L(hidden_size,\
    mamba_expand*hidden_size+(mamba_expand*hidden_size+mamba_n_groups*2*mamba_d_state)+mamba_n_heads,\
    mamba_proj_bias);out_proj:L(mamba_expand*hidden_size,hidden_size,mamba_proj_bias);dt_bias:T(mamba_n_heads);\
    A_log:T(mamba_n_heads);D:T(mamba_n_heads);norm:N(mamba_expand*hidden_size)
    = b350
    conv1:C(base_channels*channel_multiplier[len(channel_multiplier)-1-i],\
    base_channels*channel_multiplier[len(channel_multiplier)-1-i],1|\
    base_channels*channel_multiplier[len(channel_multiplier)-1-i],3,3);\
    conv2:C(base_channels*channel_multiplier[len(channel_multiplier)-1-i],\
    base_channels*channel_multiplier[len(channel_multiplier)-1-i],1|\
    base_channels*channel_multiplier[len(channel_multiplier)-1-i],3,3);\
    norm1:N(base_channels*channel_multiplier[len(channel_multiplier)-1-i],1);\
    norm2:N(base_channels*channel_multiplier[len(channel_multiplier)-1-i],1)
    = b351
    norm:N(base_channels*channel_multiplier[4],1);q:C(base_channels*channel_multiplier[4],\
    base_channels*channel_multiplier[4],1|base_channels*channel_multiplier[4],1,1);\
    k:C(base_channels*channel_multiplier[4],base_channels*channel_multiplier[4],1|\
    base_channels*channel_multiplier[4],1,1);v:C(base_channels*channel_multiplier[4],\
    base_channels*channel_multiplier[4],1|base_channels*channel_multiplier[4],1,1);\
    proj_out:C(base_channels*channel_multiplier[4],base_channels*channel_multiplier[4],1|\
    base_channels*channel_multiplier[4],1,1)
    = b352
    weight:T(base_channels*channel_multiplier[0]);bias:T(base_channels*channel_multiplier[0])
    = b353
    mlp{input_linear{weight:P(num_local_experts,intermediate_size*2,hidden_size)};output_linear{\
    weight:P(num_local_experts,hidden_size,intermediate_size)};router{layer:L(hidden_size,num_local_experts)};\
    bias:T(hidden_size)};self_attention{experts{input_linear{weight:P(num_local_experts,\
    kv_channels*num_key_value_heads,hidden_size)};output_linear{weight:P(num_local_experts,hidden_size,\
    kv_channels*num_key_value_heads)};router{layer:L(hidden_size,num_local_experts)};bias:T(hidden_size)};\
    kv_proj:L(hidden_size,kv_channels*num_key_value_heads*2)};input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)
    = b354
    word_embeddings:E(vocab_size,hidden_size)!;token_type_embeddings:E(type_vocab_size,hidden_size);\
    LayerNorm:N(hidden_size,1)
    = b355
    mlp=b72;self_attn=b302;post_attention_layernorm:N(hidden_size,1);post_mlp_layernorm:N(hidden_size,1)
    = b356
    embeddings=b354;layers*num_hidden_layers=b355
    = b357
    attn{proj:L(hidden_size,hidden_size,1);q_proj:L(hidden_size,hidden_size,1);k_proj:L(hidden_size,hidden_size,\
    1);v_proj:L(hidden_size,hidden_size,1)};mlp=b72;norm1:N(hidden_size,1);norm2:N(hidden_size,1)
    = b358
    gate_up_proj:S(num_experts,moe_intermediate_size*2,hidden_size|w1,w3);down_proj:S(num_experts,hidden_size,\
    moe_intermediate_size|w2)
    = b359
    self_attn{?null(q_lora_rank)|!(layer_types[i]=='full_attention') q_proj:L(hidden_size,\
    layer_types[i]=='full_attention'?num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim):linear_head_dim*lin\
    ear_num_heads);?layer_types[i]=='full_attention' kv_a_proj_with_mqa:L(hidden_size,\
    kv_lora_rank+qk_rope_head_dim,attention_bias);?layer_types[i]=='full_attention' kv_b_proj:L(kv_lora_rank,\
    num_attention_heads*(qk_nope_head_dim+v_head_dim));?!(layer_types[i]=='full_attention') \
    k_proj:L(hidden_size,linear_head_dim*linear_num_heads);?!(layer_types[i]=='full_attention') \
    v_proj:L(hidden_size,linear_head_dim*linear_num_heads);?!(layer_types[i]=='full_attention') \
    conv1d:D(linear_head_dim*linear_num_heads*3,linear_head_dim*linear_num_heads*3,0|\
    linear_head_dim*linear_num_heads*3//(linear_head_dim*linear_num_heads*3),linear_conv_kernel_dim|\
    linear_head_dim*linear_num_heads,1,linear_conv_kernel_dim|linear_head_dim*linear_num_heads,1,\
    linear_conv_kernel_dim|linear_head_dim*linear_num_heads,1,linear_conv_kernel_dim);\
    ?!(layer_types[i]=='full_attention') forget_gate{f_a_proj:L(hidden_size,linear_head_dim);\
    f_b_proj:L(linear_head_dim,linear_head_dim*linear_num_heads);dt_bias:T(linear_head_dim*linear_num_heads);\
    A_log:T(1,1,linear_num_heads,1)};?!(layer_types[i]=='full_attention') b_proj:L(hidden_size,\
    linear_num_heads);?!(layer_types[i]=='full_attention') g_a_proj:L(hidden_size,linear_head_dim);\
    ?!(layer_types[i]=='full_attention') g_b_proj:L(linear_head_dim,linear_head_dim*linear_num_heads);\
    o_proj:L(layer_types[i]=='full_attention'?num_attention_heads*v_head_dim:linear_head_dim*linear_num_heads,\
    hidden_size,attention_bias&layer_types[i]=='full_attention');\
    ?!null(q_lora_rank)&layer_types[i]=='full_attention' q_a_proj:L(hidden_size,q_lora_rank);\
    ?!null(q_lora_rank)&layer_types[i]=='full_attention' q_b_proj:L(q_lora_rank,\
    num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim));?!(layer_types[i]=='full_attention') \
    o_norm:N(linear_head_dim);?!null(q_lora_rank)&layer_types[i]=='full_attention' q_a_layernorm:N(q_lora_rank);\
    ?layer_types[i]=='full_attention' kv_a_layernorm:N(kv_lora_rank)};mlp{?mlp_layer_types[i]=='sparse' \
    experts=b358;?mlp_layer_types[i]=='sparse' gate:R(hidden_size,num_experts);?mlp_layer_types[i]=='sparse' \
    shared_experts=b0;?mlp_layer_types[i]=='sparse' gate{e_score_correction_bias:B(num_experts)};\
    ?!(mlp_layer_types[i]=='sparse') gate_proj:L(hidden_size,intermediate_size);\
    ?!(mlp_layer_types[i]=='sparse') up_proj:L(hidden_size,intermediate_size);?!(mlp_layer_types[i]=='sparse') \
    down_proj:L(intermediate_size,hidden_size)};input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)
    = b36
    feed_forward=b34;mamba=b35;input_layernorm:N(hidden_size);pre_ff_layernorm:N(hidden_size)
    = b360
    gate_up_proj:S(num_local_experts,moe_intermediate_size*2,hidden_size|gate_proj,up_proj);\
    down_proj:S(num_local_experts,hidden_size,moe_intermediate_size|down_proj)
    = b361
    e_score_correction_bias:B(num_local_experts)
    = b362
    self_attn=b205;mlp{experts=b360;gate:R(hidden_size,num_local_experts);shared_experts=b194;gate=b361};\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);\
    post_self_attn_layernorm:N(hidden_size);post_mlp_layernorm:N(hidden_size)
    = b363
    fc1:L(embed_dim,ffn_dim,1);fc2:L(ffn_dim,embed_dim,1);ffn_layernorm:N(ffn_dim,1)
    = b364
    embed_tokens:E(vocab_size,embed_dim)!;segment_emb:E(2,embed_dim);layers*layers{self_attn=b323;ffn=b363;\
    self_attn_layer_norm:N(embed_dim,1);final_layer_norm:N(embed_dim,1)};layer_norm:N(embed_dim,1)
    = b365
    embeddings{patch_projection:L(patch_embed_hidden_size,hidden_size,1);row_embedder:E(max_num_patches,\
    hidden_size);column_embedder:E(max_num_patches,hidden_size)};encoder{layer*num_hidden_layers{attention{\
    query:L(hidden_size,num_attention_heads*head_dim);key:L(hidden_size,num_attention_heads*head_dim);\
    value:L(hidden_size,num_attention_heads*head_dim);output:L(num_attention_heads*head_dim,hidden_size)};mlp{\
    wi_0:L(hidden_size,intermediate_size);wi_1:L(hidden_size,intermediate_size);wo:L(intermediate_size,\
    hidden_size)};pre_mlp_layer_norm:N(hidden_size);pre_attention_layer_norm:N(hidden_size)}};\
    layernorm:N(hidden_size)
    = b366
    dense:L(vision_config.hidden_size,text_config.embed_dim,1);x_attn@text_config=b323;\
    latent_query:T(latent_query_num,text_config.embed_dim)
    = b367
    embed_tokens:E(vocab_size,embed_dim)!;layers*layers{self_attn{k_proj:L(embed_dim,embed_dim,1);\
    v_proj:L(embed_dim,embed_dim,1);q_proj:L(embed_dim,embed_dim,1);out_proj:L(embed_dim,embed_dim,1);\
    inner_attn_ln:N(embed_dim,1)};?add_cross_attention encoder_attn=b323;ffn=b363;\
    self_attn_layer_norm:N(embed_dim,1);?add_cross_attention encoder_attn_layer_norm:N(embed_dim,1);\
    final_layer_norm:N(embed_dim,1)};layer_norm:N(embed_dim,1)
    = b368
    gate_up_proj:P(num_experts,moe_intermediate_size*2,hidden_size);down_proj:P(num_experts,hidden_size,\
    moe_intermediate_size)
    = b369
    ?layer_types[i]=='linear_attention' linear_attn{\
    conv1d:C(linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads,\
    linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads,0|\
    (linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads)//(linear_key_head_\
    dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads),linear_conv_kernel_dim);\
    out_proj:L(linear_value_head_dim*linear_num_value_heads,hidden_size);in_proj_qkv:F(hidden_size,\
    linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads,0,0,\
    linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads+linear_value_head_di\
    m*linear_num_value_heads+linear_num_value_heads+linear_num_value_heads);in_proj_z:F(hidden_size,\
    linear_value_head_dim*linear_num_value_heads,0,\
    linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads,\
    linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads+linear_value_head_di\
    m*linear_num_value_heads+linear_num_value_heads+linear_num_value_heads);in_proj_b:F(hidden_size,\
    linear_num_value_heads,0,\
    linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads+linear_value_head_di\
    m*linear_num_value_heads,\
    linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads+linear_value_head_di\
    m*linear_num_value_heads+linear_num_value_heads+linear_num_value_heads);in_proj_a:F(hidden_size,\
    linear_num_value_heads,0,\
    linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads+linear_value_head_di\
    m*linear_num_value_heads+linear_num_value_heads,\
    linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads+linear_value_head_di\
    m*linear_num_value_heads+linear_num_value_heads+linear_num_value_heads);dt_bias:T(linear_num_value_heads);\
    A_log:T(linear_num_value_heads);norm:N(linear_value_head_dim)};mlp{experts=b368;gate:R(hidden_size,\
    num_experts);shared_expert=b194};input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);\
    ?!(layer_types[i]=='linear_attention') self_attn{q_norm:N(head_dim);k_norm:N(head_dim);q_proj:L(hidden_size,\
    num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,num_key_value_heads*head_dim,\
    attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,attention_bias);\
    o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias)}
    = b37
    k_proj:L(d_model,d_model,1);v_proj:L(d_model,d_model,1);q_proj:L(d_model,d_model,1);out_proj:L(d_model,\
    d_model,1)
    = b370
    word_embeddings:E(vocab_size,hidden_size)!;position_embeddings:E(max_position_embeddings,hidden_size);\
    x_position_embeddings:E(max_2d_position_embeddings,hidden_size);\
    y_position_embeddings:E(max_2d_position_embeddings,hidden_size);\
    h_position_embeddings:E(max_2d_position_embeddings,hidden_size);\
    w_position_embeddings:E(max_2d_position_embeddings,hidden_size);token_type_embeddings:E(type_vocab_size,\
    hidden_size);LayerNorm:N(hidden_size,1)
    = b371
    embeddings=b370;encoder{layer*num_hidden_layers=b50};pooler{dense:L(hidden_size,hidden_size,1)}
    = b372
    self_attn{longformer_self_attn{query:L(d_model,d_model,1);key:L(d_model,d_model,1);value:L(d_model,d_model,\
    1);query_global:L(d_model,d_model,1);key_global:L(d_model,d_model,1);value_global:L(d_model,d_model,1)};\
    output:L(d_model,d_model,1)};fc1:L(d_model,encoder_ffn_dim,1);fc2:L(encoder_ffn_dim,d_model,1);\
    self_attn_layer_norm:N(d_model,1);final_layer_norm:N(d_model,1)
    = b373
    conv:C(hidden_size,hidden_size,0|hidden_size//hidden_size,conv_L_cache);in_proj:L(hidden_size,\
    hidden_size*3);out_proj:L(hidden_size,hidden_size)
    = b374
    q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads));k_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads));v_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads));\
    out_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size);\
    q_layernorm:N(hidden_size//num_attention_heads);k_layernorm:N(hidden_size//num_attention_heads)
    = b375
    w1:L(hidden_size,block_auto_adjust_ff_dim?block_multiple_of*((int(block_ffn_dim_multiplier*int(intermediate_\
    size*2/3))+block_multiple_of-1)//block_multiple_of):intermediate_size);w3:L(hidden_size,\
    block_auto_adjust_ff_dim?block_multiple_of*((int(block_ffn_dim_multiplier*int(intermediate_size*2/3))+block_\
    multiple_of-1)//block_multiple_of):intermediate_size);\
    w2:L(block_auto_adjust_ff_dim?block_multiple_of*((int(block_ffn_dim_multiplier*int(intermediate_size*2/3))+b\
    lock_multiple_of-1)//block_multiple_of):intermediate_size,hidden_size)
    = b376
    conv:C(hidden_size,hidden_size,conv_bias|hidden_size//hidden_size,conv_L_cache);in_proj:L(hidden_size,\
    hidden_size*3,conv_bias);out_proj:L(hidden_size,hidden_size,conv_bias)
    = b377
    ?layer_types[i]=='conv' conv=b376;feed_forward{?i<num_dense_layers w1:L(hidden_size,intermediate_size);\
    ?i<num_dense_layers w3:L(hidden_size,intermediate_size);?i<num_dense_layers w2:L(intermediate_size,\
    hidden_size);?!(i<num_dense_layers) experts=b358;?!(i<num_dense_layers) gate:R(hidden_size,num_experts);\
    ?!(i<num_dense_layers)&use_expert_bias expert_bias:B(num_experts)};?!(layer_types[i]=='conv') \
    self_attn=b374;operator_norm:N(hidden_size);ffn_norm:N(hidden_size)
    = b378
    linear_1:L(vision_config.hidden_size*downsample_factor**2,projector_hidden_size,projector_bias);\
    linear_2:L(projector_hidden_size,text_config.hidden_size,projector_bias);?projector_use_layernorm \
    layer_norm:N(vision_config.hidden_size*downsample_factor**2,1)
    = b379
    w1:L(hidden_size,intermediate_size);w3:L(hidden_size,intermediate_size);w2:L(intermediate_size,hidden_size)
    = b38
    self_attn=b37;fc1:L(d_model,encoder_ffn_dim,1);fc2:L(encoder_ffn_dim,d_model,1);\
    self_attn_layer_norm:N(d_model,1);final_layer_norm:N(d_model,1)
    = b380
    ?layer_types[i]=='conv' conv=b376;feed_forward=b379;operator_norm:N(hidden_size);ffn_norm:N(hidden_size);\
    ?use_sandwich_norm post_operator_norm:N(hidden_size);?use_sandwich_norm post_ffn_norm:N(hidden_size);\
    self_attn{?!(layer_types[i]=='conv') q_norm:N(head_dim);?!(layer_types[i]=='conv') k_norm:N(head_dim);\
    ?!(layer_types[i]=='conv') q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);\
    ?!(layer_types[i]=='conv') k_proj:L(hidden_size,num_key_value_heads*head_dim,attention_bias);\
    ?!(layer_types[i]=='conv') v_proj:L(hidden_size,num_key_value_heads*head_dim,attention_bias);\
    ?!(layer_types[i]=='conv') o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias);\
    ?!(layer_types[i]=='conv')&use_attention_gate g_proj:L(hidden_size,num_attention_heads)}
    = b381
    merging_layer:L(vision_config.hidden_size*spatial_merge_size**2,vision_config.hidden_size)
    = b382
    patch_merger=b381;linear_1:L(vision_config.hidden_size,text_config.hidden_size);\
    linear_2:L(text_config.hidden_size,text_config.hidden_size);norm@vision_config{weight:T(hidden_size)}
    = b383
    gate_up_proj:P(num_local_experts,hidden_size,intermediate_size*2);down_proj:P(num_local_experts,\
    intermediate_size,hidden_size)
    = b384
    self_attn=b10;feed_forward{experts=b383;router:L(hidden_size,num_local_experts);shared_expert=b79};\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b385
    linear_1:L(vision_config.hidden_size,text_config.hidden_size,multimodal_projector_bias);\
    linear_2:L(text_config.hidden_size,text_config.hidden_size,multimodal_projector_bias)
    = b386
    multi_modal_projector=b385;image_newline:T(text_config.hidden_size);vision_tower:A(AutoModel,vision_config);\
    language_model:A(AutoModel,text_config)
    = b387
    q_a_proj:L(hidden_size,q_lora_rank,attention_bias);q_b_proj:L(q_lora_rank,num_attention_heads*qk_head_dim);\
    kv_a_proj_with_mqa:L(hidden_size,kv_lora_rank+qk_rope_head_dim,attention_bias);kv_b_proj:L(kv_lora_rank,\
    num_attention_heads*(qk_nope_head_dim+v_head_dim));o_proj:L(num_attention_heads*v_head_dim,hidden_size,\
    attention_bias);q_a_layernorm:N(q_lora_rank);kv_a_layernorm:N(kv_lora_rank)
    = b388
    gate_proj:L(hidden_size,ffn_hidden_size);up_proj:L(hidden_size,ffn_hidden_size);down_proj:L(ffn_hidden_size,\
    hidden_size)
    = b389
    layer*num_hidden_layers{attention{self{query:L(hidden_size,hidden_size,1);key:L(hidden_size,hidden_size,1);\
    value:L(hidden_size,hidden_size,1);query_global:L(hidden_size,hidden_size,1);key_global:L(hidden_size,\
    hidden_size,1);value_global:L(hidden_size,hidden_size,1)};output=b48};intermediate{dense:L(hidden_size,\
    intermediate_size,1)};output=b49}
    = b39
    ?!tie_word_embeddings embed_tokens:E(vocab_size,d_model);?tie_word_embeddings embed_tokens:E(vocab_size,\
    d_model)~;embed_positions:E(max_position_embeddings+2,d_model);layers*encoder_layers=b38;\
    layernorm_embedding:N(d_model,1)
    = b390
    q:L(d_model,num_heads*d_kv);k:L(d_model,num_heads*d_kv);v:L(d_model,num_heads*d_kv);o:L(num_heads*d_kv,\
    d_model);?i==0 relative_attention_bias:E(relative_attention_num_buckets,num_heads)
    = b391
    DenseReluDense{?is_gated_act wi_0:L(d_model,d_ff);?is_gated_act wi_1:L(d_model,d_ff);?!is_gated_act \
    wi:L(d_model,d_ff);wo:L(d_ff,d_model)};layer_norm:N(d_model)
    = b392
    embed_tokens:E(vocab_size,d_model)~;block*num_layers{layer{0{LocalSelfAttention=b390;layer_norm:N(d_model)};\
    1=b391}};final_layer_norm:N(d_model)
    = b393
    EncDecAttention{q:L(d_model,num_heads*d_kv);k:L(d_model,num_heads*d_kv);v:L(d_model,num_heads*d_kv);\
    o:L(num_heads*d_kv,d_model)};layer_norm:N(d_model)
    = b394
    layer{0{SelfAttention=b390;layer_norm:N(d_model)};1=b393;2=b391}
    = b395
    embed_tokens:E(vocab_size,d_model)~;block*num_decoder_layers=b394;final_layer_norm:N(d_model)
    = b396
    entity_embeddings:E(entity_vocab_size,entity_emb_size);entity_embedding_dense:L(entity_emb_size,\
    hidden_size);position_embeddings:E(max_position_embeddings,hidden_size);\
    token_type_embeddings:E(type_vocab_size,hidden_size);LayerNorm:N(hidden_size,1)
    = b397
    layer*num_hidden_layers{attention{self{query:L(hidden_size,\
    num_attention_heads*int(hidden_size/num_attention_heads),1);key:L(hidden_size,\
    num_attention_heads*int(hidden_size/num_attention_heads),1);value:L(hidden_size,\
    num_attention_heads*int(hidden_size/num_attention_heads),1);?use_entity_aware_attention \
    w2e_query:L(hidden_size,num_attention_heads*int(hidden_size/num_attention_heads),1);\
    ?use_entity_aware_attention e2w_query:L(hidden_size,\
    num_attention_heads*int(hidden_size/num_attention_heads),1);?use_entity_aware_attention \
    e2e_query:L(hidden_size,num_attention_heads*int(hidden_size/num_attention_heads),1)};output=b48};\
    intermediate{dense:L(hidden_size,intermediate_size,1)};output=b49}
    = b398
    embeddings=b51;entity_embeddings=b396;encoder=b397;pooler{dense:L(hidden_size,hidden_size,1)}
    = b399
    embeddings=b51;entity_embeddings=b396;encoder=b397
    = b4
    attention{query:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),1);key:L(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads),1);value:L(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads),1);dense:L(hidden_size,hidden_size,1);\
    LayerNorm:N(hidden_size,1)};ffn:L(hidden_size,intermediate_size,1);ffn_output:L(intermediate_size,\
    hidden_size,1);full_layer_layer_norm:N(hidden_size,1)
    = b40
    self_attn=b37;encoder_attn=b37;fc1:L(d_model,decoder_ffn_dim,1);fc2:L(decoder_ffn_dim,d_model,1);\
    self_attn_layer_norm:N(d_model,1);encoder_attn_layer_norm:N(d_model,1);final_layer_norm:N(d_model,1)
    = b400
    mixer{conv1d:C(expand*hidden_size+n_groups*2*state_size,expand*hidden_size+n_groups*2*state_size,\
    use_conv_bias|(expand*hidden_size+n_groups*2*state_size)//(expand*hidden_size+n_groups*2*state_size),\
    conv_kernel);in_proj:L(hidden_size,expand*hidden_size+(expand*hidden_size+n_groups*2*state_size)+num_heads,\
    use_bias);out_proj:L(expand*hidden_size,hidden_size,use_bias);dt_bias:T(num_heads);A_log:T(num_heads);\
    D:T(num_heads);norm:N(expand*hidden_size)};norm:N(hidden_size)
    = b401
    ?tie_word_embeddings embed_tokens:E(vocab_size,d_model)~;embed_positions:E(max_position_embeddings+2,\
    d_model);layers*encoder_layers=b38;layernorm_embedding:N(d_model,1);layer_norm:N(d_model,1)
    = b402
    ?tie_word_embeddings embed_tokens:E(vocab_size,d_model)~;embed_positions:E(max_position_embeddings+2,\
    d_model);layers*decoder_layers=b40;layernorm_embedding:N(d_model,1);layer_norm:N(d_model,1)
    = b403
    shared:E(vocab_size,d_model)!;encoder=b401;decoder=b402
    = b404
    dense:L(d_model,d_model,1);out_proj:L(d_model,num_labels,1)
    = b405
    word_embeddings:E(vocab_size,hidden_size)!;position_embeddings:E(max_position_embeddings,hidden_size);\
    token_type_embeddings:E(type_vocab_size,hidden_size)
    = b406
    layer*num_hidden_layers{attention{self=b47;output{dense:L(hidden_size,hidden_size,1)};ln:N(hidden_size,1)};\
    intermediate{dense:L(hidden_size,intermediate_size,1)};output{dense:L(intermediate_size,hidden_size,1)};\
    ln:N(hidden_size,1)};ln:N(hidden_size,1)
    = b407
    embeddings=b405;encoder=b406;pooler{dense:L(hidden_size,hidden_size,1)}
    = b408
    self_attn=b208;mlp{experts=b360;gate:R(hidden_size,num_local_experts)};input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)
    = b409
    self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
    layer_types[i]=='sliding_attention'?num_key_value_heads*2*head_dim:num_key_value_heads*head_dim,\
    attention_bias);v_proj:L(hidden_size,\
    layer_types[i]=='sliding_attention'?num_key_value_heads*2*v_head_dim:num_key_value_heads*v_head_dim,\
    attention_bias);o_proj:L(num_attention_heads*v_head_dim,hidden_size);?layer_types[i]=='sliding_attention' \
    sinks:T(num_attention_heads)};mlp{?mlp_layer_types[i]=='sparse' experts=b24;?mlp_layer_types[i]=='sparse' \
    gate:R(hidden_size,n_routed_experts);?mlp_layer_types[i]=='sparse' gate=b26;\
    ?!(mlp_layer_types[i]=='sparse') gate_proj:L(hidden_size,intermediate_size);\
    ?!(mlp_layer_types[i]=='sparse') up_proj:L(hidden_size,intermediate_size);?!(mlp_layer_types[i]=='sparse') \
    down_proj:L(intermediate_size,hidden_size)};input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)
    = b41
    shared:E(vocab_size,d_model)!;encoder=b39;decoder{?!tie_word_embeddings embed_tokens:E(vocab_size,d_model);\
    ?tie_word_embeddings embed_tokens:E(vocab_size,d_model)~;embed_positions:E(max_position_embeddings+2,\
    d_model);layers*decoder_layers=b40;layernorm_embedding:N(d_model,1)}
    = b410
    self_attn=b64;linear_1:L(hidden_size*window_kernel_size[0]*window_kernel_size[1],\
    intermediate_size*window_kernel_size[0]*window_kernel_size[1],1);\
    linear_2:L(intermediate_size*window_kernel_size[0]*window_kernel_size[1],hidden_size,1);\
    layer_norm1:N(hidden_size,1);pre_norm:N(hidden_size*window_kernel_size[0]*window_kernel_size[1],1)
    = b411
    mlp{0{linear_1:L(vision_config.hidden_size*4,vision_config.hidden_size*4,1);\
    linear_2:L(vision_config.hidden_size*4,text_config.hidden_size,1);pre_norm@vision_config{\
    weight:T(hidden_size*4);bias:T(hidden_size*4)}}}
    = b412
    embeddings@vision_config=b285;encoder=b114;vit_merger@vision_config=b410;post_layernorm@vision_config=b16
    = b413
    vision_tower=b412;merger=b411;language_model:A(AutoModel,text_config)
    = b414
    gate_up_proj:S(num_local_experts,intermediate_size*2,hidden_size|w1,w3);down_proj:S(num_local_experts,\
    hidden_size,intermediate_size|w2)
    = b415
    gate:R(hidden_size,num_local_experts);experts=b414
    = b416
    self_attn{?!(layer_types[i]=='linear_attention') q_proj:L(hidden_size,\
    null(head_dim)?num_attention_heads*(hidden_size//num_attention_heads):num_attention_heads*head_dim);\
    ?!(layer_types[i]=='linear_attention') k_proj:L(hidden_size,\
    null(head_dim)?num_key_value_heads*(hidden_size//num_attention_heads):num_key_value_heads*head_dim);\
    ?!(layer_types[i]=='linear_attention') v_proj:L(hidden_size,\
    null(head_dim)?num_key_value_heads*(hidden_size//num_attention_heads):num_key_value_heads*head_dim);\
    ?!(layer_types[i]=='linear_attention') \
    o_proj:L(null(head_dim)?num_attention_heads*(hidden_size//num_attention_heads):num_attention_heads*head_dim,\
    hidden_size);?layer_types[i]=='linear_attention' slope_rate:B(num_attention_heads,1,1);\
    ?layer_types[i]=='linear_attention' query_decay:B(num_attention_heads,256,1);\
    ?layer_types[i]=='linear_attention' key_decay:B(num_attention_heads,256,1);\
    ?layer_types[i]=='linear_attention' diagonal_decay:B(1,num_attention_heads,256,256);\
    ?layer_types[i]=='linear_attention' \
    norm:N(null(head_dim)?hidden_size//num_attention_heads*num_attention_heads:head_dim*num_attention_heads);\
    ?layer_types[i]=='linear_attention' qkv_proj:L(hidden_size,\
    null(head_dim)?num_attention_heads*(hidden_size//num_attention_heads)*3:num_attention_heads*head_dim*3);\
    ?layer_types[i]=='linear_attention' \
    out_proj:L(null(head_dim)?num_attention_heads*(hidden_size//num_attention_heads):num_attention_heads*head_di\
    m,hidden_size);?layer_types[i]=='linear_attention' output_gate:L(hidden_size,\
    null(head_dim)?num_attention_heads*(hidden_size//num_attention_heads):num_attention_heads*head_dim)};\
    mlp=b415;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b417
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b416;norm:N(hidden_size)
    = b418
    self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim);k_proj:L(hidden_size,\
    num_key_value_heads*head_dim);v_proj:L(hidden_size,num_key_value_heads*head_dim);\
    o_proj:L(num_attention_heads*head_dim,hidden_size);q_norm:N(num_attention_heads*head_dim);\
    k_norm:N(num_key_value_heads*head_dim)};mlp{gate:R(hidden_size,num_local_experts);experts=b414;\
    e_score_correction_bias:B(num_local_experts)};input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)
    = b419
    self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim);k_proj:L(hidden_size,\
    num_key_value_heads*head_dim);v_proj:L(hidden_size,num_key_value_heads*head_dim);\
    o_proj:L(num_attention_heads*head_dim,hidden_size);?layer_types[i]=='minimax_m3_sparse' indexer{\
    q_proj:L(hidden_size,index_n_heads*index_head_dim);k_proj:L(hidden_size,index_head_dim);\
    q_norm:N(index_head_dim);k_norm:N(index_head_dim)};q_norm:N(head_dim);k_norm:N(head_dim)};mlp{\
    gate:R(hidden_size,num_local_experts);experts=b295;shared_experts{gate_up_proj:L(hidden_size,\
    shared_intermediate_size*2);down_proj:L(shared_intermediate_size,hidden_size)};gate=b361};\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b42
    embed_tokens:E(vocab_size,d_model)!;embed_positions:E(max_position_embeddings+2,d_model);\
    layers*decoder_layers=b40;layernorm_embedding:N(d_model,1)
    = b420
    patch_merger=b381;linear_1:L(vision_config.hidden_size,text_config.hidden_size,multimodal_projector_bias);\
    linear_2:L(text_config.hidden_size,text_config.hidden_size,multimodal_projector_bias);norm@vision_config{\
    weight:T(hidden_size)}
    = b421
    self_attn=b137;mlp{experts=b256;gate:R(hidden_size,n_routed_experts);shared_experts=b25};\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b422
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b421;norm:N(hidden_size)
    = b423
    self_attn{q_proj:L(hidden_size,\
    null(head_dim)?num_attention_heads*(hidden_size//num_attention_heads):num_attention_heads*head_dim);\
    k_proj:L(hidden_size,\
    null(head_dim)?num_key_value_heads*(hidden_size//num_attention_heads):num_key_value_heads*head_dim);\
    v_proj:L(hidden_size,\
    null(head_dim)?num_key_value_heads*(hidden_size//num_attention_heads):num_key_value_heads*head_dim);\
    o_proj:L(null(head_dim)?num_attention_heads*(hidden_size//num_attention_heads):num_attention_heads*head_dim,\
    hidden_size)};mlp=b415;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b424
    embedding:E(9,max_num_tiles*hidden_size);gate:T(1)
    = b425
    q_proj:L(hidden_size,attention_heads*(hidden_size//attention_heads));k_proj:L(hidden_size,\
    attention_heads*(hidden_size//attention_heads));v_proj:L(hidden_size,\
    attention_heads*(hidden_size//attention_heads));o_proj:L(attention_heads*(hidden_size//attention_heads),\
    hidden_size)
    = b426
    bias:T(hidden_size);weight:T(hidden_size)
    = b427
    word_embeddings:E(vocab_size,embedding_size)!;position_embeddings:E(max_position_embeddings,hidden_size);\
    token_type_embeddings:E(type_vocab_size,hidden_size);\
    embedding_transformation:L(trigram_input?embedding_size*3:embedding_size,hidden_size,1);LayerNorm=b426
    = b428
    bias:T(true_hidden_size);weight:T(true_hidden_size)
    = b429
    dense:L(true_hidden_size,intermediate_size,1)
    = b43
    ?tie_word_embeddings embed_tokens:E(vocab_size,d_model)~;embed_positions:E(max_position_embeddings+2,\
    d_model);layers*encoder_layers=b38;layernorm_embedding:N(d_model,1)
    = b430
    dense:L(hidden_size,intra_bottleneck_size,1);LayerNorm{bias:T(intra_bottleneck_size);\
    weight:T(intra_bottleneck_size)}
    = b431
    intermediate=b429;output{dense:L(intermediate_size,true_hidden_size,1);LayerNorm=b428}
    = b432
    layer*num_hidden_layers{attention{self{query:L(true_hidden_size,\
    num_attention_heads*int(true_hidden_size/num_attention_heads),1);key:L(true_hidden_size,\
    num_attention_heads*int(true_hidden_size/num_attention_heads),1);\
    value:L(use_bottleneck_attention?true_hidden_size:hidden_size,\
    num_attention_heads*int(true_hidden_size/num_attention_heads),1)};output{dense:L(true_hidden_size,\
    true_hidden_size,1);LayerNorm=b428}};intermediate=b429;output{dense:L(intermediate_size,true_hidden_size,1);\
    ?use_bottleneck bottleneck{dense:L(true_hidden_size,hidden_size,1);LayerNorm=b426};LayerNorm=b428};\
    bottleneck{?use_bottleneck input=b430;?use_bottleneck&key_query_shared_bottleneck attention=b430};ffn{\
    0=b431;1=b431;2=b431}}
    = b433
    transform=b48;dense:L(vocab_size,hidden_size-embedding_size);?!tie_word_embeddings decoder:L(embedding_size,\
    vocab_size,1);?tie_word_embeddings decoder:L(embedding_size,vocab_size,1)~;bias:T(vocab_size)
    = b434
    embeddings=b427;encoder=b432;pooler{dense:L(hidden_size,hidden_size,1)}
    = b435
    weight:T(hidden_size);?norm_bias bias:T(hidden_size)
    = b436
    tok_embeddings:E(vocab_size,hidden_size)!;norm=b435
    = b437
    Wi:L(hidden_size,intermediate_size*2,mlp_bias);Wo:L(intermediate_size,hidden_size,mlp_bias)
    = b438
    ?!(i==0) weight:T(hidden_size);?norm_bias&!(i==0) bias:T(hidden_size)
    = b439
    attn{q_proj:L(hidden_size,hidden_size//num_attention_heads*num_attention_heads,attention_bias);\
    k_proj:L(hidden_size,hidden_size//num_attention_heads*num_attention_heads,attention_bias);\
    v_proj:L(hidden_size,hidden_size//num_attention_heads*num_attention_heads,attention_bias);Wo:L(hidden_size,\
    hidden_size,attention_bias)};mlp=b437;mlp_norm=b435;attn_norm=b438
    = b44
    ?tie_word_embeddings embed_tokens:E(vocab_size,d_model)~;embed_positions:E(max_position_embeddings+2,\
    d_model);layers*decoder_layers=b40;layernorm_embedding:N(d_model,1)
    = b440
    dense:L(hidden_size,hidden_size,classifier_bias);norm=b435
    = b441
    attn{Wqkv:L(hidden_size,hidden_size//num_attention_heads*3*num_attention_heads,attention_bias);\
    Wo:L(hidden_size,hidden_size,attention_bias)};mlp=b437;mlp_norm=b435;attn_norm=b438
    = b442
    embeddings=b436;layers*num_hidden_layers=b441;final_norm=b435
    = b443
    modality_projection:L(vision_config.hidden_size*pixel_shuffle_factor**2,text_config.hidden_size)
    = b444
    connector=b443;vision_model:A(AutoModel,vision_config);text_model:A(AutoModel,text_config)
    = b445
    dense:L(hidden_size,hidden_size);norm:N(hidden_size)
    = b446
    linear:L(hidden_size,num_key_value_heads*head_dim)
    = b447
    self_attn{q_proj{linear:L(hidden_size,num_attention_heads*head_dim)};k_proj=b446;v_proj=b446;o_proj{\
    linear:L(num_attention_heads*head_dim,hidden_size)}};mlp{fc1:L(hidden_size,ffn_dim);fc2:L(ffn_dim//2,\
    hidden_size)};input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b448
    conv1:C(num_mel_bins,hidden_size,1|num_mel_bins,3);conv2:C(hidden_size,hidden_size,1|hidden_size,3);\
    embed_positions:E(max_source_positions,hidden_size);layers*num_hidden_layers=b23;layer_norm:N(hidden_size,1)
    = b449
    linear_1:L(audio_config.hidden_size*audio_merge_size,text_config.hidden_size,projector_bias);\
    linear_2:L(text_config.hidden_size,text_config.hidden_size,projector_bias);norm@text_config=b16
    = b45
    self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
    num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
    attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias);gate_proj:L(hidden_size,\
    num_attention_heads*head_dim);gate_bias:T(num_attention_heads);q_norm:N(head_dim);k_norm:N(head_dim)};mlp{\
    ?mlp_layer_types[i]=='sparse' experts=b1;?mlp_layer_types[i]=='sparse' gate:R(hidden_size,num_experts);\
    ?mlp_layer_types[i]=='sparse' gate{e_score_correction_bias:B(num_experts)};?!(mlp_layer_types[i]=='sparse') \
    gate_proj:L(hidden_size,intermediate_size);?!(mlp_layer_types[i]=='sparse') up_proj:L(hidden_size,\
    intermediate_size);?!(mlp_layer_types[i]=='sparse') down_proj:L(intermediate_size,hidden_size)};\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);\
    pre_feedforward_layernorm:N(hidden_size);post_feedforward_layernorm:N(hidden_size)
    = b450
    layer*num_hidden_layers{attention{attn{q:L(hidden_size,\
    num_attention_heads*int(hidden_size/num_attention_heads),1);k:L(hidden_size,\
    num_attention_heads*int(hidden_size/num_attention_heads),1);v:L(hidden_size,\
    num_attention_heads*int(hidden_size/num_attention_heads),1);o:L(hidden_size,hidden_size,1)};\
    LayerNorm:N(hidden_size,1)};intermediate{dense:L(hidden_size,intermediate_size,1)};output=b49};\
    relative_attention_bias:E(relative_attention_num_buckets,num_attention_heads)
    = b451
    attn{Wqkv:L(d_model,d_model*3);out_proj:L(d_model,d_model)};ffn{up_proj:L(d_model,d_model*4);\
    down_proj:L(d_model*4,d_model)};norm_1:N(d_model);norm_2:N(d_model)
    = b452
    word_embeddings:E(vocab_size,hidden_size)!;position_embeddings:E(max_position_embeddings+2,hidden_size);\
    token_type_embeddings:E(type_vocab_size,hidden_size);position_ids:B(1,max_position_embeddings);\
    LayerNorm:N(hidden_size,1)
    = b453
    embeddings=b452;encoder{layer*num_hidden_layers=b50}
    = b454
    DenseReluDense{?!is_gated_act wi:L(d_model,d_ff);?is_gated_act wi_0:L(d_model,d_ff);?is_gated_act \
    wi_1:L(d_model,d_ff);wo:L(d_ff,d_model)};layer_norm:N(d_model)
    = b455
    embed_tokens:E(vocab_size,d_model)~;block*num_layers{layer{0{SelfAttention=b390;layer_norm:N(d_model)};\
    1=b454}};final_layer_norm:N(d_model)
    = b456
    embed_tokens:E(vocab_size,d_model)~;block*num_layers{layer{0{SelfAttention=b390;layer_norm:N(d_model)};\
    1=b393;2=b454}};final_layer_norm:N(d_model)
    = b457
    patch_embedding:L(patch_temporal*3*patch_size**2,hidden_size);\
    position_embedding_table:E(pos_emb_height*pos_emb_width,hidden_size)
    = b458
    patch_embedder=b457;layers*num_hidden_layers=b357;ln_pre:N(hidden_size,1);ln_post:N(hidden_size,1)
    = b459
    q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
    num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
    attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias);gate_proj:L(hidden_size,\
    num_attention_heads*head_dim)
    = b46
    word_embeddings:E(vocab_size,hidden_size)!;position_embeddings:E(max_position_embeddings,hidden_size);\
    LayerNorm:N(hidden_size,1)
    = b460
    self_attn=b459;mlp=b79;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);\
    pre_feedforward_layernorm:N(hidden_size);post_feedforward_layernorm:N(hidden_size)
    = b461
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b460;norm:N(hidden_size)
    = b462
    fc1:L(out_hidden_size,projector_hidden_size);fc2:L(projector_hidden_size,projector_hidden_size)
    = b463
    patch_embedder@vision_config=b457;layers*vision_config.num_hidden_layers@vision_config=b357;\
    ln_pre@vision_config=b16;ln_post@vision_config=b16
    = b464
    self_attn=b459;mlp{gate:R(hidden_size,num_local_experts);pre_expert_proj:L(hidden_size,moe_hidden_size);\
    experts{gate_up_proj:P(num_local_experts,moe_intermediate_size*2,moe_hidden_size);\
    down_proj:P(num_local_experts,moe_hidden_size,moe_intermediate_size);post_expert_norm:N(moe_hidden_size)};\
    post_expert_proj:L(moe_hidden_size,hidden_size);gate=b361;pre_expert_norm:N(moe_hidden_size)};\
    input_layernorm:N(hidden_size);pre_feedforward_layernorm:N(hidden_size);\
    post_feedforward_layernorm:N(hidden_size);post_attention_residual_gate{gate:T(hidden_size)};\
    post_feedforward_residual_gate{gate:T(hidden_size)}
    = b465
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b464;norm:N(hidden_size)
    = b466
    conv:C(256,256,1|1,conv_kernel_size);mlp{fc1:L(256,1024,1);fc2:L(1024,256,1)};norm:N(256)
    = b467
    conv:C(512,512,1|1,conv_kernel_size);mlp{fc1:L(512,2048,1);fc2:L(2048,512,1)};norm:N(512)
    = b468
    conv:C(1024,1024,1|1,conv_kernel_size);mlp{fc1:L(1024,4096,1);fc2:L(4096,1024,1)};norm:N(1024)
    = b469
    conv:C(2048,2048,1|1,conv_kernel_size);mlp{fc1:L(2048,8192,1);fc2:L(8192,2048,1)};norm:N(2048)
    = b47
    query:L(hidden_size,num_attention_heads*int(hidden_size/num_attention_heads),1);key:L(hidden_size,\
    num_attention_heads*int(hidden_size/num_attention_heads),1);value:L(hidden_size,\
    num_attention_heads*int(hidden_size/num_attention_heads),1)
    = b470
    layers{0{patch_embedder{proj:L(16,256,1);norm:N(256)};conv_blocks{0=b466;1=b466}};1{patch_embedder{\
    proj:L(1536,512,1);norm:N(512)};conv_blocks{0=b467;1=b467}};2{patch_embedder{proj:L(2560,1024,1);\
    norm:N(1024)};conv_blocks{0=b468;1=b468}};3{patch_embedder{proj:L(4096,2048,1);norm:N(2048)};conv_blocks{\
    0=b469;1=b469}}};proj:L(hidden_sizes[3],out_hidden_size,1);norm:N(hidden_sizes[3]);\
    post_proj_norm:N(out_hidden_size)
    = b471
    prompt_embedding:E(prompt_length,d_model);prompt_trans{0:L(d_model,prompt_mid_dim,1);2:L(prompt_mid_dim,\
    decoder_layers*2*d_model,1)}
    = b472
    ?tie_word_embeddings embed_tokens:E(vocab_size,d_model)~;embed_positions:E(max_position_embeddings+2,\
    d_model);layers*decoder_layers=b40;layernorm_embedding:N(d_model,1);?use_prompt self_attn_prompt=b471;\
    ?use_prompt cross_attn_prompt=b471
    = b473
    shared:E(vocab_size,d_model)!;encoder=b43;decoder=b472
    = b474
    self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
    num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
    attention_bias);o_proj:L(head_dim*num_attention_heads,hidden_size,attention_bias)};mlp=b11;\
    input_layernorm:N(hidden_size,1);post_attention_layernorm:N(hidden_size,1)
    = b475
    projection:L(subsampling_factor*num_mel_bins,hidden_size)
    = b476
    self_attn{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads));k_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads));v_proj:L(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads));\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,1);\
    q_norm:N(hidden_size//num_attention_heads,1);k_norm:N(hidden_size//num_attention_heads,1)};mlp=b72;\
    layer_norm1:N(hidden_size,1);layer_norm2:N(hidden_size,1)
    = b477
    self_attn{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads));k_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads));v_proj:L(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads));\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,1)};mlp=b72;\
    layer_norm1:N(hidden_size,1);layer_norm2:N(hidden_size,1)
    = b478
    word_embeddings:E(vocab_size,embedding_rank)!;embedding_projection:L(embedding_rank,hidden_size)
    = b479
    up_proj:L(patch_size**2*3,hidden_size*2);down_proj:L(hidden_size*2,hidden_size,1);norm:N(patch_size**2*3,1)
    = b48
    dense:L(hidden_size,hidden_size,1);LayerNorm:N(hidden_size,1)
    = b480
    self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
    num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
    attention_bias);output_projection{gate_proj:L(hidden_size,num_attention_heads*head_dim);\
    o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias)};exclusive_self_attention{\
    alpha:T(num_attention_heads)}};mlp=b11;lambdas:T(2)
    = b481
    mlp=b79;self_attn{q_proj:F(hidden_size,num_attention_heads*head_dim,0,0,\
    num_attention_heads*head_dim+num_attention_heads*head_dim+num_attention_heads*head_dim);\
    k_proj:F(hidden_size,num_attention_heads*head_dim,0,num_attention_heads*head_dim,\
    num_attention_heads*head_dim+num_attention_heads*head_dim+num_attention_heads*head_dim);\
    v_proj:F(hidden_size,num_attention_heads*head_dim,0,\
    num_attention_heads*head_dim+num_attention_heads*head_dim,\
    num_attention_heads*head_dim+num_attention_heads*head_dim+num_attention_heads*head_dim);\
    o_proj:L(num_attention_heads*head_dim,hidden_size)};post_attention_layernorm:N(hidden_size,1);\
    post_mlp_layernorm:N(hidden_size,1)
    = b482
    embeddings=b354;layers*num_hidden_layers=b481
    = b483
    word_embeddings:E(vocab_size,hidden_size)!;position_embeddings:E(max_position_embeddings+2,hidden_size);\
    token_type_embeddings:E(type_vocab_size,hidden_size);LayerNorm:N(hidden_size,1)
    = b484
    layer*num_hidden_layers{attention{self{query:L(hidden_size,\
    num_attention_heads*int(hidden_size/num_attention_heads),1);key:L(hidden_size,\
    num_attention_heads*int(hidden_size/num_attention_heads),1);value:L(hidden_size,\
    num_attention_heads*int(hidden_size/num_attention_heads),1);conv:C(num_attention_heads,num_attention_heads,\
    0|num_attention_heads//num_attention_heads,conv_kernel_size,1)};output=b48};intermediate{\
    dense:L(hidden_size,intermediate_size,1)};output=b49}
    = b485
    self_attn=b191;mlp=b79;post_attention_layernorm:N(hidden_size);post_feedforward_layernorm:N(hidden_size)
    = b486
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b485;norm:N(hidden_size)
    = b487
    self_attn{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
    k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
    v_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,attention_bias);\
    q_norm:N(hidden_size);k_norm:N(hidden_size//num_attention_heads*num_key_value_heads)};mlp=b192;\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b488
    attn=b269;mlp{c_fc:G(n_embd,n_embd*4,1);c_proj:G(n_embd*4,n_embd,1)};ln_1:N(n_embd,1);ln_2:N(n_embd,1)
    = b489
    embed_tokens:E(vocab_size,word_embed_proj_dim)!;embed_positions:E(max_position_embeddings+2,hidden_size);\
    ?!(word_embed_proj_dim==hidden_size) project_out:L(hidden_size,word_embed_proj_dim);\
    ?!(word_embed_proj_dim==hidden_size) project_in:L(word_embed_proj_dim,hidden_size);layers*num_hidden_layers{\
    self_attn{k_proj:L(hidden_size,hidden_size,enable_bias);v_proj:L(hidden_size,hidden_size,enable_bias);\
    q_proj:L(hidden_size,hidden_size,enable_bias);out_proj:L(hidden_size,hidden_size,enable_bias)};\
    fc1:L(hidden_size,ffn_dim,enable_bias);fc2:L(ffn_dim,hidden_size,enable_bias);\
    ?layer_norm_elementwise_affine self_attn_layer_norm:N(hidden_size,1);?layer_norm_elementwise_affine \
    final_layer_norm:N(hidden_size,1)};?do_layer_norm_before&layer_norm_elementwise_affine \
    final_layer_norm:N(hidden_size,1)
    = b49
    dense:L(intermediate_size,hidden_size,1);LayerNorm:N(hidden_size,1)
    = b490
    linear_1:L(vision_config.hidden_size*vision_config.spatial_merge_size*vision_config.spatial_merge_size,\
    vision_config.hidden_size*vision_config.spatial_merge_size*vision_config.spatial_merge_size,1);\
    linear_2:L(vision_config.hidden_size*vision_config.spatial_merge_size*vision_config.spatial_merge_size,\
    text_config.hidden_size,1);pre_norm@vision_config=b16
    = b491
    linear:L(vision_config.hidden_size,projection_dim,1)
    = b492
    k_proj:L(d_model,d_model);v_proj:L(d_model,d_model);q_proj:L(d_model,d_model);out_proj:L(d_model,d_model)
    = b493
    ?!tie_word_embeddings embed_tokens:E(vocab_size,d_model);?tie_word_embeddings embed_tokens:E(vocab_size,\
    d_model)~;embed_global:E(num_global_tokens,d_model);layers*encoder_layers{self_attn=b492;fc1:L(d_model,\
    encoder_ffn_dim,1);fc2:L(encoder_ffn_dim,d_model,1);self_attn_layer_norm:N(d_model,1);\
    global_self_attn_layer_norm:N(d_model,1);final_layer_norm:N(d_model,1)};layer_norm:N(d_model,1)
    = b494
    ?!tie_word_embeddings embed_tokens:E(vocab_size,d_model);?tie_word_embeddings embed_tokens:E(vocab_size,\
    d_model)~;layers*decoder_layers{self_attn=b492;encoder_attn=b492;fc1:L(d_model,decoder_ffn_dim,1);\
    fc2:L(decoder_ffn_dim,d_model,1);self_attn_layer_norm:N(d_model,1);encoder_attn_layer_norm:N(d_model,1);\
    final_layer_norm:N(d_model,1)};layer_norm:N(d_model,1)
    = b495
    embeddings:E(vocab_size,d_model);position_embeddings:E(max_position_embeddings,d_model)
    = b496
    cross_attention{attention{self{query:L(d_latents,\
    cross_attention_shape_for_attention=='kv'?d_model:d_latents,1);key:L(d_model,\
    cross_attention_shape_for_attention=='kv'?d_model:d_latents,1);value:L(d_model,\
    cross_attention_shape_for_attention=='kv'?d_model:d_latents,1);layernorm1:N(d_latents,1);\
    layernorm2:N(d_model,1)};output{dense:L(cross_attention_shape_for_attention=='kv'?d_model:d_latents,\
    d_latents,1)}};mlp{dense1:L(d_latents,cross_attention_widening_factor*d_latents,1);\
    dense2:L(cross_attention_widening_factor*d_latents,d_latents,1)};layernorm:N(d_latents,1)};\
    self_attends*num_self_attends_per_block{attention{self{query:L(d_latents,d_latents,1);key:L(d_latents,\
    d_latents,1);value:L(d_latents,d_latents,1);layernorm1:N(d_latents,1)};output{dense:L(d_latents,d_latents,\
    1)}};mlp{dense1:L(d_latents,self_attention_widening_factor*d_latents,1);\
    dense2:L(self_attention_widening_factor*d_latents,d_latents,1)};layernorm:N(d_latents,1)}
    = b497
    self_attn{query_key_value:L(hidden_size,hidden_size*3,1);\
    dense:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,1);?qk_layernorm \
    q_layernorm:N(hidden_size//num_attention_heads,1);?qk_layernorm \
    k_layernorm:N(hidden_size//num_attention_heads,1)};mlp=b277;input_layernorm:N(hidden_size,1);\
    post_attention_layernorm:N(hidden_size,1)
    = b498
    self_attn{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),1);\
    k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),1);v_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads),1);\
    dense:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,1);?qk_layernorm \
    q_layernorm:N(hidden_size//num_attention_heads,1);?qk_layernorm \
    k_layernorm:N(hidden_size//num_attention_heads,1)};mlp=b72;input_layernorm:N(hidden_size,1)
    = b499
    self_attn{o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size);\
    qkv_proj:L(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads)+num_key_value_heads*(hidden_size//num_attention_heads\
    )*2)};mlp=b241;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b5
    embedding_hidden_mapping_in:L(embedding_size,hidden_size,1);albert_layer_groups{0{albert_layers{0=b4}}}
    = b50
    attention{self=b47;output=b48};intermediate{dense:L(hidden_size,intermediate_size,1)};output=b49
    = b500
    attention=b15;mlp=b72;probe:T(1,1,hidden_size);layernorm:N(hidden_size,1)
    = b501
    gate_up_proj:L(hidden_size,intermediate_size*2,1);down_proj:L(intermediate_size,hidden_size,1);\
    layer_norm:N(hidden_size,1)
    = b502
    image_embed{img_processor{embeddings@vision_config=b285;encoder{layers*vision_config.num_hidden_layers@vision_config=b95};\
    head@vision_config=b500;post_layernorm@vision_config=b16};img_projection_up:L(vision_config.hidden_size,\
    hidden_size,1);img_projection_down:L(hidden_size,hidden_size,1);global_img_feature_extensor:T(1,1,\
    vision_config.hidden_size);sub_img_feature_extensor:T(1,1,1,vision_config.hidden_size)};audio_embed{encoder{\
    embed@audio_config{conv{0:C(1,nemo_conv_channels,1|1,3,3);2:C(nemo_conv_channels,nemo_conv_channels,1|\
    nemo_conv_channels//nemo_conv_channels,3,3);3:C(nemo_conv_channels,nemo_conv_channels,1|nemo_conv_channels,\
    1,1);5:C(nemo_conv_channels,nemo_conv_channels,1|nemo_conv_channels//nemo_conv_channels,3,3);\
    6:C(nemo_conv_channels,nemo_conv_channels,1|nemo_conv_channels,1,1)};\
    out:L(nemo_conv_channels*nemo_final_size,hidden_size,1)};relative_attention_bias_layer@audio_config{\
    bias_values:E(bias_max_distance*2,num_attention_heads)};encoders*audio_config.num_blocks@audio_config{\
    feed_forward_in=b501;self_attn=b312;conv{glu{ext_pw_conv_1d:C(hidden_size,ext_pw_out_channel*2,1|\
    hidden_size,1);b1:T(1,ext_pw_out_channel,1);b2:T(1,ext_pw_out_channel,1)};dw_sep_conv_1d{\
    dw_conv:C(hidden_size,hidden_size*depthwise_multiplier,1|hidden_size//hidden_size,kernel_size);\
    pw_conv:C(hidden_size*depthwise_multiplier,depthwise_separable_out_channel,1|\
    hidden_size*depthwise_multiplier,1)};ext_pw_conv_1d:C(hidden_size,ext_pw_out_channel,1|hidden_size,1);\
    layer_norm:N(hidden_size,1)};feed_forward_out=b501;layer_norm_att:N(hidden_size,1);layer_norm:N(hidden_size,\
    1)};encoder_embedding@audio_config{global_mean:B(input_size);global_invstd:B(input_size)}};\
    up_proj_for_speech:L(audio_config.hidden_size*audio_config.downsample_rate,hidden_size,1);\
    down_proj_for_speech:L(hidden_size,hidden_size,1);\
    up_proj_for_vision_speech:L(audio_config.hidden_size*audio_config.downsample_rate,hidden_size,1);\
    down_proj_for_vision_speech:L(hidden_size,hidden_size,1)}
    = b503
    self_attn=b171;mlp{router:L(hidden_size,num_local_experts);experts=b414};input_layernorm:N(hidden_size,1);\
    post_attention_layernorm:N(hidden_size,1)
    = b504
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b503;norm:N(hidden_size,1)
    = b505
    wi_0:L(hidden_size,d_ff);wi_1:L(hidden_size,d_ff);wo:L(d_ff,hidden_size)
    = b506
    patch_embed=b129;layers*num_hidden_layers=b131;neck=b132;?use_abs_pos pos_embed:T(1,image_size//patch_size,\
    image_size//patch_size,hidden_size)
    = b507
    key_proj:L(hidden_size,hidden_size,1);value_proj:L(hidden_size,hidden_size,1);query_proj:L(hidden_size,\
    hidden_size,1);out_proj:L(hidden_size,hidden_size,1)
    = b508
    self_attn=b507;feed_forward{intermediate:L(hidden_size,encoder_ffn_dim,1);output:L(encoder_ffn_dim,\
    hidden_size,1)};self_attn_layer_norm:N(hidden_size,1);feed_forward_layer_norm:N(hidden_size,1)
    = b509
    self_attn{key_proj:L(hidden_size,hidden_size,1);value_proj:L(hidden_size,hidden_size,1);\
    query_proj:L(hidden_size,hidden_size,1);out_proj:L(hidden_size,hidden_size,1);\
    relative_pos_embeddings:L(hidden_size,num_buckets*num_decoder_attention_heads,1)};?add_cross_attention \
    cross_attn=b507;feed_forward{intermediate:L(hidden_size,decoder_ffn_dim,1);output:L(decoder_ffn_dim,\
    hidden_size,1)};self_attn_layer_norm:N(hidden_size,1);?add_cross_attention \
    cross_attn_layer_norm:N(hidden_size,1);feed_forward_layer_norm:N(hidden_size,1)
    = b51
    word_embeddings:E(vocab_size,hidden_size)!;position_embeddings:E(max_position_embeddings,hidden_size);\
    token_type_embeddings:E(type_vocab_size,hidden_size);LayerNorm:N(hidden_size,1)
    = b510
    ?!tie_word_embeddings word_embeddings:E(vocab_size,hidden_size);?tie_word_embeddings \
    word_embeddings:E(vocab_size,hidden_size)~;position_embeddings:E(max_position_embeddings,hidden_size);\
    ngram_embeddings:E(ngram,hidden_size);layers*num_decoder_layers=b509;embeddings_layer_norm:N(hidden_size,1)
    = b511
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b134;norm:N(hidden_size)
    = b512
    k_proj:L(d_model,d_model);v_proj:L(d_model,d_model,1);q_proj:L(d_model,d_model,1);out_proj:L(d_model,\
    d_model,1)
    = b513
    self_attn=b512;fc1:L(d_model,encoder_ffn_dim,1);fc2:L(encoder_ffn_dim,d_model,1);\
    self_attn_layer_norm:N(d_model,1);final_layer_norm:N(d_model,1)
    = b514
    conv1:C(num_mel_bins,d_model,1|num_mel_bins,3);conv2:C(d_model,d_model,1|d_model,3);audio_bos_eos_token:E(2,\
    output_dim);layers*encoder_layers=b513;proj:L(d_model,output_dim,1);ln_post:N(d_model,1)
    = b515
    patch_embed=b175;blocks*depth{attn{q:L(hidden_size,hidden_size,1);k:L(hidden_size,hidden_size,1);\
    v:L(hidden_size,hidden_size,1);proj:L(hidden_size,hidden_size,1)};mlp=b176;norm1:N(hidden_size);\
    norm2:N(hidden_size)};merger=b178
    = b516
    attn=b105;mlp=b176;norm1:N(hidden_size);norm2:N(hidden_size)
    = b517
    patch_embed=b175;blocks*depth=b516;merger=b178
    = b518
    linear:L(audio_config.d_model,text_config.hidden_size,1)
    = b519
    ?mlp_only_layers has i gate_proj:L(hidden_size,intermediate_size);?mlp_only_layers has i \
    up_proj:L(hidden_size,intermediate_size);?mlp_only_layers has i down_proj:L(intermediate_size,hidden_size);\
    ?!(mlp_only_layers has i) gate:R(hidden_size,num_experts);?!(mlp_only_layers has i) experts=b1;\
    ?!(mlp_only_layers has i) shared_expert=b194;?!(mlp_only_layers has i) shared_expert_gate:L(hidden_size,1)
    = b52
    embeddings=b51;encoder{layer*num_hidden_layers=b50}
    = b520
    self_attn{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),qkv_bias);\
    k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),qkv_bias);v_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads),qkv_bias);\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size)};mlp=b519;\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b521
    patch_embed@vision_config{proj:C(in_channels,embed_dim,0|in_channels,temporal_patch_size,patch_size,\
    patch_size)};blocks*vision_config.depth@vision_config{attn{qkv:L(embed_dim,embed_dim*3,1);proj:L(embed_dim,\
    embed_dim,1)};mlp{fc1:L(embed_dim,embed_dim*mlp_ratio,1);fc2:L(embed_dim*mlp_ratio,embed_dim,1)};\
    norm1:N(embed_dim,1);norm2:N(embed_dim,1)};merger@vision_config{mlp{0:L(embed_dim*spatial_merge_size**2,\
    embed_dim*spatial_merge_size**2,1);2:L(embed_dim*spatial_merge_size**2,hidden_size,1)};ln_q:N(embed_dim,1)}
    = b522
    self_attn=b208;mlp=b79;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b523
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b522;norm:N(hidden_size)
    = b524
    patch_embed=b104;pos_embed:E(num_position_embeddings,hidden_size);blocks*depth=b106;merger=b107
    = b525
    conv1d:C(linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads,\
    linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads,0|\
    (linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads)//(linear_key_head_\
    dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads),linear_conv_kernel_dim);\
    out_proj:L(linear_value_head_dim*linear_num_value_heads,hidden_size);in_proj_qkv:L(hidden_size,\
    linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads);\
    in_proj_z:L(hidden_size,linear_value_head_dim*linear_num_value_heads);in_proj_b:L(hidden_size,\
    linear_num_value_heads);in_proj_a:L(hidden_size,linear_num_value_heads);dt_bias:T(linear_num_value_heads);\
    A_log:T(linear_num_value_heads);norm:N(linear_value_head_dim)
    = b526
    q_norm:N(head_dim);k_norm:N(head_dim);q_proj:L(hidden_size,num_attention_heads*head_dim*2,attention_bias);\
    k_proj:L(hidden_size,num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,\
    num_key_value_heads*head_dim,attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias)
    = b527
    ?layer_types[i]=='linear_attention' linear_attn=b525;mlp=b79;input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size);?!(layer_types[i]=='linear_attention') self_attn=b526
    = b528
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b527;norm:N(hidden_size)
    = b529
    ?!(layer_types[i]=='full_attention') linear_attn=b525;mlp{gate:R(hidden_size,num_experts);experts=b1;\
    shared_expert=b194;shared_expert_gate:L(hidden_size,1)};input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size);?layer_types[i]=='full_attention' self_attn=b526
    = b53
    transform=b48;?!tie_word_embeddings decoder:L(hidden_size,vocab_size,1);?tie_word_embeddings \
    decoder:L(hidden_size,vocab_size,1)~;bias:T(vocab_size)
    = b530
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b529;norm:N(hidden_size)
    = b531
    linear_1:L(d_model,d_model,1);linear_2:L(d_model,output_dim,1)
    = b532
    conv1d:C(linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads,\
    linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads,0|\
    (linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads)//(linear_key_head_\
    dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads),linear_conv_kernel_dim);\
    in_proj_qkvz:L(hidden_size,\
    linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads*2);\
    in_proj_ba:L(hidden_size,linear_num_value_heads*2);out_proj:L(linear_value_head_dim*linear_num_value_heads,\
    hidden_size);dt_bias:T(linear_num_value_heads);A_log:T(linear_num_value_heads);norm:N(linear_value_head_dim)
    = b533
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{?!(layer_types[i]=='full_attention') \
    linear_attn=b532;mlp=b519;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);\
    ?layer_types[i]=='full_attention' self_attn=b526};norm:N(hidden_size)
    = b534
    gate_up_proj:P(num_local_experts,moe_intermediate_size*2,hidden_size);down_proj:P(num_local_experts,\
    hidden_size,moe_intermediate_size)
    = b535
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b208;mlp{?num_local_experts<=0|\
    (mlp_only_layers has i|!((i+1)%decoder_sparse_step==0)) gate_proj:L(hidden_size,intermediate_size);\
    ?num_local_experts<=0|(mlp_only_layers has i|!((i+1)%decoder_sparse_step==0)) up_proj:L(hidden_size,\
    intermediate_size);?num_local_experts<=0|(mlp_only_layers has i|!((i+1)%decoder_sparse_step==0)) \
    down_proj:L(intermediate_size,hidden_size);?!(num_local_experts<=0)&(!(mlp_only_layers has \
    i)&(i+1)%decoder_sparse_step==0) experts=b534;?!(num_local_experts<=0)&(!(mlp_only_layers has \
    i)&(i+1)%decoder_sparse_step==0) gate:R(hidden_size,num_local_experts)};input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)
    = b536
    word_embeddings:E(vocab_size,input_embedding_size)!;position_embeddings:E(max_position_embeddings,\
    input_embedding_size);token_type_embeddings:E(type_vocab_size,input_embedding_size);\
    LayerNorm:N(input_embedding_size,1)
    = b537
    embedding_hidden_mapping_in:L(input_embedding_size,hidden_size,1);layer*num_hidden_layers=b50
    = b538
    predictions{dense:L(hidden_size,output_embedding_size,1);decoder:L(output_embedding_size,vocab_size,1);\
    LayerNorm:N(output_embedding_size,1)}
    = b539
    layer*num_hidden_layers{attention=b169;intermediate{dense:L(hidden_size,intermediate_size,1);\
    LayerNorm:N(hidden_size,1)};output{dense:L(intermediate_size,hidden_size,1)}}
    = b54
    embeddings=b51;encoder{layer*num_hidden_layers=b50};pooler{dense:L(hidden_size,hidden_size,1)}
    = b540
    embeddings=b85;encoder=b539;LayerNorm:N(hidden_size,1)
    = b541
    word_embeddings:E(vocab_size,hidden_size)!;pronunciation_embed:E(pronunciation_vocab_size,\
    pronunciation_embed_dim);shape_embed:E(shape_vocab_size,shape_embed_dim);\
    position_embeddings:E(max_position_embeddings,hidden_size);token_type_embeddings:E(type_vocab_size,\
    hidden_size);?concat_input \
    map_inputs_layer:L(enable_pronunciation?(enable_shape?hidden_size+pronunciation_embed_dim+shape_embed_dim:hi\
    dden_size+pronunciation_embed_dim):hidden_size+shape_embed_dim,hidden_size,1);LayerNorm:N(hidden_size,1)
    = b542
    embeddings=b541;encoder{layer*num_hidden_layers=b50}
    = b543
    word_embeddings:E(vocab_size,embedding_size)!;token_type_embeddings:E(type_vocab_size,embedding_size);\
    LayerNorm:N(embedding_size,1)
    = b544
    embed_positions:E(max_position_embeddings,hidden_size//num_attention_heads);layer*num_hidden_layers=b50
    = b545
    embeddings=b543;?!(embedding_size==hidden_size) embeddings_project:L(embedding_size,hidden_size,1);\
    encoder=b544
    = b546
    predictions{transform=b111;?!tie_word_embeddings decoder:L(embedding_size,vocab_size,1);\
    ?tie_word_embeddings decoder:L(embedding_size,vocab_size,1)~;bias:T(vocab_size)}
    = b547
    attention{key:L(hidden_size,attention_hidden_size);value:L(hidden_size,attention_hidden_size);\
    receptance:L(hidden_size,attention_hidden_size);output:L(attention_hidden_size,hidden_size);\
    time_decay:T(attention_hidden_size);time_first:T(attention_hidden_size);time_mix_key:T(1,1,hidden_size);\
    time_mix_value:T(1,1,hidden_size);time_mix_receptance:T(1,1,hidden_size)};feed_forward{key:L(hidden_size,\
    intermediate_size);receptance:L(hidden_size,hidden_size);value:L(intermediate_size,hidden_size);\
    time_mix_key:T(1,1,hidden_size);time_mix_receptance:T(1,1,hidden_size)};?i==0 pre_ln:N(hidden_size,1);\
    ln1:N(hidden_size,1);ln2:N(hidden_size,1)
    = b548
    self_attn{q_proj:F(hidden_size,num_attention_heads*head_dim,attention_bias,0,\
    num_attention_heads*head_dim+num_key_value_heads*head_dim+num_key_value_heads*head_dim);\
    k_proj:F(hidden_size,num_key_value_heads*head_dim,attention_bias,num_attention_heads*head_dim,\
    num_attention_heads*head_dim+num_key_value_heads*head_dim+num_key_value_heads*head_dim);\
    v_proj:F(hidden_size,num_key_value_heads*head_dim,attention_bias,\
    num_attention_heads*head_dim+num_key_value_heads*head_dim,\
    num_attention_heads*head_dim+num_key_value_heads*head_dim+num_key_value_heads*head_dim);\
    o_proj:L(num_attention_heads*head_dim,hidden_size);?use_qk_norm q_norm:N(head_dim);?use_qk_norm \
    k_norm:N(head_dim)};mlp=b140;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b549
    ?!tie_word_embeddings embed_tokens:E(vocab_size,hidden_size);?tie_word_embeddings embed_tokens:E(vocab_size,\
    hidden_size)~shared;layers*encoder_layers{self_attn=b64;ffn{fc1:L(hidden_size,encoder_ffn_dim,1);\
    fc2:L(encoder_ffn_dim,hidden_size,1)};self_attn_layer_norm:N(hidden_size,1);ffn_layer_norm:N(hidden_size,\
    1)};layer_norm:N(hidden_size,1)
    = b55
    predictions=b53;seq_relationship:L(hidden_size,2,1)
    = b550
    ?!tie_word_embeddings embed_tokens:E(vocab_size,hidden_size)!;?tie_word_embeddings \
    embed_tokens:E(vocab_size,hidden_size)!~shared;layers*decoder_layers{self_attn=b64;cross_attention=b64;ffn{\
    fc1:L(hidden_size,decoder_ffn_dim,1);fc2:L(decoder_ffn_dim,hidden_size,1)};\
    self_attn_layer_norm:N(hidden_size,1);cross_attention_layer_norm:N(hidden_size,1);\
    ffn_layer_norm:N(hidden_size,1)};layer_norm:N(hidden_size,1)
    = b551
    self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
    num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
    attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_out_bias)};mlp=b34;\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b552
    self_attn=b240;mlp{experts=b24;gate:R(hidden_size,n_routed_experts);shared_experts=b25;gate=b26};\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b553
    word_embeddings:E(vocab_size,embedding_size)!;position_embeddings:E(max_position_embeddings,embedding_size);\
    token_type_embeddings:E(type_vocab_size,embedding_size);LayerNorm:N(hidden_size,1)
    = b554
    layers*num_hidden_layers{attention{query:C(hidden_size,hidden_size,1|hidden_size//q_groups,1);\
    key:C(hidden_size,hidden_size,1|hidden_size//k_groups,1);value:C(hidden_size,hidden_size,1|\
    hidden_size//v_groups,1)};post_attention{conv1d:C(hidden_size,hidden_size,1|\
    hidden_size//post_attention_groups,1);layernorm:N(hidden_size,1)};intermediate{conv1d:C(hidden_size,\
    intermediate_size,1|hidden_size//intermediate_groups,1)};output{conv1d:C(intermediate_size,hidden_size,1|\
    intermediate_size//output_groups,1);layernorm:N(hidden_size,1)}}
    = b555
    embeddings=b553;encoder=b554;pooler{dense:L(hidden_size,hidden_size,1)}
    = b556
    weight:T(hidden_size//num_attention_heads)
    = b557
    self_attn=b163;mlp{c_fc:L(hidden_size,intermediate_size,use_bias);c_proj:L(intermediate_size,hidden_size,\
    use_bias)};input_layernorm:N(hidden_size,1);post_attention_layernorm:N(hidden_size,1)
    = b558
    DenseReluDense{?!is_gated_act wi:L(d_model,d_ff);wo:L(d_ff,d_model);?is_gated_act wi_0:L(d_model,d_ff);\
    ?is_gated_act wi_1:L(d_model,d_ff)};layer_norm:N(d_model)
    = b559
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b10;mlp=b79;\
    pre_self_attn_layernorm:N(hidden_size);post_self_attn_layernorm:N(hidden_size);\
    pre_feedforward_layernorm:N(hidden_size);post_feedforward_layernorm:N(hidden_size)};norm:N(hidden_size)
    = b56
    layer*num_hidden_layers{attention{self{query:L(hidden_size,\
    num_attention_heads*int(hidden_size/num_attention_heads),use_bias);key:L(hidden_size,\
    num_attention_heads*int(hidden_size/num_attention_heads),use_bias);value:L(hidden_size,\
    num_attention_heads*int(hidden_size/num_attention_heads),use_bias)};output=b48};intermediate{\
    dense:L(hidden_size,intermediate_size,1)};output=b49}
    = b560
    embed_tokens:E(vocab_size,hidden_size);layers*num_hidden_layers{self_attn=b10;mlp=b79;cross_attn{\
    q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(cross_attention_hidden_size,\
    num_key_value_heads*head_dim,attention_bias);v_proj:L(cross_attention_hidden_size,\
    num_key_value_heads*head_dim,attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,\
    attention_bias)};pre_self_attn_layernorm:N(hidden_size);post_self_attn_layernorm:N(hidden_size);\
    pre_feedforward_layernorm:N(hidden_size);post_feedforward_layernorm:N(hidden_size);\
    pre_cross_attn_layernorm:N(hidden_size);post_cross_attn_layernorm:N(hidden_size)};norm:N(hidden_size)
    = b561
    self_attn=b205;mlp=b79;pre_self_attn_layernorm:N(hidden_size);post_self_attn_layernorm:N(hidden_size);\
    pre_feedforward_layernorm:N(hidden_size);post_feedforward_layernorm:N(hidden_size)
    = b562
    text_model@encoder{embed_tokens:E(text_config.vocab_size,text_config.hidden_size)!;\
    layers*text_config.num_hidden_layers@text_config=b561;embed_tokens@text_config{\
    eoi_embedding:T(hidden_size)};norm@text_config{weight:T(hidden_size)}};multi_modal_projector@encoder=b207;\
    vision_tower:A(AutoModel,encoder.vision_config)
    = b563
    weight:T(256);bias:T(256);running_mean:B(256);running_var:B(256);num_batches_tracked:B()
    = b564
    weight:T(64);bias:T(64);running_mean:B(64);running_var:B(64);num_batches_tracked:B()
    = b565
    conv1:C(256,64,0|256,1,1);conv2:C(64,64,0|64,3,3);conv3:C(64,256,0|64,1,1);bn1=b564;bn2=b564;bn3=b563
    = b566
    weight:T(512);bias:T(512);running_mean:B(512);running_var:B(512);num_batches_tracked:B()
    = b567
    weight:T(128);bias:T(128);running_mean:B(128);running_var:B(128);num_batches_tracked:B()
    = b568
    conv1:C(512,128,0|512,1,1);conv2:C(128,128,0|128,3,3);conv3:C(128,512,0|128,1,1);bn1=b567;bn2=b567;bn3=b566
    = b569
    weight:T(1024);bias:T(1024);running_mean:B(1024);running_var:B(1024);num_batches_tracked:B()
    = b57
    embeddings=b51;encoder=b56;pooler:L(hidden_size,hidden_size,1)
    = b570
    conv1:C(1024,256,0|1024,1,1);conv2:C(256,256,0|256,3,3);conv3:C(256,1024,0|256,1,1);bn1=b563;bn2=b563;bn3=b569
    = b571
    weight:T(2048);bias:T(2048);running_mean:B(2048);running_var:B(2048);num_batches_tracked:B()
    = b572
    conv1:C(2048,512,0|2048,1,1);conv2:C(512,512,0|512,3,3);conv3:C(512,2048,0|512,1,1);bn1=b566;bn2=b566;bn3=b571
    = b573
    SelfAttention{q:L(d_model,num_heads*d_kv);k:L(d_model,num_heads*d_kv);v:L(d_model,num_heads*d_kv);\
    o:L(num_heads*d_kv,d_model);relative_attention_bias:E(relative_attention_num_buckets,num_heads)};\
    layer_norm:N(d_model)
    = b574
    self_attn=b10;mlp=b79;input_layernorm:N(hidden_size);pre_feedforward_layernorm:N(hidden_size)
    = b575
    patch_embedding:C(num_channels,hidden_size,1|num_channels,patch_size,patch_size)
    = b576
    embeddings=b575;encoder{layers*num_hidden_layers=b95};post_layernorm:N(hidden_size,1)
    = b577
    readout{0:L(vision_config.hidden_size,text_config.hidden_size,1);2:L(text_config.hidden_size,\
    text_config.hidden_size,1)}
    = b578
    linear_1:L(vision_config.hidden_size*5,text_config.hidden_size,1);linear_2:L(text_config.hidden_size,\
    text_config.hidden_size,1);projector_layernorm@vision_config{weight:T(hidden_size*5);bias:T(hidden_size*5)}
    = b579
    linear_1:L(audio_config.intermediate_size,text_config.hidden_size);linear_2:L(text_config.hidden_size,\
    text_config.hidden_size)
    = b58
    dense:L(hidden_size,hidden_size,1);out_proj:L(hidden_size,num_labels,1)
    = b580
    embed_tokens:E(vocab_size,d_model)!;embed_positions:E(max_target_positions,d_model);layers*decoder_layers{\
    self_attn=b512;encoder_attn=b512;fc1:L(d_model,decoder_ffn_dim,1);fc2:L(decoder_ffn_dim,d_model,1);\
    self_attn_layer_norm:N(d_model,1);encoder_attn_layer_norm:N(d_model,1);final_layer_norm:N(d_model,1)};\
    layer_norm:N(d_model,1)
    = b581
    word_embeddings:E(vocab_size,hidden_size)!;token_type_embeddings:E(type_vocab_size,hidden_size);\
    position_embeddings:E(max_position_embeddings,hidden_size)
    = b582
    layer*num_hidden_layers{attention{self=b47;output{dense:L(hidden_size,hidden_size,1)};\
    self_attn_layer_norm:N(hidden_size,1)};intermediate{dense:L(hidden_size,intermediate_size,1)};output{\
    dense:L(intermediate_size,hidden_size,1)};LayerNorm:N(hidden_size,1)};LayerNorm:N(hidden_size,1)
    = b583
    dense:L(hidden_size,hidden_size,1);?tie_word_embeddings decoder:L(hidden_size,vocab_size,1)~;\
    bias:T(vocab_size);layer_norm:N(hidden_size,1)
    = b584
    ff{layer_1:L(d_model,d_inner,1);layer_2:L(d_inner,d_model,1);layer_norm:N(d_model,1)};rel_attn{q:T(d_model,\
    n_head,d_head);k:T(d_model,n_head,d_head);v:T(d_model,n_head,d_head);o:T(d_model,n_head,d_head);r:T(d_model,\
    n_head,d_head);r_r_bias:T(n_head,d_head);r_s_bias:T(n_head,d_head);r_w_bias:T(n_head,d_head);seg_embed:T(2,\
    n_head,d_head);layer_norm:N(d_model,1)}
    = b585
    embeddings=b85;encoder{layer*num_hidden_layers{attention{self=b47;output=b48};intermediate{\
    dense:L(hidden_size,intermediate_size,1)};output{dense:L(intermediate_size,hidden_size,1);adapter_modules{\
    en_XX{dense1:L(hidden_size,hidden_size//adapter_reduction_factor,1);\
    dense2:L(hidden_size//adapter_reduction_factor,hidden_size,1)}};LayerNorm:N(hidden_size,1);\
    ?adapter_layer_norm adapter_layer_norm:N(hidden_size,1)}};?pre_norm LayerNorm:N(hidden_size,1)}
    = b586
    embeddings=b483;encoder{layer*num_hidden_layers=b50}
    = b587
    hidden_states_scale:T(hidden_size);hidden_states_bias:T(hidden_size);residual_scale:T(hidden_size);\
    residual_bias:T(hidden_size)
    = b588
    self_attn{o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias);qkv_proj{q_proj:L(hidden_size,\
    num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,num_key_value_heads*head_dim,\
    attention_bias);v_proj_current:L(hidden_size,num_key_value_heads*head_dim//2,attention_bias);\
    v_proj_delayed:L(hidden_size,num_key_value_heads*head_dim//2,attention_bias);\
    conv_qk_depthwise:C(num_key_value_heads*head_dim+num_attention_heads*head_dim,\
    num_key_value_heads*head_dim+num_attention_heads*head_dim,1|\
    (num_key_value_heads*head_dim+num_attention_heads*head_dim)//(num_key_value_heads*head_dim+num_attention_hea\
    ds*head_dim),cca_time0);conv_qk_grouped:C(num_key_value_heads*head_dim+num_attention_heads*head_dim,\
    num_key_value_heads*head_dim+num_attention_heads*head_dim,1|\
    (num_key_value_heads*head_dim+num_attention_heads*head_dim)//(num_key_value_heads+num_attention_heads),\
    cca_time1)};qk_norm{temp:T(num_key_value_heads)}};mlp{gate{down_proj:L(hidden_size,router_hidden_size,1);\
    router_mlp{fc1:L(router_hidden_size,router_hidden_size,1);fc2:L(router_hidden_size,router_hidden_size,1);\
    out_proj:L(router_hidden_size,num_experts+1);norm:N(router_hidden_size)};?!(i==0) \
    router_states_scale:T(router_hidden_size);balancing_biases:B(num_experts+1)};experts=b368};\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);post_attention_residual_scale=b587;\
    post_mlp_residual_scale=b587
    = b59
    transform=b48;?tie_word_embeddings decoder:L(hidden_size,vocab_size,1)~;bias:T(vocab_size)
    = b6
    embeddings=b3;encoder=b5;pooler:L(hidden_size,hidden_size,1)
    = b60
    predictions=b59;seq_relationship:L(hidden_size,2,1)
    = b61
    self_attn{self{query:L(d_model,encoder_attention_heads*int(d_model/encoder_attention_heads),use_bias);\
    key:L(d_model,encoder_attention_heads*int(d_model/encoder_attention_heads),use_bias);value:L(d_model,\
    encoder_attention_heads*int(d_model/encoder_attention_heads),use_bias)};output:L(d_model,d_model,use_bias)};\
    fc1:L(d_model,encoder_ffn_dim,1);fc2:L(encoder_ffn_dim,d_model,1);self_attn_layer_norm:N(d_model,1);\
    final_layer_norm:N(d_model,1)
    = b62
    k_proj:L(d_model,d_model,use_bias);v_proj:L(d_model,d_model,use_bias);q_proj:L(d_model,d_model,use_bias);\
    out_proj:L(d_model,d_model,use_bias)
    = b63
    self_attn=b62;encoder_attn=b62;fc1:L(d_model,decoder_ffn_dim,1);fc2:L(decoder_ffn_dim,d_model,1);\
    self_attn_layer_norm:N(d_model,1);encoder_attn_layer_norm:N(d_model,1);final_layer_norm:N(d_model,1)
    = b64
    k_proj:L(hidden_size,hidden_size,1);v_proj:L(hidden_size,hidden_size,1);q_proj:L(hidden_size,hidden_size,1);\
    out_proj:L(hidden_size,hidden_size,1)
    = b65
    self_attn=b64;fc1:L(hidden_size,intermediate_size,1);fc2:L(intermediate_size,hidden_size,1);\
    self_attn_layer_norm:N(hidden_size,1);final_layer_norm:N(hidden_size,1)
    = b66
    self_attn{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
    k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
    v_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,attention_bias);\
    attn_sub_norm:N(hidden_size)};mlp{gate_proj:L(hidden_size,intermediate_size);up_proj:L(hidden_size,\
    intermediate_size);down_proj:L(intermediate_size,hidden_size);ffn_sub_norm:N(intermediate_size)};\
    input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b67
    ?!tie_word_embeddings embed_tokens:E(vocab_size,d_model);?tie_word_embeddings embed_tokens:E(vocab_size,\
    d_model)~;embed_positions:E(max_position_embeddings,d_model);layers*encoder_layers=b38;layer_norm:N(d_model,1)
    = b68
    ?!tie_word_embeddings embed_tokens:E(vocab_size,d_model);?tie_word_embeddings embed_tokens:E(vocab_size,\
    d_model)~;embed_positions:E(max_position_embeddings,d_model);layers*decoder_layers=b40;layer_norm:N(d_model,1)
    = b69
    shared:E(vocab_size,d_model)!;encoder=b67;decoder=b68
    = b7
    q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
    k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
    v_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,attention_bias);\
    q_norm:N(hidden_size//num_attention_heads);k_norm:N(hidden_size//num_attention_heads)
    = b70
    decoder{embed_tokens:E(vocab_size,d_model)!;embed_positions:E(max_position_embeddings,d_model);\
    layers*decoder_layers=b40;layer_norm:N(d_model,1)}
    = b71
    patch_embedding:C(3,hidden_size,1|3,patch_size,patch_size);class_embedding:T(1,1,hidden_size);\
    position_embedding:T(1,(image_size//patch_size)**2+1,hidden_size)
    = b72
    fc1:L(hidden_size,intermediate_size,1);fc2:L(intermediate_size,hidden_size,1)
    = b73
    embeddings=b71;encoder{layers*num_hidden_layers{self_attn{qkv:L(hidden_size,hidden_size*3,qkv_bias);\
    projection:L(hidden_size,hidden_size,1)};mlp=b72;layer_norm1:N(hidden_size,1);layer_norm2:N(hidden_size,\
    1)}};post_layernorm:N(hidden_size,1)
    = b74
    query:L(hidden_size,num_attention_heads*int(hidden_size/num_attention_heads),1);key:L(encoder_hidden_size,\
    num_attention_heads*int(hidden_size/num_attention_heads),1);value:L(encoder_hidden_size,\
    num_attention_heads*int(hidden_size/num_attention_heads),1)
    = b75
    layer*num_hidden_layers{attention{attention=b47;output=b48};?i%cross_attention_frequency==0 crossattention{\
    attention=b74;output=b48};?use_qformer_text_input intermediate{dense:L(hidden_size,intermediate_size,1)};\
    ?use_qformer_text_input output=b49;intermediate_query{dense:L(hidden_size,intermediate_size,1)};\
    output_query=b49}
    = b76
    embeddings=b71;encoder{layers*num_hidden_layers{self_attn{qkv:L(hidden_size,hidden_size*3,1);\
    projection:L(hidden_size,hidden_size,1)};mlp=b72;layer_norm1:N(hidden_size,1);layer_norm2:N(hidden_size,\
    1)}};post_layernorm:N(hidden_size,1)
    = b77
    self_attention{query_key_value:L(hidden_size,hidden_size*3,1);dense:L(hidden_size,hidden_size,1)};mlp{\
    dense_h_to_4h:L(hidden_size,hidden_size*4,1);dense_4h_to_h:L(hidden_size*4,hidden_size,1)};\
    input_layernorm:N(hidden_size,1);post_attention_layernorm:N(hidden_size,1)
    = b78
    q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads));k_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads));v_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads));\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size)
    = b79
    gate_proj:L(hidden_size,intermediate_size);up_proj:L(hidden_size,intermediate_size);\
    down_proj:L(intermediate_size,hidden_size)
    = b8
    self_attn=b7;mlp{up_proj:L(hidden_size,intermediate_size);down_proj:L(intermediate_size,hidden_size);act_fn{\
    alpha_p:T(1);alpha_n:T(1);beta:B();eps:B()}};attention_layernorm:N(hidden_size);\
    feedforward_layernorm:N(hidden_size)
    = b80
    self_attn=b78;mlp=b79;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
    = b81
    0{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads));k_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads));v_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads));\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size);q_norm:N(hidden_size);\
    k_norm:N(hidden_size)}
    = b82
    layers*num_hidden_layers=b80;patch_embedding_projection:L(hidden_size_global,hidden_size*cross_attn_k);\
    cross_attn_layers*num_hidden_layers{?cross_attn_all_layers|i==0 q_proj:L(hidden_size,\
    num_attention_heads*(hidden_size//num_attention_heads));?cross_attn_all_layers|i==0 k_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads));?cross_attn_all_layers|i==0 v_proj:L(hidden_size,\
    num_key_value_heads*(hidden_size//num_attention_heads));?cross_attn_all_layers|i==0 \
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size);?cross_attn_all_layers|i==0 \
    q_norm:N(hidden_size);?cross_attn_all_layers|i==0 k_norm:N(hidden_size)};norm:N(hidden_size)
    = b83
    layers*num_hidden_layers=b80;embed_tokens:E(vocab_size,hidden_size);lm_head:L(hidden_size,vocab_size);\
    norm:N(hidden_size)
    = b84
    dense:L(hidden_size,hidden_size,1);?!tie_word_embeddings decoder:L(hidden_size,vocab_size,1);\
    ?tie_word_embeddings decoder:L(hidden_size,vocab_size,1)~;bias:T(vocab_size);layer_norm:N(hidden_size,1)
    = b85
    word_embeddings:E(vocab_size,hidden_size)!;token_type_embeddings:E(type_vocab_size,hidden_size);\
    position_embeddings:E(max_position_embeddings,hidden_size);LayerNorm:N(hidden_size,1)
    = b86
    embeddings=b85;encoder{layer*num_hidden_layers=b50}
    = b87
    self_attn{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
    k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
    v_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
    o_proj:L(hidden_size,hidden_size,attention_bias);q_norm{weight:T(num_attention_heads,\
    hidden_size//num_attention_heads);bias:T(num_attention_heads,hidden_size//num_attention_heads)};k_norm{\
    weight:T(num_key_value_heads,hidden_size//num_attention_heads);bias:T(num_key_value_heads,\
    hidden_size//num_attention_heads)}};mlp=b34;input_layernorm:N(hidden_size);\
    post_attention_layernorm:N(hidden_size)
    = b88
    conv:C(base_channels*channel_multiplier[i],base_channels*channel_multiplier[i],1|\
    base_channels*channel_multiplier[i],3,3)
    = b89
    conv1:C(base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_channels*channel_m\
    ultiplier[3],base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_channels*chan\
    nel_multiplier[3],1|base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_channe\
    ls*channel_multiplier[3],3,3);\
    conv2:C(base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_channels*channel_m\
    ultiplier[3],base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_channels*chan\
    nel_multiplier[3],1|base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_channe\
    ls*channel_multiplier[3],3,3);\
    norm1:N(base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_channels*channel_m\
    ultiplier[3],1);norm2:N(base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_ch\
    annels*channel_multiplier[3],1)
    = b9
    embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b8;norm:N(hidden_size)
    = b90
    block_1=b89;attn_1{q:C(base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_cha\
    nnels*channel_multiplier[3],\
    base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_channels*channel_multiplie\
    r[3],1|base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_channels*channel_mu\
    ltiplier[3],1,1);k:C(base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_chann\
    els*channel_multiplier[3],\
    base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_channels*channel_multiplie\
    r[3],1|base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_channels*channel_mu\
    ltiplier[3],1,1);v:C(base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_chann\
    els*channel_multiplier[3],\
    base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_channels*channel_multiplie\
    r[3],1|base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_channels*channel_mu\
    ltiplier[3],1,1);proj_out:C(base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:bas\
    e_channels*channel_multiplier[3],\
    base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_channels*channel_multiplie\
    r[3],1|base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_channels*channel_mu\
    ltiplier[3],1,1);norm:N(base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_ch\
    annels*channel_multiplier[3],1)};block_2=b89
    = b91
    weight:T(base_channels*channel_multiplier[i]);bias:T(base_channels*channel_multiplier[i])
    = b92
    conv1:C(base_channels*channel_multiplier[i],base_channels*channel_multiplier[i],1|\
    base_channels*channel_multiplier[i],3,3);conv2:C(base_channels*channel_multiplier[i],\
    base_channels*channel_multiplier[i],1|base_channels*channel_multiplier[i],3,3);\
    norm1:N(base_channels*channel_multiplier[i],1);norm2:N(base_channels*channel_multiplier[i],1)
    = b93
    weight:T(base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_channels*channel_\
    multiplier[3]);bias:T(base_channels*channel_multiplier[4]%1==0?base_channels*channel_multiplier[4]:base_chan\
    nels*channel_multiplier[3])
    = b94
    patch_embedding:C(num_channels,hidden_size,0|num_channels,patch_size,patch_size);\
    position_embedding:E((image_size//patch_size)**2+1,hidden_size);class_embedding:T(hidden_size)
    = b95
    self_attn=b64;mlp=b72;layer_norm1:N(hidden_size,1);layer_norm2:N(hidden_size,1)
    = b96
    fc_in:L(n_embd,null(n_inner)?n_embd*4:n_inner,1);fc_out:L(null(n_inner)?n_embd*4:n_inner,n_embd,1)
    = b97
    attn{out_proj:L(n_embd,n_embd);qkv_proj:L(n_embd,n_embd*3)};mlp=b96;ln_1:N(n_embd,1)
    = b98
    self_attn{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
    k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
    v_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
    o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,attention_bias);?use_qk_norm \
    q_norm{weight:T(num_attention_heads,hidden_size//num_attention_heads)};?use_qk_norm k_norm{\
    weight:T(num_key_value_heads,hidden_size//num_attention_heads)}};mlp=b79;input_layernorm:N(hidden_size)
    = b99
    self_attn=b10;mlp=b79;input_layernorm:N(hidden_size)
    """)
}
