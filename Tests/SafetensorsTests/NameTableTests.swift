import Diagnostics
import TensorCore
import Testing

@testable import Safetensors

/// Names of tensors are found whatever they are, and told apart byte by byte.
@Suite struct NameTableTests {
  private func tensors(_ names: [String]) -> [TensorInfo] {
    names.map { TensorInfo(name: $0, dtype: .f32, shape: [1], begin: 0, end: 4) }
  }

  /// In ascending order for as long as it lasts, and in none.
  @Test(arguments: [0, 1, 2500, 5003], [false, true])
  func everyNameIsFoundWhileTheTableGrows(ascending: Int, isReversed: Bool) {
    var names = (0..<5000).map { "layer.\($0)" + String(repeating: "x", count: $0 % 40) } + ["", "é", "/"]
    if isReversed { names.reverse() }
    names[..<ascending].sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let tensors = tensors(names)
    var table = NameTable()
    for position in tensors.indices {
      #expect(table.insert(position, hash: NameTable.hash(tensors[position].name), of: tensors) == nil)
    }
    for (position, tensor) in tensors.enumerated() {
      #expect(table.position(of: tensor.name, in: tensors) == position)
    }
    for missing in ["layer.5000", "layer", "layer.1", "zzz"] {
      #expect(table.position(of: missing, in: tensors) == names.firstIndex(of: missing))
    }
  }

  @Test func anEqualNameGivesTheFirst() {
    let cases: [(names: [String], expected: [Int?])] = [
      (["a", "b", "a"], [nil, nil, 0]), (["a", "a", "b"], [nil, 0, nil]), (["b", "a", "b", "c"], [nil, nil, 0, nil]),
    ]
    for (names, expected) in cases {
      let tensors = tensors(names)
      var table = NameTable()
      let found = tensors.indices.map { table.insert($0, hash: NameTable.hash(tensors[$0].name), of: tensors) }
      #expect(found == expected)
      #expect(names.map { table.position(of: $0, in: tensors) } == names.map { names.firstIndex(of: $0) })
    }
  }

  @Test func equalHashesAreNoEqualNames() {
    let tensors = tensors(["d", "c", "b", "a"])
    var table = NameTable()
    for position in tensors.indices { #expect(table.insert(position, hash: 7, of: tensors) == nil) }
  }

  /// "é" as one scalar and as two are two names to the reference library, though Swift's strings call them equal.
  @Test func normalFormsAreDifferentNames() throws {
    let json = #"""
      {"caf\#u{E9}":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"cafe\#u{301}":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}
      """#
    var parser = HeaderParser(file: "f", length: json.utf8.count)
    let text = Array(json.utf8)
    let parsed = parser.header(text.span, dataBytes: 2)
    let header = try #require(parsed)
    #expect(!parser.findings.contains { $0.severity == .error })
    #expect(header["caf\u{E9}"]?.begin == 0)
    #expect(header["cafe\u{301}"]?.begin == 1)
  }

  /// The stride and the grammar read the same text alike, wherever the text leaves the exact form.
  @Test func theShortcutAgreesWithTheGrammar() {
    let entry = #""b.weight":{"dtype":"BF16","shape":[2,3],"data_offsets":[4,16]}"#
    let first = #""a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}"#
    func tensors(_ entry: String) -> [TensorInfo] {
      let json = "{\(first),\(entry)}"
      var parser = HeaderParser(file: "f", length: json.utf8.count)
      let text = Array(json.utf8)
      return parser.header(text.span, dataBytes: 16)?.tensors ?? []
    }
    let expected = tensors(entry)
    #expect(expected.count == 2)
    for (place, _) in entry.enumerated().dropFirst() {
      // A blank between tokens sends the entry through the grammar; inside a token it breaks or changes it.
      let index = entry.index(entry.startIndex, offsetBy: place)
      let spaced = tensors(entry[..<index] + " " + entry[index...])
      guard spaced.count == 2, spaced[1].name == "b.weight" else { continue }
      #expect(spaced[1].dtype == .bf16 && spaced[1].shape == [2, 3] && spaced[1].begin == 4 && spaced[1].end == 16)
    }
  }
}
