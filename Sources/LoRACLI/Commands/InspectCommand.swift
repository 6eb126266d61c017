import ArgumentParser
import Diagnostics
import JSON
import LoRAIO
import LoRAInspect
import LoRAModel
import LoRAValidate

/// `lora-tool inspect`.
struct InspectCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show rank, scale, targets, sizes and problems of adapters.",
    discussion: """
      Reads headers and configs only, unless --stats asks for the values. Files that are no adapters are described as \
      what they are.
      """)

  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text
    case json
    case markdown
  }

  @OptionGroup var adapters: AdapterArguments

  @Option(
    help: """
      Base model to compare with: a config.json, model folder, safetensors file, index, cached repository id, or an \
      hf://, https:// or s3:// address.
      """, completion: .file())
  var base: String?

  @Flag(help: "List every tensor.")
  var tensors = false

  @Flag(
    help: "Read all values: norms and effective rank of every delta, NaN and infinite values, SHA-256 of the file.")
  var stats = false

  @Option(help: "Output format: text, json or markdown.")
  var format: Format = .text

  @OptionGroup var report: ReportOptions

  @OptionGroup var terminal: TerminalOptions

  func run() throws {
    let found = adapters.find(terminal)
    for problem in found.problems { StandardError.write("lora-tool: \(problem)\n") }
    guard !found.paths.isEmpty else { throw ExitStatus.failed }
    let base = try base.map { try openBase($0, terminal) }
    var inspections = found.paths.map { path in
      let adapter = stats ? Adapter.load(path) : Adapter.load(path).closed
      return Inspection(adapter, findings: Self.problems(of: adapter, base: base), base: base)
    }
    if stats { try addStatistics(to: &inspections, weights: base?.dequantized() ?? base) }
    try write(inspections)
    UntilExit.keep(inspections)
    if !found.problems.isEmpty || inspections.contains(where: { !$0.isReadable }) { throw ExitStatus.failed }
  }

  /// Reads the values of all adapters that can be relied on, and of the base without quantisation.
  private func addStatistics(to inspections: inout [Inspection], weights: BaseModel?) throws(Failure) {
    CurrentProcess.keepFreedMemory()
    let modules = inspections.reduce(0) { $0 + $1.adapter.modules.count }
    let bar = terminal.bar(total: UInt64(modules), unit: .items)
    defer { bar.finish() }
    for index in inspections.indices where inspections[index].isReadable {
      do throws(IOError) {
        let adapter = inspections[index].adapter
        inspections[index].statistics = try AdapterStatistics(of: adapter, base: weights) { bar.advance(by: 1) }
      } catch {
        throw Failure("\(error)")
      }
    }
  }

  /// What validation says of the header and the config; files that are no LoRA at all are described, not judged.
  private static func problems(of adapter: Adapter, base: BaseModel?) -> [Finding] {
    guard adapter.format != .unknown || adapter.trainer != nil else { return adapter.findings }
    var options = ValidationOptions()
    options.headerOnly = true
    return RuleSet.findings(in: ValidationContext(adapter, base: base, options: options, values: nil))
  }

  private func write(_ inspections: [Inspection]) throws(Failure) {
    switch format {
    case .json:
      try report.write(terminal, document: inspectDocument(inspections, tensors: tensors, toolVersion: Version.text))
    case .markdown:
      try report.write(terminal, inspections.flatMap { $0.markdown(tensors: tensors) })
    case .text:
      try report.write(
        terminal,
        text: inspections.count > 1
          ? inspectTable(inspections).lines() : inspections.flatMap { $0.text(tensors: tensors) })
    }
  }
}
