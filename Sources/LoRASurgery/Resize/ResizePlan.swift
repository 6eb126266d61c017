import JSON
package import LoRADeltas
import LoRAIO
package import LoRAModel
import Safetensors
import TensorCore

/// The best approximation of an adapter at other ranks, planned before anything is written.
package struct ResizePlan: Sendable {
  package let adapter: Adapter
  package let options: ResizeOptions
  private let file: SafetensorsFile
  private var modules: [ModuleResize]
  /// Singular values by module and expert, where they had to be known.
  private let values: [[[Double]]]

  /// Checks an adapter and finds the ranks of its modules.
  ///
  /// - Parameter showsErrors: whether the values are computed although the rule does without.
  /// - Throws: `SurgeryError.refused` with every reason.
  package init(
    _ adapter: Adapter, _ options: ResizeOptions, showsErrors: Bool = false, workers: Int,
    control: SurgeryControl = SurgeryControl()
  ) throws(SurgeryError) {
    (self.adapter, self.options) = (adapter, options)
    var refusals = adapter.refusalsAsFactors
    guard refusals.isEmpty, let file = adapter.file else {
      throw .refused(refusals.isEmpty ? [SurgeryRefusal(adapter.path, "it has no weights to read")] : refusals)
    }
    self.file = file
    var modules: [ModuleResize] = []
    for module in adapter.modules {
      do throws(LoRAPairProblem) {
        let pair = try adapter.pair(of: module, experts: options.expertLayout)
        if let refusal = Self.refusal(module, pair, adapter.path) { refusals.append(refusal) }
        modules.append(ModuleResize(module, pair, file, options))
      } catch {
        refusals.append(SurgeryRefusal(adapter.path, module: module.name, error))
      }
    }
    if options.pads, case .rank(let rank) = options.rule, rank > LoRAPair.rankLimit {
      refusals.append(
        SurgeryRefusal(adapter.path, "rank \(rank) is above \(LoRAPair.rankLimit), the most that is made"))
    }
    guard refusals.isEmpty else { throw .refused(refusals) }
    values = options.rule.needsValues || showsErrors ? try Self.values(modules, workers, control) : []
    self.modules = modules
    for index in modules.indices {
      let found = values.isEmpty ? [[]] : values[index]
      // The layout of a stack gives its experts one rank.
      let rank = found.map { options.rule.rank(of: $0, own: modules[index].pair.rank) }.max() ?? 1
      self.modules[index].set(kept: rank, rank: rank)
    }
    if options.isUniform {
      level(to: largestRank)
    } else if options.pads {
      let wanted = if case .rank(let rank) = options.rule { rank } else { largestRank }
      for index in modules.indices { self.modules[index].set(kept: self.modules[index].kept, rank: wanted) }
    }
    try checkSizes()
  }

  private static func refusal(_ module: AdapterModule, _ pair: LoRAPair, _ path: String) -> SurgeryRefusal? {
    if module.kind == .parameter, pair.a.tensor.shape.rank != 2 {
      return SurgeryRefusal(
        path, subject: module.name,
        "its factors have a dimension for the experts, as MLX stores them, which PEFT's lack",
        hint: "convert the adapter to PEFT first")
    }
    guard pair.rank <= LoRAPair.rankLimit else {
      return SurgeryRefusal(
        path, subject: module.name,
        "its rank \(pair.rank) is above \(LoRAPair.rankLimit), which is the most that is computed")
    }
    return nil
  }

  /// The singular values of all modules.
  private static func values(_ modules: [ModuleResize], _ workers: Int, _ control: SurgeryControl)
    throws(SurgeryError) -> [[[Double]]]
  {
    let found = Collected<[[Double]]>()
    let places = modules.map(\.pair.a.tensor.begin)
    let workers = Self.workers(workers, modules)
    try Workers.forEach(readingAt: places, workers: workers) { (index) throws(SurgeryError) in
      try control.check()
      found[index] = try modules[index].values()
      control.add(modules[index].inputBytes)
    }
    return modules.indices.map { found[$0] ?? [] }
  }

  /// Threads that there is memory for.
  package func workers(_ wanted: Int) -> Int { Self.workers(wanted, modules) }

  private static func workers(_ wanted: Int, _ modules: [ModuleResize]) -> Int {
    WorkMemory.workers(wanted, largest: modules.map(\.workBytes).max() ?? 0)
  }

  private func checkSizes() throws(SurgeryError) {
    for module in modules {
      let (a, b) = (module.shapes.a.dimensions, module.shapes.b.dimensions)
      let isSmall = [a, b].allSatisfy { shape in
        var size: UInt64 = 1
        return shape.allSatisfy {
          let (product, overflow) = size.multipliedReportingOverflow(by: $0)
          size = product
          return !overflow && product <= LoRAPair.elementLimit
        }
      }
      guard isSmall else {
        throw .refused(
          adapter.path, subject: module.module.name, "a factor of rank \(module.rank) would be too large",
          hint: "choose a smaller rank")
      }
    }
  }

  // MARK: Ranks

  /// The largest rank that is written.
  package var largestRank: UInt64 { modules.map(\.rank).max() ?? 1 }
  /// The largest rank before.
  package var largestRankBefore: UInt64 { modules.map(\.pair.rank).max() ?? 1 }
  /// Inputs and outputs of all modules, each expert for itself: elements of both factors for each rank.
  package var elementsPerRank: UInt64 {
    modules.reduce(0) { $0 &+ ($1.pair.a.count &+ $1.pair.b.count) &* $1.pair.experts }
  }
  /// Bytes of factors that are read.
  package var inputBytes: UInt64 { modules.reduce(0) { $0 &+ $1.inputBytes } }

  /// Gives all modules one rank; those below it are filled up with zeros.
  package mutating func level(to rank: UInt64) {
    for index in modules.indices {
      modules[index].set(kept: min(rank, modules[index].pair.rank), rank: rank)
    }
  }

  // MARK: Output

  /// The folder to write, and where the outcome of its modules will be found.
  package func folder(toolVersion: String) -> (folder: PEFTFolder, results: ResizeResults) {
    let results = ResizeResults(count: modules.count)
    let names = PEFTNames(adapter)
    var weights = SafetensorsDraft()
    var made: Set<String> = []
    for (index, resize) in modules.enumerated() {
      guard let a = resize.module.a, let b = resize.module.b else { continue }
      made.formUnion([a.name, b.name])
      let shapes = resize.shapes
      weights.make([
        (names.name(of: a, .a, of: resize.module), resize.types.a, shapes.a),
        (names.name(of: b, .b, of: resize.module), resize.types.b, shapes.b),
      ]) { () throws(SurgeryError) in
        let result = try resize.run()
        results[index] = result.outcome
        return [result.a, result.b]
      }
      // PEFT scales the bias of B with the rest.
      if let bias = resize.module.bBias, resize.scale != resize.pair.scale {
        made.insert(bias.name)
        let dtype = options.dtype ?? bias.dtype.written
        weights.make([(names.name(of: bias, .bBias, of: resize.module), dtype, bias.shape)]) {
          () throws(SurgeryError) in
          [try resize.file.bytes(of: bias, times: resize.pair.scale / resize.scale, as: dtype)]
        }
      }
    }
    copyOthers(but: made, names, to: &weights)
    weights.metadata = adapter.format == .peft ? file.header.metadata.map { ($0.key, $0.value) } : []
    let record = SurgeryRecord(
      "resize", toolVersion: toolVersion, options: options.json, inputs: adapter.inputFiles)
    let folder = FileKind(path: adapter.path) == .folder ? adapter.path : nil
    return (PEFTFolder(config: config, weights: weights, record: record, sideFilesFrom: folder), results)
  }

  /// What has no rank goes along as it is: magnitudes, biases, replaced modules, rows of tokens.
  private func copyOthers(but made: Set<String>, _ names: PEFTNames, to weights: inout SafetensorsDraft) {
    guard adapter.format == .peft else {
      for resize in modules {
        for (tensor, part) in [(resize.module.magnitude, FactorPart.magnitude), (resize.module.bBias, .bBias)] {
          guard let tensor, !made.contains(tensor.name) else { continue }
          weights.copy(
            tensor, of: file, as: names.name(of: tensor, part, of: resize.module), dtype: options.dtype)
        }
      }
      for replacement in adapter.replacements {
        weights.copy(replacement.tensor, of: file, as: names.name(of: replacement), dtype: options.dtype)
      }
      return
    }
    for tensor in file.header.tensors where !made.contains(tensor.name) {
      weights.copy(tensor, of: file, as: names.name(of: tensor), dtype: options.dtype)
    }
  }

  private var config: JSONObject {
    var config = PEFTConfigEdit(adapter)
    config.set(
      modules.map { resize in
        PEFTConfigEdit.Strength(
          module: resize.module.name, rank: resize.rank, alpha: resize.scale * Double(resize.rank))
      })
    return config.members
  }

  /// What the values say before anything is written: nothing is rounded yet.
  package var expectation: ResizeOutcome {
    ResizeOutcome(
      modules.enumerated().map { index, resize in
        var outcome = ModuleOutcome(
          name: resize.module.name, rankBefore: resize.pair.rank, rank: resize.rank)
        for values in values.isEmpty ? [] : values[index] {
          outcome.add(DeltaPart(values, kept: Int(min(resize.kept, UInt64(values.count)))))
        }
        return outcome
      })
  }
}
