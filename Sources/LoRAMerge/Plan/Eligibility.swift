import Diagnostics
import JSON
import LoRAModel
import Safetensors

/// What keeps a whole adapter from being merged, whatever the base.
enum Eligibility {
  /// Every reason; empty when the adapter is of a kind that has a delta.
  static func refusals(of adapter: Adapter) -> [Refusal] {
    var refusals = adapter.findings.filter { $0.severity == .error }.map {
      Refusal($0.file, subject: $0.tensor, $0.message, hint: $0.hint)
    }
    if let method = adapter.foreignMethod {
      refusals.append(Refusal(adapter.path, "it is a \(escaped(method)) adapter, and only LoRA is merged"))
      return refusals
    }
    if let config = adapter.config { refusals += self.refusals(of: config, path: adapter.path) }
    // A tensor that is not understood may be half of the adapter.
    let unknown = adapter.unknown.map(\.name)
    if !unknown.isEmpty {
      let shown = unknown.prefix(3).map { "\"\(escaped($0, limit: 120))\"" }.joined(separator: ", ")
      let more = unknown.count > 3 ? " and \(unknown.count - 3) more" : ""
      refusals.append(
        Refusal(adapter.path, "the meaning of its tensors \(shown)\(more) is not known, so they would be ignored"))
    }
    if refusals.isEmpty, adapter.modules.isEmpty, adapter.replacements.isEmpty {
      refusals.append(Refusal(adapter.path, "it changes nothing: it has no LoRA factors and no replacement tensors"))
    }
    return refusals
  }

  private static func refusals(of config: AdapterConfig, path: String) -> [Refusal] {
    var refusals: [Refusal] = []
    for variant in config.variants {
      guard let reason = variantReasons[variant] else { continue }
      refusals.append(Refusal(path, reason))
    }
    if config.replicatesLayers {
      refusals.append(
        Refusal(
          path, "it was trained with layer_replication, where several layers share one weight of the base",
          hint: "build the replicated model first and merge into that"))
    }
    if let family = config.baseChangingInitialisation {
      refusals.append(
        Refusal(
          path,
          "init_lora_weights is \"\(escaped(config.initialisation, limit: 40))\": it was trained against changed base "
            + "weights, and B·A on the original base would add the initial factors again",
          hint: (family == "loftq"
            ? "" : "save it again with PEFT's path_initial_model_for_weight_conversion and the untrained adapter, or ")
            + "merge into the changed base of its training after setting init_lora_weights to true"))
    }
    return refusals
  }

  /// Variants whose delta is no fixed matrix; those missing here train differently but merge as plain LoRA.
  private static let variantReasons = [
    "alora_invocation_tokens": "it is an activated LoRA, acting only after its invocation tokens; serve it unmerged",
    "alora_invocation_string": "it is an activated LoRA, acting only after its invocation tokens; serve it unmerged",
    "arrow_config": "it is routed between adapters token by token (arrow), so it has no fixed delta",
    "kasa_config": "it belongs to a base whose smallest singular values were removed (KaSA)",
    "use_qalora": "its A acts on pooled inputs (QALoRA), so B·A has not the shape of the weight",
    "use_bdlora": "its factors are block-diagonal (BD-LoRA), which is not merged",
  ]
}
