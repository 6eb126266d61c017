import Diagnostics
import JSON
import LoRADeltas
import LoRAModel
import LoRASurgery
import LoRAValidate
import Safetensors
import TensorCore

/// The factors of an adapter with one rank and one scale: zeros fill up what has less rank, and what sets a module's
/// scale apart is multiplied into its B.
struct UniformFactors {
  /// `r` of all modules.
  let rank: UInt64
  /// The alpha that gives all of them their scale as alpha/r.
  let alpha: Double
  private(set) var tensors: [String: PlannedTensor] = [:]
  private(set) var paddedModules = 0
  private(set) var scaledModules = 0
  /// Factors that are multiplied, and by what.
  private var products: [(tensor: PlannedTensor, factor: Double)] = []

  /// - Throws: `SurgeryError.refused` for factors beyond what is computed.
  /// - Returns: nil where a module has no product or more rank than this.
  init?(_ plan: RepairPlan, rank: UInt64) throws(SurgeryError) {
    guard let file = plan.input.file, rank > 0, rank <= LoRAPair.rankLimit,
      plan.adapter.config?.variants.isEmpty ?? false
    else { return nil }
    let modules = plan.adapter.modules
    guard let pairs = try? modules.map({ try plan.adapter.pair(of: $0) }), pairs.allSatisfy({ $0.rank <= rank }),
      !modules.contains(where: { $0.isTransposed || $0.kind == .parameter && $0.a?.shape.rank == 3 }),
      let scale = mostFrequent(pairs.map(\.scale).filter { $0 != 0 }), scale.isFinite
    else { return nil }
    let planned = plan.tensorsByName
    self.rank = rank
    alpha = scale * Double(rank)
    for (module, pair) in zip(modules, pairs) {
      let factor = pair.scale / scale
      guard let a = planned[pair.a.tensor.name], let b = planned[pair.b.tensor.name], factor.isFinite else {
        return nil
      }
      if pair.rank < rank {
        paddedModules += 1
        tensors[a.info.name] = try a.widened(pair.a, of: pair, to: rank, isA: true, from: file)
      }
      if pair.rank < rank || factor != 1 {
        tensors[b.info.name] = try b.widened(pair.b, of: pair, to: rank, isA: false, times: factor, from: file)
      }
      guard factor != 1 else { continue }
      scaledModules += 1
      products.append((b, factor))
      if let bias = module.bBias.flatMap({ planned[$0.name] }) {
        tensors[bias.info.name] = bias.times(factor, from: file)
        products.append((bias, factor))
      }
    }
  }

  /// Whether every product is a number of its type, so that nothing is rounded.
  ///
  /// - Throws: `SurgeryError.refused` where one is too large for its type.
  func isExact(_ file: SafetensorsFile) throws(SurgeryError) -> Bool {
    var isExact = true
    for (tensor, factor) in products {
      let values = try tensor.values(from: file).map { $0 * factor }
      let dtype = PlannedTensor.writable(tensor.info.dtype)
      _ = try ElementBytes.bytes(of: values, dtype, path: file.path, tensor: tensor.info.name)
      if !ElementBytes.holds(values, dtype) { isExact = false }
    }
    return isExact
  }
}

extension EngineAttempt {
  /// One scale, and one rank: the largest, or the next that an engine has kernels for.
  static let uniformRank = EngineAttempt { plan throws(SurgeryError) in
    guard try plan.hasFiniteValues() else { return nil }
    let largest = plan.adapter.modules.map(\.rank).max() ?? 0
    var best: (factors: UniformFactors, proposal: Proposal, count: Int)?
    for rank in [largest] + [8, 16, 32, 64, 128].filter({ $0 > largest }) {
      guard let factors = try UniformFactors(plan, rank: rank), let proposal = proposal(plan, factors) else { continue }
      let count = try plan.trying(proposal).objections.count
      if count < best?.count ?? .max { best = (factors, proposal, count) }
      if count == 0 { break }
    }
    guard var (factors, proposal, _) = best, let file = plan.input.file else { return nil }
    proposal.isExact = try factors.isExact(file)
    return proposal
  }

  private static func proposal(_ plan: RepairPlan, _ factors: UniformFactors) -> Proposal? {
    guard let config = plan.adapter.config else { return nil }
    let rank = factors.rank
    var parts = ["all modules have rank \(rank) and lora_alpha \(Repair.plain(factors.alpha))"]
    if factors.paddedModules > 0 { parts.append("zeros fill up \(counted(factors.paddedModules, "module"))") }
    if factors.scaledModules > 0 {
      parts.append("B of \(counted(factors.scaledModules, "module")) is multiplied by what set its scale apart")
    }
    let isPlain =
      factors.tensors.isEmpty && !config.usesRankStabilizedScale && config.rankPattern.isEmpty
      && config.alphaPattern.isEmpty
    if isPlain { return nil }
    return Proposal(what: parts.joined(separator: "; ")) { change in
      change.replace(factors.tensors)
      change.config?["r"] = .integer(Int64(rank))
      change.config?["lora_alpha"] = .number(factors.alpha)
      if config.usesRankStabilizedScale { change.config?["use_rslora"] = false }
      for field in ["rank_pattern", "alpha_pattern"] where change.config?[field] != nil { change.config?[field] = [:] }
    }
  }
}

extension PlannedTensor {
  /// A factor of a pair with zeros up to another rank, in PEFT's layout, its elements multiplied by a number.
  fileprivate func widened(
    _ factor: LoRAPair.Factor, of pair: LoRAPair, to rank: UInt64, isA: Bool, times scale: Double = 1,
    from file: SafetensorsFile
  ) throws(SurgeryError) -> PlannedTensor {
    let (ranks, overflow) = rank.multipliedReportingOverflow(by: pair.experts)
    var dimensions = info.shape.dimensions
    dimensions[isA ? 0 : 1] = ranks
    let shape = Shape(dimensions)
    guard !overflow, let count = shape.elementCount, count <= LoRAPair.elementLimit else {
      throw .refused(file.path, subject: info.name, "with rank \(rank) it would be beyond what is computed")
    }
    let source = self
    return PlannedTensor(
      info.with(dtype: Self.writable(info.dtype), shape: shape),
      .made { () throws(SurgeryError) in
        let values = try source.values(from: file)
        var result = [Double](repeating: 0, count: Int(count))
        let (outer, old, new, experts) = (Int(factor.count), Int(pair.rank), Int(rank), Int(pair.experts))
        let (stride, rankStride, expertStride) = (Int(factor.stride), Int(factor.rankStride), Int(factor.expertStride))
        for expert in 0..<experts {
          for k in 0..<old {
            for index in 0..<outer {
              let place = isA ? (expert * new + k) * outer + index : (index * new + k) * experts + expert
              result[place] = values[expert * expertStride + index * stride + k * rankStride] * scale
            }
          }
        }
        return result
      })
  }

  /// Every element multiplied by a number.
  fileprivate func times(_ scale: Double, from file: SafetensorsFile) -> PlannedTensor {
    let source = self
    return PlannedTensor(
      info.with(dtype: Self.writable(info.dtype)),
      .made { () throws(SurgeryError) in try source.values(from: file).map { $0 * scale } })
  }
}
