import Foundation
import JSON
import LoRAModel
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

@testable import LoRAMerge

private func tinyModel(_ edit: (inout SafetensorsBuilder) -> Void = { _ in }) throws -> TinyModel {
  var weights = SafetensorsBuilder()
  weights.add("x.weight", .f32, [6, 4], values: TinyModel.numbers(24))
  edit(&weights)
  return try TinyModel(weights, adapter: TinyModel.factors("x", in: 4, out: 6))
}

@Suite struct OutputTests {
  // MARK: Place

  private func refusal(_ model: TinyModel, _ output: String, overwrites: Bool = false) throws -> String {
    var executor = MergeExecutor(try model.plan())
    executor.overwrites = overwrites
    do {
      _ = try executor.run(to: output)
      return ""
    } catch {
      return error.description
    }
  }

  @Test func placesThatExistOrThatWouldTouchTheBaseAreRefused() throws {
    let model = try tinyModel()
    let before = try Fixtures.contents(of: model.base)
    #expect(try refusal(model, model.base).contains("it is the base"))
    #expect(try refusal(model, model.base + "/").contains("it is the base"))
    #expect(try refusal(model, model.base + "/merged").contains("inside the base"))
    #expect(try refusal(model, model.adapter + "/../base/merged").contains("inside the base"))
    try model.folder.link("shortcut", to: "base")
    #expect(try refusal(model, model.folder.path("shortcut/merged")).contains("inside the base"))
    #expect(try refusal(model, model.folder.path("shortcut"), overwrites: true).contains("symbolic link"))
    #expect(try refusal(model, model.folder.path("no/such/place")).contains("there is no folder"))
    try model.folder.folder("taken")
    #expect(try refusal(model, model.folder.path("taken")).contains("exists already"))
    try model.folder.write("file", "text")
    #expect(try refusal(model, model.folder.path("file"), overwrites: true).contains("no folder"))
    #expect(try refusal(model, model.folder.path, overwrites: true).contains("would remove the input"))
    #expect(try refusal(model, model.adapter, overwrites: true).contains("would remove the input"))
    try model.folder.write("precious/thesis.txt", "text")
    #expect(try refusal(model, model.folder.path("precious"), overwrites: true).contains("holds no model"))
    for name in ["", ".", "..", "/"] { #expect(try refusal(model, name).contains("cannot be the output")) }
    #expect(try Fixtures.contents(of: model.base) == before)
    #expect(try model.leftovers().sorted() == ["file", "precious", "shortcut", "taken"])
  }

  @Test func anOlderOutputIsReplacedAsAWholeWhenThatIsAllowed() throws {
    let model = try tinyModel()
    #expect(try refusal(model, model.output) == "")
    try model.folder.write("out/stale.safetensors", "stale")
    #expect(try refusal(model, model.output).contains("exists already"))
    #expect(try refusal(model, model.output, overwrites: true) == "")
    #expect(try model.leftovers() == ["out"])
    #expect(try MergeVerifier(model.plan()).run(on: model.output).isSound)
    try model.folder.remove("out")
    #expect(try refusal(model, model.output, overwrites: true) == "")
  }

  @Test func aRelativePathATrailingSeparatorAndAVeryLongName() throws {
    let model = try tinyModel()
    #expect(try refusal(model, model.output + "/") == "")
    #expect(try refusal(model, model.folder.path(String(repeating: "é", count: 120))) == "")
    #expect(try model.leftovers().count == 2)
  }

  // MARK: Layouts

  /// Odd but valid bases are mirrored: unaligned data, names out of order, empty tensors, scalars, metadata.
  @Test func oddButValidBasesAreMirrored() throws {
    let folder = try TemporaryFolder()
    try folder.folder("base")
    let values = TinyModel.numbers(24)
    let header =
      #"{"z":{"dtype":"F32","shape":[],"data_offsets":[3,7]},"x.weight":{"dtype":"F32","shape":[6,4],"#
      + #""data_offsets":[7,103]},"empty":{"dtype":"BF16","shape":[0,8],"data_offsets":[103,103]},"#
      + #""é":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"#
      + #""__metadata__":{"format":"pt","note":"kept \u00e9"}}  "#
    var bytes = Array(header.utf8)
    if bytes.count % 2 == 0 { bytes.append(0x20) }
    let prefix = (0..<8).map { UInt8(truncatingIfNeeded: bytes.count >> ($0 * 8)) }
    let data =
      [1, 2, 3] + SafetensorsBuilder.bytes(of: [42], as: .f32) + SafetensorsBuilder.bytes(of: values, as: .f32)
    try folder.write("base/model.safetensors", prefix + bytes + data)
    let factors = TinyModel.factors("x", in: 4, out: 6)
    try folder.write("adapter/adapter_model.safetensors", factors)
    try folder.write(
      "adapter/adapter_config.json", #"{"peft_type":"LORA","r":2,"lora_alpha":3,"target_modules":["x"]}"#)
    var options = MergeOptions()
    options.provenance = .none
    let plan = try MergePlan.make(
      base: BaseModel.open(folder.path("base")), adapters: [WeightedAdapter(Adapter.load(folder.path("adapter")))],
      options: options)
    _ = try MergeExecutor(plan).run(to: folder.path("out"))
    let written = try [UInt8](Data(contentsOf: URL(fileURLWithPath: folder.path("out/model.safetensors"))))
    // Only the matrix differs.
    #expect(written.count == 8 + bytes.count + data.count)
    #expect(Array(written[..<(8 + bytes.count + 7)]) == prefix + bytes + Array(data[..<7]))
    #expect(Array(written[(8 + bytes.count + 7)...]) != Array(data[7...]))
    #expect(try MergeVerifier(plan).run(on: folder.path("out")).isSound)
  }

  /// A file without metadata gets format pt, which loaders ask for; the tensors stay where they were.
  @Test func aFileWithoutMetadataGetsFormatPt() throws {
    let folder = try TemporaryFolder()
    var weights = SafetensorsBuilder(metadata: [])
    weights.add("b", .u8, [3], data: [1, 2, 3])
    weights.add("x.weight", .f32, [6, 4], values: TinyModel.numbers(24))
    weights.add("a", .u8, [1], data: [9])
    let model = try TinyModel(weights, adapter: TinyModel.factors("x", in: 4, out: 6))
    let plan = try model.plan()
    _ = try MergeExecutor(plan).run(to: model.output)
    let file = try SafetensorsFile.open(model.output + "/model.safetensors")
    #expect(file.header.metadata("format") == "pt")
    #expect(file.header.tensors.map(\.name) == ["b", "x.weight", "a"])
    #expect(try file.bytes(of: #require(file.header["a"])) == [9])
    #expect(try MergeVerifier(plan).run(on: model.output).isSound)
    _ = folder
  }

  @Test func aSingleFileAsBaseGivesAFolderWithThatFile() throws {
    let model = try tinyModel()
    let base = try BaseModel.open(model.base + "/model.safetensors")
    let plan = try MergePlan.make(base: base, adapters: [WeightedAdapter(Adapter.load(model.adapter))])
    _ = try MergeExecutor(plan).run(to: model.output)
    let names = try FileManager.default.contentsOfDirectory(atPath: model.output).sorted()
    #expect(names == ["README.md", "lora-merge.json", "model.safetensors"])
  }

  @Test func aBaseInTheHuggingFaceCacheLinksAreFollowedTheOutputHoldsFiles() throws {
    let model = try tinyModel()
    for name in ["model.safetensors", "config.json"] {
      try FileManager.default.moveItem(
        atPath: model.base + "/" + name, toPath: model.folder.path("adapter/blob-" + name))
      try model.folder.link("base/" + name, to: "../adapter/blob-" + name)
    }
    _ = try MergeExecutor(model.plan()).run(to: model.output)
    for name in ["model.safetensors", "config.json"] {
      let type = try FileManager.default.attributesOfItem(atPath: model.output + "/" + name)[.type]
      #expect(type as? FileAttributeType == .typeRegular)
    }
  }

  /// Side files are taken byte for byte, weights of any kind and what belongs to no model are not.
  @Test func sideFilesAreTakenByteForByte() throws {
    let model = try tinyModel()
    let kept = [
      "LICENSE", "README.md", "chat_template.jinja", "custom.py", "vocab.txt", "spiece.model", ".gitattributes",
      "assets/deep/picture.png", "additional_chat_templates/tool.jinja",
    ]
    let stale = [
      "pytorch_model.bin", "model-q4.gguf", "consolidated.00.pth", "original/params.json", "other.safetensors",
      "pytorch_model.bin.index.json", "flax_model.msgpack", ".git/HEAD", ".cache/huggingface/x", "onnx/config.json",
      "assets/copy.BIN", ".old.partial-abc/model.safetensors",
    ]
    for name in kept + stale { try model.folder.write("base/" + name, "contents of \(name)") }
    try model.folder.link("base/nowhere", to: "missing")
    try model.folder.link("base/loop", to: ".")
    let plan = try model.plan()
    _ = try MergeExecutor(plan).run(to: model.output)
    let files = try Fixtures.contents(of: model.output)
    let names = files.filter { !$0.value.isEmpty }.keys
    #expect(Set(names) == Set(kept + ["config.json", "lora-merge.json", "tokenizer.json", "model.safetensors"]))
    for name in kept { #expect(files[name] == Data("contents of \(name)".utf8)) }
    #expect(plan.skipped.contains("consolidated.00.pth") && plan.skipped.contains(".git/"))
    #expect(plan.warnings.count == 2)
    #expect(try MergeVerifier(plan).run(on: model.output).isSound)
  }

  @Test func theIndexIsTheBasesOwnAsLongAsItIsRightAndANewOneOtherwise() throws {
    let base = try Fixtures.base("models/llama-bf16-sharded")
    let folder = try TemporaryFolder()
    let adapter = WeightedAdapter(Fixtures.adapter("llama-all-linear"))
    _ = try MergeExecutor(MergePlan.make(base: base, adapters: [adapter])).run(to: folder.path("same"))
    let name = "model.safetensors.index.json"
    let original = try Data(contentsOf: URL(fileURLWithPath: base.path + "/" + name))
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path("same/" + name))) == original)
    var options = MergeOptions()
    options.dtype = .f32
    _ = try MergeExecutor(MergePlan.make(base: base, adapters: [adapter], options: options)).run(
      to: folder.path("wide"))
    let wide = try Checkpoint.open(folder.path("wide"))
    #expect(wide.index?.totalSize == wide.tensorBytes)
    #expect(wide.index?.entries.count == wide.tensors.count)
    #expect(wide.tensorBytes == 2 * (base.checkpoint?.tensorBytes ?? 0))
    #expect(Checkpoint.examine(folder.path("wide")).findings.isEmpty)
  }

  /// Other shards: no larger than asked, every tensor once and the same bytes, a right index.
  @Test(arguments: [1, 9000, 40_000, 1 << 30] as [UInt64])
  func otherShardsHoldTheSameBytes(_ limit: UInt64) throws {
    let base = try Fixtures.base("models/llama-bf16-sharded")
    let folder = try TemporaryFolder()
    let adapter = WeightedAdapter(Fixtures.adapter("llama-all-linear"))
    _ = try MergeExecutor(MergePlan.make(base: base, adapters: [adapter])).run(to: folder.path("mirror"))
    var options = MergeOptions()
    options.maxShardBytes = limit
    let plan = try MergePlan.make(base: base, adapters: [adapter], options: options)
    _ = try MergeExecutor(plan).run(to: folder.path("other"))
    #expect(try MergeVerifier(plan).run(on: folder.path("other")).isSound)
    let examined = Checkpoint.examine(folder.path("other"))
    #expect(examined.findings.isEmpty)
    let other = try #require(examined.checkpoint)
    let mirror = try Checkpoint.open(folder.path("mirror"))
    #expect(Set(other.tensors.keys) == Set(mirror.tensors.keys))
    for (name, entry) in other.tensors {
      let same = try #require(mirror.tensors[name])
      #expect(
        try other.files[entry.file].bytes(of: entry.info) == mirror.files[same.file].bytes(of: same.info), "\(name)")
    }
    for file in other.files {
      #expect(file.header.dataBytes <= limit || file.header.tensors.count == 1)
      #expect(file.header.metadata("format") == "pt")
    }
    if other.files.count == 1 {
      #expect(other.files[0].path.hasSuffix("/model.safetensors") && other.index == nil)
    } else {
      #expect(other.index?.totalSize == other.tensorBytes)
      #expect(other.index?.shards.count == other.files.count)
    }
    #expect(other.files.count == [1: other.tensors.count, 1 << 30: 1][limit] ?? other.files.count)
  }

  @Test func theStemOfShardNames() throws {
    for (name, stem) in [
      ("model-00001-of-00003.safetensors", "model"), ("model.safetensors", "model"), ("a-b.safetensors", "a-b"),
      ("diffusion_pytorch_model-00001-of-00002.safetensors", "diffusion_pytorch_model"),
    ] {
      let folder = try TemporaryFolder()
      var weights = SafetensorsBuilder()
      weights.add("x", .u8, [1])
      let checkpoint = try Checkpoint.open(folder.write(name, weights))
      #expect(checkpoint.stem == stem)
    }
  }

  // MARK: Types

  @Test(arguments: [DType.f32, .f16, .bf16])
  func anotherDtypeForTheWholeOutputTheConfigWithIt(_ dtype: DType) throws {
    let model = try tinyModel {
      $0.add("norm.weight", .bf16, [7], values: TinyModel.numbers(7))
      $0.add("half", .f16, [7], values: TinyModel.numbers(7))
      $0.add("ids", .i64, [2], data: Array(0..<16))
    }
    var options = MergeOptions()
    options.dtype = dtype
    let plan = try model.plan(options)
    var executor = MergeExecutor(plan)
    executor.granularity = WorkQueue.Granularity(tileBytes: 10, copyBytes: 10)
    _ = try executor.run(to: model.output)
    let file = try SafetensorsFile.open(model.output + "/model.safetensors")
    #expect(["x.weight", "norm.weight", "half"].allSatisfy { file.header[$0]?.dtype == dtype })
    #expect(try file.bytes(of: #require(file.header["ids"])) == Array(0..<16))
    #expect(
      try file.bytes(of: #require(file.header["norm.weight"]))
        == SafetensorsBuilder.bytes(
          of: TinyModel.numbers(7).map { rounded($0, .bf16) }, as: dtype))
    var verifier = MergeVerifier(plan)
    verifier.depth = .full
    let verification = try verifier.run(on: model.output)
    #expect(verification.isSound && verification.elementsOffByOne == 0)
    let config = try String(contentsOfFile: model.output + "/config.json", encoding: .utf8)
    let name = dtype == .f32 ? "float32" : dtype == .f16 ? "float16" : "bfloat16"
    let original = try String(contentsOfFile: model.base + "/config.json", encoding: .utf8)
    #expect(config == original.replacingOccurrences(of: "\"float32\"", with: "\"\(name)\""))
  }

  /// A value of F32 as another type holds it.
  private func rounded(_ value: Float, _ dtype: DType) -> Float {
    Float(ReferenceNumbers.value(ReferenceNumbers.code(rounding: Double(value), to: dtype), dtype))
  }

  @Test func weightsThatLeaveTheRangeOfF16AreReportedALostChangeToo() throws {
    var weights = SafetensorsBuilder()
    weights.add("x.weight", .f16, [6, 4], values: [Float](repeating: 65000, count: 24))
    weights.add("y.weight", .bf16, [6, 4], values: [Float](repeating: 100, count: 24))
    var factors = SafetensorsBuilder()
    factors.addFactors("x", in: 4, out: 6, scale: 100_000)
    factors.addFactors("y", in: 4, out: 6, scale: 0.01)
    let model = try TinyModel(weights, adapter: factors)
    let plan = try model.plan()
    let outcome = try MergeExecutor(plan).run(to: model.output)
    #expect((outcome.rounding["x"]?.overflowed ?? 0) > 0)
    #expect((outcome.rounding["y"]?.deltaRetention ?? 1) < 0.1)
    let summary = MergeSummary(plan, outcome, output: model.output)
    #expect(summary.warnings.contains { $0.contains("became infinite") && $0.contains("x") })
    #expect(summary.warnings.contains { $0.contains("--dtype f32") && $0.contains("y") })
    let json = summary.json(toolVersion: "1")
    #expect(json["rounding"]?["modules"]?["x"]?["overflowed"]?.int64 ?? 0 > 0)
    let keys = [
      "schema", "tool_version", "output", "tensors_total", "tensors_merged", "tensors_replaced", "bytes_written",
      "seconds", "peak_rss_bytes", "rounding", "untied", "adapters", "warnings", "complete", "shards_reused",
      "fingerprint",
    ]
    #expect(json.object?.keys == keys)
    #expect(try MergeVerifier(plan).run(on: model.output).isSound)
  }

  @Test func theModulesThatKeepLeastComeFirstAndThoseWithoutAChangeNotAtAll() throws {
    var weights = SafetensorsBuilder()
    var factors = SafetensorsBuilder()
    let scales: [(name: String, scale: Float)] = [("a", 10), ("b", 0.01), ("c", 1), ("d", 0.1), ("e", 0)]
    for (name, scale) in scales {
      weights.add("\(name).weight", .bf16, [6, 4], values: [Float](repeating: 100, count: 24))
      factors.addFactors(name, in: 4, out: 6, scale: scale)
    }
    let model = try TinyModel(weights, adapter: factors)
    let plan = try model.plan()
    let summary = MergeSummary(plan, try MergeExecutor(plan).run(to: model.output), output: model.output)
    let found = summary.leastRetained(9)
    #expect(Set(found.map(\.module)) == ["a", "b", "c", "d"])
    #expect(found.map(\.retention) == found.map(\.retention).sorted())
    #expect(found.last?.module == "a" && found.first?.retention == summary.retention?.min)
    #expect(summary.leastRetained(2).map(\.module) == found.prefix(2).map(\.module))
  }
}
