import Diagnostics
import JSON
import LoRATestSupport
import LoRAValidate
import Testing

/// The documents and flags that scripts rely on.
@Suite struct ContractTests {
  @Test func inspectHasTheKeysOfTheContract() throws {
    let document = try Program.run(
      ["inspect", "adapters/llama-rslora", "--format", "json", "--base", "models/llama-bf16-sharded"]
    ).json()
    #expect(document["schema"] == .string("lora-tool/inspect/1"))
    #expect(document["tool_version"]?.string != nil)
    let adapter = try #require(document["adapters"]?.array?.first)
    for key in [
      "path", "format", "file_bytes", "tensor_bytes", "tensor_count", "parameters", "dtypes", "peft_type",
      "base_model", "rank", "alpha", "scale", "use_rslora", "use_dora", "targets", "layers", "modules",
      "full_tensors", "metadata", "minimum_reader", "findings", "base", "shrink_ratio",
    ] {
      #expect(adapter[key] != nil, "\(key)")
    }
    #expect(adapter["format"] == .string("peft"))
    #expect(adapter["use_rslora"] == .bool(true))
    #expect(adapter["scale"]?["source"] == .string("alpha/sqrt(r)"))
    #expect(adapter["metadata"]?["format"] == .string("pt"))
    for key in ["config", "min", "max", "uniform"] { #expect(adapter["rank"]?[key] != nil, "rank.\(key)") }
    let module = try #require(adapter["modules"]?.array?.first)
    for key in ["name", "kind", "rank", "in", "out", "alpha", "scale", "dtype", "parameters"] {
      #expect(module[key] != nil, "modules[].\(key)")
    }
    #expect(
      module["name"] == .string("model.layers.0.self_attn.k_proj")
        || module["name"]?.string?.hasPrefix("model.layers.0.") == true)
  }

  @Test func validateHasTheKeysOfTheContract() throws {
    let result = try Program.run([
      "validate", "adapters/llama-all-linear", "broken/rank-global", "--format", "json", "--base",
      "models/llama-bf16-sharded",
    ])
    #expect(result.code == 1)
    let document = try result.json()
    #expect(document["schema"] == .string("lora-tool/validate/1"))
    #expect(document["status"] == .string("fail"))
    #expect(document["checked"] == .integer(2))
    let adapters = try #require(document["adapters"]?.array)
    #expect(adapters[0]["status"] == .string("pass"))
    for key in ["modules", "matched", "unmatched", "rank_max", "bytes"] {
      #expect(adapters[0]["summary"]?[key] != nil, "summary.\(key)")
    }
    let finding = try #require(adapters[1]["findings"]?.array?.first)
    for key in ["rule", "severity", "message", "file"] { #expect(finding[key] != nil, "findings[].\(key)") }
  }

  @Test func basesListsAndDescribes() throws {
    let list = try Program.run(["bases", "--format", "json"]).json()
    let types = (list["model_types"]?.array ?? []).compactMap(\.string)
    for type in ["llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gpt2"] { #expect(types.contains(type)) }
    let llama = try Program.run(["bases", "--base", "bases/llama-7b.json", "--format", "json"]).json()
    let modules = try #require(llama["modules"]?.array)
    #expect(modules.count == 32 * 7 + 2)
    #expect(
      modules.contains {
        $0["name"] == .string("model.layers.31.mlp.down_proj") && $0["in"] == .integer(11008)
          && $0["out"] == .integer(4096) && $0["kind"] == .string("linear")
      })
    #expect(llama["parameters"] == .integer(6_738_415_616))
  }

  @Test func everyRuleIsExplained() throws {
    let rules = try #require(try Program.run(["rules", "--format", "json"]).json()["rules"]?.array)
    let names = rules.compactMap { $0["rule"]?.string }
    #expect(Set(names).isSuperset(of: RuleSet.all.map(\.id.rawValue)))
    for name in names {
      let result = try Program.run(["explain", name])
      #expect(result.code == 0)
      #expect(result.output.count > 200, "\(name)")
    }
  }

  @Test func helpAndVersionAreThere() throws {
    for command in ["inspect", "validate", "merge", "bases", "rules", "explain"] {
      let result = try Program.run([command, "--help"])
      #expect(result.code == 0)
      #expect(result.output.contains("USAGE: lora-tool \(command)"))
    }
    #expect(try Program.run(["--version"]).output == "0.1.0\n")
  }

  @Test func reportsGoToTheFileThatIsNamed() throws {
    let folder = try TemporaryFolder()
    let result = try Program.run([
      "inspect", "adapters/llama-nano", "--format", "json", "--output", folder.path("report.json"),
    ])
    #expect(result.code == 0)
    #expect(result.output.isEmpty)
    let text = try Program.shell("cat '\(folder.path("report.json"))'").output
    #expect(try JSONValue(parsing: Array(text.utf8))["schema"] == .string("lora-tool/inspect/1"))
  }
}
