import Diagnostics
import LoRAEngines

extension Rule {
  /// Nothing is known of what the engine does with the adapter, or with a part of it.
  static let engineUnjudged = Rule(
    .engineUnjudged, "Not held against the engine's own code",
    meaning: """
      What the chosen engine does with an adapter depends on its release, on the model class that runs the base, and on \
      the modules that are adapted. This combination was not tried with the engine's own code, so nothing is said about \
      it: the adapter may be applied as trained, ignored in part, or refused.
      """,
    consequence: """
      A verdict without evidence is a guess. Of adapters on model classes that had not been tried, one in four was not \
      applied as trained.
      """,
    remedy: """
      Give the base with its `config.json`; `lora-tool engines` lists what was held against each engine and how. Where \
      the class is not among them, load the adapter in the engine itself and compare answers with and without it.
      """,
    repair: .no("nothing is known to be wrong."),
    example: """
      warning  engine-unjudged  vLLM was not tried with the model class NewForCausalLM
               fix: try the adapter with the engine itself before it is deployed
      """
  ) { context in
    context.servingFindings(.engineUnjudged)
  }
}

extension ValidationContext {
  /// What the engine's room says under this rule.
  func servingFindings(_ rule: RuleID) -> [Finding] {
    guard let engine = options.engine else { return [] }
    return servingReasons.filter { $0.effect.rule == rule }.map { $0.finding(of: engine) }
  }
}
