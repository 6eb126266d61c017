/// The types of the generated table.
enum TypeTable {
  /// Names of all types.
  static var modelTypes: some Sequence<String> { texts.keys }

  /// Names of all blocks.
  static var blockNames: some Sequence<String> { blocks.keys }

  /// What the table says of a type; nil for one that it does not have.
  static func type(_ modelType: String) -> TypeText? { texts[modelType].flatMap { TypeText(modelType, $0) } }

  /// The same, or with what caches depend on added; a type may be known for its cache alone.
  static func type(_ modelType: String, withCaches: Bool) -> TypeText? {
    guard withCaches, let cache = caches[modelType] else { return type(modelType) }
    return TypeText(modelType, (texts[modelType] ?? "") + "\n" + cache, needsClasses: false)
  }

  /// The rows of a shared block; empty for one that does not exist.
  static func block(_ name: String) -> [Item] {
    guard let text = blocks[name] else { return [] }
    var reader = TableReader(text)
    return reader.items() ?? []
  }
}
