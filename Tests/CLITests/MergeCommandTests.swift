import Foundation
import JSON
import LoRATestSupport
import TensorCore
import Testing

/// The program's `merge` and `verify` as a user runs them.
@Suite struct MergeCommandTests {
  private static let base = "models/llama-bf16-sharded"
  private static let adapter = "adapters/llama-all-linear"

  private func merge(_ output: String, _ more: [String] = [], base: String = base, adapter: String = adapter) throws
    -> Program.Result
  {
    try Program.run(["merge", "--base", base, "--adapter", adapter, "--output", output] + more)
  }

  private func verify(_ output: String, _ more: [String] = [], base: String = base, adapter: String = adapter) throws
    -> Program.Result
  {
    try Program.run(["verify", output, "--base", base, "--adapter", adapter] + more)
  }

  @Test func everyOptionMergesAndVerifiesItself() throws {
    let folder = try TemporaryFolder()
    for (number, options) in [
      [], ["--dtype", "f32"], ["--max-shard-size", "20KB"], ["--rounding", "stochastic", "--seed", "7"],
      ["--provenance", "full"], ["--provenance", "none"], ["--weight", "-0.5"], ["--jobs", "3"],
      ["--dtype", "f16", "--max-shard-size", "0.01MB", "--rounding", "stochastic"],
    ].enumerated() {
      let output = folder.path("out\(number)")
      let result = try merge(output, options + ["--verify", "full", "--format", "json"])
      #expect(result.code == 0, "\(options): \(result.errors)")
      let document = try result.json()
      #expect(document["verification"]?["status"] == "pass")
      #expect(document["complete"] == true)
      let later = try verify(output, options.filter { $0 != "--jobs" && $0 != "3" } + ["--full"])
      #expect(later.code == 0, "\(options): \(later.output)")
      // The record says the same.
      let alone = try verify(output)
      #expect(alone.code == 0, "\(options): \(alone.output)\(alone.errors)")
    }
    // The options of another merge do not fit, nor does another adapter.
    #expect(try verify(folder.path("out1"), ["--dtype", "keep"]).code == 1)
    #expect(try verify(folder.path("out0"), adapter: "adapters/llama-second").code == 1)
    let dry = try merge(folder.path("dry"), ["--dry-run", "--format", "json"]).json()
    #expect(dry["dry_run"] == true && dry["bytes_written"] == 0)
    #expect(!FileManager.default.fileExists(atPath: folder.path("dry")))
  }

  @Test func acceptedFindingsAreSaidInReportAndRecord() throws {
    let folder = try TemporaryFolder()
    let adapter = folder.path("adapter")
    try FileManager.default.createDirectory(atPath: adapter, withIntermediateDirectories: true)
    let source = Fixtures.path("adapters/llama-all-linear")
    try FileManager.default.copyItem(
      atPath: source + "/adapter_model.safetensors", toPath: adapter + "/adapter_model.safetensors")
    var config = try #require(try Fixtures.json("adapters/llama-all-linear/adapter_config.json").object)
    config["target_modules"] = .array((config["target_modules"]?.array ?? []) + ["lm_head"])
    try JSONValue.object(config).text().write(
      toFile: adapter + "/adapter_config.json", atomically: true, encoding: .utf8)
    let output = folder.path("out")
    let refused = try merge(output, adapter: adapter)
    #expect(refused.code == 2 && refused.errors.contains("target-missing"), "\(refused.errors)")
    let result = try merge(output, ["--accept", "target-missing", "--format", "json"], adapter: adapter)
    #expect(result.code == 0, "\(result.errors)")
    let warnings = try result.json()["warnings"]?.array?.compactMap(\.string) ?? []
    #expect(warnings.contains { $0.contains("accepted: target-missing: ") }, "\(warnings)")
    let record = try JSONValue(parsing: Array(Data(contentsOf: URL(fileURLWithPath: output + "/lora-merge.json"))))
    #expect(record["accepted"]?.array?.first?["rule"] == "target-missing")
    // The record says what was accepted, so that the merge verifies without saying it again.
    let verified = try verify(output, adapter: adapter)
    #expect(verified.code == 0, "\(verified.output)\(verified.errors)")
    #expect(try merge(folder.path("other"), ["--accept", "target-mising"]).code == 64)
  }

  @Test func whatPEFTWouldDropIsSaid() throws {
    let folder = try TemporaryFolder()
    let source = "adapters/llama-all-linear/"
    var config = try #require(try Fixtures.json(source + "adapter_config.json").object)
    config["target_modules"] = ["q_proj"]
    try folder.write("adapter/adapter_config.json", JSONValue.object(config).text())
    try FileManager.default.copyItem(
      atPath: Fixtures.path(source + "adapter_model.safetensors"),
      toPath: folder.path("adapter/adapter_model.safetensors"))
    let result = try merge(folder.path("out"), ["--format", "json"], adapter: folder.path("adapter"))
    #expect(result.code == 0, "\(result.errors)")
    let warnings = try result.json()["warnings"]?.array?.compactMap(\.string) ?? []
    #expect(warnings.contains { $0.contains("target-undeclared: ") }, "\(warnings)")
    #expect(try verify(folder.path("out"), adapter: folder.path("adapter")).code == 0)
  }

  @Test func expertLayoutsAreSaidOnTheCommandLine() throws {
    let folder = try TemporaryFolder()
    let base = "models/mixtral-bf16"
    func merged(_ adapter: String, _ layout: String?) throws -> [String: Data] {
      let output = folder.path(adapter + (layout ?? ""))
      let result = try merge(
        output, (layout.map { ["--expert-layout", $0] } ?? []) + ["--provenance", "none", "--verify", "full"],
        base: base, adapter: "adapters/" + adapter)
      #expect(result.code == 0, "\(result.errors)")
      return try Fixtures.contents(of: output)
    }
    // The same training in three layouts.
    let right = try merged("mixtral-experts", nil)
    #expect(try merged("mixtral-experts", "peft") == right)
    #expect(try merged("mixtral-experts-unsloth", "unsloth") == right)
    #expect(try merged("mixtral-experts-unsloth", "peft") != right)
    #expect(try merged("mixtral-experts-peft-0.18", "peft-0.18") == right)
    let wrong = try merge(
      folder.path("wrong"), ["--expert-layout", "peft"], base: base, adapter: "adapters/mixtral-experts-peft-0.18")
    #expect(wrong.code == 2 && wrong.errors.contains("layout"))
  }

  @Test func wrongUsageIsTold() throws {
    let folder = try TemporaryFolder()
    for (options, said) in [
      (["--max-shard-size", "5 parsecs"], "expected a size"), (["--max-shard-size", "0"], "expected a size"),
      (["--expert-layout", "gguf"], "expert-layout"), (["--shard", "3/3"], "I/N"), (["--seed", "1"], "stochastic"),
      (["--rounding", "up"], "rounding"), (["--provenance", "some"], "provenance"), (["--jobs", "0"], "--jobs"),
      (["--weight", "nan"], "finite"), (["--weight", "1", "--weight", "2"], "given 2 times"),
      (["--dtype", "f64"], "dtype"),
    ] {
      let result = try merge(folder.path("out"), options)
      #expect(result.code == 64, "\(options)")
      #expect(result.errors.contains(said), "\(options): \(result.errors)")
    }
    let level = try Program.run(
      ["merge", "--base", Self.base, "--adapter", Self.adapter, "--output", folder.path("out")],
      environment: ["LORA_TOOL_SIMD": "sse9"])
    #expect(level.code == 64 && level.errors.contains("LORA_TOOL_SIMD") && level.errors.contains("scalar"))
    #expect(try Program.run(["--version"], environment: ["LORA_TOOL_SIMD": "sse9"]).code == 0)
    #expect(try Fixtures.contents(of: folder.path).isEmpty)
  }

  @Test func everyLevelOfInstructionsGivesTheSameBytes() throws {
    let folder = try TemporaryFolder()
    var first: [String: Data]?
    for level in ["scalar", "avx2", "avx512", "neon"] {
      let output = folder.path(level)
      let result = try Program.run(
        ["merge", "--base", Self.base, "--adapter", Self.adapter, "--output", output, "--jobs", "2"],
        environment: ["LORA_TOOL_SIMD": level])
      if result.code == 64 { continue }
      let files = try Fixtures.contents(of: output)
      #expect(first == nil || files == first, "\(level)")
      first = files
    }
    #expect(first?.count ?? 0 > 4)
  }

  @Test func partsOfAMergeComeTogether() throws {
    let folder = try TemporaryFolder()
    #expect(try merge(folder.path("whole")).code == 0)
    for index in [1, 0, 2] {
      let result = try merge(folder.path("parts"), ["--shard", "\(index)/3", "--format", "json"])
      #expect(result.code == 0, "\(result.errors)")
      #expect(try result.json()["complete"]?.bool == (index == 2))
    }
    #expect(try Fixtures.contents(of: folder.path("parts")) == Fixtures.contents(of: folder.path("whole")))
    #expect(try merge(folder.path("parts"), ["--shard", "1/3"]).code == 0)
    #expect(try merge(folder.path("parts"), ["--resume"]).code == 0)
    #expect(try merge(folder.path("parts")).code == 2)
  }

  @Test func whatCannotBeMergedIsRefusedAndNothingWritten() throws {
    let folder = try TemporaryFolder()
    var cases: [(adapter: String, base: String)] = []
    for row in try #require(try Fixtures.json("adapters/adapters.json").array) where row["mergeable"] == false {
      // PEFT cannot merge this one; it is untied here.
      guard let name = row["name"]?.string, name != "tied-ensured-apart" else { continue }
      cases.append(("adapters/" + name, try #require(row["base"]?.string)))
    }
    for row in try #require(try Fixtures.json("broken/broken.json").array) {
      guard let name = row["name"]?.string, let path = row["path"]?.string, name != "init-gaussian",
        ["init-", "pair-", "rank-", "tensor-", "config-lo", "config-alpha-n", "base-"].contains(where: name.hasPrefix)
      else { continue }
      cases.append((path, row["base"]?.string ?? "models/llama-nano-bf16"))
    }
    #expect(cases.count >= 30)
    for (adapter, base) in cases {
      for more in [[], ["--skip-validation"]] {
        let result = try merge(folder.path("out"), more, base: base, adapter: adapter)
        #expect(result.code == 2, "\(adapter): \(result.output)")
        #expect(result.errors.contains("cannot merge: "), "\(adapter): \(result.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [], "\(adapter)")
      }
    }
  }

  // MARK: Places

  @Test(
    .enabled("needs the right to mount a file system") {
      try Program.shell("disk=$(mktemp -d) && mount -t tmpfs none $disk && umount $disk && rmdir $disk").code == 0
    })
  func aFullDiskLeavesNothing() throws {
    let folder = try TemporaryFolder()
    try folder.folder("disk")
    let disk = folder.path("disk")
    #expect(try Program.shell("mount -t tmpfs -o size=64k none '\(disk)'").code == 0)
    defer { _ = try? Program.shell("umount '\(disk)'") }
    let result = try merge(disk + "/out")
    #expect(result.code == 2)
    #expect(result.errors.contains("no space left on the device"), "\(result.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk) == [])
    let kept = try merge(disk + "/out", ["--resume"])
    #expect(kept.code == 2 && kept.errors.contains("--resume goes on from there"))
    #expect(!FileManager.default.fileExists(atPath: disk + "/out"))
    #expect(try Program.shell("mount -o remount,size=4m '\(disk)'").code == 0)
    #expect(try merge(disk + "/out", ["--resume", "--verify", "full"]).code == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk) == ["out"])
  }

  @Test func aReportThatCannotBeWrittenIsAnError() throws {
    let folder = try TemporaryFolder()
    let result = try Program.shell(
      "\"$TOOL\" merge --base \(Self.base) --adapter \(Self.adapter) --output '\(folder.path("out"))' > /dev/full")
    #expect(result.code == 2 && result.output.contains("no space left"))
    // The merge itself was done.
    #expect(try verify(folder.path("out")).code == 0)
  }

  @Test func aReadOnlyOrMissingPlaceIsTold() throws {
    let folder = try TemporaryFolder()
    #expect(try merge(folder.path("no/such/out")).errors.contains("there is no folder"))
    #expect(try merge("/proc/out").code == 2)
    #expect(try merge(Self.base).errors.contains("it is the base"))
    #expect(try merge(folder.path("out"), ["--overwrite"]).code == 0)
    #expect(try merge(folder.path("out")).errors.contains("exists already"))
    #expect(try merge(folder.path("out"), ["--overwrite"]).code == 0)
  }

  @Test func memoryDoesNotGrowWithTensors() throws {
    let folder = try TemporaryFolder()
    var weights = SafetensorsBuilder()
    let (rows, columns): (UInt64, UInt64) = (2048, 16_384)
    weights.add("embed_tokens.weight", .bf16, [rows, columns])
    weights.add("untouched.weight", .bf16, [6 << 10, 8 << 10])
    var factors = SafetensorsBuilder()
    factors.add("base_model.model.embed_tokens.lora_embedding_A", .f32, [16, rows])
    factors.add("base_model.model.embed_tokens.lora_embedding_B", .f32, [columns, 16])
    try folder.write("base/model.safetensors", weights)
    try folder.write("base/config.json", #"{"model_type": "something_unknown", "vocab_size": 2048}"#)
    try folder.write("adapter/adapter_model.safetensors", factors)
    try folder.write(
      "adapter/adapter_config.json",
      #"{"peft_type":"LORA","r":16,"lora_alpha":16,"target_modules":["embed_tokens"]}"#)
    let result = try merge(
      folder.path("out"), ["--format", "json", "--jobs", "2"], base: folder.path("base"),
      adapter: folder.path("adapter"))
    #expect(result.code == 0, "\(result.errors)")
    let document = try result.json()
    #expect(document["tensors_merged"]?.int64 == 1)
    // The model has 160 MiB; a sanitizer keeps what was freed, and marks for every byte.
    let limit: Int64 = (Sanitizer.isOn ? 640 : 96) << 20
    #expect(try #require(document["peak_rss_bytes"]?.int64) < limit)
  }

  // MARK: Interruption

  /// A model that takes the debug build some hundred milliseconds, in twelve shards.
  private static func slowModel(_ folder: TemporaryFolder) throws -> (base: String, adapter: String) {
    let (shards, rows, columns, rank) = (12, 96, 64, 8)
    var factors = SafetensorsBuilder()
    func numbers(_ count: Int, _ seed: Int) -> [Float] {
      (0..<count).map { Float((($0 &+ seed) &* 2_654_435_761) % 1000) / 1000 - 0.5 }
    }
    for shard in 1...shards {
      var weights = SafetensorsBuilder()
      for layer in 0..<4 {
        let name = "m\(shard).\(layer)"
        weights.add(name + ".weight", .bf16, [UInt64(rows), UInt64(columns)], values: numbers(rows * columns, layer))
        factors.add(
          "base_model.model.\(name).lora_A.weight", .f32, [UInt64(rank), UInt64(columns)],
          values: numbers(rank * columns, shard))
        factors.add(
          "base_model.model.\(name).lora_B.weight", .f32, [UInt64(rows), UInt64(rank)], values: numbers(rows * rank, 7))
      }
      let number = String(format: "%05d", shard)
      try folder.write("base/model-\(number)-of-000\(shards).safetensors", weights)
    }
    try folder.write("base/config.json", #"{"model_type": "something_unknown", "hidden_size": 64}"#)
    try folder.write("adapter/adapter_model.safetensors", factors)
    try folder.write(
      "adapter/adapter_config.json",
      #"{"peft_type":"LORA","r":8,"lora_alpha":16,"target_modules":["0","1","2","3"]}"#)
    return (folder.path("base"), folder.path("adapter"))
  }

  /// Kills the program at random moments; LORA_TOOL_KILLS says how often.
  @Test func aKilledMergeLeavesNothingOrGoesOn() throws {
    let folder = try TemporaryFolder()
    let (base, adapter) = try Self.slowModel(folder)
    let before = try Fixtures.contents(of: base)
    let output = folder.path("out")
    let arguments = ["merge", "--base", base, "--adapter", adapter, "--output", output, "--resume", "--jobs", "2"]
    let begin = Date()
    #expect(try Program.run(arguments).code == 0)
    var whole = Date().timeIntervalSince(begin)
    let expected = try Fixtures.contents(of: output)
    try folder.remove("out")
    let count = ProcessInfo.processInfo.environment["LORA_TOOL_KILLS"].flatMap { Int($0) } ?? 20
    var (died, resumed) = (0, 0)
    for attempt in 0..<count {
      let run = try Program.start(arguments)
      if attempt % 2 == 0 {
        usleep(UInt32(Double.random(in: 0...1.1) * whole * 1e6))
      } else {
        // From the first write on.
        for _ in 0..<20_000 where run.isRunning && !FileManager.default.fileExists(atPath: folder.path(".out.partial"))
        {
          usleep(100)
        }
        usleep(UInt32(Double.random(in: 0...0.4) * whole * 1e6))
      }
      kill(run.id, SIGKILL)
      let result = run.wait()
      let isThere = FileManager.default.fileExists(atPath: output)
      if result.code == -SIGKILL { died += 1 } else { #expect(result.code == 0) }
      // The first run may have been slowed down or not: the moments follow what the runs take now.
      whole *= result.code == -SIGKILL ? 1.05 : 0.85
      if isThere {
        #expect(try Fixtures.contents(of: output) == expected)
      } else if FileManager.default.fileExists(atPath: folder.path(".out.partial")) {
        let partial = folder.path(".out.partial")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: partial)) ?? []
        #expect(!names.contains { $0.hasSuffix(".safetensors") || $0 == "config.json" })
      }
      let next = try Program.run(arguments + ["--format", "json"])
      #expect(next.code == 0, "\(next.errors)")
      if (try next.json()["shards_reused"]?.int64 ?? 0) > 0 { resumed += 1 }
      #expect(try Fixtures.contents(of: output) == expected)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["adapter", "base", "out"])
      try folder.remove("out")
    }
    #expect(try Fixtures.contents(of: base) == before)
    #expect(died > count / 4)
    if count >= 40 { #expect(resumed > 0) }
    print("killed \(died) of \(count) times, \(resumed) went on with finished shards")
  }

  @Test(arguments: [SIGHUP, SIGINT, SIGTERM]) func aSignalCleansUp(_ number: Int32) throws {
    // What ignores it, such as a script that runs the tests in the background, would have the program ignore it, too.
    signal(number, SIG_DFL)
    let folder = try TemporaryFolder()
    let (base, adapter) = try Self.slowModel(folder)
    var stopped = 0
    for attempt in 0..<20 {
      let arguments = ["merge", "--base", base, "--adapter", adapter, "--output", folder.path("out"), "--jobs", "1"]
      let run = try Program.start(arguments + (attempt % 2 == 0 ? [] : ["--resume"]))
      // Wait until it writes.
      for _ in 0..<2000 where run.isRunning && !FileManager.default.fileExists(atPath: folder.path(".out.partial")) {
        usleep(1000)
      }
      usleep(UInt32(attempt) * 3000)
      kill(run.id, number)
      let result = run.wait()
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.contains("out") }
      if result.code == -number {
        stopped += 1
        #expect(left == (attempt % 2 == 0 ? [] : [".out.partial"]), "\(left)")
        #expect(result.errors.contains("stopped"))
        if attempt % 2 == 1 { #expect(result.errors.contains("--resume")) }
      } else {
        #expect(result.code == 0 && left == ["out"])
      }
      for name in left { try folder.remove(name) }
    }
    #expect(stopped > 0)
  }

  /// As `nohup` and scripts want it, which start work in the background.
  @Test(arguments: ["HUP", "INT", "TERM"]) func aSignalThatIsIgnoredStaysIgnored(_ name: String) throws {
    let folder = try TemporaryFolder()
    let (base, adapter) = try Self.slowModel(folder)
    for _ in 0..<5 {
      let result = try Program.shell(
        """
        trap '' \(name); "$TOOL" merge --base '\(base)' --adapter '\(adapter)' --output out --jobs 1 --quiet &
        while kill -0 $! && ! [ -e .out.partial ]; do :; done
        kill -s \(name) $!
        wait $!
        """, in: folder.path)
      #expect(result.code == 0, "\(result.output)")
      try folder.remove("out")
    }
  }
}
