import Diagnostics
import JSON
import LoRAModel
import LoRATestSupport
import LoRAValidate
import Safetensors
import TensorCore
import Testing

/// The verdict without an engine held against what PEFT itself did (`testdata/make/peft_odd.py`).
@Suite struct PEFTTruthTests {
  /// What is said without a note of what PEFT took or did not take whole, by the base's config alone and with its
  /// weights: nothing that it refuses or drops is called sound, and no error is raised of what it takes.
  @Test(arguments: [false, true])
  func whatIsCalledSoundIsTakenByPEFT(withWeights: Bool) throws {
    var counts = (total: 0, sound: 0)
    for line in try Fixtures.compressedLines("engines/peft-0.21-odd.jsonl.zst") {
      let row = try JSONValue(parsing: line)
      let key = row["key"]?.string ?? ""
      let base = try base(of: row, withWeights: withWeights)
      for sample in row["adapters"]?.array ?? [] {
        let why = try #require(sample["why"]?.string)
        let name = "\(key), \(sample["name"]?.string ?? "")"
        let findings = try findings(of: sample, base)
        counts.total += 1
        counts.sound += why.isEmpty ? 1 : 0
        if why.isEmpty {
          let errors = findings.filter { $0.severity == .error }
          #expect(errors.isEmpty, "\(name): \(errors.first?.message ?? "")")
        } else {
          #expect(findings.contains { $0.severity != .note }, "\(name) is called sound, but PEFT: \(why)")
        }
        // Where PEFT takes its own targets, none need be named.
        let label = sample["name"]?.string ?? ""
        if label.hasSuffix("-good") || label.hasPrefix("defaults-") && why.isEmpty {
          #expect(findings.allSatisfy { $0.severity == .note }, "\(name): \(findings.first?.message ?? "")")
        }
      }
    }
    #expect(counts.total > 1_500 && counts.sound > 400, "\(counts)")
  }

  private func base(of row: JSONValue, withWeights: Bool) throws -> BaseModel {
    let config = try #require(row["config"]).text(pretty: false)
    guard withWeights else { return try BaseModel.described(by: Array(config.utf8), path: "base.json") }
    let folder = try TemporaryFolder()
    var weights = SafetensorsBuilder()
    for (name, shape) in row["weights"]?.object?.members ?? [] { weights.add(name, .f32, sizes(shape)) }
    _ = try folder.write("config.json", config)
    _ = try folder.write("model.safetensors", weights)
    return try BaseModel.open(folder.path)
  }

  private func sizes(_ shape: JSONValue) -> [UInt64] {
    (shape.array ?? []).compactMap { $0.int64.flatMap { UInt64(exactly: $0) } }
  }

  /// What the rules say of the adapter's config, names and shapes.
  private func findings(of sample: JSONValue, _ base: BaseModel) throws -> [Finding] {
    let folder = try TemporaryFolder()
    var weights = SafetensorsBuilder()
    for (name, shape) in sample["tensors"]?.object?.members ?? [] {
      weights.add(name, .f32, sizes(shape))
    }
    _ = try folder.write("a/adapter_config.json", try #require(sample["config"]).text(pretty: true))
    _ = try folder.write("a/adapter_model.safetensors", weights)
    var options = ValidationOptions()
    options.headerOnly = true
    let context = ValidationContext(Adapter.load(folder.path("a")), base: base, options: options, values: nil)
    return RuleSet.findings(in: context)
  }
}
