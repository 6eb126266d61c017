import BaseCatalogue
public import Diagnostics
import JSON
package import LoRAModel
import TensorCore

extension RuleID {
  /// The name of the rule below.
  public static let baseRenamed = RuleID("base-renamed", .warning)
}

extension Rule {
  /// Modules are in the base under other names than those that PEFT looks for.
  static let baseRenamed = Rule(
    .baseRenamed, "Modules are in the base under another name only",
    meaning: """
      A module was found in the base, but only under another prefix or name than the adapter's: it was trained with \
      another class or release of the library. Names that differ between the files of a base and the library's memory are \
      no such case; what the library and PEFT rename by themselves is not reported.
      """,
    consequence: """
      PEFT finds none of these modules when it loads the adapter on this base. It starts them at zero, prints a warning \
      about missing keys and answers like the base model. Engines that go by whole names do the same without a word.
      """,
    remedy: """
      Load the base with the class and release that the adapter was trained with, or rename the tensors to the base's \
      names. A merge finds the modules by itself and needs neither.
      """,
    repair: .withChoice("--base", "tensors get the names that the base's class has today."),
    example: """
      warning  base-renamed  all 8 modules are in the base with "model.language_model." in place of "model.", where PEFT does not look for them
      """
  ) { context in
    guard let names = context.loadedNames else { return [] }
    var groups = Groups<[String], AdapterModule>()
    for (module, match) in context.renamedMatches {
      let (from, to) = difference(module.name, names.name(of: match.runtime?.module.name ?? match.module.name))
      groups.add([from.template, to.template], module)
    }
    return groups.all.map { change, places in
      let (from, to) = (escaped(change[0]), escaped(change[1]))
      let place =
        to.isEmpty ? "without \"\(from)\"" : from.isEmpty ? "below \"\(to)\"" : "with \"\(to)\" in place of \"\(from)\""
      let them = places.count == 1 ? "it" : "them"
      return Finding(
        .baseRenamed,
        "\(phrase(places.map(\.name), of: context.adapter.modules.count)) \(places.count == 1 ? "is" : "are") in the base "
          + "\(place), where PEFT does not look for \(them): it would leave \(them) out and answer without",
        file: context.adapter.weightsPath, module: places.first?.name, expected: to, found: from,
        hint:
          "load the base with the class and library release of the training, or rename the tensors; a merge finds the modules as they are"
      )
    }
  }

  /// What two names begin with before the components that they have in common at the end.
  private static func difference(_ left: String, _ right: String) -> (from: String, to: String) {
    let (left, right) = (left.dottedComponents, right.dottedComponents)
    var common = 0
    while common < min(left.count, right.count), left[left.count - 1 - common] == right[right.count - 1 - common] {
      common += 1
    }
    func beginning(_ components: [Substring]) -> String {
      components.dropLast(common).map { $0 + "." }.joined()
    }
    return (beginning(left), beginning(right))
  }
}

extension ValidationContext {
  /// Modules that the base has under a name at which PEFT does not look for them.
  package var renamed: [AdapterModule] { renamedMatches.map(\.module) }

  /// Whether the adapter was made for the model class that the base's config names, as far as its config says.
  var isOfClassOfBase: Bool {
    guard let base, let config = adapter.config, !config.isOfOtherClass(than: base) else { return false }
    let classes = (base.config?["architectures"]?.array ?? []).compactMap(\.string)
    guard config.taskType == "CAUSAL_LM" || config.taskType == "SEQ_2_SEQ_LM" else { return true }
    return classes.allSatisfy { $0.contains("For") || $0.contains("LMHead") }
  }

  fileprivate var renamedMatches: [(module: AdapterModule, match: LoRAModel.ModuleMatch)] {
    guard let base, let loadedNames, let config = adapter.config, !config.replicatesLayers,
      !config.isOfOtherClass(than: base)
    else { return [] }
    return matched.filter { module, match in
      // A body without its prefix is what the bare class has; that the library adds and drops by itself.
      if let change = match.prefixChange, change.from.isEmpty || change.to.isEmpty {
        let rest = module.name.dropFirst(change.from.count)
        guard !change.from.isEmpty, BaseModel.prefixes.contains(where: { !$0.isEmpty && rest.hasPrefix($0) }) else {
          return false
        }
      }
      return loadedNames.holds(module.name) == false
    }
  }
}

extension AdapterConfig {
  /// Whether the adapter was made for another model class than the base's config names, which PEFT loads instead.
  fileprivate func isOfOtherClass(than base: BaseModel) -> Bool {
    if taskType == "FEATURE_EXTRACTION" { return true }
    let architectures = (base.config?["architectures"]?.array ?? []).compactMap(\.string)
    if let taskType, let ending = Self.classes[taskType] { return !architectures.contains { $0.hasSuffix(ending) } }
    guard let trained = raw["auto_mapping"]?["base_model_class"]?.string else { return false }
    return !architectures.contains(trained)
  }

  /// How transformers calls the classes of tasks whose heads, and with them sometimes the body's name, are their own.
  private static let classes = [
    "SEQ_CLS": "ForSequenceClassification", "TOKEN_CLS": "ForTokenClassification",
    "QUESTION_ANS": "ForQuestionAnswering",
  ]
}
