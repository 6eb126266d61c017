import JSON
import TensorCore

/// Names of tensors that other adapter methods write, for telling users what they have; from the state dicts of
/// peft 0.21 and of releases before it, and of LyCORIS.
public enum ForeignMethods {
  /// What PROMPT_TUNING, P_TUNING, PREFIX_TUNING, CPT and CARTRIDGE have in common: one table of virtual tokens, which
  /// does not tell them apart.
  public static let promptLearning = "PROMPT_LEARNING"

  private static let byMarker: [(marker: String, method: String)] = [
    ("hada_", "LOHA"), ("lokr_", "LOKR"), ("ia3_", "IA3"), ("vera_lambda", "VERA"), ("vera_A", "VERA"),
    ("vera_B", "VERA"), ("oft_", "OFT"), ("boft_", "BOFT"), ("hra_", "HRA"), ("road_", "ROAD"), ("psoft_", "PSOFT"),
    ("vblora_", "VBLORA"), ("unilora_", "UNILORA"), ("randlora_", "RANDLORA"), ("tinylora_", "TINYLORA"),
    ("fourierft_", "FOURIERFT"), ("waveft_", "WAVEFT"), ("c3a_", "C3A"), ("shira_", "SHIRA"),
    ("gralora_", "GRALORA"), ("delora_", "DELORA"), ("hira_", "HIRA"), ("glora_", "GLORA"), ("lily_", "LILY"),
    ("miss_", "MISS"), ("bone_", "BONE"), ("deft_", "DEFT"), ("ln_tuning", "LN_TUNING"), ("osf_", "OSF"),
    ("poly_", "POLY"), ("beft_", "BEFT"), ("lora_E", "ADALORA"), ("ranknum", "ADALORA"), ("adamss_", "ADAMSS"),
    ("frod_", "FROD"), ("peanut_", "PEANUT"), ("pvera_", "PVERA"), ("shadow_", "SHADOW"),
    ("supertuning_", "SUPERTUNING"), ("prefix_task_", "MULTITASK_PROMPT_TUNING"),
    ("prompt_embeddings", promptLearning), ("adaption_", "ADAPTION_PROMPT"),
  ]

  /// The method whose parameter one component of the name is, or nil.
  public static func method(of name: String) -> String? {
    let components = name.dottedComponents
    for component in components.suffix(3).reversed() {
      for (marker, method) in byMarker where component.hasPrefix(marker) { return method }
    }
    // LoRA keeps the rows of single tokens below `token_adapter`, the method of its own name does not.
    if components.last == "trainable_tokens_delta", !components.contains("token_adapter") { return "TRAINABLE_TOKENS" }
    // The small model that SHADOW trains beside the base has tensors of ordinary names.
    return components.count > 1 && components[1].hasPrefix("shadow_") ? "SHADOW" : nil
  }

  /// What to call a method in a sentence.
  public static func title(of method: String) -> String {
    guard method == promptLearning else { return escaped(method) }
    return "prompt learning (PROMPT_TUNING, P_TUNING, PREFIX_TUNING, CPT or CARTRIDGE)"
  }
}
