import Diagnostics
import Foundation
import JSON
import LoRADeltas
import LoRAEngines
import LoRAIO
import LoRAKernels
import LoRAModel
import LoRARepair
import LoRASurgery
import LoRATestSupport
import LoRAValidate
import Safetensors
import TensorCore
import Testing

/// What was broken acts as it was meant to once it is mended, and what has no right mend is left.
@Suite struct RepairTests {
  /// One row of `surgery/repair/cases.json`.
  struct Case: Decodable, CustomTestStringConvertible, Sendable {
    let name: String
    let path: String
    let of: String
    let base: String
    let alpha: Double?
    let engine: String?
    let deltas: String?
    let mends: [String]
    var testDescription: String { name }
  }

  /// One row of `broken/broken.json`.
  struct Broken: Decodable, CustomTestStringConvertible, Sendable {
    let name: String
    let path: String
    let base: String?
    let rules: [String]
    let severity: String
    let engine: String?
    let servingDType: String?
    var testDescription: String { name }

    enum CodingKeys: String, CodingKey {
      case name
      case path
      case base
      case rules
      case severity
      case engine
      case servingDType = "serving_dtype"
    }
  }

  static let cases: [Case] = rows("surgery/repair/cases.json")
  static let broken: [Broken] = rows("broken/broken.json")

  private static func rows<Row: Decodable>(_ name: String) -> [Row] {
    let data = try? Data(contentsOf: URL(fileURLWithPath: Fixtures.path(name)))
    return data.flatMap { try? JSONDecoder().decode([Row].self, from: $0) } ?? []
  }

  @Test func theCasesAreThere() {
    #expect(Self.cases.count > 30)
    #expect(Self.broken.count > 150)
  }

  // MARK: Acting as meant

  /// PEFT's deltas of the whole adapter are those of the mended one.
  @Test(arguments: cases) func theDeltaIsThatOfTheWholeAdapter(_ one: Case) throws {
    let folder = try TemporaryFolder()
    let base = try BaseModel.open(Fixtures.path(one.base))
    let result = try repair(
      Fixtures.path(one.path), to: folder.path("out"), base: base, alpha: one.alpha, engine: one.engine)
    #expect(result.mends.map(\.rule.rawValue) == one.mends, "\(result.mends)")
    #expect(result.left.allSatisfy { $0.severity < .error }, "\(result.left)")
    let expected = try SafetensorsFile.open(Fixtures.path("surgery/repair/deltas/\(one.deltas ?? one.of).safetensors"))
    var found = try deltas(of: folder.path("out"))
    let tolerance = result.mends.allSatisfy(\.isExact) ? 1e-6 : 1.0 / 256
    for tensor in expected.header.tensors {
      let bytes = try expected.bytes(of: tensor)
      let want = stride(from: 0, to: bytes.count, by: 4).map { start in
        Double(Float(bitPattern: bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }))
      }
      let have = try #require(found[tensor.name], "\(tensor.name)")
      found[tensor.name] = nil
      let error = zip(want, have).map { ($0 - $1) * ($0 - $1) }.reduce(0, +).squareRoot()
      let norm = want.map { $0 * $0 }.reduce(0, +).squareRoot()
      #expect(have.count == want.count && error <= tolerance * norm, "\(tensor.name): \(error / norm)")
    }
    // What was added beside does nothing.
    for (name, delta) in found { #expect(delta.allSatisfy { $0 == 0 }, "\(name)") }
  }

  /// A second repair finds nothing to do, and copies the bytes.
  @Test(arguments: cases) func whatIsMendedNeedsNoMend(_ one: Case) throws {
    let folder = try TemporaryFolder()
    let base = try BaseModel.open(Fixtures.path(one.base))
    let first = folder.path("first")
    _ = try repair(Fixtures.path(one.path), to: first, base: base, alpha: one.alpha, engine: one.engine)
    let again = try repair(first, to: folder.path("second"), base: base, alpha: nil, engine: one.engine)
    #expect(again.mends.isEmpty, "\(again.mends)")
    for name in ["adapter_model.safetensors", "adapter_config.json"] {
      #expect(try contents("\(first)/\(name)") == contents(folder.path("second/\(name)")))
    }
  }

  /// Threads change no byte.
  @Test(arguments: ["patterns-sglang", "stacks-vllm", "deep-stacks"]) func theBytesAreTheSame(_ name: String) throws {
    let folder = try TemporaryFolder()
    let one = try #require(Self.cases.first { $0.name == name })
    var validation = ValidationOptions()
    validation.engine = try one.engine.map { name throws in try #require(Engine(named: name)) }
    let options = RepairOptions(base: try BaseModel.open(Fixtures.path(one.base)), validation: validation)
    var outputs: [[[UInt8]]] = []
    for workers in [1, 4] {
      let output = folder.path("\(workers)")
      guard case .planned(let plan) = try AdapterRepair(Fixtures.path(one.path), output: output, options: options)
      else {
        continue
      }
      try DraftWriter(workers: workers).write(plan.draft(toolVersion: "test"), folder: output, overwrites: false)
      outputs.append(try Folder.names(in: output).map { try contents("\(output)/\($0)") })
    }
    #expect(outputs.count == 2 && outputs.first == outputs.last)
  }

  // MARK: Broken and honest adapters

  /// Cases of `broken.json` with errors that have one right mend; all others keep an error.
  private static let mendable: Set<String> = [
    "config-rank-zero", "config-rank-negative", "config-rank-string", "config-rank-fraction", "config-rank-huge",
    "config-pattern-zero", "config-pattern-regex", "config-target-type", "config-target-regex",
    "config-layers-with-regex", "config-bias-word", "rank-global", "rank-pattern", "rank-module", "tensor-stray",
    "tensor-flat", "naming-default", "naming-compiled", "naming-doubled", "naming-distributed", "naming-half",
    "naming-inner-model", "pattern-rank", "base-transposed", "value-range-01-f32-f16", "value-range-02-bf16-f16",
    "value-range-03-f32-f16", "value-range-06-f32-f16", "value-range-07-f32-bf16", "value-range-08-f64-f32",
    "value-range-09-f64-bf16", "value-range-10-f8_e5m2-f16",
  ]

  @Test(arguments: broken) func aBrokenAdapterIsMendedOrLeft(_ one: Broken) throws {
    let folder = try TemporaryFolder()
    let path = Fixtures.path(one.path)
    let base = try one.base.map { name throws in try BaseModel.open(Fixtures.path(name)) }
    let serving = one.servingDType.flatMap { ServingDType(rawValue: $0) }
    let result = try repair(
      path, to: folder.path("out"), base: base, alpha: nil, engine: one.engine, serving: serving ?? .bf16)
    guard one.severity == "error" else {
      #expect(result.left.allSatisfy { $0.severity < .error }, "\(result.left)")
      return
    }
    // What the rules say of themselves holds.
    for mend in result.mends {
      let fact = try #require(RuleSet.rule(mend.rule)).repair
      #expect(fact.kind != "no", "\(mend)")
    }
    if Self.mendable.contains(one.name) {
      #expect(result.left.allSatisfy { $0.severity < .error }, "\(result.left)")
      #expect(!result.mends.isEmpty)
      if one.name.hasPrefix("value-") {
        #expect(try deltas(of: folder.path("out")) == deltas(of: path))
      } else {
        try expectNano(folder.path("out"), one.name)
      }
    } else if one.base.map({ !$0.hasPrefix("broken/") }) ?? true {
      let left = Set(result.left.filter { $0.severity == .error }.map(\.rule.rawValue))
      #expect(!left.isEmpty, "\(result.mends)")
      #expect(!left.isDisjoint(with: one.rules) || !result.isReadable, "\(left)")
    }
  }

  /// The mended adapter is `llama-nano` again, but for modules that the case changed itself.
  private func expectNano(_ path: String, _ name: String) throws {
    let own: Set<String> = ["rank-module", "pattern-rank"]
    guard !own.contains(name) else { return }
    let want = try deltas(of: Fixtures.path("adapters/llama-nano"))
    #expect(try deltas(of: path) == want)
  }

  /// Honest adapters are copied byte for byte.
  @Test func anHonestAdapterStaysAsItIs() throws {
    let folder = try TemporaryFolder()
    // One of them lacks PEFT's prefix.
    for name in try Folder.names(in: Fixtures.path("adapters"))
    where !name.hasSuffix(".json") && name != "llama-no-prefix" {
      let path = Fixtures.path("adapters/\(name)")
      let result = try repair(path, to: folder.path(name), base: nil, alpha: nil, engine: nil)
      #expect(result.mends.isEmpty, "\(name): \(result.mends)")
      for file in try Folder.names(in: path) where FileKind(path: "\(path)/\(file)") == .regular {
        let copy = folder.path("\(name)/\(file)")
        guard FileKind(path: copy) != nil else { continue }
        let (old, new) = (try contents("\(path)/\(file)"), try contents(copy))
        #expect(old == new, "\(copy)")
      }
    }
  }

  // MARK: What is never done

  @Test func alphaIsNeverGuessed() throws {
    let folder = try TemporaryFolder()
    for name in ["config-alpha-null", "config-alpha-nan", "config-alpha-string"] {
      let result = try repair(
        Fixtures.path("broken/\(name)"), to: folder.path(name), base: nil, alpha: nil, engine: nil)
      #expect(result.left.contains { $0.rule.rawValue == "config-invalid" && $0.message.contains("lora_alpha") })
      let asked = try repair(
        Fixtures.path("broken/\(name)"), to: folder.path(name + "-4"), base: nil, alpha: 4, engine: nil)
      #expect(asked.left.isEmpty, "\(asked.left)")
      #expect(try deltas(of: folder.path(name + "-4")) == deltas(of: Fixtures.path("adapters/llama-nano")))
    }
  }

  /// An alpha that the config has is not replaced by the option.
  @Test func anAlphaThatIsThereStays() throws {
    let folder = try TemporaryFolder()
    let result = try repair(
      Fixtures.path("broken/naming-default"), to: folder.path("out"), base: nil, alpha: 99, engine: nil)
    #expect(result.mends.map(\.rule.rawValue) == ["export-naming"])
    #expect(try deltas(of: folder.path("out")) == deltas(of: Fixtures.path("adapters/llama-nano")))
  }

  @Test func nothingIsWrittenOfABrokenFile() throws {
    let folder = try TemporaryFolder()
    let result = try repair(
      Fixtures.path("broken/header-truncated"), to: folder.path("out"), base: nil, alpha: nil, engine: nil)
    #expect(!result.isReadable && result.left.map(\.rule.rawValue) == ["header-invalid"])
    #expect(try Folder.names(in: folder.path("")) == [])
  }

  @Test func membersThatAreNotKnownKeepTheirPlace() throws {
    let folder = try TemporaryFolder()
    var config = try #require(Fixtures.json("adapters/llama-nano/adapter_config.json").object)
    config["zeta"] = ["deep": [1, .null, .real(0.1)]]
    config["r"] = 7
    config["alpha_of_another_tool"] = .string("ä\u{1F600}")
    try folder.write("a/adapter_config.json", JSONValue.object(config).text())
    try folder.write("a/adapter_model.safetensors", Fixtures.bytes("adapters/llama-nano/adapter_model.safetensors"))
    try folder.write("a/README.md", "# Kept\n")
    _ = try repair(folder.path("a"), to: folder.path("b"), base: nil, alpha: nil, engine: nil)
    let text = try contents(folder.path("b/adapter_config.json"))
    let mended = try #require(try JSONValue(parsing: text).object)
    #expect(mended.keys == config.keys)
    config["r"] = 2
    #expect(mended == config)
    #expect(try contents(folder.path("b/README.md")) == Array("# Kept\n".utf8))
    #expect(
      try contents(folder.path("b/adapter_model.safetensors"))
        == Fixtures.bytes("adapters/llama-nano/adapter_model.safetensors"))
  }

  @Test func aCastThatOverflowsIsRefused() throws {
    let folder = try TemporaryFolder()
    var tensors = SafetensorsBuilder()
    tensors.add("base_model.model.q_proj.lora_A.weight", .f32, [1, 2], values: [1e6, 1])
    tensors.add("base_model.model.q_proj.lora_B.weight", .f32, [2, 1], values: [1e6, 1])
    try folder.write("a/adapter_model.safetensors", tensors)
    try folder.write(
      "a/adapter_config.json",
      #"{"peft_type": "LORA", "r": 1, "lora_alpha": 1, "target_modules": ["q_proj"]}"#)
    #expect(throws: SurgeryError.self) {
      try repair(folder.path("a"), to: folder.path("b"), base: nil, alpha: nil, engine: nil, dtype: .f16)
    }
    #expect(try Folder.names(in: folder.path("")) == ["a"])
  }

  /// Of two adapters in one file none is chosen.
  @Test func twoAdaptersInOneFileAreLeft() throws {
    let folder = try TemporaryFolder()
    var tensors = SafetensorsBuilder()
    for name in ["one", "two"] {
      tensors.add("base_model.model.q_proj.lora_A.\(name).weight", .f32, [1, 2], values: [1, 2])
      tensors.add("base_model.model.q_proj.lora_B.\(name).weight", .f32, [2, 1], values: [3, 4])
    }
    try write(tensors, ["r": 1, "lora_alpha": 1, "target_modules": ["q_proj"]], folder)
    let result = try repair(folder.path("a"), to: folder.path("b"), base: nil, alpha: nil, engine: nil)
    #expect(result.mends.isEmpty && result.left.contains { $0.severity == .error })
  }

  /// Nothing is computed from numbers that are not finite: what would need it is left.
  @Test func nothingIsComputedFromNaN() throws {
    let folder = try TemporaryFolder()
    var tensors = SafetensorsBuilder()
    tensors.add("base_model.model.q_proj.lora_A.weight", .f32, [4, 1], values: [.nan, 2, 3, 4])
    tensors.add("base_model.model.q_proj.lora_B.weight", .f32, [1, 6], values: [1, 2, 3, 4, 5, 6])
    try write(tensors, ["r": 1, "lora_alpha": 1, "target_modules": ["q_proj"]], folder)
    let result = try repair(folder.path("a"), to: folder.path("b"), base: nil, alpha: nil, engine: nil)
    #expect(result.mends.isEmpty)
    #expect(Set(result.left.map(\.rule.rawValue)).isSuperset(of: ["base-transposed", "value-nan"]))
  }

  // MARK: Fused matrices

  private static let sizes: JSONObject = [
    "hidden_size": 4, "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 6,
    "num_hidden_layers": 1, "vocab_size": 8, "head_dim": 2,
  ]

  private func base(_ type: String, _ architecture: String, _ folder: TemporaryFolder) throws -> BaseModel {
    var config = Self.sizes
    config["model_type"] = .string(type)
    config["architectures"] = [.string(architecture)]
    return try BaseModel.open(folder.write("\(type).json", JSONValue.object(config).text()))
  }

  private func values(_ count: Int, _ seed: Int) -> [Float] {
    (0..<count).map { Float(($0 * 7 + seed) % 11) / 8 - 0.5 }
  }

  private func write(_ tensors: SafetensorsBuilder, _ config: JSONObject, _ folder: TemporaryFolder) throws {
    var config = config
    config["peft_type"] = "LORA"
    try folder.write("a/adapter_model.safetensors", tensors)
    try folder.write("a/adapter_config.json", JSONValue.object(config).text())
  }

  private static let block = "base_model.model.model.layers.0."

  /// A fused matrix whose parts the base keeps apart gives every part its rows.
  @Test func aFusedMatrixIsSharedOut() throws {
    let folder = try TemporaryFolder()
    var tensors = SafetensorsBuilder()
    for (name, rows) in [("self_attn.qkv_proj", 8), ("mlp.gate_up_proj", 12)] {
      tensors.add(Self.block + name + ".lora_A.weight", .bf16, [2, 4], values: values(8, rows))
      tensors.add(Self.block + name + ".lora_B.weight", .bf16, [UInt64(rows), 2], values: values(2 * rows, 1))
    }
    try write(
      tensors,
      ["r": 2, "lora_alpha": 3, "alpha_pattern": ["qkv_proj": 5], "target_modules": ["qkv_proj", "gate_up_proj"]],
      folder)
    let base = try base("llama", "LlamaForCausalLM", folder)
    let result = try repair(folder.path("a"), to: folder.path("b"), base: base, alpha: nil, engine: nil)
    #expect(result.left.isEmpty && result.mends.allSatisfy(\.isExact), "\(result)")
    let (old, new) = (try deltas(of: folder.path("a")), try deltas(of: folder.path("b")))
    func part(_ name: String) -> [Double] { new["model.layers.0.\(name)"] ?? [] }
    let attention = part("self_attn.q_proj") + part("self_attn.k_proj") + part("self_attn.v_proj")
    #expect(attention == old["model.layers.0.self_attn.qkv_proj"])
    #expect(part("mlp.gate_proj") + part("mlp.up_proj") == old["model.layers.0.mlp.gate_up_proj"])
  }

  /// Parts of a matrix that the base keeps as one are put together at the sum of their ranks.
  @Test(arguments: [false, true]) func partsArePutTogether(_ usesRoot: Bool) throws {
    let folder = try TemporaryFolder()
    var tensors = SafetensorsBuilder()
    let parts = [("q_proj", 4), ("k_proj", 2), ("v_proj", 2)]
    for (name, rows) in parts {
      tensors.add(Self.block + "self_attn.\(name).lora_A.weight", .f32, [2, 4], values: values(8, rows))
      tensors.add(Self.block + "self_attn.\(name).lora_B.weight", .f32, [UInt64(rows), 2], values: values(2 * rows, 3))
    }
    tensors.add(Self.block + "self_attn.o_proj.lora_A.weight", .f32, [2, 4], values: values(8, 5))
    tensors.add(Self.block + "self_attn.o_proj.lora_B.weight", .f32, [4, 2], values: values(8, 6))
    try write(
      tensors,
      [
        "r": 2, "lora_alpha": 3, "use_rslora": .bool(usesRoot),
        "target_modules": ["q_proj", "k_proj", "v_proj", "o_proj"],
      ], folder)
    let base = try base("phi3", "Phi3ForCausalLM", folder)
    let result = try repair(folder.path("a"), to: folder.path("b"), base: base, alpha: nil, engine: nil)
    #expect(result.left.isEmpty, "\(result)")
    let (old, new) = (try deltas(of: folder.path("a")), try deltas(of: folder.path("b")))
    #expect(Set(new.keys) == ["model.layers.0.self_attn.qkv_proj", "model.layers.0.self_attn.o_proj"])
    #expect(new["model.layers.0.self_attn.o_proj"] == old["model.layers.0.self_attn.o_proj"])
    let want = parts.flatMap { old["model.layers.0.self_attn.\($0.0)"] ?? [] }
    let have = new["model.layers.0.self_attn.qkv_proj"] ?? []
    #expect(want.count == have.count && zip(want, have).allSatisfy { abs($0 - $1) <= 1e-12 })
  }

  // MARK: Helpers

  /// An entry of `modules_to_save` means every module of its name: it goes when none of them differs from the base's,
  /// and while it stays PEFT wants the tensors of all of them.
  @Test(arguments: [true, false]) func savedModulesOfOneNameStayOrGoTogether(_ isOneChanged: Bool) throws {
    let folder = try TemporaryFolder()
    let base = try BaseModel.open(Fixtures.path("models/llama-nano-bf16"))
    let checkpoint = try #require(base.checkpoint)
    let (adapter, source) = (
      "adapters/llama-nano/", try SafetensorsFile.open(Fixtures.path("adapters/llama-nano/adapter_model.safetensors"))
    )
    var weights = SafetensorsBuilder()
    for tensor in source.header.tensors {
      weights.add(tensor.name, tensor.dtype, tensor.shape.dimensions, data: try source.bytes(of: tensor))
    }
    for layer in 0...1 {
      let name = "model.layers.\(layer).input_layernorm.weight"
      let entry = try #require(checkpoint.tensors[name])
      var bytes = try checkpoint.files[entry.file].bytes(of: entry.info)
      if layer == 1, isOneChanged { bytes[0] ^= 1 }
      weights.add("base_model.model." + name, entry.info.dtype, entry.info.shape.dimensions, data: bytes)
    }
    var config = try #require(try Fixtures.json(adapter + "adapter_config.json").object)
    config["modules_to_save"] = ["input_layernorm"]
    try folder.write("in/adapter_model.safetensors", weights)
    try folder.write("in/adapter_config.json", JSONValue.object(config).text())
    let result = try repair(folder.path("in"), to: folder.path("out"), base: base, alpha: nil, engine: nil)
    let mended = Adapter.load(folder.path("out"))
    #expect(result.mends.isEmpty == isOneChanged)
    #expect(mended.replacements.count == (isOneChanged ? 2 : 0))
    #expect(mended.config?.modulesToSave == (isOneChanged ? ["input_layernorm"] : []))
  }

  /// What stands in front of a name may be a wrapper too many, or another part of a model, whose modules are not those
  /// of the language model whatever their sizes.
  @Test(arguments: [("wrapper", true), ("vision_tower", false), ("mtp", false), ("audio_encoder", false)])
  func aModuleOfAnotherPartIsNoneOfTheLanguageModel(_ front: String, _ isRenamed: Bool) throws {
    let folder = try TemporaryFolder()
    let base = try BaseModel.open(Fixtures.path("models/llama-nano-bf16"))
    let source = try SafetensorsFile.open(Fixtures.path("adapters/llama-nano/adapter_model.safetensors"))
    var weights = SafetensorsBuilder()
    for tensor in source.header.tensors {
      let name = tensor.name.replacing("base_model.model.", with: "base_model.model.\(front).", maxReplacements: 1)
      weights.add(name, tensor.dtype, tensor.shape.dimensions, data: try source.bytes(of: tensor))
    }
    try folder.write("in/adapter_model.safetensors", weights)
    try folder.write("in/adapter_config.json", contents(Fixtures.path("adapters/llama-nano/adapter_config.json")))
    let result = try repair(folder.path("in"), to: folder.path("out"), base: base, alpha: nil, engine: nil)
    #expect(result.left.contains { $0.severity == .error } == !isRenamed, "\(result.mends) \(result.left)")
    #expect(Adapter.load(folder.path("out")).modules[0].name.hasPrefix("model.layers.") == isRenamed)
  }

  private func repair(
    _ path: String, to output: String, base: BaseModel?, alpha: Double?, engine: String?, dtype: DType? = nil,
    serving: ServingDType = .bf16
  ) throws -> (mends: [Mend], left: [Finding], isReadable: Bool) {
    var validation = ValidationOptions()
    validation.serving.servingDType = serving
    validation.engine = try engine.map { name throws in try #require(Engine(named: name)) }
    let options = RepairOptions(base: base, alpha: alpha, dtype: dtype, validation: validation)
    switch try AdapterRepair(path, output: output, options: options) {
    case .unreadable(let findings): return ([], findings, false)
    case .planned(let plan):
      let forecast = plan.forecast()
      try DraftWriter(workers: 2).write(plan.draft(toolVersion: "test"), folder: output, overwrites: false)
      let result = Validation.run([output], base: base, options: validation)
      let left = (result.base?.findings ?? []) + result.adapters.flatMap(\.findings)
      // What was said beforehand is what came, but for values that were not there yet.
      func rules(_ findings: [Finding]) -> [String] {
        findings.map(\.rule.rawValue).filter { !$0.hasPrefix("value-") }.sorted()
      }
      #expect(rules(forecast) == rules(left), "\(forecast) \(left)")
      return (plan.mends, left, true)
    }
  }

  /// scale · B · A of every module, row by row, expert by expert.
  private func deltas(of path: String) throws -> [String: [Double]] {
    let adapter = Adapter.load(path)
    let file = try #require(adapter.file)
    var found: [String: [Double]] = [:]
    for module in adapter.modules {
      let pair = try adapter.pair(of: module)
      var delta: [Double] = []
      for expert in 0..<pair.experts {
        let a = try pair.values(pair.a, expert: expert, from: file)
        let b = try pair.values(pair.b, expert: expert, from: file)
        for row in 0..<b.rows {
          for column in 0..<a.rows {
            delta.append(pair.scale * (0..<a.columns).reduce(0) { $0 + b[row, $1] * a[column, $1] })
          }
        }
      }
      found[module.name] = delta
    }
    return found
  }

  private func contents(_ path: String) throws -> [UInt8] { try InputFile.contents(of: path, limit: 1 << 24) }
}
