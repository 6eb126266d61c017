import LoRADeltas
import LoRAIO
import LoRAInspect
import LoRAModel
import Safetensors
import TensorCore

/// Compares one module, or one replaced tensor, of two adapters.
struct ModuleComparer: Sendable {
  struct ReplacementPair: Sendable {
    let name: String
    let a: Replacement?
    let b: Replacement?
  }

  let a: Adapter
  let b: Adapter
  let base: BaseModel?

  /// - Throws: `SurgeryError.refused` for a module that has no delta, or deltas of different shapes.
  func compare(_ entry: ModuleAlignment.Entry) throws(SurgeryError) -> ModuleDiff {
    let sides = (a: try side(entry.a, of: a), b: try side(entry.b, of: b))
    try checkShapes(entry.name, sides.a?.pair, sides.b?.pair)
    let isDoRA = entry.a?.magnitude != nil || entry.b?.magnitude != nil
    if isDoRA, let merged = try merged(entry, sides.a, sides.b) { return merged }
    let factors = try StackedFactors(sides.a, sides.b)
    let dimensions = (
      left: Int(sides.a?.pair.b.count ?? sides.b?.pair.b.count ?? 0),
      right: Int(sides.a?.pair.a.count ?? sides.b?.pair.a.count ?? 0)
    )
    var parts: [DeltaComparison] = []
    try factors.forEachExpert { (_, cores) throws(SurgeryError) in
      guard let comparison = cores.comparison(dimensions: dimensions) else {
        throw .refused(
          a.path, subject: entry.name, "its delta, here or in the other adapter, is beyond the range of f64")
      }
      parts.append(comparison)
    }
    var result = ModuleDiff(
      name: entry.name, a: entry.a, b: entry.b, subject: isDoRA ? .direction : .delta,
      comparison: parts.count == 1 ? parts[0] : DeltaComparison(sumOf: parts))
    if parts.count > 1 { result.experts = ModuleDiff.Experts(parts) }
    if isDoRA { result.magnitude = try values(entry) { $0.magnitude } }
    result.bias = try values(entry, isScaled: true) { $0.bBias }
    if let norm = try weightNorm(entry), norm > 0, norm.isFinite {
      result.relativeToBase = result.comparison.distance / norm
    }
    return result
  }

  func compare(_ pair: ReplacementPair) throws(SurgeryError) -> TensorDiff {
    var comparison: ValueComparison?
    if let one = pair.a, let other = pair.b, let files = (a.file.flatMap { file in b.file.map { (file, $0) } }) {
      guard one.tensor.shape == other.tensor.shape else {
        throw .refused(
          a.path, subject: pair.name,
          "it is replaced by \(one.tensor.shape) here and by \(other.tensor.shape) in the other adapter")
      }
      for (tensor, path) in [(one.tensor, a.path), (other.tensor, b.path)] where !tensor.dtype.isFloat {
        throw .refused(path, subject: tensor.name, "it is \(tensor.dtype.name), not numbers")
      }
      if one.role != .rows || haveSameRows {
        comparison = try ValueComparison(
          .init(tensor: one.tensor, file: files.0), .init(tensor: other.tensor, file: files.1))
      }
    }
    return TensorDiff(name: pair.name, a: pair.a, b: pair.b, comparison: comparison)
  }

  private var haveSameRows: Bool {
    let (one, other) = (a.config?.trainableTokens ?? [], b.config?.trainableTokens ?? [])
    return one.elementsEqual(other) { $0.embedding == $1.embedding && $0.rows == $1.rows }
  }

  private func side(_ module: AdapterModule?, of adapter: Adapter) throws(SurgeryError) -> StackedFactors.Side? {
    guard let module, let file = adapter.file else { return nil }
    do throws(LoRAPairProblem) {
      return StackedFactors.Side(pair: try adapter.pair(of: module), file: file)
    } catch {
      throw .refused([SurgeryRefusal(adapter.path, module: module.name, error)])
    }
  }

  private func checkShapes(_ name: String, _ one: LoRAPair?, _ other: LoRAPair?) throws(SurgeryError) {
    guard let one, let other else { return }
    func shape(_ pair: LoRAPair) -> String {
      (pair.experts > 1 ? "\(pair.experts) experts of " : "") + "\(pair.b.count) x \(pair.a.count)"
    }
    guard one.a.count == other.a.count, one.b.count == other.b.count, one.experts == other.experts else {
      throw .refused(
        a.path, subject: name, "its delta is \(shape(one)) here and \(shape(other)) in the other adapter",
        hint: "the two belong to models of different sizes")
    }
  }

  /// Compares vectors that belong to a module; nil where neither has one.
  private func values(
    _ entry: ModuleAlignment.Entry, isScaled: Bool = false, _ tensor: (AdapterModule) -> TensorInfo?
  ) throws(SurgeryError) -> ValueComparison? {
    func side(_ module: AdapterModule?, _ adapter: Adapter) throws(SurgeryError) -> ValueComparison.Side? {
      guard let module, let found = tensor(module), let file = adapter.file else { return nil }
      guard found.dtype.isFloat else {
        throw .refused(adapter.path, subject: found.name, "it is \(found.dtype.name), not numbers")
      }
      return .init(tensor: found, file: file, scale: isScaled ? module.scale : 1)
    }
    let (one, other) = (try side(entry.a, a), try side(entry.b, b))
    guard one != nil || other != nil else { return nil }
    if let one, let other, one.tensor.elementCount != other.tensor.elementCount {
      throw .refused(
        a.path, subject: one.tensor.name,
        "it is \(one.tensor.shape) here and \(other.tensor.shape) in the other adapter")
    }
    return try ValueComparison(one, other)
  }

  private func weightNorm(_ entry: ModuleAlignment.Entry) throws(SurgeryError) -> Double? {
    guard let base, base.checkpoint != nil, let module = entry.a ?? entry.b else { return nil }
    return try SurgeryError.catching { () throws(IOError) in try base.weightNorm(of: module.name) }
  }
}

extension ModuleDiff.Experts {
  init(_ parts: [DeltaComparison]) {
    let distances = parts.map(\.relative)
    count = parts.count
    largest = distances.max() ?? 0
    mean = distances.reduce(0) { $0 + $1 / Double(parts.count) }
    worst = distances.firstIndex(of: largest) ?? 0
  }
}
