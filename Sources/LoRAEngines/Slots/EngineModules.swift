import JSON
package import LoRAModel

import struct BaseCatalogue.AttentionShape

/// All modules of a base as vLLM runs them, and where the base's own modules are among them.
///
/// The rules: q, k and v of one attention block are one module of three slices, gate and up of one block are one of two,
/// experts of one block are one stack; what projects back is split by inputs, routers and latent projections are not
/// split, everything else is split by outputs. `SlotTraits` has the exceptions.
package struct EngineModules: Sendable {
  package private(set) var modules: [EngineModule] = []
  package private(set) var places: [String: EnginePlace] = [:]
  /// What the engine's class for the base does.
  package let traits: SlotTraits

  /// Most blocks that one slot may have; the largest published models have below 200,000.
  package static let matrixLimit: UInt64 = 1 << 21

  package init(_ base: BaseModel, traits: SlotTraits, targetModules: [String]?) throws(SlotLayoutError) {
    self.traits = traits
    var builder = EngineModuleBuilder(base: base, traits: traits, targets: targetModules)
    try builder.build()
    // In the order in which the model runs; within a layer by name.
    let order = builder.modules.indices.sorted { left, right in
      let (a, b) = (builder.modules[left], builder.modules[right])
      let (first, second) = (Self.rank(a), Self.rank(b))
      return first != second ? first < second : naturallyPrecedes(a.name, b.name)
    }
    var positions = Array(repeating: 0, count: order.count)
    for (position, old) in order.enumerated() { positions[old] = position }
    modules = order.map { builder.modules[$0] }
    var names: Set<String> = []
    for module in modules where !names.insert(module.name).inserted { throw .apart(module.name) }
    places = builder.places.mapValues {
      EnginePlace(module: positions[$0.module], targets: $0.targets, expert: $0.expert)
    }
  }

  /// Where in the run of the model a module comes: embeddings, layers, the rest.
  private static func rank(_ module: EngineModule) -> UInt64 {
    if module.kind == .embedding { return 0 }
    return module.layer.map { $0 &+ 1 } ?? .max
  }
}

/// Sorts the modules of a base into the engine's.
package struct EngineModuleBuilder {
  let base: BaseModel
  let traits: SlotTraits
  let targets: [String]?
  let heads: AttentionShape
  private(set) var modules: [EngineModule] = []
  private(set) var places: [String: EnginePlace] = [:]

  init(base: BaseModel, traits: SlotTraits, targets: [String]?) {
    self.base = base
    self.traits = traits
    self.targets = targets
    heads = AttentionShape(base.config ?? JSONObject())
  }

  /// The parts of a module that the engine fuses, by the name of the whole.
  private static let fused: [(whole: String, parts: [String])] = [
    ("qkv_proj", ["q_proj", "k_proj", "v_proj"]),
    ("qkv_proj", ["query", "key", "value"]),
    ("gate_up_proj", ["gate_proj", "up_proj"]),
    ("fused_qkv_a_proj", ["q_a_proj", "kv_a_proj_with_mqa"]),
  ]

  mutating func build() throws(SlotLayoutError) {
    var siblings: [String: [String: BaseModule]] = [:]
    var experts: [String: ExpertGroup] = [:]
    for (name, module) in base.modules where Self.isText(name, of: base) {
      if let (owner, expert, leaf) = ExpertGroup.split(name) {
        experts[owner, default: ExpertGroup()].add(module, expert: expert, leaf: leaf)
      } else if module.kind == .parameter {
        let (owner, leaf) = Self.parted(name)
        experts[owner, default: ExpertGroup()].add(stack: module, leaf: leaf)
      } else if module.kind == .linear || module.kind == .embedding {
        let (owner, leaf) = Self.parted(name)
        siblings[owner, default: [:]][leaf] = module
      }
    }
    for owner in siblings.keys.sorted() { try add(siblings: siblings[owner] ?? [:], of: owner) }
    for owner in experts.keys.sorted() {
      // Other parameters, such as the position embeddings of a vision transformer, are no experts.
      if let group = experts[owner], !group.isEmpty { try add(group, of: owner) }
    }
    if modules.isEmpty { throw .noModules(base.path, targets: targets) }
  }

  /// The language model of a model with several towers; engines serve adapters for that one.
  package static func isText(_ name: String, of base: BaseModel) -> Bool {
    guard base.description?.textSection != nil else { return true }
    return !name.split(separator: ".").contains { towers.contains($0) }
  }

  private static let towers: Set<Substring> = [
    "visual", "vision_tower", "vision_model", "vision_encoder", "multi_modal_projector", "audio_tower", "mm_projector",
    "connector",
  ]

  /// Owner and last component of a dotted name.
  package static func parted(_ name: String) -> (owner: String, leaf: String) {
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return ("", name) }
    return (String(name[..<dot]), String(name[name.utf8.index(after: dot)...]))
  }

  package static func joined(_ owner: String, _ leaf: String) -> String { owner.isEmpty ? leaf : owner + "." + leaf }

  private mutating func add(siblings: [String: BaseModule], of owner: String) throws(SlotLayoutError) {
    var rest = siblings
    let pairs = traits.pairsCrossAttention && Self.parted(owner).leaf == "encoder_attn"
    for (whole, parts) in pairs ? [("kv_proj", ["k_proj", "v_proj"])] : Self.fused {
      let members = parts.compactMap { rest[$0] }
      guard members.count == parts.count, members.allSatisfy({ $0.kind == .linear }) else { continue }
      for part in parts { rest[part] = nil }
      if members.allSatisfy({ if case .bare = traits.place($0.name) { true } else { false } }) { continue }
      let name = Self.joined(owner, whole)
      guard isTargeted(name, parts: parts) else { continue }
      let shared = Array(repeating: heads.keyValueHeads, count: 2)
      let counts = whole == "qkv_proj" ? [heads.queryHeads] + shared : whole == "kv_proj" ? shared : []
      try fuse(members, as: name, heads: counts, isReplicated: whole == "fused_qkv_a_proj")
    }
    for leaf in rest.keys.sorted() {
      if let module = rest[leaf] { try add(single: module, owner: owner, leaf: leaf) }
    }
  }

  /// Several modules of the base as slices of one; of attention, each with its number of heads.
  private mutating func fuse(
    _ members: [BaseModule], as name: String, heads: [UInt64?], isReplicated: Bool
  ) throws(SlotLayoutError) {
    var slices: [EngineSlice] = []
    for (index, member) in members.enumerated() {
      try require(member)
      guard member.inFeatures == members[0].inFeatures else {
        throw .shape(member.name, expected: "in \(members[0].inFeatures)", found: "in \(member.inFeatures)")
      }
      let count = heads.indices.contains(index) ? heads[index] : nil
      slices.append(
        EngineSlice(
          input: member.inFeatures, pieces: [FusedSlice(rows: member.outFeatures, heads: count)],
          sharing: isReplicated ? .replicated : .column))
    }
    for (index, member) in members.enumerated() { place(member.name, targets: [(index, 0)]) }
    append(name, .linear, slices)
  }

  private mutating func add(single module: BaseModule, owner: String, leaf: String) throws(SlotLayoutError) {
    let isEmbedding = module.kind == .embedding
    let isHead = leaf == "lm_head" || owner.isEmpty && ["embed_out", "output", "proj_out"].contains(leaf)
    guard isTargeted(module.name, parts: [leaf], isOptional: isEmbedding || isHead) else { return }
    if !isEmbedding, !isHead, Self.isOfTask(module.name), !traits.taskHeads.contains(leaf) { return }
    if case .bare = traits.place(module.name) { return }
    try require(module)
    if leaf == "gate_up_proj", traits.splitsGateUp, module.outFeatures % 2 == 0 {
      let half = module.outFeatures / 2
      place(module.name, targets: [(0, 0), (1, half)])
      let slice = EngineSlice(input: module.inFeatures, output: half, sharing: .column)
      append(module.name, .linear, [slice, slice])
      return
    }
    if leaf == "qkv_proj", traits.splitsQueryKeyValue, let pieces = heads.pieces(ofFused: module.outFeatures) {
      var first: UInt64 = 0
      let rows = pieces.map { piece in
        defer { first += piece.rows }
        return first
      }
      place(module.name, targets: rows.enumerated().map { ($0.offset, $0.element) })
      let slices = pieces.map { EngineSlice(input: module.inFeatures, pieces: [$0], sharing: .column) }
      append(module.name, .linear, slices)
      return
    }
    place(module.name, targets: [(0, 0)])
    if isEmbedding {
      append(
        module.name, .embedding,
        [EngineSlice(input: module.inFeatures, output: module.outFeatures, sharing: .replicated)])
    } else if isHead {
      append(
        module.name, .head,
        [EngineSlice(input: module.inFeatures, output: module.outFeatures, sharing: .replicated)])
    } else {
      append(module.name, .linear, [slice(module, owner: owner, leaf: leaf)])
    }
  }

  /// Whether a module is the head of a task, or lies in one.
  package static func isOfTask(_ name: String) -> Bool {
    let (owner, leaf) = parted(name)
    return taskHeads.contains(leaf) || taskHeads.contains(parted(owner).leaf)
  }

  private static let taskHeads: Set<String> = ["score", "qa_outputs", "classifier", "summary"]
  private static let rowLeaves: Set<String> = [
    "o_proj", "out_proj", "down_proj", "dense_4h_to_h", "c_proj", "fc2", "fc_out", "w2", "wo", "out_lin", "lin2",
    "o", "proj",
  ]
  private static let replicatedLeaves: Set<String> = [
    "gate", "router", "shared_expert_gate", "q_a_proj", "kv_a_proj_with_mqa", "project_in", "project_out", "weight",
    "classifier",
  ]

  private func slice(_ module: BaseModule, owner: String, leaf: String) -> EngineSlice {
    let (input, output) = (module.inFeatures, module.outFeatures)
    if traits.keepsWhole(module.name) { return EngineSlice(input: input, output: output, sharing: .replicated) }
    if ["qkv_proj", "query_key_value", "c_attn", "Wqkv", "qkv"].contains(leaf),
      let pieces = heads.pieces(ofFused: output)
    {
      return EngineSlice(input: input, pieces: pieces, sharing: .column)
    }
    if leaf == "gate_up_proj", output % 2 == 0 {
      return EngineSlice(
        input: input, pieces: [FusedSlice(rows: output / 2), FusedSlice(rows: output / 2)], sharing: .column)
    }
    let isWideDense = leaf == "dense" && !["intermediate", "pooler"].contains(Self.parted(owner).leaf)
    if Self.rowLeaves.contains(leaf) || isWideDense {
      return EngineSlice(input: input, output: output, sharing: .row)
    }
    let isWhole = Self.replicatedLeaves.contains(leaf)
    return EngineSlice(input: input, output: output, sharing: isWhole ? .replicated : .column)
  }

  // MARK: Experts

  private mutating func add(_ group: ExpertGroup, of owner: String) throws(SlotLayoutError) {
    guard traits.wrapsExperts else { return }
    let name = owner.hasSuffix("experts") ? owner : Self.joined(owner, "experts")
    guard isTargeted(name, parts: ["experts"] + (traits.namesExpertsByParts ? group.leaves : [])) else { return }
    let shape = try group.shape(in: owner)
    let (total, overflow) = shape.experts.multipliedReportingOverflow(by: 8)
    guard !overflow, total <= EngineModules.matrixLimit else { throw .tooLarge(owner) }
    var slices: [EngineSlice] = []
    if traits.fusesExperts, shape.isGated {
      // The stack's own order, which may alternate between gate and up: neighbours stay together either way.
      let rows = shape.isInterleaved(base.modelType) ? [2 * shape.inner] : [shape.inner, shape.inner]
      slices.append(
        EngineSlice(input: shape.hidden, pieces: rows.map { FusedSlice(rows: $0) }, sharing: .column))
    } else {
      let one = EngineSlice(input: shape.hidden, output: shape.inner, sharing: .column)
      slices += shape.isGated ? [one, one] : [one]
    }
    slices.append(EngineSlice(input: shape.inner, output: shape.hidden, sharing: .row))
    let down = slices.count - 1
    let isFused = traits.fusesExperts
    for (expert, role, module) in group.members {
      let target = role == .down ? down : role == .up && !isFused && shape.isGated ? 1 : 0
      guard !(isFused && role != .down && shape.isGated) else { continue }
      place(module, targets: [(target, 0)], expert: expert)
    }
    for (role, module) in group.stacks {
      switch role {
      case .gateUp where !isFused: place(module, targets: [(0, 0), (1, shape.inner)])
      case .gate, .gateUp: place(module, targets: [(0, 0)])
      case .up: place(module, targets: [(shape.isGated ? 1 : 0, 0)])
      case .down: place(module, targets: [(down, 0)])
      }
    }
    append(name, .experts(shape.experts), slices)
  }

  // MARK: Steps

  private func isTargeted(_ name: String, parts: [String], isOptional: Bool = false) -> Bool {
    let leaf = Self.parted(name).leaf
    guard let targets else { return !isOptional || traits.embeddings.contains(leaf) }
    let engineName = traits.renamed(name)
    return targets.contains { $0 == leaf || $0 == engineName || parts.contains($0) }
  }

  private func require(_ module: BaseModule) throws(SlotLayoutError) {
    guard module.inFeatures > 0, module.outFeatures > 0 else { throw .unknownSize(module.name) }
  }

  private mutating func place(_ name: String, targets: [(slice: Int, firstRow: UInt64)], expert: UInt64? = nil) {
    places[name] = EnginePlace(module: modules.count, targets: targets, expert: expert)
  }

  private mutating func append(_ name: String, _ kind: EngineModule.Kind, _ slices: [EngineSlice]) {
    modules.append(
      EngineModule(name: traits.renamed(name), kind: kind, slices: slices, layer: base.layerIndex(of: name)))
  }
}
