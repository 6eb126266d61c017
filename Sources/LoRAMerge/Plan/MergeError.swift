import JSON
public import LoRAIO
public import Safetensors

/// One reason why an adapter cannot be merged into a base.
public struct Refusal: Sendable, Equatable, CustomStringConvertible {
  /// Path of the adapter or base that it is about.
  public let path: String
  /// The module or tensor that it is about, or nil.
  public let subject: String?
  /// Why, as a clause: "its rank is 4 but the config says 8".
  public let reason: String
  /// What to do about it, or nil.
  public let hint: String?

  /// A reason about `path`.
  public init(_ path: String, subject: String? = nil, _ reason: String, hint: String? = nil) {
    self.path = path
    self.subject = subject
    self.reason = reason
    self.hint = hint
  }

  /// One sentence, safe for a terminal.
  public var description: String {
    let place = subject.map { "\(escaped(path)): \(escaped($0)): " } ?? "\(escaped(path)): "
    return place + reason + (hint.map { "; \($0)" } ?? "")
  }
}

/// Why a merge was not done.
public enum MergeError: Error, Sendable, CustomStringConvertible {
  /// The adapters cannot be merged into this base; every reason that was found, nothing was written.
  case refused([Refusal])
  /// A file or folder could not be read or written; nothing is left of it.
  case io(IOError)
  /// A header of the output cannot be written.
  case header(file: String, HeaderWriterError)
  /// The base's config or index cannot be changed as the merge needs it.
  case invalidBase(path: String, reason: String)
  /// The place of the output cannot be used.
  case output(path: String, reason: String)
  /// The merge was told to stop; nothing is left of it.
  case cancelled
  /// The merge ended for this reason; finished shards are kept in a folder from which it can go on.
  indirect case interrupted(MergeError, partial: String)

  /// One sentence; for refusals the first of them and how many there are.
  public var description: String {
    switch self {
    case .refused(let refusals):
      guard let first = refusals.first else { return "the adapters cannot be merged" }
      return refusals.count == 1 ? first.description : "\(first.description) (and \(refusals.count - 1) more reasons)"
    case .io(let error): return escaped(error.description)
    case .header(let file, let error): return "\(escaped(file)) cannot be written: \(error.description)"
    case .invalidBase(let path, let reason): return "\(escaped(path)): \(reason)"
    case .output(let path, let reason): return "\(escaped(path)) cannot be the output: \(reason)"
    case .cancelled: return "the merge was stopped before it was done; nothing was written"
    case .interrupted(.cancelled, let partial):
      return "the merge was stopped; what is finished is in \(escaped(partial)), and --resume goes on from there"
    case .interrupted(let reason, let partial):
      return "\(reason.description); what is finished is in \(escaped(partial)), and --resume goes on from there"
    }
  }

  /// Whether the caller or a signal asked for the end.
  public var isCancellation: Bool {
    switch self {
    case .cancelled, .interrupted(.cancelled, _): true
    default: false
    }
  }
}

extension MergeError {
  /// Runs `body` and gives its failure the type of a merge's failures.
  static func catching<Result>(_ body: () throws(IOError) -> Result) throws(MergeError) -> Result {
    do throws(IOError) { return try body() } catch { throw .io(error) }
  }
}
