import Foundation
import JSON
import LoRATestSupport
import Testing

/// What every command has in common: streams, exit codes, and the options that all of them take.
@Suite struct CommandConventionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// What every command line gives without further options, each run once.
  private static let normal = Result {
    let folder = try TemporaryFolder()
    return try Dictionary(
      uniqueKeysWithValues: CommandLine.all.map {
        ($0.command, try Program.run($0.words(folder.path(UUID().uuidString))))
      })
  }

  private func normal(_ line: CommandLine) throws -> Program.Result {
    try #require(try Self.normal.get()[line.command])
  }

  /// A path that nothing lies at.
  private func fresh() -> String { folder.path(UUID().uuidString) }

  private static func plain(_ text: String) -> String {
    text.replacing(/\u{1B}\[[0-9;]*m/, with: "")
  }

  /// Commands are named here one by one; this finds the one that was forgotten.
  @Test func everyCommandIsTried() throws {
    func leaves(_ command: JSONValue, _ path: [String]) -> [[String]] {
      let below = (command["subcommands"]?.array ?? []).filter { $0["commandName"]?.string != "help" }
      if below.isEmpty { return [path] }
      return below.flatMap { leaves($0, path + [$0["commandName"]?.string ?? ""]) }
    }
    let known = leaves(try CommandReference.known.get(), [])
    #expect(Set(known) == Set(CommandLine.all.map(\.command)))
  }

  @Test(arguments: CommandLine.all)
  func commonOptionsChangeNothingOfTheResult(_ line: CommandLine) throws {
    let normal = try normal(line)
    #expect(normal.code == line.code, "\(normal.errors)")
    let plain = try Program.run(line.words(fresh(), ["--color", "never", "--progress", "never", "--verbose"]))
    #expect(plain.code == line.code, "\(plain.errors)")
    #expect(plain.errors.hasPrefix("lora-tool: [0."), "\(plain.errors)")
    #expect(plain.errors.contains("instructions") && plain.errors.contains("of memory at most"))
    let coloured = try Program.run(line.words(fresh(), ["--color", "always"]))
    #expect(coloured.code == line.code)
    if !line.isTimed {
      #expect(plain.output == normal.output)
      #expect(Self.plain(coloured.output) == normal.output)
    }
  }

  @Test(arguments: CommandLine.all)
  func quietCommandsSayNothingOfWhatIsInOrder(_ line: CommandLine) throws {
    let result = try Program.run(line.words(fresh(), ["--quiet", "--progress", "always"]))
    #expect(result.code == line.code)
    #expect(result.errors.isEmpty, "\(result.errors)")
    #expect(result.output.isEmpty == line.isCheck, "\(result.output)")
    #expect(try Program.run(line.words(fresh(), ["--quiet", "--verbose"])).code == 64)
  }

  @Test(arguments: CommandLine.all.filter(\.hasJSON))
  func jsonIsOneDocumentWhateverElseIsAskedFor(_ line: CommandLine) throws {
    for noise in [["--verbose", "--progress", "always"], ["--quiet"]] {
      let result = try Program.run(line.words(fresh(), ["--format", "json", "--color", "always"] + noise))
      #expect(result.code == line.code, "\(result.errors)")
      let document = try result.json()
      #expect(document["schema"]?.string?.hasPrefix("lora-tool/\(line.command[0])/") == true)
      #expect(document["tool_version"] == .string("0.1.0"))
    }
  }

  @Test(arguments: CommandLine.all)
  func reportsGoToAFile(_ line: CommandLine) throws {
    let file = fresh()
    if line.reportsToOutput {
      let result = try Program.run(line.words(fresh(), ["--output", file]))
      #expect(result.code == line.code && result.output.isEmpty && result.errors.isEmpty, "\(result.errors)")
      #expect(try String(contentsOfFile: file, encoding: .utf8) == (try normal(line).output))
      // A report is wanted even when nothing is said.
      #expect(try Program.run(line.words(fresh(), ["--output", fresh(), "--quiet"])).code == line.code)
    } else if line.hasJSON {
      let result = try Program.run(line.words(fresh(), ["--report", "json=\(file)", "--quiet"]))
      #expect(result.code == line.code && result.output.isEmpty && result.errors.isEmpty, "\(result.errors)")
      let report = try JSONValue(parsing: Array(Data(contentsOf: URL(fileURLWithPath: file))))
      #expect(report["schema"]?.string == "lora-tool/\(line.command[0])/1")
    }
  }

  @Test(arguments: CommandLine.all)
  func aReaderThatGoesAwayIsNoError(_ line: CommandLine) throws {
    for reader in ["head -c 1 >/dev/null", "true"] {
      let words = line.words(fresh()).map { "'\($0)'" }.joined(separator: " ")
      let result = try Program.shell("set -o pipefail; \"$TOOL\" \(words) | \(reader)")
      #expect(result.code == line.code, "\(result.output)")
      #expect(!result.output.contains("pipe"), "\(result.output)")
      if line.command != ["policy", "init"] { #expect(result.output.isEmpty, "\(result.output)") }
    }
  }

  @Test(arguments: CommandLine.all.filter { $0.command != ["policy", "init"] })
  func aFullDiskAndAClosedStreamAreSaid(_ line: CommandLine) throws {
    let words = line.words(fresh()).map { "'\($0)'" }.joined(separator: " ")
    let full = try Program.shell("\"$TOOL\" \(words) >/dev/full")
    #expect(full.code == 2 && full.output.contains("no space left"), "\(full.output)")
    let output = fresh()
    let others = line.words(output).map { "'\($0)'" }.joined(separator: " ")
    let closed = try Program.shell("\"$TOOL\" \(others) >&-")
    #expect(closed.code == 2 && closed.output.contains("standard output"), "\(closed.output)")
    // What the command makes is whole, and the report is not in it.
    if line.command == ["merge"] {
      let check = try Program.run(["verify", output, "--full"] + line.arguments.prefix(4))
      #expect(check.code == 0, "\(check.output)\(check.errors)")
    }
  }

  @Test(arguments: CommandLine.all)
  func helpVersionAndWrongOptions(_ line: CommandLine) throws {
    for word in ["--help", "-h"] {
      let help = try Program.run(line.command + [word])
      #expect(help.code == 0 && help.errors.isEmpty)
      #expect(help.output.contains("USAGE: lora-tool \(line.testDescription)"))
      for option in ["--color", "--progress", "--quiet", "--verbose"] { #expect(help.output.contains(option)) }
    }
    #expect(try Program.run(line.command + ["--version"]).output == "0.1.0\n")
    let wrong = try Program.run(line.words(fresh(), ["--no-such-option"]))
    #expect(wrong.code == 64 && wrong.output.isEmpty)
    #expect(wrong.errors.hasPrefix("lora-tool: "), "\(wrong.errors)")
    #expect(wrong.errors.contains("lora-tool \(line.testDescription) --help"), "\(wrong.errors)")
  }

  // MARK: Colour

  @Test func colourFollowsTheOptionAndTheEnvironment() throws {
    let line = ["validate", "broken/rank-global", "adapters/llama-nano"]
    #expect(try Program.run(line).output.contains("\u{1B}") == false)
    #expect(try Program.run(line + ["--color", "always"]).output.contains("\u{1B}[31m"))
    #expect(
      try Program.run(line + ["--color", "always"], environment: ["NO_COLOR": "1"]).output.contains("\u{1B}[31m"))
  }

  @Test(.enabled("needs the program script, which makes a terminal") { try Program.exist("script") })
  func aTerminalIsColouredUnlessTheEnvironmentForbidsIt() throws {
    let terminal = "script -qec \"$TOOL gate --baseline evaluation/before.jsonl --candidate evaluation/after.jsonl\""
    #expect(
      try Program.shell("unset NO_COLOR; TERM=xterm \(terminal) /dev/null </dev/null").output.contains("\u{1B}[31mfail")
    )
    #expect(try Program.shell("TERM=xterm NO_COLOR=1 \(terminal) /dev/null").output.contains("\u{1B}") == false)
    #expect(try Program.shell("TERM=dumb \(terminal) /dev/null").output.contains("\u{1B}") == false)
  }

  @Test(.enabled("needs the program script, which makes a terminal") { try Program.exist("script") })
  func aPageOfHTMLIsNotPrintedOnATerminal() throws {
    let terminal = "script -qec \"$TOOL report adapters/llama-nano"
    let refused = try Program.shell("\(terminal)\" /dev/null </dev/null")
    #expect(refused.code == 64 && refused.output.contains("--output FILE") && !refused.output.contains("<html"))
    let wanted = try Program.shell("\(terminal) --output -\" /dev/null </dev/null")
    #expect(wanted.code == 0 && wanted.output.contains("<html"))
    #expect(try Program.shell("$TOOL report adapters/llama-nano | head -c 15").output == "<!DOCTYPE html>")
  }

  // MARK: Standard input

  @Test(arguments: [
    ("bases/llama-7b.json", "bases --base BASE"),
    ("bases/llama-7b.json", "plan --base BASE --rank 8 --targets attention --format json"),
    ("evaluation/before.jsonl", "gate --baseline BASE --candidate evaluation/after.jsonl --format json"),
    ("evaluation/after.jsonl", "gate --baseline evaluation/before.jsonl --candidate BASE --format json"),
    ("traffic/zipf.jsonl", "replay --max-loras 4 --trace BASE --format json"),
    ("policies/platform.yml", "policy check BASE"),
    ("policies/platform.yml", "validate --policy BASE adapters/llama-nano"),
  ])
  func standardInputIsAFileLikeAnyOther(_ file: String, _ line: String) throws {
    let named = try Program.shell("\"$TOOL\" " + line.replacing("BASE", with: file))
    let piped = try Program.shell("cat \(file) | \"$TOOL\" " + line.replacing("BASE", with: "-"))
    #expect(named.code == piped.code && [0, 1].contains(piped.code), "\(piped.output)")
    #expect(piped.output.replacing("standard input", with: file) == named.output)
  }

  @Test func standardInputIsReadOnceAndMayBeWrong() throws {
    #expect(try Program.run(["gate", "--baseline", "-", "--candidate", "-"]).code == 64)
    for line in [
      "bases --base -", "replay --max-loras 4 --trace -", "policy check -", "gate --baseline - --candidate x",
    ] {
      let result = try Program.shell("echo '[' | \"$TOOL\" \(line)")
      #expect(result.code == 2, "\(line): \(result.output)")
    }
  }

  // MARK: Did you mean

  @Test(arguments: [
    (["inpsect", "x"], "did you mean 'inspect'?"), (["valdiate"], "did you mean 'validate'?"),
    (["info", "x"], "did you mean 'inspect'?"), (["check"], "did you mean 'validate'?"),
    (["Fuse"], "did you mean 'merge'?"), (["deco"], "did you mean 'decompress'?"),
    (["policy", "chek"], "did you mean 'check'?"), (["help", "merg"], "did you mean 'merge'?"),
    (["--versoin"], "did you mean '--version'?"),
    (["validate", "--bas", "x"], "Did you mean '--base'?"),
    (["validate", "--engine", "vlm", "."], "did you mean 'vllm'?"),
    (["explain", "rank-mismach"], "did you mean 'rank-mismatch'?"),
    (["validate", "adapters/llama-nanp"], "did you mean 'adapters/llama-nano'?"),
    (["inspect", "adaptrs/llama-nano"], "did you mean 'adapters/llama-nano'?"),
    (["bases", "--base", "bases/llama-7.json"], "did you mean 'bases/llama-7b.json'?"),
    (["policy", "check", "policies/platfrom.yml"], "did you mean 'policies/platform.yml'?"),
    (["gate", "--baseline", "evaluation/befor.jsonl", "--candidate", "x"], "did you mean 'evaluation/before.jsonl'?"),
    (["replay", "--max-loras", "4", "--trace", "traffic/zip.jsonl"], "did you mean 'traffic/zipf.jsonl'?"),
    (["compress", "adapters/llama-nan"], "did you mean 'adapters/llama-nano'?"),
    (["validate", "--policy", "policies/platform.yaml", "."], "did you mean 'policies/platform.yml'?"),
  ])
  func whatWasProbablyMeantIsSaid(_ arguments: [String], _ clause: String) throws {
    let result = try Program.run(arguments)
    #expect(result.code == 64 || result.code == 2)
    #expect(result.output.isEmpty)
    #expect(result.errors.contains(clause), "\(result.errors)")
  }

  @Test func aMisspeltArchitectureIsNamed() throws {
    try folder.write("config.json", #"{"model_type":"lama","hidden_size":8}"#)
    let result = try Program.run(["bases", "--base", folder.path("config.json")])
    #expect(result.errors.contains("did you mean 'llama'?"), "\(result.errors)")
  }

  @Test func aRepositoryInTheCacheIsNamed() throws {
    try folder.folder("hub/models--meta-llama--Llama-3.1-8B")
    let result = try Program.run(
      ["bases", "--base", "meta-lama/Llama-3.1-8B"], environment: ["HF_HOME": folder.path, "HF_HUB_CACHE": ""])
    #expect(result.code == 2 && result.errors.contains("did you mean 'meta-llama/Llama-3.1-8B'?"), "\(result.errors)")
  }

  @Test func whatIsFarOffIsNotGuessed() throws {
    #expect(try Program.run(["explain", "zzzzzz"]).errors.contains("did you mean") == false)
    #expect(try Program.run(["validate", "zzzzzz"]).errors.contains("did you mean") == false)
  }

  // MARK: Order and patterns

  @Test func theOrderIsTheSameEveryTime() throws {
    for line in CommandLine.all where !line.isTimed {
      #expect(try Program.run(line.words(fresh())).output == (try normal(line).output), "\(line.command)")
    }
    let paths = try #require(try Program.run(["inspect", "adapters", "--format", "json"]).json()["adapters"]?.array)
      .compactMap { $0["path"]?.string }
    #expect(paths == paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } && paths.count > 50)
  }

  @Test func aPatternThatMatchesNothingIsSaid() throws {
    for command in ["validate", "inspect"] {
      let result = try Program.run([command, "adapters/nosuch-*", "adapters/llama-rslora*"])
      #expect(result.code == 2)
      #expect(result.errors.contains("no file or folder matches the pattern adapters/nosuch-*"))
      #expect(result.output.contains("adapters/llama-rslora-patterns"))
    }
  }

  @Test func namesThatAPatternFindsDoNotReachTheTerminal() throws {
    try folder.link("bad\u{1B}[31m", to: "nowhere")
    let result = try Program.run(["validate", "*"], in: folder.path)
    #expect(result.code == 2 && !(result.errors + result.output).contains("\u{1B}"), "\(result.errors)")
  }

  // MARK: Quiet checks

  @Test func quietValidationShowsWhatFailed() throws {
    let result = try Program.run(["validate", "--quiet", "adapters/llama-nano", "broken/rank-global"])
    #expect(result.code == 1 && result.errors.isEmpty)
    #expect(result.output.contains("rank-mismatch") && !result.output.contains("llama-nano"), "\(result.output)")
    let gate = try Program.run(
      ["gate", "--quiet", "--baseline", "evaluation/before.jsonl", "--candidate", "evaluation/after.jsonl"])
    #expect(gate.code == 1 && gate.output.contains("fail"))
  }

  /// In a container or chroot without /proc the arguments are lost; a gate must not pass then.
  @Test(
    .disabled(if: Sanitizer.isOn, "sanitizers need /proc themselves"),
    .enabled("needs the right to make namespaces") { try Program.shell("unshare -rm true").code == 0 })
  func withoutProcNothingPasses() throws {
    let line = "unshare -rm sh -c 'mount -t tmpfs none /proc && exec \"$0\" --version' \"$TOOL\""
    let result = try Program.shell(line)
    #expect(result.code == 2, "\(result.output)")
    #expect(result.output.hasPrefix("lora-tool: the arguments of the command line cannot be read"), "\(result.output)")
  }
}
