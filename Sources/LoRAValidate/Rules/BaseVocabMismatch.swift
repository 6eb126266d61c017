public import Diagnostics
import LoRAModel
import Safetensors
import TensorCore

extension RuleID {
  /// The name of the rule below.
  public static let baseVocabMismatch = RuleID("base-vocab-mismatch")
}

extension Rule {
  /// Rows of an embedding or head are not the base's vocabulary.
  static let baseVocabMismatch = Rule(
    .baseVocabMismatch, "Embedding or head rows differ from the base's vocabulary",
    meaning: """
      An embedding or output head in the adapter has another number of rows than the base's. When the adapter brings \
      all the rows itself (whole embedding or `base_layer.weight`), it was trained after tokens were added, and this is \
      a warning: the base must be resized before it is loaded.
      """,
    consequence: """
      PEFT stops with a size mismatch; vLLM refuses `lora_embedding_A` of another size, and no longer has room for added \
      tokens. Served next to the old tokenizer, added tokens fall apart into pieces.
      """,
    remedy: """
      Serve the adapter with the tokenizer of its own folder and a base resized to it, or merge it. If no tokens were \
      added, the adapter belongs to another base.
      """,
    repair: .no("the base has to be resized, which a merge does."),
    example: """
      error  base-vocab-mismatch  the adapter has 32,003 rows for model.embed_tokens, but the base's vocabulary has 32,000
             expected 32000, found 32003
      """
  ) { context in
    guard let base = context.base, base.isKnown else { return [] }
    var rows: [(name: String, tensor: String, found: UInt64, expected: UInt64, isWhole: Bool)] = []
    for replacement in context.adapter.replacements {
      let shape = replacement.tensor.shape
      guard let expected = base.shape(of: replacement.name), expected.rank == 2, shape.rank == 2 else { continue }
      guard replacement.role != .rows, shape[0] != expected[0], shape[1] == expected[1] else { continue }
      rows.append((replacement.name, replacement.tensor.name, shape[0], expected[0], true))
    }
    let whole = Set(rows.map(\.name))
    for (module, match) in context.matched where context.isVocabularyProblem(module, match.module) {
      let isEmbedding = match.module.kind == .embedding
      rows.append(
        (
          module.name, (isEmbedding ? module.a : module.b)?.name ?? "",
          isEmbedding ? module.inFeatures : module.outFeatures,
          isEmbedding ? match.module.inFeatures : match.module.outFeatures, whole.contains(module.name + ".weight")
        ))
    }
    // All rows new, all alike and more than before: the vocabulary was extended.
    let isResized =
      Set(rows.map(\.found)).count == 1 && rows.allSatisfy { $0.isWhole && $0.found > $0.expected }
      && base.vocabularyTensors.isSubset(of: whole)
    var groups = Groups<[UInt64], (name: String, tensor: String)>()
    for row in rows { groups.add([row.found, row.expected], (row.name, row.tensor)) }
    return groups.all.compactMap { counts, places in
      guard let first = places.first else { return nil }
      let names = listing(places.map { $0.name.hasSuffix(".weight") ? String($0.name.dropLast(7)) : $0.name }.uniqued)
      return Finding(
        .baseVocabMismatch, severity: isResized ? .warning : nil,
        "the adapter has \(grouped(counts[0])) rows for \(names), but the base has \(grouped(counts[1]))"
          + (isResized ? ": tokens were added in training" : ""),
        file: context.adapter.weightsPath, tensor: first.tensor, module: first.name, expected: "\(counts[1])",
        found: "\(counts[0])",
        hint: isResized
          ? "resize the base to \(counts[0]) rows and use the adapter's tokenizer; a merge does both"
          : "check that this is the base that the adapter was trained on, with the same tokenizer")
    } + tokens(base, context)
  }

  /// Rows that `trainable_token_indices` names beyond the vocabulary.
  private static func tokens(_ base: BaseModel, _ context: ValidationContext) -> [Finding] {
    guard let config = context.adapter.config, let size = base.vocabularySize,
      let largest = config.trainableTokens.flatMap(\.rows).max(), largest >= size
    else { return [] }
    return [
      Finding(
        .baseVocabMismatch,
        "trainable_token_indices names token \(largest), but the base's vocabulary has \(grouped(size)) rows",
        file: config.path, expected: "indices below \(size)", found: "\(largest)",
        hint: "check that this is the base that the adapter was trained on, with the same tokenizer")
    ]
  }
}

extension ValidationContext {
  /// Whether a module's sizes differ from the base's in the number of vocabulary rows alone.
  func isVocabularyProblem(_ module: AdapterModule, _ base: BaseModule) -> Bool {
    if module.sizesFit(base) { return false }
    if base.kind == .embedding { return module.b == nil || module.outFeatures == base.outFeatures }
    guard let size = self.base?.vocabularySize, base.outFeatures == size else { return false }
    return base.name.layer == nil && (module.a == nil || module.inFeatures == base.inFeatures)
  }
}

extension BaseModel {
  /// Names of the tensors outside the layers that have a row for each token: embeddings, and heads that are not tied.
  fileprivate var vocabularyTensors: Set<String> {
    guard let size = vocabularySize else { return [] }
    let modules = modules.values.filter { module in
      guard layerIndex(of: module.name) == nil else { return false }
      return module.kind == .embedding ? module.inFeatures == size : module.tiedTo == nil && module.outFeatures == size
    }
    return Set(modules.map { $0.name + ".weight" })
  }
}
