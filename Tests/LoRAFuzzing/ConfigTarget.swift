import Diagnostics
import LoRAModel
import LoRATestSupport

/// Texts of `adapter_config.json`, with their patterns put to some module names.
struct ConfigTarget: FuzzTarget {
  let name = "config"

  static let mutation = JSONMutation(vocabulary: [
    "peft_type", "LORA", "r", "lora_alpha", "rank_pattern", "alpha_pattern", "target_modules", "exclude_modules",
    "modules_to_save", "layers_to_transform", "layers_pattern", "all-linear", "q_proj", "layers", "use_rslora",
    "use_dora", "bias", "all", "lora_only", "init_lora_weights", "pissa", "target_parameters",
    "trainable_token_indices", "layer_replication", "alora_invocation_tokens", "eva_config", "corda_config",
    "use_bdlora", "kasa_config", "lora_bias", "megatron_config", "loftq_config", "loftq", "IA3", "PREFIX_TUNING",
    "BONE", "XLORA", "task_type", "SEQ_CLS", "auto_mapping", "base_model_class", "lora_parameters", "fine_tune_type",
    #"^model\\.layers\\.[0-9]+\\."#,
    #".*\\.(q|v)_proj"#, "(?i)Q_PROJ", "model.layers.0.self_attn.q_proj", #"(?<=layers\\.)1"#, "(x?){500}",
  ])

  private static let modules = [
    "model.layers.0.self_attn.q_proj", "model.layers.11.mlp.experts.3.down_proj", "lm_head", "", "a.b.c.0.1.2",
    String(repeating: "x.", count: 200),
  ]

  static let text = #"""
    {"peft_type":"LORA","r":8,"lora_alpha":16,"target_modules":["q_proj","v_proj"],"rank_pattern":{"q_proj":4,
    "^model\\.layers\\.[02].*":2},"alpha_pattern":{".*down_proj$":1.5},"layers_to_transform":[0,1],
    "layers_pattern":"layers","modules_to_save":["lm_head"],"bias":"none","use_rslora":true,"use_dora":false,
    "base_model_name_or_path":"org/model","task_type":"CAUSAL_LM","init_lora_weights":true,"peft_version":"0.21.2",
    "exclude_modules":".*experts.*","trainable_token_indices":{"embed_tokens":[1,2]},"fan_in_fan_out":false}
    """#

  func seeds() -> [[UInt8]] {
    [
      Self.text, #"{"peft_type":"LORA","r":4,"lora_alpha":4,"target_modules":"model\\..*(q|k)_proj"}"#,
      #"{"fine_tune_type":"lora","num_layers":4,"lora_parameters":{"rank":8,"scale":20.0,"dropout":0.0,"keys":["self_attn.q_proj"]}}"#,
    ].map { Array($0.utf8) }
  }

  func mutate(_ input: inout [UInt8], _ random: inout SeededGenerator) { Self.mutation.mutate(&input, &random) }

  func run(_ input: [UInt8]) throws(Violation) {
    let reading = AdapterConfig.parse(input, path: "adapter_config.json")
    for finding in reading.findings { try Terminal.check(finding.message, "a finding") }
    guard let config = reading.config else { return }
    try Violation.unless(config.rank > 0, "a rank of \(config.rank) is taken")
    try Violation.unless(config.alpha.isFinite, "an alpha of \(config.alpha) is taken")
    try Violation.unless(!reading.findings.contains { $0.severity == .error }, "a config with errors is taken")
    let matching = TargetMatching(config)
    for problem in matching.problems { try Terminal.check(problem.reason, "a problem") }
    for module in Self.modules {
      _ = (matching.targets(module), matching.scale(of: module), matching.layerIndex(of: module))
      _ = matching.alphaPatterns(hitting: module)
      let answers = (matching.rank(of: module), matching.rankPatterns(hitting: module).first?.rank ?? config.rank)
      if let finding = matching.exhaustion(config) { return try Terminal.check(finding.message, "a finding") }
      try Violation.unless(answers.0 == answers.1, "two questions give two ranks for \(module)")
    }
  }
}
