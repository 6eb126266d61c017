import Foundation
import LoRAFuzzing
import LoRATestSupport
import Testing

/// A fixed number of mutations of every target's own inputs, the same in every run.
///
/// `LORA_MUTATIONS=100000` makes more of them, `LORA_MUTATION_SEED=2` others, `LORA_MUTATION_TARGETS=config,tokenizer`
/// those of some targets alone.
@Suite struct MutationTests {
  private static func number(_ name: String, _ usual: Int) -> Int {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? usual
  }

  private static let targets: [String] = {
    let names = FuzzTargets.all.map(\.name)
    guard let chosen = ProcessInfo.processInfo.environment["LORA_MUTATION_TARGETS"] else { return names }
    let wanted = chosen.split(separator: ",").map { String($0) }
    return names.filter { wanted.contains($0) }
  }()

  @Test(arguments: targets)
  func mutationsKeepTheirPromises(name: String) throws {
    let target = try #require(FuzzTargets.target(named: name))
    var random = SeededGenerator(seed: UInt64(Self.number("LORA_MUTATION_SEED", 1)))
    let seeds = target.seeds()
    #expect(!seeds.isEmpty)
    for seed in seeds { try target.run(seed) }
    for round in 0..<Self.number("LORA_MUTATIONS", 300) {
      var input = seeds[round % seeds.count]
      for _ in 0...round % 5 { target.mutate(&input, &random) }
      try target.run(input)
    }
  }
}
