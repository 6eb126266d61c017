import BaseCatalogue
import Diagnostics
import JSON
import LoRAModel
import Safetensors
import TensorCore

/// What becomes of an adapter's tensors on a model class of SGLang: its loader, followed by name and shape.
///
/// Layers with the same names and shapes are followed once.
struct SGLangLoading {
  typealias Refusal = SGLangLayer.Refusal

  let question: ServingQuestion
  let release: SGLangRelease
  let row: SGLangClass
  let base: BaseModel
  private(set) var reasons: [ServingReason] = []

  /// The adapter's own targets as slots are called; nil for all.
  private let own: Set<String>?
  /// What the server makes slots for.
  private let targets: [String]
  private let rank: UInt64
  private let text: JSONObject
  private var wrapped: Set<Int> = []
  private var dropped: [String] = []
  private var misplaced: [String] = []
  private var unheld: [String] = []

  init(_ question: ServingQuestion, release: SGLangRelease, row: SGLangClass, base: BaseModel) {
    self.question = question
    self.release = release
    self.row = row
    self.base = base
    text = TextSection(base.config ?? JSONObject()).config
    rank = UInt64(clamping: question.adapter.config?.rank ?? 0)
    let named = question.adapter.config?.raw["target_modules"]?.array?.compactMap(\.string)
    own = named.map { Set($0.map(SGLangNames.normalized)) }
    if let server = question.options.targetModules {
      targets =
        server.contains("all")
        ? Set(row.all + ["embed_tokens", "lm_head"]).ordered() : Set(server.map(SGLangNames.normalized)).ordered()
    } else {
      targets = (own ?? Set(row.all)).ordered()
    }
  }

  mutating func judge() {
    do throws(Refusal) {
      let (layers, rest) = try read()
      try start()
      for layer in layers { try follow(layer) }
      try followEmbeddings(rest)
    } catch {
      add(error.effect, error.message, tensor: error.tensor, found: error.tensor.map { escaped($0) }, hint: error.hint)
      return
    }
    report()
    if row.isUnheld {
      add(
        .unjudged, "the model class \(row.name), whose checkpoints were not at hand", tensor: nil, found: row.name,
        hint: "try the adapter with the engine itself before it is deployed")
    }
  }

  // MARK: Reading

  /// The tensors as the loader meets them: those of the file, or PEFT's where this tool reads other files for it.
  private var tensors: [(name: String, shape: [UInt64])] {
    if !question.options.feedsEngine, let file = question.adapter.file {
      return file.header.tensors.map { ($0.name, $0.shape.dimensions) }
    }
    return question.adapter.modules.flatMap { module -> [(name: String, shape: [UInt64])] in
      let endings =
        module.kind == .embedding ? [".lora_embedding_A", ".lora_embedding_B"] : [".lora_A.weight", ".lora_B.weight"]
      return [
        ("base_model.model." + module.name + endings[0], [module.rank, module.inFeatures]),
        ("base_model.model." + module.name + endings[1], [module.outFeatures, module.rank]),
      ]
    }
  }

  /// One of each kind of layer, after fusing, with the number of its layer; and the tensors outside of layers.
  private mutating func read() throws(Refusal) -> (layers: [SGLangLayer], rest: [SGLangLayer.Weight]) {
    if let own, let server = question.options.targetModules, !own.isSubset(of: targets) {
      throw Refusal(
        message: "target modules that the served ones leave out: \(listing(own.subtracting(targets).ordered())) beside "
          + listing(server), hint: "add them to --lora-target-modules, or serve all")
    }
    let count = AttentionShape(base.config ?? JSONObject()).layers
    var kinds: [String: SGLangLayer] = [:]
    var keys: [UInt64: [String]] = [:]
    var members: [UInt64: [(name: String, shape: [UInt64])]] = [:]
    var rest: [SGLangLayer.Weight] = []
    for (file, shape) in tensors.ordered(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
      let name = file.mentions("unembed_tokens") ? file.replacing("unembed_tokens", with: "lm_head") : file
      guard let (number, digits) = SGLangNames.layer(in: name) else {
        rest.append(SGLangLayer.Weight(parts: [name], shape: shape))
        continue
      }
      if let count, number >= count {
        throw Refusal(
          message: "layer \(number) of a model of \(count): \(escaped(file, limit: 160))", tensor: file,
          hint: "serve the adapter on the base that it was trained on")
      }
      let utf8 = Array(name.utf8)
      // Other spellings of a number are other names, though the layer is the same.
      let isPlain = digits.count == 1 || utf8[digits.lowerBound] != UInt8(ascii: "0")
      let end = isPlain ? digits.lowerBound : digits.upperBound
      let key = String(decoding: utf8[..<end] + utf8[digits.upperBound...], as: UTF8.self)
      keys[number, default: []].append("\(key) \(shape)")
      members[number, default: []].append((name, shape))
    }
    for number in members.keys.ordered() {
      let key = (keys[number] ?? []).ordered().joined(separator: "\n")
      guard kinds[key] == nil else { continue }
      var layer = SGLangLayer()
      for (name, shape) in members[number] ?? [] { layer.set(name, SGLangLayer.Weight(parts: [name], shape: shape)) }
      try layer.normalize()
      kinds[key] = layer
    }
    return (kinds.keys.ordered().compactMap { kinds[$0] }, rest)
  }

  // MARK: Start

  private mutating func start() throws(Refusal) {
    let both = targets.contains("gate_up_proj") && targets.contains("down_proj")
    for target in targets {
      if let modules = row.targets[target] {
        wrapped.formUnion(modules)
      } else if !["embed_tokens", "lm_head"].contains(target) || row.objections[target] != nil {
        throw objection(row.objections[target] ?? .sizes, target)
      }
      if target == "lm_head", row.refusesTiedHead, base.tiesEmbeddings { throw objection(.other, "lm_head") }
    }
    guard both else { return }
    if let objection = row.objectionToExperts { throw self.objection(objection, "gate_up_proj") }
    wrapped.formUnion(row.withExperts ?? [])
  }

  private func objection(_ objection: SGLangClass.Objection, _ target: String) -> Refusal {
    let name = escaped(target, limit: 80)
    let what =
      switch objection {
      case .sizes: "\(name): its class \(row.name) gives no sizes for slots of that name"
      case .layer: "\(name): it has no LoRA layer for what \(row.name) runs there"
      case .layers: "\(name): \(row.name) has more layers of that name than the language model has"
      case .moe: "\(name): \(row.name) makes slots of that name for experts alone, and has other modules of it"
      case .other: "\(name) on \(row.name)"
      }
    return Refusal(
      effect: .refusedAtStart, message: "target modules named \(what)",
      hint: "train without these modules, or merge the adapter")
  }

  // MARK: Layers

  /// The slots of one layer as its tensors fill them.
  private struct Slots {
    var plain: [String: (a: SGLangLayer.Weight?, b: SGLangLayer.Weight?)] = [:]
    var experts: [String: [UInt64: (a: SGLangLayer.Weight?, b: SGLangLayer.Weight?)]] = [:]
  }

  private mutating func follow(_ layer: SGLangLayer) throws(Refusal) {
    let slots = try fill(layer)
    for index in wrapped.ordered() {
      let module = row.modules[index]
      guard !module.isExperts, module.name.holds("layers.#."),
        let target = SGLangNames.target(of: module.name, among: targets), let slot = slots.plain[target],
        let a = slot.a
      else { continue }
      let owners = Set(a.parts.compactMap { $0.flatMap { row.place(of: SGLangNames.module(of: $0))?.module } })
      try check(a, slot.b, of: module, target, isOwn: owners.contains(index))
      // What else reads the slot gets the same factors.
      if !owners.isEmpty, !owners.contains(index), stands(module, beside: layer) {
        misplaced += a.parts.compactMap { $0 }
      }
    }
    for (target, experts) in slots.experts {
      for (_, slot) in experts.ordered(by: { $0.key < $1.key }) { try checkRank(slot.a, slot.b, target) }
    }
    for tensor in layer.names.flatMap({ layer.weights[$0]?.parts ?? [] }).compactMap({ $0 }).uniqued {
      note(tensor, slots)
    }
  }

  /// Whether this layer has the module too, as the base shows; single experts stand beside everything.
  private func stands(_ module: SGLangClass.Module, beside layer: SGLangLayer) -> Bool {
    if module.name.holds("experts.#.") { return true }
    guard let name = layer.names.first, let number = SGLangNames.layer(in: name)?.number else { return false }
    return module.parts.contains { base.modules[$0.replacing("layers.#.", with: "layers.\(number).")] != nil }
  }

  private func fill(_ layer: SGLangLayer) throws(Refusal) -> Slots {
    var slots = Slots()
    for name in layer.names {
      guard let weight = layer.weights[name] else { continue }
      let tensor = weight.parts.compactMap { $0 }.first ?? name
      guard let target = SGLangNames.target(of: name, among: targets) else { throw stray(tensor, name) }
      let isA = name.mentions("lora_A")
      if let expert = SGLangNames.expert(in: name) {
        guard row.hasExperts, ["gate_up_proj", "down_proj"].contains(target),
          !(release.refusesSingleSharedExperts && name.mentions("shared_experts."))
        else {
          throw Refusal(
            effect: .failsInBatch,
            message: "factors of single experts, for which \(row.name) has no slots, such as "
              + escaped(tensor, limit: 160), tensor: tensor, hint: "train without the experts, or merge the adapter")
        }
        var slot = slots.experts[target]?[expert] ?? (nil, nil)
        if isA { slot.a = weight } else { slot.b = weight }
        slots.experts[target, default: [:]][expert] = slot
      } else {
        var slot = slots.plain[target] ?? (nil, nil)
        if isA { slot.a = weight } else { slot.b = weight }
        slots.plain[target] = slot
      }
    }
    return slots
  }

  /// The tensor that none of the slots is for.
  private func stray(_ tensor: String, _ name: String) -> Refusal {
    let what: String
    let hint: String
    if name.mentions(".k_proj.") || name.mentions(".v_proj.") {
      (what, hint) = (
        "k_proj or v_proj without q_proj in the same layer", "target q_proj too, or add zero factors for it"
      )
    } else if name.mentions(".up_proj.") {
      (what, hint) = ("up_proj without gate_proj in the same layer", "target gate_proj too, or add zero factors for it")
    } else if name.mentions("experts") {
      (what, hint) = ("factors of expert stacks", "train the experts one by one or not at all, or merge the adapter")
    } else if !name.mentions("lora_") {
      (what, hint) = ("whole tensors in a layer", "merge the adapter, or export without whole tensors")
    } else {
      (what, hint) = (
        "modules that target_modules does not name", "name every adapted module in target_modules, or serve all"
      )
    }
    return Refusal(
      effect: .failsInBatch, message: "\(what): there is no slot for \(escaped(tensor, limit: 160))", tensor: tensor,
      hint: hint)
  }

  /// Whether factors fit into the slot that a module reads.
  private func check(
    _ a: SGLangLayer.Weight, _ b: SGLangLayer.Weight?, of module: SGLangClass.Module, _ target: String, isOwn: Bool
  ) throws(Refusal) {
    let tensor = a.parts.compactMap { $0 }.first
    func failure(_ message: String, _ hint: String) -> Refusal {
      Refusal(effect: .failsInBatch, message: message, tensor: tensor, hint: hint)
    }
    let name = escaped(tensor ?? module.name, limit: 160)
    if row.hasExperts, ["gate_up_proj", "down_proj"].contains(target), !hasSharedExperts {
      throw objection(.moe, target)
    }
    guard let b else { throw failure("A without B, as in \(name)", "export the adapter again") }
    guard !isOwn || fits(module) else {
      throw failure(
        "\(escaped(module.name, limit: 160)): its slots have other sizes than the module", "merge the adapter")
    }
    guard target != "fused_qkv_a_proj_with_mqa" || !b.parts.contains(nil) else {
      throw failure(
        "q_a_proj without kv_a_proj_with_mqa, which it fills with zeros of the wrong size, as in \(name)",
        "target kv_a_proj_with_mqa too")
    }
    try checkRank(a, b, target)
  }

  /// Refuses factors of another rank than `r`, the only one that the engine reads.
  private func checkRank(_ a: SGLangLayer.Weight?, _ b: SGLangLayer.Weight?, _ target: String) throws(Refusal) {
    let isRight =
      a.map { $0.rows == rank &* SGLangNames.slices(target) } ?? true && b.map { $0.columns == rank } ?? true
    guard !isRight else { return }
    let tensor = (a?.parts ?? b?.parts ?? []).compactMap { $0 }.first
    throw Refusal(
      effect: .failsInBatch,
      message: "modules whose rank is not r = \(rank): \(escaped(tensor ?? target, limit: 160)) lies in a slot that is "
        + "filled with rank r", tensor: tensor,
      hint: "resize the adapter to one rank (pad with zeros to keep it exact), and make the config say it")
  }

  /// Whether the slots of a module are as wide as it is.
  private func fits(_ module: SGLangClass.Module) -> Bool {
    guard row.ignoresHeadWidth, ["qkv", "row"].contains(module.kind), module.name.holds("attn"),
      let width = text["head_dim"]?.int64, let heads = text["num_attention_heads"]?.int64,
      let hidden = text["hidden_size"]?.int64
    else { return module.fits }
    return module.fits && width.multipliedReportingOverflow(by: heads).partialValue == hidden
  }

  private var hasSharedExperts: Bool {
    (text["shared_expert_intermediate_size"]?.int64 ?? 0) > 0 || (text["n_shared_experts"]?.int64 ?? 0) > 0
  }

  /// Whether a tensor came where it was meant to.
  private mutating func note(_ tensor: String, _ slots: Slots) {
    guard tensor.mentions("lora_") else {
      if !tensor.mentions(".base_layer.") { dropped.append(tensor) }
      return
    }
    guard !row.isElsewhere(SGLangNames.module(of: tensor)) else { return misplaced.append(tensor) }
    guard !tensor.hasSuffix(".bias"), let place = row.place(of: SGLangNames.module(of: tensor)),
      wrapped.contains(place.module)
    else { return dropped.append(tensor) }
    let module = row.modules[place.module]
    let isA = tensor.mentions("lora_A")
    let slot: (a: SGLangLayer.Weight?, b: SGLangLayer.Weight?)?
    if module.isExperts {
      let target = place.isDown ? "down_proj" : "gate_up_proj"
      slot = SGLangNames.expert(in: tensor).flatMap { slots.experts[target]?[$0] }
    } else {
      slot = SGLangNames.target(of: module.name, among: targets).flatMap { slots.plain[$0] }
    }
    let parts = (isA ? slot?.a : slot?.b)?.parts ?? []
    guard parts.contains(tensor) else { return dropped.append(tensor) }
    let isRight =
      parts.allSatisfy { $0 == tensor } || parts.indices.allSatisfy { (parts[$0] == tensor) == ($0 == place.part) }
    if !isRight { misplaced.append(tensor) }
    if isRight, row.name.hasPrefix("Transformers"), module.name.mentions("shared_expert") { unheld.append(tensor) }
  }

  // MARK: Outside of layers

  private mutating func followEmbeddings(_ weights: [SGLangLayer.Weight]) throws(Refusal) {
    var filled: Set<String> = []
    for weight in weights {
      guard let name = weight.parts.compactMap({ $0 }).first, !name.mentions(".base_layer.") else { continue }
      let isEmbedding = name.mentions("embed_tokens")
      let leaf = isEmbedding ? "embed_tokens" : "lm_head"
      guard isEmbedding || name.mentions("lm_head"), own?.contains(leaf) ?? true, name.mentions("lora_") else {
        dropped.append(name)
        continue
      }
      guard SGLangNames.target(of: name, among: targets) != nil else {
        throw Refusal(
          effect: .failsInBatch,
          message: "\(leaf), for which all-linear makes no slot here: \(escaped(name, limit: 160))",
          tensor: name, hint: "name the modules in target_modules")
      }
      let modules = (row.targets[leaf] ?? []).map { row.modules[$0] }
      if let unfit = modules.first(where: { !$0.fits }) {
        throw Refusal(
          effect: .failsInBatch,
          message: "\(escaped(unfit.name, limit: 160)): its slots have other sizes than the module",
          tensor: name, hint: "merge the adapter")
      }
      if isEmbedding, !modules.isEmpty, name.mentions("_B"), let width = text["hidden_size"]?.int64,
        let rows = question.adapter.modules.first(where: { $0.b?.name == name })?.outFeatures, rows != UInt64(width)
      {
        throw Refusal(
          effect: .failsInBatch, message: "an embedding of width \(rows): its slots have that of the model, \(width)",
          tensor: name, hint: "train without the embedding, or merge the adapter")
      }
      guard modules.isEmpty else {
        let module = SGLangNames.module(of: name)
        // Whatever mentions the name goes into the one slot that there is.
        let factor = name.mentions("_A") ? "A" : name.mentions("_B") ? "B" : name
        if module.lastComponent != leaf || row.isElsewhere(module) || !filled.insert("\(leaf) \(factor)").inserted {
          misplaced.append(name)
        } else if name.hasSuffix(".bias") {
          dropped.append(name)
        } else {
          try factor == "A" ? checkRank(weight, nil, leaf) : checkRank(nil, weight, leaf)
        }
        continue
      }
      if isEmbedding {
        dropped.append(name)
      } else {
        throw Refusal(
          effect: .failsInBatch, message: "lm_head, for which its class \(row.name) has no slot", tensor: name,
          hint: "train without the head, or merge the adapter")
      }
    }
  }

  // MARK: Report

  private mutating func add(
    _ effect: ServingReason.Effect, _ message: String, tensor: String?, found: String?, hint: String
  ) {
    reasons.append(
      ServingReason(
        effect: effect, message: message, file: question.adapter.weightsPath, tensor: tensor, found: found, hint: hint))
  }

  private mutating func report() {
    // Whole tensors, and biases that the config tells of, are named by checks of their own.
    let tellsBiases = question.adapter.config?.hasLoRABias ?? false
    let lost = dropped.filter { $0.mentions("lora_") && !(tellsBiases && $0.hasSuffix(".bias")) }
    if let first = lost.first {
      add(
        .ignored,
        "\(names(lost)), which it reads and never applies: its class \(row.name) has no module that takes adapters there",
        tensor: first, found: escaped(first),
        hint: "name the modules as the class that is served does, or train without them")
    }
    if let first = misplaced.first {
      add(
        .misapplied,
        "\(names(misplaced)): modules of different parts of the model share a slot by the end of their names",
        tensor: first, found: escaped(first), hint: "train the language model alone, or merge the adapter")
    }
    if let first = unheld.first {
      add(
        .unjudged, "shared experts on the Transformers backend, such as \(escaped(first, limit: 160))", tensor: first,
        found: escaped(first), hint: "try the adapter with the engine itself before it is deployed")
    }
  }

  private func names(_ tensors: [String]) -> String {
    let first = escaped(tensors.first ?? "", limit: 160)
    return tensors.count == 1 ? first : "\(counted(tensors.count, "tensor")) of one kind of layer, such as \(first)"
  }
}
