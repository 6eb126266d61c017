public import Safetensors

/// The names that diffusers writes (diffusers 0.42, `utils/state_dict_utils.py`): the part of the pipeline (`unet.`,
/// `transformer.`, `text_encoder.`), the module's path, and then PEFT's `lora_A.weight` and `lora_B.weight`, or the
/// older `lora.down.weight`, `lora_linear_layer.down.weight` and `processor.to_q_lora.down.weight`.
public struct DiffusersNaming: NamingScheme {
  /// Key of the file's metadata under which diffusers keeps the LoRA config of each part, as one JSON object.
  static let metadataKey = "lora_adapter_metadata"

  /// The scheme has no options.
  public init() {}

  /// diffusers.
  public var format: AdapterFormat { .diffusers }

  /// Down is `[rank, in]`, up `[out, rank]`.
  public var storesTransposed: Bool { false }

  /// What is known of the scale is in the file.
  public var configUse: ConfigUse { .none }

  /// The file carries diffusers' metadata, an old leaf, or a new leaf in a part of a pipeline.
  public func recognises(_ header: SafetensorsHeader) -> Bool {
    if header.metadata(Self.metadataKey) != nil { return true }
    return header.tensors.contains { tensor in
      let components = tensor.name.split(separator: ".").map { String($0) }
      if Self.oldFactor(components) != nil { return true }
      guard components.count > 2,
        Self.newLeaves.contains(where: { tensor.name.hasSuffix($0.leaf) }) || Self.namedFactor(components) != nil
      else {
        return false
      }
      if Self.parts.contains(components[0]) { return true }
      let path = components.starts(with: ["base_model", "model"]) ? components.dropFirst(2) : components[...]
      // `transformer.` is also what GPT-2, Falcon and others call their body, so the layers must be those of diffusers.
      return DiffusionLayers.contain(path.dropFirst(path.first == "transformer" ? 1 : 0).map { $0[...] })
        || path.first == "transformer" && path.contains { Self.diffusionLayers.contains($0) }
    }
  }

  /// Splits a name into module and leaf.
  public func read(_ name: String) -> ReadKey {
    // Files that PEFT wrote for such a model come without a config; diffusers takes the prefix away.
    let name = name.hasPrefix(Self.peftPrefix) ? String(name.dropFirst(Self.peftPrefix.count)) : name
    for (leaf, part) in Self.newLeaves where name.hasSuffix(leaf) && name.count > leaf.count {
      return ReadKey(.factor(module: String(name.dropLast(leaf.count)), part: part))
    }
    var components = name.split(separator: ".", omittingEmptySubsequences: false).map { String($0) }
    if let (module, part, adapter) = Self.namedFactor(components) {
      let rightName = module + (part == .a ? ".lora_A.weight" : ".lora_B.weight")
      if DiffusionLayers.mayKeepAdapterName(module) { return ReadKey(.factor(module: module, part: part)) }
      return ReadKey(.factor(module: module, part: part), misnaming: (.adapterName(adapter), rightName))
    }
    if let (module, part) = Self.oldFactor(components) { return ReadKey(.factor(module: module, part: part)) }
    // Control LoRAs of Black Forest Labs bring the norms of queries and keys as a whole.
    if components.last == "scale", components.count > 2, components[components.count - 2].hasSuffix("_norm") {
      return ReadKey(.replacement(name: name, role: .full))
    }
    if components.last == "diff" || components.last == "diff_b" { return ReadKey(.foreign(method: "LYCORIS_DIFF")) }
    if components.count > 1, components.last == "alpha" {
      components.removeLast()
      return ReadKey(.alpha(module: Self.oldModule(components) ?? components.joined(separator: ".")))
    }
    return ReadKey(ForeignMethods.method(of: name).map { .foreign(method: $0) } ?? .unknown)
  }

  /// Module, part and the adapter's name of `path.lora_A.default.weight`, which saving a state dict by hand leaves.
  private static func namedFactor(_ components: [String]) -> (module: String, part: FactorPart, adapter: String)? {
    guard components.count > 3, components.last == "weight" else { return nil }
    guard let part = ["lora_A": FactorPart.a, "lora_B": .b][components[components.count - 3]] else { return nil }
    return (components.dropLast(3).joined(separator: "."), part, components[components.count - 2])
  }

  /// Module and part of `path.to_q_lora.down.weight`, `path.lora.down.weight` or `path.lora_linear_layer.down.weight`.
  private static func oldFactor(_ components: [String]) -> (module: String, part: FactorPart)? {
    guard components.count > 3, components.last == "weight" else { return nil }
    guard let part = ["down": FactorPart.a, "up": .b][components[components.count - 2]] else { return nil }
    return oldModule(Array(components.dropLast(2))).map { ($0, part) }
  }

  /// The module of a name that ends in `lora`, `lora_linear_layer` or one of the projections of an attention processor;
  /// nil for other names.
  private static func oldModule(_ components: [String]) -> String? {
    guard let owner = components.last, components.count > 1 else { return nil }
    var path = components.dropLast().filter { $0 != "processor" }
    if owner != "lora" && owner != "lora_linear_layer" {
      // The same processor names stood for the text encoder's projections.
      let projections = path.last == "self_attn" ? textProjections : imageProjections
      guard let projection = projections[owner] else { return nil }
      path.append(projection)
    }
    return path.joined(separator: ".")
  }

  private static let peftPrefix = "base_model.model."

  private static let imageProjections = [
    "to_q_lora": "to_q", "to_k_lora": "to_k", "to_v_lora": "to_v", "to_out_lora": "to_out.0",
    "add_k_proj_lora": "add_k_proj", "add_v_proj_lora": "add_v_proj",
  ]

  private static let textProjections = [
    "to_q_lora": "q_proj", "to_k_lora": "k_proj", "to_v_lora": "v_proj", "to_out_lora": "out_proj",
  ]

  private static let newLeaves: [(leaf: String, part: FactorPart)] = [
    (".lora_A.weight", .a), (".lora_B.weight", .b), (".lora_B.bias", .bBias), (".lora_magnitude_vector", .magnitude),
    (".lora_magnitude_vector.weight", .magnitude),
  ]

  /// Parts of pipelines; `diffusion_model` is ComfyUI's name for the transformer or U-Net.
  private static let parts: Set<String> = [
    "unet", "text_encoder", "text_encoder_2", "text_encoder_3", "transformer_2", "prior", "controlnet",
    "diffusion_model",
  ]

  private static let diffusionLayers: Set<String> = [
    "transformer_blocks", "single_transformer_blocks", "to_q", "to_k", "to_v", "to_out", "to_qkv", "to_add_out",
    "add_q_proj", "add_k_proj", "add_v_proj", "x_embedder", "context_embedder", "proj_out",
  ]
}
