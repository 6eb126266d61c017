import Diagnostics
import JSON
import LoRAIO
import LoRAModel
import LoRAPolicy
import LoRATestSupport
import LoRAValidate
import TensorCore
import Testing

/// What good policy files mean.
@Suite struct PolicyFileTests {
  private func policy(_ text: String) throws -> Policy { try Policy(yaml: Array(text.utf8), path: "p.yml") }

  @Test func everySettingIsRead() throws {
    let policy = try Policy(file: Fixtures.path("policies/platform.yml"))
    #expect(policy.path.hasSuffix("policies/platform.yml"))
    #expect(policy.bases == ["testdata/models/llama-bf16-sharded", "meta-llama/Llama-3.1-8B"])
    #expect(policy.maxRank == 64 && policy.ranks == [4, 8, 16])
    #expect(policy.alpha == 1...128 && policy.scale == 2...2)
    #expect(policy.allowedTargets == ["q_proj", "k_proj", "v_proj", "o_proj"])
    #expect(policy.requiredTargets == ["q_proj", "v_proj"])
    #expect(policy.dtypes == [.bf16, .f16])
    #expect(policy.maxBytes == 1_572_864)
    #expect(policy.metadata.map(\.key) == ["format", "format"] && policy.metadata.map(\.value) == [nil, "pt"])
    #expect(policy.severities == [.valueZeroDelta: .error, .policyDType: .warning])
    #expect(
      policy.ignored == [
        .targetUndeclared: "the trainer writes the embedding as well, see the platform handbook\n",
        .configUnknownField: "newer PEFT than ours",
      ])
  }

  @Test func theSummarySaysEverySetting() throws {
    let summary = try Policy(file: Fixtures.path("policies/platform.yml")).summary
    #expect(
      Set(summary.map(\.setting)) == [
        "base", "rank", "alpha", "scale", "targets", "dtype", "bytes", "metadata", "severity", "ignore",
      ])
    let lines = summary.map { "\($0.setting) \($0.meaning)" }
    #expect(lines.contains("bytes at most 1,572,864 B (1.5 MiB)"))
    #expect(lines.contains("rank 4 or 8 or 16"))
    #expect(lines.contains("alpha 1.0 to 128.0"))
    #expect(lines.contains("severity policy-dtype is a warning"))
    #expect(lines.allSatisfy { !$0.contains("\n") })
  }

  @Test func aSingleValueStandsForAList() throws {
    let policy = try policy("base: org/model\nrank: {exact: 16}\ndtype: bfloat16\ntargets: {required: q_proj}\n")
    #expect(policy.bases == ["org/model"] && policy.ranks == [16] && policy.dtypes == [.bf16])
    #expect(policy.requiredTargets == ["q_proj"])
  }

  @Test(arguments: [
    ("{min: 2}", 2...Double.infinity), ("{max: 0.5}", -Double.infinity...0.5), ("{min: -1, max: 1e2}", -1...100),
    ("{exact: 1.5}", 1.5...1.5),
  ])
  func rangesMayBeOpen(_ text: String, _ range: ClosedRange<Double>) throws {
    #expect(try policy("scale: \(text)\n").scale == range)
  }

  @Test func wordsThatLookLikeAliasesAreTextInQuotes() throws {
    let policy = try policy(
      "ignore: {target-undeclared: \"*all* of R&D does, &c.\"}\nbase: [a*b, 'x&y']  # not *this* &either\n")
    #expect(policy.ignored[.targetUndeclared] == "*all* of R&D does, &c.")
    #expect(policy.bases == ["a*b", "x&y"])
  }

  @Test func aByteOrderMarkIsSkipped() throws {
    #expect(try policy("\u{FEFF}rank: {max: 8}\r\n").maxRank == 8)
  }

  /// The starter as it is, and with everything switched on that it offers.
  @Test func theStarterIsAPolicy() throws {
    let starter = try policy(Policy.starter)
    #expect(starter.maxRank == 512 && starter.maxBytes == 4 << 30)
    let lines = Policy.starter.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let indent = line.prefix { $0 == " " }
      let rest = line.dropFirst(indent.count)
      // A setting that is switched off starts right behind the mark, or is indented below one that does.
      let isSetting = rest.hasPrefix("#") && (rest.dropFirst().first?.isLetter ?? false || rest.hasPrefix("#  "))
      let isText = rest.hasPrefix("#   lora-tool")
      return isSetting && !isText ? indent + rest.dropFirst() : line
    }
    let all = try policy(lines.joined(separator: "\n"))
    #expect(Set(all.summary.map(\.setting)).count == 10)
    #expect(all.bases.count == 2 && !all.ranks.isEmpty && all.alpha != nil && all.requiredTargets.count == 2)
    #expect(all.metadata.count == 3 && all.ignored.count == 1 && all.severities.count == 2)
  }

  @Test func theStarterLetsHonestAdaptersPass() throws {
    var options = ValidationOptions()
    options.policy = try policy(Policy.starter)
    let paths = try AdapterPaths.honest()
    #expect(paths.count > 40)
    let report = Validation.run(paths, base: nil, options: options)
    for adapter in report.adapters where !adapter.path.hasSuffix("llama-no-prefix") {
      #expect(adapter.status != .fail, "\(adapter.path): \(adapter.findings.map(\.message))")
    }
  }
}

/// Adapters among the fixtures.
enum AdapterPaths {
  static func honest() throws -> [String] {
    try #require(try Fixtures.json("adapters/adapters.json").array)
      .compactMap { $0["name"]?.string }.map { Fixtures.path("adapters/\($0)") }
  }
}
