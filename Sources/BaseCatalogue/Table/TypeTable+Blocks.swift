// swift-format-ignore-file
// Written by testdata/make/arch_swift.py from transformers 5.24.0; see docs/architectures.md.

extension TypeTable {
  /// Rows that several types share.
  static let blocks: [String: String] = [
    "b0": """
      gate_proj:L(hidden_size,moe_intermediate_size*num_shared_experts);up_proj:L(hidden_size,\
      moe_intermediate_size*num_shared_experts);down_proj:L(moe_intermediate_size*num_shared_experts,hidden_size)
      """,
    "b1": """
      gate_up_proj:S(num_experts,moe_intermediate_size*2,hidden_size|gate_proj,up_proj);down_proj:S(num_experts,\
      hidden_size,moe_intermediate_size|down_proj)
      """,
    "b10": """
      up_proj:L(hidden_size,intermediate_size,mlp_bias);down_proj:L(intermediate_size,hidden_size,mlp_bias)
      """,
    "b100": """
      linear_fc1:L(vision_config.hidden_size*vision_config.spatial_merge_size**2,projector_hidden_size,1);\
      linear_fc2:L(projector_hidden_size,text_config.hidden_size,1);norm@vision_config=b15
      """,
    "b101": """
      layers*num_hidden_layers{self_att{self_attention{project_q:L(hidden_size,num_attention_heads*dim_head);\
      project_k:L(hidden_size,num_attention_heads*dim_head);project_v:L(hidden_size,num_attention_heads*dim_head);\
      attention_out:L(num_attention_heads*dim_head,hidden_size)};layernorm_before_attention:N(hidden_size)};ffn{\
      ffn{w_in{w_0:L(hidden_size,dim_ff);w_1:L(hidden_size,dim_ff)};w_out:L(dim_ff,hidden_size)};\
      layernorm_before_ffn:N(hidden_size)}};output_layernorm:N(hidden_size)
      """,
    "b102": """
      relative_attention_bias:T(segment_types*segment_types+position_bias_num_buckets,num_attention_heads)
      """,
    "b103": """
      multi_head_attention{Wq:L(n_embd,n_embd,1);Wk:L(n_embd,n_embd,1);Wv:L(n_embd,n_embd,1);dense:L(n_embd,\
      n_embd,1)};ffn{0:L(n_embd,dff,1);2:L(dff,n_embd,1)};layernorm1:N(n_embd,1);layernorm2:N(n_embd,1)
      """,
    "b104": """
      self_attn=b13;mlp=b31;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b105": """
      word_embeddings:E(vocab_size,hidden_size)!;?position_biased_input \
      position_embeddings:E(max_position_embeddings,hidden_size);LayerNorm:N(hidden_size,1)
      """,
    "b106": """
      layer*num_hidden_layers{attention{self{query_proj:L(hidden_size,\
      num_attention_heads*(hidden_size//num_attention_heads),1);key_proj:L(hidden_size,\
      num_attention_heads*(hidden_size//num_attention_heads),1);value_proj:L(hidden_size,\
      num_attention_heads*(hidden_size//num_attention_heads),1)};output=b45};intermediate{dense:L(hidden_size,\
      intermediate_size,1)};output=b46};?relative_attention \
      rel_embeddings:E(tie_word_embeddings?max_position_embeddings*2:max_relative_positions*2,hidden_size)
      """,
    "b107": """
      lm_head{dense:L(hidden_size,hidden_size,1);bias:T(vocab_size);LayerNorm:N(hidden_size,1)}
      """,
    "b108": """
      dense:L(pooler_hidden_size,pooler_hidden_size,1)
      """,
    "b109": """
      layer*num_hidden_layers{attention{self{in_proj:L(hidden_size,\
      num_attention_heads*int(hidden_size/num_attention_heads)*3);\
      q_bias:T(num_attention_heads*int(hidden_size/num_attention_heads));\
      v_bias:T(num_attention_heads*int(hidden_size/num_attention_heads))};output=b45};intermediate{\
      dense:L(hidden_size,intermediate_size,1)};output=b46};?relative_attention \
      rel_embeddings:E(max_position_embeddings*2,hidden_size)
      """,
    "b11": """
      self_attn=b9;mlp=b10;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b110": """
      ?null(q_lora_rank) q_proj:L(hidden_size,num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim));\
      ?!null(q_lora_rank) q_a_proj:L(hidden_size,q_lora_rank,attention_bias);?!null(q_lora_rank) \
      q_b_proj:L(q_lora_rank,num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim));\
      kv_a_proj_with_mqa:L(hidden_size,kv_lora_rank+qk_rope_head_dim,attention_bias);kv_b_proj:L(kv_lora_rank,\
      num_attention_heads*(qk_nope_head_dim+v_head_dim));o_proj:L(num_attention_heads*v_head_dim,hidden_size,\
      attention_bias);?!null(q_lora_rank) q_a_layernorm:N(q_lora_rank);kv_a_layernorm:N(kv_lora_rank)
      """,
    "b111": """
      experts=b23;gate:R(hidden_size,n_routed_experts);shared_experts{gate_proj:L(hidden_size,\
      moe_intermediate_size*n_shared_experts,mlp_bias);up_proj:L(hidden_size,\
      moe_intermediate_size*n_shared_experts,mlp_bias);down_proj:L(moe_intermediate_size*n_shared_experts,\
      hidden_size,mlp_bias)}
      """,
    "b112": """
      ?!null(q_lora_rank) q_a_proj:L(hidden_size,q_lora_rank,attention_bias);?!null(q_lora_rank) \
      q_b_proj:L(q_lora_rank,num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim));\
      kv_a_proj_with_mqa:L(hidden_size,kv_lora_rank+qk_rope_head_dim,attention_bias);kv_b_proj:L(kv_lora_rank,\
      num_attention_heads*(qk_nope_head_dim+v_head_dim));o_proj:L(num_attention_heads*v_head_dim,hidden_size,\
      attention_bias);?!null(q_lora_rank) q_a_layernorm:N(q_lora_rank);kv_a_layernorm:N(kv_lora_rank);\
      ?null(q_lora_rank) q_proj:L(hidden_size,num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim))
      """,
    "b113": """
      ?!(i<first_k_dense_replace) experts=b23;?!(i<first_k_dense_replace) gate:R(hidden_size,n_routed_experts);\
      ?!(i<first_k_dense_replace) shared_experts=b24;?!(i<first_k_dense_replace) gate=b25;\
      ?i<first_k_dense_replace gate_proj:L(hidden_size,intermediate_size);?i<first_k_dense_replace \
      up_proj:L(hidden_size,intermediate_size);?i<first_k_dense_replace down_proj:L(intermediate_size,hidden_size)
      """,
    "b114": """
      ?mlp_layer_types[i]=='sparse' experts=b23;?mlp_layer_types[i]=='sparse' gate:R(hidden_size,\
      n_routed_experts);?mlp_layer_types[i]=='sparse' shared_experts=b24;?mlp_layer_types[i]=='sparse' gate=b25;\
      ?!(mlp_layer_types[i]=='sparse') gate_proj:L(hidden_size,intermediate_size);\
      ?!(mlp_layer_types[i]=='sparse') up_proj:L(hidden_size,intermediate_size);?!(mlp_layer_types[i]=='sparse') \
      down_proj:L(intermediate_size,hidden_size)
      """,
    "b115": """
      self_attn{q_a_proj:L(hidden_size,q_lora_rank,attention_bias);q_b_proj:L(q_lora_rank,\
      num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim));kv_a_proj_with_mqa:L(hidden_size,\
      kv_lora_rank+qk_rope_head_dim,attention_bias);kv_b_proj:L(kv_lora_rank,\
      num_attention_heads*(qk_nope_head_dim+v_head_dim));o_proj:L(num_attention_heads*v_head_dim,hidden_size,\
      attention_bias);indexer=b27;q_a_layernorm:N(q_lora_rank);kv_a_layernorm:N(kv_lora_rank)};mlp=b114;\
      input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b116": """
      gate_up_proj:S(n_routed_experts,moe_intermediate_size*2,hidden_size|w1,w3);down_proj:S(n_routed_experts,\
      hidden_size,moe_intermediate_size|w2)
      """,
    "b117": """
      fn:T((2+hc_mult)*hc_mult,hc_mult*hidden_size);base:T((2+hc_mult)*hc_mult);scale:T(3)
      """,
    "b118": """
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
      gate:R(hidden_size,n_routed_experts);experts=b116;shared_experts{gate_proj:L(hidden_size,\
      moe_intermediate_size,mlp_bias);up_proj:L(hidden_size,moe_intermediate_size,mlp_bias);\
      down_proj:L(moe_intermediate_size,hidden_size,mlp_bias)};gate{?!(mlp_layer_types[i]=='hash_moe') \
      e_score_correction_bias:B(n_routed_experts);?mlp_layer_types[i]=='hash_moe' tid2eid:B(vocab_size,\
      num_experts_per_tok)}};input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);attn_hc=b117;\
      ffn_hc=b117
      """,
    "b119": """
      hc_fn:T(hc_mult,hc_mult*hidden_size);hc_base:T(hc_mult);hc_scale:T(1)
      """,
    "b12": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b11;norm:N(hidden_size)
      """,
    "b120": """
      linear1:L(vision_config.hidden_size,text_config.hidden_size,1);linear2:L(text_config.hidden_size,\
      text_config.hidden_size,1)
      """,
    "b121": """
      conv1:C(hidden_size,output_channels,0|hidden_size,1,1);conv2:C(output_channels,output_channels,0|\
      output_channels,3,3);layer_norm1:N(output_channels,1);layer_norm2:N(output_channels,1)
      """,
    "b122": """
      conv1:C(output_channels,output_channels*2,0|output_channels,3,3);conv2:C(output_channels*2,\
      output_channels*4,0|output_channels*2,3,3)
      """,
    "b123": """
      vision_proj:L(vision_config.hidden_size,text_config.hidden_size//2,1);\
      high_res_vision_proj:L(high_res_vision_config.output_channels*4,text_config.hidden_size//2,1);\
      proj:L(text_config.hidden_size,text_config.hidden_size,1)
      """,
    "b124": """
      self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
      num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
      attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias);lambda_q1:T(head_dim);\
      lambda_k1:T(head_dim);lambda_q2:T(head_dim);lambda_k2:T(head_dim)};mlp=b81;input_layernorm:N(hidden_size);\
      post_attention_layernorm:N(hidden_size)
      """,
    "b125": """
      projection:C(num_channels,hidden_size,1|num_channels,patch_size,patch_size)
      """,
    "b126": """
      q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),qkv_bias);k_proj:L(hidden_size,\
      num_attention_heads*(hidden_size//num_attention_heads),qkv_bias);v_proj:L(hidden_size,\
      num_attention_heads*(hidden_size//num_attention_heads),qkv_bias);\
      o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,1)
      """,
    "b127": """
      word_embeddings:E(vocab_size,dim)!;position_embeddings:E(max_position_embeddings,dim);LayerNorm:N(dim,1)
      """,
    "b128": """
      layer*n_layers{attention{q_lin:L(dim,dim,1);k_lin:L(dim,dim,1);v_lin:L(dim,dim,1);out_lin:L(dim,dim,1)};ffn{\
      lin1:L(dim,hidden_dim,1);lin2:L(hidden_dim,dim,1)};sa_layer_norm:N(dim,1);output_layer_norm:N(dim,1)}
      """,
    "b129": """
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
      """,
    "b13": """
      q_proj:L(hidden_size,num_attention_heads*head_dim);k_proj:L(hidden_size,num_key_value_heads*head_dim);\
      v_proj:L(hidden_size,num_key_value_heads*head_dim);o_proj:L(num_attention_heads*head_dim,hidden_size)
      """,
    "b130": """
      self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
      num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
      attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias);gate_proj:L(hidden_size,\
      num_attention_heads*head_dim);sqk:T(num_attention_heads*head_dim);s_gate:T(num_attention_heads*head_dim)};\
      mlp{gate_proj:L(hidden_size,intermediate_size,mlp_bias);up_proj:L(hidden_size,intermediate_size,mlp_bias);\
      down_proj:L(intermediate_size,hidden_size,mlp_bias);suv_gate:T(intermediate_size);\
      suv_up:T(intermediate_size)};lambda_1:T(hidden_size);lambda_2:T(hidden_size)
      """,
    "b131": """
      self_attn{q_a_proj:L(hidden_size,q_lora_rank,attention_bias);q_b_proj:L(q_lora_rank,\
      layer_types[i]=='indexed_attention'?num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim):(192+qk_rope_hea\
      d_dim)*64);kv_a_proj_with_mqa:L(hidden_size,\
      layer_types[i]=='indexed_attention'?kv_lora_rank+qk_rope_head_dim:1024+qk_rope_head_dim,attention_bias);\
      kv_b_proj:L(layer_types[i]=='indexed_attention'?kv_lora_rank:1024,\
      layer_types[i]=='indexed_attention'?num_attention_heads*(qk_nope_head_dim+v_head_dim):(192+v_head_dim)*64);\
      o_proj:L(layer_types[i]=='indexed_attention'?num_attention_heads*v_head_dim:v_head_dim*64,hidden_size,\
      attention_bias);g_proj:L(hidden_size,layer_types[i]=='indexed_attention'?num_attention_heads:64);\
      ?layer_types[i]=='indexed_attention' indexer=b27;q_a_layernorm:N(q_lora_rank);\
      kv_a_layernorm:N(layer_types[i]=='indexed_attention'?kv_lora_rank:1024);\
      k_rope_only_layernorm:N(qk_rope_head_dim)};mlp{?mlp_layer_types[i]=='sparse' experts=b23;\
      ?mlp_layer_types[i]=='sparse' gate:R(hidden_size,n_routed_experts);?mlp_layer_types[i]=='sparse' \
      shared_experts{gate_proj:L(hidden_size,shared_experts_intermediate_size*n_shared_experts);\
      up_proj:L(hidden_size,shared_experts_intermediate_size*n_shared_experts);\
      down_proj:L(shared_experts_intermediate_size*n_shared_experts,hidden_size)};?mlp_layer_types[i]=='sparse' \
      gate=b25;?!(mlp_layer_types[i]=='sparse') gate_proj:L(hidden_size,intermediate_size);\
      ?!(mlp_layer_types[i]=='sparse') up_proj:L(hidden_size,intermediate_size);?!(mlp_layer_types[i]=='sparse') \
      down_proj:L(intermediate_size,hidden_size)};input_layernorm:N(hidden_size);\
      post_attention_layernorm:N(hidden_size)
      """,
    "b132": """
      embeddings=b3;?!(embedding_size==hidden_size) embeddings_project:L(embedding_size,hidden_size,1);encoder=b47
      """,
    "b133": """
      word_embeddings:E(vocab_size,hidden_size)!;position_embeddings:E(max_position_embeddings,hidden_size);\
      token_type_embeddings:E(type_vocab_size,hidden_size);?use_task_id \
      task_type_embeddings:E(task_type_vocab_size,hidden_size);LayerNorm:N(hidden_size,1)
      """,
    "b134": """
      embeddings=b133;encoder=b47;pooler{dense:L(hidden_size,hidden_size,1)}
      """,
    "b135": """
      self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,use_bias);k_proj:L(hidden_size,\
      num_key_value_heads*head_dim,use_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,use_bias);\
      o_proj:L(num_attention_heads*head_dim,hidden_size,use_bias)};mlp{gate_proj:L(hidden_size,intermediate_size,\
      use_bias);up_proj:L(hidden_size,intermediate_size,use_bias);down_proj:L(intermediate_size,hidden_size,\
      use_bias)};input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b136": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b135;norm:N(hidden_size)
      """,
    "b137": """
      self_attn{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),use_bias);\
      k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),use_bias);v_proj:L(hidden_size,\
      num_key_value_heads*(hidden_size//num_attention_heads),use_bias);\
      o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,use_bias)};mlp{\
      ?!(i<moe_layer_start_index)&i<=moe_layer_end_index gate:R(hidden_size,moe_num_experts);\
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
      """,
    "b138": """
      self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
      num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
      attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias);q_norm:N(hidden_size);\
      k_norm:N(hidden_size)};mlp=b31;input_layernorm:N(hidden_size,1);post_attention_layernorm:N(hidden_size,1)
      """,
    "b139": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b138;norm:N(hidden_size)
      """,
    "b14": """
      out_proj:L(hidden_size,hidden_size,1);in_proj_weight:T(hidden_size*3,hidden_size);\
      in_proj_bias:T(hidden_size*3)
      """,
    "b140": """
      self_attn=b9;mlp=b31;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b141": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b140;norm:N(hidden_size)
      """,
    "b142": """
      model{embeddings@protein_encoder_config{word_embeddings:E(vocab_size,hidden_size)};encoder{\
      layer*resampler_depth@protein_encoder_config{attention{self=b44;output{dense:L(hidden_size,hidden_size,1)};\
      LayerNorm:N(hidden_size,1)};intermediate{dense:L(hidden_size,intermediate_size,1)};output{\
      dense:L(intermediate_size,hidden_size,1)};LayerNorm:N(hidden_size,1)};\
      emb_layer_norm_after@protein_encoder_config=b15};rotary_embeddings{inv_freq:B(32)}};\
      sequence_compressor_resampler{layers*resampler_depth{0{to_q:L(protein_encoder_config.hidden_size,\
      resampler_dim_head*resampler_heads);to_kv:L(protein_encoder_config.hidden_size,\
      resampler_dim_head*resampler_heads*2);to_out:L(resampler_dim_head*resampler_heads,\
      protein_encoder_config.hidden_size);norm_media@protein_encoder_config=b15;\
      norm_latents@protein_encoder_config=b15};1{fc1:L(protein_encoder_config.hidden_size,\
      protein_encoder_config.hidden_size*resampler_ff_mult);\
      fc2:L(protein_encoder_config.hidden_size*resampler_ff_mult,protein_encoder_config.hidden_size);\
      norm@protein_encoder_config=b15}};protein_projector:L(protein_encoder_config.hidden_size,hidden_size,1);\
      latents:T(resampler_num_latents,protein_encoder_config.hidden_size);norm:N(hidden_size,1)}
      """,
    "b143": """
      q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
      k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
      v_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
      o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,attention_bias)
      """,
    "b144": """
      self_attn=b143;mlp=b31;adapter{query:L(hidden_size,num_attention_heads*int(hidden_size/num_attention_heads),\
      1);key_protein:L(hidden_size,num_attention_heads*int(hidden_size/num_attention_heads),1);\
      value_protein:L(hidden_size,num_attention_heads*int(hidden_size/num_attention_heads),1);\
      out_proj:L(hidden_size,hidden_size,aligner_enable_bias);ff{fc1:L(hidden_size,hidden_size*aligner_ffn_mult);\
      fc2:L(hidden_size*aligner_ffn_mult,hidden_size);norm:N(hidden_size,1)};gate_attention:T(1);gate_ffw:T(1);\
      attention_norm:N(hidden_size)};input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b145": """
      q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads));k_proj:L(hidden_size,\
      num_key_value_heads*(hidden_size//num_attention_heads));v_proj:L(hidden_size,\
      num_key_value_heads*(hidden_size//num_attention_heads));\
      o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size);\
      q_norm:N(hidden_size//num_attention_heads);k_norm:N(hidden_size//num_attention_heads)
      """,
    "b146": """
      self_attn=b145;mlp=b81;post_attention_layernorm:N(hidden_size);post_feedforward_layernorm:N(hidden_size)
      """,
    "b147": """
      proj:C(in_channels,hidden_size,0|in_channels,temporal_patch_size,patch_size,patch_size)
      """,
    "b148": """
      gate_proj:L(hidden_size,intermediate_size,1);up_proj:L(hidden_size,intermediate_size,1);\
      down_proj:L(intermediate_size,hidden_size,1)
      """,
    "b149": """
      attn{proj:L(hidden_size,hidden_size,1);qkv:L(hidden_size,\
      num_heads*(hidden_size//num_heads)+num_key_value_heads*(hidden_size//num_heads)*2,1)};mlp=b148;\
      norm1:N(hidden_size);norm2:N(hidden_size)
      """,
    "b15": """
      weight:T(hidden_size);bias:T(hidden_size)
      """,
    "b150": """
      mlp{0:L(hidden_size*spatial_merge_size**2,hidden_size*spatial_merge_size**2,1);\
      2:L(hidden_size*spatial_merge_size**2,out_hidden_size,1)};ln_q:N(hidden_size)
      """,
    "b151": """
      self_attn=b145;mlp{?mlp_layer_types[i]=='sparse' experts=b1;?mlp_layer_types[i]=='sparse' \
      gate:R(hidden_size,num_experts);?mlp_layer_types[i]=='sparse' shared_experts=b0;\
      ?mlp_layer_types[i]=='sparse' gate{e_score_correction_bias:B(num_experts)};?!(mlp_layer_types[i]=='sparse') \
      gate_proj:L(hidden_size,intermediate_size);?!(mlp_layer_types[i]=='sparse') up_proj:L(hidden_size,\
      intermediate_size);?!(mlp_layer_types[i]=='sparse') down_proj:L(intermediate_size,hidden_size)};\
      input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b152": """
      query_key_value:L(hidden_size,\
      multi_query?(new_decoder_architecture?(num_kv_heads*2+num_attention_heads)*(hidden_size//num_attention_heads\
      ):hidden_size+hidden_size//num_attention_heads*2):hidden_size*3,bias);dense:L(hidden_size,hidden_size,bias)
      """,
    "b153": """
      dense_h_to_4h:L(hidden_size,ffn_hidden_size,bias);dense_4h_to_h:L(ffn_hidden_size,hidden_size,bias)
      """,
    "b154": """
      feed_forward=b31;mamba{\
      conv1d:C(null(mamba_d_ssm)?mamba_expand*hidden_size+mamba_n_groups*2*mamba_d_state:mamba_d_ssm+mamba_n_group\
      s*2*mamba_d_state,null(mamba_d_ssm)?mamba_expand*hidden_size+mamba_n_groups*2*mamba_d_state:mamba_d_ssm+mamb\
      a_n_groups*2*mamba_d_state,mamba_conv_bias|1,mamba_d_conv);in_proj:L(hidden_size,\
      null(mamba_d_ssm)?mamba_expand*hidden_size+(mamba_expand*hidden_size+mamba_n_groups*2*mamba_d_state)+mamba_n\
      _heads:mamba_d_ssm+(mamba_d_ssm+mamba_n_groups*2*mamba_d_state)+mamba_n_heads,mamba_proj_bias);\
      out_proj:L(null(mamba_d_ssm)?mamba_expand*hidden_size:mamba_d_ssm,hidden_size,projectors_bias);\
      dt_bias:T(mamba_n_heads);A_log:T(mamba_n_heads);D:T(mamba_n_heads);?mamba_rms_norm norm:N(mamba_d_ssm)};\
      self_attn=b143;input_layernorm:N(hidden_size);pre_ff_layernorm:N(hidden_size)
      """,
    "b155": """
      q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
      k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
      v_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
      o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,attention_bias);\
      q_norm:N(num_attention_heads*(hidden_size//num_attention_heads));\
      k_norm:N(num_key_value_heads*(hidden_size//num_attention_heads))
      """,
    "b156": """
      gate:R(hidden_size,num_experts);experts=b84
      """,
    "b157": """
      self_attn=b155;mlp=b156;post_attention_layernorm:N(hidden_size);post_feedforward_layernorm:N(hidden_size)
      """,
    "b158": """
      gate_proj:L(hidden_size,shared_expert_intermediate_size);up_proj:L(hidden_size,\
      shared_expert_intermediate_size);down_proj:L(shared_expert_intermediate_size,hidden_size)
      """,
    "b159": """
      self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
      num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
      attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias);\
      sinks:T(num_attention_heads);q_norm:N(head_dim);k_norm:N(head_dim)};mlp{?!(mlp_only_layers has i) \
      experts=b1;?!(mlp_only_layers has i) gate:R(hidden_size,num_experts);?!(mlp_only_layers has i) \
      shared_expert=b158;?mlp_only_layers has i gate_proj:L(hidden_size,intermediate_size);?mlp_only_layers has i \
      up_proj:L(hidden_size,intermediate_size);?mlp_only_layers has i down_proj:L(intermediate_size,hidden_size)};\
      input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b16": """
      cross_attn@vision_config{q_proj:L(hidden_size,hidden_size);k_proj:L(hidden_size,hidden_size);\
      v_proj:L(hidden_size,hidden_size);multihead_attn=b14;linear:L(hidden_size,hidden_size,1);\
      layer_norm:N(hidden_size,1);layer_norm_kv:N(hidden_size,1)};feed_forward{\
      linear_in:L(vision_config.hidden_size,text_config.hidden_size);linear_out:L(text_config.hidden_size,\
      text_config.hidden_size)};query:T(max_value_projector_patch_to_query_dict,vision_config.hidden_size);\
      layer_norm@vision_config=b15
      """,
    "b160": """
      word_embeddings:E(vocab_size,hidden_size)!;position_embeddings:E(max_position_embeddings,hidden_size);\
      token_type_embeddings:E(type_vocab_size,hidden_size);projection:L(hidden_size,hidden_size,1);\
      LayerNorm:N(hidden_size,1)
      """,
    "b161": """
      layer*num_hidden_layers{intermediate{dense:L(hidden_size,intermediate_size,1)};output=b46;fourier{output{\
      LayerNorm:N(hidden_size,1)}}}
      """,
    "b162": """
      embeddings=b160;encoder=b161;pooler{dense:L(hidden_size,hidden_size,1)}
      """,
    "b163": """
      self_attn=b9;mlp=b81;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b164": """
      self_attn=b9;mlp=b81;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);\
      pre_feedforward_layernorm:N(hidden_size);post_feedforward_layernorm:N(hidden_size)
      """,
    "b165": """
      q_proj:L(hidden_size,num_attention_heads*head_dim);k_proj:L(hidden_size,num_key_value_heads*head_dim);\
      v_proj:L(hidden_size,num_key_value_heads*head_dim);o_proj:L(num_attention_heads*head_dim,hidden_size);\
      q_norm:N(head_dim);k_norm:N(head_dim)
      """,
    "b166": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b165;mlp=b81;\
      input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);\
      pre_feedforward_layernorm:N(hidden_size);post_feedforward_layernorm:N(hidden_size)};norm:N(hidden_size)
      """,
    "b167": """
      mm_input_projection_weight:T(vision_config.hidden_size,text_config.hidden_size);\
      mm_soft_emb_norm@vision_config{weight:T(hidden_size)}
      """,
    "b168": """
      q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
      num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
      attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias);q_norm:N(head_dim);\
      k_norm:N(head_dim)
      """,
    "b169": """
      self_attn=b168;mlp=b81;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);\
      pre_feedforward_layernorm:N(hidden_size);post_feedforward_layernorm:N(hidden_size)
      """,
    "b17": """
      gate_proj:L(hidden_size,intermediate_size*moe_num_shared_experts,mlp_bias);up_proj:L(hidden_size,\
      intermediate_size*moe_num_shared_experts,mlp_bias);down_proj:L(intermediate_size*moe_num_shared_experts,\
      hidden_size,mlp_bias)
      """,
    "b170": """
      conv_exp:C(128,512,0|128,3,3);conv_pwl:C(512,128,0|512,1,1);bn1:N(512);bn2:N(128)
      """,
    "b171": """
      dw_start{conv:C(256,256,0|1,5,5);bn:N(256)};pw_exp{conv:C(256,1024,0|256,1,1);bn:N(1024)};pw_proj{\
      conv:C(1024,256,0|1024,1,1);bn:N(256)};layer_scale{gamma:T(256)}
      """,
    "b172": """
      dw_start{conv:C(256,256,0|1,3,3);bn:N(256)};pw_exp{conv:C(256,1024,0|256,1,1);bn:N(1024)};pw_proj{\
      conv:C(1024,256,0|1024,1,1);bn:N(256)};layer_scale{gamma:T(256)}
      """,
    "b173": """
      dw_start{conv:C(640,640,0|1,5,5);bn:N(640)};pw_exp{conv:C(640,2560,0|640,1,1);bn:N(2560)};pw_proj{\
      conv:C(2560,640,0|2560,1,1);bn:N(640)};layer_scale{gamma:T(640)}
      """,
    "b174": """
      down_conv:C(640,640,0|1,3,3);proj:C(640,64,0|640,1,1);norm:N(640)
      """,
    "b175": """
      attn{query{proj:C(640,768,0|640,1,1)};key=b174;value=b174;output{proj:C(768,640,0|768,1,1)}};norm:N(640);\
      layer_scale{gamma:T(640)}
      """,
    "b176": """
      pw_exp{conv:C(640,1280,0|640,1,1);bn:N(1280)};pw_proj{conv:C(1280,640,0|1280,1,1);bn:N(640)};layer_scale{\
      gamma:T(640)}
      """,
    "b177": """
      attn{query{proj:C(1280,1536,0|1280,1,1)};key{proj:C(1280,96,0|1280,1,1)};value{proj:C(1280,96,0|1280,1,1)};\
      output{proj:C(1536,1280,0|1536,1,1)}};norm:N(1280);layer_scale{gamma:T(1280)}
      """,
    "b178": """
      pw_exp{conv:C(1280,2560,0|1280,1,1);bn:N(2560)};pw_proj{conv:C(2560,1280,0|2560,1,1);bn:N(1280)};\
      layer_scale{gamma:T(1280)}
      """,
    "b179": """
      timm_model{conv_stem{conv:C(3,64,1|3,3,3);bn:N(64)};blocks{0{0{conv_exp:C(64,256,0|64,3,3);conv_pwl:C(256,\
      128,0|256,1,1);bn1:N(256);bn2:N(128)};1=b170;2=b170};1{0{dw_start{conv:C(128,128,0|1,3,3);bn:N(128)};pw_exp{\
      conv:C(128,768,0|128,1,1);bn:N(768)};dw_mid{conv:C(768,768,0|1,5,5);bn:N(768)};pw_proj{conv:C(768,256,0|768,\
      1,1);bn:N(256)};layer_scale{gamma:T(256)}};1=b171;2=b172;3=b171;4=b172};2{0{dw_start{conv:C(256,256,0|1,5,\
      5);bn:N(256)};pw_exp{conv:C(256,1536,0|256,1,1);bn:N(1536)};dw_mid{conv:C(1536,1536,0|1,5,5);bn:N(1536)};\
      pw_proj{conv:C(1536,640,0|1536,1,1);bn:N(640)};layer_scale{gamma:T(640)}};1=b173;2=b173;3=b173;4=b173;\
      5=b173;6=b173;7=b173;8{pw_exp{conv:C(640,640,0|640,1,1);bn:N(640)};pw_proj{conv:C(640,640,0|640,1,1);\
      bn:N(640)};layer_scale{gamma:T(640)}};9=b175;10=b176;11=b175;12=b176;13=b175;14=b176;15=b175;16=b176;\
      17=b175;18=b176;19=b175;20=b176;21=b175;22=b176;23=b175;24=b176;25=b175;26=b176;27=b175;28=b176;29=b175;\
      30=b176;31=b175;32=b176;33=b175;34=b176;35=b175;36=b176};3{0{dw_start{conv:C(640,640,0|1,5,5);bn:N(640)};\
      pw_exp{conv:C(640,3840,0|640,1,1);bn:N(3840)};dw_mid{conv:C(3840,3840,0|1,5,5);bn:N(3840)};pw_proj{\
      conv:C(3840,1280,0|3840,1,1);bn:N(1280)};layer_scale{gamma:T(1280)}};1=b177;2=b178;3=b177;4=b178;5=b177;\
      6=b178;7=b177;8=b178;9=b177;10=b178;11=b177;12=b178;13=b177;14=b178;15=b177;16=b178;17=b177;18=b178;19=b177;\
      20=b178;21=b177;22=b178;23=b177;24=b178;25=b177;26=b178;27=b177;28=b178;29=b177;30=b178;31=b177;32=b178;\
      33=b177;34=b178;35=b177;36=b178;37=b177;38=b178}};msfa{ffn{pw_exp{conv:C(1920,3840,0|1920,1,1);bn:N(3840)};\
      pw_proj{conv:C(3840,2048,0|3840,1,1);bn:N(2048)}};norm:N(2048)}}
      """,
    "b18": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b9;mlp{router:R(hidden_size,\
      moe_num_experts);experts{gate_up_proj:Q(moe_num_experts,hidden_size,intermediate_size*2);\
      down_proj:P(moe_num_experts,intermediate_size,hidden_size)};shared_experts=b17};\
      input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)
      """,
    "b180": """
      gate_proj:L(hidden_size,intermediate_size[i]);up_proj:L(hidden_size,intermediate_size[i]);\
      down_proj:L(intermediate_size[i],hidden_size)
      """,
    "b181": """
      correction_coefs:L(altup_num_inputs,altup_num_inputs);prediction_coefs:L(altup_num_inputs,\
      altup_num_inputs**2);modality_router:L(hidden_size,altup_num_inputs);correct_output_scale:T(hidden_size);\
      router_norm:N(hidden_size)
      """,
    "b182": """
      linear_left:L(hidden_size,laurel_rank);linear_right:L(laurel_rank,hidden_size);post_laurel_norm:N(hidden_size)
      """,
    "b183": """
      0:L(hidden_size,hidden_size);1:L(hidden_size,hidden_size);2:L(hidden_size,hidden_size)
      """,
    "b184": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn{q_proj:L(hidden_size,\
      num_attention_heads*head_dim);?i<num_hidden_layers-num_kv_shared_layers k_proj:L(hidden_size,\
      num_key_value_heads*head_dim);?i<num_hidden_layers-num_kv_shared_layers v_proj:L(hidden_size,\
      num_key_value_heads*head_dim);o_proj:L(num_attention_heads*head_dim,hidden_size);q_norm:N(head_dim);\
      ?i<num_hidden_layers-num_kv_shared_layers k_norm:N(head_dim)};mlp=b180;altup=b181;laurel=b182;\
      per_layer_input_gate:L(hidden_size,hidden_size_per_layer_input);\
      per_layer_projection:L(hidden_size_per_layer_input,hidden_size);input_layernorm:N(hidden_size);\
      post_attention_layernorm:N(hidden_size);pre_feedforward_layernorm:N(hidden_size);\
      post_feedforward_layernorm:N(hidden_size);post_per_layer_input_norm:N(hidden_size)};\
      embed_tokens_per_layer:E(vocab_size_per_layer_input,num_hidden_layers*hidden_size_per_layer_input);\
      per_layer_model_projection:L(hidden_size,num_hidden_layers*hidden_size_per_layer_input);\
      altup_projections=b183;altup_unembed_projections=b183;norm:N(hidden_size);\
      per_layer_projection_norm:N(hidden_size_per_layer_input)
      """,
    "b185": """
      conv_0{conv:C(1,sscp_conv_channel_size[0],0|1,3,3);norm:N(sscp_conv_channel_size[0])};conv_1{\
      conv:C(sscp_conv_channel_size[0],sscp_conv_channel_size[1],0|sscp_conv_channel_size[0],3,3);\
      norm:N(sscp_conv_channel_size[1])};\
      input_proj_linear:L(sscp_conv_channel_size[1]*(((input_feat_size+1+1-3)//2+1+1+1-3)//2+1),hidden_size)
      """,
    "b186": """
      ffw_layer_1:L(hidden_size,hidden_size*4);ffw_layer_2:L(hidden_size*4,hidden_size);\
      pre_layer_norm:N(hidden_size);post_layer_norm:N(hidden_size)
      """,
    "b187": """
      ffw_layer_start=b186;attention{attn{relative_position_embedding{pos_proj:L(hidden_size,\
      conf_num_attention_heads*(hidden_size//conf_num_attention_heads))};q_proj:L(hidden_size,\
      conf_num_attention_heads*(hidden_size//conf_num_attention_heads));k_proj:L(hidden_size,\
      conf_num_attention_heads*(hidden_size//conf_num_attention_heads));v_proj:L(hidden_size,\
      conf_num_attention_heads*(hidden_size//conf_num_attention_heads));\
      per_dim_scale:T(hidden_size//conf_num_attention_heads)};post:L(hidden_size,hidden_size);\
      pre_attn_norm:N(hidden_size);post_norm:N(hidden_size)};lconv1d{linear_start:L(hidden_size,hidden_size*2);\
      depthwise_conv1d:C(hidden_size,hidden_size,0|hidden_size//hidden_size,conf_conv_kernel_size);\
      linear_end:L(hidden_size,hidden_size);pre_layer_norm:N(hidden_size);conv_norm:N(hidden_size)};\
      ffw_layer_end=b186;norm:N(hidden_size)
      """,
    "b188": """
      subsample_conv_projection=b185;conformer*conf_num_hidden_layers=b187
      """,
    "b189": """
      embedding:E(vision_config.vocab_size,vision_config.hidden_size);\
      embedding_projection:L(vision_config.hidden_size,text_config.hidden_size);hard_embedding_norm@vision_config{\
      weight:T(hidden_size)};soft_embedding_norm@vision_config{weight:T(hidden_size)}
      """,
    "b19": """
      self_attn=b9;mlp{router:R(hidden_size,moe_num_experts);experts{gate_up_proj:Q(moe_num_experts,hidden_size,\
      intermediate_size*2);down_proj:Q(moe_num_experts,intermediate_size,hidden_size)};shared_experts=b17};\
      input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b190": """
      embedding:E(audio_config.vocab_size,audio_config.hidden_size);\
      embedding_projection:L(audio_config.hidden_size,text_config.hidden_size);hard_embedding_norm@audio_config{\
      weight:T(hidden_size)};soft_embedding_norm@audio_config{weight:T(hidden_size)}
      """,
    "b191": """
      linear:L(hidden_size,num_key_value_heads*head_dim);?use_clipped_linears input_min:B();?use_clipped_linears \
      input_max:B();?use_clipped_linears output_min:B();?use_clipped_linears output_max:B()
      """,
    "b192": """
      linear:L(hidden_size,intermediate_size);?use_clipped_linears input_min:B();?use_clipped_linears \
      input_max:B();?use_clipped_linears output_min:B();?use_clipped_linears output_max:B()
      """,
    "b193": """
      layers*num_hidden_layers@vision_config=b78
      """,
    "b194": """
      vision_model{embeddings@vision_config=b77;encoder=b193;pre_layrnorm@vision_config=b15;\
      post_layernorm@vision_config=b15}
      """,
    "b195": """
      visual_projection{0:L(vision_config.hidden_size,hidden_size,1);1:N(hidden_size,1)}
      """,
    "b196": """
      q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
      num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
      attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size)
      """,
    "b197": """
      gate_up_proj:L(hidden_size,intermediate_size*2);down_proj:L(intermediate_size,hidden_size)
      """,
    "b198": """
      self_attn=b196;mlp=b197;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b199": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b198;norm:N(hidden_size)
      """,
    "b2": """
      self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
      num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
      attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias);gate_proj:L(hidden_size,\
      num_attention_heads*head_dim);q_norm:N(head_dim);k_norm:N(head_dim)};mlp{?!(i<num_dense_layers) router{\
      gate:L(hidden_size,num_experts)};?!(i<num_dense_layers) shared_experts=b0;?!(i<num_dense_layers) experts=b1;\
      ?!(i<num_dense_layers) expert_bias:T(num_experts);?i<num_dense_layers gate_proj:L(hidden_size,\
      intermediate_size);?i<num_dense_layers up_proj:L(hidden_size,intermediate_size);?i<num_dense_layers \
      down_proj:L(intermediate_size,hidden_size)};input_layernorm:N(hidden_size);\
      post_attention_layernorm:N(hidden_size);pre_mlp_layernorm:N(hidden_size);post_mlp_layernorm:N(hidden_size)
      """,
    "b20": """
      linear_1:L(audio_config.hidden_size,text_config.hidden_size,projector_bias);\
      linear_2:L(text_config.hidden_size,text_config.hidden_size,projector_bias)
      """,
    "b200": """
      self_attn=b196;mlp=b197;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);\
      post_self_attn_layernorm:N(hidden_size);post_mlp_layernorm:N(hidden_size)
      """,
    "b201": """
      self_attn{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
      k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
      v_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
      o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size);?use_qk_norm \
      q_norm:N(hidden_size//num_attention_heads);?use_qk_norm k_norm:N(hidden_size//num_attention_heads)};\
      mlp=b113;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b202": """
      self_attn=b110;mlp=b114;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b203": """
      position_embedding:E((image_size//patch_size)**2,hidden_size)
      """,
    "b204": """
      attn{qkv:L(hidden_size,hidden_size*3,attention_bias);proj:L(hidden_size,hidden_size)};mlp{\
      gate_proj:L(hidden_size,out_hidden_size);up_proj:L(hidden_size,out_hidden_size);down_proj:L(out_hidden_size,\
      hidden_size)};norm1:N(hidden_size);norm2:N(hidden_size)
      """,
    "b205": """
      proj:L(out_hidden_size,out_hidden_size);gate_proj:L(out_hidden_size,intermediate_size);\
      up_proj:L(out_hidden_size,intermediate_size);down_proj:L(intermediate_size,out_hidden_size);\
      post_projection_norm:N(out_hidden_size,1)
      """,
    "b206": """
      embeddings=b203;patch_embed=b87;blocks*depth=b204;merger=b205;downsample:C(hidden_size,out_hidden_size,1|\
      hidden_size,spatial_merge_size,spatial_merge_size);post_conv_layernorm:N(hidden_size);\
      post_layernorm:N(hidden_size)
      """,
    "b207": """
      q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),1);k_proj:L(hidden_size,\
      num_key_value_heads*(hidden_size//num_attention_heads),1);v_proj:L(hidden_size,\
      num_key_value_heads*(hidden_size//num_attention_heads),1);\
      o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size)
      """,
    "b208": """
      self_attn=b207;mlp=b197;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);\
      post_self_attn_layernorm:N(hidden_size);post_mlp_layernorm:N(hidden_size)
      """,
    "b209": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b208;norm:N(hidden_size)
      """,
    "b21": """
      multi_modal_projector=b20;audio_tower:A(AutoModel,audio_config);language_model:A(AutoModel,text_config)
      """,
    "b210": """
      q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
      k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
      v_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
      o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size)
      """,
    "b211": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b210;mlp=b113;\
      input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)
      """,
    "b212": """
      gate_up_proj:P(n_routed_experts,moe_intermediate_size*2,hidden_size);down_proj:P(n_routed_experts,\
      hidden_size,moe_intermediate_size)
      """,
    "b213": """
      attn{qkv:L(hidden_size,hidden_size*3,attention_bias);proj:L(hidden_size,hidden_size,attention_bias);\
      q_norm:N(hidden_size//num_heads);k_norm:N(hidden_size//num_heads)};mlp{gate_proj:L(hidden_size,\
      intermediate_size,attention_bias);up_proj:L(hidden_size,intermediate_size,attention_bias);\
      down_proj:L(intermediate_size,hidden_size,attention_bias)};norm1:N(hidden_size);norm2:N(hidden_size)
      """,
    "b214": """
      self_attn{q_a_proj:L(hidden_size,q_lora_rank,attention_bias);q_b_proj:L(q_lora_rank,\
      num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim));kv_a_proj_with_mqa:L(hidden_size,\
      kv_lora_rank+qk_rope_head_dim,attention_bias);kv_b_proj:L(kv_lora_rank,\
      num_attention_heads*(qk_nope_head_dim+v_head_dim));o_proj:L(num_attention_heads*v_head_dim,hidden_size,\
      attention_bias);?!(indexer_types[i]=='shared') indexer=b27;q_a_layernorm:N(q_lora_rank);\
      kv_a_layernorm:N(kv_lora_rank)};mlp=b114;input_layernorm:N(hidden_size);\
      post_attention_layernorm:N(hidden_size)
      """,
    "b215": """
      proj:L(out_hidden_size,out_hidden_size);gate_proj:L(out_hidden_size,out_hidden_size*in_channels);\
      up_proj:L(out_hidden_size,out_hidden_size*in_channels);down_proj:L(out_hidden_size*in_channels,\
      out_hidden_size);post_projection_norm:N(out_hidden_size,1)
      """,
    "b216": """
      patch_embed@vision_config=b87;blocks*text_config.num_hidden_layers@vision_config=b213;\
      merger@vision_config=b215;downsample:C(vision_config.hidden_size,vision_config.out_hidden_size,1|\
      vision_config.hidden_size,vision_config.spatial_merge_size,vision_config.spatial_merge_size);\
      post_layernorm@vision_config{weight:T(hidden_size)}
      """,
    "b217": """
      q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads));k_proj:L(hidden_size,\
      num_key_value_heads*(hidden_size//num_attention_heads));v_proj:L(hidden_size,\
      num_key_value_heads*(hidden_size//num_attention_heads));\
      o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size)
      """,
    "b218": """
      self_attn=b217;mlp=b197;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);\
      post_self_attn_layernorm:N(hidden_size);post_mlp_layernorm:N(hidden_size)
      """,
    "b219": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b218;norm:N(hidden_size)
      """,
    "b22": """
      self_attn{k_proj:L(hidden_size,hidden_size);v_proj:L(hidden_size,hidden_size,1);q_proj:L(hidden_size,\
      hidden_size,1);out_proj:L(hidden_size,hidden_size,1)};fc1:L(hidden_size,intermediate_size,1);\
      fc2:L(intermediate_size,hidden_size,1);self_attn_layer_norm:N(hidden_size,1);final_layer_norm:N(hidden_size,1)
      """,
    "b220": """
      linear_1:L(audio_config.intermediate_size,text_config.hidden_size*2,1);linear_2:L(text_config.hidden_size*2,\
      text_config.hidden_size,1)
      """,
    "b221": """
      lin1:L(hidden_size,mlp_dim,1);lin2:L(mlp_dim,hidden_size,1)
      """,
    "b222": """
      attn{qkv:L(hidden_size,hidden_size*3,qkv_bias);proj:L(hidden_size,hidden_size,1);\
      rel_pos_h:T(global_attn_indexes has i?image_size//patch_size*2-1:window_size*2-1,\
      hidden_size//num_attention_heads);rel_pos_w:T(global_attn_indexes has \
      i?image_size//patch_size*2-1:window_size*2-1,hidden_size//num_attention_heads)};mlp=b221;\
      layer_norm1:N(hidden_size,1);layer_norm2:N(hidden_size,1)
      """,
    "b223": """
      conv_upsampler1:C(vision_config.output_channels,vision_config.output_channels*2,0|\
      vision_config.output_channels,3,3);conv_upsampler2:C(vision_config.output_channels*2,\
      text_config.hidden_size,0|vision_config.output_channels*2,3,3);\
      multimodal_projector:L(text_config.hidden_size,text_config.hidden_size,1)
      """,
    "b224": """
      c_attn:G(n_embd,n_embd*3,1);c_proj:G(n_embd,n_embd,1)
      """,
    "b225": """
      c_attn:G(n_embd,n_embd*2,1);q_attn:G(n_embd,n_embd,1);c_proj:G(n_embd,n_embd,1)
      """,
    "b226": """
      c_fc:G(n_embd,null(n_inner)?n_embd*4:n_inner,1);c_proj:G(null(n_inner)?n_embd*4:n_inner,n_embd,1)
      """,
    "b227": """
      wte:E(vocab_size,n_embd)!;wpe:E(n_positions,n_embd);h*n_layer{attn=b224;?add_cross_attention \
      crossattention=b225;mlp=b226;ln_1:N(n_embd,1);ln_2:N(n_embd,1);?add_cross_attention ln_cross_attn:N(n_embd,\
      1)};ln_f:N(n_embd,1)
      """,
    "b228": """
      attn=b224;mlp=b226;ln_1:N(n_embd,1);ln_2:N(n_embd,1);?add_cross_attention crossattention=b225;\
      ?add_cross_attention ln_cross_attn:N(n_embd,1)
      """,
    "b229": """
      attn{c_attn:L(n_embd,multi_query?n_embd+n_embd//n_head*2:n_embd+n_head*(n_embd//n_head)*2,1);\
      c_proj:L(n_embd,n_embd,1)};mlp{c_fc:L(n_embd,null(n_inner)?n_embd*4:n_inner,1);\
      c_proj:L(null(n_inner)?n_embd*4:n_inner,n_embd,1)};ln_1:N(n_embd,1);ln_2:N(n_embd,1)
      """,
    "b23": """
      gate_up_proj:S(n_routed_experts,moe_intermediate_size*2,hidden_size|gate_proj,up_proj);\
      down_proj:S(n_routed_experts,hidden_size,moe_intermediate_size|down_proj)
      """,
    "b230": """
      attn{attention{k_proj:L(hidden_size,hidden_size);v_proj:L(hidden_size,hidden_size);q_proj:L(hidden_size,\
      hidden_size);out_proj:L(hidden_size,hidden_size,1)}};mlp{c_fc:L(hidden_size,hidden_size*4,1);\
      c_proj:L(hidden_size*4,hidden_size,1)};ln_1:N(hidden_size,1);ln_2:N(hidden_size,1)
      """,
    "b231": """
      wte:E(vocab_size,hidden_size)!;wpe:E(max_position_embeddings,hidden_size);h*num_layers=b230;\
      ln_f:N(hidden_size,1)
      """,
    "b232": """
      dense_h_to_4h:L(hidden_size,intermediate_size,1);dense_4h_to_h:L(intermediate_size,hidden_size,1)
      """,
    "b233": """
      attention{query_key_value:L(hidden_size,hidden_size*3,attention_bias);dense:L(hidden_size,hidden_size,\
      attention_bias)};mlp=b232;input_layernorm:N(hidden_size,1);post_attention_layernorm:N(hidden_size,1)
      """,
    "b234": """
      attention{query_key_value:L(hidden_size,hidden_size*3);dense:L(hidden_size,hidden_size);\
      ?i==num_hidden_layers-1 dense_bias:T(hidden_size)};mlp{dense_h_to_4h:L(hidden_size,\
      hidden_size*intermediate_multiple_size);dense_4h_to_h:L(hidden_size*intermediate_multiple_size,\
      hidden_size)};input_layernorm:N(hidden_size,1);post_attention_layernorm:N(hidden_size,1)
      """,
    "b235": """
      q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
      num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
      attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias);sinks:T(num_attention_heads)
      """,
    "b236": """
      attn{k_proj:L(n_embd,n_embd);v_proj:L(n_embd,n_embd);q_proj:L(n_embd,n_embd);out_proj:L(n_embd,n_embd)};\
      mlp=b79;ln_1:N(n_embd,1)
      """,
    "b237": """
      self_attn=b143;mlp=b31;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b238": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b237;norm:N(hidden_size)
      """,
    "b239": """
      patch_embedding:C(num_channels,hidden_size,1|num_channels,patch_size,patch_size);\
      position_embedding:E((image_size//patch_size)**2,hidden_size)
      """,
    "b24": """
      gate_proj:L(hidden_size,moe_intermediate_size*n_shared_experts);up_proj:L(hidden_size,\
      moe_intermediate_size*n_shared_experts);down_proj:L(moe_intermediate_size*n_shared_experts,hidden_size)
      """,
    "b240": """
      linear_1:L(hidden_size*scale_factor**2,out_hidden_size,1);linear_2:L(out_hidden_size,out_hidden_size,1);\
      layer_norm:N(hidden_size*scale_factor**2,1)
      """,
    "b241": """
      linear_1:L(hidden_size*(scale_factor//2)**2,out_hidden_size,1);linear_2:L(out_hidden_size,out_hidden_size,\
      1);layer_norm:N(hidden_size*(scale_factor//2)**2,1)
      """,
    "b242": """
      coarse{projection:L(hidden_size*scale_factor**2,out_hidden_size);deepstack_mergers{0=b240;1=b240;2=b240}};\
      ?use_fine_route fine{projection:L(hidden_size*(scale_factor//2)**2,out_hidden_size);deepstack_mergers{\
      0=b241;1=b241;2=b241}};mlp_fc2:L(out_hidden_size,out_hidden_size);ln_in:N(hidden_size,1);\
      ln_mid:N(out_hidden_size,1);ln_out:N(out_hidden_size,1)
      """,
    "b243": """
      embeddings@vision_config=b239;encoder=b96;connector@vision_config=b242;post_layernorm@vision_config=b15
      """,
    "b244": """
      up_proj:L(hidden_dim,hidden_dim*feedforward_mult,1);down_proj:L(hidden_dim*feedforward_mult,hidden_dim,1);\
      pre_norm:N(hidden_dim,1)
      """,
    "b245": """
      encoder@encoder_config{input_linear:L(input_dim,hidden_dim,1);layers*num_layers{ff1=b244;attn{\
      to_q:L(hidden_dim,dim_head*num_heads);to_kv:L(hidden_dim,dim_head*num_heads*2);to_out:L(dim_head*num_heads,\
      hidden_dim,1);rel_pos_emb:E(max_pos_emb*2+1,dim_head);pre_norm:N(hidden_dim,1)};conv{up_conv:C(hidden_dim,\
      hidden_dim*conv_expansion_factor*2,1|hidden_dim,1);depth_conv{conv:C(hidden_dim*conv_expansion_factor,\
      hidden_dim*conv_expansion_factor,0|hidden_dim*conv_expansion_factor//(hidden_dim*conv_expansion_factor),\
      conv_kernel_size)};down_conv:C(hidden_dim*conv_expansion_factor,hidden_dim,1|\
      hidden_dim*conv_expansion_factor,1);norm:N(hidden_dim,1);batch_norm{\
      weight:T(hidden_dim*conv_expansion_factor);bias:T(hidden_dim*conv_expansion_factor);\
      running_mean:B(hidden_dim*conv_expansion_factor);running_var:B(hidden_dim*conv_expansion_factor);\
      num_batches_tracked:B()}};ff2=b244;post_norm:N(hidden_dim,1)};out:L(hidden_dim,output_dim,1);\
      out_mid:L(output_dim,hidden_dim,1)};projector{linear:L(projector_config.hidden_size,text_config.hidden_size,\
      1);query:T(1,window_size//downsample_rate,projector_config.hidden_size);qformer:A(AutoModel,\
      projector_config)};language_model:A(AutoModel,text_config)
      """,
    "b246": """
      q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
      k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
      v_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
      o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,attention_bias);\
      sinks:T(num_attention_heads)
      """,
    "b247": """
      self_attn=b246;mlp=b31;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b248": """
      gate_up_proj:P(num_local_experts,intermediate_size*2,hidden_size);down_proj:P(num_local_experts,hidden_size,\
      intermediate_size)
      """,
    "b249": """
      router:R(hidden_size,num_local_experts);experts=b248
      """,
    "b25": """
      e_score_correction_bias:B(n_routed_experts)
      """,
    "b250": """
      self_attn=b143;block_sparse_moe=b249;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b251": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b250;norm:N(hidden_size)
      """,
    "b252": """
      self_attn=b246;block_sparse_moe=b249;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b253": """
      block_sparse_moe=b249;shared_mlp{input_linear:L(hidden_size,shared_intermediate_size*2);\
      output_linear:L(shared_intermediate_size,hidden_size)};mamba=b32;input_layernorm:N(hidden_size);\
      post_attention_layernorm:N(hidden_size)
      """,
    "b254": """
      word_embeddings:E(vocab_size,hidden_size)!;token_type_embeddings:E(type_vocab_size,hidden_size);\
      LayerNorm:N(hidden_size,1)
      """,
    "b255": """
      q_proj:M(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),1|\
      num_attention_heads*(hidden_size//num_attention_heads)*3,\
      num_attention_heads*(hidden_size//num_attention_heads));k_proj:M(hidden_size,\
      num_attention_heads*(hidden_size//num_attention_heads),1|\
      num_attention_heads*(hidden_size//num_attention_heads)*3,\
      num_attention_heads*(hidden_size//num_attention_heads));v_proj:M(hidden_size,\
      num_attention_heads*(hidden_size//num_attention_heads),1|\
      num_attention_heads*(hidden_size//num_attention_heads)*3,\
      num_attention_heads*(hidden_size//num_attention_heads));\
      o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,1)
      """,
    "b256": """
      mlp{gate_proj:M(hidden_size,intermediate_size,0|6144,hidden_size);up_proj:M(hidden_size,intermediate_size,0|\
      6144,hidden_size);down_proj:L(intermediate_size,hidden_size,1)};self_attn=b255;\
      post_attention_layernorm:N(hidden_size,1);post_mlp_layernorm:N(hidden_size,1)
      """,
    "b257": """
      embeddings=b254;layers*num_hidden_layers=b256
      """,
    "b258": """
      self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
      num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
      attention_bias);o_proj:L(hidden_size,hidden_size)};mlp=b31;input_layernorm:N(hidden_size);\
      post_attention_layernorm:N(hidden_size)
      """,
    "b259": """
      layers*num_layers_per_stack{self_attn{q_proj:M(hidden_size,num_attention_heads*head_dim,attention_bias|6144,\
      1536);k_proj:M(hidden_size,num_attention_heads*head_dim,attention_bias|6144,1536);v_proj:M(hidden_size,\
      num_attention_heads*head_dim,attention_bias|6144,1536);o_proj:L(num_attention_heads*head_dim,hidden_size,\
      attention_bias);gate_proj:M(hidden_size,num_attention_heads*head_dim,attention_bias|6144,1536)};mlp{\
      gate_proj:M(hidden_size,intermediate_size,mlp_bias|8192,1536);up_proj:M(hidden_size,intermediate_size,\
      mlp_bias|8192,1536);down_proj:L(intermediate_size,hidden_size,mlp_bias)}}
      """,
    "b26": """
      self_attn{q_a_proj:L(hidden_size,q_lora_rank,attention_bias);q_b_proj:L(q_lora_rank,\
      num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim));kv_a_proj_with_mqa:L(hidden_size,\
      kv_lora_rank+qk_rope_head_dim,attention_bias);kv_b_proj:L(kv_lora_rank,\
      num_attention_heads*(qk_nope_head_dim+v_head_dim));o_proj:L(num_attention_heads*v_head_dim,hidden_size,\
      attention_bias);q_a_layernorm:N(q_lora_rank);kv_a_layernorm:N(kv_lora_rank)};mlp{\
      ?mlp_layer_types[i]=='sparse' experts=b23;?mlp_layer_types[i]=='sparse' gate:R(hidden_size,\
      n_routed_experts);?mlp_layer_types[i]=='sparse' shared_experts=b24;?mlp_layer_types[i]=='sparse' gate=b25;\
      ?mlp_layer_types[i]=='sparse' post_mlp_layernorm:N(hidden_size);?!(mlp_layer_types[i]=='sparse') \
      gate_proj:L(hidden_size,intermediate_size);?!(mlp_layer_types[i]=='sparse') up_proj:L(hidden_size,\
      intermediate_size);?!(mlp_layer_types[i]=='sparse') down_proj:L(intermediate_size,hidden_size)};\
      input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b260": """
      q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
      num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
      attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias);\
      query_layernorm:N(head_dim);key_layernorm:N(head_dim)
      """,
    "b261": """
      self_attn=b260;mlp=b81;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b262": """
      self_attn=b260;mlp{gate{wg:L(hidden_size,num_experts)};experts=b84;shared_mlp=b81};\
      input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b263": """
      patch_embedding:C(num_channels,hidden_size,1|num_channels,patch_size,patch_size);\
      position_embedding:E((max_image_size//patch_size)**2+1,hidden_size)
      """,
    "b264": """
      q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),1);k_proj:L(hidden_size,\
      num_attention_heads*(hidden_size//num_attention_heads),1);v_proj:L(hidden_size,\
      num_attention_heads*(hidden_size//num_attention_heads),1);\
      o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,1)
      """,
    "b265": """
      self_attn=b264;mlp=b66;layer_norm1:N(hidden_size,1);layer_norm2:N(hidden_size,1)
      """,
    "b266": """
      self_attn=b168;mlp{?mlp_layer_types[i]=='sparse' gate:R(hidden_size,num_experts);\
      ?mlp_layer_types[i]=='sparse' experts=b1;?mlp_layer_types[i]=='sparse' shared_experts{\
      gate_proj:L(hidden_size,moe_intermediate_size*num_shared_experts,mlp_bias);up_proj:L(hidden_size,\
      moe_intermediate_size*num_shared_experts,mlp_bias);down_proj:L(moe_intermediate_size*num_shared_experts,\
      hidden_size,mlp_bias)};?mlp_layer_types[i]=='sparse' e_score_correction_bias:B(num_experts);\
      ?!(mlp_layer_types[i]=='sparse') gate_proj:L(hidden_size,intermediate_size,mlp_bias);\
      ?!(mlp_layer_types[i]=='sparse') up_proj:L(hidden_size,intermediate_size,mlp_bias);\
      ?!(mlp_layer_types[i]=='sparse') down_proj:L(intermediate_size,hidden_size,mlp_bias)};\
      input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b267": """
      q_a_proj:L(hidden_size,q_lora_rank,attention_bias);q_b_proj:L(q_lora_rank,\
      num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim));kv_a_proj_with_mqa:L(hidden_size,\
      kv_lora_rank+qk_rope_head_dim,attention_bias);kv_b_proj:L(kv_lora_rank,\
      num_attention_heads*(qk_nope_head_dim+v_head_dim));o_proj:L(num_attention_heads*v_head_dim,hidden_size,\
      attention_bias);?!(indexer_types[i]=='shared') indexer=b27;gate_proj:L(hidden_size,\
      num_attention_heads*v_head_dim);sinks:T(num_attention_heads);q_a_layernorm:N(q_lora_rank);\
      kv_a_layernorm:N(kv_lora_rank)
      """,
    "b268": """
      fn:T(hc_mult*2,hc_mult*hidden_size);base:T(hc_mult*2);scale:T(2)
      """,
    "b269": """
      self_attn=b267;mlp{?mlp_layer_types[i]=='sparse' experts=b212;?mlp_layer_types[i]=='sparse' \
      gate:R(hidden_size,n_routed_experts);?mlp_layer_types[i]=='sparse' shared_experts=b24;\
      ?mlp_layer_types[i]=='sparse' gate=b25;?!(mlp_layer_types[i]=='sparse') gate_proj:L(hidden_size,\
      intermediate_size);?!(mlp_layer_types[i]=='sparse') up_proj:L(hidden_size,intermediate_size);\
      ?!(mlp_layer_types[i]=='sparse') down_proj:L(intermediate_size,hidden_size)};input_layernorm:N(hidden_size);\
      post_attention_layernorm:N(hidden_size);attn_hc=b268;ffn_hc=b268
      """,
    "b27": """
      wq_b:L(q_lora_rank,index_n_heads*index_head_dim);wk:L(hidden_size,index_head_dim);\
      weights_proj:L(hidden_size,index_n_heads);k_norm:N(index_head_dim,1)
      """,
    "b270": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b267;mlp{?!(i==0) experts=b212;\
      ?!(i==0) gate:R(hidden_size,n_routed_experts);?!(i==0) shared_experts=b24;?!(i==0) gate=b25;?i==0 \
      gate_proj:L(hidden_size,intermediate_size);?i==0 up_proj:L(hidden_size,intermediate_size);?i==0 \
      down_proj:L(intermediate_size,hidden_size)};input_layernorm:N(hidden_size);\
      post_attention_layernorm:N(hidden_size);attn_hc=b268;ffn_hc=b268};norm:N(hidden_size);hc_head=b119
      """,
    "b271": """
      proj_conv:C(hidden_size,hidden_size*spatial_merge_size**2,1|hidden_size,spatial_merge_size,\
      spatial_merge_size);proj_out:C(hidden_size*spatial_merge_size**2,out_hidden_size,1|\
      hidden_size*spatial_merge_size**2,1,1);image_newline:T(out_hidden_size);before_rms:N(hidden_size)
      """,
    "b272": """
      embeddings@vision_config=b263;layers*text_config.num_hidden_layers@vision_config=b265;\
      patch_merger@vision_config=b271
      """,
    "b273": """
      self_attn=b9;mlp=b31;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);?use_post_norm \
      post_norm1:N(hidden_size);?use_post_norm post_norm2:N(hidden_size)
      """,
    "b274": """
      x_min:B(1);x_max:B(1);act_scaling_factor:B(1)
      """,
    "b275": """
      weight:T(hidden_size);bias:T(hidden_size);shift:B(1);activation=b274
      """,
    "b276": """
      word_embeddings{weight:T(vocab_size,hidden_size);weight_scaling_factor:B(1);weight_integer:B(vocab_size,\
      hidden_size)};token_type_embeddings{weight:T(type_vocab_size,hidden_size);weight_scaling_factor:B(1);\
      weight_integer:B(type_vocab_size,hidden_size)};position_embeddings{weight:T(max_position_embeddings,\
      hidden_size);weight_scaling_factor:B(1);weight_integer:B(max_position_embeddings,hidden_size)};\
      embeddings_act1=b274;embeddings_act2=b274;LayerNorm=b275;output_activation=b274
      """,
    "b277": """
      weight:T(num_attention_heads*int(hidden_size/num_attention_heads),hidden_size);\
      bias:T(num_attention_heads*int(hidden_size/num_attention_heads));\
      weight_integer:B(num_attention_heads*int(hidden_size/num_attention_heads),hidden_size);\
      fc_scaling_factor:B(num_attention_heads*int(hidden_size/num_attention_heads));\
      bias_integer:B(num_attention_heads*int(hidden_size/num_attention_heads))
      """,
    "b278": """
      layer*num_hidden_layers{attention{self{query=b277;key=b277;value=b277;query_activation=b274;\
      key_activation=b274;value_activation=b274;output_activation=b274;softmax{act=b274}};output{dense{\
      weight:T(hidden_size,hidden_size);bias:T(hidden_size);weight_integer:B(hidden_size,hidden_size);\
      fc_scaling_factor:B(hidden_size);bias_integer:B(hidden_size)};ln_input_act=b274;LayerNorm=b275;\
      output_activation=b274}};intermediate{dense{weight:T(intermediate_size,hidden_size);\
      bias:T(intermediate_size);weight_integer:B(intermediate_size,hidden_size);\
      fc_scaling_factor:B(intermediate_size);bias_integer:B(intermediate_size)};output_activation=b274};output{\
      dense{weight:T(hidden_size,intermediate_size);bias:T(hidden_size);weight_integer:B(hidden_size,\
      intermediate_size);fc_scaling_factor:B(hidden_size);bias_integer:B(hidden_size)};ln_input_act=b274;\
      LayerNorm=b275;output_activation=b274};pre_intermediate_act=b274;pre_output_act=b274}
      """,
    "b279": """
      k_proj:L(embed_dim,embed_dim,1);v_proj:L(embed_dim,embed_dim,1);q_proj:L(embed_dim,embed_dim,1);\
      out_proj:L(embed_dim,embed_dim,1)
      """,
    "b28": """
      fc1:L(hidden_size,gated_norm_rank);fc2:L(gated_norm_rank,hidden_size)
      """,
    "b280": """
      embeddings@vision_config{patch_embedding:C(num_channels,embed_dim,0|num_channels,patch_size,patch_size);\
      position_embedding:E((image_size//patch_size)**2+1,embed_dim);class_embedding:T(embed_dim)};encoder{\
      layers*num_hidden_layers//cross_layer_interval@vision_config{self_attn=b279;mlp{fc1:L(embed_dim,\
      intermediate_size,1);fc2:L(intermediate_size,embed_dim,1)};layer_norm1:N(embed_dim,1);\
      layer_norm2:N(embed_dim,1)}};pre_layrnorm@vision_config{weight:T(embed_dim);bias:T(embed_dim)};\
      post_layernorm@vision_config{weight:T(embed_dim);bias:T(embed_dim)}
      """,
    "b281": """
      gate_proj:L(hidden_size,intermediate_size);down_proj:L(intermediate_size,hidden_size);up_proj:L(hidden_size,\
      intermediate_size)
      """,
    "b282": """
      self_attn{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads));k_proj:L(hidden_size,\
      num_attention_heads*(hidden_size//num_attention_heads));v_proj:L(hidden_size,\
      num_attention_heads*(hidden_size//num_attention_heads));\
      o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size)};mlp=b281;\
      input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b283": """
      cross_attn{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads));\
      k_proj:L(vision_config.embed_dim,num_attention_heads*(hidden_size//num_attention_heads));\
      v_proj:L(vision_config.embed_dim,num_attention_heads*(hidden_size//num_attention_heads));\
      o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size);?qk_layer_norms \
      q_layer_norm:N(hidden_size//num_attention_heads);?qk_layer_norms \
      k_layer_norm:N(hidden_size//num_attention_heads)};mlp=b281;?!(alpha_type=='float') alpha_cross_attn:T(1,1,\
      hidden_size);?!(alpha_type=='float') alpha_dense:T(1,1,hidden_size);?alpha_type=='float' \
      alpha_cross_attn:T(1);?alpha_type=='float' alpha_dense:T(1);input_layernorm:N(hidden_size);\
      post_attention_layernorm:N(hidden_size)
      """,
    "b284": """
      embeddings=b239;encoder{layers*num_hidden_layers=b78};post_layernorm:N(hidden_size,1)
      """,
    "b285": """
      self_attn{q_proj:L(hidden_size,resampler_n_heads*resampler_head_dim);k_proj:L(hidden_size,\
      num_key_value_heads*resampler_head_dim);v_proj:L(hidden_size,num_key_value_heads*resampler_head_dim);\
      o_proj:L(resampler_n_heads*resampler_head_dim,hidden_size)};mlp{gate_proj:L(hidden_size,hidden_size*4);\
      up_proj:L(hidden_size,hidden_size*4);down_proj:L(hidden_size*4,hidden_size)};\
      input_latents_norm:N(hidden_size);input_context_norm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b286": """
      modality_projection{gate_proj:L(vision_config.hidden_size,text_config.intermediate_size);\
      up_proj:L(vision_config.hidden_size,text_config.intermediate_size);\
      down_proj:L(text_config.intermediate_size,text_config.hidden_size)};perceiver_resampler@perceiver_config{\
      layers{0=b285;1=b285;2=b285};latents:T(resampler_n_latents,hidden_size);norm:N(hidden_size)}
      """,
    "b287": """
      embeddings@vision_config=b239;encoder=b96;post_layernorm@vision_config=b15
      """,
    "b288": """
      modality_projection{proj:L(vision_config.hidden_size*scale_factor**2,text_config.hidden_size)}
      """,
    "b289": """
      vision_model@vision_config=b284;connector=b288;text_model:A(AutoModel,text_config)
      """,
    "b29": """
      self_attn{q_a_proj:L(hidden_size,q_lora_rank,attention_bias);q_gate_proj:L(q_lora_rank*2,\
      num_attention_heads*(qk_nope_head_dim+qk_rope_head_dim+v_head_dim));kv_a_proj_with_mqa:L(hidden_size,\
      kv_lora_rank+qk_rope_head_dim,attention_bias);kv_b_proj:L(kv_lora_rank,\
      num_attention_heads*(qk_nope_head_dim+v_head_dim));o_proj:L(num_attention_heads*v_head_dim,hidden_size,\
      attention_bias);indexer=b27;q_a_layernorm:N(q_lora_rank);kv_a_layernorm:N(kv_lora_rank)};mlp{\
      ?mlp_layer_types[i]=='sparse' experts=b23;?mlp_layer_types[i]=='sparse' gate:R(hidden_size,\
      n_routed_experts);?mlp_layer_types[i]=='sparse' shared_experts=b24;?!(mlp_layer_types[i]=='sparse') \
      gate_proj:L(hidden_size,intermediate_size);?!(mlp_layer_types[i]=='sparse') up_proj:L(hidden_size,\
      intermediate_size);?!(mlp_layer_types[i]=='sparse') down_proj:L(intermediate_size,hidden_size);\
      ?mlp_layer_types[i]=='sparse' gate=b25};input_layernorm{mlp=b28;norm:N(hidden_size)};\
      post_attention_layernorm{?mlp_layer_types[i]=='sparse' mlp=b28;?mlp_layer_types[i]=='sparse' \
      norm:N(hidden_size);?!(mlp_layer_types[i]=='sparse') weight:T(hidden_size)}
      """,
    "b290": """
      conv1d:C(layer_types[i]=='hybrid_sliding'?swa_num_key_value_heads*swa_head_dim:num_key_value_heads*head_dim,\
      layer_types[i]=='hybrid_sliding'?swa_num_key_value_heads*swa_head_dim:num_key_value_heads*head_dim,0|\
      swa_num_key_value_heads*swa_head_dim//(swa_num_key_value_heads*swa_head_dim),conv_kernel_size)
      """,
    "b291": """
      q_proj:L(hidden_size,\
      layer_types[i]=='hybrid_sliding'?swa_num_attention_heads*swa_head_dim:num_attention_heads*head_dim);\
      k_proj:L(hidden_size,\
      layer_types[i]=='hybrid_sliding'?swa_num_key_value_heads*swa_head_dim:num_key_value_heads*head_dim);\
      v_proj:L(hidden_size,\
      layer_types[i]=='hybrid_sliding'?swa_num_key_value_heads*swa_head_dim:num_key_value_heads*head_dim);\
      r_proj:L(hidden_size,\
      layer_types[i]=='hybrid_sliding'?swa_num_attention_heads*d_rel:num_attention_heads*d_rel);\
      o_proj:L(layer_types[i]=='hybrid_sliding'?swa_num_attention_heads*swa_head_dim:num_attention_heads*head_dim,\
      hidden_size);k_sconv=b290;v_sconv=b290;q_norm:N(swa_head_dim);k_norm:N(swa_head_dim);rel_logits_proj{\
      proj:T(d_rel,layer_types[i]=='hybrid_sliding'?sliding_window_size:rel_extent)}
      """,
    "b292": """
      gate_proj:P(n_shared_experts,moe_intermediate_size,hidden_size);up_proj:P(n_shared_experts,\
      moe_intermediate_size,hidden_size);down_proj:P(n_shared_experts,hidden_size,moe_intermediate_size)
      """,
    "b293": """
      global_scale:T(1);e_score_correction_bias:B(n_routed_experts)
      """,
    "b294": """
      conv1d:C(hidden_size,hidden_size,0|hidden_size//hidden_size,conv_kernel_size)
      """,
    "b295": """
      word_embeddings:E(vocab_size,hidden_size);position_embeddings:E(max_position_embeddings,hidden_size);\
      layernorm:N(hidden_size,1)
      """,
    "b296": """
      attention{attention=b44;output=b45};?i%cross_attention_frequency==0 crossattention{attention=b69;\
      output=b45};intermediate{dense:L(hidden_size,intermediate_size,1)};output=b46;intermediate_query{\
      dense:L(hidden_size,intermediate_size,1)};output_query=b46
      """,
    "b297": """
      embeddings=b295;encoder{layer*num_hidden_layers=b296}
      """,
    "b298": """
      embeddings@qformer_config=b295;encoder{layer*text_config.num_hidden_layers@qformer_config=b296}
      """,
    "b299": """
      patch_embeddings{projection:C(num_channels,hidden_size,1|num_channels,patch_size[0],patch_size[1])};\
      cls_token:T(1,1,hidden_size);?use_mask_token mask_token:T(1,1,hidden_size);\
      ?use_absolute_position_embeddings position_embeddings:T(1,\
      image_size[1]//patch_size[1]*(image_size[0]//patch_size[0])+1,hidden_size)
      """,
    "b3": """
      word_embeddings:E(vocab_size,embedding_size)!;position_embeddings:E(max_position_embeddings,embedding_size);\
      token_type_embeddings:E(type_vocab_size,embedding_size);LayerNorm:N(embedding_size,1)
      """,
    "b30": """
      linear_1:L(vision_config.hidden_size*downsample_factor**2,text_config.hidden_size,1);\
      linear_2:L(text_config.hidden_size//2,text_config.hidden_size,1);\
      layernorm:N(vision_config.hidden_size*downsample_factor**2,1)
      """,
    "b300": """
      attention{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
      k_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
      v_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
      projection_layer:L(hidden_size,hidden_size,1);?use_qk_norm q_norm:N(hidden_size);?use_qk_norm \
      k_norm:N(hidden_size)};mlp=b66;lambda_1:T(hidden_size);lambda_2:T(hidden_size);\
      layernorm_before:N(hidden_size,1);layernorm_after:N(hidden_size,1)
      """,
    "b301": """
      self_attn=b9;mlp=b10;input_layernorm:N(hidden_size,1);post_attention_layernorm:N(hidden_size,1)
      """,
    "b302": """
      ?!(i%attn_layer_period==attn_layer_offset) mamba{conv1d:C(mamba_expand*hidden_size,mamba_expand*hidden_size,\
      mamba_conv_bias|mamba_expand*hidden_size//(mamba_expand*hidden_size),mamba_d_conv);in_proj:L(hidden_size,\
      mamba_expand*hidden_size*2,mamba_proj_bias);x_proj:L(mamba_expand*hidden_size,\
      mamba_dt_rank+mamba_d_state*2);dt_proj:L(mamba_dt_rank,mamba_expand*hidden_size,1);\
      out_proj:L(mamba_expand*hidden_size,hidden_size,mamba_proj_bias);A_log:T(mamba_expand*hidden_size,16);\
      D:T(mamba_expand*hidden_size);dt_layernorm:N(mamba_dt_rank);b_layernorm:N(mamba_d_state);\
      c_layernorm:N(mamba_d_state)};feed_forward{?i%expert_layer_period==expert_layer_offset router:R(hidden_size,\
      num_experts);?i%expert_layer_period==expert_layer_offset experts=b84;\
      ?!(i%expert_layer_period==expert_layer_offset) gate_proj:L(hidden_size,intermediate_size);\
      ?!(i%expert_layer_period==expert_layer_offset) up_proj:L(hidden_size,intermediate_size);\
      ?!(i%expert_layer_period==expert_layer_offset) down_proj:L(intermediate_size,hidden_size)};\
      ?i%attn_layer_period==attn_layer_offset self_attn=b217;input_layernorm:N(hidden_size);\
      pre_ff_layernorm:N(hidden_size)
      """,
    "b303": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b302;final_layernorm:N(hidden_size)
      """,
    "b304": """
      mlp{input_linear{weight:P(num_local_experts,intermediate_size*2,hidden_size)};output_linear{\
      weight:P(num_local_experts,hidden_size,intermediate_size)};router{layer:L(hidden_size,num_local_experts)};\
      bias:T(hidden_size)};self_attention{experts{input_linear{weight:P(num_local_experts,\
      kv_channels*num_key_value_heads,hidden_size)};output_linear{weight:P(num_local_experts,hidden_size,\
      kv_channels*num_key_value_heads)};router{layer:L(hidden_size,num_local_experts)};bias:T(hidden_size)};\
      kv_proj:L(hidden_size,kv_channels*num_key_value_heads*2)};input_layernorm:N(hidden_size);\
      post_attention_layernorm:N(hidden_size)
      """,
    "b305": """
      mlp=b66;self_attn=b255;post_attention_layernorm:N(hidden_size,1);post_mlp_layernorm:N(hidden_size,1)
      """,
    "b306": """
      embeddings=b254;layers*num_hidden_layers=b305
      """,
    "b307": """
      proj:C(3,hidden_size,1|3,patch_size,patch_size);pos_emb{position_embeddings:T(pos_emb_height,pos_emb_width,\
      hidden_size)}
      """,
    "b308": """
      attn{proj:L(hidden_size,hidden_size,1);q_proj:M(hidden_size,hidden_size,1|3456,1152);k_proj:M(hidden_size,\
      hidden_size,1|3456,1152);v_proj:M(hidden_size,hidden_size,1|3456,1152)};mlp=b66;norm1:N(hidden_size,1);\
      norm2:N(hidden_size,1)
      """,
    "b309": """
      in_proj:L(vision_config.hidden_size*(vision_config.merge_kernel_size[0]*vision_config.merge_kernel_size[1]),\
      vision_config.hidden_size*(vision_config.merge_kernel_size[0]*vision_config.merge_kernel_size[1]),1);\
      out_proj:L(vision_config.hidden_size*(vision_config.merge_kernel_size[0]*vision_config.merge_kernel_size[1])\
      ,text_config.hidden_size,1);pre_norm:N(projection_hidden_size,1)
      """,
    "b31": """
      gate_proj:L(hidden_size,intermediate_size,mlp_bias);up_proj:L(hidden_size,intermediate_size,mlp_bias);\
      down_proj:L(intermediate_size,hidden_size,mlp_bias)
      """,
    "b310": """
      attn{proj:L(hidden_size,hidden_size,1);q_proj:L(hidden_size,hidden_size,1);k_proj:L(hidden_size,hidden_size,\
      1);v_proj:L(hidden_size,hidden_size,1)};mlp=b66;norm1:N(hidden_size,1);norm2:N(hidden_size,1)
      """,
    "b311": """
      gate_up_proj:S(num_local_experts,moe_intermediate_size*2,hidden_size|gate_proj,up_proj);\
      down_proj:S(num_local_experts,hidden_size,moe_intermediate_size|down_proj)
      """,
    "b312": """
      e_score_correction_bias:B(num_local_experts)
      """,
    "b313": """
      self_attn=b165;mlp{experts=b311;gate:R(hidden_size,num_local_experts);shared_experts=b158;gate=b312};\
      input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);\
      post_self_attn_layernorm:N(hidden_size);post_mlp_layernorm:N(hidden_size)
      """,
    "b314": """
      fc1:L(embed_dim,ffn_dim,1);fc2:L(ffn_dim,embed_dim,1);ffn_layernorm:N(ffn_dim,1)
      """,
    "b315": """
      embed_tokens:E(vocab_size,embed_dim)!;segment_emb:E(2,embed_dim);layers*layers{self_attn=b279;ffn=b314;\
      self_attn_layer_norm:N(embed_dim,1);final_layer_norm:N(embed_dim,1)};layer_norm:N(embed_dim,1)
      """,
    "b316": """
      embeddings@vision_config{patch_projection:L(patch_embed_hidden_size,hidden_size,1);\
      row_embedder:E(max_num_patches,hidden_size);column_embedder:E(max_num_patches,hidden_size)};encoder{\
      layer*text_config.layers@vision_config{attention{query:L(hidden_size,num_attention_heads*head_dim);\
      key:L(hidden_size,num_attention_heads*head_dim);value:L(hidden_size,num_attention_heads*head_dim);\
      output:L(num_attention_heads*head_dim,hidden_size)};mlp{wi_0:L(hidden_size,intermediate_size);\
      wi_1:L(hidden_size,intermediate_size);wo:L(intermediate_size,hidden_size)};\
      pre_mlp_layer_norm:N(hidden_size);pre_attention_layer_norm:N(hidden_size)}};layernorm@vision_config{\
      weight:T(hidden_size)}
      """,
    "b317": """
      dense:L(vision_config.hidden_size,text_config.embed_dim,1);x_attn@text_config=b279;\
      latent_query:T(latent_query_num,text_config.embed_dim)
      """,
    "b318": """
      embed_tokens:E(vocab_size,embed_dim)!;layers*layers{self_attn{k_proj:L(embed_dim,embed_dim,1);\
      v_proj:L(embed_dim,embed_dim,1);q_proj:L(embed_dim,embed_dim,1);out_proj:L(embed_dim,embed_dim,1);\
      inner_attn_ln:N(embed_dim,1)};ffn=b314;self_attn_layer_norm:N(embed_dim,1);final_layer_norm:N(embed_dim,1)};\
      layer_norm:N(embed_dim,1)
      """,
    "b319": """
      model{embeddings@vision_config=b77;encoder{layers*text_config.layers@vision_config=b78};\
      pre_layrnorm@vision_config=b15;post_layernorm@vision_config=b15}
      """,
    "b32": """
      conv1d:C(mamba_expand*hidden_size+mamba_n_groups*2*mamba_d_state,\
      mamba_expand*hidden_size+mamba_n_groups*2*mamba_d_state,mamba_conv_bias|\
      (mamba_expand*hidden_size+mamba_n_groups*2*mamba_d_state)//(mamba_expand*hidden_size+mamba_n_groups*2*mamba_\
      d_state),mamba_d_conv);in_proj:L(hidden_size,\
      mamba_expand*hidden_size+(mamba_expand*hidden_size+mamba_n_groups*2*mamba_d_state)+mamba_n_heads,\
      mamba_proj_bias);out_proj:L(mamba_expand*hidden_size,hidden_size,mamba_proj_bias);dt_bias:T(mamba_n_heads);\
      A_log:T(mamba_n_heads);D:T(mamba_n_heads);norm:N(mamba_expand*hidden_size)
      """,
    "b320": """
      self_attn{q_proj:L(hidden_size,num_attention_heads_per_layer[i]*head_dim,attention_bias);\
      k_proj:L(hidden_size,num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,\
      num_key_value_heads*head_dim,attention_bias);o_proj:L(num_attention_heads_per_layer[i]*head_dim,hidden_size,\
      attention_bias);g_proj:L(hidden_size,num_attention_heads_per_layer[i]*head_dim);q_norm:N(head_dim);\
      k_norm:N(head_dim)};mlp{?mlp_layer_types[i]=='sparse' experts=b1;?mlp_layer_types[i]=='sparse' \
      gate:R(hidden_size,num_experts);?mlp_layer_types[i]=='sparse' shared_experts=b158;\
      ?mlp_layer_types[i]=='sparse' gate{e_score_correction_bias:T(num_experts)};?!(mlp_layer_types[i]=='sparse') \
      gate_proj:L(hidden_size,intermediate_size);?!(mlp_layer_types[i]=='sparse') up_proj:L(hidden_size,\
      intermediate_size);?!(mlp_layer_types[i]=='sparse') down_proj:L(intermediate_size,hidden_size)};\
      input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b321": """
      ?layer_types[i]=='linear_attention' linear_attn{\
      conv1d:C(linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads,\
      linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads,0|\
      (linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads)//(linear_key_head_\
      dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads),linear_conv_kernel_dim);\
      out_proj:L(linear_value_head_dim*linear_num_value_heads,hidden_size);in_proj_qkv:M(hidden_size,\
      linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads,0|6176,hidden_size);\
      in_proj_z:M(hidden_size,linear_value_head_dim*linear_num_value_heads,0|6176,hidden_size);\
      in_proj_b:M(hidden_size,linear_num_value_heads,0|6176,hidden_size);in_proj_a:M(hidden_size,\
      linear_num_value_heads,0|6176,hidden_size);dt_bias:T(linear_num_value_heads);\
      A_log:T(linear_num_value_heads);norm:N(linear_value_head_dim)};mlp{experts{gate_up_proj:P(num_experts,\
      moe_intermediate_size*2,hidden_size);down_proj:P(num_experts,hidden_size,moe_intermediate_size)};\
      gate:R(hidden_size,num_experts);shared_expert=b158};input_layernorm:N(hidden_size);\
      post_attention_layernorm:N(hidden_size);?!(layer_types[i]=='linear_attention') self_attn{q_norm:N(head_dim);\
      k_norm:N(head_dim);q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
      num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
      attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias)}
      """,
    "b322": """
      word_embeddings:E(vocab_size,hidden_size)!;position_embeddings:E(max_position_embeddings,hidden_size);\
      x_position_embeddings:E(max_2d_position_embeddings,hidden_size);\
      y_position_embeddings:E(max_2d_position_embeddings,hidden_size);\
      h_position_embeddings:E(max_2d_position_embeddings,hidden_size);\
      w_position_embeddings:E(max_2d_position_embeddings,hidden_size);token_type_embeddings:E(type_vocab_size,\
      hidden_size);LayerNorm:N(hidden_size,1)
      """,
    "b323": """
      embeddings=b322;encoder=b47;pooler{dense:L(hidden_size,hidden_size,1)}
      """,
    "b324": """
      ?!tie_word_embeddings embed_tokens:E(vocab_size,d_model);?tie_word_embeddings embed_tokens:E(vocab_size,\
      d_model)~;embed_positions:E(max_encoder_position_embeddings,d_model);layers*decoder_layers{self_attn{\
      longformer_self_attn{query:L(d_model,d_model,1);key:L(d_model,d_model,1);value:L(d_model,d_model,1);\
      query_global:L(d_model,d_model,1);key_global:L(d_model,d_model,1);value_global:L(d_model,d_model,1)};\
      output:L(d_model,d_model,1)};fc1:L(d_model,encoder_ffn_dim,1);fc2:L(encoder_ffn_dim,d_model,1);\
      self_attn_layer_norm:N(d_model,1);final_layer_norm:N(d_model,1)};layernorm_embedding:N(d_model,1)
      """,
    "b325": """
      ?!tie_word_embeddings embed_tokens:E(vocab_size,d_model);?tie_word_embeddings embed_tokens:E(vocab_size,\
      d_model)~;embed_positions:E(max_decoder_position_embeddings,d_model);layers*decoder_layers=b35;\
      layernorm_embedding:N(d_model,1)
      """,
    "b326": """
      conv:C(hidden_size,hidden_size,0|hidden_size//hidden_size,conv_L_cache);in_proj:L(hidden_size,\
      hidden_size*3);out_proj:L(hidden_size,hidden_size)
      """,
    "b327": """
      q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads));k_proj:L(hidden_size,\
      num_key_value_heads*(hidden_size//num_attention_heads));v_proj:L(hidden_size,\
      num_key_value_heads*(hidden_size//num_attention_heads));\
      out_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size);\
      q_layernorm:N(hidden_size//num_attention_heads);k_layernorm:N(hidden_size//num_attention_heads)
      """,
    "b328": """
      w1:L(hidden_size,block_auto_adjust_ff_dim?block_multiple_of*((int(block_ffn_dim_multiplier*int(intermediate_\
      size*2/3))+block_multiple_of-1)//block_multiple_of):intermediate_size);w3:L(hidden_size,\
      block_auto_adjust_ff_dim?block_multiple_of*((int(block_ffn_dim_multiplier*int(intermediate_size*2/3))+block_\
      multiple_of-1)//block_multiple_of):intermediate_size);\
      w2:L(block_auto_adjust_ff_dim?block_multiple_of*((int(block_ffn_dim_multiplier*int(intermediate_size*2/3))+b\
      lock_multiple_of-1)//block_multiple_of):intermediate_size,hidden_size)
      """,
    "b329": """
      conv:C(hidden_size,hidden_size,conv_bias|hidden_size//hidden_size,conv_L_cache);in_proj:L(hidden_size,\
      hidden_size*3,conv_bias);out_proj:L(hidden_size,hidden_size,conv_bias)
      """,
    "b33": """
      feed_forward=b31;mamba=b32;input_layernorm:N(hidden_size);pre_ff_layernorm:N(hidden_size)
      """,
    "b330": """
      ?layer_types[i]=='conv' conv=b329;feed_forward{?i<num_dense_layers w1:L(hidden_size,intermediate_size);\
      ?i<num_dense_layers w3:L(hidden_size,intermediate_size);?i<num_dense_layers w2:L(intermediate_size,\
      hidden_size);?!(i<num_dense_layers) experts{gate_up_proj:S(num_experts,moe_intermediate_size*2,hidden_size|\
      w1,w3);down_proj:S(num_experts,hidden_size,moe_intermediate_size|w2)};?!(i<num_dense_layers) \
      gate:R(hidden_size,num_experts);?!(i<num_dense_layers)&use_expert_bias expert_bias:B(num_experts)};\
      ?!(layer_types[i]=='conv') self_attn=b327;operator_norm:N(hidden_size);ffn_norm:N(hidden_size)
      """,
    "b331": """
      linear_1:L(vision_config.hidden_size*downsample_factor**2,projector_hidden_size,projector_bias);\
      linear_2:L(projector_hidden_size,text_config.hidden_size,projector_bias);?projector_use_layernorm \
      layer_norm:N(vision_config.hidden_size*downsample_factor**2,1)
      """,
    "b332": """
      w1:L(hidden_size,intermediate_size);w3:L(hidden_size,intermediate_size);w2:L(intermediate_size,hidden_size)
      """,
    "b333": """
      ?layer_types[i]=='conv' conv=b329;feed_forward=b332;operator_norm:N(hidden_size);ffn_norm:N(hidden_size);\
      ?use_sandwich_norm post_operator_norm:N(hidden_size);?use_sandwich_norm post_ffn_norm:N(hidden_size);\
      self_attn{?!(layer_types[i]=='conv') q_norm:N(head_dim);?!(layer_types[i]=='conv') k_norm:N(head_dim);\
      ?!(layer_types[i]=='conv') q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);\
      ?!(layer_types[i]=='conv') k_proj:L(hidden_size,num_key_value_heads*head_dim,attention_bias);\
      ?!(layer_types[i]=='conv') v_proj:L(hidden_size,num_key_value_heads*head_dim,attention_bias);\
      ?!(layer_types[i]=='conv') o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias);\
      ?!(layer_types[i]=='conv')&use_attention_gate g_proj:L(hidden_size,num_attention_heads)}
      """,
    "b334": """
      ?layer_types[i]=='conv' conv{in_proj:L(hidden_size,hidden_size*3);spatial_conv:C(hidden_size,hidden_size,0|\
      hidden_size//hidden_size,conv_kernel_size,conv_kernel_size);out_proj:L(hidden_size,hidden_size)};\
      feed_forward=b332;operator_norm:N(hidden_size);ffn_norm:N(hidden_size);?!(layer_types[i]=='conv') self_attn{\
      q_norm:N(hidden_size//num_attention_heads);k_norm:N(hidden_size//num_attention_heads);q_proj:L(hidden_size,\
      num_attention_heads*(hidden_size//num_attention_heads));k_proj:L(hidden_size,\
      num_key_value_heads*(hidden_size//num_attention_heads));v_proj:L(hidden_size,\
      num_key_value_heads*(hidden_size//num_attention_heads));\
      out_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size)}
      """,
    "b335": """
      linear_1:L(vision_config.hidden_size*vision_config.spatial_merge_size**2,projector_hidden_size,1);\
      linear_2:L(projector_hidden_size,text_config.hidden_size,1);layer_norm@vision_config=b15
      """,
    "b336": """
      merging_layer:L(vision_config.hidden_size*spatial_merge_size**2,vision_config.hidden_size)
      """,
    "b337": """
      patch_merger=b336;linear_1:L(vision_config.hidden_size,text_config.hidden_size);\
      linear_2:L(text_config.hidden_size,text_config.hidden_size);norm@vision_config{weight:T(hidden_size)}
      """,
    "b338": """
      self_attn=b9;feed_forward{experts{gate_up_proj:P(num_local_experts,hidden_size,intermediate_size*2);\
      down_proj:P(num_local_experts,intermediate_size,hidden_size)};router:L(hidden_size,num_local_experts);\
      shared_expert=b81};input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b339": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b338;norm:N(hidden_size)
      """,
    "b34": """
      k_proj:L(d_model,d_model,1);v_proj:L(d_model,d_model,1);q_proj:L(d_model,d_model,1);out_proj:L(d_model,\
      d_model,1)
      """,
    "b340": """
      linear_1:L(vision_config.hidden_size,text_config.hidden_size,multimodal_projector_bias);\
      linear_2:L(text_config.hidden_size,text_config.hidden_size,multimodal_projector_bias)
      """,
    "b341": """
      multi_modal_projector=b340;image_newline:T(text_config.hidden_size);vision_tower:A(AutoModel,vision_config);\
      language_model:A(AutoModel,text_config)
      """,
    "b342": """
      q_a_proj:L(hidden_size,q_lora_rank,attention_bias);q_b_proj:L(q_lora_rank,num_attention_heads*qk_head_dim);\
      kv_a_proj_with_mqa:L(hidden_size,kv_lora_rank+qk_rope_head_dim,attention_bias);kv_b_proj:L(kv_lora_rank,\
      num_attention_heads*(qk_nope_head_dim+v_head_dim));o_proj:L(num_attention_heads*v_head_dim,hidden_size,\
      attention_bias);q_a_layernorm:N(q_lora_rank);kv_a_layernorm:N(kv_lora_rank)
      """,
    "b343": """
      gate_proj:L(hidden_size,ffn_hidden_size);up_proj:L(hidden_size,ffn_hidden_size);down_proj:L(ffn_hidden_size,\
      hidden_size)
      """,
    "b344": """
      layer*num_hidden_layers{attention{self{query:L(hidden_size,hidden_size,1);key:L(hidden_size,hidden_size,1);\
      value:L(hidden_size,hidden_size,1);query_global:L(hidden_size,hidden_size,1);key_global:L(hidden_size,\
      hidden_size,1);value_global:L(hidden_size,hidden_size,1)};output=b45};intermediate{dense:L(hidden_size,\
      intermediate_size,1)};output=b46}
      """,
    "b345": """
      entity_embeddings:E(entity_vocab_size,entity_emb_size);entity_embedding_dense:L(entity_emb_size,\
      hidden_size);position_embeddings:E(max_position_embeddings,hidden_size);\
      token_type_embeddings:E(type_vocab_size,hidden_size);LayerNorm:N(hidden_size,1)
      """,
    "b346": """
      layer*num_hidden_layers{attention{self{query:L(hidden_size,\
      num_attention_heads*int(hidden_size/num_attention_heads),1);key:L(hidden_size,\
      num_attention_heads*int(hidden_size/num_attention_heads),1);value:L(hidden_size,\
      num_attention_heads*int(hidden_size/num_attention_heads),1);?use_entity_aware_attention \
      w2e_query:L(hidden_size,num_attention_heads*int(hidden_size/num_attention_heads),1);\
      ?use_entity_aware_attention e2w_query:L(hidden_size,\
      num_attention_heads*int(hidden_size/num_attention_heads),1);?use_entity_aware_attention \
      e2e_query:L(hidden_size,num_attention_heads*int(hidden_size/num_attention_heads),1)};output=b45};\
      intermediate{dense:L(hidden_size,intermediate_size,1)};output=b46}
      """,
    "b347": """
      embeddings=b48;entity_embeddings=b345;encoder=b346;pooler{dense:L(hidden_size,hidden_size,1)}
      """,
    "b348": """
      embeddings=b48;entity_embeddings=b345;encoder=b346
      """,
    "b349": """
      mixer{conv1d:C(expand*hidden_size+n_groups*2*state_size,expand*hidden_size+n_groups*2*state_size,\
      use_conv_bias|(expand*hidden_size+n_groups*2*state_size)//(expand*hidden_size+n_groups*2*state_size),\
      conv_kernel);in_proj:L(hidden_size,expand*hidden_size+(expand*hidden_size+n_groups*2*state_size)+num_heads,\
      use_bias);out_proj:L(expand*hidden_size,hidden_size,use_bias);dt_bias:T(num_heads);A_log:T(num_heads);\
      D:T(num_heads);norm:N(expand*hidden_size)};norm:N(hidden_size)
      """,
    "b35": """
      self_attn=b34;encoder_attn=b34;fc1:L(d_model,decoder_ffn_dim,1);fc2:L(decoder_ffn_dim,d_model,1);\
      self_attn_layer_norm:N(d_model,1);encoder_attn_layer_norm:N(d_model,1);final_layer_norm:N(d_model,1)
      """,
    "b350": """
      shared:E(vocab_size,d_model)!;encoder{?!tie_word_embeddings embed_tokens:E(vocab_size,d_model);\
      ?tie_word_embeddings embed_tokens:E(vocab_size,d_model)~;embed_positions:E(max_position_embeddings+2,\
      d_model);layers*encoder_layers=b37;layernorm_embedding:N(d_model,1);layer_norm:N(d_model,1)};decoder{\
      ?!tie_word_embeddings embed_tokens:E(vocab_size,d_model);?tie_word_embeddings embed_tokens:E(vocab_size,\
      d_model)~;embed_positions:E(max_position_embeddings+2,d_model);layers*decoder_layers=b35;\
      layernorm_embedding:N(d_model,1);layer_norm:N(d_model,1)}
      """,
    "b351": """
      word_embeddings:E(vocab_size,hidden_size)!;position_embeddings:E(max_position_embeddings,hidden_size);\
      token_type_embeddings:E(type_vocab_size,hidden_size)
      """,
    "b352": """
      layer*num_hidden_layers{attention{self=b44;output{dense:L(hidden_size,hidden_size,1)};ln:N(hidden_size,1)};\
      intermediate{dense:L(hidden_size,intermediate_size,1)};output{dense:L(intermediate_size,hidden_size,1)};\
      ln:N(hidden_size,1)};ln:N(hidden_size,1)
      """,
    "b353": """
      embeddings=b351;encoder=b352;pooler{dense:L(hidden_size,hidden_size,1)}
      """,
    "b354": """
      self_attn=b168;mlp{experts=b311;gate:R(hidden_size,num_local_experts)};input_layernorm:N(hidden_size);\
      post_attention_layernorm:N(hidden_size)
      """,
    "b355": """
      self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
      layer_types[i]=='sliding_attention'?num_key_value_heads*2*head_dim:num_key_value_heads*head_dim,\
      attention_bias);v_proj:L(hidden_size,\
      layer_types[i]=='sliding_attention'?num_key_value_heads*2*v_head_dim:num_key_value_heads*v_head_dim,\
      attention_bias);o_proj:L(num_attention_heads*v_head_dim,hidden_size);?layer_types[i]=='sliding_attention' \
      sinks:T(num_attention_heads)};mlp{?mlp_layer_types[i]=='sparse' experts=b23;?mlp_layer_types[i]=='sparse' \
      gate:R(hidden_size,n_routed_experts);?mlp_layer_types[i]=='sparse' gate=b25;\
      ?!(mlp_layer_types[i]=='sparse') gate_proj:L(hidden_size,intermediate_size);\
      ?!(mlp_layer_types[i]=='sparse') up_proj:L(hidden_size,intermediate_size);?!(mlp_layer_types[i]=='sparse') \
      down_proj:L(intermediate_size,hidden_size)};input_layernorm:N(hidden_size);\
      post_attention_layernorm:N(hidden_size)
      """,
    "b356": """
      self_attn=b59;linear_1:L(hidden_size*window_kernel_size[0]*window_kernel_size[1],\
      intermediate_size*window_kernel_size[0]*window_kernel_size[1],1);\
      linear_2:L(intermediate_size*window_kernel_size[0]*window_kernel_size[1],hidden_size,1);\
      layer_norm1:N(hidden_size,1);pre_norm:N(hidden_size*window_kernel_size[0]*window_kernel_size[1],1)
      """,
    "b357": """
      mlp{0{linear_1:L(vision_config.hidden_size*4,vision_config.hidden_size*4,1);\
      linear_2:L(vision_config.hidden_size*4,text_config.hidden_size,1);pre_norm@vision_config{\
      weight:T(hidden_size*4);bias:T(hidden_size*4)}}}
      """,
    "b358": """
      embeddings@vision_config=b239;encoder=b96;vit_merger@vision_config=b356;post_layernorm@vision_config=b15
      """,
    "b359": """
      vision_tower=b358;merger=b357;language_model:A(AutoModel,text_config)
      """,
    "b36": """
      decoder{embed_tokens:E(vocab_size,d_model)!;embed_positions:E(max_position_embeddings+2,d_model);\
      layers*decoder_layers=b35;layernorm_embedding:N(d_model,1)}
      """,
    "b360": """
      gate_up_proj:S(num_local_experts,intermediate_size*2,hidden_size|w1,w3);down_proj:S(num_local_experts,\
      hidden_size,intermediate_size|w2)
      """,
    "b361": """
      gate:R(hidden_size,num_local_experts);experts=b360
      """,
    "b362": """
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
      mlp=b361;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b363": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b362;norm:N(hidden_size)
      """,
    "b364": """
      self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim);k_proj:L(hidden_size,\
      num_key_value_heads*head_dim);v_proj:L(hidden_size,num_key_value_heads*head_dim);\
      o_proj:L(num_attention_heads*head_dim,hidden_size);q_norm:N(num_attention_heads*head_dim);\
      k_norm:N(num_key_value_heads*head_dim)};mlp{gate:R(hidden_size,num_local_experts);experts=b360;\
      e_score_correction_bias:B(num_local_experts)};input_layernorm:N(hidden_size);\
      post_attention_layernorm:N(hidden_size)
      """,
    "b365": """
      embeddings@vision_config{proj:C(num_channels,hidden_size,0|num_channels,temporal_patch_size,patch_size,\
      patch_size)};layers*text_config.num_hidden_layers@vision_config=b78;pre_layrnorm@vision_config=b15
      """,
    "b366": """
      linear_1:L(vision_config.hidden_size,projector_hidden_size,1);linear_2:L(projector_hidden_size,\
      text_config.hidden_size,1);merge_linear_1:L(merged_hidden_size,projector_hidden_size,1);\
      merge_linear_2:L(projector_hidden_size,text_config.hidden_size,1)
      """,
    "b367": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b165;mlp{gate:R(hidden_size,\
      num_local_experts);experts=b360;shared_experts{gate_up_proj:M(hidden_size,shared_intermediate_size*2,0|3072,\
      6144|3072,6144);down_proj:L(shared_intermediate_size,hidden_size)};gate=b312};\
      input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)
      """,
    "b368": """
      self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim);k_proj:L(hidden_size,\
      num_key_value_heads*head_dim);v_proj:L(hidden_size,num_key_value_heads*head_dim);\
      o_proj:L(num_attention_heads*head_dim,hidden_size);?layer_types[i]=='minimax_m3_sparse' indexer{\
      q_proj:L(hidden_size,index_n_heads*index_head_dim);k_proj:L(hidden_size,index_head_dim);\
      q_norm:N(index_head_dim);k_norm:N(index_head_dim)};q_norm:N(head_dim);k_norm:N(head_dim)};mlp{\
      gate:R(hidden_size,num_local_experts);experts=b248;shared_experts{gate_up_proj:L(hidden_size,\
      shared_intermediate_size*2);down_proj:L(shared_intermediate_size,hidden_size)};gate=b312};\
      input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b369": """
      self_attn=b13;mlp=b81;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b37": """
      self_attn=b34;fc1:L(d_model,encoder_ffn_dim,1);fc2:L(encoder_ffn_dim,d_model,1);\
      self_attn_layer_norm:N(d_model,1);final_layer_norm:N(d_model,1)
      """,
    "b370": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b369;norm:N(hidden_size)
      """,
    "b371": """
      patch_merger=b336;linear_1:L(vision_config.hidden_size,text_config.hidden_size,multimodal_projector_bias);\
      linear_2:L(text_config.hidden_size,text_config.hidden_size,multimodal_projector_bias);norm@vision_config{\
      weight:T(hidden_size)}
      """,
    "b372": """
      self_attn=b110;mlp{experts=b212;gate:R(hidden_size,n_routed_experts);shared_experts=b24};\
      input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b373": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b372;norm:N(hidden_size)
      """,
    "b374": """
      wq_b:L(hidden_size,index_n_heads*index_head_dim);wk:L(hidden_size,index_head_dim);\
      weights_proj:L(hidden_size,index_n_heads);k_norm:N(index_head_dim,1);q_input_norm:N(hidden_size,1);\
      softmax_scaling{scale:T(index_n_heads);bias:T(index_n_heads)}
      """,
    "b375": """
      scale:T(num_attention_heads);bias:T(num_attention_heads)
      """,
    "b376": """
      ?mlp_layer_types[i]=='sparse' experts=b116;?mlp_layer_types[i]=='sparse' gate:R(hidden_size,\
      n_routed_experts);?mlp_layer_types[i]=='sparse' shared_experts=b24;?!(mlp_layer_types[i]=='sparse') \
      gate_proj:L(hidden_size,intermediate_size);?!(mlp_layer_types[i]=='sparse') up_proj:L(hidden_size,\
      intermediate_size);?!(mlp_layer_types[i]=='sparse') down_proj:L(intermediate_size,hidden_size)
      """,
    "b377": """
      self_attn{q_proj:L(hidden_size,\
      null(head_dim)?num_attention_heads*(hidden_size//num_attention_heads):num_attention_heads*head_dim);\
      k_proj:L(hidden_size,\
      null(head_dim)?num_key_value_heads*(hidden_size//num_attention_heads):num_key_value_heads*head_dim);\
      v_proj:L(hidden_size,\
      null(head_dim)?num_key_value_heads*(hidden_size//num_attention_heads):num_key_value_heads*head_dim);\
      o_proj:L(null(head_dim)?num_attention_heads*(hidden_size//num_attention_heads):num_attention_heads*head_dim,\
      hidden_size)};mlp=b361;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b378": """
      embedding:E(9,max_num_tiles*hidden_size);gate:T(1)
      """,
    "b379": """
      q_proj:L(hidden_size,attention_heads*(hidden_size//attention_heads));k_proj:L(hidden_size,\
      attention_heads*(hidden_size//attention_heads));v_proj:L(hidden_size,\
      attention_heads*(hidden_size//attention_heads));o_proj:L(attention_heads*(hidden_size//attention_heads),\
      hidden_size)
      """,
    "b38": """
      embed_tokens:E(vocab_size,d_model)~;embed_positions:E(max_position_embeddings+2,d_model);\
      layers*decoder_layers=b37;layernorm_embedding:N(d_model,1)
      """,
    "b380": """
      bias:T(hidden_size);weight:T(hidden_size)
      """,
    "b381": """
      word_embeddings:E(vocab_size,embedding_size)!;position_embeddings:E(max_position_embeddings,hidden_size);\
      token_type_embeddings:E(type_vocab_size,hidden_size);\
      embedding_transformation:L(trigram_input?embedding_size*3:embedding_size,hidden_size,1);LayerNorm=b380
      """,
    "b382": """
      bias:T(true_hidden_size);weight:T(true_hidden_size)
      """,
    "b383": """
      dense:L(true_hidden_size,intermediate_size,1)
      """,
    "b384": """
      dense:L(hidden_size,intra_bottleneck_size,1);LayerNorm{bias:T(intra_bottleneck_size);\
      weight:T(intra_bottleneck_size)}
      """,
    "b385": """
      intermediate=b383;output{dense:L(intermediate_size,true_hidden_size,1);LayerNorm=b382}
      """,
    "b386": """
      layer*num_hidden_layers{attention{self{query:L(true_hidden_size,\
      num_attention_heads*int(true_hidden_size/num_attention_heads),1);key:L(true_hidden_size,\
      num_attention_heads*int(true_hidden_size/num_attention_heads),1);\
      value:L(use_bottleneck_attention?true_hidden_size:hidden_size,\
      num_attention_heads*int(true_hidden_size/num_attention_heads),1)};output{dense:L(true_hidden_size,\
      true_hidden_size,1);LayerNorm=b382}};intermediate=b383;output{dense:L(intermediate_size,true_hidden_size,1);\
      ?use_bottleneck bottleneck{dense:L(true_hidden_size,hidden_size,1);LayerNorm=b380};LayerNorm=b382};\
      bottleneck{?use_bottleneck input=b384;?use_bottleneck&key_query_shared_bottleneck attention=b384};ffn{\
      0=b385;1=b385;2=b385}}
      """,
    "b387": """
      transform=b45;dense:L(vocab_size,hidden_size-embedding_size);?!tie_word_embeddings decoder:L(embedding_size,\
      vocab_size,1);?tie_word_embeddings decoder:L(embedding_size,vocab_size,1)~;bias:T(vocab_size)
      """,
    "b388": """
      embeddings=b381;encoder=b386;pooler{dense:L(hidden_size,hidden_size,1)}
      """,
    "b389": """
      weight:T(hidden_size);?norm_bias bias:T(hidden_size)
      """,
    "b39": """
      embed_tokens:E(vocab_size,d_model)~;embed_positions:E(max_position_embeddings+2,d_model);\
      layers*decoder_layers=b35;layernorm_embedding:N(d_model,1)
      """,
    "b390": """
      tok_embeddings:E(vocab_size,hidden_size)!;norm=b389
      """,
    "b391": """
      Wi:L(hidden_size,intermediate_size*2,mlp_bias);Wo:L(intermediate_size,hidden_size,mlp_bias)
      """,
    "b392": """
      ?!(i==0) weight:T(hidden_size);?norm_bias&!(i==0) bias:T(hidden_size)
      """,
    "b393": """
      attn{q_proj:L(hidden_size,hidden_size//num_attention_heads*num_attention_heads,attention_bias);\
      k_proj:L(hidden_size,hidden_size//num_attention_heads*num_attention_heads,attention_bias);\
      v_proj:L(hidden_size,hidden_size//num_attention_heads*num_attention_heads,attention_bias);Wo:L(hidden_size,\
      hidden_size,attention_bias)};mlp=b391;mlp_norm=b389;attn_norm=b392
      """,
    "b394": """
      dense:L(hidden_size,hidden_size,classifier_bias);norm=b389
      """,
    "b395": """
      attn{Wqkv:L(hidden_size,hidden_size//num_attention_heads*3*num_attention_heads,attention_bias);\
      Wo:L(hidden_size,hidden_size,attention_bias)};mlp=b391;mlp_norm=b389;attn_norm=b392
      """,
    "b396": """
      embeddings=b390;layers*num_hidden_layers=b395;final_norm=b389
      """,
    "b397": """
      modality_projection:L(vision_config.hidden_size*pixel_shuffle_factor**2,text_config.hidden_size)
      """,
    "b398": """
      connector=b397;vision_model:A(AutoModel,vision_config);text_model:A(AutoModel,text_config)
      """,
    "b399": """
      dense:L(hidden_size,hidden_size);norm:N(hidden_size)
      """,
    "b4": """
      attention{query:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),1);key:L(hidden_size,\
      num_attention_heads*(hidden_size//num_attention_heads),1);value:L(hidden_size,\
      num_attention_heads*(hidden_size//num_attention_heads),1);dense:L(hidden_size,hidden_size,1);\
      LayerNorm:N(hidden_size,1)};ffn:L(hidden_size,intermediate_size,1);ffn_output:L(intermediate_size,\
      hidden_size,1);full_layer_layer_norm:N(hidden_size,1)
      """,
    "b40": """
      shared:E(vocab_size,d_model)!;encoder=b38;decoder=b39
      """,
    "b400": """
      linear:L(hidden_size,num_key_value_heads*head_dim)
      """,
    "b401": """
      self_attn{q_proj{linear:L(hidden_size,num_attention_heads*head_dim)};k_proj=b400;v_proj=b400;o_proj{\
      linear:L(num_attention_heads*head_dim,hidden_size)}};mlp{fc1:L(hidden_size,ffn_dim);fc2:L(ffn_dim//2,\
      hidden_size)};input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b402": """
      linear_1:L(audio_config.hidden_size*audio_merge_size,text_config.hidden_size,projector_bias);\
      linear_2:L(text_config.hidden_size,text_config.hidden_size,projector_bias);norm@text_config=b15
      """,
    "b403": """
      layer*num_hidden_layers{attention{attn{q:L(hidden_size,\
      num_attention_heads*int(hidden_size/num_attention_heads),1);k:L(hidden_size,\
      num_attention_heads*int(hidden_size/num_attention_heads),1);v:L(hidden_size,\
      num_attention_heads*int(hidden_size/num_attention_heads),1);o:L(hidden_size,hidden_size,1)};\
      LayerNorm:N(hidden_size,1)};intermediate{dense:L(hidden_size,intermediate_size,1)};output=b46};\
      relative_attention_bias:E(relative_attention_num_buckets,num_attention_heads)
      """,
    "b404": """
      attn{Wqkv:L(d_model,d_model*3);out_proj:L(d_model,d_model)};ffn{up_proj:L(d_model,d_model*4);\
      down_proj:L(d_model*4,d_model)};norm_1:N(d_model);norm_2:N(d_model)
      """,
    "b405": """
      word_embeddings:E(vocab_size,hidden_size)!;position_embeddings:E(max_position_embeddings+2,hidden_size);\
      token_type_embeddings:E(type_vocab_size,hidden_size);position_ids:B(1,max_position_embeddings);\
      LayerNorm:N(hidden_size,1)
      """,
    "b406": """
      patch_embedding:L(patch_temporal*3*patch_size**2,hidden_size);\
      position_embedding_table:E(pos_emb_height*pos_emb_width,hidden_size)
      """,
    "b407": """
      patch_embedder@vision_config=b406;layers*text_config.num_hidden_layers@vision_config=b310;\
      ln_pre@vision_config=b15;ln_post@vision_config=b15
      """,
    "b408": """
      q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
      num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
      attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias);gate_proj:L(hidden_size,\
      num_attention_heads*head_dim)
      """,
    "b409": """
      self_attn=b408;mlp=b81;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);\
      pre_feedforward_layernorm:N(hidden_size);post_feedforward_layernorm:N(hidden_size)
      """,
    "b41": """
      dense:L(d_model,d_model,1);out_proj:L(d_model,num_labels,1)
      """,
    "b410": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b409;norm:N(hidden_size)
      """,
    "b411": """
      fc1:L(out_hidden_size,projector_hidden_size);fc2:L(projector_hidden_size,projector_hidden_size)
      """,
    "b412": """
      self_attn=b408;mlp{gate:R(hidden_size,num_local_experts);pre_expert_proj:L(hidden_size,moe_hidden_size);\
      experts{gate_up_proj:P(num_local_experts,moe_intermediate_size*2,moe_hidden_size);\
      down_proj:P(num_local_experts,moe_hidden_size,moe_intermediate_size);post_expert_norm:N(moe_hidden_size)};\
      post_expert_proj:L(moe_hidden_size,hidden_size);gate=b312;pre_expert_norm:N(moe_hidden_size)};\
      input_layernorm:N(hidden_size);pre_feedforward_layernorm:N(hidden_size);\
      post_feedforward_layernorm:N(hidden_size);post_attention_residual_gate{gate:T(hidden_size)};\
      post_feedforward_residual_gate{gate:T(hidden_size)}
      """,
    "b413": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b412;norm:N(hidden_size)
      """,
    "b414": """
      conv:C(256,256,1|1,conv_kernel_size);mlp{fc1:L(256,1024,1);fc2:L(1024,256,1)};norm:N(256)
      """,
    "b415": """
      conv:C(512,512,1|1,conv_kernel_size);mlp{fc1:L(512,2048,1);fc2:L(2048,512,1)};norm:N(512)
      """,
    "b416": """
      conv:C(1024,1024,1|1,conv_kernel_size);mlp{fc1:L(1024,4096,1);fc2:L(4096,1024,1)};norm:N(1024)
      """,
    "b417": """
      conv:C(2048,2048,1|1,conv_kernel_size);mlp{fc1:L(2048,8192,1);fc2:L(8192,2048,1)};norm:N(2048)
      """,
    "b418": """
      layers{0{patch_embedder{proj:L(16,256,1);norm:N(256)};conv_blocks{0=b414;1=b414}};1{patch_embedder{\
      proj:L(1536,512,1);norm:N(512)};conv_blocks{0=b415;1=b415}};2{patch_embedder{proj:L(2560,1024,1);\
      norm:N(1024)};conv_blocks{0=b416;1=b416}};3{patch_embedder{proj:L(4096,2048,1);norm:N(2048)};conv_blocks{\
      0=b417;1=b417}}};proj:L(hidden_sizes[3],out_hidden_size,1);norm:N(hidden_sizes[3]);\
      post_proj_norm:N(out_hidden_size)
      """,
    "b419": """
      embed_tokens:E(vocab_size,d_model)~;embed_positions:E(max_position_embeddings+2,d_model);\
      layers*encoder_layers=b37;layernorm_embedding:N(d_model,1)
      """,
    "b42": """
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
      """,
    "b420": """
      shared:E(vocab_size,d_model)!;encoder=b419;decoder=b39
      """,
    "b421": """
      self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
      num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
      attention_bias);o_proj:L(head_dim*num_attention_heads,hidden_size,attention_bias)};mlp=b10;\
      input_layernorm:N(hidden_size,1);post_attention_layernorm:N(hidden_size,1)
      """,
    "b422": """
      projection:L(subsampling_factor*num_mel_bins,hidden_size)
      """,
    "b423": """
      self_attn{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads));k_proj:L(hidden_size,\
      num_key_value_heads*(hidden_size//num_attention_heads));v_proj:L(hidden_size,\
      num_attention_heads*(hidden_size//num_attention_heads));\
      o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,1);\
      q_norm:N(hidden_size//num_attention_heads,1);k_norm:N(hidden_size//num_attention_heads,1)};mlp=b66;\
      layer_norm1:N(hidden_size,1);layer_norm2:N(hidden_size,1)
      """,
    "b424": """
      self_attn{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads));k_proj:L(hidden_size,\
      num_key_value_heads*(hidden_size//num_attention_heads));v_proj:L(hidden_size,\
      num_attention_heads*(hidden_size//num_attention_heads));\
      o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,1)};mlp=b66;\
      layer_norm1:N(hidden_size,1);layer_norm2:N(hidden_size,1)
      """,
    "b425": """
      word_embeddings:E(vocab_size,embedding_rank)!;embedding_projection:L(embedding_rank,hidden_size)
      """,
    "b426": """
      up_proj:L(patch_size**2*3,hidden_size*2);down_proj:L(hidden_size*2,hidden_size,1);norm:N(patch_size**2*3,1)
      """,
    "b427": """
      self_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
      num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
      attention_bias);output_projection{gate_proj:L(hidden_size,num_attention_heads*head_dim);\
      o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias)};exclusive_self_attention{\
      alpha:T(num_attention_heads)}};mlp=b10;lambdas:T(2)
      """,
    "b428": """
      classifier:L(d_model,num_experts,router_bias)
      """,
    "b429": """
      fc1:L(d_model,encoder_ffn_dim,1);fc2:L(encoder_ffn_dim,d_model,1)
      """,
    "b43": """
      word_embeddings:E(vocab_size,hidden_size)!;position_embeddings:E(max_position_embeddings,hidden_size);\
      LayerNorm:N(hidden_size,1)
      """,
    "b430": """
      self_attn=b34;ffn{?(i+1)%decoder_sparse_step==0 router=b428;?(i+1)%decoder_sparse_step==0 experts{\
      expert_0=b429;expert_1=b429;expert_2=b429;expert_3=b429};?!((i+1)%decoder_sparse_step==0) fc1:L(d_model,\
      encoder_ffn_dim,1);?!((i+1)%decoder_sparse_step==0) fc2:L(encoder_ffn_dim,d_model,1)};\
      self_attn_layer_norm:N(d_model,1);ff_layer_norm:N(d_model,1)
      """,
    "b431": """
      fc1:L(d_model,decoder_ffn_dim,1);fc2:L(decoder_ffn_dim,d_model,1)
      """,
    "b432": """
      self_attn=b34;cross_attention=b34;ffn{?(i+1)%decoder_sparse_step==0 router=b428;\
      ?(i+1)%decoder_sparse_step==0 experts{expert_0=b431;expert_1=b431;expert_2=b431;expert_3=b431};\
      ?!((i+1)%decoder_sparse_step==0) fc1:L(d_model,decoder_ffn_dim,1);?!((i+1)%decoder_sparse_step==0) \
      fc2:L(decoder_ffn_dim,d_model,1)};self_attn_layer_norm:N(d_model,1);cross_attention_layer_norm:N(d_model,1);\
      ff_layer_norm:N(d_model,1)
      """,
    "b433": """
      mlp=b81;self_attn{q_proj:M(hidden_size,num_attention_heads*head_dim,0|num_attention_heads*head_dim*3,\
      hidden_size);k_proj:M(hidden_size,num_attention_heads*head_dim,0|num_attention_heads*head_dim*3,\
      hidden_size);v_proj:M(hidden_size,num_attention_heads*head_dim,0|num_attention_heads*head_dim*3,\
      hidden_size);o_proj:L(num_attention_heads*head_dim,hidden_size)};post_attention_layernorm:N(hidden_size,1);\
      post_mlp_layernorm:N(hidden_size,1)
      """,
    "b434": """
      embeddings=b254;layers*num_hidden_layers=b433
      """,
    "b435": """
      word_embeddings:E(vocab_size,hidden_size)!;position_embeddings:E(max_position_embeddings+2,hidden_size);\
      token_type_embeddings:E(type_vocab_size,hidden_size);LayerNorm:N(hidden_size,1)
      """,
    "b436": """
      layer*num_hidden_layers{attention{self{query:L(hidden_size,\
      num_attention_heads*int(hidden_size/num_attention_heads),1);key:L(hidden_size,\
      num_attention_heads*int(hidden_size/num_attention_heads),1);value:L(hidden_size,\
      num_attention_heads*int(hidden_size/num_attention_heads),1);conv:C(num_attention_heads,num_attention_heads,\
      0|num_attention_heads//num_attention_heads,conv_kernel_size,1)};output=b45};intermediate{\
      dense:L(hidden_size,intermediate_size,1)};output=b46}
      """,
    "b437": """
      self_attn=b155;mlp=b81;post_attention_layernorm:N(hidden_size);post_feedforward_layernorm:N(hidden_size)
      """,
    "b438": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b437;norm:N(hidden_size)
      """,
    "b439": """
      self_attn{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
      k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
      v_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
      o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,attention_bias);\
      q_norm:N(hidden_size);k_norm:N(hidden_size//num_attention_heads*num_key_value_heads)};mlp=b156;\
      input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b44": """
      query:L(hidden_size,num_attention_heads*int(hidden_size/num_attention_heads),1);key:L(hidden_size,\
      num_attention_heads*int(hidden_size/num_attention_heads),1);value:L(hidden_size,\
      num_attention_heads*int(hidden_size/num_attention_heads),1)
      """,
    "b440": """
      attn=b224;mlp{c_fc:G(n_embd,n_embd*4,1);c_proj:G(n_embd*4,n_embd,1)};ln_1:N(n_embd,1);ln_2:N(n_embd,1)
      """,
    "b441": """
      embed_tokens:E(vocab_size,word_embed_proj_dim)!;embed_positions:E(max_position_embeddings+2,hidden_size);\
      ?!(word_embed_proj_dim==hidden_size) project_out:L(hidden_size,word_embed_proj_dim);\
      ?!(word_embed_proj_dim==hidden_size) project_in:L(word_embed_proj_dim,hidden_size);layers*num_hidden_layers{\
      self_attn{k_proj:L(hidden_size,hidden_size,enable_bias);v_proj:L(hidden_size,hidden_size,enable_bias);\
      q_proj:L(hidden_size,hidden_size,enable_bias);out_proj:L(hidden_size,hidden_size,enable_bias)};\
      fc1:L(hidden_size,ffn_dim,enable_bias);fc2:L(ffn_dim,hidden_size,enable_bias);\
      ?layer_norm_elementwise_affine self_attn_layer_norm:N(hidden_size,1);?layer_norm_elementwise_affine \
      final_layer_norm:N(hidden_size,1)};?do_layer_norm_before&layer_norm_elementwise_affine \
      final_layer_norm:N(hidden_size,1)
      """,
    "b442": """
      linear_1:L(vision_config.hidden_size*vision_config.spatial_merge_size*vision_config.spatial_merge_size,\
      vision_config.hidden_size*vision_config.spatial_merge_size*vision_config.spatial_merge_size,1);\
      linear_2:L(vision_config.hidden_size*vision_config.spatial_merge_size*vision_config.spatial_merge_size,\
      text_config.hidden_size,1);pre_norm@vision_config=b15
      """,
    "b443": """
      k_proj:L(d_model,d_model);v_proj:L(d_model,d_model);q_proj:L(d_model,d_model);out_proj:L(d_model,d_model)
      """,
    "b444": """
      ?!tie_word_embeddings embed_tokens:E(vocab_size,d_model);?tie_word_embeddings embed_tokens:E(vocab_size,\
      d_model)~;embed_global:E(num_global_tokens,d_model);layers*encoder_layers{self_attn=b443;fc1:L(d_model,\
      encoder_ffn_dim,1);fc2:L(encoder_ffn_dim,d_model,1);self_attn_layer_norm:N(d_model,1);\
      global_self_attn_layer_norm:N(d_model,1);final_layer_norm:N(d_model,1)};layer_norm:N(d_model,1)
      """,
    "b445": """
      ?!tie_word_embeddings embed_tokens:E(vocab_size,d_model);?tie_word_embeddings embed_tokens:E(vocab_size,\
      d_model)~;layers*decoder_layers{self_attn=b443;encoder_attn=b443;fc1:L(d_model,decoder_ffn_dim,1);\
      fc2:L(decoder_ffn_dim,d_model,1);self_attn_layer_norm:N(d_model,1);encoder_attn_layer_norm:N(d_model,1);\
      final_layer_norm:N(d_model,1)};layer_norm:N(d_model,1)
      """,
    "b446": """
      embeddings:E(vocab_size,d_model);position_embeddings:E(max_position_embeddings,d_model)
      """,
    "b447": """
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
      """,
    "b448": """
      self_attn{query_key_value:L(hidden_size,hidden_size*3,1);\
      dense:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,1);?qk_layernorm \
      q_layernorm:N(hidden_size//num_attention_heads,1);?qk_layernorm \
      k_layernorm:N(hidden_size//num_attention_heads,1)};mlp=b232;input_layernorm:N(hidden_size,1);\
      post_attention_layernorm:N(hidden_size,1)
      """,
    "b449": """
      self_attn{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),1);\
      k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),1);v_proj:L(hidden_size,\
      num_key_value_heads*(hidden_size//num_attention_heads),1);\
      dense:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,1);?qk_layernorm \
      q_layernorm:N(hidden_size//num_attention_heads,1);?qk_layernorm \
      k_layernorm:N(hidden_size//num_attention_heads,1)};mlp=b66;input_layernorm:N(hidden_size,1)
      """,
    "b45": """
      dense:L(hidden_size,hidden_size,1);LayerNorm:N(hidden_size,1)
      """,
    "b450": """
      self_attn{o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size);\
      qkv_proj:L(hidden_size,\
      num_attention_heads*(hidden_size//num_attention_heads)+num_key_value_heads*(hidden_size//num_attention_heads\
      )*2)};mlp=b197;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b451": """
      attention=b14;mlp=b66;probe:T(1,1,hidden_size);layernorm:N(hidden_size,1)
      """,
    "b452": """
      gate_up_proj:L(hidden_size,intermediate_size*2,1);down_proj:L(intermediate_size,hidden_size,1);\
      layer_norm:N(hidden_size,1)
      """,
    "b453": """
      image_embed{img_processor{embeddings@vision_config=b239;encoder=b193;head@vision_config=b451;\
      post_layernorm@vision_config=b15};img_projection_up:L(vision_config.hidden_size,hidden_size,1);\
      img_projection_down:L(hidden_size,hidden_size,1);global_img_feature_extensor:T(1,1,\
      vision_config.hidden_size);sub_img_feature_extensor:T(1,1,1,vision_config.hidden_size)};audio_embed{encoder{\
      embed@audio_config{conv{0:C(1,nemo_conv_channels,1|1,3,3);2:C(nemo_conv_channels,nemo_conv_channels,1|\
      nemo_conv_channels//nemo_conv_channels,3,3);3:C(nemo_conv_channels,nemo_conv_channels,1|nemo_conv_channels,\
      1,1);5:C(nemo_conv_channels,nemo_conv_channels,1|nemo_conv_channels//nemo_conv_channels,3,3);\
      6:C(nemo_conv_channels,nemo_conv_channels,1|nemo_conv_channels,1,1)};\
      out:L(nemo_conv_channels*nemo_final_size,hidden_size,1)};relative_attention_bias_layer@audio_config{\
      bias_values:E(bias_max_distance*2,num_attention_heads)};encoders*num_hidden_layers@audio_config{\
      feed_forward_in=b452;self_attn=b264;conv{glu{ext_pw_conv_1d:C(hidden_size,ext_pw_out_channel*2,1|\
      hidden_size,1);b1:T(1,ext_pw_out_channel,1);b2:T(1,ext_pw_out_channel,1)};dw_sep_conv_1d{\
      dw_conv:C(hidden_size,hidden_size*depthwise_multiplier,1|hidden_size//hidden_size,kernel_size);\
      pw_conv:C(hidden_size*depthwise_multiplier,depthwise_separable_out_channel,1|\
      hidden_size*depthwise_multiplier,1)};ext_pw_conv_1d:C(hidden_size,ext_pw_out_channel,1|hidden_size,1);\
      layer_norm:N(hidden_size,1)};feed_forward_out=b452;layer_norm_att:N(hidden_size,1);layer_norm:N(hidden_size,\
      1)};encoder_embedding@audio_config{global_mean:B(input_size);global_invstd:B(input_size)}};\
      up_proj_for_speech:L(audio_config.hidden_size*audio_config.downsample_rate,hidden_size,1);\
      down_proj_for_speech:L(hidden_size,hidden_size,1);\
      up_proj_for_vision_speech:L(audio_config.hidden_size*audio_config.downsample_rate,hidden_size,1);\
      down_proj_for_vision_speech:L(hidden_size,hidden_size,1)}
      """,
    "b454": """
      self_attn=b143;mlp{router:L(hidden_size,num_local_experts);experts=b360};input_layernorm:N(hidden_size,1);\
      post_attention_layernorm:N(hidden_size,1)
      """,
    "b455": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b454;norm:N(hidden_size,1)
      """,
    "b456": """
      vision_tower:A(AutoModel,vlm_config.vision_config);language_model:A(AutoModel,vlm_config.text_config)
      """,
    "b457": """
      wi_0:L(hidden_size,d_ff);wi_1:L(hidden_size,d_ff);wo:L(d_ff,hidden_size)
      """,
    "b458": """
      key_proj:L(hidden_size,hidden_size,1);value_proj:L(hidden_size,hidden_size,1);query_proj:L(hidden_size,\
      hidden_size,1);out_proj:L(hidden_size,hidden_size,1)
      """,
    "b459": """
      self_attn{key_proj:L(hidden_size,hidden_size,1);value_proj:L(hidden_size,hidden_size,1);\
      query_proj:L(hidden_size,hidden_size,1);out_proj:L(hidden_size,hidden_size,1);\
      relative_pos_embeddings:L(hidden_size,num_buckets*num_decoder_attention_heads,1)};?add_cross_attention \
      cross_attn=b458;feed_forward{intermediate:L(hidden_size,decoder_ffn_dim,1);output:L(decoder_ffn_dim,\
      hidden_size,1)};self_attn_layer_norm:N(hidden_size,1);?add_cross_attention \
      cross_attn_layer_norm:N(hidden_size,1);feed_forward_layer_norm:N(hidden_size,1)
      """,
    "b46": """
      dense:L(intermediate_size,hidden_size,1);LayerNorm:N(hidden_size,1)
      """,
    "b460": """
      self_attn=b207;mlp=b81;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b461": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b460;norm:N(hidden_size)
      """,
    "b462": """
      attn=b88;mlp=b148;norm1:N(hidden_size);norm2:N(hidden_size)
      """,
    "b463": """
      patch_embed=b147;blocks*depth=b462;merger=b150
      """,
    "b464": """
      linear:L(audio_config.d_model,text_config.hidden_size,1)
      """,
    "b465": """
      patch_embed@vision_config=b87;pos_embed:E(vision_config.num_position_embeddings,vision_config.hidden_size);\
      blocks*text_config.num_hidden_layers@vision_config=b89;merger@vision_config=b90
      """,
    "b466": """
      conv1d:C(linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads,\
      linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads,0|\
      (linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads)//(linear_key_head_\
      dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads),linear_conv_kernel_dim);\
      out_proj:L(linear_value_head_dim*linear_num_value_heads,hidden_size);in_proj_qkv:L(hidden_size,\
      linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads);\
      in_proj_z:L(hidden_size,linear_value_head_dim*linear_num_value_heads);in_proj_b:L(hidden_size,\
      linear_num_value_heads);in_proj_a:L(hidden_size,linear_num_value_heads);dt_bias:T(linear_num_value_heads);\
      A_log:T(linear_num_value_heads);norm:N(linear_value_head_dim)
      """,
    "b467": """
      q_norm:N(head_dim);k_norm:N(head_dim);q_proj:L(hidden_size,num_attention_heads*head_dim*2,attention_bias);\
      k_proj:L(hidden_size,num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,\
      num_key_value_heads*head_dim,attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias)
      """,
    "b468": """
      ?layer_types[i]=='linear_attention' linear_attn=b466;mlp=b81;input_layernorm:N(hidden_size);\
      post_attention_layernorm:N(hidden_size);?!(layer_types[i]=='linear_attention') self_attn=b467
      """,
    "b469": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b468;norm:N(hidden_size)
      """,
    "b47": """
      layer*num_hidden_layers{attention{self=b44;output=b45};intermediate{dense:L(hidden_size,intermediate_size,\
      1)};output=b46}
      """,
    "b470": """
      visual=b465;language_model@text_config=b469
      """,
    "b471": """
      ?!(layer_types[i]=='full_attention') linear_attn=b466;mlp{gate:R(hidden_size,num_experts);experts=b1;\
      shared_expert=b158;shared_expert_gate:L(hidden_size,1)};input_layernorm:N(hidden_size);\
      post_attention_layernorm:N(hidden_size);?layer_types[i]=='full_attention' self_attn=b467
      """,
    "b472": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b471;norm:N(hidden_size)
      """,
    "b473": """
      conv1d:C(linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads,\
      linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads,0|\
      (linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads)//(linear_key_head_\
      dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads),linear_conv_kernel_dim);\
      in_proj_qkvz:L(hidden_size,\
      linear_key_head_dim*linear_num_key_heads*2+linear_value_head_dim*linear_num_value_heads*2);\
      in_proj_ba:L(hidden_size,linear_num_value_heads*2);out_proj:L(linear_value_head_dim*linear_num_value_heads,\
      hidden_size);dt_bias:T(linear_num_value_heads);A_log:T(linear_num_value_heads);norm:N(linear_value_head_dim)
      """,
    "b474": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{?!(layer_types[i]=='full_attention') \
      linear_attn=b473;mlp{?mlp_only_layers has i gate_proj:L(hidden_size,intermediate_size);?mlp_only_layers has \
      i up_proj:L(hidden_size,intermediate_size);?mlp_only_layers has i down_proj:L(intermediate_size,\
      hidden_size);?!(mlp_only_layers has i) gate:R(hidden_size,num_experts);?!(mlp_only_layers has i) experts=b1;\
      ?!(mlp_only_layers has i) shared_expert=b158;?!(mlp_only_layers has i) shared_expert_gate:L(hidden_size,1)};\
      input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size);?layer_types[i]=='full_attention' \
      self_attn=b467};norm:N(hidden_size)
      """,
    "b475": """
      patch_embed=b87;pos_embed:E(num_position_embeddings,hidden_size);blocks*depth=b89;merger=b90;\
      deepstack_merger_list{0=b91;1=b91;2=b91}
      """,
    "b476": """
      self_attn=b168;mlp=b81;input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b477": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b476;norm:N(hidden_size)
      """,
    "b478": """
      gate_up_proj:P(num_local_experts,moe_intermediate_size*2,hidden_size);down_proj:P(num_local_experts,\
      hidden_size,moe_intermediate_size)
      """,
    "b479": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b168;mlp{?num_local_experts<=0|\
      (mlp_only_layers has i|!((i+1)%decoder_sparse_step==0)) gate_proj:L(hidden_size,intermediate_size);\
      ?num_local_experts<=0|(mlp_only_layers has i|!((i+1)%decoder_sparse_step==0)) up_proj:L(hidden_size,\
      intermediate_size);?num_local_experts<=0|(mlp_only_layers has i|!((i+1)%decoder_sparse_step==0)) \
      down_proj:L(intermediate_size,hidden_size);?!(num_local_experts<=0)&(!(mlp_only_layers has \
      i)&(i+1)%decoder_sparse_step==0) experts=b478;?!(num_local_experts<=0)&(!(mlp_only_layers has \
      i)&(i+1)%decoder_sparse_step==0) gate:R(hidden_size,num_local_experts)};input_layernorm:N(hidden_size);\
      post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)
      """,
    "b48": """
      word_embeddings:E(vocab_size,hidden_size)!;position_embeddings:E(max_position_embeddings,hidden_size);\
      token_type_embeddings:E(type_vocab_size,hidden_size);LayerNorm:N(hidden_size,1)
      """,
    "b480": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b9;mlp=b81;\
      pre_self_attn_layernorm:N(hidden_size);post_self_attn_layernorm:N(hidden_size);\
      pre_feedforward_layernorm:N(hidden_size);post_feedforward_layernorm:N(hidden_size)};norm:N(hidden_size)
      """,
    "b481": """
      embed_tokens:E(decoder.vocab_size,decoder.hidden_size);layers*encoder.num_hidden_layers@decoder{\
      self_attn=b9;mlp=b81;cross_attn{q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);\
      k_proj:L(cross_attention_hidden_size,num_key_value_heads*head_dim,attention_bias);\
      v_proj:L(cross_attention_hidden_size,num_key_value_heads*head_dim,attention_bias);\
      o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias)};pre_self_attn_layernorm:N(hidden_size);\
      post_self_attn_layernorm:N(hidden_size);pre_feedforward_layernorm:N(hidden_size);\
      post_feedforward_layernorm:N(hidden_size);pre_cross_attn_layernorm:N(hidden_size);\
      post_cross_attn_layernorm:N(hidden_size)};norm@decoder{weight:T(hidden_size)}
      """,
    "b482": """
      weight:T(256);bias:T(256);running_mean:B(256);running_var:B(256);num_batches_tracked:B()
      """,
    "b483": """
      weight:T(64);bias:T(64);running_mean:B(64);running_var:B(64);num_batches_tracked:B()
      """,
    "b484": """
      conv1:C(256,64,0|256,1,1);conv2:C(64,64,0|64,3,3);conv3:C(64,256,0|64,1,1);bn1=b483;bn2=b483;bn3=b482
      """,
    "b485": """
      weight:T(512);bias:T(512);running_mean:B(512);running_var:B(512);num_batches_tracked:B()
      """,
    "b486": """
      weight:T(128);bias:T(128);running_mean:B(128);running_var:B(128);num_batches_tracked:B()
      """,
    "b487": """
      conv1:C(512,128,0|512,1,1);conv2:C(128,128,0|128,3,3);conv3:C(128,512,0|128,1,1);bn1=b486;bn2=b486;bn3=b485
      """,
    "b488": """
      weight:T(1024);bias:T(1024);running_mean:B(1024);running_var:B(1024);num_batches_tracked:B()
      """,
    "b489": """
      conv1:C(1024,256,0|1024,1,1);conv2:C(256,256,0|256,3,3);conv3:C(256,1024,0|256,1,1);bn1=b482;bn2=b482;bn3=b488
      """,
    "b49": """
      transform=b45;?!tie_word_embeddings decoder:L(hidden_size,vocab_size,1);?tie_word_embeddings \
      decoder:L(hidden_size,vocab_size,1)~;bias:T(vocab_size)
      """,
    "b490": """
      weight:T(2048);bias:T(2048);running_mean:B(2048);running_var:B(2048);num_batches_tracked:B()
      """,
    "b491": """
      conv1:C(2048,512,0|2048,1,1);conv2:C(512,512,0|512,3,3);conv3:C(512,2048,0|512,1,1);bn1=b485;bn2=b485;bn3=b490
      """,
    "b492": """
      linear_1:L(audio_config.intermediate_size,text_config.hidden_size);linear_2:L(text_config.hidden_size,\
      text_config.hidden_size)
      """,
    "b5": """
      embedding_hidden_mapping_in:L(embedding_size,hidden_size,1);albert_layer_groups{0{albert_layers{0=b4}}}
      """,
    "b50": """
      embeddings=b48;encoder=b47;pooler{dense:L(hidden_size,hidden_size,1)}
      """,
    "b51": """
      predictions=b49;seq_relationship:L(hidden_size,2,1)
      """,
    "b52": """
      layer*num_hidden_layers{attention{self{query:L(hidden_size,\
      num_attention_heads*int(hidden_size/num_attention_heads),use_bias);key:L(hidden_size,\
      num_attention_heads*int(hidden_size/num_attention_heads),use_bias);value:L(hidden_size,\
      num_attention_heads*int(hidden_size/num_attention_heads),use_bias)};output=b45};intermediate{\
      dense:L(hidden_size,intermediate_size,1)};output=b46}
      """,
    "b53": """
      embeddings=b48;encoder=b52;pooler:L(hidden_size,hidden_size,1)
      """,
    "b54": """
      transform=b45;?tie_word_embeddings decoder:L(hidden_size,vocab_size,1)~;bias:T(vocab_size)
      """,
    "b55": """
      dense:L(hidden_size,hidden_size,1);out_proj:L(hidden_size,num_labels,1)
      """,
    "b56": """
      predictions=b54;seq_relationship:L(hidden_size,2,1)
      """,
    "b57": """
      k_proj:L(d_model,d_model,use_bias);v_proj:L(d_model,d_model,use_bias);q_proj:L(d_model,d_model,use_bias);\
      out_proj:L(d_model,d_model,use_bias)
      """,
    "b58": """
      self_attn=b57;encoder_attn=b57;fc1:L(d_model,decoder_ffn_dim,1);fc2:L(decoder_ffn_dim,d_model,1);\
      self_attn_layer_norm:N(d_model,1);encoder_attn_layer_norm:N(d_model,1);final_layer_norm:N(d_model,1)
      """,
    "b59": """
      k_proj:L(hidden_size,hidden_size,1);v_proj:L(hidden_size,hidden_size,1);q_proj:L(hidden_size,hidden_size,1);\
      out_proj:L(hidden_size,hidden_size,1)
      """,
    "b6": """
      embeddings=b3;encoder=b5;pooler:L(hidden_size,hidden_size,1)
      """,
    "b60": """
      self_attn=b59;fc1:L(hidden_size,intermediate_size,1);fc2:L(intermediate_size,hidden_size,1);\
      self_attn_layer_norm:N(hidden_size,1);final_layer_norm:N(hidden_size,1)
      """,
    "b61": """
      self_attn{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
      k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
      v_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
      o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,attention_bias);\
      attn_sub_norm:N(hidden_size)};mlp{gate_proj:L(hidden_size,intermediate_size);up_proj:L(hidden_size,\
      intermediate_size);down_proj:L(intermediate_size,hidden_size);ffn_sub_norm:N(intermediate_size)};\
      input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)
      """,
    "b62": """
      decoder{embed_tokens:E(vocab_size,d_model)!;embed_positions:E(max_position_embeddings,d_model);\
      layers*decoder_layers=b35;layer_norm:N(d_model,1)}
      """,
    "b63": """
      ?!tie_word_embeddings embed_tokens:E(vocab_size,d_model);?tie_word_embeddings embed_tokens:E(vocab_size,\
      d_model)~;embed_positions:E(max_position_embeddings,d_model);layers*encoder_layers=b37;layer_norm:N(d_model,1)
      """,
    "b64": """
      ?!tie_word_embeddings embed_tokens:E(vocab_size,d_model);?tie_word_embeddings embed_tokens:E(vocab_size,\
      d_model)~;embed_positions:E(max_position_embeddings,d_model);layers*decoder_layers=b35;layer_norm:N(d_model,1)
      """,
    "b65": """
      patch_embedding:C(3,hidden_size,1|3,patch_size,patch_size);class_embedding:T(1,1,hidden_size);\
      position_embedding:T(1,(image_size//patch_size)**2+1,hidden_size)
      """,
    "b66": """
      fc1:L(hidden_size,intermediate_size,1);fc2:L(intermediate_size,hidden_size,1)
      """,
    "b67": """
      self_attn{qkv:L(hidden_size,hidden_size*3,qkv_bias);projection:L(hidden_size,hidden_size,1)};mlp=b66;\
      layer_norm1:N(hidden_size,1);layer_norm2:N(hidden_size,1)
      """,
    "b68": """
      embeddings@vision_config=b65;encoder{layers*qformer_config.num_hidden_layers@vision_config=b67};\
      post_layernorm@vision_config=b15
      """,
    "b69": """
      query:L(hidden_size,num_attention_heads*int(hidden_size/num_attention_heads),1);key:L(encoder_hidden_size,\
      num_attention_heads*int(hidden_size/num_attention_heads),1);value:L(encoder_hidden_size,\
      num_attention_heads*int(hidden_size/num_attention_heads),1)
      """,
    "b7": """
      self_attn{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
      k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
      v_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
      o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,attention_bias);\
      q_norm:N(hidden_size//num_attention_heads);k_norm:N(hidden_size//num_attention_heads)};mlp{\
      up_proj:L(hidden_size,intermediate_size);down_proj:L(intermediate_size,hidden_size);act_fn{alpha_p:T(1);\
      alpha_n:T(1);beta:B();eps:B()}};attention_layernorm:N(hidden_size);feedforward_layernorm:N(hidden_size)
      """,
    "b70": """
      attention{attention=b44;output=b45};?i%cross_attention_frequency==0 crossattention{attention=b69;\
      output=b45};intermediate_query{dense:L(hidden_size,intermediate_size,1)};output_query=b46
      """,
    "b71": """
      embeddings@vision_config=b65;encoder{layers*text_config.num_hidden_layers@vision_config=b67};\
      post_layernorm@vision_config=b15
      """,
    "b72": """
      embeddings@vision_config=b65;encoder{layers*text_config.num_hidden_layers@vision_config{self_attn{\
      qkv:L(hidden_size,hidden_size*3,1);projection:L(hidden_size,hidden_size,1)};mlp=b66;\
      layer_norm1:N(hidden_size,1);layer_norm2:N(hidden_size,1)}};post_layernorm@vision_config=b15
      """,
    "b73": """
      self_attention{query_key_value:L(hidden_size,hidden_size*3,1);dense:L(hidden_size,hidden_size,1)};mlp{\
      dense_h_to_4h:L(hidden_size,hidden_size*4,1);dense_4h_to_h:L(hidden_size*4,hidden_size,1)};\
      input_layernorm:N(hidden_size,1);post_attention_layernorm:N(hidden_size,1)
      """,
    "b74": """
      dense:L(hidden_size,hidden_size,1);?!tie_word_embeddings decoder:L(hidden_size,vocab_size,1);\
      ?tie_word_embeddings decoder:L(hidden_size,vocab_size,1)~;bias:T(vocab_size);layer_norm:N(hidden_size,1)
      """,
    "b75": """
      word_embeddings:E(vocab_size,hidden_size)!;token_type_embeddings:E(type_vocab_size,hidden_size);\
      position_embeddings:E(max_position_embeddings,hidden_size);LayerNorm:N(hidden_size,1)
      """,
    "b76": """
      dense:L(hidden_size,hidden_size,1);?tie_word_embeddings decoder:L(hidden_size,vocab_size,1)~;\
      bias:T(vocab_size);layer_norm:N(hidden_size,1)
      """,
    "b77": """
      patch_embedding:C(num_channels,hidden_size,0|num_channels,patch_size,patch_size);\
      position_embedding:E((image_size//patch_size)**2+1,hidden_size);class_embedding:T(hidden_size)
      """,
    "b78": """
      self_attn=b59;mlp=b66;layer_norm1:N(hidden_size,1);layer_norm2:N(hidden_size,1)
      """,
    "b79": """
      fc_in:L(n_embd,null(n_inner)?n_embd*4:n_inner,1);fc_out:L(null(n_inner)?n_embd*4:n_inner,n_embd,1)
      """,
    "b8": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers=b7;norm:N(hidden_size)
      """,
    "b80": """
      attn{out_proj:L(n_embd,n_embd);qkv_proj:L(n_embd,n_embd*3)};mlp=b79;ln_1:N(n_embd,1)
      """,
    "b81": """
      gate_proj:L(hidden_size,intermediate_size);up_proj:L(hidden_size,intermediate_size);\
      down_proj:L(intermediate_size,hidden_size)
      """,
    "b82": """
      self_attn{q_proj:L(hidden_size,num_attention_heads*(hidden_size//num_attention_heads),attention_bias);\
      k_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
      v_proj:L(hidden_size,num_key_value_heads*(hidden_size//num_attention_heads),attention_bias);\
      o_proj:L(num_attention_heads*(hidden_size//num_attention_heads),hidden_size,attention_bias);?use_qk_norm \
      q_norm{weight:T(num_attention_heads,hidden_size//num_attention_heads)};?use_qk_norm k_norm{\
      weight:T(num_key_value_heads,hidden_size//num_attention_heads)}};mlp=b81;input_layernorm:N(hidden_size)
      """,
    "b83": """
      self_attn=b9;mlp=b81;input_layernorm:N(hidden_size)
      """,
    "b84": """
      gate_up_proj:S(num_experts,intermediate_size*2,hidden_size|gate_proj,up_proj);down_proj:S(num_experts,\
      hidden_size,intermediate_size|down_proj)
      """,
    "b85": """
      self_attn=b13;mlp{?mlp_layer_types[i]=='dense' gate_proj:L(hidden_size,intermediate_size);\
      ?mlp_layer_types[i]=='dense' up_proj:L(hidden_size,intermediate_size);?mlp_layer_types[i]=='dense' \
      down_proj:L(intermediate_size,hidden_size);?!(mlp_layer_types[i]=='dense') gate:R(hidden_size,num_experts);\
      ?!(mlp_layer_types[i]=='dense') experts=b84};input_layernorm:N(hidden_size)
      """,
    "b86": """
      linear_1:L(vision_config.hidden_size*downsample_factor**2,alignment_intermediate_size,1);\
      linear_2:L(alignment_intermediate_size//2,text_config.hidden_size,1)
      """,
    "b87": """
      proj:C(in_channels,hidden_size,1|in_channels,temporal_patch_size,patch_size,patch_size)
      """,
    "b88": """
      qkv:L(hidden_size,hidden_size*3,1);proj:L(hidden_size,hidden_size,1)
      """,
    "b89": """
      attn=b88;mlp{linear_fc1:L(hidden_size,intermediate_size,1);linear_fc2:L(intermediate_size,hidden_size,1)};\
      norm1:N(hidden_size,1);norm2:N(hidden_size,1)
      """,
    "b9": """
      q_proj:L(hidden_size,num_attention_heads*head_dim,attention_bias);k_proj:L(hidden_size,\
      num_key_value_heads*head_dim,attention_bias);v_proj:L(hidden_size,num_key_value_heads*head_dim,\
      attention_bias);o_proj:L(num_attention_heads*head_dim,hidden_size,attention_bias)
      """,
    "b90": """
      linear_fc1:L(hidden_size*spatial_merge_size**2,hidden_size*spatial_merge_size**2,1);\
      linear_fc2:L(hidden_size*spatial_merge_size**2,out_hidden_size,1);norm:N(hidden_size,1)
      """,
    "b91": """
      linear_fc1:L(hidden_size*spatial_merge_size**2,hidden_size*spatial_merge_size**2,1);\
      linear_fc2:L(hidden_size*spatial_merge_size**2,out_hidden_size,1);norm:N(hidden_size*spatial_merge_size**2,1)
      """,
    "b92": """
      layer*num_hidden_layers{attention{self{query:L(hidden_size,\
      num_attention_heads//head_ratio*(hidden_size//(num_attention_heads//head_ratio)//2),1);key:L(hidden_size,\
      num_attention_heads//head_ratio*(hidden_size//(num_attention_heads//head_ratio)//2),1);value:L(hidden_size,\
      num_attention_heads//head_ratio*(hidden_size//(num_attention_heads//head_ratio)//2),1);key_conv_attn_layer{\
      depthwise:C(hidden_size,hidden_size,0|hidden_size//hidden_size,conv_kernel_size);pointwise:C(hidden_size,\
      num_attention_heads//head_ratio*(hidden_size//(num_attention_heads//head_ratio)//2),0|hidden_size,1);\
      bias:T(num_attention_heads//head_ratio*(hidden_size//(num_attention_heads//head_ratio)//2),1)};\
      conv_kernel_layer:L(num_attention_heads//head_ratio*(hidden_size//(num_attention_heads//head_ratio)//2),\
      num_attention_heads//head_ratio*conv_kernel_size,1);conv_out_layer:L(hidden_size,\
      num_attention_heads//head_ratio*(hidden_size//(num_attention_heads//head_ratio)//2),1)};output=b45};\
      intermediate{dense:L(hidden_size,intermediate_size,1)};output=b46}
      """,
    "b93": """
      dense:L(hidden_size,embedding_size,1);LayerNorm:N(embedding_size,1)
      """,
    "b94": """
      embeddings=b3;encoder=b92;?!(embedding_size==hidden_size) embeddings_project:L(embedding_size,hidden_size,1)
      """,
    "b95": """
      patch_embedding:L(num_channels*patch_size*patch_size,hidden_size,1);position_embedding:E(num_patches,\
      hidden_size)
      """,
    "b96": """
      layers*text_config.num_hidden_layers@vision_config=b78
      """,
    "b97": """
      embeddings@vision_config=b95;encoder=b96;post_layernorm@vision_config=b15
      """,
    "b98": """
      fc1:L(hidden_size,intermediate_size);fc2:L(intermediate_size,hidden_size)
      """,
    "b99": """
      embed_tokens:E(vocab_size,hidden_size)!;layers*num_hidden_layers{self_attn=b9;mlp=b98;\
      input_layernorm:N(hidden_size);post_attention_layernorm:N(hidden_size)};norm:N(hidden_size)
      """,
  ]
}
