package import JSON
package import LoRAModel
import TensorCore

/// An `adapter_config.json` that says of every module what its tensors are: ranks, alphas, targets.
package struct PEFTConfigDraft: Sendable {
  /// One adapted module of the output.
  package struct Module: Sendable {
    package let name: String
    package let kind: ModuleKind
    package let rank: UInt64
    /// The scale is alpha / rank.
    package let alpha: Double

    package init(name: String, kind: ModuleKind, rank: UInt64, alpha: Double) {
      (self.name, self.kind, self.rank, self.alpha) = (name, kind, rank, alpha)
    }
  }

  package var modules: [Module]
  /// Names of all modules of the base that can be adapted; empty when the base is not known.
  package var baseModules: [String] = []
  /// Whether the input chooses these very modules.
  ///
  /// Where the base is not known, its words for them are kept: nothing else tells which of the base's modules shorter
  /// names would mean besides.
  package var isChosenByInput = false
  package var baseModel: String?
  package var taskType: String?
  package var usesDoRA = false
  package var hasLoRABias = false
  /// Whether targets are named by their whole paths even where their last components would mean the same ones.
  package var namesWholePaths = false
  /// Modules that are saved whole.
  package var modulesToSave: [String] = []

  package init(_ modules: [Module]) { self.modules = modules }

  /// The members, sorted as PEFT writes them.
  ///
  /// - Parameter kept: the config of the input; what it says and the operation does not change stays.
  package func config(updating kept: JSONObject = JSONObject()) -> JSONObject {
    let rank = mostFrequent(modules.map(\.rank)) ?? 1
    let alpha = mostFrequent(modules.map(\.alpha)) ?? Double(rank)
    var members: [String: JSONValue] = [:]
    for (key, value) in kept.members where !Self.untrue.contains(key) { members[key] = value }
    members["peft_type"] = "LORA"
    members["r"] = JSONValue(rank)
    members["lora_alpha"] = .number(alpha)
    members["rank_pattern"] = .object(JSONObject(patterns(\.rank, usual: rank).map { ($0, JSONValue($1)) }))
    members["alpha_pattern"] = .object(JSONObject(patterns(\.alpha, usual: alpha).map { ($0, .number($1)) }))
    members["use_rslora"] = false
    members["use_dora"] = .bool(usesDoRA)
    members["lora_bias"] = .bool(hasLoRABias)
    if isChosenByInput, baseModules.isEmpty {
      for key in Self.selection { members[key] = kept[key] }
    } else {
      members["target_modules"] = .array(names(Self.ending) { $0.kind != .parameter }.map { .string($0) })
      let parameters = names(Self.endingBelowLayer) { $0.kind == .parameter }
      if !parameters.isEmpty { members["target_parameters"] = .array(parameters.map { .string($0) }) }
    }
    members["modules_to_save"] = modulesToSave.isEmpty ? .null : .array(modulesToSave.map { .string($0) })
    if let baseModel { members["base_model_name_or_path"] = .string(baseModel) }
    if let taskType { members["task_type"] = .string(taskType) }
    for (key, value) in Self.usual where members[key] == nil { members[key] = value }
    return JSONObject(members.ordered { $0.key < $1.key }.map { ($0.key, $0.value) })
  }

  /// What PEFT writes where nothing else is said.
  private static let usual: [(String, JSONValue)] = [
    ("base_model_name_or_path", .null), ("bias", "none"), ("fan_in_fan_out", false), ("inference_mode", true),
    ("init_lora_weights", true), ("lora_dropout", .real(0)), ("task_type", .null),
  ]

  /// Members that spoke of the modules as they were.
  private static let untrue: Set<String> = selection.union([
    "rank_pattern", "alpha_pattern", "megatron_config", "modules_to_save",
  ])

  /// Members that choose modules and parameters.
  package static let selection: Set<String> = [
    "target_modules", "target_parameters", "exclude_modules", "layers_to_transform", "layers_pattern",
  ]

  // MARK: Patterns

  /// Pattern and value of all modules that differ from the usual: by the last component where all modules of that name
  /// agree, else by the whole path.
  ///
  /// PEFT takes the first pattern that matches the end of a path, so that no key may be the end of another's path.
  private func patterns<Value: Hashable>(_ value: (Module) -> Value, usual: Value) -> [(String, Value)] {
    var byLast: [Substring: Set<Value>] = [:]
    for module in modules { byLast[module.name.lastComponent, default: []].insert(value(module)) }
    let keys = PatternKeys(modules.map(\.name))
    var found: [String: Value] = [:]
    for module in modules {
      let last = module.name.lastComponent
      if byLast[last]?.count == 1 {
        if value(module) != usual { found[PatternKeys.escaped(last)] = value(module) }
      } else if value(module) != usual {
        found[keys.key(for: module.name)] = value(module)
      }
    }
    return found.ordered { naturallyPrecedes($0.key, $1.key) }
  }

  // MARK: Targets

  /// Ends of names where the base shows that they mean the chosen modules and no others, else whole names.
  private func names(_ ending: (String) -> Substring, where isChosen: (Module) -> Bool) -> [String] {
    let chosen = modules.filter(isChosen).map(\.name)
    let adapted = Set(chosen)
    let endings = Set(chosen.map(ending))
    let isClear =
      !namesWholePaths && adapted.isSubset(of: baseModules)
      && !baseModules.contains { !adapted.contains($0) && endings.contains(ending($0)) }
    return isClear ? endings.map { String($0) }.ordered() : chosen.ordered(by: naturallyPrecedes)
  }

  /// The last component, with the one before where it is a number, which other modules end in too: `to_out.0`.
  private static func ending(_ name: String) -> Substring {
    let components = name.dottedComponents
    guard let last = components.last, Int(last) != nil, components.count > 1 else { return name.lastComponent }
    return name.suffix(last.count + 1 + components[components.count - 2].count)
  }

  /// What stands behind the layer's number.
  private static func endingBelowLayer(_ name: String) -> Substring { name.layer?.after.dropFirst() ?? name[...] }
}
