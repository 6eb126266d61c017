import JSON
import LoRATestSupport
import Testing

@testable import LoRAEvalGate

/// The exact tests against SciPy's.
@Suite struct McNemarTests {
  @Test func pValuesIntervalsAndBoundsAreThoseOfSciPy() throws {
    let cases = try #require(try Fixtures.json("evaluation/mcnemar.json").array)
    #expect(cases.count >= 10)
    for entry in cases {
      func count(_ key: String) throws -> UInt64 { UInt64(try #require(entry[key]?.int64)) }
      let test = McNemar(broken: try count("broken"), fixed: try count("fixed"), prompts: try count("prompts"))
      #expect(isClose(test.pValue, try #require(entry["p"]?.double)), "\(entry.text())")
      for confidence in [0.9, 0.95, 0.99] {
        let interval = test.interval(confidence: confidence)
        let wanted = try #require(entry["interval_\(confidence)"]?.array).compactMap(\.double)
        #expect(isClose(interval.lowerBound, wanted[0]), "\(entry.text())")
        #expect(isClose(interval.upperBound, wanted[1]), "\(entry.text())")
        let bound = try #require(entry["bound_\(confidence)"]?.double)
        #expect(isClose(test.brokenUpperBound(confidence: confidence), bound), "\(entry.text())")
      }
    }
  }

  @Test func twoHundredPromptsCannotShowHalfAPercent() {
    let clean = McNemar(broken: 0, fixed: 0, prompts: 200)
    #expect(clean.pValue == 1)
    #expect(isClose(clean.brokenUpperBound(), 1 - 0.05.squareRooted(200)))
    #expect(McNemar.promptsNeeded(for: 0.005) == 598)
    #expect(McNemar(broken: 0, fixed: 0, prompts: 598).brokenUpperBound() < 0.005)
    #expect(McNemar(broken: 0, fixed: 0, prompts: 597).brokenUpperBound() > 0.005)
  }

  private func isClose(_ left: Double, _ right: Double) -> Bool { abs(left - right) <= 1e-8 + 1e-7 * abs(right) }

  @Test func sharesAreExact() throws {
    let limit = try #require(Share(parsing: "0.5%"))
    #expect(limit == .halfPercent)
    #expect(!limit.isExceeded(by: 1, of: 200))
    #expect(limit.isExceeded(by: 1, of: 199))
    #expect(!limit.isExceeded(by: 50_000_000_000_000_000, of: 10_000_000_000_000_000_000))
    #expect(Share(parsing: "0.005")?.isExceeded(by: 2, of: 399) == true)
    #expect(Share(parsing: "0 %")?.isExceeded(by: 1, of: .max) == true)
    #expect(Share(parsing: "0.5 %")?.description == "0.5 %")
    for wrong in ["", "%", "-1%", "101%", "1.5", "1e-3", ".5", "1.", "0.0000000001", "NaN", "5%%"] {
      #expect(Share(parsing: wrong) == nil, "\(wrong)")
    }
  }
}

extension Double {
  /// The `n`-th root.
  fileprivate func squareRooted(_ n: Int) -> Double {
    var (low, high) = (0.0, 1.0)
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if (0..<n).reduce(1.0, { product, _ in product * middle }) < self { low = middle } else { high = middle }
    }
    return low
  }
}
