import LoRATestSupport
import Testing

@testable import LoRATraffic

/// Traffic that is made up, and traffic that is read.
@Suite struct TrafficTests {
  @Test func theSameSeedGivesTheSameTraffic() throws {
    var traffic = Traffic(names: Traffic.names(10), rate: 50, duration: 20)
    let first = try traffic.trace()
    #expect(try traffic.trace() == first)
    traffic.seed = 1
    #expect(try traffic.trace() != first)
    #expect(first.names.first == "adapter-0" && Traffic.names(11).last == "adapter-10")
  }

  @Test func thePoissonProcessHasItsMeanAndVariance() throws {
    let traffic = Traffic(names: ["a"], rate: 20, duration: 10_000)
    let trace = try traffic.trace()
    // 200,000 expected; the standard deviation is its root, 447.
    #expect(abs(trace.count - 200_000) < 4 * 447)
    var counts = [Double](repeating: 0, count: 10_000)
    for time in trace.times { counts[Int(time)] += 1 }
    let variance = counts.map { ($0 - 20) * ($0 - 20) }.reduce(0, +) / 10_000
    #expect(abs(variance - 20) < 1.5)
    #expect(zip(trace.times, trace.times.dropFirst()).allSatisfy { $0 <= $1 })
  }

  @Test func popularityHasItsShares() throws {
    var traffic = Traffic(names: Traffic.names(5), rate: 1000, duration: 200)
    let cases: [(Traffic.Popularity, [Double])] = [
      (.uniform, [1, 1, 1, 1, 1]), (.zipf(1), [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5]),
      (.weights([0, 7, 0, 1, 2]), [0, 7, 0, 1, 2]),
    ]
    for (popularity, weights) in cases {
      traffic.popularity = popularity
      let trace = try traffic.trace()
      let total = weights.reduce(0, +)
      for (count, weight) in zip(trace.popularity, weights) {
        let share = weight / total
        let deviation = (share * (1 - share) / Double(trace.count)).squareRoot()
        #expect(abs(Double(count) / Double(trace.count) - share) <= 4.5 * deviation + 1e-12, "\(popularity)")
      }
    }
  }

  @Test func burstsKeepTheMeanAndSpikesRise() throws {
    var traffic = Traffic(names: ["a"], rate: 10, duration: 20_000)
    traffic.arrivals = .bursts(factor: 8, length: 5, period: 50)
    let bursts = try traffic.trace()
    #expect(abs(Double(bursts.count) / 200_000 - 1) < 0.02)
    let inside = bursts.times.count { Int($0) % 50 < 5 }
    // Eight times the rate in a tenth of the time: 8 of 17 parts.
    #expect(abs(Double(inside) / Double(bursts.count) - 8.0 / 17) < 0.01)

    traffic.duration = 86400
    traffic.arrivals = .spike(factor: 6, peak: 9 * 3600, width: 1800)
    let day = try traffic.trace()
    func perSecond(_ hour: Double) -> Double {
      Double(day.times.count { abs($0 - hour * 3600) < 300 }) / 600
    }
    #expect(abs(perSecond(3) - 10) < 1)
    #expect(abs(perSecond(9) - 60) < 3)
    #expect(abs(perSecond(15) - 10) < 1)
    traffic.arrivals = .regular
    traffic.duration = 1
    #expect(try traffic.trace().times == (0..<10).map { Double($0) / 10 })
  }

  @Test func tooMuchTrafficIsRefused() {
    let traffic = Traffic(names: ["a"], rate: 1e9, duration: 1e6)
    #expect(throws: TrafficError.self) { try traffic.trace() }
  }

  @Test func tracesAreReadAndSorted() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "t.jsonl",
      "\u{FEFF}{\"time\": 2, \"adapter\": \"b\"}\r\n\n{\"adapter\":\"a\",\"x\":[{}],\"time\":1.5e0}\n"
        + "{\"time\":2,\"adapter\":\"a\"}")
    let trace = try Trace(reading: path)
    #expect(trace.times == [1.5, 2, 2])
    #expect(trace.adapters.map { trace.names[Int($0)] } == ["a", "b", "a"])
    #expect(trace.distinctAdapters(perWindow: 0.25) == [1, 2])
  }

  @Test(arguments: [
    "{\"time\":1}", "{\"adapter\":\"a\"}", "{\"time\":\"1\",\"adapter\":\"a\"}", "{\"time\":1,\"adapter\":1}", "[]",
    "{\"time\":1e300,\"adapter\":\"a\"}", "{\"time\":1,\"adapter\":\"a\"} {}",
    "{\"time\":1,\"time\":2,\"adapter\":\"a\"}",
    "{\"time\":NaN,\"adapter\":\"a\"}", "time,adapter",
  ])
  func aBrokenLineIsNamed(_ line: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("t.jsonl", "{\"time\":0,\"adapter\":\"a\"}\n\n" + line)
    let error = try #require(throws: TrafficError.self) { try Trace(reading: path) }
    guard case .malformed(_, 3, _) = error else {
      Issue.record("\(error)")
      return
    }
  }

  @Test func emptyAndMissingTraces() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("t.jsonl", "\n\n")
    #expect(throws: TrafficError.empty(path: path)) { try Trace(reading: path) }
    #expect(throws: TrafficError.self) { try Trace(reading: folder.path("none")) }
  }

  @Test func weightsAreChecked() throws {
    let folder = try TemporaryFolder()
    let good = try Traffic.weights(from: try folder.write("w.json", "{\"a\":3,\"b\":0.5,\"c\":0}"))
    #expect(good.names == ["a", "b", "c"] && good.weights == [3, 0.5, 0])
    for text in ["", "[]", "{\"a\":-1}", "{\"a\":\"1\"}", "{\"a\":0}", "{}", "{\"a\":1,\"a\":2}"] {
      let path = try folder.write("broken.json", text)
      #expect(throws: TrafficError.self, "\(text)") { try Traffic.weights(from: path) }
    }
  }
}
