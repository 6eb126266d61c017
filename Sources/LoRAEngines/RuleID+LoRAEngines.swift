public import Diagnostics

/// What an engine may do with an adapter other than serve it.
extension RuleID {
  /// `rank-mismatch`.
  public static let rankMismatch = RuleID("rank-mismatch")
  /// `base-module-missing`.
  public static let baseModuleMissing = RuleID("base-module-missing")
  /// `base-layer-range`.
  public static let baseLayerRange = RuleID("base-layer-range")
  /// `engine-unsupported`.
  public static let engineUnsupported = RuleID("engine-unsupported")
  /// `engine-silent`.
  public static let engineSilent = RuleID("engine-silent")
  /// `engine-unjudged`.
  public static let engineUnjudged = RuleID("engine-unjudged", .warning)
}
