import JSON
import LoRATestSupport
import Testing

/// `compress` and `decompress` as a user meets them.
@Suite struct CompressionTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A copy of a fixture's folder, to write beside it.
  private func adapter(_ name: String = "llama-all-linear") throws -> String {
    let result = try Program.shell("cp -r adapters/\(name) '\(folder.path("adapter"))'")
    #expect(result.code == 0)
    return folder.path("adapter")
  }

  @Test(arguments: [("none", ".zst"), ("byte-plane", ".bpz")])
  func theExactBytesComeBack(_ filter: String, _ ending: String) throws {
    let path = try adapter() + "/adapter_model.safetensors"
    let packed = try Program.run(["compress", path, "--filter", filter, "--verify", "--format", "json", "--jobs", "3"])
    #expect(packed.code == 0, "\(packed.errors)")
    let document = try packed.json()
    #expect(document["schema"] == .string("lora-tool/compress/1"))
    let file = try #require(document["files"]?.array?.first)
    #expect(file["output"] == .string(path + ending))
    #expect(file["verified"] == .bool(true))
    #expect(file["filter"] == .string(filter))
    for key in ["input", "input_bytes", "output_bytes", "ratio", "seconds", "level", "frames"] {
      #expect(file[key] != nil, "\(key)")
    }
    let restored = try Program.run([
      "decompress", path + ending, "--output", folder.path("restored"), "--verify", "--format", "json",
    ])
    #expect(restored.code == 0, "\(restored.errors)")
    #expect(try restored.json()["schema"] == .string("lora-tool/decompress/1"))
    #expect(try Program.shell("cmp '\(path)' '\(folder.path("restored"))'").code == 0)
  }

  @Test(arguments: ["zst", "bpz"]) func everyCommandReadsTheCompressedFile(_ ending: String) throws {
    let path = try adapter()
    let before = try Program.run(["inspect", path, "--format", "json", "--stats"]).json()
    let filter = ending == "zst" ? "none" : "byte-plane"
    #expect(try Program.run(["compress", path, "--filter", filter]).code == 0)
    try folder.remove("adapter/adapter_model.safetensors")
    let after = try Program.run(["inspect", path, "--format", "json", "--stats"])
    #expect(after.code == 0, "\(after.errors)")
    let document = try after.json()
    for key in ["modules", "tensor_bytes", "metadata", "rank", "targets"] {
      #expect(document["adapters"]?.array?.first?[key] == before["adapters"]?.array?.first?[key], "\(key)")
    }
    let checked = try Program.run(["validate", path, "--base", "models/llama-bf16-sharded"])
    #expect(checked.code == 0, "\(checked.output)")
    let merge = try Program.run([
      "merge", "--base", "models/llama-bf16-sharded", "--adapter", path, "--output", folder.path("merged"),
    ])
    #expect(merge.code == 0, "\(merge.errors)")
    let restored = try Program.run(["decompress", path])
    #expect(restored.code == 0, "\(restored.errors)")
    let same = "cmp adapters/llama-all-linear/adapter_model.safetensors '\(path)/adapter_model.safetensors'"
    #expect(try Program.shell(same).code == 0)
  }

  @Test func filesOfOtherWritersAreRestored() throws {
    for name in ["llama-zstd", "llama-zstd-seekable"] {
      let output = folder.path(name)
      let result = try Program.run(["decompress", "adapters/\(name)", "--output", output, "--verify"])
      #expect(result.code == 0, "\(result.errors)")
      #expect(try Program.run(["inspect", output + ".none"]).code == 2)
      #expect(try Program.shell("mv '\(output)' '\(output).safetensors'").code == 0)
      #expect(try Program.run(["inspect", output + ".safetensors"]).code == 0)
    }
  }

  @Test(arguments: ["none", "byte-plane"]) func pipesWork(_ filter: String) throws {
    let source = "adapters/llama-all-linear/adapter_model.safetensors"
    let line = "\"$TOOL\" compress --filter \(filter) - < \(source) 2>/dev/null | \"$TOOL\" decompress - 2>/dev/null"
    #expect(try Program.shell("set -o pipefail; \(line) | cmp - \(source)").code == 0)
  }

  @Test func anExistingFileStaysUnlessToldOtherwise() throws {
    let path = try adapter() + "/adapter_model.safetensors"
    try folder.write("taken", "mine")
    let refused = try Program.run(["compress", path, "--output", folder.path("taken")])
    #expect(refused.code == 2)
    #expect(refused.errors.contains("--overwrite"))
    #expect(try Program.shell("cat '\(folder.path("taken"))'").output == "mine")
    let replaced = try Program.run(["compress", path, "--output", folder.path("taken"), "--overwrite"])
    #expect(replaced.code == 0, "\(replaced.errors)")
    #expect(try Program.shell("ls -A '\(folder.path)'").output == "adapter\ntaken\n")
  }

  @Test(arguments: [
    (["compress", "adapters/adapters.json"], "not a safetensors"), (["compress", "no/such/file"], "no such file"),
    (["compress", "adapters/llama-zstd"], "compressed already"),
    (["decompress", "adapters/adapters.json"], "--output"),
    (["decompress", "no/such.zst"], "no such file"),
  ])
  func whatCannotBeDoneIsExitTwo(_ arguments: [String], _ word: String) throws {
    let result = try Program.run(arguments)
    #expect(result.code == 2)
    #expect(result.errors.contains(word), "\(result.errors)")
  }

  @Test func wrongUsageIsExitSixtyFour() throws {
    for arguments in [
      ["compress"], ["compress", "a", "b", "--output", "c"], ["compress", "a", "--level", "0"],
      ["compress", "a", "--level", "23"], ["compress", "-", "-"], ["decompress", "a", "--jobs", "0"],
      ["compress", "a", "--filter", "delta"],
    ] {
      #expect(try Program.run(arguments).code == 64, "\(arguments)")
    }
  }

  /// Damage at any place is one sentence and exit 2, and leaves nothing behind.
  @Test(arguments: ["none", "byte-plane"]) func damageLeavesNothingBehind(_ filter: String) throws {
    let path = try adapter("llama-nano") + "/adapter_model.safetensors"
    let packed = folder.path("packed.bpz")
    #expect(try Program.run(["compress", path, "--filter", filter, "--output", packed]).code == 0)
    let size = try #require(Int(try Program.shell("stat -c %s '\(packed)'").output.dropLast()))
    for offset in [0, 9, 40, size / 2, size - 30, size - 12, size - 5] {
      let damaged = folder.path("damaged.bpz")
      let change = "cp '\(packed)' '\(damaged)' && printf '\\x5a' | dd of='\(damaged)' bs=1 seek=\(offset) conv=notrunc"
      #expect(try Program.shell(change).code == 0)
      let result = try Program.run(["decompress", damaged, "--output", folder.path("restored")])
      #expect(result.code == 2, "byte \(offset)")
      #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
      #expect(result.errors.contains("damaged.bpz"), "\(result.errors)")
    }
    #expect(try Program.shell("ls -A '\(folder.path)'").output == "adapter\ndamaged.bpz\npacked.bpz\n")
  }
}
