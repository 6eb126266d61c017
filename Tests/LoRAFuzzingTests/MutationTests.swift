import LoRAFuzzing
import Testing

/// A fixed number of mutations of every target's own inputs, the same in every run.
@Suite struct MutationTests {
  @Test(arguments: FuzzTargets.all.map(\.name))
  func mutationsKeepTheirPromises(name: String) throws {
    let target = try #require(FuzzTargets.target(named: name))
    var random = Randomness(seed: 1)
    let seeds = target.seeds()
    #expect(!seeds.isEmpty)
    for seed in seeds { try target.run(seed) }
    for round in 0..<300 {
      var input = seeds[round % seeds.count]
      for _ in 0...round % 5 { target.mutate(&input, &random) }
      try target.run(input)
    }
  }
}
