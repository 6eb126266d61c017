public import Diagnostics
import JSON
import LoRAModel

extension RuleID {
  /// The name of the rule below.
  public static let patternAmbiguous = RuleID("pattern-ambiguous", .warning)
}

extension Rule {
  /// Several patterns give one module different values.
  static let patternAmbiguous = Rule(
    .patternAmbiguous, "Two patterns give one module different values",
    meaning: """
      More than one entry of `rank_pattern` or `alpha_pattern` matches a module, with different values. The first one \
      in the file counts, and saving sorts the entries, so the order of the training run is lost.
      """,
    consequence: """
      For the rank the tensors tell the truth and PEFT may refuse its own file. For alpha nothing does: the module may \
      be served with another scale than it was trained with.
      """,
    remedy: """
      Make the patterns exclude each other, for instance with full names anchored by `^`, and export again.
      """,
    repair: .exactly(
      """
      `rank_pattern` is written so that one entry matches a module, with the rank of its tensors; which alpha was \
      meant is not known, so `alpha_pattern` is left.
      """),
    example: """
      warning  pattern-ambiguous  2 alpha_pattern entries match model.layers.0.self_attn.q_proj with different values
               found "layers.0.self_attn.q_proj": 32, "q_proj": 16
      """
  ) { context in
    guard let config = context.adapter.config, let matching = context.matching else { return [] }
    // One pattern cannot contradict itself, and asking for every module costs time.
    var groups = Groups<[String], AdapterModule>()
    guard config.rankPattern.count > 1 || config.alphaPattern.count > 1 else { return [] }
    let patterns = config.rankPattern.count + config.alphaPattern.count
    for module in context.adapter.modules.prefix(4_000_000 / max(patterns, 1)) {
      if config.rankPattern.count > 1 {
        let hits = matching.rankPatterns(hitting: module.name)
        if Set(hits.map(\.rank)).count > 1 {
          groups.add(["rank_pattern"] + hits.map { "\"\(escaped($0.pattern, limit: 80))\": \($0.rank)" }, module)
        }
      }
      if config.alphaPattern.count > 1 {
        let hits = matching.alphaPatterns(hitting: module.name)
        if Set(hits.map(\.alpha)).count > 1 {
          groups.add(["alpha_pattern"] + hits.map { "\"\(escaped($0.pattern, limit: 80))\": \($0.alpha)" }, module)
        }
      }
    }
    return groups.all.compactMap { problem, places in
      guard let first = places.first, let field = problem.first else { return nil }
      let entries = problem.dropFirst()
      return Finding(
        .patternAmbiguous,
        "\(entries.count) entries of \(field) match "
          + "\(phrase(places.map(\.name), of: context.adapter.modules.count)) with different values; the first one counts",
        file: config.path, module: first.name, expected: "one value", found: entries.prefix(4).joined(separator: ", "),
        hint: field == "rank_pattern"
          ? "the tensors have rank \(first.rank); make the patterns exclude each other"
          : "saving sorts the entries, so check which alpha the training used; make the patterns exclude each other")
    }
  }
}
