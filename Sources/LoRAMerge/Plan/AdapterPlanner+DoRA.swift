import LoRAKernels
import LoRAModel
import Safetensors
import TensorCore

/// DoRA: the direction comes from W + s·B·A, the length of every output from a magnitude vector.
extension AdapterPlanner {
  /// The delta with the module's magnitudes, if it has any; nil when they were refused.
  mutating func decomposed(
    _ delta: LowRankDelta, _ module: AdapterModule, axis: Magnitude.Axis, outputs: UInt64
  ) -> LowRankDelta? {
    let isDeclared = adapter.config?.usesDoRA
    guard let magnitude = module.magnitude else {
      guard isDeclared == true else { return delta }
      refuse(module, "the config says DoRA (use_dora) but it has no magnitude vector")
      return nil
    }
    if isDeclared == false {
      refuse(
        module, "it has a magnitude vector but the config does not say use_dora, so PEFT would ignore it",
        hint: "set use_dora to true if the adapter is a DoRA")
      return nil
    }
    guard magnitude.dtype.isFloat, magnitude.elementCount == outputs else {
      refuse(module, "its magnitudes are \(magnitude.dtype.name) \(magnitude.shape), expected \(outputs) numbers")
      return nil
    }
    guard weight == 1 else {
      refuse(module, "it is a DoRA, whose change is not proportional to a weight such as \(weight)")
      return nil
    }
    var delta = delta
    delta.magnitude = Magnitude(values: stored(magnitude).source, axis: axis)
    return delta
  }
}
