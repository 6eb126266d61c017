import JSON
import LoRAKernels
import LoRAModel
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

@testable import LoRAParity

/// How merged and unmerged serving compare on real little models.
@Suite struct ParityTests {
  private func run(
    _ adapter: String, _ base: String, merged: String? = nil, _ change: (inout ParityOptions) -> Void = { _ in }
  ) throws -> ParityReport {
    var options = ParityOptions()
    change(&options)
    return try Parity.run(
      base: try BaseModel.open(Fixtures.path("models/\(base)")),
      adapter: Adapter.load(Fixtures.path("adapters/\(adapter)")),
      merged: try merged.map { try BaseModel.open($0) }, options: options)
  }

  @Test func bf16DriftsByARoundingAndNoMore() throws {
    let report = try run("llama-all-linear", "llama-bf16-sharded")
    #expect(report.servingDType == .bf16)
    #expect(report.modules.count == 21 && report.skipped.isEmpty)
    for module in report.modules {
      // A bf16 has 8 significant bits: one rounding is 2⁻⁹ at most, a few of them are far below 2⁻⁶.
      let served = try #require(module.served)
      #expect(served.drift > 0 && served.drift < 0x1p-6, "\(module)")
      #expect(module.mergedError < 0x1p-6 && served.unmergedError < 0x1p-6)
      #expect(served.cosine > 0.999)
      #expect(served.paddedIsExact && served.groupedIsExact)
      #expect(module.deltaShare > 0)
    }
    let drifts = report.modules.map(\.deviation)
    #expect(drifts == drifts.sorted(by: >))
    #expect(report.isPassed)
  }

  @Test func f32IsFarCloserThanBF16() throws {
    let coarse = try run("llama-all-linear", "llama-bf16-sharded")
    let fine = try run("llama-all-linear", "llama-bf16-sharded") { $0.servingDType = .f32 }
    // Unmerged, nothing but f32 sums is lost; merged, the weights are still rounded to bf16.
    for module in fine.modules {
      let served = try #require(module.served)
      #expect(served.unmergedError < 1e-5)
      #expect(module.mergedError > served.unmergedError)
    }
    #expect(fine.maxDrift < coarse.maxDrift)
  }

  @Test func anF32BaseAgrees() throws {
    let report = try run("llama-f64", "llama-f32") { $0.servingDType = .f32 }
    for module in report.modules { #expect(module.deviation < 1e-5 && module.mergedError < 1e-5, "\(module)") }
  }

  @Test func theSameSeedGivesTheSameNumbers() throws {
    let first = try run("llama-rslora", "llama-bf16-sharded")
    #expect(try run("llama-rslora", "llama-bf16-sharded").modules == first.modules)
    #expect(try run("llama-rslora", "llama-bf16-sharded") { $0.seed = 1 }.modules != first.modules)
  }

  /// The base in place of the merged model: what is missing is all that the adapter adds.
  @Test func aModelThatWasNotMergedShows() throws {
    let report = try run(
      "llama-all-linear", "llama-bf16-sharded", merged: Fixtures.path("models/llama-bf16-sharded")
    ) { $0.maxDrift = 1e-9 }
    #expect(!report.isPassed)
    for module in report.modules {
      #expect(abs(module.mergedError / module.deltaShare - 1) < 0.2, "\(module)")
    }
  }

  @Test func theLimitDecides() throws {
    let worst = try run("llama-all-linear", "llama-bf16-sharded").maxDrift
    #expect(try run("llama-all-linear", "llama-bf16-sharded") { $0.maxDrift = worst }.isPassed)
    #expect(try !run("llama-all-linear", "llama-bf16-sharded") { $0.maxDrift = worst * 0.99 }.isPassed)
  }

  @Test func transposedWeightsAreReadRight() throws {
    let report = try run("gpt2", "gpt2-f32") { $0.servingDType = .f32 }
    #expect(!report.modules.isEmpty)
    for module in report.modules {
      let served = try #require(module.served)
      #expect(served.unmergedError < 1e-5 && served.drift < 1e-5, "\(module)")
    }
  }

  @Test func whatCannotBeComparedIsSaid() throws {
    #expect(throws: ParityError.self) {
      try Parity.run(
        base: try BaseModel.open(Fixtures.path("bases/llama-7b.json")),
        adapter: Adapter.load(Fixtures.path("adapters/llama-nano")), merged: nil, options: ParityOptions())
    }
  }

  // MARK: All kinds

  /// PEFT's own merges of every kind, in float64 and rounded once, are as near to the truth as one rounding allows; in
  /// f32, so is every module that is served.
  @Test(arguments: Self.merges) func mergesByPEFTAreNearTheTruth(_ merge: Merge) throws {
    let merged = Fixtures.path("merged/\(merge.adapter).safetensors")
    func measured(_ merged: String?) throws -> ParityReport? {
      do {
        return try run(merge.adapter, merge.base.replacing("models/", with: ""), merged: merged) {
          $0.servingDType = .f32
          $0.tokens = 8
        }
      } catch ParityError.nothingToCompare {
        return nil
      }
    }
    guard let report = try measured(merged), let own = try measured(nil) else {
      #expect(Adapter.load(Fixtures.path("adapters/\(merge.adapter)")).modules.isEmpty)
      return
    }
    #expect(Self.merges.count >= 50)
    #expect(!report.modules.isEmpty && report.modules.map(\.name).sorted() == own.modules.map(\.name).sorted())
    // A rounding of bf16 is 2⁻⁹ at most of a number, f16's 2⁻¹².
    let rounding = try merge.rounding()
    for module in report.modules {
      #expect(module.mergedError <= 3 * rounding && module.deltaShare > 0, "\(module)")
      if let served = module.served {
        #expect(served.unmergedError < 1e-5 && served.paddedIsExact && served.groupedIsExact, "\(module)")
      }
      #expect((module.served == nil) == (module.reason != nil))
    }
    // Without PEFT's merge the tool makes its own, which is the same but for a few last bits.
    for module in own.modules { #expect(module.mergedError <= 3 * rounding, "\(module)") }
  }

  struct Merge: Sendable, CustomStringConvertible {
    let adapter: String
    let base: String
    var description: String { adapter }

    /// What rounding a weight changes at most, relative to it.
    func rounding() throws -> Double {
      let base = try BaseModel.open(Fixtures.path(base))
      switch base.modules.values.compactMap({ $0.weight?.info.dtype }).min() {
      case .f32?: return 1e-6
      case .f16?: return 0x1p-11
      default: return 0x1p-8
      }
    }
  }

  private static let merges: [Merge] = {
    let rows = (try? Fixtures.json("merged/merged.json"))?.array ?? []
    return rows.compactMap { row in
      guard let adapter = row["adapter"]?.string, let base = row["base"]?.string else { return nil }
      return Merge(adapter: adapter, base: base)
    }
  }()

  /// The merge of the wrong model is far off for every kind.
  @Test(arguments: [
    ("llama-dora", "llama-bf16-sharded"), ("gpt2-dora", "gpt2-bf16"), ("llama-embedding", "llama-f16"),
    ("llama-embedding-dora", "llama-nano-bf16"), ("mixtral-experts", "mixtral-bf16"),
    ("gpt_oss-experts", "gpt_oss-bf16"), ("resnet-conv", "resnet-f32"), ("lora-bias", "qwen2-bf16"),
  ])
  func whatWasNotMergedShowsInEveryKind(_ adapter: String, _ base: String) throws {
    guard Self.merges.contains(where: { $0.adapter == adapter && $0.base == "models/" + base }) else {
      Issue.record("\(adapter) is for another base")
      return
    }
    let good = try run(adapter, base) { $0.tokens = 64 }
    let bad = try run(adapter, base, merged: Fixtures.path("models/\(base)")) { $0.tokens = 64 }
    for module in bad.modules {
      let other = try #require(good.modules.first { $0.name == module.name })
      #expect(abs(module.mergedError / module.deltaShare - 1) < 0.3, "\(module)")
      #expect(other.mergedError < module.mergedError / 2, "\(other)")
    }
  }

  @Test func whatNoEngineServesIsSaid() throws {
    for (adapter, base, reason) in [
      ("llama-dora", "llama-bf16-sharded", "DoRA"), ("resnet-conv", "resnet-f32", "convolutions"),
      ("lora-bias", "qwen2-bf16", "lora_bias"),
    ] {
      let report = try run(adapter, base)
      #expect(report.modules.contains { $0.served == nil && $0.reason?.contains(reason) == true }, "\(adapter)")
      #expect(report.isPassed && report.text(limit: 20).contains { $0.contains(reason) })
      let worst = report.maxDrift
      #expect(try !run(adapter, base) { $0.maxDrift = worst / 2 }.isPassed)
    }
    // Experts and embeddings are served.
    for (adapter, base) in [("mixtral-experts", "mixtral-bf16"), ("llama-embedding", "llama-f16")] {
      #expect(try run(adapter, base).modules.allSatisfy { $0.served != nil }, "\(adapter)")
    }
  }

  /// What cannot be merged has no truth.
  @Test(arguments: ["llama-alora", "llama-layer-replication"]) func whatCannotBeMergedIsRefused(_ name: String) throws {
    let error = #expect(throws: ParityError.self) { try run(name, "llama-bf16-sharded") }
    guard case .refused(let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains("activated LoRA") || reason.contains("layer_replication"))
  }

  /// The served path is the device's, and so are its failures.
  @Test func anotherDeviceGivesItsNumbers() throws {
    let broken = ParityDevice(name: "broken") { matrix, rows, length, tokens, count in
      var result = Kernels.products(matrix, rows: rows, length: length, tokens: tokens, count: count)
      if count > 40 { result[0] += 1 }
      return result
    }
    let base = try BaseModel.open(Fixtures.path("models/llama-nano-bf16"))
    let adapter = Adapter.load(Fixtures.path("adapters/llama-nano"))
    var options = ParityOptions()
    options.tokens = 64
    let report = try Parity.run(base: base, adapter: adapter, merged: nil, options: options, device: broken)
    #expect(report.device == "broken" && report.modules.allSatisfy { ($0.served?.unmergedError ?? 0) > 1e-3 })
    let failing = ParityDevice(name: "failing") { _, _, _, _, _ throws(ParityError) in throw .device("lost") }
    #expect(throws: ParityError.device("lost")) {
      try Parity.run(base: base, adapter: adapter, merged: nil, options: options, device: failing)
    }
  }
}
