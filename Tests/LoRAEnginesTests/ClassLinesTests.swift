import JSON
import TensorCore
import Testing

@testable import LoRAEngines

@Suite struct ClassLinesTests {
  private static let lines = ClassLines(
    """
    {"key":"A","modules":"=0","pooled":{"class":"P","supported":"=1"},"head":"score"}
    {"key":"B","modules":"=0","skip":"=7","task":"=x"}
    {"key":"BC","class":"C"}
    =0 [["model.layers.#.mlp","row"]]
    =1 ["a b","c"]
    """)

  @Test func sharedValuesStandInTheLine() {
    #expect(
      Self.lines.line(of: "A")
        == #"{"key":"A","modules":[["model.layers.#.mlp","row"]],"pooled":{"class":"P","supported":["a b","c"]},"head":"score"}"#
    )
    #expect(Self.lines.line(of: "BC") == #"{"key":"BC","class":"C"}"#)
    #expect(Self.lines.line(of: "C") == nil)
    #expect(Self.lines.line(of: "=0") == nil)
    #expect(Self.lines.keys == ["A", "B", "BC"])
  }

  @Test func numbersThatNoValueHasStayAsTheyAre() {
    #expect(
      Self.lines.line(of: "B") == #"{"key":"B","modules":[["model.layers.#.mlp","row"]],"skip":"=7","task":"=x"}"#)
  }

  @Test func everyLineOfTheTablesIsWhole() throws {
    let tables = [VLLMClassTable.release33.lines, VLLMClassTable.release32.lines, SGLangClassTable.release23.lines]
    for lines in tables {
      #expect(lines.keys.count > 200)
      for key in lines.keys {
        let line = try #require(lines.line(of: key))
        #expect(!line.utf8.contains("\n".utf8.first ?? 0) && line.firstRange(of: "\"=") == nil, "\(key)")
        #expect(try JSONValue(parsing: Array(line.utf8)).object?["key"]?.string == key)
      }
    }
  }
}
