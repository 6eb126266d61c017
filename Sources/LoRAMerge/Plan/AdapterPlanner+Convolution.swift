import LoRAKernels
import LoRAModel
import Safetensors
import TensorCore

/// Convolutions: W `[out, in, k…]` gets s·B·A with A `[rank, in, k…]` and B `[out, rank, 1…]`, all seen as matrices.
extension AdapterPlanner {
  mutating func convolution(_ module: AdapterModule) {
    guard let pair = pair(module), let target = target(module) else { return }
    let shape = weightShape(of: target)
    let (a, b) = (pair.a.tensor.shape, pair.b.tensor.shape)
    guard a.rank == shape.rank, a.dimensions.dropFirst() == shape.dimensions.dropFirst(), b[0] == shape[0] else {
      refuse(module, "its factors \(a) and \(b) do not fit the base's weight \(shape)")
      return
    }
    guard
      let delta = decomposed(delta(module, pair, isInputFirst: false), module, axis: .rows, outputs: shape[0])
    else { return }
    change(outputName(of: target), .add(delta, firstRow: 0, rows: shape[0], columns: pair.a.count))
  }
}
