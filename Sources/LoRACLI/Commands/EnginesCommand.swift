import ArgumentParser
import Diagnostics
import JSON
import LoRAEngines
import TensorCore

/// `lora-tool engines`.
struct EnginesCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "engines", abstract: "List the serving engines, their releases, and what was held against their code.",
    discussion: """
      A verdict of 'validate --engine' is positive only where the engine's own code was tried with the model class that \
      runs the base and with the modules that the adapter has. Everything else is reported as not judged.
      """)

  @Argument(
    help: "Show the model classes of one engine, as in vllm or vllm@0.32.",
    completion: .list(Engine.spellings))
  var engine: String?

  @Option(help: "Output format: text or json.")
  var format: ReportFormat = .text

  @OptionGroup var report: ReportOptions

  @OptionGroup var terminal: TerminalOptions

  func run() throws {
    let engines = try engine.map { [try Engine(argument: $0)] } ?? Engine.releases
    switch format {
    case .text:
      try report.write(terminal, text: engine == nil ? Self.overview(engines) : engines.flatMap { Self.classes($0) })
    case .json:
      let document: JSONValue = .document(
        "engines", toolVersion: Version.text,
        [
          "engines": .array(engines.map { Self.json($0) })
        ])
      try report.write(terminal, document: document)
    }
  }

  private static func overview(_ engines: [Engine]) -> [String] {
    engines.flatMap { heading($0) + [""] } + ["'lora-tool engines ENGINE' lists the model classes of one."]
  }

  private static func heading(_ engine: Engine) -> [String] {
    let classes = engine.evidence.classes()
    let serving = classes.count { $0.takesLoRA }
    return [
      "\(engine.fullName)  \(grouped(UInt64(serving))) model classes with adapters, "
        + "\(classes.count - serving) without",
      "  facts from  \(engine.evidence.source)", "  held by     \(engine.evidence.method)",
    ]
  }

  private static func classes(_ engine: Engine) -> [String] {
    var table = TextTable([("model class", .left), ("adapters", .left), ("kinds of modules", .right)])
    for entry in engine.evidence.classes() {
      table.add([
        escaped(entry.name), entry.takesLoRA ? "yes" : "refused", entry.takesLoRA ? "\(entry.moduleKinds)" : "-",
      ])
    }
    return heading(engine) + [""] + table.lines()
  }

  private static func json(_ engine: Engine) -> JSONValue {
    [
      "engine": .string(engine.name), "product": .string(engine.product), "version": .string(engine.version),
      "default_max_lora_rank": engine.defaultRankLimit.map { JSONValue($0) } ?? .null,
      "legal_max_lora_ranks": .array(engine.legalRankLimits.map { JSONValue($0) }),
      "source": .string(engine.evidence.source), "held_by": .string(engine.evidence.method),
      "classes": .array(
        engine.evidence.classes().map {
          [
            "name": .string($0.name), "lora": .bool($0.takesLoRA), "module_kinds": .integer(Int64($0.moduleKinds)),
          ]
        }),
    ]
  }
}
