import BaseCatalogue
import LoRAIO
import Safetensors
package import TensorCore

/// Single tensors of a base by the names that the library has for them in memory.
extension BaseModel {
  /// The shape of the base's tensor of this name, from its weights or from what its config describes; nil for tensors
  /// that are not known.
  package func shape(of tensor: String) -> Shape? {
    if let entry = checkpoint?.tensors[tensor] { return entry.info.shape }
    if tensor.hasSuffix(".bias"), let module = match(String(tensor.dropLast(".bias".count)))?.module,
      module.kind != .embedding, module.kind != .parameter, module.hasBias, module.outFeatures > 0
    {
      return [module.outFeatures]
    }
    if tensor.hasSuffix(".weight"), let module = match(String(tensor.dropLast(".weight".count)))?.module,
      !module.isQuantized
    {
      return module.shape
    }
    return outsideModules(tensor)
  }

  /// Whether the model has no tensor that an adapter's name could mean; false where that is not known.
  package func lacksTensor(_ name: String, _ names: LoadedNames) -> Bool {
    guard isKnown, !hasUnknownNames, BaseTensorName(name) != .buffer, shape(of: name) == nil, match(name) == nil,
      !names.renamedTensors.value.contains(name), let dot = name.lastIndex(of: ".")
    else { return false }
    let (owner, leaf) = (String(name[..<dot]), name[name.index(after: dot)...])
    guard let match = match(owner) else { return true }
    guard leaf == "bias" else { return leaf != "weight" && checkpoint != nil }
    let module = match.module
    // Of other heads the library may keep a bias that the files call otherwise (`cls.predictions.bias`).
    guard module.name.layer != nil || module.kind == .embedding || owner == "lm_head" else { return false }
    return !module.hasBias && module.kind != .parameter
  }

  /// The shape of a tensor that belongs to no module, under its own name, another usual prefix or the one in the files.
  private func outsideModules(_ tensor: String) -> Shape? {
    func shape(_ name: String) -> Shape? {
      if let entry = checkpoint?.tensors[name] { return entry.info.shape }
      guard let described = description?.otherTensor(name) else { return nil }
      return checkpoint?.tensors[described.name]?.info.shape ?? described.shape
    }
    if let own = shape(tensor) { return own }
    // The bias of a tied head is one with that of its owner, as BERT's `predictions.decoder.bias` and `predictions.bias`.
    let end = "decoder.bias"
    if tensor.hasSuffix("." + end), let shared = shape(tensor.dropLast(end.count) + "bias") { return shared }
    for from in Self.prefixes where tensor.hasPrefix(from) {
      for to in Self.prefixes where to != from {
        if let found = shape(to + tensor.dropFirst(from.count)) { return found }
      }
    }
    return nil
  }
}
