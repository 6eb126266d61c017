import JSON
import LoRAKernels
import LoRAMerge
import LoRAModel
import Safetensors
import TensorCore

/// A module of the adapter with everything that a merge changes for it: one matrix, or those of many experts.
struct ParityModule {
  /// Its name in the base, or that of its bias.
  let name: String
  /// What is changed.
  private(set) var matrices: [ParityMatrix]
  /// Why no engine serves it beside its base; nil when one does.
  let reason: String?

  /// The modules of a plan for one adapter, in the order of the base's tensors.
  static func all(in plan: MergePlan, base: BaseModel, adapter: Adapter, merged: BaseModel?) throws(ParityError)
    -> [ParityModule]
  {
    let own = Dictionary(adapter.modules.map { ($0.name, $0) }) { first, _ in first }
    var byTensor: [String: BaseModule] = [:]
    for module in base.modules.values where module.tiedTo == nil { byTensor[module.weightName] = module }
    let tensors = plan.shards.flatMap(\.tensors)
    let shapes = Dictionary(tensors.map { ($0.name, $0.shape) }) { first, _ in first }
    var modules: [ParityModule] = []
    var positions: [String: Int] = [:]
    for step in plan.shards.flatMap(\.steps) {
      guard case .merge(let update) = step.work else { continue }
      guard let delta = update.deltas.first, update.deltas.count == 1, let module = own[delta.module] else {
        throw .adapter(adapter.path, reason: "several of its modules change \(escaped(update.tensor))")
      }
      let target = base.modules[stem(update.tensor)] ?? byTensor[update.tensor]
      let matrix = ParityMatrix(
        update: update, delta: delta, form: form(of: delta, module, target), sources: plan.sources,
        merged: try merged.map { merged throws(ParityError) in
          try tensor(update.tensor, of: merged, shape: shapes[update.tensor])
        })
      let isBias = delta.left == nil
      let name = isBias ? update.tensor : base.match(module.name)?.module.name ?? module.name
      if let position = positions[name] {
        modules[position].matrices.append(matrix)
      } else {
        positions[name] = modules.count
        let brings = update.base.source >= (base.checkpoint?.files.count ?? 0)
        modules.append(ParityModule(name: name, matrices: [matrix], reason: reason(module, adapter, brings)))
      }
    }
    return modules
  }

  /// The name of a module by its weight's.
  private static func stem(_ tensor: String) -> String {
    tensor.hasSuffix(".weight") ? String(tensor.dropLast(7)) : tensor
  }

  private static func form(of delta: LowRankDelta, _ module: AdapterModule, _ target: BaseModule?) -> ParityMatrix.Form
  {
    if delta.left == nil { return .columns }
    if module.kind == .embedding { return .lookup }
    return target?.isTransposed == true ? .columns : .rows
  }

  /// The tensor of the merged model.
  private static func tensor(_ name: String, of merged: BaseModel, shape: Shape?) throws(ParityError) -> (
    file: SafetensorsFile, tensor: TensorInfo
  ) {
    guard let checkpoint = merged.checkpoint, let entry = checkpoint.tensors[name], entry.info.shape == shape,
      entry.info.dtype.isMergeable
    else { throw .merged(merged.path, reason: "it has no \(escaped(name)) of the base's shape in F32, F16 or BF16") }
    return (checkpoint.files[entry.file], entry.info)
  }

  /// Why engines have no path for the module (vLLM 0.33, SGLang 0.5, LoRAX; docs/parity.md).
  private static func reason(_ module: AdapterModule, _ adapter: Adapter, _ bringsWeight: Bool) -> String? {
    if module.magnitude != nil { return "vLLM, SGLang and LoRAX take no DoRA" }
    if module.bBias != nil || adapter.config?.hasLoRABias == true { return "vLLM refuses biases of B (lora_bias)" }
    if bringsWeight { return "it brings its own W, which engines pass over" }
    switch module.kind {
    case .linear, .embedding: return nil
    case .parameter: return module.experts > 1 ? nil : "vLLM takes target_parameters of stacks of experts only"
    case .conv1d, .conv2d: return "no engine has slots for convolutions"
    }
  }
}
