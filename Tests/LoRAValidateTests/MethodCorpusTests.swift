import Diagnostics
import JSON
import LoRAInspect
import LoRAModel
import LoRATestSupport
import LoRAValidate
import Testing

/// An adapter of every `peft_type` and of every variant of LoRA, as PEFT saves it (`testdata/make/method_corpus.py`):
/// another method is called by its name and nothing else is said of it; LoRA has the modules and scales that PEFT gives
/// it, and the verdict that its load deserves.
@Suite struct MethodCorpusTests {
  /// Variants of LoRA of which the tool says more than PEFT, and why.
  private static let stricter: [String: String] = [
    "LORA pissa": "changed the base", "LORA pissa_niter_2": "changed the base", "LORA olora": "changed the base",
    "LORA modules_to_save, nothing": "a name that means nothing",
  ]

  private static let corpus = try? Fixtures.json("corpus/methods.json")
  private static let cases = corpus?["cases"]?.array ?? []

  @Test func theCorpusIsThere() {
    #expect(Self.cases.count > 110)
    #expect(Set(Self.cases.compactMap { $0["method"]?.string }).count >= 45)
  }

  @Test func otherMethodsAreNamedAndNothingElseIsSaid() throws {
    let base = try BaseModel.open(Fixtures.path("models/llama-bf16-sharded"))
    for entry in Self.cases where entry["method"]?.string != "LORA" {
      let name = try #require(entry["name"]?.string)
      let method = try #require(entry["method"]?.string)
      let folder = try Self.folder(of: entry)
      for base in [base, nil] {
        let findings = Self.findings(folder, base: base)
        #expect(findings.map(\.rule) == [.configUnsupportedType], "\(name): \(findings.map(\.message))")
        #expect(findings.first?.message.contains(method) ?? false, "\(name): \(findings.map(\.message))")
      }
      let adapter = Adapter.load(folder.path)
      #expect(adapter.foreignMethod == method, "\(name)")
      #expect(Inspection(adapter).peftType == method, "\(name)")
    }
  }

  /// The names of the tensors alone tell the method, but where several save the same.
  @Test func otherMethodsAreToldFromTheirTensors() throws {
    for entry in Self.cases where entry["method"]?.string != "LORA" && entry["tensors"]?.array?.isEmpty == false {
      let name = try #require(entry["name"]?.string)
      let method = try #require(entry["method"]?.string)
      let folder = try Self.folder(of: entry)
      try folder.remove("adapter_config.json")
      let findings = Self.findings(folder, base: nil)
      #expect(findings.map(\.rule) == [.configUnsupportedType], "\(name): \(findings.map(\.message))")
      #expect(findings.first?.message.contains(method) ?? false, "\(name): \(findings.map(\.message))")
    }
  }

  /// A config that says LoRA of another method's tensors, which PEFT takes none of.
  @Test func anotherMethodUnderTheNameOfLoRAIsAnError() throws {
    for entry in Self.cases where entry["method"]?.string != "LORA" && entry["tensors"]?.array?.isEmpty == false {
      let name = try #require(entry["name"]?.string)
      let folder = try Self.folder(of: entry)
      try folder.write(
        "adapter_config.json",
        #"{"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj"]}"#)
      let findings = Self.findings(folder, base: nil)
      #expect(
        findings.contains { $0.rule == .configUnsupportedType && $0.severity == .error },
        "\(name): \(findings.map(\.message))")
    }
  }

  @Test func variantsOfLoRAAreWhatPEFTMakesOfThem() throws {
    let base = try BaseModel.open(Fixtures.path("models/llama-bf16-sharded"))
    for entry in Self.cases where entry["method"]?.string == "LORA" {
      let name = try #require(entry["name"]?.string)
      let folder = try Self.folder(of: entry)
      let adapter = Adapter.load(folder.path)
      #expect(adapter.modules.count == entry["modules"]?.int64.map { Int($0) }, "\(name)")
      let scales = Set(adapter.modules.map(\.scale)).sorted()
      let expected = entry["scales"]?.array?.compactMap(\.double) ?? []
      #expect(scales.count == expected.count && zip(scales, expected).allSatisfy { abs($0 - $1) < 1e-9 }, "\(name)")
      let findings = Self.findings(folder, base: base)
      let worst = findings.map(\.severity).max() ?? .note
      let messages = findings.map { "\($0.severity) \($0.rule.rawValue): \($0.message)" }
      let ignores = entry["warnings"]?.array?.contains { $0.string?.contains("ignored") ?? false } ?? false
      if entry["refused"] != nil {
        #expect(worst == .error, "\(name): PEFT refuses it; found \(messages)")
      } else if ignores || entry["missing"]?.int64 != 0 || entry["unexpected"]?.int64 != 0 {
        #expect(worst >= .warning, "\(name): PEFT ignores a part; found \(messages)")
      } else if Self.stricter[name] == nil {
        #expect(worst == .note, "\(name): PEFT loads it; found \(messages)")
      }
      let alone = Self.findings(folder, base: nil).filter { $0.severity == .error }
      if worst < .error { #expect(alone.isEmpty, "\(name), no base: \(alone.map(\.message))") }
    }
  }

  private static func findings(_ folder: TemporaryFolder, base: BaseModel?) -> [Finding] {
    Validation.run([folder.path], base: base, options: ValidationOptions()).adapters.flatMap(\.findings)
  }

  /// The adapter of a row, with numbers that are not zero in its tensors.
  private static func folder(of entry: JSONValue) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write("adapter_config.json", (entry["config"] ?? .null).text())
    var tensors = SafetensorsBuilder()
    tensors.add(listed: entry["tensors"]?.array?.compactMap(\.string) ?? [])
    try folder.write("adapter_model.safetensors", tensors)
    return folder
  }
}
