import LoRADeltas
import LoRAIO
import LoRAKernels
import LoRAModel
import Safetensors
import TensorCore

/// Compares what two adapters make of one weight of the base, as DoRA calls for: W' = m ⊙ V/‖V‖ with V = W + s·B·A.
extension ModuleComparer {
  /// The comparison of the merged weights; nil where the base has no weight of the module that can be read as numbers.
  func merged(_ entry: ModuleAlignment.Entry, _ one: StackedFactors.Side?, _ other: StackedFactors.Side?)
    throws(SurgeryError) -> ModuleDiff?
  {
    guard let base, let checkpoint = base.checkpoint, let module = entry.a ?? entry.b, let pair = (one ?? other)?.pair,
      pair.experts == 1, let match = base.match(module.name), match.runtime == nil, !match.module.isQuantized,
      let weight = match.module.weight, weight.info.dtype.isFloat, weight.info.dtype.bits % 8 == 0
    else { return nil }
    let isInputFirst = module.kind == .embedding || match.module.isTransposed
    let (rows, columns) = isInputFirst ? (pair.a.count, pair.b.count) : (pair.b.count, pair.a.count)
    guard weight.info.shape.rank >= 2, weight.info.shape[0] == rows, weight.info.elementCount == rows * columns else {
      throw .refused(
        base.path, subject: weight.info.name,
        "it is \(weight.info.shape), which the delta of \(rows) x \(columns) does not fit")
    }
    let tiles = WeightTiles(
      weight: weight.info, file: checkpoint.files[weight.file], rows: Int(rows), columns: Int(columns))
    var merged: [MergedWeight] = []
    for (module, side) in [(entry.a, one), (entry.b, other)] {
      merged.append(try MergedWeight(module, side, isInputFirst: isInputFirst, columns: Int(columns)))
    }
    // The norms of all outputs are needed before the first row is final.
    try tiles.visit { (first, tile, count) throws(SurgeryError) in
      for index in merged.indices { merged[index].measure(tile, first, count) }
    }
    var sums = MergedSums()
    try tiles.visit { (first, tile, count) throws(SurgeryError) in
      sums.add(tile, merged[0].rows(tile, first, count), merged[1].rows(tile, first, count))
    }
    guard let comparison = sums.comparison else {
      throw .refused(
        base.path, subject: weight.info.name,
        "its merged values, with one of the adapters, are not finite: an output's direction is zero or out of range")
    }
    var result = ModuleDiff(
      name: entry.name, a: entry.a, b: entry.b, subject: .merged, comparison: comparison)
    result.relativeToBase = sums.weight > 0 ? comparison.distance / sums.weight.squareRoot() : nil
    return result
  }
}
