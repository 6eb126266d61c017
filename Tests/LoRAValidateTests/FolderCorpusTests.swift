import Diagnostics
import JSON
import LoRAModel
import LoRATestSupport
import LoRAValidate
import Testing

/// Folders as trainers leave them (`testdata/make/folder_corpus.py`): each adapter in them is found, and the verdict on
/// it is PEFT's.
@Suite struct FolderCorpusTests {
  /// Where the tool says more than PEFT, and why.
  private static let stricter: [String: String] = [
    "pickle alone": "pickles are never read", "pickle beside": "a loader may prefer it",
    "torchtune epoch with its pickle": "a loader may prefer it",
    "state dict, adapter's name left in": "engines, and PEFT before 0.21, miss the names",
  ]

  private static let corpus = try? Fixtures.json("corpus/folders.json")
  private static let cases = corpus?["cases"]?.array ?? []

  @Test func theCorpusIsThere() { #expect(Self.cases.count > 45) }

  @Test func everyAdapterIsFoundAndJudgedAsPEFTLoadsIt() throws {
    let base = try BaseModel.open(Fixtures.path("models/llama-bf16-sharded"))
    for entry in Self.cases {
      let name = try #require(entry["name"]?.string)
      let folder = try TemporaryFolder()
      for (file, content) in entry["files"]?.object?.members ?? [] { try Self.write(content, file, to: folder) }
      let found = try AdapterDiscovery.adapters(at: folder.path)
      let expected = entry["adapters"]?.object?.members ?? []
      let places = found.map { String($0.dropFirst(folder.path.count).drop { $0 == "/" }) }
      #expect(places == expected.map(\.key), "\(name)")
      guard found.count == expected.count else { continue }
      let report = Validation.run(found, base: base, options: ValidationOptions())
      for (result, (place, verdict)) in zip(report.adapters, expected) {
        Self.compare(result, verdict, "\(name), \(place)", isStricter: Self.stricter[name] != nil)
      }
    }
  }

  private static func compare(_ result: AdapterResult, _ verdict: JSONValue, _ name: String, isStricter: Bool) {
    let worst = result.findings.map(\.severity).max() ?? .note
    let messages = result.findings.map { "\($0.severity) \($0.rule.rawValue): \($0.message)" }
    if let refusal = verdict["refused"]?.string {
      #expect(worst == .error, "\(name): PEFT says \(refusal); found \(messages)")
    } else if verdict["missing"]?.int64 != 0 || verdict["unexpected"]?.int64 != 0 {
      #expect(worst >= .warning, "\(name): PEFT drops or lacks a part; found \(messages)")
    } else if !isStricter {
      #expect(worst == .note, "\(name): PEFT loads it; found \(messages)")
      #expect(result.modules == verdict["modules"]?.int64.map { Int($0) }, "\(name)")
    }
  }

  private static func write(_ content: JSONValue, _ file: String, to folder: TemporaryFolder) throws {
    if let text = content.string {
      try folder.write(file, text)
    } else if let size = content["size"]?.int64 {
      try folder.write(file, [UInt8](repeating: 0, count: Int(size)))
    } else {
      let listed = content["tensors"]
      let rows = listed?.array ?? listed?.string.flatMap { corpus?["tensors"]?[$0]?.array } ?? []
      var tensors = SafetensorsBuilder()
      tensors.add(listed: rows.compactMap(\.string))
      try folder.write(file, tensors)
    }
  }
}
