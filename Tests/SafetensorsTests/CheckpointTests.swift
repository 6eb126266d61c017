import Diagnostics
import JSON
import LoRATestSupport
import TensorCore
import Testing

@testable import Safetensors

/// A shard with one F32 tensor of `[2, 3]` for each name: 24 bytes each.
private func shard(_ names: String...) -> SafetensorsBuilder {
  var builder = SafetensorsBuilder()
  for name in names { builder.add(name, .f32, [2, 3]) }
  return builder
}

@Suite struct CheckpointTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func writeIndex(
    _ map: KeyValuePairs<String, String>, totalSize: Int64? = nil, name: String = "model.safetensors.index.json"
  ) throws {
    let members = map.reduce(into: JSONObject()) { $0[$1.key] = .string($1.value) }
    var metadata = JSONObject()
    metadata["total_size"] = .integer(totalSize ?? Int64(map.count * 24))
    let index: JSONObject = ["metadata": .object(metadata), "weight_map": .object(members)]
    try folder.write(name, JSONValue.object(index).text(pretty: true))
  }

  private func writeTwoShards() throws {
    try folder.write("model-00001-of-00002.safetensors", shard("a", "b"))
    try folder.write("model-00002-of-00002.safetensors", shard("c"))
    try writeIndex([
      "a": "model-00001-of-00002.safetensors", "b": "model-00001-of-00002.safetensors",
      "c": "model-00002-of-00002.safetensors",
    ])
  }

  // MARK: Finding the weights

  @Test func aFolderWithOneFile() throws {
    try folder.write("model.safetensors", shard("a", "b"))
    try folder.write("adapter_model.safetensors", shard("lora"))
    try folder.write("optimizer.safetensors", shard("state"))
    try folder.write("._model.safetensors", "resource fork")
    let checkpoint = try Checkpoint.open(folder.path)
    #expect(checkpoint.tensors.keys.sorted() == ["a", "b"])
    #expect(checkpoint.files.count == 1)
    #expect(checkpoint.index == nil)
    #expect(checkpoint.tensorBytes == 48)
    #expect(checkpoint.parameters == 12)
    #expect(checkpoint.folder == folder.path)
  }

  /// A folder with shards and index, the index itself, and a single file give the same table.
  @Test func aFolderWithShardsAndIndex() throws {
    try writeTwoShards()
    for path in [folder.path, folder.path + "/", folder.path("model.safetensors.index.json")] {
      let examined = Checkpoint.examine(path)
      #expect(examined.findings == [])
      let checkpoint = try #require(examined.checkpoint)
      #expect(
        checkpoint.files.map { $0.path.split(separator: "/").last } == [
          "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
        ])
      #expect(checkpoint.tensors["c"]?.file == 1)
      #expect(checkpoint.tensors["c"]?.info.shape == [2, 3])
      #expect(checkpoint.indexPath?.hasSuffix("/model.safetensors.index.json") == true)
    }
    let single = try Checkpoint.open(folder.path("model-00002-of-00002.safetensors"))
    #expect(single.tensors.keys.sorted() == ["c"])
    let findings = Checkpoint.examine(folder.path("model-00002-of-00002.safetensors")).findings
    #expect(findings.map(\.severity) == [.warning])
    #expect(findings.first?.message.contains("one of 2 shards") == true)
  }

  @Test func dataCanBeReadThroughTheTable() throws {
    var builder = SafetensorsBuilder()
    builder.add("x", .f32, [2], values: [1.5, -2])
    builder.add("y", .bf16, [1], values: [3])
    try folder.write("model.safetensors", builder)
    let checkpoint = try Checkpoint.open(folder.path)
    let entry = try #require(checkpoint.tensors["x"])
    #expect(try checkpoint.files[entry.file].bytes(of: entry.info) == [0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0])
    let other = try #require(checkpoint.tensors["y"])
    #expect(try checkpoint.files[other.file].bytes(of: other.info) == [0x40, 0x40])
  }

  @Test func linksAreFollowedAsTheHuggingFaceCacheMakesThem() throws {
    try folder.write("blobs/aaa", shard("a"))
    try folder.write("blobs/bbb", shard("b"))
    try writeIndex(
      ["a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"], name: "blobs/ccc")
    let snapshot = "snapshots/0123abc"
    try folder.link("\(snapshot)/model-00001-of-00002.safetensors", to: "../../blobs/aaa")
    try folder.link("\(snapshot)/model-00002-of-00002.safetensors", to: "../../blobs/bbb")
    try folder.link("\(snapshot)/model.safetensors.index.json", to: "../../blobs/ccc")
    for path in [folder.path(snapshot), folder.path("\(snapshot)/model.safetensors.index.json")] {
      let examined = Checkpoint.examine(path)
      #expect(examined.findings == [])
      #expect(examined.checkpoint?.tensors.keys.sorted() == ["a", "b"])
    }
  }

  @Test func aLinkWhoseFileWasNeverDownloadedCountsAsAMissingShard() throws {
    try folder.write("model-00001-of-00002.safetensors", shard("a"))
    try folder.link("model-00002-of-00002.safetensors", to: "../../blobs/never")
    try writeIndex(["a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"])
    let examined = Checkpoint.examine(folder.path)
    #expect(examined.findings.map(\.rule) == [.fileUnreadable])
    #expect(examined.findings.first?.message.contains("model-00002-of-00002.safetensors") == true)
  }

  /// Other usual names: diffusers, variants, a lone file, Mistral's own layout as the last resort.
  @Test func otherUsualNamesAreFound() throws {
    let cases: [(files: [String], chosen: String)] = [
      (["diffusion_pytorch_model.safetensors", "other.safetensors"], "diffusion_pytorch_model.safetensors"),
      (["my-model.safetensors", "consolidated.safetensors"], "my-model.safetensors"),
      (["consolidated.safetensors"], "consolidated.safetensors"),
      (["model.safetensors", "model.fp16.safetensors", "consolidated.safetensors"], "model.safetensors"),
      (["weights.safetensors", "pytorch_lora_weights.safetensors", "adapters.safetensors"], "weights.safetensors"),
    ]
    for (files, chosen) in cases {
      let layout = CheckpointLayout(folder: "f", names: files.sorted())
      #expect(layout.weights == .file(chosen))
      #expect(layout.findings == [])
    }
    let variant = CheckpointLayout(folder: "f", names: ["model.safetensors.index.fp16.json"])
    #expect(variant.weights == .index("model.safetensors.index.fp16.json"))
    let diffusers = CheckpointLayout(
      folder: "f",
      names: [
        "diffusion_pytorch_model-00001-of-00002.safetensors", "diffusion_pytorch_model-00002-of-00002.safetensors",
        "diffusion_pytorch_model.safetensors.index.json",
      ])
    #expect(diffusers.weights == .index("diffusion_pytorch_model.safetensors.index.json"))
  }

  @Test func aWholeFileBesideAnIndexIsTakenWithAWarningAsTransformersDoes() throws {
    let layout = CheckpointLayout(folder: "f", names: ["model.safetensors", "model.safetensors.index.json"])
    #expect(layout.weights == .file("model.safetensors"))
    #expect(layout.findings.map(\.severity) == [.warning])
  }

  @Test func severalFilesThatNothingConnectsAreNotGuessedAbout() throws {
    for names in [
      ["one.safetensors", "two.safetensors"],
      ["a.safetensors.index.json", "b.safetensors.index.json"],
      ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model-00001-of-00003.safetensors"],
    ] {
      let layout = CheckpointLayout(folder: "f", names: names.sorted())
      #expect(layout.weights == nil)
      #expect(layout.findings.map(\.rule) == [.shardMismatch])
      #expect(layout.findings.first?.severity == .error)
    }
  }

  @Test func shardsWithoutAnIndexAreTakenWhenTheyAreCompleteWithAWarning() throws {
    try folder.write("model-00001-of-00002.safetensors", shard("a"))
    try folder.write("model-00002-of-00002.safetensors", shard("b"))
    let examined = Checkpoint.examine(folder.path)
    #expect(examined.isSound)
    #expect(examined.checkpoint?.tensors.count == 2)
    #expect(examined.findings.map(\.severity) == [.warning])
  }

  @Test func shardsWithoutAnIndexThatAreNotAllThereAreNamed() throws {
    try folder.write("model-00002-of-00004.safetensors", shard("b"))
    let examined = Checkpoint.examine(folder.path)
    #expect(!examined.isSound)
    let error = try #require(examined.findings.first { $0.severity == .error })
    for name in ["model-00001-of-00004.safetensors", "model-00003-of-00004", "model-00004-of-00004"] {
      #expect(error.message.contains(name))
    }
    #expect(error.expected == "4 shards")
  }

  @Test func aShardNumberThatPromisesABillionFilesCostsNothing() throws {
    let layout = CheckpointLayout(folder: "f", names: ["model-000000001-of-999999999.safetensors"])
    guard case .shards(let names, let missing?) = layout.weights else {
      Issue.record("not recognised as shards")
      return
    }
    #expect(names.count == 1)
    #expect(missing.count == 999_999_998)
    #expect(missing.names.first == "model-000000002-of-999999999.safetensors")
    #expect(missing.names.count == 10)
  }

  @Test func shardNamesAreTakenApartExactly() {
    let name = ShardName("diffusion-pytorch_model.fp16-00003-of-00012.safetensors")
    #expect(name?.stem == "diffusion-pytorch_model.fp16")
    #expect(name?.number == 3)
    #expect(name?.count == 12)
    #expect(name?.sibling(12) == "diffusion-pytorch_model.fp16-00012-of-00012.safetensors")
    for wrong in [
      "model.safetensors", "model-1-of-.safetensors", "model--of-2.safetensors", "model-+1-of-2.safetensors",
      "model-1-of-0.safetensors", "model-00001-of-00002.bin", "model-1-of-99999999999999999999.safetensors",
    ] {
      #expect(ShardName(wrong) == nil, "\(wrong)")
    }
  }

  @Test func shardsThatCountFrom0AreCompleteAsSuch() {
    let layout = CheckpointLayout(folder: "f", names: ["m-0-of-2.safetensors", "m-1-of-2.safetensors"])
    #expect(layout.weights == .shards(["m-0-of-2.safetensors", "m-1-of-2.safetensors"], missing: nil))
  }

  // MARK: Nothing to open

  @Test func whatAFolderHoldsInsteadOfWeightsIsSaid() throws {
    let empty = Checkpoint.examine(folder.path)
    #expect(empty.isAbsent)
    #expect(empty.findings.map(\.rule) == [.fileUnreadable])
    try folder.write("model.gguf", "GGUF")
    #expect(Checkpoint.examine(folder.path).findings.map(\.rule) == [.fileNotSafetensors])
    try folder.write("pytorch_model.bin", "PK")
    try folder.write("training_args.bin", "PK")
    let pickled = Checkpoint.examine(folder.path)
    #expect(pickled.findings.map(\.rule) == [.pickleWeights])
    #expect(pickled.findings.first?.found == "pytorch_model.bin")
    #expect(throws: SafetensorsError.self) { try Checkpoint.open(folder.path) }
  }

  @Test func aPipelineFolderAsksForOneOfItsModels() throws {
    try folder.write("model_index.json", "{}")
    try folder.write("unet/diffusion_pytorch_model.safetensors", shard("a"))
    let findings = Checkpoint.examine(folder.path).findings
    #expect(findings.first?.message.contains("pipeline") == true)
    #expect(try Checkpoint.open(folder.path("unet")).tensors.count == 1)
  }

  @Test func aPathThatLeadsNowhereIsUnreadable() {
    for name in ["absent", "absent.safetensors", "absent.index.json"] {
      let examined = Checkpoint.examine(folder.path(name))
      #expect(examined.checkpoint == nil)
      #expect(examined.findings.map(\.rule) == [.fileUnreadable])
    }
  }
}
