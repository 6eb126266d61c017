import BaseCatalogue
public import Diagnostics
import JSON
import LoRAModel
import TensorCore

extension RuleID {
  /// The name of the rule below.
  public static let patternUnused = RuleID("pattern-unused", .warning)
}

extension Rule {
  /// An entry of the config that means no module.
  static let patternUnused = Rule(
    .patternUnused, "An entry of the config means no module",
    meaning: """
      A key of `rank_pattern` or `alpha_pattern` matches none of the adapter's modules, or an entry of `target_modules` or \
      `target_parameters` means nothing that the base has. PEFT compares a key of a pattern with the end of the module's \
      name, from a dot on, without the prefix `base_model.model.`; `^` binds it to the name's first letter.
      """,
    consequence: """
      The rank or scale that the entry asks for is given to no module: they all have `r` and `lora_alpha`. PEFT warns at \
      most, so an adapter is served at another strength than was meant, or a part that was to be trained never was.
      """,
    remedy: """
      Correct the entry to the names that `lora-tool inspect` shows, or drop it. If the adapter was trained with the same \
      entry, its tensors were made without it, and dropping it changes nothing.
      """,
    repair: .exactly("entries that match nothing are dropped, which changes no module."),
    example: """
      warning  pattern-unused  the key "^q_proj" of alpha_pattern matches none of the 224 modules, so its value has no effect
      """
  ) { context in
    guard let config = context.adapter.config, let matching = context.matching, !context.adapter.modules.isEmpty else {
      return []
    }
    return patterns(config, matching, context) + context.keysOfLaterReleases + targets(config, context)
      + parameters(config, context)
  }

  private static func patterns(_ config: AdapterConfig, _ matching: TargetMatching, _ context: ValidationContext)
    -> [Finding]
  {
    let broken = Set(matching.problems.map(\.pattern))
    var ranks = Set(config.rankPattern.map(\.pattern)).subtracting(broken)
    var alphas = Set(config.alphaPattern.map(\.pattern)).subtracting(broken)
    let limit = 4_000_000 / max(ranks.count + alphas.count, 1)
    guard context.adapter.modules.count <= limit else { return [] }
    for name in context.names where !ranks.isEmpty || !alphas.isEmpty {
      if !ranks.isEmpty { for hit in matching.rankPatterns(hitting: name) { ranks.remove(hit.pattern) } }
      if !alphas.isEmpty { for hit in matching.alphaPatterns(hitting: name) { alphas.remove(hit.pattern) } }
    }
    return [("rank_pattern", ranks), ("alpha_pattern", alphas)].compactMap { field, unused in
      guard let first = unused.min() else { return nil }
      let subject = unused.count == 1 ? "the key" : "\(unused.count) keys"
      let shown = listing(unused.ordered().map { "\"\($0)\"" })
      return Finding(
        .patternUnused,
        "\(subject) of \(field) \(unused.count == 1 ? "matches" : "match") none of the "
          + "\(counted(context.adapter.modules.count, "module")), so \(unused.count == 1 ? "its value has" : "their values have") no effect: \(shown)",
        file: config.path,
        expected: "the end of a module's name, such as \(escaped(context.names[0].lastComponentText))",
        found: escaped(first, limit: 120), hint: hint(first))
    }
  }

  private static func hint(_ pattern: String) -> String {
    if pattern.hasPrefix("base_model.model.") || pattern.hasPrefix("base_model\\.model") {
      return "PEFT matches names without base_model.model.; drop this prefix"
    }
    if pattern.hasPrefix("^") {
      return "^ stands for the start of the whole name; drop it, or write the name from its first letter"
    }
    return "correct it to the end of a module's name, or drop it"
  }

  /// Entries of `target_modules` that neither the file nor the base knows.
  private static func targets(_ config: AdapterConfig, _ context: ValidationContext) -> [Finding] {
    let unknown = context.unknownTargets
    guard let first = unknown.first else { return [] }
    return [
      Finding(
        .patternUnused, "target_modules names \(listing(unknown)), which neither the file nor this base has",
        file: config.path, found: escaped(first),
        hint: "PEFT passes over such names; drop \(unknown.count == 1 ? "it" : "them") if nothing is amiss")
    ]
  }

  /// Entries of `target_parameters` that mean nothing in the base.
  private static func parameters(_ config: AdapterConfig, _ context: ValidationContext) -> [Finding] {
    let unknown = context.unknownParameters
    guard let first = unknown.first else { return [] }
    return [
      Finding(
        .patternUnused,
        "target_parameters names \(listing(unknown)), but the base has no such parameter, so nothing was adapted there",
        file: config.path,
        expected: context.expertStacks.first.map { "a parameter such as \(escaped($0))" } ?? "a parameter of the base",
        found: escaped(first), hint: "correct the name to one that the library has in memory, or drop it")
    ]
  }
}

extension ValidationContext {
  /// Entries of `target_modules` that neither the file nor the base knows; empty without a base.
  package var unknownTargets: [String] {
    guard let base, let loadedNames, base.isKnown, !matched.isEmpty, let matching, let config = adapter.config else {
      return []
    }
    let absent = config.unansweredTargets(names) { matching.isExcluded($0) }
    guard !absent.isEmpty else { return [] }
    var known: Set<Substring> = []
    for name in base.modules.keys {
      known.insert(name.lastComponent)
      known.insert(Substring(loadedNames.name(of: name).lastComponent))
    }
    for runtime in base.description?.runtimeModules ?? [] { known.insert(Substring(runtime.module.name.lastComponent)) }
    return absent.filter { !known.contains($0.lastComponent) }
  }

  /// Entries of `target_parameters` that mean nothing in the base; empty without a base.
  package var unknownParameters: [String] {
    guard let base, base.isKnown, let config = adapter.config, !config.targetParameters.isEmpty else { return [] }
    let stacks = expertStacks
    // PEFT writes the router beside the stacks by itself where all linear layers are asked for (peft 0.21,
    // `transformers_weight_conversion.py`), whether or not the model calls its router so.
    let isExpanded = Set(["gate_up_proj", "down_proj"]).isSubset(of: config.targetParameters)
    return config.targetParameters.prefix(100).filter { entry in
      if isExpanded, entry == "gate.weight" { return false }
      let module = entry.hasSuffix(".weight") ? String(entry.dropLast(7)) : entry
      return !stacks.contains { $0.isMeant(by: entry) } && !base.modules.keys.contains { $0.isMeant(by: module) }
    }
  }

  /// Stacks of experts of the base and of the adapter.
  fileprivate var expertStacks: [String] {
    (base?.expertStacks.map(\.name) ?? []) + adapter.modules.filter { $0.kind == .parameter }.map(\.name)
  }
}

extension String {
  /// Whether the entry of a list means this name: as a whole, or as its end from a dot on.
  package func isMeant(by entry: String) -> Bool {
    self == entry || utf8.count > entry.utf8.count && hasSuffix(entry) && dropLast(entry.count).last == "."
  }

  fileprivate var lastComponentText: String { String(lastComponent) }
}

extension AdapterConfig {
  /// Names in `target_modules` that none of these modules answers to, leaving out those that exclusions may have taken
  /// away.
  func unansweredTargets(_ modules: [String], unless isExcluded: (String) -> Bool) -> [String] {
    guard case .names(let entries)? = targets, !entries.isEmpty else { return [] }
    // Honest lists are short; a list of a million names would take minutes.
    var rest = Set(entries.prefix(10_000).map { $0[...] })
    for name in modules where !rest.isEmpty {
      for ending in name.endings { rest.remove(ending) }
    }
    guard !rest.isEmpty else { return [] }
    let parents = Set(modules.map { $0.dropLast($0.lastComponent.count) }.prefix(50))
    return entries.filter { entry in
      rest.contains(entry[...]) && !isExcluded(entry) && !parents.contains { isExcluded($0 + entry) }
    }
  }
}
