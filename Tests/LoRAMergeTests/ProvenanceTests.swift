import Foundation
import JSON
import LoRAModel
import LoRATestSupport
import SHA2
import Safetensors
import TensorCore
import Testing

@testable import LoRAMerge

@Suite struct ProvenanceTests {
  private func digest(_ path: String) throws -> String {
    SHA256.hash(data: try Data(contentsOf: URL(fileURLWithPath: path))).description
  }

  private func options(_ provenance: Provenance) -> MergeOptions {
    var options = MergeOptions()
    options.provenance = provenance
    options.tool = "lora-tool test"
    return options
  }

  private func record(_ folder: String) throws -> JSONValue {
    try JSONValue(parsing: [UInt8](Data(contentsOf: URL(fileURLWithPath: folder + "/lora-merge.json"))))
  }

  /// The record names adapter, base, scales and shapes; shards name what they were made from.
  @Test func theRecordNamesAdapter() throws {
    let folder = try TemporaryFolder()
    let base = try Fixtures.base("models/llama-bf16-sharded")
    let adapters = [
      WeightedAdapter(Fixtures.adapter("llama-patterns")),
      WeightedAdapter(Fixtures.adapter("llama-second"), weight: 0.5),
    ]
    let plan = try MergePlan.make(base: base, adapters: adapters, options: options(.standard))
    _ = try MergeExecutor(plan).run(to: folder.path("out"))
    let record = try record(folder.path("out"))
    #expect(record["tool"] == "lora-tool test" && record["schema"] == "lora-tool/merge-record/1")
    #expect(record["fingerprint"]?.string == plan.identity.fingerprint)
    let recorded = try #require(record["adapters"]?.array)
    for (adapter, name) in zip(recorded, ["llama-patterns", "llama-second"]) {
      let path = Fixtures.path("adapters/" + name)
      #expect(try adapter["sha256"]?.string == digest(path + "/adapter_model.safetensors"))
      #expect(try adapter["config_sha256"]?.string == digest(path + "/adapter_config.json"))
    }
    #expect(recorded[1]["weight"]?.double == 0.5)
    let files = try #require(record["base"]?["files"]?.array)
    #expect(files.count == base.checkpoint?.files.count)
    #expect(files.allSatisfy { $0["sample_sha256"]?.string?.count == 64 && $0["sha256"] == nil })
    // Every module of the adapters once, with the scale that the adapter's own description says.
    for (number, weighted) in adapters.enumerated() {
      let modules = try #require(recorded[number]["modules"]?.array)
      #expect(modules.count == weighted.adapter.modules.count)
      for module in modules {
        let own = try #require(weighted.adapter.modules.first { $0.name == module["module"]?.string })
        #expect(module["scale"]?.double == own.scale * weighted.weight)
        #expect(module["rank"]?.int64 == Int64(own.rank))
        #expect(module["shape"] == .array([JSONValue(own.outFeatures), JSONValue(own.inFeatures)]))
        #expect(module["dtype"] == "BF16")
      }
    }
    // Nothing of this machine.
    let text = record.text()
    #expect(!text.contains(folder.path) && !text.contains(Fixtures.root))
    for shard in plan.shards {
      let file = try SafetensorsFile.open(folder.path("out/" + shard.name))
      #expect(file.header.dataStart % 8 == 0)
      let isChanged = shard.steps.contains { if case .merge = $0.work { true } else { false } }
      let metadata = file.header.metadata(MergeRecord.metadataKey)
      #expect((metadata != nil) == isChanged)
      #expect(file.header.metadata("format") == "pt")
      guard let metadata else { continue }
      let own = try JSONValue(parsing: Array(metadata.utf8))
      #expect(own["adapters"]?.array?.map { $0["sha256"] } == recorded.map { $0["sha256"] })
      #expect(own["base"]?.array?.count == 1)
      #expect(own["adapters"]?.array?[0]["scales"]?.object != nil)
    }
    var verifier = MergeVerifier(plan)
    verifier.depth = .full
    #expect(try verifier.run(on: folder.path("out")).isSound)
  }

  /// Everything is read when that is asked for; nothing is written when it is not wanted.
  @Test func everythingIsReadWhenThatIsAskedFor() throws {
    let folder = try TemporaryFolder()
    let base = try Fixtures.base("models/llama-f16")
    let adapters = [WeightedAdapter(Fixtures.adapter("llama-attention-f16"))]
    let full = try MergePlan.make(base: base, adapters: adapters, options: options(.full))
    _ = try MergeExecutor(full).run(to: folder.path("full"))
    let expected = try digest(base.path + "/model.safetensors")
    #expect(try record(folder.path("full"))["base"]?["files"]?.array?.first?["sha256"]?.string == expected)
    let header = try SafetensorsFile.open(folder.path("full/model.safetensors")).header
    #expect(header.metadata(MergeRecord.metadataKey)?.contains(expected) == true)
    #expect(try MergeVerifier(full).run(on: folder.path("full")).isSound)

    let none = try MergePlan.make(base: base, adapters: adapters, options: options(.none))
    _ = try MergeExecutor(none).run(to: folder.path("none"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("none/lora-merge.json")))
    let original = try #require(base.checkpoint?.files.first).header
    let kept = try SafetensorsFile.open(folder.path("none/model.safetensors")).header
    #expect(kept.metadata.map(\.key) == original.metadata.map(\.key) && kept.dataStart == original.dataStart)
  }

  @Test func theSameBytesWhereverTheInputsLieAndWhateverTheThreads() throws {
    let folder = try TemporaryFolder()
    for name in ["one", "two/deeper"] {
      try folder.folder(name)
      for (from, to) in [("models/llama-f16", "base"), ("adapters/resized", "adapter-\(name.count)")] {
        try FileManager.default.copyItem(atPath: Fixtures.path(from), toPath: folder.path(name + "/" + to))
      }
      let plan = try MergePlan.make(
        base: BaseModel.open(folder.path(name + "/base")),
        adapters: [WeightedAdapter(Adapter.load(folder.path(name + "/adapter-\(name.count)")))], options: options(.full)
      )
      var executor = MergeExecutor(plan)
      executor.jobs = name.count
      _ = try executor.run(to: folder.path(name + "/out"))
    }
    #expect(try Fixtures.contents(of: folder.path("one/out")) == Fixtures.contents(of: folder.path("two/deeper/out")))
  }

  @Test func aBaseFromTheHuggingFaceCacheHasItsDigestInItsName() throws {
    let model = try TinyModel(
      {
        var weights = SafetensorsBuilder()
        weights.add("x.weight", .f32, [6, 4], values: TinyModel.numbers(24))
        return weights
      }(), adapter: TinyModel.factors("x", in: 4, out: 6))
    let digest = try digest(model.base + "/model.safetensors")
    try model.folder.folder("blobs")
    try FileManager.default.moveItem(
      atPath: model.base + "/model.safetensors", toPath: model.folder.path("blobs/" + digest))
    try model.folder.link("base/model.safetensors", to: "../blobs/" + digest)
    _ = try MergeExecutor(model.plan()).run(to: model.output)
    #expect(try record(model.output)["base"]?["files"]?.array?.first?["sha256"]?.string == digest)
    // A copy of the base elsewhere is the same base, and checked to the last byte.
    try model.folder.remove("base/model.safetensors")
    try FileManager.default.copyItem(
      atPath: model.folder.path("blobs/" + digest), toPath: model.base + "/model.safetensors")
    let recorded = try MergeOptions.recorded(in: model.output)
    #expect(recorded.weights == [1])
    #expect(try MergeVerifier(model.plan(recorded.options)).run(on: model.output).isSound)
    #expect(try !MergeVerifier(model.plan()).run(on: model.output).isSound)
  }

  @Test func aMergeOfAMergeKeepsTheRecordOfTheFirst() throws {
    let folder = try TemporaryFolder()
    let base = try Fixtures.base("models/llama-bf16-sharded")
    let adapters = [WeightedAdapter(Fixtures.adapter("llama-second"))]
    _ = try MergeExecutor(MergePlan.make(base: base, adapters: adapters)).run(to: folder.path("one"))
    let again = try MergePlan.make(base: BaseModel.open(folder.path("one")), adapters: adapters)
    _ = try MergeExecutor(again).run(to: folder.path("two"))
    #expect(try record(folder.path("two"))["base"]?["merged"] == record(folder.path("one")))
    #expect(try MergeVerifier(again).run(on: folder.path("two")).isSound)
    for shard in again.shards {
      let header = try SafetensorsFile.open(folder.path("two/" + shard.name)).header
      #expect(header.metadata.count { $0.key == MergeRecord.metadataKey } <= 1)
    }
  }

  @Test func aRecordThatWasTamperedWithIsADifference() throws {
    let folder = try TemporaryFolder()
    let plan = try MergePlan.make(
      base: Fixtures.base("models/llama-f16"), adapters: [WeightedAdapter(Fixtures.adapter("llama-attention-f16"))])
    _ = try MergeExecutor(plan).run(to: folder.path("out"))
    let path = folder.path("out/lora-merge.json")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let digest = try #require(try record(folder.path("out"))["adapters"]?.array?.first?["sha256"]?.string)
    let wrong = String(digest.reversed())
    try text.replacingOccurrences(of: digest, with: wrong).write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try MergeVerifier(plan).run(on: folder.path("out")).discrepancies.map(\.file) == ["lora-merge.json"])
  }
}
