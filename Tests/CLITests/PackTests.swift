import JSON
import LoRATestSupport
import Testing

/// `lora-tool pack` as a user meets it.
@Suite struct PackTests {
  private let base = ["--base", "models/llama-bf16-sharded"]
  private let slots = ["--max-loras", "3", "--max-lora-rank", "16"]

  private func pack(_ arguments: [String]) throws -> Program.Result {
    try Program.run(["pack"] + base + slots + arguments)
  }

  @Test func hasTheKeysOfTheContractAndVerifies() throws {
    let folder = try TemporaryFolder()
    let image = folder.path("slots.safetensors")
    let result = try pack([
      "adapters/llama-all-linear", "adapters/llama-patterns", "--verify", "--output", image, "--format", "json",
    ])
    #expect(result.code == 0, "\(result.errors)")
    let document = try result.json()
    #expect(document["schema"] == .string("lora-tool/pack/1"))
    for key in ["tool_version", "device", "slots", "slot_bytes", "total_bytes", "padding_bytes", "verified"] {
      #expect(document[key] != nil, "\(key)")
    }
    #expect(document["device"] == .string("host") && document["verified"] == .bool(true))
    let rows = try #require(document["slots"]?.array)
    #expect(rows.count == 2)
    for (index, row) in rows.enumerated() {
      for key in ["slot", "adapter", "rank", "bytes", "seconds"] { #expect(row[key] != nil, "slots[].\(key)") }
      #expect(row["slot"] == .integer(Int64(index)))
    }
    #expect(rows[0]["rank"] == .integer(8))
    let check = try Program.run(["inspect", image, "--format", "json"])
    let tensors = try #require(try check.json()["adapters"]?.array?.first?["tensor_bytes"]?.int64)
    #expect(document["total_bytes"]?.int64.map { $0 >= tensors } == true)
    #expect(document["slot_bytes"]?.int64.map { $0 * 3 == tensors } == true)
    // The same slots are the same file.
    let again = folder.path("again.safetensors")
    let second = try pack(["adapters/llama-all-linear", "adapters/llama-patterns", "--output", again, "--jobs", "1"])
    #expect(second.code == 0, "\(second.errors)")
    #expect(try Program.shell("cmp \(image) \(again)").code == 0)
    #expect(try Program.shell("ls -A \(folder.path)").output == "again.safetensors\nslots.safetensors\n")
  }

  @Test(arguments: [
    ["--layout", "slot-major"], ["--engine", "sglang", "--max-lora-rank", "12"], ["--dtype", "f16"],
    ["--tensor-parallel", "2", "--rank", "1"], ["--tensor-parallel", "2", "--fully-sharded"],
    ["--target-modules", "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj", "--dtype", "f32"],
    ["--device", "auto"],
  ])
  func everyWayOfPackingVerifies(arguments: [String]) throws {
    let rank = arguments.contains("--max-lora-rank") ? [] : ["--max-lora-rank", "16"]
    let result = try Program.run(
      ["pack"] + base + rank + ["adapters/llama-all-linear", "--verify", "--max-loras", "2"] + arguments)
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.contains("every byte of 2 slots"))
  }

  @Test func compressedWeightsArePacked() throws {
    for name in ["llama-zstd", "llama-zstd-seekable"] {
      let result = try pack(["adapters/\(name)", "--verify"])
      #expect(result.code == 0, "\(result.errors)")
    }
  }

  @Test(arguments: [("llama-zstd-seekable", ["disk", "decompress", "host"]), ("llama-zstd", ["decompress", "host"])])
  func compressedWeightsNeedNoTemporaryFile(_ name: String, _ stages: [String]) throws {
    let arguments = ["pack"] + base + ["--skip-validation", "adapters/\(name)", "--format", "json"]
    let result = try Program.run(arguments, environment: ["TMPDIR": "/nonexistent"])
    #expect(result.code == 0, "\(result.errors)")
    let times = try #require(try result.json()["slots"]?.array?.first?["stages"])
    for stage in stages { #expect(try #require(times[stage]?.double) > 0, "\(stage) of \(times)") }
  }

  @Test func sizesAreSaidBeforeAnythingIsAllocated() throws {
    let result = try Program.run([
      "pack", "--base", "bases/llama-3.1-8b.json", "--max-loras", "8", "--max-lora-rank", "64", "--dry-run", "--memory",
      "80GiB", "--format", "json",
    ])
    #expect(result.code == 0, "\(result.errors)")
    let document = try result.json()
    #expect(document["slot_bytes"] == .integer(369_426_432))
    #expect(document["total_bytes"] == .integer(8 * 369_426_432))
    #expect(document["largest_max_loras"] == .integer(Int64((80 << 30) / 369_426_432)))
    let absurd = try Program.run([
      "pack", "--base", "bases/llama-3.1-8b.json", "--max-loras", "16000000", "--max-lora-rank", "512",
      "adapters/llama-all-linear", "--skip-validation",
    ])
    #expect(absurd.code == 2, "\(absurd.errors)")
  }

  @Test func adaptersThatDoNotFitAreRefusedWithTheRule() throws {
    let folder = try TemporaryFolder()
    for (arguments, text) in [
      (["adapters/llama-dora"], "engine-unsupported"), (["adapters/gpt2"], "base-module-missing"),
      (["broken/rank-global"], "rank-mismatch"),
      (["adapters/llama-all-linear", "adapters/save-head"], "engine-unsupported"),
      (["adapters/llama-dora", "--skip-validation"], "DoRA"),
      (["adapters/llama-all-linear", "--target-modules", "q_proj"], "engine-silent"),
    ] {
      let result = try pack(arguments + ["--output", folder.path("image.safetensors")])
      #expect(result.code == 2 && result.errors.contains(text), "\(arguments): \(result.errors)")
      #expect(result.output.isEmpty)
    }
    let small = try Program.run(
      ["pack"] + base + ["--max-loras", "1", "--max-lora-rank", "1", "adapters/llama-all-linear"])
    #expect(small.code == 2 && small.errors.contains("engine-rank"), "\(small.errors)")
    let many = try Program.run(
      ["pack"] + base + ["--max-loras", "1", "adapters/llama-all-linear", "adapters/llama-patterns"])
    #expect(many.code == 2 && many.errors.contains("2 adapters do not fit into 1 slot;"), "\(many.errors)")
    #expect(try Program.shell("ls -A \(folder.path)").output.isEmpty)
  }

  @Test(arguments: [
    ["--max-loras", "0"], ["--max-lora-rank", "12"], ["--engine", "lorax"], ["--dtype", "i8"], ["--device", "cuda:x"],
    ["--rank", "1"], ["--tensor-parallel", "0"], ["--memory", "many"], ["--jobs", "0"], ["--layout", "other"],
    ["--dry-run", "--verify"],
  ])
  func wrongUsageIs64(arguments: [String]) throws {
    let result = try Program.run(["pack"] + base + ["adapters/llama-all-linear"] + arguments)
    #expect(result.code == 64, "\(arguments): \(result.code) \(result.errors)")
  }

  @Test func anOutputThatExistsOrCannotBeWrittenIsLeftAlone() throws {
    let folder = try TemporaryFolder()
    let image = try folder.write("image.safetensors", "mine")
    let refused = try pack(["adapters/llama-all-linear", "--output", image])
    #expect(refused.code == 2 && refused.errors.contains("exists already"), "\(refused.errors)")
    #expect(try Program.shell("cat \(image)").output == "mine")
    let replaced = try pack(["adapters/llama-all-linear", "--output", image, "--overwrite"])
    #expect(replaced.code == 0, "\(replaced.errors)")
    #expect(try Program.shell("ls -A \(folder.path)").output == "image.safetensors\n")
    for path in ["/dev/null", folder.path, "/nowhere/at/all", folder.path("image.safetensors/below")] {
      #expect(try pack(["adapters/llama-all-linear", "--output", path]).code == 2, "\(path)")
    }
  }

  @Test(.disabled(if: Sanitizer.isOn, "sanitizers write more than the limit"))
  func withoutRoomForTheImageNothingStaysAndWhatWasThereStaysAsItIs() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("image.safetensors", "mine")
    let full = try Program.shell(
      "ulimit -f 16; trap '' XFSZ; $TOOL pack \((base + slots).joined(separator: " ")) adapters/llama-all-linear "
        + "--output \(folder.path)/full.safetensors")
    #expect(full.code == 2, "\(full.output)")
    #expect(try Program.shell("ls -A \(folder.path)").output == "image.safetensors\n")
  }

  @Test func aDeviceThatWasNamedAndIsNotThereIsAnError() throws {
    let result = try pack(["adapters/llama-all-linear", "--device", "cuda:7"])
    #expect(result.code == 2 && result.errors.contains("cuda:7"), "\(result.errors)")
  }
}

/// `pack --device cuda` on the fake driver that is built beside the program.
@Suite struct PackOnCUDATests {
  private func pack(_ device: String, _ environment: [String: String] = [:]) throws -> Program.Result {
    try Program.run(
      [
        "pack", "--base", "models/llama-bf16-sharded", "--max-loras", "2", "--max-lora-rank", "16", "--device", device,
        "--verify", "--format", "json", "adapters/llama-all-linear", "adapters/llama-layers",
      ], environment: ["LORA_TOOL_LIBCUDA": Program.fakeCUDA].merging(environment) { $1 })
  }

  @Test(arguments: [["FAKE_CUDA_POLICY": "lazy"], ["FAKE_CUDA_POLICY": "random:7"], ["FAKE_CUDA_JIT": "222"]])
  func slotsOnAGPUHoldWhatTheReferenceSays(_ environment: [String: String]) throws {
    let result = try pack("cuda", environment)
    #expect(result.code == 0, "\(result.errors)")
    let document = try result.json()
    #expect(document["verified"] == .bool(true))
    #expect(document["device"]?.string?.hasPrefix("cuda:0") == true || document["device"]?.object != nil)
    #expect(result.errors.contains("the kernel cannot be used") == (environment["FAKE_CUDA_JIT"] != nil))
  }

  @Test func aGPUWithoutRoomIsNamedWithWhatWouldFit() throws {
    let result = try pack("cuda:1", ["FAKE_CUDA_MEMORY": "100000"])
    #expect(result.code == 2 && result.errors.contains("slots of this size fit"), "\(result.errors)")
  }

  @Test func autoTakesHostMemoryWithoutAGPUAndSaysSo() throws {
    let result = try pack("auto", ["FAKE_CUDA_DEVICES": "0"])
    #expect(result.code == 0 && result.errors.contains("CUDA_ERROR_NO_DEVICE"), "\(result.errors)")
    #expect(try pack("cuda", ["FAKE_CUDA_DEVICES": "0"]).code == 2)
  }

  /// A failing call anywhere ends in exit 2 and one line, never in a trap.
  @Test func aFailingDriverCallIsOneSentence() throws {
    for number in [1, 2, 5, 9, 20, 40, 60, 90] {
      let result = try pack("cuda", ["FAKE_CUDA_FAIL": "\(number)"])
      #expect(result.code == 0 || result.code == 2, "call \(number): \(result.code) \(result.errors)")
      if result.code == 2 { #expect(result.errors.contains("CUDA_ERROR_INVALID_VALUE"), "\(result.errors)") }
    }
  }
}
