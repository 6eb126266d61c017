import JSON
import LoRADeltas
import LoRAIO
import LoRAKernels
import LoRAModel
import LoRASurgery
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

/// Extraction against NumPy's decomposition of the full differences (`testdata/make/surgery_extract.py`).
@Suite struct ExtractTests {
  private static let folder = "surgery/extract/"
  private static let layer = "model.layers.0."

  private static func plan(
    _ rule: ExtractRule, base: String = folder + "base", tuned: String? = nil, workers: Int = 2,
    _ change: (inout ExtractOptions) -> Void = { _ in }
  ) throws -> ExtractPlan {
    var options = ExtractOptions(rule)
    change(&options)
    return try ExtractPlan(
      base: try BaseModel.open(Fixtures.path(base)),
      tuned: try BaseModel.open(tuned ?? Fixtures.path(folder + "tuned")), options, computes: true, workers: workers)
  }

  private static func expected() throws -> [String: JSONValue] {
    let rows = try #require(try Fixtures.json(folder + "expected.json")["modules"]?.array)
    return Dictionary(uniqueKeysWithValues: rows.compactMap { row in row["name"]?.string.map { ($0, row) } })
  }

  private static func write(_ plan: ExtractPlan, _ path: String, workers: Int = 2) throws -> ExtractOutcome {
    let (folder, results) = plan.folder(toolVersion: "0")
    try DraftWriter(workers: workers).write(try folder.draft(), folder: path, overwrites: false)
    return results.outcome
  }

  @Test func theErrorIsThatOfTheBestApproximation() throws {
    let outcome = try Self.plan(ExtractRule(rank: 8)) { $0.dtype = .f32 }.outcome
    let expected = try Self.expected()
    #expect(Set(outcome.modules.map(\.name)) == Set(expected.keys))
    for module in outcome.modules {
      let row = try #require(expected[module.name])
      let best = try #require(row["best_error"]?.double)
      let norm = try #require(row["norm"]?.double)
      #expect(module.error >= best * (1 - 1e-9) && module.error <= best * 1.001, "\(module.name)")
      #expect(abs(module.norm - norm) <= 1e-7 * norm, "\(module.name)")
      #expect(abs(module.energy - (1 - best * best)) <= 1e-6, "\(module.name)")
      let largest = try #require(row["values"]?.array?.first?.double)
      #expect(abs(module.spectral - largest) <= 1e-7 * largest, "\(module.name)")
    }
  }

  @Test func whatRoundingMadeIsBelowTheFloor() throws {
    let outcome = try Self.plan(ExtractRule(rank: 8)).outcome
    let expected = try Self.expected()
    for module in outcome.modules {
      let noise = try #require(expected[module.name]?["noise"]?.double)
      #expect(noise < module.noiseFloor && module.noiseFloor < 1.5 * noise, "\(module.name)")
    }
  }

  @Test func energyStopsAtTheNoise() throws {
    let outcome = try Self.plan(ExtractRule(rank: 32, energy: 1)).outcome
    let ranks = Dictionary(uniqueKeysWithValues: outcome.modules.map { ($0.name, $0.rank) })
    #expect(ranks[Self.layer + "self_attn.v_proj"] == 4)
    #expect(ranks[Self.layer + "mlp.down_proj"] == 3)
    #expect(ranks[Self.layer + "self_attn.q_proj"] == 32)
  }

  @Test func energyIsTheSmallestRankThatKeepsIt() throws {
    let expected = try Self.expected()
    for energy in [0.5, 0.9, 0.97] {
      for module in try Self.plan(ExtractRule(energy: energy)).outcome.modules {
        let values = (expected[module.name]?["values"]?.array ?? []).compactMap(\.double)
        let total = values.reduce(0) { $0 + $1 * $1 }
        var sum = 0.0
        let enough = values.firstIndex { value in
          sum += value * value
          return sum >= energy * total
        }
        let rank = 1 + (enough ?? values.count)
        #expect(module.rank == UInt64(rank), "\(module.name) at \(energy)")
      }
    }
  }

  @Test func theFactorsAreTheDifference() throws {
    let folder = try TemporaryFolder()
    let outcome = try Self.write(try Self.plan(ExtractRule(rank: 8)) { $0.dtype = .f32 }, folder.path("out"))
    let adapter = Adapter.load(folder.path("out"))
    #expect(adapter.findings.isEmpty && adapter.modules.count == 4)
    let base = try Checkpoint.open(Fixtures.path(Self.folder + "base"))
    let tuned = try Checkpoint.open(Fixtures.path(Self.folder + "tuned"))
    for module in adapter.modules {
      let pair = try adapter.pair(of: module, experts: nil)
      let file = try #require(adapter.file)
      let (a, b) = (try pair.values(pair.a, from: file), try pair.values(pair.b, from: file))
      #expect(pair.scale == 1)
      let product = b.product(Array(repeating: 1, count: b.columns), transposed: a)
      let (old, new) = (try Self.values(module.name, base), try Self.values(module.name, tuned))
      var (lost, all) = (0.0, 0.0)
      for row in 0..<product.rows {
        for column in 0..<product.columns {
          let delta = new[row * product.columns + column] - old[row * product.columns + column]
          lost += (delta - product[row, column]) * (delta - product[row, column])
          all += delta * delta
        }
      }
      let reported = try #require(outcome.modules.first { $0.name == module.name })
      #expect(abs((lost / all).squareRoot() - reported.error) <= 1e-7, "\(module.name)")
    }
  }

  private static func values(_ module: String, _ checkpoint: Checkpoint) throws -> [Double] {
    let entry = try #require(checkpoint.tensors[module + ".weight"])
    let bytes = try checkpoint.files[entry.file].bytes(of: entry.info)
    var values = [Double](repeating: 0, count: Int(entry.info.elementCount))
    unsafe bytes.withUnsafeBytes { bytes in
      unsafe values.withUnsafeMutableBufferPointer { unsafe Kernels.widen(bytes, dtype: entry.info.dtype, to: $0) }
    }
    return values
  }

  @Test func otherTensorsThatChangedAreSavedWholeAsPEFTNamesThem() throws {
    let folder = try TemporaryFolder()
    _ = try Self.write(try Self.plan(ExtractRule(rank: 2)), folder.path("out"))
    let adapter = Adapter.load(folder.path("out"))
    let prefix = "base_model.model." + Self.layer
    #expect(
      adapter.replacements.map(\.tensor.name) == [
        prefix + "input_layernorm.weight", prefix + "self_attn.o_proj.bias",
        prefix + "self_attn.q_proj.base_layer.bias",
      ])
    #expect(adapter.rawConfig?["modules_to_save"] == [.string(Self.layer + "input_layernorm")])
    #expect(adapter.rawConfig?["bias"] == "all")
  }

  @Test func onlyLoRALeavesThemOutAndSaysSo() throws {
    let folder = try TemporaryFolder()
    let plan = try Self.plan(ExtractRule(rank: 2)) { $0.onlyLoRA = true }
    _ = try Self.write(plan, folder.path("out"))
    let adapter = Adapter.load(folder.path("out"))
    #expect(adapter.replacements.isEmpty && adapter.rawConfig?["modules_to_save"] == .null)
    #expect(adapter.rawConfig?["bias"] == "none")
    #expect(plan.changedTensors.count == 3)
    #expect(plan.changedTensors.first { $0.name.hasSuffix("layernorm.weight") }?.relative == 0.5)
  }

  @Test func theBytesDoNotDependOnThreads() throws {
    let folder = try TemporaryFolder()
    for workers in [1, 3] {
      _ = try Self.write(
        try Self.plan(ExtractRule(rank: 8), workers: workers), folder.path("\(workers)"), workers: workers)
    }
    // So many threads that no difference is kept in memory.
    _ = try Self.write(try Self.plan(ExtractRule(rank: 8), workers: 1 << 20), folder.path("many"))
    for name in ["adapter_model.safetensors", "adapter_config.json", "lora-tool.json"] {
      let first = try InputFile.contents(of: folder.path("1/\(name)"), limit: 1 << 20)
      for other in ["3", "many"] {
        #expect(try InputFile.contents(of: folder.path("\(other)/\(name)"), limit: 1 << 20) == first)
      }
    }
  }

  // MARK: Refusals

  private func refusal(base: String = folder + "base", tuned: String? = nil) -> String {
    do {
      _ = try Self.plan(ExtractRule(rank: 2), base: base, tuned: tuned)
      return ""
    } catch { return "\(error)" }
  }

  @Test func theSameModelIsNoDifference() {
    #expect(refusal(base: Self.folder + "tuned").contains("it holds the same values"))
  }

  @Test func anotherBaseIsRefused() {
    #expect(refusal(base: "models/llama-f32").contains("is this the right base?"))
  }

  @Test func weightsThatPointElsewhereAreRefused() throws {
    let folder = try TemporaryFolder()
    let values = { (sign: Float) in
      (0..<256).map { index in sign * (index % 2 == 0 ? 1 : Float(index)) }
    }
    let name = "layers.0.q_proj.weight"
    for (path, sign) in [("a", Float(1)), ("b", -1)] {
      try Folder.create(folder.path(path))
      var file = SafetensorsBuilder()
      file.add(name, .f32, [16, 16], values: values(sign))
      try file.write(to: folder.path(path + "/model.safetensors"))
    }
    #expect(throws: SurgeryError.self) {
      try ExtractPlan(
        base: try BaseModel.open(folder.path("a")), tuned: try BaseModel.open(folder.path("b")),
        ExtractOptions(ExtractRule(rank: 2)), computes: false, workers: 1)
    }
  }
}
