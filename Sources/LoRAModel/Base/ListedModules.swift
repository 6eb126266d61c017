package import BaseCatalogue

/// Modules in a list of a base's modules: one, or those that differ in the number of an expert alone.
package enum ListedModules: Sendable {
  case one(Module)
  case experts(Experts)

  /// What a list says of a module.
  package struct Module: Sendable {
    package let name: String
    /// The kind in reports.
    package let kindName: String
    package let inFeatures: UInt64
    package let outFeatures: UInt64

    init(_ module: BaseModule) {
      (name, kindName) = (module.name, module.kindName)
      (inFeatures, outFeatures) = (module.inFeatures, module.outFeatures)
    }

    init(_ module: BaseCatalogue.BaseModule) {
      name = module.isRouter ? String(module.name.dropLast(".weight".utf8.count)) : module.name
      let kind = ModuleKind(of: module)
      kindName = (kind == .linear && module.isTransposed ? .conv1d : kind).rawValue
      (inFeatures, outFeatures) = (module.inFeatures, module.outFeatures)
    }
  }

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

    /// All experts, in natural order, as ranges in which the numbers have as many digits and all experts the same kinds
    /// of matrices: those with a greater `count` than the first number.
    package var ranges: [Range<UInt64>] {
      var ranges: [Range<UInt64>] = []
      let counts = Set(kinds.map(\.count)).sorted()
      var (first, tenfold): (UInt64, UInt64) = (0, 10)
      for count in counts {
        while first < count {
          let end = min(count, tenfold)
          ranges.append(first..<end)
          if end == tenfold { tenfold = tenfold.multipliedReportingOverflow(by: 10).overflow ? .max : tenfold * 10 }
          first = end
        }
      }
      return ranges
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
    guard checkpoint == nil, let description else { return sorted(modules.values.map { .one(.init($0)) }) }
    var listed: [ListedModules] = []
    listed.reserveCapacity(description.entries.count + description.routers.count)
    var experts: [String: ListedModules.Experts] = [:]
    for entry in description.entries {
      switch entry {
      case .module(let module): listed.append(.one(.init(module)))
      case .experts(let layers):
        for part in layers.parts where layers.count > 0 {
          experts[part.before, default: .init(kinds: [])].kinds.append(
            .init(
              name: part, count: layers.count, inFeatures: layers.inFeatures, outFeatures: layers.outFeatures))
        }
      }
    }
    listed += description.routers.map { .one(.init($0)) }
    listed += description.attentions.map { .one(.init($0)) }
    for var group in experts.values {
      group.kinds.sort { naturallyPrecedes($0.name.after, $1.name.after) }
      listed.append(.experts(group))
    }
    return sorted(listed)
  }

  /// In natural order and each name once: rows of a common matrix each name it.
  private func sorted(_ listed: [ListedModules]) -> [ListedModules] {
    let names = listed.map(\.firstName)
    let order = names.indices.sorted { naturallyPrecedes(names[$0], names[$1]) }
    return order.indices.compactMap { place in
      place > 0 && names[order[place]] == names[order[place - 1]] ? nil : listed[order[place]]
    }
  }
}
