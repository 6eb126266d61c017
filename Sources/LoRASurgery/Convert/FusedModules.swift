import LoRADeltas
import LoRAIO
import LoRAModel
import Safetensors
import TensorCore

/// Modules of the base that hold several projections, and how their rows lie.
///
/// A fused module is its parts exactly at the sum of their ranks, or at their rank where all have one A; the parts of a
/// fused module have its A and rows of its B.
struct FusedModules {
  private let input: ConversionInput

  init(_ input: ConversionInput) { self.input = input }

  /// How the rows of the parts follow each other.
  private enum Arrangement {
    /// One part after the other.
    case stacked
    /// For every head of keys its queries, then the key, then the value.
    case grouped
  }

  private struct Rule {
    let name: String
    let parts: [String]
    let arrangement: Arrangement
    /// The types of models that have it so.
    let types: Set<String>
  }

  private static let attention = ["q_proj", "k_proj", "v_proj"]

  /// transformers 5.24, the `modeling_*.py` of each type.
  private static let rules: [Rule] = [
    Rule(name: "qkv_proj", parts: attention, arrangement: .stacked, types: ["phi3", "phi4_multimodal"]),
    Rule(
      name: "gate_up_proj", parts: ["gate_proj", "up_proj"], arrangement: .stacked,
      types: ["phi3", "phi4_multimodal", "glm", "glm4"]),
    Rule(name: "query_key_value", parts: attention, arrangement: .grouped, types: ["gpt_neox", "bloom", "falcon"]),
    Rule(name: "Wqkv", parts: attention, arrangement: .stacked, types: ["mpt", "dbrx"]),
    Rule(name: "c_attn", parts: attention, arrangement: .stacked, types: ["gpt2"]),
  ]

  /// Fuses or splits what is on the bench.
  func apply(_ fusing: ConversionOptions.Fusing, to bench: inout ConversionWorkbench) throws(SurgeryError) {
    guard let base = input.base else {
      throw .refused(
        input.path, "the order of the rows of fused modules is the base's",
        hint: "name its config.json with --base")
    }
    switch fusing {
    case .into(let name): try fuse(into: name, base, &bench)
    case .unfuse: try unfuse(base, &bench)
    }
  }

  // MARK: Rows

  /// Where the rows of each part lie in the whole.
  struct Rows {
    var sizes: [UInt64]
    var moves: [[Int]]
    var total: UInt64 { sizes.reduce(0, +) }
  }

  /// The rows of a fused module, whether the base has the whole or its parts.
  private func rows(_ rule: Rule, owner: String, _ base: ConversionBase) throws(SurgeryError) -> Rows {
    let whole = "\(owner).\(rule.name)"
    let parts = rule.parts.compactMap { base.outputs(of: "\(owner).\($0)") }
    var sizes = parts
    var arrangement = Arrangement.stacked
    if let total = base.outputs(of: whole) {
      guard let type = base.modelType, rule.types.contains(type) else {
        throw refusal(whole, "in which order its rows are is not known for \(base.modelType ?? "this base")")
      }
      arrangement = rule.arrangement
      sizes = try self.sizes(rule, of: total, whole, base)
    }
    guard sizes.count == rule.parts.count, sizes.allSatisfy({ $0 <= 1 << 24 }) else {
      throw refusal(
        whole, "the base has neither this module nor all of its parts \(rule.parts.joined(separator: ", "))")
    }
    return Rows(sizes: sizes, moves: try moves(sizes, arrangement, whole, base))
  }

  /// How many rows of a fused module each part has.
  private func sizes(_ rule: Rule, of total: UInt64, _ whole: String, _ base: ConversionBase) throws(SurgeryError)
    -> [UInt64]
  {
    if rule.parts.count == 2, total % 2 == 0 { return [total / 2, total / 2] }
    guard let sizes = base.heads.flatMap({ FusedRows.attentionSizes(of: total, $0) }) else {
      throw refusal(whole, "its \(total) rows are not those of the heads that the base's config gives")
    }
    return sizes
  }

  private func moves(_ sizes: [UInt64], _ arrangement: Arrangement, _ whole: String, _ base: ConversionBase)
    throws(SurgeryError) -> [[Int]]
  {
    switch arrangement {
    case .stacked: return FusedRows.stacked(sizes)
    case .grouped:
      guard let heads = base.heads, let rows = FusedRows.grouped(sizes, heads) else {
        throw refusal(whole, "its rows are not those of the heads that the base's config gives")
      }
      return rows
    }
  }

  // MARK: Fusing

  private func fuse(into name: String, _ base: ConversionBase, _ bench: inout ConversionWorkbench)
    throws(SurgeryError)
  {
    guard let rule = Self.rules.first(where: { $0.name == name }) else {
      throw .refused(
        input.path, "how a module \(name) is fused is not known",
        hint: "known are \(Self.rules.map(\.name).joined(separator: ", "))")
    }
    var groups: [String: [Int: ModuleDraft]] = [:]
    var result: [ModuleDraft] = []
    for module in bench.modules {
      if module.kind == .linear, let part = rule.parts.firstIndex(of: String(module.name.lastComponent)) {
        groups[Self.owner(of: module.name), default: [:]][part] = module
      } else {
        result.append(module)
      }
    }
    guard !groups.isEmpty else {
      throw .refused(input.path, "it adapts none of \(rule.parts.joined(separator: ", ")), so there is nothing to fuse")
    }
    for (owner, parts) in groups.ordered(by: { naturallyPrecedes($0.key, $1.key) }) {
      result.append(try fused(parts, "\(owner).\(name)", rows(rule, owner: owner, base), &bench))
    }
    bench.modules = result.ordered { naturallyPrecedes($0.name, $1.name) }
  }

  /// One module of the parts that are there, by their positions; the rows of the others are zero.
  func fused(
    _ parts: [Int: ModuleDraft], _ name: String, _ rows: Rows, _ bench: inout ConversionWorkbench
  ) throws(SurgeryError) -> ModuleDraft {
    let present = parts.ordered { $0.key < $1.key }
    for (part, module) in present {
      guard module.bias == nil else { throw refusal(module.name, "it has a bias, which is not fused") }
      guard module.b.count == rows.sizes[part], module.a.count == present[0].value.a.count else {
        throw refusal(module.name, "its factors do not fit the base's part of \(rows.sizes[part]) outputs")
      }
    }
    var group = ConversionWorkbench(present.map(\.value))
    let scale = group.foldToOneScale()
    bench.note(group)
    let isShared = try haveOneA(group.modules)
    let rank = isShared ? group.modules[0].rank : group.modules.reduce(0) { $0 + $1.rank }
    var a = FactorDraft(count: group.modules[0].a.count, rank: rank, experts: 1, blocks: [])
    var b = FactorDraft(count: rows.total, rank: rank, experts: 1, blocks: [])
    var first: UInt64 = 0
    for (module, (part, _)) in zip(group.modules, present) {
      var factor = module.b
      factor.move(to: rows.moves[part], count: rows.total)
      b.blocks += factor.blocks.map { $0.moved(toRank: first) }
      if isShared { continue }
      a.blocks += module.a.blocks.map { $0.moved(toRank: first) }
      first += module.rank
    }
    if isShared { a = group.modules[0].a }
    var whole = ModuleDraft(name: name, kind: .linear, a: a, b: b, scale: scale)
    whole.magnitude = try magnitudes(present, rows)
    return whole
  }

  /// The magnitudes of all rows, each of which is scaled by itself; nil without DoRA.
  private func magnitudes(_ parts: [(key: Int, value: ModuleDraft)], _ rows: Rows) throws(SurgeryError)
    -> VectorDraft?
  {
    guard let first = parts.first(where: { $0.value.magnitude != nil })?.value else { return nil }
    var whole: VectorDraft?
    for (part, module) in parts {
      guard var own = module.magnitude, own.count == rows.sizes[part] else { continue }
      own.move(to: rows.moves[part], count: rows.total)
      if whole == nil { whole = own } else { whole?.add(own) }
    }
    guard whole?.parts.count == rows.sizes.count else {
      throw refusal(
        first.name,
        "it is a DoRA and not all parts of the fused module are, whose rows would need the norms of the base's as "
          + "magnitudes")
    }
    return whole
  }

  /// Whether all modules have the same A, byte for byte.
  private func haveOneA(_ modules: [ModuleDraft]) throws(SurgeryError) -> Bool {
    var bytes: [UInt8]?
    for module in modules {
      guard module.a.blocks.count == 1, let block = module.a.blocks.first, block.multiplier == 1,
        module.rank == modules[0].rank, block.factor.tensor.shape == modules[0].a.blocks[0].factor.tensor.shape,
        block.factor.tensor.dtype == modules[0].a.blocks[0].factor.tensor.dtype
      else { return false }
      let own = try SurgeryError.catching { () throws(IOError) in try block.file.bytes(of: block.factor.tensor) }
      if let bytes, bytes != own { return false }
      bytes = own
    }
    return modules.count > 1
  }

  // MARK: Splitting

  private func unfuse(_ base: ConversionBase, _ bench: inout ConversionWorkbench) throws(SurgeryError) {
    var result: [ModuleDraft] = []
    var count = 0
    for module in bench.modules {
      guard module.kind == .linear, let rule = Self.rules.first(where: { $0.name == module.name.lastComponent }) else {
        result.append(module)
        continue
      }
      count += 1
      let owner = Self.owner(of: module.name)
      let rows = try rows(rule, owner: owner, base)
      guard rows.total == module.b.count else {
        throw refusal(module.name, "it has \(module.b.count) outputs and the base's module \(rows.total)")
      }
      for (part, name) in rule.parts.enumerated() {
        var piece = module
        piece.name = "\(owner).\(name)"
        var moves = [Int](repeating: -1, count: Int(rows.total))
        for (row, source) in rows.moves[part].enumerated() { moves[source] = row }
        piece.moveOutputs(to: moves, count: rows.sizes[part])
        result.append(piece)
      }
    }
    guard count > 0 else {
      throw .refused(
        input.path,
        "it adapts no fused module that is known (\(Self.rules.map(\.name).joined(separator: ", "))), so there is nothing "
          + "to split")
    }
    bench.modules = result.ordered { naturallyPrecedes($0.name, $1.name) }
  }

  private static func owner(of name: String) -> String {
    name.dottedComponents.dropLast().joined(separator: ".")
  }

  private func refusal(_ subject: String, _ reason: String) -> SurgeryError {
    .refused(input.path, subject: subject, reason)
  }
}

extension FactorBlock {
  /// The block behind the ranks of others.
  fileprivate func moved(toRank rank: UInt64) -> FactorBlock {
    var block = self
    block.firstRank += rank
    return block
  }
}
