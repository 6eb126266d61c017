public import Diagnostics
import JSON
import LoRAModel
import Safetensors
import TensorCore

extension RuleID {
  /// The name of the rule below.
  public static let baseShapeMismatch = RuleID("base-shape-mismatch")
}

extension Rule {
  /// Sizes of the factors are not those of the base's module.
  static let baseShapeMismatch = Rule(
    .baseShapeMismatch, "The shapes do not fit the base",
    meaning: """
      The columns of A are not the inputs of the base's module, or the rows of B not its outputs; or a tensor that \
      replaces one of the base has another shape; or the factors are those of another kind of layer: with the four \
      dimensions of a convolution's for a linear layer, or named like a linear layer's for an embedding. Usually the \
      adapter was trained on another size or generation of the model.
      """,
    consequence: """
      A larger adapter stops the engine when its first request arrives. A smaller one is copied into the corner of the \
      slot without any error, and the answers are subtly wrong. PEFT refuses other sizes, and passes over factors whose \
      names are those of another kind of layer.
      """,
    remedy: """
      Compare `base_model_name_or_path` with the model that is served. Sizes that differ in k_proj and v_proj alone \
      point to another number of key-value heads.
      """,
    repair: .no("other sizes mean that the adapter belongs to another base."),
    example: """
      error  base-shape-mismatch  model.layers.0.mlp.up_proj is for 4096 inputs and 11008 outputs, but the base's module has 4096 and 14336
             expected in 4096, out 14336, found in 4096, out 11008
      """
  ) { context in
    guard context.hasPlainShapes else { return blocks(context) }
    var groups = Groups<Sizes, (module: AdapterModule, base: BaseModule)>()
    for (module, match) in context.matched where context.transposition(of: module) == nil && module.isUsable {
      guard let sizes = Sizes(module, match.module), !context.isVocabularyProblem(module, match.module) else {
        continue
      }
      groups.add(sizes, (module, match.module))
    }
    return merged(groups, context) + kinds(context) + replacements(context)
  }

  private struct Sizes: Hashable {
    let component: String
    let found: [UInt64?]
    let expected: [UInt64]

    /// The sizes that differ, or nil when all that are known agree.
    init?(_ module: AdapterModule, _ base: BaseModule) {
      component = module.lastComponent
      found = [module.a == nil ? nil : module.inFeatures, module.b == nil ? nil : module.outFeatures]
      expected = [base.inFeatures, base.outFeatures]
      if module.sizesFit(base) { return nil }
    }
  }

  /// One finding per kind of module, or a single one when nothing fits at all.
  private static func merged(
    _ groups: Groups<Sizes, (module: AdapterModule, base: BaseModule)>, _ context: ValidationContext
  )
    -> [Finding]
  {
    let total = groups.all.reduce(0) { $0 + $1.places.count }
    let nothingFits = groups.all.count > 2 && total == context.matched.count
    return (nothingFits ? Array(groups.all.prefix(1)) : groups.all).compactMap { _, places in
      guard let (first, base) = places.first else { return nil }
      let sizes = "\(first.a == nil ? "unknown" : "\(first.inFeatures)") inputs and \(first.outFeatures) outputs"
      let others = "\(base.inFeatures) and \(base.outFeatures)"
      let names = nothingFits ? context.matched.map(\.module.name) : places.map(\.module.name)
      let subject = phrase(names, of: context.adapter.modules.count)
      let message =
        nothingFits
        ? "the shapes of \(subject) do not fit the base: \(escaped(first.name, limit: 160)) is for \(sizes), but the base's module has \(others)"
        : "\(subject) \(places.count == 1 ? "is" : "are") for \(sizes), but the base's module has \(others)"
      return Finding(
        .baseShapeMismatch, message, file: context.adapter.weightsPath, tensor: (first.a ?? first.b)?.name,
        module: first.name, expected: "in \(base.inFeatures), out \(base.outFeatures)",
        found: "in \(first.inFeatures), out \(first.outFeatures)", hint: hint(context),
        byteOffset: first.a?.headerOffset)
    }
  }

  /// Factors of another kind of layer than the base has under the name, however well their sizes fit.
  private static func kinds(_ context: ValidationContext) -> [Finding] {
    guard context.adapter.format == .peft, let base = context.base else { return [] }
    let isCatalogued = base.description != nil
    var groups = Groups<[ModuleKind], AdapterModule>()
    for (module, match) in context.matched where !module.kindFits(match.module, isCatalogued: isCatalogued) {
      groups.add([module.kind, match.module.kind], module)
    }
    return groups.all.compactMap { kinds, places in
      guard let first = places.first, let tensor = first.a ?? first.b else { return nil }
      return Finding(
        .baseShapeMismatch,
        "\(phrase(places.map(\.name), of: context.adapter.modules.count)) \(places.count == 1 ? "has" : "have") the factors of "
          + "\(layer(kinds[0])), but the base's module is \(layer(kinds[1]))",
        file: context.adapter.weightsPath, tensor: tensor.name, module: first.name, expected: factors(kinds[1]),
        found: "\(escaped(tensor.name, limit: 160)) of shape \(tensor.shape)", hint: hint(context),
        byteOffset: tensor.headerOffset)
    }
  }

  private static func layer(_ kind: ModuleKind) -> String {
    switch kind {
    case .linear: "a linear layer"
    case .embedding: "an embedding"
    case .conv1d: "a convolution over one axis"
    case .conv2d: "a convolution"
    case .parameter: "a bare parameter"
    }
  }

  private static func factors(_ kind: ModuleKind) -> String {
    switch kind {
    case .linear, .parameter: "lora_A and lora_B of two dimensions"
    case .embedding: "lora_embedding_A and lora_embedding_B of two dimensions"
    case .conv1d: "lora_A and lora_B of three dimensions"
    case .conv2d: "lora_A and lora_B of four or five dimensions"
    }
  }

  private static func hint(_ context: ValidationContext) -> String {
    let trained = context.adapter.config?.baseModel.map {
      " (the config says it was trained on \(escaped($0, limit: 100)))"
    }
    return "check that this is the base that the adapter was trained on\(trained ?? "")"
  }

  /// Tensors that replace tensors of the base, compared with what the base has under their names.
  private static func replacements(_ context: ValidationContext) -> [Finding] {
    guard let base = context.base, base.isKnown else { return [] }
    var groups = Groups<[Shape], (name: String, tensor: TensorInfo)>()
    for replacement in context.adapter.replacements {
      guard let expected = base.shape(of: replacement.name), expected != replacement.tensor.shape else { continue }
      let found = replacement.tensor.shape
      if found.rank == expected.rank, found.rank == 2, found[1] == expected[1] { continue }  // rows: vocabulary rule
      if replacement.role == .rows, found.rank == 2, expected.rank == 2, found[1] == expected[1] { continue }
      groups.add([found, expected], (replacement.name, replacement.tensor))
    }
    // What a saved module took the place of is loaded, too; the rows of embeddings are said of the module itself.
    let original = ".original_module."
    for tensor in context.adapter.leftovers where tensor.name.contains(original) {
      let name = tensor.name.replacing(original, with: ".").replacing("base_model.model.", with: "", maxReplacements: 1)
      guard let expected = base.shape(of: name), expected.rank != 2, expected != tensor.shape else { continue }
      groups.add([tensor.shape, expected], (name, tensor))
    }
    return groups.all.compactMap { shapes, places in
      guard let first = places.first else { return nil }
      return Finding(
        .baseShapeMismatch,
        "\(listing(places.map(\.name))) in the adapter \(places.count == 1 ? "has" : "have") shape \(shapes[0]), but the "
          + "base's tensor has \(shapes[1])",
        file: context.adapter.weightsPath, tensor: first.tensor.name, expected: "\(shapes[1])", found: "\(shapes[0])",
        hint: hint(context), byteOffset: first.tensor.headerOffset)
    }
  }
}
