import JSON
package import LoRADeltas
import LoRAModel
import Safetensors
import TensorCore

/// PEFT: `adapter_config.json` and `adapter_model.safetensors`.
package struct PEFTTarget: ConversionTarget {
  package init() {}

  package func plan(_ input: ConversionInput, _ options: ConversionOptions) throws(SurgeryError) -> ConversionPlan {
    let isPEFT = input.adapter.format == .peft
    if isPEFT {
      try Self.checkParts(input)
    } else {
      try input.check("PEFT", [.embeddings, .convolutions, .experts, .magnitudes, .biases])
    }
    var bench = ConversionWorkbench(
      try Self.ofOneModel(input.modules, input, options), notes: input.leftOut(keepsWholeTensors: true))
    bench.modules = ExpertStacks.unstacked(bench.modules)
    if let fusing = options.fusing { try FusedModules(input).apply(fusing, to: &bench) }
    if let name = PipelineNames.firstRepeated(bench.modules.map { Self.key(of: $0) }) {
      throw .refused(input.path, subject: name, "two modules of the output would have this name")
    }
    var weights = SafetensorsDraft()
    for module in bench.modules { Self.add(module, to: &weights, options.dtype, bench.ledger) }
    for replacement in input.adapter.replacements {
      weights.copy(replacement.tensor, of: input.file, as: Self.name(of: replacement, input), dtype: options.dtype)
    }
    let folder = PEFTFolder(
      config: config(bench.modules, input), weights: weights, record: options.record, sideFilesFrom: input.path)
    return ConversionPlan(.folder(try folder.draft()), tensors: weights.names.count, of: bench)
  }

  private func config(_ modules: [ModuleDraft], _ input: ConversionInput) -> JSONObject {
    var draft = PEFTConfigDraft(
      modules.map { PEFTConfigDraft.Module(name: $0.name, kind: $0.kind, rank: $0.rank, alpha: $0.wholeAlpha) })
    draft.baseModules = input.base.map { $0.model.modules.keys + $0.model.expertStacks.map(\.name) } ?? []
    draft.usesDoRA = modules.contains { $0.magnitude != nil }
    draft.hasLoRABias = modules.contains { $0.bias != nil }
    guard input.adapter.format == .peft, let raw = input.adapter.rawConfig else {
      draft.baseModel =
        input.base?.model.name ?? input.adapter.rawConfig?["model"]?.string
        ?? input.adapter.config?.baseModel
      return draft.config()
    }
    draft.modulesToSave = input.adapter.config?.modulesToSave ?? []
    draft.isChosenByInput = input.adapter.chooses(modules.map(\.name))
    return draft.config(updating: raw)
  }

  /// Stops at variants that keep more beside their factors than modules have here.
  private static func checkParts(_ input: ConversionInput) throws(SurgeryError) {
    let variants = input.adapter.config?.variants ?? []
    let lost = variants.filter { $0 != "use_qalora" }.compactMap { variant in
      Adapter.variantReasons[variant].map { SurgeryRefusal(input.path, subject: variant, $0) }
    }
    if !lost.isEmpty { throw .refused(lost) }
  }

  /// The modules of one model, without the name of a pipeline's part.
  private static func ofOneModel(_ modules: [ModuleDraft], _ input: ConversionInput, _ options: ConversionOptions)
    throws(SurgeryError) -> [ModuleDraft]
  {
    guard input.adapter.format != .peft else { return modules }
    let modules = try FluxNames.diffusers(modules, of: input.path)
    let parts = Set(modules.compactMap { PipelineNames.split($0.name)?.part })
    guard let part = options.part ?? parts.first, !parts.isEmpty else { return modules }
    guard parts.contains(part), options.part != nil || parts.count == 1,
      options.part != nil || modules.allSatisfy({ PipelineNames.split($0.name) != nil })
    else {
      throw .refused(
        input.path, "it adapts \(parts.ordered().joined(separator: ", ")), and a PEFT folder is for one model",
        hint: "choose one with --part")
    }
    return modules.compactMap { module in
      guard let found = PipelineNames.split(module.name), found.part == part else { return nil }
      var module = module
      module.name = found.path
      return module
    }
  }

  /// The name of a module's key without leaf; stacks of experts keep the key under which PEFT wrapped them.
  private static func key(of module: ModuleDraft) -> String { module.peftKey ?? module.name }

  static let prefix = "base_model.model."

  /// Adds the tensors of a module.
  static func add(
    _ module: ModuleDraft, to weights: inout SafetensorsDraft, _ dtype: DType?, _ ledger: RoundingLedger,
    prefix: String = Self.prefix
  ) {
    let path = prefix + key(of: module)
    let (a, b) = (module.a, module.b)
    switch module.kind {
    case .embedding:
      weights.add(a, .rankFirst(a), as: path + ".lora_embedding_A", dtype: dtype, ledger: ledger)
      weights.add(b, .rankLast(b), as: path + ".lora_embedding_B", dtype: dtype, ledger: ledger)
    case .parameter:
      weights.add(a, .stackedA(a), as: path + ".lora_A.weight", dtype: dtype, ledger: ledger)
      weights.add(b, .stackedB(b), as: path + ".lora_B.weight", dtype: dtype, ledger: ledger)
    case .linear, .conv1d, .conv2d:
      weights.add(
        a, .rankFirst(a, kernel: module.inputShape), as: path + ".lora_A.weight", dtype: dtype, ledger: ledger)
      weights.add(
        b, .rankLast(b, ones: module.inputShape.count - 1), as: path + ".lora_B.weight", dtype: dtype, ledger: ledger)
    }
    if let magnitude = module.magnitude {
      weights.add(
        magnitude, shape: module.magnitudeShape, as: path + ".lora_magnitude_vector", dtype: dtype, ledger: ledger)
    }
    if let bias = module.bias {
      weights.add(bias, shape: [bias.count], as: path + ".lora_B.bias", dtype: dtype, ledger: ledger)
    }
  }

  private static func name(of replacement: Replacement, _ input: ConversionInput) -> String {
    input.adapter.misnamed.first { $0.tensor.name == replacement.tensor.name }?.rightName ?? replacement.tensor.name
  }
}

extension ModuleDraft {
  /// The alpha, whole where a whole number gives the same scale.
  var wholeAlpha: Double {
    let nearest = alpha.rounded()
    return nearest / Double(rank) == scale ? nearest : alpha
  }

  /// PEFT's shape of magnitudes: `[out]`, of a convolution `[1, out, 1…]`.
  fileprivate var magnitudeShape: Shape {
    let out = magnitude?.count ?? 0
    return inputShape.count > 1 ? Shape([1, out] + inputShape.dropFirst().map { _ in 1 }) : [out]
  }
}
