import Diagnostics
import JSON
import LoRAModel
import LoRATestSupport
import LoRAValidate
import TensorCore
import Testing

/// Every form of `adapter_config.json` in the corpus, held against what PEFT made of it
/// (`testdata/make/config_corpus.py`): what PEFT refuses is an error, what it drops or warns of at least a warning, and
/// what it loads as it was meant has no finding above a note.
@Suite struct ConfigCorpusTests {
  /// Where the tool says more than PEFT, and why.
  private static let stricter: [String: String] = [
    "lora_alpha absent": "the default changed between releases",
    "lora_alpha 0": "the adapter does nothing",
    "lora_alpha true": "no number",
    "lora_alpha 1e+308": "infinite when it is served",
    "bias \"x_only\"": "another method's choice",
    "init_lora_weights \"olora\"": "changed the base", "init_lora_weights \"OLoRA\"": "changed the base",
    "init_lora_weights \"pissa\"": "changed the base", "init_lora_weights \"pissa_niter_4\"": "changed the base",
    "init_lora_weights \"lora_ga\"": "changed the base",
    "target_modules null": "the defaults of PEFT by type, which change", "target_modules absent": "the same defaults",
    "target_modules [\"q_proj\", \"v_proj\", \"Wqkv\"]": "an entry that means nothing",
    "rslora with pissa and patterns": "changed the base",
    "base_model_name_or_path 3": "no name; AutoPeftModel fails over it", "peft_version 3": "no version",
  ]

  /// What PEFT says of adapters that it loads as they are meant.
  private static let corrected: Set<String> = ["fan_in_fan_out true", "fan_in_fan_out \"true\""]

  private static let corpus = try? Fixtures.json("corpus/configs.json")
  static let cases: [String] = (corpus?["cases"]?.array ?? []).compactMap { $0["name"]?.string }

  @Test func theCorpusIsThere() { #expect(Self.cases.count > 240) }

  @Test func everyVerdictIsPEFTs() throws {
    let corpus = try #require(Self.corpus)
    let base = try BaseModel.open(Fixtures.path("models/llama-bf16-sharded"))
    let folder = try TemporaryFolder()
    for (number, entry) in (corpus["cases"]?.array ?? []).enumerated() {
      let name = try #require(entry["name"]?.string)
      let modules = (entry["modules"] ?? corpus["modules"])?.array?.compactMap(\.string) ?? []
      var tensors = SafetensorsBuilder(metadata: [("format", "pt")])
      for module in modules {
        let target = try #require(base.match(module)?.module)
        let numbers = (0..<4 * max(target.inFeatures, target.outFeatures)).map { Float($0 % 11) / 8 - 0.5 }
        tensors.add(
          "base_model.model.\(module).lora_A.weight", .f32, [4, target.inFeatures],
          values: Array(numbers.prefix(Int(4 * target.inFeatures))))
        tensors.add(
          "base_model.model.\(module).lora_B.weight", .f32, [target.outFeatures, 4],
          values: Array(numbers.prefix(Int(4 * target.outFeatures))))
      }
      try folder.write("\(number)/adapter_model.safetensors", tensors)
      try folder.write("\(number)/adapter_config.json", (entry["config"] ?? .null).text())
      let report = Validation.run([folder.path("\(number)")], base: base, options: ValidationOptions())
      let findings = report.adapters.flatMap(\.findings)
      let worst = findings.map(\.severity).max()
      let messages = findings.map { "\($0.rule.rawValue): \($0.message)" }
      if let refusal = entry["refused"]?.string {
        #expect(worst == .error, "\(name): PEFT says \(refusal); found \(messages)")
      } else if entry["warnings"] != nil && !Self.corrected.contains(name)
        || entry["applied"]?.int64 != Int64(modules.count)
      {
        #expect(worst ?? .note >= .warning, "\(name): PEFT warns or drops; found \(messages)")
      } else if Self.stricter[name] == nil {
        let scales = Set(Adapter.load(folder.path("\(number)")).modules.map(\.scale))
        #expect(scales == Set(entry["scales"]?.array?.compactMap(\.double) ?? []), "\(name): another scale than PEFT's")
        #expect(worst ?? .note <= .note, "\(name): PEFT loads it; found \(messages)")
      }
    }
  }
}
