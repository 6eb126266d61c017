/// Files that are asked for by name where a server lists none.
enum UsualNames {
  static let adapterConfig = "adapter_config.json"
  /// Configs that describe the weights they lie beside.
  static let configs: Set = [adapterConfig, "config.json"]
  /// What tells an adapter or a model.
  static let first = [adapterConfig, "adapter_model.safetensors", "config.json", index, "model.safetensors"]
  private static let index = "model.safetensors.index.json"
  /// Weights of adapters under other names.
  static let otherWeights = [
    "adapter_model.safetensors.zst", "adapter_model.safetensors.bpz", "adapters.safetensors",
    "pytorch_lora_weights.safetensors", "adapter_model.bin",
  ]
  static let tokenizers = [
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "chat_template.jinja",
    "tokenizer.model", "vocab.json", "merges.txt",
  ]

  /// Whether a file is asked for beside one that was named.
  static func mayLieBeside(_ name: String) -> Bool {
    configs.contains(name) || name.hasSuffix(".safetensors") || name.hasSuffix(".safetensors.index.json")
  }

  /// Whether a file that was not asked for yet may be a shard that the index of a model names.
  static func mayBeShard(_ name: String, in tree: FileTree) -> Bool {
    tree.isFile(index) && name.hasSuffix(".safetensors") && !first.contains(name) && !otherWeights.contains(name)
  }

  /// Whether a path is that of a file, by its ending.
  static func isFile(_ path: String) -> Bool {
    [".safetensors", ".zst", ".bpz", ".json", ".bin", ".pt", ".pth", ".ckpt", ".gguf"].contains { path.hasSuffix($0) }
  }
}
