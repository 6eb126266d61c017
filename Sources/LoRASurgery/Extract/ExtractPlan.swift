import JSON
package import LoRADeltas
import LoRAIO
package import LoRAModel
import Safetensors
package import TensorCore

/// What an extraction is to do.
package struct ExtractOptions: Sendable {
  package var rule: ExtractRule
  /// Tensors that changed and are no factors are left out.
  package var onlyLoRA = false
  /// The type to write factors in; nil takes that of the tuned model's weights.
  package var dtype: DType?
  package var seed: UInt64 = 0

  package init(_ rule: ExtractRule) { self.rule = rule }

  /// What changes the result, for the record.
  var json: JSONObject {
    [
      "rank": rule.rank.map { JSONValue($0) } ?? .null, "energy": rule.energy.map { .real($0) } ?? .null,
      "only_lora": .bool(onlyLoRA), "dtype": .string(dtype?.name ?? "keep"), "seed": JSONValue(seed),
    ]
  }
}

/// The adapter that turns one model into another, planned before anything is written.
package struct ExtractPlan: Sendable {
  package let options: ExtractOptions
  let comparison: ModelComparison
  /// Modules that changed, in natural order.
  private let extractions: [ModuleExtraction]
  /// Factors of them, where the rule or the caller wanted them computed at once.
  private let computed: [ModuleExtraction.Factors]
  /// Other tensors that changed.
  let changes: WholeChanges
  /// Modules that LoRA could adapt and that are equal.
  package let unchangedModules: Int

  /// Most memory for differences that are kept instead of read again, over all threads, and for one of them.
  private static let keptBytes = 512 << 20
  private static let largestKept = 64 << 20
  /// Cosine of all weights below which the two models are not of one family.
  private static let leastCosine = 0.9

  /// Compares two models.
  ///
  /// - Parameter computes: whether the factors are computed although the rule does without.
  /// - Throws: `SurgeryError.refused` with every reason.
  package init(
    base: BaseModel, tuned: BaseModel, _ options: ExtractOptions, computes: Bool, workers: Int,
    control: SurgeryControl = SurgeryControl()
  ) throws(SurgeryError) {
    self.options = options
    let comparison = try ModelComparison(
      base: ModelTensors(base, role: "base"), tuned: ModelTensors(tuned, role: "tuned model"))
    self.comparison = comparison
    let keptBytes = min(Self.largestKept, Self.keptBytes / max(workers, 1))
    let scans = try Self.scan(comparison, workers, control)
    try Self.checkCosine(scans.modules, comparison)
    var extractions: [ModuleExtraction] = []
    for (module, scans) in zip(comparison.modules, scans.modules) where !scans.allSatisfy(\.isZero) {
      let stored = module.dtype == .f64 ? .f32 : module.dtype
      extractions.append(
        ModuleExtraction(
          module: module, scans: scans, dtype: options.dtype ?? stored, seed: options.seed, keptBytes: keptBytes,
          path: tuned.path))
    }
    self.extractions = extractions
    unchangedModules = comparison.modules.count - extractions.count
    changes = WholeChanges(comparison, scans.wholes)
    guard !extractions.isEmpty else {
      throw .refused(
        tuned.path,
        changes.tensors.isEmpty
          ? "it holds the same values as \(base.path)"
          : "nothing that LoRA can hold differs from the base, only \(changes.tensors.count) other tensors do")
    }
    let needsAll = options.rule.energy != nil || computes
    computed = needsAll ? try Self.compute(extractions, options.rule, workers, control) : []
    guard computed.isEmpty || computed.contains(where: { $0.outcome.rank > 0 }) else {
      throw .refused(
        tuned.path, "all of its differences are within the noise of rounding, so there is nothing to extract",
        hint: "use the models before they were rounded to 16 bits, or give --rank")
    }
    try checkSizes()
  }

  // MARK: Reading

  /// Sums over all matrices of all modules, and over the other tensors.
  private static func scan(_ comparison: ModelComparison, _ workers: Int, _ control: SurgeryControl)
    throws(SurgeryError) -> (modules: [[DeltaScan]], wholes: [DeltaScan?])
  {
    let matrices = comparison.modules.flatMap(\.matrices) + comparison.wholes.flatMap { $0.matrices ?? [] }
    let found = Collected<DeltaScan>()
    try Workers.forEach(count: matrices.count, workers: workers) { (index) throws(SurgeryError) in
      found[index] = try DeltaReader(matrices[index], keptBytes: 0, control: control).scan()
      control.add(matrices[index].inputBytes)
    }
    var next = 0
    func take() -> DeltaScan? {
      next += 1
      return found[next - 1]
    }
    let modules = comparison.modules.map { module in module.matrices.compactMap { _ in take() } }
    let wholes = comparison.wholes.map { whole in
      whole.matrices.map { $0.compactMap { _ in take() }.reduce(into: DeltaScan(columns: 0)) { $0.add($1) } }
    }
    return (modules, wholes)
  }

  /// Refuses a model that was not made from this base.
  private static func checkCosine(_ scans: [[DeltaScan]], _ comparison: ModelComparison) throws(SurgeryError) {
    var (base, tuned, shared) = (0.0, 0.0, 0.0)
    var worst: (cosine: Double, name: String) = (1, "")
    for (module, scans) in zip(comparison.modules, scans) {
      let own = scans.reduce(into: (base: 0.0, tuned: 0.0, shared: 0.0)) {
        ($0.base, $0.tuned, $0.shared) = ($0.base + $1.base, $0.tuned + $1.tuned, $0.shared + $1.shared)
      }
      (base, tuned, shared) = (base + own.base, tuned + own.tuned, shared + own.shared)
      let cosine = own.shared / (own.base.squareRoot() * own.tuned.squareRoot())
      if cosine < worst.cosine { worst = (cosine, module.name) }
    }
    guard base > 0, tuned > 0 else { return }
    let cosine = shared / (base.squareRoot() * tuned.squareRoot())
    guard cosine < leastCosine else { return }
    let (all, one) = ((cosine * 1000).rounded() / 1000, (worst.cosine * 1000).rounded() / 1000)
    throw .refused(
      comparison.tuned.model.path, subject: worst.name.isEmpty ? nil : worst.name,
      "its weights point elsewhere than the base's: the cosine of the two is \(one), and \(all) over all modules, "
        + "expected at least \(leastCosine)", hint: "is \(comparison.base.model.path) the right base?")
  }

  private static func compute(
    _ extractions: [ModuleExtraction], _ rule: ExtractRule, _ workers: Int, _ control: SurgeryControl
  ) throws(SurgeryError) -> [ModuleExtraction.Factors] {
    let found = Collected<ModuleExtraction.Factors>()
    try Workers.forEach(count: extractions.count, workers: workers) { (index) throws(SurgeryError) in
      try control.check()
      found[index] = try extractions[index].run(rule, control: control)
      control.add(extractions[index].module.inputBytes)
    }
    return extractions.indices.compactMap { found[$0] }
  }

  private func checkSizes() throws(SurgeryError) {
    for (index, extraction) in extractions.enumerated() {
      let module = extraction.module
      let wide = rank(index).multipliedReportingOverflow(by: UInt64(module.experts))
      let size = wide.partialValue.multipliedReportingOverflow(by: UInt64(max(module.inputs, module.outputs)))
      guard !wide.overflow, !size.overflow, size.partialValue <= LoRAPair.elementLimit else {
        throw .refused(
          comparison.tuned.model.path, subject: module.name, "a factor of rank \(rank(index)) would be too large",
          hint: "choose a smaller rank")
      }
    }
  }

  /// Bytes of both models that the plan reads.
  package static func inputBytes(base: BaseModel, tuned: BaseModel, passes: UInt64) -> UInt64 {
    ((base.checkpoint?.tensorBytes ?? 0) &+ (tuned.checkpoint?.tensorBytes ?? 0)) &* passes
  }

  // MARK: Result

  private func rank(_ index: Int) -> UInt64 {
    computed.isEmpty ? extractions[index].rank(options.rule) ?? 0 : computed[index].outcome.rank
  }

  /// The outcome where everything was computed at once.
  package var outcome: ExtractOutcome { ExtractOutcome(modules: computed.map(\.outcome)) }
  /// Other tensors that changed.
  package var changedTensors: [ExtractedTensor] { changes.tensors }

  /// The files to write, and where the outcome of the modules will be found.
  ///
  /// - Parameter control: what stops the computations of factors that were not computed yet.
  package func folder(toolVersion: String, control: SurgeryControl = SurgeryControl())
    -> (folder: PEFTFolder, results: ExtractResults)
  {
    let results = ExtractResults(extractions.count)
    let written = extractions.indices.filter { rank($0) > 0 }
    let keys = PEFTStackKeys(written.map { extractions[$0].module })
    var weights = SafetensorsDraft()
    for (index, computed) in computed.enumerated() { results[index] = computed.outcome }
    for index in written {
      let extraction = extractions[index]
      let shapes = extraction.shapes(rank: rank(index))
      let path = PEFTNames.prefix + keys.key(of: extraction.module)
      let leaves =
        extraction.module.kind == .embedding
        ? (a: ".lora_embedding_A", b: ".lora_embedding_B") : (a: ".lora_A.weight", b: ".lora_B.weight")
      let done = computed.isEmpty ? nil : computed[index]
      let rule = options.rule
      weights.make([(path + leaves.a, extraction.dtype, shapes.a), (path + leaves.b, extraction.dtype, shapes.b)]) {
        () throws(SurgeryError) in
        if let done { return [done.a, done.b] }
        let factors = try extraction.run(rule, control: control)
        results[index] = factors.outcome
        return [factors.a, factors.b]
      }
    }
    let adapted = Set(written.map { extractions[$0].module.name })
    if !options.onlyLoRA { changes.add(to: &weights, adapted: adapted, dtype: options.dtype) }
    var record = SurgeryRecord("extract", toolVersion: toolVersion, options: options.json, inputs: [])
    record.models = [
      ("base", comparison.base.model.checkpoint?.files ?? []),
      ("tuned", comparison.tuned.model.checkpoint?.files ?? []),
    ]
    return (PEFTFolder(config: config(written, adapted), weights: weights, record: record), results)
  }

  private func config(_ written: [Int], _ adapted: Set<String>) -> JSONObject {
    var draft = PEFTConfigDraft(
      written.map { index in
        let module = extractions[index].module
        return PEFTConfigDraft.Module(
          name: module.name, kind: module.kind, rank: rank(index), alpha: Double(rank(index)))
      })
    let base = comparison.base.model
    draft.baseModules = comparison.baseModules
    draft.baseModel = base.name
    let classes = base.config?["architectures"]?.array?.compactMap(\.string) ?? []
    if classes.contains(where: { $0.hasSuffix("ForCausalLM") }) { draft.taskType = "CAUSAL_LM" }
    var more = JSONObject()
    if written.contains(where: { extractions[$0].module.kind == .linear && extractions[$0].module.rowsAreInputs }) {
      more["fan_in_fan_out"] = true
    }
    // The release from which factors of stacks lie as they do here.
    if written.contains(where: { extractions[$0].module.kind == .parameter }) { more["peft_version"] = "0.19.0" }
    if !options.onlyLoRA {
      draft.modulesToSave = changes.modulesToSave
      if changes.hasBiases { more["bias"] = "all" }
      if changes.tiesEmbeddings { more["ensure_weight_tying"] = true }
    }
    return draft.config(updating: more)
  }
}

/// The outcomes of modules, which threads fill in.
package final class ExtractResults: Sendable {
  private let outcomes = Collected<ExtractedModule>()
  private let count: Int

  init(_ count: Int) { self.count = count }

  subscript(index: Int) -> ExtractedModule? {
    get { outcomes[index] }
    set { outcomes[index] = newValue }
  }

  /// All outcomes, once everything is written.
  package var outcome: ExtractOutcome { ExtractOutcome(modules: (0..<count).compactMap { outcomes[$0] }) }
}

/// The keys of modules in PEFT's file: a stack of experts goes by the module that owns it, and of several of one owner
/// the one registered first is innermost.
private struct PEFTStackKeys {
  private var keys: [String: String] = [:]

  init(_ modules: [ExtractModule]) {
    let stacks = Dictionary(grouping: modules.filter { $0.kind == .parameter }, by: \.owner)
    for (owner, members) in stacks {
      for (place, module) in members.ordered(by: { $0.place < $1.place }).enumerated() {
        keys[module.name] = owner + String(repeating: ".base_layer", count: members.count - 1 - place)
      }
    }
  }

  func key(of module: ExtractModule) -> String { keys[module.name] ?? module.name }
}
