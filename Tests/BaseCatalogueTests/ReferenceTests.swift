import BaseCatalogue
import Testing

/// Catalogue against transformers.
@Suite struct ReferenceTests {
  /// Every architecture has reference cases, and every reference has an architecture.
  @Test func everyArchitectureHasReferenceCases() {
    #expect(Set(Reference.files.keys) == Set(Catalogue.all.map(\.modelType)))
    #expect(Reference.files.values.allSatisfy { $0.count >= 3 })
    #expect(Catalogue.all.map(\.modelType) == Catalogue.all.map(\.modelType).sorted())
  }

  @Test(arguments: Reference.all)
  func modulesTensorsAndParametersAreExactlyThoseOfTheLibrary(_ reference: Reference) throws {
    // Once with defaults filled in by this catalogue, once with the configuration as the library writes it.
    for config in [reference.given, reference.config] {
      let description = try Catalogue.describe(config)
      expectEqual(description.moduleRows, reference.modules, "modules")
      expectEqual(description.otherTensors.map { "\($0.name) \($0.shape)" }.sorted(), reference.others, "other tensors")
      expectEqual(description.memoryRows, reference.memory, "names in memory")
      #expect(description.parameters == reference.parameters)
    }
  }

  @Test(arguments: Reference.all)
  func everyModuleIsFoundUnderItsNameOnDiskAndInMemory(_ reference: Reference) throws {
    let description = try Catalogue.describe(reference.given)
    #expect(description.modules.allSatisfy { description.match($0.name)?.module == $0 })
    #expect(description.routers.allSatisfy { description.match($0.name)?.module == $0 })
    #expect(
      description.runtimeModules.allSatisfy { runtime in
        description.match(runtime.module.name) != nil
          && (0..<runtime.module.experts).allSatisfy { expert in
            runtime.parts(ofExpert: expert).allSatisfy { description.match($0) != nil }
          }
      })
    #expect(description.match("no.such.module") == nil)
    let names = description.tensors.map(\.name)
    #expect(Set(names).count == names.count)
  }

  private func expectEqual(_ found: [String], _ expected: [String], _ what: String) {
    guard found != expected else { return }
    let extra = Set(found).subtracting(expected).sorted().prefix(8)
    let missing = Set(expected).subtracting(found).sorted().prefix(8)
    Issue.record("\(what): extra \(extra.joined(separator: "; ")), missing \(missing.joined(separator: "; "))")
  }
}

extension BaseDescription {
  /// Modules in the form of the reference rows.
  var moduleRows: [String] {
    let own = modules.map { $0.row($0.kind.rawValue) + " \($0.hasBias ? 1 : 0) \($0.tiedTo ?? "-")" }
    return (own + routers.map { $0.row("router") + " 0 -" }).sorted()
  }

  var memoryRows: [String] {
    let parameters = Set(modules.filter { $0.kind == .parameter }.map(\.name) + routers.map(\.name))
    return runtimeModules.map { runtime in
      let isRouter = routers.contains { $0.name == runtime.parts.first }
      let row = runtime.module.row(isRouter ? "router" : runtime.module.kind.rawValue)
      // References list tensors; parts are modules, or raw parameters whose names are those of tensors already.
      let parts = runtime.parts.map { parameters.contains($0) ? $0 : $0 + ".weight" }
      return row + " [" + parts.joined(separator: ", ") + "]"
    }.sorted()
  }
}

extension BaseModule {
  func row(_ kind: String) -> String { "\(kind) \(name) \(inFeatures) \(outFeatures) \(shape)" }
}
