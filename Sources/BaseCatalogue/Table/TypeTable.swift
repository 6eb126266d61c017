import TensorCore

/// The types of the generated table.
enum TypeTable {
  /// Names of all types.
  static var modelTypes: some Sequence<String> { texts.keys }

  /// Names of all blocks.
  static var blockNames: some Sequence<String> { blocks.keys }

  /// What the table says of a type; nil for one that it does not have.
  static func type(_ modelType: String) -> TypeText? { texts[modelType].flatMap { TypeText(modelType, $0) } }

  /// The same, only when its text has one of these fields; nil otherwise, without reading it.
  static func type(_ modelType: String, withOneOf fields: [String]) -> TypeText? {
    guard let text = texts[modelType] else { return nil }
    return fields.contains { !text.byteOffsets(of: $0).isEmpty } ? TypeText(modelType, text) : nil
  }

  /// The rows of a shared block; empty for one that does not exist.
  static func block(_ name: String) -> [Item] {
    guard let text = blocks[name] else { return [] }
    var reader = TableReader(text)
    return reader.items() ?? []
  }
}
