import JSON
import LoRATestSupport
import Testing

/// `lora-tool diff`: what its exit codes and formats say.
@Suite struct DiffCommandTests {
  private func diff(_ arguments: String...) throws -> Program.Result {
    try Program.run(["diff"] + arguments, in: Fixtures.path("surgery/diff"))
  }

  @Test(
    arguments: [
      ("folded", 0), ("padded", 0), ("rslora", 0), ("kohya", 0), ("scaled", 1), ("near", 1), ("missing", 1),
      ("../../adapters/gpt2", 2),
    ] as [(String, Int32)]) func theExitCodeIsTheAnswer(_ other: String, _ code: Int32) throws
  {
    let result = try diff("base", other, "--format", "json")
    #expect(result.code == code)
    let status = [0: "equal", 1: "different", 2: "not_comparable"][code]
    #expect(try result.json()["status"]?.string == status)
    #expect((result.errors == "") == (code != 2))
  }

  @Test func theToleranceDecides() throws {
    #expect(try diff("base", "gauge").code == 1)
    #expect(try diff("base", "gauge", "--tolerance", "1e-6").code == 0)
    #expect(try diff("base", "near", "--tolerance", "0.1").code == 0)
    #expect(try diff("base", "near", "--tolerance", "-1").code == 64)
  }

  @Test func theTableShowsAsManyModulesAsAreWanted() throws {
    let text = try diff("base", "near", "--modules", "1").output
    #expect(text.contains("1 more module with"))
    let markdown = try diff("base", "near", "--format", "markdown").output
    #expect(markdown.hasPrefix("## different: "))
    #expect(markdown.contains("| model.layers.0.self_attn.q_proj |"))
  }

  @Test func aFolderOfSeveralAdaptersIsNotOne() throws {
    let result = try diff("base", ".")
    #expect(result.code == 2)
    #expect(result.errors.contains("adapters, and one is wanted"))
  }

  @Test func thePageOfTwoAdaptersHasTheirDifference() throws {
    let folder = Fixtures.path("surgery/diff")
    let two = try Program.run(["report", "base", "near"], in: folder).output
    #expect(two.contains("<h2 id=\"difference\">"))
    #expect(two.contains("Outputs in common"))
    let one = try Program.run(["report", "base"], in: folder).output
    #expect(!one.contains("<h2 id=\"difference\">"))
  }
}
