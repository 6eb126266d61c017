import Diagnostics
import JSON
import LoRAModel
import LoRATestSupport
import LoRAValidate
import Testing

/// LoRA files of image and video models under the names of their trainers (`testdata/make/pipeline_corpus.py`), of which
/// diffusers' loader takes every module: convention, ranks and alphas are those of the trainer, and nothing false is said.
@Suite struct PipelineCorpusTests {
  /// Where something is to be said, and what.
  private static let reported: [String: RuleID] = [
    "Flux, XLabs": .tensorUnknown, "Wan, DiffSynth": .exportNaming,
    "Wan, down and up with biases": .configUnsupportedType,
    "SD 1.5, LyCORIS with norms": .configUnsupportedType,
  ]

  private static let cases = (try? Fixtures.json("corpus/pipelines.json"))?["cases"]?.array ?? []

  @Test func theCorpusIsThere() { #expect(Self.cases.count > 45) }

  @Test func everyConventionIsReadAsItsTrainerWroteIt() throws {
    for entry in Self.cases {
      let name = try #require(entry["name"]?.string)
      let folder = try TemporaryFolder()
      var tensors = SafetensorsBuilder()
      tensors.add(listed: entry["tensors"]?.array?.compactMap(\.string) ?? [])
      let path = try folder.write("lora.safetensors", tensors)
      let findings = Validation.run([path], base: nil, options: ValidationOptions()).adapters.flatMap(\.findings)
      #expect(findings.map(\.rule) == [Self.reported[name]].compactMap { $0 }, "\(name): \(findings.map(\.message))")
      let adapter = Adapter.load(path)
      guard adapter.trainer == nil else { continue }
      #expect(adapter.format.rawValue == entry["format"]?.string, "\(name)")
      let expected = (entry["modules"]?.array ?? []).compactMap { Self.facts($0) }
      let found = adapter.modules.map { [Double($0.rank), $0.alpha ?? Double($0.rank), Double($0.inFeatures)] }
      #expect(Self.sorted(found) == Self.sorted(expected), "\(name)")
    }
  }

  /// Rank, alpha (the rank where the file has none) and inputs of a listed module.
  private static func facts(_ row: JSONValue) -> [Double]? {
    guard let values = row.array, values.count == 3, let rank = values[0].double, let inputs = values[2].double else {
      return nil
    }
    return [rank, values[1].double ?? rank, inputs]
  }

  private static func sorted(_ rows: [[Double]]) -> [[Double]] { rows.sorted { $0.lexicographicallyPrecedes($1) } }
}
