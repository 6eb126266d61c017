import JSON
import LoRATestSupport
import Testing

/// `lora-tool replay` as a user runs it.
@Suite struct ReplayCommandTests {
  private let article = [
    "replay", "--adapters", "40", "--rate", "600/min", "--duration", "10m", "--max-loras", "8", "--max-cpu-loras", "64",
    "--swap-cost", "30ms-50ms", "--seed", "7",
  ]

  @Test func theDocumentHasTheKeysOfTheContract() throws {
    let document = try Program.run(article + ["--format", "json", "--sweep", "max-loras=4..12", "--policies"]).json()
    #expect(document["schema"] == .string("lora-tool/replay/1"))
    for key in [
      "tool_version", "requests", "gpu_hits", "gpu_misses", "cpu_hits", "cpu_misses", "evictions", "cascade_evictions",
      "eviction_rate", "recommended_max_loras", "sweep", "knee_max_loras", "policies", "thrash",
    ] { #expect(document[key] != nil, "\(key)") }
    for key in ["swap_seconds", "wait_seconds", "distinct_adapters_per_window"] {
      for part in ["p50", "p90", "p99", "mean"] { #expect(document[key]?[part]?.double != nil, "\(key).\(part)") }
    }
    let requests = try #require(document["requests"]?.int64)
    #expect(abs(requests - 6000) < 400)
    #expect(document["cpu_misses"] == .integer(40))
    #expect(
      (document["gpu_hits"]?.int64 ?? 0) + (document["gpu_misses"]?.int64 ?? 0) == requests
        && (document["cpu_hits"]?.int64 ?? 0) + (document["cpu_misses"]?.int64 ?? 0) == requests)
    let swap = try #require(document["swap_seconds"])
    #expect((swap["p50"]?.double ?? 0) > 0.03 && (swap["max"]?.double ?? 1) < 0.05)
    #expect(document["sweep"]?.array?.count == 9)
    #expect(document["policies"]?.array?.count == 5)
  }

  @Test func theSameSeedGivesTheSameBytes() throws {
    let folder = try TemporaryFolder()
    let shape = ["--arrivals", "bursts", "--service-time", "0.2-0.4", "--sweep", "max-loras=4..8", "--format", "json"]
    let first = try Program.run(article + shape + ["--plot", folder.path("1.svg")])
    let second = try Program.run(article + shape + ["--plot", folder.path("2.svg")])
    #expect(first.code == 0 && first.output == second.output && !first.output.isEmpty)
    #expect(try Program.shell("cmp '\(folder.path("1.svg"))' '\(folder.path("2.svg"))'").code == 0)
    #expect(try Program.run(article + shape + ["--seed", "8"]).output != first.output)
  }

  @Test func plotsAreWellFormed() throws {
    let folder = try TemporaryFolder()
    let result = try Program.run(article + ["--plot", folder.path("plot.svg")])
    #expect(result.code == 0)
    #expect(result.output.contains("recommended max_loras") && result.output.contains("<- knee"))
    let svg = try Program.shell("cat '\(folder.path("plot.svg"))'").output
    #expect(svg.hasPrefix("<svg") && svg.contains("prefers-color-scheme: dark") && svg.contains("knee:"))
    #expect(!svg.contains("nan") && !svg.contains("inf"))
  }

  @Test func aRecordedTrace() throws {
    let result = try Program.run([
      "replay", "--trace", "traffic/round-robin.jsonl", "--max-loras", "5", "--max-cpu-loras", "8", "--window", "2s",
    ])
    #expect(result.code == 0)
    #expect(result.output.contains("thrashing in 6 of 6 windows"))
  }

  @Test(arguments: [
    ["replay"], ["replay", "--max-loras", "4"], ["replay", "--max-loras", "0", "--trace", "traffic/one.jsonl"],
    ["replay", "--max-loras", "8", "--max-cpu-loras", "4", "--trace", "traffic/one.jsonl"],
    ["replay", "--max-loras", "4", "--trace", "x", "--adapters", "3"],
    ["replay", "--max-loras", "4", "--adapters", "3", "--rate", "-1", "--duration", "10"],
    ["replay", "--max-loras", "4", "--adapters", "3", "--rate", "nan", "--duration", "10"],
    ["replay", "--max-loras", "4", "--adapters", "3", "--rate", "1", "--duration", "1e400"],
    ["replay", "--max-loras", "4", "--adapters", "3", "--rate", "1", "--duration", "9", "--popularity", "zipf:x"],
    ["replay", "--max-loras", "4", "--trace", "traffic/one.jsonl", "--policy", "mru"],
    ["replay", "--max-loras", "4", "--trace", "traffic/one.jsonl", "--sweep", "max-loras=9..3"],
    ["replay", "--max-loras", "4", "--trace", "traffic/one.jsonl", "--sweep", "slots=1..3"],
    ["replay", "--max-loras", "4", "--trace", "traffic/one.jsonl", "--swap-cost", "fast"],
    ["replay", "--max-loras", "4", "--trace", "traffic/one.jsonl", "--swap-cost", "1ms", "--bus-bandwidth", "25GB"],
    ["replay", "--max-loras", "2", "--trace", "traffic/one.jsonl", "--policy", "popularity-pinned", "--pinned", "2"],
  ])
  func wrongUsageIsExit64(_ arguments: [String]) throws {
    let result = try Program.run(arguments)
    #expect(result.code == 64, "\(arguments): \(result.errors)")
    #expect(result.output.isEmpty && !result.errors.isEmpty)
  }

  @Test func aCacheThatIsTooLargeIsSaidWithItsLimit() throws {
    let trace = ["replay", "--trace", "traffic/one.jsonl", "--max-loras"]
    for (arguments, option) in [
      (["16777217"], "--max-loras"), (["2", "--max-cpu-loras", "16777217"], "--max-cpu-loras"),
    ] {
      let result = try Program.run(trace + arguments)
      #expect(result.code == 64 && result.errors.contains("\(option) wants a number"))
      #expect(result.errors.contains("16777216, not 16777217"), "\(result.errors)")
    }
    #expect(try Program.run(trace + ["16777216", "--max-cpu-loras", "16777216"]).code == 0)
  }

  @Test func whatCannotBeDoneIsExitTwo() throws {
    for arguments in [
      ["--trace", "no/such"], ["--trace", "traffic/replays.json"],
      ["--adapters", "3", "--rate", "1e9", "--duration", "100d"],
      ["--adapters", "3", "--rate", "1", "--duration", "1us"],
      ["--rate", "1", "--duration", "9", "--popularity", "weights:no/such"],
    ] {
      let result = try Program.run(["replay", "--max-loras", "4"] + arguments)
      #expect(result.code == 2, "\(arguments): \(result.output)\(result.errors)")
      #expect(result.output.isEmpty && result.errors.hasPrefix("lora-tool: "))
    }
  }

  /// The same trace through real slots: every count is that of the model, and times are measured.
  @Test func realSlotsCountAsTheModelDoes() throws {
    let folder = try TemporaryFolder()
    let names = ["llama-all-linear", "llama-second", "llama-rslora", "llama-layers", "llama-regex"]
    let lines = (0..<60).map { "{\"time\":\(Double($0) / 10),\"adapter\":\"\(names[$0 * $0 % 7 % 5])\"}" }
    let trace = try folder.write("trace.jsonl", lines.joined(separator: "\n"))
    for size in [["--max-loras", "2", "--max-cpu-loras", "3"], ["--max-loras", "3", "--max-cpu-loras", "64"]] {
      let common = ["replay", "--trace", trace, "--format", "json"] + size
      let model = try Program.run(common).json()
      for (device, title) in [("host", "host memory"), ("cuda", "Fake GPU (cuda:0)"), ("cuda:1", "Fake GPU (cuda:1)")] {
        let run = try Program.run(
          common + ["--device", device, "--base", "models/llama-bf16-sharded"]
            + names.flatMap { ["--adapter", "adapters/\($0)"] }, environment: ["LORA_TOOL_LIBCUDA": Program.fakeCUDA])
        #expect(run.code == 0, "\(run.errors)")
        let document = try run.json()
        for key in [
          "requests", "gpu_hits", "gpu_misses", "cpu_hits", "cpu_misses", "evictions", "cascade_evictions",
          "recommended_max_loras",
        ] { #expect(document[key] == model[key], "\(key)") }
        #expect(document["device"] == .string(title))
        #expect((document["swap_seconds"]?["p50"]?.double ?? 0) > 0)
      }
    }
    // No GPU, no memory on it, and a call that fails on the way.
    for change in [["FAKE_CUDA_DEVICES": "0"], ["FAKE_CUDA_MEMORY": "1000"], ["FAKE_CUDA_FAIL": "cuLaunchKernel"]] {
      let failed = try Program.run(
        ["replay", "--trace", trace, "--max-loras", "2", "--device", "cuda", "--base", "models/llama-bf16-sharded"]
          + names.flatMap { ["--adapter", "adapters/\($0)"] },
        environment: ["LORA_TOOL_LIBCUDA": Program.fakeCUDA].merging(change) { $1 })
      #expect(failed.code == 2 && failed.output.isEmpty && failed.errors.hasPrefix("lora-tool: "), "\(failed.errors)")
    }
    let unknown = try Program.run([
      "replay", "--trace", "traffic/one.jsonl", "--max-loras", "1", "--device", "host", "--base",
      "models/llama-bf16-sharded", "--adapter", "adapters/llama-nano",
    ])
    #expect(unknown.code == 2 && unknown.errors.contains("'only'"))
  }
}
