import LoRADeltas
import LoRAModel
import TensorCore

/// The ways in which formats keep the factors of experts: one by one, as PEFT's stacks, as stacks of MLX and llama.cpp.
///
/// In between a stack goes by the name `….experts.gate_proj`, `….experts.up_proj` or `….experts.down_proj`.
enum ExpertStacks {
  /// Most experts of a stack; models have hundreds.
  static let limit: UInt64 = 4_096

  private static let leaves = [
    "gate_proj": "gate_proj", "up_proj": "up_proj", "down_proj": "down_proj", "w1": "gate_proj", "w3": "up_proj",
    "w2": "down_proj",
  ]

  // MARK: To single experts

  /// MLX's stacks as the single modules that checkpoints of transformers have; all else as it is.
  static func unstacked(_ modules: [ModuleDraft]) -> [ModuleDraft] {
    modules.flatMap { module -> [ModuleDraft] in
      guard module.kind == .parameter, let (owner, leaf) = switched(module.name) else { return [module] }
      let isMixtral = owner.hasSuffix("block_sparse_moe")
      let name = isMixtral ? ["gate_proj": "w1", "up_proj": "w3", "down_proj": "w2"][leaf] ?? leaf : leaf
      return (0..<module.experts).map { single(module, $0, name: "\(owner).experts.\($0).\(name)") }
    }
  }

  /// Owner and leaf of MLX's `….switch_mlp.gate_proj`.
  private static func switched(_ name: String) -> (owner: String, leaf: String)? {
    let components = name.dottedComponents
    guard components.count > 2, components[components.count - 2] == "switch_mlp" else { return nil }
    return (components.dropLast(2).joined(separator: "."), String(components[components.count - 1]))
  }

  /// One expert of a stack as a module of its own.
  private static func single(_ module: ModuleDraft, _ expert: UInt64, name: String) -> ModuleDraft {
    var result = module
    (result.name, result.kind) = (name, .linear)
    func take(_ factor: inout FactorDraft) {
      factor.experts = 1
      for index in factor.blocks.indices { factor.blocks[index].sourceExperts = expert..<expert + 1 }
    }
    take(&result.a)
    take(&result.b)
    return result
  }

  // MARK: To stacks

  /// All experts as stacks under the names above.
  static func stacked(_ bench: inout ConversionWorkbench, _ input: ConversionInput) throws(SurgeryError) {
    var singles: [String: [(expert: UInt64, module: ModuleDraft)]] = [:]
    var result: [ModuleDraft] = []
    for module in bench.modules {
      if let (stack, expert) = place(ofSingle: module.name) {
        singles[stack, default: []].append((expert, module))
      } else if module.kind == .parameter {
        result += try parts(of: module, input)
      } else {
        result.append(module)
      }
    }
    for (name, members) in singles.ordered(by: { naturallyPrecedes($0.key, $1.key) }) {
      result.append(try gather(members, as: name, input, &bench))
    }
    bench.modules = result.ordered { naturallyPrecedes($0.name, $1.name) }
  }

  /// The stack and number of a single expert's module: `….experts.3.w1`.
  private static func place(ofSingle name: String) -> (stack: String, expert: UInt64)? {
    let components = name.dottedComponents
    guard components.count > 3, components[components.count - 3] == "experts",
      let expert = UInt64(components[components.count - 2]), expert < 1 << 20,
      let leaf = leaves[String(components[components.count - 1])]
    else { return nil }
    return (components.dropLast(2).joined(separator: ".") + "." + leaf, expert)
  }

  /// Puts single experts into one stack; those that are not adapted stay zero.
  private static func gather(
    _ members: [(expert: UInt64, module: ModuleDraft)], as name: String, _ input: ConversionInput,
    _ bench: inout ConversionWorkbench
  ) throws(SurgeryError) -> ModuleDraft {
    guard let first = members.first?.module else { throw .refused(input.path, subject: name, "it has no experts") }
    let owner = name.dottedComponents.dropLast().joined(separator: ".")
    let count = try experts(of: owner, atLeast: (members.map(\.expert).max() ?? 0) + 1, input)
    let rank = members.map(\.module.rank).max() ?? 1
    var group = ConversionWorkbench(members.map(\.module))
    _ = group.foldToOneScale()
    bench.note(group)
    var stack = ModuleDraft(
      name: name, kind: .parameter,
      a: FactorDraft(count: first.a.count, rank: rank, experts: count, blocks: []),
      b: FactorDraft(count: first.b.count, rank: rank, experts: count, blocks: []), scale: group.modules[0].scale)
    for (index, (expert, _)) in members.enumerated() {
      let module = group.modules[index]
      guard module.kind == .linear, module.magnitude == nil, module.bias == nil, module.a.count == first.a.count,
        module.b.count == first.b.count
      else {
        throw .refused(input.path, subject: module.name, "it does not fit into one stack with the other experts")
      }
      stack.a.blocks += module.a.blocks.map { $0.moved(toExpert: expert) }
      stack.b.blocks += module.b.blocks.map { $0.moved(toExpert: expert) }
    }
    return stack
  }

  /// Number of experts that an owner such as `model.layers.0.mlp.experts` has.
  private static func experts(of owner: String, atLeast least: UInt64, _ input: ConversionInput)
    throws(SurgeryError) -> UInt64
  {
    guard let model = input.base?.model else {
      throw .refused(
        input.path, subject: owner, "the adapter does not tell how many experts there are",
        hint: "name the base's config.json with --base")
    }
    var found = model.parameters(of: owner).map(\.module.experts).max() ?? 0
    while model.modules["\(owner).\(found).gate_proj"] != nil || model.modules["\(owner).\(found).w1"] != nil {
      found += 1
    }
    guard found <= limit else { throw .refused(input.path, subject: owner, "the base has \(found) experts there") }
    guard found >= least else {
      throw .refused(
        input.path, subject: owner, "it adapts expert \(least - 1), and the base has \(found) experts there")
    }
    return found
  }

  /// The parts of a stack of PEFT or MLX under the names above.
  private static func parts(of module: ModuleDraft, _ input: ConversionInput) throws(SurgeryError) -> [ModuleDraft] {
    var module = module
    if let (owner, leaf) = switched(module.name) {
      module.name = "\(owner).experts.\(leaf)"
      return [module]
    }
    if input.adapter.format == .peft { try checkOrientation(of: module, input) }
    let last = module.name.lastComponent
    guard last == "gate_up_proj" else {
      guard leaves[String(last)] != nil else {
        throw .refused(input.path, subject: module.name, "which part of the experts it is is not known")
      }
      return [module]
    }
    guard let type = input.base?.modelType, module.b.count % 2 == 0, module.b.count <= 1 << 31 else {
      throw .refused(
        input.path, subject: module.name, "in which order gate and up lie in it is not known",
        hint: "name the base's config.json with --base")
    }
    let (rows, half) = (Int(module.b.count), Int(module.b.count) / 2)
    let isAlternating = type == "gpt_oss"
    let owner = module.name.dottedComponents.dropLast().joined(separator: ".")
    return ["gate_proj", "up_proj"].enumerated().map { part, name in
      var result = module
      result.name = "\(owner).\(name)"
      result.moveOutputs(
        to: (0..<rows).map { row in
          isAlternating ? (row % 2 == part ? row / 2 : -1) : (row / half == part ? row % half : -1)
        }, count: module.b.count / 2)
      return result
    }
  }

  /// Refuses stacks of which nothing says that A is over the input, as PEFT has it since 0.19.
  private static func checkOrientation(of module: ModuleDraft, _ input: ConversionInput) throws(SurgeryError) {
    if let target = input.base?.model.match(module.name)?.module, target.inFeatures != target.outFeatures {
      if module.a.count == target.inFeatures, module.b.count == target.outFeatures { return }
    } else if let version = input.adapter.config?.peftVersion {
      let parts = version.split(separator: ".").prefix(2).map { UInt64($0.prefix { $0.isNumber }) ?? 0 }
      if parts.count == 2, (parts[0], parts[1]) >= (0, 19) { return }
    }
    throw .refused(
      input.path, subject: module.name,
      "its factors are not over input and output as PEFT has them since 0.19, or nothing says so",
      hint: "load the adapter with PEFT 0.19 or later and save it again")
  }
}

extension FactorBlock {
  /// The block of a single expert at its place in a stack.
  fileprivate func moved(toExpert expert: UInt64) -> FactorBlock {
    var block = self
    block.firstExpert = expert
    return block
  }
}
