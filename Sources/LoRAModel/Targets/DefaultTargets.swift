import TensorCore

/// The modules that PEFT adapts by itself where a config names none, by the type of the model (peft 0.21.2,
/// `TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING`).
///
/// Mixtral's are left out: there PEFT first translates the targets for transformers 5, which makes of none an empty list.
enum DefaultTargets {
  /// What PEFT takes for a type of model; nil where it has nothing for it and refuses the config.
  static func selection(of modelType: String) -> ModuleSelection? {
    if modelType == "gemma4" { return .pattern(#".*language_model\..*\.(q_proj|v_proj)"#) }
    return names.first { $0.types.contains(modelType) }.map { .names($0.targets) }
  }

  private static let names: [(types: Set<String>, targets: [String])] = [
    (["t5", "mt5"], ["q", "v"]),
    (
      [
        "bart", "opt", "gptj", "gpt_neo", "llama", "llama4", "mistral", "stablelm", "gemma", "gemma2", "gemma3_text",
        "qwen2", "qwen3",
      ], ["q_proj", "v_proj"]
    ),
    (["gpt2", "gpt_bigcode"], ["c_attn"]),
    (["bloom", "gpt_neox", "chatglm", "RefinedWebModel", "RefinedWeb", "falcon"], ["query_key_value"]),
    (["blip-2"], ["q", "v", "q_proj", "v_proj"]),
    (["bert", "roberta", "xlm-roberta", "electra", "layoutlm"], ["query", "value"]),
    (["deberta-v2"], ["query_proj", "value_proj"]),
    (["deberta"], ["in_proj"]),
    (["mpt"], ["Wqkv"]),
    (["btlm"], ["c_proj", "c_attn"]),
    (["codegen"], ["qkv_proj"]),
    (["phi"], ["q_proj", "v_proj", "fc1", "fc2"]),
    (["nemotron_h"], ["q_proj", "k_proj", "v_proj", "o_proj"]),
    (["rwkv"], ["key", "value", "receptance", "output"]),
    (["rwkv7"], ["r_proj", "k_proj", "v_proj", "o_proj", "key", "value"]),
  ]
}

extension AdapterConfig {
  /// The config as PEFT reads it for a base of this type: with the targets that it takes where none are named.
  package func completed(for modelType: String?) -> AdapterConfig {
    guard targets == nil, let modelType, let selection = DefaultTargets.selection(of: modelType) else { return self }
    var config = self
    config.targets = selection
    return config
  }
}
