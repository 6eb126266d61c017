import JSON
import Testing

@testable import BaseCatalogue

/// The generated table against transformers.
@Suite struct TableTests {
  @Test func everyTypeOfTheTableCanBeReadAndSoCanEveryBlock() {
    for modelType in TypeTable.modelTypes {
      guard let type = TypeTable.type(modelType) else {
        Issue.record("the text of \(modelType) is malformed")
        continue
      }
      #expect(type.classes.allSatisfy { !$0.rows.isEmpty }, "\(modelType)")
    }
    for block in TypeTable.blockNames { #expect(!TypeTable.block(block).isEmpty, "\(block)") }
  }

  @Test func ofTheTypesThatTheLibraryBuildsForTextNearlyAllAreKnown() throws {
    let wanted = try TableReference.wanted()
    let unknown = Set(wanted).subtracting(Catalogue.modelTypes)
    #expect(unknown.count <= 45, "\(wanted.count - unknown.count) of \(wanted.count), not \(unknown.sorted())")
  }

  /// Modules, tensors and parameters of traced models are exactly those of the library.
  @Test func tracedModelsAreExactlyThoseOfTheLibrary() throws {
    var held: [String: Int] = [:]
    for reference in try TableReference.cases() {
      let description: BaseDescription
      do { description = try TableReference.describe(reference) } catch {
        Issue.record("\(reference): \(error)")
        continue
      }
      let found = description.moduleRows
      expectEqual(found, reference.modules, "\(reference): modules")
      expectEqual(
        description.otherTensors.map { "\($0.name) \($0.shape)" }.sorted(), reference.others,
        "\(reference): other tensors")
      expectEqual(description.memoryRows, reference.memory, "\(reference): names in memory")
      // Masked models may tie the bias of their output to one of another name, which is then counted twice.
      let twice = description.parameters &- (description.vocabularySize ?? 0)
      #expect([description.parameters, twice].contains(reference.parameters), "\(reference)")
      held[description.modelType, default: 0] += 1
    }
    #expect(held.count >= 286, "\(held.count) types")
  }

  /// A file that says nothing but its type has the values of the configuration class.
  @Test func aFileThatSaysNothingButItsTypeHasTheValuesOfTheConfigurationClass() throws {
    var known = 0
    for (modelType, fields) in try TableReference.fields() {
      guard let type = TypeTable.type(modelType) else { continue }
      known += 1
      let problems = Config.Problems()
      let source = TypeFields(type, JSONObject(), path: "", problems: problems)
      let demanded = Set(type.guards.map(\.text))
      for (name, value) in fields where type.defaults[name] != nil && !demanded.contains("!null(\(name))") {
        #expect(source.value(name) == FieldValue(value), "\(modelType) \(name)")
      }
    }
    #expect(known >= 250, "\(known) types")
  }

  private func expectEqual(_ found: [String], _ expected: [String], _ what: String) {
    guard found != expected else { return }
    let extra = Set(found).subtracting(expected).sorted().prefix(4)
    let missing = Set(expected).subtracting(found).sorted().prefix(4)
    Issue.record("\(what): extra \(extra.joined(separator: "; ")), missing \(missing.joined(separator: "; "))")
  }
}
