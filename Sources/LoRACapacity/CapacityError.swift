import JSON

/// Why the arithmetic of a deployment cannot be done.
public enum CapacityError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Sizes that no machine can hold.
  case tooLarge(String)
  /// No module of the base is targeted.
  case noTargets(String, base: String)
  /// The base's module sizes are not known.
  case unknownSizes(base: String, reason: String)
  /// An adapter cannot be used.
  case adapter(path: String, reason: String)
  /// The devices cannot share the model.
  case sharing(String)
  /// The slots cannot be laid out.
  case slots(String)

  /// One sentence.
  public var description: String {
    switch self {
    case .tooLarge(let what): "\(what) is beyond 2^64: the sizes in the config cannot be right"
    case .noTargets(let targets, let base):
      "\(escaped(base)) has no module that '\(escaped(targets))' means; 'lora-tool bases --base' lists its modules"
    case .unknownSizes(let base, let reason): "the sizes of the modules of \(escaped(base)) are not known: \(reason)"
    case .adapter(let path, let reason): "\(escaped(path)): \(reason)"
    case .sharing(let reason): reason
    case .slots(let reason): "slots cannot be laid out: \(reason)"
    }
  }
}

/// Exact whole numbers wide enough that no product of sizes overflows on the way.
func exact(_ value: UInt128, _ what: String) throws(CapacityError) -> UInt64 {
  guard let result = UInt64(exactly: value) else { throw .tooLarge(what) }
  return result
}
