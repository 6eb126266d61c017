public import Safetensors

/// The names that kohya's sd-scripts write, and with them LyCORIS and most trainers of image models
/// (sd-scripts 48d368f, `networks/lora.py`): one name without dots for the module, `lora_unet_` or `lora_te1_` before
/// it, and `.lora_down.weight`, `.lora_up.weight` or `.alpha` after it.
///
/// Other methods that LyCORIS keeps under the same module names are told apart by their parts.
public struct KohyaNaming: NamingScheme {
  /// The scheme has no options.
  public init() {}

  /// kohya.
  public var format: AdapterFormat { .kohya }

  /// Down is `[rank, in]`, up `[out, rank]`; convolutions `[rank, in, k, k]` and `[out, rank, 1, 1]`.
  public var storesTransposed: Bool { false }

  /// Alpha is a tensor of the file.
  public var configUse: ConfigUse { .none }

  /// At least one tensor has kohya's leaf, or a module name that only this family of trainers makes.
  public func recognises(_ header: SafetensorsHeader) -> Bool {
    header.tensors.contains { tensor in
      KohyaModuleName.isOne(tensor.name) || tensor.name.hasSuffix(".lora_down.weight")
        || tensor.name.hasSuffix(".lora_up.weight")
    }
  }

  /// Splits a name into module and leaf.
  public func read(_ name: String) -> ReadKey {
    for (leaf, meaning) in Self.leaves where name.hasSuffix(leaf) && name.count > leaf.count {
      let module = KohyaModuleName.path(of: String(name.dropLast(leaf.count)))
      switch meaning {
      case .part(let part): return ReadKey(.factor(module: module, part: part))
      case .alpha: return ReadKey(.alpha(module: module))
      case .method(let method): return ReadKey(.foreign(method: method))
      }
    }
    return ReadKey(ForeignMethods.method(of: name).map { .foreign(method: $0) } ?? .unknown)
  }

  private enum Leaf {
    case part(FactorPart)
    case alpha
    case method(String)
  }

  /// `lora_mid` is the core of a Tucker decomposition, which makes the delta another product than up · down;
  /// `dora_scale` is DoRA with a norm over an axis that differs between trainers; `diff` and `set_weight` are whole
  /// weights, as `w_norm` and `b_norm` are of norms; `scalar` is one more trained factor of the product.
  private static let leaves: [(String, Leaf)] = [
    (".lora_down.weight", .part(.a)), (".lora_up.weight", .part(.b)), (".alpha", .alpha),
    (".lora_mid.weight", .method("LYCORIS_TUCKER")), (".dora_scale", .method("LYCORIS_DORA")),
    (".diff", .method("LYCORIS_DIFF")), (".diff_b", .method("LYCORIS_DIFF")),
    (".set_weight", .method("LYCORIS_DIFF")), (".w_norm", .method("LYCORIS_DIFF")),
    (".b_norm", .method("LYCORIS_DIFF")), (".scalar", .method("LYCORIS_SCALAR")),
    (".on_input", .method("LYCORIS_IA3")), (".a1.weight", .method("LYCORIS_GLORA")),
    (".a2.weight", .method("LYCORIS_GLORA")), (".b1.weight", .method("LYCORIS_GLORA")),
    (".b2.weight", .method("LYCORIS_GLORA")),
  ]
}

/// Module names in which kohya's trainers have replaced every dot by `_`.
///
/// The dots are put back with the words that have an underscore of their own in the model families that these trainers
/// know: diffusers' and Stability's U-Nets, CLIP, T5, Flux, Stable Diffusion 3. Replacing the dots by `_` again gives
/// the written name, so that two modules never become one.
enum KohyaModuleName {
  /// What stands before the module in each part of a pipeline, and diffusers' name of the part.
  private static let components = [
    ("lora_unet_", "unet"), ("lora_te_", "text_encoder"), ("lora_te1_", "text_encoder"),
    ("lora_te2_", "text_encoder_2"), ("lora_te3_", "text_encoder_3"), ("lora_transformer_", "transformer"),
    ("lora_prior_unet_", "prior"), ("lycoris_", ""),
  ]

  /// Whether a tensor name starts with such a module name.
  static func isOne(_ name: String) -> Bool { components.contains { name.hasPrefix($0.0) } }

  /// The path of a module: `lora_unet_mid_block_attentions_0_proj_in` is `unet.mid_block.attentions.0.proj_in`.
  static func path(of name: String) -> String {
    guard !name.contains("."), let (prefix, component) = components.first(where: { name.hasPrefix($0.0) }) else {
      return name
    }
    let parts = name.dropFirst(prefix.count).split(separator: "_", omittingEmptySubsequences: false)
    var path: [String] = component.isEmpty ? [] : [component]
    var position = 0
    while position < parts.count {
      // The longest word wins: `time_emb_proj` is one module, not three.
      let longest = (2...longestWord).last { length in
        position + length <= parts.count && words.contains(parts[position..<position + length].joined(separator: "_"))
      }
      path.append(parts[position..<position + (longest ?? 1)].joined(separator: "_"))
      position += longest ?? 1
    }
    return path.joined(separator: ".")
  }

  private static let longestWord = 4

  private static let words: Set<String> = [
    // U-Nets of diffusers
    "down_blocks", "up_blocks", "mid_block", "transformer_blocks", "single_transformer_blocks", "proj_in", "proj_out",
    "proj_mlp", "to_q", "to_k", "to_v", "to_out", "to_qkv", "to_add_out", "add_q_proj", "add_k_proj", "add_v_proj",
    "to_k_ip", "to_v_ip", "conv_in", "conv_out", "conv_shortcut", "time_emb_proj", "time_embedding", "add_embedding",
    "class_embedding", "encoder_hid_proj", "linear_1", "linear_2", "cond_proj", "norm1_context", "ff_context",
    "norm_out", "time_text_embed", "timestep_embedder", "text_embedder", "guidance_embedder", "context_embedder",
    "x_embedder", "pos_embed", "norm_q", "norm_k",
    // Stability's and Black Forest Labs' own code
    "input_blocks", "middle_block", "output_blocks", "in_layers", "out_layers", "emb_layers", "skip_connection",
    "time_embed", "label_emb", "joint_blocks", "context_block", "x_block", "t_embedder", "y_embedder", "final_layer",
    "adaLN_modulation", "double_blocks", "single_blocks", "img_attn", "txt_attn", "img_mlp", "txt_mlp", "img_mod",
    "txt_mod", "img_in", "txt_in", "time_in", "vector_in", "guidance_in", "in_layer", "out_layer", "cross_attn",
    "k_img", "v_img", "text_embedding", "time_projection", "img_emb",
    // text encoders: CLIP, T5, language models
    "text_model", "self_attn", "q_proj", "k_proj", "v_proj", "out_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
    "text_projection", "visual_projection", "vision_model", "wi_0", "wi_1", "embed_tokens", "lm_head",
  ]
}
