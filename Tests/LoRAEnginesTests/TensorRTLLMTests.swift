import LoRAEngines
import LoRATestSupport
import Testing

/// Verdicts for TensorRT-LLM held against what its loader did (`testdata/make/loader_truth.py`).
@Suite struct TensorRTLLMTests {
  /// For types whose class hands adapters on, the verdict is the loader's.
  @Test(arguments: ["tensorrt-llm@1.0", "tensorrt-llm@1.4"])
  func `verdicts are those of the loader where the class was read`(_ name: String) throws {
    let engine = try #require(Engine(named: name))
    // Of some classes a part alone uses its places.
    let held = Set(engine.evidence.classes().filter { $0.moduleKinds == 7 }.map(\.name))
    let agreement = try LoaderAgreement(name) { held.contains($0) }
    print(agreement.line("\(name), \(held.sorted())"))
    #expect(held.contains("llama"))
    #expect(agreement.total > 70)
    #expect(agreement.falselyApplied == [])
    #expect(agreement.share >= 0.97, "\(agreement.differences.map(\.sentence))")
  }

  /// For all types nothing is called applied that the loader did not place, and what it refuses is refused.
  @Test(arguments: ["tensorrt-llm@1.0", "tensorrt-llm@1.4"])
  func `nothing is called applied that the loader did not place`(_ name: String) throws {
    let agreement = try LoaderAgreement(name)
    print(agreement.line(name))
    #expect(agreement.total > 700)
    #expect(agreement.falselyApplied == [])
    let missed = agreement.differences.filter { $0.truth == .refused }
    #expect(missed.isEmpty, "\(missed.map(\.sentence))")
  }

  /// Factors that are loaded and never used are said to be ignored, though the loader placed them.
  @Test func `a class that never looks at its places ignores the adapter`() throws {
    let agreement = try LoaderAgreement("tensorrt-llm@1.4") { $0 == "mistral" || $0 == "seed_oss" }
    let dropped = agreement.differences.filter { $0.truth == .applied }
    #expect(!dropped.isEmpty)
    #expect(dropped.allSatisfy { $0.verdict == .partly && $0.sentence.contains("never gives them") })
  }
}
