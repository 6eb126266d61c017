import LoRATraffic

/// Requests a second: making them, and running them through the model.
let replayBenchmark = Benchmark(
  name: "replay",
  summary: "run made-up requests through the model: requests=5000000 adapters=40,200,5000 slots=16 runs=5"
) { options in
  let requests = Double(options.integers("requests", default: [5_000_000]).first ?? 5_000_000)
  let slots = options.integers("slots", default: [16]).first ?? 16
  let runs = options.integers("runs", default: [5]).first ?? 5
  for adapters in options.integers("adapters", default: [40, 200, 5000]) where adapters > 0 {
    let traffic = Traffic(names: Traffic.names(adapters), rate: 500, duration: requests / 500)
    guard let trace = try? traffic.trace(), trace.count > 0 else { continue }
    func line(_ what: String, _ body: () -> Void) {
      let millions = Double(trace.count) / fastest(of: runs, body) / 1e6
      print("\(column(fixed(millions, 2), 8)) million/s  \(adapters) adapters, \(what)")
    }
    line("made") { _ = try? traffic.trace() }
    line("recommended slots") { _ = Replay.recommendedSlots(trace) }
    var options = ReplayOptions(maxLoRAs: slots, maxCPULoRAs: max(slots, adapters / 2))
    for policy in CachePolicy.allCases {
      options.policy = policy
      options.pinned = slots / 2
      line("\(policy.rawValue), requests leave at once") { _ = Replay.run(trace, options) }
    }
    options.policy = .lru
    options.serviceTime = CostRange(0.01)
    options.swapCost = .time(CostRange(0.0001))
    options.loadCost = .time(CostRange(0.0001))
    line("lru, requests keep their slots") { _ = Replay.run(trace, options) }
  }
}
