import LoRADeltas
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
    return result.ordered { naturallyPrecedes($0.name, $1.name) }
  }

  private static func inTransformer(_ module: ModuleDraft) -> ModuleDraft {
    var module = module
    module.name = inTransformer(module.name)
    return module
  }

  /// The name below the part of a pipeline that the authors' names belong to.
  private static func inTransformer(_ name: String) -> String {
    let own = name.hasPrefix("diffusion_model.") ? String(name.dropFirst("diffusion_model.".count)) : name
    return isAuthors(own) ? "transformer.\(own)" : name
  }

  /// Whether this is a name of the authors for a module of the transformer.
  static func isAuthors(_ name: String) -> Bool {
    name.hasPrefix("double_blocks.") || name.hasPrefix("single_blocks.") || outer[name] != nil
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
    let sizes = try sizes(of: module.name, rows: module.b.count, names.count, path)
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
  private static func sizes(of module: String, rows: UInt64, _ count: Int, _ path: String) throws(SurgeryError)
    -> [UInt64]
  {
    let shares: UInt64 = count == 4 ? 7 : UInt64(count)
    guard rows % shares == 0, rows <= 1 << 24 else {
      throw .refused(path, subject: module, "its \(rows) outputs do not fall into the parts that diffusers has")
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

  // MARK: Back

  /// Whether a base has the names of Flux's authors; those of diffusers are other models' too.
  static func areNames(of base: ConversionBase) -> Bool {
    ["double_blocks.0.img_attn.qkv", "single_blocks.0.linear1"].contains { base.outputs(of: $0) != nil }
  }

  /// Gives the modules of a transformer under diffusers' names those of its authors, parts becoming one module.
  ///
  /// - Throws: `SurgeryError.refused` for modules that the authors' model does not have, and for parts that do not fit.
  static func restore(
    _ bench: inout ConversionWorkbench, _ input: ConversionInput, _ base: ConversionBase
  ) throws(SurgeryError) {
    var result: [ModuleDraft] = []
    var groups: [String: [Int: ModuleDraft]] = [:]
    for module in bench.modules {
      guard let (part, own) = PipelineNames.split(module.name), part == "transformer" else {
        result.append(module)
        continue
      }
      guard let (name, position) = authors(own), let rows = base.outputs(of: name) else {
        throw .refused(input.path, subject: module.name, "the base has no module for it")
      }
      guard module.kind == .linear else {
        throw .refused(input.path, subject: module.name, "it is no linear module, as all of Flux are")
      }
      if partNames(of: name).count > 1 {
        groups[name, default: [:]][position] = module
        continue
      }
      guard rows == module.b.count else {
        throw .refused(
          input.path, subject: module.name, "it has \(module.b.count) outputs and the base's module \(rows)")
      }
      var renamed = module
      renamed.name = "transformer.\(name)"
      if name.hasPrefix("final_layer.adaLN") { try swapHalves(&renamed, input.path) }
      result.append(renamed)
    }
    for (name, parts) in groups {
      let sizes = try sizes(
        of: name, rows: base.outputs(of: name) ?? 0, partNames(of: name).count, input.path)
      let rows = FusedModules.Rows(sizes: sizes, moves: FusedRows.stacked(sizes))
      result.append(try FusedModules(input).fused(parts, "transformer.\(name)", rows, &bench))
    }
    bench.modules = result.ordered { naturallyPrecedes($0.name, $1.name) }
  }

  /// diffusers' modules for a module of the authors, in the order of its rows.
  private static func partNames(of name: String) -> [String] {
    guard let (_, before, after) = name.layer else { return outer[name].map { [$0] } ?? [] }
    return (before == "double_blocks." ? double : single)[String(after.dropFirst())] ?? []
  }

  /// The authors' module for one of diffusers', and which of its parts that is.
  private static func authors(_ name: String) -> (name: String, position: Int)? {
    if let entry = outer.first(where: { $0.value == name }) { return (entry.key, 0) }
    guard let (index, before, after) = name.layer else { return nil }
    let (list, names): (String, [String: [String]])
    switch before {
    case "transformer_blocks.": (list, names) = ("double_blocks", double)
    case "single_transformer_blocks.": (list, names) = ("single_blocks", single)
    default: return nil
    }
    let own = String(after.dropFirst())
    for (whole, parts) in names {
      if let position = parts.firstIndex(of: own) { return ("\(list).\(index).\(whole)", position) }
    }
    return nil
  }
}
