import JSON
import LoRATestSupport
import TensorCore
import Testing

/// What a user gets to see for bad input: one clear sentence and the exit code of the contract, never a trap.
@Suite struct BadInputTests {
  /// One broken fixture and what must be said of it.
  private struct Broken {
    var name: String
    var path: String
    var rules: Set<String>
    var allowed: Set<String>
    var severity: String
    /// Options that the case needs, which also group the cases into runs.
    var options: [String]
  }

  private static func broken() throws -> [Broken] {
    try #require(try Fixtures.json("broken/broken.json").array).map { entry in
      var options: [String] = []
      if let base = entry["base"]?.string { options += ["--base", base] }
      if let dtype = entry["serving_dtype"]?.string { options += ["--serving-dtype", dtype] }
      if let engine = entry["engine"]?.string { options += ["--engine", engine] }
      let rules = Set((entry["rules"]?.array ?? []).compactMap(\.string))
      return Broken(
        name: try #require(entry["name"]?.string), path: try #require(entry["path"]?.string), rules: rules,
        allowed: rules.union((entry["may"]?.array ?? []).compactMap(\.string)),
        severity: try #require(entry["severity"]?.string), options: options)
    }
  }

  /// One run for all cases with the same options: no broken adapter stops the check of the others.
  @Test func everyBrokenFixtureIsNamedByItsRule() throws {
    let cases = try Self.broken()
    #expect(cases.count >= 100)
    for (options, group) in Dictionary(grouping: cases, by: \.options) {
      let result = try Program.run(["validate", "--format", "json"] + options + group.map(\.path))
      let document = try result.json()
      let adapters = try #require(document["adapters"]?.array)
      let ofBase = document["base"]?["findings"]?.array ?? []
      #expect(document["checked"] == .integer(Int64(adapters.count)))
      #expect(result.code == (group.contains { $0.severity == "error" } ? 1 : 0), "\(options): \(result.errors)")
      for broken in group {
        let entries = adapters.filter { $0["path"]?.string?.hasPrefix(broken.path) == true }
        let findings = entries.flatMap { $0["findings"]?.array ?? [] } + ofBase
        let found = Set(findings.compactMap { $0["rule"]?.string })
        #expect(!entries.isEmpty, "\(broken.name)")
        #expect(broken.rules.isSubset(of: found), "\(broken.name): expected \(broken.rules), found \(found)")
        let errors = Set(findings.filter { $0["severity"] == .string("error") }.compactMap { $0["rule"]?.string })
        #expect(errors.isSubset(of: broken.allowed), "\(broken.name): \(errors) beside \(broken.allowed)")
        for finding in findings {
          #expect(finding["message"]?.string?.isEmpty == false, "\(broken.name)")
          #expect(finding["file"]?.string?.isEmpty == false, "\(broken.name)")
        }
      }
    }
  }

  @Test(arguments: [
    ("rank-global", "rank-mismatch"), ("rank-module", "rank-mismatch"), ("base-one-size", "base-shape-mismatch"),
    ("file-html", "file-not-safetensors"), ("header-truncated", "header-invalid"), ("pickle-weights", "pickle-weights"),
    ("config-not-json", "config-invalid"), ("config-lokr", "config-unsupported-type"), ("pair-no-b", "pair-incomplete"),
    ("value-nan-bf16-7fc0", "value-nan"), ("header-duplicate-tensor", "header-duplicate-key"),
    ("naming-default", "export-naming"), ("compressed-bomb", "compressed-corrupt"),
  ])
  func aBrokenAdapterIsOneClearSentence(_ name: String, _ rule: String) throws {
    let broken = try #require(try Self.broken().first { $0.name == name })
    let result = try Program.run(["validate"] + broken.options + [broken.path])
    #expect(result.code == 1)
    #expect(result.errors.isEmpty)
    let lines = result.output.split(separator: "\n").filter { $0.contains("  error  \(rule) ") }
    #expect(lines.count == 1, "\(result.output)")
    #expect(lines.allSatisfy { $0.count > rule.count + 40 }, "\(lines)")
  }

  @Test func honestAdaptersPassAgainstTheirOwnBase() throws {
    let cases = try #require(try Fixtures.json("adapters/adapters.json").array)
    let groups = try Dictionary(grouping: cases) { try #require($0["base"]?.string) }
    for (base, entries) in groups {
      let names = try entries.map { try #require($0["name"]?.string) }
      let result = try Program.run(["validate", "--format", "json", "--base", base] + names.map { "adapters/\($0)" })
      for adapter in try #require(try result.json()["adapters"]?.array) {
        let path = try #require(adapter["path"]?.string)
        // PEFT itself loads nothing from names without its prefix, and says so in a warning at most.
        if path.hasSuffix("llama-no-prefix") { continue }
        #expect(adapter["status"] != .string("fail"), "\(path): \(adapter["findings"]?.text() ?? "")")
      }
    }
  }

  /// Command lines whose work cannot be done: exit 2 and one line that says what, where and why.
  @Test(arguments: [
    (["inspect", "no/such/adapter"], "no such file or folder"),
    (["validate", "no/such/adapter"], "no such file or folder"),
    (["validate", "models/llama-f32"], "base model"),
    (["validate", "--base", "no/such/base", "adapters/llama-nano"], "base model"),
    (["validate", "make"], "no adapter found"),
    (["inspect", "broken/file-html"], "HTML"),
    (["inspect", "broken/file-lfs-pointer"], "LFS"),
    (["inspect", "/dev/null"], "not a regular file"),
    (["merge", "--base", "models/llama-f32", "--adapter", "adapters/gpt2", "--output", "/tmp/never"], "gpt2"),
    (["bases", "--base", "no/such/base"], "base model"),
  ])
  func workThatCannotBeDoneIsExitTwo(_ arguments: [String], _ word: String) throws {
    let result = try Program.run(arguments)
    #expect(result.code == 2, "\(arguments): \(result.output)\(result.errors)")
    #expect((result.output + result.errors).contains(word), "\(arguments): \(result.errors)")
    #expect(!result.errors.contains("Fatal error"), "\(arguments)")
  }

  @Test(arguments: [
    ["frobnicate"], ["validate", "--engine", "nosuch", "."], ["validate", "--shard", "4/4", "."],
    ["validate", "--fail-on", "never", "."], ["merge"], ["explain", "no-such-rule"], ["inspect", "--format", "xml"],
    ["validate", "--serving-dtype", "int8", "."],
  ])
  func wrongUsageIsExit64(_ arguments: [String]) throws {
    let result = try Program.run(arguments)
    #expect(result.code == 64, "\(arguments): \(result.errors)")
    #expect(result.output.isEmpty)
    #expect(!result.errors.isEmpty)
  }

  @Test func aReaderThatGoesAwayIsNoError() throws {
    let result = try Program.shell(#"set -o pipefail; "$TOOL" inspect --tensors adapters/llama-all-linear | head -1"#)
    #expect(result.code == 0)
    #expect(result.output.contains("a PEFT LoRA adapter"))
  }

  @Test func aFullDiskIsSaid() throws {
    let result = try Program.shell(#""$TOOL" inspect adapters/llama-all-linear > /dev/full"#)
    #expect(result.code == 2)
    #expect(result.output.contains("no space left"))
  }

  @Test func namesFromFilesDoNotReachTheTerminal() throws {
    let folder = try TemporaryFolder()
    var builder = SafetensorsBuilder(metadata: [("note", "\u{1B}]0;owned\u{7}")])
    builder.add("base_model.model.evil\u{1B}[31m.q_proj.lora_A.weight", .f32, [2, 4])
    builder.add("base_model.model.evil\u{1B}[31m.q_proj.lora_B.weight", .f32, [4, 2])
    builder.add("strange\u{1B}[2J", .f32, [2])
    try folder.write("adapter_model.safetensors", builder.bytes)
    try folder.write("adapter_config.json", #"{"peft_type":"LORA","r":2,"lora_alpha":4,"target_modules":["q_proj"]}"#)
    for arguments in [["inspect", "--tensors"], ["validate"], ["inspect", "--format", "markdown"]] {
      let result = try Program.run(arguments + [folder.path])
      #expect(!result.output.utf8.contains(0x1B), "\(arguments)")
      #expect(!result.output.utf8.contains(0x07), "\(arguments)")
      #expect(!result.errors.utf8.contains(0x1B), "\(arguments)")
    }
  }
}
