import ArgumentParser
import BaseCatalogue
import Diagnostics
import JSON
import LoRAModel
import TensorCore

/// `lora-tool bases`.
struct BasesCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "bases",
    abstract: "List the known architectures, or the modules of one base that LoRA can target.")

  @Option(
    help: """
      Base model to describe: a config.json, model folder, safetensors file, index, cached repository id, or an hf://, https:// \
      or s3:// address.
      """,
    completion: .file())
  var base: String?

  @Option(help: "Output format: text or json.")
  var format: ReportFormat = .text

  @OptionGroup var report: ReportOptions

  @OptionGroup var terminal: TerminalOptions

  func run() throws {
    if let base {
      try describe(try openBase(base, terminal))
    } else {
      try listArchitectures()
    }
  }

  private func listArchitectures() throws {
    let types = Catalogue.modelTypes
    switch format {
    case .text: try report.write(terminal, text: types)
    case .json:
      let document: JSONValue = .document(
        "bases", toolVersion: Version.text,
        [
          "model_types": .array(types.map { .string($0) })
        ])
      try report.write(terminal, document: document)
    }
  }

  private func describe(_ base: BaseModel) throws {
    for finding in base.findings where finding.severity == .error {
      StandardError.write("lora-tool: \(escaped(finding.file)): \(finding.message)\n")
    }
    try checkKnown(base)
    let list = ModuleList(base)
    try report.write(terminal) { (stream: inout ReportStream) throws(Failure) in
      switch format {
      case .json:
        try list.writeDocument(
          [
            "path": .string(base.path), "model_type": JSONValue(base.modelType),
            "parameters": base.parameters.map { JSONValue($0) } ?? .null, "tied_embeddings": .bool(base.tiesEmbeddings),
          ], to: &stream)
      case .text:
        let parameters = base.parameters.map { ", \(grouped($0)) parameters" } ?? ""
        let heading = "\(escaped(base.path)): \(escaped(base.modelType ?? "unknown architecture"))\(parameters)\n\n"
        try stream.write(Array(heading.utf8))
        try list.writeTable(to: &stream)
      }
      try stream.write(Array("\n".utf8))
    }
    if base.findings.contains(where: { $0.severity == .error }) { throw ExitStatus.failed }
  }
}
