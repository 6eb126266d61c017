import JSON
import LoRATestSupport
import LoRATokenizer
import Testing

/// Comparisons against the obvious way to do it, and files that mean harm.
@Suite struct ComparisonTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func read(_ name: String, _ vocabulary: [(String, Int)], merges: String = "[]", pretty: Bool = false) throws
    -> Tokenizer
  {
    let blank = pretty ? "\n      " : ""
    let members = vocabulary.map { "\(blank)\(JSONValue.string($0.0).text(pretty: false)):\(blank) \($0.1)" }
    try folder.write(
      "\(name)/tokenizer.json",
      "{\"model\": {\"vocab\": {\(members.joined(separator: ","))}, \"merges\": \(merges)}}")
    return try #require(TokenizerReader().read(folder.path(name)))
  }

  @Test(arguments: UInt64(0)..<40) func randomVocabulariesAreComparedAsDictionariesAre(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let letters = ["a", "b", "é", "\"", "\\", "\n", "Ġ", "😀", "the", "ing", " "]
    func vocabulary() -> [String: Int] {
      var result: [String: Int] = [:]
      var id = 0
      for _ in 0..<Int.random(in: 0...300, using: &random) {
        id += seed % 3 == 0 ? Int.random(in: 1...3, using: &random) : 1
        let token = (0...Int.random(in: 0...2, using: &random)).map { _ in
          letters[Int.random(in: 0..<letters.count, using: &random)]
        }
        if result[token.joined()] == nil { result[token.joined()] = id }
      }
      return result
    }
    let own = vocabulary()
    var other = vocabulary()
    if seed % 2 == 0 { for (token, id) in own where id % 7 != 0 && !other.values.contains(id) { other[token] = id } }
    let one = try read("own", own.sorted { $0.value < $1.value }, pretty: seed % 4 == 0)
    let two = try read("other", other.sorted { seed % 5 == 0 ? $0.key < $1.key : $0.value < $1.value })
    let differences = one.differences(from: two)
    let shared = own.keys.filter { other[$0] != nil }
    #expect(differences.sameCount == shared.count { own[$0] == other[$0] })
    #expect(differences.movedCount == shared.count { own[$0] != other[$0] })
    for moved in differences.moved {
      #expect(own[moved.token.text] == Int(moved.token.id) && other[moved.token.text] == Int(moved.otherID))
    }
    let added = differences.added.first(.max).map(\.text)
    let missing = differences.missing.first(.max).map(\.text)
    #expect(Set(added) == Set(own.keys).subtracting(other.keys) && added.count == Set(added).count)
    #expect(Set(missing) == Set(other.keys).subtracting(own.keys) && missing.count == Set(missing).count)
    let back = try #require(TokenizerReader().read(folder.path("own")))
    #expect(one.differences(from: back).isEmpty && one.fingerprint == back.fingerprint)
    #expect((one.fingerprint == two.fingerprint) == (own == other))
  }

  /// Megabytes of brackets, pieces, members or rules: bounded, and said in words.
  @Test(arguments: ["brackets", "tokens", "added", "rules", "pieces", "lines", "config"])
  func hostileFilesAreBounded(_ kind: String) throws {
    let count = kind == "brackets" ? 10 << 20 : 1 << 19
    func filled(_ unit: String) -> String { String(repeating: unit, count: count / unit.utf8.count) }
    switch kind {
    case "brackets": try folder.write("tokenizer.json", "{\"a\":" + filled("[{\"a\":"))
    case "tokens": try folder.write("tokenizer.json", "{\"model\":{\"vocab\":{\"\":0" + filled(",\"\":0") + "}}}")
    case "added":
      try folder.write(
        "tokenizer.json",
        "{\"model\":{\"vocab\":{}},\"added_tokens\":[{\"id\":1,\"content\":\"\"}"
          + filled(",{\"id\":1,\"content\":\"\"}")
          + "]}")
    case "rules":
      try folder.write("tokenizer.json", "{\"model\":{\"vocab\":{\"a\":0},\"merges\":[\"\"" + filled(",\"\"") + "]}}")
    case "pieces": try folder.write("tokenizer.model", filled("\u{0A}\u{00}"))
    case "lines": try folder.write("vocab.txt", filled("\n"))
    default: try folder.write("tokenizer_config.json", "{\"extra_special_tokens\":[\"\"" + filled(",\"\"") + "]}")
    }
    let clock = ContinuousClock()
    let start = clock.now
    let tokenizer = try #require(TokenizerReader().read(folder.path))
    let other = try read("plain", [("a", 0)], merges: "[\"a b\"]")
    _ = (tokenizer.differences(from: other), other.differences(from: tokenizer), tokenizer.fingerprint)
    // Without optimisation, on a busy machine; the point is that it is no matter of minutes.
    #expect(clock.now - start < .seconds(60))
    #expect(tokenizer.problems.count == (kind == "brackets" ? 1 : 0), "\(tokenizer.problems)")
  }
}
