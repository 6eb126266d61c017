import Diagnostics
import JSON
import LoRATestSupport
import Safetensors
import Testing

@testable import LoRAModel

/// Every adapter that PEFT exported for the fixtures, held against what PEFT's own objects said about it.
@Suite struct AdapterLoaderTests {
  private struct Expected {
    var name: String
    var modules: [JSONValue]
    var isMergeable: Bool
  }

  private static func expectations() throws -> [Expected] {
    let list = try #require(try Fixtures.json("adapters/adapters.json").array)
    return try list.map { entry in
      Expected(
        name: try #require(entry["name"]?.string), modules: entry["expect"]?["modules"]?.array ?? [],
        isMergeable: entry["mergeable"]?.bool ?? false)
    }
  }

  @Test func ranksAlphasAndScalesAreThoseOfPEFT() throws {
    let all = try Self.expectations()
    #expect(all.count >= 25)
    for expected in all {
      let adapter = Adapter.load(Fixtures.path("adapters/\(expected.name)"))
      let found = Dictionary(adapter.modules.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
      #expect(adapter.modules.count == expected.modules.count, "\(expected.name)")
      for module in expected.modules {
        let name = try #require(module["name"]?.string)
        let ours = try #require(found[name], "\(expected.name): \(name) not found")
        #expect(ours.rank == module["rank"]?.int64.map { UInt64($0) }, "\(expected.name): \(name)")
        #expect(ours.alpha == module["alpha"]?.double, "\(expected.name): \(name)")
        #expect(ours.scale == module["scale"]?.double, "\(expected.name): \(name)")
        // Without the base, factors of GPT-2's Conv1D look like those of any linear layer.
        if let kind = module["kind"]?.string, kind != "conv1d" {
          #expect(ours.kind.rawValue == kind, "\(expected.name): \(name)")
        }
        // peft 0.18 took the two sizes of an expert stack for each other; only the base can tell.
        if expected.name.hasSuffix("peft-0.18") { continue }
        if let inputs = module["in"]?.int64 { #expect(ours.inFeatures == UInt64(inputs), "\(expected.name): \(name)") }
        if let outputs = module["out"]?.int64 {
          #expect(ours.outFeatures == UInt64(outputs), "\(expected.name): \(name)")
        }
      }
    }
  }

  @Test func everyTensorIsAccountedFor() throws {
    for expected in try Self.expectations() {
      let adapter = Adapter.load(Fixtures.path("adapters/\(expected.name)"))
      let file = try #require(adapter.file, "\(expected.name)")
      let used = adapter.modules.reduce(0) { $0 + $1.tensors.count } + adapter.replacements.count
      #expect(adapter.leftovers.isEmpty == (expected.name != "resized-saved"), "\(expected.name)")
      #expect(used + adapter.leftovers.count == file.header.tensors.count, "\(expected.name)")
      #expect(adapter.unknown.isEmpty, "\(expected.name): \(adapter.unknown.map(\.name))")
      #expect(!adapter.findings.contains { $0.severity == .error }, "\(expected.name): \(adapter.findings)")
    }
  }
}
