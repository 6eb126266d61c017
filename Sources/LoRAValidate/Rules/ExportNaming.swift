public import Diagnostics
import JSON
import LoRAIO
import LoRAModel
import Safetensors
import TensorCore

extension RuleID {
  /// The name of the rule below.
  public static let exportNaming = RuleID("export-naming")
}

extension Rule {
  /// Tensor names that loaders do not expect although their meaning is clear.
  static let exportNaming = Rule(
    .exportNaming, "The export left wrong names",
    meaning: """
      The names are those of PEFT but for something that was left in or out: the adapter's name (`.default.`), a wrapper \
      of torch.compile or FSDP (`_orig_mod.`), or the prefix `base_model.model.`, missing or doubled. Or the weights file \
      beside the config is not called `adapter_model.safetensors`.
      """,
    consequence: """
      PEFT ignores every tensor whose name it does not expect and serves the plain base; vLLM refuses some of these \
      names and, for others, loads the adapter and never applies it.
      """,
    remedy: """
      Save with `model.save_pretrained(path)` of the PEFT model itself (after unwrapping compile, DDP or FSDP) instead \
      of writing `state_dict()`; or rename the tensors to what the hint says.
      """,
    repair: .exactly(
      """
      tensors get the names that loaders expect, and the file its name; where two tensors would have one name, it \
      is left unless they are equal.
      """),
    example: """
      error  export-naming  448 tensors still have the adapter's name "default" in their names
             fix: base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight
      """
  ) { context in
    let adapter = context.adapter
    if let trainer = adapter.trainer, !adapter.modules.isEmpty {
      return [
        Finding(
          .exportNaming,
          "the file is one of \(trainer.name), whose names for its \(counted(adapter.modules.count, "module")) neither PEFT "
            + "nor the engines read",
          file: adapter.weightsPath, tensor: adapter.modules.first?.tensors.first?.name,
          expected: "base_model.model. and transformers' names",
          found: escaped(adapter.modules.first?.tensors.first?.name ?? ""), hint: trainer.remedy)
      ]
    }
    var groups = Groups<String, MisnamedTensor>()
    let strays = Set(context.strays.map(\.name))
    for tensor in adapter.misnamed where !strays.contains(tensor.tensor.name) {
      groups.add(context.isTakenBare(tensor) ? bare : tensor.problem.phrase, tensor)
    }
    return context.fileName
      + groups.all.compactMap { problem, places in
        guard let first = places.first else { return nil }
        let subject = places.count == 1 ? "1 tensor" : "\(grouped(UInt64(places.count))) tensors"
        return Finding(
          .exportNaming, severity: problem == bare ? .warning : nil, "the names of \(subject) \(problem)",
          file: adapter.weightsPath, tensor: first.tensor.name,
          expected: escaped(first.rightName), found: escaped(first.tensor.name),
          hint: "rename to \(escaped(first.rightName)) and so on, or save again with PEFT's save_pretrained",
          byteOffset: first.tensor.headerOffset)
      }
  }
}

/// What is said of names without prefix that PEFT reads all the same.
private let bare =
  "lack the prefix base_model.model., which PEFT adds for this type of model, but not for others, nor do all engines"

extension ValidationContext {
  /// Whether PEFT reads the tensor on this base although its name lacks the prefix.
  fileprivate func isTakenBare(_ tensor: MisnamedTensor) -> Bool {
    tensor.problem == .missingPrefix && tensor.tensor.name.mentions(".lora_") && base?.takesBareFactors ?? false
  }

  /// A weights file beside a PEFT config under a name that no reader of the folder looks for.
  fileprivate var fileName: [Finding] {
    guard adapter.path != adapter.weightsPath, adapter.format == .peft, !adapter.modules.isEmpty,
      adapter.rawConfig?["peft_type"] != nil
    else { return [] }
    let name = Folder.lastComponent(adapter.weightsPath)
    guard !name.hasPrefix("adapter_model.safetensors") else { return [] }
    return [
      Finding(
        .exportNaming,
        "the weights are in \(escaped(name, limit: 120)), but PEFT and the engines look for adapter_model.safetensors alone and "
          + "refuse the folder", file: adapter.weightsPath, expected: "adapter_model.safetensors",
        found: escaped(name, limit: 120), hint: "rename the file to adapter_model.safetensors")
    ]
  }
}

extension MisnamedTensor.Problem {
  /// The problem as the end of a sentence about names.
  fileprivate var phrase: String {
    switch self {
    case .adapterName("default"):
      "still hold the adapter's name \"default\", so loaders miss them (PEFT reads them since 0.21)"
    case .adapterName(let name): "still hold the adapter's name \"\(escaped(name, limit: 60))\", so loaders miss them"
    case .wrapper(let name):
      "still hold the wrapper \"\(escaped(name, limit: 60))\" of a training framework, so loaders miss them"
    case .missingPrefix: "lack the prefix base_model.model., so PEFT ignores them and serves the plain base"
    case .doubledPrefix: "have the prefix base_model.model. twice, so loaders miss them"
    }
  }
}
