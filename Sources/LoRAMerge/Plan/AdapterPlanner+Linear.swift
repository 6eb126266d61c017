import JSON
import LoRAKernels
import LoRAModel
import Safetensors
import TensorCore

import struct BaseCatalogue.RuntimeModule

/// Linear layers: W `[out, in]` gets s·B·A; stored the other way round, as GPT-2's Conv1D does, W `[in, out]` gets
/// s·(B·A)ᵀ.
extension AdapterPlanner {
  mutating func linear(_ module: AdapterModule) {
    if let match = base.match(module.name), let runtime = match.runtime, let firstRow = runtime.firstRow {
      return fused(module, match, runtime, base.modules[runtime.parts[0]], firstRow: firstRow)
    }
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

  /// A layer whose weight the files hold as some rows of a larger matrix.
  private mutating func fused(
    _ module: AdapterModule, _ match: ModuleMatch, _ runtime: RuntimeModule, _ holder: BaseModule?, firstRow: UInt64
  ) {
    guard let pair = pair(module), let holder, isWritable(holder, for: module) else { return }
    note(match)
    let shape = match.module.shape
    guard [module.outFeatures, module.inFeatures] == shape else {
      refuse(
        module,
        "its factors \(pair.a.tensor.shape) and \(pair.b.tensor.shape) do not fit the base's weight \(shape)",
        hint: "the adapter was trained on another model")
      return
    }
    guard module.magnitude == nil, module.bBias == nil else {
      refuse(
        module,
        "the files hold its weight as rows of \"\(escaped(holder.name))\", where neither magnitudes nor biases of one "
          + "part are merged")
      return
    }
    guard !runtime.isReordered else {
      refuse(
        module, "the files hold its weight as rows of \"\(escaped(holder.name))\" in another order than in memory",
        hint: "merge with PEFT, or serve the adapter unmerged")
      return
    }
    let whole = holder.weight?.info.shape ?? []
    guard whole.rank == 2, whole[1] == shape[1], firstRow <= whole[0], shape[0] <= whole[0] - firstRow else {
      refuse(module, "its rows lie outside of \"\(escaped(holder.name))\", which is \(whole)")
      return
    }
    let delta = delta(module, pair, isInputFirst: false)
    change(holder.weightName, .add(delta, firstRow: firstRow, rows: shape[0], columns: shape[1]))
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
