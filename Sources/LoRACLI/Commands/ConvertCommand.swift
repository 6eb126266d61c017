import ArgumentParser
import JSON
import LoRADeltas
import LoRAIO
import LoRAModel
import LoRASurgery
import TensorCore

/// `lora-tool convert`.
struct ConvertCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Write an adapter in the format of another library.",
    discussion: """
      The delta of every module stays the same and every scale is kept: where a format has one scale or one rank for a \
      file, the ratio goes into a factor, rounded once, and ranks are filled up with zeros. What a format cannot say is \
      refused by name and never dropped. kohya and gguf are written as a file, everything else as a folder. --fuse and \
      --unfuse change how projections of a PEFT adapter are held, such as q_proj, k_proj and v_proj in one qkv_proj.
      """)

  @Argument(help: "An adapter folder, weights file or address, of any format that inspect knows.", completion: .file())
  var input: String

  @Option(name: .customLong("to"), help: "Target format: peft, kohya, diffusers, mlx, torchtune, gguf or trtllm.")
  var target: TargetFormat

  @Option(
    help: """
      The base model, for layers, heads, experts and names that the adapter does not tell: a config.json, model folder, \
      safetensors file, index, cached repository id, or an hf://, https:// or s3:// address.
      """, completion: .file())
  var base: String?

  @Option(
    help: ArgumentHelp(
      "Put projections into one module of this name: qkv_proj, gate_up_proj, query_key_value, Wqkv or c_attn.",
      valueName: "name"))
  var fuse: String?

  @Flag(help: "Split modules that hold several projections.")
  var unfuse = false

  @Option(
    help: "What kohya's names begin with, or the part of a pipeline for diffusers, where the input does not tell.")
  var prefix: String?

  @Option(help: "The part of a pipeline, such as unet, that becomes the PEFT folder.")
  var part: String?

  @Option(
    help: ArgumentHelp(
      "Layout of stacked experts where the file is ambiguous: peft, or unsloth for files of Unsloth before 2026.9.",
      valueName: "layout"), transform: MergeInputs.choice)
  var expertLayout: ExpertLayout?

  @OptionGroup var surgery: SurgeryArguments

  @OptionGroup var threads: ThreadArguments

  @OptionGroup var report: MakerReport

  @OptionGroup var terminal: TerminalOptions

  func validate() throws {
    if fuse != nil, unfuse { throw ValidationError("--fuse and --unfuse exclude each other") }
    if fuse != nil || unfuse, target != .peft { throw ValidationError("--fuse and --unfuse want --to peft") }
    if expertLayout == .peft018 { throw ValidationError("--expert-layout wants peft or unsloth here") }
    if let prefix, prefix.isEmpty || prefix.contains("/") { throw ValidationError("--prefix wants the start of names") }
  }

  func run() throws {
    let run = SurgeryRun(terminal)
    let base = try base.map { try openBase($0, terminal) }
    let adapter = try loadAdapter(input)
    let input: ConversionInput
    let plan: ConversionPlan
    do throws(SurgeryError) {
      input = try ConversionInput(adapter, base: base.map { ConversionBase($0) }, experts: expertLayout)
      plan = try target.target.plan(input, options(input.adapter, base))
    } catch {
      throw SurgeryRun.failure(error)
    }
    UsedFiles.insert(input.adapter.weightsPath)
    let report = ConvertReport(
      input: input, target: target.rawValue, plan: plan, output: surgery.dryRun ? nil : surgery.output)
    for note in plan.notes { terminal.note(escaped(note)) }
    if let output = surgery.output, !surgery.dryRun { try write(plan, to: output, run, input.path) }
    try self.report.write(terminal, report.render)
  }

  private func write(_ plan: ConversionPlan, to output: String, _ run: SurgeryRun, _ input: String) throws(Failure) {
    try report.checkFiles()
    switch plan.output {
    case .folder(let draft):
      try SurgeryRun.checkFolder(output, overwrite: surgery.overwrite, inputs: [input])
      try run.perform(total: plan.bytes, unit: .bytes) { (control) throws(SurgeryError) in
        try DraftWriter(workers: threads.workers, control: control)
          .write(draft, folder: output, overwrites: surgery.overwrite)
      }
    case .file(let file):
      try checkPlace(output, overwrite: surgery.overwrite)
      try checkUnused(output)
      try run.perform(total: plan.bytes, unit: .bytes) { (control) throws(SurgeryError) in
        try DraftWriter(workers: threads.workers, control: control)
          .write(file, to: output, overwrites: surgery.overwrite)
      }
    }
  }

  private func options(_ adapter: Adapter, _ base: BaseModel?) -> ConversionOptions {
    var asked: JSONObject = ["to": .string(target.rawValue), "dtype": .string(surgery.dtype.rawValue)]
    if let fuse { asked["fuse"] = .string(fuse) }
    if unfuse { asked["unfuse"] = true }
    if let prefix { asked["prefix"] = .string(prefix) }
    if let part { asked["part"] = .string(part) }
    if let expertLayout { asked["expert_layout"] = .string(expertLayout.rawValue) }
    let writes = surgery.output != nil && !surgery.dryRun
    let weights = InputDigest(adapter.weightsPath, begins: writes && threads.workers > 1)
    var inputs = [(role: "adapter", file: weights)]
    if let config = adapter.config?.path { inputs.append(("config", InputDigest(config))) }
    if let config = base?.configPath { inputs.append(("base", InputDigest(config))) }
    var options = ConversionOptions(
      record: SurgeryRecord("convert", toolVersion: Version.text, options: asked, inputs: inputs))
    options.dtype = surgery.dtype.dtype
    options.prefix = prefix
    options.part = part
    options.fusing = fuse.map { .into($0) } ?? (unfuse ? .unfuse : nil)
    return options
  }
}

/// The formats that `convert` writes.
enum TargetFormat: String, CaseIterable, ExpressibleByArgument {
  case peft
  case kohya
  case diffusers
  case mlx
  case torchtune
  case gguf
  case trtllm

  var target: any ConversionTarget {
    switch self {
    case .peft: PEFTTarget()
    case .kohya: KohyaTarget()
    case .diffusers: DiffusersTarget()
    case .mlx: MLXTarget()
    case .torchtune: TorchtuneTarget()
    case .gguf: GGUFTarget()
    case .trtllm: TensorRTLLMTarget()
    }
  }
}

/// What a conversion did.
private struct ConvertReport {
  let input: ConversionInput
  let target: String
  let plan: ConversionPlan
  /// Where it was written; nil for a dry run.
  let output: String?

  func render(_ format: ReportFormat) -> [String] {
    format == .json ? [json.text(pretty: true)] : text
  }

  private var json: JSONValue {
    .document(
      "convert", toolVersion: Version.text,
      [
        "input": .string(input.path), "output": output.map { .string($0) } ?? .null,
        "format": .string(input.adapter.format.rawValue), "target": .string(target),
        "modules": .integer(Int64(plan.modules)), "tensors": .integer(Int64(plan.tensors)),
        "folded": .array(
          plan.folded.map { ["module": .string($0.module), "factor": .real($0.factor)] }),
        "padded": .array(
          plan.padded.map { ["module": .string($0.module), "from": JSONValue($0.from), "to": JSONValue($0.to)] }),
        "rounded": .array(
          plan.ledger.rounded.map { ["tensor": .string($0.tensor), "relative_error": .real($0.error)] }),
        "notes": .array(plan.notes.map { .string($0) }),
      ])
  }

  private var text: [String] {
    let place = output.map { "wrote \(escaped($0))" } ?? "would write"
    var lines = [
      "\(place): \(input.adapter.format.rawValue) to \(target), \(plan.modules) modules, \(plan.tensors) tensors"
    ]
    if let first = plan.folded.first {
      lines.append(
        "  scales folded into factors: \(plan.folded.count), such as \(escaped(first.module)) by \(first.factor)")
    }
    if let first = plan.padded.first {
      lines.append(
        "  ranks filled up with zeros: \(plan.padded.count), such as \(escaped(first.module)) from \(first.from) to "
          + "\(first.to)")
    }
    let rounded = plan.ledger.rounded
    if let worst = rounded.first {
      lines.append(
        "  tensors rounded: \(rounded.count), at most by \(brief(worst.error)) (\(escaped(worst.tensor)))")
    } else if output != nil {
      lines.append("  nothing was rounded")
    }
    return lines + plan.notes.map { "  note: \(escaped($0))" }
  }
}

/// A small number with two digits, such as 6.0e-08.
private func brief(_ value: Double) -> String {
  var (digits, exponent) = (value, 0)
  while digits < 1, digits > 0, exponent < 400 { (digits, exponent) = (digits * 10, exponent + 1) }
  return "\(fixed(digits, 1))e-\(exponent < 10 ? "0" : "")\(exponent)"
}
