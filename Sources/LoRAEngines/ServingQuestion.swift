public import LoRAModel

/// One adapter, the base that it would be served on, and how the engine is started.
public struct ServingQuestion: Sendable {
  /// The adapter as it was read.
  public let adapter: Adapter
  /// The base; nil when none was given.
  public let base: BaseModel?
  /// How the engine is started.
  public let options: EngineOptions
  /// The base's module for each of the adapter's modules; nil when the base is absent or its modules are not known.
  public let matches: [ModuleMatch?]?
  /// Names of modules whose factors are stored the other way round.
  public let transposed: Set<String>

  /// A question; `matches` is in the order of the adapter's modules.
  public init(
    _ adapter: Adapter, base: BaseModel?, options: EngineOptions, matches: [ModuleMatch?]?, transposed: Set<String> = []
  ) {
    self.adapter = adapter
    self.base = base
    self.options = options
    self.matches = matches
    self.transposed = transposed
  }

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
}
