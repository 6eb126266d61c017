import Diagnostics
import JSON
import LoRAEngines
import LoRAModel
import LoRATestSupport
import LoRAValidate
import TensorCore
import Testing

/// In a model of every type of the catalogue's table a wrong shape and a wrong name are found, by its config alone.
@Suite struct TypeDamageTests {
  /// The first traced configuration of each type.
  private static let configs = Result {
    var configs: [String: JSONValue] = [:]
    for line in try Fixtures.compressedLines("catalogue/table.jsonl.zst") {
      guard let given = try JSONValue(parsing: line, dialect: .python)["given"] else { continue }
      let type = given["model_type"]?.string ?? ""
      if configs[type] == nil { configs[type] = given }
    }
    return configs
  }

  /// A base with four of its linear modules: the first and the last of a layer in the middle by name, and of all.
  private struct Scene {
    let base: BaseModel
    let modules: [BaseModule]

    init?(_ config: JSONValue) throws {
      base = try BaseModel.described(by: Array(config.text(pretty: false).utf8), path: "base.json")
      let linear = base.modules.values
        .filter { $0.kind == .linear && !$0.isTransposed && $0.inFeatures > 0 && $0.outFeatures > 0 }
        .filter { [base] in !TypeDamageTests.isRefused($0.name, in: base) }
        .sorted { $0.name < $1.name }
      guard linear.count > 3 else { return nil }
      modules = [linear[0], linear[linear.count / 3], linear[linear.count / 2], linear[linear.count - 1]]
    }

    /// The rules that an adapter over the modules breaks; `change` may damage one tensor of a module.
    func rules(_ change: (inout String, inout [UInt64], _ isA: Bool) -> Void) throws -> Set<RuleID> {
      let folder = try TemporaryFolder()
      var weights = SafetensorsBuilder()
      var targets: [JSONValue] = []
      for (index, module) in modules.enumerated() {
        var name = module.name
        for isA in [true, false] {
          var shape = isA ? [1, module.inFeatures] : [module.outFeatures, 1]
          var changed = module.name
          if index == 2 { change(&changed, &shape, isA) }
          weights.add("base_model.model.\(changed).lora_\(isA ? "A" : "B").weight", .bf16, shape)
          name = changed
        }
        targets.append(.string(name))
      }
      let config: JSONObject = [
        "peft_type": "LORA", "r": 1, "lora_alpha": 1, "target_modules": .array(targets), "bias": "none",
      ]
      _ = try folder.write("a/adapter_config.json", JSONValue.object(config).text(pretty: true))
      _ = try folder.write("a/adapter_model.safetensors", weights)
      var options = ValidationOptions()
      options.headerOnly = true
      let adapter = Adapter.load(folder.path("a"))
      let findings = RuleSet.findings(in: ValidationContext(adapter, base: base, options: options, values: nil))
      return Set(findings.filter { $0.severity == .error }.map(\.rule))
    }
  }

  /// Output heads, and `torch.nn.MultiheadAttention` (of SigLIP's head and of Aria), which is no linear layer.
  private static let others = [
    "lm_head", "generator_lm_head", "embed_out", "proj_out", "head.attention", "multihead_attn",
  ]

  /// Whether PEFT adapts no layer of this name in models of the base's type.
  private static func isRefused(_ name: String, in base: BaseModel) -> Bool {
    ["falcon_h1", "mamba", "mamba2", "falcon_mamba", "nemotron_h"].contains(base.modelType ?? "")
      && name.hasSuffix(".out_proj")
  }

  /// An adapter over all linear layers but the output head, with their names in memory, which PEFT writes.
  @Test func anAdapterOverAllLinearLayersRaisesNoAlarmInAnyType() throws {
    var (checked, pairs) = (0, 0)
    for (type, config) in try Self.configs.get().sorted(by: { $0.key < $1.key }) {
      let base = try BaseModel.described(by: Array(config.text(pretty: false).utf8), path: "base.json")
      let names = LoadedNames(base)
      let linear = base.modules.values
        .filter { $0.kind == .linear && $0.inFeatures > 0 && $0.outFeatures > 0 }
        .map { (name: names.name(of: $0.name), inputs: $0.inFeatures, outputs: $0.outFeatures) }
        .filter { module in !Self.others.contains { module.name == $0 || module.name.hasSuffix("." + $0) } }
        .filter { !Self.isRefused($0.name, in: base) }
        .sorted { $0.name < $1.name }
      guard !linear.isEmpty else { continue }
      let folder = try TemporaryFolder()
      var weights = SafetensorsBuilder()
      for module in linear {
        weights.add("base_model.model.\(module.name).lora_A.weight", .bf16, [1, module.inputs])
        weights.add("base_model.model.\(module.name).lora_B.weight", .bf16, [module.outputs, 1])
      }
      let excluded: JSONValue = Self.isRefused(".out_proj", in: base) ? ["out_proj"] : .null
      let settings: JSONObject = [
        "peft_type": "LORA", "r": 1, "lora_alpha": 1, "target_modules": "all-linear", "exclude_modules": excluded,
        "bias": "none",
      ]
      _ = try folder.write("a/adapter_config.json", JSONValue.object(settings).text(pretty: true))
      _ = try folder.write("a/adapter_model.safetensors", weights)
      var options = ValidationOptions()
      options.headerOnly = true
      let adapter = Adapter.load(folder.path("a"))
      let context = ValidationContext(adapter, base: base, options: options, values: nil)
      let alarms = RuleSet.findings(in: context).filter { $0.severity != .note }
      #expect(alarms.isEmpty, "\(type): \(alarms.prefix(3).map { "\($0.rule.rawValue) \($0.message)" })")
      checked += 1
      pairs += linear.count
    }
    #expect(checked >= 280 && pairs > 5_000, "\(checked) types, \(pairs) modules")
  }

  @Test func aWrongShapeAndAWrongNameAreFoundInEveryType() throws {
    var checked = 0
    for (type, config) in try Self.configs.get().sorted(by: { $0.key < $1.key }) {
      guard let scene = try Scene(config) else { continue }
      checked += 1
      let honest = try scene.rules { _, _, _ in }
      #expect(honest.isEmpty, "\(type): \(honest.map(\.rawValue).sorted())")
      for isInput in [true, false] {
        let found = try scene.rules { _, shape, isA in
          if isA == isInput { shape[isA ? 1 : 0] += 1 }
        }
        #expect(
          [[.baseShapeMismatch], [.baseVocabMismatch]].contains(found), "\(type): \(found.map(\.rawValue).sorted())")
      }
      let misnamed = try scene.rules { name, _, _ in name += "x" }
      #expect(misnamed == [.baseModuleMissing], "\(type): \(misnamed.map(\.rawValue).sorted())")
    }
    #expect(checked >= 280, "\(checked) types")
  }
}
