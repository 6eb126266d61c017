import LoRADeltas
import LoRAModel
import TensorCore

/// Names of modules that begin with the part of a pipeline, as diffusers and kohya's trainers have them.
enum PipelineNames {
  /// The parts that diffusers loads adapters into.
  static let parts: Set<String> = [
    "unet", "transformer", "transformer_2", "text_encoder", "text_encoder_2", "text_encoder_3", "prior", "controlnet",
  ]

  /// The part and the path in it; nil for a name that begins with no part.
  static func split(_ name: String) -> (part: String, path: String)? {
    guard let dot = name.firstIndex(of: "."), parts.contains(String(name[..<dot])) else { return nil }
    return (String(name[..<dot]), String(name[name.index(after: dot)...]))
  }

  /// The part that a module without one belongs to, by what only one kind of model has.
  static func part(ofPath path: String) -> String? {
    let first = path.dottedComponents.first.map { String($0) } ?? ""
    switch first {
    case "down_blocks", "up_blocks", "mid_block": return "unet"
    case "transformer_blocks", "single_transformer_blocks": return "transformer"
    case "text_model": return "text_encoder"
    default: return nil
    }
  }

  /// Every module under the name of its part: what its path tells, else what those of the others tell, which are of the
  /// same model when the adapter has no parts.
  ///
  /// - Throws: `SurgeryError.refused` for modules of which nothing tells the part.
  static func complete(_ modules: [ModuleDraft], of path: String, target: String) throws(SurgeryError) -> [ModuleDraft]
  {
    let told = Set(modules.filter { split($0.name) == nil }.compactMap { part(ofPath: $0.name) })
    var result = modules
    for (index, module) in modules.enumerated() where split(module.name) == nil {
      guard let part = part(ofPath: module.name) ?? told.first, told.count == 1 else {
        throw .refused(
          path, subject: module.name, "nothing tells which part of a pipeline it belongs to, and \(target) names that",
          hint: "say it with --prefix")
      }
      result[index].name = "\(part).\(module.name)"
    }
    return result
  }

  /// Modules under the names of the base where that is known, and under diffusers' names where they have Stability's.
  ///
  /// kohya's names have lost their dots. Which dots there were, the base's own names tell best.
  static func read(_ modules: [ModuleDraft], of path: String, _ base: ConversionBase?) throws(SurgeryError)
    -> [ModuleDraft]
  {
    var byUnderscores: [String: String] = [:]
    for name in base?.model.modules.keys.ordered() ?? [] { byUnderscores[name.replacing(".", with: "_")] = name }
    var result = modules
    for (index, module) in modules.enumerated() {
      let (part, rest) = split(module.name) ?? ("", module.name)
      if let known = byUnderscores[rest.replacing(".", with: "_")] {
        result[index].name = part.isEmpty ? known : "\(part).\(known)"
      } else if part == "unet", let diffusers = StabilityNames.diffusers(rest) {
        result[index].name = "unet.\(diffusers)"
      }
    }
    if let name = firstRepeated(result.map(\.name)) {
      throw .refused(path, subject: name, "two modules of the file have this name")
    }
    return result
  }

  /// The first name that is there twice.
  static func firstRepeated(_ names: [String]) -> String? {
    var seen: Set<String> = []
    return names.first { !seen.insert($0).inserted }
  }
}
