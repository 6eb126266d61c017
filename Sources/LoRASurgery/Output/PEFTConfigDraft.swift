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
    members["target_modules"] = .array(targets.map { .string($0) })
    let parameters = parameterTargets
    if !parameters.isEmpty { members["target_parameters"] = .array(parameters.map { .string($0) }) }
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
  private static let untrue: Set<String> = [
    "target_modules", "target_parameters", "rank_pattern", "alpha_pattern", "exclude_modules", "layers_to_transform",
    "layers_pattern", "megatron_config", "modules_to_save",
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

  /// Last components where they mean the adapted modules and no others, else whole paths.
  private var targets: [String] {
    let names = modules.filter { $0.kind != .parameter }.map(\.name)
    let last = Set(names.map { $0.lastComponent })
    let adapted = Set(names)
    let others = baseModules.contains { last.contains($0.lastComponent) && !adapted.contains($0) }
    guard !others, !namesWholePaths, !baseModules.isEmpty || Self.isUniform(names) else {
      return names.ordered(by: naturallyPrecedes)
    }
    return last.map { String($0) }.ordered()
  }

  /// Names of adapted parameters, from behind the layer's number on where that means the same ones.
  private var parameterTargets: [String] {
    let names = modules.filter { $0.kind == .parameter }.map(\.name)
    guard Self.isUniform(names) else { return names.ordered(by: naturallyPrecedes) }
    return names.map { name in name.layer.map { String($0.after.dropFirst()) } ?? name }.uniqued.ordered()
  }

  /// Whether all layers from the first on have the same modules.
  private static func isUniform(_ names: [String]) -> Bool {
    var layers: [Substring: [Substring: Set<UInt64>]] = [:]
    for name in names {
      guard let (index, before, after) = name.layer else { continue }
      layers[before, default: [:]][after, default: []].insert(index)
    }
    return layers.values.allSatisfy { modules in
      modules.values.allSatisfy { indices in
        indices == modules.values.first && indices.max() == UInt64(indices.count - 1)
      }
    }
  }
}
