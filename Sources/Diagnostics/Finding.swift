public import JSON

/// How much a finding weighs.
public enum Severity: String, Sendable, Comparable, CaseIterable {
  case note
  case warning
  case error

  private var weight: Int {
    switch self {
    case .note: 0
    case .warning: 1
    case .error: 2
    }
  }

  /// Orders by weight: note, warning, error.
  public static func < (left: Severity, right: Severity) -> Bool { left.weight < right.weight }
}

/// One problem found in the content of an input.
///
/// Content problems are values, all reported in one run; only what could not be done at all is thrown.
public struct Finding: Sendable, Equatable {
  /// The rule that was broken.
  public var rule: RuleID
  /// How much it weighs here.
  public var severity: Severity
  /// One sentence that makes sense on its own to a reader who has never seen the tool.
  public var message: String
  /// Path of the file that it is about.
  public var file: String
  /// Full name of the tensor, when it is about one.
  public var tensor: String?
  /// Name of the base model's module, when it is about one.
  public var module: String?
  /// What was expected, in a few words.
  public var expected: String?
  /// What was found, in a few words.
  public var found: String?
  /// What to do about it.
  public var hint: String?
  /// Offset in bytes from the start of the file.
  public var byteOffset: UInt64?
  /// The member of the adapter's config that it is about, where PEFT refuses a value that another loader may not look at.
  package var configMember: String?

  /// A finding; `severity` defaults to the rule's own, and what is expected or found and empty is left out.
  public init(
    _ rule: RuleID, severity: Severity? = nil, _ message: String, file: String, tensor: String? = nil,
    module: String? = nil, expected: String? = nil, found: String? = nil, hint: String? = nil,
    byteOffset: UInt64? = nil
  ) {
    self.rule = rule
    self.severity = severity ?? rule.severity
    self.message = message
    self.file = file
    self.tensor = tensor
    self.module = module
    self.expected = expected.flatMap { $0.isEmpty ? nil : $0 }
    self.found = found.flatMap { $0.isEmpty ? nil : $0 }
    self.hint = hint
    self.byteOffset = byteOffset
  }
}

extension Finding {
  /// The finding as in section 4 of the contract; absent parts are left out.
  public var json: JSONValue {
    var object: JSONObject = [
      "rule": .string(rule.rawValue), "severity": .string(severity.rawValue), "message": .string(message),
      "file": .string(file),
    ]
    object["tensor"] = tensor.map { .string($0) }
    object["module"] = module.map { .string($0) }
    object["expected"] = expected.map { .string($0) }
    object["found"] = found.map { .string($0) }
    object["hint"] = hint.map { .string($0) }
    object["byte_offset"] = byteOffset.map { JSONValue($0) }
    return .object(object)
  }
}
