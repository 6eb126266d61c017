import JSON
import LoRATestSupport
import Testing

/// `lora-tool combine`: its options and its report.
@Suite struct CombineCommandTests {
  private func combine(_ arguments: [String]) throws -> Program.Result {
    try Program.run(["combine"] + arguments, in: Fixtures.path("surgery/combine"))
  }

  @Test(arguments: [
    ["--method", "svd"], ["--method", "cat", "--rank", "4"], ["--method", "ties"],
    ["--method", "ties", "--density", "0"], ["--method", "linear", "--density", "0.5"],
    ["--method", "svd", "--rank", "2", "--seed", "1"],
    ["--method", "dare_linear", "--density", "1", "--sign", "total"],
    ["--method", "cat", "--weight", "1", "--weight", "2"], ["--method", "cat", "--weight", "nan"], ["--method", "sum"],
  ]) func optionsWithoutMeaningAreWrongUsage(_ arguments: [String]) throws {
    #expect(try combine(arguments + ["--adapter", "a", "--dry-run"]).code == 64)
  }

  @Test func theReportHasEveryModule() throws {
    let folder = try TemporaryFolder()
    let arguments = ["--adapter", "a", "--weight", "-0.5", "--adapter", "c", "--method", "svd", "--rank", "3"]
    let dry = try combine(arguments + ["--dry-run", "--format", "json"]).json()
    #expect(dry["dry_run"] == .bool(true))
    #expect(dry["modules"]?.array?.allSatisfy { $0["energy"] == .null } == true)
    let result = try combine(arguments + ["--output", folder.path("out"), "--format", "json"])
    #expect(result.code == 0)
    let report = try result.json()
    #expect(report["adapters"]?.array?.map { $0["weight"]?.double } == [-0.5, 1])
    let modules = report["modules"]?.array ?? []
    #expect(modules.map { $0["name"]?.string }.count == 2)
    #expect(modules.first { $0["name"]?.string?.hasSuffix("down_proj") == true }?["ranks"] == [4, nil])
    #expect(modules.allSatisfy { ($0["error"]?.double ?? 2) <= 1 && $0["rank"] == 3 })
    #expect(try combine(arguments + ["--output", folder.path("out")]).code == 2)
    #expect(try combine(arguments + ["--output", folder.path("out"), "--overwrite"]).code == 0)
  }

  @Test func whatHasNoSumIsRefusedAndNothingIsWritten() throws {
    let folder = try TemporaryFolder()
    let result = try combine([
      "--adapter", "a", "--adapter", "../../adapters/llama-dora", "--method", "cat", "--output", folder.path("out"),
    ])
    #expect(result.code == 2)
    #expect(result.errors.contains("DoRA"))
    #expect(try Fixtures.contents(of: folder.path("")).isEmpty)
  }
}
