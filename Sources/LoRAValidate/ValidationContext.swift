import Diagnostics
import JSON
package import LoRAEngines
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
  /// The names of the adapter's modules, in their order.
  package let names: [String]
  /// Where the modules lie that are not plain: what is wrong with tensors is looked for among them alone.
  private let oddPlaces: [Int]
  /// PEFT's answer to which modules the config adapts.
  package let matching: TargetMatching?
  /// The base's module for each of the adapter's modules; nil when the base is absent or its modules are not known.
  package let matches: [ModuleMatch?]?
  /// The adapter's modules with their place in the base, for those that have one.
  package let matched: [(module: AdapterModule, match: ModuleMatch)]
  /// What `layer_replication` makes of the base's layers.
  let stack: LayerStack
  /// The names of the base's modules in memory; nil when the base is absent.
  package let loadedNames: LoadedNames?
  /// What the engine makes of the adapter, worst first; empty without an engine.
  package let servingReasons: [ServingReason]
  /// The tokenizers of adapter and base; nil when none lies beside the adapter, or none was looked for.
  var tokenizers: TokenizerPair?
  private let transpositions: [String: Transposition]

  /// Matches the adapter's modules with the base.
  ///
  /// Where the header of the weights is unsound, nothing is concluded from its tensors: what is wrong with the file has
  /// been said. In the same way a base that could not be read as a whole is not compared with.
  public init(_ adapter: Adapter, base: BaseModel?, options: ValidationOptions, values: AdapterValues?) {
    self.init(adapter, base: base, base.map { LoadedNames($0) }, options: options, values: values)
  }

  /// The same with the base's names in memory, which are worked out once for a fleet.
  init(
    _ adapter: Adapter, base: BaseModel?, _ loadedNames: LoadedNames?, options: ValidationOptions,
    values: AdapterValues?
  ) {
    let written = adapter.isSound ? adapter : adapter.withoutTensors
    var adapter = written
    adapter.config = adapter.config?.completed(for: base?.modelType)
    let isReadable = !(base?.findings.contains { $0.severity == .error } ?? false)
    self.adapter = adapter
    self.base = isReadable ? base : nil
    self.loadedNames = isReadable ? loadedNames : nil
    self.options = options
    self.values = values
    names = adapter.modules.map(\.name)
    oddPlaces = adapter.places { !$0.isPlain }
    matching = adapter.config.map { TargetMatching($0) }
    let stack = LayerStack(adapter.config, self.base)
    self.stack = stack
    matches = self.base.flatMap { base in
      base.isKnown ? adapter.modules.map { base.match(stack.baseName(of: $0.name), for: adapter.config) } : nil
    }
    matched = zip(adapter.modules, matches ?? []).compactMap { module, match in match.map { (module, $0) } }
    let plain = !Self.hasOddShapes(adapter.config, self.base)
    var transpositions: [String: Transposition] = [:]
    let matches = matches
    if plain {
      func look(_ place: Int, _ module: borrowing AdapterModule) {
        guard let transposition = module.transposition(against: matches?[place]?.module) else { return }
        transpositions[module.name] = transposition
      }
      // Without a base the declared rank alone tells, which plain modules have.
      if matches == nil { adapter.forEachModule(at: oddPlaces, look) } else { adapter.forEachModule(look) }
    }
    self.transpositions = transpositions
    let question = ServingQuestion(
      written, base: self.base, options: options.serving, matches: matches, transposed: Set(transpositions.keys))
    servingReasons = options.engine?.reasons(for: question) ?? []
  }

  /// How the module's factors would have to be turned to fit, or nil when turning is not the answer.
  package func transposition(of module: AdapterModule) -> Transposition? { transpositions[module.name] }

  /// Whether the factors of any module would have to be turned.
  var hasTranspositions: Bool { !transpositions.isEmpty }

  /// The modules that are not plain and of which something holds, in their order.
  func oddModules(where isChosen: (borrowing AdapterModule) -> Bool) -> [AdapterModule] {
    adapter.modules(at: oddPlaces, where: isChosen)
  }

  /// The adapter's modules that a known base does not have.
  package var unmatched: [AdapterModule] {
    guard let matches else { return [] }
    return zip(adapter.modules, matches).compactMap { module, match in match == nil ? module : nil }
  }

  /// Whether A is `[rank, in]` and B `[out, rank]`: block-diagonal variants have other shapes, and pooled ones where the
  /// base is one that PEFT pools for.
  var hasPlainShapes: Bool { !Self.hasOddShapes(adapter.config, base) }

  private static func hasOddShapes(_ config: AdapterConfig?, _ base: BaseModel?) -> Bool {
    guard let variants = config?.variants else { return false }
    let isPooled = base == nil || base?.quantization == "gptq"
    return variants.contains("use_bdlora") || isPooled && variants.contains("use_qalora")
  }
}

extension BaseModel {
  /// The module that an adapter's name leads to when it is loaded into the model that its config was made for.
  ///
  /// A name that lacks the body's prefix (`layers.0…` for `model.layers.0…`) was trained on the body without its head. It
  /// is found only where the body alone is served, as for embeddings; in a language model PEFT passes over it (peft #1579).
  fileprivate func match(_ name: String, for config: AdapterConfig?) -> ModuleMatch? {
    guard let found = match(name) else { return nil }
    guard let (from, to) = found.prefixChange, from.isEmpty, !to.isEmpty else { return found }
    return config?.adaptsBodyAlone ?? false ? found : nil
  }
}

extension AdapterConfig {
  /// Whether the adapter was made for a model class without head.
  fileprivate var adaptsBodyAlone: Bool {
    if let taskType { return taskType == "FEATURE_EXTRACTION" }
    guard let name = raw["auto_mapping"]?["base_model_class"]?.string else { return false }
    return !name.contains("For") && !name.contains("LMHead")
  }
}

extension Adapter {
  /// Whether the header can be trusted: whole, valid and without ambiguous names.
  package var isSound: Bool {
    file != nil && !findings.contains { $0.severity == .error && RuleSet.unreadable.contains($0.rule) }
  }

  /// The same with its config and findings alone.
  fileprivate var withoutTensors: Adapter {
    var adapter = self
    adapter.file = nil
    adapter.modules = []
    adapter.replacements = []
    adapter.misnamed = []
    adapter.unknown = []
    return adapter
  }
}
