import JSON
import LoRATestSupport
import Testing

@testable import LoRAEngines

/// The table of vLLM's classes against the engine's own registry: `testdata/make/vllm_registry.py`.
@Suite struct VLLMRegistryTests {
  /// Mappings that a class changes for an engine with adapters (`Qwen4ExpForCausalLM.__init__`).
  private static let changed = ["Qwen4ExpForCausalLM": "qkv_proj", "Qwen4ExpForConditionalGeneration": "qkv_proj"]

  /// Every class that the registry lists and the table has takes adapters there if it does here, and packs the same
  /// modules; what is not held against it is unjudged.
  @Test func everyClassOfTheRegistryIsInTheTableAsItIsOrUnjudged() throws {
    let rows = try #require(try Fixtures.json("engines/vllm-0.33-registry.json").array).compactMap(\.object)
    let table = VLLMClassTable.release33
    let keys = Dictionary(grouping: table.keys) { $0.split(separator: "/").first.map { String($0) } ?? "" }
    var (held, packs) = (0, 0)
    for row in rows {
      let name = try #require(row["architecture"]?.string)
      for key in keys[name] ?? [] {
        guard let takesLoRA = row["lora"]?.bool, let known = table.row(key), !known.isUnheld else { continue }
        #expect(known.takesLoRA == takesLoRA, "\(key)")
        held += 1
        for (whole, parts) in row["packed"]?.object?.members ?? [] where Self.changed[name] != whole {
          #expect(known.packed[whole] == parts.array?.compactMap(\.string), "\(key) \(whole)")
          packs += 1
        }
        let stacks = row["is_3d_moe_weight"] == true
        #expect(known.experts.map { $0.areStacked == stacks } ?? !stacks, "\(key)")
      }
    }
    #expect(held > 440 && packs > 500, "\(held) classes, \(packs) packed modules")
    // What serves as a base and is in no table: classes of vLLM's fallback to transformers, and what did not load.
    let missing = rows.filter { keys[$0["architecture"]?.string ?? ""] == nil && $0["lora"] == true }
      .compactMap { $0["architecture"]?.string }.filter { name in
        !["Eagle", "eagle", "DFlash", "DSpark", "MTP", "Draft", "XPress", "Transformers", "Assistant"].contains {
          name.contains($0)
        }
      }
    #expect(missing == [], "\(missing)")
  }
}
