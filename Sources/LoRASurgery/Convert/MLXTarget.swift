import JSON
package import LoRADeltas
import LoRAKernels
import LoRAModel
import TensorCore

/// MLX: `adapters.safetensors` and `adapter_config.json` (mlx-lm 0.32, `tuner/utils.py: load_adapters`).
///
/// The file has one rank and one scale; A and B are transposed, stacks of experts are not. Layers are counted from the
/// last one back to the lowest that is adapted.
package struct MLXTarget: ConversionTarget {
  package init() {}

  package func plan(_ input: ConversionInput, _ options: ConversionOptions) throws(SurgeryError) -> ConversionPlan {
    try input.check("MLX", [.embeddings, .experts, .magnitudes])
    try check(input)
    var bench = ConversionWorkbench(input.modules, notes: input.leftOut())
    try ExpertStacks.stacked(&bench, input)
    for index in bench.modules.indices { try rename(&bench.modules[index], input) }
    let rank = try bench.padToOneRank(of: input.path)
    let scale = bench.foldToOneScale()
    let layers = try layers(&bench, input)
    var weights = SafetensorsDraft()
    for module in bench.modules {
      let isStack = module.kind == .parameter
      let a = isStack ? DraftLayout.rankFirst(module.a, isStack: true) : .rankLast(module.a)
      let b = isStack ? DraftLayout.rankLast(module.b, isStack: true) : .rankFirst(module.b)
      for (factor, layout, leaf) in [(module.a, a, ".lora_a"), (module.b, b, ".lora_b")] {
        let dtype = Self.readable(factor.dtype(options.dtype, in: layout))
        weights.add(factor, layout, as: module.name + leaf, dtype: dtype, ledger: bench.ledger)
      }
      if let magnitude = module.magnitude {
        let dtype = Self.readable(options.dtype ?? magnitude.dtype)
        weights.add(magnitude, shape: [magnitude.count], as: module.name + ".m", dtype: dtype, ledger: bench.ledger)
      }
    }
    weights.metadata = [("format", "mlx")]
    let usesDoRA = bench.modules.contains { $0.magnitude != nil }
    var config: JSONObject = [
      "fine_tune_type": .string(usesDoRA ? "dora" : "lora"),
      "lora_parameters": [
        "dropout": .real(0), "keys": .array(keys(of: bench.modules).map { .string($0) }), "rank": JSONValue(rank),
        "scale": .real(scale),
      ],
      "num_layers": JSONValue(layers),
    ]
    if let base = input.adapter.config?.baseModel ?? input.base?.model.name { config["model"] = .string(base) }
    let files = [
      try weights.file(named: "adapters.safetensors"),
      DraftFile(
        PEFTFolder.configName,
        json: .object(JSONObject(config.members.ordered { $0.key < $1.key }.map { ($0.key, $0.value) }))),
      options.record.file,
    ]
    return ConversionPlan(.folder(AdapterDraft(files)), tensors: weights.names.count, of: bench)
  }

  /// The type to write for one of the input: MLX refuses files with F64 and reads numbers of eight bits as integers.
  private static func readable(_ dtype: DType) -> DType { dtype.isMergeable ? dtype : .f32 }

  /// What MLX would do otherwise than PEFT.
  private func check(_ input: ConversionInput) throws(SurgeryError) {
    var refusals: [SurgeryRefusal] = []
    let withMagnitudes = input.modules.filter { $0.magnitude != nil }.count
    for module in input.modules {
      func refuse(_ reason: String) { refusals.append(SurgeryRefusal(input.path, subject: module.name, reason)) }
      if withMagnitudes > 0, module.magnitude == nil {
        refuse("it has no magnitudes, and in MLX all modules of a file have them or none")
      }
      if module.magnitude != nil, module.kind == .embedding {
        refuse("MLX's magnitudes of an embedding are over its rows, PEFT's over its width")
      }
      if module.kind == .embedding, input.base?.tiesEmbeddings == true {
        refuse(
          "the base's output head is its embedding, and MLX would adapt both where PEFT adapts the embedding alone")
      }
      if module.name == "lm_head", input.base?.tiesEmbeddings == true {
        refuse("the base's output head is its embedding, and MLX has no module lm_head then")
      }
    }
    if !refusals.isEmpty { throw .refused(refusals) }
  }

  /// Gives a module mlx-lm's name, which is transformers' for all but experts.
  private func rename(_ module: inout ModuleDraft, _ input: ConversionInput) throws(SurgeryError) {
    let isOuter = module.name == "lm_head" || module.name == "model.embed_tokens"
    guard isOuter || module.name.layer?.before == "model.layers." else {
      throw .refused(input.path, subject: module.name, "mlx-lm's name of it is not known")
    }
    guard module.kind == .parameter else {
      // The router lies beside the experts, whose block has another name there.
      if input.base?.modelType == "mixtral", module.name.hasSuffix(".mlp.gate") {
        module.name = module.name.dropLast(".mlp.gate".count) + ".block_sparse_moe.gate"
      }
      return
    }
    let components = module.name.dottedComponents
    let leaf = components[components.count - 1]
    guard components.count > 3, components[components.count - 2] == "experts", let layer = module.name.layer,
      let type = input.base?.modelType
    else {
      if components.count > 2, components[components.count - 2] == "switch_mlp" { return }
      throw .refused(
        input.path, subject: module.name, "mlx-lm's name of these experts depends on the base",
        hint: "name the base's config.json with --base")
    }
    switch type {
    case "gpt_oss": return
    case "mixtral": module.name = "\(layer.before)\(layer.index).block_sparse_moe.switch_mlp.\(leaf)"
    case "qwen2_moe", "qwen3_moe", "olmoe", "deepseek", "deepseek_v2", "deepseek_v3", "glm4_moe":
      module.name = components.dropLast(2).joined(separator: ".") + ".switch_mlp.\(leaf)"
    default: throw .refused(input.path, subject: module.name, "mlx-lm's name of the experts of \(type) is not known")
    }
  }

  /// The paths in a layer, or whole paths outside.
  private func keys(of modules: [ModuleDraft]) -> [String] {
    modules.map { module in module.name.layer.map { String($0.after.dropFirst()) } ?? module.name }.uniqued.ordered()
  }

  /// How many layers from the last one on have adapters.
  private func layers(_ bench: inout ConversionWorkbench, _ input: ConversionInput) throws(SurgeryError) -> UInt64 {
    let indices = bench.modules.compactMap { $0.name.layer?.index }
    guard let lowest = indices.min(), let highest = indices.max() else { return 1 }
    guard let count = input.base?.model.layerCounts["model.layers"] ?? input.base?.model.layerCount else {
      // A wrong count is noticed: mlx-lm refuses tensors of layers that it has not adapted.
      bench.notes.append(
        "num_layers counts from the last layer, taken to be layer \(highest); name the base with --base if it has more")
      return highest - lowest + 1
    }
    guard highest < count else {
      throw .refused(input.path, "it adapts layer \(highest), and the base has \(count) layers")
    }
    return count - lowest
  }
}
