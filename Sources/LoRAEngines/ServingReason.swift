public import Diagnostics
import JSON
import LoRAModel

/// One thing that an engine does with an adapter other than applying it as trained, or why that is not known.
public struct ServingReason: Sendable, Equatable {
  /// What the engine does, worst first.
  public enum Effect: String, Sendable, CaseIterable {
    /// The server does not start with the adapter in its list.
    case refusedAtStart = "refused-at-start"
    /// Loading the adapter fails.
    case refused = "refused"
    /// Loading succeeds, and the first batch with the adapter fails.
    case failsInBatch = "fails-in-batch"
    /// A part is passed over without an error.
    case ignored = "ignored"
    /// A part is applied at another strength or to other places than trained.
    case misapplied = "misapplied"
    /// This was not held against the engine's code.
    case unjudged = "unjudged"

    /// Whether the adapter does not serve at all.
    public var isRefusal: Bool { self == .refusedAtStart || self == .refused || self == .failsInBatch }

    /// What stands between the engine's name and the message.
    var verb: String {
      switch self {
      case .refusedAtStart: "refuses to start with"
      case .refused: "refuses"
      case .failsInBatch: "fails in the first batch with"
      case .ignored: "ignores"
      case .misapplied: "misapplies"
      case .unjudged: "was not tried with"
      }
    }

    /// The rule that it is reported under.
    public var rule: RuleID {
      switch self {
      case .refusedAtStart, .refused, .failsInBatch: .engineUnsupported
      case .ignored, .misapplied: .engineSilent
      case .unjudged: .engineUnjudged
      }
    }
  }

  /// What the engine does.
  public let effect: Effect
  /// What it does it with; completes a sentence that begins with the engine and a verb.
  public let message: String
  /// The file that shows it.
  public let file: String
  /// The tensor that shows it.
  public var tensor: String?
  /// The module that shows it.
  public var module: String?
  /// What was found, in a few words.
  public var found: String?
  /// What to do about it.
  public let hint: String?

  /// The whole sentence.
  public func sentence(of engine: Engine) -> String { "\(engine.title) \(effect.verb) \(message)" }

  /// The same as a finding.
  public func finding(of engine: Engine) -> Finding {
    Finding(
      effect.rule, sentence(of: engine), file: file, tensor: tensor, module: module, found: found, hint: hint)
  }
}

/// What an engine makes of an adapter as a whole.
public enum ServingVerdict: String, Sendable, CaseIterable {
  /// All of it takes effect as trained.
  case applied
  /// It loads, and some of it is passed over or applied at another strength.
  case partly
  /// It does not serve.
  case refused
  /// Nothing speaks against it, and not all of it was held against the engine's code.
  case unjudged

  /// The verdict that reasons add up to.
  public init(_ reasons: [ServingReason]) {
    self =
      reasons.contains { $0.effect.isRefusal }
      ? .refused
      : reasons.contains { $0.effect != .unjudged } ? .partly : reasons.isEmpty ? .applied : .unjudged
  }
}

extension ServingReason {
  /// Nothing was held against the engine for this model.
  static func unjudged(_ question: ServingQuestion) -> ServingReason {
    let type = question.base?.modelType.map { escaped($0, limit: 60) }
    return ServingReason(
      effect: .unjudged, message: type.map { "adapters for \($0)" } ?? "a base that was not given",
      file: question.adapter.weightsPath, found: type,
      hint: "try the adapter with the engine itself before it is deployed")
  }
}
