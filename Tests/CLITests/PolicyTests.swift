import LoRATestSupport
import TensorCore
import Testing

/// Policies as a pipeline uses them.
@Suite struct PolicyTests {
  @Test func aPolicyFailsWhatItDoesNotAllow() throws {
    let result = try Program.run([
      "validate", "--policy", "policies/platform.yml", "--format", "json", "adapters/llama-attention-bf16",
      "adapters/llama-second",
    ])
    #expect(result.code == 1)
    let document = try result.json()
    #expect(document["policy"] == "policies/platform.yml")
    let adapters = try #require(document["adapters"]?.array)
    #expect(adapters.map { $0["status"]?.string } == ["pass", "fail"])
    let findings = try #require(adapters[1]["findings"]?.array)
    let rules = Set(findings.compactMap { $0["rule"]?.string })
    #expect(rules == ["policy-rank", "policy-alpha", "policy-targets", "policy-dtype"])
    let dtype = findings.first { $0["rule"] == "policy-dtype" }
    #expect(dtype?["severity"] == "warning")
  }

  @Test func anIgnoredRuleIsReportedButDoesNotCount() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("policy.yml", "ignore:\n  rank-mismatch: re-exported next week\n")
    let arguments = ["validate", "--policy", path, "broken/rank-global"]
    #expect(try Program.run(["validate", "broken/rank-global"]).code == 1)
    let json = try Program.run(arguments + ["--format", "json"])
    #expect(json.code == 0, "\(json.output)")
    let ignored = try #require(try json.json()["adapters"]?.array?.first?["ignored"]?.array)
    #expect(ignored.map { $0["reason"]?.string } == ["re-exported next week"])
    #expect(try Program.run(arguments).output.contains("ignored  rank-mismatch: re-exported next week"))
  }

  @Test(arguments: [["policy", "check"], ["validate", "adapters/llama-nano", "--policy"]])
  func aBrokenPolicyIsExitTwo(_ arguments: [String]) throws {
    let result = try Program.run(arguments + ["policies/broken.yml"])
    #expect(result.code == 2)
    #expect(result.output.isEmpty)
    let lines = result.errors.split(separator: "\n")
    #expect(lines.count == 15)
    #expect(
      lines.contains("lora-tool: policies/broken.yml:3:1: unknown key 'ranks' in the policy; did you mean 'rank'?"))
    #expect(lines.allSatisfy { $0.hasPrefix("lora-tool: policies/broken.yml:") })
    #expect(try Program.run(arguments + ["no-such.yml"]).code == 2)
  }

  @Test func theStarterIsWrittenOnceAndRead() throws {
    let folder = try TemporaryFolder()
    #expect(try Program.run(["policy", "init", "--output", "lora-policy.yml"], in: folder.path).code == 0)
    let again = try Program.run(["policy", "init", "--output", "lora-policy.yml"], in: folder.path)
    #expect(again.code == 2 && again.errors.contains("it exists already"))
    let check = try Program.run(["policy", "check"], in: folder.path)
    #expect(check.code == 0 && check.output.contains("at most 4,294,967,296 B (4.0 GiB)"))
    let shown = try Program.run(["policy", "init"]).output
    #expect(try Program.shell("cat '\(folder.path("lora-policy.yml"))'").output == shown)
    let adapter = Fixtures.path("adapters/llama-all-linear")
    let result = try Program.run(["validate", "--policy", "lora-policy.yml", adapter], in: folder.path)
    #expect(result.code == 0, "\(result.output)")
  }
}
