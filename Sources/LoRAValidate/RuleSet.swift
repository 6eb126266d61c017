public import Diagnostics
import LoRAEngines
import LoRAModel

/// The one ordered list of rules; findings are reported in its order.
public enum RuleSet {
  /// Every rule.
  public static let all: [Rule] = [
    .fileUnreadable, .fileNotSafetensors, .pickleWeights, .headerInvalid, .headerDuplicateKey, .headerUnusual,
    .compressedCorrupt, .securityPath,
    .indexInvalid, .shardMismatch,
    .configMissing, .configInvalid, .configUnsupportedType, .configUnknownField,
    .rankMismatch, .pairRankDisagree, .pairIncomplete, .tensorUnknown, .tensorEmpty, .tensorDType, .exportNaming,
    .targetMissing, .targetUndeclared, .patternAmbiguous, .patternUnused,
    .baseModuleMissing, .baseRenamed, .baseLayerRange, .baseShapeMismatch, .baseTransposed, .baseVocabMismatch,
    .baseNameMismatch, .baseHeadMissing, .baseMutatedInit, .baseQuantized, .baseUnknownArchitecture,
    .baseConfigMismatch,
    .baseTokenizerMismatch, .chatTemplateMismatch,
    .valueNaN, .valueInf, .valueOverflow, .valueZeroDelta, .valueZeroModule,
    .engineRank, .engineUnsupported, .engineSilent, .engineUnjudged,
    .policyRank, .policyAlpha, .policyTargets, .policyDType, .policySize, .policyBase, .policyMetadata,
    .fleetMixedRanks, .fleetDuplicate, .fleetMixedBases, .fleetNameCollision,
    .fleetMixedTokenizers,
  ]

  /// The rule of this id.
  public static func rule(_ id: RuleID) -> Rule? { all.first { $0.id == id } }

  /// The rule of this name, such as `rank-mismatch`.
  public static func rule(named name: String) -> Rule? { all.first { $0.id.rawValue == name } }

  /// Everything that the rules find, in their order, before a policy weighs it.
  public static func findings(in context: ValidationContext) -> [Finding] {
    var findings = all.flatMap { $0.findings(in: context) }
    if context.adapter.isOfAnotherMethod { findings.removeAll { aboutLoRA.contains($0.rule) } }
    // Known only when all rules have asked: the answers since the budget was spent are worth nothing.
    guard let config = context.adapter.config, let exhaustion = context.matching?.exhaustion(config) else {
      return findings
    }
    return [exhaustion] + findings.filter { !decidedByPatterns.contains($0.rule) }
  }

  /// Rules whose answer depends on the patterns of a config.
  private static let decidedByPatterns: Set<RuleID> = [
    .rankMismatch, .targetMissing, .targetUndeclared, .patternAmbiguous, .patternUnused,
  ]

  /// Rules that ask for what LoRA's tensors and config must be; of another method they would say what is not so.
  private static let aboutLoRA: Set<RuleID> = [
    .configUnknownField, .rankMismatch, .pairRankDisagree, .pairIncomplete,
    .tensorUnknown, .tensorEmpty, .tensorDType, .exportNaming, .targetMissing, .targetUndeclared, .patternAmbiguous,
    .patternUnused, .baseModuleMissing, .baseRenamed, .baseLayerRange, .baseShapeMismatch, .baseTransposed,
    .baseVocabMismatch, .baseHeadMissing, .baseMutatedInit, .baseQuantized, .valueZeroDelta, .valueZeroModule,
    .engineUnjudged,
  ]

  /// All pages in one Markdown document, as `docs/rules.md` holds it.
  public static var markdown: String {
    let table = all.map { rule in
      let (name, repair) = (rule.id.rawValue, rule.repair.option.map { "`\($0)`" } ?? rule.repair.kind)
      return "| [\(name)](#\(name)) | \(rule.id.severity.rawValue) | \(rule.title) | \(repair) |"
    }
    return """
      # Rules

      What `lora-tool validate` looks for. `lora-tool explain RULE` shows one page of this document, and a test keeps the
      document equal to the rules in `Sources/LoRAValidate/Rules`. The last column says whether `lora-tool repair` mends
      what a rule finds: exactly, with an option that settles what the files do not, or not at all.

      | Rule | Severity | When | Repair |
      | --- | --- | --- | --- |
      \(table.joined(separator: "\n"))

      \(all.map(\.explanation).joined(separator: "\n"))
      """
  }
}

extension Adapter {
  /// Whether config or tensors are wholly those of another method than LoRA.
  fileprivate var isOfAnotherMethod: Bool {
    guard foreignMethod != nil else { return false }
    return findings.contains { $0.rule == .configUnsupportedType } || modules.isEmpty
  }
}
