import Safetensors
import TensorCore

/// What the name of a tensor in a base model says, before anything is known of the architecture.
enum BaseTensorName: Equatable {
  /// The weight of a module; a module of attention with one matrix for all three projections counts as its owner, as
  /// PEFT has it.
  case weight(module: String)
  /// The packed weight of a module, which only a quantised checkpoint has.
  case packedWeight(module: String)
  /// The packed form of a bare parameter (`gate_up_proj_blocks` of MXFP4).
  case packedParameter(name: String)
  /// A tensor that belongs to a quantised weight: scales, zero points, code books.
  case companion(of: String)
  /// A bias.
  case bias(module: String)
  /// A buffer that is no parameter: masks, rotary frequencies, positions.
  case buffer
  /// A bare parameter.
  case parameter

  init(_ name: String) {
    let bytes = name.utf8
    func owner(_ suffix: String) -> String? {
      guard bytes.count > suffix.utf8.count, name.hasSuffix(suffix) else { return nil }
      return String(name.dropLast(suffix.count))
    }
    if let module = owner(".weight") {
      // Some bases come with factors of their own around their weights (Phi-4-multimodal).
      self = Self.isFactor(module) ? .buffer : .weight(module: owner(".base_layer.weight") ?? module)
    } else if let module = owner(".in_proj_weight") {
      self = .weight(module: module)
    } else if let module = owner(".qweight") ?? owner(".weight_packed") ?? owner(".W_q")
      ?? owner("._weight_qdata")
    {
      self = .packedWeight(module: module)
    } else if let module = owner(".bias") {
      self = .bias(module: module)
    } else if let module = owner("_blocks") {
      self = .packedParameter(name: module)
    } else if let dot = name.lastIndex(of: ".") {
      self = Self.leaf(name[name.index(after: dot)...], below: name[..<dot])
    } else {
      self = .parameter
    }
  }

  /// Whether the weight of this owner is a factor of the base's own: `….lora_A.vision`.
  private static func isFactor(_ owner: String) -> Bool {
    var rest = owner[...]
    for _ in 0..<2 {
      guard let dot = rest.utf8.lastIndex(of: UInt8(ascii: ".")) else { return false }
      let component = rest[rest.utf8.index(after: dot)...]
      if component == "lora_A" || component == "lora_B" { return true }
      rest = rest[..<dot]
    }
    return false
  }

  private static func leaf(_ leaf: Substring, below owner: Substring) -> BaseTensorName {
    // bitsandbytes keeps its state below the weight: `weight.absmax`, `weight.quant_state.bitsandbytes__nf4`.
    for state in [".weight", ".weight.quant_state"] where owner.hasSuffix(state) && quantizationState(leaf) {
      return .companion(of: String(owner.dropLast(state.count)))
    }
    if companions.contains(String(leaf)) { return .companion(of: String(owner)) }
    if buffers.contains(String(leaf)) { return .buffer }
    for suffix in ["_scale_inv", "_scales", "_scale"] where leaf.hasSuffix(suffix) && leaf.count > suffix.count {
      return .companion(of: owner + "." + leaf.dropLast(suffix.count))
    }
    if leaf.hasSuffix("_bias") { return .bias(module: owner + "." + leaf.dropLast(5)) }
    return .parameter
  }

  private static func quantizationState(_ leaf: Substring) -> Bool {
    ["absmax", "quant_map", "nested_absmax", "nested_quant_map"].contains(leaf) || leaf.hasPrefix("bitsandbytes__")
  }

  /// Leaves that make the weight beside them a quantised one: bitsandbytes, GPTQ, AWQ, compressed-tensors, fp8, MLX.
  private static let companions: Set<String> = [
    "SCB", "weight_format", "scales", "qzeros", "g_idx", "biases", "weight_scale", "weight_scale_inv", "weight_scale_2",
    "weight_zero_point", "_weight_scale", "_weight_zero_point", "weight_g_idx", "weight_shape", "weight_global_scale",
    "scale_weight",
  ]

  /// Leaves of buffers, and of scales for activations and caches, which say nothing about the weight.
  private static let buffers: Set<String> = [
    "masked_bias", "inv_freq", "position_ids", "num_batches_tracked", "running_mean", "running_var", "input_scale",
    "k_scale", "v_scale", "q_scale", "output_scale", "input_global_scale", "scale_input", "embed_positions",
  ]
}

extension DType {
  /// Whether weights of this type can take a delta as they are.
  var isPlainWeight: Bool {
    switch self {
    case .f16, .bf16, .f32, .f64: true
    default: false
    }
  }
}
