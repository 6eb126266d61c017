import Foundation
import LoRAEngines
import LoRATestSupport
import LoRAValidate
import Testing

/// The code in the libraries' articles is the code of `Examples`, and that does what the articles say.
@Suite struct ExampleTests {
  private static let adapter = Fixtures.path("adapters/llama-all-linear")
  private static let base = Fixtures.path("models/llama-bf16-sharded")

  /// The examples by name, without the indentation that they have in their file.
  private static func examples() throws -> [String: String] {
    let text = try Repository.text("Tests/DocumentationTests/Examples.swift")
    var examples: [String: String] = [:]
    for part in text.components(separatedBy: "    // example: ").dropFirst() {
      let lines = part.components(separatedBy: "\n")
      let body = lines.dropFirst().prefix { $0.trimmingCharacters(in: .whitespaces) != "// end" }
      examples[lines[0]] = body.map { String($0.dropFirst(4)) }.joined(separator: "\n")
    }
    return examples
  }

  private static func articles() throws -> [String] {
    let sources = Repository.path("Sources")
    return try FileManager.default.contentsOfDirectory(atPath: sources).sorted().flatMap { target -> [String] in
      let catalog = "\(sources)/\(target)/\(target).docc"
      let names = (try? FileManager.default.contentsOfDirectory(atPath: catalog)) ?? []
      return names.filter { $0.hasSuffix(".md") }.sorted().map { "\(catalog)/\($0)" }
    }
  }

  @Test func theCodeOfTheArticlesIsCompiled() throws {
    let examples = try Self.examples()
    #expect(examples.count >= 9)
    var quoted: Set<String> = []
    for article in try Self.articles() {
      let text = try String(contentsOfFile: article, encoding: .utf8)
      for part in text.components(separatedBy: "```swift\n").dropFirst() {
        let code = part.components(separatedBy: "\n```")[0]
        let name = examples.first { $0.value == code }?.key
        #expect(name != nil, "\(article) shows code that is no example:\n\(code)")
        if let name { quoted.insert(name) }
      }
    }
    #expect(quoted == Set(examples.keys), "not in any article: \(Set(examples.keys).subtracting(quoted))")
  }

  @Test func everyPublicLibraryHasAnArticle() throws {
    let manifest = try Repository.text("Package.swift")
    let list = try #require(manifest.firstMatch(of: /let libraries: \[Product\] = \[([^\]]+)\]/)).1
    let names = list.matches(of: /"(\w+)"/).map { String($0.1) } + ["LoRALoader"]
    #expect(names.count >= 14)
    let documented = try Self.articles().map { (($0 as NSString).lastPathComponent as NSString).deletingPathExtension }
    for name in names { #expect(documented.contains(name), "\(name) has no article") }
  }

  @Test func modelsAreRead() throws {
    let lines = try Examples.model(Self.adapter, Self.base)
    #expect(
      lines.count == 21 && lines.allSatisfy { $0.contains("rank 8") && !$0.contains("no such module") }, "\(lines)")
  }

  @Test func tensorsAreRead() throws {
    let lines = try Examples.tensors(Self.base)
    #expect(lines.count == 30 && lines.contains("model.embed_tokens.weight [96, 40]: 2 of 7680 bytes"), "\(lines)")
  }

  @Test func adaptersAreInspected() {
    let text = Examples.inspect(Self.adapter)
    #expect(
      text.hasPrefix("ranks 8 to 8, targets ") && text.contains("q_proj") && text.contains("\"format\": \"peft\""))
  }

  @Test func enginesAreAsked() throws {
    #expect(try Examples.engines(Self.adapter, Self.base) == .applied)
    #expect(try Examples.engines(Fixtures.path("adapters/gpt2-bf16"), Fixtures.path("models/gpt2-bf16")) == .refused)
  }

  @Test func adaptersAreValidated() throws {
    let result = try Examples.validate([Self.adapter, Fixtures.path("broken/rank-global")], Self.base)
    #expect(result.report.exitCode == 1 && result.report.adapters.count == 2)
    #expect(result.errors.contains { $0.hasPrefix("rank-mismatch: ") }, "\(result.errors)")
  }

  @Test func reportsAreWritten() {
    let page = Examples.report([Self.adapter])
    #expect(page.hasPrefix("<!DOCTYPE html>") && page.contains("llama-all-linear"))
  }

  @Test func policiesApply() throws {
    let folder = try TemporaryFolder()
    try folder.write("policy.yml", "rank:\n  max: 4\n")
    #expect(try Examples.policy([Self.adapter], folder.path("policy.yml")) == 1)
  }

  @Test func adaptersAreMerged() throws {
    let folder = try TemporaryFolder()
    #expect(try Examples.merge(Self.adapter, Self.base, folder.path("merged")) > 0)
  }

  @Test func slotsAreFilled() throws {
    let padding = try Examples.slots([Self.adapter, Fixtures.path("adapters/llama-second")], Self.base)
    #expect(padding.count == 2)
  }

  @Test func answersAreCompared() throws {
    let (before, after) = (Fixtures.path("evaluation/before.jsonl"), Fixtures.path("evaluation/after.jsonl"))
    #expect(try Examples.gate(before, before))
    #expect(try Examples.gate(before, after) == false)
  }

  @Test func trafficAndCapacityAreComputed() throws {
    #expect(try Examples.traffic() > 0)
    #expect(try #require(try Examples.capacity(Fixtures.path("bases/llama-7b.json"))) > 1000)
  }
}
