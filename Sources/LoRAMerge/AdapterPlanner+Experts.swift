import LoRAKernels
import LoRAModel
import Safetensors
import TensorCore

import struct BaseCatalogue.RuntimeModule

/// How the factors of a stack of experts are laid out, which files do not always tell.
public enum ExpertLayout: String, Sendable, CaseIterable {
  /// PEFT since 0.19.1: A is over the input, B's columns run rank by rank with the expert fastest.
  case peft
  /// PEFT up to 0.18, which took the dimension after the experts for the input: for stacks `[experts, out, in]` A is
  /// over the output and B over the input.
  case peft018 = "peft-0.18"
  /// Unsloth before unsloth-zoo of September 2026: as PEFT, but B's columns run expert by expert.
  case unsloth
}

/// Stacks of experts (`target_parameters`): W `[experts, out, in]`, or `[experts, in, out]`, gets s·B_e·A_e for every
/// expert e; on disk the stack is one tensor, or a few matrices for every expert.
///
/// A has experts·rank rows, expert by expert; B has rank·experts columns, rank by rank with the expert running fastest
/// (facts: section 2.5).
extension AdapterPlanner {
  mutating func experts(_ module: AdapterModule) {
    guard let (a, b) = pair(module) else { return }
    guard let match = base.match(module.name) else {
      return refuseMissing(module)
    }
    note(match)
    let target = match.module
    let (columnsOfB, overflow) = module.rank.multipliedReportingOverflow(by: module.experts)
    guard a.shape.rank == 2, b.shape.rank == 2, !overflow, a.shape[0] == columnsOfB, b.shape[1] == columnsOfB else {
      refuse(
        module,
        "its factors \(a.shape) and \(b.shape) are not those of \(module.experts) experts of rank \(module.rank)")
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
    guard let isOverInner = isOverInner(module, a, b, outer, inner, target) else { return }
    if let runtime = match.runtime, runtime.isSplitByExpert {
      split(module, a, b, runtime, rows: outer, columns: inner, isOverInner: isOverInner)
    } else if isWritable(target, for: module) {
      for expert in 0..<module.experts {
        let delta = self.delta(module, a, b, expert: expert, isOverInner: isOverInner)
        change(target.weightName, .add(delta, firstRow: expert * outer, rows: outer, columns: inner))
      }
    }
  }

  /// Whether A runs over the innermost dimension of the stack and B over the middle one; nil when neither fits.
  private mutating func isOverInner(
    _ module: AdapterModule, _ a: TensorInfo, _ b: TensorInfo, _ outer: UInt64, _ inner: UInt64, _ target: BaseModule
  ) -> Bool? {
    let fitsInner = a.shape[1] == inner && b.shape[0] == outer
    let fitsOuter = a.shape[1] == outer && b.shape[0] == inner
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

  /// s·B_e·A_e of one expert, or its transpose, in the orientation of the stack.
  private func delta(
    _ module: AdapterModule, _ a: TensorInfo, _ b: TensorInfo, expert: UInt64, isOverInner: Bool
  ) -> LowRankDelta {
    let (rank, experts, expert) = (Int(module.rank), Int(module.experts), Int(expert))
    let width = Int(a.shape[1])
    let overA = stored(a).factor(FactorLayout(offset: expert * rank * width, stride: 1, rankStride: width))
    let overB = stored(b).factor(
      expertLayout == .unsloth
        ? FactorLayout(offset: expert * rank, stride: rank * experts, rankStride: 1)
        : FactorLayout(offset: expert, stride: rank * experts, rankStride: experts))
    return LowRankDelta(
      adapter: number, module: module.name, rank: rank, scale: module.scale * weight,
      left: isOverInner ? overB : overA, right: isOverInner ? overA : overB)
  }

  /// A stack whose experts the files hold one by one, each as the matrices whose rows follow each other in memory.
  private mutating func split(
    _ module: AdapterModule, _ a: TensorInfo, _ b: TensorInfo, _ runtime: RuntimeModule, rows: UInt64,
    columns: UInt64, isOverInner: Bool
  ) {
    guard !runtime.module.isTransposed else {
      refuse(module, "the base stores its experts one by one and the other way round than in memory")
      return
    }
    for expert in 0..<module.experts {
      let delta = self.delta(module, a, b, expert: expert, isOverInner: isOverInner)
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
