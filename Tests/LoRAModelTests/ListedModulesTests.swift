import BaseCatalogue
import JSON
import LoRATestSupport
import TensorCore
import Testing

@testable import LoRAModel

/// Lists of modules against the tables that look-ups go by.
@Suite struct ListedModulesTests {
  /// What a list says of a base, written out.
  private static func rows(_ base: BaseModel) -> [String] {
    base.listedModules.flatMap { listed -> [String] in
      switch listed {
      case .one(let module):
        return ["\(module.name) \(module.kindName) \(module.inFeatures) \(module.outFeatures)"]
      case .experts(let experts):
        return experts.ranges.flatMap { range in
          #expect(Set(range.map { String($0).utf8.count }).count == 1, "\(range)")
          return range.flatMap { expert in
            experts.kinds.filter { $0.count > range.lowerBound }.map {
              "\($0.name.name(of: expert)) linear \($0.inFeatures) \($0.outFeatures)"
            }
          }
        }
      }
    }
  }

  /// A configuration that says nothing but its type lists every module once, in natural order, as it is found by name.
  @Test func everyTypeListsItsModulesInNaturalOrder() throws {
    var listed = 0
    for modelType in Catalogue.modelTypes {
      let config = Array("{\"model_type\":\"\(modelType)\"}".utf8)
      // What a type cannot do without is told elsewhere.
      guard let base = try? BaseModel.described(by: config, path: "config.json"), base.description != nil else {
        continue
      }
      let rows = Self.rows(base)
      let modules = base.modules.values.sorted { naturallyPrecedes($0.name, $1.name) }
      let expected = modules.map { "\($0.name) \($0.kindName) \($0.inFeatures) \($0.outFeatures)" }
      #expect(rows == expected, "\(modelType)")
      listed += 1
    }
    #expect(listed > 250, "\(listed) types")
  }

  /// Experts that are kept as one are found by every name, and by no other.
  @Test func expertsAreFoundByTheirNumbers() throws {
    let config: JSONValue = [
      "model_type": "qwen3_moe", "num_hidden_layers": 2, "num_experts": 12, "hidden_size": 48,
      "moe_intermediate_size": 20,
    ]
    let base = try BaseModel.described(by: Array(config.text().utf8), path: "config.json")
    let description = try #require(base.description)
    let first = "model.layers.1.mlp.experts."
    let found = try #require(description.match(first + "11.up_proj"))
    #expect(found.module.name == first + "11.up_proj" && found.module.shape == [20, 48])
    for name in [
      "12.up_proj", "011.up_proj", "-1.up_proj", "4294967296.up_proj", "11.w1", "11", "x.up_proj", "11.up_proj.x",
    ] {
      #expect(description.match(first + name) == nil, "\(name)")
    }
    #expect(description.modules.allSatisfy { description.match($0.name)?.module == $0 })
    #expect(UInt64(description.modules.count) == description.moduleCount)
  }
}
