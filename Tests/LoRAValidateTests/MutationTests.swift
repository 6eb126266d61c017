import Diagnostics
import JSON
import LoRAEngines
import LoRAModel
import LoRATestSupport
import LoRAValidate
import TensorCore
import Testing

/// One way to corrupt an honest adapter, and the rules that must name it.
struct Mutation: CustomTestStringConvertible, Sendable {
  let testDescription: String
  /// The rule that must fire.
  let rule: RuleID
  /// Rules that may fire along with it, because the same damage breaks them too.
  var along: Set<RuleID> = []
  /// Whether a base is given.
  var withBase = true
  let corrupt: @Sendable (inout Sample, inout SeededGenerator) -> Void

  init(
    _ description: String, _ rule: RuleID, along: Set<RuleID> = [], withBase: Bool = true,
    _ corrupt: @escaping @Sendable (inout Sample, inout SeededGenerator) -> Void
  ) {
    testDescription = description
    self.rule = rule
    self.along = along
    self.withBase = withBase
    self.corrupt = corrupt
  }

  static let all: [Mutation] = [
    Mutation("config says another rank", .rankMismatch) { sample, random in
      sample.config["r"] = JSONValue(sample.rank + UInt64.random(in: 1...40, using: &random))
    },
    Mutation("config says another rank, no base", .rankMismatch, withBase: false) { sample, random in
      sample.config["r"] = JSONValue(sample.rank + UInt64.random(in: 1...40, using: &random))
    },
    Mutation("a pattern says another rank", .rankMismatch) { sample, random in
      guard let module = sample.modules.randomElement(using: &random) else { return }
      let target = String(module.split(separator: ".").last ?? "")
      sample.config["rank_pattern"] = .object([target: JSONValue(sample.rank + 1)])
    },
    Mutation("one module has another rank", .rankMismatch) { sample, random in
      guard let module = sample.modules.randomElement(using: &random),
        let a = sample.index("base_model.model.\(module).lora_A.weight"),
        let b = sample.index("base_model.model.\(module).lora_B.weight")
      else { return }
      sample.resize(a, to: [sample.rank + 2, sample.tensors[a].shape[1]])
      sample.resize(b, to: [sample.tensors[b].shape[0], sample.rank + 2])
    },
    Mutation("A and B differ in rank", .pairRankDisagree) { sample, random in
      let position = Int.random(in: sample.tensors.indices, using: &random) | 1
      sample.resize(position, to: [sample.tensors[position].shape[0], sample.rank + 1])
    },
    Mutation("a tensor is missing", .pairIncomplete) { sample, random in
      sample.tensors.remove(at: Int.random(in: sample.tensors.indices, using: &random))
    },
    Mutation("DoRA without magnitude", .pairIncomplete) { sample, _ in sample.config["use_dora"] = true },
    Mutation("magnitude without DoRA", .configInvalid) { sample, random in
      guard let module = sample.modules.randomElement(using: &random),
        let rows = sample.tensors.first(where: { $0.name == "base_model.model.\(module).lora_B.weight" })?.shape.first
      else { return }
      sample.tensors.append(
        .init(
          name: "base_model.model.\(module).lora_magnitude_vector", shape: [rows],
          values: Array(repeating: 1, count: Int(rows))))
    },
    Mutation("an unknown leaf", .tensorUnknown) { sample, random in
      guard let module = sample.modules.randomElement(using: &random) else { return }
      sample.tensors.append(.init(name: "base_model.model.\(module).lora_C.weight", shape: [1, 1], values: [1]))
    },
    Mutation("an empty factor", .tensorEmpty, along: [.valueZeroModule]) { sample, random in
      let position = Int.random(in: sample.tensors.indices, using: &random)
      sample.tensors[position].shape = [0]
      sample.tensors[position].values = []
    },
    Mutation("a factor of integers", .tensorDType) { sample, random in
      let position = Int.random(in: sample.tensors.indices, using: &random)
      sample.tensors[position].dtype = .i32
      sample.tensors[position].values = nil
    },
    Mutation("the adapter's name in the keys", .exportNaming) { sample, _ in
      for position in sample.tensors.indices {
        let name = sample.tensors[position].name
        sample.tensors[position].name = String(name.dropLast("weight".count)) + "default.weight"
      }
    },
    Mutation("torch.compile's wrapper in the keys", .exportNaming) { sample, random in
      let position = Int.random(in: sample.tensors.indices, using: &random) & ~1
      for index in position...position + 1 {
        let name = sample.tensors[index].name.dropFirst("base_model.model.".count)
        sample.tensors[index].name = "base_model.model._orig_mod.\(name)"
      }
    },
    Mutation("a module is missing", .targetMissing) { sample, random in
      let position = Int.random(in: sample.tensors.indices, using: &random) & ~1
      sample.tensors.removeSubrange(position...position + 1)
    },
    Mutation("a kind of module is missing, no base", .targetMissing, withBase: false) { sample, random in
      guard let target = sample.modules.randomElement(using: &random)?.split(separator: ".").last else { return }
      sample.tensors.removeAll { $0.name.contains(".\(target).") }
    },
    Mutation("a layer is missing", .targetMissing) { sample, random in
      let layer = UInt64.random(in: 0..<Sample.layers, using: &random)
      sample.tensors.removeAll { $0.name.contains(".layers.\(layer).") }
    },
    Mutation("layers_to_transform names a layer that is missing, no base", .targetMissing, withBase: false) {
      sample, _ in
      sample.config["layers_to_transform"] = [0, 1, 2, 3]
    },
    Mutation("a whole module is missing", .targetMissing) { sample, _ in
      sample.config["modules_to_save"] = ["lm_head"]
    },
    Mutation("a target is not declared", .targetUndeclared) { sample, random in
      var targets = sample.config["target_modules"]?.array ?? []
      targets.remove(at: Int.random(in: targets.indices, using: &random))
      sample.config["target_modules"] = .array(targets)
    },
    // A whole name as key counts since PEFT 0.15 alone, which a note says.
    Mutation("two patterns contradict each other", .patternAmbiguous, along: [.patternUnused]) { sample, random in
      guard let module = sample.modules.randomElement(using: &random) else { return }
      sample.config["alpha_pattern"] = .object([module: 3, "\(module.split(separator: ".").last ?? "")": 5])
    },
    Mutation("a pattern matches no module", .patternUnused) { sample, _ in
      sample.config["alpha_pattern"] = ["^q_proj": 100, "base_model.model.model.layers.0.self_attn.v_proj": 50]
    },
    Mutation("a pattern matches no module, no base", .patternUnused, withBase: false) { sample, _ in
      sample.config["rank_pattern"] = ["^q_proj": 3]
    },
    Mutation("a target that no model has", .patternUnused) { sample, _ in
      sample.config["target_modules"] = .array((sample.config["target_modules"]?.array ?? []) + ["Wqkv"])
    },
    Mutation("a parameter that no model has", .patternUnused) { sample, _ in
      sample.config["target_parameters"] = ["mlp.experts.gate_up_projs"]
    },
    Mutation("names of another class", .baseRenamed) { sample, random in
      sample.rename(&random) { $0.replacing(".model.layers.", with: ".transformer.layers.") }
    },
    Mutation("a head that the base lacks", .baseHeadMissing) { sample, _ in
      sample.config["task_type"] = "SEQ_CLS"
      sample.config["modules_to_save"] = ["classifier", "score"]
      sample.tensors.append(
        Sample.Tensor(
          name: "base_model.model.score.weight", shape: [2, 32], values: (0..<64).map { Float($0) / 9 - 3 }))
    },
    Mutation("another path", .baseModuleMissing, along: [.targetMissing]) { sample, random in
      sample.rename(&random) { $0.replacing(".layers.", with: ".blocks.") }
    },
    Mutation("another module", .baseModuleMissing, along: [.targetMissing, .targetUndeclared]) { sample, random in
      sample.rename(&random) { $0.replacing("_proj.", with: "_projection.") }
    },
    Mutation("a layer too many", .baseLayerRange, along: [.targetMissing]) { sample, random in
      let layer = UInt64.random(in: 3...90, using: &random)
      sample.rename(&random) { name in
        (0..<Sample.layers).reduce(name) { $0.replacing(".layers.\($1).", with: ".layers.\(layer).") }
      }
    },
    Mutation("another input size", .baseShapeMismatch) { sample, random in
      let position = Int.random(in: sample.tensors.indices, using: &random) & ~1
      sample.resize(position, to: [sample.rank, sample.tensors[position].shape[1] + 8])
    },
    Mutation("another output size", .baseShapeMismatch) { sample, random in
      let position = Int.random(in: sample.tensors.indices, using: &random) | 1
      sample.resize(position, to: [sample.tensors[position].shape[0] + 8, sample.rank])
    },
    Mutation("factors stored transposed", .baseTransposed) { sample, _ in
      for position in sample.tensors.indices { sample.tensors[position].shape.reverse() }
    },
    Mutation("factors stored transposed, no base", .baseTransposed, withBase: false) { sample, _ in
      for position in sample.tensors.indices { sample.tensors[position].shape.reverse() }
    },
    Mutation("a head of another vocabulary", .baseVocabMismatch) { sample, random in
      sample.config["modules_to_save"] = ["lm_head"]
      let rows = UInt64.random(in: 41...60, using: &random)
      let values = [Float](repeating: 1, count: Int(rows * 32))
      sample.tensors.append(.init(name: "base_model.model.lm_head.weight", shape: [rows, 32], values: values))
    },
    Mutation("another base", .baseNameMismatch) { sample, _ in
      sample.config["base_model_name_or_path"] = "example/other-llama"
    },
    Mutation("an initialisation that changed the base", .baseMutatedInit) { sample, random in
      let kinds = ["pissa", "pissa_niter_4", "olora", "corda", "lora_ga", "loftq"]
      sample.config["init_lora_weights"] = .string(kinds.randomElement(using: &random) ?? "pissa")
    },
    Mutation("NaN", .valueNaN) { sample, random in sample.place(.nan, &random) },
    Mutation("an infinity", .valueInf) { sample, random in
      sample.place(Bool.random(using: &random) ? .infinity : -.infinity, &random)
    },
    Mutation("beyond bfloat16", .valueOverflow) { sample, random in
      let position = Int.random(in: sample.tensors.indices, using: &random)
      sample.tensors[position].dtype = .f32
      sample.place(.greatestFiniteMagnitude, &random, in: position)
    },
    Mutation("every B is zero", .valueZeroDelta) { sample, _ in
      for position in sample.tensors.indices where position % 2 == 1 { sample.tensors[position].values = nil }
    },
    Mutation("alpha is zero", .valueZeroDelta) { sample, _ in sample.config["lora_alpha"] = 0 },
    Mutation("one module is zero", .valueZeroModule) { sample, random in
      sample.tensors[Int.random(in: sample.tensors.indices, using: &random)].values = nil
    },
  ]
}

extension Sample {
  /// Renames both factors of a random module.
  fileprivate mutating func rename(_ random: inout SeededGenerator, _ change: (String) -> String) {
    let position = Int.random(in: tensors.indices, using: &random) & ~1
    for index in position...position + 1 { tensors[index].name = change(tensors[index].name) }
  }

  /// Puts a value at a random index of a tensor.
  fileprivate mutating func place(_ value: Float, _ random: inout SeededGenerator, in position: Int? = nil) {
    let position = position ?? Int.random(in: tensors.indices, using: &random)
    let count = tensors[position].values?.count ?? 1
    tensors[position].values?[Int.random(in: 0..<count, using: &random)] = value
  }
}

@Suite struct MutationTests {
  @Test func untouchedOnesPass() throws {
    let bench = try Bench()
    for seed in UInt64(0)..<25 {
      var random = SeededGenerator(seed: seed)
      let sample = Sample.honest(&random)
      for withBase in [true, false] {
        let findings = try bench.findings(sample, withBase: withBase)
        #expect(findings.isEmpty, "seed \(seed): \(findings.map(\.message))")
      }
    }
  }

  @Test(arguments: Mutation.all) func corruptedOnesAreNamed(_ mutation: Mutation) throws {
    let bench = try Bench()
    for seed in UInt64(0)..<8 {
      var random = SeededGenerator(seed: seed)
      var sample = Sample.honest(&random)
      mutation.corrupt(&sample, &random)
      let findings = try bench.findings(sample, withBase: mutation.withBase)
      let found = Set(findings.map(\.rule))
      #expect(found.contains(mutation.rule), "seed \(seed): \(findings.map(\.message))")
      #expect(found.isSubset(of: mutation.along.union([mutation.rule])), "seed \(seed): \(findings.map(\.message))")
      // One problem is one line, however many modules have it.
      #expect(findings.count { $0.rule == mutation.rule } == 1, "seed \(seed): \(findings.map(\.message))")
    }
  }
}
