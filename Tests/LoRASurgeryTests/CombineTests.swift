import LoRAKernels
import LoRAModel
import LoRATestSupport
import TensorCore
import Testing

@testable import LoRADeltas
@testable import LoRASurgery

/// What is combined with what, and what has no combination.
@Suite struct CombineTests {
  private func input(_ name: String, weight: Double = 1) -> CombinePlan.Input {
    CombinePlan.Input(Adapter.load(Fixtures.path("adapters/" + name)), weight: weight)
  }

  private func refusal(_ names: String..., weight: Double = 1, method: CombineMethod = .cat) -> String {
    do throws(SurgeryError) {
      _ = try CombinePlan(names.map { input($0, weight: weight) }, CombineOptions(method))
      return ""
    } catch {
      return error.description
    }
  }

  @Test func whatHasNoSumIsRefused() {
    #expect(refusal("llama-dora", "llama-second").contains("DoRA"))
    #expect(refusal("lora-bias").contains("lora_bias"))
    #expect(refusal("save-head", "save-norms").contains("no sum"))
    #expect(refusal("save-head", weight: 0.5).contains("as a whole"))
    #expect(refusal("llama-alora").contains("activated"))
    #expect(refusal("llama-second", "gemma-all-linear") != "")
  }

  /// One adapter of every kind, cut to all it has, stays what it is.
  @Test(arguments: [
    "llama-all-linear", "llama-rslora", "llama-patterns", "gpt2", "resnet-conv", "llama-embedding", "llama-f64",
    "qwen3_moe-experts", "mixtral-experts", "gpt_oss-experts", "llama-attention-bf16", "save-head", "llama-zstd",
  ]) func oneAdapterStaysWhatItIs(_ name: String) throws {
    var options = CombineOptions(.svd)
    options.rank = 1_000
    options.dtype = .f32
    for options in [CombineOptions(.cat), options] {
      let (_, adapter, outcome) = try CombineOracleTests.combine([input(name)], options)
      let diff = try AdapterDiff(input(name).adapter, adapter, workers: 2, control: SurgeryControl())
      #expect(diff.reasons == [])
      #expect(diff.modules.allSatisfy { $0.onlyIn == nil })
      #expect(diff.total.relative <= (options.method == .cat && name.hasSuffix("bf16") ? 3e-3 : 2e-7))
      #expect((outcome.error ?? 1) <= (name.hasSuffix("bf16") ? 3e-3 : 2e-7))
      #expect(diff.tensors.allSatisfy { $0.comparison?.isIdentical == true || options.dtype != nil })
    }
  }

  @Test func formatsAreCombinedByTheNamesOfTheirModules() throws {
    let kohya = CombinePlan.Input(
      Adapter.load(Fixtures.path("surgery/diff/kohya/lora.safetensors")), weight: -1)
    let peft = CombinePlan.Input(Adapter.load(Fixtures.path("surgery/diff/base")), weight: 1)
    let (_, adapter, outcome) = try CombineOracleTests.combine([peft, kohya], CombineOptions(.cat))
    #expect(outcome.modules.allSatisfy { $0.ranks.count == 2 && $0.rank == 8 })
    let zero = try AdapterDiff(adapter, adapter, workers: 1, control: SurgeryControl())
    #expect(zero.total.normA < 1e-14)
  }

  @Test func drawnEntriesHaveTheirShareAndNoBias() {
    let count = 200_000
    let numbers = RandomEntries(seed: 1, stream: 0, name: "m")
    let kept = (0..<count).count { numbers[UInt64($0)] < 0.3 }
    let deviation = (0.3 * 0.7 * Double(count)).squareRoot()
    #expect(abs(Double(kept) - 0.3 * Double(count)) < 5 * deviation)
    // Streams, names and seeds are apart from each other.
    let others = [
      RandomEntries(seed: 2, stream: 0, name: "m"), RandomEntries(seed: 1, stream: 1, name: "m"),
      RandomEntries(seed: 1, stream: 0, name: "n"),
    ]
    for other in others {
      let both = (0..<count).count { numbers[UInt64($0)] < 0.3 && other[UInt64($0)] < 0.3 }
      #expect(abs(Double(both) - 0.09 * Double(count)) < 5 * (0.09 * 0.91 * Double(count)).squareRoot())
    }
  }

  @Test(arguments: [0, 1, 5, 12, 13, 40]) func exactlyTheLargestEntriesStay(_ count: Int) {
    let numbers: [Double] = [3, -1, 0, 2, -3, 1, 1, -0.0, 0x1p-1060, 1e308, -2, 0.5]
    var cut = MagnitudeCut(keeping: count, of: numbers)
    var kept = numbers
    cut.apply(to: &kept)
    let order = numbers.indices.sorted { (numbers[$1].magnitude, $0) < (numbers[$0].magnitude, $1) }.prefix(count)
    #expect(kept == numbers.indices.map { order.contains($0) ? numbers[$0] : 0 })
  }

  /// Iterating finds what the exact decomposition finds, on a spectrum that falls slowly.
  @Test func subspaceIterationIsAsGoodAsTheDecomposition() {
    let (rows, columns, rank) = (150, 110, 12)
    let numbers = RandomEntries(seed: 3, stream: 0, name: "")
    var matrix = DenseMatrix(rows: rows, columns: columns, elements: [])
    matrix.elements = (0..<rows * columns).map { index in
      let decay = 1 / Double(1 + (index % columns) / 4)
      return (2 * numbers[UInt64(index)] - 1) * decay
    }
    func error(_ limit: Int) -> Double {
      let (b, a) = matrix.leading(rank, exactLimit: limit).factors(rank: rank)
      return matrix.distance(b: b, a: a)
    }
    let (exact, found) = (error(256), error(0))
    #expect(found >= exact * (1 - 1e-9))
    #expect(found <= exact * 1.002)
  }
}
