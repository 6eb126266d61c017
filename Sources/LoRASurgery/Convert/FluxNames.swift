import LoRAModel
import TensorCore

/// Modules of Flux under the names of its authors, under which kohya's trainers adapt it, as diffusers has them
/// (diffusers 0.42, `loaders/lora_conversion_utils.py: _convert_kohya_flux_lora_to_diffusers`).
///
/// The authors' own files have these names alone, and those for ComfyUI below `diffusion_model`.
/// Where diffusers has several modules for one, each gets the whole A and its rows of B.
enum FluxNames {
  /// Modules in a double block, in the order of their rows.
  private static let double: [String: [String]] = [
    "img_attn.qkv": ["attn.to_q", "attn.to_k", "attn.to_v"], "img_attn.proj": ["attn.to_out.0"],
    "txt_attn.qkv": ["attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"], "txt_attn.proj": ["attn.to_add_out"],
    "img_mlp.0": ["ff.net.0.proj"], "img_mlp.2": ["ff.net.2"], "txt_mlp.0": ["ff_context.net.0.proj"],
    "txt_mlp.2": ["ff_context.net.2"], "img_mod.lin": ["norm1.linear"], "txt_mod.lin": ["norm1_context.linear"],
  ]

  private static let single: [String: [String]] = [
    "linear1": ["attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"], "linear2": ["proj_out"],
    "modulation.lin": ["norm.linear"],
  ]

  private static let outer = [
    "img_in": "x_embedder", "txt_in": "context_embedder", "final_layer.linear": "proj_out",
    "final_layer.adaLN_modulation.1": "norm_out.linear",
    "time_in.in_layer": "time_text_embed.timestep_embedder.linear_1",
    "time_in.out_layer": "time_text_embed.timestep_embedder.linear_2",
    "vector_in.in_layer": "time_text_embed.text_embedder.linear_1",
    "vector_in.out_layer": "time_text_embed.text_embedder.linear_2",
    "guidance_in.in_layer": "time_text_embed.guidance_embedder.linear_1",
    "guidance_in.out_layer": "time_text_embed.guidance_embedder.linear_2",
  ]

  /// The modules under diffusers' names when they are those of Flux; as they are otherwise.
  ///
  /// - Throws: `SurgeryError.refused` for modules of Flux that diffusers does not have.
  static func diffusers(_ modules: [ModuleDraft], of path: String) throws(SurgeryError) -> [ModuleDraft] {
    let modules = modules.contains { isBlock(inTransformer($0.name)) } ? modules.map { inTransformer($0) } : modules
    guard modules.contains(where: { isBlock($0.name) }) else { return modules }
    var result: [ModuleDraft] = []
    for module in modules {
      guard let (part, own) = PipelineNames.split(module.name), part == "unet" || part == "transformer" else {
        result.append(module)
        continue
      }
      result += try parts(of: module, own, path)
    }
    return result.sorted { naturallyPrecedes($0.name, $1.name) }
  }

  private static func inTransformer(_ module: ModuleDraft) -> ModuleDraft {
    var module = module
    module.name = inTransformer(module.name)
    return module
  }

  /// The name below the part of a pipeline that the authors' names belong to.
  private static func inTransformer(_ name: String) -> String {
    let own = name.hasPrefix("diffusion_model.") ? String(name.dropFirst("diffusion_model.".count)) : name
    let isOfFlux = own.hasPrefix("double_blocks.") || own.hasPrefix("single_blocks.") || outer[own] != nil
    return isOfFlux ? "transformer.\(own)" : name
  }

  private static func isBlock(_ name: String) -> Bool {
    guard let own = PipelineNames.split(name)?.path else { return false }
    return own.hasPrefix("double_blocks.") || own.hasPrefix("single_blocks.")
  }

  private static func parts(of module: ModuleDraft, _ own: String, _ path: String) throws(SurgeryError)
    -> [ModuleDraft]
  {
    var module = module
    if let name = outer[own] {
      module.name = "transformer.\(name)"
      if own.hasPrefix("final_layer.adaLN") { try swapHalves(&module, path) }
      return [module]
    }
    guard let (index, before, after) = own.layer,
      let (list, names) = before == "double_blocks."
        ? double[String(after.dropFirst())].map({ ("transformer_blocks", $0) })
        : single[String(after.dropFirst())].map({ ("single_transformer_blocks", $0) })
    else {
      throw .refused(path, subject: module.name, "diffusers has no module for it in its transformer of Flux")
    }
    let sizes = try sizes(of: module, names.count, path)
    return names.indices.map { position in
      var part = module
      part.name = "transformer.\(list).\(index).\(names[position])"
      if names.count > 1 {
        let first = Int(sizes[..<position].reduce(0, +))
        let last = first + Int(sizes[position])
        part.moveOutputs(
          to: (0..<Int(module.b.count)).map { (first..<last).contains($0) ? $0 - first : -1 }, count: sizes[position])
      }
      return part
    }
  }

  /// Rows of the parts: three of the model's width, and in a single block four times the width for the feed-forward.
  private static func sizes(of module: ModuleDraft, _ count: Int, _ path: String) throws(SurgeryError) -> [UInt64] {
    let rows = module.b.count
    let shares: UInt64 = count == 4 ? 7 : UInt64(count)
    guard rows % shares == 0, rows <= 1 << 24 else {
      throw .refused(path, subject: module.name, "its \(rows) outputs do not fall into the parts that diffusers has")
    }
    let width = rows / shares
    return count == 4 ? [width, width, width, 4 * width] : Array(repeating: width, count: count)
  }

  /// Scale and shift stand the other way round in diffusers.
  private static func swapHalves(_ module: inout ModuleDraft, _ path: String) throws(SurgeryError) {
    let rows = module.b.count
    guard rows % 2 == 0, rows <= 1 << 24 else {
      throw .refused(path, subject: module.name, "its \(rows) outputs are no scale and shift")
    }
    let half = Int(rows / 2)
    module.moveOutputs(to: (0..<Int(rows)).map { ($0 + half) % Int(rows) }, count: rows)
  }
}
