import JSON
import LoRAEngines
import LoRATestSupport
import Testing

/// Verdicts for TensorRT-LLM held against what its loader did and what its classes hand on
/// (`testdata/make/loader_truth.py`, `trt_classes.py`).
@Suite struct TensorRTLLMTests {
  /// Over all types nothing is called applied that is not, and the shares are those that docs/engines.md states.
  @Test(arguments: [("tensorrt-llm@1.0", 0.94), ("tensorrt-llm@1.4", 0.99)])
  func verdictsAreThoseOfTheLoaderAndTheClass(_ name: String, _ share: Double) throws {
    let agreement = try LoaderAgreement(name)
    print(agreement.line(name))
    #expect(agreement.total > 700)
    #expect(agreement.falselyApplied == [])
    #expect(agreement.share >= share, "\(agreement.differences.map(\.sentence))")
    // What differs was not read, and is said to be so.
    #expect(agreement.differences.allSatisfy { $0.verdict == .unjudged })
  }

  /// Adapters that are nearly right (`testdata/make/trt_odd.py`).
  @Test(arguments: ["tensorrt-llm@1.0", "tensorrt-llm@1.4"])
  func nothingThatIsNearlyRightIsCalledApplied(_ name: String) throws {
    let agreement = try LoaderAgreement(name, "-odd")
    print(agreement.line("\(name), odd"))
    #expect(agreement.total > 2000)
    #expect(agreement.falselyApplied == [])
    #expect(agreement.share >= 0.92)
    // Integers for factors, a scale of 0, configs that PEFT refuses and the like are served, and called what they are.
    #expect(agreement.missed.count < 120, "\(agreement.missed)")
  }

  /// What the odd adapters are told, by a word of the sentence and the adapter's name.
  @Test(arguments: [
    ("tensorrt-llm@1.0", "all-8/q_proj-rank-of-B-everywhere", "cuts factors by the rank of A"),
    ("tensorrt-llm@1.4", "all-8/q_proj-in+8-everywhere", "cuts factors by the rank of A"),
    ("tensorrt-llm@1.0", "only-o_proj-16/o_proj-in-8-everywhere", "too few values"),
    ("tensorrt-llm@1.0", "all-16/type-F8_E5M2", "cannot multiply by the scale"),
    ("tensorrt-llm@1.4", "all-16/type-F8_E4M3", "kernels of their own"),
    ("tensorrt-llm@1.0", "all-8/q_proj-one-dimension-everywhere", "factors of rank"),
    ("tensorrt-llm@1.4", "all-16/tokens", "added or retrained tokens"),
  ])
  func reasonsSayWhatHappensToOddFactors(_ engine: String, _ name: String, _ words: String) throws {
    let truth = try #require(try EngineTruth.all(engine, "-odd").first { $0.key == "LlamaForCausalLM" })
    let sample = try #require(truth.samples.first { $0.name == name })
    let own = EngineTruth(engine: engine, key: truth.key, config: truth.config, samples: [sample])
    let (_, _, reasons) = try #require(try own.verdicts(try TemporaryFolder()).first)
    #expect(reasons.contains { $0.contains(words) }, "\(reasons)")
  }

  /// What becomes of adapters beside the loader's own walk, by a word of the sentence and the types that have it.
  @Test(arguments: [
    ("tensorrt-llm@1.4", "mistral", "never gives them"), ("tensorrt-llm@1.4", "seed_oss", "never gives them"),
    ("tensorrt-llm@1.4", "nemotron", "has no layer that could add them"),
    ("tensorrt-llm@1.4", "qwen3_moe", "has no layer that could add them"),
    ("tensorrt-llm@1.4", "phi3", "exchanges the halves"), ("tensorrt-llm@1.4", "qwen2", "no layer number"),
    ("tensorrt-llm@1.4", "llama", "modules of different ranks (16, 32)"),
    ("tensorrt-llm@1.4", "llama", "of layers that the model does not have"),
    ("tensorrt-llm@1.4", "olmo2", "it has no class for it"),
    ("tensorrt-llm@1.0", "opt", "can't be built with adapters"),
    ("tensorrt-llm@1.0", "nemotron", "modules that its map does not have"),
  ])
  func reasonsNameWhatTheClassDoes(_ name: String, _ type: String, _ words: String) throws {
    let truths = try EngineTruth.all(name).filter { $0.config["model_type"]?.string == type }
    let sentences = try truths.flatMap { try $0.verdicts(try TemporaryFolder()).flatMap(\.reasons) }
    #expect(sentences.contains { $0.contains(words) }, "\(sentences)")
  }

  /// Kernels for CUDA graphs may not read ranks that are no multiples of 8, whatever the loader does.
  @Test func smallRanksAreNotJudgedForCUDAGraphs() throws {
    let truth = try #require(
      try EngineTruth.all("tensorrt-llm@1.0").first { $0.config["model_type"]?.string == "llama" })
    let newer = EngineTruth(engine: "tensorrt-llm@1.4", key: truth.key, config: truth.config, samples: truth.samples)
    let verdicts = try newer.verdicts(try TemporaryFolder())
    let all = try #require(verdicts.first { $0.sample.name == "all" })
    #expect(all.verdict == .unjudged)
    #expect(all.reasons.contains { $0.contains("rank 4, which its kernels") })
    #expect(verdicts.first { $0.sample.name == "rank-at-limit" }?.verdict == .applied)
  }
}
