import JSON
package import LoRADeltas
import LoRAModel
import TensorCore

/// The file of kohya's trainers (sd-scripts 48d368f, `networks/lora.py`): `lora_unet_…`, `lora_te1_…`, an alpha each.
///
/// The U-Net of SDXL gets Stability's names, which sd-scripts trains it under, and Flux its authors' where a base with
/// these tells that it is Flux; everything else keeps diffusers' names. A transformer gets OneTrainer's prefix then:
/// sd-scripts knows Flux and SD3 under their authors' names alone, and diffusers' names do not tell these models from
/// others with such blocks.
package struct KohyaTarget: ConversionTarget {
  package init() {}

  package func plan(_ input: ConversionInput, _ options: ConversionOptions) throws(SurgeryError) -> ConversionPlan {
    try input.check("kohya's format", [.convolutions, .magnitudes])
    var bench = ConversionWorkbench(input.modules, notes: input.leftOut())
    if let base = input.base, FluxNames.areNames(of: base) {
      if options.prefix == nil {
        bench.modules = try PipelineNames.complete(bench.modules, of: input.path, target: "kohya's format")
      }
      try FluxNames.restore(&bench, input, base)
    }
    bench.foldZeros()
    try checkAlphas(bench.modules, input)
    let names = try names(of: bench.modules, input, options.prefix)
    if names.contains(where: { $0.hasPrefix("lora_transformer_") }) {
      bench.notes.append(
        "the transformer has OneTrainer's names (lora_transformer_…), which ComfyUI and diffusers read and sd-scripts "
          + "passes over; for Flux say the authors' weights with --base")
    }
    var weights = SafetensorsDraft()
    for (module, name) in zip(bench.modules, names) {
      let (a, b) = (module.a, module.b)
      let down = DraftLayout.rankFirst(a, kernel: module.inputShape)
      let up = DraftLayout.rankLast(b, ones: module.inputShape.count - 1)
      weights.add(a, down, as: name + ".lora_down.weight", dtype: options.dtype, ledger: bench.ledger)
      weights.add(b, up, as: name + ".lora_up.weight", dtype: options.dtype, ledger: bench.ledger)
      weights.add(module.wholeAlpha, as: name + ".alpha")
      if let magnitude = module.magnitude {
        let shape = Shape([magnitude.count] + module.inputShape.map { _ in 1 })
        weights.add(magnitude, shape: shape, as: name + ".dora_scale", dtype: options.dtype, ledger: bench.ledger)
      }
    }
    weights.metadata = metadata(bench.modules)
    return ConversionPlan(
      .file(try weights.file(named: "lora.safetensors")), tensors: weights.names.count, of: bench)
  }

  /// Refuses alphas that F32 does not have; one of 0 would be read as a scale of 1.
  private func checkAlphas(_ modules: [ModuleDraft], _ input: ConversionInput) throws(SurgeryError) {
    for module in modules {
      guard Float(module.wholeAlpha).isFinite, Float(module.wholeAlpha) != 0 else {
        throw .refused(input.path, subject: module.name, "its alpha of \(module.alpha) is beyond the range of F32")
      }
    }
  }

  /// What trainers say of a whole file.
  private func metadata(_ modules: [ModuleDraft]) -> [(key: String, value: String)] {
    let ranks = Set(modules.map(\.rank))
    let alphas = Set(modules.map(\.wholeAlpha))
    let hasConvolutions = modules.contains { $0.inputShape.count > 1 && $0.inputShape.dropFirst().contains { $0 > 1 } }
    return [
      ("format", "pt"), ("ss_network_module", hasConvolutions ? "lycoris.kohya" : "networks.lora"),
      ("ss_network_dim", ranks.count == 1 ? "\(ranks.first ?? 0)" : "Dynamic"),
      ("ss_network_alpha", alphas.count == 1 ? JSONValue.number(alphas.first ?? 0).text() : "Dynamic"),
    ]
  }

  // MARK: Names

  private func names(of modules: [ModuleDraft], _ input: ConversionInput, _ prefix: String?) throws(SurgeryError)
    -> [String]
  {
    let modules =
      try prefix == nil ? PipelineNames.complete(modules, of: input.path, target: "kohya's format") : modules
    let isSDXL = StabilityNames.isSDXL(modules)
    // Pipelines with a transformer have several, of which the adapter need not have all.
    let hasSeveralEncoders =
      isSDXL || modules.contains { $0.name.hasPrefix("text_encoder_") || $0.name.hasPrefix("transformer.") }
    var names: [String] = []
    for module in modules {
      let (part, path) = PipelineNames.split(module.name) ?? ("", module.name)
      let own = isSDXL && part == "unet" ? StabilityNames.stability(path) : path
      guard let own else {
        throw .refused(
          input.path, subject: module.name, "Stability's code has no name for this module of a U-Net of SDXL")
      }
      // Trainers call T5 the third encoder in Flux too, where diffusers calls it the second.
      let role = part == "text_encoder_2" && path.hasPrefix("encoder.block.") ? "text_encoder_3" : part
      let start =
        part.isEmpty
        ? prefix ?? ""
        : part == "transformer" && FluxNames.isAuthors(own)
          ? "lora_unet_" : Self.prefix(of: role, hasSeveralEncoders: hasSeveralEncoders)
      names.append(start + own.replacing(".", with: "_"))
    }
    if let name = PipelineNames.firstRepeated(names) {
      throw .refused(input.path, subject: name, "two modules would have this name, in which dots become underscores")
    }
    return names
  }

  private static func prefix(of part: String, hasSeveralEncoders: Bool) -> String {
    switch part {
    case "text_encoder": hasSeveralEncoders ? "lora_te1_" : "lora_te_"
    case "text_encoder_2": "lora_te2_"
    case "text_encoder_3": "lora_te3_"
    case "prior": "lora_prior_unet_"
    case "transformer": "lora_transformer_"
    default: "lora_\(part)_"
    }
  }
}
