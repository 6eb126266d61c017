/// Files of towers that transformers 5 holds one component higher than the releases before it, which wrote them.
///
/// `CLIPVisionModel` and its kin lost their inner `vision_model`, and the text models `text_model`
/// (`conversion_mapping.py`, `PrefixChange`). Published checkpoints have the older names, a model that transformers 5
/// made has the newer ones, and one that it loaded is written as it was.
extension PathAlias {
  /// What such a tower's own type called the component; nil for other types.
  static func olderComponent(of modelType: String) -> String? {
    switch modelType {
    case "clip_vision_model", "siglip_vision_model", "siglip2_vision_model", "chinese_clip_vision_model",
      "altclip_vision_model", "metaclip_2_vision_model", "mlcd_vision_model", "mlcd":
      "vision_model"
    case "clip_text_model", "siglip_text_model", "siglip2_text_model", "metaclip_2_text_model": "text_model"
    default: nil
    }
  }
}

extension BaseDescription {
  /// The description with the names of files of older releases, where these are such files.
  ///
  /// - Parameter holds: whether the files have a tensor of this name.
  package func spelled(asInFilesThatHold holds: (String) -> Bool) -> BaseDescription {
    var description = self
    for alias in aliases where alias.isStored {
      let sample = entries.lazy.compactMap { entry -> String? in
        guard case .module(let module) = entry, module.tiedTo == nil, module.name.hasPrefix(alias.canonical) else {
          return nil
        }
        return module.tensor
      }.first
      guard let sample, !holds(sample), holds(alias.spelling + sample.dropFirst(alias.canonical.count)) else {
        continue
      }
      description.respell(alias)
    }
    return description
  }

  private mutating func respell(_ alias: PathAlias) {
    func renamed(_ name: String) -> String {
      name.hasPrefix(alias.canonical) ? alias.spelling + name.dropFirst(alias.canonical.count) : name
    }
    // What has one name in memory and in the files gets another one there.
    let split = Set(runtimeModules.flatMap(\.parts))
    runtimeModules = runtimeModules.map {
      RuntimeModule(
        module: $0.module, parts: $0.parts.map(renamed), firstRow: $0.firstRow, isReordered: $0.isReordered)
    }
    for (position, entry) in entries.enumerated() {
      switch entry {
      case .module(let module) where module.tiedTo == nil && module.name.hasPrefix(alias.canonical):
        let stored = renamed(module.name)
        if !split.contains(module.name) { runtimeModules.append(RuntimeModule(module: module, parts: [stored])) }
        entries[position] = .module(module.renamed(stored))
      case .experts(let experts):
        entries[position] = .experts(
          ExpertLayers(
            parts: experts.parts.map { ExpertName(renamed($0.pattern)) }, count: experts.count,
            inFeatures: experts.inFeatures, outFeatures: experts.outFeatures))
      case .module: break
      }
    }
    routers = routers.map { $0.renamed(renamed($0.name)) }
    let known = Set(runtimeTensors.values)
    runtimeTensors = runtimeTensors.mapValues(renamed)
    for (position, tensor) in otherTensors.enumerated() {
      let stored = renamed(tensor.name)
      if stored != tensor.name, !known.contains(tensor.name) { runtimeTensors[tensor.name] = stored }
      otherTensors[position] = BaseTensor(name: stored, shape: tensor.shape)
    }
    for (list, count) in layerCounts { layerCounts[renamed(list)] = count }
    aliases = aliases.filter { $0 != alias }.map { $0.leading(to: renamed($0.canonical)) }
    aliases.append(PathAlias(alias.canonical, alias.spelling, origin: "checkpoints that version 5 made"))
    index()
  }
}
