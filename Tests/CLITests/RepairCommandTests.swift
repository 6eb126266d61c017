import JSON
import LoRAIO
import LoRATestSupport
import SHA2
import TensorCore
import Testing

/// `lora-tool repair` as a user runs it.
@Suite struct RepairCommandTests {
  private func repair(_ arguments: [String], to output: String) throws -> (code: Int32, document: JSONValue) {
    let run = try Program.run(["repair", "--output", output, "--format", "json"] + arguments)
    return (run.code, try run.json())
  }

  @Test func oneAdapterHasItsMembersAtTheTop() throws {
    let folder = try TemporaryFolder()
    let (code, document) = try repair(["broken/naming-default"], to: folder.path("out"))
    #expect(code == 0)
    #expect(document["schema"]?.string == "lora-tool/repair/1")
    #expect(document["status"]?.string == "mended" && document["left"]?.array?.isEmpty ?? false)
    let mend = try #require(document["mended"]?.array?.first)
    #expect(mend["rule"]?.string == "export-naming" && mend["exact"]?.bool == true)
    #expect(mend["what"]?.string?.contains("default") ?? false)
    #expect(
      try Folder.names(in: folder.path("out"))
        == ["adapter_config.json", "adapter_model.safetensors", "lora-tool.json"])
    #expect(try Program.run(["validate", folder.path("out")]).code == 0)
  }

  @Test func whatIsLeftFailsAndIsWritten() throws {
    let folder = try TemporaryFolder()
    let (code, document) = try repair(["broken/config-alpha-null"], to: folder.path("out"))
    #expect(code == 1 && document["status"]?.string == "left")
    #expect(document["left"]?.array?.first?["rule"]?.string == "config-invalid")
    #expect(FileKind(path: folder.path("out")) == .folder)
    let asked = try repair(["broken/config-alpha-null", "--alpha", "4"], to: folder.path("asked"))
    #expect(asked.code == 0)
  }

  /// Values of weights that are copied are looked at while they are, and the record's digest is begun before.
  @Test(arguments: [["--jobs", "1"], ["--jobs", "4"]]) func aCopyIsCheckedAsItLies(_ options: [String]) throws {
    let folder = try TemporaryFolder()
    var weights = SafetensorsBuilder()
    let module = "base_model.model.model.layers.0.self_attn.q_proj."
    weights.add(module + "lora_A.weight", .f32, [2, 8], values: (0..<16).map { $0 == 5 ? .nan : Float($0) })
    weights.add(module + "lora_B.weight", .f32, [8, 2], values: (0..<16).map { $0 == 3 ? .infinity : Float($0) })
    try folder.write("in/adapter_model.safetensors", weights)
    let config = #"{"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["q_proj"]}"#
    try folder.write("in/adapter_config.json", config)
    let (code, document) = try repair([folder.path("in")] + options, to: folder.path("out"))
    let check = try Program.run(["validate", folder.path("out"), "--format", "json"])
    let findings = try check.json()["adapters"]?.array?.first?["findings"]?.array ?? []
    func rules(_ findings: [JSONValue]?) -> [String] { (findings ?? []).map { $0["rule"]?.string ?? "" } }
    #expect(code == 1 && check.code == 1)
    #expect(rules(document["left"]?.array) == rules(findings) && rules(findings).contains("value-nan"))
    let name = "adapter_model.safetensors"
    let copied = try InputFile.contents(of: folder.path("out/\(name)"), limit: 1 << 20)
    #expect(try copied == InputFile.contents(of: folder.path("in/\(name)"), limit: 1 << 20))
    let record = try JSONValue(parsing: InputFile.contents(of: folder.path("out/lora-tool.json"), limit: 1 << 20))
    var hash = SHA256()
    unsafe copied.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
    #expect(record["inputs"]?.array?.first?["sha256"]?.string == hash.finalize().description)
  }

  @Test func aDryRunWritesNothing() throws {
    let folder = try TemporaryFolder()
    let (code, document) = try repair(["broken/rank-global", "--dry-run"], to: folder.path("out"))
    #expect(code == 0 && document["dry_run"]?.bool == true && document["output"] == .null)
    #expect(document["mended"]?.array?.count == 1)
    #expect(try Folder.names(in: folder.path("")) == [])
  }

  @Test func severalAdaptersGetAFolderEach() throws {
    let folder = try TemporaryFolder()
    let (code, document) = try repair(
      ["broken/naming-default", "adapters/llama-nano", "broken/header-truncated", "broken/pair-no-a"],
      to: folder.path("out"))
    #expect(code == 2)
    let adapters = try #require(document["adapters"]?.array)
    #expect(adapters.map { $0["status"]?.string } == ["mended", "sound", "unreadable", "left"])
    #expect(try Folder.names(in: folder.path("out")) == ["llama-nano", "naming-default", "pair-no-a"])
  }

  @Test func theInputIsNeverReplaced() throws {
    let folder = try TemporaryFolder()
    let path = Fixtures.path("broken/naming-default")
    for name in try Folder.names(in: path) {
      try folder.write("a/\(name)", InputFile.contents(of: "\(path)/\(name)", limit: 1 << 20))
    }
    #expect(try Program.run(["repair", folder.path("a"), "--output", folder.path("a")]).code == 2)
    #expect(try Program.run(["repair", folder.path("a"), "--output", folder.path("a"), "--overwrite"]).code == 2)
    #expect(try Folder.names(in: folder.path("a")).contains("lora-tool.json") == false)
  }

  @Test func anAlphaIsANumber() throws {
    #expect(try Program.run(["repair", "broken/rank-global", "--dry-run", "--alpha", "nan"]).code == 64)
  }
}
