import JSON
package import LoRADeltas
import LoRAModel
import TensorCore

/// diffusers: `pytorch_lora_weights.safetensors` with PEFT's leaves below the parts of a pipeline, and the LoRA config of
/// each part in the metadata (diffusers 0.42, `loaders/lora_base.py`).
package struct DiffusersTarget: ConversionTarget {
  package init() {}

  package func plan(_ input: ConversionInput, _ options: ConversionOptions) throws(SurgeryError) -> ConversionPlan {
    try input.check("diffusers", [.convolutions, .magnitudes, .biases])
    var modules = input.modules
    if let prefix = options.prefix {
      for index in modules.indices where PipelineNames.split(modules[index].name) == nil {
        modules[index].name = prefix + (prefix.hasSuffix(".") ? "" : ".") + modules[index].name
      }
    }
    modules = try FluxNames.diffusers(modules, of: input.path)
    let bench = ConversionWorkbench(
      try PipelineNames.complete(modules, of: input.path, target: "diffusers"), notes: input.leftOut())
    try checkNames(bench.modules, input)
    var weights = SafetensorsDraft()
    for module in bench.modules { PEFTTarget.add(module, to: &weights, options.dtype, bench.ledger, prefix: "") }
    weights.metadata = [("format", "pt"), ("lora_adapter_metadata", configs(of: bench.modules).text(pretty: true))]
    let file = try weights.file(named: "pytorch_lora_weights.safetensors")
    return ConversionPlan(
      .folder(AdapterDraft([file, options.record.file])), tensors: weights.names.count, of: bench)
  }

  /// Refuses modules that diffusers calls otherwise.
  private func checkNames(_ modules: [ModuleDraft], _ input: ConversionInput) throws(SurgeryError) {
    let others: Set<Substring> = [
      "input_blocks", "middle_block", "output_blocks", "joint_blocks", "double_stream_blocks", "single_stream_blocks",
    ]
    let refusals = modules.filter { module in
      PipelineNames.split(module.name).map { others.contains($0.path.prefix { $0 != "." }) } ?? false
    }.map {
      SurgeryRefusal(
        input.path, subject: $0.name, "diffusers has its own names and parts for the layers of this model's authors",
        hint: "diffusers' load_lora_weights reads the file as it is")
    }
    if !refusals.isEmpty { throw .refused(refusals) }
  }

  /// The config of every part, its members under the part's name.
  private func configs(of modules: [ModuleDraft]) -> JSONValue {
    var parts: [String: [ModuleDraft]] = [:]
    for module in modules {
      guard let (part, path) = PipelineNames.split(module.name) else { continue }
      var own = module
      own.name = path
      parts[part + ".", default: []].append(own)
    }
    var members: [(String, JSONValue)] = []
    for (part, modules) in parts {
      var draft = PEFTConfigDraft(
        modules.map { .init(name: $0.name, kind: $0.kind, rank: $0.rank, alpha: $0.wholeAlpha) })
      draft.usesDoRA = modules.contains { $0.magnitude != nil }
      draft.hasLoRABias = modules.contains { $0.bias != nil }
      // The whole paths: diffusers adapts what the config targets, and what it targets beyond the tensors is noise.
      draft.namesWholePaths = true
      members += draft.config().members.map { (part + $0.key, $0.value) }
    }
    return .object(JSONObject(members.ordered { $0.0 < $1.0 }))
  }
}
