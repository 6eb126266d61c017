import LoRAModel
import TensorCore

/// The matrices of the experts of one block, one by one or in stacks.
struct ExpertGroup {
  /// What a matrix does in the block.
  enum Role {
    case gate, up, gateUp, down
  }

  /// Sizes of the block.
  struct Sizes {
    var experts: UInt64
    var hidden: UInt64
    var inner: UInt64
    var isGated: Bool

    /// Whether gate and up alternate row by row in the base's stack (GPT-OSS).
    func isInterleaved(_ modelType: String?) -> Bool { modelType == "gpt_oss" }
  }

  /// Single matrices: expert, role, name.
  private(set) var members: [(expert: UInt64, role: Role, name: String)] = []
  /// Stacks: role, name.
  private(set) var stacks: [(role: Role, name: String)] = []
  /// Last components that occur.
  private(set) var leaves: [String] = []
  private var examples: [Role: BaseModule] = [:]
  private var experts: UInt64 = 0

  /// Whether nothing in it is known to be an expert's.
  var isEmpty: Bool { members.isEmpty && stacks.isEmpty }

  private static let roles: [String: Role] = [
    "gate_proj": .gate, "w1": .gate, "up_proj": .up, "w3": .up, "gate_up_proj": .gateUp, "down_proj": .down,
    "w2": .down, "output_linear": .down, "input_linear": .gateUp,
  ]

  /// Owner, number and last component of `owner.experts.3.w1`; nil for other names.
  static func split(_ name: String) -> (owner: String, expert: UInt64, leaf: String)? {
    guard name.mentions("experts.") else { return nil }
    let parts = name.dottedComponents
    guard parts.count >= 4, let number = UInt64(parts[parts.count - 2]), parts[parts.count - 3] == "experts" else {
      return nil
    }
    return (parts.dropLast(2).joined(separator: "."), number, String(parts[parts.count - 1]))
  }

  mutating func add(_ module: BaseModule, expert: UInt64, leaf: String) {
    guard let role = Self.roles[leaf] else { return }
    note(leaf)
    members.append((expert, role, module.name))
    experts = max(experts, expert + 1)
    if examples[role] == nil || expert == 0 { examples[role] = module }
  }

  mutating func add(stack module: BaseModule, leaf: String) {
    guard let role = Self.roles[leaf], module.shape.rank == 3 else { return }
    note(leaf)
    stacks.append((role, module.name))
    experts = max(experts, module.experts)
    examples[role] = module
  }

  private mutating func note(_ leaf: String) { if !leaves.contains(leaf) { leaves.append(leaf) } }

  func shape(in owner: String) throws(SlotLayoutError) -> Sizes {
    let first = examples[.gate] ?? examples[.up] ?? examples[.gateUp]
    guard let first, let down = examples[.down] else {
      throw .shape(owner, expected: "experts with an up and a down projection", found: leaves.joined(separator: ", "))
    }
    let isFused = examples[.gate] == nil && examples[.gateUp] != nil
    let isGated = isFused || examples[.gate] != nil && examples[.up] != nil
    guard first.inFeatures > 0, first.outFeatures > 0 else { throw .unknownSize(first.name) }
    // Llama 4 stores its stacks the other way round without saying so; the two of a block tell by fitting together.
    for (hidden, rows) in [(first.inFeatures, first.outFeatures), (first.outFeatures, first.inFeatures)] {
      let inner = isFused ? rows / 2 : rows
      let isTurned = hidden != first.inFeatures
      guard inner > 0, (isTurned ? down.outFeatures : down.inFeatures) == inner,
        (isTurned ? down.inFeatures : down.outFeatures) == hidden
      else { continue }
      return Sizes(experts: experts, hidden: hidden, inner: inner, isGated: isGated)
    }
    throw .shape(
      down.name, expected: "the sizes of \(first.name) turned round: in \(first.inFeatures), out \(first.outFeatures)",
      found: "in \(down.inFeatures), out \(down.outFeatures)")
  }
}
