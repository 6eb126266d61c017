import Diagnostics
import JSON
import LoRADeltas
import LoRAEngines
import LoRAIO
import LoRAKernels
package import LoRAModel
import LoRASurgery
import LoRAValidate
import Safetensors
import TensorCore

/// An adapter as it will be after the mends so far: its config's members, its tensors, and what a reader makes of them.
///
/// Repairs change it one after the other, each from what the ones before left. Nothing is read but headers, and values
/// where a mend depends on them.
package struct RepairPlan: Sendable {
  /// The adapter as it was found; its header is sound.
  package let input: Adapter
  /// That of its weights.
  let digest: InputDigest
  let options: RepairOptions
  /// Path that the weights will have, for messages and for engines that look at names.
  private(set) var weightsPath: String
  /// The members of the config; nil when there is none that can be read.
  private(set) var config: JSONObject?
  private(set) var tensors: [PlannedTensor]
  package private(set) var mends: [Mend] = []
  /// What a reader of the mended files would find, under the alpha that stands in for one that is missing.
  private(set) var context: ValidationContext
  /// Whether the header is written anew although no tensor changes.
  var rewritesHeader = false

  /// The mended adapter as a reader would find it.
  var adapter: Adapter { context.adapter }
  var base: BaseModel? { options.base }

  /// What lies there now; `weightsPath` is where the result will be.
  init(_ input: Adapter, _ digest: InputDigest, weightsPath: String, options: RepairOptions) {
    self.input = input
    self.digest = digest
    self.options = options
    self.weightsPath = weightsPath
    config = input.rawConfig
    tensors = (input.file?.header.tensors ?? []).map { PlannedTensor($0) }
    context = ValidationContext(input, base: options.base, options: options.validation, values: nil)
    reread()
  }

  // MARK: Changes

  /// What a repair may change at once.
  struct Change {
    var config: JSONObject?
    var tensors: [PlannedTensor]
    var weightsPath: String
  }

  /// Makes a change and notes it.
  mutating func mend(_ rule: RuleID, _ what: String, exact: Bool = true, _ change: (inout Change) -> Void) {
    apply(change)
    mends.append(Mend(rule, what, exact: exact))
  }

  /// Notes a mend that comes with the writing.
  mutating func note(_ mend: Mend) { mends.append(mend) }

  /// Takes back what was noted behind the first `count` mends; the changes stay.
  mutating func forgetMends(after count: Int) { mends.removeLast(max(0, mends.count - count)) }

  /// The plan with a change that is only tried.
  func trying(_ change: (inout Change) -> Void) -> RepairPlan {
    var plan = self
    plan.apply(change)
    return plan
  }

  private mutating func apply(_ change: (inout Change) -> Void) {
    var state = Change(config: config, tensors: tensors, weightsPath: weightsPath)
    change(&state)
    (config, tensors, weightsPath) = (state.config, state.tensors, state.weightsPath)
    reread()
  }

  private mutating func reread() {
    context = context(of: readableConfig)
  }

  /// The adapter with the config as it will be written.
  var written: ValidationContext { context(of: config) }

  private func context(of config: JSONObject?) -> ValidationContext {
    let adapter = input.reread(tensors.map(\.info), config: config, weights: weightsPath)
    return ValidationContext(adapter, base: options.base, options: options.validation, values: nil)
  }

  // MARK: Config

  /// Whether the config says an alpha.
  var hasAlpha: Bool { config?["lora_alpha"]?.double?.isFinite ?? false }

  /// The config with an alpha and a rank in place of those that cannot be read, so that the rest can be looked at.
  private var readableConfig: JSONObject? {
    guard var readable = config, readable["peft_type"] != nil else { return config }
    if !hasAlpha { readable["lora_alpha"] = 1 }
    if !(readable["r"]?.int64.map { $0 > 0 && $0 <= 1 << 24 } ?? false) { readable["r"] = 1 }
    return readable
  }

  /// Whether the members are those that the file has, in its order.
  var keepsConfig: Bool { config == input.rawConfig && config?.keys == input.rawConfig?.keys }

  /// Whether every tensor is the input's under its own name, in the input's order.
  var keepsTensors: Bool {
    let old = input.file?.header.tensors ?? []
    return tensors.count == old.count && zip(tensors, old).allSatisfy { $0.isKept && $0.info == $1 }
  }

  // MARK: Tensors

  /// The planned tensors by name.
  var tensorsByName: [String: PlannedTensor] {
    Dictionary(tensors.map { ($0.info.name, $0) }) { first, _ in first }
  }

  /// Whether every number of the input is finite; of others nothing is computed.
  func hasFiniteValues() throws(SurgeryError) -> Bool {
    try scans().values.allSatisfy { $0.nanCount == 0 && $0.infinityCount == 0 }
  }

  /// What the input's floating-point tensors are like, by the first byte of their data.
  func scans() throws(SurgeryError) -> [UInt64: ValueScan] {
    guard let file = input.file else { return [:] }
    // A multiple of 3 and of 8 bytes cuts no element of any type.
    let buffer = IOBuffer(count: 3 << 18)
    var scans: [UInt64: ValueScan] = [:]
    for tensor in file.header.tensors where tensor.dtype.isFloat && tensor.byteCount > 0 {
      var scan = ValueScan()
      var start: UInt64 = 0
      while start < tensor.byteCount {
        let count = Int(min(UInt64(buffer.count), tensor.byteCount - start))
        try SurgeryError.catching { () throws(IOError) in
          let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<count])
          unsafe try file.read(tensor, from: start, into: part)
          scan.append(unsafe Kernels.scan(UnsafeRawBufferPointer(part), dtype: tensor.dtype))
        }
        start += UInt64(count)
      }
      scans[tensor.begin] = scan
    }
    return scans
  }

  /// Modules with the alpha that the config gives them.
  var alphas: [(name: String, value: Double)] {
    guard let matching = context.matching else { return [] }
    return adapter.modules.map { ($0.name, matching.alpha(of: $0.name)) }
  }

  /// Writes alpha_pattern anew where the config would give modules another alpha than these.
  mutating func keep(_ alphas: [(name: String, value: Double)], _ rule: RuleID) {
    guard let matching = context.matching, let usual = adapter.config?.alpha,
      alphas.contains(where: { matching.alpha(of: $0.name) != $0.value })
    else { return }
    let entries = PatternTable.entries(alphas, usual: usual)
    mend(rule, "alpha_pattern gives every module the alpha that it had") {
      $0.config?["alpha_pattern"] = .object(JSONObject(entries.map { ($0.key, .number($0.value)) }))
    }
  }

  /// Names that are in use.
  var names: Set<String> { Set(tensors.map(\.info.name)) }
}

extension RepairPlan.Change {
  /// Renames tensors; names that are not in the map stay.
  mutating func rename(_ names: [String: String]) {
    tensors = tensors.map { tensor in names[tensor.info.name].map { tensor.renamed($0) } ?? tensor }
  }

  mutating func drop(_ names: Set<String>) { tensors.removeAll { names.contains($0.info.name) } }

  /// Replaces tensors by their names.
  mutating func replace(_ replacements: [String: PlannedTensor]) {
    tensors = tensors.map { replacements[$0.info.name] ?? $0 }
  }
}
