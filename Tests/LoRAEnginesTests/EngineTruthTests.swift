import LoRAEngines
import LoRATestSupport
import TensorCore
import Testing

/// The program's verdicts held against what the engines' own code did.
@Suite struct EngineTruthTests {
  /// Whatever is called applied was applied; a refusal is told from silence; and little is left unjudged.
  @Test(arguments: ["vllm@0.33", "vllm@0.32", "vllm@0.31", "sglang@0.5.23"])
  func `verdicts are those of the engine`(_ engine: String) throws {
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
}
