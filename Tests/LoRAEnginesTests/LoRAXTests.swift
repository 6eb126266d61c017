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
