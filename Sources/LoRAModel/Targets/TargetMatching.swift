public import Diagnostics
import JSON
import PythonPattern
import TensorCore

/// PEFT's answer to "which modules does this config adapt, and with which rank and alpha", for names without
/// `base_model.model.` (peft 0.21: `check_target_module_exists` and `get_pattern_key`).
///
/// Patterns are compiled once; a pattern that cannot be compiled is kept in `problems` and matches nothing.
public struct TargetMatching: Sendable {
  /// A regular expression of the config that cannot be used.
  public struct Problem: Sendable {
    /// The config field.
    public var field: String
    /// The pattern as written.
    public var pattern: String
    /// Why it cannot be used, escaped for messages.
    public var reason: String
  }

  /// The patterns that could not be compiled.
  public private(set) var problems: [Problem] = []

  private let budget: MatchingBudget
  private let rank: Int
  private let alpha: Double
  private let rootScale: Bool
  private var ranks: [(pattern: PythonPattern?, source: String, value: Int)] = []
  private var alphas: [(pattern: PythonPattern?, source: String, value: Double)] = []
  private var targets: Selection?
  private var excluded: Selection?
  private var saved: [PythonPattern] = []
  private let layers: Set<Int>?
  private var layerLists: [PythonPattern] = []
  /// Whether `target_modules` is the shorthand for every linear module, which PEFT resolves before it saves.
  public let targetsAllLinear: Bool

  /// Compiles the patterns of a config.
  public init(_ config: AdapterConfig) { self.init(config, budget: MatchingBudget()) }

  init(_ config: AdapterConfig, budget: MatchingBudget) {
    self.budget = budget
    rank = config.rank
    alpha = config.alpha
    rootScale = config.usesRankStabilizedScale
    layers = config.layersToTransform.map { Set($0) }
    if case .pattern(let pattern)? = config.targets, pattern.lowercased() == "all-linear" {
      targetsAllLinear = true
    } else {
      targetsAllLinear = false
    }
    for (pattern, rank) in config.rankPattern {
      ranks.append((compile("(.*\\.)?(\(pattern))$", pattern, "rank_pattern"), pattern, rank))
    }
    for (pattern, alpha) in config.alphaPattern {
      alphas.append((compile("(.*\\.)?(\(pattern))$", pattern, "alpha_pattern"), pattern, alpha))
    }
    if !targetsAllLinear { targets = config.targets.flatMap { selection($0, "target_modules") } }
    excluded = config.excluded.flatMap { $0 == .names([]) ? nil : selection($0, "exclude_modules") }
    // For this task PEFT adds its heads to the list before it looks for targets.
    for name in config.modulesToSave + (config.taskType == "SEQ_CLS" ? ["classifier", "score"] : []) {
      if let pattern = compile("(^|.*\\.)\(name)($|\\..*)", name, "modules_to_save") { saved.append(pattern) }
    }
    for name in config.layersPattern where !name.isEmpty {
      if let pattern = compile("(?:^|.*?\\.)\(name)", name, "layers_pattern") { layerLists.append(pattern) }
    }
  }

  /// A choice of modules, ready to match.
  private enum Selection {
    case pattern(PythonPattern)
    case names(TargetNames)

    /// Whether the whole path, or a part of it after a dot, is chosen.
    func matches(_ module: String, _ budget: MatchingBudget) -> Bool {
      switch self {
      case .pattern(let pattern): budget.fullMatches(pattern, module)
      case .names(let names): names.contain(module) || names.containEnding(of: module)
      }
    }
  }

  private mutating func selection(_ selection: ModuleSelection, _ field: String) -> Selection? {
    switch selection {
    case .pattern(let source): compile(source, source, field).map { .pattern($0) }
    case .names(let names): .names(TargetNames(names))
    }
  }

  private mutating func compile(_ pattern: String, _ source: String, _ field: String) -> PythonPattern? {
    do throws(PatternError) {
      return try PythonPattern(pattern)
    } catch {
      problems.append(Problem(field: field, pattern: source, reason: escaped("\(error)")))
      return nil
    }
  }

  // MARK: Questions

  /// Whether ``targets(_:)`` says the same of all names of a kind: no pattern is asked, and no number in a list.
  private var asksForWordsAlone: Bool {
    guard layers == nil, saved.isEmpty else { return false }
    return [targets, excluded].allSatisfy { selection in
      switch selection {
      case nil: true
      case .pattern?: false
      case .names(let names)?: names.haveWordsAlone
      }
    }
  }

  /// Where the modules lie that are not targeted.
  package func untargeted(in adapter: Adapter) -> [Int] {
    guard asksForWordsAlone else { return adapter.places { !targets($0.name) } }
    let names = adapter.moduleKinds
    let answers = names.first.map { targets($0) }
    return names.kinds.indices.filter { !answers[Int(names.kinds[$0])] }
  }

  /// Whether PEFT would adapt a module of this name, given that the base has it and its type can be adapted.
  public func targets(_ module: String) -> Bool {
    if isExcluded(module) { return false }
    guard let targets else { return targetsAllLinear }
    switch targets {
    case .pattern: return targets.matches(module, budget)
    case .names(let names):
      // A full name is taken as it is; layers_to_transform restricts suffixes only.
      if names.contain(module) { return true }
      guard names.containEnding(of: module) else { return false }
      guard let layers else { return true }
      return layerIndex(of: module).map { layers.contains($0) } ?? false
    }
  }

  /// Whether `exclude_modules` or `modules_to_save` keeps the module from being adapted.
  public func isExcluded(_ module: String) -> Bool {
    if let excluded, excluded.matches(module, budget) { return true }
    return saved.contains { budget.matchesPrefix($0, module) }
  }

  private func hits(_ pattern: PythonPattern?, _ module: String) -> Bool {
    pattern.map { budget.matchesPrefix($0, module) } ?? false
  }

  /// The part of the work allowed for all names that is done.
  var spentShare: Double { budget.spentShare }

  /// What is wrong when the patterns cost more over all names than is spent on them; nil while the answers count.
  public func exhaustion(_ config: AdapterConfig) -> Finding? {
    guard budget.isSpent else { return nil }
    let patterns = config.rankPattern.count + config.alphaPattern.count + config.modulesToSave.count
    return Finding(
      .configInvalid,
      "the \(patterns) patterns of the config are too many or too large for the names that they are compared with, so "
        + "ranks and targets are not known",
      file: config.path, expected: "patterns that can be matched in seconds", found: "\(patterns) patterns",
      hint: "write one pattern for modules that are alike; PEFT needs minutes to load this adapter, or more")
  }

  /// The rank that the config gives the module: its first matching `rank_pattern`, else `r`.
  public func rank(of module: String) -> Int {
    ranks.first { hits($0.pattern, module) }?.value ?? rank
  }

  /// The alpha that the config gives the module: its first matching `alpha_pattern`, else `lora_alpha`.
  public func alpha(of module: String) -> Double {
    alphas.first { hits($0.pattern, module) }?.value ?? alpha
  }

  /// The factor of B·A: alpha/r, or alpha/sqrt(r) with rsLoRA, from the config's values for the module.
  public func scale(of module: String) -> Double {
    let rank = Double(rank(of: module))
    return alpha(of: module) / (rootScale ? rank.squareRoot() : rank)
  }

  /// All rank patterns that hit the module, in file order.
  public func rankPatterns(hitting module: String) -> [(pattern: String, rank: Int)] {
    ranks.filter { hits($0.pattern, module) }.map { ($0.source, $0.value) }
  }

  /// All alpha patterns that hit the module, in file order.
  public func alphaPatterns(hitting module: String) -> [(pattern: String, alpha: Double)] {
    alphas.filter { hits($0.pattern, module) }.map { ($0.source, $0.value) }
  }

  /// The layer index as `layers_to_transform` counts it: the first number that stands after a list's name, with
  /// something before that name unless `layers_pattern` names the list.
  public func layerIndex(of module: String) -> Int? {
    let components = module.dottedComponents
    for position in components.indices.dropLast() {
      guard let index = Int(components[position]), index >= 0 else { continue }
      if layerLists.isEmpty {
        if position >= 2 { return index }
      } else {
        let list = components[..<position].joined(separator: ".")
        if layerLists.contains(where: { budget.fullMatches($0, list) }) { return index }
      }
    }
    return nil
  }
}
