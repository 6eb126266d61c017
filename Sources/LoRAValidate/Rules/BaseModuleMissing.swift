import Diagnostics
import JSON
import LoRAEngines
import LoRAModel
import Safetensors
import TensorCore

extension Rule {
  /// A module of the adapter is not in the base.
  static let baseModuleMissing = Rule(
    .baseModuleMissing, "The base has no such module",
    meaning: """
      A module that the adapter has tensors for does not exist in the base under its full path. Names are compared as a \
      whole, not by their last part. Modules that are there under another known name are `base-renamed`. Where \
      transformers renames modules of the base's type by rules that are not known here, it is a warning: the name may \
      be one in memory. A whole tensor under a name that the base lacks, such as a bias for a module that has none, is \
      named as well.
      """,
    consequence: """
      vLLM checks the last part of the name only: `q_proj` below a wrong prefix is accepted, never found, and the base \
      answers without the adapter. PEFT prints one warning, or none.
      """,
    remedy: """
      Rename the prefix as the hint says, or train and export against the class that is served (with or without the \
      wrapper of a multimodal model, with or without the language-model head).
      """,
    repair: .withChoice(
      "--base",
      """
      modules whose name differs from the base's by a prefix alone are renamed, when all of their sizes fit; \
      others are left.
      """),
    example: """
      error  base-module-missing  none of the 224 modules is in the base: layers.0.self_attn.q_proj and so on
             fix: add the prefix "model." to the names; the base has model.layers.0.self_attn.q_proj
      """
  ) { context in
    guard let base = context.base else { return [] }
    let unknown = context.uncheckedStacks
    let unchecked = Set(unknown.map(\.name))
    let missing = context.unmatched.filter { context.layersBeyond($0) == nil && !unchecked.contains($0.name) }
    if base.hasUnknownNames, let first = missing.first {
      return [
        Finding(
          .baseModuleMissing, severity: .warning,
          "\(phrase(missing.map(\.name), of: context.adapter.modules.count)) could not be checked: transformers renames "
            + "modules of \(escaped(base.modelType ?? "this type")) by rules that are not known here",
          file: context.adapter.weightsPath, module: first.name, hint: "check the adapter with the engine itself")
      ] + stacks(unknown, context)
    }
    if missing.count > 1 && missing.count == context.adapter.modules.count {
      return [
        finding(
          missing, context, base,
          "none of the \(counted(missing.count, "module")) is in the base: \(escaped(missing[0].name, limit: 160)) and so on"
        )
      ]
    }
    var groups = Groups<String, AdapterModule>()
    for module in missing { groups.add(module.name.template, module) }
    let findings = groups.all.map { _, places in
      finding(
        places, context, base,
        "the base has no module \(escaped(places[0].name, limit: 160))"
          + (places.count > 1 ? ", nor \(grouped(UInt64(places.count - 1))) more of the same kind" : ""))
    }
    return findings + stacks(unknown, context) + strays(base, context)
  }

  /// Whole tensors that would replace one which the base does not have, for which PEFT has no place.
  ///
  /// What lies outside the layers depends on the model's class, and heads of other tasks are `base-head-missing`.
  private static func strays(_ base: BaseModel, _ context: ValidationContext) -> [Finding] {
    guard base.isKnown, context.adapter.format == .peft, let names = context.loadedNames else { return [] }
    let isOfClass = context.isOfClassOfBase
    let misnamed = Set(context.strays.map(\.name))
    var groups = Groups<Bool, Replacement>()
    for replacement in context.adapter.replacements
    where replacement.role != .rows && !replacement.isOfHead && !misnamed.contains(replacement.tensor.name) {
      let name = context.stack.baseName(of: replacement.name)
      if base.lacksTensor(name, names) {
        if isOfClass || name.layer != nil { groups.add(false, replacement) }
      } else if isOfClass, names.holds(tensor: name) == false {
        groups.add(true, replacement)
      }
    }
    return groups.all.compactMap { isElsewhere, strays in
      guard let first = strays.first else { return nil }
      let subject = strays.count == 1 ? "tensor" : "tensors"
      return Finding(
        .baseModuleMissing, severity: isElsewhere ? .warning : nil,
        "the adapter has \(listing(strays.map(\.name))), but the base has "
          + (isElsewhere ? "the \(subject) under another name only" : "no such \(subject)")
          + ", and PEFT drops the \(subject)",
        file: context.adapter.weightsPath, tensor: first.tensor.name, expected: "a tensor of the base",
        found: escaped(first.name), hint: "check that this is the base that the adapter was trained on",
        byteOffset: first.tensor.headerOffset)
    }
  }

  private static func finding(
    _ places: [AdapterModule], _ context: ValidationContext, _ base: BaseModel, _ message: String
  )
    -> Finding
  {
    let name = places.first?.name ?? ""
    let closest = base.closest(to: name)
    return Finding(
      .baseModuleMissing, message, file: context.adapter.weightsPath, tensor: places.first?.tensors.first?.name,
      module: name, expected: closest.map { escaped($0) } ?? "a module of the base", found: escaped(name),
      hint: closest.map { renaming(name, to: $0) }
        ?? "check that this is the base that the adapter was trained on")
  }

  /// What to do to get from one name to the other: a change of prefix where that is all, else the other name.
  private static func renaming(_ name: String, to closest: String) -> String {
    if closest.hasSuffix("." + name) {
      return
        "add the prefix \"\(escaped(String(closest.dropLast(name.count))))\" to the names; the base has \(escaped(closest))"
    }
    if name.hasSuffix("." + closest) {
      return
        "drop the prefix \"\(escaped(String(name.dropLast(closest.count))))\" from the names; the base has \(escaped(closest))"
    }
    return "the closest module of the base is \(escaped(closest))"
  }

  /// A warning for stacks of experts that the base keeps apart, in a way that only its architecture explains.
  private static func stacks(_ places: [AdapterModule], _ context: ValidationContext) -> [Finding] {
    guard let first = places.first else { return [] }
    return [
      Finding(
        .baseModuleMissing, severity: .warning,
        "\(phrase(places.map(\.name), of: context.adapter.modules.count)) could not be checked: the base stores its experts "
          + "one by one, and its architecture is not in the catalogue",
        file: context.adapter.weightsPath, module: first.name, hint: "check the adapter with the engine itself")
    ]
  }
}

extension ValidationContext {
  /// Unmatched stacks of experts of a base of unknown architecture that has single experts below the same module.
  fileprivate var uncheckedStacks: [AdapterModule] {
    guard let base, base.description == nil else { return [] }
    let stacks = unmatched.filter { $0.kind == .parameter }
    guard !stacks.isEmpty else { return [] }
    return base.modules.keys.contains { $0.contains(".experts.0.") } ? stacks : []
  }
}
