import ArgumentParser
import Diagnostics
import JSON
import LoRAEngines
import LoRAIO
import LoRAModel
import LoRASlots
import LoRAValidate
import Safetensors
import TensorCore

/// `lora-tool pack`.
struct PackCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack",
    abstract: "Put adapters into the padded slots that a serving engine reads.",
    discussion: """
      Adapters go into slots 0, 1, …, cast and scaled as the engine does it, with zeros wherever an adapter has nothing. \
      --output writes all slots as one safetensors file. Adapters are checked first; one that does not fit is refused \
      before anything is allocated. --dry-run says how large the slots are and how many would fit.
      """)

  @OptionGroup var adapters: AdapterArguments

  @Option(
    help: """
      The base model: a config.json, model folder, safetensors file, index, cached repository id, or an hf://, https:// \
      or s3:// address.
      """,
    completion: .file())
  var base: String

  @OptionGroup var slots: SlotArguments

  @Option(help: "Where the slots are: host, cuda, cuda:N, or auto.", completion: .list(["host", "cuda", "auto"]))
  var device = "host"

  @Option(help: "Memory to say the largest number of slots for, such as 8GiB; what is free on a GPU by default.")
  var memory: String?

  @Flag(help: "Read every slot back and compare every byte with a plain reference.")
  var verify = false

  @Option(name: .shortAndLong, help: "Write the slots to this safetensors file.", completion: .file())
  var output: String?

  @Flag(help: "Replace an existing output file.")
  var overwrite = false

  @Flag(help: "Say what the slots would take and allocate nothing.")
  var dryRun = false

  @Flag(help: "List every buffer of the slots.")
  var buffers = false

  @Flag(help: "Pack adapters whose check finds errors, as far as they fit at all.")
  var skipValidation = false

  @OptionGroup var threads: ThreadArguments

  @OptionGroup var report: MakerReport

  @OptionGroup var terminal: TerminalOptions

  func validate() throws {
    if !isSlotDevice(device) {
      throw ValidationError("--device wants host, cuda, cuda:N or auto, not '\(escaped(device))'")
    }
    if let memory, ByteCount(parsing: memory) == nil {
      throw ValidationError("--memory wants a size such as 8GiB, not '\(escaped(memory))'")
    }
    if dryRun, output != nil || verify { throw ValidationError("--dry-run writes and verifies nothing") }
  }

  func run() throws {
    let target = try PackOutput.checked(output, overwrite: overwrite)
    let base = try openUsableBase()
    // Slots can be sized without any adapter; everything else needs one.
    let found = dryRun && adapters.adapters.isEmpty ? AdapterArguments.Found() : adapters.find(terminal)
    for problem in found.problems { StandardError.write("lora-tool: \(problem)\n") }
    guard found.problems.isEmpty else { throw ExitStatus.failed }
    let layout = try layout(base, found.paths)
    if !skipValidation { try check(found.paths, base, layout) }
    let items = try found.paths.map { path in
      try packing { () throws(SlotPacking.Failure) in try SlotPacking.Item(path, base: base, layout: layout) }
    }
    var report = PackReport(
      layout: layout, absences: layout.absences(of: base), arguments: slots, adapters: items)
    if dryRun {
      report.limit = memory.flatMap { ByteCount(parsing: $0)?.bytes }
      return try write(report)
    }
    if let output { try checkUnused(output) }
    try self.report.checkFiles()
    let device = try openSlotDevice(device, jobs: threads.jobs, terminal)
    report.device = (device.name, device.title)
    // A GPU is there for its slots; what the host's memory would hold says nothing that was asked.
    report.limit = memory.flatMap { ByteCount(parsing: $0)?.bytes } ?? (device is HostDevice ? nil : device.freeBytes)
    try pack(items, base, layout, device, target, &report)
    try write(report)
    if report.mismatch != nil { throw ExitStatus.findings }
  }

  private func openUsableBase() throws -> BaseModel {
    let base = try openBase(self.base, terminal)
    for finding in base.findings where finding.severity == .error {
      StandardError.write("lora-tool: \(escaped(finding.file)): \(finding.message)\n")
    }
    if base.findings.contains(where: { $0.severity == .error }) { throw ExitStatus.failed }
    try checkKnown(base)
    return base
  }

  private func layout(_ base: BaseModel, _ paths: [String]) throws(Failure) -> SlotLayout {
    var largest: UInt64 = 0
    if slots.maxLoraRank == nil {
      for path in paths {
        largest = max(largest, Adapter.load(path, unpacking: .onDemand).modules.map(\.rank).max() ?? 0)
      }
    }
    let options = slots.options(adapters: paths.count, largest: largest)
    guard paths.count <= options.slots else {
      throw Failure(
        "\(paths.count) adapters do not fit into \(counted(options.slots, "slot")); raise --max-loras"
      )
    }
    do throws(SlotLayoutError) {
      let layout = try SlotLayout(of: base, options)
      if !layout.isServed {
        terminal.warn(
          "warning: \(slots.engine) serves no adapters for \(escaped(base.modelType ?? "this model")); the slots are "
            + "what its general rules give")
      }
      return layout
    } catch { throw Failure("\(error)") }
  }

  /// Refuses adapters that the engine would not serve as trained, in the words of `validate`.
  private func check(_ paths: [String], _ base: BaseModel, _ layout: SlotLayout) throws {
    guard !paths.isEmpty else { return }
    let report = Validation.run(paths, base: base, options: slots.validation(layout.options))
    for adapter in report.adapters {
      if let serving = adapter.serving, serving.verdict == .unjudged {
        terminal.warn("warning: \(escaped(adapter.path)): \(serving.sentence)")
      }
    }
    let errors = report.adapters.flatMap(\.findings).filter { $0.severity == .error }
    guard !errors.isEmpty else { return }
    for finding in errors {
      let hint = finding.hint.map { "; \($0)" } ?? ""
      let sentence = escaped(finding.message + hint, limit: 2_000)
      StandardError.write("lora-tool: cannot pack: \(escaped(finding.file)): \(finding.rule.rawValue): \(sentence)\n")
    }
    throw ExitStatus.failed
  }

  private func pack(
    _ items: [SlotPacking.Item], _ base: BaseModel, _ layout: SlotLayout, _ device: any SlotDevice,
    _ target: PackOutput?, _ report: inout PackReport
  ) throws {
    let total = items.reduce(0) { $0 &+ $1.fileBytes }
    let bar = terminal.bar(total: total, unit: .bytes)
    defer { bar.finish() }
    let result = try packing { () throws(SlotPacking.Failure) in
      try SlotPacking(items, layout: layout, device: device) { bar.advance(by: $0) }
    }
    report.slots = result.slots
    if verify {
      report.mismatch = try packing { () throws(SlotPacking.Failure) in try result.firstMismatch(items, base: base) }
      report.isVerified = true
    }
    guard let target, report.mismatch == nil else { return }
    try target.write(result.memory, metadata: report.metadata)
    report.output = output
  }

  private func packing<Result>(_ body: () throws(SlotPacking.Failure) -> Result) throws(Failure) -> Result {
    do throws(SlotPacking.Failure) { return try body() } catch {
      if case .refused = error { throw Failure("cannot pack: \(error)") }
      throw Failure("\(error)")
    }
  }

  private func write(_ packed: PackReport) throws(Failure) {
    let isGood = !dryRun && packed.mismatch == nil
    try report.write(terminal, isGood: isGood) { format in
      switch format {
      case .json: [packed.json(buffers: buffers).text(pretty: true)]
      case .text: packed.text(buffers: buffers)
      }
    }
  }
}
