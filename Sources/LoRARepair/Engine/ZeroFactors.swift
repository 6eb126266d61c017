import Diagnostics
import JSON
import LoRADeltas
import LoRAModel
import LoRASurgery
import LoRAValidate
import Safetensors
import TensorCore

extension EngineAttempt {
  /// Factors of zeros, which change nothing, for modules that an engine wants beside those that are there.
  static let zeroFactors: [EngineAttempt] = [missingSiblings, missingExperts, missingLayers].map { missing in
    EngineAttempt { plan throws(SurgeryError) in
      guard let config = plan.adapter.config, let matching = plan.context.matching, let base = plan.context.base,
        base.isKnown, !config.usesDoRA, !config.hasLoRABias
      else { return nil }
      let present = Set(plan.context.names)
      let largest = plan.adapter.modules.map(\.rank).max() ?? 0
      var added: [PlannedTensor] = []
      var names: [String] = []
      for (name, module) in missing(plan, base) where !present.contains(name) {
        let rank = UInt64(clamping: matching.rank(of: name))
        guard rank > 0, rank <= largest, names.count < 100_000 else { return nil }
        names.append(name)
        added += ZeroFactors.plain(name, module, rank: rank, dtype: plan.usualDType)
      }
      guard !names.isEmpty, ZeroFactors.isReasonable(added) else { return nil }
      return Proposal(what: "factors of zeros are added for \(phrase(names, of: names.count + present.count))") {
        $0.tensors += added
      }
    }
  }

  /// Matrices that engines keep as one.
  private static let groups: [[Substring]] = [
    ["q_proj", "k_proj", "v_proj"], ["gate_proj", "up_proj"], ["w1", "w3"], ["query", "key", "value"],
    ["q_a_proj", "kv_a_proj_with_mqa"], ["in_proj_qkv", "in_proj_z"], ["in_proj_b", "in_proj_a"],
  ]

  private typealias Missing = [(name: String, module: BaseModule)]

  /// What stands beside an adapted matrix in the matrix that an engine makes of both.
  private static let missingSiblings: @Sendable (RepairPlan, BaseModel) -> [(name: String, module: BaseModule)] = {
    plan, base in
    let names = plan.context.names.filter { !$0.isExpert }
    return names.flatMap { name -> [String] in
      let leaf = name.lastComponent
      return groups.filter { $0.contains(leaf) }.flatMap { $0 }.filter { $0 != leaf }.map {
        String(name.dropLast(leaf.count) + $0)
      }
    }.uniqued.compactMap { name in base.linearModule(name).map { (name, $0) } }
  }

  /// All matrices of all experts of layers that have some.
  private static let missingExperts: @Sendable (RepairPlan, BaseModel) -> [(name: String, module: BaseModule)] = {
    plan, base in
    let owners = plan.context.names.filter(\.isExpert).compactMap { name -> String? in
      name.firstRange(of: ".experts.").map { String(name[..<$0.upperBound]) }
    }.uniqued
    let leaves = ["gate_proj", "up_proj", "down_proj", "w1", "w2", "w3"]
    var found: [(name: String, module: BaseModule)] = []
    for owner in owners {
      for expert in 0..<4_096 {
        let modules = leaves.compactMap { leaf -> (name: String, module: BaseModule)? in
          let name = "\(owner)\(expert).\(leaf)"
          return base.linearModule(name).map { (name, $0) }
        }
        if modules.isEmpty { break }
        found += modules
      }
    }
    return found
  }

  /// Modules that some layers have, in all layers.
  private static let missingLayers: @Sendable (RepairPlan, BaseModel) -> [(name: String, module: BaseModule)] = {
    plan, base in
    guard let count = base.layerCount, count <= 4_096 else { return [] }
    var kinds: Set<String> = []
    return plan.context.names.flatMap { name -> [(name: String, module: BaseModule)] in
      guard kinds.insert(name.template).inserted, let (_, before, after) = name.layer, !name.isExpert else { return [] }
      return (0..<count).compactMap { index in
        let name = "\(before)\(index)\(after)"
        return base.linearModule(name).map { (name, $0) }
      }
    }
  }

  /// A stack of experts of zeros beside the one that is there, which PEFT's names count.
  static let siblingStacks = EngineAttempt { plan throws(SurgeryError) in
    guard let config = plan.adapter.config, let base = plan.context.base, base.isKnown, !config.usesDoRA,
      let matching = plan.context.matching
    else { return nil }
    let present = plan.adapter.modules.filter { $0.kind == .parameter && $0.a?.shape.rank == 2 }
    let names = Set(present.map(\.name))
    var renamed: [String: String] = [:]
    var added: [PlannedTensor] = []
    var entries: [String] = []
    var shown: [String] = []
    for module in present {
      let owner = String(module.name.dropLast(module.lastComponent.count + 1))
      let stacks = base.expertStacks.filter { $0.name.dropLast($0.name.lastComponent.count + 1) == owner }
      let missing = stacks.filter { !names.contains($0.name) }
      let leaves = ExpertNames.registered(stacks.map { String($0.name.lastComponent) })
      guard stacks.count == leaves.count, stacks.count - missing.count == 1,
        let place = leaves.firstIndex(of: module.lastComponent),
        let entry = config.targetParameters.first(where: { module.name.isMeant(by: $0) })
      else { continue }
      func prefix(_ place: Int) -> String {
        String.peftPrefix + owner + String(repeating: ".base_layer", count: leaves.count - 1 - place)
      }
      for (tensor, leaf) in [(module.a, "lora_A"), (module.b, "lora_B")] {
        guard let tensor else { continue }
        renamed[tensor.name] = "\(prefix(place)).\(leaf).weight"
      }
      for stack in missing {
        guard let position = leaves.firstIndex(of: String(stack.name.lastComponent)) else { continue }
        let rank = UInt64(clamping: matching.rank(of: stack.name))
        guard rank > 0, rank <= module.rank else { return nil }
        added += ZeroFactors.stack(prefix(position), stack.match.module, rank: rank, dtype: plan.usualDType)
        entries.append(String(entry.dropLast(entry.lastComponent.count)) + stack.name.lastComponent)
        shown.append(stack.name)
      }
    }
    guard !added.isEmpty, ZeroFactors.isReasonable(added) else { return nil }
    let parameters = (config.targetParameters + entries).uniqued
    return Proposal(what: "factors of zeros are added for the experts' \(listing(shown))") { change in
      change.rename(renamed)
      change.tensors += added
      change.config?["target_parameters"] = .array(parameters.map { .string($0) })
    }
  }
}

/// Factors of zeros.
private enum ZeroFactors {
  static func plain(_ name: String, _ module: BaseModule, rank: UInt64, dtype: DType) -> [PlannedTensor] {
    pair(String.peftPrefix + name, [rank, module.inFeatures], [module.outFeatures, rank], dtype)
  }

  static func stack(_ prefix: String, _ module: BaseModule, rank: UInt64, dtype: DType) -> [PlannedTensor] {
    let ranks = rank &* module.experts
    return pair(prefix, [ranks, module.inFeatures], [module.outFeatures, ranks], dtype)
  }

  /// Whether the sizes that a base's config claims are those of a model: 64 GiB of zeros are no adapter.
  static func isReasonable(_ tensors: [PlannedTensor]) -> Bool {
    var sum: UInt64 = 0
    for tensor in tensors {
      guard let bytes = HeaderWriter.size(tensor.info.dtype, tensor.info.shape) else { return false }
      let (total, overflow) = sum.addingReportingOverflow(bytes)
      if overflow || total > 64 << 30 { return false }
      sum = total
    }
    return true
  }

  private static func pair(_ prefix: String, _ a: Shape, _ b: Shape, _ dtype: DType) -> [PlannedTensor] {
    [("lora_A", a), ("lora_B", b)].map { leaf, shape in
      PlannedTensor(
        TensorInfo(name: "\(prefix).\(leaf).weight", dtype: dtype, shape: shape, begin: 0, end: 0), .zeros)
    }
  }
}

extension RepairPlan {
  /// The type that most factors have.
  fileprivate var usualDType: DType {
    let types = adapter.modules.compactMap { $0.b?.dtype }
    let counts = Dictionary(grouping: types) { $0 }
    let usual = counts.max { ($0.value.count, $1.key.name) < ($1.value.count, $0.key.name) }?.key
    return PlannedTensor.writable(usual ?? .f32)
  }
}
