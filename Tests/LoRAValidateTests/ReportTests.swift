import Diagnostics
import Foundation
import JSON
import LoRAModel
import LoRATestSupport
import LoRAValidate
import Testing

#if canImport(FoundationXML)
import FoundationXML
#endif

/// One report with a good, a doubtful and a bad adapter, and one whose name wants to break the output.
@Suite struct ReportTests {
  private let bench: Bench
  private let report: ValidationReport
  private static let hostile = "evil{0}[a](b)<&>\"'\u{1B}[31m\t\n::error::x"

  init() throws {
    bench = try Bench()
    var doubtful = Sample.plain
    doubtful.config["base_model_name_or_path"] = "example/other-llama"
    var bad = Sample.plain
    bad.config["r"] = 50
    bad.tensors[0].name = "base_model.model.\(Self.hostile).lora_A.weight"
    report = bench.report([
      try Sample.plain.write("good", in: bench.folder), try doubtful.write("doubtful", in: bench.folder),
      try bad.write("bad,one:two%three", in: bench.folder),
    ])
  }

  @Test func statusAndExitCode() {
    #expect(report.adapters.map(\.status) == [.pass, .warn, .fail])
    #expect(report.status == .fail && report.exitCode == 1)
    let clean = bench.report([bench.folder.path("good")])
    #expect(clean.status == .pass && clean.exitCode == 0)
    let warned = bench.report([bench.folder.path("doubtful")])
    #expect(warned.status == .warn && warned.exitCode == 0)
    var options = ValidationOptions()
    options.failOn = .warning
    let strict = bench.report([bench.folder.path("doubtful")], options: options)
    #expect(strict.status == .fail && strict.exitCode == 1)
  }

  @Test func jsonHasTheContractsKeys() throws {
    let json = try JSONValue(parsing: Array(report.json(toolVersion: "1.2.3").text(pretty: true).utf8))
    #expect(json["schema"] == "lora-tool/validate/1")
    #expect(json["tool_version"] == "1.2.3")
    #expect(json["status"] == "fail")
    #expect(json["checked"] == 3)
    let adapters = try #require(json["adapters"]?.array)
    #expect(adapters.count == 3)
    for adapter in adapters {
      #expect(Set(["path", "status", "findings", "summary"]).isSubset(of: Set(adapter.object?.keys ?? [])))
      #expect(adapter["summary"]?.object?.keys == ["modules", "matched", "unmatched", "rank_max", "bytes"])
    }
    let summary = try #require(adapters[0]["summary"])
    #expect(summary["modules"] == summary["matched"] && summary["unmatched"] == 0)
    #expect(summary["rank_max"]?.int64 == Int64(Sample.plain.rank))
    let finding = try #require(adapters[2]["findings"]?.array?.first)
    #expect(Set(["rule", "severity", "message", "file"]).isSubset(of: Set(finding.object?.keys ?? [])))
  }

  @Test func withoutBaseNothingIsMatched() throws {
    let json = bench.report([bench.folder.path("good")], withBase: false).json(toolVersion: "1")
    let summary = try #require(json["adapters"]?.array?.first?["summary"])
    #expect(summary["matched"] == .null && summary["unmatched"] == .null)
  }

  @Test func theVerdictSaysWhenItIsTheBaseThatFailed() throws {
    let base = try BaseModel.open(Fixtures.path("broken/bases/index-lost-shard"))
    let report = Validation.run([Fixtures.path("adapters/llama-nano")], base: base, options: ValidationOptions())
    let verdict = report.text().split(separator: "\n").last
    #expect(verdict == "fail: 1 adapter checked without the base, 1 passed, the base failed")
  }

  @Test func textIsGroupedAndEndsWithAVerdict() {
    let text = report.text()
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.dropLast().last == "fail: 3 adapters checked, 1 failed, 1 with warnings, 1 passed")
    #expect(text.contains("warn  \(bench.folder.path("doubtful"))"))
    #expect(text.contains("status  adapter"))
    #expect(!text.contains("\u{1B}"))
    #expect(report.text(colour: true).contains("\u{1B}[31mfail\u{1B}[0m"))
    #expect(lines.allSatisfy { !$0.hasSuffix(" ") })
  }

  @Test func gitHubLinesCannotBeForged() {
    let lines = report.github().split(separator: "\n")
    let commands = lines.filter { $0.hasPrefix("::") }
    #expect(commands.count == report.adapters.flatMap(\.findings).count + report.fleet.findings.count)
    for line in commands { #expect(line.hasPrefix("::error file=") || line.hasPrefix("::warning file=")) }
    #expect(commands.contains { $0.contains("bad%2Cone%3Atwo%25three") })
    #expect(commands.contains { $0.contains("title=rank-mismatch::") })
  }

  /// Counts elements while the XML is read.
  private final class Counter: NSObject, XMLParserDelegate {
    var elements: [String: Int] = [:]
    var attributes: [String: [String: String]] = [:]

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes values: [String: String]
    ) {
      elements[name, default: 0] += 1
      if attributes[name] == nil { attributes[name] = values }
    }
  }

  /// Found by fuzzing: a name with a tab or a line break went through as it was.
  @Test func junitKeepsANameInItsLine() {
    let lines = report.junit().split(separator: "\n")
    #expect(lines.contains { $0.contains("\\n::error::x") && $0.hasPrefix("tensor: ") })
    #expect(!lines.contains { $0.hasPrefix("::error::") || $0.contains("\t") })
  }

  @Test func junitIsWellFormed() throws {
    let parser = XMLParser(data: Data(report.junit().utf8))
    let counter = Counter()
    parser.delegate = counter
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
    let findings = report.adapters.flatMap(\.findings) + report.fleet.findings
    #expect(counter.elements["testsuite"] == 3 + (report.fleet.findings.isEmpty ? 0 : 1))
    #expect(counter.elements["testcase"] == findings.count + 1)
    #expect(counter.elements["failure"] == findings.count { $0.severity == .error })
    #expect(counter.attributes["testsuites"]?["failures"] == "\(findings.count { $0.severity == .error })")
  }

  @Test func sarifPointsToRulesAndFiles() throws {
    let log = try JSONValue(parsing: Array(report.sarif(toolVersion: "1.2.3").text(pretty: true).utf8))
    #expect(log["version"] == "2.1.0")
    let run = try #require(log["runs"]?.array?.first)
    let rules = try #require(run["tool"]?["driver"]?["rules"]?.array)
    let results = try #require(run["results"]?.array)
    #expect(results.count == report.adapters.flatMap(\.findings).count + report.fleet.findings.count)
    for result in results {
      let index = try #require(result["ruleIndex"]?.int64)
      #expect(rules[Int(index)]["id"] == result["ruleId"])
      let uri = try #require(
        result["locations"]?.array?.first?["physicalLocation"]?["artifactLocation"]?["uri"]?.string)
      #expect(URL(string: uri) != nil && !uri.contains(" ") && !uri.contains("%three"))
      let text = try #require(result["message"]?["text"]?.string)
      #expect(!text.contains("](") && !text.replacing("{{", with: "").contains("{"))
    }
  }

  @Test func oneBrokenAdapterDoesNotStopTheOthers() throws {
    try bench.folder.write("empty/adapter_model.safetensors", [UInt8]())
    let paths = ["good", "empty", "nowhere", "doubtful"].map { bench.folder.path($0) }
    let report = bench.report(paths)
    #expect(report.adapters.map(\.path) == paths)
    #expect(report.adapters.map(\.status) == [.pass, .fail, .fail, .warn])
  }
}

@Suite struct ShardTests {
  @Test func partsAreDisjointCompleteAndStable() throws {
    let paths = (0..<500).map { "fleet/tenant-\($0)/adapter" }
    for count in UInt64(1)...9 {
      let parts = try (0..<count).map { index in
        let shard = try #require(Partition(index: index, count: count))
        return paths.filter { shard.contains($0) }
      }
      #expect(parts.flatMap { $0 }.sorted() == paths.sorted())
      // Where an adapter goes does not depend on the others, and no part is far off its share.
      #expect(parts.allSatisfy { $0.count > 500 / Int(count) / 2 })
    }
  }

  @Test func partsAreWrittenAsFractions() {
    #expect(Partition("0/4") == Partition(index: 0, count: 4))
    for text in ["4/4", "-1/4", "1", "1/0", "a/b", "1/2/3", "/", ""] { #expect(Partition(text) == nil) }
  }

  @Test func onlyThePartIsChecked() throws {
    let bench = try Bench()
    let paths = try (0..<12).map { try Sample.plain.write("tenant-\($0)", in: bench.folder) }
    var seen: [String] = []
    for index in UInt64(0)..<3 {
      var options = ValidationOptions()
      options.shard = Partition(index: index, count: 3)
      seen += bench.report(paths, options: options).adapters.map(\.path)
    }
    #expect(seen.sorted() == paths.sorted())
  }
}
