import LoRATestSupport
import LoRATraffic

/// Recorded traces and files of weights, with short traces run through every cache policy.
struct TraceTarget: FuzzTarget {
  let name = "trace"
  private let scratch = Scratch()
  private static let mutation = JSONMutation(vocabulary: ["time", "adapter", "a", "b"])

  func seeds() -> [[UInt8]] {
    [
      "{\"time\":0,\"adapter\":\"a\"}\n{\"time\":0.5,\"adapter\":\"b\"}\n\n{\"adapter\":\"a\",\"time\":1e1,\"x\":[{}]}\n",
      "{\"time\":5,\"adapter\":\"b\"}\r\n{\"time\":-3,\"adapter\":\"a\"}", #"{"a":1,"b":2.5,"c":0}"#,
    ].map { Array($0.utf8) }
  }

  func mutate(_ input: inout [UInt8], _ random: inout SeededGenerator) {
    Self.mutation.mutate(&input, &random)
    if random.once(in: 4) { input += [0x0A] + input.prefix(200) }
  }

  func run(_ input: [UInt8]) throws(Violation) {
    let path = try scratch.write(input, as: "trace.jsonl")
    if let weights = try Terminal.answer({ () throws(TrafficError) in try Traffic.weights(from: path) }) {
      try Violation.unless(weights.names.count == weights.weights.count, "names and weights differ in number")
    }
    guard let trace = try Terminal.answer({ () throws(TrafficError) in try Trace(reading: path) }) else { return }
    try Violation.unless(zip(trace.times, trace.times.dropFirst()).allSatisfy { $0 <= $1 }, "a trace is not sorted")
    guard trace.count <= 200 else { return }
    for policy in CachePolicy.allCases {
      var options = ReplayOptions(maxLoRAs: 2, maxCPULoRAs: 3)
      options.policy = policy
      options.pinned = 1
      let report = ReplayReport(trace, options, sweep: nil, policies: false)
      try Terminal.check(report.text.joined(separator: "\n"), "the replay")
      try Terminal.check(document: report.json(toolVersion: "0"), "the replay")
    }
  }
}
