import BaseCatalogue
import LoRAModel
import Safetensors
import TensorCore

extension Rule {
  /// The config targets what the file has no tensors for.
  static let targetMissing = Rule(
    .targetMissing, "Declared targets have no tensors",
    meaning: """
      The config says that modules are adapted (`target_modules`, `target_parameters`, `layers_to_transform`, \
      `modules_to_save`, `trainable_token_indices`) for which the file has no tensors. With a base this is exact: every module of the base \
      that PEFT would adapt must be there. Without one, names that no tensor answers to are errors, and modules that \
      all neighbouring layers have are warnings.
      """,
    consequence: """
      An incomplete export: an interrupted save, a lost shard, a filter that dropped too much. PEFT starts the missing \
      modules at zero and says nothing, so a part of the training is simply gone.
      """,
    remedy: "Export the adapter again and compare the number of modules with the training log.",
    example: """
      error  target-missing  the config targets 224 modules of this base, but 7 of them have no tensors: model.layers.31.self_attn.q_proj, …
      """
  ) { context in
    guard let config = context.adapter.config, let matching = context.matching, context.adapter.file != nil,
      !(context.adapter.modules.isEmpty && context.adapter.replacements.isEmpty)
    else { return [] }
    let targets = Targets(config, matching, context)
    return (targets.missingInBase() ?? targets.missingNames() + targets.holes()) + targets.missingParameters()
      + targets.missingReplacements()
  }
}

/// The two sides of the account: what the config declares and what the file has.
private struct Targets {
  let config: AdapterConfig
  let matching: TargetMatching
  let context: ValidationContext
  var modules: [AdapterModule] { context.adapter.modules }

  init(_ config: AdapterConfig, _ matching: TargetMatching, _ context: ValidationContext) {
    self.config = config
    self.matching = matching
    self.context = context
  }

  /// Modules of the base that PEFT would adapt and the file does not; nil when the base cannot answer.
  func missingInBase() -> [Finding]? {
    guard let base = context.base, base.isKnown, !config.replicatesLayers, let matches = context.matches,
      matches.contains(where: { $0 != nil })
    else { return nil }
    let present = Set(matches.compactMap { $0?.module.name })
    // What the base calls `language_model.model.x`, the model that was trained may have called `model.x`.
    let change = matches.lazy.compactMap { $0?.prefixChange }.first
    let expertParts = Set(modules.filter { $0.name.isExpert }.map(\.lastComponent))
    var missing: [String] = []
    let spelling = matches.contains { $0?.runtime != nil } ? base.spellingInMemory : [:]
    for module in base.modules.values where !present.contains(module.name) {
      guard module.kind != .parameter, module.isPlainTarget(of: base, allLinear: matching.targetsAllLinear) else {
        continue
      }
      if module.name.isExpert && !expertParts.contains(String(module.name.lastComponent)) { continue }
      var name = spelling[module.name] ?? module.name
      if let change {
        guard name.hasPrefix(change.to) else { continue }
        name = change.from + name.dropFirst(change.to.count)
      }
      if matching.targets(name) { missing.append(name) }
    }
    return unknownNames(base) + (missing.isEmpty ? [] : [finding(missing, of: present.count + missing.count)])
  }

  private func finding(_ missing: [String], of total: Int) -> Finding {
    let sorted = missing.sorted { ($0.layer?.index ?? 0, $0) < ($1.layer?.index ?? 0, $1) }
    return Finding(
      .targetMissing,
      "the config targets \(counted(total, "module")) of this base, but \(missing.count) of them "
        + "\(missing.count == 1 ? "has" : "have") no tensors: \(listing(sorted))",
      file: context.adapter.weightsPath, module: sorted.first, expected: counted(total, "module"),
      found: "\(total - missing.count)", hint: "the export is incomplete; save the adapter again")
  }

  /// Entries of `target_modules` that neither the file nor the base knows; PEFT passes over them.
  private func unknownNames(_ base: BaseModel) -> [Finding] {
    let absent = unanswered { matching.isExcluded($0) }
    guard !absent.isEmpty else { return [] }
    var known: Set<String> = []
    for module in base.modules.keys { known.insert(String(module.lastComponent)) }
    let unknown = absent.filter { !known.contains(String($0.lastComponent)) }
    guard let first = unknown.first else { return [] }
    return [
      Finding(
        .targetMissing, severity: .warning,
        "target_modules names \(listing(unknown)), which neither the file nor this base has", file: config.path,
        found: escaped(first),
        hint: "PEFT passes over such names; drop \(unknown.count == 1 ? "it" : "them") if nothing is amiss")
    ]
  }

  /// Names in `target_modules` that no module answers to, leaving out those that exclusions may have taken away.
  private func unanswered(unless isExcluded: (String) -> Bool) -> [String] {
    guard case .names(let entries)? = config.targets, !entries.isEmpty else { return [] }
    // Honest lists are short; nobody waits for a list of a million names.
    var rest = Set(entries.prefix(10_000).map { $0[...] })
    for name in context.names {
      for ending in name.endings { rest.remove(ending) }
    }
    guard !rest.isEmpty else { return [] }
    let parents = Set(modules.map { $0.name.dropLast($0.lastComponent.count) }.prefix(50))
    return entries.filter { entry in
      rest.contains(entry[...]) && !isExcluded(entry) && !parents.contains { isExcluded($0 + entry) }
    }
  }

  func missingNames() -> [Finding] {
    var findings: [Finding] = []
    // A name may stand for modules that are excluded, or that no chosen layer has.
    let isExact = config.excluded == nil && config.layersToTransform == nil
    let absent = unanswered { matching.isExcluded($0) }
    if let first = absent.first {
      findings.append(
        Finding(
          .targetMissing, severity: isExact ? nil : .warning,
          "the config targets \(listing(absent)), but the file has no tensors for \(absent.count == 1 ? "it" : "them")",
          file: context.adapter.weightsPath, module: first, expected: "tensors for \(escaped(first))", found: "none",
          hint: "the export is incomplete, or the config is that of another run"))
    }
    if let layers = config.layersToTransform, case .names? = config.targets {
      let present = Set(context.names.compactMap { matching.layerIndex(of: $0).flatMap { UInt64(exactly: $0) } })
      let missing = layers.compactMap { UInt64(exactly: $0) }.filter { !present.contains($0) }
      if !missing.isEmpty && !present.isEmpty {
        findings.append(
          Finding(
            .targetMissing,
            "layers_to_transform names layers \(ranges(missing)), but the file has no tensors for them",
            file: context.adapter.weightsPath, expected: "layers \(ranges(layers.compactMap { UInt64(exactly: $0) }))",
            found: "layers \(ranges(present))", hint: "the export is incomplete, or the config is that of another run"))
      }
    }
    return findings
  }

  /// Modules that the other layers have and this one lacks, up to the last layer that has any.
  func holes() -> [Finding] {
    guard config.layersToTransform == nil, !config.replicatesLayers else { return [] }
    /// What a module's name is around the number of its layer.
    struct Place: Hashable {
      let before: Substring
      let after: Substring
    }
    var places = Groups<Place, UInt64>()
    for name in context.names {
      if let (index, before, after) = name.layer { places.add(Place(before: before, after: after), index) }
    }
    guard let last = places.all.lazy.compactMap({ $0.places.max() }).max(), last < 10_000 else { return [] }
    var missing: [String] = []
    for (place, indices) in places.all {
      // A module that most layers lack is one that the architecture has in some layers only.
      let layers = Set(indices)
      guard UInt64(layers.count) * 2 > last + 1, UInt64(layers.count) <= last else { continue }
      for index in 0...last where !layers.contains(index) {
        let candidate = "\(place.before)\(index)\(place.after)"
        if !candidate.isExpert && matching.targets(candidate) { missing.append(candidate) }
      }
    }
    guard let first = missing.first else { return [] }
    return [
      Finding(
        .targetMissing, severity: .warning,
        "most layers have tensors for it, but \(listing(missing)) \(missing.count == 1 ? "has" : "have") none",
        file: context.adapter.weightsPath, module: first, expected: "tensors for \(escaped(first))", found: "none",
        hint:
          "check with --base whether the base has \(missing.count == 1 ? "this module" : "these modules"); if so, the export is incomplete"
      )
    ]
  }

  /// Bare parameters of the base that PEFT would adapt and the file does not; without a base, entries of
  /// `target_parameters` that no tensor answers to.
  func missingParameters() -> [Finding] {
    let entries = config.targetParameters.prefix(100)
    guard !entries.isEmpty else { return [] }
    let stacks = modules.filter { $0.kind == .parameter }.map(\.name)
    func isMeant(_ name: String, by entry: String) -> Bool { name == entry || name.hasSuffix("." + entry) }
    var missing = entries.filter { entry in !stacks.contains { isMeant($0, by: entry) } }
    if let base = context.base, base.isKnown {
      // PEFT passes over what the base does not have; an entry that is there must be there in every layer.
      missing.removeAll { entry in !base.modules.keys.contains { isMeant($0, by: entry) } }
      let present = Set(stacks)
      for stack in Dictionary(grouping: stacks, by: \.template).values.compactMap(\.first) {
        guard let (_, before, after) = stack.layer, let count = base.layer(of: stack)?.count else { continue }
        let built = base.description?.layerCounts[String(before.dropLast())] ?? count
        for index in 0..<min(count, built, 10_000) {
          let name = "\(before)\(index)\(after)"
          guard !present.contains(name), entries.contains(where: { isMeant(name, by: $0) }) else { continue }
          if base.match(name) != nil { missing.append(name) }
        }
      }
    }
    guard let first = missing.first else { return [] }
    return [
      Finding(
        .targetMissing,
        "target_parameters means \(listing(missing)), but the file has no tensors for \(missing.count == 1 ? "it" : "them")",
        file: context.adapter.weightsPath, module: first, expected: "tensors for \(escaped(first))", found: "none",
        hint: "the export is incomplete, or the config is that of another run")
    ]
  }

  /// Whether the base may have a module of which `modules_to_save` would save a copy.
  ///
  /// PEFT passes over names that no module ends in, so such lists are copied from one architecture to the next.
  private func mayHave(_ entry: String) -> Bool {
    guard let base = context.base, base.isKnown else { return true }
    if base.modules.keys.contains(where: { $0.hasSuffix(entry) }) { return true }
    return base.checkpoint?.tensors.keys.contains { $0.dropLast($0.lastComponent.count + 1).hasSuffix(entry) } ?? false
  }

  /// Heads that PEFT adds to the list by itself for these tasks; a model has one of them, or one of another name.
  private static let heads: Set<String> = ["classifier", "score", "qa_outputs"]

  /// Whether the file ought to have a copy of the module: a head that the training put on the base, or the base's own.
  ///
  /// Without a base it cannot be told whether the head has another name and came with the base.
  private func isExpected(_ entry: String) -> Bool {
    Self.heads.contains(entry) ? context.base != nil : mayHave(entry)
  }

  /// `modules_to_save` and trainable tokens without their tensors.
  func missingReplacements() -> [Finding] {
    var findings: [Finding] = []
    // By kinds of modules, and bounded: honest files have a few dozen kinds, honest lists a few names.
    let owners = context.adapter.replacements.map { String($0.name.dropLast($0.name.lastComponent.count + 1)) }
    let names = owners.map(\.template).uniqued.prefix(2000)
    let declared = config.modulesToSave.prefix(100)
    let absent = declared.filter { entry in
      let kind = entry.template
      return !names.contains { $0.hasSuffix(kind) || $0.contains(kind + ".") } && !context.hasFactors(for: entry)
    }
    let isHeadInBase = context.base?.isOfTask ?? false
    let serious = absent.filter { entry in
      !Self.heads.contains(entry) || (absent.count == declared.count && (!isHeadInBase || mayHave(entry)))
    }
    if let first = serious.first {
      findings.append(
        Finding(
          .targetMissing,
          severity: absent.count == declared.count && serious.contains { isExpected($0) } ? nil : .warning,
          "modules_to_save names \(listing(serious)), but the file has no whole tensors for \(serious.count == 1 ? "it" : "them")",
          file: context.adapter.weightsPath, module: first, expected: "\(escaped(first)).weight",
          found: "no such tensor",
          hint: "the trained copy of the module was not saved; save the adapter again"))
    }
    if !config.trainableTokens.isEmpty && !context.adapter.replacements.contains(where: { $0.role == .rows }) {
      findings.append(
        Finding(
          .targetMissing, "trainable_token_indices is set, but the file has no trainable_tokens_delta",
          file: context.adapter.weightsPath, expected: "….token_adapter.trainable_tokens_delta",
          found: "no such tensor",
          hint: "the trained rows were not saved; save the adapter again"))
    }
    return findings
  }
}

extension ValidationContext {
  /// Whether the entry's module is adapted by factors instead.
  fileprivate func hasFactors(for entry: String) -> Bool {
    names.contains { $0 == entry || $0.hasSuffix("." + entry) }
  }
}

extension BaseModel {
  /// Whether the base has the head of a task of its own, which an adapter for that task need not bring.
  fileprivate var isOfTask: Bool {
    let classes = (config?["architectures"]?.array ?? []).compactMap(\.string)
    return classes.contains { $0.hasSuffix("Classification") || $0.hasSuffix("QuestionAnswering") }
  }

  /// The names in memory of modules that the files name otherwise, by the files' names.
  fileprivate var spellingInMemory: [String: String] {
    var names: [String: String] = [:]
    for runtime in description?.runtimeModules ?? [] where runtime.parts.count == 1 && !runtime.isSplitByExpert {
      let part = runtime.parts[0]
      names[part.hasSuffix(".weight") ? String(part.dropLast(7)) : part] = runtime.module.name
    }
    return names
  }
}

extension LoRAModel.BaseModule {
  /// Whether names alone decide if PEFT adapts the module: part of the layers that the model class builds, and for the
  /// shorthand of all linear modules no embedding or output head.
  fileprivate func isPlainTarget(of base: BaseModel, allLinear: Bool) -> Bool {
    // Files may hold layers that the model class never builds, such as those for predicting several tokens at once.
    if let (index, before, _) = name.layer, let count = base.description?.layerCounts[String(before.dropLast())],
      index >= count
    {
      return false
    }
    guard allLinear else { return true }
    let heads: Set<Substring> = ["lm_head", "embed_out", "score", "classifier"]
    return (kind == .linear || kind == .conv1d) && !heads.contains(name.lastComponent)
  }
}
