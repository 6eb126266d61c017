import JSON
import LoRATestSupport
import Testing

/// `resize` as a user meets it.
@Suite struct ResizeCommandTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func oneAdapterBecomesAFolderThatValidates() throws {
    let output = folder.path("out")
    let run = try Program.run([
      "resize", "adapters/llama-all-linear", "--rank", "4", "--output", output, "--format", "json",
    ])
    #expect(run.code == 0, "\(run.errors)")
    let document = try run.json()
    #expect(document["schema"] == .string("lora-tool/resize/1"))
    #expect(document["rank_before"] == .integer(8) && document["rank"] == .integer(4))
    let module = try #require(document["modules"]?.array?.first)
    for key in ["name", "rank_before", "rank", "energy", "error", "error_spectral"] {
      #expect(module[key] != nil, "\(key)")
    }
    let check = try Program.run(["validate", "--base", "models/llama-bf16-sharded", output])
    #expect(check.code == 0, "\(check.output)")
    let record = try JSONValue(parsing: Array(try Program.shell("cat '\(output)/lora-tool.json'").output.utf8))
    #expect(record["command"] == .string("resize") && record["options"]?["rank"] == .integer(4))
    // What is there stays, unless it is to be replaced.
    let again = try Program.run(["resize", "adapters/llama-all-linear", "--rank", "4", "--output", output])
    #expect(again.code == 2 && again.errors.contains("--overwrite"))
    let replaced = try Program.run([
      "resize", "adapters/llama-all-linear", "--energy", "0.9", "--output", output, "--overwrite", "--quiet",
    ])
    #expect(replaced.code == 0 && replaced.output.isEmpty)
  }

  @Test func severalAdaptersBecomeAFolderEach() throws {
    #expect(
      try Program.shell(
        """
        mkdir -p '\(folder.path(""))'/in/{a,b} && cp -r adapters/llama-all-linear '\(folder.path("in/a/v1"))' &&
        cp -r adapters/llama-rslora '\(folder.path("in/b/v1"))' && cp -r adapters/llama-f64 '\(folder.path("in/c"))'
        """
      ).code == 0)
    let run = try Program.run([
      "resize", folder.path("in"), "--energy", "0.8", "--uniform", "--output", folder.path("out"), "--format", "json",
    ])
    #expect(run.code == 0, "\(run.errors)")
    let members = try #require(try run.json()["adapters"]?.array)
    #expect(members.count == 3)
    #expect(Set(members.compactMap { $0["rank"]?.int64 }).count == 1)
    let outputs = members.compactMap { $0["output"]?.string }
    #expect(outputs == ["a-v1", "b-v1", "c"].map { folder.path("out/\($0)") })
    #expect(try run.json()["memory"]?["slot_bytes_freed"]?.int64 ?? 0 > 0)
    for output in outputs { #expect(try Program.run(["validate", output]).code == 0) }
  }

  @Test func aDryRunWritesNothing() throws {
    let run = try Program.run([
      "resize", "surgery/resize/wide", "--error", "0.1", "--dry-run", "--format", "json", "--output",
      folder.path("out"),
    ])
    #expect(run.code == 0, "\(run.errors)")
    let document = try run.json()
    #expect(document["dry_run"] == .bool(true))
    #expect(document["error"]?.double ?? 1 <= 0.1 && document["error"]?.double ?? 0 > 0)
    #expect(try Program.shell("test -e '\(folder.path("out"))'").code == 1)
  }

  @Test(
    arguments: [
      ([], "one of --rank"), (["--rank", "4", "--energy", "0.9"], "one of --rank"), (["--rank", "0"], "--rank"),
      (["--energy", "1.5"], "--energy"), (["--ratio", "0.5"], "--ratio"), (["--error", "nan"], "--error"),
    ] as [([String], String)])
  func wrongUsageIsSaid(_ options: [String], _ word: String) throws {
    let run = try Program.run(["resize", "adapters/llama-all-linear", "--output", folder.path("out")] + options)
    #expect(run.code == 64 && run.errors.contains(word))
  }

  @Test func whatHasNoAnswerEndsWithTwoAndLeavesNothing() throws {
    let run = try Program.run([
      "resize", "formats/kohya-loha", "adapters/llama-all-linear", "--rank", "2", "--output", folder.path("out"),
    ])
    #expect(run.code == 2 && run.errors.contains("LOHA"))
    #expect(try Program.shell("test -e '\(folder.path("out"))'").code == 1)
  }
}
