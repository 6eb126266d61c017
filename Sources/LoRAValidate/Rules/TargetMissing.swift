import BaseCatalogue
public import Diagnostics
import JSON
import LoRAModel
import Safetensors
import TensorCore

extension RuleID {
  /// The name of the rule below.
  public static let targetMissing = RuleID("target-missing")
}

extension Rule {
  /// The config targets what the file has no tensors for.
  static let targetMissing = Rule(
    .targetMissing, "Declared targets have no tensors",
    meaning: """
      The config says that modules are adapted (`target_modules`, `target_parameters`, `layers_to_transform`, \
      `modules_to_save`, `trainable_token_indices`) for which the file has no tensors. With a base this is exact: every module of the base \
      that PEFT would adapt must be there. Without one it cannot be told whether the model has what is named, so that \
      names that no tensor answers to, and modules that other layers of the same kind have, are warnings.
      """,
    consequence: """
      An incomplete export: an interrupted save, a lost shard, a filter that dropped too much. PEFT starts the missing \
      modules at zero and says nothing, so a part of the training is simply gone.
      """,
    remedy: "Export the adapter again and compare the number of modules with the training log.",
    repair: .no("an incomplete export cannot be completed; export the adapter again."),
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
    guard let base = context.base, let names = context.loadedNames, base.isKnown, let matches = context.matches,
      matches.contains(where: { $0 != nil })
    else { return nil }
    if config.replicatesLayers { return missingCopies(of: base, names) }
    let present = Set(matches.compactMap { $0?.module.name })
    // What the base calls `language_model.model.x`, the model that was trained may have called `model.x`.
    let change = matches.lazy.compactMap { $0?.prefixChange }.first
    let expertParts = Set(modules.filter { $0.name.isExpert }.map(\.lastComponent))
    var missing: [String] = []
    let routers = matching.targetsAllLinear ? base.routerNames : []
    for module in base.modules.values where !present.contains(module.name) {
      guard module.kind != .parameter, module.isPlainTarget(of: base, allLinear: matching.targetsAllLinear),
        !routers.contains(module.name)
      else { continue }
      if module.name.isExpert && !expertParts.contains(String(module.name.lastComponent)) { continue }
      var name = names.name(of: module.name)
      if let change {
        guard name.hasPrefix(change.to) else { continue }
        name = change.from + name.dropFirst(change.to.count)
      }
      if matching.targets(name) { missing.append(name) }
    }
    return missing.isEmpty ? [] : [finding(missing, of: present.count + missing.count)]
  }

  /// Modules of replicated layers, which PEFT names by their place in the new stack.
  private func missingCopies(of base: BaseModel, _ names: LoadedNames) -> [Finding]? {
    guard context.stack.problem == nil else { return nil }
    let present = Set(context.names)
    var total = 0
    var missing: [String] = []
    for module in base.modules.values
    where module.kind != .parameter && module.isPlainTarget(of: base, allLinear: matching.targetsAllLinear) {
      let copies = context.stack.copies(of: names.name(of: module.name)).filter { matching.targets($0) }
      total += copies.count
      missing += copies.filter { !present.contains($0) }
    }
    return missing.isEmpty ? [] : [finding(missing, of: total)]
  }

  private func finding(_ missing: [String], of total: Int) -> Finding {
    let sorted = missing.ordered { ($0.layer?.index ?? 0, $0) < ($1.layer?.index ?? 0, $1) }
    return Finding(
      .targetMissing,
      "the config targets \(counted(total, "module")) of this base, but \(missing.count) of them "
        + "\(missing.count == 1 ? "has" : "have") no tensors: \(listing(sorted))",
      file: context.adapter.weightsPath, module: sorted.first, expected: counted(total, "module"),
      found: "\(total - missing.count)",
      hint: "the export is incomplete, so save the adapter again; or the library of the training named these modules "
        + "otherwise, so that nothing was trained there: merge --accept target-missing goes on without them")
  }

  func missingNames() -> [Finding] {
    var findings: [Finding] = []
    let absent = config.unansweredTargets(context.names) { matching.isExcluded($0) }
    if let first = absent.first {
      findings.append(
        Finding(
          .targetMissing, severity: .warning,
          "the config targets \(listing(absent)), but the file has no tensors for \(absent.count == 1 ? "it" : "them")",
          file: context.adapter.weightsPath, module: first, expected: "tensors for \(escaped(first))", found: "none",
          hint:
            "check with --base whether the base has \(absent.count == 1 ? "such a module" : "such modules"): if so, the "
            + "export is incomplete; if not, PEFT passes over the name"))
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

  /// Modules that a layer lacks although others of its kind have them.
  ///
  /// Layers are compared within one list of them, and only by the modules that share an owner (`self_attn`): models have
  /// lists of several depths, layers of several kinds, and layers at the end that take over keys and values of others.
  func holes() -> [Finding] {
    guard config.layersToTransform == nil, !config.replicatesLayers else { return [] }
    /// What layers of one list have in common: the list, and the owner of modules in a layer.
    struct Block: Hashable {
      let list: Substring
      let owner: Substring
    }
    var blocks = Groups<Block, (layer: UInt64, leaf: Substring)>()
    let kinds = context.adapter.moduleKinds
    let areExperts = kinds.first.map(\.isExpert)
    for (name, kind) in zip(context.names, kinds.kinds) {
      guard !areExperts[Int(kind)], let (index, before, after) = name.layer, index < 10_000 else { continue }
      let leaf = name.lastComponent
      guard after.utf8.count > leaf.utf8.count else { continue }
      blocks.add(Block(list: before, owner: after.dropLast(leaf.count)), (index, leaf))
    }
    var missing: [String] = []
    for (block, places) in blocks.all {
      let layers = Dictionary(grouping: places, by: \.layer).mapValues { Set($0.map(\.leaf)) }
      let kinds = Dictionary(grouping: layers.keys) { layers[$0] ?? [] }
      guard let (whole, complete) = kinds.max(by: { ($0.value.count, $0.key.count) < ($1.value.count, $1.key.count) }),
        complete.count * 2 > layers.count, let last = complete.max()
      else { continue }
      for (index, leaves) in layers where index < last && leaves.isStrictSubset(of: whole) {
        for leaf in whole.subtracting(leaves) {
          let candidate = "\(block.list)\(index)\(block.owner)\(leaf)"
          if matching.targets(candidate) { missing.append(candidate) }
        }
      }
    }
    missing.sort(by: naturallyPrecedes)
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
  /// `target_parameters` that no tensor answers to, which PEFT passes over where the model has nothing of the name.
  func missingParameters() -> [Finding] {
    let entries = config.targetParameters.prefix(100)
    guard !entries.isEmpty else { return [] }
    if let base = context.base, base.isKnown, !config.replicatesLayers {
      return missingParameters(of: base, Array(entries))
    }
    let stacks = modules.filter { $0.kind == .parameter }.map(\.name)
    let missing = entries.filter { entry in !stacks.contains { $0.isMeant(by: entry) } }
    guard let first = missing.first else { return [] }
    return [
      parameterFinding(
        missing, first, .warning,
        hint:
          "check with --base whether the base has it: if so, the export is incomplete; if not, PEFT passes over the name"
      )
    ]
  }

  /// Every stack of the base that an entry means must be there, however the base stores its experts.
  private func missingParameters(of base: BaseModel, _ entries: [String]) -> [Finding] {
    let present = Set(zip(modules, context.matches ?? []).compactMap { $1?.module.name })
    let missing = base.expertStacks.filter { stack in
      !present.contains(stack.match.module.name) && entries.contains { stack.name.isMeant(by: $0) }
        && !matching.isExcluded(stack.name)
    }
    guard let first = missing.first else { return [] }
    return [
      parameterFinding(
        missing.map(\.name), first.name, .error, hint: "the export is incomplete, or the config is that of another run")
    ]
  }

  private func parameterFinding(_ missing: [String], _ first: String, _ severity: Severity, hint: String) -> Finding {
    Finding(
      .targetMissing, severity: severity,
      "target_parameters means \(listing(missing)), but the file has no tensors for \(missing.count == 1 ? "it" : "them")",
      file: context.adapter.weightsPath, module: first, expected: "tensors for \(escaped(first))", found: "none",
      hint: hint)
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
      if Self.heads.contains(entry), config.hasNoTaskHead, !mayHave(entry) { return false }
      return !Self.heads.contains(entry) || (absent.count == declared.count && (!isHeadInBase || mayHave(entry)))
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
    return findings + missingBiases() + missingPartners()
      + config.trainableTokens.prefix(100).compactMap { rows($0.embedding, $0.rows) }
  }

  /// Biases of saved modules whose weights are there: PEFT wants every tensor that the base's module has.
  private func missingBiases() -> [Finding] {
    guard let base = context.base, base.isKnown, context.adapter.format == .peft else { return [] }
    let names = Set(context.adapter.replacements.map(\.name))
    let missing = names.compactMap { name -> String? in
      guard name.hasSuffix(".weight"), case let owner = String(name.dropLast(".weight".count)),
        config.modulesToSave.prefix(100).contains(where: { owner.hasSuffix($0) || owner.contains($0 + ".") }),
        !names.contains(owner + ".bias"),
        let match = base.match(owner), match.runtime == nil, match.module.hasBias
      else { return nil }
      return owner + ".bias"
    }.sorted()
    guard let first = missing.first else { return [] }
    return [
      Finding(
        .targetMissing,
        "modules_to_save means \(listing(missing)), but the file has the \(missing.count == 1 ? "weight" : "weights") "
          + "alone, and PEFT refuses the adapter",
        file: context.adapter.weightsPath, module: first, expected: escaped(first), found: "no such tensor",
        hint: "the trained copy of the module was saved in part; save the adapter again")
    ]
  }

  /// What `ensure_weight_tying` takes along: the output head that a tied base shares with an embedding that is adapted or
  /// saved, and the embedding with the head.
  private func missingPartners() -> [Finding] {
    guard config.tiesEmbeddings, let base = context.base, base.isKnown, let names = context.loadedNames else {
      return []
    }
    let shared = base.modules.values.filter { module in
      module.tiedTo != nil
        || base.tiedTensors.contains { $0.name == module.weightName || $0.source == module.weightName }
    }
    let owners = Set(shared.map(\.weightName))
    let all = (shared + base.modules.values.filter { owners.contains($0.weightName) }).map { names.name(of: $0.name) }
      .uniqued.sorted()
    guard all.count > 1 else { return [] }
    func isNamed(_ entry: String) -> Bool { Self.vocabulary.contains(String(entry.lastComponent)) }
    let isSaved = config.modulesToSave.contains(where: isNamed)
    let isTargeted =
      switch config.targets {
      case .names(let entries)?: entries.contains(where: isNamed)
      case .pattern?: Self.vocabulary.contains { matching.targets($0) }
      case nil: false
      }
    guard isSaved || isTargeted else { return [] }
    let present = isSaved ? Set(context.adapter.replacements.map(\.name)) : Set(context.names)
    let missing = all.map { isSaved ? $0 + ".weight" : $0 }.filter { !present.contains($0) }
    guard let first = missing.first else { return [] }
    return [
      Finding(
        .targetMissing, severity: isSaved ? nil : .warning,
        "ensure_weight_tying takes \(listing(missing)) along, but the file has no tensors for "
          + "\(missing.count == 1 ? "it" : "them"), "
          + (isSaved ? "and PEFT refuses the adapter" : "which PEFT reports as missing"),
        file: context.adapter.weightsPath, module: first, expected: escaped(first), found: "no such tensor",
        hint: "save the adapter again, or set ensure_weight_tying to false if it was off in the training")
    ]
  }

  /// The modules that PEFT ties, by the last components of their names.
  private static let vocabulary = ["embed_tokens", "lm_head"]

  /// The rows of one embedding: there must be as many as the config has indices for it.
  private func rows(_ embedding: String, _ indices: [UInt64]) -> Finding? {
    let all = context.adapter.replacements.filter { $0.role == .rows }
    let found = all.filter { rows in
      let owner = rows.name.hasSuffix(".weight") ? String(rows.name.dropLast(".weight".count)) : rows.name
      return owner.hasSuffix(embedding)
    }
    let name = embedding.isEmpty ? "the embedding" : escaped(embedding, limit: 100)
    if let first = found.first(where: { $0.tensor.shape.rank != 2 || $0.tensor.shape[0] != UInt64(indices.count) }) {
      return Finding(
        .targetMissing,
        "trainable_token_indices names \(counted(indices.count, "row")) of \(name), but the file's rows have shape "
          + "\(first.tensor.shape), and PEFT refuses the adapter",
        file: context.adapter.weightsPath, tensor: first.tensor.name, expected: counted(indices.count, "row"),
        found: "\(first.tensor.shape)", hint: "the config or the rows are those of another run; save the adapter again")
    }
    guard !all.isEmpty, let base = context.base, base.isKnown, let names = context.loadedNames else { return nil }
    if !embedding.isEmpty, let container = base.container(endingIn: embedding, names) {
      return Finding(
        .targetMissing,
        "trainable_token_indices names \(name), the end of \(escaped(container, limit: 100)), too, which is no "
          + "embedding, and PEFT refuses the adapter",
        file: config.path, module: container, expected: "the name of an embedding", found: name,
        hint: "write the whole name of the embedding")
    }
    guard found.isEmpty else { return nil }
    // Of embeddings that are one tensor PEFT saves the rows once.
    let meant = base.modules.values.filter { names.name(of: $0.name).hasSuffix(embedding) }
    let isTied = meant.contains { module in
      module.tiedTo != nil
        || base.tiedTensors.contains { $0.name == module.name + ".weight" || $0.source == module.weightName }
    }
    if isTied || meant.isEmpty && base.hasUnknownNames { return nil }
    return Finding(
      .targetMissing,
      "trainable_token_indices names \(name), but the file has no rows for it, and PEFT refuses the adapter",
      file: context.adapter.weightsPath, module: embedding, expected: "….token_adapter.trainable_tokens_delta",
      found: "no such tensor", hint: "the trained rows were not saved; save the adapter again")
  }
}

extension AdapterConfig {
  /// Whether the task is one of language models, whose classes have no head of their own for PEFT to save.
  fileprivate var hasNoTaskHead: Bool {
    ["CAUSAL_LM", "SEQ_2_SEQ_LM", "FEATURE_EXTRACTION"].contains(taskType)
  }
}

extension ValidationContext {
  /// Whether the entry's module is adapted by factors instead.
  fileprivate func hasFactors(for entry: String) -> Bool {
    names.contains { $0 == entry || $0.hasSuffix("." + entry) }
  }
}

extension BaseModel {
  /// A part of the model that holds modules and whose path ends in a text; PEFT looks for no dot before it.
  fileprivate func container(endingIn ending: String, _ names: LoadedNames) -> String? {
    for stored in modules.keys {
      var path = names.name(of: stored)[...]
      while let dot = path.lastIndex(of: ".") {
        path = path[..<dot]
        if path.hasSuffix(ending) { return String(path) }
      }
    }
    return nil
  }

  /// Whether the base has the head of a task of its own, which an adapter for that task need not bring.
  fileprivate var isOfTask: Bool {
    let classes = (config?["architectures"]?.array ?? []).compactMap(\.string)
    return classes.contains { $0.hasSuffix("Classification") || $0.hasSuffix("QuestionAnswering") }
  }

  /// Names of the matrices that pick experts, which are no linear layers of today's library.
  fileprivate var routerNames: Set<String> {
    if let description {
      return Set(description.routers.map { $0.name.hasSuffix(".weight") ? String($0.name.dropLast(7)) : $0.name })
    }
    let hasExperts = modules.contains { $0.value.kind == .parameter || $0.key.isExpert }
    guard hasExperts else { return [] }
    return Set(modules.keys.filter { ["gate", "router"].contains($0.lastComponent) })
  }
}

extension LoRAModel.BaseModule {
  /// Whether names alone decide if PEFT adapts the module: part of the layers that the model class builds, and for the
  /// shorthand of all linear modules one that it stands for.
  fileprivate func isPlainTarget(of base: BaseModel, allLinear: Bool) -> Bool {
    base.builds(name) && (!allLinear || isAllLinear)
  }
}
