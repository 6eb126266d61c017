import Synchronization

/// The types of the generated table.
enum TypeTable {
  /// Names of all types.
  static var modelTypes: some Sequence<String> { texts.names }

  /// Names of all blocks.
  static var blockNames: some Sequence<String> { blocks.names }

  /// What the table says of a type; nil for one that it does not have.
  static func type(_ modelType: String) -> TypeText? { texts[modelType].flatMap { TypeText(modelType, $0) } }

  /// The fields of a type without its classes, with what caches depend on; a type may be known for its cache alone.
  static func fields(_ modelType: String) -> TypeText? {
    knownFields.withLock { known in
      if let fields = known[modelType] { return fields }
      let (text, cache) = (texts[modelType], caches[modelType])
      guard text != nil || cache != nil else { return nil }
      let lines = [text, cache].compactMap(\.self).joined(separator: "\n")
      known[modelType] = TypeText(modelType, lines, isFieldsOnly: true)
      return known[modelType]
    }
  }

  /// What was read before: a plan asks for the fields of one type five times.
  private static let knownFields = Mutex<[String: TypeText]>([:])

  /// The rows of a shared block; empty for one that does not exist.
  static func block(_ name: String) -> [Item] {
    guard let text = blocks[name] else { return [] }
    var reader = TableReader(text)
    return reader.items() ?? []
  }
}
