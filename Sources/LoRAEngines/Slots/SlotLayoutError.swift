import JSON

/// Why a base and options have no slot layout.
public enum SlotLayoutError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Nothing of the base gets slots.
  case noModules(String, targets: [String]?)
  /// The size of a module is not known, as its weight is packed and no config describes it.
  case unknownSize(String)
  /// The shape of a module is not what its kind needs.
  case shape(String, expected: String, found: String)
  /// Parts of the base that the engine keeps in one module, with other parts than any rule is known for.
  case apart(String)
  /// A size that devices cannot share.
  case indivisible(String, size: UInt64, devices: UInt64)
  /// Sizes beyond what can be addressed or handled.
  case tooLarge(String)
  /// An option that makes no sense.
  case option(String)

  /// One sentence.
  public var description: String {
    switch self {
    case .noModules(let path, let targets):
      if let targets {
        return "\(escaped(path)): no module of the base is among the target modules "
          + "\(targets.map { escaped($0) }.joined(separator: ", "))"
      }
      return "\(escaped(path)): the base has no module that an engine keeps slots for"
    case .unknownSize(let name):
      return "the sizes of \(escaped(name)) are not known: its weight is packed and no config describes the model"
    case .shape(let name, let expected, let found):
      return "\(escaped(name)) has not the shape that its kind needs: expected \(expected), found \(found)"
    case .apart(let name):
      return "\(escaped(name)) is one module of the engine, and the base has only some of its parts: how they lie in "
        + "its slots is not known"
    case .indivisible(let name, let size, let devices):
      return "\(escaped(name)): \(size) cannot be shared by \(devices) devices"
    case .tooLarge(let name): return "\(escaped(name)): the slots are larger than can be addressed"
    case .option(let text): return text
    }
  }
}
