import Foundation
import JSON
import LoRATestSupport
import TensorCore
import Testing

/// The promises of docs/security.md about hostile inputs, on the real program.
@Suite struct HostileInputTests {
  // MARK: Terminal

  /// Sequences that terminals obey, and characters that turn text around.
  private static let evil = "x\u{1B}[31m\u{1B}]0;owned\u{7}\u{202E}\u{9B}2J\r\n\u{2028}y"

  /// Every command on inputs whose names are all evil.
  private static let onEvil: [[String]] = [
    ["inspect", "--tensors", "--stats", "a"], ["inspect", "--format", "markdown", "a"], ["validate", "a"],
    ["inspect", "a", "a/adapter_model.safetensors"], ["validate", "--base", "base.json", "a"],
    ["validate", "--format", "github", "a"], ["validate", "--format", "junit", "a"],
    ["validate", "--policy", "policy.yml", "a"], ["policy", "check", "policy.yml"], ["bases", "--base", "base.json"],
    ["gate", "--baseline", "before.jsonl", "--candidate", "after.jsonl"],
    ["gate", "--baseline", "before.jsonl", "--candidate", "after.jsonl", "--format", "markdown"],
    ["gate", "--baseline", "before.jsonl", "--candidate", "after.jsonl", "--format", "junit"],
    ["replay", "--trace", "trace.jsonl", "--max-loras", "1"], ["replay", "--trace", "base.json", "--max-loras", "1"],
    ["replay", "--popularity", "weights:weights.json", "--rate", "1", "--duration", "9", "--max-loras", "1"],
    ["plan", "--base", "base.json", "--adapter", "a"],
    ["plan", "--base", "base.json", "--rank", "8", "--targets", evil],
    ["merge", "--base", "model", "--adapter", "a", "--output", "out"],
    ["merge", "--base", "a", "--adapter", "a", "--output", evil],
    ["pack", "--base", "model", "--max-loras", "1", "--max-lora-rank", "8", "a"],
    ["parity", "--base", "model", "--adapter", "a"], ["verify", "model", "--base", "model", "--adapter", "a"],
    ["compress", "a/adapter_config.json"], ["compress", evil], ["decompress", evil], ["inspect", evil],
    ["validate", evil],
    ["explain", evil], ["validate", "--engine", evil, "a"], [evil], ["bases", "--base", evil], ["rules", evil],
  ]

  @Test(arguments: onEvil)
  func noCommandLetsWhatFilesAndArgumentsSayReachATerminal(_ arguments: [String]) throws {
    let folder = try Self.evilFolder()
    let result = try Program.run(arguments, in: folder.path)
    #expect(result.code >= 0, "\(result.errors)")
    for text in [result.output, result.errors] {
      let scalars = text.unicodeScalars.filter { scalar in
        scalar != "\n"
          && (scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format)
          || scalar == "\u{2028}"
      }
      #expect(scalars.isEmpty, "\(arguments.first ?? ""): \(escaped(text, limit: 2000))")
    }
  }

  @Test(
    arguments: onEvil.filter {
      $0.count > 1 && !$0.contains("--format")
        && !["compress", "decompress", "policy", "rules", "explain"].contains($0[0])
    })
  func jsonDocumentsStayJSONAndCarryNamesExactly(_ arguments: [String]) throws {
    let folder = try Self.evilFolder()
    let result = try Program.run(arguments + ["--format", "json"], in: folder.path)
    if !result.output.isEmpty { _ = try result.json() }
    #expect(!result.output.utf8.contains(0x1B))
  }

  private static func evilFolder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    func json(_ value: JSONValue) -> String { value.text() }
    let name: JSONValue = .string(evil)
    var builder = SafetensorsBuilder(metadata: [(evil, evil)])
    builder.add("base_model.model.\(evil).q_proj.lora_A.weight", .f32, [2, 4])
    builder.add("base_model.model.\(evil).q_proj.lora_B.weight", .f32, [4, 2])
    builder.add(evil, .f32, [2])
    try folder.write("a/adapter_model.safetensors", builder.bytes)
    var config: JSONObject = ["peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": [name, "q_proj"]]
    for key in ["base_model_name_or_path", "task_type", "peft_version", "init_lora_weights"] { config[key] = name }
    for key in ["rank_pattern", "alpha_pattern"] { config[key] = .object(JSONObject([(evil, 2)])) }
    for key in ["modules_to_save", "exclude_modules"] { config[key] = [name] }
    config[evil] = name
    try folder.write("a/adapter_config.json", json(.object(config)))
    try folder.write(
      "base.json",
      json([
        "model_type": name, "architectures": [name], "hidden_size": 4, "quantization_config": ["quant_method": name],
      ]))
    try folder.write("model/config.json", json(["model_type": name, "architectures": [name]]))
    try folder.write("model/model.safetensors", builder.bytes)
    try folder.write(
      "model/model.safetensors.index.json",
      json(["metadata": ["total_size": 1], "weight_map": .object(JSONObject([(evil, name)]))]))
    try folder.write(
      "policy.yml", "rank:\n  max: 4\n\"\\e[31m\": 1\ntargets: {allowed: [\"\\e[2J\"]}\nbase: [\"\\a\"]\n")
    try folder.write("weights.json", json(.object(JSONObject([(evil, 1), ("b", -1)]))))
    try folder.write(
      "trace.jsonl", [0, 1].map { json(["time": .integer($0), "adapter": name]) }.joined(separator: "\n"))
    for (file, argument) in [("before", 1), ("after", 2)] as [(String, Int64)] {
      let call: JSONValue = ["name": name, "arguments": .object(JSONObject([(evil, .integer(argument))]))]
      let line: JSONValue = [
        "id": name, "adapter": name, "tool_calls": [["function": call]],
        "expected": [["name": name, "arguments": .object(JSONObject([(evil, 1)]))]],
      ]
      try folder.write("\(file).jsonl", json(line) + "\n" + json(["id": 2, "name": "f"]))
    }
    return folder
  }

  // MARK: What is no file

  @Test(arguments: ["pipe", "/dev/zero", "/dev/tty"])
  func pipesAndDevicesAsInputsAreRefusedAtOnce(_ path: String) throws {
    let folder = try TemporaryFolder()
    for pipe in ["pipe", "a/adapter_model.safetensors", "b/adapter_config.json", "c/config.json"] {
      try FileManager.default.createDirectory(
        atPath: folder.path(String(pipe.split(separator: "/").dropLast().joined())), withIntermediateDirectories: true)
      #expect(unsafe mkfifo(folder.path(pipe), 0o600) == 0)
    }
    let commands = [
      ["inspect", path], ["validate", path], ["validate", "a"], ["inspect", "b"], ["bases", "--base", path],
      ["bases", "--base", "c"], ["validate", "--base", path, "a"], ["validate", "--policy", path, "a"],
      ["policy", "check", path], ["merge", "--base", path, "--adapter", "a", "--output", "out"],
      ["compress", path, "--output", "out"], ["decompress", path, "--output", "out"],
      ["gate", "--baseline", path, "--candidate", path], ["replay", "--trace", path, "--max-loras", "1"],
      ["replay", "--popularity", "weights:\(path)", "--rate", "1", "--duration", "9", "--max-loras", "1"],
      ["pack", "--base", path, "--max-loras", "1", "--max-lora-rank", "8", "a"],
    ]
    for command in commands {
      let result = try Program.shell("timeout 20 \"$TOOL\" " + command.joined(separator: " "), in: folder.path)
      #expect((1...2).contains(result.code), "\(command): \(result.code) \(result.output)")
    }
  }

  // MARK: Sizes

  /// What a test gives the program, and in how much address space it must do.
  private static let memory = Sanitizer.isOn ? "timeout 600" : "ulimit -v 1500000; timeout 60"

  @Test func deepNestingIsRefusedWhereverJSONIsRead() throws {
    let folder = try TemporaryFolder()
    let deep = String(repeating: "[", count: 1_000_000)
    let objects = String(repeating: #"{"a":"#, count: 300_000)
    try folder.write("a/adapter_model.safetensors", SafetensorsBuilder.frame(#"{"a":"# + deep, data: []))
    try folder.write("a/adapter_config.json", deep)
    try folder.write("base.json", objects)
    try folder.write("trace.jsonl", #"{"time":0,"adapter":"a","x":"# + deep)
    try folder.write("answers.jsonl", #"{"id":0,"name":"a","arguments":"# + objects)
    try folder.write("m/model.safetensors.index.json", objects)
    try folder.write("policy.yml", "a: " + deep)
    try Self.expectRefusals(
      in: folder,
      [
        "inspect a", "validate a", "bases --base base.json", "replay --trace trace.jsonl --max-loras 1",
        "gate --baseline answers.jsonl --candidate answers.jsonl", "validate --base m a", "policy check policy.yml",
        "replay --popularity weights:base.json --rate 1 --duration 9 --max-loras 1",
      ])
  }

  @Test func sizesThatFilesOnlyClaimTakeNeitherMemoryNorTime() throws {
    let folder = try TemporaryFolder()
    let huge = #"{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,18446744073709551612]}}"#
    try folder.write("a/adapter_model.safetensors", SafetensorsBuilder.frame(huge, data: []))
    try folder.write("a/adapter_config.json", #"{"peft_type":"LORA","r":2,"lora_alpha":4,"target_modules":["q"]}"#)
    try folder.write("b.safetensors", [0x00, 0xE1, 0xF5, 0x05, 0, 0, 0, 0] + Array("{}".utf8))
    // A thousand million layers.
    let layers =
      #"{"model_type":"llama","hidden_size":4096,"num_hidden_layers":1000000000,"num_attention_heads":32,"#
      + #""intermediate_size":1,"vocab_size":18446744073709551615}"#
    try folder.write("base.json", layers)
    // Nine levels of nine references each.
    let laughs = (0..<9).map { level in
      let items = [String](repeating: level == 0 ? "ha" : "*k\(level - 1)", count: 9)
      return "k\(level): &k\(level) [\(items.joined(separator: ", "))]\n"
    }
    try folder.write("policy.yml", laughs.joined())
    // A frame of zstd that claims 2^60 bytes, and one that unfolds 4,000 times.
    try folder.write("c.safetensors.zst", [0x28, 0xB5, 0x2F, 0xFD, 0xE0, 0, 0, 0, 0, 0, 0, 0, 0x10, 1, 0, 0])
    try folder.write("d.safetensors.zst", try Fixtures.bytes("broken/compressed-bomb/adapter_model.safetensors.zst"))
    try Self.expectRefusals(
      in: folder,
      [
        "inspect a", "validate a", "validate b.safetensors", "bases --base base.json", "policy check policy.yml",
        "plan --base base.json --rank 8 --targets all-linear", "validate c.safetensors.zst",
        "validate d.safetensors.zst",
        "decompress c.safetensors.zst --output out", "compress a/adapter_model.safetensors --output out",
        "pack --base base.json --max-loras 1 --max-lora-rank 8 a",
      ])
    #expect(!FileManager.default.fileExists(atPath: folder.path("out")))
  }

  private static func expectRefusals(in folder: TemporaryFolder, _ commands: [String]) throws {
    for command in commands {
      let result = try Program.shell("\(memory) \"$TOOL\" \(command)", in: folder.path)
      #expect((1...2).contains(result.code), "\(command): \(result.code) \(result.output.suffix(300))")
      #expect(result.output.utf8.count < 20_000, "\(command) says \(result.output.utf8.count) bytes")
      #expect(!result.output.contains("Fatal error"), "\(command)")
    }
  }

  // MARK: Places

  /// Text cannot name such a file, so it would be missing from a copy, and an adapter in it from a check.
  @Test func namesThatAreNotUTF8AreRefusedAndNotPassedOver() throws {
    let folder = try TemporaryFolder()
    for (name, of) in [
      ("fleet/one", "adapters/llama-nano"), ("own", "adapters/llama-nano"), ("base", "models/llama-nano-bf16"),
    ] {
      for (file, bytes) in try Fixtures.contents(of: Fixtures.path(of)) {
        try folder.write("\(name)/\(file)", Array(bytes))
      }
    }
    _ = try Program.shell(
      "cp -r own $'fleet/\\xff\\xfe'; echo > $'own/read\\xffme'; cp -r base other; echo > $'other/read\\xffme'",
      in: folder.path)
    for command in [
      "inspect fleet", "validate fleet", "validate own", "resize own --rank 1 --output out",
      "resize fleet/one --rank 1 --output own --overwrite", "repair own --output out",
      "convert own --to peft --output out",
      "merge --base other --adapter fleet/one --output out",
    ] {
      let result = try Program.shell("\"$TOOL\" \(command)", in: folder.path)
      #expect((1...2).contains(result.code) && result.output.contains("is not UTF-8"), "\(command): \(result.output)")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path("out")))
    #expect(FileManager.default.fileExists(atPath: folder.path("own/adapter_model.safetensors")))
  }

  @Test func shardNamesThatLeadOutOfTheFolderAreRefusedAndNotOpened() throws {
    let folder = try TemporaryFolder()
    var secret = SafetensorsBuilder()
    secret.add("model.layers.0.self_attn.q_proj.weight", .f32, [4, 4])
    try folder.write("secret.safetensors", secret.bytes)
    for name in [
      "../secret.safetensors", folder.path("secret.safetensors"), #"..\\secret.safetensors"#, "..",
      #"a\u0000.safetensors"#,
    ] {
      try folder.write(
        "m/model.safetensors.index.json",
        #"{"metadata":{},"weight_map":{"model.layers.0.self_attn.q_proj.weight":"\#(name)"}}"#)
      let output = folder.path("out")
      let result = try Program.run(
        ["merge", "--base", folder.path("m"), "--adapter", "adapters/llama-all-linear", "--output", output])
      #expect(result.code == 2, "\(name): \(result.output)\(result.errors)")
      #expect(!FileManager.default.fileExists(atPath: output))
      let report = try Program.run(
        ["validate", "--base", folder.path("m"), "--format", "json", "adapters/llama-all-linear"])
      #expect((report.output + report.errors).contains("refused"), "\(name): \(report.output)\(report.errors)")
    }
  }

  /// The base and the adapters are never written to, by whatever name the output leads there.
  @Test func theBaseAndTheAdaptersAreNeverWrittenTo() throws {
    let folder = try TemporaryFolder()
    let manager = FileManager.default
    try manager.copyItem(atPath: Fixtures.path("models/llama-bf16-sharded"), toPath: folder.path("base"))
    try manager.copyItem(atPath: Fixtures.path("adapters/llama-all-linear"), toPath: folder.path("a"))
    try manager.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: "base")
    try manager.createSymbolicLink(atPath: folder.path("dangling"), withDestinationPath: "elsewhere")
    let before = try Fixtures.contents(of: folder.path)
    for output in ["base", "base/", "./a/../base", "link", "link/", "a", "base/model", "dangling"] {
      for flags in [[], ["--overwrite"]] {
        let result = try Program.run(
          ["merge", "--base", "base", "--adapter", "a", "--output", output] + flags, in: folder.path)
        #expect(result.code == 2, "\(output) \(flags): \(result.output)\(result.errors)")
        #expect(try Fixtures.contents(of: folder.path) == before, "\(output) \(flags)")
      }
    }
    for command in [
      ["compress", "a/adapter_model.safetensors", "--output", "a/adapter_model.safetensors", "--overwrite"],
      ["compress", "a/adapter_model.safetensors", "--output", "dangling"],
      [
        "pack", "--base", "base", "--max-loras", "1", "--max-lora-rank", "8", "--output", "a/adapter_model.safetensors",
        "a",
      ],
    ] {
      let result = try Program.run(command, in: folder.path)
      #expect(result.code != 0 && result.code != 1, "\(command): \(result.output)\(result.errors)")
      #expect(try Fixtures.contents(of: folder.path) == before, "\(command)")
    }
  }

  // MARK: Confinement

  /// No program is started, no network asked for, and nothing written but the output.
  @Test func noProgramIsStarted() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path("out"), withIntermediateDirectories: false)
    try FileManager.default.createDirectory(atPath: folder.path("tmp"), withIntermediateDirectories: false)
    let base = "models/llama-bf16-sharded"
    let adapter = "adapters/llama-zstd"
    let commands = [
      ["inspect", "--stats", adapter, "broken"], ["validate", "--base", base, adapter, "broken"],
      ["validate", "--base", "meta-llama/Llama-3.1-8B", adapter],
      ["merge", "--base", base, "--adapter", adapter, "--output", folder.path("out/merged"), "--verify"],
      [
        "pack", "--base", base, "--max-loras", "1", "--max-lora-rank", "8", "--device", "host", "--output",
        folder.path("out/s"), adapter,
      ],
      ["compress", "adapters/llama-all-linear/adapter_model.safetensors", "--output", folder.path("out/c")],
      ["decompress", "\(adapter)/adapter_model.safetensors.zst", "--output", folder.path("out/d")],
      ["parity", "--base", base, "--adapter", adapter, "--tokens", "1"],
      ["gate", "--baseline", "evaluation/before.jsonl", "--candidate", "evaluation/after.jsonl"],
      [
        "replay", "--adapters", "5", "--rate", "2", "--duration", "30", "--max-loras", "2", "--plot",
        folder.path("out/p.svg"),
      ],
      ["plan", "--base", base, "--rank", "8", "--targets", "all-linear", "--output", folder.path("out/plan.txt")],
    ]
    for command in commands {
      let log = folder.path("writes")
      let result = try Program.run(
        command,
        environment: [
          "LD_PRELOAD": Program.faultyKernel, "FAULT_CONFINED": "1", "FAULT_WRITES": log, "TMPDIR": folder.path("tmp"),
          "HF_HOME": folder.path("hub"),
        ])
      #expect(result.code >= 0, "\(command): \(result.errors)")
      let written = ((try? String(contentsOfFile: log, encoding: .utf8)) ?? "").split(separator: "\n")
      let strays = written.filter {
        !$0.hasPrefix(folder.path("out/")) && $0 != folder.path("tmp") && !$0.hasPrefix("/dev/")
      }
      #expect(strays.isEmpty, "\(command) writes \(strays)")
      try? FileManager.default.removeItem(atPath: log)
    }
    let written = try FileManager.default.contentsOfDirectory(atPath: folder.path("out")).sorted()
    #expect(written == ["c", "d", "merged", "p.svg", "plan.txt", "s"])
  }

  @Test func picklesAreNamedAndRefusedWhateverTheyWouldDo() throws {
    let folder = try TemporaryFolder()
    let marker = folder.path("executed")
    // What pickle.dumps gives for an object whose __reduce__ is (os.system, ("touch …",)).
    let pickle = "cposix\nsystem\n(Vtouch \(marker)\ntR."
    for name in ["adapter_model.bin", "adapter_model.pt", "weights.safetensors"] {
      try folder.write("a/adapter_config.json", #"{"peft_type":"LORA","r":2,"lora_alpha":4,"target_modules":["q"]}"#)
      try folder.write("a/\(name)", [0x80, 0x02] + Array(pickle.utf8))
      for arguments in [
        ["inspect", "a"], ["validate", "a"], ["inspect", "a/\(name)"], ["compress", "a/\(name)", "--output", "out"],
        ["merge", "--base", Fixtures.path("models/llama-f32"), "--adapter", "a", "--output", "out"],
      ] {
        let result = try Program.run(
          arguments, in: folder.path, environment: ["LD_PRELOAD": Program.faultyKernel, "FAULT_CONFINED": "1"])
        #expect((1...2).contains(result.code), "\(arguments): \(result.code)")
        #expect((result.output + result.errors).contains("pickle"), "\(arguments): \(result.output)\(result.errors)")
      }
      try FileManager.default.removeItem(atPath: folder.path("a/\(name)"))
    }
    #expect(!FileManager.default.fileExists(atPath: marker))
  }

  // MARK: Many at once

  @Test func aFleetOf1000IsCheckedWith64OpenFilesAndByManyProcessesAtOnce() throws {
    let folder = try TemporaryFolder()
    for number in 0..<1000 {
      var builder = SafetensorsBuilder()
      let rank = number % 100 == 99 ? UInt64(3) : 2
      builder.add("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", .f32, [rank, 4])
      builder.add("base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight", .f32, [4, rank])
      try folder.write("fleet/a\(number)/adapter_model.safetensors", builder.bytes)
      try folder.write(
        "fleet/a\(number)/adapter_config.json",
        #"{"peft_type":"LORA","r":2,"lora_alpha":4,"target_modules":["q_proj"]}"#)
    }
    func check(_ command: String) throws -> [JSONValue] {
      try Program.shell(command, in: folder.path).output.split(separator: "\n").map {
        try JSONValue(parsing: Array($0.utf8))
      }
    }
    let result = try Program.shell(
      #"ulimit -n 64; "$TOOL" validate --format json fleet | tr -d '\n'"#, in: folder.path)
    let report = try JSONValue(parsing: Array(result.output.utf8))
    #expect(report["checked"] == 1000)
    let failed = report["adapters"]?.array?.filter { $0["status"] == "fail" } ?? []
    #expect(failed.count == 10)
    let rules = Set(failed.flatMap { $0["findings"]?.array ?? [] }.compactMap { $0["rule"]?.string })
    #expect(rules.contains("rank-mismatch") && !rules.contains("file-unreadable"), "\(rules)")
    let inspected = try Program.shell(#"ulimit -n 64; "$TOOL" inspect fleet | wc -l"#, in: folder.path)
    #expect((Int(inspected.output.split(separator: "\n").last ?? "") ?? 0) >= 1000, "\(inspected.output.prefix(300))")
    // Sixty processes, twenty at a time, each with a part of the fleet.
    let parts = try check(
      #"ulimit -n 64; seq 0 59 | xargs -P 20 -I{} sh -c '"$TOOL" validate --shard {}/60 --format json fleet | tr -d "\n" > part{}'; for part in part*; do cat $part; echo; done"#
    )
    #expect(parts.count == 60)
    #expect(parts.reduce(0) { $0 + ($1["checked"]?.int64 ?? 0) } == 1000)
    let failures = parts.flatMap { $0["adapters"]?.array ?? [] }.count { $0["status"] == "fail" }
    #expect(failures == 10)
  }
}
