import JSON
package import LoRADeltas
import LoRAModel
import TensorCore

/// torchtune's own names and order of rows, with the numbers of its recipe in a config (torchtune 0.6,
/// `modules/peft/lora.py`): one rank and one alpha for all modules.
package struct TorchtuneTarget: ConversionTarget {
  package init() {}

  package func plan(_ input: ConversionInput, _ options: ConversionOptions) throws(SurgeryError) -> ConversionPlan {
    try input.check("torchtune", [.magnitudes])
    var bench = ConversionWorkbench([], notes: input.leftOut())
    var refusals: [SurgeryRefusal] = []
    let withMagnitudes = input.modules.filter { $0.magnitude != nil }.count
    for module in input.modules {
      if module.magnitude == nil, withMagnitudes > 0 {
        refusals.append(
          SurgeryRefusal(
            input.path, subject: module.name, "it has no magnitudes, and torchtune has them for all or none"))
      }
      guard let name = TorchtuneNames.name(of: module.name) else {
        refusals.append(SurgeryRefusal(input.path, subject: module.name, "torchtune has no LoRA for this module"))
        continue
      }
      if name == "output", input.base?.tiesEmbeddings == true {
        refusals.append(
          SurgeryRefusal(
            input.path, subject: module.name,
            "the base's output head is its embedding, for which torchtune has no LoRA"))
      }
      var moved = try TorchtuneNames.reordered(module, of: input.path, input.base, toPairs: true)
      moved.name = name
      bench.modules.append(moved)
    }
    guard refusals.isEmpty else { throw .refused(refusals) }
    let rank = try bench.padToOneRank(of: input.path)
    let alpha = bench.foldToOneScale() * Double(rank)
    var weights = SafetensorsDraft()
    for module in bench.modules {
      let (a, b) = (module.a, module.b)
      weights.add(a, .rankFirst(a), as: module.name + ".lora_a.weight", dtype: options.dtype, ledger: bench.ledger)
      weights.add(b, .rankLast(b), as: module.name + ".lora_b.weight", dtype: options.dtype, ledger: bench.ledger)
      if let magnitude = module.magnitude {
        let name = module.name + ".magnitude"
        weights.add(magnitude, shape: [magnitude.count], as: name, dtype: options.dtype, ledger: bench.ledger)
      }
    }
    weights.metadata = [("format", "pt")]
    let targets = bench.modules.map { String($0.name.lastComponent) }.uniqued.ordered()
    var config: JSONObject = [
      "lora_alpha": JSONValue.number(alpha), "peft_type": "LORA", "r": JSONValue(rank),
      "target_modules": .array(targets.map { .string($0) }), "use_dora": .bool(withMagnitudes > 0),
    ]
    if let base = input.adapter.config?.baseModel { config["base_model_name_or_path"] = .string(base) }
    let files = [
      try weights.file(named: PEFTFolder.weightsName), DraftFile(PEFTFolder.configName, json: .object(config)),
      options.record.file,
    ]
    return ConversionPlan(.folder(AdapterDraft(files)), tensors: weights.names.count, of: bench)
  }
}
