import JSON
import Testing

@testable import LoRAMerge

@Suite struct JSONEditTests {
  private func edited(_ text: String, _ key: String, in path: [String] = [], _ value: JSONValue) throws -> String {
    var edit = JSONEdit(Array(text.utf8))
    try edit.set(key, in: path, to: value)
    return String(decoding: edit.text, as: UTF8.self)
  }

  @Test func aMemberIsReplacedAndNothingElseChanges() throws {
    #expect(try edited(#"{ "a" : 1e-05 , "b":"x\u00e9" }"#, "a", 2) == #"{ "a" : 2 , "b":"x\u00e9" }"#)
    #expect(
      try edited(#"{"a": {"b": [1, {"c": null}]},"c":true}"#, "c", false)
        == #"{"a": {"b": [1, {"c": null}]},"c":false}"#)
    #expect(try edited(#"{"a": [1, 2], "n": NaN}"#, "a", "y") == #"{"a": "y", "n": NaN}"#)
    #expect(try edited(#"{"t": {"k": 1}, "k": 2}"#, "k", in: ["t"], 3) == #"{"t": {"k": 3}, "k": 2}"#)
  }

  @Test func aMissingMemberComesFirstWrittenLikeItsNeighbours() throws {
    #expect(try edited("{\n  \"a\": 1\n}\n", "b", false) == "{\n  \"b\": false,\n  \"a\": 1\n}\n")
    #expect(try edited(#"{"a":1}"#, "b", 2) == #"{"b":2,"a":1}"#)
    #expect(try edited("{}", "b", 2) == #"{"b":2}"#)
    #expect(try edited(#"{"t": { "x": 1 }}"#, "b", in: ["t"], 2) == #"{"t": { "b": 2, "x": 1 }}"#)
  }

  @Test func pathsThatLeadNowhereAndTextsThatAreNoJSONAreErrors() {
    #expect(throws: JSONError.self) { try edited(#"{"a": 1}"#, "b", in: ["t"], 2) }
    #expect(throws: JSONError.self) { try edited(#"{"a": 1}"#, "b", in: ["a"], 2) }
    #expect(throws: JSONError.self) { try edited("[]", "b", 2) }
    #expect(throws: JSONError.self) { try edited(#"{"a": "#, "b", 2) }
  }
}
