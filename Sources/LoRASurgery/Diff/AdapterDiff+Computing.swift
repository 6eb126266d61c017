import Diagnostics
import JSON
package import LoRADeltas
import LoRAIO
import LoRAInspect
package import LoRAModel
import Safetensors
import Synchronization
import TensorCore

extension AdapterDiff {
  /// Compares two adapters; reads all their values, and with a base that has weights those of the adapted modules.
  ///
  /// Memory is a few blocks for every worker. Results do not depend on the number of workers.
  /// - Parameters:
  ///   - base: the model that both are for; it aligns names, and DoRA is compared as merged weights.
  ///   - tolerance: relative distance up to which deltas count as equal.
  ///   - control: is told of every module that is done.
  /// - Throws: what could not be read or was stopped; what has no delta is a reason of the result.
  package init(
    _ a: Adapter, _ b: Adapter, base: BaseModel? = nil, tolerance: Double = 0, workers: Int, control: SurgeryControl
  ) throws(SurgeryError) {
    (self.a, self.b, self.tolerance) = (a, b, tolerance)
    config = Self.config(Inspection(a, base: base), Inspection(b, base: base))
    var reasons = Self.reasons(a) + Self.reasons(b) + (base?.refusals ?? []).map { "\($0)" }
    if base == nil { reasons += Self.otherBases(a, b) }
    let isReadable = reasons.isEmpty || (a.file != nil && b.file != nil)
    let alignment = isReadable ? ModuleAlignment(a.modules, b.modules, base: base).entries : []
    if isReadable, !Self.haveCommonPart(alignment, a, b) {
      reasons.append("the two have no module and no replaced tensor in common")
    }
    let comparer = ModuleComparer(a: a, b: b, base: base)
    let places = alignment.map { $0.a?.a?.begin ?? $0.b?.a?.begin ?? 0 }
    let results = try Self.inParallel(alignment, at: places, workers, control) { (entry) throws(SurgeryError) in
      try comparer.compare(entry)
    }
    let replacements = isReadable ? Self.replacements(a, b) : []
    let tensors = try Self.inParallel(
      replacements, at: replacements.map { $0.a?.tensor.begin ?? $0.b?.tensor.begin ?? 0 }, workers, control
    ) { (pair) throws(SurgeryError) in try comparer.compare(pair) }
    self.reasons = reasons + Self.grouped(results.refusals + tensors.refusals)
    total = DeltaComparison(sumOf: results.found.map(\.comparison))
    let whole = total.distance
    modules = results.found.map { module in
      var module = module
      let ratio = whole > 0 ? module.comparison.distance / whole : 0
      module.share = ratio * ratio
      return module
    }.enumerated().ordered { ($1.element.share, $0.offset) < ($0.element.share, $1.offset) }.map(\.element)
    self.tensors = tensors.found
  }

  /// Runs a comparison for every element on several threads; a refusal of one does not end the others.
  private static func inParallel<Input: Sendable, Output: Sendable>(
    _ inputs: [Input], at places: [UInt64], _ workers: Int, _ control: SurgeryControl,
    _ body: @escaping @Sendable (Input) throws(SurgeryError) -> Output
  ) throws(SurgeryError) -> (found: [Output], refusals: [SurgeryRefusal]) {
    let slots = Mutex<[Result<Output, SurgeryError>?]>(Array(repeating: nil, count: inputs.count))
    try Workers.forEach(readingAt: places, workers: workers) { (index) throws(SurgeryError) in
      try control.check()
      var result: Result<Output, SurgeryError>
      do throws(SurgeryError) {
        result = .success(try body(inputs[index]))
      } catch {
        guard case .refused = error else { throw error }
        result = .failure(error)
      }
      slots.withLock { $0[index] = result }
      control.add(1)
    }
    var found: [Output] = []
    var refusals: [SurgeryRefusal] = []
    for result in slots.withLock({ $0 }) {
      switch result {
      case .success(let output)?: found.append(output)
      case .failure(.refused(let reasons))?: refusals += reasons
      default: break
      }
    }
    return (found, refusals)
  }

  // MARK: What keeps two adapters from being compared

  private static func reasons(_ adapter: Adapter) -> [String] {
    let path = escaped(adapter.path)
    if let method = adapter.foreignMethod {
      return ["\(path): it is a \(escaped(method)) adapter, and only LoRA is compared"]
    }
    guard adapter.file != nil, Inspection(adapter).isReadable else {
      let message = adapter.findings.first { $0.severity == .error }.map { escaped($0.message, limit: 1_000) }
      return ["\(path): \(message ?? "its weights cannot be read")"]
    }
    return []
  }

  /// Two names of bases that are certainly not one model's.
  private static func otherBases(_ a: Adapter, _ b: Adapter) -> [String] {
    let names = (Inspection(a).baseModelName, Inspection(b).baseModelName)
    guard let one = names.0, let other = names.1, !one.isEmpty, !other.isEmpty,
      ModelName(one).isCertain, ModelName(other).isCertain,
      !ModelName(one).mayBe(ModelName(other)), !ModelName(one).isVariant(of: ModelName(other))
    else { return [] }
    return [
      "the two were trained on different bases, \(escaped(one, limit: 120)) and \(escaped(other, limit: 120)); name the "
        + "model that both are used on with --base to compare them all the same"
    ]
  }

  private static func haveCommonPart(_ entries: [ModuleAlignment.Entry], _ a: Adapter, _ b: Adapter) -> Bool {
    entries.contains { $0.a != nil && $0.b != nil }
      || !Set(a.replacements.map(\.name)).isDisjoint(with: b.replacements.map(\.name))
  }

  /// One sentence for each kind of reason, with the number of modules that it holds for.
  private static func grouped(_ refusals: [SurgeryRefusal]) -> [String] {
    var order: [String] = []
    var groups: [String: [SurgeryRefusal]] = [:]
    for refusal in refusals {
      let key = refusal.path + "\n" + refusal.reason
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(refusal)
    }
    return order.compactMap { key in
      guard let group = groups[key], let first = group.first else { return nil }
      return group.count == 1 ? "\(first)" : "\(first) (and \(group.count - 1) more modules)"
    }
  }

  // MARK: Structure

  private static func replacements(_ a: Adapter, _ b: Adapter) -> [ModuleComparer.ReplacementPair] {
    func key(_ replacement: Replacement) -> String { "\(replacement.name)\n\(replacement.role)" }
    let others = Dictionary(b.replacements.map { (key($0), $0) }) { first, _ in first }
    let own = Set(a.replacements.map(key))
    return a.replacements.map { .init(name: $0.name, a: $0, b: others[key($0)]) }
      + b.replacements.filter { !own.contains(key($0)) }.map { .init(name: $0.name, a: nil, b: $0) }
  }

  /// Properties that make the effect, then the members of the configs as written.
  private static func config(_ a: Inspection, _ b: Inspection) -> [FieldDifference] {
    func range<Value>(_ range: (min: Value, max: Value)?, _ json: (Value) -> JSONValue) -> JSONValue
    where Value: Equatable {
      guard let range else { return .null }
      return range.min == range.max ? json(range.min) : [json(range.min), json(range.max)]
    }
    let facts: [(String, (Inspection) -> JSONValue)] = [
      ("format", { .string($0.adapter.format.rawValue) }),
      ("base_model", { JSONValue($0.baseModelName) }),
      ("scale", { range($0.scales) { .real($0) } }),
      ("rank", { range($0.ranks) { JSONValue($0) } }),
      ("dtypes", { .array($0.dtypes.map { .string($0.name) }.ordered { $0.text() < $1.text() }) }),
      ("use_dora", { .bool($0.usesDoRA) }),
      ("targets", { .array($0.targets.map { .string($0) }) }),
      ("layers", { .array($0.layers.map { JSONValue($0) }) }),
      ("parameters", { JSONValue($0.parameters) }),
    ]
    var result = facts.compactMap { name, value -> FieldDifference? in
      let (one, other) = (value(a), value(b))
      return one == other ? nil : FieldDifference(name: name, a: one, b: other)
    }
    // Without a config of its own, a format has nothing to compare there.
    guard let left = a.adapter.rawConfig, let right = b.adapter.rawConfig else { return result }
    for key in (left.keys + right.keys).uniqued.ordered() {
      let (one, other) = (left[key] ?? .null, right[key] ?? .null)
      // Lists of names are sets, which libraries write in any order.
      if one.sortedNames != other.sortedNames {
        result.append(FieldDifference(name: "config." + key, a: one, b: other))
      }
    }
    return result
  }
}

extension JSONValue {
  /// A list of strings in their order, anything else as it is.
  fileprivate var sortedNames: JSONValue {
    guard let names = array?.compactMap(\.string), names.count == array?.count else { return self }
    return .array(names.ordered().map { .string($0) })
  }
}
