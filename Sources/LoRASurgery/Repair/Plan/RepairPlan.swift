import Diagnostics
import JSON
import LoRAEngines
import LoRAIO
package import LoRAModel
import LoRAValidate
import Safetensors

/// An adapter as it will be after the mends so far: its config's members, its tensors, and what a reader makes of them.
///
/// Repairs change it one after the other, each from what the ones before left. Nothing is read but headers, and values
/// where a mend depends on them.
package struct RepairPlan: Sendable {
  /// The adapter as it was found; its header is sound.
  package let input: Adapter
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
  init(_ input: Adapter, weightsPath: String, options: RepairOptions) {
    self.input = input
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

  /// The planned tensor of this name.
  func tensor(_ name: String) -> PlannedTensor? { tensors.first { $0.info.name == name } }

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
