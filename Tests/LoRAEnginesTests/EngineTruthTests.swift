import JSON
import LoRAEngines
import LoRATestSupport
import Testing

/// The program's verdicts held against what the engines' own code did.
@Suite struct EngineTruthTests {
  /// Whatever is called applied was applied; a refusal is told from silence; and little is left unjudged.
  @Test(arguments: ["vllm@0.33", "vllm@0.32", "vllm@0.31", "sglang@0.5.23"])
  func verdictsAreThoseOfTheEngine(_ engine: String) throws {
    var total = 0
    var applied = 0
    var missed: [String] = []
    var otherwise: [String] = []
    for truth in try EngineTruth.all(engine) {
      for (sample, verdict, reasons) in try truth.verdicts(try TemporaryFolder()) {
        total += 1
        if sample.verdict == .applied { applied += 1 }
        if verdict == sample.verdict { continue }
        let sentence = "\(truth.key), \(sample.name): \(verdict), was \(sample.verdict): \(reasons.first ?? sample.why)"
        #expect(verdict != .applied, "\(sentence)")
        if sample.verdict == .applied {
          missed.append(sentence)
        } else if verdict != .unjudged {
          otherwise.append(sentence)
        }
      }
    }
    #expect(total > 90)
    #expect(Double(missed.count) <= 0.05 * Double(applied), "\(missed)")
    #expect(Double(otherwise.count) <= 0.01 * Double(total), "\(otherwise)")
  }

  /// The same with target modules, towers, both formats of experts and pooling (`testdata/make/vllm_options.py`).
  @Test(arguments: [("vllm@0.33", 6000), ("vllm@0.32", 0), ("vllm@0.31", 0)])
  func verdictsFollowTheOptionsThatTheEngineIsStartedWith(_ engine: String, _ least: Int) throws {
    var counts = (total: 0, same: 0, applied: 0, found: 0)
    var otherwise: [String] = []
    for truth in try EngineTruth.all(engine, "-options") {
      for (sample, verdict, reasons) in try truth.verdicts(try TemporaryFolder()) {
        counts.total += 1
        counts.applied += sample.verdict == .applied ? 1 : 0
        counts.found += sample.verdict == .applied && verdict == .applied ? 1 : 0
        if verdict == sample.verdict {
          counts.same += 1
          continue
        }
        let sentence =
          "\(truth.key), \(truth.options), \(sample.name): \(verdict), was \(sample.verdict): "
          + (reasons.first ?? sample.why)
        #expect(verdict != .applied, "\(sentence)")
        otherwise.append(sentence)
      }
    }
    print(engine, counts)
    #expect(counts.total > least)
    #expect(Double(counts.found) >= 0.95 * Double(counts.applied), "\(otherwise)")
    #expect(Double(counts.same) >= 0.98 * Double(counts.total), "\(otherwise)")
  }

  /// Adapters that are nearly right: a factor too wide or of other dimensions, a module twice, a layer `01`, a head of too
  /// many rows (`testdata/make/vllm_odd.py`).
  @Test func nothingThatIsNearlyRightForVLLMIsCalledApplied() throws {
    var counts = (total: 0, applied: 0)
    for truth in try EngineTruth.all("vllm@0.33", "-odd") {
      for (sample, verdict, reasons) in try truth.verdicts(try TemporaryFolder()) {
        counts.total += 1
        counts.applied += verdict == .applied ? 1 : 0
        #expect(
          (verdict == .applied) == (sample.verdict == .applied),
          "\(truth.key), \(sample.name): \(verdict), was \(sample.verdict): \(reasons.first ?? sample.why)")
      }
    }
    #expect(counts.total > 600 && counts.applied > 50)
  }

  /// The same for SGLang, with odd configs, types and files beside the weights (`testdata/make/sglang_odd.py`).
  @Test func nothingThatIsNearlyRightForSGLangIsCalledApplied() throws {
    var counts = (total: 0, applied: 0, same: 0)
    var missed: [String] = []
    for truth in try EngineTruth.all("sglang@0.5.23", "-odd") {
      for (sample, verdict, reasons) in try truth.verdicts(try TemporaryFolder()) {
        counts.total += 1
        counts.applied += sample.verdict == .applied ? 1 : 0
        counts.same += verdict == sample.verdict ? 1 : 0
        let sentence = "\(truth.key), \(sample.name): \(verdict), was \(sample.verdict): "
        #expect(verdict != .applied || sample.verdict == .applied, "\(sentence)\(sample.why)")
        if sample.verdict == .applied, verdict != .applied { missed.append(sentence + (reasons.first ?? "")) }
      }
    }
    print("sglang, odd", counts, "missed", missed.count)
    #expect(counts.total > 6000 && counts.applied > 400)
    #expect(Double(counts.same) >= 0.84 * Double(counts.total))
    // Integers for factors, a scale of 0 and the like are applied there, and called what they are here.
    #expect(Double(missed.count) <= 0.4 * Double(counts.applied), "\(missed)")
  }

  /// SGLang reads `r` alone: a module of another rank does not fit into its slot when `rank_pattern` tells of it, either.
  @Test func ranksThatOnlyAPatternTellsDoNotFitSGLangsSlots() throws {
    var count = 0
    for truth in try EngineTruth.all("sglang@0.5.23", "-odd") {
      let samples = truth.samples.filter { $0.why.contains("LoRA buffer shape") }.compactMap(\.withItsRanks)
      let told = EngineTruth(engine: truth.engine, key: truth.key, config: truth.config, samples: samples)
      for (sample, verdict, _) in try told.verdicts(try TemporaryFolder()) {
        count += 1
        #expect(verdict != .applied, "\(truth.key), \(sample.name): \(sample.why)")
      }
    }
    #expect(count > 300)
  }

  /// The same on bases of types that are not in the catalogue, whose sizes only the config tells.
  @Test func nothingThatIsNearlyRightIsCalledAppliedOnUnknownBases() throws {
    var counts = (total: 0, applied: 0)
    for given in try EngineTruth.all("sglang@0.5.23", "-odd")
    where ["LlamaForCausalLM", "Phi3ForCausalLM", "Qwen3Model", "Qwen3MoeForCausalLM"].contains(given.key) {
      var config = given.config
      config["model_type"] = "unknown"
      let truth = EngineTruth(engine: given.engine, key: given.key, config: config, samples: given.samples)
      for (sample, verdict, _) in try truth.verdicts(try TemporaryFolder()) {
        counts.total += 1
        counts.applied += verdict == .applied ? 1 : 0
        #expect(
          verdict != .applied || sample.verdict == .applied, "\(truth.key), \(sample.name): was \(sample.verdict)")
      }
    }
    #expect(counts.total > 1000 && counts.applied > 100)
  }

  /// SGLang again, started with `--lora-target-modules all`, for every third base.
  @Test func verdictsFollowSGLangsSlotsForAllModules() throws {
    var counts = (total: 0, same: 0)
    for (number, given) in try EngineTruth.all("sglang@0.5.23").enumerated() where number % 3 == 0 {
      var truth = given
      truth.options = ["targets": ["all"]]
      for (sample, verdict, reasons) in try truth.verdicts(try TemporaryFolder(), rankLimit: 16) {
        counts.total += 1
        counts.same += verdict == sample.verdictForAll ? 1 : 0
        #expect(
          verdict != .applied || sample.verdictForAll == .applied,
          "\(truth.key), \(sample.name): was \(sample.verdictForAll): \(reasons.first ?? sample.why)")
      }
    }
    print("sglang, all", counts)
    #expect(counts.total > 1500)
    #expect(Double(counts.same) >= 0.97 * Double(counts.total))
  }

  /// Odd adapters for a server with slots of its own for all modules, up to rank 16.
  @Test func nothingThatIsNearlyRightFitsSGLangsOwnSlots() throws {
    var counts = (total: 0, applied: 0, same: 0)
    for truth in try EngineTruth.all("sglang@0.5.23", "-odd-all") {
      for (sample, verdict, _) in try truth.verdicts(try TemporaryFolder(), rankLimit: 16) {
        counts.total += 1
        counts.applied += sample.verdict == .applied ? 1 : 0
        counts.same += verdict == sample.verdict ? 1 : 0
        #expect(
          verdict != .applied || sample.verdict == .applied,
          "\(truth.key), \(sample.name): was \(sample.verdict): \(sample.why)")
      }
    }
    print("sglang, odd, all", counts)
    #expect(counts.total > 1000 && counts.applied > 200)
    #expect(Double(counts.same) >= 0.84 * Double(counts.total))
  }

  /// PEFT knows its types in capital letters and no word `all`; vLLM and SGLang look at neither as PEFT does.
  @Test(arguments: [
    ("vllm", #"{"peft_type": "lora"}"#), ("vllm", #"{"target_modules": "all"}"#), ("vllm", #"{"target_modules": []}"#),
    ("vllm", #"{"rank_pattern": null}"#), ("vllm", #"{"alpha_pattern": null}"#), ("vllm", #"{"lora_dropout": null}"#),
    ("vllm", #"{"lora_dropout": "0.1"}"#),
    ("sglang", #"{"peft_type": "lora"}"#), ("sglang", #"{"target_modules": "all"}"#),
  ])
  func whatPEFTAloneRefusesIsApplied(_ engine: String, _ config: String) throws {
    let tensors = ["q_proj", "k_proj", "v_proj"].map { leaf in
      let name = "base_model.model.model.layers.0.self_attn.\(leaf).lora"
      return "\"\(name)_A.weight\": [4, 64], \"\(name)_B.weight\": [\(leaf == "q_proj" ? 64 : 32), 4]"
    }
    let row = try JSONValue(
      parsing: Array(
        """
        {"name": "qkv", "verdict": "applied", "tensors": {\(tensors.joined(separator: ", "))}, "config": \(config)}
        """.utf8))
    let base: JSONObject = [
      "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64, "num_attention_heads": 4,
      "num_key_value_heads": 2, "num_hidden_layers": 2, "intermediate_size": 128, "vocab_size": 128,
      "tie_word_embeddings": false,
    ]
    let sample = try #require(row.object.flatMap { EngineTruth.Sample($0) })
    let truth = EngineTruth(engine: engine, key: "LlamaForCausalLM", config: base, samples: [sample])
    let (_, verdict, reasons) = try #require(try truth.verdicts(try TemporaryFolder()).first)
    #expect(verdict == .applied, "\(reasons)")
  }
}
