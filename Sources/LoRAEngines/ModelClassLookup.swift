import JSON
import LoRAModel

/// What the tables of model classes of all engines say of a class before its modules are looked at.
protocol ServedModelClass {
  /// Whether it takes adapters.
  var takesLoRA: Bool { get }
}

extension ServingQuestion {
  /// What the class that runs the base makes of the adapter, or why none can be asked: no base, no config, a class that
  /// was not tried, or one that takes no adapters.
  ///
  /// - Parameters:
  ///   - find: the class that runs a base and its name, from the table of the engine's release; nil without a config.
  ///   - none: what the engine says of a class that takes no adapters, after "adapters for NAME:".
  ///   - judge: what a class that takes adapters makes of this one.
  func classReasons<Row: ServedModelClass>(
    _ find: (BaseModel) -> (key: String, row: Row?)?, none: String, judge: (BaseModel, String, Row) -> [ServingReason]
  ) -> [ServingReason] {
    guard let base else {
      return [
        about(
          .unjudged, "a base that was not given: what it does depends on the model class", hint: "give --base")
      ]
    }
    guard let (key, row) = find(base) else {
      return [
        about(
          .unjudged, "a base without a config that names its architecture", hint: "give the base with its config.json")
      ]
    }
    let name = escaped(key, limit: 120)
    guard let row else { return [untried(name)] }
    guard row.takesLoRA else {
      return [
        about(
          .refusedAtStart, "adapters for \(name): \(none)", found: name,
          hint: "merge the adapter and serve the merged model")
      ]
    }
    return judge(base, name, row)
  }

  /// A model class that was not held against the engine.
  func untried(_ name: String) -> ServingReason {
    about(
      .unjudged, "the model class \(name)", found: name,
      hint: "try the adapter with the engine itself before it is deployed")
  }

  /// A reason that concerns the adapter as a whole.
  func about(_ effect: ServingReason.Effect, _ message: String, found: String? = nil, hint: String) -> ServingReason {
    ServingReason(effect: effect, message: message, file: adapter.weightsPath, found: found, hint: hint)
  }
}
