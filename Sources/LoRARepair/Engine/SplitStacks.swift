import BaseCatalogue
import Diagnostics
import JSON
import LoRADeltas
import LoRAModel
import LoRASurgery
import LoRAValidate
import Safetensors
import Synchronization
import TensorCore

extension EngineAttempt {
  /// Factors of whole stacks of experts as those of each expert's own matrices, for engines that keep experts apart.
  ///
  /// The rows of a stack that holds two matrices, gate before up, are shared out; both get the same A.
  static let splitStacks = EngineAttempt { plan throws(SurgeryError) in
    guard let config = plan.adapter.config, let file = plan.input.file, !config.targetParameters.isEmpty,
      // Patterns mean stacks by names that single experts do not have.
      config.rankPattern.isEmpty, config.alphaPattern.isEmpty, !config.usesDoRA
    else { return nil }
    let stacks = plan.context.matched.filter { $0.module.kind == .parameter }
    guard !stacks.isEmpty, try plan.hasFiniteValues() else { return nil }
    let tensors = plan.tensorsByName
    var dropped: Set<String> = []
    var added: [PlannedTensor] = []
    for (module, match) in stacks {
      guard let base = plan.base, let runtime = match.runtime, runtime.isSplitByExpert,
        let pair = try? plan.adapter.pair(of: module), module.a?.shape.rank == 2, module.bBias == nil,
        let a = tensors[pair.a.tensor.name], let b = tensors[pair.b.tensor.name], pair.experts == match.module.experts,
        pair.a.count == match.module.inFeatures, pair.b.count == match.module.outFeatures
      else { return nil }
      let parts = UInt64(runtime.parts.count)
      let (first, second) = (
        SharedValues(a, uses: Int(pair.experts * parts)), SharedValues(b, uses: Int(pair.experts * parts))
      )
      for expert in 0..<pair.experts {
        var row: UInt64 = 0
        for part in runtime.parts(ofExpert: expert) {
          let name = part.hasSuffix(".weight") ? String(part.dropLast(7)) : part
          guard let piece = base.modules[name], piece.outFeatures > 0, row + piece.outFeatures <= pair.b.count else {
            return nil
          }
          added.append(a.piece(first, pair.a, of: pair, expert, 0..<pair.a.count, as: name, isA: true, from: file))
          added.append(
            b.piece(
              second, pair.b, of: pair, expert, row..<row + piece.outFeatures, as: name, isA: false, from: file))
          row += piece.outFeatures
        }
        guard row == pair.b.count else { return nil }
      }
      dropped.formUnion([a.info.name, b.info.name])
    }
    guard !dropped.isEmpty, Set(added.map(\.info.name)).count == added.count else { return nil }
    let names = stacks.map(\.module.name)
    return Proposal(
      what: "the stacks of experts are written expert by expert: \(phrase(names, of: plan.adapter.modules.count))"
    ) {
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
    _ shared: SharedValues, _ factor: LoRAPair.Factor, of pair: LoRAPair, _ expert: UInt64, _ rows: Range<UInt64>,
    as module: String, isA: Bool, from file: SafetensorsFile
  ) -> PlannedTensor {
    let count = UInt64(rows.count)
    let shape: Shape = isA ? [pair.rank, count] : [count, pair.rank]
    return PlannedTensor(
      info.with(
        name: "\(String.peftPrefix)\(module).\(isA ? "lora_A" : "lora_B").weight", dtype: Self.writable(info.dtype),
        shape: shape),
      .made { () throws(SurgeryError) in
        let values = try shared.values(from: file)
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

/// The elements of a tensor of which many others are made: read when the first of them is written, and freed with the
/// last.
private final class SharedValues: Sendable {
  private let source: PlannedTensor
  private let state: Mutex<(values: [Double]?, left: Int)>

  init(_ source: PlannedTensor, uses: Int) {
    self.source = source
    state = Mutex((nil, uses))
  }

  func values(from file: SafetensorsFile) throws(SurgeryError) -> [Double] {
    try state.withLock { state throws(SurgeryError) in
      let values: [Double]
      if let known = state.values { values = known } else { values = try source.values(from: file) }
      state.left -= 1
      state.values = state.left > 0 ? values : nil
      return values
    }
  }
}
