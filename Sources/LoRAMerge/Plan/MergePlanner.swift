import Diagnostics
import JSON
import LoRAIO
public import LoRAModel
import QuantizedWeights
import Safetensors
import TensorCore

extension MergePlan {
  /// Plans the merge of adapters into a base; reads headers and lists the base folder, and writes nothing.
  ///
  /// - Throws: `MergeError.refused` with every reason why the adapters cannot be merged, or what kept the base from
  ///   being read.
  public static func make(base: BaseModel, adapters: [WeightedAdapter], options: MergeOptions = MergeOptions())
    throws(MergeError) -> MergePlan
  {
    var planner = try MergePlanner(base: base, adapters: adapters, options: options)
    return try planner.plan()
  }
}

/// Puts a plan together from what each adapter does.
struct MergePlanner {
  private let base: BaseModel
  private let checkpoint: Checkpoint
  private let adapters: [WeightedAdapter]
  private let options: MergeOptions
  private var sources: [SafetensorsFile]
  private var edits: [String: TensorEdit] = [:]
  private var refusals: [Refusal] = []
  private var warnings: [String] = []
  /// The same sentences without paths.
  private var recordedWarnings: [String] = []
  private var planned: [PlannedAdapter] = []
  private var record: MergeRecord?

  /// The quantised weights of a base that stays quantised.
  private var quantized: QuantizedCheckpoint?

  init(base stored: BaseModel, adapters: [WeightedAdapter], options: MergeOptions) throws(MergeError) {
    let base = options.dequantizes || options.requantizes ? stored.dequantized() ?? stored : stored
    self.base = base
    self.adapters = adapters
    self.options = options
    refusals = base.findings.filter { $0.severity == .error }.map {
      Refusal($0.file, subject: $0.tensor, $0.message, hint: $0.hint)
    }
    guard let checkpoint = base.checkpoint else {
      throw .refused(refusals + [Refusal(base.path, "the base has no weights to merge into; name the model's folder")])
    }
    self.checkpoint = checkpoint
    sources = checkpoint.files
    if options.dequantizes {
      let plan = Dequantization(stored)
      refusals += plan.refusals
      warnings += plan.warnings
      recordedWarnings += plan.warnings
    }
    if options.requantizes {
      quantized = stored.quantizedWeights()
      refusals += Dequantization(stored).refusals
      if quantized?.weights.isEmpty != false {
        refusals.append(Refusal(base.path, "no weight of the base is quantised, so there is nothing to quantise again"))
      }
      if options.dtype != nil || options.maxShardBytes != nil || options.rounding != .nearest {
        refusals.append(
          Refusal(base.path, "a base that stays quantised keeps its types and shards and is rounded to nearest"))
      }
    }
    if adapters.isEmpty, !options.dequantizes { refusals.append(Refusal(base.path, "there is no adapter to merge")) }
    if options.dtype != nil, let method = base.quantization {
      refusals.append(
        Refusal(base.path, "the base is quantised (\(escaped(method))), so its dtype cannot be converted"))
    }
  }

  mutating func plan() throws(MergeError) -> MergePlan {
    for (number, adapter) in adapters.enumerated() { plan(adapter, number) }
    warnings += options.accepted.map(\.warning)
    let isEnsured = adapters.allSatisfy { $0.adapter.config?.raw["ensure_weight_tying"] == .bool(true) }
    refuseCoarseTypes()
    let tying = Tying(of: base, &edits, sources, isEnsured: isEnsured)
    let vocabulary = Vocabulary(base, edits)
    refusals += tying.refusals + (vocabulary.refusal.map { [$0] } ?? [])
    if !refusals.isEmpty { throw .refused(refusals) }
    let inputs = try MergeError.catching { () throws(IOError) in
      try MergeInputIdentities(base: checkpoint.files, adapters: adapters)
    }
    if options.provenance != .none { record = MergeRecord(inputs, options) }
    for warning in tying.warnings {
      warnings.append(warning)
      recordedWarnings.append(warning)
    }
    let shards = try layOut(adding: tying.added)
    var plan = MergePlan(
      sources: sources, baseFolder: checkpoint.folder, shards: shards, files: [], skipped: [], adapters: planned,
      mergedTensors: edits.filter { $0.value.columns != nil }.keys.ordered(),
      replacedTensors: edits.filter { $0.value.columns == nil }.keys.ordered(),
      addedTensors: tying.added.map(\.name), unties: tying.unties, warnings: warnings, rounding: options.rounding,
      provenance: options.provenance)
    plan.minimumRetention = options.minimumRetention
    try addFiles(to: &plan, vocabulary)
    plan.identity = try MergeError.catching { () throws(IOError) in try PlanIdentity(of: plan, inputs, options) }
    addRecord(to: &plan)
    return plan
  }

  // MARK: Adapters

  private mutating func plan(_ adapter: WeightedAdapter, _ number: Int) {
    let reasons = Eligibility.refusals(of: adapter.adapter)
    guard reasons.isEmpty, let file = adapter.adapter.file else {
      refusals += reasons
      return
    }
    var planner = AdapterPlanner(
      base: base, checkpoint: checkpoint, adapter: adapter, number: number, file: file, source: sources.count,
      expertLayout: options.expertLayout)
    sources.append(file)
    planner.plan()
    refusals += planner.refusals
    warnings += planner.warnings.map { "\(escaped(adapter.adapter.path)): \($0)" }
    recordedWarnings += planner.warnings.map { "adapter \(number + 1): \($0)" }
    planned.append(
      PlannedAdapter(path: adapter.adapter.path, weight: adapter.weight, modules: planner.moduleCount))
    for change in planner.changes {
      if let reason = edits[change.tensor, default: TensorEdit()].add(change) {
        refusals.append(Refusal(adapter.adapter.path, subject: change.tensor, reason))
      }
    }
  }

  /// Refuses to quantise changed weights again in types that lose the change, and edits that are more than a change.
  private mutating func refuseCoarseTypes() {
    guard let quantized else { return }
    for (name, edit) in edits.ordered(by: { $0.key < $1.key }) {
      guard let weight = quantized.weights[name] else { continue }
      if weight.grid == nil {
        refusals.append(
          Refusal(
            base.path, subject: name,
            "it is stored as \(weight.format), and only 8-bit floats are quantised again: in 4 bits a change of 2 % of the "
              + "weight leaves nothing (gain 0.00), in 8-bit floats about two thirds (0.63), in BF16 all (1.00)",
            hint: "--dequantize writes a plain BF16 model that keeps the change"))
        return
      }
      if edit.columns == nil || edit.origin != nil || !edit.replacedRows.isEmpty {
        refusals.append(
          Refusal(
            base.path, subject: name, "the adapter replaces it, and a quantised weight is only added to",
            hint: "--dequantize writes a plain model in which it is replaced"))
      }
    }
  }

  // MARK: Output

  private mutating func layOut(adding added: [Tying.Added]) throws(MergeError) -> [ShardPlan] {
    if let quantized { return try layOut(quantized) }
    let entries = checkpoint.files.enumerated().map { position, file in
      self.entries(of: file, source: position, adding: added.filter { $0.shard == position })
    }
    if let limit = options.maxShardBytes {
      return try Resharding(checkpoint, limit: limit).shards(entries.flatMap { $0 }, &record)
    }
    var shards: [ShardPlan] = []
    for (position, file) in checkpoint.files.enumerated() {
      var layout = ShardLayout()
      for entry in entries[position] { layout.append(entry) }
      let name = Self.outputName(of: file.path)
      do throws(HeaderWriterError) {
        let metadata = ShardLayout.metadata(of: file.header)
        // Nothing is left of a shard that held parts of quantised weights alone.
        if file.isView, entries[position].isEmpty, checkpoint.files.count > 1 { continue }
        if layout.isChanged || file.isView, var known = record {
          shards.append(try known.shard(layout, named: name, metadata: metadata))
          record = known
        } else if file.isView {
          shards.append(try layout.shard(named: name, metadata: metadata))
        } else {
          shards.append(try layout.shard(named: name, mirroring: file, source: position))
        }
      } catch {
        throw .header(file: name, error)
      }
    }
    return shards
  }

  /// The shards of a base that stays quantised: its own tensors, with new codes and scales where a weight changes.
  private mutating func layOut(_ quantized: QuantizedCheckpoint) throws(MergeError) -> [ShardPlan] {
    var changed: [String: Requantization] = [:]
    for (name, edit) in edits {
      guard let grid = quantized.weights[name]?.grid, let entry = checkpoint.tensors[name] else { continue }
      let weight = StoredTensor(entry.info, of: checkpoint.files[entry.file], source: entry.file)
      guard let work = Requantization(edit, of: weight, grid) else { continue }
      changed[grid.codesName] = work
      changed[grid.scalesName] = work
    }
    var shards: [ShardPlan] = []
    for (position, file) in quantized.stored.files.enumerated() {
      var layout = ShardLayout()
      for info in file.header.tensors {
        let work = changed[info.name]
        let original = StoredTensor(info, of: file, source: position)
        let edit = work == nil && !quantized.parts.contains(info.name) ? edits[info.name] : nil
        layout.append(
          ShardLayout.Entry(
            name: info.name, original: original, dtype: original.dtype, edit: edit, requantization: work))
      }
      let name = Self.outputName(of: file.path)
      do throws(HeaderWriterError) {
        if layout.isChanged, var known = record {
          shards.append(try known.shard(layout, named: name, metadata: ShardLayout.metadata(of: file.header)))
          record = known
        } else {
          shards.append(try layout.shard(named: name, mirroring: file, source: position))
        }
      } catch {
        throw .header(file: name, error)
      }
    }
    return shards
  }

  private func entries(of file: SafetensorsFile, source: Int, adding added: [Tying.Added]) -> [ShardLayout.Entry] {
    let stored = file.header.tensors.map { ($0.name, StoredTensor($0, of: file, source: source)) }
    return (stored + added.map { ($0.name, $0.original) }).map { name, original in
      let dtype =
        original.isComputed(in: sources[original.source.source])
        ? options.dtype ?? .bf16 : ShardLayout.outputDType(of: original.dtype, options.dtype)
      return ShardLayout.Entry(name: name, original: original, dtype: dtype, edit: edits[name])
    }
  }

  /// The name of a base shard in the output, which is never compressed.
  private static func outputName(of path: String) -> String {
    let name = Folder.lastComponent(path)
    guard let ending = SafetensorsFile.compressedExtensions.first(where: { name.hasSuffix($0) }) else { return name }
    return String(name.dropLast(ending.count))
  }

  private mutating func addFiles(to plan: inout MergePlan, _ vocabulary: Vocabulary) throws(MergeError) {
    let isSingleFile = FileKind(path: base.path) == .regular && !base.path.hasSuffix(".json")
    if !isSingleFile {
      var written = Set(checkpoint.files.map { Folder.lastComponent($0.path) })
      written.formUnion(checkpoint.index.map { [Folder.lastComponent($0.path)] } ?? [])
      // A record of the base would be taken for one of the output.
      written.insert(MergeRecord.fileName)
      if options.dequantizes { written.formUnion(Dequantization.sideFiles) }
      let side = try MergeError.catching { () throws(IOError) in try SideFiles(of: checkpoint.folder, without: written)
      }
      plan.files = side.files
      plan.skipped = side.skipped
      plan.warnings += side.warnings
      recordedWarnings += side.warnings
    }
    if let source = vocabulary.source {
      let (files, warning) = try MergeError.catching { () throws(IOError) in
        try Vocabulary.exchange(plan.files, besideWeights: sources[source].path)
      }
      plan.files = files
      plan.warnings += warning.map { [$0] } ?? []
      recordedWarnings += warning.map { [$0] } ?? []
    }
    try addIndex(to: &plan)
    try editConfig(of: &plan, vocabulary)
  }

  private func addIndex(to plan: inout MergePlan) throws(MergeError) {
    if options.maxShardBytes != nil, plan.shards.count == 1 { return }
    if let index = checkpoint.index, IndexText.isStillRight(index, for: plan.shards) {
      let size = try MergeError.catching { () throws(IOError) in try InputFile(path: index.path).size }
      plan.files.append(
        SideFile(name: Folder.lastComponent(index.path), contents: .copied(from: index.path), size: size))
    } else if checkpoint.index != nil || plan.shards.count > 1 {
      let name = checkpoint.index.map { Folder.lastComponent($0.path) } ?? checkpoint.stem + ".safetensors.index.json"
      plan.files.append(
        SideFile(name: name, IndexText.text(of: plan.shards, metadata: checkpoint.index?.metadata ?? JSONObject())))
    }
  }

  /// Puts the record of the merge, and a model card where the base has none, before the config, which is the last.
  private func addRecord(to plan: inout MergePlan) {
    guard var record else { return }
    var files = [record.file(of: plan, previous: previousRecord, warnings: recordedWarnings)]
    plan.files.removeAll(where: ModelCard.isOutdated)
    if !adapters.isEmpty, !plan.files.contains(where: { $0.name.lowercased() == ModelCard.fileName.lowercased() }) {
      files.append(record.card(of: plan))
    }
    let isConfigLast = plan.files.last?.name == "config.json"
    plan.files.insert(contentsOf: files, at: isConfigLast ? plan.files.count - 1 : plan.files.count)
  }

  /// The record of a base that is itself the result of a merge.
  private var previousRecord: JSONValue? {
    let path = Folder.join(checkpoint.folder, MergeRecord.fileName)
    guard FileKind(path: path) == .regular else { return nil }
    do {
      return try JSONValue(parsing: InputFile.contents(of: path, limit: 4 << 20))
    } catch {
      return nil
    }
  }

  /// Puts config.json last and changes in it what is no longer true.
  private func editConfig(of plan: inout MergePlan, _ vocabulary: Vocabulary) throws(MergeError) {
    guard let position = plan.files.firstIndex(where: { $0.name == "config.json" }) else { return }
    var file = plan.files.remove(at: position)
    let changes = ConfigChanges(
      dtype: options.dtype ?? (options.dequantizes ? .bf16 : nil), unties: plan.unties && base.obeysTyingFlag,
      vocabularySize: vocabulary.size,
      dequantizes: options.dequantizes)
    if case .copied(let path) = file.contents, let edited = try changes.apply(to: path) {
      file = SideFile(name: file.name, edited)
    }
    plan.files.append(file)
  }
}

extension SideFile {
  /// A file with these contents.
  init(name: String, _ bytes: [UInt8]) {
    self.init(name: name, contents: .written(DigestTemplate(bytes)), size: UInt64(bytes.count))
  }

}
