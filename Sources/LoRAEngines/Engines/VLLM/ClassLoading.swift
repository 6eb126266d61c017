import BaseCatalogue
import JSON
import LoRAModel
import Safetensors
import Synchronization
import TensorCore

/// What becomes of an adapter's names on a model class that takes adapters.
///
/// Names are judged by kind, all layers of one projection at once, unless the class has renaming rules that look at
/// numbers.
struct ClassLoading {
  /// What became of a kind of name.
  enum Outcome {
    /// The loader passes over it, and nothing is missing then.
    case skipped
    /// The name is none that it reads.
    case unsupported
    /// The last part of the name is not among those that the class has.
    case unexpected(String)
    /// A tensor of a classification head, replaced as a whole.
    case saved(module: String)
    /// It fills a module that the class wraps, as a whole or as one of its parts.
    case placed(VLLMClass.Module, part: String?)
    /// A matrix of one expert, by its name from the stack's owner on.
    case expert(form: String)
    /// Factors of a whole stack of experts; with `isInner`, those of the first of two.
    case stack(isInner: Bool)
    /// It is read and never found.
    case lost
    /// It belongs to a tower that takes no adapters.
    case tower
    /// The served target modules leave its module out.
    case filtered
    /// A renaming rule decides that is not understood here.
    case opaque
    /// It is found, and what it does then was not held against the engine.
    case unheld
  }

  /// All tensors whose names differ in numbers alone.
  struct Kind {
    let outcome: Outcome
    /// The first of them.
    let tensor: String
    /// Module names in the engine's spelling, kept where single modules matter.
    var modules: [String] = []
    /// Number of tensors.
    var count = 0
    var lastLayer: UInt64 = 0
    let keepsModules: Bool
  }

  /// All that the kinds of names depend on besides the class.
  struct KindInputs: Equatable {
    let release: String
    let names: [String]
    let saved: [String]
    let options: EngineOptions
    let config: JSONObject
  }

  let question: ServingQuestion
  let release: VLLMRelease
  let row: VLLMClass
  let base: BaseModel
  var reasons: [ServingReason] = []
  private var kinds: [Kind] = []
  private var positions: [String: Int] = [:]
  private let pools: Bool
  /// Whether a served target module is the whole name of one, which leaves others of its kind out.
  private let targetsSingleModules: Bool
  /// Layers of the language model.
  let layerCount: UInt64?
  /// The part of the base's config that describes the language model.
  let textConfig: JSONObject

  init(_ question: ServingQuestion, release: VLLMRelease, row: VLLMClass, base: BaseModel) {
    self.question = question
    self.release = release
    self.row = row
    self.base = base
    pools = question.options.pools ?? row.pools
    targetsSingleModules = question.options.targetModules?.contains { $0.contains(".") } ?? false
    let config = base.config ?? JSONObject()
    textConfig = TextSection(config).config
    layerCount = AttentionShape(config).layers
  }

  mutating func judge() {
    let all = sorted(names)
    unsupported(all)
    unexpected(all)
    saved(all)
    lost(all)
    repeated(all)
    experts(all)
    halves(all)
    placed(all)
    vocabulary()
    reasons += question.contradictedSizes(of: base)
    start()
  }

  /// The names as the engine's loader meets them: those of the file, or PEFT's where this tool reads other files for it.
  var names: [String] {
    guard question.options.feedsEngine || question.adapter.file == nil else {
      return question.adapter.file?.header.tensors.map(\.name) ?? []
    }
    return question.adapter.modules.flatMap { module -> [String] in
      // Of stacks the file alone says which is the inner one.
      if module.kind == .parameter, question.adapter.format == .peft, let a = module.a?.name, let b = module.b?.name {
        return [a, b]
      }
      return
        (module.kind == .embedding
        ? [".lora_embedding_A", ".lora_embedding_B"] : [".lora_A.weight", ".lora_B.weight"])
        .map { "base_model.model." + module.name + $0 }
    }
  }

  // MARK: Kinds

  /// The names by kind: those of the adapter before where all is the same, as in a fleet of one training script.
  private mutating func sorted(_ names: [String]) -> [Kind] {
    let inputs = KindInputs(
      release: release.version, names: names, saved: question.adapter.config?.modulesToSave ?? [],
      options: question.options, config: textConfig)
    if let last = row.lastKinds.withLock({ $0 }), last.inputs == inputs { return last.kinds }
    for name in names { note(name) }
    let found = kinds
    row.lastKinds.withLock { $0 = (inputs, found) }
    return found
  }

  private mutating func note(_ name: String) {
    let (template, number) = Self.template(of: name)
    let key = row.mapper.dependsOnNumbers || targetsSingleModules ? name : template
    let position = positions[key] ?? kinds.count
    if position == kinds.count {
      kinds.append(kind(of: name))
      positions[key] = position
    }
    kinds[position].count += 1
    if let number, number > kinds[position].lastLayer { kinds[position].lastLayer = number }
    if kinds[position].keepsModules, case .factor(let module, _) = read(name) {
      kinds[position].modules.append(module)
    }
  }

  func read(_ name: String) -> LoadedName {
    LoadedName(name, mapper: row.mapper, takesBiasOfB: !release.readsVariants)
  }

  private func kind(of name: String) -> Kind {
    let outcome = outcome(of: name)
    let keeps =
      switch outcome {
      case .expert, .stack: true
      case .placed(let module, _): module.slices != nil
      default: false
      }
    return Kind(outcome: outcome, tensor: name, keepsModules: keeps)
  }

  private func outcome(of name: String) -> Outcome {
    if LoadedName.isBaseEmbedding(name) { return .skipped }
    if row.skipped.contains(where: { name.hasPrefix($0) || name.contains("." + $0) }) { return .skipped }
    switch read(name) {
    case .unsupported: return .unsupported
    case .opaque: return .opaque
    case .whole(let module): return isSaved(module) ? .saved(module: module) : expectation(of: module, name) ?? .lost
    case .factor(let module, _):
      if isSaved(module) { return .saved(module: module) }
      return expectation(of: module, name) ?? place(of: module)
    }
  }

  private func isSaved(_ module: String) -> Bool {
    question.adapter.config?.modulesToSave.contains(module) ?? false
  }

  /// The refusal of a module whose last part is none of the class; nil for one that it reads.
  private func expectation(of module: String, _ name: String) -> Outcome? {
    // Names with `base_layer` are not asked about: PEFT writes the inner of two expert stacks so.
    if name.mentions("base_layer") { return nil }
    if module.mentions(".experts"), let range = module.firstRange(of: ".experts") {
      let suffix = module[module.index(after: range.lowerBound)...]
      return accepts(expertSuffix: suffix) ? nil : .unexpected(String(suffix))
    }
    let leaf = module.lastComponent
    return row.expected.contains(String(leaf)) || isSaved(String(leaf)) ? nil : .unexpected(String(leaf))
  }

  private func accepts(expertSuffix suffix: Substring) -> Bool {
    if row.expected.contains(String(suffix)) { return true }
    guard row.experts != nil, keepsExpertsApart else { return false }
    let (template, number) = Self.template(of: String(suffix))
    guard let number else { return false }
    // A class that stacks its experts is taken apart by names that were not tried with every release.
    if expertForms.isEmpty { return true }
    return number < expertCount ?? .max && expertForms.contains(template)
  }

  /// Whether each expert has slots of its own parts.
  var keepsExpertsApart: Bool {
    guard let experts = row.experts else { return false }
    return !experts.areStacked || question.options.mixesExpertFormats
  }

  /// The names of the matrices of one expert, from the stack's owner on.
  var expertForms: [String] {
    guard let experts = row.experts else { return [] }
    return experts.areStacked ? experts.mixedForms : experts.forms
  }

  // MARK: Places

  /// Where the class looks for a module of this name.
  private func place(of module: String) -> Outcome {
    if let found = stack(module) { return found }
    for name in candidates(for: module) {
      let pattern = Self.template(of: name).template
      if row.isBare(pattern, in: textConfig) { return .lost }
      if let found = row.modules[pattern] {
        return filtered(name) ?? held(.placed(found, part: nil), name)
      }
      if let found = row.owners[pattern] {
        if found.kind.hasPrefix("experts") {
          return filtered(ExpertForm(form(in: pattern, of: found)).owner(of: name))
            ?? .expert(form: form(in: pattern, of: found))
        }
        let owner = String(name.dropLast(name.lastComponent.count)) + found.name.lastComponent
        return filtered(owner) ?? held(.placed(found, part: String(name.lastComponent)), name)
      }
      if let found = row.towerModules[pattern] ?? row.towerOwners[pattern] {
        guard question.options.adaptsTowers else { return .tower }
        let owner = String(name.dropLast(name.lastComponent.count)) + found.name.lastComponent
        if let filtered = filtered(owner) { return filtered }
        return .placed(found, part: row.towerModules[pattern] == nil ? String(name.lastComponent) : nil)
      }
    }
    if module.isExpert, keepsExpertsApart, row.experts != nil, expertForms.isEmpty { return .opaque }
    if let towers = row.towers, towers.others.contains(where: { module.hasPrefix($0 + ".") || module == $0 }) {
      return .tower
    }
    return .lost
  }

  /// The form of an expert's matrix that a name ends in.
  private func form(in pattern: String, of module: VLLMClass.Module) -> String {
    module.parts.first { pattern == $0 || pattern.hasSuffix("." + $0) } ?? ""
  }

  /// The engine's names that a name in an adapter can stand for, in the order in which the engine asks.
  private func candidates(for module: String) -> [String] {
    var names = [module]
    if pools { names.append("model." + module) }
    guard release.findsTextNames, let language = row.towers?.language, !language.isEmpty else { return names }
    names.append(language + "." + module)
    if module.hasPrefix("model.") {
      let rest = module.dropFirst("model.".count)
      if !rest.hasPrefix("model."), !rest.hasPrefix("lm_head") { names.append(language + "." + rest) }
    }
    return names
  }

  /// A whole stack of experts, which PEFT names by its module; the inner of two has `base_layer` after it.
  private func stack(_ module: String) -> Outcome? {
    let isInner = module.hasSuffix(".base_layer")
    let owner = isInner ? String(module.dropLast(".base_layer".count)) : module
    guard row.experts != nil else { return nil }
    for name in candidates(for: owner) {
      let pattern = Self.template(of: name).template
      guard let found = row.modules[pattern], found.kind.hasPrefix("experts") else { continue }
      return filtered(name) ?? .stack(isInner: isInner)
    }
    return nil
  }

  private func held(_ outcome: Outcome, _ name: String) -> Outcome {
    // Attention that decodes with matrices cut from this one when the weights were read does not see its slot.
    name.lastComponent == "kv_b_proj" ? .unheld : outcome
  }

  // MARK: Templates

  /// A name with every component that is a number written `#`, and the first of these numbers.
  ///
  /// Numbers with zeros in front stay as they are: no module has such a name.
  static func template(of name: String) -> (template: String, number: UInt64?) {
    var first: UInt64?
    let template = unsafe String(unsafeUninitializedCapacity: name.utf8.count) { buffer in
      var count = 0
      var start = 0
      var value: UInt64 = 0
      var isNumber = true
      func close() {
        guard isNumber, count > start, count - start <= 18 else { return }
        if count - start > 1, unsafe buffer[start] == UInt8(ascii: "0") { return }
        if first == nil { first = value }
        unsafe buffer[start] = UInt8(ascii: "#")
        count = start + 1
      }
      for byte in name.utf8 {
        if byte == UInt8(ascii: ".") {
          close()
          start = count + 1
          value = 0
          isNumber = true
        } else if (0x30...0x39).contains(byte) {
          if isNumber { value = value &* 10 &+ UInt64(byte &- 0x30) }
        } else {
          isNumber = false
        }
        unsafe buffer[count] = byte
        count += 1
      }
      close()
      return count
    }
    return (template, first)
  }
}
