import Foundation
import LoRATestSupport
import Testing

/// No command writes over a file that it reads, under whatever name the file is given as output.
@Suite struct OutputPlaceTests {
  /// A command line with the folder of inputs as `IN`, the output that is refused as `TARGET`, and a free one as `OUT`.
  struct Case: Sendable, CustomTestStringConvertible {
    var arguments: [String]
    /// The input that `TARGET` leads to.
    var victim: String

    init(_ victim: String, _ arguments: [String]) {
      self.victim = victim
      self.arguments = arguments
    }

    var testDescription: String {
      "\(arguments.prefix(2).joined(separator: " ")) … \(arguments.first { $0.contains("TARGET") } ?? "") \(victim)"
    }
  }

  static let weights = "adapter/adapter_model.safetensors"
  static let config = "adapter/adapter_config.json"
  static let shard = "base/model-00002-of-00004.safetensors"
  static let base = ["--base", "IN/base"]
  static let merging = ["--base", "IN/base", "--adapter", "IN/adapter"]
  static let slots = ["pack", "--base", "IN/base", "--max-lora-rank", "8", "IN/adapter", "--overwrite"]
  static let traffic = ["replay", "--max-loras", "2"]
  static let gate = ["gate", "--baseline", "IN/before.jsonl", "--candidate", "IN/after.jsonl"]

  static let cases: [Case] = [
    Case(weights, ["inspect", "IN/adapter", "--output", "TARGET"]),
    Case(config, ["inspect", "IN/adapter", "--output", "TARGET"]),
    Case("base/config.json", ["inspect", "IN/adapter", "--base", "IN/base", "--output", "TARGET"]),
    Case(weights, ["validate", "IN/adapter", "--output", "TARGET"]),
    Case(config, ["validate", "IN/adapter", "--report", "sarif=TARGET"]),
    Case(shard, ["validate", "IN/adapter", "--report", "junit=TARGET"] + base),
    Case("policy.yml", ["validate", "IN/adapter", "--policy", "IN/policy.yml", "--output", "TARGET"]),
    Case(weights, ["report", "IN/adapter", "--overwrite", "--output", "TARGET"]),
    Case(shard, ["report", "IN/adapter", "--overwrite", "--output", "TARGET"] + base),
    Case(shard, ["merge", "--output", "OUT", "--report", "json=TARGET"] + merging),
    Case(config, ["merge", "--output", "OUT", "--report", "json=TARGET"] + merging),
    Case(shard, ["verify", "IN/base", "--output", "TARGET"] + merging),
    Case(weights, slots + ["--output", "TARGET"]),
    Case(shard, slots + ["--output", "TARGET"]),
    Case("base/model.safetensors.index.json", slots + ["--output", "OUT", "--report", "text=TARGET"]),
    Case(weights, ["compress", "IN/\(weights)", "--overwrite", "--output", "TARGET"]),
    Case(weights, ["compress", "IN/\(weights)", "--output", "OUT", "--report", "json=TARGET"]),
    Case(
      "adapter/adapter_model.safetensors.zst",
      ["compress", "IN/\(weights)", "IN/adapter/adapter_model.safetensors.zst", "--overwrite"]),
    Case("packed.zst", ["decompress", "IN/packed.zst", "--overwrite", "--output", "TARGET"]),
    Case("packed.zst", ["decompress", "IN/packed.zst", "--output", "OUT", "--report", "json=TARGET"]),
    Case("before.jsonl", gate + ["--output", "TARGET"]),
    Case("after.jsonl", gate + ["--output", "TARGET"]),
    Case("trace.jsonl", traffic + ["--trace", "IN/trace.jsonl", "--output", "TARGET"]),
    Case("trace.jsonl", traffic + ["--trace", "IN/trace.jsonl", "--plot", "TARGET"]),
    Case(
      "weights.json",
      traffic + [
        "--adapters", "2", "--rate", "5", "--duration", "3", "--popularity", "weights:IN/weights.json", "--output",
        "TARGET",
      ]),
    Case("base/config.json", ["plan", "--base", "IN/base", "--adapter", "IN/adapter", "--output", "TARGET"]),
    Case(config, ["plan", "--base", "IN/base", "--adapter", "IN/adapter", "--output", "TARGET"]),
    Case(shard, ["parity", "--tokens", "1", "--output", "TARGET"] + merging),
    Case("base/config.json", ["bases", "--base", "IN/base/config.json", "--output", "TARGET"]),
    Case("policy.yml", ["policy", "check", "IN/policy.yml", "--output", "TARGET"]),
  ]

  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let sources = [
      ("adapters/llama-all-linear", "adapter"), ("models/llama-bf16-sharded", "base"),
      ("policies/platform.yml", "policy.yml"), ("evaluation/before.jsonl", "before.jsonl"),
      ("evaluation/before.jsonl", "after.jsonl"), ("traffic/zipf.jsonl", "trace.jsonl"),
      ("adapters/llama-zstd/adapter_model.safetensors.zst", "packed.zst"),
      ("adapters/llama-zstd/adapter_model.safetensors.zst", "adapter/adapter_model.safetensors.zst"),
    ]
    for (source, name) in sources {
      try FileManager.default.copyItem(atPath: Fixtures.path(source), toPath: folder.path(name))
    }
    try folder.write("weights.json", #"{"a": 1, "b": 2}"#)
  }

  private func inputs() throws -> [String: Data] {
    try Fixtures.contents(of: folder.path).filter { !$0.key.hasPrefix("out") }
  }

  @Test(arguments: cases)
  func inputsStay(_ item: Case) throws {
    let victim = folder.path(item.victim)
    let (symbolic, hard) = (folder.path("symbolic"), folder.path("hard"))
    try FileManager.default.createSymbolicLink(atPath: symbolic, withDestinationPath: victim)
    try FileManager.default.linkItem(atPath: victim, toPath: hard)
    let before = try inputs()
    for (number, target) in [victim, symbolic, hard].enumerated() {
      let result = try Program.run(
        item.arguments.map {
          $0.replacing("IN/", with: folder.path + "/").replacing("TARGET", with: target)
            .replacing("OUT", with: folder.path("out\(number)"))
        })
      #expect(result.code == 2, "\(target): \(result.errors)")
      #expect(
        result.errors.contains("it is a file that this command reads or has written; name another file"),
        "\(target): \(result.errors)")
      #expect(try inputs() == before, "\(target)")
    }
  }

  @Test func twoOutputsOfACommandAreTwoFiles() throws {
    let slots = folder.path("out.safetensors")
    let report = try Program.run(
      ["validate", Fixtures.path("adapters/llama-all-linear"), "--output", slots, "--report", "sarif=\(slots)"])
    #expect(report.code == 2 && report.errors.contains("has written"), "\(report.errors)")
    let packing = Self.slots.map { $0.replacing("IN/", with: folder.path + "/") }
    let packed = try Program.run(packing + ["--output", slots])
    #expect(packed.code == 0, "\(packed.errors)")
    let image = FileManager.default.contents(atPath: slots)
    let again = try Program.run(packing + ["--output", slots, "--report", "json=\(slots)"])
    #expect(again.code == 2 && again.errors.contains("has written"), "\(again.errors)")
    #expect(FileManager.default.contents(atPath: slots) == image)
    #expect(try Program.run(packing + ["--output", slots]).code == 0)
  }

  /// Through a symbolic link the file is replaced that it leads to, and the link stays.
  @Test func throughASymbolicLinkTheFileIsReplacedThatItLeadsTo() throws {
    let (link, target) = (folder.path("link"), folder.path("target"))
    let manager = FileManager.default
    try manager.createSymbolicLink(atPath: link, withDestinationPath: "target")
    for command in [
      ["report", "adapter"], ["inspect", "adapter"], ["compress", Self.weights], ["decompress", "packed.zst"],
      ["pack", "--base", "base", "--max-lora-rank", "8", "adapter"],
    ] {
      try Data("the old one".utf8).write(to: URL(fileURLWithPath: target))
      let flags = command[0] == "inspect" ? [] : ["--overwrite"]
      let result = try Program.run(command + ["--output", "link"] + flags, in: folder.path)
      #expect(result.code == 0, "\(command[0]): \(result.errors)")
      #expect(try manager.destinationOfSymbolicLink(atPath: link) == "target", "\(command[0])")
      #expect(manager.contents(atPath: target) != Data("the old one".utf8), "\(command[0])")
    }
  }

  @Test(arguments: ["compress", "pack", "report", "validate"])
  func aFolderThatIsNotThereIsSaidInTheSameWords(_ command: String) throws {
    let arguments = command == "compress" ? [Self.weights] : ["adapter"]
    let more = command == "pack" ? ["--base", "base", "--max-lora-rank", "8"] : []
    let result = try Program.run([command] + arguments + more + ["--output", "no/where"], in: folder.path)
    #expect(result.code == 2)
    #expect(result.errors == "lora-tool: cannot write no/where: there is no folder no to write it in\n")
  }

  @Test func adaptersOnStandardInputAreExplained() throws {
    for command in ["inspect", "validate", "report"] {
      let result = try Program.run([command, "-"])
      #expect(result.code == 2 && result.errors.contains("adapters are not read from standard input"), "\(command)")
    }
  }

  @Test func devicesMayBeNamedAsOftenAsOneLikes() throws {
    let result = try Program.run(
      ["validate", "adapters/llama-all-linear", "--output", "/dev/null", "--report", "sarif=/dev/null"])
    #expect(result.code == 0, "\(result.errors)")
  }
}
