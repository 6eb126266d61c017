import JSON
import LoRAEngines
import LoRATestSupport
import Testing

/// Verdicts for LoRAX held against what its loader did (`testdata/make/loader_truth.py`).
@Suite struct LoRAXTests {
  @Test func verdictsAreThoseOfTheLoader() throws {
    let agreement = try LoaderAgreement("lorax")
    print(agreement.line("LoRAX"))
    #expect(agreement.total > 400)
    #expect(agreement.falselyApplied == [])
    #expect(agreement.share >= 0.99, "\(agreement.differences.map(\.sentence))")
  }

  /// Adapters that are nearly right (`testdata/make/lorax_odd.py`).
  @Test func nothingThatIsNearlyRightIsCalledApplied() throws {
    let agreement = try LoaderAgreement("lorax", "-odd")
    print(agreement.line("LoRAX, odd"))
    #expect(agreement.total > 6000)
    #expect(agreement.falselyApplied == [])
    #expect(agreement.share >= 0.88)
    // Integers for factors, a scale of 0, configs that PEFT refuses and the like are served, and called what they are.
    #expect(agreement.missed.count < 300, "\(agreement.missed)")
  }

  /// What the odd adapters are told, by a word of the sentence and the end of the adapter's name.
  @Test(arguments: [
    ("q_proj-rank-of-B-everywhere", "are not of one rank"), ("q_proj-in+8-everywhere", "are not of one rank"),
    ("q_proj-out+1", "of different sizes in different layers"), ("one-dimension", "factors of one dimension"),
    ("fc1-16/whole", "outputs its class takes"), ("beside-one", "it also reads a.safetensors"),
  ])
  func reasonsSayWhatHappens(_ name: String, _ words: String) throws {
    for truth in try EngineTruth.all("lorax", "-odd") {
      let samples = truth.samples.filter { $0.name.hasSuffix(name) }
      let own = EngineTruth(engine: truth.engine, key: truth.key, config: truth.config, samples: samples)
      for (sample, _, reasons) in try own.verdicts(try TemporaryFolder()) {
        #expect(reasons.contains { $0.contains(words) }, "\(truth.key), \(sample.name): \(reasons)")
      }
    }
  }

  /// Classes that read less of a config than the base needs fail before any adapter comes.
  @Test(
    arguments: [
      ("LlamaForCausalLM", ["head_dim": 64], "heads of width 64"),
      ("PhiForCausalLM", ["num_key_value_heads": 2], "2 key-value"),
      ("Gemma2ForCausalLM", ["hidden_act": .null], "without hidden_act"),
      ("Gemma2ForCausalLM", ["tie_word_embeddings": false], "an output head of its own"),
      ("MistralForCausalLM", ["model_type": "gpt2"], "fan_in_fan_out"),
    ] as [(String, JSONObject, String)])
  func basesThatDoNotStartAreRefused(_ key: String, _ change: JSONObject, _ words: String) throws {
    let given = try #require(try EngineTruth.all("lorax", "-odd").first { $0.key == key })
    var config = given.config
    for (name, value) in change.members { config[name] = value }
    let truth = EngineTruth(
      engine: given.engine, key: key, config: config, samples: Array(given.samples.prefix(1)))
    let (_, verdict, reasons) = try #require(try truth.verdicts(try TemporaryFolder()).first)
    #expect(verdict == .refused)
    #expect(reasons.contains { $0.contains("refuses to start") && $0.contains(words) }, "\(reasons)")
  }

  /// The product of the factors is added to logits of the base's size, whatever rows lie beside them.
  @Test func factorsOfAnOutputHeadThatGrewFailInTheBatch() throws {
    let resized = try EngineTruth.all("lorax").flatMap { try $0.verdicts(try TemporaryFolder()) }
      .filter { $0.sample.name.hasPrefix("head-resized") }
    #expect(resized.count == 2)
    for (_, verdict, reasons) in resized {
      #expect(verdict == .refused)
      #expect(reasons.contains { $0.contains("factors of lm_head for") && $0.contains("rows, where the base has") })
    }
  }
}
