import JSON
package import LoRADeltas
import LoRAIO
import LoRAInspect
package import LoRAModel
import Safetensors
import Synchronization
import TensorCore

/// One adapter out of several, planned before anything is written.
package struct CombinePlan: Sendable {
  /// An adapter and what its delta counts for.
  package struct Input: Sendable {
    package let adapter: Adapter
    package let weight: Double

    package init(_ adapter: Adapter, weight: Double) { (self.adapter, self.weight) = (adapter, weight) }
  }

  package let inputs: [Input]
  package let options: CombineOptions
  private let modules: [ModuleCombination]

  /// Checks the adapters and finds the ranks of the result.
  ///
  /// - Throws: `SurgeryError.refused` with every reason.
  package init(_ inputs: [Input], _ options: CombineOptions) throws(SurgeryError) {
    (self.inputs, self.options) = (inputs, options)
    var refusals = inputs.flatMap { Self.refusals(of: $0) } + Self.refusals(among: inputs.map(\.adapter))
    guard refusals.isEmpty else { throw .refused(refusals) }
    var modules: [ModuleCombination] = []
    for group in Self.groups(inputs) {
      do throws(SurgeryError) {
        modules.append(try Self.combination(group, inputs, options))
      } catch {
        guard case .refused(let reasons) = error else { throw error }
        refusals += reasons
      }
    }
    guard refusals.isEmpty else { throw .refused(refusals) }
    self.modules = modules
  }

  // MARK: What cannot be combined

  private static func refusals(of input: Input) -> [SurgeryRefusal] {
    let adapter = input.adapter
    var refusals = adapter.refusalsAsFactors
    if adapter.config?.usesDoRA == true || adapter.modules.contains(where: { $0.magnitude != nil }) {
      refusals.append(
        SurgeryRefusal(
          adapter.path, "it is a DoRA, whose change is no delta that could be added to others",
          hint: "merge the adapters into the base one after the other, or train without use_dora"))
    }
    if adapter.config?.hasLoRABias == true || adapter.modules.contains(where: { $0.bBias != nil }) {
      refusals.append(
        SurgeryRefusal(adapter.path, "its B has a bias (lora_bias), for which a combined adapter has no place"))
    }
    if let variant = adapter.config?.variants.first(where: { $0.hasPrefix("alora") }) {
      refusals.append(
        SurgeryRefusal(
          adapter.path, subject: variant, "it is an activated LoRA, which acts only after its invocation tokens"))
    }
    if let replaced = adapter.replacements.first, input.weight != 1 {
      refusals.append(
        SurgeryRefusal(
          adapter.path, subject: replaced.name,
          "it replaces this tensor of the base as a whole, which has no part of weight \(input.weight)",
          hint: "give the adapter the weight 1"))
    }
    return refusals
  }

  private static func refusals(among adapters: [Adapter]) -> [SurgeryRefusal] {
    var refusals: [SurgeryRefusal] = []
    let replacing = adapters.filter { !$0.replacements.isEmpty }
    if replacing.count > 1 {
      refusals.append(
        SurgeryRefusal(
          replacing[1].path, subject: replacing[1].replacements[0].name,
          "it replaces tensors of the base as a whole (modules_to_save, biases, token rows), and so does "
            + "\(escaped(replacing[0].path)); two such replacements have no sum"))
    }
    let named = adapters.compactMap { adapter in
      Inspection(adapter).baseModelName.map { (path: adapter.path, base: $0) }
    }.filter { !$0.base.isEmpty && ModelName($0.base).isCertain }
    if let first = named.first,
      let other = named.first(where: {
        let (one, two) = (ModelName(first.base), ModelName($0.base))
        return !one.mayBe(two) && !one.isVariant(of: two)
      })
    {
      refusals.append(
        SurgeryRefusal(
          other.path, subject: "base_model_name_or_path",
          "it was trained on \(escaped(other.base, limit: 120)), but \(escaped(first.path)) on "
            + "\(escaped(first.base, limit: 120)); deltas of different bases have no sum",
          hint: "correct the name if the bases are one model"))
    }
    return refusals
  }

  // MARK: Modules

  /// A module of the result: for every adapter the module that it has there.
  private struct Group {
    var module: AdapterModule
    var members: [(adapter: Int, module: AdapterModule)]
  }

  private static func groups(_ inputs: [Input]) -> [Group] {
    var groups: [Group] = []
    for (position, input) in inputs.enumerated() {
      let places = Dictionary(groups.enumerated().map { ($1.module.name, $0) }) { first, _ in first }
      for entry in ModuleAlignment(groups.map(\.module), input.adapter.modules, base: nil).entries {
        guard let own = entry.b else { continue }
        if let known = entry.a, let place = places[known.name] {
          groups[place].members.append((position, own))
        } else {
          groups.append(Group(module: own, members: [(position, own)]))
        }
      }
    }
    return groups
  }

  private static func combination(_ group: Group, _ inputs: [Input], _ options: CombineOptions) throws(SurgeryError)
    -> ModuleCombination
  {
    var parts: [ModuleCombination.Part] = []
    for (position, module) in group.members {
      let adapter = inputs[position].adapter
      guard let file = adapter.file else { continue }
      do throws(LoRAPairProblem) {
        let pair = try adapter.pair(of: module)
        parts.append(.init(pair: pair, file: file, weight: inputs[position].weight, adapter: position))
      } catch {
        throw .refused([SurgeryRefusal(adapter.path, module: module.name, error)])
      }
      try check(parts[parts.count - 1], like: parts[0], module, adapter.path)
    }
    let result = ModuleCombination(group.module.name, group.module, parts, options)
    let path = inputs[group.members[0].adapter].adapter.path
    if options.method.prunes, result.entries > ModuleCombination.entryLimit {
      throw .refused(
        path, subject: group.module.name,
        "its delta has \(grouped(result.entries)) entries, more than the \(grouped(ModuleCombination.entryLimit)) that are "
          + "merged one by one", hint: "use --method cat, linear or svd, which never form the delta")
    }
    let sum = parts.reduce(0 as UInt64) { $0 &+ $1.pair.rank }
    guard sum <= LoRAPair.rankLimit else {
      throw .refused(
        path, subject: group.module.name,
        "the ranks add up to \(sum), more than the \(LoRAPair.rankLimit) that are computed",
        hint: "resize the adapters first")
    }
    return result
  }

  private static func check(
    _ part: ModuleCombination.Part, like first: ModuleCombination.Part, _ module: AdapterModule, _ path: String
  ) throws(SurgeryError) {
    func shape(_ pair: LoRAPair) -> String {
      (pair.experts > 1 ? "\(pair.experts) experts of " : "") + "\(pair.b.count) x \(pair.a.count)"
    }
    let (one, other) = (first.pair, part.pair)
    guard one.a.count == other.a.count, one.b.count == other.b.count, one.experts == other.experts else {
      throw .refused(
        path, subject: module.name, "its delta is \(shape(other)), but that of the first adapter \(shape(one))",
        hint: "the adapters belong to models of different sizes")
    }
    if module.kind == .parameter, other.a.tensor.shape.rank != 2 {
      throw .refused(
        path, subject: module.name,
        "its factors have a dimension for the experts, as MLX stores them, which PEFT's lack",
        hint: "convert the adapter to PEFT first")
    }
    guard (part.weight * other.scale).isFinite else {
      throw .refused(path, subject: module.name, "its scale times the weight is not a finite number")
    }
  }

  // MARK: Output

  /// Threads that there is memory for.
  package func workers(_ wanted: Int) -> Int {
    WorkMemory.workers(wanted, largest: modules.map(\.workBytes).max() ?? 0)
  }

  /// The folder to write, and where the outcome of its modules will be found.
  package func folder(toolVersion: String) throws(SurgeryError) -> (folder: PEFTFolder, results: CombineResults) {
    let results = CombineResults(count: modules.count)
    var weights = SafetensorsDraft()
    var names: Set<String> = []
    for (index, module) in modules.enumerated() {
      let owner = PEFTNames(inputs[module.parts[0].adapter].adapter)
      guard let a = module.module.a, let b = module.module.b else { continue }
      let (down, up) = (owner.name(of: a, .a, of: module.module), owner.name(of: b, .b, of: module.module))
      guard names.insert(down).inserted, names.insert(up).inserted else {
        throw .refused(
          inputs[module.parts[0].adapter].adapter.path, subject: module.name,
          "its tensor \(escaped(down)) has the name of another module's in the other adapters, which nest their stacks of "
            + "experts in another order", hint: "train the adapters with the same target_parameters")
      }
      let shapes = module.shapes
      weights.make([(down, module.dtype, shapes.a), (up, module.dtype, shapes.b)]) { () throws(SurgeryError) in
        let result = try module.run()
        results[index] = result.outcome
        return [result.a, result.b]
      }
    }
    for adapter in inputs.map(\.adapter) {
      guard let file = adapter.file else { continue }
      let owner = PEFTNames(adapter)
      for replacement in adapter.replacements {
        weights.copy(replacement.tensor, of: file, as: owner.name(of: replacement), dtype: options.dtype)
      }
    }
    let record = SurgeryRecord(
      "combine", toolVersion: toolVersion, options: options.json(weights: inputs.map(\.weight)),
      inputs: inputs.flatMap(\.adapter.inputFiles))
    let first = inputs[0].adapter.path
    let folder = FileKind(path: first) == .folder ? first : nil
    return (PEFTFolder(config: config, weights: weights, record: record, sideFilesFrom: folder), results)
  }

  /// The ranks of the result, before anything is computed.
  package var expectation: CombineOutcome {
    CombineOutcome(
      modules: modules.map { module in
        CombinedModule(name: module.name, ranks: module.parts.map { ($0.adapter, $0.pair.rank) }, rank: module.rank)
      })
  }

  /// The config of the first adapter of PEFT's, with the targets of all and scale 1 everywhere.
  private var config: JSONObject {
    let source = inputs.first { $0.adapter.config != nil } ?? inputs[0]
    var draft = PEFTConfigDraft(
      modules.map {
        PEFTConfigDraft.Module(name: $0.name, kind: $0.module.kind, rank: $0.rank, alpha: Double($0.rank))
      })
    let raw = source.adapter.config?.raw
    draft.isChosenByInput = inputs.map(\.adapter).allSatisfy { adapter in
      adapter.chooses(modules.map(\.name))
        && PEFTConfigDraft.selection.allSatisfy { adapter.config?.raw[$0] == raw?[$0] }
    }
    var members = draft.config(updating: source.adapter.config?.raw ?? JSONObject())
    // What one adapter replaces as a whole, the result replaces.
    if let owner = inputs.first(where: { !$0.adapter.replacements.isEmpty }) {
      for field in ["modules_to_save", "bias", "trainable_token_indices"] {
        if let value = owner.adapter.rawConfig?[field] { members[field] = value }
      }
    }
    return members
  }
}

/// The outcomes of modules, which threads fill in.
package final class CombineResults: Sendable {
  private let outcomes: Mutex<[CombinedModule?]>

  init(count: Int) { outcomes = Mutex(Array(repeating: nil, count: count)) }

  subscript(index: Int) -> CombinedModule? {
    get { outcomes.withLock { $0[index] } }
    set { outcomes.withLock { $0[index] = newValue } }
  }

  /// All outcomes, once everything is written.
  package var outcome: CombineOutcome { CombineOutcome(modules: outcomes.withLock { $0 }.compactMap(\.self)) }
}
