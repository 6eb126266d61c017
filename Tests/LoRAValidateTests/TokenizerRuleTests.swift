import Diagnostics
import Foundation
import JSON
import LoRAModel
import LoRATestSupport
import LoRAValidate
import Testing

/// Tokenizers beside adapters and beside bases, as transformers 4 and 5 save them.
@Suite struct TokenizerRuleTests {
  /// One row of `tokenizers/tokenizers.json`: what a folder is to be called.
  struct Case: Decodable, CustomTestStringConvertible, Sendable {
    let base: String
    let name: String
    let rule: String?
    let severity: String?
    var testDescription: String { "\(base)/\(name)" }
  }

  private struct Table: Decodable {
    let rows: [String: UInt64]
    let cases: [Case]
  }

  private static let table: Table? = {
    let data = try? Data(contentsOf: URL(fileURLWithPath: Fixtures.path("tokenizers/tokenizers.json")))
    return data.flatMap { try? JSONDecoder().decode(Table.self, from: $0) }
  }()
  static let cases = table?.cases ?? []
  static let bases = table?.rows.keys.sorted() ?? []
  private static let rules: Set<RuleID> = [.baseTokenizerMismatch, .chatTemplateMismatch]

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A base folder of a config and a tokenizer.
  private func base(_ name: String, tokenizer: String?, rows: UInt64) throws -> BaseModel {
    let config = Sample.baseConfig.split(separator: "\"vocab_size\": 40").joined(separator: "\"vocab_size\": \(rows)")
    try folder.write("\(name)/config.json", config)
    if let tokenizer { try copy(tokenizer, to: name) }
    return try BaseModel.open(folder.path(name))
  }

  private func adapter(_ name: String, tokenizer: String, _ sample: Sample = .plain) throws -> String {
    let path = try sample.write(name, in: folder)
    try copy(tokenizer, to: name)
    return path
  }

  private func copy(_ tokenizer: String, to name: String) throws {
    let source = Fixtures.path("tokenizers/" + tokenizer)
    for file in try FileManager.default.contentsOfDirectory(atPath: source) {
      try FileManager.default.copyItem(atPath: source + "/" + file, toPath: folder.path("\(name)/\(file)"))
    }
  }

  private func findings(_ path: String, _ base: BaseModel?) -> [Finding] {
    let found = Validation.run([path], base: base, options: ValidationOptions()).adapters.flatMap(\.findings)
    return found.filter { Self.rules.contains($0.rule) }
  }

  @Test func theFixturesAreThere() { #expect(Self.cases.count >= 9 && Self.bases.count == 6) }

  /// What a trainer leaves beside an adapter of an untouched base gives nothing, whatever library either has.
  @Test(arguments: bases, ["v4", "v5"]) func savedByATrainer(_ name: String, _ spelling: String) throws {
    let rows = try #require(Self.table?.rows[name])
    let path = try adapter("adapter", tokenizer: "\(name)/\(spelling)")
    for own in ["base", "v4", "v5"] {
      let base = try base("base-\(own)", tokenizer: "\(name)/\(own)", rows: rows)
      let found = findings(path, base)
      #expect(found.isEmpty, "\(own): \(found.map(\.message))")
    }
  }

  @Test(arguments: cases) func differencesAreNamed(_ row: Case) throws {
    let rows = try #require(Self.table?.rows[row.base])
    let path = try adapter("adapter", tokenizer: "\(row.base)/\(row.name)")
    let found = findings(path, try base("base", tokenizer: "\(row.base)/base", rows: rows))
    guard let rule = row.rule else {
      #expect(found.isEmpty, "\(found.map(\.message))")
      return
    }
    // A model's whole tokenizer in another's place brings its template, too.
    let first = try #require(found.first)
    #expect(first.rule.rawValue == rule && first.severity.rawValue == row.severity, "\(found.map(\.message))")
    #expect(found.count { $0.rule == first.rule } == 1, "\(found.map(\.message))")
    #expect(found.count == 1 || row.name == "other", "\(found.map(\.message))")
  }

  @Test func theLinesOfATemplateAreShown() throws {
    let path = try adapter("adapter", tokenizer: "qwen/template")
    let finding = try #require(findings(path, try base("base", tokenizer: "qwen/base", rows: 304)).first)
    #expect(
      finding.expected == #"{{- '<|im_start|>assistant\n' }}"# && finding.found == #"{{- '<|im_start|>model\n' }}"#)
    #expect(finding.message.contains("from line 5 on"))
  }

  /// Rows that the adapter brings make its own tokens legitimate: whole embeddings, or the rows of single tokens.
  @Test func broughtRowsAreNoAlarm() throws {
    let base = try base("base", tokenizer: "llama/base", rows: 330)
    var whole = Sample.plain
    whole.config["modules_to_save"] = ["embed_tokens"]
    whole.tensors.append(
      Sample.Tensor(name: "base_model.model.model.embed_tokens.weight", shape: [331, 32], values: nil))
    let path = try adapter("whole", tokenizer: "llama/beyond", whole)
    #expect(findings(path, base).map(\.severity) == [.note])

    var single = Sample.plain
    single.config["trainable_token_indices"] = ["embed_tokens": [293]]
    single.tensors.append(
      Sample.Tensor(
        name: "base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta", shape: [1, 32], values: nil))
    let qwen = try self.base("qwen", tokenizer: "qwen/base", rows: 304)
    #expect(findings(try adapter("single", tokenizer: "qwen/added", single), qwen).map(\.severity) == [.note])
    #expect(findings(try adapter("plain", tokenizer: "qwen/added"), qwen).map(\.severity) == [.warning])
  }

  /// A config alone has no tokenizer, whatever lies beside it: said where the adapter brings one, and only there.
  @Test func aConfigAloneIsNotComparedWith() throws {
    let path = try adapter("adapter", tokenizer: "gpt2/other")
    _ = try base("base", tokenizer: "gpt2/base", rows: 282)
    for base in [try BaseModel.open(folder.path("base/config.json")), try base("bare", tokenizer: nil, rows: 282)] {
      let found = findings(path, base)
      #expect(found.map(\.rule) == [.baseTokenizerMismatch] && found.map(\.severity) == [.note])
      #expect(found.first?.message.contains("not compared") ?? false)
      #expect(findings(try Sample.plain.write("without-\(UInt64.random(in: 0 ... .max))", in: folder), base).isEmpty)
    }
    #expect(findings(path, nil).isEmpty)
  }

  @Test func brokenTokenizersAreSaid() throws {
    let path = try Sample.plain.write("adapter", in: folder)
    try folder.write("adapter/tokenizer.json", "version https://git-lfs.github.com/spec/v1\n")
    let found = findings(path, try base("base", tokenizer: "qwen/base", rows: 304))
    #expect(found.map(\.severity) == [.warning] && found.first?.message.contains("Git LFS") ?? false)
    let good = try adapter("good", tokenizer: "qwen/v5")
    _ = try base("broken", tokenizer: nil, rows: 304)
    try folder.write("broken/tokenizer.json", "{\"model\": ")
    #expect(findings(good, try BaseModel.open(folder.path("broken"))).map(\.severity) == [.note])
  }

  /// Added tokens alone tell, too, where no vocabulary lies beside the adapter.
  @Test func addedTokensAloneAreCompared() throws {
    let path = try Sample.plain.write("adapter", in: folder)
    try folder.write("adapter/added_tokens.json", #"{"<|im_start|>": 290, "<new>": 400}"#)
    let found = findings(path, try base("base", tokenizer: "qwen/base", rows: 304))
    #expect(found.map(\.severity) == [.error] && found.first?.message.contains("\"<new>\" (400)") ?? false)
  }

  @Test func poolsAreToHaveOneTokenizer() throws {
    var members: [String] = []
    for (number, tokenizer) in ["qwen/v4", "qwen/v5", "qwen/padding", "qwen/layout"].enumerated() {
      var sample = Sample.plain
      sample.tensors[0].values?[0] += Float(number + 1)
      members.append(try adapter("tenant-\(number)", tokenizer: tokenizer, sample))
    }
    func fleet(_ paths: [String]) -> [Finding] {
      Validation.run(paths, base: nil, options: ValidationOptions()).fleet.findings.filter {
        $0.rule == .fleetMixedTokenizers
      }
    }
    #expect(fleet(members).isEmpty)
    #expect(fleet(members + [try Sample.plain.write("without", in: folder)]).isEmpty)
    let template = try adapter("tenant-t", tokenizer: "qwen/template")
    let found = fleet(members + [template])
    #expect(found.count == 1 && found.first?.message.contains("2 different chat templates") ?? false)
    let added = fleet(members + [try adapter("tenant-a", tokenizer: "qwen/added")])
    #expect(added.count == 1 && added.first?.message.contains("2 different tokenizers") ?? false)
  }
}
