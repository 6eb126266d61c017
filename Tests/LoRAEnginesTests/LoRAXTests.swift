import LoRATestSupport
import Testing

/// Verdicts for LoRAX held against what its loader did (`testdata/make/loader_truth.py`).
@Suite struct LoRAXTests {
  @Test func `verdicts are those of the loader`() throws {
    let agreement = try LoaderAgreement("lorax")
    print(agreement.line("LoRAX"))
    #expect(agreement.total > 400)
    #expect(agreement.falselyApplied == [])
    #expect(agreement.share >= 0.99, "\(agreement.differences.map(\.sentence))")
  }
}
