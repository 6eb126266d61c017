import Diagnostics
import Foundation
import LoRAEngines
import LoRAModel
import LoRATestSupport
import LoRAValidate
import Testing

/// The adapters and bases under testdata, made by PEFT and transformers, honest and broken.
@Suite struct FixtureTests {
  /// One row of `broken/broken.json`.
  struct Broken: Decodable, CustomTestStringConvertible, Sendable {
    let name: String
    let path: String
    let base: String?
    let rules: [String]
    let may: [String]?
    let severity: String
    let engine: String?
    let servingDType: String?
    var testDescription: String { name }

    enum CodingKeys: String, CodingKey {
      case name
      case path
      case base
      case rules
      case may
      case severity
      case engine
      case servingDType = "serving_dtype"
    }
  }

  /// One row of `adapters/adapters.json`.
  struct Honest: Decodable, CustomTestStringConvertible, Sendable {
    let name: String
    let base: String
    let kinds: [String]
    var testDescription: String { name }
  }

  static func rows<Row: Decodable>(_ name: String) -> [Row] {
    let data = try? Data(contentsOf: URL(fileURLWithPath: Fixtures.path(name)))
    return data.flatMap { try? JSONDecoder().decode([Row].self, from: $0) } ?? []
  }

  static let broken: [Broken] = rows("broken/broken.json")
  static let honest: [Honest] = rows("adapters/adapters.json")

  @Test func fixturesAreThere() {
    #expect(Self.broken.count > 150)
    #expect(Self.honest.count > 50)
  }

  /// Findings of the adapter and of its base.
  static func findings(_ path: String, base: String?, options: ValidationOptions = ValidationOptions()) throws
    -> [Finding]
  {
    let base = try base.map { name throws in try BaseModel.open(Fixtures.path(name)) }
    let report = Validation.run([Fixtures.path(path)], base: base, options: options)
    return report.adapters.flatMap(\.findings) + (report.base?.findings ?? [])
  }

  @Test(arguments: broken) func brokenOnesAreNamed(_ row: Broken) throws {
    var options = ValidationOptions()
    options.engine = row.engine.flatMap { Engine(named: $0) }
    options.serving.servingDType = row.servingDType.flatMap { ServingDType(rawValue: $0) } ?? .bf16
    let findings = try Self.findings(row.path, base: row.base, options: options)
    let found = Set(findings.map(\.rule.rawValue))
    let expected = Set(row.rules)
    #expect(expected.isSubset(of: found), "missing: \(expected.subtracting(found).sorted())")
    #expect(found.isSubset(of: expected.union(row.may ?? [])), "too much: \(findings.map(\.message))")
    let worst = findings.filter { expected.contains($0.rule.rawValue) }.map(\.severity).max()
    #expect(worst?.rawValue ?? "none" == row.severity)
    for finding in findings { #expect(finding.message.count > 15 && finding.hint != "" && !finding.file.isEmpty) }
  }

  /// Honest adapters pass with their own base, by its weights, by its config alone, and without it.
  @Test(arguments: honest, ["weights", "config", "nothing"]) func honestOnesPass(_ row: Honest, _ given: String) throws
  {
    let base: String? = given == "weights" ? row.base : given == "config" ? row.base + "/config.json" : nil
    let findings = try Self.findings("adapters/" + row.name, base: base)
    var expected: Set<RuleID> = []
    // Loaders want the prefix, and a vocabulary that grew needs a base that grows with it.
    if row.kinds.contains("no-prefix") { expected.insert(.exportNaming) }
    if row.kinds.contains("resized") && base != nil { expected.insert(.baseVocabMismatch) }
    let serious = findings.filter { $0.severity > .note && $0.rule != .baseUnknownArchitecture }
    #expect(Set(serious.map(\.rule)) == expected, "\(serious.map(\.message))")
    #expect(!serious.contains { $0.rule == .baseVocabMismatch && $0.severity == .error })
  }
}
