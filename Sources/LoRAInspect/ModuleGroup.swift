import LoRAModel
import Safetensors
import TensorCore

/// Modules of one part of the model that have one target, and what they have in common: a row of the report.
struct ModuleGroup {
  /// The part of the model that they lie in, as ``ModelPart`` calls it.
  let part: String
  /// What they are called as targets.
  let target: String
  /// Their places among the modules, in order.
  private(set) var places: [Int] = []
  /// Input sizes.
  private(set) var inFeatures = Spread<UInt64>()
  /// Output sizes.
  private(set) var outFeatures = Spread<UInt64>()
  /// Ranks of the tensors.
  private(set) var ranks = Spread<UInt64>()
  /// Scales of B·A.
  private(set) var scales = Spread<Double>()
  /// Where the scales come from, each once.
  private(set) var scaleSources: [ScaleSource] = []
  /// Types of the tensors, each once.
  private(set) var types: [DType] = []
  /// Elements of the tensors.
  private(set) var parameters: UInt64 = 0
  /// Bytes of the tensors.
  private(set) var bytes: UInt64 = 0

  init(part: String, target: String) { (self.part, self.target) = (part, target) }

  fileprivate mutating func take(_ module: borrowing AdapterModule, at place: Int) {
    places.append(place)
    inFeatures.take(module.inFeatures)
    outFeatures.take(module.outFeatures)
    ranks.take(module.rank)
    scales.take(module.scale)
    if !scaleSources.contains(module.scaleSource) { scaleSources.append(module.scaleSource) }
    module.forEachTensor { tensor in
      if !types.contains(tensor.dtype) { types.append(tensor.dtype) }
      parameters &+= tensor.elementCount
      bytes &+= tensor.byteCount
    }
  }
}

/// The smallest and the largest of some values; nil before the first.
struct Spread<Value: Comparable> {
  private(set) var range: (low: Value, high: Value)?

  mutating func take(_ value: Value) {
    let (low, high) = range ?? (value, value)
    range = (value < low ? value : low, high < value ? value : high)
  }

  /// The value of all, or `low-high`; empty where there is none.
  func text(_ show: (Value) -> String) -> String {
    guard let (low, high) = range else { return "" }
    return low == high ? show(low) : "\(show(low))-\(show(high))"
  }
}

extension Adapter {
  /// The modules by part and target: parts in order of first appearance, the targets of each sorted.
  ///
  /// One look at each module where it lies; what depends on the words of its name is asked once for all names that
  /// differ in numbers only.
  var groups: [ModuleGroup] {
    struct Key: Hashable {
      let part: Int
      let target: String
    }
    /// What names of a kind have in common: their part, and their group unless it depends on a number.
    struct Kind {
      let part: Int
      let group: Int?
    }
    var parts: [String] = []
    var groups: [(part: Int, modules: ModuleGroup)] = []
    var positions: [Key: Int] = [:]
    let names = moduleKinds
    var kinds = [Kind?](repeating: nil, count: names.first.count)
    func group(of module: String, in part: Int) -> Int {
      let key = Key(part: part, target: Inspection.target(of: module))
      if let position = positions[key] { return position }
      positions[key] = groups.count
      groups.append((part, ModuleGroup(part: parts[part], target: key.target)))
      return groups.count - 1
    }
    func look(_ module: String) -> Kind {
      let name = ModelPart.name(of: module)
      let part = parts.firstIndex(of: name) ?? parts.count
      if part == parts.count { parts.append(name) }
      // `to_out.0`: the number is a part of the target.
      let isNumbered = UInt64(module.lastComponent) != nil
      return Kind(part: part, group: isNumbered ? nil : group(of: module, in: part))
    }
    forEachModule { place, module in
      let kind = Int(names.kinds[place])
      let known = kinds[kind] ?? look(module.name)
      kinds[kind] = known
      groups[known.group ?? group(of: module.name, in: known.part)].modules.take(module, at: place)
    }
    return groups.sorted { ($0.part, $0.modules.target) < ($1.part, $1.modules.target) }.map(\.modules)
  }
}

extension [ModuleGroup] {
  /// The parts of the model in order of first appearance, with the number and the sizes of their modules.
  var parts: [(name: String, modules: Int, parameters: UInt64, bytes: UInt64)] {
    var parts: [(name: String, modules: Int, parameters: UInt64, bytes: UInt64)] = []
    for group in self {
      if parts.last?.name != group.part { parts.append((group.part, 0, 0, 0)) }
      parts[parts.count - 1].modules += group.places.count
      parts[parts.count - 1].parameters &+= group.parameters
      parts[parts.count - 1].bytes &+= group.bytes
    }
    return parts
  }
}
