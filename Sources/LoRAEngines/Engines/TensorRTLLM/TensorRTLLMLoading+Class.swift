import JSON
import LoRAModel
import Safetensors

extension TensorRTLLMLoading {
  /// What the model class makes of what was loaded.
  var classReasons: [ServingReason] {
    guard let base = question.base, let modelType = base.modelType else { return [.unjudged(question)] }
    let type = escaped(modelType, limit: 60)
    guard let model else {
      return [
        reason(
          .unjudged, "adapters for \(type): which modules its class gives them to was not read", hint: Self.trial)
      ]
    }
    if let failure = model.failure { return [failed(failure, type: type, source: model.source)] }
    var modules: [TensorRTLLMClass.Handing: [AdapterModule]] = [:]
    for entry in placed { modules[model.handing(of: entry.name), default: []].append(entry.module) }
    let found = modules.compactMap { handing, modules in
      modules.first.flatMap { handed(handing, modules, $0, type: type, source: model.source) }
    }
    return found + (isUntried(base, model) ? [.unjudged(question)] : [])
  }

  /// Packed weights, several devices, heads other than a language model's, and dense layers among experts: none of them
  /// was followed.
  private func isUntried(_ base: BaseModel, _ model: TensorRTLLMClass) -> Bool {
    guard let config = base.config else { return false }
    if base.isQuantized || question.options.tensorParallel > 1 { return true }
    if let architecture = config["architectures"]?.array?.first?.string,
      !architecture.hasSuffix("ForCausalLM"), !architecture.hasSuffix("LMHeadModel")
    {
      return true
    }
    let step = config["decoder_sparse_step"]?.int64 ?? 1
    return model.isSparseThroughout && (step > 1 || config["mlp_only_layers"]?.array?.isEmpty == false)
  }

  private func failed(_ failure: TensorRTLLMClass.Failure, type: String, source: String) -> ServingReason {
    switch failure {
    case .atStart(let why):
      reason(
        .refusedAtStart, "adapters for \(type): \(why) (\(source))", hint: "merge the adapter, or use another engine")
    case .inBatch(let why):
      reason(
        .failsInBatch, "any adapter for \(type): \(why) (\(source))",
        hint: "merge the adapter and serve the merged model")
    }
  }

  private func handed(
    _ handing: TensorRTLLMClass.Handing, _ modules: [AdapterModule], _ first: AdapterModule, type: String,
    source: String
  ) -> ServingReason? {
    switch handing {
    case .held: nil
    case .dropped:
      reason(
        .ignored,
        "\(some(modules)): the factors are loaded, and its class for "
          + "\(type) never gives them to these modules (\(source))",
        at: first, hint: "merge the adapter and serve the merged model")
    case .placeless:
      reason(
        .failsInBatch,
        "\(some(modules)): the factors are loaded, and its class for "
          + "\(type) has no layer that could add them (\(source))",
        at: first, hint: "train without these modules for this engine")
    case .swapped:
      reason(
        .misapplied,
        "\(some(modules)): it exchanges the halves of lora_B, which its class for \(type) wants as they are", at: first,
        hint: "start it with swap_gate_up_proj_lora_b_weight=False")
    case .unread: reason(.unjudged, "\(some(modules)) of \(type)", at: first, hint: Self.trial)
    }
  }
}
