public import LoRAModel
import TensorCore

/// Everything that the rules may look at for one adapter; built once, read by every rule.
public struct ValidationContext: Sendable {
  /// The adapter as it was read.
  public let adapter: Adapter
  /// The base that it is checked against.
  public let base: BaseModel?
  /// What else to check.
  public let options: ValidationOptions
  /// What its values are like; nil when they were not read.
  public let values: AdapterValues?
  /// PEFT's answer to which modules the config adapts.
  let matching: TargetMatching?
  /// The base's module for each of the adapter's modules; nil when the base is absent or its modules are not known.
  let matches: [ModuleMatch?]?
  private let transpositions: [String: Transposition]

  /// Matches the adapter's modules with the base.
  public init(_ adapter: Adapter, base: BaseModel?, options: ValidationOptions, values: AdapterValues?) {
    self.adapter = adapter
    self.base = base
    self.options = options
    self.values = values
    matching = adapter.config.map { TargetMatching($0) }
    let stack = LayerStack(adapter.config)
    matches = base.flatMap { base in
      base.isKnown ? adapter.modules.map { base.match(stack.baseName(of: $0.name)) } : nil
    }
    let plain = !Self.hasOddShapes(adapter.config)
    var transpositions: [String: Transposition] = [:]
    for (position, module) in adapter.modules.enumerated() where plain {
      transpositions[module.name] = module.transposition(against: matches?[position]?.module)
    }
    self.transpositions = transpositions
  }

  /// How the module's factors would have to be turned to fit, or nil when turning is not the answer.
  func transposition(of module: AdapterModule) -> Transposition? { transpositions[module.name] }

  /// The adapter's modules with their place in the base, for those that have one.
  var matched: [(module: AdapterModule, match: ModuleMatch)] {
    guard let matches else { return [] }
    return zip(adapter.modules, matches).compactMap { module, match in match.map { (module, $0) } }
  }

  /// The adapter's modules that a known base does not have.
  var unmatched: [AdapterModule] {
    guard let matches else { return [] }
    return zip(adapter.modules, matches).compactMap { module, match in match == nil ? module : nil }
  }

  /// Whether A is `[rank, in]` and B `[out, rank]`: block-diagonal and pooled variants have other shapes.
  var hasPlainShapes: Bool { !Self.hasOddShapes(adapter.config) }

  private static func hasOddShapes(_ config: AdapterConfig?) -> Bool {
    config?.variants.contains { $0 == "use_bdlora" || $0 == "use_qalora" } ?? false
  }
}

/// The order in which `layer_replication` stacks the base's layers: the adapter counts the new stack.
struct LayerStack {
  private let ranges: [(first: UInt64, end: UInt64)]

  init(_ config: AdapterConfig?) {
    let pairs = config?.raw["layer_replication"]?.array ?? []
    ranges = pairs.compactMap { pair in
      guard let ends = pair.array, ends.count == 2, let first = ends[0].int64.flatMap({ UInt64(exactly: $0) }),
        let end = ends[1].int64.flatMap({ UInt64(exactly: $0) }), first < end
      else { return nil }
      return (first, end)
    }
  }

  /// The name of the base's module that the adapter's module is a copy of.
  func baseName(of name: String) -> String {
    guard !ranges.isEmpty, let (index, before, after) = name.layer else { return name }
    var position = index
    for range in ranges {
      if position < range.end - range.first { return "\(before)\(range.first + position)\(after)" }
      position -= range.end - range.first
    }
    return name
  }
}
