import LoRAEvalGate
import LoRATestSupport

/// Answers before and after a change, as the gate reads them.
struct AnswersTarget: FuzzTarget {
  let name = "answers"
  private let scratch = Scratch()
  private static let mutation = JSONMutation(vocabulary: [
    "id", "adapter", "expected", "tool_calls", "name", "arguments", "function", "content", #"{\"a\":1}"#,
    #"{\"a\":1.0}"#,
    #"{\"a\":"#, "1e0", "[]",
  ])

  func seeds() -> [[UInt8]] {
    let before = #"""
      {"id":1,"adapter":"x","expected":[{"name":"f","arguments":{"a":1,"b":[true,null]}}],"name":"f","arguments":"{\"b\":[true,null],\"a\":1.0}"}
      {"id":"2","tool_calls":[{"function":{"name":"g","arguments":"{}"}}],"expected":{"tool_calls":[{"name":"g"}]}}

      {"id":3,"content":"no call","expected":[]}
      """#
    return [Parts.joined([Array(before.utf8), Array(before.utf8)])]
  }

  func mutate(_ input: inout [UInt8], _ random: inout SeededGenerator) {
    Parts.mutate(&input, &random, [{ Self.mutation.mutate(&$0, &$1) }, { Self.mutation.mutate(&$0, &$1) }])
  }

  func run(_ input: [UInt8]) throws(Violation) {
    let parts = Parts.split(input, count: 2)
    let paths = (try scratch.write(parts[0], as: "before.jsonl"), try scratch.write(parts[1], as: "after.jsonl"))
    try check(paths.0, paths.1)
    guard let same = try check(paths.0, paths.0) else { return }
    try Violation.unless(same.total.broken == 0 && same.total.fixed == 0, "answers differ from themselves")
    try Violation.unless(same.total.missing == 0 && same.total.extra == 0, "answers miss themselves")
  }

  @discardableResult
  private func check(_ before: String, _ after: String) throws(Violation) -> GateReport? {
    let outcome = try Terminal.answer { () throws(GateError) in try Gate.run(baseline: before, candidate: after) }
    guard let report = outcome else { return nil }
    try Terminal.check(report.text.joined(separator: "\n"), "the report")
    try Terminal.check(report.markdown.joined(separator: "\n"), "the report")
    try Terminal.check(report.junit, "the report")
    try Terminal.check(document: report.json(toolVersion: "0"), "the report")
    return report
  }
}
