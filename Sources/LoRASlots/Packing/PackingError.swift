import JSON

/// Why an adapter cannot be put into a slot.
public struct PackingError: Error, Sendable, CustomStringConvertible {
  /// Path of the adapter.
  public let adapter: String
  /// The module or tensor that it is about; nil for the whole adapter.
  public let subject: String?
  /// What is wrong, as a clause.
  public let reason: String
  /// What to do about it.
  public let hint: String?

  init(_ adapter: String, _ subject: String? = nil, _ reason: String, hint: String? = nil) {
    self.adapter = adapter
    self.subject = subject
    self.reason = reason
    self.hint = hint
  }

  /// One sentence: where, what, what to do.
  public var description: String {
    let place = subject.map { ": \(escaped($0))" } ?? ""
    return "\(escaped(adapter))\(place): \(reason)" + (hint.map { "; \($0)" } ?? "")
  }
}
