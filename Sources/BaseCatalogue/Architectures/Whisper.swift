extension Architecture {
  static let whisper = Architecture("whisper", heads: whisperHeads, keys: whisperKeys) { config in
    whisperEncoder(config)
    whisperDecoder(config)
  }

  private static let whisperKeys = [
    "num_attention_heads": "encoder_attention_heads", "hidden_size": "d_model", "num_hidden_layers": "encoder_layers",
  ]

  private static let whisperHeads: [ModelClass] = [
    .causal("ForConditionalGeneration", "model", "proj_out", tied: true),
    .bare,
    ModelClass("ForCausalLM", "model", body: whisperDecoder) { config, body in
      linear("proj_out", body.hidden, body.vocabulary, tied: config.tied(true))
    },
    ModelClass("ForAudioClassification", "", body: whisperEncoder) { config, _ in
      let width = config.size("classifier_proj_size", 256)
      if config.bool("use_weighted_layer_sum", false) {
        tensor("layer_weights", config.size("encoder_layers", 4) + 1)
      }
      linear("projector", config.size("d_model", 384), width, bias: true)
      linear("classifier", width, config.labels, bias: true)
    },
  ]

  @Sendable @RowBuilder
  private static func whisperEncoder(_ config: Config) -> [Row] {
    let hidden = config.size("d_model", 384)
    let inner = config.size("encoder_ffn_dim", 1536)
    scope("encoder") {
      convolution("conv1", config.size("num_mel_bins", 80), hidden, kernel: [3], bias: true)
      convolution("conv2", hidden, hidden, kernel: [3], bias: true)
      embedding("embed_positions", config.size("max_source_positions", 1500), hidden)
      layers("layers", config.size("encoder_layers", 4)) { _ in
        whisperAttention("self_attn", hidden)
        whisperBlock(hidden, inner)
      }
      norm("layer_norm", hidden, bias: true)
    }
  }

  @Sendable @RowBuilder
  private static func whisperDecoder(_ config: Config) -> [Row] {
    let hidden = config.size("d_model", 384)
    let inner = config.size("decoder_ffn_dim", 1536)
    scope("decoder") {
      tokens("embed_tokens", config.size("vocab_size", 51865), hidden)
      embedding("embed_positions", config.size("max_target_positions", 448), hidden)
      layers("layers", config.size("decoder_layers", 4)) { _ in
        whisperAttention("self_attn", hidden)
        whisperAttention("encoder_attn", hidden)
        whisperBlock(hidden, inner)
      }
      norm("layer_norm", hidden, bias: true)
    }
  }

  @RowBuilder
  private static func whisperAttention(_ path: Path, _ hidden: Size) -> [Row] {
    scope(path) {
      linear("k_proj", hidden, hidden)
      for name in ["v_proj", "q_proj", "out_proj"] { linear("\(name)", hidden, hidden, bias: true) }
    }
    norm("\(path.disk)_layer_norm", hidden, bias: true)
  }

  @RowBuilder
  private static func whisperBlock(_ hidden: Size, _ inner: Size) -> [Row] {
    linear("fc1", hidden, inner, bias: true)
    linear("fc2", inner, hidden, bias: true)
    norm("final_layer_norm", hidden, bias: true)
  }
}
