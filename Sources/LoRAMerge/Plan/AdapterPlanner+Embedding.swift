import LoRAModel
import Safetensors
import TensorCore

/// Embeddings: W `[rows, width]` gets s·(B·A)ᵀ with A `[rank, rows]` and B `[width, rank]`, whatever the config says
/// about orientation.
extension AdapterPlanner {
  mutating func embedding(_ module: AdapterModule) {
    guard let pair = pair(module), let target = target(module) else { return }
    let shape = weightShape(of: target)
    guard shape == [module.inFeatures, module.outFeatures] else {
      refuse(
        module,
        "its factors \(pair.a.tensor.shape) and \(pair.b.tensor.shape) do not fit the base's embedding \(shape)",
        hint: "the adapter was trained on a base with another vocabulary or width")
      return
    }
    guard
      let delta = decomposed(
        delta(module, pair, isInputFirst: true), module, axis: .columns, outputs: module.outFeatures)
    else { return }
    change(outputName(of: target), .add(delta, firstRow: 0, rows: shape[0], columns: shape[1]))
  }
}
