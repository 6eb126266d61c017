extension Architecture {
  static let t5 = Architecture("t5", heads: t5Heads, keys: t5Keys) { config in
    t5Encoder(config)
    t5Stack(config, "decoder", config.optionalSize("num_decoder_layers") ?? config.size("num_layers", 6))
  }

  private static let t5Keys = [
    "hidden_size": "d_model", "num_attention_heads": "num_heads", "num_hidden_layers": "num_layers",
    "head_dim": "d_kv",
  ]

  /// The library ties the output head whatever the configuration says.
  private static let t5Heads: [ModelClass] = [
    ModelClass("ForConditionalGeneration", "") { _, body in linear("lm_head", body.hidden, body.vocabulary, tied: true)
    },
    .bare,
    ModelClass("EncoderModel", "", body: t5Encoder),
    ModelClass("ForSequenceClassification", "transformer") { config, body in
      linear("classification_head.dense", body.hidden, body.hidden, bias: true)
      linear("classification_head.out_proj", body.hidden, config.labels, bias: true)
    },
    ModelClass("ForTokenClassification", "transformer", body: t5Encoder) { config, body in
      linear("classifier", body.hidden, config.labels, bias: true)
    },
    .answering(""),
  ]

  @Sendable @RowBuilder
  private static func t5Encoder(_ config: Config) -> [Row] {
    tokens("shared", config.size("vocab_size", 32128), config.size("d_model", 512))
    t5Stack(config, "encoder", config.size("num_layers", 6))
  }

  private static func t5Stack(_ config: Config, _ path: Path, _ count: Size) -> Row {
    let hidden = config.size("d_model", 512)
    let inner = config.size("d_ff", 2048)
    let heads = config.size("num_heads", 8)
    let isGated = config.string("feed_forward_proj", "relu").hasPrefix("gated-")
    let isDecoder = path.disk == "decoder"
    return scope(path) {
      embedding("embed_tokens", config.size("vocab_size", 32128), hidden, tied: true)
      layers("block", count) { index in
        t5Attention("layer.0.SelfAttention", hidden, heads * config.size("d_kv", 64))
        if index == 0 {
          let buckets = config.size("relative_attention_num_buckets", 32)
          embedding("layer.0.SelfAttention.relative_attention_bias", buckets, heads)
        }
        norm("layer.0.layer_norm", hidden)
        if isDecoder {
          t5Attention("layer.1.EncDecAttention", hidden, heads * config.size("d_kv", 64))
          norm("layer.1.layer_norm", hidden)
        }
        scope(isDecoder ? "layer.2" : "layer.1") {
          for name in isGated ? ["wi_0", "wi_1"] : ["wi"] { linear("DenseReluDense.\(name)", hidden, inner) }
          linear("DenseReluDense.wo", inner, hidden)
          norm("layer_norm", hidden)
        }
      }
      norm("final_layer_norm", hidden)
    }
  }

  private static func t5Attention(_ path: Path, _ hidden: Size, _ width: Size) -> Row {
    scope(path) {
      linear("q", hidden, width)
      linear("k", hidden, width)
      linear("v", hidden, width)
      linear("o", width, hidden)
    }
  }
}
