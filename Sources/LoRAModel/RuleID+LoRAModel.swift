public import Diagnostics
import Safetensors

/// What can be wrong with the config of an adapter.
extension RuleID {
  /// `config-missing`.
  public static let configMissing = RuleID("config-missing")
  /// `config-invalid`.
  public static let configInvalid = RuleID("config-invalid")
  /// `config-unsupported-type`.
  public static let configUnsupportedType = RuleID("config-unsupported-type")
  /// `config-unknown-field`.
  public static let configUnknownField = RuleID("config-unknown-field", .note)
  /// `base-unknown-architecture`.
  public static let baseUnknownArchitecture = RuleID("base-unknown-architecture", .warning)
  /// `base-config-mismatch`.
  public static let baseConfigMismatch = RuleID("base-config-mismatch", .warning)

  /// Rules about the files of an adapter, whatever they are to fit.
  static let aboutFiles: Set<RuleID> = [
    .fileUnreadable, .fileNotSafetensors, .pickleWeights, .headerInvalid, .headerDuplicateKey, .compressedCorrupt,
    .securityPath, .indexInvalid, .shardMismatch, .configMissing, .configInvalid,
  ]
}
