import Diagnostics
import JSON
import LoRAEngines
import LoRAModel
import LoRATestSupport
import LoRAValidate
import TensorCore
import Testing

/// One way to spoil an honest adapter, and the rules that must name it.
struct Mutation: CustomTestStringConvertible, Sendable {
  let testDescription: String
  /// The rule that must fire.
  let rule: RuleID
  /// Rules that may fire along with it, because the same damage breaks them too.
  var along: Set<RuleID> = []
  /// Whether a base is given.
  var withBase = true
  let spoil: @Sendable (inout Specimen, inout SeededGenerator) -> Void

  init(
    _ description: String, _ rule: RuleID, along: Set<RuleID> = [], withBase: Bool = true,
    _ spoil: @escaping @Sendable (inout Specimen, inout SeededGenerator) -> Void
  ) {
    testDescription = description
    self.rule = rule
    self.along = along
    self.withBase = withBase
    self.spoil = spoil
  }

  static let all: [Mutation] = [
    Mutation("config says another rank", .rankMismatch) { specimen, random in
      specimen.config["r"] = JSONValue(specimen.rank + UInt64.random(in: 1...40, using: &random))
    },
    Mutation("config says another rank, no base", .rankMismatch, withBase: false) { specimen, random in
      specimen.config["r"] = JSONValue(specimen.rank + UInt64.random(in: 1...40, using: &random))
    },
    Mutation("a pattern says another rank", .rankMismatch) { specimen, random in
      guard let module = specimen.modules.randomElement(using: &random) else { return }
      let target = String(module.split(separator: ".").last ?? "")
      specimen.config["rank_pattern"] = .object([target: JSONValue(specimen.rank + 1)])
    },
    Mutation("one module has another rank", .rankMismatch) { specimen, random in
      guard let module = specimen.modules.randomElement(using: &random),
        let a = specimen.index("base_model.model.\(module).lora_A.weight"),
        let b = specimen.index("base_model.model.\(module).lora_B.weight")
      else { return }
      specimen.resize(a, to: [specimen.rank + 2, specimen.tensors[a].shape[1]])
      specimen.resize(b, to: [specimen.tensors[b].shape[0], specimen.rank + 2])
    },
    Mutation("A and B differ in rank", .pairRankDisagree) { specimen, random in
      let position = Int.random(in: specimen.tensors.indices, using: &random) | 1
      specimen.resize(position, to: [specimen.tensors[position].shape[0], specimen.rank + 1])
    },
    Mutation("a tensor is missing", .pairIncomplete) { specimen, random in
      specimen.tensors.remove(at: Int.random(in: specimen.tensors.indices, using: &random))
    },
    Mutation("DoRA without magnitude", .pairIncomplete) { specimen, _ in specimen.config["use_dora"] = true },
    Mutation("magnitude without DoRA", .configInvalid) { specimen, random in
      guard let module = specimen.modules.randomElement(using: &random) else { return }
      specimen.tensors.append(
        .init(name: "base_model.model.\(module).lora_magnitude_vector", shape: [4], values: [1, 1, 1, 1]))
    },
    Mutation("an unknown leaf", .tensorUnknown) { specimen, random in
      guard let module = specimen.modules.randomElement(using: &random) else { return }
      specimen.tensors.append(.init(name: "base_model.model.\(module).lora_C.weight", shape: [1, 1], values: [1]))
    },
    Mutation("an empty factor", .tensorEmpty, along: [.valueZeroModule]) { specimen, random in
      let position = Int.random(in: specimen.tensors.indices, using: &random)
      specimen.tensors[position].shape = [0]
      specimen.tensors[position].values = []
    },
    Mutation("a factor of integers", .tensorDType) { specimen, random in
      let position = Int.random(in: specimen.tensors.indices, using: &random)
      specimen.tensors[position].dtype = .i32
      specimen.tensors[position].values = nil
    },
    Mutation("the adapter's name in the keys", .exportNaming) { specimen, _ in
      for position in specimen.tensors.indices {
        let name = specimen.tensors[position].name
        specimen.tensors[position].name = String(name.dropLast("weight".count)) + "default.weight"
      }
    },
    Mutation("torch.compile's wrapper in the keys", .exportNaming) { specimen, random in
      let position = Int.random(in: specimen.tensors.indices, using: &random) & ~1
      for index in position...position + 1 {
        let name = specimen.tensors[index].name.dropFirst("base_model.model.".count)
        specimen.tensors[index].name = "base_model.model._orig_mod.\(name)"
      }
    },
    Mutation("a module is missing", .targetMissing) { specimen, random in
      let position = Int.random(in: specimen.tensors.indices, using: &random) & ~1
      specimen.tensors.removeSubrange(position...position + 1)
    },
    Mutation("a kind of module is missing, no base", .targetMissing, withBase: false) { specimen, random in
      guard let target = specimen.modules.randomElement(using: &random)?.split(separator: ".").last else { return }
      specimen.tensors.removeAll { $0.name.contains(".\(target).") }
    },
    Mutation("a layer is missing", .targetMissing) { specimen, random in
      let layer = UInt64.random(in: 0..<Specimen.layers, using: &random)
      specimen.tensors.removeAll { $0.name.contains(".layers.\(layer).") }
    },
    Mutation("layers_to_transform names a layer that is missing, no base", .targetMissing, withBase: false) {
      specimen, _ in
      specimen.config["layers_to_transform"] = [0, 1, 2, 3]
    },
    Mutation("a whole module is missing", .targetMissing) { specimen, _ in
      specimen.config["modules_to_save"] = ["lm_head"]
    },
    Mutation("a target is not declared", .targetUndeclared) { specimen, random in
      var targets = specimen.config["target_modules"]?.array ?? []
      targets.remove(at: Int.random(in: targets.indices, using: &random))
      specimen.config["target_modules"] = .array(targets)
    },
    // A whole name as key counts since PEFT 0.15 alone, which a note says.
    Mutation("two patterns contradict each other", .patternAmbiguous, along: [.patternUnused]) { specimen, random in
      guard let module = specimen.modules.randomElement(using: &random) else { return }
      specimen.config["alpha_pattern"] = .object([module: 3, "\(module.split(separator: ".").last ?? "")": 5])
    },
    Mutation("a pattern matches no module", .patternUnused) { specimen, _ in
      specimen.config["alpha_pattern"] = ["^q_proj": 100, "base_model.model.model.layers.0.self_attn.v_proj": 50]
    },
    Mutation("a pattern matches no module, no base", .patternUnused, withBase: false) { specimen, _ in
      specimen.config["rank_pattern"] = ["^q_proj": 3]
    },
    Mutation("a target that no model has", .patternUnused) { specimen, _ in
      specimen.config["target_modules"] = .array((specimen.config["target_modules"]?.array ?? []) + ["Wqkv"])
    },
    Mutation("a parameter that no model has", .patternUnused) { specimen, _ in
      specimen.config["target_parameters"] = ["mlp.experts.gate_up_projs"]
    },
    Mutation("names of another class", .baseRenamed) { specimen, random in
      specimen.rename(&random) { $0.replacing(".model.layers.", with: ".transformer.layers.") }
    },
    Mutation("a head that the base lacks", .baseHeadMissing) { specimen, _ in
      specimen.config["task_type"] = "SEQ_CLS"
      specimen.config["modules_to_save"] = ["classifier", "score"]
      specimen.tensors.append(
        Specimen.Tensor(
          name: "base_model.model.score.weight", shape: [2, 32], values: (0..<64).map { Float($0) / 9 - 3 }))
    },
    Mutation("another path", .baseModuleMissing, along: [.targetMissing]) { specimen, random in
      specimen.rename(&random) { $0.replacing(".layers.", with: ".blocks.") }
    },
    Mutation("another module", .baseModuleMissing, along: [.targetMissing, .targetUndeclared]) { specimen, random in
      specimen.rename(&random) { $0.replacing("_proj.", with: "_projection.") }
    },
    Mutation("a layer too many", .baseLayerRange, along: [.targetMissing]) { specimen, random in
      let layer = UInt64.random(in: 3...90, using: &random)
      specimen.rename(&random) { name in
        (0..<Specimen.layers).reduce(name) { $0.replacing(".layers.\($1).", with: ".layers.\(layer).") }
      }
    },
    Mutation("another input size", .baseShapeMismatch) { specimen, random in
      let position = Int.random(in: specimen.tensors.indices, using: &random) & ~1
      specimen.resize(position, to: [specimen.rank, specimen.tensors[position].shape[1] + 8])
    },
    Mutation("another output size", .baseShapeMismatch) { specimen, random in
      let position = Int.random(in: specimen.tensors.indices, using: &random) | 1
      specimen.resize(position, to: [specimen.tensors[position].shape[0] + 8, specimen.rank])
    },
    Mutation("factors stored transposed", .baseTransposed) { specimen, _ in
      for position in specimen.tensors.indices { specimen.tensors[position].shape.reverse() }
    },
    Mutation("factors stored transposed, no base", .baseTransposed, withBase: false) { specimen, _ in
      for position in specimen.tensors.indices { specimen.tensors[position].shape.reverse() }
    },
    Mutation("a head of another vocabulary", .baseVocabMismatch) { specimen, random in
      specimen.config["modules_to_save"] = ["lm_head"]
      let rows = UInt64.random(in: 41...60, using: &random)
      let values = [Float](repeating: 1, count: Int(rows * 32))
      specimen.tensors.append(.init(name: "base_model.model.lm_head.weight", shape: [rows, 32], values: values))
    },
    Mutation("another base", .baseNameMismatch) { specimen, _ in
      specimen.config["base_model_name_or_path"] = "example/other-llama"
    },
    Mutation("an initialisation that changed the base", .baseMutatedInit) { specimen, random in
      let kinds = ["pissa", "pissa_niter_4", "olora", "corda", "lora_ga", "loftq"]
      specimen.config["init_lora_weights"] = .string(kinds.randomElement(using: &random) ?? "pissa")
    },
    Mutation("NaN", .valueNaN) { specimen, random in specimen.place(.nan, &random) },
    Mutation("an infinity", .valueInf) { specimen, random in
      specimen.place(Bool.random(using: &random) ? .infinity : -.infinity, &random)
    },
    Mutation("beyond bfloat16", .valueOverflow) { specimen, random in
      let position = Int.random(in: specimen.tensors.indices, using: &random)
      specimen.tensors[position].dtype = .f32
      specimen.place(.greatestFiniteMagnitude, &random, in: position)
    },
    Mutation("every B is zero", .valueZeroDelta) { specimen, _ in
      for position in specimen.tensors.indices where position % 2 == 1 { specimen.tensors[position].values = nil }
    },
    Mutation("alpha is zero", .valueZeroDelta) { specimen, _ in specimen.config["lora_alpha"] = 0 },
    Mutation("one module is zero", .valueZeroModule) { specimen, random in
      specimen.tensors[Int.random(in: specimen.tensors.indices, using: &random)].values = nil
    },
  ]
}

extension Specimen {
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

struct MutationTests {
  @Test func untouchedOnesPass() throws {
    let bench = try Bench()
    for seed in UInt64(0)..<25 {
      var random = SeededGenerator(seed: seed)
      let specimen = Specimen.honest(&random)
      for withBase in [true, false] {
        let findings = try bench.findings(specimen, withBase: withBase)
        #expect(findings.isEmpty, "seed \(seed): \(findings.map(\.message))")
      }
    }
  }

  @Test(arguments: Mutation.all) func spoiltOnesAreNamed(_ mutation: Mutation) throws {
    let bench = try Bench()
    for seed in UInt64(0)..<8 {
      var random = SeededGenerator(seed: seed)
      var specimen = Specimen.honest(&random)
      mutation.spoil(&specimen, &random)
      let findings = try bench.findings(specimen, withBase: mutation.withBase)
      let found = Set(findings.map(\.rule))
      #expect(found.contains(mutation.rule), "seed \(seed): \(findings.map(\.message))")
      #expect(found.isSubset(of: mutation.along.union([mutation.rule])), "seed \(seed): \(findings.map(\.message))")
      // One problem is one line, however many modules have it.
      #expect(findings.count { $0.rule == mutation.rule } == 1, "seed \(seed): \(findings.map(\.message))")
    }
  }
}
