import LoRAIO
import LoRAPolicy
import LoRATestSupport
import LoRAValidate
import Testing

/// What is said of policy files that cannot be used.
@Suite struct BrokenPolicyTests {
  private func problems(_ bytes: [UInt8]) -> [PolicyError.Problem] {
    do throws(PolicyError) {
      _ = try Policy(yaml: bytes, path: "p.yml")
      return []
    } catch {
      return error.problems
    }
  }

  private func problems(_ text: String) -> [PolicyError.Problem] { problems(Array(text.utf8)) }

  /// Text of a policy, and the one problem with it: its place and a part of the sentence.
  @Test(arguments: [
    ("rnak: {max: 8}", "1:1: unknown key 'rnak' in the policy; did you mean 'rank'?"),
    ("\n\nrank:\n  maxx: 8", "4:3: unknown key 'maxx' in rank; did you mean 'max'?"),
    ("temperature: 3", "1:1: unknown key 'temperature' in the policy; known are base, rank, alpha"),
    ("rank: 16", "1:7: rank wants a mapping with max, exact, one_of, not 16"),
    ("rank:", "1:6: rank wants a mapping with max, exact, one_of, not nothing"),
    ("rank: {}", "1:7: rank is empty"),
    ("rank: {max: '8'}", "1:13: rank.max wants a whole number from 1, not \"8\""),
    ("rank: {max: -8}", "1:13: rank.max wants a whole number from 1, not -8"),
    ("rank: {max: 0}", "rank.max wants a whole number from 1, not 0"),
    ("rank: {max: 1.5}", "rank.max wants a whole number from 1, not 1.5"),
    ("rank: {max: 99999999999999999999}", "rank.max wants a whole number from 1"),
    ("rank: {one_of: [8, x]}", "1:20: rank.one_of wants a whole number from 1, not 'x'"),
    ("rank: {one_of: []}", "rank.one_of is an empty list"),
    ("rank: {exact: 8, one_of: [8]}", "rank has both 'exact' and 'one_of'"),
    ("rank: {max: 8, exact: 9}", "rank allows 9, which is above its own max of 8"),
    ("scale: {min: 2, max: 1}", "scale has a min of 2.0 above its max of 1.0"),
    ("scale: {exact: 2, max: 3}", "scale has 'exact' and other limits"),
    ("scale: {max: .inf}", "scale.max wants a number, not .inf"),
    ("scale: {max: nan}", "scale.max wants a number, not 'nan'"),
    ("alpha: {max: [1]}", "alpha.max wants a number, not a list"),
    ("alpha: {maximum: 1}", "unknown key 'maximum' in alpha"),
    ("base: 7", "1:7: base wants text; put 7 in quotes"),
    ("base: yes", "base wants text; put yes in quotes"),
    ("base: {a: b}", "base wants a list, not a mapping"),
    ("base: [a, ' ']", "base wants text, not \" \""),
    ("base: [a, ~]", "base wants text, not ~"),
    (
      "targets: {allowed: [q_proj], required: [v_proj]}",
      "targets requires 'v_proj', which is not among those it allows"
    ),
    ("dtype: [fp16]", "1:9: unknown dtype 'fp16'; did you mean 'F16'?"),
    ("bytes: {max: 160M}", "bytes.max wants a size such as 160MB or 150MiB, not '160M'"),
    ("bytes: {max: 0}", "bytes.max wants a size"),
    ("bytes: {max: 20000000TiB}", "bytes.max wants a size"),
    ("metadata: [owner]", "metadata wants a mapping with required, values, not a list"),
    ("metadata: {values: {run: 42}}", "metadata.values.run wants text; put 42 in quotes"),
    ("severity: {rank-mismatch: fatal}", "severity.rank-mismatch wants error, warning or note, not 'fatal'"),
    ("severity: {value-nan: off}", "to leave the rule out, put it under ignore with a reason"),
    ("severity: {rank-mismach: error}", "1:12: unknown rule 'rank-mismach' in severity; did you mean 'rank-mismatch'?"),
    ("severity: {file-unreadable: note}", "file-unreadable stays an error"),
    ("ignore: {header-invalid: known}", "header-invalid stays an error"),
    ("ignore: [rank-mismatch]", "ignore wants a mapping, not a list"),
    ("ignore: {rank-mismatch: }", "ignore.rank-mismatch wants a reason, not nothing"),
    ("ignore: {rank-mismatch: ''}", "ignore.rank-mismatch wants a reason, not nothing"),
    ("ignore: {rank-mismatch: true}", "ignore.rank-mismatch wants a reason; put true in quotes"),
    ("ignore: {value-nan: x}\nseverity: {value-nan: note}", "value-nan has a severity and is ignored as well"),
    ("", "p.yml: the policy is empty"),
    ("# nothing\n", "p.yml: the policy is empty"),
    ("---\n", "the policy is empty"),
    ("[a]", "1:1: the policy wants a mapping with base, rank"),
    ("rank: {max: 8}\nrank: {max: 9}", "2:1: the key 'rank' occurs more than once"),
    ("metadata: {values: {8: a, '8': b}}", "the key '8' occurs more than once"),
    ("rank: {max: 8\nbase: x", "this is not YAML: while parsing a flow mapping"),
    ("\trank: {max: 8}", "1:1: this is not YAML"),
    ("rank: {max: 8}\n---\nbase: b", "2:1: this is not YAML: expected a single document"),
    ("rank: &r {max: 8}\nalpha: *r", "1:7: anchors (&name) and aliases (*name) are not read"),
    ("base: *x", "1:7: anchors (&name) and aliases (*name) are not read"),
    ("base: !!python/object:os.system [x]", "tags such as tag:yaml.org,2002:python/object:os.system are not read"),
    ("rank: {max: !!int '8'}", "1:13: tags such as"),
    ("rank: {<<: {max: 8}}", "unknown key '<<' in rank"),
    ("? [a, b]\n: 1", "1:3: a key must be a word"),
    ("rank: {max: 8}\nba\u{1B}se: a", "2:3: this is not YAML: control characters are not allowed"),
    ("\"ba\\e[31mse\": a", "unknown key 'ba\\u{1B}[31mse' in the policy"),
  ])
  func everyMistakeHasItsPlaceAndSentence(_ text: String, _ said: String) throws {
    let problems = problems(text)
    #expect(problems.count == 1, "\(problems)")
    let error = "p.yml:\(try #require(problems.first))"
    #expect(error.contains(said), "\(error)")
  }

  @Test func allMistakesAreNamedInOneRun() throws {
    let error = #expect(throws: PolicyError.self) { try Policy(file: Fixtures.path("policies/broken.yml")) }
    let problems = try #require(error?.problems)
    #expect(problems.map { $0.line ?? 0 } == [2, 3, 4, 5, 6, 7, 7, 8, 9, 10, 10, 10, 12, 13, 14])
    #expect(try #require(error).description.split(separator: "\n").count == problems.count)
  }

  @Test func aFileFullOfMistakesIsCutShort() {
    #expect(problems((0..<2000).map { "key\($0): 1\n" }.joined()).count == 20)
  }

  @Test func bytesThatAreNoTextHaveAPlace() {
    let problems = problems(Array("rank: {max: 8}\nbase: ".utf8) + [0xFF, 0xFE])
    #expect(problems.map(\.description) == ["2:7: the policy must be text in UTF-8"])
  }

  @Test func filesThatAreNoneOrTooLarge() throws {
    let folder = try TemporaryFolder()
    try folder.write("large.yml", [UInt8](repeating: 0x23, count: Int(Policy.fileLimit) + 1))
    for (path, said) in [
      (folder.path("none.yml"), "no such file"), (folder.path, "a folder"), (folder.path("large.yml"), "65537 bytes"),
    ] {
      let error = #expect(throws: PolicyError.self) { try Policy(file: path) }
      #expect(error?.description.contains(said) ?? false, "\(error.map { "\($0)" } ?? "")")
      #expect(error?.problems.first?.line == nil)
    }
  }

  /// Nine aliases a line, each to the line before: as a key, the last would be hashed for hours.
  ///
  /// Anchors in every guise must be seen before that.
  @Test(.timeLimit(.minutes(1)), arguments: ["&a [x", "&a\n  [x", "!!seq &a [x", "\"key\": &a [x"])
  func aliasBombsAreRefusedAtOnce(_ start: String) {
    var text = (start.hasPrefix("\"") ? "" : "a: ") + start + String(repeating: ", x", count: 8) + "]\n"
    let names = Array("abcdefghijklmnopqrst")
    for (before, name) in zip(names, names.dropFirst()) {
      text += "\(name): &\(name) [" + Array(repeating: "*\(before)", count: 9).joined(separator: ", ") + "]\n"
    }
    let problems = problems(text + "? *t\n: 1\n")
    #expect(problems.count == 1)
    #expect(problems.first?.message.contains("anchors") ?? false, "\(problems)")
  }

  @Test(arguments: ["[", "{", "- ", "? ", "[{a: ", "[*", "[\""]) func deepNestingIsRefused(_ unit: String) {
    #expect(problems(String(repeating: unit, count: Int(Policy.fileLimit) / unit.utf8.count)).count == 1)
  }

  /// Damage of every kind: nothing traps, and whatever is refused has a sentence.
  @Test func damagedPoliciesNeverTrap() throws {
    var random = SeededGenerator(seed: 1)
    let platform = try Fixtures.bytes("policies/platform.yml")
    let junk = Array("&*!|>%@`{}[]:,-?#'\"\\\t\n ~<\u{85}\u{FEFF}".utf8) + [0, 0xC3, 0xFF]
    for _ in 0..<2000 {
      var bytes = platform
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let position = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[position] = junk.randomElement(using: &random) ?? 0
        case 1: bytes.remove(at: position)
        default: bytes.insert(junk.randomElement(using: &random) ?? 0, at: position)
        }
      }
      for problem in problems(bytes) {
        #expect(problem.message.count > 10, "\(String(decoding: bytes, as: UTF8.self))")
      }
    }
  }
}
