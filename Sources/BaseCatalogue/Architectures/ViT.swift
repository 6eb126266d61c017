extension Architecture {
  static let vit = Architecture("vit", heads: vitHeads) { config in
    let hidden = config.size("hidden_size", 768)
    let intermediate = config.size("intermediate_size", 3072)
    let bias = config.bool("qkv_bias", true)
    let image = config.pair("image_size", 224)
    let patch = config.pair("patch_size", 16)
    scope("embeddings") {
      tensor("cls_token", 1, 1, hidden)
      tensor("position_embeddings", 1, (image.0 / patch.0) * (image.1 / patch.1) + 1, hidden)
      convolution(
        "patch_embeddings.projection", config.size("num_channels", 3), hidden, kernel: [patch.0, patch.1], bias: true)
    }
    // In memory the layers have been called otherwise since version 5.
    layers(Path("encoder.layer", memory: "layers"), config.size("num_hidden_layers", 12)) { _ in
      linear(Path("attention.attention.query", memory: "attention.q_proj"), hidden, hidden, bias: bias)
      linear(Path("attention.attention.key", memory: "attention.k_proj"), hidden, hidden, bias: bias)
      linear(Path("attention.attention.value", memory: "attention.v_proj"), hidden, hidden, bias: bias)
      linear(Path("attention.output.dense", memory: "attention.o_proj"), hidden, hidden, bias: true)
      linear(Path("intermediate.dense", memory: "mlp.fc1"), hidden, intermediate, bias: true)
      linear(Path("output.dense", memory: "mlp.fc2"), intermediate, hidden, bias: true)
      norm("layernorm_before", hidden, bias: true)
      norm("layernorm_after", hidden, bias: true)
    }
    norm("layernorm", hidden, bias: true)
  }

  private static let vitHeads: [ModelClass] = [
    ModelClass("ForImageClassification", "vit") { config, _ in
      if config.labels != 0 { linear("classifier", config.size("hidden_size", 768), config.labels, bias: true) }
    },
    ModelClass("Model", "") { config, _ in
      let hidden = config.size("hidden_size", 768)
      let width = config.optionalSize("pooler_output_size") ?? hidden
      linear("pooler.dense", hidden, width == 0 ? hidden : width, bias: true)
    },
    ModelClass("ForMaskedImageModeling", "vit") { config, _ in
      let hidden = config.size("hidden_size", 768)
      let stride = config.size("encoder_stride", 16)
      tensor("vit.embeddings.mask_token", 1, 1, hidden)
      convolution("decoder.0", hidden, stride * stride * config.size("num_channels", 3), kernel: [1, 1], bias: true)
    },
  ]
}
