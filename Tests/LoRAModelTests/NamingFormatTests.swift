import Diagnostics
import JSON
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

@testable import LoRAModel

/// The adapters under `testdata/formats`, held against what the software that wrote them says of them.
@Suite struct NamingFormatTests {
  private static func rows() throws -> [JSONValue] {
    try #require(try Fixtures.json("formats/formats.json").array)
  }

  @Test func modulesAreThoseOfTheWriter() throws {
    let rows = try Self.rows()
    #expect(rows.count > 35)
    for row in rows {
      let name = try #require(row["name"]?.string)
      let adapter = Adapter.load(Fixtures.path(try #require(row["path"]?.string)))
      #expect(adapter.format.rawValue == row["format"]?.string, "\(name)")
      #expect(adapter.foreignMethod == row["method"]?.string, "\(name)")
      let expected = try #require(row["modules"]?.array)
      #expect(adapter.modules.count == expected.count, "\(name): \(adapter.modules.map(\.name))")
      let found = Dictionary(adapter.modules.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
      for module in expected {
        let path = try #require(module["name"]?.string)
        let ours = try #require(found[path], "\(name): \(path) not found")
        let place: Comment = "\(name): \(path)"
        #expect(ours.kind.rawValue == module["kind"]?.string, place)
        #expect(Int64(ours.rank) == module["rank"]?.int64, place)
        #expect(Int64(ours.inFeatures) == module["in"]?.int64, place)
        #expect(Int64(ours.outFeatures) == module["out"]?.int64, place)
        #expect(Int64(ours.experts) == module["experts"]?.int64 ?? 1, place)
        #expect(ours.alpha == module["alpha"]?.double, place)
        #expect(ours.scale == module["scale"]?.double, place)
        #expect(ours.scaleSource.rawValue == module["source"]?.string, place)
        #expect(ours.declaredRank.map { Int64($0) } == module["declared"]?.int64, place)
      }
    }
  }

  @Test func nothingIsWrongWithHonestFiles() throws {
    for row in try Self.rows() {
      let name = try #require(row["name"]?.string)
      let adapter = Adapter.load(Fixtures.path(try #require(row["path"]?.string)))
      var rules = Set((row["rules"]?.array ?? []).compactMap(\.string))
      // A config of another method is named by the reader already.
      if adapter.rawConfig?["peft_type"]?.string == row["method"]?.string, row["method"] != nil {
        rules.insert("config-unsupported-type")
      }
      let found = Set(adapter.findings.map(\.rule.rawValue))
      #expect(found == rules, "\(name): \(adapter.findings)")
      #expect(adapter.misnamed.isEmpty, "\(name)")
      guard adapter.foreignMethod == nil else { continue }
      let file = try #require(adapter.file, "\(name)")
      let used = adapter.modules.reduce(0) { $0 + $1.tensors.count + ($1.alphaTensor == nil ? 0 : 1) }
      #expect(used == file.header.tensors.count, "\(name): \(adapter.unknown.map(\.name))")
      #expect(adapter.unknown.isEmpty, "\(name)")
    }
  }

  @Test func otherMethodsAreNamedWithoutTheirConfigToo() throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    var seen: Set<String> = []
    for row in try Self.rows() {
      guard let method = row["method"]?.string, row["format"]?.string != "kohya", method != "FULL" else { continue }
      let path = try #require(row["path"]?.string)
      let copy = try folder.write("\(method).safetensors", try Fixtures.bytes(path + "/adapter_model.safetensors"))
      let adapter = Adapter.load(copy)
      // Without the config no tensor tells which kind of virtual tokens these are.
      #expect(adapter.foreignMethod == (method == "PROMPT_TUNING" ? ForeignMethods.promptLearning : method))
      #expect(adapter.modules.isEmpty, "\(method)")
      #expect(adapter.replacements.isEmpty, "\(method)")
      #expect(adapter.findings.isEmpty, "\(method)")
      seen.insert(method)
    }
    #expect(seen.isSuperset(of: ["ADALORA", "IA3", "LOHA", "LOKR", "OFT", "VERA"]))
  }

  @Test func baseModelOfMLXConfigIsKept() throws {
    let adapter = Adapter.load(Fixtures.path("formats/mlx-lora"))
    #expect(adapter.config == nil)
    #expect(adapter.rawConfig?["model"]?.string == "someone/tiny-llama")
  }
}

/// Module names that lost their dots.
@Suite struct NamingKohyaTests {
  @Test func dotsOfRealModulesAreFoundAgain() throws {
    let rows = try #require(try Fixtures.json("formats/kohya_names.json").array)
    #expect(rows.count > 80)
    for row in rows {
      let written = try #require(row["kohya"]?.string)
      #expect(KohyaModuleName.path(of: written) == row["path"]?.string)
    }
  }

  @Test(arguments: [
    ("lora_unet_", "unet."), ("lora_unet__", "unet.."), ("lora_te1_q_proj_", "text_encoder.q_proj."),
    ("lora_unet_a.b", "lora_unet_a.b"), ("model.layers.0.q", "model.layers.0.q"),
    ("lycoris_mid_block_1", "mid_block.1"),
  ])
  func oddNamesKeepEveryCharacter(_ name: String, _ path: String) { #expect(KohyaModuleName.path(of: name) == path) }

  /// Two written names never become one module.
  @Test func everyPathLeadsBackToItsName() {
    let pieces = ["to", "q", "out", "0", "", "time", "emb", "proj", "in", "x", "block"]
    for first in pieces {
      for second in pieces {
        for third in pieces {
          let name = "lora_unet_\(first)_\(second)_\(third)"
          let path = KohyaModuleName.path(of: name)
          #expect("lora_" + path.replacing(".", with: "_") == name)
        }
      }
    }
  }

  @Test func alphasOfEveryTypeAreRead() throws {
    let types: [(DType, [UInt8], Double)] = [
      (.f32, [0, 0, 0x20, 0x41], 10), (.f16, [0, 0x49], 10), (.bf16, [0x20, 0x41], 10),
      (.f64, [0, 0, 0, 0, 0, 0, 0x24, 0x40], 10), (.i64, [10, 0, 0, 0, 0, 0, 0, 0], 10), (.i32, [10, 0, 0, 0], 10),
      (.u8, [10], 10), (.i16, [0xFF, 0xFF], -1),
    ]
    var builder = SafetensorsBuilder()
    for (type, bytes, _) in types {
      builder.add("lora_unet_\(type.name).lora_down.weight", .f32, [4, 6])
      builder.add("lora_unet_\(type.name).lora_up.weight", .f32, [8, 4])
      builder.add("lora_unet_\(type.name).alpha", type, type == .f16 ? [1] : [], data: bytes)
    }
    let adapter = try loaded(builder)
    for (type, _, alpha) in types {
      let module = try #require(adapter.modules.first { $0.name == "unet.\(type.name)" })
      #expect(module.alpha == alpha)
      #expect(module.scale == alpha / 4)
      #expect(module.scaleSource == .file)
    }
  }

  @Test func alphasThatAreNoNumberAreReported() throws {
    for (type, shape, data) in [
      (DType.f32, [] as [UInt64], [0, 0, 0xC0, 0x7F] as [UInt8]), (.f16, [], [0, 0x7C]), (.f32, [2], nil),
      (.bool, [], [1]), (.f32, [0], []),
    ] {
      var builder = SafetensorsBuilder()
      builder.add("lora_unet_x.lora_down.weight", .f32, [4, 6])
      builder.add("lora_unet_x.lora_up.weight", .f32, [8, 4])
      builder.add("lora_unet_x.alpha", type, shape, data: data)
      let adapter = try loaded(builder)
      #expect(adapter.findings.map(\.rule) == [.configInvalid])
      #expect(adapter.findings.first?.tensor == "lora_unet_x.alpha")
      #expect(adapter.modules.first?.scaleSource == .assumed)
    }
  }

  @Test func alphaWithoutFactorsStaysUnknown() throws {
    var builder = SafetensorsBuilder()
    builder.add("lora_unet_x.lora_down.weight", .f32, [4, 6])
    builder.add("lora_unet_y.alpha", .f32, [], values: [1])
    let adapter = try loaded(builder)
    #expect(adapter.unknown.map(\.name) == ["lora_unet_y.alpha"])
  }
}

/// Which scheme reads what.
@Suite struct NamingChoiceTests {
  private func format(_ names: [String], metadata: [(key: String, value: String)] = [("format", "pt")]) throws
    -> AdapterFormat
  {
    var builder = SafetensorsBuilder(metadata: metadata)
    for name in names { builder.add(name, .f32, [2, 2]) }
    return try loaded(builder).format
  }

  @Test func bodiesCalledTransformerAreNoDiffusers() throws {
    #expect(try format(["transformer.h.0.attn.c_attn.lora_A.weight"]) == .peft)
    #expect(try format(["transformer.blocks.0.attn.Wqkv.lora_A.weight"]) == .peft)
    #expect(try format(["transformer.transformer_blocks.0.attn.to_q.lora_A.weight"]) == .diffusers)
    #expect(try format(["unet.conv_in.lora_A.weight"]) == .diffusers)
    #expect(try format(["base_model.model.unet.conv_in.lora_A.weight"]) == .peft)
  }

  @Test func aPEFTConfigSettlesTheDoubt() throws {
    let folder = try TemporaryFolder()
    var builder = SafetensorsBuilder()
    builder.add("text_encoder.layers.0.q_proj.lora_A.weight", .f32, [2, 2])
    builder.add("text_encoder.layers.0.q_proj.lora_B.weight", .f32, [2, 2])
    let path = try folder.write("adapter_model.safetensors", builder)
    #expect(Adapter.load(path).format == .diffusers)
    try folder.write("adapter_config.json", #"{"peft_type": "LORA", "r": 2, "lora_alpha": 8}"#)
    let adapter = withExtendedLifetime(folder) { Adapter.load(path) }
    #expect(adapter.format == .peft)
    #expect(adapter.modules.first?.scale == 4)
  }

  @Test func aConfigOfSomethingElseIsNotTakenForKohyas() throws {
    let folder = try TemporaryFolder()
    var builder = SafetensorsBuilder()
    builder.add("lora_unet_conv_in.lora_down.weight", .f32, [2, 2])
    builder.add("lora_unet_conv_in.lora_up.weight", .f32, [2, 2])
    try folder.write("adapter_config.json", "not even JSON")
    let path = try folder.write("lora.safetensors", builder)
    let adapter = withExtendedLifetime(folder) { Adapter.load(path) }
    #expect(adapter.findings.isEmpty)
    #expect(adapter.modules.first?.scale == 1)
  }

  @Test func anMLXConfigBesidePEFTTensorsIsAnError() throws {
    let folder = try TemporaryFolder()
    var builder = SafetensorsBuilder()
    builder.add("base_model.model.q.lora_A.weight", .f32, [2, 2])
    builder.add("base_model.model.q.lora_B.weight", .f32, [2, 2])
    try folder.write("adapter_model.safetensors", builder)
    try folder.write("adapter_config.json", #"{"lora_parameters": {"rank": 2, "scale": 1.0}}"#)
    #expect(Adapter.load(folder.path).findings.map(\.rule) == [.configInvalid])
  }

  @Test func brokenMetadataOfDiffusersIsReported() throws {
    for text in ["{", "[]", #"{"unet.r": "many", "unet.lora_alpha": 4}"#, #"{"unet": 1, ".": 2, "unet.r": 0}"#] {
      var builder = SafetensorsBuilder(metadata: [("lora_adapter_metadata", text)])
      builder.add("unet.conv_in.lora_A.weight", .f32, [2, 2])
      builder.add("unet.conv_in.lora_B.weight", .f32, [2, 2])
      let adapter = try loaded(builder)
      #expect(adapter.format == .diffusers)
      #expect(adapter.findings.allSatisfy { $0.rule == .configInvalid })
      #expect(adapter.findings.isEmpty == (text == "[]"))
      #expect(adapter.modules.first?.scaleSource == .assumed)
    }
  }
}

/// The adapter that a file with these tensors is, with nothing beside it.
private func loaded(_ builder: SafetensorsBuilder) throws -> Adapter {
  let folder = try TemporaryFolder()
  let path = try folder.write("a.safetensors", builder)
  return withExtendedLifetime(folder) { Adapter.load(path) }
}
