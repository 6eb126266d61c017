import BaseCatalogue
import Diagnostics
import JSON
import LoRAModel
import LoRAValidate
import Safetensors
import TensorCore

extension EngineAttempt {
  /// Factors of whole stacks of experts as those of each expert's own matrices, for engines that keep experts apart.
  ///
  /// The rows of a stack that holds two matrices, gate before up, are shared out; both get the same A.
  static let splitStacks = EngineAttempt { plan throws(SurgeryError) in
    guard let config = plan.adapter.config, let file = plan.input.file, !config.targetParameters.isEmpty,
      !config.usesDoRA
    else { return nil }
    let stacks = plan.context.matched.filter { $0.module.kind == .parameter }
    var dropped: Set<String> = []
    var added: [PlannedTensor] = []
    for (module, match) in stacks {
      guard let base = plan.base, let runtime = match.runtime, runtime.isSplitByExpert,
        let pair = try? plan.adapter.pair(of: module), module.a?.shape.rank == 2, module.bBias == nil,
        let a = plan.tensor(pair.a.tensor.name), let b = plan.tensor(pair.b.tensor.name), pair.experts == match.module.experts,
        pair.a.count == match.module.inFeatures, pair.b.count == match.module.outFeatures
      else { return nil }
      for expert in 0..<pair.experts {
        var row: UInt64 = 0
        for part in runtime.parts(ofExpert: expert) {
          let name = part.hasSuffix(".weight") ? String(part.dropLast(7)) : part
          guard let piece = base.modules[name], piece.outFeatures > 0, row + piece.outFeatures <= pair.b.count else {
            return nil
          }
          added.append(a.piece(pair.a, of: pair, expert, 0..<pair.a.count, as: name, isA: true, from: file))
          added.append(
            b.piece(pair.b, of: pair, expert, row..<row + piece.outFeatures, as: name, isA: false, from: file))
          row += piece.outFeatures
        }
        guard row == pair.b.count else { return nil }
      }
      dropped.formUnion([a.info.name, b.info.name])
    }
    guard !dropped.isEmpty, Set(added.map(\.info.name)).count == added.count else { return nil }
    let names = stacks.map(\.module.name)
    return Proposal(what: "the stacks of experts are written expert by expert: \(phrase(names, of: plan.adapter.modules.count))") {
      change in
      change.drop(dropped)
      change.tensors += added
      change.config?["target_parameters"] = nil
    }
  }
}

extension PlannedTensor {
  /// One expert's part of a factor: all of A, or some rows of B.
  fileprivate func piece(
    _ factor: LoRAPair.Factor, of pair: LoRAPair, _ expert: UInt64, _ rows: Range<UInt64>, as module: String, isA: Bool,
    from file: SafetensorsFile
  ) -> PlannedTensor {
    let source = self
    let count = UInt64(rows.count)
    let shape: Shape = isA ? [pair.rank, count] : [count, pair.rank]
    return PlannedTensor(
      info.with(
        name: "\(String.peftPrefix)\(module).\(isA ? "lora_A" : "lora_B").weight", dtype: Self.writable(info.dtype),
        shape: shape),
      .made { () throws(SurgeryError) in
        let values = try source.values(from: file)
        let (first, outer, rank) = (Int(rows.lowerBound), Int(count), Int(pair.rank))
        let (stride, rankStride, start) = (
          Int(factor.stride), Int(factor.rankStride), Int(expert * factor.expertStride)
        )
        var result = [Double](repeating: 0, count: outer * rank)
        for index in 0..<outer {
          for k in 0..<rank {
            result[isA ? k * outer + index : index * rank + k] =
              values[start + (first + index) * stride + k * rankStride]
          }
        }
        return result
      })
  }
}
