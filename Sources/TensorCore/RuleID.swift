/// The fixed name of a rule, as reports, policies and scripts use it.
public enum RuleID: String, Sendable, CaseIterable {
  case fileUnreadable = "file-unreadable"
  case fileNotSafetensors = "file-not-safetensors"
  case pickleWeights = "pickle-weights"
  case headerInvalid = "header-invalid"
  case headerDuplicateKey = "header-duplicate-key"
  case headerUnusual = "header-unusual"
  case compressedCorrupt = "compressed-corrupt"
  case configMissing = "config-missing"
  case configInvalid = "config-invalid"
  case configUnsupportedType = "config-unsupported-type"
  case configUnknownField = "config-unknown-field"
  case rankMismatch = "rank-mismatch"
  case pairRankDisagree = "pair-rank-disagree"
  case pairIncomplete = "pair-incomplete"
  case tensorUnknown = "tensor-unknown"
  case tensorEmpty = "tensor-empty"
  case tensorDType = "tensor-dtype"
  case exportNaming = "export-naming"
  case targetMissing = "target-missing"
  case targetUndeclared = "target-undeclared"
  case patternAmbiguous = "pattern-ambiguous"
  case patternUnused = "pattern-unused"
  case baseModuleMissing = "base-module-missing"
  case baseRenamed = "base-renamed"
  case baseHeadMissing = "base-head-missing"
  case baseLayerRange = "base-layer-range"
  case baseShapeMismatch = "base-shape-mismatch"
  case baseTransposed = "base-transposed"
  case baseVocabMismatch = "base-vocab-mismatch"
  case baseNameMismatch = "base-name-mismatch"
  case baseMutatedInit = "base-mutated-init"
  case baseQuantized = "base-quantized"
  case baseUnknownArchitecture = "base-unknown-architecture"
  case baseTokenizerMismatch = "base-tokenizer-mismatch"
  case chatTemplateMismatch = "chat-template-mismatch"
  case valueNaN = "value-nan"
  case valueInf = "value-inf"
  case valueOverflow = "value-overflow"
  case valueZeroDelta = "value-zero-delta"
  case valueZeroModule = "value-zero-module"
  case engineRank = "engine-rank"
  case engineUnsupported = "engine-unsupported"
  case engineSilent = "engine-silent"
  case engineUnjudged = "engine-unjudged"
  case policyRank = "policy-rank"
  case policyAlpha = "policy-alpha"
  case policyTargets = "policy-targets"
  case policyDType = "policy-dtype"
  case policySize = "policy-size"
  case policyBase = "policy-base"
  case policyMetadata = "policy-metadata"
  case securityPath = "security-path"
  case fleetMixedRanks = "fleet-mixed-ranks"
  case fleetDuplicate = "fleet-duplicate"
  case fleetMixedBases = "fleet-mixed-bases"
  case fleetNameCollision = "fleet-name-collision"
  case fleetMixedTokenizers = "fleet-mixed-tokenizers"
  case indexInvalid = "index-invalid"
  case shardMismatch = "shard-mismatch"
  case baseConfigMismatch = "base-config-mismatch"

  /// What the rule weighs unless a policy says otherwise.
  public var severity: Severity {
    switch self {
    case .configUnknownField, .valueZeroModule, .fleetMixedRanks, .baseHeadMissing: .note
    case .headerUnusual, .targetUndeclared, .patternAmbiguous, .patternUnused, .baseRenamed, .baseNameMismatch,
      .baseUnknownArchitecture, .baseConfigMismatch, .chatTemplateMismatch, .valueZeroDelta, .engineUnjudged,
      .fleetDuplicate, .fleetMixedBases, .fleetNameCollision, .fleetMixedTokenizers:
      .warning
    default: .error
    }
  }
}
