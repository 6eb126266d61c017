import LoRAKernels
import LoRAModel
import Safetensors
import TensorCore

/// Convolutions: W `[out, in, k…]` gets s·B·A with A `[rank, in, k…]` and B `[out, rank, 1…]`, all seen as matrices.
extension AdapterPlanner {
  mutating func convolution(_ module: AdapterModule) {
    guard let (a, b) = pair(module), let target = target(module) else { return }
    let shape = weightShape(of: target)
    guard a.shape.rank == shape.rank, b.shape.rank == shape.rank, shape.rank >= 3, !module.isTransposed else {
      refuse(module, "its factors \(a.shape) and \(b.shape) do not fit the base's weight \(shape)")
      return
    }
    guard b.shape[1] == module.rank else {
      refuse(
        module, "its B \(b.shape) belongs to a convolution in groups, or to another rank than A \(a.shape)",
        hint: "PEFT cannot merge into a convolution in groups either")
      return
    }
    let kernel = shape.dimensions.dropFirst()
    guard a.shape.dimensions.dropFirst() == kernel, b.shape[0] == shape[0],
      b.shape.dimensions.dropFirst(2).allSatisfy({ $0 == 1 })
    else {
      refuse(module, "its factors \(a.shape) and \(b.shape) do not fit the base's weight \(shape)")
      return
    }
    let columns = kernel.reduce(1, *)
    guard
      let delta = decomposed(
        LowRankDelta(
          adapter: number, module: module.name, rank: Int(module.rank), scale: module.scale * weight,
          left: stored(b).factor(.rankLast(rank: Int(module.rank))),
          right: stored(a).factor(.rankFirst(count: Int(columns)))),
        module, axis: .rows, outputs: shape[0])
    else { return }
    change(outputName(of: target), .add(delta, firstRow: 0, rows: shape[0], columns: columns))
  }
}
