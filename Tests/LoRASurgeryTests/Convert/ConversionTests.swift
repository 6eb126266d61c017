import JSON
import LoRADeltas
import LoRAIO
import LoRAModel
import LoRATestSupport
import SHA2
import Safetensors
import TensorCore
import Testing

@testable import LoRASurgery

/// Every format is written as its own library reads it (`testdata/make/surgery_convert.py`).
@Suite struct ConversionTests {
  private static let cases: [JSONValue] = (try? Fixtures.json("surgery/convert/cases.json"))?.array ?? []

  /// The digests are those of files that mlx-lm, diffusers, LyCORIS, torchtune, gguf, NumPy and PEFT have opened, with
  /// the deltas that PEFT has.
  @Test(arguments: Array(cases.indices)) func theBytesAreThoseThatTheReadersAgreedWith(index: Int) throws {
    let row = Self.cases[index]
    let conversion = Conversion(row["arguments"]?.array?.compactMap(\.string) ?? [])
    let folder = try TemporaryFolder()
    let expected = try #require(row["files"]?.object)
    let isFile = ["gguf", "kohya"].contains(conversion.target)
    let output = folder.path(isFile ? expected.keys[0] : "out")
    let plan = try conversion.write(to: output, workers: 1 + index % 3)
    for (name, digest) in expected.members {
      let bytes = try InputFile.contents(of: isFile ? output : Folder.join(output, name), limit: 1 << 24)
      #expect(SHA256.hash(data: bytes).description == digest.string, "\(row["name"]?.string ?? ""): \(name)")
    }
    #expect(plan.modules == row["modules"]?.int64.map { Int($0) })
    #expect(plan.folded.count == row["folded"]?.int64.map { Int($0) })
    #expect(plan.padded.count == row["padded"]?.int64.map { Int($0) })
    if !isFile { #expect(try Folder.names(in: output).filter { $0 != "lora-tool.json" }.count == expected.keys.count) }
  }

  /// The names under which sd-scripts has found its modules in the program's files
  /// (`testdata/make/surgery_image_readers.py`).
  @Test(arguments: ["sd1", "sdxl", "flux"]) func kohyasNamesAreThoseOfItsReader(kind: String) throws {
    let names = try #require(try Fixtures.json("surgery/convert/kohya_names.json")[kind]?.object)
    var weights = SafetensorsBuilder()
    for name in names.keys {
      weights.add(name + ".lora_A.weight", .f32, [1, 2], values: [1, 2])
      weights.add(name + ".lora_B.weight", .f32, [2, 1], values: [3, 4])
    }
    let transformer = "transformer.single_transformer_blocks.0.proj_mlp"
    if kind == "flux" {
      weights.add(transformer + ".lora_A.weight", .f32, [1, 2], values: [1, 2])
      weights.add(transformer + ".lora_B.weight", .f32, [2, 1], values: [3, 4])
    }
    let folder = try TemporaryFolder()
    try weights.write(to: folder.path("in.safetensors"))
    let plan = try Conversion("\(folder.path("in.safetensors")) --to kohya").write(to: folder.path("out.safetensors"))
    let found = Adapter.load(folder.path("out.safetensors")).file?.header.tensors.map(\.name) ?? []
    var expected = names.members.compactMap(\.value.string)
    if kind == "flux" { expected.append("lora_" + transformer.replacing(".", with: "_")) }
    #expect(expected.count > 5)
    #expect(Set(found) == Set(expected.flatMap { ["\($0).alpha", "\($0).lora_down.weight", "\($0).lora_up.weight"] }))
    #expect(plan.notes.contains { $0.contains("sd-scripts passes over") } == (kind == "flux"))
  }

  @Test func thereAreCases() { #expect(Self.cases.count > 30) }

  private static let roundTrips = [
    ("adapters/llama-patterns", "mlx", "--base models/llama-bf16-sharded"),
    ("adapters/llama-rslora", "mlx", "--base models/llama-bf16-sharded"),
    ("adapters/llama-patterns", "torchtune", "--base models/llama-bf16-sharded"),
    ("adapters/llama-all-linear", "kohya", "--prefix lora_te_ --base models/llama-bf16-sharded"),
    ("surgery/convert/sdxl", "kohya", ""), ("surgery/convert/sd1", "kohya", ""),
    ("surgery/convert/sd1", "diffusers", ""), ("formats/diffusers-metadata", "kohya", ""),
  ]

  @Test(arguments: roundTrips) func thereAndBackTheDeltaIsTheSame(input: String, target: String, more: String) throws {
    let folder = try TemporaryFolder()
    let there = folder.path(target == "kohya" ? "there.safetensors" : "there")
    try Conversion("\(input) --to \(target) \(more)").write(to: there)
    let before = try deltas(of: input)
    guard Adapter.load(Fixtures.path(input)).format == .peft else {
      // A pipeline comes back as diffusers has it.
      try Conversion("\(there) --to diffusers").write(to: folder.path("back"))
      return try expectEqual(before, deltas(of: folder.path("back")))
    }
    try Conversion("\(there) --to peft \(more)").write(to: folder.path("back"))
    try expectEqual(before, deltas(of: folder.path("back")))
  }

  /// What PEFT would adapt of the base by the config of the input, it adapts by that of the output: no module more,
  /// whose factors the file would not have.
  @Test(arguments: [
    ("llama-layers", "llama-f16"), ("llama-regex", "llama-bf16-sharded"), ("llama-exclude", "llama-bf16-sharded"),
    ("llama-patterns", "llama-bf16-sharded"), ("llama-nano", "llama-nano-bf16"),
  ]) func noOtherModuleIsTargeted(adapter: String, base: String) throws {
    let folder = try TemporaryFolder()
    let names = try BaseModel.open(Fixtures.path("models/" + base)).modules.keys
    func targets(_ path: String) throws -> [String] {
      let matching = TargetMatching(try #require(Adapter.load(path).config))
      return names.filter { matching.targets($0) }.sorted()
    }
    let wanted = try targets(Fixtures.path("adapters/" + adapter))
    #expect(!wanted.isEmpty)
    for (number, words) in ["", "--base models/\(base)"].enumerated() {
      let output = folder.path("\(number)")
      try Conversion("adapters/\(adapter) --to peft \(words)").write(to: output)
      #expect(try targets(output) == wanted, "\(words)")
    }
    let input = CombinePlan.Input(Adapter.load(Fixtures.path("adapters/" + adapter)), weight: 1)
    let (result, _, _) = try CombineOracleTests.combine([input], CombineOptions(.cat))
    #expect(try targets(result.path("out")) == wanted)
  }

  /// mlx 0.32 refuses a file with F64 in it.
  @Test func mlxGetsNoNumbersOf64Bits() throws {
    let folder = try TemporaryFolder()
    try Conversion("adapters/llama-f64 --to mlx --base models/llama-bf16-sharded").write(to: folder.path("out"))
    let file = try SafetensorsFile.open(folder.path("out/adapters.safetensors"))
    #expect(Set(file.header.tensors.map(\.dtype)) == [.f32])
  }

  private func expectEqual(_ before: [String: [Double]], _ after: [String: [Double]]) throws {
    #expect(before.keys.sorted() == after.keys.sorted())
    for (name, delta) in before {
      let other = try #require(after[name])
      let norm = delta.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let distance = zip(delta, other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
      #expect(delta.count == other.count && distance <= 2e-7 * norm, "\(name)")
    }
  }

  /// Fusing adds up the ranks; splitting leaves one A in all parts, so that fusing once more keeps the rank.
  @Test func fusedAndSplitAgainTheDeltaIsTheSame() throws {
    let folder = try TemporaryFolder()
    let base = "--base models/llama-bf16-sharded"
    try Conversion("adapters/llama-patterns --to peft --fuse qkv_proj \(base)").write(to: folder.path("fused"))
    try Conversion("\(folder.path("fused")) --to peft --unfuse \(base)").write(to: folder.path("split"))
    try expectEqual(deltas(of: "adapters/llama-patterns"), deltas(of: folder.path("split")))
    try Conversion("\(folder.path("split")) --to peft --fuse qkv_proj \(base)").write(to: folder.path("again"))
    let ranks = ["fused", "again"].map { name in
      Adapter.load(folder.path(name)).modules.first { $0.name == "model.layers.0.self_attn.qkv_proj" }?.rank
    }
    #expect(ranks == [12, 12])
    try expectEqual(deltas(of: folder.path("fused")), deltas(of: folder.path("again")))
  }

  /// Flux's authors, ComfyUI and kohya's trainers spell the same modules; diffusers' reader agreed with the last.
  @Test(arguments: ["", "diffusion_model.", "transformer."]) func fluxIsReadInItsAuthorsNames(prefix: String) throws {
    let folder = try TemporaryFolder()
    var (kohya, own) = (SafetensorsBuilder(), SafetensorsBuilder())
    for (name, inputs, outputs) in [
      ("double_blocks.1.img_attn.qkv", 8, 24), ("double_blocks.0.txt_mlp.0", 8, 32), ("single_blocks.0.linear1", 8, 56),
      ("single_blocks.2.modulation.lin", 8, 24), ("final_layer.adaLN_modulation.1", 8, 16),
    ] {
      let (down, up) = (
        (0..<2 * inputs).map { Float($0 % 7 - 3) }, (0..<2 * outputs).map { Float($0 % 11 - 5) }
      )
      let flat = "lora_unet_" + name.replacing(".", with: "_")
      kohya.add(flat + ".lora_down.weight", .f32, [2, UInt64(inputs)], values: down)
      kohya.add(flat + ".lora_up.weight", .f32, [UInt64(outputs), 2], values: up)
      kohya.add(flat + ".alpha", .f32, [], values: [2])
      own.add(prefix + name + ".lora_A.weight", .f32, [2, UInt64(inputs)], values: down)
      own.add(prefix + name + ".lora_B.weight", .f32, [UInt64(outputs), 2], values: up)
    }
    try kohya.write(to: folder.path("kohya.safetensors"))
    try own.write(to: folder.path("own.safetensors"))
    for name in ["kohya", "own"] {
      try Conversion("\(folder.path(name + ".safetensors")) --to diffusers").write(to: folder.path(name))
    }
    let file = "/pytorch_lora_weights.safetensors"
    let expected = try InputFile.contents(of: folder.path("kohya" + file), limit: 1 << 20)
    #expect(try InputFile.contents(of: folder.path("own" + file), limit: 1 << 20) == expected)
    #expect(try deltas(of: folder.path("own")).count == 3 + 1 + 4 + 1 + 1)
  }

  /// Flux in diffusers' names becomes that of its authors by a base that has these; parts become one module, of which the
  /// rows of those that are missing are zero.
  @Test func fluxGetsItsAuthorsNamesBackByABaseThatHasThem() throws {
    let folder = try TemporaryFolder()
    var (weights, base) = (SafetensorsBuilder(), SafetensorsBuilder())
    func add(_ name: String, _ rank: Int, _ inputs: Int, _ outputs: Int) {
      let name = "transformer." + name
      let (down, up) = (
        (0..<rank * inputs).map { Float(($0 * 5 + outputs) % 7 - 3) }, (0..<rank * outputs).map { Float($0 % 11 - 5) }
      )
      weights.add(name + ".lora_A.weight", .f32, [UInt64(rank), UInt64(inputs)], values: down)
      weights.add(name + ".lora_B.weight", .f32, [UInt64(outputs), UInt64(rank)], values: up)
    }
    let blocks = ("transformer_blocks.1.", "single_transformer_blocks.0.")
    for (name, rank) in [("attn.to_q", 2), ("attn.to_k", 1), ("attn.to_v", 3)] { add(blocks.0 + name, rank, 8, 8) }
    add(blocks.0 + "attn.add_k_proj", 2, 8, 8)
    add(blocks.0 + "ff.net.0.proj", 2, 8, 32)
    add(blocks.1 + "attn.to_v", 2, 8, 8)
    add(blocks.1 + "proj_mlp", 2, 8, 32)
    add("norm_out.linear", 2, 8, 16)
    for (name, inputs, outputs) in [
      ("double_blocks.1.img_attn.qkv", 8, 24), ("double_blocks.1.txt_attn.qkv", 8, 24),
      ("double_blocks.0.img_attn.qkv", 8, 24), ("double_blocks.1.img_mlp.0", 8, 32), ("single_blocks.0.linear1", 8, 56),
      ("final_layer.adaLN_modulation.1", 8, 16),
    ] {
      base.add(
        name + ".weight", .f32, [UInt64(outputs), UInt64(inputs)], values: Array(repeating: 1, count: inputs * outputs))
    }
    try weights.write(to: folder.path("in.safetensors"))
    try base.write(to: folder.path("base.safetensors"))
    let to = "--to kohya --base \(folder.path("base.safetensors"))"
    let plan = try Conversion("\(folder.path("in.safetensors")) \(to)").write(to: folder.path("kohya.safetensors"))
    #expect(plan.notes.isEmpty)
    let shapes = (Adapter.load(folder.path("kohya.safetensors")).file?.header.tensors ?? [])
      .filter { $0.name.hasSuffix("lora_up.weight") }.map { "\($0.name.dropLast(15)) \($0.shape)" }
    #expect(
      shapes.sorted() == [
        "lora_unet_double_blocks_1_img_attn_qkv [24, 6]", "lora_unet_double_blocks_1_img_mlp_0 [32, 2]",
        "lora_unet_double_blocks_1_txt_attn_qkv [24, 2]", "lora_unet_final_layer_adaLN_modulation_1 [16, 2]",
        "lora_unet_single_blocks_0_linear1 [56, 4]",
      ])
    try Conversion("\(folder.path("kohya.safetensors")) --to diffusers").write(to: folder.path("back"))
    var before = try deltas(of: folder.path("in.safetensors"))
    let after = try deltas(of: folder.path("back"))
    // Modules that were not adapted are zero in the whole.
    for (name, delta) in after where before[name] == nil {
      #expect(delta.allSatisfy { $0 == 0 }, "\(name)")
      before[name] = delta
    }
    #expect(after.count == 3 + 3 + 1 + 4 + 1)
    try expectEqual(before, after)
  }

  @Test(arguments: [
    ("transformer.transformer_blocks.0.attn.to_q", 7, "do not fit"),
    ("transformer.transformer_blocks.0.attn.norm_q", 8, "no module for it"),
    ("transformer.transformer_blocks.7.attn.to_q", 8, "no module for it"),
    ("transformer.x_embedder", 8, "no module for it"), ("transformer.norm_out.linear", 8, "8 outputs"),
  ])
  func whatTheAuthorsFluxLacksIsRefused(name: String, outputs: Int, reason: String) throws {
    let folder = try TemporaryFolder()
    var (weights, base) = (SafetensorsBuilder(), SafetensorsBuilder())
    for (name, outputs) in [(name, outputs), ("transformer.transformer_blocks.0.attn.to_k", 8)] {
      weights.add(name + ".lora_A.weight", .f32, [1, 8], values: Array(repeating: 1, count: 8))
      weights.add(name + ".lora_B.weight", .f32, [UInt64(outputs), 1], values: Array(repeating: 1, count: outputs))
    }
    for (own, rows) in [("double_blocks.0.img_attn.qkv", 24), ("final_layer.adaLN_modulation.1", 16)] {
      base.add(own + ".weight", .f32, [UInt64(rows), 8], values: Array(repeating: 1, count: rows * 8))
    }
    try weights.write(to: folder.path("in.safetensors"))
    try base.write(to: folder.path("base.safetensors"))
    let conversion = "\(folder.path("in.safetensors")) --to kohya --base \(folder.path("base.safetensors"))"
    let error = #expect(throws: SurgeryError.self) { try Conversion(conversion).write(to: folder.path("out")) }
    #expect("\(try #require(error))".contains(reason))
  }

  /// Magnitudes scale rows, so those of the whole are those of its parts, one after the other.
  @Test func aDoRAIsFusedAndSplitWithItsMagnitudes() throws {
    let folder = try TemporaryFolder()
    let owner = "base_model.model.model.layers.0.self_attn."
    func write(_ name: String, without missing: String?) throws -> [Float] {
      var weights = SafetensorsBuilder()
      var magnitudes: [Float] = []
      for (part, size) in [("q_proj", 32), ("k_proj", 16), ("v_proj", 16)] {
        let values = (0..<size * 2).map { Float($0 % 11) - 4 }
        weights.add(owner + part + ".lora_A.weight", .f32, [2, 32], values: (0..<64).map { Float($0 % 7 + size) })
        weights.add(owner + part + ".lora_B.weight", .f32, [UInt64(size), 2], values: values)
        guard part != missing else { continue }
        let own = (0..<size).map { Float($0 + size) / 8 }
        weights.add(owner + part + ".lora_magnitude_vector", .f32, [UInt64(size)], values: own)
        magnitudes += own
      }
      try weights.write(to: folder.path(name + "/adapter_model.safetensors"))
      try folder.write(
        name + "/adapter_config.json",
        """
        {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "use_dora": \(missing == nil),
         "target_modules": ["q_proj", "k_proj", "v_proj"]}
        """)
      return magnitudes
    }
    func magnitudes(_ name: String) throws -> [Float] {
      let adapter = Adapter.load(folder.path(name))
      let file = try #require(adapter.file)
      return try adapter.modules.sorted { $0.outFeatures > $1.outFeatures || $0.name < $1.name }.flatMap { module in
        try file.bytes(of: #require(module.magnitude)).chunked(4).map { Float(bitPattern: $0) }
      }
    }
    try folder.write("in/README", "")
    let expected = try write("in", without: nil)
    let base = "--base surgery/convert/phi3.json"
    try Conversion("\(folder.path("in")) --to peft --fuse qkv_proj \(base)").write(to: folder.path("fused"))
    #expect(Adapter.load(folder.path("fused")).config?.usesDoRA == true)
    #expect(try magnitudes("fused") == expected)
    try Conversion("\(folder.path("fused")) --to peft --unfuse \(base)").write(to: folder.path("split"))
    #expect(try magnitudes("split") == expected)
    try expectEqual(deltas(of: folder.path("in")), deltas(of: folder.path("split")))
  }

  /// PEFT saves the weight of an adapted embedding along; when it is the base's own, it says nothing.
  @Test func theBasesOwnEmbeddingIsLeftOutAndSaid() throws {
    let plan = try Conversion("adapters/llama-embedding --to mlx --base models/llama-f16").plan()
    #expect(plan.notes == ["left out: base_model.model.model.embed_tokens.base_layer.weight, which is the base's own"])
  }

  @Test func valuesThatAreNotFiniteAreRefusedAndNothingIsLeft() throws {
    let folder = try TemporaryFolder()
    for target in ["peft", "kohya --prefix lora_te_", "mlx"] {
      #expect(throws: SurgeryError.self) {
        try Conversion("broken/value-nan-bf16-7fc0 --to \(target)").write(to: folder.path("out"))
      }
    }
    #expect(try Folder.names(in: folder.path("")) == [])
  }

  /// A renamed tensor is a copy of its bytes, so that nothing is rounded.
  @Test func whatIsOnlyRenamedIsNotComputed() throws {
    let plan = try Conversion("surgery/convert/sd1 --to diffusers").plan()
    guard case .folder(let draft) = plan.output, case .laidOut(let file) = draft.files[0].content else {
      Issue.record("no folder with a file of tensors")
      return
    }
    for part in file.parts { if case .finite = part.content {} else { Issue.record("a tensor is computed") } }
  }
}

extension [UInt8] {
  /// Groups of bytes as numbers, the first byte the lowest.
  fileprivate func chunked(_ size: Int) -> [UInt32] {
    stride(from: 0, to: count, by: size).map { start in
      self[start..<start + size].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
  }
}
