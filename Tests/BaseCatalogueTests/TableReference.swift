import JSON
import LoRATestSupport
import Testing

@testable import BaseCatalogue

/// `testdata/catalogue/table.jsonl.zst`, which `testdata/make/arch_fixture.py` writes.
enum TableReference {
  /// The traced models.
  static func cases() throws -> [Reference] {
    try lines().enumerated().compactMap { number, line in
      let modelType = line["given"]?["model_type"]?.string ?? ""
      guard line["given"] != nil, TypeTable.type(modelType) != nil else { return nil }
      return Reference(line, "\(modelType) line \(number + 1)")
    }
  }

  /// Values of the fields by model type.
  static func fields() throws -> [(String, [(String, JSONValue)])] {
    try lines().compactMap { line in
      guard let fields = line["fields"]?.object, let type = line["type"]?.string else { return nil }
      return (type, fields.members.map { ($0.key, $0.value) })
    }
  }

  /// The model types that transformers builds for text, images and text, sequence to sequence and masked models.
  static func wanted() throws -> [String] {
    try lines().compactMap { $0["wanted"]?.array }.first?.compactMap(\.string) ?? []
  }

  /// What the table itself says, also of a type that has rows of its own.
  static func describe(_ reference: Reference) throws -> BaseDescription {
    let object = try #require(reference.given.object)
    let type = try #require(TypeTable.type(object["model_type"]?.string ?? ""))
    return try type.describe(object)
  }

  private static func lines() throws -> [JSONValue] { try parsed.get() }

  /// All lines, read once for all tests.
  private static let parsed = Result {
    try Fixtures.compressedLines("catalogue/table.jsonl.zst").map { try JSONValue(parsing: $0, dialect: .python) }
  }
}
