import JSON
import LoRATestSupport
import Testing

/// `lora-tool gate` as a pipeline uses it.
@Suite struct GateCommandTests {
  private let files = ["--baseline", "evaluation/before.jsonl", "--candidate", "evaluation/after.jsonl"]

  @Test func theDocumentHasTheKeysOfTheContract() throws {
    let result = try Program.run(["gate", "--format", "json"] + files)
    #expect(result.code == 1)
    #expect(result.errors.isEmpty)
    let document = try result.json()
    #expect(document["schema"] == .string("lora-tool/gate/1"))
    #expect(document["tool_version"]?.string != nil)
    let adapters = try #require(document["adapters"]?.array)
    #expect(adapters.count == 3)
    for adapter in adapters {
      for key in ["name", "prompts", "baseline_score", "candidate_score", "regression", "status"] {
        #expect(adapter[key] != nil, "adapters[].\(key)")
      }
      #expect(adapter["status"] == .string("fail"))
    }
  }

  @Test func theExitCodeFollowsTheLimit() throws {
    #expect(try Program.run(["gate", "--max-regression", "50%"] + files).code == 0)
    #expect(try Program.run(["gate", "--max-regression", "0.005"] + files).code == 1)
    let same = ["--baseline", "evaluation/before.jsonl", "--candidate", "evaluation/before.jsonl"]
    let result = try Program.run(["gate"] + same)
    #expect(result.code == 0)
    #expect(result.output.contains("pass  Übersetzer: 143 prompts"))
  }

  @Test func otherFormats() throws {
    let junit = try Program.run(["gate", "--format", "junit"] + files)
    #expect(junit.code == 1)
    #expect(junit.output.contains("<testsuites name=\"lora-tool gate\" tests=\"3\" failures=\"3\""))
    let markdown = try Program.run(["gate", "--format", "markdown", "--changes", "3"] + files)
    #expect(markdown.output.hasPrefix("| adapter | prompts |"))
    #expect(markdown.output.components("| broken | ") == 4)
  }

  @Test(arguments: [
    ["gate"], ["gate", "--baseline", "x"], ["gate", "--baseline", "a", "--candidate", "b", "--max-regression", "lots"],
    ["gate", "--baseline", "a", "--candidate", "b", "--changes", "-1"],
    ["gate", "--baseline", "a", "--candidate", "b", "--format", "sarif"],
  ])
  func wrongUsageIsExit64(_ arguments: [String]) throws {
    let result = try Program.run(arguments)
    #expect(result.code == 64 && result.output.isEmpty && !result.errors.isEmpty)
  }

  @Test func whatCannotBeReadIsExitTwo() throws {
    let folder = try TemporaryFolder()
    let broken = try folder.write("broken.jsonl", "{\"id\":1,\"name\":\"f\"}\n{\"id\":2}\n")
    let cases = [
      ("no/such", "no such file"), (broken, "line 2"), ("/dev/null", "not a regular file"), ("make", "a folder"),
    ]
    for (file, word) in cases {
      let result = try Program.run(["gate", "--baseline", file, "--candidate", "evaluation/after.jsonl"])
      #expect(result.code == 2, "\(file)")
      #expect(result.output.isEmpty && result.errors.contains(word), "\(result.errors)")
    }
  }
}

extension String {
  /// How often a text occurs.
  fileprivate func components(_ separator: String) -> Int {
    var count = 0
    var rest = Substring(self)
    while let range = rest.firstRange(of: separator) {
      count += 1
      rest = rest[range.upperBound...]
    }
    return count
  }
}
