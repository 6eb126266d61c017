import JSON
import LoRAKernels
import LoRAModel
import Safetensors
import TensorCore

/// Finds out what one adapter does to which tensors of a base; every kind of adapted thing has a file of its own.
struct AdapterPlanner {
  let base: BaseModel
  let checkpoint: Checkpoint
  let adapter: Adapter
  /// Position of the adapter.
  let number: Int
  let weight: Double
  /// The adapter's weights and their position among the sources of the plan.
  let file: SafetensorsFile
  let source: Int
  /// How factors of experts are laid out; nil when the file is to tell.
  let expertLayout: ExpertLayout?

  /// What was found, in the order of the adapter's modules.
  private(set) var changes: [Change] = []
  private(set) var refusals: [Refusal] = []
  private(set) var warnings: [String] = []
  /// Prefixes that module names of the adapter carry in place of those of the base.
  private(set) var prefixChanges: [(from: String, to: String)] = []
  /// Weights that the adapter brings along, by their names in the output.
  var origins: [String: StoredTensor] = [:]
  /// Number of adapted modules.
  private(set) var moduleCount = 0

  init(
    base: BaseModel, checkpoint: Checkpoint, adapter: WeightedAdapter, number: Int, file: SafetensorsFile,
    source: Int, expertLayout: ExpertLayout?
  ) {
    self.expertLayout = expertLayout
    self.base = base
    self.checkpoint = checkpoint
    self.adapter = adapter.adapter
    self.number = number
    weight = adapter.weight
    self.file = file
    self.source = source
  }

  /// Looks at every module and replacement of the adapter.
  mutating func plan() {
    // Where an adapter brings W along, its factors are to fit that one.
    for replacement in adapter.replacements where replacement.role == .adaptedBase { self.replacement(replacement) }
    for module in adapter.modules {
      let known = refusals.count
      plan(module)
      if refusals.count == known { moduleCount += 1 }
    }
    for replacement in adapter.replacements where replacement.role != .adaptedBase { self.replacement(replacement) }
    if !adapter.misnamed.isEmpty {
      warnings.append(
        "\(adapter.misnamed.count) tensors have names that PEFT would not load, such as "
          + "\"\(escaped(adapter.misnamed[0].tensor.name, limit: 120))\"; their meaning is clear and they were merged")
    }
  }

  private mutating func plan(_ module: AdapterModule) {
    switch module.kind {
    case .linear: linear(module)
    case .embedding: embedding(module)
    case .conv1d, .conv2d: convolution(module)
    case .parameter: return experts(module)
    }
    bias(module)
  }

  // MARK: For the kinds

  /// Notes a reason against a module.
  mutating func refuse(_ module: AdapterModule, _ reason: String, hint: String? = nil) {
    refuse(module.name, reason, hint: hint)
  }

  /// Notes a reason against a module or tensor.
  mutating func refuse(_ subject: String, _ reason: String, hint: String? = nil) {
    refusals.append(Refusal(adapter.path, subject: subject, reason, hint: hint))
  }

  /// Notes something worth knowing.
  mutating func warn(_ text: String) { warnings.append(text) }

  /// Notes a change of a tensor.
  mutating func change(_ tensor: String, _ action: Change.Action) {
    changes.append(Change(tensor: tensor, adapter: number, action: action))
  }

  /// A tensor of the adapter.
  func stored(_ tensor: TensorInfo) -> StoredTensor { StoredTensor(tensor, of: file, source: source) }

  /// The factors of a module whose rank and scale are beyond doubt; nil when it was refused.
  mutating func pair(_ module: AdapterModule) -> LoRAPair? {
    do throws(LoRAPairProblem) {
      let pair = try adapter.pair(of: module, experts: expertLayout)
      guard weight.isFinite, (pair.scale * weight).isFinite else { throw .scaleNotFinite }
      return pair
    } catch {
      refuse(module, "\(error)", hint: error.hint)
      return nil
    }
  }

  /// A factor of one expert as a plan has it.
  func stored(_ factor: LoRAPair.Factor, expert: UInt64 = 0) -> StoredFactor {
    // Every offset lies in the tensor, whose bytes are in the file.
    stored(factor.tensor).factor(
      FactorLayout(
        offset: Int(expert * factor.expertStride), stride: Int(factor.stride), rankStride: Int(factor.rankStride)))
  }

  /// s·B·A of one expert, or its transpose, in the orientation of a stored weight.
  func delta(_ module: AdapterModule, _ pair: LoRAPair, expert: UInt64 = 0, isInputFirst: Bool) -> LowRankDelta {
    let (inputs, outputs) = (stored(pair.a, expert: expert), stored(pair.b, expert: expert))
    return LowRankDelta(
      adapter: number, module: module.name, rank: Int(pair.rank), scale: pair.scale * weight,
      left: isInputFirst ? inputs : outputs, right: isInputFirst ? outputs : inputs)
  }

  /// The module of the base that an adapted module means, when its weight can be changed.
  mutating func target(_ module: AdapterModule) -> BaseModule? {
    guard let match = base.match(module.name) else {
      refuseMissing(module)
      return nil
    }
    note(match)
    if let holder = base.sharedHolder(of: match.module.name) {
      refuseShared(module, holder)
      return nil
    }
    return isWritable(match.module, for: module) ? match.module : nil
  }

  private mutating func refuseShared(_ module: AdapterModule, _ holder: String) {
    refuse(
      module,
      "it belongs to a block that several layers share: the files hold its weight once, as \"\(escaped(holder))\", so that "
        + "a change for this layer alone has no place in them",
      hint: "serve the adapter unmerged")
  }

  /// Refuses a module that the base does not hold under any name that is known here, with the true reason.
  mutating func refuseMissing(_ module: AdapterModule) {
    let kind = module.kind == .parameter ? "parameter" : "module"
    if let holder = base.sharedHolder(of: module.name) {
      return refuseShared(module, holder)
    }
    if base.hasUnknownNames {
      refuse(
        module,
        "no tensor of the base has this name, and transformers renames modules of \(escaped(base.modelType ?? "this type")) "
          + "by rules that are not known here",
        hint: "merge with PEFT, or serve the adapter unmerged")
      return
    }
    if module.kind == .parameter, base.modules.keys.contains(where: { $0.isExpert }) {
      refuse(
        module,
        "the base has no such parameter as a whole: it stores its experts one by one, and not all parts of this one are there "
          + "under names that are known here",
        hint: base.closest(to: module.name).map { "the closest name is \"\(escaped($0))\"" })
      return
    }
    refuse(
      module, "the base has no such \(kind)",
      hint: base.closest(to: module.name).map { "the closest name is \"\(escaped($0))\"" })
  }

  /// Whether the weight can be read and written as numbers.
  mutating func isWritable(_ target: BaseModule, for module: AdapterModule) -> Bool {
    if target.isQuantized {
      refuse(
        module, "the base's weight is quantised, so nothing can be added to it",
        hint: "add --dequantize for a plain model, or merge into the unquantised one")
      return false
    }
    guard let weight = target.weight else {
      refuse(module, "the base's files hold no weight for it")
      return false
    }
    guard weight.info.dtype.isMergeable || isDequantized(weight) else {
      refuse(module, "the base's weight is stored as \(weight.info.dtype.name); F32, F16 and BF16 can be changed")
      return false
    }
    return true
  }

  /// Whether a tensor of the base is computed from codes, so that it takes deltas though it is F64.
  func isDequantized(_ entry: Checkpoint.Entry) -> Bool {
    let file = checkpoint.files[entry.file]
    return entry.info.dtype == .f64 && StoredTensor(entry.info, of: file, source: entry.file).isComputed(in: file)
  }

  /// The name of a module's weight in the output; an output head that shares the embedding's tensor has none in the
  /// base, and gets its own when it is changed.
  func outputName(of target: BaseModule) -> String {
    target.tiedTo == nil ? target.weightName : target.name + ".weight"
  }

  /// The shape of a module's weight: the base's, or that of the copy which the adapter brings along.
  func weightShape(of target: BaseModule) -> Shape {
    origins[outputName(of: target)]?.shape ?? target.weight?.info.shape ?? target.shape
  }

  mutating func note(_ match: ModuleMatch) {
    guard let change = match.prefixChange, !prefixChanges.contains(where: { $0 == change }) else { return }
    prefixChanges.append(change)
  }
}
