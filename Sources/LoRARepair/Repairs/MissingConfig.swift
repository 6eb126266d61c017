import Diagnostics
import JSON
import LoRADeltas
import LoRAIO
import LoRAModel
import LoRASurgery
import LoRAValidate
import TensorCore

extension Repair {
  /// A config from what the tensors show and the alpha that was given.
  static let missingConfig = Repair { plan throws(SurgeryError) in
    let adapter = plan.adapter
    let path = Folder.join(Folder.parent(plan.input.weightsPath), PEFTFolder.configName)
    guard plan.config == nil, let alpha = plan.options.alpha, adapter.format == .peft, FileKind(path: path) == nil,
      adapter.foreignMethod == nil, !adapter.modules.isEmpty
    else { return }
    // Stacks of experts are told from modules by a config alone, and so is what trained biases belong to.
    let isOpen =
      adapter.modules.contains { $0.lastComponent == "experts" || $0.name.contains("base_layer") }
      || adapter.replacements.contains { $0.name.hasSuffix(".bias") || $0.role == .rows }
    guard !isOpen, let rank = mostFrequent(adapter.modules.filter(\.ranksAgree).map(\.rank)), rank > 0, rank <= 1 << 24
    else { return }
    let saved = adapter.wholeModules
    let config: JSONObject = [
      "alpha_pattern": [:], "base_model_name_or_path": plan.base?.name.map { .string($0) } ?? .null, "bias": "none",
      "fan_in_fan_out": false, "inference_mode": true, "init_lora_weights": true, "layers_pattern": .null,
      "layers_to_transform": .null, "lora_alpha": .number(alpha),
      "lora_bias": .bool(adapter.modules.contains { $0.bBias != nil }), "lora_dropout": .real(0),
      "modules_to_save": saved.isEmpty ? .null : .array(saved.map { .string($0) }), "peft_type": "LORA",
      "r": .integer(Int64(rank)), "rank_pattern": [:],
      "target_modules": .array(TargetNames(plan).all.map { .string($0) }), "task_type": .null,
      "use_dora": .bool(adapter.modules.contains { $0.magnitude != nil }), "use_rslora": false,
    ]
    plan.mend(
      .configMissing,
      "adapter_config.json is written from the tensors: r \(rank), \(counted(adapter.modules.count, "module")), "
        + "lora_alpha \(plain(alpha)) as asked for, scaled by alpha/r"
    ) { $0.config = config }
  }
}
