import Diagnostics
import JSON
import LoRADeltas
import LoRAEngines
import LoRAModel
import LoRASurgery
import LoRAValidate
import Safetensors
import TensorCore

/// A matrix that some model classes keep as one and others in parts, its rows part by part.
struct FusedMatrix: Sendable {
  let name: String
  let parts: [String]
  /// Types of models whose rows are known to lie in this order where they keep it as one.
  let modelTypes: Set<String>

  static let all = [
    FusedMatrix(name: "qkv_proj", parts: ["q_proj", "k_proj", "v_proj"], modelTypes: ["phi3"]),
    FusedMatrix(name: "gate_up_proj", parts: ["gate_proj", "up_proj"], modelTypes: ["phi3", "glm", "glm4"]),
  ]
}

extension Repair {
  /// Factors of a matrix that the base has in parts are shared out, and those of parts that it has as one are put
  /// together; both change nothing.
  static let fusion = Repair { plan throws(SurgeryError) in
    guard let base = plan.context.base, base.isKnown, plan.adapter.format == .peft, plan.adapter.config != nil else {
      return
    }
    for matrix in FusedMatrix.all {
      unfuse(matrix, base, &plan)
      if matrix.modelTypes.contains(base.modelType ?? "") { try fuse(matrix, base, &plan) }
    }
  }

  // MARK: One into parts

  /// Every part gets the whole A, and its own rows of B, of the magnitude and of the bias.
  private static func unfuse(_ matrix: FusedMatrix, _ base: BaseModel, _ plan: inout RepairPlan) {
    let modules = plan.context.unmatched.filter { $0.lastComponent == matrix.name && $0.kind == .linear }
    guard !modules.isEmpty else { return }
    let tensors = plan.tensorsByName
    var added: [PlannedTensor] = []
    var parts: [String: [String]] = [:]
    for module in modules {
      guard module.isUsable, module.ranksAgree, let a = module.a.flatMap({ tensors[$0.name] }), a.isKept else { return }
      let owner = String(module.name.dropLast(matrix.name.count))
      var row: UInt64 = 0
      for part in matrix.parts {
        guard let piece = base.linearModule(owner + part), piece.inFeatures == module.inFeatures else { return }
        let name = String.peftPrefix + owner + part
        added.append(a.renamed(name + ".lora_A.weight"))
        for (tensor, ending) in [
          (module.b, ".lora_B.weight"), (module.bBias, ".lora_B.bias"), (module.magnitude, ".lora_magnitude_vector"),
        ] {
          guard let tensor else { continue }
          guard let whole = tensors[tensor.name],
            let rows = whole.rows(row, piece.outFeatures, of: module.outFeatures, as: name + ending)
          else { return }
          added.append(rows)
        }
        row += piece.outFeatures
        parts[module.name, default: []].append(owner + part)
      }
      guard row == module.outFeatures else { return }
    }
    apply(matrix, modules, added, parts, "shared out to", matrix.parts, &plan) { value, _ in value }
  }

  // MARK: Parts into one

  /// A of all parts below each other and B of each in its own rows and columns: the rank is the sum.
  private static func fuse(_ matrix: FusedMatrix, _ base: BaseModel, _ plan: inout RepairPlan) throws(SurgeryError) {
    let leaves = Set(matrix.parts)
    let modules = plan.context.unmatched.filter { leaves.contains($0.lastComponent) && $0.kind == .linear }
    guard !modules.isEmpty, let file = plan.input.file, plan.hasAlpha, try plan.hasFiniteValues() else { return }
    let tensors = plan.tensorsByName
    var added: [PlannedTensor] = []
    var wholes: [String: [String]] = [:]
    var ranks: [String: UInt64] = [:]
    let owners = Dictionary(grouping: modules) { String($0.name.dropLast($0.lastComponent.utf8.count)) }
    for (owner, present) in owners.ordered(by: { $0.key < $1.key }) {
      let parts = matrix.parts.compactMap { leaf in present.first { $0.lastComponent == leaf } }
      guard parts.count == matrix.parts.count, let whole = base.linearModule(owner + matrix.name),
        let pairs = try? parts.map({ try plan.adapter.pair(of: $0) }), Set(pairs.map(\.scale)).count == 1,
        pairs.reduce(0, { $0 + $1.b.count }) == whole.outFeatures,
        pairs.allSatisfy({ $0.a.count == whole.inFeatures }),
        parts.allSatisfy({ $0.magnitude == nil && $0.bBias == nil })
      else { return }
      let factors = pairs.compactMap { pair -> (a: PlannedTensor, b: PlannedTensor)? in
        guard let a = tensors[pair.a.tensor.name], let b = tensors[pair.b.tensor.name] else { return nil }
        return (a, b)
      }
      let rank = pairs.reduce(0) { $0 + $1.rank }
      guard factors.count == pairs.count, Set(factors.flatMap { [$0.a.info.dtype, $0.b.info.dtype] }).count == 1,
        rank <= LoRAPair.rankLimit
      else { return }
      let name = String.peftPrefix + owner + matrix.name
      added += joined(factors, pairs, as: name, rank: rank, whole, from: file)
      for part in parts { wholes[part.name] = [owner + matrix.name] }
      ranks[owner + matrix.name] = rank
    }
    let usesRoot = plan.adapter.config?.usesRankStabilizedScale ?? false
    let old = Dictionary(modules.map { ($0.name, $0.rank) }) { first, _ in first }
    apply(matrix, modules, added, wholes, "put together as", [matrix.name], &plan) { value, names in
      // The scale stays: alpha grows with the rank.
      guard let new = ranks[names.new], let rank = old[names.old], rank > 0 else { return value }
      let ratio = Double(new) / Double(rank)
      return value * (usesRoot ? ratio.squareRoot() : ratio)
    }
  }

  private static func joined(
    _ factors: [(a: PlannedTensor, b: PlannedTensor)], _ pairs: [LoRAPair], as name: String, rank: UInt64,
    _ whole: BaseModule, from file: SafetensorsFile
  ) -> [PlannedTensor] {
    guard let first = factors.first else { return [] }
    let dtype = PlannedTensor.writable(first.a.info.dtype)
    let down = PlannedTensor(
      first.a.info.with(name: name + ".lora_A.weight", dtype: dtype, shape: [rank, whole.inFeatures]),
      .made { () throws(SurgeryError) in
        var values: [Double] = []
        for factor in factors { values += try factor.a.values(from: file) }
        return values
      })
    let up = PlannedTensor(
      first.b.info.with(name: name + ".lora_B.weight", dtype: dtype, shape: [whole.outFeatures, rank]),
      .made { () throws(SurgeryError) in
        var values = [Double](repeating: 0, count: Int(whole.outFeatures * rank))
        var (row, column) = (0, 0)
        for (factor, pair) in zip(factors, pairs) {
          let (rows, columns) = (Int(pair.b.count), Int(pair.rank))
          let part = try factor.b.values(from: file)
          for index in 0..<rows {
            for k in 0..<columns { values[(row + index) * Int(rank) + column + k] = part[index * columns + k] }
          }
          row += rows
          column += columns
        }
        return values
      })
    return [down, up]
  }

  // MARK: Both

  /// Puts tensors in the place of others, and new names in the config, with the alpha that `alpha` makes of the old.
  private static func apply(
    _ matrix: FusedMatrix, _ modules: [AdapterModule], _ added: [PlannedTensor], _ renamed: [String: [String]],
    _ verb: String, _ leaves: [String], _ plan: inout RepairPlan,
    alpha: (Double, (old: String, new: String)) -> Double
  ) {
    let dropped = Set(modules.flatMap { $0.tensors.map(\.name) })
    let names = plan.names.subtracting(dropped)
    guard !added.isEmpty, Set(added.map(\.info.name)).count == added.count,
      names.isDisjoint(with: added.map(\.info.name))
    else { return }
    var alphas: [(name: String, value: Double)] = []
    var seen: Set<String> = []
    for (name, value) in plan.alphas {
      for new in renamed[name] ?? [name] where seen.insert(new).inserted {
        alphas.append((new, renamed[name] == nil ? value : alpha(value, (name, new))))
      }
    }
    let old = Set(modules.map(\.lastComponent))
    plan.mend(
      .baseModuleMissing,
      "the factors of \(phrase(modules.map(\.name), of: plan.adapter.modules.count)) are \(verb) \(listing(leaves)), as the "
        + "base has them"
    ) { change in
      change.drop(dropped)
      change.tensors += added
      guard let targets = change.config?["target_modules"]?.array else { return }
      let kept = targets.filter { entry in !(entry.string.map { old.contains(String($0.lastComponent)) } ?? false) }
      change.config?["target_modules"] = .array(kept + leaves.map { .string($0) })
    }
    plan.keep(alphas, .baseModuleMissing)
  }
}

extension PlannedTensor {
  /// Some rows of a tensor whose first dimension has `whole` of them; nil where bytes would be cut.
  fileprivate func rows(_ first: UInt64, _ count: UInt64, of whole: UInt64, as name: String) -> PlannedTensor? {
    guard isKept, info.shape.rank > 0, info.shape[0] == whole, whole > 0, first + count <= whole,
      info.byteCount % whole == 0
    else { return nil }
    let step = info.byteCount / whole
    let shape = Shape([count] + info.shape.dimensions.dropFirst())
    return PlannedTensor(
      TensorInfo(
        name: name, dtype: info.dtype, shape: shape, begin: info.begin + first * step,
        end: info.begin + (first + count) * step))
  }
}
