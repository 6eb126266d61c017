import JSON
import LoRATestSupport
import Testing

/// Policy files as a user meets them: start one, check it, and let it decide.
@Suite struct PolicyTests {
  private static let adapter = "adapters/llama-all-linear"

  private func validate(_ policy: String, _ options: [String] = []) throws -> Program.Result {
    let folder = try TemporaryFolder()
    try folder.write("p.yml", Array(policy.utf8))
    return try Program.run(
      ["validate", "--header-only", "--policy", folder.path("p.yml")] + options + [Self.adapter])
  }

  @Test func theStarterIsWrittenOnceAndPasses() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("lora-policy.yml")
    #expect(try Program.run(["policy", "init", path]).code == 0)
    let again = try Program.run(["policy", "init", path])
    #expect(again.code == 2)
    #expect(again.errors.contains("--overwrite"))
    #expect(try Program.run(["policy", "init", "--overwrite", path]).code == 0)
    let printed = try Program.run(["policy", "init", "-"])
    #expect(try printed.output == Program.shell("cat '\(path)'").output)
    let checked = try Program.run(["policy", "check", path])
    #expect(checked.code == 0)
    #expect(checked.output.contains("at most 512"))
    let result = try Program.run(["validate", "--policy", path, Self.adapter])
    #expect(result.code == 0, "\(result.output)\(result.errors)")
  }

  @Test func limitsDecideTheExitCode() throws {
    #expect(try validate("rank: {max: 8}").code == 0)
    let result = try validate("rank: {max: 4}\ntargets: {allowed: [q_proj]}", ["--format", "json"])
    #expect(result.code == 1)
    let findings = try #require(result.json()["adapters"]?.array?.first?["findings"]?.array)
    let rules = Set(findings.compactMap { $0["rule"]?.string })
    #expect(rules.isSuperset(of: ["policy-rank", "policy-targets"]))
  }

  @Test func anIgnoredRuleNeedsAReasonAndShowsIt() throws {
    let result = try validate("rank: {max: 4}\nignore: {policy-rank: planned for the next release}")
    #expect(result.code == 0, "\(result.output)")
    #expect(result.output.contains("planned for the next release"))
    #expect(try validate("rank: {max: 4}\nignore: {policy-rank: }").code == 2)
  }

  @Test func severitiesAreThePolicys() throws {
    #expect(try validate("rank: {max: 4}\nseverity: {policy-rank: warning}").code == 0)
    #expect(try validate("rank: {max: 4}\nseverity: {policy-rank: warning}", ["--fail-on", "warning"]).code == 1)
  }

  @Test func everyMistakeIsALineWithItsPlace() throws {
    let result = try validate("ranks: 3\nbytes: {max: 160M}")
    #expect(result.code == 2)
    #expect(result.output.isEmpty)
    let lines = result.errors.split(separator: "\n")
    #expect(lines.count == 2, "\(result.errors)")
    #expect(lines.first?.hasSuffix("p.yml:1:1: unknown key 'ranks' in the policy; did you mean 'rank'?") == true)
    #expect(lines.last?.contains("p.yml:2:14:") == true)
    #expect(try Program.run(["validate", "--policy", "/nowhere/p.yml", Self.adapter]).code == 2)
    #expect(try Program.run(["policy", "check", "policies/broken.yml"]).code == 2)
  }

  @Test func checkSpeaksJSON() throws {
    let result = try Program.run(["policy", "check", "policies/platform.yml", "--format", "json"])
    #expect(try result.json()["schema"] == .string("lora-tool/policy/1"))
    #expect(try #require(result.json()["settings"]?.array).isEmpty == false)
  }
}
