import ArgumentParser
import LoRAInspect
import LoRAModel
import LoRAValidate
import TensorCore

/// `lora-tool inspect`.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show rank, scale, targets, sizes and problems of adapters.",
    discussion: "Reads headers and configs only. Files that are no adapters are described as what they are.")

  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text
    case json
    case markdown
  }

  @OptionGroup var adapters: AdapterArguments

  @Option(help: "Base model to compare with: a config.json, model folder, safetensors file or index.")
  var base: String?

  @Flag(help: "List every tensor.")
  var tensors = false

  @Option(help: "Output format: text, json or markdown.")
  var format: Format = .text

  @OptionGroup var report: ReportOptions

  func run() throws {
    let found = adapters.find()
    for problem in found.problems { StandardError.write("lora-tool: \(problem)\n") }
    guard !found.paths.isEmpty else { throw ExitStatus.failed }
    let base = try base.map { try openBase($0) }
    let inspections = found.paths.map { path in
      let adapter = Adapter.load(path)
      return Inspection(adapter, findings: Self.problems(of: adapter, base: base), base: base)
    }
    try report.write(render(inspections))
    if !found.problems.isEmpty || inspections.contains(where: { !$0.isReadable }) { throw ExitStatus.failed }
  }

  /// What validation says of the header and the config; files that are no LoRA at all are described, not judged.
  private static func problems(of adapter: Adapter, base: BaseModel?) -> [Finding] {
    guard adapter.format != .unknown else { return adapter.findings }
    var options = ValidationOptions()
    options.headerOnly = true
    return RuleSet.findings(in: ValidationContext(adapter, base: base, options: options, values: nil))
  }

  private func render(_ inspections: [Inspection]) -> [String] {
    switch format {
    case .json:
      return [inspectDocument(inspections, tensors: tensors, toolVersion: Version.text).text(pretty: true)]
    case .markdown:
      return inspections.flatMap { $0.markdown(tensors: tensors) }
    case .text:
      guard inspections.count > 1 else { return inspections.flatMap { $0.text(tensors: tensors) } }
      return inspectTable(inspections).lines()
    }
  }
}
