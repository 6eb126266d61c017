import JSON
import LoRAIO
import LoRATestSupport
import Testing

@testable import LoRAEvalGate

/// Whole comparisons of two files.
@Suite struct GateTests {
  private func gate(_ before: [String], _ after: [String], _ change: (inout GateOptions) -> Void = { _ in }) throws
    -> GateReport
  {
    let folder = try TemporaryFolder()
    var options = GateOptions()
    change(&options)
    return try Gate.run(
      baseline: try folder.write("before.jsonl", before.joined(separator: "\n")),
      candidate: try folder.write("after.jsonl", after.joined(separator: "\n") + "\n"), options: options)
  }

  /// Every count is that of a reference that reads the files with Python's json, Decimal and unicodedata.
  @Test func countsAreThoseOfTheReference() throws {
    let report = try Gate.run(
      baseline: Fixtures.path("evaluation/before.jsonl"), candidate: Fixtures.path("evaluation/after.jsonl"))
    let wanted = try #require(try Fixtures.json("evaluation/scores.json").object)
    #expect(Set(report.adapters.map(\.name)) == Set(wanted.keys))
    for adapter in report.adapters {
      let row = try #require(wanted[adapter.name])
      let found: [String: UInt64] = [
        "prompts": adapter.prompts, "baseline_right": adapter.baselineRight, "candidate_right": adapter.candidateRight,
        "broken": adapter.broken, "fixed": adapter.fixed, "still_wrong": adapter.stillWrong,
        "missing": adapter.missing, "extra": adapter.extra,
      ]
      for (key, value) in found { #expect(row[key]?.int64 == Int64(value), "\(adapter.name) \(key)") }
    }
    #expect(!report.isPassed)
    #expect(report.changes.count == 20)
    #expect(report.changes.allSatisfy { $0.kind == .broken && !$0.id.isEmpty && !$0.baseline.isEmpty })
  }

  /// However the files are cut for the threads: the same counts, changes and line numbers.
  @Test(arguments: [1, 2, 13, 100, 1000, 1 << 16]) func blocksDoNotShow(_ bytes: UInt64) throws {
    let (before, after) = (Fixtures.path("evaluation/before.jsonl"), Fixtures.path("evaluation/after.jsonl"))
    var options = GateOptions()
    options.blockBytes = bytes
    let cut = try Gate.run(baseline: before, candidate: after, options: options)
    let whole = try Gate.run(baseline: before, candidate: after)
    #expect(cut.text == whole.text)
    let lines = (0..<40).map { #"{"id":\#($0),"content":"\#(String(repeating: "x", count: $0 * 7))"}"# }
    for position in [0, 1, 20, 39] {
      var broken = lines
      broken[position] = #"{"id":}"#
      let error = #expect(throws: GateError.self) {
        try gate(["", "  "] + lines, ["", ""] + broken) { $0.blockBytes = bytes }
      }
      guard case .malformed(_, let line, let offset, _) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(line == UInt64(position + 3) && offset == 6)
    }
    let twice = #expect(throws: GateError.self) { try gate(lines + [lines[3]], lines) { $0.blockBytes = bytes } }
    guard case .repeated(_, let line, let first, _) = twice else {
      Issue.record("\(String(describing: twice))")
      return
    }
    #expect(line == 41 && first == 4)
  }

  /// The table finds a prompt wherever it stands, and what stands twice.
  @Test func theOrderOfPromptsDoesNotMatter() throws {
    let before = (0..<5000).map { "{\"id\":\($0),\"name\":\"f\",\"arguments\":{\"x\":\($0 % 7)}}" }
    var after = before
    after[17] = "{\"id\":17,\"name\":\"g\"}"
    let reversed = try gate(before, after.reversed())
    #expect(try gate(before, after).adapters == reversed.adapters)
    let interleaved =
      stride(from: 0, to: 5000, by: 2).map { after[$0] } + stride(from: 1, to: 5000, by: 2).map { after[$0] }
    #expect(try gate(before, interleaved).adapters == reversed.adapters)
    #expect(reversed.adapters[0].broken == 1 && reversed.adapters[0].prompts == 5000)
    #expect(try gate(before, Array(after.dropFirst(3))).adapters[0].missing == 3)
    for order in [after, after.reversed()] {
      #expect(throws: GateError.self) { try gate(before, order + [order[0]]) }
      #expect(throws: GateError.self) { try gate(order + [order[2500]], order) }
    }
  }

  @Test func theLimitIsExact() throws {
    let before = (0..<200).map { id in
      let call = #""name":"f","arguments":{"x":\#(id)}"#
      return #"{"id":\#(id),\#(call),"expected":{\#(call)}}"#
    }
    var after = before
    after[7] = #"{"id":7,"name":"f","arguments":{"x":8}}"#
    #expect(try gate(before, after).isPassed)
    #expect(try gate(before, after).adapters[0].regression == 0.005)
    after[9] = #"{"id":9,"name":"g","arguments":{"x":9}}"#
    #expect(try !gate(before, after).isPassed)
    #expect(try gate(before, after) { $0.maxRegression = Share(parsing: "1%") ?? .halfPercent }.isPassed)
    // What gets better makes up for what breaks: the point estimate alone decides.
    #expect(try gate(after, before).isPassed)
  }

  @Test func theOrderOfCallsCountsUnlessIgnored() throws {
    let before = [#"{"id":1,"tool_calls":[{"function":{"name":"a"}},{"function":{"name":"b"}}]}"#]
    let after = [#"{"id":1,"tool_calls":[{"name":"b","arguments":{}},{"name":"a","arguments":"{}"}]}"#]
    #expect(try gate(before, after).adapters[0].broken == 1)
    #expect(try gate(before, after) { $0.ignoresCallOrder = true }.adapters[0].broken == 0)
    let twice = [#"{"id":1,"tool_calls":[{"name":"a"},{"name":"a"}]}"#]
    let once = [#"{"id":1,"tool_calls":[{"name":"a"}]}"#]
    #expect(try gate(twice, once) { $0.ignoresCallOrder = true }.adapters[0].broken == 1)
  }

  @Test func formsOfExpectedAndOfNoCall() throws {
    let forms = [
      #"[{"name":"f","arguments":"{\"x\":1}"}]"#, #"{"name":"f","arguments":{"x":1.0}}"#,
      #"{"tool_calls":[{"type":"function","function":{"name":"f","arguments":{"x":1e0}}}]}"#,
      #"{"function":{"arguments":{"x":1},"name":"f"}}"#,
    ]
    for form in forms {
      let line = #"{"expected":\#(form),"id":"a","name":"f","arguments":"{\"x\": 1}"}"#
      #expect(try gate([line], [line]).adapters[0].candidateRight == 1, "\(form)")
    }
    let none = #"{"id":"a","expected":[],"content":"Which city?"}"#
    #expect(try gate([none], [#"{"id":"a","tool_calls":[]}"#]).adapters[0].candidateRight == 1)
    #expect(try gate([none], [#"{"id":"a","name":"f"}"#]).adapters[0].broken == 1)
  }

  @Test func argumentsThatAreNoJSONAreAWrongAnswer() throws {
    let right = #"{"id":1,"name":"f","arguments":{"a":1},"expected":{"name":"f","arguments":{"a":1}}}"#
    for arguments in ["{", #"{\"a\":1,\"a\":1}"#, "", #"{\"a\":01}"#] {
      let report = try gate([right], [#"{"id":1,"name":"f","arguments":"\#(arguments)"}"#])
      #expect(report.adapters[0].broken == 1 && report.adapters[0].candidateInvalid == 1, "\(arguments)")
      // An answer that is no JSON is not right because it is repeated, either.
      let same = #"{"id":1,"name":"f","arguments":"\#(arguments)"}"#
      #expect(try gate([same], [same]).adapters[0].baselineRight == 0)
    }
  }

  @Test func idsAreTypedAndBelongToAnAdapter() throws {
    let before = [#"{"id":1,"name":"f"}"#, #"{"id":"1","name":"g"}"#, #"{"id":1,"adapter":"x","name":"h"}"#]
    let report = try gate(before, before.reversed())
    #expect(report.adapters.map(\.prompts) == [2, 1])
    #expect(report.adapters.map(\.name) == ["default", "x"])
    #expect(report.total.candidateRight == 3)
  }

  @Test func missingAndExtraAnswers() throws {
    let before = [#"{"id":1,"name":"f"}"#, #"{"id":2,"name":"f"}"#]
    let after = [#"{"id":1,"name":"f"}"#, #"{"id":3,"name":"f"}"#, #"{"id":1,"name":"f","adapter":"new"}"#]
    let report = try gate(before, after)
    #expect(report.adapters[0].missing == 1 && report.adapters[0].extra == 1)
    #expect(report.adapters[0].candidateScore == 0.5)
    #expect(report.adapters[1].status(report.options) == .skipped)
    #expect(report.adapters[1].baselineScore == nil)
    #expect(report.changes.map(\.candidate) == [nil])
    #expect(!report.isPassed)
  }

  @Test(arguments: [
    (#"{"id":1}"#, "neither"), (#"{"name":"f"}"#, "no \"id\""), ("[]", "expected an object"), ("{", "ends"),
    (#"{"id":true,"name":"f"}"#, "string or a number"), (#"{"id":1,"name":5}"#, "must be a string"),
    (#"{"id":1,"name":"f","name":"f"}"#, "twice"), (#"{"id":1,"name":"f","arguments":{"a":1,"a":1}}"#, "twice"),
    (#"{"id":1,"tool_calls":[{"function":{}}]}"#, "without a name"), (#"{"id":1,"tool_calls":5}"#, "expected an array"),
    (#"{"id":1,"name":"f","expected":{"name":"f","arguments":"{"}}"#, "not valid JSON"),
    (#"{"id":1,"name":"f","expected":"f"}"#, "expected an object"), (#"{"id":1,"name":"f"} x"#, "unexpected text"),
    (#"{"id":1,"name":"f","adapter":3}"#, "must be a string"), ("plain text", "expected"),
  ])
  func aBrokenLineIsNamed(_ line: String, _ reason: String) throws {
    let good = #"{"id":0,"name":"f"}"#
    for files in [([good, "", line], [good]), ([good], [good, "", line])] {
      let error = try #require(throws: GateError.self) { try gate(files.0, files.1) }
      guard case .malformed(let path, let number, _, _) = error else {
        Issue.record("\(error)")
        continue
      }
      #expect(number == 3 && path.hasSuffix(files.0.count == 3 ? "before.jsonl" : "after.jsonl"))
      #expect("\(error)".contains(reason), "\(error)")
    }
  }

  @Test func repeatedIdsAndUnequalExpectationsAreErrors() throws {
    let one = #"{"id":"a","name":"f"}"#
    let error = try #require(throws: GateError.self) { try gate(["", one, one], [one]) }
    guard case .repeated(_, 3, 2, "\"a\"") = error else {
      Issue.record("\(error)")
      return
    }
    #expect(throws: GateError.self) { try gate([one], [one, one]) }
    #expect(throws: GateError.self) { try gate([one], [one, #"{"id":"b","name":"f"}"#, #"{"id":"b","name":"f"}"#]) }
    let before = #"{"id":"a","name":"f","expected":{"name":"f"}}"#
    let after = #"{"id":"a","name":"f","expected":{"name":"g"}}"#
    let unequal = try #require(throws: GateError.self) { try gate([before], [after]) }
    guard case .expectationsDiffer(_, 1, "\"a\"") = unequal else {
      Issue.record("\(unequal)")
      return
    }
    #expect(throws: GateError.empty(path: Fixtures.path("none"))) { throw GateError.empty(path: Fixtures.path("none")) }
    #expect(throws: GateError.self) { try gate(["", " "], [one]) }
  }

  /// Lines longer than the reader's first buffer, and files without a last line end.
  @Test func longLinesAreRead() throws {
    let long = String(repeating: "é", count: 1_500_000)
    let line = #"{"id":1,"name":"f","arguments":{"text":"\#(long)"}}"#
    let report = try gate([line, #"{"id":2,"name":"f"}"#], [#"{"id":2,"name":"f"}"#, line])
    #expect(report.adapters[0].candidateRight == 2)
    let folder = try TemporaryFolder()
    let path = try folder.write("long.jsonl", String(repeating: "x", count: 5000) + "\n")
    var lines = LineReader(try InputFile(path: path), limit: 4096)
    #expect(throws: IOError.self) { _ = try lines.advance() }
  }

  @Test func reportsAreWellFormed() throws {
    let before = [#"{"id":"<&\"","adapter":"a|b<c>","name":"f","arguments":{"x":"`*_"}}"#]
    let after = [#"{"id":"<&\"","adapter":"a|b<c>","name":"f","arguments":{"x":"\u001b[31m"}}"#]
    let report = try gate(before, after)
    #expect(report.junit.contains("failures=\"1\""))
    #expect(report.junit.contains("a|b&lt;c&gt;"))
    #expect(!report.markdown.joined().utf8.contains(0x1B))
    #expect(!report.text.joined().utf8.contains(0x1B))
    #expect(report.markdown.contains { $0.contains("a\\|b") })
  }
}
