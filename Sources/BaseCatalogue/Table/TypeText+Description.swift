import JSON

extension TypeText {
  /// Lists the modules and tensors of the model that a configuration of this type describes.
  func describe(_ object: JSONObject) throws(CatalogueError) -> BaseDescription {
    let problems = Config.Problems()
    let named = Config(object, problems: problems).strings("architectures")?.first
    let chosen = classes.first { $0.name == named } ?? classes.first
    guard let chosen else { throw .unknownModelType(modelType) }
    let fields = TypeFields(self, object, path: "", problems: problems)
    fields.checkStrings()
    let className = chosen.name == named ? named : nil
    var assembly = Assembly(
      Expansion(modelType: modelType, className: className, problems: problems), problems: problems)
    assembly.add(chosen, fields)
    if let problem = problems.first { throw problem }
    var description = assembly.expansion.description
    description.aliases += assembly.olderTowers + aliases(of: chosen)
    description.textSection = TextSection(object).path.flatMap { $0.contains(".") ? nil : $0 }
    description.index()
    return description
  }

  /// The prefixes that the body has in other classes, and none, in place of the one that it has in this class.
  private func aliases(of chosen: Class) -> [PathAlias] {
    let own = chosen.prefix.isEmpty ? "" : chosen.prefix + "."
    let others = Set(classes.map(\.prefix)).subtracting(["", chosen.prefix]).sorted()
    let below = others.map { PathAlias($0 + ".", own, origin: "the body below another head") }
    return own.isEmpty ? below : below + [PathAlias("", own, origin: "the body without its head")]
  }
}
