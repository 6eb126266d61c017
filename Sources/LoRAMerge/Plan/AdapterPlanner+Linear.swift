import LoRAKernels
import LoRAModel
import Safetensors
import TensorCore

/// Linear layers: W `[out, in]` gets s·B·A; stored the other way round, as GPT-2's Conv1D does, W `[in, out]` gets
/// s·(B·A)ᵀ.
extension AdapterPlanner {
  mutating func linear(_ module: AdapterModule) {
    guard let pair = pair(module), let target = target(module) else { return }
    let shape = weightShape(of: target)
    guard let isInputFirst = isInputFirst(module, target, shape) else { return }
    guard
      let delta = decomposed(
        delta(module, pair, isInputFirst: isInputFirst), module, axis: isInputFirst ? .columns : .rows,
        outputs: module.outFeatures)
    else { return }
    change(outputName(of: target), .add(delta, firstRow: 0, rows: shape[0], columns: shape[1]))
  }

  /// Whether the base stores the weight `[in, out]`; nil, with a refusal, when it fits neither way.
  ///
  /// The base decides. `fan_in_fan_out` of the config is what PEFT saw last, so it only counts where the weight is
  /// square and nothing is known of the architecture.
  private mutating func isInputFirst(_ module: AdapterModule, _ target: BaseModule, _ shape: Shape) -> Bool? {
    let inputLast: Shape = [module.outFeatures, module.inFeatures]
    let inputFirst: Shape = [module.inFeatures, module.outFeatures]
    guard shape == inputLast || shape == inputFirst else {
      refuse(
        module, "its factors give a delta of \(inputLast) but the base's weight is \(shape)",
        hint: "the adapter was trained on another model")
      return nil
    }
    if base.modelType == nil, !target.isTransposed {
      return inputFirst == inputLast ? adapter.config?.fanInFanOut ?? false : shape == inputFirst
    }
    guard shape == (target.isTransposed ? inputFirst : inputLast) else {
      refuse(
        module, "its factors fit the base's weight \(shape) only when transposed",
        hint: "the export swapped A and B or their dimensions")
      return nil
    }
    return target.isTransposed
  }
}
