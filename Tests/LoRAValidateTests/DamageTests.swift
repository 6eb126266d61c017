import Diagnostics
import JSON
import LoRAEngines
import LoRAModel
import LoRATestSupport
import LoRAValidate
import Safetensors
import TensorCore
import Testing

/// Damage at random to an honest adapter's files, options, base or company, and the rule that must name it.
///
/// `Mutation` does the same to names, shapes and values.
struct Damage: CustomTestStringConvertible, Sendable {
  let testDescription: String
  /// The rule that must fire.
  let rule: RuleID
  /// Rules that may fire along with it.
  let along: Set<RuleID>
  /// What is there before the damage, in which the rule must keep quiet.
  let preparation: Preparation
  let corrupt: @Sendable (inout Scene, inout SeededGenerator) throws -> Void

  /// What a scene has besides an adapter and its base's config.
  enum Preparation: Sendable {
    case none
    /// The base's weights in two shards.
    case weightsOfTheBase
    /// An engine that takes the adapter.
    case engine(String)
    /// Another adapter.
    case company
    /// Another adapter, and one tokenizer beside both and beside the base.
    case tokenizers
  }

  init(
    _ description: String, _ rule: RuleID, along: Set<RuleID> = [],
    after preparation: Preparation = .none,
    _ corrupt: @escaping @Sendable (inout Scene, inout SeededGenerator) throws -> Void
  ) {
    testDescription = description
    self.rule = rule
    self.along = along
    self.preparation = preparation
    self.corrupt = corrupt
  }

  static let all: [Damage] = files + headers + configs + bases + engines + policies + fleets

  private static let files: [Damage] = [
    Damage("no weights", .fileUnreadable) { scene, _ in try scene.folder.remove(scene.weights) },
    Damage("an empty file", .fileUnreadable) { scene, _ in try scene.folder.write(scene.weights, "") },
    Damage("a folder in its place", .fileUnreadable) { scene, _ in
      try scene.folder.remove(scene.weights)
      try scene.folder.folder(scene.weights)
    },
    Damage("another kind of file", .fileNotSafetensors) { scene, random in
      let starts: [[UInt8]] = [
        [0x50, 0x4B, 3, 4], Array("GGUF".utf8), Array("<!DOCTYPE html><html>".utf8), [0x80, 2, 0x7D],
        Array("version https://git-lfs.github.com/spec/v1\noid sha256:".utf8), [0x1F, 0x8B, 8, 0],
      ]
      let rest = (0..<Int.random(in: 60...4000, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      try scene.folder.write(scene.weights, (starts.randomElement(using: &random) ?? []) + rest)
    },
    Damage("a pickle alone", .pickleWeights) { scene, random in
      let names = ["adapter_model.bin", "adapter_model.pt", "adapter.ckpt"]
      let bytes = try scene.bytes(scene.weights)
      try scene.folder.remove(scene.weights)
      try scene.folder.write("adapter/\(names.randomElement(using: &random) ?? names[0])", bytes)
    },
    Damage("a pickle beside it", .pickleWeights) { scene, _ in
      try scene.folder.write("adapter/adapter_model.bin", [0x80, 2])
    },
    Damage("a damaged frame", .compressedCorrupt, along: [.fileNotSafetensors]) { scene, random in
      let path = Repository.path("testdata/adapters/llama-zstd/adapter_model.safetensors.zst")
      var bytes = try Scene.file(path)
      // Behind the magic number, which says what the file is at all.
      let position = Int.random(in: 4..<bytes.count, using: &random)
      bytes[position] ^= UInt8.random(in: 1...255, using: &random)
      try scene.folder.remove(scene.weights)
      try scene.folder.write(scene.weights + ".zst", bytes)
    },
  ]

  private static let headers: [Damage] = [
    Damage("cut off", .headerInvalid) { scene, random in
      let bytes = try scene.bytes(scene.weights)
      try scene.folder.write(scene.weights, Array(bytes.prefix(Int.random(in: 9..<bytes.count, using: &random))))
    },
    Damage("bytes behind the end", .headerInvalid) { scene, random in
      let more = (0..<Int.random(in: 1...100, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      try scene.folder.write(scene.weights, try scene.bytes(scene.weights) + more)
    },
    Damage("another length in front", .headerInvalid, along: [.fileNotSafetensors]) { scene, random in
      var bytes = try scene.bytes(scene.weights)
      bytes[Int.random(in: 0..<8, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
      try scene.folder.write(scene.weights, bytes)
    },
    Damage("a damaged header", .headerInvalid, along: [.headerDuplicateKey]) { scene, random in
      var bytes = try scene.bytes(scene.weights)
      let length = Int(bytes[..<8].reversed().reduce(0) { $0 << 8 | UInt64($1) })
      let marks = (8..<8 + length).filter { Array("{}[]:,\"".utf8).contains(bytes[$0]) }
      bytes[marks.randomElement(using: &random) ?? 8] = UInt8(ascii: "x")
      try scene.folder.write(scene.weights, bytes)
    },
    Damage("one name twice", .headerDuplicateKey, along: [.headerInvalid]) { scene, random in
      let position = Int.random(in: 2..<scene.sample.tensors.count, using: &random)
      scene.sample.tensors[position].name = scene.sample.tensors[Int.random(in: 0..<2, using: &random)].name
      try scene.write()
    },
    Damage("blanks in front", .headerUnusual) { scene, random in
      let bytes = try scene.bytes(scene.weights)
      let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
      let blanks = 8 * UInt64.random(in: 1...9, using: &random)
      let head = (0..<8).map { UInt8(truncatingIfNeeded: (length + blanks) >> (8 * $0)) }
      let padding = [UInt8](repeating: UInt8(ascii: " "), count: Int(blanks))
      try scene.folder.write(scene.weights, head + padding + bytes[8...])
    },
  ]

  private static let configs: [Damage] = [
    Damage("no config", .configMissing) { scene, _ in try scene.folder.remove(scene.config) },
    Damage("a config cut off", .configInvalid) { scene, random in
      let bytes = try scene.bytes(scene.config)
      let end = bytes.lastIndex(of: UInt8(ascii: "}")) ?? bytes.count
      try scene.folder.write(scene.config, Array(bytes.prefix(Int.random(in: 0..<end, using: &random))))
    },
    Damage("a field of the wrong type", .configInvalid) { scene, random in
      let fields = [
        "r", "lora_alpha", "target_modules", "bias", "use_rslora", "use_dora", "rank_pattern", "alpha_pattern",
        "modules_to_save", "layers_to_transform", "layers_pattern", "exclude_modules", "lora_bias", "fan_in_fan_out",
        "target_parameters", "trainable_token_indices", "peft_type", "base_model_name_or_path", "task_type",
      ]
      // Of a type that no field takes.
      let wrong: [JSONValue] = [.object(["x": .array([.null])]), .array([.object(["x": .null])]), .real(1.5)]
      let field = fields.randomElement(using: &random) ?? "r"
      let value = wrong.randomElement(using: &random) ?? .null
      try scene.set(field, field == "lora_alpha" ? wrong[0] : value)
    },
    Damage("an impossible number", .configInvalid) { scene, random in
      switch Int.random(in: 0..<4, using: &random) {
      case 0: try scene.set("r", .integer(Int64.random(in: -9...0, using: &random)))
      case 1: try scene.set("lora_alpha", nil)
      case 2: try scene.set("rank_pattern", ["q_proj": .integer(-Int64.random(in: 0...9, using: &random))])
      default: try scene.set("bias", .string("some"))
      }
    },
    Damage("another method", .configUnsupportedType) { scene, random in
      let types = ["LOHA", "LOKR", "IA3", "VERA", "ADALORA", "OFT", "BOFT", "XLORA", "PROMPT_TUNING"]
      try scene.set("peft_type", .string(types.randomElement(using: &random) ?? "IA3"))
    },
    Damage("a field of tomorrow", .configUnknownField) { scene, random in
      let name = "use_" + String(UInt64.random(in: 0 ... .max, using: &random), radix: 36)
      try scene.set(name, .bool(Bool.random(using: &random)))
    },
  ]

  private static let bases: [Damage] = [
    Damage("a quantised base", .baseQuantized) { scene, random in
      let methods = ["gptq", "awq", "bitsandbytes", "fp8", "compressed-tensors"]
      let method = methods.randomElement(using: &random) ?? "gptq"
      try scene.setBase("quantization_config", ["quant_method": .string(method), "bits": 4, "load_in_4bit": true])
    },
    Damage("an unknown architecture", .baseUnknownArchitecture) { scene, random in
      let name = "model_" + String(UInt64.random(in: 0 ... .max, using: &random), radix: 36)
      try scene.setBase("model_type", .string(name))
    },
    Damage(
      "a shape that the config does not have", .baseConfigMismatch, along: [.baseShapeMismatch],
      after: .weightsOfTheBase,
      { scene, random in
        let position = Int.random(in: 3..<10, using: &random)
        let more = 8 * UInt64.random(in: 1...4, using: &random)
        try scene.writeBase(shapes: { $0[position].shape[0] += more })
      }),
    Damage(
      "a tensor that its shard does not hold", .shardMismatch, along: [.baseConfigMismatch, .indexInvalid],
      after: .weightsOfTheBase,
      { scene, random in
        let number = UInt64.random(in: 0...1000, using: &random)
        try scene.writeBase(index: { $0["extra.\(number).weight"] = "model-00001-of-00002.safetensors" })
      }),
    Damage(
      "an index with a wrong sum", .indexInvalid, after: .weightsOfTheBase,
      { scene, random in
        let name = "base/model.safetensors.index.json"
        let text = String(decoding: try scene.bytes(name), as: UTF8.self)
        let wrong = UInt64.random(in: 0 ... .max, using: &random)
        try scene.folder.write(name, text.replacing("\"total_size\": ", with: "\"total_size\": \(wrong)"))
      }),
    Damage(
      "a shard outside the folder", .securityPath, along: [.shardMismatch, .indexInvalid, .fileUnreadable],
      after: .weightsOfTheBase,
      { scene, random in
        let paths = ["../model.safetensors", "/etc/passwd", "a/b.safetensors", "..", "x\u{0}.safetensors"]
        let path = paths.randomElement(using: &random) ?? ".."
        try scene.writeBase(index: { map in
          if let name = map.keys.sorted().randomElement(using: &random) { map[name] = path }
        })
      }),
  ]

  private static let engines: [Damage] = [
    Damage("more rank than the slots have", .engineRank, after: .engine("vllm")) {
      scene, random in
      let limits = (Engine(named: "vllm")?.legalRankLimits ?? []).filter { $0 < scene.sample.rank }
      scene.options.serving.maxLoRARank = limits.randomElement(using: &random) ?? 1
    },
    Damage("what the engine refuses", .engineUnsupported, after: .engine("vllm")) {
      scene, random in
      let fields: [(String, JSONValue)] = [
        ("bias", "all"), ("use_qalora", true), ("alora_invocation_tokens", [1, 2]),
      ]
      let (field, value) = fields.randomElement(using: &random) ?? fields[0]
      try scene.set(field, value)
    },
    Damage("what the engine ignores", .engineSilent, after: .engine("vllm@0.31")) {
      scene, _ in
      try scene.set("alpha_pattern", .object([#"\w+_proj"#: 77]))
    },
  ]

  private static let policies: [Damage] = [
    policy("rank", .policyRank) { policy, scene, random in
      policy.maxRank = UInt64.random(in: 0..<scene.sample.rank, using: &random)
    },
    policy("alpha", .policyAlpha) { policy, scene, random in
      let alpha = Double(2 * scene.sample.rank)
      policy.alpha = 0...(alpha - Double.random(in: 0.1...1, using: &random))
    },
    policy("targets", .policyTargets) { policy, scene, random in
      let targets = Set(scene.sample.modules.map { String($0.split(separator: ".").last ?? "") })
      policy.allowedTargets = targets.subtracting([targets.sorted().randomElement(using: &random) ?? ""]).sorted()
    },
    policy("element types", .policyDType) { policy, scene, _ in
      policy.dtypes = [DType.f32, .bf16, .f16].filter { $0 != scene.sample.tensors[0].dtype }
    },
    policy("size", .policySize) { policy, scene, random in
      policy.maxBytes = UInt64(try scene.bytes(scene.weights).count) - UInt64.random(in: 1...100, using: &random)
    },
    policy("base", .policyBase) { policy, _, random in
      policy.bases = ["example/\(UInt64.random(in: 0 ... .max, using: &random))"]
    },
    policy("metadata", .policyMetadata) { policy, _, random in
      policy.metadata = [("key-\(UInt64.random(in: 0 ... .max, using: &random))", nil)]
    },
  ]

  private static func policy(
    _ name: String, _ rule: RuleID,
    _ limit: @escaping @Sendable (inout Policy, Scene, inout SeededGenerator) throws -> Void
  ) -> Damage {
    Damage("a policy on \(name)", rule) { scene, random in
      var policy = Policy(path: "policy.yml")
      try limit(&policy, scene, &random)
      scene.options.policy = policy
    }
  }

  private static let fleets: [Damage] = [
    Damage("mixed ranks", .fleetMixedRanks, after: .company) { scene, random in
      let rank = scene.sample.rank + UInt64.random(in: 1...9, using: &random)
      try scene.join("x/three", random.next()) { other in
        for position in other.tensors.indices {
          let shape = other.tensors[position].shape
          other.resize(position, to: position % 2 == 0 ? [rank, shape[1]] : [shape[0], rank])
        }
        other.config["r"] = JSONValue(rank)
      }
    },
    Damage("a copy", .fleetDuplicate, after: .company) { scene, _ in
      try scene.join("x/three", nil)
    },
    Damage("another base", .fleetMixedBases, along: [.baseNameMismatch], after: .company) {
      scene, random in
      let base = "example/\(UInt64.random(in: 0 ... .max, using: &random))"
      try scene.join("x/three", random.next()) { $0.config["base_model_name_or_path"] = .string(base) }
    },
    Damage("one name for two", .fleetNameCollision, after: .company) { scene, random in
      try scene.join("\(random.next())/adapter", random.next())
    },
    Damage("ids of its own", .baseTokenizerMismatch, along: [.fleetMixedTokenizers], after: .tokenizers) {
      scene, random in
      try scene.bring("adapter", tokens: (0..<30).shuffled(using: &random))
    },
    Damage("a template of its own", .chatTemplateMismatch, along: [.fleetMixedTokenizers], after: .tokenizers) {
      scene, random in
      try scene.bring("adapter", template: "{{ messages }} \(random.next())")
    },
    Damage("a tokenizer unlike the others'", .fleetMixedTokenizers, along: [.baseTokenizerMismatch], after: .tokenizers)
    {
      scene, random in
      try scene.bring("x/two", tokens: Array(0..<Int.random(in: 31...35, using: &random)))
    },
  ]
}

extension Scene {
  static func file(_ path: String) throws -> [UInt8] {
    try Fixtures.bytes(String(path.dropFirst(Fixtures.root.count + 1)))
  }

  fileprivate mutating func prepare(_ preparation: Damage.Preparation, _ random: inout SeededGenerator) throws {
    switch preparation {
    case .none: break
    case .weightsOfTheBase: try writeBase()
    case .engine(let name): try serve(name)
    case .company: try join("x/two", random.next())
    case .tokenizers:
      try writeBase()
      try join("x/two", random.next())
      for name in ["base", "adapter", "x/two"] { try bring(name) }
    }
  }

  /// Puts a tokenizer of tokens with these ids beside an adapter or a base.
  fileprivate func bring(_ name: String, tokens: [Int] = Array(0..<30), template: String = "{{ messages }}") throws {
    let members = tokens.enumerated().map { "\"t\($0.offset)\": \($0.element)" }.joined(separator: ", ")
    try folder.write("\(name)/tokenizer.json", "{\"model\": {\"vocab\": {\(members)}}, \"added_tokens\": []}")
    try folder.write("\(name)/chat_template.jinja", template)
  }

  /// Sets an engine that takes the adapter.
  fileprivate mutating func serve(_ name: String) throws {
    options.engine = Engine(named: name)
    options.serving.maxLoRARank = 64
    // An engine that fuses query, key and value wants all of them.
    let targets = ["gate_proj", "up_proj", "down_proj"]
    sample.tensors.removeAll { tensor in !targets.contains { tensor.name.contains($0) } }
    if sample.tensors.isEmpty { sample = .feedForward }
    let present = Set(sample.modules.map { String($0.split(separator: ".").last ?? "") })
    sample.config["target_modules"] = .array(present.sorted().map { .string($0) })
    try write()
  }

  /// Adds an adapter with other values; without a number an exact copy.
  fileprivate mutating func join(_ name: String, _ number: UInt64?, _ change: (inout Sample) -> Void = { _ in })
    throws
  {
    var other = sample
    if let number { other.tensors[0].values?[0] = 0.25 + Float(number % 1000) / 2000 }
    change(&other)
    others.append(try other.write(name, in: folder))
  }
}

extension Sample {
  /// Feed-forward modules alone.
  fileprivate static var feedForward: Sample {
    for seed in UInt64(0)... {
      var random = SeededGenerator(seed: seed)
      var sample = honest(&random)
      sample.tensors.removeAll { !$0.name.contains(".mlp.") }
      if !sample.tensors.isEmpty { return sample }
    }
    return plain
  }
}

@Suite struct DamageTests {
  @Test(arguments: Damage.all) func damageIsNamed(_ damage: Damage) throws {
    for seed in UInt64(0)..<8 {
      var random = SeededGenerator(seed: seed)
      var scene = try Scene(&random)
      try scene.prepare(damage.preparation, &random)
      let before = try scene.findings()
      #expect(before.isEmpty, "seed \(seed): \(before.map(\.message))")
      try damage.corrupt(&scene, &random)
      let findings = try scene.findings()
      let found = Set(findings.map(\.rule))
      #expect(found.contains(damage.rule), "seed \(seed): \(findings.map(\.message))")
      #expect(found.isSubset(of: damage.along.union([damage.rule])), "seed \(seed): \(findings.map(\.message))")
    }
  }

  /// Nothing missed: whatever the rule, something random makes it fire, and the same scene without that does not.
  @Test func everyRuleIsProvokedAtRandom() {
    // What is unjudged depends on the base and is provoked in `EngineTests`.
    let provoked = Set(Mutation.all.map(\.rule)).union(Damage.all.map(\.rule)).union([.engineUnjudged])
    let missing = Set(RuleSet.all.map(\.id)).subtracting(provoked)
    #expect(missing.isEmpty, "\(missing.map(\.rawValue).sorted())")
  }
}
