import LoRATestSupport
import TensorCore
import Testing

/// What a user gets to see for bad input: one clear sentence and the exit code of the contract, never a trap.
@Suite struct BadInputTests {
  @Test func everyBrokenFixtureIsNamedByItsRule() throws {
    let cases = try #require(try Fixtures.json("broken/broken.json").array)
    #expect(cases.count >= 100)
    for entry in cases {
      let name = try #require(entry["name"]?.string)
      let path = try #require(entry["path"]?.string)
      var arguments = ["validate", "--format", "json"]
      if let base = entry["base"]?.string { arguments += ["--base", base] }
      if let dtype = entry["serving_dtype"]?.string { arguments += ["--serving-dtype", dtype] }
      if let engine = entry["engine"]?.string { arguments += ["--engine", engine] }
      let result = try Program.run(arguments + [path])
      let expected = Set((entry["rules"]?.array ?? []).compactMap(\.string))
      let isError = entry["severity"] == .string("error")
      #expect(result.code == (isError ? 1 : 0), "\(name): \(result.errors)")
      let document = try result.json()
      let adapters = try #require(document["adapters"]?.array, "\(name)")
      let findings = adapters.flatMap { $0["findings"]?.array ?? [] } + (document["base"]?["findings"]?.array ?? [])
      let found = Set(findings.compactMap { $0["rule"]?.string })
      #expect(expected.isSubset(of: found), "\(name): expected \(expected.sorted()), found \(found.sorted())")
      let allowed = expected.union((entry["may"]?.array ?? []).compactMap(\.string))
      let errors = Set(findings.filter { $0["severity"] == .string("error") }.compactMap { $0["rule"]?.string })
      #expect(errors.isSubset(of: allowed), "\(name): \(errors.subtracting(allowed).sorted()) was not expected")
      for finding in findings {
        #expect(finding["message"]?.string?.isEmpty == false, "\(name)")
        #expect(finding["file"]?.string?.isEmpty == false, "\(name)")
      }
    }
  }

  @Test func honestAdaptersPassAgainstTheirOwnBase() throws {
    let cases = try #require(try Fixtures.json("adapters/adapters.json").array)
    for entry in cases {
      let name = try #require(entry["name"]?.string)
      let base = try #require(entry["base"]?.string)
      let result = try Program.run(["validate", "--base", base, "adapters/\(name)"])
      #expect(result.code == 0 || entry["mergeable"] == .bool(false) || name == "llama-no-prefix", "\(name): \(result.output)")
      #expect(result.output.hasPrefix("pass") || result.output.hasPrefix("warn") || result.code == 1, "\(name)")
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
