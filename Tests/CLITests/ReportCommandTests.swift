import LoRAIO
import LoRATestSupport
import Testing

/// `lora-tool report` as a user runs it.
@Suite struct ReportCommandTests {
  private let good = "adapters/llama-all-linear"

  @Test func thePageGoesToTheFileOrToStandardOutput() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("page.html")
    let written = try Program.run(["report", good, "--base", "models/llama-bf16-sharded", "--output", path])
    #expect(written.code == 0 && written.output.isEmpty && written.errors.isEmpty, "\(written.errors)")
    let shown = try Program.run(["report", good, "--base", "models/llama-bf16-sharded", "--jobs", "1"])
    #expect(shown.code == 0 && shown.errors.isEmpty)
    #expect(try InputFile.contents(of: path, limit: 1 << 24) == Array(shown.output.utf8))
    #expect(shown.output.hasPrefix("<!DOCTYPE html>\n") && shown.output.hasSuffix("</html>\n"))
    #expect(shown.output.contains("times") || shown.output.contains("‖ΔW‖/‖W‖"))
    #expect(try Folder.names(in: folder.path) == ["page.html"])
  }

  @Test func nothingIsReplacedUnasked() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("page.html", "mine")
    let refused = try Program.run(["report", good, "--output", path])
    #expect(refused.code == 2)
    #expect(refused.errors.contains("it exists already; name another file, or replace it with --overwrite"))
    #expect(try InputFile.contents(of: path, limit: 100) == Array("mine".utf8))
    #expect(try Program.run(["report", good, "--output", path, "--overwrite"]).code == 0)
    #expect(try InputFile.contents(of: path, limit: 1 << 24).count > 10_000)
    #expect(try Program.run(["report", good, "--output", folder.path, "--overwrite"]).code == 2)
    let nowhere = try Program.run(["report", good, "--output", folder.path("no/such/page.html")])
    #expect(nowhere.code == 2 && nowhere.errors.contains("page.html"))
    #expect(try Folder.names(in: folder.path) == ["page.html"])
  }

  /// Findings are the content of a page and no failure; a path that leads nowhere is one, and stands on the page.
  @Test func exitCodesSayWhetherThePageWasMade() throws {
    let broken = try Program.run(["report", "broken/rank-global", "--engine", "vllm", "--max-lora-rank", "8"])
    #expect(broken.code == 0 && broken.output.contains("rule-rank-mismatch") && broken.errors.isEmpty)
    let partly = try Program.run(["report", good, "no-such-adapter"])
    #expect(partly.code == 2 && partly.errors.contains("no-such-adapter"))
    #expect(partly.output.contains("Could not be checked") && partly.output.contains("</html>"))
    let nothing = try Program.run(["report", "no-such-adapter"])
    #expect(nothing.code == 2 && nothing.output.isEmpty)
    let noBase = try Program.run(["report", good, "--base", "no-such-base"])
    #expect(noBase.code == 2 && noBase.output.isEmpty && noBase.errors.contains("no-such-base"))
    for wrong in [["--engine", "none"], ["--details", "-1"], ["--jobs", "0"], ["--max-lora-rank", "0"]] {
      #expect(try Program.run(["report", good] + wrong).code == 64, "\(wrong)")
    }
    #expect(try Program.run(["report", "--help"]).output.contains("loads nothing"))
  }

  @Test func aReaderThatGoesAwayIsNoError() throws {
    let result = try Program.shell("set -o pipefail; $TOOL report adapters | head -c 100; echo \" ${PIPESTATUS[0]}\"")
    #expect(result.output.hasSuffix(" 0\n"), "\(result.output)")
  }
}
