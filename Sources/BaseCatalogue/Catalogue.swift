package import JSON

/// The architectures that are known, and what they make of a configuration.
package enum Catalogue {
  /// Every architecture, in alphabetical order; a new one is one file in `Architectures` and one line here.
  package static let all: [Architecture] = [
    .bert,
    .bloom,
    .cohere,
    .cohere2,
    .deepSeekV2,
    .deepSeekV3,
    .distilBERT,
    .ernie45,
    .exaone4,
    .falcon,
    .gemma,
    .gemma2,
    .gemma3,
    .gemma3Text,
    .gemma4,
    .gemma4Text,
    .gemma4Unified,
    .gemma4UnifiedText,
    .glm4,
    .gpt2,
    .gptBigCode,
    .gptNeoX,
    .gptOSS,
    .gptj,
    .granite,
    .kimiK25,
    .llama,
    .llama4Text,
    .mistral,
    .mixtral,
    .molmo2,
    .molmo2Text,
    .mpt,
    .nemotronH,
    .olmo,
    .olmo2,
    .opt,
    .phi,
    .phi3,
    .qwen2,
    .qwen2MoE,
    .qwen2VL,
    .qwen3,
    .qwen3MoE,
    .recurrentGemma,
    .roberta,
    .seedOSS,
    .smolLM3,
    .stableLM,
    .starcoder2,
    .t5,
    .vit,
    .whisper,
    .zamba,
    .zamba2,
  ]

  private static let byModelType = Dictionary(all.map { ($0.modelType, $0) }, uniquingKeysWith: { first, _ in first })

  /// The model types that are known, in alphabetical order: those with rows of their own, and those of the table.
  package static let modelTypes: [String] = Set(all.map(\.modelType)).union(TypeTable.modelTypes).sorted()

  /// The architecture of a `model_type`.
  package static func architecture(modelType: String) -> Architecture? { byModelType[modelType] }

  /// Lists the modules and tensors of the model that a configuration, the content of `config.json`, describes.
  ///
  /// Keys that are missing have the defaults of transformers 5.23.0.
  /// - Throws: `CatalogueError.unknownModelType` when the architecture is not known; the other cases when the
  ///   configuration is not usable.
  package static func describe(_ config: JSONValue) throws(CatalogueError) -> BaseDescription {
    guard let object = config.object else {
      throw .value(path: "config", expected: "an object", found: config.kindName)
    }
    guard let modelType = object["model_type"]?.string else {
      let found = object["model_type"]?.kindName ?? "missing"
      throw .value(path: "model_type", expected: "a string", found: found)
    }
    guard let architecture = architecture(modelType: modelType) else {
      guard let type = TypeTable.type(modelType) else { throw .unknownModelType(modelType) }
      return try type.describe(object)
    }
    return try architecture.describe(Config(architecture.renamed(object)))
  }
}

extension Architecture {
  /// The configuration with the architecture's own names for keys.
  fileprivate func renamed(_ object: JSONObject) -> JSONObject {
    var object = object
    for (other, name) in keys where object[name] == nil { object[name] = object[other] }
    return object
  }

  fileprivate func describe(_ config: Config) throws(CatalogueError) -> BaseDescription {
    let named = config.strings("architectures")?.first
    guard let (head, isKnown) = head(for: named) else { throw .unknownModelType(modelType) }
    var expansion = Expansion(modelType: modelType, className: isKnown ? named : nil, problems: config.problems)
    expansion.addBody((head.body ?? body)(config), at: head.prefix)
    expansion.add(head.rows(config, expansion.body), below: "")
    if let problem = config.problems.first { throw problem }
    var description = expansion.description
    description.aliases += aliases + bodyAliases(head.prefix.disk)
    description.textSection = textSection.flatMap { config.hasValue($0) ? $0 : nil }
    description.index()
    return description
  }

  /// The prefixes that the body has in other classes, and none, in place of the one that it has in this class.
  private func bodyAliases(_ prefix: String) -> [PathAlias] {
    let own = prefix.isEmpty ? "" : prefix + "."
    let others = Set(heads.map(\.prefix.disk)).subtracting(["", prefix]).sorted()
    let below = others.map { PathAlias($0 + ".", own, origin: "the body below another head") }
    return own.isEmpty ? below : below + [PathAlias("", own, origin: "the body without its head")]
  }
}
