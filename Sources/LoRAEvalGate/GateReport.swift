/// How the gate judges.
public struct GateOptions: Sendable {
  /// The largest share of an adapter's prompts by which the score may fall; the point estimate alone decides.
  public var maxRegression = Share.halfPercent
  /// Whether several calls of one answer may come in any order.
  public var ignoresCallOrder = false
  /// The most changed answers that are listed.
  public var changeLimit = 20
  /// Confidence of the intervals.
  public var confidence = 0.95
  /// Bytes of a file that one thread reads at a time.
  var blockBytes: UInt64 = 1 << 19

  /// The defaults.
  public init() {}
}

/// What comparing two files of answers has found.
public struct GateReport: Sendable {
  /// One of the two files.
  public struct File: Sendable {
    /// Its path.
    public let path: String
    /// Number of answers.
    public let answers: UInt64
    /// Size in bytes.
    public let bytes: UInt64
  }

  /// The answers before.
  public let baseline: File
  /// The answers after.
  public let candidate: File
  /// How it was judged.
  public let options: GateOptions
  /// The adapters in the order in which they were met.
  public let adapters: [GateResult]
  /// The first changed answers: broken ones first, then fixed ones, then wrong ones that are wrong in another way.
  public let changes: [ChangedAnswer]

  /// All adapters together.
  public var total: GateResult {
    var total = GateResult(name: "all adapters")
    for adapter in adapters { total.add(adapter) }
    return total
  }

  /// Whether no adapter's score fell by more than the limit.
  public var isPassed: Bool { !adapters.contains { $0.status(options) == .fail } }
}

/// How the answers of one adapter compare.
public struct GateResult: Sendable, Equatable {
  /// How an adapter came out.
  public enum Status: String, Sendable {
    /// The score fell by no more than the limit.
    case pass
    /// The score fell by more.
    case fail
    /// The baseline has no answers of this adapter.
    case skipped
  }

  /// The adapter's name; `default` for lines without one.
  public let name: String
  /// Prompts of the baseline.
  public internal(set) var prompts: UInt64 = 0
  /// Of these, right before.
  public internal(set) var baselineRight: UInt64 = 0
  /// Of these, right after; a prompt that the candidate does not answer is wrong.
  public internal(set) var candidateRight: UInt64 = 0
  /// Right before and wrong after.
  public internal(set) var broken: UInt64 = 0
  /// Wrong before and right after.
  public internal(set) var fixed: UInt64 = 0
  /// Wrong both times, in different ways.
  public internal(set) var stillWrong: UInt64 = 0
  /// Prompts of the baseline that the candidate does not answer.
  public internal(set) var missing: UInt64 = 0
  /// Answers of the candidate to prompts that the baseline does not have; they are not scored.
  public internal(set) var extra: UInt64 = 0
  /// Answers of the baseline whose arguments are no valid JSON.
  public internal(set) var baselineInvalid: UInt64 = 0
  /// Answers of the candidate whose arguments are no valid JSON.
  public internal(set) var candidateInvalid: UInt64 = 0
  /// Prompts for which neither file says what is right: there, the baseline's answer is.
  public internal(set) var unstated: UInt64 = 0

  init(name: String) { self.name = name }

  /// Share of the prompts that were right before; nil without prompts.
  public var baselineScore: Double? { prompts > 0 ? Double(baselineRight) / Double(prompts) : nil }

  /// Share of the prompts that are right after; nil without prompts.
  public var candidateScore: Double? { prompts > 0 ? Double(candidateRight) / Double(prompts) : nil }

  /// By how much the score fell, negative when it rose; nil without prompts.
  public var regression: Double? {
    prompts > 0 ? (Double(baselineRight) - Double(candidateRight)) / Double(prompts) : nil
  }

  /// The test of the changed prompts.
  public var mcnemar: McNemar { McNemar(broken: broken, fixed: fixed, prompts: prompts) }

  /// The verdict.
  public func status(_ options: GateOptions) -> Status {
    guard prompts > 0 else { return .skipped }
    guard baselineRight > candidateRight else { return .pass }
    return options.maxRegression.isExceeded(by: baselineRight - candidateRight, of: prompts) ? .fail : .pass
  }

  mutating func add(_ other: GateResult) {
    prompts += other.prompts
    baselineRight += other.baselineRight
    candidateRight += other.candidateRight
    broken += other.broken
    fixed += other.fixed
    stillWrong += other.stillWrong
    missing += other.missing
    extra += other.extra
    baselineInvalid += other.baselineInvalid
    candidateInvalid += other.candidateInvalid
    unstated += other.unstated
  }
}

/// One prompt whose answer changed.
public struct ChangedAnswer: Sendable, Equatable {
  /// In which way.
  public enum Kind: String, Sendable {
    case broken
    case fixed
    /// Wrong before and after, in different ways.
    case stillWrong = "still-wrong"
  }

  /// In which way.
  public let kind: Kind
  /// The adapter's name.
  public let adapter: String
  /// The prompt's id, as JSON.
  public let id: String
  /// What is right, when a file says so: calls with their arguments, as they are written.
  public let expected: String?
  /// What the baseline answered.
  public let baseline: String
  /// What the candidate answered; nil when it has no answer.
  public let candidate: String?
}
