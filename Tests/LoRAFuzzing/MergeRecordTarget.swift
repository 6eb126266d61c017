import JSON
import LoRAMerge
import LoRATestSupport

/// What an interrupted merge left in its folder: the record of a finished shard and the identity of the plan.
struct MergeRecordTarget: FuzzTarget {
  let name = "merge-record"
  private static let mutation = JSONMutation(vocabulary: ["sample_sha256", "rounding", "digests", "base", "files"])

  func seeds() -> [[UInt8]] {
    let digest = String(repeating: "0a", count: 32)
    return [
      ShardRecord(sample: digest, rounding: [0: RoundingStatistics(), 12: RoundingStatistics()], digests: [3: digest])
        .text,
      #"{"base":"\#(digest)","adapters":"\#(digest)","options":"\#(digest)","files":"\#(digest)"}"#,
    ].map { Array($0.utf8) }
  }

  func mutate(_ input: inout [UInt8], _ random: inout SeededGenerator) { Self.mutation.mutate(&input, &random) }

  func run(_ input: [UInt8]) throws(Violation) {
    if let record = ShardRecord(parsing: input) {
      try Violation.unless(record.text.utf8.elementsEqual(input), "a record is taken that was not written like this")
    }
    if let identity = PlanIdentity(try? JSONValue(parsing: input)) {
      let again = PlanIdentity(try? JSONValue(parsing: Array(identity.json.text(pretty: true).utf8)))
      try Violation.unless(again == identity, "an identity changes when it is written and read again")
    }
  }
}
