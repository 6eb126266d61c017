public import Diagnostics

/// What can be wrong with a file of tensors, its header, its compression and an index of shards.
extension RuleID {
  /// `file-unreadable`.
  public static let fileUnreadable = RuleID("file-unreadable")
  /// `file-not-safetensors`.
  public static let fileNotSafetensors = RuleID("file-not-safetensors")
  /// `pickle-weights`.
  public static let pickleWeights = RuleID("pickle-weights")
  /// `header-invalid`.
  public static let headerInvalid = RuleID("header-invalid")
  /// `header-duplicate-key`.
  public static let headerDuplicateKey = RuleID("header-duplicate-key")
  /// `header-unusual`.
  public static let headerUnusual = RuleID("header-unusual", .warning)
  /// `compressed-corrupt`.
  public static let compressedCorrupt = RuleID("compressed-corrupt")
  /// `security-path`.
  public static let securityPath = RuleID("security-path")
  /// `index-invalid`.
  public static let indexInvalid = RuleID("index-invalid")
  /// `shard-mismatch`.
  public static let shardMismatch = RuleID("shard-mismatch")
}
