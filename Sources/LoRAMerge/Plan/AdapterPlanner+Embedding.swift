import JSON
import LoRAKernels
import LoRAModel
import Safetensors
import TensorCore

import struct BaseCatalogue.RuntimeModule

/// Embeddings: W `[rows, width]` gets s·(B·A)ᵀ with A `[rank, rows]` and B `[width, rank]`, whatever the config says
/// about orientation.
extension AdapterPlanner {
  mutating func embedding(_ module: AdapterModule) {
    if let match = base.match(module.name), let parts = match.runtime?.parts, parts.count > 1 {
      return tables(module, match, parts)
    }
    guard let pair = pair(module), let target = target(module) else { return }
    let shape = weightShape(of: target)
    guard isFitting(module, pair, shape) else { return }
    guard
      let delta = decomposed(
        delta(module, pair, isInputFirst: true), module, axis: .columns, outputs: module.outFeatures)
    else { return }
    change(outputName(of: target), .add(delta, firstRow: 0, rows: shape[0], columns: shape[1]))
  }

  private mutating func isFitting(_ module: AdapterModule, _ pair: LoRAPair, _ shape: Shape) -> Bool {
    if shape == [module.inFeatures, module.outFeatures] { return true }
    refuse(
      module,
      "its factors \(pair.a.tensor.shape) and \(pair.b.tensor.shape) do not fit the base's embedding \(shape)",
      hint: "the adapter was trained on a base with another vocabulary or width")
    return false
  }

  /// An embedding whose rows the files hold as several tensors, one after the other.
  private mutating func tables(_ module: AdapterModule, _ match: ModuleMatch, _ parts: [String]) {
    guard let pair = pair(module) else { return }
    note(match)
    guard isFitting(module, pair, match.module.shape) else { return }
    guard module.magnitude == nil else {
      refuse(module, "the files hold its weight as \(parts.count) tensors, and its magnitudes are those of all rows")
      return
    }
    let delta = delta(module, pair, isInputFirst: true)
    var left = module.inFeatures
    for name in parts {
      guard let part = base.modules[name], isWritable(part, for: module) else { return }
      // A file may say that each of its tensors has nearly 2^64 rows of nothing.
      guard part.shape.rank == 2, part.shape[1] == module.outFeatures, part.shape[0] <= left else {
        return refuse(module, "the base's tensor \"\(escaped(name))\" is \(part.shape), beyond its embedding")
      }
      change(
        part.weightName,
        .add(
          delta.dropping(rows: module.inFeatures - left), firstRow: 0, rows: part.shape[0], columns: part.shape[1]))
      left -= part.shape[0]
    }
  }
}
