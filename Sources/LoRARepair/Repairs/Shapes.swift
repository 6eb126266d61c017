import Diagnostics
import JSON
import LoRADeltas
import LoRAModel
import LoRASurgery
import LoRAValidate
import Safetensors
import TensorCore

extension Repair {
  /// Factors that are stored the other way round, where the sizes leave no doubt about any module.
  static let orientation = Repair { plan throws(SurgeryError) in
    guard plan.adapter.config?.variants.isEmpty ?? true else { return }
    var turned: [Transposition: [AdapterModule]] = [:]
    for module in plan.adapter.modules {
      if let way = plan.context.transposition(of: module) { turned[way, default: []].append(module) }
    }
    guard !turned.isEmpty, try plan.hasFiniteValues() else { return }
    if let modules = turned[.factors] {
      try turn(modules, "A and B are stored as [rank, in] and [out, rank], where they were transposed", &plan) {
        module throws(SurgeryError) in module
      }
    }
    // A square module does not show whether it was swapped like the others.
    let isClear = plan.adapter.modules.allSatisfy { $0.kind != .linear || $0.inFeatures != $0.outFeatures }
    let plainFactors = turned[.base]?.allSatisfy { $0.magnitude == nil && $0.bBias == nil } ?? false
    if let modules = turned[.base], isClear, plainFactors {
      try turn(modules, "A and B are swapped back, each transposed, where they mapped outputs to inputs", &plan) {
        module throws(SurgeryError) in
        var swapped = module
        (swapped.a, swapped.b) = (module.b, module.a)
        return swapped
      }
    }
  }

  /// Writes the transposed factors of modules; `source` says which factor becomes A and which B.
  private static func turn(
    _ modules: [AdapterModule], _ what: String, _ plan: inout RepairPlan,
    _ source: (AdapterModule) throws(SurgeryError) -> AdapterModule
  ) throws(SurgeryError) {
    guard let file = plan.input.file else { return }
    let tensors = plan.tensorsByName
    var replacements: [String: PlannedTensor] = [:]
    for module in modules {
      let from = try source(module)
      guard let a = module.a, let b = module.b, let first = from.a.flatMap({ tensors[$0.name] }),
        let second = from.b.flatMap({ tensors[$0.name] })
      else { return }
      replacements[a.name] = first.transposed(as: a.name, from: file)
      replacements[b.name] = second.transposed(as: b.name, from: file)
    }
    plan.mend(
      .baseTransposed, "\(what): \(phrase(modules.map(\.name), of: plan.adapter.modules.count))"
    ) { $0.replace(replacements) }
  }

  /// A factor that was flattened gets the rank of the other one, where the base shows that this is its shape.
  static let flatFactors = Repair { plan throws(SurgeryError) in
    guard let base = plan.context.base, base.isKnown else { return }
    var replacements: [String: PlannedTensor] = [:]
    var names: [String] = []
    for (module, match) in plan.context.matched where module.kind == .linear {
      guard let a = module.a, let b = module.b, match.module.inFeatures > 0, match.module.outFeatures > 0 else {
        continue
      }
      let (input, output) = (match.module.inFeatures, match.module.outFeatures)
      let isFlatA = a.shape.rank == 1 && b.shape.rank == 2 && b.shape[0] == output
      let isFlatB = b.shape.rank == 1 && a.shape.rank == 2 && a.shape[1] == input
      let right: (flat: TensorInfo, shape: Shape)? =
        isFlatA ? (a, [b.shape[1], input]) : isFlatB ? (b, [output, a.shape[0]]) : nil
      guard let right, right.shape.elementCount == right.flat.elementCount, right.flat.elementCount > 0 else {
        continue
      }
      replacements[right.flat.name] = PlannedTensor(right.flat.with(shape: right.shape))
      names.append(module.name)
    }
    guard !replacements.isEmpty else { return }
    plan.mend(
      .tensorEmpty,
      "flattened factors have the shape that the base shows again: \(phrase(names, of: plan.adapter.modules.count))"
    ) { $0.replace(replacements) }
  }

  /// Factors of experts as one matrix each, in a dimension of their own, are laid out as PEFT does: A's rows expert by
  /// expert, B's columns rank by rank with the expert running fastest, named after the module that owns the parameters.
  static let expertStacks = Repair { plan throws(SurgeryError) in
    guard plan.adapter.format == .peft, let file = plan.input.file,
      let targets = plan.config?["target_parameters"]?.array?.compactMap(\.string)
    else { return }
    let deep = plan.adapter.modules.filter {
      $0.kind == .parameter && $0.a?.shape.rank == 3 && $0.b?.shape.rank == 3 && $0.magnitude == nil && $0.bBias == nil
    }
    guard !deep.isEmpty, try plan.hasFiniteValues() else { return }
    let tensors = plan.tensorsByName
    var replacements: [String: PlannedTensor] = [:]
    var done: [String] = []
    for module in deep {
      // All stacks of one owner or none: the names count them.
      let owner = String(module.name.dropLast(module.lastComponent.count + 1))
      let siblings = deep.filter {
        $0.name.hasPrefix(owner + ".") && $0.name.dropFirst(owner.count + 1) == $0.lastComponent
      }
      let leaves = ExpertNames.registered(
        targets.filter { module.isTargeted(by: $0, owner: owner) }.map { String($0.lastComponent) })
      guard Set(siblings.map(\.lastComponent)) == Set(leaves), let place = leaves.firstIndex(of: module.lastComponent),
        let a = module.a.flatMap({ tensors[$0.name] }), let b = module.b.flatMap({ tensors[$0.name] })
      else { continue }
      let prefix =
        "base_model.model." + owner + String(repeating: ".base_layer", count: leaves.count - 1 - place)
      replacements[a.info.name] = PlannedTensor(
        a.info.with(
          name: prefix + ".lora_A.weight", shape: [module.experts &* module.rank, module.inFeatures]), a.content)
      replacements[b.info.name] = b.unstacked(as: prefix + ".lora_B.weight", module, from: file)
      done.append(module.name)
    }
    guard done.count == deep.count, !done.isEmpty else { return }
    plan.mend(
      .tensorEmpty,
      "the factors of experts are two matrices, as PEFT lays them out: \(phrase(done, of: plan.adapter.modules.count))"
    ) { $0.replace(replacements) }
  }
}

/// How PEFT counts the parameters of one module that are adapted.
enum ExpertNames {
  private static let order = ["gate_up_proj", "gate_proj", "w1", "up_proj", "w3", "down_proj", "w2"]

  /// Parameters in the order in which transformers' modules register them, the first innermost.
  static func registered(_ leaves: [String]) -> [String] {
    leaves.uniqued.ordered {
      (order.firstIndex(of: $0) ?? .max, $0) < (order.firstIndex(of: $1) ?? .max, $1)
    }
  }
}

extension AdapterModule {
  /// Whether an entry of `target_parameters` means this stack or another one of its owner.
  fileprivate func isTargeted(by entry: String, owner: String) -> Bool {
    "\(owner).\(entry.lastComponent)".isMeant(by: entry)
  }
}

extension PlannedTensor {
  /// The transposed matrix under a name.
  fileprivate func transposed(as name: String, from file: SafetensorsFile) -> PlannedTensor {
    let source = self
    let (rows, columns) = (Int(info.shape[0]), Int(info.shape[1]))
    let target = info.with(
      name: name, dtype: Self.writable(info.dtype), shape: [info.shape[1], info.shape[0]])
    return PlannedTensor(
      target,
      .made { () throws(SurgeryError) in
        let values = try source.values(from: file)
        var result = values
        for row in 0..<rows {
          for column in 0..<columns { result[column * rows + row] = values[row * columns + column] }
        }
        return result
      })
  }

  /// B `[experts, out, rank]` as `[out, rank · experts]`.
  fileprivate func unstacked(as name: String, _ module: AdapterModule, from file: SafetensorsFile) -> PlannedTensor {
    let source = self
    let (experts, outputs, rank) = (Int(info.shape[0]), Int(info.shape[1]), Int(info.shape[2]))
    let target = info.with(
      name: name, dtype: Self.writable(info.dtype), shape: [info.shape[1], info.shape[2] &* info.shape[0]])
    return PlannedTensor(
      target,
      .made { () throws(SurgeryError) in
        let values = try source.values(from: file)
        var result = values
        for expert in 0..<experts {
          for row in 0..<outputs {
            for k in 0..<rank {
              result[(row * rank + k) * experts + expert] = values[(expert * outputs + row) * rank + k]
            }
          }
        }
        return result
      })
  }
}
