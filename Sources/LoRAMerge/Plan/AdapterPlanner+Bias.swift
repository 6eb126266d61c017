import LoRAKernels
import LoRAModel
import Safetensors
import TensorCore

/// `lora_bias`: B has a bias of its own, and b' = b + s·b_B.
extension AdapterPlanner {
  mutating func bias(_ module: AdapterModule) {
    guard let bias = module.bBias else {
      if adapter.config?.hasLoRABias == true, module.kind == .linear {
        refuse(module, "lora_bias is set but its B has no bias")
      }
      return
    }
    if let config = adapter.config, !config.hasLoRABias {
      refuse(
        module, "its B has a bias but the config does not say lora_bias, so PEFT would ignore it",
        hint: "set lora_bias to true if the bias is meant")
      return
    }
    guard let target = target(module) else { return }
    guard let (name, entry) = base.bias(of: target) else {
      refuse(module, "its B has a bias but the base's layer has none to add it to")
      return
    }
    guard entry.info.dtype.isMergeable, bias.dtype.isFloat, entry.info.shape.rank == 1,
      bias.elementCount == entry.info.elementCount, bias.elementCount > 0
    else {
      refuse(
        module,
        "the bias of its B is \(bias.dtype.name) \(bias.shape), the base's is \(entry.info.dtype.name) "
          + "\(entry.info.shape)")
      return
    }
    let count = bias.elementCount
    let row = stored(bias).factor(.rankFirst(count: Int(count)))
    let delta = LowRankDelta(
      adapter: number, module: module.name, rank: 1, scale: module.scale * weight, left: nil, right: row)
    change(name, .add(delta, firstRow: 0, rows: 1, columns: count))
  }
}
