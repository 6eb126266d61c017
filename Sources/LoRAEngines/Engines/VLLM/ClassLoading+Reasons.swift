import BaseCatalogue
import Diagnostics
import JSON
import LoRAModel
import Safetensors
import TensorCore

/// What is said about the kinds of names.
extension ClassLoading {
  mutating func add(
    _ effect: ServingReason.Effect, _ message: String, tensor: String? = nil, module: String? = nil,
    found: String? = nil, hint: String
  ) {
    reasons.append(
      ServingReason(
        effect: effect, message: message, file: question.adapter.weightsPath, tensor: tensor, module: module,
        found: found, hint: hint))
  }

  /// "q_proj in 32 tensors, such as …".
  private func phrase(_ kinds: [Kind]) -> String {
    let count = kinds.reduce(0) { $0 + $1.count }
    let first = kinds.first?.tensor ?? ""
    return count == 1
      ? escaped(first, limit: 160) : "\(counted(count, "tensor")), such as \(escaped(first, limit: 160))"
  }

  mutating func unsupported(_ all: [Kind]) {
    // Names with the adapter's own name in them have been named already.
    let named = Set(
      question.adapter.misnamed.compactMap { misnamed -> String? in
        if case .adapterName = misnamed.problem { misnamed.tensor.name } else { nil }
      })
    let kinds = all.filter {
      if case .unsupported = $0.outcome { !named.contains($0.tensor) } else { false }
    }
    guard let first = kinds.first else { return }
    add(
      .refused, "names that are no LoRA factors: \(phrase(kinds))", tensor: first.tensor,
      found: escaped(first.tensor), hint: "merge the adapter, or export without these tensors")
  }

  mutating func unexpected(_ all: [Kind]) {
    var leaves: [String] = []
    var kinds: [Kind] = []
    for kind in all {
      if case .unexpected(let leaf) = kind.outcome {
        leaves.append(leaf)
        kinds.append(kind)
      }
    }
    guard let first = kinds.first else { return }
    add(
      .refused,
      "modules named \(listing(leaves.uniqued)): its class \(row.name) has none that take adapters (\(phrase(kinds)))",
      tensor: first.tensor, found: listing(leaves.uniqued), hint: "train without these modules, or merge the adapter")
  }

  mutating func saved(_ all: [Kind]) {
    let kinds = all.filter { if case .saved = $0.outcome { true } else { false } }
    guard let first = kinds.first, case .saved(let name) = first.outcome else { return }
    let names = Set(
      kinds.compactMap { kind -> String? in
        if case .saved(let module) = kind.outcome { return module } else { return nil }
      })
    if names.count > 1 {
      add(
        .refused, "more than one whole module (\(listing(names.ordered())))", tensor: first.tensor,
        hint: "merge the adapter")
    } else if !kinds.contains(where: { $0.tensor.hasSuffix(".weight") }) {
      add(
        .refused, "the whole module \(escaped(name)) without its weight", tensor: first.tensor, hint: "export it again")
    } else if !release.replacesHeads, row.head != nil {
      add(
        base.config?["num_labels"]?.int64 == 1 ? .unjudged : .refused,
        "the whole module \(escaped(name)): this release replaces heads only of models that score pairs",
        tensor: first.tensor, found: escaped(name), hint: "serve with a later release, or merge the adapter")
    } else if row.head != name, row.head != "model." + name {
      add(
        .refused, "the whole module \(escaped(name)): its class \(row.name) has no such classification head",
        tensor: first.tensor, found: escaped(name),
        hint: "serve the classification class of this model, or merge the adapter")
    }
    if row.refusesHead, row.head == name || row.head == "model." + name { refuseHead(first) }
    if let head = kinds.first(where: { $0.tensor.hasSuffix(".weight") }) { savedRows(head) }
    if !all.contains(where: {
      if case .saved = $0.outcome { false } else if case .skipped = $0.outcome { false } else { true }
    }) {
      add(
        .refused, "an adapter without any LoRA factors", tensor: first.tensor,
        hint: "an adapter of whole modules alone is served merged")
    }
  }

  /// The rows of a whole head: as many as the base's or fewer, each as wide as the base's.
  private mutating func savedRows(_ kind: Kind) {
    let whole = question.adapter.replacements.first { $0.tensor.name == kind.tensor }
    guard let shape = whole?.tensor.shape, let own = whole.flatMap({ base.shape(of: $0.name) }), own.rank == 2,
      shape.rank != 2 || shape[0] == 0 || shape[0] > own[0] || shape[1] != own[1]
    else { return }
    add(
      .refused, "a whole head of shape \(shape): it takes up to \(own[0]) rows of \(own[1])", tensor: kind.tensor,
      found: "\(shape)", hint: "serve the adapter on the base that it was trained on, with as many labels")
  }

  private mutating func refuseHead(_ kind: Kind) {
    add(
      .refused, "adapters of the head of a model that labels tokens: its head answers requests as a whole",
      tensor: kind.tensor, found: escaped(kind.tensor), hint: "train without the head, or merge the adapter")
  }

  mutating func lost(_ all: [Kind]) {
    var (lost, tower, filtered, opaque, unheld): ([Kind], [Kind], [Kind], [Kind], [Kind]) = ([], [], [], [], [])
    for kind in all {
      switch kind.outcome {
      case .lost: lost.append(kind)
      case .tower: tower.append(kind)
      case .filtered: filtered.append(kind)
      case .placed(let module, _) where isBeyond(kind, module): lost.append(kind)
      case .opaque: opaque.append(kind)
      case .unheld: unheld.append(kind)
      default: break
      }
    }
    if !lost.isEmpty {
      ignore(
        lost, "which it loads and never finds: its class \(row.name) has no module that takes adapters there",
        hint: "name the modules as the class that is served does, or train on that class")
    }
    if !tower.isEmpty {
      ignore(
        tower,
        "which belong to a vision or audio tower or its connector, while only the language model takes adapters",
        hint: row.towers?.canAdapt ?? false
          ? "start vLLM with --enable-tower-connector-lora, or train the language model alone"
          : "train the language model alone, or merge the adapter")
    }
    if !filtered.isEmpty {
      ignore(
        filtered, "which the served target modules leave out",
        hint: "add the modules to --lora-target-modules by the last part of their names")
    }
    if let first = opaque.first {
      add(
        .unjudged, "names such as \(escaped(first.tensor, limit: 160)) on its class \(row.name)",
        tensor: first.tensor, hint: "try the adapter with the engine itself before it is deployed")
    }
    if let first = unheld.first {
      add(
        .unjudged, "kv_b_proj of latent attention while it generates: decoding uses matrices cut from it at start",
        tensor: first.tensor, hint: "compare answers of the engine with PEFT's, or train without kv_b_proj")
    }
  }

  private mutating func ignore(_ kinds: [Kind], _ message: String, hint: String) {
    let first = kinds.first?.tensor ?? ""
    add(.ignored, "\(phrase(kinds)), \(message)", tensor: first, found: escaped(first), hint: hint)
  }

  /// Whether a kind reaches layers that the model does not have.
  private func isBeyond(_ kind: Kind, _ module: VLLMClass.Module) -> Bool {
    guard let layers = layerCount, layers > 0, row.towers.map({ module.name.hasPrefix($0.language) }) ?? true,
      module.name.mentions("layers.#") || module.name.mentions(".h.#")
    else { return false }
    return kind.lastLayer >= layers
  }

  mutating func placed(_ all: [Kind]) {
    let heads = all.filter {
      if case .placed(let module, _) = $0.outcome { module.kind == "classifier" } else { false }
    }
    if row.refusesHead, let first = heads.first { refuseHead(first) }
    let reordered = all.filter { kind in
      if row.reordered.isEmpty { return false }
      if case .placed(let module, let part) = kind.outcome {
        let owner = module.name.dropLast(module.name.lastComponent.utf8.count)
        return row.reordered.contains(part.map { owner + $0 } ?? module.name)
      }
      return false
    }
    if let first = reordered.first {
      add(
        .misapplied,
        "\(phrase(reordered)): it reorders the rows of these projections for rotary positions when it reads the base, and "
          + "not those of the adapter", tensor: first.tensor, found: escaped(first.tensor),
        hint: "train without q_proj and k_proj, or merge the adapter")
    }
    // A packed module with more matrices than parts is cut by the rows of its parts, from the first one on.
    var present: [String: Set<String>] = [:]
    var shapes: [String: VLLMClass.Module] = [:]
    for kind in all {
      guard case .placed(let module, let part?) = kind.outcome, module.slices != nil else { continue }
      for name in kind.modules {
        let owner = String(name.dropLast(name.lastComponent.utf8.count)) + module.name.lastComponent
        present[owner, default: []].insert(part)
        shapes[owner] = module
      }
    }
    for (owner, parts) in present.ordered(by: { $0.key < $1.key }) {
      guard let module = shapes[owner], let leader = module.parts.first, !parts.contains(leader) else { continue }
      add(
        .refused,
        "\(listing(parts.ordered())) without \(escaped(leader)), which it packs together as \(escaped(owner))",
        module: owner, found: "no \(leader)", hint: "train \(leader) as well, or add zero factors for it")
      return
    }
  }

  /// A module with one factor.
  mutating func halves(_ all: [Kind]) {
    guard release.readsVariants == false else { return }
    let biases = all.filter { $0.tensor.hasSuffix(".lora_B.bias") }
    guard let first = biases.first else { return }
    add(
      .misapplied, "\(phrase(biases)): it takes the bias of lora_B for lora_B itself", tensor: first.tensor,
      hint: "merge the adapter")
  }

  /// Factors of an embedding with another number of rows than the base's.
  mutating func vocabulary() {
    guard let rows = vocabularySize,
      let resized = question.adapter.modules.first(where: {
        $0.kind == .embedding && $0.isUsable && $0.a != nil && $0.inFeatures != rows
      })
    else { return }
    add(
      .refused, "factors of an embedding of \(resized.inFeatures) rows for a model of \(rows)",
      tensor: resized.a?.name, module: resized.name, found: "\(resized.inFeatures) rows",
      hint: "merge the adapter, which resizes the model")
  }

  /// What happens before any adapter is loaded, as all modules are wrapped when the server starts.
  mutating func start() {
    unwrappableTargets()
    let heads =
      row.modules.values.filter { $0.kind == "head" }.map { String($0.name.lastComponent) }
      // With target modules it asks nothing else of a module than its name.
      + (row.hasBareHead && question.options.targetModules != nil ? ["lm_head"] : [])
    let isWrapped = question.options.targetModules.map { targets in heads.contains { targets.contains($0) } } ?? true
    if let rows = vocabularySize, rows > Self.largestVocabulary, !heads.isEmpty, isWrapped {
      add(
        .refusedAtStart,
        "adapters on a vocabulary of \(rows): its head takes them up to \(Self.largestVocabulary)", found: "\(rows)",
        hint: "start vLLM with --lora-target-modules that leave out \(listing(heads))")
    }
  }

  /// The largest vocabulary of a head with adapters (`vllm/lora/layers/logits_processor.py`).
  private static let largestVocabulary: UInt64 = 258_048

  private var vocabularySize: UInt64? {
    base.vocabularySize ?? textConfig["vocab_size"]?.int64.flatMap { UInt64(exactly: $0) }
  }

  // MARK: Experts

  mutating func experts(_ all: [Kind]) {
    guard let experts = row.experts else { return }
    stacks(all, experts)
    singles(all)
  }

  private mutating func stacks(_ all: [Kind], _ experts: VLLMClass.Experts) {
    var outer: Set<String> = []
    var inner: Set<String> = []
    var tensor: String?
    for kind in all {
      guard case .stack(let isInner) = kind.outcome else { continue }
      tensor = tensor ?? kind.tensor
      for module in kind.modules {
        if isInner {
          inner.insert(String(module.dropLast(".base_layer".count)))
        } else {
          outer.insert(module)
        }
      }
    }
    guard let tensor else { return }
    if !experts.areStacked, !question.options.mixesExpertFormats {
      guard !outer.isEmpty else {
        return add(
          .ignored,
          "factors of one expert stack alone (\(escaped(tensor, limit: 160))), which its class never asks for",
          tensor: tensor, hint: "train gate, up and down of all experts, or merge the adapter")
      }
      return add(
        release.checksExpertFormat ? .refused : .unjudged,
        "factors of whole expert stacks: its class \(row.name) keeps experts apart", tensor: tensor,
        found: escaped(tensor),
        hint: "start vLLM with --enable-mixed-moe-lora-format and send is_3d_lora_weight with the adapter, or merge it")
    }
    if question.options.mixesExpertFormats, !release.alternatesSplitExperts, row.name.hasPrefix("GptOss") {
      add(
        .misapplied,
        "factors of expert stacks whose rows alternate between gate and up: it splits them and adds the "
          + "products to halves", tensor: tensor, found: escaped(tensor),
        hint: "start vLLM without --enable-mixed-moe-lora-format, or serve with a later release")
    }
    let halves = outer.symmetricDifference(inner).ordered()
    if let first = halves.first {
      let effect: ServingReason.Effect = outer.contains(first) ? .refused : .ignored
      add(
        effect, "one of the two expert stacks of a layer without the other, as in \(escaped(first, limit: 160))",
        tensor: tensor, module: first, found: "one stack",
        hint: "train gate, up and down of all experts, or add zero factors for the missing ones")
    }
  }

  private mutating func singles(_ all: [Kind]) {
    var present: [String: Int] = [:]
    var tensor: String?
    for kind in all {
      guard case .expert(let form) = kind.outcome else { continue }
      tensor = tensor ?? kind.tensor
      let expert = ExpertForm(form)
      for module in kind.modules { present[expert.owner(of: module), default: 0] += 1 }
    }
    guard let tensor else { return }
    guard let count = expertCount else {
      return add(
        .unjudged, "single experts of a model whose config does not say how many there are", tensor: tensor,
        hint: "give the base with its config.json")
    }
    // Both factors of every part of every expert.
    let (parts, tooMany) = count.multipliedReportingOverflow(by: UInt64(2 * expertForms.count))
    let incomplete = present.filter { tooMany || UInt64($0.value) != parts }.keys.ordered()
    if let first = incomplete.first {
      add(
        .refused,
        "a layer with factors for some of its experts' matrices only, as in \(escaped(first, limit: 160)): it wants "
          + "\(listing(expertForms.map { String($0.lastComponent) })) of all \(count) experts, or none of them",
        tensor: tensor, module: first,
        found: "\((present[first] ?? 0) / 2) of \(parts / 2) matrices",
        hint: "train all of them, or add zero factors for the missing ones")
    }
    unequalRanks(tensor)
    if row.name.hasPrefix("GptOss") {
      add(
        .unjudged, "single experts of \(row.name), whose stacks alternate between gate and up", tensor: tensor,
        hint: "train the stacks, as PEFT does")
    }
  }

  /// Experts whose factors of one projection have different ranks.
  private mutating func unequalRanks(_ tensor: String) {
    let kinds = question.adapter.moduleKinds
    let areExperts = kinds.first.map(\.isExpert)
    let experts = kinds.kinds.indices.filter { areExperts[Int(kinds.kinds[$0])] }
    guard let first = experts.first, case let rank = question.adapter.modules[first].rank else { return }
    // Most often all have one rank.
    if question.adapter.modules(at: experts, where: { $0.rank != rank }).isEmpty { return }
    var ranks: [String: UInt64] = [:]
    for place in experts {
      let module = question.adapter.modules[place]
      guard let range = module.name.firstRange(of: ".experts.") else { continue }
      let key = module.name[..<range.lowerBound] + "." + module.name.lastComponent
      if let rank = ranks[String(key)], rank != module.rank {
        return add(
          .refused, "experts of one layer with different ranks for the same projection, as in \(escaped(module.name))",
          tensor: tensor, module: module.name, found: "ranks \(rank) and \(module.rank)",
          hint: "resize the adapter to one rank")
      }
      ranks[String(key)] = module.rank
    }
  }

  var expertCount: UInt64? {
    for key in [
      "num_experts", "n_routed_experts", "num_local_experts", "moe_num_experts", "num_routed_experts",
      "num_moe_experts",
    ] {
      if let count = textConfig[key]?.int64, count > 0 { return UInt64(count) }
    }
    return nil
  }
}
