public import Diagnostics
public import LoRAEngines
import LoRAModel
import Safetensors

/// What a check found, for all its adapters.
public struct ValidationReport: Sendable {
  /// One result for each adapter, in input order.
  public let adapters: [AdapterResult]
  /// Problems of the base itself, when there is one.
  public let base: BaseResult?
  /// What shows only when the adapters are looked at together.
  public let fleet: Fleet
  /// What was asked for.
  public let options: ValidationOptions
  /// One sentence for every input that could not be checked at all, such as a path without an adapter.
  public var problems: [String] = []

  /// Verdict on an adapter or on all.
  public enum Status: String, Sendable, Comparable, CaseIterable {
    case pass
    case warn
    case fail

    /// The verdict that findings add up to: `fail` from `failOn` on, `warn` when there is a warning below that.
    init(_ findings: some Sequence<Finding>, failOn: Severity) {
      let worst = findings.map(\.severity).max() ?? .note
      self = worst >= failOn ? .fail : worst == .note ? .pass : .warn
    }

    private var weight: Int {
      switch self {
      case .pass: 0
      case .warn: 1
      case .fail: 2
      }
    }

    /// Orders by weight: pass, warn, fail.
    public static func < (left: Status, right: Status) -> Bool { left.weight < right.weight }
  }

  /// The verdict over everything: the worst of the adapters, the base and the fleet.
  ///
  /// A set of which a part could not be checked has not passed.
  public var status: Status {
    guard problems.isEmpty else { return .fail }
    let worst = adapters.map(\.status).max() ?? .pass
    let others = Status((base?.findings ?? []) + fleet.findings, failOn: options.failOn)
    return max(worst, others)
  }

  /// 0 when nothing failed, else 1.
  public var exitCode: Int32 { status == .fail ? 1 : 0 }

  /// All findings: of the base, of each adapter, of the fleet.
  var findings: [Finding] { (base?.findings ?? []) + adapters.flatMap(\.findings) + fleet.findings }

  /// All findings that the policy sets aside, in the same order.
  public var ignored: [IgnoredFinding] { (base?.ignored ?? []) + adapters.flatMap(\.ignored) + fleet.ignored }

  /// Number of adapters with this verdict.
  public func count(_ status: Status) -> Int { adapters.count { $0.status == status } }
}

/// What was found about one adapter.
public struct AdapterResult: Sendable {
  /// The path as it was given or discovered.
  public let path: String
  /// The verdict.
  public let status: ValidationReport.Status
  /// The findings in the order of the rules.
  public let findings: [Finding]
  /// Findings that the policy sets aside.
  public let ignored: [IgnoredFinding]
  /// Number of adapted modules.
  public let modules: Int
  /// How many of them the base has; nil without a base whose modules are known.
  public let matched: Int?
  /// Largest rank of the modules' tensors.
  public let maxRank: UInt64
  /// Size of the weights file in bytes, compressed if it is.
  public let bytes: UInt64
  /// What the engine would make of it; nil without an engine.
  public let serving: Serving?

  /// What an engine makes of an adapter.
  public struct Serving: Sendable {
    /// The engine and its release.
    public let engine: Engine
    /// What becomes of the adapter.
    public let verdict: ServingVerdict
    /// What speaks against the adapter, one sentence each; empty when it is applied as trained.
    public let reasons: [String]

    /// Whether loading succeeds; nil when that is not known.
    public var loads: Bool? { verdict == .unjudged ? nil : verdict != .refused }
    /// Whether all of it takes effect as trained; nil when that is not known.
    public var acts: Bool? { verdict == .unjudged ? nil : verdict == .applied }
  }

  /// The result of checking one adapter; `found` is what the rules say, before the policy.
  init(_ adapter: Adapter, _ context: ValidationContext, findings found: [Finding]) {
    path = adapter.path
    let judgement = RuleOutcome(found, context.options.policy, fixed: RuleSet.leavesNothing)
    findings = judgement.findings
    ignored = judgement.ignored
    status = .init(judgement.findings, failOn: context.options.failOn)
    modules = adapter.modules.count
    matched = context.matches.map { matches in matches.count { $0 != nil } }
    maxRank = adapter.modules.map(\.rank).max() ?? 0
    bytes = adapter.file?.fileBytes ?? 0
    serving = context.options.engine.map { Serving($0, context, found) }
  }
}

extension AdapterResult.Serving {
  /// The verdict on an adapter by what the engine's room and the rules found.
  ///
  /// An engine knows no policy: what it makes of the adapter follows from everything that was found.
  init(_ engine: Engine, _ context: ValidationContext, _ found: [Finding]) {
    self.engine = engine
    func findings(_ rules: Set<RuleID>) -> [Finding] {
      found.filter { finding in
        finding.severity == .error && rules.contains(finding.rule) && !engine.forgiven.contains(finding.rule)
          && finding.configMember.map { !engine.unreadMembers.contains($0) } ?? true
      }
    }
    let blocking = findings(Self.blocking)
    // The engine's own names decide where its class is known; there a missing prefix may be put in its place, and experts
    // that the base stacks may have factors of their own.
    let isFound = context.servingReasons.isEmpty && context.findsUnmatched
    let weakening =
      findings(isFound ? Self.weakening.subtracting([.baseModuleMissing]) : Self.weakening)
      + found.filter { $0.rule == .valueZeroDelta }
    let own = ServingVerdict(context.servingReasons)
    // A file that is not read says nothing of its names.
    let isUnread = !context.adapter.isSound
    verdict =
      !blocking.isEmpty || own == .refused || isUnread ? .refused : !weakening.isEmpty || own == .partly ? .partly : own
    reasons = (blocking + weakening).map(\.message) + context.servingReasons.map { $0.sentence(of: engine) }
  }

  /// Rules whose errors keep an adapter from being loaded.
  private static let blocking: Set<RuleID> = [
    .fileUnreadable, .fileNotSafetensors, .pickleWeights, .headerInvalid, .headerDuplicateKey, .compressedCorrupt,
    .configMissing, .configInvalid, .configUnsupportedType, .tensorUnknown, .engineRank,
  ]

  /// Rules whose errors change what an adapter does.
  private static let weakening: Set<RuleID> = [
    .rankMismatch, .pairIncomplete, .tensorEmpty, .tensorDType, .baseModuleMissing, .baseLayerRange,
    .baseShapeMismatch, .baseTransposed, .valueNaN, .valueInf, .valueOverflow,
  ]
}

extension ValidationContext {
  /// Whether the base has every unmatched module after all, behind another prefix or as one of its stacked experts.
  fileprivate var findsUnmatched: Bool {
    guard let base else { return false }
    let lost = unmatched.filter { base.match($0.name) == nil }
    if lost.isEmpty { return true }
    let owners = base.ownersOfStacks
    return lost.allSatisfy { module in BaseModel.ownerOfExpert(module.name).map { owners.contains($0) } ?? false }
  }
}

/// What was found about the base itself.
public struct BaseResult: Sendable {
  /// The path as it was given.
  public let path: String
  /// Problems of its files.
  public let findings: [Finding]
  /// Findings that the policy sets aside.
  public let ignored: [IgnoredFinding]

  init(_ base: BaseModel, _ policy: Policy?) {
    path = base.path
    // Said once for each adapter, whose names and shapes it leaves unchecked.
    let found = base.findings.filter { $0.rule != .baseUnknownArchitecture }
    // A base with errors is not compared with, so they count whatever the policy says.
    let judgement = RuleOutcome(found, policy) { $0.severity == .error }
    findings = judgement.findings
    ignored = judgement.ignored
  }
}
