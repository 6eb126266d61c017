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

  var terminal: TerminalOptions { report.terminal }

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
    case .text: try report.write(text: types)
    case .json:
      let document: JSONValue = .document(
        "bases", toolVersion: Version.text,
        [
          "model_types": .array(types.map { .string($0) })
        ])
      try report.write(document: document)
    }
  }

  private func describe(_ base: BaseModel) throws {
    for finding in base.findings where finding.severity == .error {
      StandardError.write("lora-tool: \(escaped(finding.file)): \(finding.message)\n")
    }
    try checkKnown(base)
    let modules = modules(of: base)
    switch format {
    case .json:
      let document: JSONValue = .document(
        "bases", toolVersion: Version.text,
        [
          "path": .string(base.path),
          "model_type": JSONValue(base.modelType), "parameters": base.parameters.map { JSONValue($0) } ?? .null,
          "tied_embeddings": .bool(base.tiesEmbeddings),
          "modules": .array(
            modules.map { module in
              [
                "name": .string(module.name), "kind": .string(module.kindName), "in": JSONValue(module.inFeatures),
                "out": JSONValue(module.outFeatures),
              ]
            }),
        ])
      try report.write(document: document)
    case .text:
      let parameters = base.parameters.map { ", \(grouped($0)) parameters" } ?? ""
      var table = TextTable([("module", .left), ("kind", .left), ("in", .right), ("out", .right)])
      for module in modules {
        table.add([escaped(module.name), module.kindName, String(module.inFeatures), String(module.outFeatures)])
      }
      try report.write(
        text: ["\(escaped(base.path)): \(escaped(base.modelType ?? "unknown architecture"))\(parameters)", ""]
          + table.lines())
    }
    if base.findings.contains(where: { $0.severity == .error }) { throw ExitStatus.failed }
  }

  /// All modules by name in natural order; that of the catalogue is nearly so, which spares most of the sorting.
  private func modules(of base: BaseModel) -> [LoRAModel.BaseModule] {
    var modules: [LoRAModel.BaseModule] = []
    modules.reserveCapacity(base.modules.count)
    for described in base.description?.modules ?? [] {
      if let module = base.modules[described.name] { modules.append(module) }
    }
    for router in base.description?.routers ?? [] {
      if let module = base.modules[String(router.name.dropLast(".weight".utf8.count))] { modules.append(module) }
    }
    if modules.count != base.modules.count { modules = Array(base.modules.values) }
    // Places are sorted, not modules, which are large.
    return modules.indices.sorted { naturallyPrecedes(modules[$0].name, modules[$1].name) }.map { modules[$0] }
  }
}
