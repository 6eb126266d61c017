import Foundation
import LoRAModel
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

@testable import LoRAMerge

/// Stochastic rounding.
@Suite struct StochasticTests {
  private func value(_ code: UInt16, _ dtype: DType) -> Double { ReferenceNumbers.value(UInt64(code), dtype) }

  @Test(arguments: [DType.bf16, .f16])
  func everyNumberOfTheTypeStaysAsItIsInfinitiesAndNaNToo(_ dtype: DType) {
    for code in UInt16.min...UInt16.max {
      let number = value(code, dtype)
      for random: UInt64 in [0, 1 << 63, .max] {
        let rounded = StochasticRounding.code(Float(number), random, dtype)
        // An expectation for each of them would take most of the time.
        if number.isNaN ? !value(rounded, dtype).isNaN : rounded != code { Issue.record("\(code) \(random)") }
      }
    }
  }

  /// The two neighbours, each as often as the distance says: bounds of the random bits.
  @Test(arguments: [DType.bf16, .f16])
  func theTwoNeighbours(_ dtype: DType) {
    let values: [Float] = [
      1.0001, -1.0001, 3.14159, 0.0003, 1e-5, -1e-5, 5.97e-8, 6.2e-5, 1e-7, 65_500, 65_519.9, 65_520, 70_000,
      3.3e38, 3.395e38, 3.3961776e38, 3.4e38, 2.5e-9, 1e-12, 123.456, 0.99999,
    ]
    for number in values {
      let down = StochasticRounding.code(number, .max, dtype)
      let up = StochasticRounding.code(number, 0, dtype)
      let (low, high) = (value(down, dtype), value(up, dtype))
      if low == high || !high.isFinite {
        // Beyond the largest number: to nearest.
        #expect(UInt64(down) == ReferenceNumbers.code(rounding: Double(number), to: dtype), "\(number)")
        continue
      }
      #expect(abs(low) <= abs(Double(number)) && abs(Double(number)) < abs(high), "\(number)")
      #expect(up == down + 1, "\(number)")
      // Where the random bits change the answer is the share of the way from one neighbour to the other.
      var (below, above): (UInt64, UInt64) = (0, .max)
      while above - below > 1 {
        let middle = below + (above - below) / 2
        if StochasticRounding.code(number, middle, dtype) == up { below = middle } else { above = middle }
      }
      let share = (Double(number) - low) / (high - low)
      #expect(abs(Double(above) / 0x1p64 - share) < 1e-14, "\(number): \(Double(above) / 0x1p64), \(share)")
    }
  }

  @Test(arguments: [DType.bf16, .f16])
  func theMeanOfManyElementsIsTheValueWithinFiveStandardErrors(_ dtype: DType) {
    let count = 200_000
    for (number, seed): (Float, UInt64) in [(1.0003, 1), (-0.1234567, 2), (17.03, 3), (1.234e-5, 4)] {
      let rounding = StochasticRounding(seed, tensor: "t", firstElement: 0, dtype)
      let low = value(StochasticRounding.code(number, .max, dtype), dtype)
      let high = value(StochasticRounding.code(number, 0, dtype), dtype)
      let share = (Double(number) - low) / (high - low)
      let ups = (0..<count).count { value(rounding.code(number, $0), dtype) == high }
      let error = (share * (1 - share) / Double(count)).squareRoot()
      #expect(abs(Double(ups) / Double(count) - share) < 5 * error, "\(number)")
    }
  }

  @Test func chanceDependsOnSeedTensorAndElementAloneAndItsBitsLookRandom() {
    let one = StochasticRounding(7, tensor: "a", firstElement: 0, .bf16)
    let later = StochasticRounding(7, tensor: "a", firstElement: 1000, .bf16)
    #expect((0..<100).allSatisfy { one.randomBits($0 + 1000) == later.randomBits($0) })
    for other in [
      StochasticRounding(8, tensor: "a", firstElement: 0, .bf16),
      StochasticRounding(7, tensor: "b", firstElement: 0, .bf16),
    ] {
      // Half of all bits differ between two streams and between neighbours.
      let differing = (0..<1000).reduce(0) { $0 + (one.randomBits($1) ^ other.randomBits($1)).nonzeroBitCount }
      #expect(abs(differing - 32_000) < 700)
    }
    let differing = (0..<1000).reduce(0) { $0 + (one.randomBits($1) ^ one.randomBits($1 + 1)).nonzeroBitCount }
    #expect(abs(differing - 32_000) < 700)
    for bit in 0..<64 {
      let set = (0..<4000).count { one.randomBits($0) >> UInt64(bit) & 1 == 1 }
      #expect(abs(set - 2000) < 200, "bit \(bit)")
    }
  }

  // MARK: Merging

  private func options(_ seed: UInt64, _ provenance: Provenance = .standard) -> MergeOptions {
    var options = MergeOptions()
    options.rounding = .stochastic(seed: seed)
    options.provenance = provenance
    return options
  }

  @Test(
    arguments: [
      ("llama-all-linear", "models/llama-bf16-sharded"), ("gpt2-bf16", "models/gpt2-bf16"),
      ("llama-embedding-dora", "models/llama-nano-bf16"), ("mixtral-experts", "models/mixtral-bf16"),
    ])
  func theSameBytesForAnyThreadsAndPiecesAndVerifiedInFull(_ adapter: String, _ model: String) throws {
    let folder = try TemporaryFolder()
    let base = try Fixtures.base(model)
    func merge(_ name: String, _ seed: UInt64, jobs: Int, tile: Int) throws -> [String: Data] {
      let plan = try MergePlan.make(
        base: base, adapters: [WeightedAdapter(Fixtures.adapter(adapter))], options: options(seed))
      var executor = MergeExecutor(plan)
      executor.jobs = jobs
      executor.granularity = WorkQueue.Granularity(tileBytes: tile, copyBytes: 1 << 20)
      let outcome = try executor.run(to: folder.path(name))
      #expect(outcome.rounding.values.allSatisfy { $0.elements > 0 })
      var verifier = MergeVerifier(plan)
      verifier.depth = .full
      let verification = try verifier.run(on: folder.path(name))
      #expect(verification.isSound, "\(verification.discrepancies.prefix(3))")
      return try Fixtures.contents(of: folder.path(name))
    }
    let first = try merge("one", 1, jobs: 1, tile: 1 << 20)
    #expect(try merge("two", 1, jobs: 4, tile: 333) == first)
    #expect(try merge("three", 2, jobs: 2, tile: 1 << 20) != first)
  }

  /// A delta below half a step is lost to nearest rounding and kept in the mean by this one.
  @Test func aDeltaBelowHalfAStepIsLostToNearestRoundingAndKeptInTheMeanByThisOne() throws {
    var weights = SafetensorsBuilder()
    weights.add("x.weight", .bf16, [256, 256], values: [Float](repeating: 1, count: 65_536))
    var factors = SafetensorsBuilder()
    // 0.0005 everywhere, where the step of BF16 is 0.0078.
    factors.add("base_model.model.x.lora_A.weight", .f32, [2, 256], values: [Float](repeating: 0.01, count: 512))
    factors.add(
      "base_model.model.x.lora_B.weight", .f32, [256, 2], values: [Float](repeating: 0.025 / 1.5, count: 512))
    let model = try TinyModel(weights, adapter: factors)
    func mean(_ options: MergeOptions) throws -> Double {
      _ = try MergeExecutor(model.plan(options)).run(to: model.output)
      defer { try? model.folder.remove("out") }
      let file = try SafetensorsFile.open(model.output + "/model.safetensors")
      let bytes = try file.bytes(of: #require(file.header["x.weight"]))
      return (0..<65_536).reduce(0) { $0 + ReferenceNumbers.value(ReferenceNumbers.code(bytes, $1, .bf16), .bf16) }
        / 65_536
    }
    #expect(try mean(MergeOptions()) == 1)
    // Five standard errors of a mean of 65,536 coin throws.
    #expect(abs(try mean(options(3)) - 1.0005) < 5 * 0.0078 * (0.064 * 0.936 / 65_536).squareRoot())
  }

  @Test func aReshardedMergeHasTheSameTensors() throws {
    let folder = try TemporaryFolder()
    let base = try Fixtures.base("models/llama-bf16-sharded")
    var options = options(5)
    let adapters = [WeightedAdapter(Fixtures.adapter("llama-all-linear"))]
    _ = try MergeExecutor(MergePlan.make(base: base, adapters: adapters, options: options)).run(to: folder.path("a"))
    options.maxShardBytes = 9000
    _ = try MergeExecutor(MergePlan.make(base: base, adapters: adapters, options: options)).run(to: folder.path("b"))
    let (one, other) = (try Checkpoint.open(folder.path("a")), try Checkpoint.open(folder.path("b")))
    for (name, entry) in one.tensors {
      let same = try #require(other.tensors[name])
      #expect(try one.files[entry.file].bytes(of: entry.info) == other.files[same.file].bytes(of: same.info), "\(name)")
    }
  }
}
