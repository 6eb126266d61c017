import JSON
import LoRAModel
import LoRAValidate

/// Fields that choose modules, parameters, layers and tokens.
extension FieldFix {
  static let targetParameters = FieldFix("target_parameters") { config, _ in
    config["target_parameters"]?.string.map { ([.string($0)], "PEFT takes a list only") }
  }

  private static func isSelection(_ value: JSONValue) -> Bool {
    value.isNull || value.string != nil || value.array.map { $0.allSatisfy { $0.string != nil } } ?? false
  }

  static let excluded = FieldFix("exclude_modules") { config, _ in
    guard let value = config["exclude_modules"], !isSelection(value) else { return nil }
    return (.null, "it names nothing; target_modules says what the file has")
  }

  static let layers: [FieldFix] = [
    FieldFix("layers_to_transform") { config, _ in
      guard let value = config["layers_to_transform"], !value.isNull else { return nil }
      if let text = value.string, let index = number(text).flatMap({ Int64(exactly: $0) }) {
        return (.integer(index), "the number was written as a text")
      }
      if let elements = value.array, !elements.contains(where: { $0.int64 == nil && $0.string == nil }) {
        let indices = elements.compactMap {
          $0.int64 ?? $0.string.flatMap { number($0) }.flatMap { Int64(exactly: $0) }
        }
        guard indices.count == elements.count else { return (.null, "target_modules says what the file has") }
        let hasTexts = elements.contains { $0.string != nil }
        let isPattern = config["target_modules"]?.string != nil && !indices.isEmpty
        if isPattern { return (.null, "PEFT refuses it beside a regular expression") }
        return hasTexts ? (.array(indices.map { .integer($0) }), "numbers were written as texts") : nil
      }
      if value.int64 != nil {
        return config["target_modules"]?.string == nil ? nil : (.null, "PEFT refuses it beside a regular expression")
      }
      return (.null, "target_modules says what the file has")
    },
    FieldFix("layers_pattern") { config, _ in
      guard let value = config["layers_pattern"], !value.isNull else { return nil }
      if !isSelection(value) { return (.null, "it is no name and no list of names") }
      let isEmpty = value.string?.isEmpty ?? value.array?.allSatisfy { $0.string?.isEmpty ?? true } ?? true
      if config["target_modules"]?.string != nil { return (.null, "it has no effect beside a regular expression") }
      guard !isEmpty, config["layers_to_transform"]?.isNull ?? true else { return nil }
      return (.null, "it has no effect without layers_to_transform")
    },
  ]

  static let savedModules = FieldFix("modules_to_save") { config, plan in
    guard let value = config["modules_to_save"], !isSelection(value) else { return nil }
    if plan.adapter.replacements.isEmpty { return (.null, "the file holds no whole modules") }
    guard config["bias"]?.string ?? "none" == "none" else { return nil }
    return (.array(plan.adapter.wholeModules.map { .string($0) }), "the file holds these whole modules")
  }

  static let tokens = FieldFix("trainable_token_indices") { config, _ in
    guard let list = config["trainable_token_indices"]?.array, list.isEmpty else { return nil }
    return (.null, "it names no tokens")
  }

  /// Where the list of targets cannot be read, or something that restricted it could not, the tensors say what it is.
  static let targets = FieldFix("target_modules") { config, plan in
    guard !plan.adapter.modules.isEmpty else { return nil }
    // Under a list that can be read it shows which factors are those of parameters, which are targeted elsewhere.
    let names = { () -> JSONValue in
      .array(TargetNames(plan.trying { $0.config?["target_modules"] = [] }).all.map { .string($0) })
    }
    let old = plan.input.rawConfig
    let wasRestricted =
      ["exclude_modules", "layers_to_transform"].contains { old?[$0]?.isNull == false && config[$0] == .null }
    if wasRestricted { return (names(), "these are the modules that the file has tensors for") }
    guard let value = config["target_modules"], !value.isNull else { return nil }
    let isBroken = value.string.map { PatternTable.isBroken($0) } ?? false
    let isEmpty =
      value.array?.isEmpty ?? false && (config["target_parameters"]?.array?.isEmpty ?? true)
      && (config["trainable_token_indices"]?.isNull ?? true)
    guard !isSelection(value) || isBroken || isEmpty else { return nil }
    return (names(), "these are the modules that the file has tensors for")
  }
}

extension Adapter {
  /// Modules that the file holds as a whole.
  var wholeModules: [String] {
    let names = replacements.filter { $0.role == .full }.map {
      String($0.name.dropLast($0.name.lastComponent.count + 1))
    }
    return names.filter { !$0.isEmpty }.uniqued
  }
}
