import Diagnostics
import JSON
import LoRAEngines
import LoRAIO
import LoRAInspect
import LoRAModel
import LoRATestSupport
import LoRAValidate
import SHA2
import TensorCore
import Testing

@testable import LoRAReport

/// The pages of reports: structure, content, escaping, bounds.
@Suite struct ReportTests {
  private func report(
    _ paths: [String], base: String? = nil, details: Int = Report.usualDetails, engine: String? = nil, workers: Int = 2
  ) throws -> Report {
    var options = ValidationOptions()
    options.engine = engine.flatMap { Engine(named: $0) }
    options.workers = workers
    return Report(
      paths, base: try base.map { try BaseModel.open(Fixtures.path($0)) }, options: options, details: details)
  }

  private func page(_ report: Report) throws -> PageReader {
    let reader = try PageReader(report.page(toolVersion: "1"))
    try reader.checkStructure()
    return reader
  }

  /// Every fixture, sound or broken, of every format, has a page that holds together, and so have all together.
  @Test(arguments: ["adapters", "broken", "formats", "statistics"]) func everyAdapterHasAPage(_ folder: String) throws {
    let paths = try AdapterDiscovery.adapters(at: Fixtures.path(folder))
    let whole = try report(paths, details: 1_000)
    let reader = try page(whole)
    #expect(reader.all("article").count == paths.count)
    for adapter in whole.adapters {
      for finding in adapter.result.findings {
        #expect(reader.all("li").contains { $0.text.contains(finding.message) }, "\(finding.message)")
      }
    }
  }

  @Test func mapsShowTheStatistics() throws {
    let report = try report([Fixtures.path("adapters/llama-all-linear")], base: "models/llama-bf16-sharded")
    let reader = try page(report)
    let inspection = try #require(report.adapters.first?.inspection)
    let statistics = try #require(inspection.statistics)
    let captions = reader.all("caption").map(\.text)
    for part in ["model.layers", "by type", "21 modules"] {
      #expect(captions.contains { $0.contains(part) }, "\(part)")
    }
    for part in ["Rank", "Base", "Scale", "SHA-256"] {
      #expect(reader.all("dt").contains { $0.text == part }, "\(part)")
    }
    #expect(!report.page(toolVersion: "1").contains("&lt;"), "markup was taken for text")
    // Three maps over three layers of seven modules, each with a number.
    let maps = reader.all("table").filter { $0.attributes["class"] == "map" }
    #expect(maps.count == 3)
    #expect(reader.all("td").count { $0.attributes["class"]?.hasPrefix("h") == true } == 3 * 21)
    for values in statistics.modules {
      let norm = try #require(values.deltaFrobenius)
      #expect(maps[0].text.contains(short(norm)))
      #expect(maps[1].text.contains(short(try #require(values.relativeDelta))))
      #expect(maps[2].text.contains("\(try #require(values.effectiveRank))"))
    }
    #expect(reader.all("figure").count == 7)
    #expect(reader.all("dd").contains { $0.text == statistics.sha256 })
  }

  @Test func aBrokenAdapterHasItsFindingsAndWhatTheyMean() throws {
    let whole = try report([Fixtures.path("broken/rank-global")], engine: "vllm")
    let reader = try page(whole)
    #expect(whole.validation.status == .fail)
    #expect(reader.all("h3").contains { $0.text.hasPrefix("rank-mismatch: ") })
    #expect(reader.all("strong").contains { $0.text == "Why it matters." })
    #expect(reader.all("a").contains { $0.attributes["href"] == "#rule-rank-mismatch" })
    let folder = try TemporaryFolder()
    let unreadable = try page(try report([try folder.write("adapter_model.safetensors", "no header at all")]))
    #expect(unreadable.all("table").isEmpty)
    #expect(unreadable.all("p").contains { $0.text.contains("the file cannot be relied on") })
    withExtendedLifetime(folder) {}
  }

  /// What files and folders are called, and what they say, never becomes markup, and nothing unseen reaches the page.
  @Test func namesFromFilesAreText() throws {
    let evil = "</script><img src=x onerror=alert(1)>\"'&lt;`\u{202E}\u{7}\u{2028}"
    let folder = try TemporaryFolder()
    var builder = SafetensorsBuilder(metadata: [("format", "pt"), (evil, evil)])
    for name in ["model.layers.0.\(evil)", "\(evil).1.x", evil] {
      let values = (0..<8).map { Float($0) }
      builder.add("base_model.model.\(name).lora_A.weight", .f32, [2, 4], values: values)
      builder.add("base_model.model.\(name).lora_B.weight", .f32, [4, 2], values: values)
    }
    builder.add("\(evil).odd", .f32, [1], values: [1])
    let name = "a<b>&\"'\u{202E}"
    let path = try folder.write("\(name)/adapter_model.safetensors", builder)
    let config: JSONValue = [
      "peft_type": "LORA", "r": 2, "lora_alpha": 2, "base_model_name_or_path": .string(evil),
      "target_modules": [.string(evil)], "odd": .object(JSONObject([(evil, 1)])),
    ]
    try folder.write("\(name)/adapter_config.json", config.text())
    let text = try report([Folder.parent(path), Folder.parent(path)]).page(toolVersion: evil)
    let reader = try PageReader(text)
    try reader.checkStructure()
    #expect(reader.all("script").count == 1 && reader.all("img").isEmpty)
    #expect(
      text.unicodeScalars.allSatisfy { scalar in
        scalar == "\n" || ![.control, .format, .lineSeparator].contains(scalar.properties.generalCategory)
      })
    #expect(reader.all("th").contains { $0.text.contains("onerror=alert(1)>") && $0.text.contains("\\u{202E}") })
    withExtendedLifetime(folder) {}
  }

  @Test func thePageLoadsNothing() throws {
    let text = try report([Fixtures.path("adapters/llama-dora")]).page(toolVersion: "1")
    let reader = try PageReader(text)
    for word in ["http:", "https:", "url(", "@import", "src="] { #expect(!text.contains(word), "\(word)") }
    let policy = try #require(
      reader.all("meta").first { $0.attributes["http-equiv"] == "Content-Security-Policy" }?.attributes["content"])
    #expect(policy.hasPrefix("default-src 'none'; "))
    for (part, name) in [("style-src", "style"), ("script-src", "script")] {
      let content = try #require(reader.all(name).first?.text)
      let hash = Array(SHA256.hash(data: Array(content.utf8)))
      #expect(policy.contains("\(part) 'sha256-\(base64(hash))'"))
    }
  }

  @Test func theSameAdaptersGiveTheSameBytes() throws {
    let paths = ["llama-all-linear", "gpt2", "qwen3_moe-experts"].map { Fixtures.path("adapters/\($0)") }
    let one = try report(paths, workers: 1).page(toolVersion: "1")
    for workers in [2, 3] { #expect(try report(paths, workers: workers).page(toolVersion: "1") == one) }
  }

  /// A fleet has a row for each adapter, and details of the worst only.
  @Test func fleetsAreBounded() throws {
    let good = Array(repeating: Fixtures.path("adapters/llama-attention-bf16"), count: 30)
    let bad = [Fixtures.path("broken/rank-global"), Fixtures.path("broken/value-nan-f32-7fc00000")]
    let whole = try report(good + bad, details: 3)
    let reader = try page(whole)
    #expect(reader.all("article").count == 3)
    #expect(whole.adapters.prefix(2).allSatisfy { $0.result.status == .fail })
    #expect(whole.adapters.dropFirst(2).allSatisfy { $0.result.status != .fail })
    let table = try #require(reader.all("table").first)
    #expect(table.attributes["class"] == "sortable" && table.text.contains("32 adapters"))
    #expect(reader.all("p").contains { $0.text.contains("Only the first 3 are shown in detail") })
    #expect(reader.all("h2").contains { $0.text == "All adapters together" })
    #expect(try page(try report(good, details: 0)).all("article").isEmpty)
  }

  @Test func modulesThatStandOutAreMarked() throws {
    let folder = try TemporaryFolder()
    var builder = SafetensorsBuilder()
    for layer in 0..<8 {
      let values = (0..<8).map { Float($0 + 1) * (layer == 5 ? 3 : 1) }
      builder.add("base_model.model.model.layers.\(layer).mlp.up_proj.lora_A.weight", .f32, [2, 4], values: values)
      builder.add("base_model.model.model.layers.\(layer).mlp.up_proj.lora_B.weight", .f32, [4, 2], values: values)
    }
    let path = try folder.write("adapter_model.safetensors", builder)
    try folder.write(
      "adapter_config.json", #"{"peft_type": "LORA", "r": 2, "lora_alpha": 2, "target_modules": ["up_proj"]}"#)
    let reader = try page(try report([path]))
    let marked = reader.all("td").filter { $0.attributes["class"]?.hasSuffix(" out") == true }
    #expect(marked.count == 2 && marked.allSatisfy { $0.text.hasSuffix(" outlier") })
    #expect(reader.all("h3").contains { $0.text == "Outliers" })
    #expect(reader.all("th").contains { $0.text == "model.layers.5.mlp.up_proj" })
    withExtendedLifetime(folder) {}
  }
}

private func base64(_ bytes: [UInt8]) -> String {
  let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  var bits = bytes.flatMap { byte in (0..<8).map { Int(byte >> (7 - $0)) & 1 } }
  while bits.count % 6 != 0 { bits.append(0) }
  let text = stride(from: 0, to: bits.count, by: 6).map { digits[bits[$0..<$0 + 6].reduce(0) { $0 * 2 + $1 }] }
  return String(text) + String(repeating: "=", count: (4 - text.count % 4) % 4)
}
