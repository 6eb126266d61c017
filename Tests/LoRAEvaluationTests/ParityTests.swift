import LoRAModel
import LoRATestSupport
import TensorCore
import Testing

@testable import LoRAEvaluation

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
      #expect(module.drift > 0 && module.drift < 0x1p-6, "\(module)")
      #expect(module.mergedError < 0x1p-6 && module.unmergedError < 0x1p-6)
      #expect(module.cosine > 0.999)
      #expect(module.paddedIsExact && module.groupedIsExact)
      #expect(module.deltaShare > 0)
    }
    let drifts = report.modules.map(\.drift)
    #expect(drifts == drifts.sorted(by: >))
    #expect(report.isPassed)
  }

  @Test func f32IsFarCloserThanBF16() throws {
    let coarse = try run("llama-all-linear", "llama-bf16-sharded")
    let fine = try run("llama-all-linear", "llama-bf16-sharded") { $0.servingDType = .f32 }
    // Unmerged, nothing but f32 sums is lost; merged, the weights are still rounded to bf16.
    for module in fine.modules {
      #expect(module.unmergedError < 1e-5)
      #expect(module.mergedError > module.unmergedError)
    }
    #expect(fine.maxDrift < coarse.maxDrift)
  }

  @Test func anF32BaseAgrees() throws {
    let report = try run("llama-f64", "llama-f32") { $0.servingDType = .f32 }
    for module in report.modules { #expect(module.drift < 1e-5 && module.mergedError < 1e-5, "\(module)") }
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
    for module in report.modules { #expect(module.unmergedError < 1e-5 && module.drift < 1e-5, "\(module)") }
  }

  @Test func whatCannotBeComparedIsSaid() throws {
    #expect(throws: ParityError.self) {
      try Parity.run(
        base: try BaseModel.open(Fixtures.path("bases/llama-7b.json")),
        adapter: Adapter.load(Fixtures.path("adapters/llama-nano")), merged: nil, options: ParityOptions())
    }
    #expect(throws: ParityError.self) { try run("llama-dora", "llama-f32") }
  }
}
