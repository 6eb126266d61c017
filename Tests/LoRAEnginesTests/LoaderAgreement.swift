import JSON
import LoRAEngines
import LoRATestSupport

/// The program's verdicts beside those of an engine's loader, for all adapters of a fixture.
struct LoaderAgreement {
  /// One adapter whose two verdicts differ.
  struct Difference {
    let modelType: String
    let sentence: String
    let verdict: ServingVerdict
    let truth: ServingVerdict
  }

  var total = 0
  var differences: [Difference] = []

  /// `kind` is what the fixture's name ends in, such as `-odd`.
  init(_ engine: String, _ kind: String = "", where isWanted: (_ modelType: String) -> Bool = { _ in true }) throws {
    for truth in try EngineTruth.all(engine, kind) {
      let modelType = truth.config["model_type"]?.string ?? ""
      guard isWanted(modelType) else { continue }
      for (sample, verdict, reasons) in try truth.verdicts(try TemporaryFolder()) {
        total += 1
        guard verdict != sample.verdict else { continue }
        let sentence =
          "\(truth.key), \(sample.name): \(verdict), was \(sample.verdict) (\(sample.why)): \(reasons.first ?? "")"
        differences.append(
          Difference(modelType: modelType, sentence: sentence, verdict: verdict, truth: sample.verdict))
      }
    }
  }

  /// The share of adapters with the same verdict.
  var share: Double { total == 0 ? 0 : Double(total - differences.count) / Double(total) }

  /// Sentences about adapters that are called applied and were not.
  var falselyApplied: [String] { differences.filter { $0.verdict == .applied }.map(\.sentence) }

  /// Sentences about adapters that are applied and called otherwise.
  var missed: [String] { differences.filter { $0.truth == .applied }.map(\.sentence) }

  /// The figures in a line.
  func line(_ engine: String) -> String {
    let unjudged = differences.count { $0.verdict == .unjudged }
    return "\(engine): \(total - differences.count) of \(total) adapters with the loader's verdict, "
      + "\(unjudged) unjudged, \(differences.count - unjudged) otherwise, \(falselyApplied.count) falsely applied"
  }
}
