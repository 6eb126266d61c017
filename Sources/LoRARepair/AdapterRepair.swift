package import Diagnostics
import JSON
package import LoRADeltas
import LoRAEngines
import LoRAIO
import LoRAModel
package import LoRASurgery
package import LoRAValidate
import Safetensors
import TensorCore

/// What can be done for one adapter: a plan, or why there is nothing to plan with.
package enum AdapterRepair: Sendable {
  /// The adapter as it will be.
  case planned(RepairPlan)
  /// The weights cannot be read, and what is wrong with them.
  case unreadable([Finding])

  /// Looks at an adapter and plans its mends; nothing is written.
  ///
  /// - Parameters:
  ///   - path: a folder or a weights file.
  ///   - output: the folder that the result will get; nil for a plan that stays one.
  package init(_ path: String, output: String?, options: RepairOptions) throws(SurgeryError) {
    let adapter = Adapter.load(path)
    guard adapter.file != nil, adapter.isSound else {
      self = .unreadable(adapter.findings.filter { $0.severity == .error })
      return
    }
    let digest = InputDigest(adapter.weightsPath, begins: output != nil && options.validation.workers > 1)
    let name = Folder.lastComponent(adapter.weightsPath)
    let weights = output.map { Folder.join($0, name) } ?? adapter.weightsPath
    var plan = RepairPlan(adapter, digest, weightsPath: weights, options: options)
    let isLoRA = adapter.foreignMethod == nil && adapter.trainer == nil
    for repair in isLoRA ? Repair.all : [.header, .pickle] { try repair(&plan) }
    plan.noteTypes()
    self = .planned(plan)
  }
}

extension RepairPlan {
  /// Says which types change.
  fileprivate mutating func noteTypes() {
    guard let dtype = options.dtype else { return }
    let changed = tensors.filter { $0.info.dtype.isFloat && $0.info.dtype != dtype }
    guard !changed.isEmpty else { return }
    let isWider = changed.allSatisfy { $0.info.dtype.widens(to: dtype) }
    note(
      Mend(
        .policyDType,
        "\(counted(changed.count, "tensor")) \(changed.count == 1 ? "is" : "are") written as \(dtype.name)",
        exact: isWider))
  }

  /// The files of the mended adapter: those that need no mend are copied byte for byte.
  package func draft(toolVersion: String) throws(SurgeryError) -> AdapterDraft {
    var files = [try weightsFile()]
    let folder = Folder.parent(input.weightsPath)
    let configPath = Folder.join(folder, PEFTFolder.configName)
    if let config, !keepsConfig {
      files.append(
        DraftFile(
          PEFTFolder.configName,
          .bytes(Array((JSONValue.object(config).text(pretty: true, dialect: .python) + "\n").utf8))))
    } else if FileKind(path: configPath) == .regular {
      files.append(DraftFile(PEFTFolder.configName, .copy(of: configPath)))
    }
    files.append(record(toolVersion, config: configPath).file)
    // What lies beside a single file may belong to anything.
    if FileKind(path: input.path) == .folder {
      let names = Set(files.map(\.name))
      files += try PEFTFolder.sideFiles(of: input.path).filter { !names.contains($0.name) }
    }
    return AdapterDraft(files)
  }

  /// Whether the weights are copied as a file.
  private var keepsFile: Bool {
    guard let file = input.file else { return false }
    let keepsTypes = options.dtype.map { dtype in !tensors.contains { $0.info.dtype.isFloat && $0.info.dtype != dtype }
    }
    let isNamedCompressed = SafetensorsFile.compressedExtensions.contains { weightsPath.hasSuffix($0) }
    return keepsTensors && !rewritesHeader && keepsTypes ?? true && isNamedCompressed == file.isCompressed
  }

  private func weightsFile() throws(SurgeryError) -> DraftFile {
    guard let file = input.file else { throw .refused(input.path, "it has no weights that can be read") }
    let name = Folder.lastComponent(weightsPath)
    let ending = SafetensorsFile.compressedExtensions.first { name.hasSuffix($0) } ?? ""
    if keepsFile { return DraftFile(name, .copy(of: input.weightsPath)) }
    var weights = SafetensorsDraft()
    weights.metadata = file.header.metadata
    for tensor in tensors {
      let info = tensor.info
      if tensor.isKept {
        weights.copy(info, of: file, as: info.name, dtype: options.dtype)
        continue
      }
      let dtype = options.dtype ?? info.dtype
      if case .zeros = tensor.content {
        weights.zeros(info.name, dtype: dtype, shape: info.shape)
        continue
      }
      weights.make([(info.name, dtype, info.shape)]) { () throws(SurgeryError) in
        let values = try tensor.values(from: file)
        return [try ElementBytes.bytes(of: values, dtype, path: file.path, tensor: info.name)]
      }
    }
    return try weights.file(named: String(name.dropLast(ending.count)))
  }

  /// Writes the mended adapter into a new folder.
  ///
  /// - Returns: what its values are like, where they are the input's own bytes; those are looked at meanwhile.
  package func write(_ folder: String, toolVersion: String, with writer: DraftWriter, overwrites: Bool)
    throws(SurgeryError) -> AdapterValues?
  {
    let draft = try draft(toolVersion: toolVersion)
    guard keepsFile, !options.validation.headerOnly, let file = input.file else {
      try writer.write(draft, folder: folder, overwrites: overwrites)
      return nil
    }
    let control = writer.control
    let values = Lazy { try? AdapterValues(of: file, isStopped: { control.isStopped }) }
    try writer.write(draft, folder: folder, overwrites: overwrites) { _ = values.value }
    return values.value
  }

  private func record(_ toolVersion: String, config: String) -> SurgeryRecord {
    var fields = JSONObject()
    fields["alpha"] = options.alpha.map { .number($0) }
    fields["dtype"] = options.dtype.map { .string($0.name) }
    fields["engine"] = options.validation.engine.map { .string("\($0.name)@\($0.version)") }
    fields["base"] = base?.name.map { .string($0) }
    fields["mended"] = .array(mends.map(\.json))
    var inputs = [(role: "adapter", file: digest)]
    if FileKind(path: config) == .regular { inputs.append((role: "config", file: InputDigest(config))) }
    return SurgeryRecord("repair", toolVersion: toolVersion, options: fields, inputs: inputs)
  }

  /// Bytes that writing copies or computes.
  package var outputBytes: UInt64 { tensors.reduce(0) { $0 &+ (HeaderWriter.size($1.info.dtype, $1.info.shape) ?? 0) } }

  /// What a check of the result will say, as far as that is known before it is written: findings about values are those
  /// of the input.
  package func forecast() -> [Finding] {
    let written = written
    let result = Validation.run([input.path], base: base, options: options.validation)
    let values = result.adapters.flatMap(\.findings).filter { $0.rule.rawValue.hasPrefix("value-") }
    // A config that cannot be read is copied, and said of the input.
    let isUnread = config == nil && input.findings.contains { $0.rule == .configInvalid }
    let own = RuleSet.findings(in: written).filter { finding in
      !finding.rule.rawValue.hasPrefix("value-") && !(isUnread && finding.rule == .configMissing)
    }
    let unread = isUnread ? input.findings.filter { $0.rule == .configInvalid } : []
    return (result.base?.findings ?? []) + unread + own + values
  }
}

extension DType {
  /// Whether every number of this type is one of another.
  fileprivate func widens(to other: DType) -> Bool {
    if self == other || other == .f64 { return true }
    return bits <= 16 && other == .f32 || bits <= 8 && other == .bf16
  }
}
