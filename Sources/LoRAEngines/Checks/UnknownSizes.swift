import BaseCatalogue
import JSON
import LoRAModel
import Safetensors
import TensorCore

/// Sizes of factors on a base that does not tell its own.
///
/// The engine's slots have sizes whether or not they are known here: what contradicts the config or other layers is not
/// called applied.
extension ServingQuestion {
  /// What of such factors is in doubt; the first is enough.
  func contradictedSizes(of base: BaseModel) -> [ServingReason] {
    let expected = ExpectedSizes(base.config ?? JSONObject())
    var layers: [String: AdapterModule] = [:]
    for module in unsized
    where module.kind != .parameter && module.isUsable && module.a != nil && module.b != nil {
      if let contradiction = expected.contradiction(of: module) { return [doubt(module, contradiction)] }
      let template = ClassLoading.template(of: module.name).template
      if let other = layers[template] {
        guard other.inFeatures == module.inFeatures, other.outFeatures == module.outFeatures else {
          let sizes = "in \(other.inFeatures), out \(other.outFeatures)"
          return [doubt(module, "\(escaped(other.name, limit: 160)) has \(sizes)")]
        }
      } else {
        layers[template] = module
      }
    }
    return []
  }

  private func doubt(_ module: AdapterModule, _ contradiction: String) -> ServingReason {
    let sizes = "in \(module.inFeatures), out \(module.outFeatures)"
    return ServingReason(
      effect: .unjudged,
      message: "\(escaped(module.name, limit: 160)) of \(sizes) on a base whose modules are not known, where "
        + contradiction,
      file: adapter.weightsPath, tensor: module.a?.name, module: module.name, found: sizes,
      hint: "give the base with its weights")
  }
}

/// What a config says of the sizes of projections by their usual names.
private struct ExpectedSizes {
  private let width: UInt64?
  private let vocabulary: UInt64?
  private let queries: UInt64?
  private let keys: UInt64?

  init(_ config: JSONObject) {
    func size(_ config: JSONObject, _ key: String) -> UInt64? {
      config[key]?.int64.flatMap { $0 > 0 && $0 < 1 << 31 ? UInt64($0) : nil }
    }
    let text = TextSection(config).config
    let shape = AttentionShape(config)
    width = size(text, "hidden_size")
    vocabulary = size(text, "vocab_size")
    // Latent attention has other widths.
    let head = shape.latent == nil ? shape.headWidth : nil
    queries = shape.queryHeads.flatMap { heads in head.map { heads * $0 } }
    keys = shape.keyValueHeads.flatMap { heads in head.map { heads * $0 } }
  }

  /// What of the config a module's sizes contradict, in words; nil when nothing does.
  func contradiction(of module: AdapterModule) -> String? {
    // Towers have widths of their own.
    if ["vision", "visual", "audio", "image", "tower", "expert"].contains(where: { module.name.contains($0) }) {
      return nil
    }
    let (input, output) = expectation(module.lastComponent)
    if let input, module.inFeatures != input.size { return "the config has \(input.field) \(input.size)" }
    if let output, module.outFeatures != output.size { return "the config has \(output.field) \(output.size)" }
    return nil
  }

  private typealias Field = (field: String, size: UInt64)

  private func expectation(_ leaf: String) -> (input: Field?, output: Field?) {
    let width = width.map { ("hidden_size", $0) }
    let keys = keys.map { ("keys of width", $0) }
    switch leaf {
    case "q_proj", "gate_proj", "up_proj": return (width, nil)
    case "k_proj", "v_proj": return (width, keys)
    case "o_proj": return (queries.map { ("queries of width", $0) }, width)
    case "down_proj": return (nil, width)
    case "lm_head": return (width, vocabulary.map { ("vocab_size", $0) })
    case "embed_tokens": return (vocabulary.map { ("vocab_size", $0) }, width)
    default: return (nil, nil)
    }
  }
}
