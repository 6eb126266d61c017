import JSON
import LoRAKernels
import LoRAModel
import Safetensors
import TensorCore

import struct BaseCatalogue.RuntimeModule

/// Stacks of experts (`target_parameters`): W `[experts, out, in]`, or `[experts, in, out]`, gets s·B_e·A_e for every
/// expert e; on disk the stack is one tensor, or a few matrices for every expert.
///
/// A has experts·rank rows, expert by expert; B has rank·experts columns, rank by rank with the expert running fastest
/// (facts: section 2.5).
extension AdapterPlanner {
  mutating func experts(_ module: AdapterModule) {
    guard let pair = pair(module) else { return }
    guard let match = base.match(module.name) else {
      return refuseMissing(module)
    }
    note(match)
    let target = match.module
    guard pair.a.tensor.shape.rank == 2, pair.b.tensor.shape.rank == 2 else {
      refuse(module, "its factors have a dimension for the experts, as MLX stores them, and only PEFT's are merged")
      return
    }
    guard module.bBias == nil, module.magnitude == nil else {
      refuse(module, "a stack of experts has neither a bias nor magnitudes")
      return
    }
    let isStack = target.shape.rank == 3
    guard isStack ? target.shape[0] == module.experts : module.experts == 1 && target.shape.rank == 2 else {
      refuse(module, "it adapts \(module.experts) experts but the base's parameter is \(target.shape)")
      return
    }
    let outer = target.shape[target.shape.rank - 2]
    let inner = target.shape[target.shape.rank - 1]
    guard let isOverInner = isOverInner(module, pair, outer, inner, target) else { return }
    if let runtime = match.runtime, runtime.isSplitByExpert {
      split(module, pair, runtime, rows: outer, columns: inner, isOverInner: isOverInner)
    } else if isWritable(target, for: module) {
      for expert in 0..<module.experts {
        let delta = self.delta(module, pair, expert: expert, isInputFirst: !isOverInner)
        change(target.weightName, .add(delta, firstRow: expert * outer, rows: outer, columns: inner))
      }
    }
  }

  /// Whether A runs over the innermost dimension of the stack and B over the middle one; nil when neither fits.
  private mutating func isOverInner(
    _ module: AdapterModule, _ pair: LoRAPair, _ outer: UInt64, _ inner: UInt64, _ target: BaseModule
  ) -> Bool? {
    let fitsInner = pair.a.count == inner && pair.b.count == outer
    let fitsOuter = pair.a.count == outer && pair.b.count == inner
    let (a, b) = (pair.a.tensor, pair.b.tensor)
    guard fitsInner || fitsOuter else {
      refuse(module, "its factors \(a.shape) and \(b.shape) do not fit the base's parameter \(target.shape)")
      return nil
    }
    if fitsInner != fitsOuter {
      if expertLayout != nil, fitsInner != (!target.isTransposed && expertLayout != .peft018) {
        refuse(module, "its factors \(a.shape) and \(b.shape) do not have the layout \(expertLayout?.rawValue ?? "")")
        return nil
      }
      return fitsInner
    }
    // Both fit: transposed stacks never changed, others did with PEFT 0.19.
    if target.isTransposed { return false }
    if let expertLayout { return expertLayout != .peft018 }
    guard let version = adapter.config?.peftVersion else {
      refuse(
        module, "its stack is square, and without peft_version nothing says how its factors lie",
        hint: "say it with --expert-layout")
      return nil
    }
    let parts = version.split(separator: ".").prefix(2).map { UInt64($0.prefix { $0.isNumber }) ?? 0 }
    return parts.count < 2 || (parts[0], parts[1]) >= (0, 19)
  }

  /// A stack whose experts the files hold one by one, each as the matrices whose rows follow each other in memory.
  private mutating func split(
    _ module: AdapterModule, _ pair: LoRAPair, _ runtime: RuntimeModule, rows: UInt64, columns: UInt64,
    isOverInner: Bool
  ) {
    guard !runtime.module.isTransposed else {
      refuse(module, "the base stores its experts one by one and the other way round than in memory")
      return
    }
    for expert in 0..<module.experts {
      let delta = self.delta(module, pair, expert: expert, isInputFirst: !isOverInner)
      var first: UInt64 = 0
      for name in runtime.parts(ofExpert: expert) {
        guard let part = base.modules[name], isWritable(part, for: module), let weight = part.weight else {
          refuse(module, "the base has no matrix \"\(escaped(name))\" for it")
          return
        }
        guard weight.info.shape.rank == 2, weight.info.shape[1] == columns, !part.isTransposed else {
          refuse(module, "the base's matrix \"\(escaped(name))\" is \(weight.info.shape), expected rows of \(columns)")
          return
        }
        let height = weight.info.shape[0]
        change(part.weightName, .add(delta.dropping(rows: first), firstRow: 0, rows: height, columns: columns))
        first += height
      }
      guard first == rows else {
        refuse(module, "the base's matrices of expert \(expert) have \(first) rows, expected \(rows)")
        return
      }
    }
  }
}
