import JSON
import LoRAModel

extension ServingQuestion {
  /// Adapters of k_proj in layers whose keys are their values as well (`attention_k_eq_v`, Gemma 4).
  ///
  /// In training a change of k_proj goes into both. An engine that loads the one matrix twice into a fused q, k and v adds
  /// factors to the part that they are named for (vLLM 0.33: `gemma4.py`, `QKVParallelLinear`), which was not tried.
  func keysAsValues(of base: BaseModel) -> [ServingReason] {
    guard base.config?.sharesKeys == true || base.config?["text_config"]?.object?.sharesKeys == true else { return [] }
    let shared = matched.first { module, match in
      let name = match.module.name
      guard name.hasSuffix(".k_proj") else { return false }
      return base.modules[name.dropLast("k_proj".count) + "v_proj"] == nil
    }
    guard let shared else { return [] }
    return [
      ServingReason(
        effect: .unjudged, message: "k_proj of layers whose values are their keys: \(escaped(shared.module.name))",
        file: adapter.weightsPath, module: shared.module.name, found: "attention_k_eq_v",
        hint: "compare answers of the engine with PEFT's, train without k_proj, or merge the adapter")
    ]
  }
}

extension JSONObject {
  fileprivate var sharesKeys: Bool { self["attention_k_eq_v"]?.bool == true }
}
