package import BaseCatalogue

/// Modules in a list of a base's modules: one, or those that differ in the number of an expert alone.
package enum ListedModules: Sendable {
  case one(BaseModule)
  case experts(Experts)

  /// One kind of matrix of the experts of one layer.
  package struct Kind: Sendable {
    package let name: ExpertName
    /// Number of experts.
    package let count: UInt64
    /// Input features of each matrix.
    package let inFeatures: UInt64
    /// Output features of each matrix.
    package let outFeatures: UInt64
  }

  /// The matrices of the experts of one layer.
  package struct Experts: Sendable {
    /// What stands before the number is the same for all.
    package fileprivate(set) var kinds: [Kind]

    /// All of them in natural order: the number of the expert and the place of the kind among `kinds`.
    package func visit(_ body: (_ expert: UInt64, _ kind: Int) -> Void) {
      for expert in 0..<(kinds.map(\.count).max() ?? 0) {
        for (place, kind) in kinds.enumerated() where expert < kind.count { body(expert, place) }
      }
    }
  }

  /// The first name in it.
  fileprivate var firstName: String {
    switch self {
    case .one(let module): module.name
    case .experts(let experts): experts.kinds.first?.name.name(of: 0) ?? ""
    }
  }
}

extension BaseModel {
  /// All modules by name in natural order.
  ///
  /// Of a config alone, experts are not written out one by one: a model has tens of thousands of them.
  package var listedModules: [ListedModules] {
    guard checkpoint == nil, let description else { return sorted(modules.values.map { .one($0) }) }
    var listed: [ListedModules] = []
    var experts: [String: ListedModules.Experts] = [:]
    for entry in description.entries {
      switch entry {
      case .module(let module): listed.append(.one(BaseModule(module, isQuantized: false)))
      case .experts(let layers):
        for part in layers.parts where layers.count > 0 {
          experts[part.before, default: .init(kinds: [])].kinds.append(
            .init(
              name: part, count: layers.count, inFeatures: layers.inFeatures, outFeatures: layers.outFeatures))
        }
      }
    }
    listed += description.routers.map { .one(BaseModule($0, isQuantized: false)) }
    listed += description.attentions.map { .one($0) }
    for var group in experts.values {
      group.kinds.sort { naturallyPrecedes($0.name.after, $1.name.after) }
      listed.append(.experts(group))
    }
    // Rows of a common matrix each name it.
    var names: Set<String> = []
    return sorted(listed.filter { names.insert($0.firstName).inserted })
  }

  /// In natural order; places are sorted, not modules, which are large.
  private func sorted(_ listed: [ListedModules]) -> [ListedModules] {
    let names = listed.map(\.firstName)
    return names.indices.sorted { naturallyPrecedes(names[$0], names[$1]) }.map { listed[$0] }
  }
}
