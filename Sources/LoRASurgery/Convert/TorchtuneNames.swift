import LoRADeltas
import LoRAModel
import TensorCore

/// Torchtune's names of modules, and its order of rows (torchtune 0.6, `models/convert_weights.py`).
enum TorchtuneNames {
  private static let layerNames: [(peft: String, torchtune: String)] = [
    ("self_attn.q_proj", "attn.q_proj"), ("self_attn.k_proj", "attn.k_proj"), ("self_attn.v_proj", "attn.v_proj"),
    ("self_attn.o_proj", "attn.output_proj"), ("mlp.gate_proj", "mlp.w1"), ("mlp.down_proj", "mlp.w2"),
    ("mlp.up_proj", "mlp.w3"),
  ]

  /// Types whose rows torchtune keeps in pairs, and those that it keeps as transformers does.
  private static let paired: Set<String> = ["llama", "mistral", "gemma", "gemma2"]
  private static let unpaired: Set<String> = ["qwen2", "qwen3"]

  /// Torchtune's name of a module; nil for one that it cannot adapt.
  static func name(of module: String) -> String? {
    if module == "lm_head" { return "output" }
    guard let (index, before, after) = module.layer, before == "model.layers." else { return nil }
    return layerNames.first { $0.peft == after.dropFirst() }.map { "layers.\(index).\($0.torchtune)" }
  }

  /// PEFT's name of one of torchtune's modules.
  private static func peftName(of module: String) -> String? {
    if module == "output" { return "lm_head" }
    guard let (index, before, after) = module.layer, before == "layers." else { return nil }
    return layerNames.first { $0.torchtune == after.dropFirst() }.map { "model.layers.\(index).\($0.peft)" }
  }

  /// Modules of a file of torchtune under PEFT's names and in transformers' order.
  static func read(_ modules: [ModuleDraft], of path: String, _ base: ConversionBase?) throws(SurgeryError)
    -> [ModuleDraft]
  {
    var result: [ModuleDraft] = []
    for var module in modules {
      guard let name = peftName(of: module.name) else {
        throw .refused(
          path, subject: module.name, "transformers has no module that is known to be this one of torchtune")
      }
      module.name = name
      result.append(try reordered(module, of: path, base, toPairs: false))
    }
    return result
  }

  /// A query or key projection with its rows in the other order; any other module as it is.
  static func reordered(_ module: ModuleDraft, of path: String, _ base: ConversionBase?, toPairs: Bool)
    throws(SurgeryError) -> ModuleDraft
  {
    let last = module.name.lastComponent
    guard last == "q_proj" || last == "k_proj" else { return module }
    guard let base, let type = base.modelType else {
      throw .refused(
        path, subject: module.name,
        "torchtune orders the rows of queries and keys by heads, which the adapter does not tell",
        hint: "name the base's config.json with --base")
    }
    if unpaired.contains(type) { return module }
    guard paired.contains(type) else {
      throw .refused(
        path, subject: module.name, "in which order torchtune has the rows of queries and keys of \(type) is not known")
    }
    let rows = module.b.count
    guard let heads = base.heads(ofProjection: last),
      let moves = toPairs ? RotaryRows.paired(rows: rows, heads: heads) : RotaryRows.halves(rows: rows, heads: heads)
    else {
      throw .refused(
        path, subject: module.name, "its \(rows) outputs are not those of the heads that the base's config gives")
    }
    var module = module
    module.moveOutputs(to: moves, count: rows)
    return module
  }
}
